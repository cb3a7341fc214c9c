//! Why a JWK or a JWK Set was refused.

use crate::json::JsonFault;
use std::fmt;

/// Why a JWK or a JWK Set was refused. No variant carries key material.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JwkFault {
    /// The document is not JSON, out of bounds, or names a member twice.
    Json(JsonFault),
    /// The document is not an object whose `keys` is an array of objects.
    NotAKeySet,
    /// More keys than [`crate::limits::JWKS_KEYS`].
    TooManyKeys,
    /// A private key, where only public ones belong.
    PrivateKey,
    /// A symmetric key (`kty` is `oct`).
    SymmetricKey,
    /// `kty` is a string that is not understood here.
    UnsupportedKeyType,
    /// `crv` is a string that is not understood here.
    UnsupportedCurve,
    /// A member the key type requires is not there.
    Missing(&'static str),
    /// A member has the wrong type, or is not the one spelling of a value.
    Malformed(&'static str),
    /// `kid` is longer than [`crate::limits::KID_BYTES`].
    KidTooLong,
    /// The coordinates are no point of the curve, or one that gives no security (small or mixed order on Ed25519).
    InvalidPoint,
    /// The RSA modulus is even, below 2048 or above 8192 bits.
    RsaModulus,
    /// The RSA exponent is even, below 3 or above 32 bits.
    RsaExponent,
}

impl JwkFault {
    /// Whether it condemns a whole JWK Set: the document itself is at fault, or it lets out a secret. Any other
    /// fault only makes its key unusable (RFC 7517 section 5).
    #[must_use]
    pub const fn condemns_the_set(self) -> bool {
        match self {
            Self::Json(_) | Self::NotAKeySet | Self::TooManyKeys | Self::PrivateKey | Self::SymmetricKey => true,
            Self::UnsupportedKeyType
            | Self::UnsupportedCurve
            | Self::Missing(_)
            | Self::Malformed(_)
            | Self::KidTooLong
            | Self::InvalidPoint
            | Self::RsaModulus
            | Self::RsaExponent => false,
        }
    }
}

impl From<JsonFault> for JwkFault {
    fn from(fault: JsonFault) -> Self {
        Self::Json(fault)
    }
}

impl fmt::Display for JwkFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(fault) => write!(f, "key document: {fault}"),
            Self::NotAKeySet => f.write_str("not an object whose keys member is an array of objects"),
            Self::TooManyKeys => f.write_str("too many keys"),
            Self::PrivateKey => f.write_str("a private key"),
            Self::SymmetricKey => f.write_str("a symmetric key"),
            Self::UnsupportedKeyType => f.write_str("an unsupported kty"),
            Self::UnsupportedCurve => f.write_str("an unsupported crv"),
            Self::Missing(name) => write!(f, "{name} is missing"),
            Self::Malformed(name) => write!(f, "{name} is malformed"),
            Self::KidTooLong => f.write_str("kid is too long"),
            Self::InvalidPoint => f.write_str("not a usable point of the curve"),
            Self::RsaModulus => f.write_str("the RSA modulus is not an odd number of 2048 to 8192 bits"),
            Self::RsaExponent => f.write_str("the RSA exponent is not an odd number from 3 to 32 bits"),
        }
    }
}

impl std::error::Error for JwkFault {}
