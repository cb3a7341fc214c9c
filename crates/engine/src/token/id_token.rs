//! The ID token (OpenID Connect Core section 2).

use parhelion_protocol::params::scope::{self, Scope};
use serde::Serialize;
use serde_json::{Map, Value};

use super::issue::Basis;
use crate::client_request::Proven;
use crate::fault::Fault;
use crate::ports::Moment;
use crate::records::{Code, Grant};
use crate::registry::{Mount, User};
use crate::user_claims::{Place, about_user};

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
pub(super) fn of_code(
    mount: &Mount,
    proven: &Proven,
    code: &Code,
    user: &User,
    now: Moment,
) -> Result<Option<String>, Fault> {
    let claims = Claims {
        iss: &code.issuer,
        sub: &user.sub,
        aud: &code.client_id,
        exp: expiry_s(proven, now),
        iat: now.epoch_s(),
        auth_time: code.auth_time_s,
        nonce: code.nonce.as_deref(),
        about_user: about_user(&granted(&code.scope), code.claims.as_deref(), Place::IdToken, user),
    };
    signed(mount, &code.scope, &claims)
}

/// Signs the ID token of a refresh: same issuer, subject, audience and time of authentication; no nonce
/// (OpenID Connect Core section 12.2).
pub(super) fn renewed(
    mount: &Mount,
    proven: &Proven,
    grant: &Grant,
    user: &User,
    basis: &Basis<'_>,
    now: Moment,
) -> Result<Option<String>, Fault> {
    let claims = Claims {
        iss: basis.issuer,
        sub: &user.sub,
        aud: &grant.client_id,
        exp: expiry_s(proven, now),
        iat: now.epoch_s(),
        auth_time: grant.auth_time_s,
        nonce: None,
        about_user: about_user(&granted(&basis.scope), grant.claims.as_deref(), Place::IdToken, user),
    };
    signed(mount, &basis.scope, &claims)
}

fn signed(mount: &Mount, scope: &str, claims: &Claims<'_>) -> Result<Option<String>, Fault> {
    if !granted(scope).has("openid") {
        return Ok(None);
    }
    let payload = serde_json::to_vec(claims).map_err(|_| Fault::Crypto)?;
    mount.tenant.keys.current().sign("JWT", &payload).map(Some).map_err(|_| Fault::Crypto)
}

fn granted(scope: &str) -> Scope {
    scope::parse(scope).unwrap_or_default()
}

fn expiry_s(proven: &Proven, now: Moment) -> i64 {
    now.plus_s(proven.policy.id_token_lifetime_s.0.into()).epoch_s()
}
