//! Which web pages may read an answer: CORS (Fetch section 3.2), where a mount lets any in. The browser's side, the
//! authorization endpoint and its pages, never does (OAuth 2.1 section 3.1).

use bytes::Bytes;
use http::header;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use parhelion_dialects::{Response, Sender};
use parhelion_protocol::endpoint::Endpoint;

use crate::config::CorsPlan;
use crate::routes::Place;

/// What a page may send beside what every page may.
const ALLOW_HEADERS: &str = "content-type, authorization, dpop";
/// What a page may read beside what every page may (RFC 9449 sections 7.1 and 8, attestation-based client
/// authentication section 8).
const EXPOSE_HEADERS: &str = "DPoP-Nonce, WWW-Authenticate, OAuth-Client-Attestation-Challenge";
/// How long a browser need not ask again, in seconds.
const MAX_AGE_S: u32 = 600;

/// An endpoint that may be called by pages, and the origin of the one that does, if it is let in.
pub(super) struct Cors {
    endpoint: Endpoint,
    allowed: Option<Allowed>,
}

/// What a page that is let in is told.
struct Allowed {
    origin: HeaderValue,
    credentials: bool,
}

impl Cors {
    /// What CORS says of a request; nothing where it is off.
    pub(super) fn of(place: &Place, endpoint: Endpoint, headers: &HeaderMap) -> Option<Self> {
        let of_pages = match endpoint {
            Endpoint::Push
            | Endpoint::Token
            | Endpoint::Userinfo
            | Endpoint::DemoResource
            | Endpoint::Revoke
            | Endpoint::Challenge
            | Endpoint::Jwks
            | Endpoint::Discovery => place.dialect.sender() == Sender::Client,
            Endpoint::Authorize
            | Endpoint::EndSession
            | Endpoint::Introspect
            | Endpoint::Register
            | Endpoint::RegisteredClient => false,
        };
        let on = of_pages && place.cors != CorsPlan::Off;
        on.then(|| Self { endpoint, allowed: allowed(&place.cors, headers) })
    }

    /// The answer to a browser that asks before it sends; nothing if this is not what the request is.
    pub(super) fn preflight(&self, method: &Method, headers: &HeaderMap) -> Option<Response> {
        let asks = headers.contains_key(header::ORIGIN) && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        if *method != Method::OPTIONS || !asks {
            return None;
        }
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = StatusCode::NO_CONTENT;
        self.name_origin(response.headers_mut());
        if self.allowed.is_some() {
            let headers = response.headers_mut();
            if let Ok(methods) = HeaderValue::try_from(self.endpoint.methods().join(", ")) {
                headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
            }
            headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(ALLOW_HEADERS));
            headers.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE_S.into());
        }
        Some(response)
    }

    /// Lets the page read an answer, if it is let in.
    pub(super) fn mark(&self, response: &mut Response) {
        let headers = response.headers_mut();
        self.name_origin(headers);
        if self.allowed.is_some() {
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSE_HEADERS));
        }
    }

    fn name_origin(&self, headers: &mut HeaderMap) {
        // Also where nobody is let in: a cache must not give that answer to a page that is.
        headers.append(header::VARY, HeaderValue::from_static("Origin"));
        let Some(Allowed { origin, credentials }) = &self.allowed else { return };
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        if *credentials {
            headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
    }
}

fn allowed(plan: &CorsPlan, headers: &HeaderMap) -> Option<Allowed> {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let (Some(origin), None) = (origins.next(), origins.next()) else { return None };
    match plan {
        CorsPlan::Off => None,
        // Sandboxes and files say `null`; they are nobody.
        CorsPlan::Any if origin == "null" => None,
        CorsPlan::Any => Some(Allowed { origin: HeaderValue::from_static("*"), credentials: false }),
        CorsPlan::Exact { origins, credentials } => {
            let known = origins.iter().any(|known| known.as_bytes() == origin.as_bytes());
            known.then(|| Allowed { origin: origin.clone(), credentials: *credentials })
        }
    }
}
