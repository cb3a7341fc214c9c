//! What a tenant signs with, and what it publishes of it (RFC 7517 section 5).

use parhelion_jose::signing::SigningKey;
use serde_json::{Value, json};

/// A tenant's signing keys; the first one signs.
#[derive(Debug)]
pub struct SigningKeys {
    current: SigningKey,
    published: String,
}

impl SigningKeys {
    /// Signs with `current` and publishes its public half.
    #[must_use]
    pub fn new(current: SigningKey) -> Self {
        let published = json!({ "keys": [Value::Object(current.public_jwk())] }).to_string();
        Self { current, published }
    }

    /// The key that signs.
    #[must_use]
    pub const fn current(&self) -> &SigningKey {
        &self.current
    }

    /// The JWK set, as JSON text.
    #[must_use]
    pub fn jwks(&self) -> &str {
        &self.published
    }
}
