//! Client certificates (RFC 8705): the chain that was shown, and the hash that binds a token to it.

use std::sync::Arc;

use aws_lc_rs::digest;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

use crate::limits;
use crate::refusal::{Reason, Refusal};

/// What came of a client certificate, by the connection or by the word of whoever ends TLS in front of it.
#[derive(Clone, Debug, Default)]
pub enum Shown {
    /// Nothing.
    #[default]
    Absent,
    /// A chain whose leaf's key the client holds; nobody has judged it yet.
    Chain(Arc<Chain>),
    /// Something was handed on that cannot be read.
    Malformed,
}

impl Shown {
    /// The chain, if there is one.
    ///
    /// # Errors
    /// [`Reason::CertificateMalformed`]: what cannot be read is not absent.
    pub fn chain(&self) -> Result<Option<&Chain>, Refusal> {
        match self {
            Self::Absent => Ok(None),
            Self::Chain(chain) => Ok(Some(chain)),
            Self::Malformed => Err(Reason::CertificateMalformed.into()),
        }
    }

    /// The chain that somebody handed on, who says that there is one.
    #[must_use]
    pub fn of(chain: Option<Chain>) -> Self {
        chain.map_or(Self::Malformed, |chain| Self::Chain(Arc::new(chain)))
    }
}

/// Certificates in DER, the client's own first (RFC 5246 section 7.4.2): never empty, each of them well-formed.
#[derive(Clone, PartialEq, Eq)]
pub struct Chain {
    leaf: CertificateDer<'static>,
    others: Vec<CertificateDer<'static>>,
}

impl Chain {
    /// A chain of these certificates; none where there is none of them, one is malformed, or they are more than
    /// [`limits::CERTIFICATES_MAX`] or larger than [`limits::CERTIFICATES_MAX_BYTES`].
    #[must_use]
    pub fn from_der(certificates: impl IntoIterator<Item = CertificateDer<'static>>) -> Option<Self> {
        let mut certificates = certificates.into_iter();
        let leaf = certificates.next()?;
        let others: Vec<_> = certificates.take(limits::CERTIFICATES_MAX).collect();
        let chain = Self { leaf, others };
        let bytes: usize = chain.iter().map(|certificate| certificate.len()).sum();
        let bounded = chain.iter().count() <= limits::CERTIFICATES_MAX && bytes <= limits::CERTIFICATES_MAX_BYTES;
        (bounded && chain.iter().all(|certificate| parse(certificate).is_some())).then_some(chain)
    }

    /// A chain of the certificates in these texts (RFC 7468 section 5), each of which has one at least.
    #[must_use]
    pub fn from_pem<'t>(texts: impl IntoIterator<Item = &'t str>) -> Option<Self> {
        let mut certificates = Vec::new();
        for text in texts {
            certificates.extend(read_pem(text)?);
        }
        Self::from_der(certificates)
    }

    /// The client's own certificate.
    #[must_use]
    pub const fn leaf(&self) -> &CertificateDer<'static> {
        &self.leaf
    }

    /// What the client sent to lead to an authority.
    #[must_use]
    pub fn others(&self) -> &[CertificateDer<'static>] {
        &self.others
    }

    /// SHA-256 of the client's own certificate (RFC 8705 section 3.1).
    #[must_use]
    pub fn x5t_s256(&self) -> [u8; 32] {
        x5t_s256(&self.leaf)
    }

    fn iter(&self) -> impl Iterator<Item = &CertificateDer<'static>> {
        std::iter::once(&self.leaf).chain(&self.others)
    }
}

/// Its name in `cnf`, and no more: a subject may be a person.
impl std::fmt::Debug for Chain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Chain").field("certificates", &self.iter().count()).finish_non_exhaustive()
    }
}

/// SHA-256 of a certificate in DER (RFC 8705 section 3.1).
#[must_use]
pub fn x5t_s256(certificate: &[u8]) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest::digest(&digest::SHA256, certificate).as_ref());
    bytes
}

/// The certificates of a PEM text; none if it has none, or has what is none.
pub(crate) fn read_pem(text: &str) -> Option<Vec<CertificateDer<'static>>> {
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(text.as_bytes()).collect::<Result<_, _>>().ok()?;
    // Whoever wrote more beginnings than there are certificates wrote something else among them.
    let whole = text.matches("-----BEGIN ").count() == certificates.len();
    (whole && !certificates.is_empty()).then_some(certificates)
}

/// A certificate that is nothing but one.
pub(crate) fn parse(certificate: &[u8]) -> Option<X509Certificate<'_>> {
    match X509Certificate::from_der(certificate) {
        Ok(([], certificate)) => Some(certificate),
        Ok(_) | Err(_) => None,
    }
}
