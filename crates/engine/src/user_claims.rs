//! What clients are told about a user: by scope, or by the `claims` parameter (OpenID Connect Core 5.4, 5.5).

use parhelion_protocol::params::scope::Scope;
use serde_json::{Map, Value};

use crate::registry::User;

/// Claims that scopes stand for (OpenID Connect Core section 5.4).
const BY_SCOPE: &[(&str, &[&str])] = &[
    (
        "profile",
        &[
            "name",
            "family_name",
            "given_name",
            "middle_name",
            "nickname",
            "preferred_username",
            "profile",
            "picture",
            "website",
            "gender",
            "birthdate",
            "zoneinfo",
            "locale",
            "updated_at",
        ],
    ),
    ("email", &["email", "email_verified"]),
    ("address", &["address"]),
    ("phone", &["phone_number", "phone_number_verified"]),
];

/// The names of the claims that a scope stands for.
pub(crate) fn names(scope: &Scope) -> impl Iterator<Item = &'static str> {
    BY_SCOPE.iter().filter(|(word, _)| scope.has(word)).flat_map(|(_, names)| names.iter().copied())
}

/// Where claims are put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Into the ID token: only what the `claims` parameter asks for there.
    IdToken,
    /// Into an ID token that comes without access to userinfo: what the granted scope stands for.
    IdTokenAlone,
    /// Into the userinfo answer: what the granted scope stands for.
    Userinfo,
}

/// What is known of the user and may be told. The `claims` parameter chooses among what the granted scope
/// stands for; it never widens it, because nobody consented to more.
pub(crate) fn about_user(scope: &Scope, claims: Option<&str>, place: Place, user: &User) -> Map<String, Value> {
    let granted = names(scope);
    let parsed: Value = claims.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let asked = |name: &str| parsed.get("id_token").is_some_and(|members| members.get(name).is_some());
    let told = granted.filter(|name| place != Place::IdToken || asked(name));
    told.filter_map(|name| Some((name.to_owned(), user.claims.get(name)?.clone()))).collect()
}
