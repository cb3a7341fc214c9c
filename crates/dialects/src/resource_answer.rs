//! A protected resource's side: how an access token comes in, and how it is turned down (RFC 6750, RFC 9449
//! section 7).

use std::borrow::Cow;

use http::header::{HeaderName, WWW_AUTHENTICATE};
use http::{HeaderValue, Method};
use parhelion_engine::client_request::Judged;
use parhelion_engine::userinfo::{Scheme, ShownToken, Userinfo};
use parhelion_protocol::client_auth::Authorization;
use parhelion_protocol::form;
use parhelion_protocol::limits;
use parhelion_protocol::parameters::Param;
use parhelion_protocol::refusal::{OAuthError, Reason, Refusal, Row};
use serde_json::{Map, Value, json};

use crate::dialect::Dialect;
use crate::incoming::{Incoming, Response};
use crate::message::{self, MediaType};
use crate::oauth_answer::{ErrorAnswer, NO_STORE, json_response, jwt_response, with_nonces};

/// The access token of a request: in the header, or with POST in a form, and in no other way; and the proof
/// beside it.
///
/// # Errors
/// [`Reason::AccessTokenMissing`], [`Reason::AccessTokenTwice`] or [`Reason::AccessTokenInQuery`].
pub fn access_token<'a>(incoming: &'a Incoming<'_>, method: &'a Method) -> Result<ShownToken<'a>, Refusal> {
    //= rfc9700#4.3.2 never in a URL
    let query = form::parse_only(incoming.query.unwrap_or_default().as_bytes(), &[Param::AccessToken]);
    if query.is_err() || query.is_ok_and(|query| query.get(Param::AccessToken).is_some()) {
        return Err(Reason::AccessTokenInQuery.into());
    }
    let is_form = *method == Method::POST && message::media_type(incoming.headers) == MediaType::Form;
    let body = if is_form { form::parse(incoming.body)? } else { Default::default() };
    let header = header(incoming)?;
    let (text, scheme) = match (header, body.get(Param::AccessToken)) {
        (Some(_), Some(_)) => return Err(Reason::AccessTokenTwice.into()),
        (Some((token, scheme)), None) => (Cow::Borrowed(token), scheme),
        (None, Some(token)) => (Cow::Owned(token.to_owned()), Scheme::Bearer),
        (None, None) => return Err(Reason::AccessTokenMissing.into()),
    };
    Ok(ShownToken { text, scheme, possession: message::possession(incoming, method.as_str()) })
}

fn header<'a>(incoming: &'a Incoming<'_>) -> Result<Option<(&'a str, Scheme)>, Refusal> {
    match message::authorization(incoming.headers) {
        Authorization::Header(value) => {
            let bearer = message::bearer_token(value).map(|token| (token, Scheme::Bearer));
            let dpop = message::dpop_token(value).map(|token| (token, Scheme::Dpop));
            bearer.or(dpop).map(Some).ok_or(Reason::AccessTokenInvalid.into())
        }
        Authorization::Repeated => Err(Reason::AccessTokenTwice.into()),
        Authorization::Absent | Authorization::Basic { .. } => Ok(None),
    }
}

/// The answer of the userinfo endpoint (OpenID Connect Core sections 5.3.2 and 5.3.3).
#[must_use]
pub fn userinfo(dialect: &dyn Dialect, incoming: &Incoming<'_>, judged: &Judged<Userinfo>) -> Response {
    let answer = match &judged.outcome {
        Ok(Userinfo::Json(claims)) => json_response(200, NO_STORE, claims.clone()),
        Ok(Userinfo::Jwt(jwt)) => jwt_response("application/jwt", jwt.clone()),
        Err(turned) => {
            let refusal = turned.refusal();
            turned_down(incoming, &refusal, dialect.error_answer(incoming, &refusal))
        }
    };
    with_nonces(answer, judged)
}

/// The header by which FAPI traces one interaction (FAPI 1.0 part 1 section 6.2.1).
const INTERACTION_ID: HeaderName = HeaderName::from_static("x-fapi-interaction-id");

/// The answer of the demo resource, with the caller's name for the interaction or one of ours.
#[must_use]
pub fn demo_resource(incoming: &Incoming<'_>, judged: &Judged<Map<String, Value>>) -> Response {
    let answer = match &judged.outcome {
        Ok(members) => json_response(200, NO_STORE, json!(members).to_string()),
        Err(turned) => {
            let refusal = turned.refusal();
            turned_down(incoming, &refusal, ErrorAnswer::of(incoming, &refusal, &Authorization::Absent))
        }
    };
    let mut answer = with_nonces(answer, judged);
    let sent = incoming.headers.get(INTERACTION_ID);
    let fits = |sent: &&HeaderValue| sent.len() <= limits::INTERACTION_ID_MAX_BYTES && sent.to_str().is_ok();
    let named = sent.filter(fits).cloned().or_else(|| HeaderValue::try_from(incoming.request_id.to_string()).ok());
    answer.headers_mut().extend(named.map(|named| (INTERACTION_ID, named)));
    answer
}

/// A refusal with the challenge that every 401 and 403 here carries (RFC 6750 section 3, RFC 9449 section
/// 7.1). A request that showed no token is told no error.
#[must_use]
pub fn turned_down(incoming: &Incoming<'_>, refusal: &Refusal, answer: ErrorAnswer) -> Response {
    let row = refusal.public();
    let about_proof = matches!(row.error, OAuthError::InvalidDpopProof | OAuthError::UseDpopNonce);
    // The token is no credential of a client: the challenge is the one below.
    let status = match row.status {
        500.. => answer.status,
        _ if about_proof => 401,
        status => status,
    };
    let mut response = ErrorAnswer { status, challenge: None, ..answer }.into_response(incoming.endpoint);
    let about_key = matches!(refusal.reason, Reason::BoundTokenAsBearer | Reason::ProofKeyWrong);
    let scheme = if about_proof || about_key { Scheme::Dpop } else { Scheme::Bearer };
    for challenge in challenges(incoming, refusal, scheme) {
        if let Ok(challenge) = HeaderValue::try_from(challenge) {
            response.headers_mut().append(WWW_AUTHENTICATE, challenge);
        }
    }
    response
}

fn challenges(incoming: &Incoming<'_>, refusal: &Refusal, scheme: Scheme) -> Vec<String> {
    let row = refusal.public();
    let issuer = &incoming.mount.issuer;
    let algs: Vec<_> = incoming.mount.policy.dpop_algs.iter().map(|alg| alg.0.name()).collect();
    let bearer = bearer_challenge(incoming, None);
    let dpop = format!("DPoP realm=\"{issuer}\", algs=\"{}\"", algs.join(" "));
    let with_error = |scheme: String| with_error(&scheme, row);
    match (row.status, refusal.reason, scheme) {
        (401, Reason::AccessTokenMissing, _) => vec![bearer, dpop],
        (400 | 401, _, Scheme::Dpop) => vec![with_error(dpop)],
        (400 | 401, _, Scheme::Bearer) => vec![bearer_challenge(incoming, Some(row))],
        (403, _, _) => vec![format!("{bearer}, error=\"{}\", scope=\"openid\"", row.error.as_str())],
        _ => Vec::new(),
    }
}

/// The challenge for a bearer token, with what is wrong with the one that was shown (RFC 6750 section 3).
pub(crate) fn bearer_challenge(incoming: &Incoming<'_>, row: Option<&Row>) -> String {
    let bare = format!("Bearer realm=\"{}\"", incoming.mount.issuer);
    row.map_or_else(|| bare.clone(), |row| with_error(&bare, row))
}

fn with_error(challenge: &str, row: &Row) -> String {
    let (error, said) = (row.error.as_str(), row.description);
    format!("{challenge}, error=\"{error}\", error_description=\"{said}\"")
}
