//! JSON Web Signatures in compact serialisation (RFC 7515): read strictly, then verified or not used at all.

mod fault;

pub use crate::algorithm::Algorithm;
pub use fault::JwsFault;

use crate::base64url;
use crate::claims::Claims;
use crate::json::{self, Bounds};
use crate::jwk::{KeySet, PublicKey};
use crate::limits::{self, HEADER_BYTES, KID_BYTES, TOKEN_BYTES};
use serde_json::{Map, Value};
use std::fmt;

/// A JOSE header that may be acted on: no `crit`, and an algorithm of [`Algorithm`].
#[derive(Clone, PartialEq, Eq)]
pub struct Header {
    alg: Algorithm,
    object: Map<String, Value>,
}

impl Header {
    /// The signature algorithm (RFC 7515 section 4.1.1).
    #[must_use]
    pub fn alg(&self) -> Algorithm {
        self.alg
    }

    /// The identifier of the key (RFC 7515 section 4.1.4); at most 256 bytes.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.object.get("kid").and_then(Value::as_str)
    }

    /// The media type of the whole object (RFC 7515 section 4.1.9); compare it with [`typ_is`].
    #[must_use]
    pub fn typ(&self) -> Option<&str> {
        self.object.get("typ").and_then(Value::as_str)
    }

    /// The whole header. `jwk`, `jku`, `x5c` and `x5u` in it are the sender's words, not keys (RFC 8725 section 3.10):
    /// only a DPoP proof is meant to bring its `jwk` along.
    #[must_use]
    pub fn object(&self) -> &Map<String, Value> {
        &self.object
    }

    fn parse(bytes: &[u8]) -> Result<Self, JwsFault> {
        let object = json::parse_object(bytes, limits::HEADER).map_err(JwsFault::Header)?;
        for name in ["crit", "b64"] {
            if object.contains_key(name) {
                return Err(JwsFault::CriticalExtension);
            }
        }
        let alg = match object.get("alg") {
            None => return Err(JwsFault::AlgorithmMissing),
            Some(Value::String(name)) => algorithm(name)?,
            Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                return Err(JwsFault::AlgorithmMalformed);
            }
        };
        let header = Self { alg, object };
        if header.kid().is_some_and(|kid| kid.len() > KID_BYTES) || header.is_not_a_string("kid") {
            return Err(JwsFault::KidMalformed);
        }
        if header.is_not_a_string("typ") {
            return Err(JwsFault::TypMalformed);
        }
        Ok(header)
    }

    fn is_not_a_string(&self, name: &str) -> bool {
        self.object.get(name).is_some_and(|value| !value.is_string())
    }
}

impl fmt::Debug for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Header").field("alg", &self.alg).finish_non_exhaustive()
    }
}

fn algorithm(name: &str) -> Result<Algorithm, JwsFault> {
    Algorithm::from_name(name).ok_or_else(|| {
        if name.trim().eq_ignore_ascii_case("none") { JwsFault::Unsecured } else { JwsFault::AlgorithmUnknown }
    })
}

/// A compact JWS that is well formed and not verified yet. Each segment has been decoded once.
pub struct Compact<'t> {
    signing_input: &'t str,
    header: Header,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

impl<'t> Compact<'t> {
    /// Reads a token: three segments, each in its one base64url spelling, a header that is a JSON object without
    /// duplicate names or extensions, a payload and a signature that are not empty. The payload is not looked into.
    ///
    /// # Errors
    /// [`JwsFault`]; size is judged before anything is decoded.
    pub fn parse(token: &'t str) -> Result<Self, JwsFault> {
        if token.len() > TOKEN_BYTES {
            return Err(JwsFault::TokenTooLong);
        }
        let (signing_input, signature) = token.rsplit_once('.').ok_or(JwsFault::NotThreeSegments)?;
        let (header, payload) = signing_input.split_once('.').ok_or(JwsFault::NotThreeSegments)?;
        if payload.contains('.') {
            return Err(JwsFault::NotThreeSegments);
        }
        if base64url::decoded_length(header) > HEADER_BYTES {
            return Err(JwsFault::HeaderTooLong);
        }
        let header = base64url::decode(header).map_err(|_| JwsFault::HeaderNotBase64url)?;
        let header = Header::parse(&header)?;
        if payload.is_empty() {
            return Err(JwsFault::PayloadEmpty);
        }
        if signature.is_empty() {
            return Err(JwsFault::SignatureEmpty);
        }
        let payload = base64url::decode(payload).map_err(|_| JwsFault::PayloadNotBase64url)?;
        let signature = base64url::decode(signature).map_err(|_| JwsFault::SignatureNotBase64url)?;
        Ok(Self { signing_input, header, payload, signature })
    }

    /// The header; like everything here, nobody's word until the signature has been verified.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The payload as anyone may have written it: good for finding out whose keys to try, and for nothing else.
    #[must_use]
    pub fn unverified_payload(&self) -> &[u8] {
        &self.payload
    }

    /// Verifies with the keys of `keys` that may have signed this: see [`KeySet::candidates`].
    ///
    /// # Errors
    /// [`JwsFault::NoKey`] when the set has none, [`JwsFault::SignatureInvalid`] when none of them fits the signature.
    pub fn verify<'a>(&'a self, keys: &'a KeySet) -> Result<Verified<'a>, JwsFault> {
        let mut fault = JwsFault::NoKey;
        for key in keys.candidates(self.header.kid(), self.header.alg) {
            match self.verify_with(key) {
                Ok(verified) => return Ok(verified),
                Err(other) => fault = other,
            }
        }
        Err(fault)
    }

    /// Verifies with this key, whatever its `kid`.
    ///
    /// # Errors
    /// [`JwsFault::NoKey`] when the key may not verify the header's `alg`, otherwise [`JwsFault::SignatureInvalid`].
    pub fn verify_with<'a>(&'a self, key: &'a PublicKey) -> Result<Verified<'a>, JwsFault> {
        if !key.may_verify(self.header.alg) {
            return Err(JwsFault::NoKey);
        }
        if !key.verifies(self.header.alg, self.signing_input.as_bytes(), &self.signature) {
            return Err(JwsFault::SignatureInvalid);
        }
        Ok(Verified { header: &self.header, payload: &self.payload, key })
    }
}

impl fmt::Debug for Compact<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Compact").field("header", &self.header).finish_non_exhaustive()
    }
}

/// What a key has signed. Only verification makes one.
#[derive(Clone, Copy)]
pub struct Verified<'a> {
    header: &'a Header,
    payload: &'a [u8],
    key: &'a PublicKey,
}

impl<'a> Verified<'a> {
    /// The header, which the signature covers.
    #[must_use]
    pub fn header(&self) -> &'a Header {
        self.header
    }

    /// The payload.
    #[must_use]
    pub fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// The key that signed.
    #[must_use]
    pub fn key(&self) -> &'a PublicKey {
        self.key
    }

    /// The payload as claims, within [`limits::CLAIMS`].
    ///
    /// # Errors
    /// [`JwsFault::Claims`], when it is not a JSON object within those bounds.
    pub fn claims(&self) -> Result<Claims, JwsFault> {
        self.claims_within(limits::CLAIMS)
    }

    /// The payload as claims, within the caller's bounds.
    ///
    /// # Errors
    /// [`JwsFault::Claims`], when it is not a JSON object within those bounds.
    pub fn claims_within(&self, bounds: Bounds) -> Result<Claims, JwsFault> {
        json::parse_object(self.payload, bounds).map(Claims::new).map_err(JwsFault::Claims)
    }
}

impl fmt::Debug for Verified<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verified").field("header", &self.header).field("key", &self.key).finish_non_exhaustive()
    }
}

/// Whether a `typ` (or `cty`) names the media type `expected`, given without `application/`: case does not matter, and
/// `application/` may be left out (RFC 7515 section 4.1.9). Parameters are not understood.
#[must_use]
pub fn typ_is(typ: &str, expected: &str) -> bool {
    const PREFIX: &str = "application/";
    let subtype = match typ.split_at_checked(PREFIX.len()) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case(PREFIX) => rest,
        Some(_) | None => typ,
    };
    subtype.eq_ignore_ascii_case(expected)
}

#[cfg(test)]
mod tests;
