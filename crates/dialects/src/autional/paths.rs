//! Where everything is: each endpoint below every base that the vendor's own programs use. The first is published.

use parhelion_protocol::endpoint::Endpoint;

use super::{about_client, admin, nonce};
use crate::dialect::Route;
use crate::operation::Operation;

/// One endpoint at the four bases.
macro_rules! at_every_base {
    ($($endpoint:ident $path:literal),+ $(,)?) => {
        &[
            $(
                Route { endpoint: Endpoint::$endpoint, path: concat!("/oauth", $path) },
                Route { endpoint: Endpoint::$endpoint, path: concat!("/api/v1/oauth", $path) },
                Route { endpoint: Endpoint::$endpoint, path: concat!("/oauth/api/v1/oauth", $path) },
                Route { endpoint: Endpoint::$endpoint, path: concat!("/bff/oauth/api/v1/oauth", $path) },
            )+
            Route { endpoint: Endpoint::Discovery, path: METADATA },
        ]
    };
}

/// One operation at the four bases.
macro_rules! operations {
    ($($name:literal $method:literal $path:literal $segments:literal $serve:path),+ $(,)?) => {
        &[
            $(
                operation!($name $method "/oauth" $path $segments $serve),
                operation!($name $method "/api/v1/oauth" $path $segments $serve),
                operation!($name $method "/oauth/api/v1/oauth" $path $segments $serve),
                operation!($name $method "/bff/oauth/api/v1/oauth" $path $segments $serve),
            )+
            ADMIN_CLIENTS,
            Operation { path: ADMIN_ALIAS, ..ADMIN_CLIENTS },
            ADMIN_CLIENT,
            Operation { path: ADMIN_ALIAS, ..ADMIN_CLIENT },
            ADMIN_CLIENT_PART,
            Operation { path: ADMIN_ALIAS, ..ADMIN_CLIENT_PART },
        ]
    };
}

macro_rules! operation {
    ($name:literal $method:literal $base:literal $path:literal $segments:literal $serve:path) => {
        Operation {
            name: $name,
            methods: &[$method],
            path: concat!($base, $path),
            segments: $segments,
            serve: |asked| Box::pin($serve(asked)),
        }
    };
}

const METADATA: &str = "/.well-known/openid-configuration";

/// The last segment of a second token endpoint, whose grant type is in its path.
const REFRESH: &str = "/refresh";

/// Every endpoint.
pub(super) const ROUTES: &[Route] = at_every_base![
    Push "/pushed-authorization",
    Authorize "/authorize",
    Token "/token",
    Token "/refresh",
    Userinfo "/userinfo",
    Introspect "/introspect",
    Revoke "/revoke",
    EndSession "/logout",
    Jwks "/jwks",
    Register "/register",
    RegisteredClient "/register/",
];

/// Every operation that is none of an endpoint that specifications know.
pub(super) const OPERATIONS: &[Operation] = operations![
    "client" "GET" "/client" 1 about_client::serve,
    "dpop_nonce" "GET" "/dpop/nonce" 0 nonce::serve,
];

const ADMIN_ALIAS: &str = "/api/v1/admin/oauth/clients";

const ADMIN_CLIENTS: Operation = Operation {
    name: "admin_clients",
    methods: &["GET", "POST"],
    path: "/admin/oauth/clients",
    segments: 0,
    serve: |asked| Box::pin(admin::serve(asked)),
};

const ADMIN_CLIENT: Operation =
    Operation { name: "admin_client", methods: &["GET", "PUT", "DELETE"], segments: 1, ..ADMIN_CLIENTS };

const ADMIN_CLIENT_PART: Operation =
    Operation { name: "admin_client_part", methods: &["GET", "POST"], segments: 2, ..ADMIN_CLIENTS };

/// Whether a path is that of the endpoint which only renews.
pub(super) fn is_refresh(endpoint: Endpoint, path: &str) -> bool {
    endpoint == Endpoint::Token && path.ends_with(REFRESH)
}

/// Where the metadata of a tenant is besides.
pub(super) fn metadata_of(slug: &str) -> String {
    format!("/{slug}{METADATA}")
}
