//! JSON Web Signatures in compact serialisation (RFC 7515): read strictly, then verified or not used at all.

mod fault;
mod header;
mod mac;
mod segments;
mod unsecured;

pub use crate::algorithm::Algorithm;
pub use fault::JwsFault;
pub use header::Header;
pub use mac::{MacAlgorithm, MacCompact, MacKey, MacVerified};
pub use unsecured::{NoAlgorithm, Unsecured};

use crate::claims::Claims;
use crate::json::{self, Bounds};
use crate::jwk::{KeySet, PublicKey};
use crate::limits;
use segments::Segments;
use std::fmt;

/// A compact JWS that is well formed and not verified yet. Each segment has been decoded once. Only a public key
/// verifies it: what a shared secret has signed is a [`MacCompact`].
pub struct Compact<'t>(Segments<'t, Algorithm>);

impl<'t> Compact<'t> {
    /// Reads a token: three segments, each in its one base64url spelling, a header that is a JSON object without
    /// duplicate names or extensions, a payload and a signature that are not empty. The payload is not looked into.
    ///
    /// # Errors
    /// [`JwsFault`]; size is judged before anything is decoded.
    pub fn parse(token: &'t str) -> Result<Self, JwsFault> {
        Segments::parse(token, Algorithm::from_name).map(Self)
    }

    /// The header; like everything here, nobody's word until the signature has been verified.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.0.header
    }

    /// The payload as anyone may have written it: good for finding out whose keys to try, and for nothing else.
    #[must_use]
    pub fn unverified_payload(&self) -> &[u8] {
        &self.0.payload
    }

    /// Verifies with the keys of `keys` that may have signed this: see [`KeySet::candidates`].
    ///
    /// # Errors
    /// [`JwsFault::NoKey`] when the set has none, [`JwsFault::SignatureInvalid`] when none of them fits the signature.
    pub fn verify<'a>(&'a self, keys: &'a KeySet) -> Result<Verified<'a>, JwsFault> {
        let mut fault = JwsFault::NoKey;
        for key in keys.candidates(self.0.header.kid(), self.0.header.alg()) {
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
        if !key.may_verify(self.0.header.alg()) {
            return Err(JwsFault::NoKey);
        }
        if !key.verifies(self.0.header.alg(), self.0.signing_input.as_bytes(), &self.0.signature) {
            return Err(JwsFault::SignatureInvalid);
        }
        Ok(Verified { header: &self.0.header, payload: &self.0.payload, key })
    }
}

impl fmt::Debug for Compact<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Compact").field("header", &self.0.header).finish_non_exhaustive()
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
