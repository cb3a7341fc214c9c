//! The three segments of a compact JWS, each decoded once (RFC 7515 section 3.1).

use super::{Header, JwsFault};
use crate::base64url;
use crate::limits::{HEADER_BYTES, TOKEN_BYTES};

/// A well-formed token whose `alg` is of the family `A`. The families have nothing in common but this shape, so that
/// a token is read as one or as the other, and no key of the other can be tried on it.
pub(super) struct Segments<'t, A> {
    pub(super) signing_input: &'t str,
    pub(super) header: Header<A>,
    pub(super) payload: Vec<u8>,
    pub(super) signature: Vec<u8>,
}

impl<'t, A: Copy> Segments<'t, A> {
    /// Reads a token whose `alg` is one that `named` knows by its name.
    pub(super) fn parse(token: &'t str, named: fn(&str) -> Option<A>) -> Result<Self, JwsFault> {
        let Split { signing_input, header, payload, signature } = Split::of(token, named)?;
        if signature.is_empty() {
            return Err(JwsFault::SignatureEmpty);
        }
        let payload = base64url::decode(payload).map_err(|_| JwsFault::PayloadNotBase64url)?;
        let signature = base64url::decode(signature).map_err(|_| JwsFault::SignatureNotBase64url)?;
        Ok(Self { signing_input, header, payload, signature })
    }
}

/// The same before payload and signature are decoded. The payload is not empty; the signature may be.
pub(super) struct Split<'t, A> {
    signing_input: &'t str,
    pub(super) header: Header<A>,
    pub(super) payload: &'t str,
    pub(super) signature: &'t str,
}

impl<'t, A: Copy> Split<'t, A> {
    pub(super) fn of(token: &'t str, named: fn(&str) -> Option<A>) -> Result<Self, JwsFault> {
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
        let header = Header::parse(&header, named)?;
        if payload.is_empty() {
            return Err(JwsFault::PayloadEmpty);
        }
        Ok(Self { signing_input, header, payload, signature })
    }
}
