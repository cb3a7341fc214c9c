//! What a tenant signs with, and what it publishes of it (RFC 7517 section 5).

use parhelion_jose::claims::Claims;
use parhelion_jose::jws::{Algorithm, Compact};
use parhelion_jose::signing::SigningKey;
use serde_json::{Value, json};

/// A tenant's signing keys: the one that signs, those that are published ahead of their time, and those
/// whose signatures are still about.
#[derive(Debug)]
pub struct SigningKeys {
    current: SigningKey,
    others: Vec<SigningKey>,
    published: String,
}

impl SigningKeys {
    /// Signs with `current`; publishes and accepts all.
    #[must_use]
    pub fn new(current: SigningKey, others: Vec<SigningKey>) -> Self {
        let keys = std::iter::once(&current).chain(&others).map(|key| Value::Object(key.public_jwk()));
        let published = json!({ "keys": keys.collect::<Vec<_>>() }).to_string();
        Self { current, others, published }
    }

    /// The key that signs.
    #[must_use]
    pub const fn current(&self) -> &SigningKey {
        &self.current
    }

    /// The key that signs with an algorithm: the one that signs where none is named; else the first of those of that
    /// algorithm, of which the present one counts first.
    #[must_use]
    pub fn signing(&self, algorithm: Option<Algorithm>) -> Option<&SigningKey> {
        let fits = |key: &&SigningKey| algorithm.is_none_or(|algorithm| key.algorithm() == algorithm);
        std::iter::once(&self.current).chain(&self.others).find(fits)
    }

    /// What it signs with now, and what it may sign with soon or has signed with: each once, the present one first.
    #[must_use]
    pub fn algorithms(&self) -> Vec<Algorithm> {
        let mut algorithms = Vec::new();
        for key in std::iter::once(&self.current).chain(&self.others) {
            if !algorithms.contains(&key.algorithm()) {
                algorithms.push(key.algorithm());
            }
        }
        algorithms
    }

    /// The JWK set, as JSON text.
    #[must_use]
    pub fn jwks(&self) -> &str {
        &self.published
    }

    /// The claims of a token that one of these keys signed.
    #[must_use]
    pub fn verify(&self, token: &Compact<'_>) -> Option<Claims> {
        let kid = token.header().kid();
        let mut keys = std::iter::once(&self.current).chain(&self.others);
        let key = keys.find(|key| kid == Some(key.kid()))?;
        token.verify_with(key.public_key()).ok()?.claims().ok()
    }
}
