//! A client's own signing key (ES256), made with the cryptographic library directly and not with the server's code.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::encoding::{AsBigEndian, EcPrivateKeyBin};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};

use crate::{base64, dice};

/// How long an assertion of ours is good for.
const ASSERTION_LIFETIME_S: u64 = 60;

/// A fresh P-256 key.
#[derive(Debug)]
pub struct ClientKey {
    pair: EcdsaKeyPair,
    kid: String,
}

impl ClientKey {
    /// Makes one.
    ///
    /// # Panics
    /// When the library cannot.
    #[must_use]
    pub fn generate() -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
        Self { pair, kid: dice::secret()[..8].to_owned() }
    }

    /// The public key as the server is told it.
    #[must_use]
    pub fn public_jwk(&self) -> Value {
        let (x, y) = self.pair.public_key().as_ref()[1..].split_at(32);
        json!({
            "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": self.kid,
            "x": base64::url_safe(x), "y": base64::url_safe(y),
        })
    }

    /// The public key as the server is told it where one encrypts to it.
    #[must_use]
    pub fn encryption_jwk(&self) -> Value {
        let mut jwk = self.public_jwk();
        jwk["use"] = "enc".into();
        if let Value::Object(members) = &mut jwk {
            members.remove("alg");
        }
        jwk
    }

    /// The whole key, for another program of the same client.
    ///
    /// # Panics
    /// When the library does not hand it out.
    #[must_use]
    pub fn private_jwk(&self) -> Value {
        let secret: EcPrivateKeyBin<'_> = self.pair.private_key().as_be_bytes().expect("the private key");
        let mut jwk = self.public_jwk();
        jwk["d"] = base64::url_safe(secret.as_ref()).into();
        jwk
    }

    /// A client assertion (RFC 7523 section 3) for this audience.
    #[must_use]
    pub fn assertion(&self, client_id: &str, audience: &str) -> String {
        let now = unix_s();
        let claims = json!({
            "iss": client_id, "sub": client_id, "aud": audience, "jti": dice::secret(),
            "iat": now, "exp": now + ASSERTION_LIFETIME_S,
        });
        self.sign(&json!({ "alg": "ES256", "kid": self.kid }), &claims)
    }

    /// Any header and claims, signed in compact form (RFC 7515 section 3.1).
    ///
    /// # Panics
    /// When the library cannot sign.
    #[must_use]
    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        let encode = |part: &Value| base64::url_safe(part.to_string().as_bytes());
        let input = format!("{}.{}", encode(header), encode(claims));
        let signature = self.pair.sign(&SystemRandom::new(), input.as_bytes()).expect("a signature");
        format!("{input}.{}", base64::url_safe(signature.as_ref()))
    }
}

/// Seconds since 1970.
///
/// # Panics
/// Before 1970.
#[must_use]
pub fn unix_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock past 1970").as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

    #[test]
    fn an_assertion_verifies_with_the_public_key() {
        let key = ClientKey::generate();
        let assertion = key.assertion("app", "https://as.example");
        let (input, signature) = assertion.rsplit_once('.').unwrap();
        assert_eq!(signature.len(), 86);
        let bytes: Vec<u8> = signature.as_bytes().chunks(4).flat_map(decode).collect();
        let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.pair.public_key().as_ref());
        public.verify(input.as_bytes(), &bytes).unwrap();
    }

    fn decode(group: &[u8]) -> Vec<u8> {
        let index = |digit: &u8| (0..64).find(|value: &u8| base64::url_safe(&[value << 2]).as_bytes()[0] == *digit);
        let bits = group.iter().fold(0, |bits, digit| bits << 6 | u32::from(index(digit).unwrap()));
        (bits << (6 * (4 - group.len()))).to_be_bytes()[1..group.len()].to_vec()
    }

    #[test]
    fn only_the_private_key_has_a_secret_part() {
        let key = ClientKey::generate();
        assert!(key.public_jwk().get("d").is_none());
        assert_eq!(key.private_jwk()["d"].as_str().unwrap().len(), 43);
    }
}
