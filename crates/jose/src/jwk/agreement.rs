//! Keys that agree on a secret: ECDH on the curves of RFC 7518 section 6.2.1.1 and on X25519 (RFC 8037 section 3.2).

use super::material::{Curve, encoded, required, uncompressed_point};
use super::{JwkFault, refuse_secrets};
use crate::base64url;
use aws_lc_rs::agreement::{Algorithm, ECDH_P256, ECDH_P384, ECDH_P521, ParsedPublicKey, UnparsedPublicKey, X25519};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// A curve on which two keys agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AgreementCurve {
    /// NIST P-256.
    P256,
    /// NIST P-384.
    P384,
    /// NIST P-521.
    P521,
    /// Curve25519 with the function X25519 (RFC 7748).
    X25519,
}

impl AgreementCurve {
    /// Every curve, in the order of the declaration.
    pub const ALL: [Self; 4] = [Self::P256, Self::P384, Self::P521, Self::X25519];

    pub(crate) fn agreement(self) -> &'static Algorithm {
        match self {
            Self::P256 => &ECDH_P256,
            Self::P384 => &ECDH_P384,
            Self::P521 => &ECDH_P521,
            Self::X25519 => &X25519,
        }
    }

    /// The curve of an EC key; `None` where the key is of type OKP.
    fn ec(self) -> Option<Curve> {
        match self {
            Self::P256 => Some(Curve::P256),
            Self::P384 => Some(Curve::P384),
            Self::P521 => Some(Curve::P521),
            Self::X25519 => None,
        }
    }
}

impl From<Curve> for AgreementCurve {
    fn from(curve: Curve) -> Self {
        match curve {
            Curve::P256 => Self::P256,
            Curve::P384 => Self::P384,
            Curve::P521 => Self::P521,
        }
    }
}

/// A public key of a key agreement: a point that lies on its curve, or any X coordinate of Curve25519 and its twist,
/// of which the agreement itself refuses the few that lead to zero (RFC 7748 section 6.1).
pub(crate) struct AgreementKey {
    curve: AgreementCurve,
    key: ParsedPublicKey,
}

impl AgreementKey {
    /// Reads a public JWK: the recipient's, or the `epk` of a header (RFC 7518 section 4.6.1.1).
    pub(crate) fn from_jwk(jwk: &Map<String, Value>) -> Result<Self, JwkFault> {
        refuse_secrets(jwk)?;
        match required(jwk, "kty")? {
            "EC" => {
                let curve = Curve::from_name(required(jwk, "crv")?).ok_or(JwkFault::UnsupportedCurve)?;
                Self::from_bytes(curve.into(), &uncompressed_point(jwk, curve)?)
            }
            "OKP" if required(jwk, "crv")? == "X25519" => {
                let x: [u8; 32] = base64url::decode_array(required(jwk, "x")?).ok_or(JwkFault::Malformed("x"))?;
                Self::from_bytes(AgreementCurve::X25519, &x)
            }
            "OKP" => Err(JwkFault::UnsupportedCurve),
            _ => Err(JwkFault::UnsupportedKeyType),
        }
    }

    /// An uncompressed point, or the 32 bytes of an X25519 key.
    pub(crate) fn from_bytes(curve: AgreementCurve, bytes: &[u8]) -> Result<Self, JwkFault> {
        let key = UnparsedPublicKey::new(curve.agreement(), bytes);
        Ok(Self { curve, key: key.try_into().map_err(|_| JwkFault::InvalidPoint)? })
    }

    pub(crate) fn curve(&self) -> AgreementCurve {
        self.curve
    }

    pub(crate) fn key(&self) -> &ParsedPublicKey {
        &self.key
    }

    /// The required members of the JWK, in the order of RFC 7638 section 3.3.
    pub(crate) fn members(&self) -> Vec<(&'static str, Cow<'static, str>)> {
        let bytes = self.key.as_ref();
        match self.curve.ec() {
            Some(curve) => curve.members(bytes),
            None => vec![("crv", "X25519".into()), ("kty", "OKP".into()), ("x", encoded(bytes))],
        }
    }
}
