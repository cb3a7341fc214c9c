//! Answers as OAuth writes them: JSON that no cache keeps (RFC 6749 sections 5.1 and 5.2, RFC 9126 sections
//! 2.2 and 2.3).

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, PRAGMA, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use parhelion_engine::client_request::Judged;
use parhelion_engine::introspect::Introspected;
use parhelion_engine::push::Accepted;
use parhelion_engine::token::Tokens;
use parhelion_protocol::client_auth::Authorization;
use parhelion_protocol::endpoint::Endpoint;
use parhelion_protocol::limits;
use parhelion_protocol::refusal::Refusal;
use serde_json::{Map, Value, json};

use crate::incoming::{Incoming, Response};

/// What a refused client hears. A dialect changes what its vendor says otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The code that a client's library looks at.
    pub error: &'static str,
    /// For people, of the characters that RFC 6749 section 5.2 allows; no request data.
    pub description: String,
    /// Where the code of the refusal is explained.
    pub error_uri: Option<String>,
    /// The `state` of the request, where a vendor echoes it.
    pub state: Option<String>,
    /// Sent with 401, where the client tried the `Authorization` header.
    pub challenge: Option<HeaderValue>,
}

impl ErrorAnswer {
    /// The answer of the specifications. A client that tried the `Authorization` header is challenged with
    /// 401; any other that failed to authenticate gets 400, because RFC 9110 section 15.5.2 wants a
    /// challenge with every 401 and none fits.
    #[must_use]
    pub fn of(incoming: &Incoming<'_>, refusal: &Refusal, authorization: &Authorization<'_>) -> Self {
        let row = refusal.public();
        let challenge = authorization.was_used().then(|| challenge(incoming));
        Self {
            status: if row.status == 401 && challenge.is_none() { 400 } else { row.status },
            error: row.error.as_str(),
            description: refusal.description().into_owned(),
            error_uri: Some(format!("{}/errors/{}", incoming.public_url, row.code)),
            state: None,
            challenge,
        }
    }

    /// The body, as JSON text.
    #[must_use]
    pub fn body(&self) -> String {
        let mut members = Map::new();
        members.insert("error".to_owned(), self.error.into());
        members.insert("error_description".to_owned(), self.description.as_str().into());
        let optional = [("error_uri", &self.error_uri), ("state", &self.state)];
        members.extend(optional.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value.clone()?.into()))));
        Value::Object(members).to_string()
    }

    /// The answer as bytes, with the headers that belong to its status at this endpoint.
    #[must_use]
    pub fn into_response(self, endpoint: Endpoint) -> Response {
        let mut response = json_response(self.status, NO_STORE, self.body());
        let headers = response.headers_mut();
        match (self.status, self.challenge) {
            (401, Some(challenge)) => drop(headers.insert(WWW_AUTHENTICATE, challenge)),
            (405, _) => drop(headers.insert(ALLOW, allow(endpoint))),
            (503, _) => drop(headers.insert(RETRY_AFTER, limits::RETRY_AFTER_S.into())),
            _ => {}
        }
        response
    }
}

/// The one challenge there is: what a client would have to send in the header.
fn challenge(incoming: &Incoming<'_>) -> HeaderValue {
    let realm = format!("Basic realm=\"{}\"", incoming.mount.issuer);
    HeaderValue::try_from(realm).unwrap_or(HeaderValue::from_static("Basic realm=\"client\""))
}

/// The methods of an endpoint, for `Allow`.
#[must_use]
pub fn allow(endpoint: Endpoint) -> HeaderValue {
    HeaderValue::try_from(endpoint.methods().join(", ")).unwrap_or(HeaderValue::from_static(""))
}

/// `Cache-Control` of answers that must not be kept.
pub const NO_STORE: &str = "no-store";

/// A JSON answer with this status that no cache keeps.
#[must_use]
pub fn json_response(status: u16, cache_control: &'static str, body: String) -> Response {
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(cache_control));
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    response
}

/// The body of a successful push: exactly these two members (RFC 9126 section 2.2). A URN of ours holds
/// nothing that JSON would escape.
#[must_use]
pub fn pushed_body(accepted: &Accepted) -> String {
    format!(r#"{{"expires_in":{},"request_uri":"{}"}}"#, accepted.expires_in_s, accepted.request_uri)
}

/// The answer to a successful push (RFC 9126 section 2.2).
#[must_use]
pub fn pushed(accepted: &Accepted) -> Response {
    json_response(201, "no-cache, no-store", pushed_body(accepted))
}

/// The answer to a successful token request (RFC 6749 section 5.1).
#[must_use]
pub fn tokens(tokens: &Tokens) -> Response {
    json_response(200, NO_STORE, Value::Object(token_members(tokens)).to_string())
}

/// The members of that answer.
#[must_use]
pub fn token_members(tokens: &Tokens) -> Map<String, Value> {
    let mut members = Map::new();
    members.insert("access_token".to_owned(), tokens.access_token.as_str().into());
    members.insert("token_type".to_owned(), tokens.token_type.into());
    members.insert("expires_in".to_owned(), tokens.expires_in_s.into());
    let optional = [("scope", &tokens.scope), ("refresh_token", &tokens.refresh_token), ("id_token", &tokens.id_token)];
    members.extend(optional.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value.clone()?.into()))));
    let details = tokens.authorization_details.to_value();
    members.extend(details.map(|details| ("authorization_details".to_owned(), details)));
    members
}

/// The answer with what the next proofs must carry: the nonce of a DPoP proof (RFC 9449 section 8), the challenge of a
/// proof beside an attestation (draft-ietf-oauth-attestation-based-client-auth-10 section 6.2).
#[must_use]
pub fn with_nonces<T>(mut response: Response, judged: &Judged<T>) -> Response {
    let headers =
        [("dpop-nonce", &judged.dpop_nonce), ("oauth-client-attestation-challenge", &judged.attestation_challenge)];
    for (name, value) in headers {
        if let Some(value) = value.as_deref().and_then(|value| HeaderValue::try_from(value).ok()) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// A challenge for attested clients (draft-ietf-oauth-attestation-based-client-auth-10 section 6.1).
#[must_use]
pub fn challenge_for_attested(challenge: &str) -> Response {
    json_response(200, NO_STORE, json!({ "attestation_challenge": challenge }).to_string())
}

/// The answer to an introspection request (RFC 7662 section 2.2, RFC 9701 section 5).
#[must_use]
pub fn introspected(introspected: &Introspected) -> Response {
    match introspected {
        Introspected::Json(body) => json_response(200, NO_STORE, body.clone()),
        Introspected::Jwt(jwt) => jwt_response("application/token-introspection+jwt", jwt.clone()),
    }
}

/// A JWT of a media type.
pub(crate) fn jwt_response(media_type: &'static str, jwt: String) -> Response {
    let mut response = json_response(200, NO_STORE, jwt);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

/// The answer to a revocation request: nothing, successfully (RFC 7009 section 2.2).
#[must_use]
pub fn revoked() -> Response {
    let mut response = Response::new(Bytes::new());
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static(NO_STORE));
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use parhelion_engine::ports::Moment;
    use parhelion_engine::token::Granted;
    use parhelion_protocol::client::GrantType;
    use parhelion_protocol::params::authorization_details::AuthorizationDetails;

    fn granted(scope: Option<&str>, id_token: Option<&str>) -> Response {
        tokens(&Tokens {
            access_token: "opaque".to_owned(),
            token_type: "Bearer",
            expires_in_s: 600,
            scope: scope.map(str::to_owned),
            refresh_token: None,
            id_token: id_token.map(str::to_owned),
            authorization_details: AuthorizationDetails::default(),
            granted: Granted {
                client_id: "app".to_owned(),
                grant_type: GrantType::AuthorizationCode,
                sub: None,
                scope: String::new(),
                resources: Vec::new(),
                access_token_resources: Vec::new(),
                properties: Vec::new(),
                expires_at: Moment(0),
                refresh_expires_at: None,
            },
        })
    }

    #[test]
    fn tokens_are_answered_with_200_and_kept_by_no_cache() {
        let response = granted(Some("openid"), Some("a.b.c"));
        assert_eq!(response.status(), 200);
        assert_eq!(
            (&response.headers()[CACHE_CONTROL], &response.headers()[PRAGMA]),
            (&"no-store".parse().unwrap(), &"no-cache".parse().unwrap())
        );
        let body: Value = serde_json::from_slice(response.body()).unwrap();
        let expected = json!({
            "access_token": "opaque", "token_type": "Bearer", "expires_in": 600, "scope": "openid", "id_token": "a.b.c"
        });
        assert_eq!(body, expected);
    }

    #[test]
    fn what_was_not_granted_is_left_out() {
        let body: Value = serde_json::from_slice(granted(None, None).body()).unwrap();
        assert_eq!(body, json!({ "access_token": "opaque", "token_type": "Bearer", "expires_in": 600 }));
    }
}
