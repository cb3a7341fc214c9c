//! Who calls the API: never the OAuth client, always a server with a token of its own.

use http::header::WWW_AUTHENTICATE;
use http::{HeaderMap, HeaderValue};
use parhelion_engine::registry::Right;
use parhelion_protocol::client_auth::Authorization;

use super::result;
use crate::dialect::{Incoming, Response};
use crate::message;

/// Lets a caller in whose token is good for this tenant and for running the protocol.
///
/// # Errors
/// The answer: 401 for a token that is missing, malformed or unknown, 403 for one that is good elsewhere.
pub(super) fn admit(incoming: &Incoming<'_>) -> Result<(), Box<Response>> {
    let mount = incoming.mount;
    let text = token(incoming.headers)?;
    let token = mount
        .api_tokens
        .find(text)
        .ok_or_else(|| challenged("A900202", "the access token is not known.", "Bearer error=\"invalid_token\""))?;
    if !token.tenants.contains(&mount.tenant.uid) {
        return Err(Box::new(foreign_service()));
    }
    if !token.rights.contains(&Right::UseService) {
        return Err(Box::new(result::answer(403, "A900204", "the access token lacks the right use_service.")));
    }
    Ok(())
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
    token.filter(|token| is_token68(token)).ok_or_else(|| {
        challenged("A900201", "the Authorization header is not one Bearer token.", "Bearer error=\"invalid_request\"")
    })
}

/// The answer to a token that is shown to a service it is not good for.
pub(super) fn foreign_service() -> Response {
    result::answer(403, "A900203", "the access token is not good for this service.")
}

fn challenged(code: &str, message: &str, challenge: &'static str) -> Box<Response> {
    let mut response = result::answer(401, code, message);
    response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    Box::new(response)
}

/// RFC 6750 section 2.1.
fn is_token68(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/');
    !body.is_empty() && body.bytes().all(fits)
}
