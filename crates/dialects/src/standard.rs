//! The standard dialect: RFC 6749, RFC 9126 and OpenID Connect as they stand.

use parhelion_protocol::endpoint::Endpoint;

use crate::dialect::{Dialect, Route};

/// The standard dialect.
#[derive(Clone, Copy, Debug)]
pub struct Standard;

impl Dialect for Standard {
    fn name(&self) -> &'static str {
        "standard"
    }

    fn profile(&self) -> &'static str {
        "default"
    }

    /// The standard decides no more than the standard says.
    fn bounds(&self) -> &'static str {
        "rfc9126"
    }

    fn routes(&self) -> &'static [Route] {
        &[
            Route { endpoint: Endpoint::Push, path: "/par" },
            Route { endpoint: Endpoint::Authorize, path: "/authorize" },
            Route { endpoint: Endpoint::Token, path: "/token" },
            Route { endpoint: Endpoint::Jwks, path: "/jwks" },
            Route { endpoint: Endpoint::Discovery, path: "/.well-known/openid-configuration" },
            Route { endpoint: Endpoint::Userinfo, path: "/userinfo" },
            Route { endpoint: Endpoint::Introspect, path: "/introspect" },
            Route { endpoint: Endpoint::Revoke, path: "/revoke" },
            Route { endpoint: Endpoint::EndSession, path: "/logout" },
            Route { endpoint: Endpoint::Challenge, path: "/challenge" },
            Route { endpoint: Endpoint::Register, path: "/register" },
            Route { endpoint: Endpoint::RegisteredClient, path: "/register/" },
        ]
    }
}
