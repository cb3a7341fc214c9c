//! The HTTP message around a body: content type, content encoding, query, `Authorization`.

use std::borrow::Cow;

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderName};
use parhelion_engine::client_request::Possession;
use parhelion_protocol::client_auth::Authorization;
use parhelion_protocol::client_auth::attest_jwt_client_auth::Headers;
use parhelion_protocol::form;
use parhelion_protocol::parameters::Param;
use parhelion_protocol::refusal::{Reason, Refusal};
use parhelion_protocol::sender::Shown;

use crate::incoming::Incoming;

const FORM: &str = "application/x-www-form-urlencoded";

static DPOP: HeaderName = HeaderName::from_static("dpop");
static ATTESTATION: HeaderName = HeaderName::from_static("oauth-client-attestation");
static ATTESTATION_POP: HeaderName = HeaderName::from_static("oauth-client-attestation-pop");

/// What a body says it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaType {
    /// `application/x-www-form-urlencoded`, in UTF-8.
    Form,
    /// `application/json`, in UTF-8.
    Json,
    /// Anything else: absent, repeated, another type, another charset.
    Other,
}

/// The media type of a request, from exactly one `Content-Type` (RFC 9110 section 8.3). A `charset` other
/// than `utf-8` makes it another type; other media type parameters are ignored.
#[must_use]
pub fn media_type(headers: &HeaderMap) -> MediaType {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return MediaType::Other };
    // As nearly every client spells it.
    if value == FORM {
        return MediaType::Form;
    }
    let Ok(text) = value.to_str() else { return MediaType::Other };
    let (essence, parameters) = text.split_once(';').unwrap_or((text, ""));
    if !parameters.split(';').all(is_utf8_or_not_about_it) {
        return MediaType::Other;
    }
    let is = |name: &str| essence.trim().eq_ignore_ascii_case(name);
    if is(FORM) {
        MediaType::Form
    } else if is("application/json") {
        MediaType::Json
    } else {
        MediaType::Other
    }
}

fn is_utf8_or_not_about_it(parameter: &str) -> bool {
    let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
    let value = value.trim();
    let unquoted = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(value);
    !name.trim().eq_ignore_ascii_case("charset") || unquoted.eq_ignore_ascii_case("utf-8")
}

/// Whether somebody in front of a browser waits for the answer (RFC 9110 section 12.5.1).
#[must_use]
pub fn accepts_html(headers: &HeaderMap) -> bool {
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accept.contains("text/html")
}

/// Checks that the body is sent as it is.
///
/// # Errors
/// [`Reason::ContentEncoded`].
pub fn check_not_encoded(headers: &HeaderMap) -> Result<(), Refusal> {
    let plain = |value: &http::HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
    let sent_as_it_is = headers.get_all(CONTENT_ENCODING).iter().all(plain);
    if sent_as_it_is { Ok(()) } else { Err(Reason::ContentEncoded.into()) }
}

/// Checks that the query carries no OAuth parameter: URLs end in logs. Any other query is ignored, and so
/// is a parameter without a value (RFC 6749 section 3.2).
///
/// # Errors
/// [`Reason::ParameterInQuery`].
pub fn check_query(incoming: &Incoming<'_>) -> Result<(), Refusal> {
    let Some(query) = incoming.query else { return Ok(()) };
    match query.split('&').filter_map(|pair| pair.split_once('=')).find_map(recognised) {
        Some(param) => Err(Refusal::new(Reason::ParameterInQuery).about(Some(param))),
        None => Ok(()),
    }
}

fn recognised((name, value): (&str, &str)) -> Option<Param> {
    let name = form::decode(name.as_bytes()).ok()?;
    Param::from_name(&name).filter(|_| !value.is_empty())
}

/// The `Authorization` header as it came (RFC 9110 section 11.6.2).
#[must_use]
pub fn authorization(headers: &HeaderMap) -> Authorization<'_> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    match (values.next(), values.next()) {
        (None, _) => Authorization::Absent,
        (Some(value), None) => Authorization::Header(value.as_bytes()),
        (Some(_), Some(_)) => Authorization::Repeated,
    }
}

/// What the request shows of the keys that its sender holds: a DPoP proof (RFC 9449 section 4.1), a certificate (RFC 8705
/// section 2), a client attestation with its proof (draft-ietf-oauth-attestation-based-client-auth-10 section 7).
#[must_use]
pub fn possession<'a>(incoming: &'a Incoming<'_>, method: &'a str) -> Possession<'a> {
    let headers = incoming.headers;
    let attestation = Headers { attestation: shown(headers, &ATTESTATION), pop: shown(headers, &ATTESTATION_POP) };
    let (dpop, certificate) = (shown(headers, &DPOP), incoming.certificate.clone());
    let is_proven = !matches!(dpop, Shown::Absent);
    let htu = if is_proven { other_url(incoming).map(Cow::Owned) } else { None };
    Possession { dpop, certificate, attestation, htm: method.into(), htu, ..Possession::default() }
}

/// The URL of an endpoint that has several, where the request came by another than the published one: its proof is for
/// that (RFC 9449 section 4.2). By the configuration, whatever `Host` says.
fn other_url(incoming: &Incoming<'_>) -> Option<String> {
    let Incoming { mount, endpoint, path, .. } = incoming;
    let published = [mount.url(*endpoint), mount.mtls_url(*endpoint)];
    if published.into_iter().flatten().any(|url| path_of(url) == *path) {
        return None;
    }
    let origin = mount.base_url.strip_suffix(mount.base_path())?;
    Some(format!("{origin}{path}"))
}

fn path_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.find('/').and_then(|at| rest.get(at..)).unwrap_or_default()
}

fn shown<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Shown<'a> {
    let mut values = headers.get_all(name).iter();
    match (values.next().map(http::HeaderValue::to_str), values.next()) {
        (None, _) => Shown::Absent,
        (Some(Ok(value)), None) => Shown::One(value.into()),
        (Some(_), _) => Shown::Repeated,
    }
}

/// What follows the `DPoP` scheme in a header value, if it has that scheme (RFC 9449 section 7.1).
#[must_use]
pub fn dpop_token(value: &[u8]) -> Option<&str> {
    token_of("DPoP", value)
}

/// What follows the `Bearer` scheme in a header value, if it has that scheme (RFC 6750 section 2.1).
#[must_use]
pub fn bearer_token(value: &[u8]) -> Option<&str> {
    token_of("Bearer", value)
}

fn token_of<'a>(scheme: &str, value: &'a [u8]) -> Option<&'a str> {
    let (sent, token) = std::str::from_utf8(value).ok()?.split_once(' ')?;
    sent.eq_ignore_ascii_case(scheme).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn of(value: &str) -> MediaType {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_str(value).unwrap());
        media_type(&headers)
    }

    #[test]
    fn charset_may_be_absent_or_utf8_in_any_case_quoted_or_not() {
        for parameters in ["", ";", "; charset=utf-8", ";charset=UTF-8", "; Charset=\"Utf-8\"", "; q=1; charset=utf-8"]
        {
            assert_eq!(of(&format!("application/x-www-form-urlencoded{parameters}")), MediaType::Form, "{parameters}");
            assert_eq!(of(&format!("Application/JSON{parameters}")), MediaType::Json, "{parameters}");
        }
    }

    #[test]
    fn other_charsets_are_another_type() {
        for charset in ["utf-16", "iso-8859-1", "utf-7", "", "\"utf-8", "utf8", "utf-8; charset=utf-16"] {
            assert_eq!(of(&format!("application/x-www-form-urlencoded; charset={charset}")), MediaType::Other);
        }
    }

    #[test]
    fn absent_repeated_and_foreign_types_are_neither() {
        assert_eq!(media_type(&HeaderMap::new()), MediaType::Other);
        for value in ["", "text/plain", "multipart/form-data; boundary=x", "application/json+x", "application/x-www"] {
            assert_eq!(of(value), MediaType::Other, "{value}");
        }
        let mut headers = HeaderMap::new();
        for _ in 0..2 {
            headers.append(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        assert_eq!(media_type(&headers), MediaType::Other);
    }

    #[test]
    fn only_the_bearer_scheme_gives_a_bearer_token() {
        assert_eq!(bearer_token(b"bearer abc"), Some("abc"));
        for value in [&b"Basic abc"[..], b"Bearer", b"Bearer\tabc", b"DPoP abc", b"\xff"] {
            assert_eq!(bearer_token(value), None);
        }
    }
}
