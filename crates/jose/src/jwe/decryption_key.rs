//! Private keys that decrypt, and the choice of those that may open a token.

use super::header::KeyManagement;
use super::{Algorithm, EncryptionKey, Header};
use crate::jwk::{AgreementCurve, AgreementKey, JwkFault, Recipient};
use crate::limits::{KEYS_TRIED, KID_BYTES};
use aws_lc_rs::agreement::PrivateKey;
use aws_lc_rs::encoding::{AsBigEndian, AsDer, Curve25519SeedBin, Pkcs8V1Der};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rsa::{KeySize, OaepPrivateDecryptingKey, PrivateDecryptingKey};
use aws_lc_rs::signature::{KeyPair, RsaKeyPair};
use serde_json::{Map, Value};
use std::fmt;
use zeroize::Zeroizing;

/// All of an X25519 key in PKCS#8 that stands before its 32 bytes (RFC 8410 section 7, version 1 without attributes).
const X25519_PKCS8: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x6e, 0x04, 0x22, 0x04, 0x20];

/// Why there is no decryption key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecryptionKeyFault {
    /// The bytes are no PKCS#8 private key for that algorithm, or one that [`crate::jwk`] would refuse.
    KeyRejected,
    /// `kid` is longer than [`crate::limits::KID_BYTES`].
    KidTooLong,
    /// The cryptographic library failed; a matter of memory or entropy.
    Failed,
}

impl fmt::Display for DecryptionKeyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::KeyRejected => "the private key does not serve this algorithm",
            Self::KidTooLong => "kid is too long",
            Self::Failed => "the cryptographic library failed",
        })
    }
}

impl std::error::Error for DecryptionKeyFault {}

/// A private key bound to one algorithm and one `kid`. Its memory is wiped when it is dropped.
pub struct DecryptionKey {
    algorithm: Algorithm,
    private: Private,
    public: EncryptionKey,
}

/// A private key in the form its use takes.
pub(super) enum Private {
    Rsa(Box<RsaPrivate>),
    Agreement(AgreementCurve, PrivateKey),
}

/// An RSA key that decrypts, and the same key as it is written down.
pub(super) struct RsaPrivate {
    pub(super) oaep: OaepPrivateDecryptingKey,
    key: PrivateDecryptingKey,
}

impl DecryptionKey {
    /// A new key whose `kid` is its thumbprint: RSA of 2048 bits, which takes up to a second or so, or ECDH on P-256.
    ///
    /// # Errors
    /// [`DecryptionKeyFault::Failed`].
    pub fn generate(algorithm: Algorithm) -> Result<Self, DecryptionKeyFault> {
        match algorithm {
            Algorithm::RsaOaep256 => {
                let key = PrivateDecryptingKey::generate(KeySize::Rsa2048).map_err(|_| DecryptionKeyFault::Failed)?;
                Self::new(algorithm, None, Private::from_rsa(key).map_err(|_| DecryptionKeyFault::Failed)?)
            }
            Algorithm::EcdhEs | Algorithm::EcdhEsA256Kw => Self::generate_on(AgreementCurve::P256, algorithm),
        }
    }

    /// A new key on `curve` whose `kid` is its thumbprint.
    ///
    /// # Errors
    /// [`DecryptionKeyFault::KeyRejected`] when `algorithm` agrees on nothing, otherwise [`DecryptionKeyFault::Failed`].
    pub fn generate_on(curve: AgreementCurve, algorithm: Algorithm) -> Result<Self, DecryptionKeyFault> {
        let key = PrivateKey::generate(curve.agreement()).map_err(|_| DecryptionKeyFault::Failed)?;
        Self::new(algorithm, None, Private::Agreement(curve, key))
    }

    /// The key in a PKCS#8 document (RFC 5208, DER). `kid` is the thumbprint unless one is given.
    ///
    /// # Errors
    /// [`DecryptionKeyFault::KeyRejected`], [`DecryptionKeyFault::KidTooLong`].
    pub fn from_pkcs8(algorithm: Algorithm, kid: Option<&str>, document: &[u8]) -> Result<Self, DecryptionKeyFault> {
        let private = match algorithm {
            Algorithm::RsaOaep256 => {
                let key = PrivateDecryptingKey::from_pkcs8(document).map_err(|_| DecryptionKeyFault::KeyRejected)?;
                Private::from_rsa(key).ok()
            }
            Algorithm::EcdhEs | Algorithm::EcdhEsA256Kw => Private::agreement_from_pkcs8(document),
        };
        Self::new(algorithm, kid, private.ok_or(DecryptionKeyFault::KeyRejected)?)
    }

    fn new(algorithm: Algorithm, kid: Option<&str>, private: Private) -> Result<Self, DecryptionKeyFault> {
        if kid.is_some_and(|kid| kid.len() > KID_BYTES) {
            return Err(DecryptionKeyFault::KidTooLong);
        }
        let recipient = private.recipient().map_err(|_| DecryptionKeyFault::KeyRejected)?;
        let public = EncryptionKey::of_decryption_key(recipient, kid, algorithm);
        if !public.may_encrypt(algorithm) {
            return Err(DecryptionKeyFault::KeyRejected);
        }
        Ok(Self { algorithm, private, public })
    }

    /// The key as a PKCS#8 document (version 1, DER), to be kept sealed.
    ///
    /// # Errors
    /// [`DecryptionKeyFault::Failed`].
    pub fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, DecryptionKeyFault> {
        self.private.to_pkcs8().map_err(|_| DecryptionKeyFault::Failed)
    }

    /// What this key decrypts.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The identifier a sender names the key by.
    #[must_use]
    pub fn kid(&self) -> &str {
        self.public.kid().unwrap_or_default()
    }

    /// The encrypting half.
    #[must_use]
    pub fn public_key(&self) -> &EncryptionKey {
        &self.public
    }

    /// The encrypting half as a JWK with `kid`, `use` `enc` and `alg`.
    #[must_use]
    pub fn public_jwk(&self) -> Map<String, Value> {
        self.public.to_jwk()
    }

    /// Whether this key may decrypt what stands under `header`: its algorithm and its curve fit. `kid` does not matter.
    #[must_use]
    pub fn may_decrypt(&self, header: &Header) -> bool {
        let on_curve = match (&self.private, header.management()) {
            (Private::Rsa(_), KeyManagement::RsaOaep256) => true,
            (
                Private::Agreement(curve, _),
                KeyManagement::EcdhEs(agreement) | KeyManagement::EcdhEsA256Kw(agreement),
            ) => *curve == agreement.epk.curve(),
            (Private::Rsa(_), KeyManagement::EcdhEs(_) | KeyManagement::EcdhEsA256Kw(_))
            | (Private::Agreement(..), KeyManagement::RsaOaep256) => false,
        };
        on_curve && self.algorithm == header.alg()
    }

    pub(super) fn private(&self) -> &Private {
        &self.private
    }
}

impl fmt::Debug for DecryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DecryptionKey")
            .field("kid", &self.kid())
            .field("alg", &self.algorithm.name())
            .finish_non_exhaustive()
    }
}

impl Private {
    fn from_rsa(key: PrivateDecryptingKey) -> Result<Self, Unspecified> {
        Ok(Self::Rsa(Box::new(RsaPrivate { oaep: OaepPrivateDecryptingKey::new(key.clone())?, key })))
    }

    /// The document says which curve it is of.
    fn agreement_from_pkcs8(document: &[u8]) -> Option<Self> {
        if let Some(seed) = document.strip_prefix(&X25519_PKCS8) {
            let curve = AgreementCurve::X25519;
            return PrivateKey::from_private_key(curve.agreement(), seed).ok().map(|key| Self::Agreement(curve, key));
        }
        [AgreementCurve::P256, AgreementCurve::P384, AgreementCurve::P521].into_iter().find_map(|curve| {
            let key = PrivateKey::from_private_key_der(curve.agreement(), document).ok()?;
            Some(Self::Agreement(curve, key))
        })
    }

    fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, Unspecified> {
        let wiped = |document: &[u8]| Zeroizing::new(document.to_vec());
        match self {
            Self::Rsa(rsa) => AsDer::<Pkcs8V1Der<'_>>::as_der(&rsa.key).map(|document| wiped(document.as_ref())),
            Self::Agreement(AgreementCurve::X25519, key) => {
                let seed: Curve25519SeedBin<'_> = key.as_be_bytes()?;
                Ok(Zeroizing::new([&X25519_PKCS8, seed.as_ref()].concat()))
            }
            Self::Agreement(AgreementCurve::P256 | AgreementCurve::P384 | AgreementCurve::P521, key) => {
                AsDer::<Pkcs8V1Der<'_>>::as_der(key).map(|document| wiped(document.as_ref()))
            }
        }
    }

    fn recipient(&self) -> Result<Recipient, JwkFault> {
        match self {
            Self::Rsa(_) => {
                let document = self.to_pkcs8().map_err(|_| JwkFault::RsaModulus)?;
                let pair = RsaKeyPair::from_pkcs8(&document).map_err(|_| JwkFault::RsaModulus)?;
                let (n, e) = (pair.public_key().modulus(), pair.public_key().exponent());
                Recipient::from_rsa(n.big_endian_without_leading_zero(), e.big_endian_without_leading_zero())
            }
            Self::Agreement(curve, key) => {
                let public = key.compute_public_key().map_err(|_| JwkFault::InvalidPoint)?;
                AgreementKey::from_bytes(*curve, public.as_ref()).map(Recipient::Agreement)
            }
        }
    }
}

/// The private keys that may be tried on a token. A key that was retired is no longer among them.
#[derive(Debug, Default)]
pub struct DecryptionKeySet(Vec<DecryptionKey>);

impl DecryptionKeySet {
    /// A set of these keys.
    #[must_use]
    pub fn new(keys: Vec<DecryptionKey>) -> Self {
        Self(keys)
    }

    /// The keys that may decrypt what stands under `header`, in the order given: with a `kid` only those that bear it,
    /// and at most [`KEYS_TRIED`].
    pub fn candidates<'k>(&'k self, header: &'k Header) -> impl Iterator<Item = &'k DecryptionKey> {
        self.0
            .iter()
            .filter(move |key| header.kid().is_none_or(|kid| key.kid() == kid) && key.may_decrypt(header))
            .take(KEYS_TRIED)
    }

    /// All keys, in the order given.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &DecryptionKey> {
        self.0.iter()
    }
}
