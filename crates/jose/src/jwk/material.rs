//! The key inside a JWK: judged and parsed once, then only used.

use super::{JwkFault, string};
use crate::algorithm::Algorithm;
use crate::base64url;
use crate::limits::{RSA_EXPONENT_MIN, RSA_MODULUS_BITS_MAX, RSA_MODULUS_BITS_MIN};
use aws_lc_rs::digest;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED, ED25519, EcdsaVerificationAlgorithm,
    ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
    RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters,
    RsaPublicKeyComponents,
};
use curve25519_dalek::edwards::CompressedEdwardsY;
use curve25519_dalek::traits::IsIdentity;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::sync::OnceLock;

/// First byte of an uncompressed point (SEC 1 section 2.3.3).
const UNCOMPRESSED: u8 = 4;

/// A public key in the form its verification takes.
pub(crate) enum Material {
    Ec(Curve, ParsedPublicKey),
    Ed25519(ParsedPublicKey),
    Rsa(Box<RsaKey>),
}

impl Material {
    /// Reads `kty` and the members it requires (RFC 7518 sections 6.2 and 6.3, RFC 8037 section 2).
    pub(crate) fn from_jwk(jwk: &Map<String, Value>) -> Result<Self, JwkFault> {
        match required(jwk, "kty")? {
            "EC" => {
                let curve = Curve::from_name(required(jwk, "crv")?).ok_or(JwkFault::UnsupportedCurve)?;
                Self::from_point(curve, &uncompressed_point(jwk, curve)?)
            }
            "OKP" if required(jwk, "crv")? == "Ed25519" => {
                let x = base64url::decode_array(required(jwk, "x")?).ok_or(JwkFault::Malformed("x"))?;
                Self::from_ed25519(x)
            }
            "OKP" => Err(JwkFault::UnsupportedCurve),
            "RSA" => Self::from_rsa(&integer(jwk, "n")?, &integer(jwk, "e")?),
            _ => Err(JwkFault::UnsupportedKeyType),
        }
    }

    /// An uncompressed point of `curve`; the point is checked to be on it.
    pub(crate) fn from_point(curve: Curve, point: &[u8]) -> Result<Self, JwkFault> {
        let key = ParsedPublicKey::new(curve.verification(), point).map_err(|_| JwkFault::InvalidPoint)?;
        Ok(Self::Ec(curve, key))
    }

    /// A point of edwards25519 in its one encoding, of exactly the prime order: RFC 8032 checks none of this, and a
    /// point of small order verifies signatures of anyone.
    pub(crate) fn from_ed25519(point: [u8; 32]) -> Result<Self, JwkFault> {
        let compressed = CompressedEdwardsY(point);
        let decompressed = compressed.decompress().ok_or(JwkFault::InvalidPoint)?;
        if decompressed.is_identity() || !decompressed.is_torsion_free() || decompressed.compress() != compressed {
            return Err(JwkFault::InvalidPoint);
        }
        ParsedPublicKey::new(&ED25519, point).map(Self::Ed25519).map_err(|_| JwkFault::InvalidPoint)
    }

    /// Modulus and exponent, big-endian without leading zeros.
    pub(crate) fn from_rsa(n: &[u8], e: &[u8]) -> Result<Self, JwkFault> {
        judge_rsa(n, e)?;
        Ok(Self::Rsa(Box::new(RsaKey::new(n, e))))
    }

    /// Whether this is the kind of key, on the curve, that `algorithm` needs.
    pub(crate) fn fits(&self, algorithm: Algorithm) -> bool {
        match algorithm {
            Algorithm::Es256 => matches!(self, Self::Ec(Curve::P256, _)),
            Algorithm::Es384 => matches!(self, Self::Ec(Curve::P384, _)),
            Algorithm::Es512 => matches!(self, Self::Ec(Curve::P521, _)),
            Algorithm::EdDsa | Algorithm::Ed25519 => matches!(self, Self::Ed25519(_)),
            Algorithm::Ps256
            | Algorithm::Ps384
            | Algorithm::Ps512
            | Algorithm::Rs256
            | Algorithm::Rs384
            | Algorithm::Rs512 => matches!(self, Self::Rsa(_)),
        }
    }

    pub(crate) fn verifies(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        let key = match self {
            Self::Ec(_, key) | Self::Ed25519(key) => Some(key),
            Self::Rsa(rsa) => rsa.verifier(algorithm),
        };
        self.fits(algorithm) && key.is_some_and(|key| key.verify_sig(message, signature).is_ok())
    }

    pub(crate) fn rsa_modulus_bits(&self) -> Option<usize> {
        match self {
            Self::Rsa(rsa) => Some(bits(&rsa.n)),
            Self::Ec(..) | Self::Ed25519(_) => None,
        }
    }

    /// The required members of the JWK, in the order of RFC 7638 section 3.3.
    pub(crate) fn members(&self) -> Vec<(&'static str, Cow<'static, str>)> {
        match self {
            Self::Ec(curve, key) => curve.members(key.as_ref()),
            Self::Ed25519(key) => vec![("crv", "Ed25519".into()), ("kty", "OKP".into()), ("x", encoded(key.as_ref()))],
            Self::Rsa(rsa) => rsa_members(&rsa.n, &rsa.e),
        }
    }

    pub(crate) fn thumbprint(&self) -> [u8; 32] {
        thumbprint(&self.members())
    }
}

/// Digest of a key's required members as JSON without whitespace; no name or value has anything to escape.
pub(super) fn thumbprint(members: &[(&'static str, Cow<'static, str>)]) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    let mut before = "{\"";
    for (name, value) in members {
        for part in [before, name, "\":\"", value, "\""] {
            context.update(part.as_bytes());
        }
        before = ",\"";
    }
    context.update(b"}");
    let mut thumbprint = [0; 32];
    thumbprint.iter_mut().zip(context.finish().as_ref()).for_each(|(to, from)| *to = *from);
    thumbprint
}

/// The required members of an RSA key.
pub(super) fn rsa_members(n: &[u8], e: &[u8]) -> Vec<(&'static str, Cow<'static, str>)> {
    vec![("e", encoded(e)), ("kty", "RSA".into()), ("n", encoded(n))]
}

pub(super) fn encoded(bytes: &[u8]) -> Cow<'static, str> {
    Cow::Owned(base64url::encode(bytes))
}

/// An odd modulus of an allowed size and an odd exponent from 3 to 32 bits.
pub(super) fn judge_rsa(n: &[u8], e: &[u8]) -> Result<(), JwkFault> {
    let is_odd = |integer: &[u8]| integer.last().is_some_and(|last| last & 1 == 1);
    if !is_odd(n) || !(RSA_MODULUS_BITS_MIN..=RSA_MODULUS_BITS_MAX).contains(&bits(n)) {
        return Err(JwkFault::RsaModulus);
    }
    let exponent = (e.len() <= 4).then(|| e.iter().fold(0, |value: u32, byte| value << 8 | u32::from(*byte)));
    if !is_odd(e) || exponent.is_none_or(|exponent| exponent < RSA_EXPONENT_MIN) {
        return Err(JwkFault::RsaExponent);
    }
    Ok(())
}

/// A curve of ECDSA and ECDH (RFC 7518 section 6.2.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Curve {
    P256,
    P384,
    P521,
}

impl Curve {
    pub(super) fn from_name(name: &str) -> Option<Self> {
        [Self::P256, Self::P384, Self::P521].into_iter().find(|curve| curve.name() == name)
    }

    fn name(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
        }
    }

    /// Bytes of one coordinate.
    fn length(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }

    fn verification(self) -> &'static EcdsaVerificationAlgorithm {
        match self {
            Self::P256 => &ECDSA_P256_SHA256_FIXED,
            Self::P384 => &ECDSA_P384_SHA384_FIXED,
            Self::P521 => &ECDSA_P521_SHA512_FIXED,
        }
    }

    /// The required members of an EC key whose uncompressed point this is.
    pub(super) fn members(self, point: &[u8]) -> Vec<(&'static str, Cow<'static, str>)> {
        let (x, y) = self.coordinates(point);
        vec![("crv", self.name().into()), ("kty", "EC".into()), ("x", encoded(x)), ("y", encoded(y))]
    }

    fn coordinates(self, point: &[u8]) -> (&[u8], &[u8]) {
        point.get(1..).and_then(|coordinates| coordinates.split_at_checked(self.length())).unwrap_or_default()
    }
}

/// An RSA key, with one parsed form for each algorithm that has been met: most keys only ever meet one.
pub(crate) struct RsaKey {
    n: Box<[u8]>,
    e: Box<[u8]>,
    ps256: OnceLock<Option<ParsedPublicKey>>,
    ps384: OnceLock<Option<ParsedPublicKey>>,
    ps512: OnceLock<Option<ParsedPublicKey>>,
    rs256: OnceLock<Option<ParsedPublicKey>>,
    rs384: OnceLock<Option<ParsedPublicKey>>,
    rs512: OnceLock<Option<ParsedPublicKey>>,
}

impl RsaKey {
    fn new(n: &[u8], e: &[u8]) -> Self {
        let [ps256, ps384, ps512, rs256, rs384, rs512] = [const { OnceLock::new() }; 6];
        Self { n: n.into(), e: e.into(), ps256, ps384, ps512, rs256, rs384, rs512 }
    }

    fn verifier(&self, algorithm: Algorithm) -> Option<&ParsedPublicKey> {
        let (parsed, parameters): (_, &'static RsaParameters) = match algorithm {
            Algorithm::Ps256 => (&self.ps256, &RSA_PSS_2048_8192_SHA256),
            Algorithm::Ps384 => (&self.ps384, &RSA_PSS_2048_8192_SHA384),
            Algorithm::Ps512 => (&self.ps512, &RSA_PSS_2048_8192_SHA512),
            Algorithm::Rs256 => (&self.rs256, &RSA_PKCS1_2048_8192_SHA256),
            Algorithm::Rs384 => (&self.rs384, &RSA_PKCS1_2048_8192_SHA384),
            Algorithm::Rs512 => (&self.rs512, &RSA_PKCS1_2048_8192_SHA512),
            Algorithm::Es256 | Algorithm::Es384 | Algorithm::Es512 | Algorithm::EdDsa | Algorithm::Ed25519 => {
                return None;
            }
        };
        let parse = || RsaPublicKeyComponents { n: &*self.n, e: &*self.e }.to_parsed_public_key(parameters).ok();
        parsed.get_or_init(parse).as_ref()
    }
}

pub(super) fn required<'j>(jwk: &'j Map<String, Value>, name: &'static str) -> Result<&'j str, JwkFault> {
    string(jwk, name)?.ok_or(JwkFault::Missing(name))
}

/// The point of an EC key, as SEC 1 section 2.3.3 writes it.
pub(super) fn uncompressed_point(jwk: &Map<String, Value>, curve: Curve) -> Result<Vec<u8>, JwkFault> {
    let (x, y) = (coordinate(jwk, "x", curve)?, coordinate(jwk, "y", curve)?);
    Ok([&[UNCOMPRESSED], x.as_slice(), y.as_slice()].concat())
}

/// The full size of a coordinate, leading zeros included (RFC 7518 section 6.2.1.2).
fn coordinate(jwk: &Map<String, Value>, name: &'static str, curve: Curve) -> Result<Vec<u8>, JwkFault> {
    let bytes = base64url::decode(required(jwk, name)?).map_err(|_| JwkFault::Malformed(name))?;
    if bytes.len() == curve.length() { Ok(bytes) } else { Err(JwkFault::Malformed(name)) }
}

/// The minimum number of octets, that is without leading zeros (RFC 7518 section 2, Base64urlUInt).
pub(super) fn integer(jwk: &Map<String, Value>, name: &'static str) -> Result<Vec<u8>, JwkFault> {
    let bytes = base64url::decode(required(jwk, name)?).map_err(|_| JwkFault::Malformed(name))?;
    if bytes.first().is_some_and(|first| *first != 0) { Ok(bytes) } else { Err(JwkFault::Malformed(name)) }
}

fn bits(integer: &[u8]) -> usize {
    let unused = integer.first().map_or(0, |first| first.leading_zeros() as usize);
    integer.len().saturating_mul(8).saturating_sub(unused)
}
