//! The ID token (OpenID Connect Core section 2).

use serde::Serialize;
use serde_json::{Map, Value};

use crate::fault::Fault;
use crate::ports::Moment;
use crate::records::Code;
use crate::registry::{Mount, User};

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    exp: i64,
    iat: i64,
    auth_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
    #[serde(flatten)]
    about_user: Map<String, Value>,
}

/// Signs the ID token of a redeemed code, in the name of the mount where it was issued.
pub(super) fn sign(mount: &Mount, code: &Code, user: &User, now: Moment, lifetime_s: u32) -> Result<String, Fault> {
    let claims = Claims {
        iss: &code.issuer,
        sub: &user.sub,
        aud: &code.client_id,
        exp: now.plus_s(lifetime_s.into()).epoch_s(),
        iat: now.epoch_s(),
        auth_time: code.auth_time_s,
        nonce: code.nonce.as_deref(),
        about_user: requested(code.claims.as_deref(), user),
    };
    let payload = serde_json::to_vec(&claims).map_err(|_| Fault::Crypto)?;
    mount.tenant.keys.current().sign("JWT", &payload).map_err(|_| Fault::Crypto)
}

/// The claims about the user that the `claims` parameter asks into the ID token, as far as they are
/// known; those of the protocol are not the user's to set.
fn requested(claims: Option<&str>, user: &User) -> Map<String, Value> {
    const OURS: &[&str] = &[
        "iss",
        "sub",
        "aud",
        "exp",
        "iat",
        "auth_time",
        "nonce",
        "acr",
        "amr",
        "azp",
        "nbf",
        "jti",
        "at_hash",
        "c_hash",
    ];
    let parsed: Value = claims.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let asked = parsed.get("id_token").and_then(Value::as_object);
    let names = asked.into_iter().flat_map(Map::keys).filter(|name| !OURS.contains(&name.as_str()));
    names.filter_map(|name| Some((name.clone(), user.claims.get(name)?.clone()))).collect()
}
