//! Whose credential it is, and what it is judged against.

use parhelion_jose::jwk::KeySet;

use super::attest_jwt_client_auth::Attester;
use super::{Method, TrustAnchors};
use crate::client::{ClientStatus, Credential};
use crate::fetched_uri::FetchedUri;
use crate::profile::Policy;
use crate::resource_server::ResourceServer;
use crate::sender::certificate::Chain;

/// Whose credential it would be: a client, or a resource server that asks about a token.
#[derive(Clone, Copy, Debug)]
pub struct Party<'a> {
    /// How it is registered to authenticate.
    pub credential: &'a Credential,
    /// What it signs with.
    pub keys: Option<&'a KeySet>,
    /// Where that is published, if it is not registered.
    pub jwks_uri: Option<&'a FetchedUri>,
    /// Whether it is served.
    pub status: ClientStatus,
    /// Which of the two it is.
    pub role: Role,
}

/// What somebody who authenticates is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Held to the methods of the policy.
    Client,
    /// Held to what it is registered with: RFC 7662 section 2.1 leaves its credential open, and what profiles say of
    /// authentication they say of clients.
    ResourceServer,
}

/// Who may call an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Callers {
    /// Clients.
    Clients,
    /// Clients and resource servers (RFC 7662).
    WithResourceServers,
}

/// What a credential is judged against.
#[derive(Clone, Copy, Debug)]
pub struct Judge<'a> {
    /// The policy of the client, or of the mount where the client is unknown.
    pub policy: &'a Policy,
    /// The issuer of the mount that the request came through.
    pub issuer: &'a str,
    /// The URLs that some profiles accept as audience besides the issuer: token and PAR endpoint.
    pub endpoint_urls: &'a [&'a str],
    /// What the request shows of a client certificate; an identity only to the methods of RFC 8705.
    pub certificate: Option<&'a Chain>,
    /// Whose certificates the tenant takes.
    pub trust_anchors: &'a TrustAnchors,
    /// Whose attestations the tenant takes.
    pub attesters: &'a [Attester],
    /// Who may call the endpoint.
    pub callers: Callers,
    /// Seconds since 1970.
    pub now_s: i64,
}

impl Judge<'_> {
    /// Whether somebody in this role may be registered for the method.
    pub(super) fn accepts(&self, role: Role, method: Method) -> bool {
        let as_resource_server = role == Role::ResourceServer && method == ResourceServer::METHOD;
        as_resource_server || self.policy.client_auth_methods.has(&method)
    }

    /// Whether anybody who may call could be registered for the method.
    pub(super) fn takes(&self, method: Method) -> bool {
        let role = match self.callers {
            Callers::Clients => Role::Client,
            Callers::WithResourceServers => Role::ResourceServer,
        };
        self.accepts(role, method)
    }
}
