//! Why a compact JWS was refused.

use crate::json::JsonFault;
use std::fmt;

/// Why a compact JWS was refused. No variant carries anything of the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JwsFault {
    /// Longer than [`crate::limits::TOKEN_BYTES`].
    TokenTooLong,
    /// Not three segments: a JWE has five, the JSON serialisations have none (RFC 7515 section 3.1).
    NotThreeSegments,
    /// Longer than [`crate::limits::HEADER_BYTES`].
    HeaderTooLong,
    /// The header is not in its one base64url spelling.
    HeaderNotBase64url,
    /// The header is not a JSON object within [`crate::limits::HEADER`], each name once.
    Header(JsonFault),
    /// `crit` or `b64` is there: no extension is understood (RFC 7515 section 4.1.11, RFC 7797 section 6).
    CriticalExtension,
    /// `alg` is not there.
    AlgorithmMissing,
    /// `alg` is not a string.
    AlgorithmMalformed,
    /// `alg` is `none`, in any spelling.
    Unsecured,
    /// `alg` is no algorithm of the family that was asked for: [`crate::jws::Algorithm`] for a
    /// [`crate::jws::Compact`], [`crate::jws::MacAlgorithm`] for a [`crate::jws::MacCompact`].
    AlgorithmUnknown,
    /// `kid` is not a string, or longer than [`crate::limits::KID_BYTES`].
    KidMalformed,
    /// `typ` is not a string.
    TypMalformed,
    /// The payload is empty: detached content is not accepted (RFC 7515 appendix F).
    PayloadEmpty,
    /// The payload is not in its one base64url spelling.
    PayloadNotBase64url,
    /// The signature was left out.
    SignatureEmpty,
    /// The signature is not in its one base64url spelling.
    SignatureNotBase64url,
    /// There is a signature where nobody signs: only [`crate::jws::Unsecured`] asks for none.
    SignatureNotEmpty,
    /// No key may verify this `alg` and `kid`; of a shared secret, that it is too short for `alg`.
    NoKey,
    /// There are keys, and none of them made this signature.
    SignatureInvalid,
    /// The signature is good, and the payload is not a JSON object within bounds, each name once.
    Claims(JsonFault),
}

impl fmt::Display for JwsFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Header(fault) => return write!(f, "header: {fault}"),
            Self::Claims(fault) => return write!(f, "payload: {fault}"),
            Self::TokenTooLong => "the token is too long",
            Self::NotThreeSegments => "the token is not three segments",
            Self::HeaderTooLong => "the header is too long",
            Self::HeaderNotBase64url => "the header is not base64url",
            Self::CriticalExtension => "the header demands an extension",
            Self::AlgorithmMissing => "alg is missing",
            Self::AlgorithmMalformed => "alg is not a string",
            Self::Unsecured => "alg is none",
            Self::AlgorithmUnknown => "alg is not supported",
            Self::KidMalformed => "kid is not a string, or too long",
            Self::TypMalformed => "typ is not a string",
            Self::PayloadEmpty => "the payload is empty",
            Self::PayloadNotBase64url => "the payload is not base64url",
            Self::SignatureEmpty => "the signature is empty",
            Self::SignatureNotBase64url => "the signature is not base64url",
            Self::SignatureNotEmpty => "there is a signature, and alg is none",
            Self::NoKey => "no key fits alg and kid",
            Self::SignatureInvalid => "the signature is not valid",
        };
        f.write_str(text)
    }
}

impl std::error::Error for JwsFault {}
