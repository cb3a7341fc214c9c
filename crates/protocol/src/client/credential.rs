//! How a client is registered to authenticate: the members of its metadata that belong to its method (RFC 7591 section 2,
//! RFC 8705 section 2).

use parhelion_jose::jws::{Algorithm, MacAlgorithm, MacKey};

use super::{ClientMetadata, MetadataFault};
use crate::client_auth::self_signed_tls_client_auth::Certificates;
use crate::client_auth::tls_client_auth::Subject;
use crate::client_auth::{GivenSecret, Method, SecretDigest, SecretNeed, Secrets};
use crate::limits;
use crate::response_jwt::signing_alg;

/// How a client authenticates, with what is needed to check it.
#[derive(Debug)]
pub enum Credential {
    /// A public client.
    None,
    /// `client_secret_basic`.
    ClientSecretBasic(Secrets<SecretDigest>),
    /// `client_secret_post`.
    ClientSecretPost(Secrets<SecretDigest>),
    /// `client_secret_jwt`: the secret as a key, and the one algorithm that the client signs with, if it
    /// registered one.
    ClientSecretJwt(Secrets<MacKey>, Option<MacAlgorithm>),
    /// `private_key_jwt`: the one algorithm that the client signs with, if it registered one.
    PrivateKeyJwt(Option<Algorithm>),
    /// `tls_client_auth`: whom the certificate must name.
    TlsClientAuth(Subject),
    /// `self_signed_tls_client_auth`: the registered certificates.
    SelfSignedTlsClientAuth(Certificates),
    /// `attest_jwt_client_auth`: whoever the tenant trusts to vouch for it.
    AttestJwtClientAuth,
    /// `attest_jwt_client_auth_dpop`.
    AttestJwtClientAuthDpop,
}

impl Credential {
    /// The registered `token_endpoint_auth_method`.
    #[must_use]
    pub const fn method(&self) -> Method {
        match self {
            Self::None => Method::None,
            Self::ClientSecretBasic(_) => Method::ClientSecretBasic,
            Self::ClientSecretPost(_) => Method::ClientSecretPost,
            Self::ClientSecretJwt(..) => Method::ClientSecretJwt,
            Self::PrivateKeyJwt(_) => Method::PrivateKeyJwt,
            Self::TlsClientAuth(_) => Method::TlsClientAuth,
            Self::SelfSignedTlsClientAuth(_) => Method::SelfSignedTlsClientAuth,
            Self::AttestJwtClientAuth => Method::AttestJwtClientAuth,
            Self::AttestJwtClientAuthDpop => Method::AttestJwtClientAuthDpop,
        }
    }
}

/// The credential that metadata speak of, with the client's secrets where its method has any.
pub(super) fn credential(metadata: &ClientMetadata, secrets: &[GivenSecret<'_>]) -> Result<Credential, MetadataFault> {
    let method = metadata.method()?;
    match (method.secret_need(), secrets) {
        (SecretNeed::None, []) | (SecretNeed::Digest | SecretNeed::Text, [_, ..]) => {}
        (SecretNeed::None, [_, ..]) => {
            return Err(MetadataFault::new("client_secret", "is not used with this token_endpoint_auth_method"));
        }
        (SecretNeed::Digest | SecretNeed::Text, []) => {
            return Err(MetadataFault::new("client_secret", "is needed for this token_endpoint_auth_method"));
        }
    }
    let unfit = |text: &str| text.is_empty() || text.len() > limits::CLIENT_SECRET_MAX_BYTES;
    if secrets.iter().filter_map(GivenSecret::text).any(unfit) {
        return Err(MetadataFault::new("client_secret", "is empty, or too long"));
    }
    let subject = subject(metadata, method)?;
    let jwks = || {
        let jwks = metadata.jwks.as_deref();
        jwks.ok_or_else(|| MetadataFault::new("jwks", "is needed for this token_endpoint_auth_method"))
    };
    let digests = || Secrets::new(secrets.iter().map(|secret| (secret.digest(), secret.expires_at_s)));
    match method {
        Method::None => Ok(Credential::None),
        Method::ClientSecretBasic => Ok(Credential::ClientSecretBasic(digests())),
        Method::ClientSecretPost => Ok(Credential::ClientSecretPost(digests())),
        Method::ClientSecretJwt => mac_credential(secrets, metadata),
        Method::PrivateKeyJwt => {
            let keys = metadata.jwks.as_ref().or(metadata.jwks_uri.as_ref());
            keys.ok_or(MetadataFault::new("jwks", "or jwks_uri is needed for private_key_jwt"))?;
            let name = metadata.token_endpoint_auth_signing_alg.as_deref();
            Ok(Credential::PrivateKeyJwt(signing_alg("token_endpoint_auth_signing_alg", name)?))
        }
        Method::TlsClientAuth => {
            let problem = "and its like are missing: tls_client_auth needs exactly one of the five";
            Ok(Credential::TlsClientAuth(subject.ok_or(MetadataFault::new(Subject::MEMBERS[0], problem))?))
        }
        Method::SelfSignedTlsClientAuth => {
            let registered = Certificates::from_jwks(jwks()?);
            let registered = registered.map_err(|problem| MetadataFault::new("jwks", problem))?;
            Ok(Credential::SelfSignedTlsClientAuth(registered))
        }
        Method::AttestJwtClientAuth => Ok(Credential::AttestJwtClientAuth),
        Method::AttestJwtClientAuthDpop => Ok(Credential::AttestJwtClientAuthDpop),
    }
}

/// The one subject of the client's certificates, for the method that asks for one.
fn subject(metadata: &ClientMetadata, method: Method) -> Result<Option<Subject>, MetadataFault> {
    let values = [
        &metadata.tls_client_auth_subject_dn,
        &metadata.tls_client_auth_san_dns,
        &metadata.tls_client_auth_san_uri,
        &metadata.tls_client_auth_san_ip,
        &metadata.tls_client_auth_san_email,
    ];
    let mut given =
        Subject::MEMBERS.into_iter().zip(values).filter_map(|(member, value)| Some((member, value.as_ref()?)));
    let Some((member, value)) = given.next() else { return Ok(None) };
    if let Some((other, _)) = given.next() {
        return Err(MetadataFault::new(other, "stands beside another one: a client has exactly one subject"));
    }
    if method != Method::TlsClientAuth {
        return Err(MetadataFault::new(member, "is not used with this token_endpoint_auth_method"));
    }
    let subject = Subject::parse(member, value);
    subject.map(Some).ok_or_else(|| MetadataFault::new(member, "is not what such a member holds").with(value))
}

fn mac_credential(secrets: &[GivenSecret<'_>], metadata: &ClientMetadata) -> Result<Credential, MetadataFault> {
    let name = metadata.token_endpoint_auth_signing_alg.as_deref();
    let unknown =
        |name: &str| MetadataFault::new("token_endpoint_auth_signing_alg", "is not an HMAC algorithm").with(name);
    let alg = name.map(|name| MacAlgorithm::from_name(name).ok_or_else(|| unknown(name))).transpose()?;
    Ok(Credential::ClientSecretJwt(mac_keys(secrets, alg.unwrap_or(MacAlgorithm::Hs256))?, alg))
}

/// The secrets as keys of an algorithm.
pub(super) fn mac_keys(secrets: &[GivenSecret<'_>], alg: MacAlgorithm) -> Result<Secrets<MacKey>, MetadataFault> {
    let key = |secret: &GivenSecret<'_>| {
        let key = secret.text().map(|text| MacKey::new(text.as_bytes()));
        //= rfc7518#3.2 a key as long as the digest
        let key = key.filter(|key| key.may_verify(alg));
        let problem = "is shorter than the digest of its algorithm: 32 bytes for HS256";
        key.map(|key| (key, secret.expires_at_s)).ok_or(MetadataFault::new("client_secret", problem))
    };
    let keys: Vec<_> = secrets.iter().map(key).collect::<Result<_, _>>()?;
    Ok(Secrets::new(keys))
}
