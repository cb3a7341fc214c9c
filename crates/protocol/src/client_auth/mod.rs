//! Is this client who it says: one file per registered method name (RFC 7591 section 2).
//!
//! Two steps, both pure. [`present`] reads which credential came, without knowing the client;
//! [`prove`] judges it against the client that was found. Adding a method: its file here, a variant
//! of [`Method`], [`Presented`] and [`crate::client::Credential`]; the compiler names the rest.

mod assertion;
pub mod attest_jwt_client_auth;
mod certification_path;
pub mod client_secret_basic;
pub mod client_secret_jwt;
pub mod client_secret_post;
mod distinguished_name;
pub mod mutual_tls;
pub mod none;
mod once_key;
mod party;
pub mod private_key_jwt;
mod secrets;
pub mod self_signed_tls_client_auth;
pub mod tls_client_auth;

pub use certification_path::TrustAnchors;
pub use party::{Callers, Judge, Party, Role};

use parhelion_jose::jwk::KeySet;
use parhelion_jose::jws::{Compact, MacCompact};
use serde::Deserialize;
use zeroize::Zeroizing;

pub use once_key::OnceKey;
pub use secrets::{GivenSecret, Match, SecretDigest, SecretNeed, SecretValue, Secrets};

use crate::client::{ClientStatus, Credential};
use crate::limits;
use crate::parameters::{Param, Parameters};
use crate::profile::ClientIdInForm;
use crate::refusal::{Reason, Refusal};
use crate::sender::Shown;
use crate::sender::certificate;
use attest_jwt_client_auth::Instance;

/// A registered client authentication method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// A public client.
    None,
    /// RFC 6749 section 2.3.1, in the `Authorization` header.
    ClientSecretBasic,
    /// RFC 6749 section 2.3.1, in the body.
    ClientSecretPost,
    /// OpenID Connect Core section 9, RFC 7523.
    ClientSecretJwt,
    /// OpenID Connect Core section 9, RFC 7523.
    PrivateKeyJwt,
    /// RFC 8705 section 2.1.
    TlsClientAuth,
    /// RFC 8705 section 2.2.
    SelfSignedTlsClientAuth,
    /// draft-ietf-oauth-attestation-based-client-auth-10, with a proof of its own.
    AttestJwtClientAuth,
    /// The same with the request's DPoP proof in the place of that proof.
    AttestJwtClientAuthDpop,
}

impl Method {
    /// Every method built.
    pub const ALL: &'static [Self] = &[
        Self::None,
        Self::ClientSecretBasic,
        Self::ClientSecretPost,
        Self::ClientSecretJwt,
        Self::PrivateKeyJwt,
        Self::TlsClientAuth,
        Self::SelfSignedTlsClientAuth,
        Self::AttestJwtClientAuth,
        Self::AttestJwtClientAuthDpop,
    ];

    /// The registered name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
            Self::ClientSecretJwt => "client_secret_jwt",
            Self::PrivateKeyJwt => "private_key_jwt",
            Self::TlsClientAuth => "tls_client_auth",
            Self::SelfSignedTlsClientAuth => "self_signed_tls_client_auth",
            Self::AttestJwtClientAuth => "attest_jwt_client_auth",
            Self::AttestJwtClientAuthDpop => "attest_jwt_client_auth_dpop",
        }
    }

    /// The method of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|method| method.as_str() == name)
    }

    /// Whether clients of this method prove nothing.
    #[must_use]
    pub const fn is_public(self) -> bool {
        matches!(self, Self::None)
    }

    /// Whether clients of this method show a certificate.
    #[must_use]
    pub const fn is_mutual_tls(self) -> bool {
        matches!(self, Self::TlsClientAuth | Self::SelfSignedTlsClientAuth)
    }

    /// Whether an attester vouches for clients of this method.
    #[must_use]
    pub const fn is_attested(self) -> bool {
        matches!(self, Self::AttestJwtClientAuth | Self::AttestJwtClientAuthDpop)
    }

    /// What of a client's secret the server keeps for it.
    #[must_use]
    pub const fn secret_need(self) -> SecretNeed {
        match self {
            Self::None
            | Self::PrivateKeyJwt
            | Self::TlsClientAuth
            | Self::SelfSignedTlsClientAuth
            | Self::AttestJwtClientAuth
            | Self::AttestJwtClientAuthDpop => SecretNeed::None,
            Self::ClientSecretBasic | Self::ClientSecretPost => SecretNeed::Digest,
            Self::ClientSecretJwt => SecretNeed::Text,
        }
    }
}

/// Whether a text can stand behind `Bearer` in an `Authorization` header.
#[must_use]
pub fn is_token68(text: &str) -> bool {
    //= rfc6750#2.1 b64token
    let body = text.trim_end_matches('=');
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/');
    !body.is_empty() && body.bytes().all(fits)
}

/// What came beside the body to authenticate the client.
#[derive(Clone)]
pub enum Authorization<'a> {
    /// No `Authorization` header.
    Absent,
    /// The value of the one header.
    Header(&'a [u8]),
    /// More than one header.
    Repeated,
    /// Identifier and secret that somebody else took out of a Basic header and decoded.
    Basic {
        /// The identifier.
        client_id: String,
        /// The secret, if there was one.
        client_secret: Option<Zeroizing<String>>,
    },
}

impl Authorization<'_> {
    /// Whether the request tried to authenticate by the header, so that a 401 with a challenge is due
    /// (RFC 6749 section 5.2).
    #[must_use]
    pub const fn was_used(&self) -> bool {
        !matches!(self, Self::Absent)
    }
}

/// The credential of a request, by the methods that it may amount to.
pub enum Presented<'a> {
    /// None.
    None(none::Presented),
    /// Identifier and secret from the header.
    ClientSecretBasic(client_secret_basic::Presented),
    /// Identifier and secret from the body.
    ClientSecretPost(client_secret_post::Presented),
    /// A client assertion, signed with a secret.
    ClientSecretJwt(Box<client_secret_jwt::Presented<'a>>),
    /// A client assertion, signed with a private key.
    PrivateKeyJwt(Box<private_key_jwt::Presented<'a>>),
    /// A client certificate and nothing else.
    MutualTls(mutual_tls::Presented),
    /// An attestation of the client's instance, and its proof.
    AttestJwtClientAuth(Box<attest_jwt_client_auth::Presented<'a>>),
}

impl Presented<'_> {
    /// Who the request says it comes from; nothing is proved yet.
    #[must_use]
    pub fn client_id(&self) -> &str {
        match self {
            Self::None(presented) => &presented.client_id,
            Self::ClientSecretBasic(presented) => &presented.client_id,
            Self::ClientSecretPost(presented) => &presented.client_id,
            Self::ClientSecretJwt(presented) => &presented.assertion.client_id,
            Self::PrivateKeyJwt(presented) => &presented.assertion.client_id,
            Self::MutualTls(presented) => &presented.client_id,
            Self::AttestJwtClientAuth(presented) => &presented.client_id,
        }
    }

    /// The methods it may amount to: a certificate may also be what a public client binds its tokens to.
    #[must_use]
    pub const fn methods(&self) -> &'static [Method] {
        match self {
            Self::None(_) => &[Method::None],
            Self::ClientSecretBasic(_) => &[Method::ClientSecretBasic],
            Self::ClientSecretPost(_) => &[Method::ClientSecretPost],
            Self::ClientSecretJwt(_) => &[Method::ClientSecretJwt],
            Self::PrivateKeyJwt(_) => &[Method::PrivateKeyJwt],
            Self::MutualTls(_) => &[Method::TlsClientAuth, Method::SelfSignedTlsClientAuth, Method::None],
            Self::AttestJwtClientAuth(presented) if presented.is_combined() => &[Method::AttestJwtClientAuthDpop],
            Self::AttestJwtClientAuth(_) => &[Method::AttestJwtClientAuth],
        }
    }

    /// The instance that an attestation is about.
    fn instance(&self) -> Option<Instance> {
        match self {
            Self::AttestJwtClientAuth(presented) => Some(presented.instance()),
            Self::None(_)
            | Self::ClientSecretBasic(_)
            | Self::ClientSecretPost(_)
            | Self::ClientSecretJwt(_)
            | Self::PrivateKeyJwt(_)
            | Self::MutualTls(_) => None,
        }
    }
}

/// A secret as it came.
type Secret = Zeroizing<String>;

/// What of a request may authenticate its client.
#[derive(Clone, Copy)]
pub struct Evidence<'a> {
    /// The `Authorization` header.
    pub authorization: &'a Authorization<'a>,
    /// The headers of an attestation.
    pub attestation: &'a attest_jwt_client_auth::Headers<'a>,
    /// The `DPoP` header, which may stand in for one of those.
    pub dpop: &'a Shown<'a>,
    /// The client certificate.
    pub certificate: &'a certificate::Shown,
    /// The body.
    pub parameters: &'a Parameters<'a>,
}

/// A credential that holds. Only [`prove`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The once-key to be claimed, if the method has one.
    pub once: Option<OnceKey>,
    /// The instance of the client that an attester vouches for.
    pub instance: Option<Instance>,
}

/// Reads which credential a request presents (RFC 6749 section 2.3: at most one).
///
/// # Errors
/// The [`Refusal`] of a malformed, doubled or contradictory credential.
pub fn present<'a>(evidence: &Evidence<'a>, client_id_in_form: ClientIdInForm) -> Result<Presented<'a>, Refusal> {
    let Evidence { authorization, attestation, dpop, certificate, parameters } = *evidence;
    let certificate = certificate.chain()?;
    let asserted = [Param::ClientAssertion, Param::ClientAssertionType].iter().any(|p| parameters.get(*p).is_some());
    let posted = parameters.get(Param::ClientSecret).is_some();
    if matches!(authorization, Authorization::Repeated) {
        return Err(Reason::AuthorizationRepeated.into());
    }
    let mechanisms = [authorization.was_used(), posted, asserted, attestation.were_used()];
    if mechanisms.iter().filter(|used| **used).count() > 1 {
        return Err(Reason::TwoMechanisms.into());
    }
    let presented = if authorization.was_used() {
        Presented::ClientSecretBasic(client_secret_basic::present(authorization, parameters)?)
    } else if posted {
        Presented::ClientSecretPost(client_secret_post::present(parameters)?)
    } else if asserted {
        present_assertion(parameters)?
    } else if attestation.were_used() {
        let presented = attest_jwt_client_auth::present(attestation, dpop, parameters)?;
        Presented::AttestJwtClientAuth(Box::new(presented))
    } else if certificate.is_some() {
        Presented::MutualTls(mutual_tls::present(parameters)?)
    } else {
        Presented::None(none::present(parameters)?)
    };
    //= rfc9126#2.1 client_id is an authorization parameter, and so required in the form, or in the request
    //= object that takes its place
    let absent = [Param::ClientId, Param::Request].iter().all(|param| parameters.get(*param).is_none());
    let missing = absent && client_id_in_form == ClientIdInForm::Required;
    if missing { Err(client_id_missing()) } else { Ok(presented) }
}

/// Judges a credential. An unknown or disabled party costs the same work and gets the same public
/// answer as a wrong secret or signature.
///
/// # Errors
/// The [`Refusal`] of whatever did not hold.
pub fn prove(presented: &Presented<'_>, party: Option<Party<'_>>, judge: &Judge<'_>) -> Result<Proof, Refusal> {
    // A client whose policy accepts fewer methods is not to be told from an unknown one.
    if !presented.methods().iter().any(|method| judge.takes(*method)) {
        let public = matches!(presented, Presented::None(_));
        return Err(if public { Reason::PublicClientRefused } else { Reason::MethodRefused }.into());
    }
    // Told to everyone alike, or it would tell who is registered.
    match presented {
        Presented::PrivateKeyJwt(p) => p.check_header(judge.policy)?,
        Presented::ClientSecretJwt(p) => p.check_header()?,
        Presented::None(_)
        | Presented::ClientSecretBasic(_)
        | Presented::ClientSecretPost(_)
        | Presented::MutualTls(_)
        | Presented::AttestJwtClientAuth(_) => {}
    }
    let absent = match party.map(|party| party.status) {
        None => Some(Reason::ClientUnknown),
        Some(ClientStatus::Disabled) => Some(Reason::ClientDisabled),
        Some(ClientStatus::Enabled) => None,
    };
    let result = judge_credential(presented, party, judge);
    match absent {
        Some(reason) => Err(reason.into()),
        None => result.map(|once| Proof { once, instance: presented.instance() }),
    }
}

/// Judges a credential by the method that its party registered; that of nobody by the method that it amounts to.
fn judge_credential(
    presented: &Presented<'_>,
    party: Option<Party<'_>>,
    judge: &Judge<'_>,
) -> Result<Option<OnceKey>, Refusal> {
    let credential = party.map(|party| party.credential);
    let accepted = party.is_none_or(|party| judge.accepts(party.role, party.credential.method()));
    match (presented, credential) {
        _ if !accepted => Err(Reason::MethodNotRegistered.into()),
        (Presented::None(_), Some(Credential::None) | None) => Ok(None),
        (Presented::ClientSecretBasic(p), Some(Credential::ClientSecretBasic(secrets))) => {
            p.prove(Some(secrets), judge)
        }
        (Presented::ClientSecretBasic(p), None) => p.prove(None, judge),
        (Presented::ClientSecretPost(p), Some(Credential::ClientSecretPost(secrets))) => p.prove(Some(secrets), judge),
        (Presented::ClientSecretPost(p), None) => p.prove(None, judge),
        (Presented::PrivateKeyJwt(p), Some(Credential::PrivateKeyJwt(alg))) => {
            p.prove(party.and_then(|party| party.keys), *alg, judge)
        }
        (Presented::PrivateKeyJwt(p), None) => p.prove(None, None, judge),
        (Presented::ClientSecretJwt(p), Some(Credential::ClientSecretJwt(keys, alg))) => {
            p.prove(Some(keys), *alg, judge)
        }
        (Presented::ClientSecretJwt(p), None) => p.prove(None, None, judge),
        (Presented::MutualTls(_), Some(Credential::None)) => Ok(None),
        (Presented::MutualTls(_), Some(Credential::TlsClientAuth(subject))) => {
            tls_client_auth::prove(Some(subject), judge)
        }
        (Presented::MutualTls(_), Some(Credential::SelfSignedTlsClientAuth(registered))) => {
            self_signed_tls_client_auth::prove(Some(registered), judge)
        }
        (Presented::MutualTls(_), None) => tls_client_auth::prove(None, judge),
        (Presented::None(_), Some(Credential::TlsClientAuth(_) | Credential::SelfSignedTlsClientAuth(_))) => {
            mutual_tls::needed(judge).map(|_| None).map_err(Refusal::from)
        }
        //= rfc6749#2.3 for these clients the certificate is a credential, and the other one would be the second
        (
            Presented::ClientSecretBasic(_)
            | Presented::ClientSecretPost(_)
            | Presented::ClientSecretJwt(_)
            | Presented::PrivateKeyJwt(_),
            Some(Credential::TlsClientAuth(_) | Credential::SelfSignedTlsClientAuth(_)),
        ) if judge.certificate.is_some() => Err(Reason::TwoMechanisms.into()),
        // Who vouches for a client does not depend on the client.
        (Presented::AttestJwtClientAuth(p), Some(credential))
            if !presented.methods().contains(&credential.method()) =>
        {
            p.prove(judge).and(Err(Reason::MethodNotRegistered.into()))
        }
        (Presented::AttestJwtClientAuth(p), Some(_) | None) => p.prove(judge),
        (
            Presented::None(_)
            | Presented::ClientSecretBasic(_)
            | Presented::ClientSecretPost(_)
            | Presented::ClientSecretJwt(_)
            | Presented::PrivateKeyJwt(_)
            | Presented::MutualTls(_),
            Some(_),
        ) => Err(Reason::MethodNotRegistered.into()),
    }
}

/// Which of the two kinds of assertion it is, by the algorithm in its header: the families have no algorithm
/// in common, and a key of the one cannot verify the other (RFC 8725 section 3.1).
fn present_assertion<'a>(parameters: &'a Parameters<'_>) -> Result<Presented<'a>, Refusal> {
    let text = assertion::text(parameters)?;
    if let Ok(token) = Compact::parse(text) {
        return Ok(Presented::PrivateKeyJwt(Box::new(private_key_jwt::present(token, parameters)?)));
    }
    let malformed = assertion::refused(Reason::AssertionMalformed).found_length(text.len());
    let token = MacCompact::parse(text).map_err(|_| malformed)?;
    Ok(Presented::ClientSecretJwt(Box::new(client_secret_jwt::present(token, parameters)?)))
}

/// Compares a secret with the registered digests, or with one that nothing matches.
fn prove_secret(
    secret: &Secret,
    secrets: Option<&Secrets<SecretDigest>>,
    judge: &Judge<'_>,
) -> Result<Option<OnceKey>, Refusal> {
    let nobody = Secrets::lasting(SecretDigest::from_bytes([0; 32]));
    match secrets.unwrap_or(&nobody).compare(judge.now_s, |digest| digest.is_of(secret)) {
        Match::Good => Ok(None),
        Match::Expired => Err(Reason::ClientSecretExpired.into()),
        Match::None => Err(Reason::ClientSecretWrong.into()),
    }
}

fn client_id_missing() -> Refusal {
    Refusal::new(Reason::ClientIdMissing).about(Some(Param::ClientId))
}

/// The identifier of the form, within its bound.
fn form_client_id(parameters: &Parameters<'_>) -> Result<String, Refusal> {
    let client_id = parameters.get(Param::ClientId).ok_or(client_id_missing())?;
    bounded_client_id(client_id)
}

/// An identifier that could be registered; any other belongs to nobody.
fn bounded_client_id(client_id: &str) -> Result<String, Refusal> {
    let fits = client_id.len() <= limits::CLIENT_ID_MAX_BYTES;
    if fits { Ok(client_id.to_owned()) } else { Err(Reason::ClientUnknown.into()) }
}

/// Keys of nobody, so that a token of somebody unknown costs a verification too. Their private halves were never
/// written down.
fn keys_of_nobody() -> &'static KeySet {
    static KEYS: std::sync::LazyLock<KeySet> =
        std::sync::LazyLock::new(|| KeySet::from_jwks(include_bytes!("nobody.jwks.json")).unwrap_or_default());
    &KEYS
}
