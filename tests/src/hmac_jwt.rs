//! JWTs that a client signs with its secret.

use aws_lc_rs::hmac;
use serde_json::{Value, json};

use crate::base64;

/// Signs claims under `HS256`, `HS384` or `HS512`.
///
/// # Panics
/// When there is no such algorithm.
#[must_use]
pub fn sign(alg: &str, secret: &[u8], claims: &Value) -> String {
    let algorithm = match alg {
        "HS256" => hmac::HMAC_SHA256,
        "HS384" => hmac::HMAC_SHA384,
        "HS512" => hmac::HMAC_SHA512,
        other => panic!("{other} is no HMAC"),
    };
    let input = unsigned(&json!({ "alg": alg }), claims);
    let tag = hmac::sign(&hmac::Key::new(algorithm, secret), input.trim_end_matches('.').as_bytes());
    format!("{input}{}", base64::url_safe(tag.as_ref()))
}

/// A header and claims, with the dot behind them and no signature.
#[must_use]
pub fn unsigned(header: &Value, claims: &Value) -> String {
    format!("{}.{}.", base64::url_safe(header.to_string().as_bytes()), base64::url_safe(claims.to_string().as_bytes()))
}
