//! Who calls the API: never the OAuth client, always a server with a token of its own.

use http::header::WWW_AUTHENTICATE;
use http::{HeaderMap, HeaderValue};
use parhelion_engine::registry::{Mount, Right};
use parhelion_jose::base64;
use parhelion_protocol::client_auth::{self, Authorization};
use zeroize::Zeroizing;

use super::numbers::service_id;
use super::result;
use crate::incoming::Response;
use crate::message;

/// Lets a caller in whose token is good for this tenant and for what it asks.
///
/// # Errors
/// The answer: 401 for a token that is missing, malformed, unknown or another tenant's, 403 for one without the right.
pub(super) fn admit(mount: &Mount, headers: &HeaderMap, right: Right) -> Result<(), Box<Response>> {
    let shown = shown(headers)?;
    let token = mount.api_token(&shown.token).ok_or_else(unknown)?;
    // Basic names the service beside the secret: another one's name is no credential here.
    if shown.service.is_some_and(|service| service_id(mount).is_none_or(|id| id.to_string() != service)) {
        return Err(unknown());
    }
    if !token.allows(right) {
        return Err(without_right());
    }
    Ok(())
}

/// What a caller shows: the text of its token, and with Basic (version 2 of the API) the service that it names.
pub(super) struct Shown {
    pub(super) token: Zeroizing<String>,
    pub(super) service: Option<String>,
}

/// Reads what a caller shows.
///
/// # Errors
/// The answer to a caller that shows nothing, or nothing that can be read.
pub(super) fn shown(headers: &HeaderMap) -> Result<Shown, Box<Response>> {
    if let Authorization::Header(value) = message::authorization(headers)
        && let Some((service, secret)) = basic(value)
    {
        return Ok(Shown { token: secret, service: Some(service) });
    }
    token(headers).map(|token| Shown { token: Zeroizing::new(token.to_owned()), service: None })
}

/// The two halves of a Basic credential; they are decimal digits and a token, so that nothing in them is escaped.
fn basic(value: &[u8]) -> Option<(String, Zeroizing<String>)> {
    let (scheme, encoded) = std::str::from_utf8(value).ok()?.split_once(' ')?;
    let scheme = scheme.eq_ignore_ascii_case("Basic").then_some(encoded)?;
    let pair = Zeroizing::new(base64::decode(scheme).ok()?);
    let (service, secret) = std::str::from_utf8(&pair).ok()?.split_once(':')?;
    Some((service.to_owned(), Zeroizing::new(secret.to_owned())))
}

pub(super) fn without_right() -> Box<Response> {
    Box::new(result::answer(403, "A900204", "the access token lacks the right that this needs."))
}

pub(super) fn unknown() -> Box<Response> {
    challenged("A900202", "the access token is not known.", "Bearer error=\"invalid_token\"")
}

/// The text of the caller's token.
///
/// # Errors
/// The answer to a caller without one.
pub(super) fn token(headers: &HeaderMap) -> Result<&str, Box<Response>> {
    let token = match message::authorization(headers) {
        Authorization::Header(value) => message::bearer_token(value),
        Authorization::Absent => {
            return Err(challenged("A001202", "Authorization header is missing.", "Bearer"));
        }
        Authorization::Repeated | Authorization::Basic { .. } => None,
    };
    token.filter(|token| client_auth::is_token68(token)).ok_or_else(|| {
        challenged("A900201", "the Authorization header is not one Bearer token.", "Bearer error=\"invalid_request\"")
    })
}

fn challenged(code: &str, message: &str, challenge: &'static str) -> Box<Response> {
    let mut response = result::answer(401, code, message);
    response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    Box::new(response)
}
