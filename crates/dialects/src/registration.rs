//! Client registration and the management of a registered client (RFC 7591, RFC 7592): JSON in, JSON out, a bearer token
//! beside it.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use parhelion_engine::fault::Turned;
use parhelion_engine::registration::ClientInformation;
use parhelion_protocol::client_auth::Authorization;
use parhelion_protocol::refusal::{Reason, Refusal};
use serde_json::{Map, Value};

use crate::incoming::{Incoming, Response};
use crate::json_object;
use crate::message::{self, MediaType};
use crate::oauth_answer::{ErrorAnswer, NO_STORE, json_response};
use crate::resource_answer::bearer_challenge;

/// The token of a request, if it shows one.
///
/// # Errors
/// [`Reason::RegistrationTokenInvalid`] where the header has something else in it, or there is more than one.
pub fn token<'a>(incoming: &'a Incoming<'_>) -> Result<Option<&'a str>, Refusal> {
    match message::authorization(incoming.headers) {
        Authorization::Absent | Authorization::Basic { .. } => Ok(None),
        Authorization::Repeated => Err(Reason::RegistrationTokenInvalid.into()),
        Authorization::Header(value) => {
            let token = message::bearer_token(value);
            token.map(Some).ok_or(Refusal::new(Reason::RegistrationTokenInvalid))
        }
    }
}

/// The metadata that was sent.
///
/// # Errors
/// [`Reason::RegistrationMalformed`], or what is wrong with the message around it.
pub fn metadata(incoming: &Incoming<'_>) -> Result<Map<String, Value>, Refusal> {
    let malformed = Refusal::new(Reason::RegistrationMalformed).found_length(incoming.body.len());
    match message::media_type(incoming.headers) {
        MediaType::Json => {}
        MediaType::Form | MediaType::Other => return Err(malformed),
    }
    message::check_not_encoded(incoming.headers)?;
    let read = json_object::read(incoming.body, incoming.mount.policy.body_max_bytes.0);
    read.map_err(|refusal| if refusal.reason == Reason::MalformedJson { malformed } else { refusal })
}

/// What came of a registration, or of a look at one.
pub struct Registered<'a> {
    /// The status if it went well.
    pub status: StatusCode,
    /// When that was, in seconds since 1970.
    pub at_s: i64,
    /// What came of it.
    pub outcome: &'a Result<ClientInformation, Turned>,
}

/// The answer about a client (RFC 7591 section 3.2.1, RFC 7592 section 3).
#[must_use]
pub fn information(status: StatusCode, members: Map<String, Value>) -> Response {
    json_response(status.as_u16(), NO_STORE, Value::Object(members).to_string())
}

/// The answer to a deletion (RFC 7592 section 2.3).
#[must_use]
pub fn deleted() -> Response {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static(NO_STORE));
    response
}

/// A refusal, with the challenge that every 401 here carries (RFC 6750 section 3). Who showed no token is told no error.
#[must_use]
pub fn turned_down(incoming: &Incoming<'_>, refusal: &Refusal, answer: ErrorAnswer) -> Response {
    let row = refusal.public();
    // The token is no credential of a client: the challenge is the one below.
    let status = if row.status == 401 { 401 } else { answer.status };
    let mut response = ErrorAnswer { status, challenge: None, ..answer }.into_response(incoming.endpoint);
    let told = (refusal.reason != Reason::RegistrationTokenMissing).then_some(row);
    if row.status == 401
        && let Ok(challenge) = HeaderValue::try_from(bearer_challenge(incoming, told))
    {
        response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    }
    response
}

/// What a client hears about itself.
#[must_use]
pub fn members(information: &ClientInformation) -> Map<String, Value> {
    let mut members = information.metadata.members().clone();
    let mut put = |name: &str, value: Value| drop(members.insert(name.to_owned(), value));
    put("client_id", information.client_id.as_str().into());
    put("client_id_issued_at", information.issued_at_s.into());
    if let Some(secret) = &information.secret {
        put("client_secret", secret.text.as_str().into());
        //= rfc7591#3.2.1 "or 0 if it will not expire"
        put("client_secret_expires_at", secret.expires_at_s.unwrap_or(0).into());
    }
    put("registration_access_token", information.registration_access_token.as_str().into());
    put("registration_client_uri", information.registration_client_uri.as_str().into());
    members
}
