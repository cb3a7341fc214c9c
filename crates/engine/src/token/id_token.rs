//! The ID token (OpenID Connect Core section 2).

use parhelion_jose::base64url;
use parhelion_jose::jws::Algorithm;
use parhelion_protocol::client::Client;
use parhelion_protocol::params::scope::{self, Scope};
use parhelion_protocol::profile::Policy;
use serde::Serialize;
use serde_json::{Map, Value};

use super::issue::Basis;
use crate::fault::Fault;
use crate::person::Person;
use crate::ports::Moment;
use crate::records::{Code, Grant};
use crate::registry::Mount;
use crate::response_jwt;
use crate::user_claims::Place;

/// Who gets an ID token about whom, and when.
pub(crate) struct Issuing<'a> {
    pub(crate) mount: &'a Mount,
    pub(crate) client: &'a Client,
    pub(crate) policy: &'a Policy,
    pub(crate) user: &'a Person,
    pub(crate) now: Moment,
}

/// What travels beside an ID token.
pub(crate) enum Beside<'a> {
    /// The answer of the token endpoint, which TLS guards.
    Tokens,
    /// An authorization response, which the ID token has to vouch for.
    Response { code: Option<&'a str>, access_token: Option<&'a str>, state: Option<&'a str> },
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    exp: i64,
    iat: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    acr: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
    #[serde(flatten)]
    hashes: Hashes,
    #[serde(flatten)]
    about_user: Map<String, Value>,
}

/// Half digests of what travels beside it (OpenID Connect Core section 3.3.2.11, FAPI 1.0 part 2 section 5.1.1).
#[derive(Default, Serialize)]
struct Hashes {
    #[serde(skip_serializing_if = "Option::is_none")]
    c_hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at_hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    s_hash: Option<String>,
}

impl Hashes {
    fn of(beside: &Beside<'_>, alg: Algorithm) -> Self {
        let half = |text: &str| base64url::encode(&alg.half_digest(text.as_bytes()));
        match beside {
            Beside::Tokens => Self::default(),
            Beside::Response { code, access_token, state } => {
                Self { c_hash: code.map(half), at_hash: access_token.map(half), s_hash: state.map(half) }
            }
        }
    }
}

impl Beside<'_> {
    //= openid-connect-core#5.4 where no access token will be issued, userinfo's claims are in the ID token
    const fn place(&self) -> Place {
        match self {
            Self::Response { code: None, access_token: None, .. } => Place::IdTokenAlone,
            Self::Response { .. } | Self::Tokens => Place::IdToken,
        }
    }
}

/// The ID token of what a code stands for, in the name of the mount where it was granted.
pub(crate) fn of_code(issuing: &Issuing<'_>, code: &Code, beside: &Beside<'_>) -> Result<Option<String>, Fault> {
    let alg = issuing.mount.tenant.keys.signing(issuing.client.responses.id_token.signing_alg);
    let claims = Claims {
        iss: &code.issuer,
        sub: issuing.user.shown_sub(),
        aud: &code.client_id,
        exp: issuing.expiry_s(),
        iat: issuing.now.epoch_s(),
        auth_time: known(code.auth_time_s),
        acr: issuing.user.said().and_then(|said| said.acr.as_deref()),
        sid: issuing.user.said().and_then(|said| said.session_id.as_deref()),
        nonce: code.nonce.as_deref(),
        hashes: Hashes::of(beside, alg.ok_or(Fault::Crypto)?.algorithm()),
        about_user: issuing.user.claims(&granted(&code.scope), code.claims.as_deref(), beside.place()),
    };
    issuing.made(&code.scope, &claims)
}

/// The ID token of a refresh: same issuer, subject, audience and time of authentication; no nonce
/// (OpenID Connect Core section 12.2).
pub(super) fn renewed(issuing: &Issuing<'_>, grant: &Grant, basis: &Basis<'_>) -> Result<Option<String>, Fault> {
    let claims = Claims {
        iss: basis.issuer,
        sub: issuing.user.shown_sub(),
        aud: &grant.client_id,
        exp: issuing.expiry_s(),
        iat: issuing.now.epoch_s(),
        auth_time: known(grant.auth_time_s),
        acr: issuing.user.said().and_then(|said| said.acr.as_deref()),
        sid: issuing.user.said().and_then(|said| said.session_id.as_deref()),
        nonce: None,
        hashes: Hashes::default(),
        about_user: issuing.user.claims(&granted(&basis.scope), grant.claims.as_deref(), Place::IdToken),
    };
    issuing.made(&basis.scope, &claims)
}

impl Issuing<'_> {
    fn expiry_s(&self) -> i64 {
        self.now.plus_s(self.policy.id_token_lifetime_s.0.into()).epoch_s()
    }

    fn made(&self, scope: &str, claims: &Claims<'_>) -> Result<Option<String>, Fault> {
        if !granted(scope).has("openid") {
            return Ok(None);
        }
        let payload = serde_json::to_vec(claims).map_err(|_| Fault::Crypto)?;
        let registered = &self.client.responses.id_token;
        response_jwt::make(&self.mount.tenant, registered, &self.client.keys, "JWT", &payload).map(Some)
    }
}

/// A back end may not have said when its user authenticated.
fn known(auth_time_s: i64) -> Option<i64> {
    (auth_time_s != 0).then_some(auth_time_s)
}

fn granted(scope: &str) -> Scope {
    scope::parse(scope).unwrap_or_default()
}
