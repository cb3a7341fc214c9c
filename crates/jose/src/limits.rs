//! Every bound this room puts on size, count and depth.

use crate::json::Bounds;

/// Longest compact JWS, in bytes as sent.
pub const TOKEN_BYTES: usize = 32 * 1024;

/// Longest compact JWE, in bytes as sent: room for a JWS of [`TOKEN_BYTES`] and a key of [`RSA_MODULUS_BITS_MAX`].
pub const JWE_BYTES: usize = 64 * 1024;

/// Longest JOSE header, in bytes after base64url decoding.
pub const HEADER_BYTES: usize = 4 * 1024;

/// Longest `kid`, in bytes, in a header or in a JWK.
pub const KID_BYTES: usize = 256;

/// Bounds of a JOSE header: a DPoP proof carries a JWK in it, hence the depth.
pub const HEADER: Bounds = Bounds { depth: 8, nodes: 100, bytes: HEADER_BYTES };

/// Bounds of a payload that is a JSON object, unless the caller names others.
pub const CLAIMS: Bounds = Bounds { depth: 8, nodes: 200, bytes: TOKEN_BYTES };

/// Bounds of a JWK Set document: room for [`JWKS_KEYS`] large RSA keys with a certificate chain on some of them.
pub const JWKS: Bounds = Bounds { depth: 8, nodes: 4096, bytes: 256 * 1024 };

/// Most keys in a JWK Set.
pub const JWKS_KEYS: usize = 100;

/// Most entries of a JWK's `key_ops`; RFC 7517 section 4.3 defines eight.
pub const KEY_OPS: usize = 16;

/// Most keys tried on one token. Without a `kid` the set names none, and with one the owner of the set may have
/// used it many times over; either way a token costs at most this many verifications or decryptions.
pub const KEYS_TRIED: usize = 4;

/// Smallest RSA modulus, in bits (RFC 7518 sections 3.3 and 3.5; FAPI 2.0 section 5.4.1).
pub const RSA_MODULUS_BITS_MIN: usize = 2048;

/// Largest RSA modulus, in bits: verification grows with its square.
pub const RSA_MODULUS_BITS_MAX: usize = 8192;

/// Smallest RSA public exponent; the largest is the last that fits in 32 bits.
pub const RSA_EXPONENT_MIN: u32 = 3;

/// Last second of the year 9999, in seconds since 1970-01-01T00:00:00Z: the largest NumericDate.
pub const NUMERIC_DATE_MAX_S: i64 = 253_402_300_799;
