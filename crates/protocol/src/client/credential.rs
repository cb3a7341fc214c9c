//! How a client is registered to authenticate: the members of its metadata that belong to its method (RFC 7591 section 2,
//! RFC 8705 section 2).

use parhelion_jose::jws::{Algorithm, MacAlgorithm, MacKey};

use super::{ClientMetadata, MetadataFault, fault};
use crate::client_auth::self_signed_tls_client_auth::Certificates;
use crate::client_auth::tls_client_auth::Subject;
use crate::client_auth::{Method, SecretDigest};
use crate::response_jwt::signing_alg;

/// How a client authenticates, with what is needed to check it.
#[derive(Debug)]
pub enum Credential {
    /// A public client.
    None,
    /// `client_secret_basic`.
    ClientSecretBasic(SecretDigest),
    /// `client_secret_post`.
    ClientSecretPost(SecretDigest),
    /// `client_secret_jwt`: the secret as a key, and the one algorithm that the client signs with, if it
    /// registered one.
    ClientSecretJwt(MacKey, Option<MacAlgorithm>),
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

/// The credential that metadata speak of, with the client's secret where its method has one.
pub(super) fn credential(metadata: &ClientMetadata, secret: Option<&str>) -> Result<Credential, MetadataFault> {
    let name = metadata.token_endpoint_auth_method.as_deref().unwrap_or("client_secret_basic");
    let method = Method::from_name(name);
    let method = method.ok_or(fault("token_endpoint_auth_method", format!("`{name}` is not known")))?;
    let needed = || secret.ok_or(fault("client_secret", format!("is needed for {name}")));
    let subject = subject(metadata, method)?;
    let credential = match method {
        Method::None => Credential::None,
        Method::ClientSecretBasic => return needed().map(SecretDigest::of).map(Credential::ClientSecretBasic),
        Method::ClientSecretPost => return needed().map(SecretDigest::of).map(Credential::ClientSecretPost),
        Method::ClientSecretJwt => return mac_credential(needed()?, metadata),
        Method::PrivateKeyJwt => {
            let keys = metadata.jwks.as_ref().or(metadata.jwks_uri.as_ref());
            keys.ok_or(fault("jwks", "or jwks_uri is needed for private_key_jwt"))?;
            let name = metadata.token_endpoint_auth_signing_alg.as_deref();
            Credential::PrivateKeyJwt(signing_alg("token_endpoint_auth_signing_alg", name)?)
        }
        Method::TlsClientAuth => {
            let problem = format!("and its like are missing: {name} needs exactly one of the five");
            Credential::TlsClientAuth(subject.ok_or(fault(Subject::MEMBERS[0], problem))?)
        }
        Method::SelfSignedTlsClientAuth => {
            let jwks = metadata.jwks.as_deref().ok_or(fault("jwks", format!("is needed for {name}")))?;
            let registered = Certificates::from_jwks(jwks).map_err(|problem| fault("jwks", problem))?;
            Credential::SelfSignedTlsClientAuth(registered)
        }
        Method::AttestJwtClientAuth => Credential::AttestJwtClientAuth,
        Method::AttestJwtClientAuthDpop => Credential::AttestJwtClientAuthDpop,
    };
    if secret.is_some() {
        return Err(fault("client_secret", format!("is not used with {name}")));
    }
    Ok(credential)
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
        return Err(fault(other, format!("stands beside {member}: a client has exactly one subject")));
    }
    if method != Method::TlsClientAuth {
        return Err(fault(member, format!("is not used with {}", method.as_str())));
    }
    let subject = Subject::parse(member, value);
    subject.map(Some).ok_or(fault(member, format!("`{value}` is not what such a member holds")))
}

fn mac_credential(secret: &str, metadata: &ClientMetadata) -> Result<Credential, MetadataFault> {
    let key = MacKey::new(secret.as_bytes());
    let name = metadata.token_endpoint_auth_signing_alg.as_deref();
    let unknown = |name: &str| fault("token_endpoint_auth_signing_alg", format!("`{name}` is not an HMAC algorithm"));
    let alg = name.map(|name| MacAlgorithm::from_name(name).ok_or_else(|| unknown(name))).transpose()?;
    //= rfc7518#3.2 a key as long as the digest
    if !key.may_verify(alg.unwrap_or(MacAlgorithm::Hs256)) {
        return Err(fault("client_secret", "is shorter than the digest of its algorithm: 32 bytes for HS256"));
    }
    Ok(Credential::ClientSecretJwt(key, alg))
}
