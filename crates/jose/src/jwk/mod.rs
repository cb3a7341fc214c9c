//! JSON Web Keys (RFC 7517): public keys that verify signatures, each parsed once.

mod fault;
mod key_set;
mod material;

pub use fault::JwkFault;
pub use key_set::{IgnoredKey, KeySet};

use crate::algorithm::Algorithm;
use crate::limits::{KEY_OPS, KID_BYTES};
pub(crate) use material::{Curve, Material};
use serde_json::{Map, Value};
use std::fmt;

/// Names under which some key type keeps its secret: RSA, EC and OKP (RFC 7518 section 6, RFC 8037 section 2), `oct`,
/// and AKP (`priv`). No public key has any of them.
const PRIVATE_MEMBERS: [&str; 9] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"];

/// A public key, ready to verify: EC on P-256, P-384 or P-521, RSA of 2048 to 8192 bits, or Ed25519.
pub struct PublicKey {
    material: Material,
    kid: Option<Box<str>>,
    public_key_use: Option<Box<str>>,
    key_ops: Option<Box<[Box<str>]>>,
    alg: Option<Box<str>>,
}

impl PublicKey {
    /// Reads a JWK. Members that are not named by this type (`x5c`, `x5t`, vendors' own) are ignored, as RFC 7517
    /// section 4 demands.
    ///
    /// # Errors
    /// [`JwkFault`]; a private or symmetric key is refused before anything else is looked at.
    pub fn from_jwk(jwk: &Map<String, Value>) -> Result<Self, JwkFault> {
        refuse_secrets(jwk)?;
        let kid = string(jwk, "kid")?;
        if kid.is_some_and(|kid| kid.len() > KID_BYTES) {
            return Err(JwkFault::KidTooLong);
        }
        Ok(Self {
            kid: kid.map(Into::into),
            public_key_use: string(jwk, "use")?.map(Into::into),
            key_ops: key_ops(jwk)?,
            alg: string(jwk, "alg")?.map(Into::into),
            material: Material::from_jwk(jwk)?,
        })
    }

    /// The verifying half of a signing key: `use` is `sig`.
    pub(crate) fn of_signing_key(material: Material, kid: &str, algorithm: Algorithm) -> Self {
        Self {
            material,
            kid: Some(kid.into()),
            public_key_use: Some("sig".into()),
            key_ops: None,
            alg: Some(algorithm.name().into()),
        }
    }

    /// The key's identifier; any string of at most 256 bytes.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// `use` (RFC 7517 section 4.2), as written.
    #[must_use]
    pub fn public_key_use(&self) -> Option<&str> {
        self.public_key_use.as_deref()
    }

    /// `key_ops` (RFC 7517 section 4.3), as written.
    #[must_use]
    pub fn key_ops(&self) -> Option<impl Iterator<Item = &str>> {
        self.key_ops.as_ref().map(|ops| ops.iter().map(AsRef::as_ref))
    }

    /// `alg` (RFC 7517 section 4.4), as written; not necessarily one of [`Algorithm`].
    #[must_use]
    pub fn alg(&self) -> Option<&str> {
        self.alg.as_deref()
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
            && self.public_key_use().is_none_or(|public_key_use| public_key_use == "sig")
            && self.alg().is_none_or(|alg| algorithm.is_named_by(alg))
            && self.key_ops.as_ref().is_none_or(|ops| ops.iter().any(|op| &**op == "verify"))
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
        let mut jwk = Map::new();
        for (name, value) in self.material.members() {
            jwk.insert(name.to_owned(), Value::String(value.into_owned()));
        }
        for (name, value) in [("kid", self.kid()), ("use", self.public_key_use()), ("alg", self.alg())] {
            if let Some(value) = value {
                jwk.insert(name.to_owned(), value.into());
            }
        }
        if let Some(ops) = self.key_ops() {
            jwk.insert("key_ops".to_owned(), ops.collect());
        }
        jwk
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

/// An array of strings, none twice.
fn key_ops(jwk: &Map<String, Value>) -> Result<Option<Box<[Box<str>]>>, JwkFault> {
    const NAME: &str = "key_ops";
    let Some(value) = jwk.get(NAME) else { return Ok(None) };
    let array = value.as_array().filter(|array| array.len() <= KEY_OPS).ok_or(JwkFault::Malformed(NAME))?;
    let mut ops: Vec<Box<str>> = Vec::with_capacity(array.len());
    for op in array {
        let op = op.as_str().filter(|op| !ops.iter().any(|known| &**known == *op)).ok_or(JwkFault::Malformed(NAME))?;
        ops.push(op.into());
    }
    Ok(Some(ops.into()))
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod wycheproof_tests;
