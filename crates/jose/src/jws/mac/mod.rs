//! HMAC over a compact JWS (RFC 7518 section 3.2): a family of its own, with its own tokens and its own keys.
//!
//! A [`MacKey`] never meets a [`super::Compact`], and a [`crate::jwk::PublicKey`] never meets a [`MacCompact`]: that a
//! public key be taken for a shared secret does not compile.

use super::segments::Segments;
use super::{Header, JwsFault};
use crate::base64url;
use crate::claims::Claims;
use crate::json::{self, Bounds};
use crate::limits;
use crate::signing::SigningFault;
use aws_lc_rs::hmac;
use serde::Serialize;
use std::fmt;
use zeroize::Zeroizing;

/// A JWS algorithm that the holders of a shared secret verify.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MacAlgorithm {
    /// HMAC with SHA-256.
    Hs256,
    /// HMAC with SHA-384.
    Hs384,
    /// HMAC with SHA-512.
    Hs512,
}

impl MacAlgorithm {
    /// Every algorithm, in the order of the declaration.
    pub const ALL: [Self; 3] = [Self::Hs256, Self::Hs384, Self::Hs512];

    /// The name registered for `alg`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Hs384 => "HS384",
            Self::Hs512 => "HS512",
        }
    }

    /// The algorithm of that exact name; names are case-sensitive (RFC 7515 section 4.1.1).
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }

    /// Bits of the digest, below which no key may be (RFC 7518 section 3.2).
    #[must_use]
    pub const fn key_bits_min(self) -> usize {
        match self {
            Self::Hs256 => 256,
            Self::Hs384 => 384,
            Self::Hs512 => 512,
        }
    }

    fn hmac(self) -> hmac::Algorithm {
        match self {
            Self::Hs256 => hmac::HMAC_SHA256,
            Self::Hs384 => hmac::HMAC_SHA384,
            Self::Hs512 => hmac::HMAC_SHA512,
        }
    }
}

impl fmt::Display for MacAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A secret that both sides have. Its memory is wiped when it is dropped.
pub struct MacKey(Zeroizing<Box<[u8]>>);

impl MacKey {
    /// The octets of the secret; of a `client_secret`, its UTF-8 (OpenID Connect Core section 10.1). A short secret is a
    /// key too, and serves no algorithm: see [`MacKey::may_verify`].
    #[must_use]
    pub fn new(secret: &[u8]) -> Self {
        Self(Zeroizing::new(secret.into()))
    }

    /// Bits of the secret: its length, which is the most that can be said of its strength.
    #[must_use]
    pub fn bits(&self) -> usize {
        self.0.len().saturating_mul(8)
    }

    /// Whether the secret is as long as `algorithm` demands (RFC 7518 section 3.2).
    #[must_use]
    pub fn may_verify(&self, algorithm: MacAlgorithm) -> bool {
        self.bits() >= algorithm.key_bits_min()
    }

    /// Signs `payload`, as a client does that authenticates by `client_secret_jwt`: a compact JWS whose header is `alg`
    /// and `typ`.
    ///
    /// # Errors
    /// [`SigningFault::KeyRejected`] when the secret is too short for `algorithm`, otherwise [`SigningFault::Failed`].
    pub fn sign(&self, algorithm: MacAlgorithm, typ: &str, payload: &[u8]) -> Result<String, SigningFault> {
        if !self.may_verify(algorithm) {
            return Err(SigningFault::KeyRejected);
        }
        let header = ProtectedHeader { alg: algorithm.name(), typ };
        let mut token = base64url::encode(&serde_json::to_vec(&header).map_err(|_| SigningFault::Failed)?);
        token.push('.');
        base64url::encode_onto(payload, &mut token);
        let tag = hmac::sign(&self.hmac(algorithm), token.as_bytes());
        token.push('.');
        base64url::encode_onto(tag.as_ref(), &mut token);
        Ok(token)
    }

    fn hmac(&self, algorithm: MacAlgorithm) -> hmac::Key {
        hmac::Key::new(algorithm.hmac(), &self.0)
    }
}

impl fmt::Debug for MacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MacKey").finish_non_exhaustive()
    }
}

#[derive(Serialize)]
struct ProtectedHeader<'a> {
    alg: &'a str,
    typ: &'a str,
}

/// A compact JWS under an HMAC that is well formed and not verified yet. Each segment has been decoded once.
pub struct MacCompact<'t>(Segments<'t, MacAlgorithm>);

impl<'t> MacCompact<'t> {
    /// Reads a token exactly as [`super::Compact::parse`] does, but for its algorithms.
    ///
    /// # Errors
    /// [`JwsFault`]; [`JwsFault::AlgorithmUnknown`] also for the algorithms of public keys.
    pub fn parse(token: &'t str) -> Result<Self, JwsFault> {
        Segments::parse(token, MacAlgorithm::from_name).map(Self)
    }

    /// The header; like everything here, nobody's word until the signature has been verified.
    #[must_use]
    pub fn header(&self) -> &Header<MacAlgorithm> {
        &self.0.header
    }

    /// The payload as anyone may have written it: good for finding out whose secret to try, and for nothing else.
    #[must_use]
    pub fn unverified_payload(&self) -> &[u8] {
        &self.0.payload
    }

    /// Verifies with this secret, in a time that does not depend on where the signature is wrong.
    ///
    /// # Errors
    /// [`JwsFault::NoKey`] when the secret is too short for the header's `alg`, otherwise
    /// [`JwsFault::SignatureInvalid`].
    pub fn verify<'a>(&'a self, key: &MacKey) -> Result<MacVerified<'a>, JwsFault> {
        let Segments { signing_input, header, payload, signature } = &self.0;
        if !key.may_verify(header.alg()) {
            return Err(JwsFault::NoKey);
        }
        hmac::verify(&key.hmac(header.alg()), signing_input.as_bytes(), signature)
            .map_err(|_| JwsFault::SignatureInvalid)?;
        Ok(MacVerified { header, payload })
    }
}

impl fmt::Debug for MacCompact<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MacCompact").field("header", &self.0.header).finish_non_exhaustive()
    }
}

/// What a holder of the secret has signed, the verifier not excepted. Only verification makes one.
#[derive(Clone, Copy)]
pub struct MacVerified<'a> {
    header: &'a Header<MacAlgorithm>,
    payload: &'a [u8],
}

impl<'a> MacVerified<'a> {
    /// The header, which the signature covers.
    #[must_use]
    pub fn header(&self) -> &'a Header<MacAlgorithm> {
        self.header
    }

    /// The payload.
    #[must_use]
    pub fn payload(&self) -> &'a [u8] {
        self.payload
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

impl fmt::Debug for MacVerified<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MacVerified").field("header", &self.header).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
