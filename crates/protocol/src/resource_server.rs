//! A resource server as it is registered: whom tokens may be for, and who may ask about them.

use serde::Deserialize;

use crate::client::{ClientStatus, Credential};
use crate::client_auth::{Party, SecretDigest};

/// A resource server.
#[derive(Debug)]
pub struct ResourceServer {
    /// Its name as a caller.
    pub id: String,
    /// The URIs that tokens for it name (RFC 8707).
    pub uris: Vec<String>,
    /// How it authenticates; none if it never calls.
    pub credential: Option<Credential>,
}

/// A resource server as it is written in a configuration file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResourceServerMetadata {
    /// See [`ResourceServer::id`].
    pub id: String,
    /// See [`ResourceServer::uris`].
    pub uris: Vec<String>,
}

impl ResourceServer {
    /// A resource server that authenticates with a secret, by `client_secret_basic`, if it has one.
    #[must_use]
    pub fn register(metadata: ResourceServerMetadata, secret: Option<SecretDigest>) -> Self {
        Self { id: metadata.id, uris: metadata.uris, credential: secret.map(Credential::ClientSecretBasic) }
    }

    /// The resource server as one that authenticates.
    #[must_use]
    pub fn party(&self) -> Option<Party<'_>> {
        let credential = self.credential.as_ref()?;
        Some(Party { credential, keys: None, status: ClientStatus::Enabled })
    }
}
