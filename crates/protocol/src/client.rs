//! A client as it is registered: RFC 7591 metadata that was found fit, under the names of section 2.

mod credential;
mod request_objects;

use parhelion_jose::jwk::{IgnoredKey, JwkFault, KeySet};
use parhelion_jose::jws::MacKey;
use serde::Deserialize;

pub use credential::Credential;

use crate::client_auth::{GivenSecret, Method, Party, Role, Secrets};
use crate::fetched_uri::FetchedUri;
use crate::limits;
pub use crate::metadata_fault::MetadataFault;
use crate::metadata_fault::REDIRECT_URIS;
use crate::params::redirect_uri::RegisteredRedirectUri;
use crate::params::response_type::{self, ResponseType};
use crate::params::scope::{self, Scope};
use crate::profile::{LoopbackRedirectUri, RequestObjects, SenderConstraint};
use crate::request_object::RequestObjectAlg;
use crate::request_uris::{self, ReferencedRequest};
use crate::response_jwt::{Encryption, Responses, encryption};

/// What a client is (OpenID Connect Registration section 2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApplicationType {
    /// Runs on a server.
    #[default]
    Web,
    /// Runs on a user's device.
    Native,
}

/// A grant type that this server serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    /// RFC 6749 section 4.1.
    AuthorizationCode,
    /// RFC 6749 section 6.
    RefreshToken,
    /// RFC 6749 section 4.4.
    ClientCredentials,
    /// What response types that carry tokens need (RFC 7591 section 2.1); the token endpoint does not serve it.
    Implicit,
}

impl GrantType {
    /// Every grant type served.
    pub const ALL: &'static [Self] =
        &[Self::AuthorizationCode, Self::RefreshToken, Self::ClientCredentials, Self::Implicit];

    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::ClientCredentials => "client_credentials",
            Self::Implicit => "implicit",
        }
    }
}

/// Whether a client is served.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientStatus {
    /// It is.
    #[default]
    Enabled,
    /// It is treated as unknown.
    Disabled,
}

/// A registered client. One that exists is consistent.
#[derive(Debug)]
pub struct Client {
    /// Printable ASCII, at most 256 bytes, unique in its tenant.
    pub client_id: String,
    /// What people are shown.
    pub client_name: String,
    /// Its home page, if it has one.
    pub client_uri: Option<String>,
    /// How it authenticates.
    pub credential: Credential,
    /// What it signs with, where it registered that.
    pub keys: KeySet,
    /// Where it publishes what it signs with, in the place of that.
    pub jwks_uri: Option<FetchedUri>,
    /// The one algorithm of its request objects, if it registered one.
    pub request_object_signing_alg: Option<RequestObjectAlg>,
    /// What it may sign request objects with that the server has too; none where only digests are kept.
    pub request_object_secrets: Secrets<MacKey>,
    /// The one way in which its request objects are encrypted, where they are, if it registered one.
    pub request_object_encryption: Option<Encryption>,
    /// How answers that are JWTs are made for it.
    pub responses: Responses,
    /// Whether its authorization requests must be signed, or may be pushed in what is not.
    pub request_objects: RequestObjects,
    /// Where it keeps request objects, for where a policy lets them be fetched.
    pub request_uris: Vec<ReferencedRequest>,
    /// Where responses may go.
    pub redirect_uris: Vec<RegisteredRedirectUri>,
    /// Where the browser may go after a logout, compared byte for byte.
    pub post_logout_redirect_uris: Vec<String>,
    /// Scopes it may ask for.
    pub scope: Scope,
    /// Authorization details types it may use (RFC 9396 section 10).
    pub authorization_details_types: Vec<String>,
    /// Grant types it may use.
    pub grant_types: Vec<GrantType>,
    /// Response types it may use.
    pub response_types: Vec<ResponseType>,
    /// Whether its access tokens must be bound to a DPoP key (RFC 9449 section 5.2).
    pub dpop_bound_access_tokens: SenderConstraint,
    /// Whether its access tokens must be bound to its certificate (RFC 8705 section 3.4).
    pub tls_client_certificate_bound_access_tokens: SenderConstraint,
    /// Whether it is served.
    pub status: ClientStatus,
}

/// Client metadata as it is written in a configuration file or a registration request.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientMetadata {
    /// See [`Client::client_id`].
    pub client_id: String,
    /// Default: the `client_id`.
    pub client_name: Option<String>,
    /// See [`Client::client_uri`].
    pub client_uri: Option<String>,
    /// Default: `client_secret_basic` (RFC 7591 section 2).
    pub token_endpoint_auth_method: Option<String>,
    /// Algorithm of its assertions; default: any that the profile accepts.
    pub token_endpoint_auth_signing_alg: Option<String>,
    /// Algorithm of its request objects; default: any that the profile accepts (OpenID Connect Registration 2).
    pub request_object_signing_alg: Option<String>,
    /// Default: any that the tenant has a key for.
    pub request_object_encryption_alg: Option<String>,
    /// Default: `A128CBC-HS256`.
    pub request_object_encryption_enc: Option<String>,
    /// Default: what the tenant signs with; so for every kind of answer (OpenID Connect Registration section 2).
    pub id_token_signed_response_alg: Option<String>,
    /// Default: not encrypted; so for every kind of answer.
    pub id_token_encrypted_response_alg: Option<String>,
    /// Default: `A128CBC-HS256`; so for every kind of answer.
    pub id_token_encrypted_response_enc: Option<String>,
    /// Default: plain JSON.
    pub userinfo_signed_response_alg: Option<String>,
    /// Only with `userinfo_signed_response_alg`.
    pub userinfo_encrypted_response_alg: Option<String>,
    /// As above.
    pub userinfo_encrypted_response_enc: Option<String>,
    /// JARM section 3.
    pub authorization_signed_response_alg: Option<String>,
    /// As above.
    pub authorization_encrypted_response_alg: Option<String>,
    /// As above.
    pub authorization_encrypted_response_enc: Option<String>,
    /// RFC 9701 section 6.
    pub introspection_signed_response_alg: Option<String>,
    /// As above.
    pub introspection_encrypted_response_alg: Option<String>,
    /// As above.
    pub introspection_encrypted_response_enc: Option<String>,
    /// Default: false (RFC 9101 section 10.5).
    #[serde(default)]
    pub require_signed_request_object: bool,
    /// Default: none (OpenID Connect Registration section 2).
    #[serde(default)]
    pub request_uris: Vec<String>,
    /// Default: false (OpenID Connect Core section 6.1).
    #[serde(default)]
    pub accept_unsigned_request_object: bool,
    /// Its public keys, as the text of a JWK set.
    pub jwks: Option<String>,
    /// Where it publishes them, in the place of `jwks`.
    pub jwks_uri: Option<String>,
    /// At least one where it has the grant type `authorization_code`.
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    /// Default: none (OpenID Connect RP-Initiated Logout section 3.1).
    #[serde(default)]
    pub post_logout_redirect_uris: Vec<String>,
    /// Space-separated; default: `openid`.
    pub scope: Option<String>,
    /// Default: none, so that the client may use none (RFC 9396 section 10).
    #[serde(default)]
    pub authorization_details_types: Vec<String>,
    /// Default: what the response types need, which for `code` is `authorization_code`.
    pub grant_types: Option<Vec<GrantType>>,
    /// Default: `code`.
    pub response_types: Option<Vec<String>>,
    /// Default: false (RFC 9449 section 5.2).
    #[serde(default)]
    pub dpop_bound_access_tokens: bool,
    /// Default: false (RFC 8705 section 3.4).
    #[serde(default)]
    pub tls_client_certificate_bound_access_tokens: bool,
    /// The subject of its certificate: one of these five members where the method is `tls_client_auth` (RFC 8705
    /// section 2.1.2).
    pub tls_client_auth_subject_dn: Option<String>,
    /// See above.
    pub tls_client_auth_san_dns: Option<String>,
    /// See above.
    pub tls_client_auth_san_uri: Option<String>,
    /// See above.
    pub tls_client_auth_san_ip: Option<String>,
    /// See above.
    pub tls_client_auth_san_email: Option<String>,
    /// Default: `web`.
    #[serde(default)]
    pub application_type: ApplicationType,
    /// Default: `enabled`.
    #[serde(default)]
    pub status: ClientStatus,
}

impl Client {
    /// Takes metadata in, with the client's secrets where its method has any. Their text is kept where it is a key: for
    /// an HMAC method, for an HMAC algorithm of request objects, and where it is stored to be read again.
    ///
    /// # Errors
    /// The first [`MetadataFault`] found.
    pub fn register(
        metadata: ClientMetadata,
        secrets: &[GivenSecret<'_>],
        loopback: LoopbackRedirectUri,
    ) -> Result<Self, MetadataFault> {
        check_client_id(&metadata.client_id)?;
        let credential = credential::credential(&metadata, secrets)?;
        let jwks_uri = jwks_uri(&metadata)?;
        let request_object_signing_alg = request_objects::signing_alg(&metadata)?;
        let request_object_secrets = request_objects::secrets(&metadata, request_object_signing_alg, secrets)?;
        let (keys, redirect_uris) = (key_set(metadata.jwks.as_deref())?, redirect_uris(&metadata, loopback)?);
        let (response_types, grant_types) = response_types(&metadata)?;
        check_post_logout_redirect_uris(&metadata, loopback)?;
        let request_uris = request_uris::register(&metadata)?;
        let request_objects = request_objects::signature(&metadata)?;
        let responses = Responses::register(&metadata, &keys)?;
        let scope = scope::parse(metadata.scope.as_deref().unwrap_or("openid"));
        Ok(Self {
            client_name: metadata.client_name.unwrap_or(metadata.client_id.clone()),
            client_id: metadata.client_id,
            client_uri: metadata.client_uri,
            credential,
            request_object_signing_alg,
            request_object_secrets,
            request_object_encryption: encryption(
                "request_object_encryption_alg",
                "request_object_encryption_enc",
                metadata.request_object_encryption_alg.as_deref(),
                metadata.request_object_encryption_enc.as_deref(),
            )?,
            responses,
            keys,
            jwks_uri,
            request_objects,
            request_uris,
            redirect_uris,
            post_logout_redirect_uris: metadata.post_logout_redirect_uris,
            scope: scope.map_err(|_| MetadataFault::new("scope", "is malformed"))?,
            authorization_details_types: metadata.authorization_details_types,
            grant_types,
            response_types,
            dpop_bound_access_tokens: SenderConstraint::of_metadata(metadata.dpop_bound_access_tokens),
            tls_client_certificate_bound_access_tokens: SenderConstraint::of_metadata(
                metadata.tls_client_certificate_bound_access_tokens,
            ),
            status: metadata.status,
        })
    }
}

impl Client {
    /// Whether it is served.
    #[must_use]
    pub const fn is_enabled(&self) -> bool {
        matches!(self.status, ClientStatus::Enabled)
    }

    /// The client as one that authenticates.
    #[must_use]
    pub const fn party(&self) -> Party<'_> {
        let jwks_uri = self.jwks_uri.as_ref();
        Party {
            credential: &self.credential,
            keys: Some(&self.keys),
            jwks_uri,
            status: self.status,
            role: Role::Client,
        }
    }
}

fn check_client_id(client_id: &str) -> Result<(), MetadataFault> {
    let printable = client_id.bytes().all(|byte| matches!(byte, 0x20..=0x7e));
    let bounded = (1..=limits::CLIENT_ID_MAX_BYTES).contains(&client_id.len());
    if printable && bounded {
        Ok(())
    } else {
        Err(MetadataFault::new("client_id", "must be 1 to 256 bytes of printable ASCII"))
    }
}

impl ClientMetadata {
    /// How the client is to authenticate.
    ///
    /// # Errors
    /// A [`MetadataFault`] where there is no such method.
    pub fn method(&self) -> Result<Method, MetadataFault> {
        let name = self.token_endpoint_auth_method.as_deref().unwrap_or(Method::ClientSecretBasic.as_str());
        let unknown = || MetadataFault::new("token_endpoint_auth_method", "is not known").with(name);
        Method::from_name(name).ok_or_else(unknown)
    }
}

/// Where the keys are, where they are not in the metadata themselves.
//= rfc7591#2 "jwks_uri and jwks MUST NOT both be present"
fn jwks_uri(metadata: &ClientMetadata) -> Result<Option<FetchedUri>, MetadataFault> {
    let Some(text) = metadata.jwks_uri.as_deref() else { return Ok(None) };
    if metadata.jwks.is_some() {
        return Err(MetadataFault::new("jwks_uri", "stands beside jwks; only one of them may"));
    }
    FetchedUri::parse(text).map(Some).map_err(|cause| MetadataFault::new("jwks_uri", cause.0))
}

/// Reads a registered JWK set; none is an empty one.
///
/// # Errors
/// [`MetadataFault`] when it is no set, or holds a key that can be of no use.
pub(crate) fn key_set(jwks: Option<&str>) -> Result<KeySet, MetadataFault> {
    let Some(text) = jwks else { return Ok(KeySet::default()) };
    let keys = KeySet::from_jwks(text.as_bytes());
    let keys = keys.map_err(|cause| MetadataFault::new("jwks", "cannot be used").because(cause))?;
    // RFC 7517 section 5 lets a set hold what is not understood; what is understood and worth nothing is a mistake.
    let not_understood =
        |key: &IgnoredKey| matches!(key.fault, JwkFault::UnsupportedKeyType | JwkFault::UnsupportedCurve);
    match keys.ignored().iter().find(|key| keys.is_empty() || !not_understood(key)) {
        Some(key) => {
            let at = format!("number {}", key.index);
            Err(MetadataFault::new("jwks", "has a key that cannot be used").because(key.fault).with(&at))
        }
        None => Ok(keys),
    }
}

fn redirect_uris(
    metadata: &ClientMetadata,
    loopback: LoopbackRedirectUri,
) -> Result<Vec<RegisteredRedirectUri>, MetadataFault> {
    let redirects = [GrantType::AuthorizationCode, GrantType::Implicit];
    let used = metadata.grant_types.as_ref().is_none_or(|grants| grants.iter().any(|grant| redirects.contains(grant)));
    if used && metadata.redirect_uris.is_empty() {
        return Err(MetadataFault::new(REDIRECT_URIS, "must name at least one URI for authorization_code"));
    }
    if metadata.redirect_uris.len() > limits::REDIRECT_URIS_MAX {
        return Err(MetadataFault::new(REDIRECT_URIS, "must be at most 100 URIs"));
    }
    metadata.redirect_uris.iter().map(|uri| redirect_uri(REDIRECT_URIS, uri, metadata, loopback)).collect()
}

fn redirect_uri(
    member: &'static str,
    uri: &str,
    metadata: &ClientMetadata,
    loopback: LoopbackRedirectUri,
) -> Result<RegisteredRedirectUri, MetadataFault> {
    let registered = RegisteredRedirectUri::register(uri, metadata.application_type, loopback);
    registered.map_err(|cause| MetadataFault::new(member, cause.problem()).with(uri))
}

fn check_post_logout_redirect_uris(
    metadata: &ClientMetadata,
    loopback: LoopbackRedirectUri,
) -> Result<(), MetadataFault> {
    let check = |uri: &String| redirect_uri("post_logout_redirect_uris", uri, metadata, loopback).map(drop);
    metadata.post_logout_redirect_uris.iter().try_for_each(check)
}

/// The response types, and the grant types that were named or that they need (RFC 7591 section 2.1).
fn response_types(metadata: &ClientMetadata) -> Result<(Vec<ResponseType>, Vec<GrantType>), MetadataFault> {
    let unknown = || MetadataFault::new("response_types", "holds a response type that is not supported");
    let named = metadata.response_types.as_ref();
    let named: Option<Option<Vec<ResponseType>>> =
        named.map(|names| names.iter().map(|name| response_type::from_name(name)).collect());
    let response_types = named.map_or(Ok(vec![ResponseType::Code]), |known| known.ok_or_else(unknown))?;
    let needed = response_types.iter().flat_map(|kind| kind.grant_types().map(move |grant| (kind, grant)));
    let Some(grant_types) = metadata.grant_types.clone() else {
        let mut grant_types: Vec<GrantType> = needed.map(|(_, grant)| grant).collect();
        grant_types.sort_unstable();
        grant_types.dedup();
        return Ok((response_types, grant_types));
    };
    let is_lacking = |(_, grant): &(&ResponseType, GrantType)| !grant_types.contains(grant);
    match needed.filter(|_| metadata.response_types.is_some()).find(is_lacking) {
        Some((kind, grant)) => {
            let lacking = format!("{} for {}", grant.as_str(), kind.as_str());
            Err(MetadataFault::new("grant_types", "lacks what a response type needs").with(&lacking))
        }
        None => Ok((response_types, grant_types)),
    }
}
