//! PingOne, `/as/*`: descriptions that name the request by a correlation id.

mod application;
mod applications;
mod environment;
mod flow;
mod management;
mod platform_error;

use std::borrow::Cow;

use parhelion_protocol::endpoint::Endpoint;
use parhelion_protocol::refusal::{OAuthError, Reason, Refusal};

use crate::dialect::{Dialect, Route};
use crate::incoming::Incoming;
use crate::oauth_answer::ErrorAnswer;

pub use flow::FlowDocument;
pub use management::PingOneManagement;

/// The dialect of PingOne. The environment's id stands in the base URL, or does not where a custom domain
/// stands for it.
#[derive(Clone, Copy, Debug)]
pub struct PingOne;

impl Dialect for PingOne {
    fn name(&self) -> &'static str {
        "pingone"
    }

    fn profile(&self) -> &'static str {
        "pingone"
    }

    fn routes(&self) -> &'static [Route] {
        &[
            Route { endpoint: Endpoint::Push, path: "/as/par" },
            Route { endpoint: Endpoint::Authorize, path: "/as/authorize" },
            Route { endpoint: Endpoint::Token, path: "/as/token" },
            Route { endpoint: Endpoint::Jwks, path: "/as/jwks" },
            Route { endpoint: Endpoint::Discovery, path: "/as/.well-known/openid-configuration" },
            Route { endpoint: Endpoint::Userinfo, path: "/as/userinfo" },
            Route { endpoint: Endpoint::Introspect, path: "/as/introspect" },
            Route { endpoint: Endpoint::Revoke, path: "/as/revoke" },
            Route { endpoint: Endpoint::EndSession, path: "/as/signoff" },
            Route { endpoint: Endpoint::EndSession, path: "/as/idp-signoff" },
        ]
    }

    fn issuer_path(&self) -> &'static str {
        "/as"
    }

    fn error_answer(&self, incoming: &Incoming<'_>, refusal: &Refusal) -> ErrorAnswer {
        let answer = ErrorAnswer::of(incoming, refusal, &self.authorization(incoming.headers));
        let said = said(refusal);
        let description = format!("Request denied: {said} (Correlation ID: {})", incoming.request_id);
        ErrorAnswer { status: refusal.public().status, description, error_uri: None, ..answer }
    }
}

/// The vendor has two sentences for a client that fails to authenticate; for the rest none is published.
fn said(refusal: &Refusal) -> Cow<'static, str> {
    let of_the_method = [
        Reason::MethodNotRegistered,
        Reason::MethodRefused,
        Reason::PublicClientRefused,
        Reason::AuthorizationSchemeUnsupported,
    ];
    if of_the_method.contains(&refusal.reason) {
        "Unsupported authentication method".into()
    } else if refusal.public().error == OAuthError::InvalidClient {
        "Invalid client credentials".into()
    } else {
        refusal.description()
    }
}
