//! JSON Object Signing and Encryption for OAuth: strict JSON, base64url, JWK, JWS and JWE on aws-lc-rs.
//!
//! Pure functions over bytes: no I/O, no clock, no async, and no knowledge of OAuth. What a token means, when it
//! expires and whose it is are judged elsewhere; here it is decided what was written, whether a key signed it, and
//! who can read it.
//!
//! Every parser is strict, so that one token has one spelling, and every bound is named in [`limits`].

pub mod algorithm;
pub mod base64;
pub mod base64url;
pub mod claims;
pub mod json;
pub mod jwe;
pub mod jwk;
pub mod jws;
pub mod limits;
pub mod signing;

#[cfg(test)]
mod hex;
