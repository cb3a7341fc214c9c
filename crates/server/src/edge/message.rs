//! What every answer has, and what is asked of every request's head.

use http::header::{self, HeaderName};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode, Version};
use parhelion_dialects::{RequestId, Response};
use parhelion_protocol::endpoint::Endpoint;
use parhelion_protocol::limits;
use parhelion_protocol::refusal::{Reason, Refusal};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The authority that a request is for: that of an absolute target, or else of its one `Host` header; in HTTP/2
/// that of `:authority`.
///
/// # Errors
/// [`Reason::HostMissing`] when the header is missing, repeated or malformed (RFC 9112 section 3.2); HTTP/1.0 may
/// do without, and HTTP/2 may where there is an `:authority`, which it must repeat if it is there.
pub(super) fn authority(parts: &Parts) -> Result<&str, Refusal> {
    if parts.version == Version::HTTP_2
        && let Some(authority) = parts.uri.authority().map(http::uri::Authority::as_str)
    {
        //= rfc9113#8.3.1 a Host that says something else makes the request malformed
        let differs = parts.headers.get_all(header::HOST).iter().any(|host| host != authority);
        let malformed = differs || !is_authority(authority);
        return if malformed { Err(Reason::HostMissing.into()) } else { Ok(authority) };
    }
    let mut hosts = parts.headers.get_all(header::HOST).iter();
    let host = match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().ok().filter(|host| is_authority(host)),
        (None, _) if parts.version < Version::HTTP_11 => Some(""),
        (None | Some(_), _) => None,
    };
    //= rfc9112#3.2.2 an absolute target counts, whatever Host says
    let target = parts.uri.authority().map(http::uri::Authority::as_str);
    host.map(|host| target.unwrap_or(host)).ok_or(Reason::HostMissing.into())
}

fn is_authority(host: &str) -> bool {
    !host.contains('@') && host.parse::<http::uri::Authority>().is_ok()
}

/// Whether the body is framed by nothing but chunks or a length; whoever stands in between could read others differently.
///
/// # Errors
/// [`Reason::TransferCodingUnknown`], after which the connection has to end (RFC 9112 section 6.1).
pub(super) fn check_framing(headers: &HeaderMap) -> Result<(), Refusal> {
    let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter();
    match (codings.next(), codings.next()) {
        (None, None) => Ok(()),
        (Some(coding), None) if coding.as_bytes().eq_ignore_ascii_case(b"chunked") => Ok(()),
        (Some(_) | None, _) => Err(Reason::TransferCodingUnknown.into()),
    }
}

/// Whether the head is within its limits.
///
/// # Errors
/// [`Reason::HeadersTooLarge`].
pub(super) fn check_head(parts: &Parts) -> Result<(), Refusal> {
    let lines = parts.headers.iter().map(|(name, value)| name.as_str().len().saturating_add(value.len()));
    let bytes = lines.fold(0_usize, usize::saturating_add);
    let target = parts.uri.path_and_query().map_or(0, |target| target.as_str().len());
    let fits = parts.headers.len() <= limits::HEADERS_MAX
        && bytes <= limits::HEADERS_MAX_BYTES
        && target <= limits::TARGET_MAX_BYTES;
    if fits { Ok(()) } else { Err(Refusal::new(Reason::HeadersTooLarge).found_length(bytes.saturating_add(target))) }
}

/// Whether an endpoint answers this method.
///
/// # Errors
/// [`Reason::MethodNotAllowed`]; an override header changes nothing.
pub(super) fn check_method(endpoint: Endpoint, parts: &Parts) -> Result<(), Refusal> {
    let allowed = endpoint.methods().contains(&parts.method.as_str());
    if allowed { Ok(()) } else { Err(Reason::MethodNotAllowed.into()) }
}

/// Puts on an answer what every answer has.
pub(super) fn finish(mut response: Response, request_id: RequestId) -> Response {
    let retry = response.status() == StatusCode::SERVICE_UNAVAILABLE;
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_bytes(&hex_digits(request_id)) {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    or_insert(headers, header::CACHE_CONTROL, "no-store");
    if retry {
        headers.entry(header::RETRY_AFTER).or_insert(limits::RETRY_AFTER_S.into());
    }
    response
}

/// Says which methods an endpoint answers, where its dialect has not.
pub(super) fn allow(response: &mut Response, methods: &'static [&'static str]) {
    if let Ok(methods) = HeaderValue::try_from(methods.join(", ")) {
        response.headers_mut().entry(header::ALLOW).or_insert(methods);
    }
}

/// Makes an answer the last one of its connection.
pub(super) fn close(response: &mut Response) {
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
}

/// The id as it stands in headers and logs: 32 hexadecimal digits.
pub(super) fn hex(request_id: RequestId) -> String {
    hex_digits(request_id).map(char::from).iter().collect()
}

fn hex_digits(request_id: RequestId) -> [u8; 32] {
    const DIGITS: [u8; 16] = *b"0123456789abcdef";
    let digit = |four_bits: u8| DIGITS.get(usize::from(four_bits)).copied().unwrap_or_default();
    let mut digits = [0; 32];
    for (pair, byte) in digits.chunks_exact_mut(2).zip(request_id.0) {
        pair.copy_from_slice(&[digit(byte >> 4), digit(byte & 0xf)]);
    }
    digits
}

fn or_insert(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.entry(name).or_insert(HeaderValue::from_static(value));
}
