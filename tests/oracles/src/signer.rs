//! A key that signs whatever header it is given, as an attacker who has a key would.

use std::sync::LazyLock;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Validation, crypto};
use parhelion_jose::jws;
use parhelion_jose::signing::SigningKey;
use serde_json::{Map, Value};

use crate::second::to_base64url;

/// Ed25519 of a seed of sevens, in PKCS#8 (RFC 8410).
static KEY: LazyLock<SigningKey> = LazyLock::new(|| {
    let document = [&b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20"[..], &[7; 32]].concat();
    SigningKey::from_pkcs8(jws::Algorithm::EdDsa, Some("7"), &document).unwrap()
});

/// The key, as we have it.
pub(crate) fn key() -> &'static SigningKey {
    &KEY
}

/// Its public half without a description.
pub(crate) fn public_jwk() -> Map<String, Value> {
    let described = |name: &String| ["kty", "crv", "x"].contains(&name.as_str());
    KEY.public_jwk().into_iter().filter(|(name, _)| described(name)).collect()
}

/// A token of these bytes, signed by another library.
pub(crate) fn sign(header: &[u8], payload: &[u8]) -> String {
    let input = [header, payload].map(to_base64url).join(".");
    let key = EncodingKey::from_ed_der(&KEY.to_pkcs8().unwrap());
    let signature = crypto::sign(input.as_bytes(), &key, Algorithm::EdDSA).unwrap();
    format!("{input}.{signature}")
}

/// The claims of a token that the other library accepts, whatever its times and parties.
pub(crate) fn accepted_by_peer(token: &str) -> Option<Value> {
    let jwk = serde_json::from_value(Value::Object(public_jwk())).unwrap();
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.required_spec_claims.clear();
    (validation.validate_exp, validation.validate_aud) = (false, false);
    jsonwebtoken::decode(token, &DecodingKey::from_jwk(&jwk).unwrap(), &validation).ok().map(|token| token.claims)
}
