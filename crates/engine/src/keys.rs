//! What a tenant signs and decrypts with, and what it publishes of it (RFC 7517 section 5).

use parhelion_jose::claims::Claims;
use parhelion_jose::jwe::{self, DecryptionKey, DecryptionKeySet};
use parhelion_jose::jws::{Algorithm, Compact};
use parhelion_jose::signing::SigningKey;
use serde_json::{Value, json};

/// A tenant's private keys. Of those that sign: the one that does, those that are published ahead of their time, and
/// those whose signatures are still about. Of those that decrypt: the ones that are published, and the ones that were.
#[derive(Debug)]
pub struct TenantKeys {
    current: SigningKey,
    others: Vec<SigningKey>,
    decryption: DecryptionKeySet,
    encryption_algs: Vec<jwe::Algorithm>,
    published: String,
}

impl TenantKeys {
    /// Signs with `current`; publishes and accepts all. Decrypts nothing.
    #[must_use]
    pub fn new(current: SigningKey, others: Vec<SigningKey>) -> Self {
        let keys = TenantKeys {
            current,
            others,
            decryption: DecryptionKeySet::default(),
            encryption_algs: Vec::new(),
            published: String::new(),
        };
        Self { published: keys.to_jwks(&[]), ..keys }
    }

    /// The same, which decrypts with all of these, and publishes the first of them.
    #[must_use]
    pub fn with_encryption(self, published: Vec<DecryptionKey>, replaced: Vec<DecryptionKey>) -> Self {
        Self {
            published: self.to_jwks(&published),
            encryption_algs: published.iter().map(DecryptionKey::algorithm).collect(),
            decryption: DecryptionKeySet::new(published.into_iter().chain(replaced).collect()),
            ..self
        }
    }

    fn to_jwks(&self, encryption: &[DecryptionKey]) -> String {
        let signing = self.signing_keys().map(SigningKey::public_jwk);
        let keys = signing.chain(encryption.iter().map(DecryptionKey::public_jwk)).map(Value::Object);
        json!({ "keys": keys.collect::<Vec<_>>() }).to_string()
    }

    fn signing_keys(&self) -> impl Iterator<Item = &SigningKey> {
        std::iter::once(&self.current).chain(&self.others)
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
        self.signing_keys().find(|key| algorithm.is_none_or(|algorithm| key.algorithm() == algorithm))
    }

    /// What it signs with now, and what it may sign with soon or has signed with: each once, the present one first.
    #[must_use]
    pub fn algorithms(&self) -> Vec<Algorithm> {
        let mut algorithms = Vec::new();
        for key in self.signing_keys() {
            if !algorithms.contains(&key.algorithm()) {
                algorithms.push(key.algorithm());
            }
        }
        algorithms
    }

    /// What decrypts, whatever is published of it.
    #[must_use]
    pub const fn decryption(&self) -> &DecryptionKeySet {
        &self.decryption
    }

    /// How a content key may be sent to the published keys.
    #[must_use]
    pub fn encryption_algs(&self) -> &[jwe::Algorithm] {
        &self.encryption_algs
    }

    /// The JWK set, as JSON text.
    #[must_use]
    pub fn jwks(&self) -> &str {
        &self.published
    }

    /// Whether others sign, decrypt and publish the same.
    #[must_use]
    pub fn are_the_same(&self, others: &Self) -> bool {
        let decrypting = |keys: &Self| keys.decryption.iter().map(|key| key.kid().to_owned()).collect::<Vec<_>>();
        self.published == others.published && decrypting(self) == decrypting(others)
    }

    /// The claims of a token that one of these keys signed.
    #[must_use]
    pub fn verify(&self, token: &Compact<'_>) -> Option<Claims> {
        let kid = token.header().kid();
        let key = self.signing_keys().find(|key| kid == Some(key.kid()))?;
        token.verify_with(key.public_key()).ok()?.claims().ok()
    }
}
