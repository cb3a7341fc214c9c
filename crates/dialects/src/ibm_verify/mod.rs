//! IBM Verify, `/oauth2/*`: flat errors whose description begins with the vendor's id where one is known.

mod registration;

use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue};
use parhelion_engine::registration::SentMetadata;
use parhelion_protocol::endpoint::Endpoint;
use parhelion_protocol::refusal::{OAuthError, Reason, Refusal};

use crate::dialect::{Dialect, Route};
use crate::incoming::{Incoming, RequestId, Response};
use crate::oauth_answer::{ErrorAnswer, NO_STORE};
use crate::registration::Registered;

/// The dialect of IBM Verify.
#[derive(Clone, Copy, Debug)]
pub struct IbmVerify;

impl Dialect for IbmVerify {
    fn name(&self) -> &'static str {
        "ibm-verify"
    }

    fn profile(&self) -> &'static str {
        "ibm-verify"
    }

    fn routes(&self) -> &'static [Route] {
        &[
            Route { endpoint: Endpoint::Push, path: "/oauth2/par" },
            Route { endpoint: Endpoint::Authorize, path: "/oauth2/authorize" },
            Route { endpoint: Endpoint::Token, path: "/oauth2/token" },
            Route { endpoint: Endpoint::Jwks, path: "/oauth2/jwks" },
            Route { endpoint: Endpoint::Discovery, path: "/oauth2/.well-known/openid-configuration" },
            Route { endpoint: Endpoint::Userinfo, path: "/oauth2/userinfo" },
            Route { endpoint: Endpoint::Introspect, path: "/oauth2/introspect" },
            Route { endpoint: Endpoint::Revoke, path: "/oauth2/revoke" },
            Route { endpoint: Endpoint::EndSession, path: "/oauth2/logout" },
            Route { endpoint: Endpoint::Register, path: "/oauth2/register" },
            Route { endpoint: Endpoint::RegisteredClient, path: "/oauth2/register/" },
        ]
    }

    fn issuer_path(&self) -> &'static str {
        "/oauth2"
    }

    fn read_registration(&self, incoming: &Incoming<'_>) -> Result<SentMetadata, Refusal> {
        registration::read(incoming)
    }

    fn write_registered(&self, incoming: &Incoming<'_>, registered: &Registered<'_>) -> Response {
        match registered.outcome {
            Ok(client) => self.with_vendor_headers(incoming, registration::write(registered, client)),
            Err(turned) => self.write_registration_refused(incoming, &turned.refusal()),
        }
    }

    fn error_answer(&self, incoming: &Incoming<'_>, refusal: &Refusal) -> ErrorAnswer {
        let answer = ErrorAnswer::of(incoming, refusal, &self.authorization(incoming.headers));
        let description = match message_id(refusal) {
            Some(id) => format!("{id} {}", answer.description),
            None => answer.description,
        };
        ErrorAnswer { status: refusal.public().status, description, error_uri: None, ..answer }
    }

    fn vendor_headers(&self, incoming: &Incoming<'_>, headers: &mut HeaderMap) {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json;charset=UTF-8"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(NO_STORE));
        self.naming_headers(incoming.request_id, headers);
    }

    fn naming_headers(&self, request_id: RequestId, headers: &mut HeaderMap) {
        if let Ok(request_id) = HeaderValue::try_from(request_id.to_string()) {
            headers.insert(HeaderName::from_static("x-correlation-id"), request_id);
        }
    }
}

/// The vendor's id of a refusal, where one is known; none is invented.
fn message_id(refusal: &Refusal) -> Option<&'static str> {
    if refusal.public().error == OAuthError::InvalidClient {
        Some("CSIAQ0155E")
    } else if refusal.public().error == OAuthError::InvalidGrant {
        Some("CSIAQ0158E")
    } else if refusal.reason == Reason::RedirectUriNotRegistered {
        Some("CSIAQ0167E")
    } else {
        None
    }
}
