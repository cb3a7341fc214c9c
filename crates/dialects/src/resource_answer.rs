//! A protected resource's side: how an access token comes in, and how it is turned down (RFC 6750).

use http::header::WWW_AUTHENTICATE;
use http::{HeaderValue, Method};
use parhelion_engine::fault::Turned;
use parhelion_protocol::client_auth::Authorization;
use parhelion_protocol::form;
use parhelion_protocol::parameters::Param;
use parhelion_protocol::refusal::{Reason, Refusal};
use serde_json::{Map, Value};

use crate::dialect::{Incoming, Response};
use crate::message::{self, MediaType};
use crate::oauth_answer::{ErrorAnswer, NO_STORE, json_response};

/// The access token of a request: in the header, or with POST in a form, and in no other way.
///
/// # Errors
/// [`Reason::AccessTokenMissing`], [`Reason::AccessTokenTwice`] or [`Reason::AccessTokenInQuery`].
pub fn access_token(incoming: &Incoming<'_>, method: &Method) -> Result<String, Refusal> {
    //= rfc9700#4.3.2 never in a URL
    let query = form::parse_only(incoming.query.unwrap_or_default().as_bytes(), &[Param::AccessToken]);
    if query.is_err() || query.is_ok_and(|query| query.get(Param::AccessToken).is_some()) {
        return Err(Reason::AccessTokenInQuery.into());
    }
    let is_form = *method == Method::POST && message::media_type(incoming.headers) == MediaType::Form;
    let body = if is_form { form::parse(incoming.body)? } else { Default::default() };
    let header = match message::authorization(incoming.headers) {
        Authorization::Header(value) => Some(message::bearer_token(value).ok_or(Reason::AccessTokenInvalid)?),
        Authorization::Repeated => return Err(Reason::AccessTokenTwice.into()),
        Authorization::Absent | Authorization::Basic { .. } => None,
    };
    match (header, body.get(Param::AccessToken)) {
        (Some(_), Some(_)) => Err(Reason::AccessTokenTwice.into()),
        (Some(token), None) | (None, Some(token)) => Ok(token.to_owned()),
        (None, None) => Err(Reason::AccessTokenMissing.into()),
    }
}

/// The answer of the userinfo endpoint (OpenID Connect Core sections 5.3.2 and 5.3.3).
#[must_use]
pub fn userinfo(incoming: &Incoming<'_>, outcome: Result<Map<String, Value>, Turned>) -> Response {
    match outcome {
        Ok(claims) => json_response(200, NO_STORE, Value::Object(claims).to_string()),
        Err(turned) => turned_down(incoming, &turned.refusal()),
    }
}

/// A refusal with the challenge that every 401 and 403 here carries (RFC 6750 section 3). A request that
/// showed no token is told no error.
#[must_use]
pub fn turned_down(incoming: &Incoming<'_>, refusal: &Refusal) -> Response {
    let row = refusal.public();
    // The token is no credential of a client: the challenge is the one below.
    let answer = ErrorAnswer::of(incoming, refusal, &Authorization::Absent);
    let mut response = ErrorAnswer { status: row.status, ..answer }.into_response(incoming.endpoint);
    let realm = format!("Bearer realm=\"{}\"", incoming.mount.issuer);
    let challenge = match (row.status, refusal.reason) {
        (401, Reason::AccessTokenMissing) => Some(realm),
        (400 | 401, _) => {
            Some(format!("{realm}, error=\"{}\", error_description=\"{}\"", row.error.as_str(), row.description))
        }
        (403, _) => Some(format!("{realm}, error=\"{}\", scope=\"openid\"", row.error.as_str())),
        _ => None,
    };
    if let Some(challenge) = challenge.and_then(|challenge| HeaderValue::try_from(challenge).ok()) {
        response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    }
    response
}
