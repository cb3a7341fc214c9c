//! JSON Web Keys (RFC 7517): public keys that verify signatures or that one encrypts to, each parsed once.

mod agreement;
mod description;
mod encryption_key;
mod fault;
mod key_set;
mod material;

pub use agreement::AgreementCurve;
pub use encryption_key::EncryptionKey;
pub use fault::JwkFault;
pub use key_set::{IgnoredKey, KeySet};

use crate::algorithm::Algorithm;
pub(crate) use agreement::AgreementKey;
use description::Description;
pub(crate) use encryption_key::Recipient;
pub(crate) use material::{Curve, Material};
use serde_json::{Map, Value};
use std::fmt;

/// Names under which some key type keeps its secret: RSA, EC and OKP (RFC 7518 section 6, RFC 8037 section 2), `oct`,
/// and AKP (`priv`). No public key has any of them.
const PRIVATE_MEMBERS: [&str; 9] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"];

/// A public key, ready to verify: EC on P-256, P-384 or P-521, RSA of 2048 to 8192 bits, or Ed25519.
pub struct PublicKey {
    material: Material,
    description: Description,
}

impl PublicKey {
    /// Reads a JWK. Members that are not named by this type (`x5c`, `x5t`, vendors' own) are ignored, as RFC 7517
    /// section 4 demands.
    ///
    /// # Errors
    /// [`JwkFault`]; a private or symmetric key is refused before anything else is looked at.
    pub fn from_jwk(jwk: &Map<String, Value>) -> Result<Self, JwkFault> {
        refuse_secrets(jwk)?;
        let description = Description::from_jwk(jwk)?;
        Ok(Self { material: Material::from_jwk(jwk)?, description })
    }

    /// The verifying half of a signing key: `use` is `sig`.
    pub(crate) fn of_signing_key(material: Material, kid: &str, algorithm: Algorithm) -> Self {
        Self { material, description: Description::of_own_key(kid, "sig", algorithm.name()) }
    }

    /// The key's identifier; any string of at most 256 bytes.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.description.kid()
    }

    /// `use` (RFC 7517 section 4.2), as written.
    #[must_use]
    pub fn public_key_use(&self) -> Option<&str> {
        self.description.public_key_use()
    }

    /// `key_ops` (RFC 7517 section 4.3), as written.
    #[must_use]
    pub fn key_ops(&self) -> Option<impl Iterator<Item = &str>> {
        self.description.key_ops()
    }

    /// `alg` (RFC 7517 section 4.4), as written; not necessarily one of [`Algorithm`].
    #[must_use]
    pub fn alg(&self) -> Option<&str> {
        self.description.alg()
    }

    /// Bits of the RSA modulus; `None` for another kind of key.
    #[must_use]
    pub fn rsa_modulus_bits(&self) -> Option<usize> {
        self.material.rsa_modulus_bits()
    }

    /// Whether this key may verify `algorithm`: its kind and curve fit, `use` is absent or `sig`, `key_ops` is absent
    /// or contains `verify`, and `alg` is absent or names the algorithm.
    #[must_use]
    pub fn may_verify(&self, algorithm: Algorithm) -> bool {
        self.material.fits(algorithm)
            && self.description.serves("sig", &["verify"])
            && self.alg().is_none_or(|alg| algorithm.is_named_by(alg))
    }

    /// Whether `signature` is this key's over `message`; false also when the key is of another kind than `algorithm`.
    pub(crate) fn verifies(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        self.material.verifies(algorithm, message, signature)
    }

    /// SHA-256 thumbprint (RFC 7638 section 3, RFC 8037 section 2): the same for every JWK of the same key.
    #[must_use]
    pub fn thumbprint(&self) -> [u8; 32] {
        self.material.thumbprint()
    }

    /// The key as a JWK: its required members and `kid`, `use`, `key_ops` and `alg` where it has them.
    #[must_use]
    pub fn to_jwk(&self) -> Map<String, Value> {
        self.description.jwk(self.material.members())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PublicKey").field("kid", &self.kid()).field("alg", &self.alg()).finish_non_exhaustive()
    }
}

fn refuse_secrets(jwk: &Map<String, Value>) -> Result<(), JwkFault> {
    if jwk.get("kty").and_then(Value::as_str) == Some("oct") {
        return Err(JwkFault::SymmetricKey);
    }
    if PRIVATE_MEMBERS.iter().any(|name| jwk.contains_key(*name)) {
        return Err(JwkFault::PrivateKey);
    }
    Ok(())
}

fn string<'j>(jwk: &'j Map<String, Value>, name: &'static str) -> Result<Option<&'j str>, JwkFault> {
    jwk.get(name).map(|value| value.as_str().ok_or(JwkFault::Malformed(name))).transpose()
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod wycheproof_tests;
