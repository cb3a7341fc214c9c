//! Certification paths (RFC 5280 section 6): whether a certificate is good for a client, by a trust anchor of the tenant.

use std::time::Duration;

use rustls_pki_types::{CertificateDer, TrustAnchor, UnixTime};
use webpki::{EndEntityCert, Error, KeyUsage};

use crate::refusal::Reason;
use crate::sender::certificate::{self, Chain};

/// The authorities whose certificates a tenant takes from clients.
#[derive(Clone, Debug, Default)]
pub struct TrustAnchors(Vec<TrustAnchor<'static>>);

impl TrustAnchors {
    /// The certificates of a PEM text, each of which is trusted.
    ///
    /// # Errors
    /// What is wrong, for people.
    pub fn from_pem(text: &str) -> Result<Self, String> {
        let certificates = certificate::read_pem(text).ok_or("holds no certificate in PEM, or something else")?;
        let unusable =
            |index: usize, why: String| format!("holds a certificate that is no anchor, number {index}: {why}");
        let anchor = |(index, certificate): (usize, &CertificateDer<'_>)| {
            let anchor = webpki::anchor_from_trusted_cert(certificate).map_err(|error| error.to_string());
            let is_ca = certificate::parse(certificate).is_some_and(|certificate| certificate.is_ca());
            let anchor = if is_ca { anchor } else { Err("it is no authority's (cA is not true)".to_owned()) };
            anchor.map(|anchor| anchor.to_owned()).map_err(|why| unusable(index, why))
        };
        certificates.iter().enumerate().map(anchor).collect::<Result<_, _>>().map(Self)
    }

    /// Whether nobody is trusted.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Judges a path from the client's certificate to an anchor at `now_s`: signatures, validity, basic constraints, path
/// length, name constraints, and that the certificate is for clients. The work is bounded whatever was sent.
pub(super) fn judge(chain: &Chain, anchors: &TrustAnchors, now_s: i64) -> Result<(), Reason> {
    let now = UnixTime::since_unix_epoch(Duration::from_secs(u64::try_from(now_s).unwrap_or_default()));
    let leaf = EndEntityCert::try_from(chain.leaf()).map_err(|error| reason(&error))?;
    let algorithms = webpki::ALL_VERIFICATION_ALGS;
    let verified =
        leaf.verify_for_usage(algorithms, &anchors.0, chain.others(), now, KeyUsage::client_auth(), None, None);
    verified.map(drop).map_err(|error| reason(&error))
}

/// What a fault of the path is called here.
#[allow(clippy::wildcard_enum_match_arm, reason = "the crate adds kinds: what is new is an unsupported certificate")]
fn reason(error: &Error) -> Reason {
    match error {
        Error::CertExpired { .. } => Reason::CertificateExpired,
        Error::CertNotValidYet { .. } => Reason::CertificateNotYetValid,
        Error::RequiredEkuNotFoundContext(_) | Error::EmptyEkuExtension => Reason::CertificateNotForClients,
        Error::CaUsedAsEndEntity => Reason::CertificateOfAuthority,
        Error::PathLenConstraintViolated
        | Error::MaximumPathDepthExceeded
        | Error::MaximumPathBuildCallsExceeded
        | Error::MaximumSignatureChecksExceeded
        | Error::MaximumNameConstraintComparisonsExceeded
        | Error::EndEntityUsedAsCa
        | Error::NameConstraintViolation => Reason::CertificatePathRefused,
        Error::UnknownIssuer | Error::InvalidSignatureForPublicKey => Reason::CertificateUntrusted,
        _ => Reason::CertificateUnsupported,
    }
}
