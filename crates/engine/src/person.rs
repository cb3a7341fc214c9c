//! Who is behind a grant: a user of the tenant, or one whom only a back end knows.

use std::sync::Arc;

use parhelion_protocol::params::scope::{self, Scope};
use serde_json::{Map, Value};

use crate::records::External;
use crate::registry::{Tenant, User};
use crate::user_claims::{Place, about_user};

/// Claims of an ID token that are ours to say, whatever a back end says of its user.
const RESERVED: &[&str] =
    &["iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "azp", "c_hash", "at_hash", "s_hash", "sid"];

/// Somebody who granted something.
#[derive(Clone)]
pub(crate) enum Person {
    /// A user of the tenant.
    User(Arc<User>),
    /// A back end's.
    External {
        sub: String,
        said: External,
        /// The most that may be had of what they granted, if that was narrowed since.
        narrowed_to: Option<Scope>,
    },
}

impl Person {
    /// The person that a record speaks of; none if the tenant has no such user any more. Whom a back end vouched for is
    /// never looked for among the tenant's users, whatever the subject.
    pub(crate) fn find(tenant: &Tenant, sub: &str, external: Option<&External>) -> Option<Self> {
        match external {
            Some(said) => Some(Self::External { sub: sub.to_owned(), said: said.clone(), narrowed_to: None }),
            None => tenant.users.with_sub(sub).map(|user| Self::User(Arc::clone(user))),
        }
    }

    /// The subject identifier that clients see.
    pub(crate) fn shown_sub(&self) -> &str {
        match self {
            Self::User(user) => &user.sub,
            Self::External { sub, said, .. } => said.shown_sub.as_ref().unwrap_or(sub),
        }
    }

    /// The subject as records keep it.
    pub(crate) fn sub(&self) -> &str {
        match self {
            Self::User(user) => &user.sub,
            Self::External { sub, .. } => sub,
        }
    }

    /// What resource servers are told as the user's name.
    pub(crate) fn username(&self) -> Option<&str> {
        match self {
            Self::User(user) => Some(&user.username),
            Self::External { .. } => None,
        }
    }

    /// What a back end says of them.
    pub(crate) const fn said(&self) -> Option<&External> {
        match self {
            Self::User(_) => None,
            Self::External { said, .. } => Some(said),
        }
    }

    /// What is left of a scope that they granted.
    pub(crate) fn left_of(&self, granted: &str) -> String {
        match self {
            Self::External { narrowed_to: Some(most), .. } => {
                scope::parse(granted).unwrap_or_default().filtered(|word| most.has(word)).to_string()
            }
            Self::User(_) | Self::External { narrowed_to: None, .. } => granted.to_owned(),
        }
    }

    /// What a client may be told of them. What a back end says was its own to choose, and is for ID tokens.
    pub(crate) fn claims(&self, scope: &Scope, claims: Option<&str>, place: Place) -> Map<String, Value> {
        match (self, place) {
            (Self::User(user), _) => about_user(scope, claims, place, user),
            (Self::External { .. }, Place::Userinfo) => Map::new(),
            (Self::External { said, .. }, Place::IdToken | Place::IdTokenAlone) => {
                let claims = said.claims.as_deref().and_then(|text| serde_json::from_str(text).ok());
                let mut claims: Map<String, Value> = claims.unwrap_or_default();
                claims.retain(|name, value| !RESERVED.contains(&name.as_str()) && !value.is_null());
                claims
            }
        }
    }
}
