//! Why a compact JWE was refused, or could not be made.

use crate::json::JsonFault;
use crate::jwk::JwkFault;
use std::fmt;

/// Why a compact JWE was refused, or could not be made. No variant carries anything of the token. Whatever depends on a
/// private key or on the content is [`JweFault::Decryption`]; the others tell the sender what the sender has written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JweFault {
    /// Longer than [`crate::limits::JWE_BYTES`].
    TokenTooLong,
    /// Not five segments: a JWS has three, the JSON serialisations have none (RFC 7516 section 3.1).
    NotFiveSegments,
    /// Longer than [`crate::limits::HEADER_BYTES`].
    HeaderTooLong,
    /// The header is not in its one base64url spelling.
    HeaderNotBase64url,
    /// The header is not a JSON object within [`crate::limits::HEADER`], each name once.
    Header(JsonFault),
    /// `crit` is there: no extension is understood (RFC 7516 section 4.1.13).
    CriticalExtension,
    /// `zip` is there: nothing is decompressed (RFC 8725 section 3.6).
    Compressed,
    /// `alg` is not there.
    AlgorithmMissing,
    /// `alg` is not a string.
    AlgorithmMalformed,
    /// `alg` is no algorithm of [`crate::jwe::Algorithm`].
    AlgorithmUnknown,
    /// `enc` is not there.
    EncryptionMissing,
    /// `enc` is not a string.
    EncryptionMalformed,
    /// `enc` is no algorithm of [`crate::jwe::ContentEncryption`].
    EncryptionUnknown,
    /// `kid` is not a string, or longer than [`crate::limits::KID_BYTES`].
    KidMalformed,
    /// `typ` or `cty` is not a string.
    TypMalformed,
    /// `epk` is not there, or not an object, and `alg` agrees on a key.
    EphemeralKeyMissing,
    /// `epk` is no public key, or no point of its curve (RFC 7518 section 4.6.1.1).
    EphemeralKey(JwkFault),
    /// `apu` or `apv` is not a string in its one base64url spelling.
    PartyMalformed,
    /// The encrypted key is not in its one base64url spelling, or not of the length that `alg` and `enc` give it.
    EncryptedKeyMalformed,
    /// The initialization vector is not in its one base64url spelling, or not of the length that `enc` gives it.
    IvMalformed,
    /// The ciphertext is empty, not in its one base64url spelling, or not of whole blocks.
    CiphertextMalformed,
    /// The authentication tag is not in its one base64url spelling, or not of the length that `enc` gives it.
    TagMalformed,
    /// No key serves this `alg`, `kid` and curve.
    NoKey,
    /// There are keys, and none of them opens this token: wrong key, wrong tag, wrong padding, all the same.
    Decryption,
    /// There is nothing to encrypt.
    PlaintextEmpty,
    /// The cryptographic library failed, or the recipient's key gives no security (a point of small order on X25519).
    Encryption,
}

impl fmt::Display for JweFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Header(fault) => return write!(f, "header: {fault}"),
            Self::EphemeralKey(fault) => return write!(f, "epk: {fault}"),
            Self::TokenTooLong => "the token is too long",
            Self::NotFiveSegments => "the token is not five segments",
            Self::HeaderTooLong => "the header is too long",
            Self::HeaderNotBase64url => "the header is not base64url",
            Self::CriticalExtension => "the header demands an extension",
            Self::Compressed => "the content is compressed",
            Self::AlgorithmMissing => "alg is missing",
            Self::AlgorithmMalformed => "alg is not a string",
            Self::AlgorithmUnknown => "alg is not supported",
            Self::EncryptionMissing => "enc is missing",
            Self::EncryptionMalformed => "enc is not a string",
            Self::EncryptionUnknown => "enc is not supported",
            Self::KidMalformed => "kid is not a string, or too long",
            Self::TypMalformed => "typ or cty is not a string",
            Self::EphemeralKeyMissing => "epk is missing, or not an object",
            Self::PartyMalformed => "apu or apv is not base64url",
            Self::EncryptedKeyMalformed => "the encrypted key is not base64url, or of a wrong length",
            Self::IvMalformed => "the initialization vector is not base64url, or of a wrong length",
            Self::CiphertextMalformed => "the ciphertext is empty, not base64url, or of a wrong length",
            Self::TagMalformed => "the authentication tag is not base64url, or of a wrong length",
            Self::NoKey => "no key fits alg, kid and curve",
            Self::Decryption => "the token cannot be decrypted",
            Self::PlaintextEmpty => "there is nothing to encrypt",
            Self::Encryption => "the content could not be encrypted",
        };
        f.write_str(text)
    }
}

impl std::error::Error for JweFault {}
