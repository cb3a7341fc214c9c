//! Signing keys, and the compact JWS they make.

use crate::algorithm::Algorithm;
use crate::base64url;
use crate::jwk::{Curve, JwkFault, Material, PublicKey};
use crate::limits::KID_BYTES;
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512,
    RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding, RsaKeyPair,
};
use serde::Serialize;
use serde_json::{Map, Value};
use std::fmt;
use zeroize::Zeroizing;

/// Why there is no key, or no signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SigningFault {
    /// The bytes are no PKCS#8 private key for that algorithm, or one that [`crate::jwk`] would refuse.
    KeyRejected,
    /// `kid` is longer than [`crate::limits::KID_BYTES`].
    KidTooLong,
    /// The cryptographic library failed; a matter of memory or entropy.
    Failed,
}

impl fmt::Display for SigningFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::KeyRejected => "the private key does not serve this algorithm",
            Self::KidTooLong => "kid is too long",
            Self::Failed => "the cryptographic library failed",
        })
    }
}

impl std::error::Error for SigningFault {}

/// A private key bound to one algorithm and one `kid`. Its memory is wiped when it is dropped.
pub struct SigningKey {
    algorithm: Algorithm,
    kid: Box<str>,
    pair: Pair,
    public: PublicKey,
}

impl SigningKey {
    /// A new key whose `kid` is its thumbprint. RSA keys have 2048 bits and take up to a second or so.
    ///
    /// # Errors
    /// [`SigningFault::Failed`].
    pub fn generate(algorithm: Algorithm) -> Result<Self, SigningFault> {
        let pair = match Kind::of(algorithm) {
            Kind::Ec(curve, signing) => EcdsaKeyPair::generate(signing).map(|pair| Pair::Ec(curve, pair)),
            Kind::Ed25519 => Ed25519KeyPair::generate().map(Pair::Ed25519),
            Kind::Rsa(encoding) => RsaKeyPair::generate(KeySize::Rsa2048).map(|pair| Pair::Rsa(encoding, pair)),
        };
        Self::new(algorithm, None, pair.map_err(|_| SigningFault::Failed)?)
    }

    /// The key in a PKCS#8 document (RFC 5208, DER). `kid` is the thumbprint unless one is given.
    ///
    /// # Errors
    /// [`SigningFault::KeyRejected`], [`SigningFault::KidTooLong`].
    pub fn from_pkcs8(algorithm: Algorithm, kid: Option<&str>, document: &[u8]) -> Result<Self, SigningFault> {
        let pair = match Kind::of(algorithm) {
            Kind::Ec(curve, signing) => EcdsaKeyPair::from_pkcs8(signing, document).map(|pair| Pair::Ec(curve, pair)),
            Kind::Ed25519 => Ed25519KeyPair::from_pkcs8(document).map(Pair::Ed25519),
            Kind::Rsa(encoding) => RsaKeyPair::from_pkcs8(document).map(|pair| Pair::Rsa(encoding, pair)),
        };
        Self::new(algorithm, kid, pair.map_err(|_| SigningFault::KeyRejected)?)
    }

    fn new(algorithm: Algorithm, kid: Option<&str>, pair: Pair) -> Result<Self, SigningFault> {
        let material = pair.public_material().map_err(|_| SigningFault::KeyRejected)?;
        let kid: Box<str> = kid.map_or_else(|| base64url::encode(&material.thumbprint()).into(), Into::into);
        if kid.len() > KID_BYTES {
            return Err(SigningFault::KidTooLong);
        }
        let public = PublicKey::of_signing_key(material, &kid, algorithm);
        Ok(Self { algorithm, kid, pair, public })
    }

    /// The key as a PKCS#8 document (version 1, DER), to be kept sealed.
    ///
    /// # Errors
    /// [`SigningFault::Failed`].
    pub fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, SigningFault> {
        let wiped = |document: &[u8]| Zeroizing::new(document.to_vec());
        match &self.pair {
            Pair::Ec(_, pair) => pair.to_pkcs8v1().map(|document| wiped(document.as_ref())),
            Pair::Ed25519(pair) => pair.to_pkcs8v1().map(|document| wiped(document.as_ref())),
            Pair::Rsa(_, pair) => AsDer::<Pkcs8V1Der<'_>>::as_der(pair).map(|document| wiped(document.as_ref())),
        }
        .map_err(|_| SigningFault::Failed)
    }

    /// What this key signs with.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The identifier in every header this key signs.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The verifying half.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        &self.public
    }

    /// The verifying half as a JWK with `kid`, `use` `sig` and `alg`.
    #[must_use]
    pub fn public_jwk(&self) -> Map<String, Value> {
        self.public.to_jwk()
    }

    /// Signs `payload`: a compact JWS whose header is `alg`, `kid` and `typ`.
    ///
    /// # Errors
    /// [`SigningFault::Failed`].
    pub fn sign(&self, typ: &str, payload: &[u8]) -> Result<String, SigningFault> {
        let header = ProtectedHeader { alg: self.algorithm.name(), kid: &self.kid, typ };
        self.sign_under(&serde_json::to_vec(&header).map_err(|_| SigningFault::Failed)?, payload)
    }

    /// Signs `payload` under `header` as it stands.
    pub(crate) fn sign_under(&self, header: &[u8], payload: &[u8]) -> Result<String, SigningFault> {
        let mut token = base64url::encode(header);
        token.push('.');
        base64url::encode_onto(payload, &mut token);
        let signature = self.pair.sign(token.as_bytes()).map_err(|_| SigningFault::Failed)?;
        token.push('.');
        base64url::encode_onto(&signature, &mut token);
        Ok(token)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("kid", &self.kid)
            .field("alg", &self.algorithm.name())
            .finish_non_exhaustive()
    }
}

#[derive(Serialize)]
struct ProtectedHeader<'a> {
    alg: &'a str,
    kid: &'a str,
    typ: &'a str,
}

/// A private key and what its signature needs beside it.
enum Pair {
    Ec(Curve, EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Rsa(&'static dyn RsaEncoding, RsaKeyPair),
}

impl Pair {
    fn public_material(&self) -> Result<Material, JwkFault> {
        match self {
            Self::Ec(curve, pair) => Material::from_point(*curve, pair.public_key().as_ref()),
            Self::Ed25519(pair) => {
                Material::from_ed25519(pair.public_key().as_ref().try_into().map_err(|_| JwkFault::InvalidPoint)?)
            }
            Self::Rsa(_, pair) => {
                let (n, e) = (pair.public_key().modulus(), pair.public_key().exponent());
                Material::from_rsa(n.big_endian_without_leading_zero(), e.big_endian_without_leading_zero())
            }
        }
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Unspecified> {
        let random = SystemRandom::new();
        match self {
            Self::Ec(_, pair) => Ok(pair.sign(&random, message)?.as_ref().to_vec()),
            Self::Ed25519(pair) => Ok(pair.try_sign(message)?.as_ref().to_vec()),
            Self::Rsa(encoding, pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(*encoding, &random, message, &mut signature)?;
                Ok(signature)
            }
        }
    }
}

/// What an algorithm asks of a private key.
enum Kind {
    Ec(Curve, &'static EcdsaSigningAlgorithm),
    Ed25519,
    Rsa(&'static dyn RsaEncoding),
}

impl Kind {
    fn of(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Es256 => Self::Ec(Curve::P256, &ECDSA_P256_SHA256_FIXED_SIGNING),
            Algorithm::Es384 => Self::Ec(Curve::P384, &ECDSA_P384_SHA384_FIXED_SIGNING),
            Algorithm::Es512 => Self::Ec(Curve::P521, &ECDSA_P521_SHA512_FIXED_SIGNING),
            Algorithm::Ps256 => Self::Rsa(&RSA_PSS_SHA256),
            Algorithm::Ps384 => Self::Rsa(&RSA_PSS_SHA384),
            Algorithm::Ps512 => Self::Rsa(&RSA_PSS_SHA512),
            Algorithm::Rs256 => Self::Rsa(&RSA_PKCS1_SHA256),
            Algorithm::Rs384 => Self::Rsa(&RSA_PKCS1_SHA384),
            Algorithm::Rs512 => Self::Rsa(&RSA_PKCS1_SHA512),
            Algorithm::EdDsa | Algorithm::Ed25519 => Self::Ed25519,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jwk::KeySet;
    use crate::jws::Compact;

    fn round_trip(algorithm: Algorithm) {
        let key = SigningKey::generate(algorithm).expect("a key");
        assert_eq!(key.kid(), base64url::encode(&key.public_key().thumbprint()));
        let token = key.sign("JWT", br#"{"iss":"me"}"#).expect("a token");
        let compact = Compact::parse(&token).expect("well formed");
        let header = compact.header();
        assert_eq!((header.alg(), header.kid(), header.typ()), (algorithm, Some(key.kid()), Some("JWT")));
        assert_eq!(header.object().len(), 3);
        let published = PublicKey::from_jwk(&key.public_jwk()).expect("a public key");
        assert_eq!(
            compact.verify_with(key.public_key()).map(|verified| verified.payload().to_vec()),
            Ok(br#"{"iss":"me"}"#.to_vec())
        );
        assert!(compact.verify(&KeySet::new(vec![published])).is_ok());

        let document = key.to_pkcs8().expect("a document");
        let same = SigningKey::from_pkcs8(algorithm, None, &document).expect("the same key");
        assert_eq!(same.public_jwk(), key.public_jwk());
        let token = same.sign("JWT", b"{}").expect("a token");
        assert!(Compact::parse(&token).expect("well formed").verify_with(key.public_key()).is_ok());
    }

    #[test]
    fn what_an_elliptic_key_signs_its_public_half_verifies() {
        for algorithm in [Algorithm::Es256, Algorithm::Es384, Algorithm::Es512, Algorithm::EdDsa, Algorithm::Ed25519] {
            round_trip(algorithm);
        }
    }

    #[test]
    fn what_an_rsa_key_signs_its_public_half_verifies() {
        round_trip(Algorithm::Ps256);
        let document = SigningKey::generate(Algorithm::Rs256).expect("a key").to_pkcs8().expect("a document");
        for algorithm in [Algorithm::Ps384, Algorithm::Ps512, Algorithm::Rs256, Algorithm::Rs384, Algorithm::Rs512] {
            let key = SigningKey::from_pkcs8(algorithm, None, &document).expect("a key");
            let token = key.sign("JWT", b"{}").expect("a token");
            assert!(Compact::parse(&token).expect("well formed").verify_with(key.public_key()).is_ok(), "{algorithm}");
        }
    }

    #[test]
    fn the_public_jwk_has_kid_use_and_alg_and_no_secret() {
        let document = SigningKey::generate(Algorithm::Es256).expect("a key").to_pkcs8().expect("a document");
        let key = SigningKey::from_pkcs8(Algorithm::Es256, Some("2026-1"), &document).expect("a key");
        let jwk = key.public_jwk();
        assert_eq!(jwk.keys().collect::<Vec<_>>(), ["alg", "crv", "kid", "kty", "use", "x", "y"]);
        assert_eq!((&jwk["alg"], &jwk["kid"], &jwk["use"]), (&"ES256".into(), &"2026-1".into(), &"sig".into()));
    }

    #[test]
    fn a_document_of_another_kind_is_rejected() {
        let p256 = SigningKey::generate(Algorithm::Es256).expect("a key").to_pkcs8().expect("a document");
        for algorithm in [Algorithm::Es384, Algorithm::Es512, Algorithm::EdDsa, Algorithm::Ps256, Algorithm::Rs512] {
            let other = SigningKey::from_pkcs8(algorithm, None, &p256);
            assert_eq!(other.err(), Some(SigningFault::KeyRejected), "{algorithm}");
        }
        assert_eq!(SigningKey::from_pkcs8(Algorithm::Es256, None, b"").err(), Some(SigningFault::KeyRejected));
        let long = "k".repeat(257);
        assert_eq!(SigningKey::from_pkcs8(Algorithm::Es256, Some(&long), &p256).err(), Some(SigningFault::KidTooLong));
    }

    #[test]
    fn debug_shows_kid_and_alg_only() {
        let document = SigningKey::generate(Algorithm::EdDsa).expect("a key").to_pkcs8().expect("a document");
        let key = SigningKey::from_pkcs8(Algorithm::EdDsa, Some("k1"), &document).expect("a key");
        assert_eq!(format!("{key:?}"), r#"SigningKey { kid: "k1", alg: "EdDSA", .. }"#);
    }
}
