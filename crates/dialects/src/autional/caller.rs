//! Who manages clients: another server, with a token of its own.

use http::StatusCode;
use parhelion_engine::registry::Right;
use parhelion_protocol::client_auth::Authorization;

use super::envelope::{No, no};
use crate::message;
use crate::operation::Asked;

/// Lets a caller in whose token is good for this tenant and for what it asks.
pub(super) fn admit(asked: &Asked<'_>, right: Right) -> Result<(), No> {
    let Authorization::Header(value) = message::authorization(asked.headers) else {
        return no(StatusCode::UNAUTHORIZED, "the request needs one token");
    };
    match message::bearer_token(value).and_then(|text| asked.mount.api_token(text)) {
        None => no(StatusCode::UNAUTHORIZED, "the token is not known"),
        Some(token) if token.allows(right) => Ok(()),
        Some(_) => no(StatusCode::FORBIDDEN, "the token is not good for this"),
    }
}
