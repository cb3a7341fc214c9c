//! A resource server as it is registered: whom tokens may be for, and who may ask about them.

use parhelion_jose::jwk::KeySet;
use serde::Deserialize;

use crate::client::{ClientStatus, Credential, MetadataFault, key_set};
use crate::client_auth::{Method, Party, Role, SecretDigest, Secrets};
use crate::response_jwt::{Answer, Registered, ResponseJwt};

/// A resource server.
#[derive(Debug)]
pub struct ResourceServer {
    /// Its name as a caller.
    pub id: String,
    /// The URIs that tokens for it name (RFC 8707).
    pub uris: Vec<String>,
    /// How it authenticates; none if it never calls.
    pub credential: Option<Credential>,
    /// What its answers are encrypted to.
    pub keys: KeySet,
    /// How an answer is made where it asks for a JWT.
    pub introspection: ResponseJwt,
}

/// A resource server as it is written in a configuration file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResourceServerMetadata {
    /// See [`ResourceServer::id`].
    pub id: String,
    /// See [`ResourceServer::uris`].
    pub uris: Vec<String>,
    /// Its public keys, as the text of a JWK set.
    pub jwks: Option<String>,
    /// Default: what the tenant signs with (RFC 9701 section 6).
    pub introspection_signed_response_alg: Option<String>,
    /// Default: not encrypted.
    pub introspection_encrypted_response_alg: Option<String>,
    /// Default: `A128CBC-HS256`.
    pub introspection_encrypted_response_enc: Option<String>,
}

impl ResourceServer {
    /// How resource servers authenticate, under every profile.
    pub const METHOD: Method = Method::ClientSecretBasic;

    /// A resource server that authenticates with a secret, by `client_secret_basic`, if it has one.
    ///
    /// # Errors
    /// The first [`MetadataFault`] found.
    pub fn register(metadata: ResourceServerMetadata, secret: Option<SecretDigest>) -> Result<Self, MetadataFault> {
        let keys = key_set(metadata.jwks.as_deref())?;
        let registered = Registered::of([
            &metadata.introspection_signed_response_alg,
            &metadata.introspection_encrypted_response_alg,
            &metadata.introspection_encrypted_response_enc,
        ]);
        let introspection = Answer::Introspection.register(registered, &keys)?;
        let credential = secret.map(|secret| Credential::ClientSecretBasic(Secrets::lasting(secret)));
        Ok(Self { id: metadata.id, uris: metadata.uris, credential, keys, introspection })
    }

    /// The resource server as one that authenticates.
    #[must_use]
    pub fn party(&self) -> Option<Party<'_>> {
        let credential = self.credential.as_ref()?;
        Some(Party {
            credential,
            keys: None,
            jwks_uri: None,
            status: ClientStatus::Enabled,
            role: Role::ResourceServer,
        })
    }
}
