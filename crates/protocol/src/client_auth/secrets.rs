//! What a client shares with the server, and until when. While a secret is exchanged for another, both are good.

use aws_lc_rs::digest;
use subtle::ConstantTimeEq;

use crate::limits;

/// The secrets of one client, in whatever form its method needs them.
#[derive(Debug)]
pub struct Secrets<T>(Vec<Dated<T>>);

#[derive(Debug)]
struct Dated<T> {
    secret: T,
    expires_at_s: Option<i64>,
}

/// What came of comparing with every secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    /// One that is good.
    Good,
    /// One that was good once.
    Expired,
    /// None.
    None,
}

impl<T> Secrets<T> {
    /// These, each good before its moment in seconds since 1970, or for ever.
    #[must_use]
    pub fn new(secrets: impl IntoIterator<Item = (T, Option<i64>)>) -> Self {
        Self(secrets.into_iter().map(|(secret, expires_at_s)| Dated { secret, expires_at_s }).collect())
    }

    /// One that is good for ever.
    #[must_use]
    pub fn lasting(secret: T) -> Self {
        Self::new([(secret, None)])
    }

    /// Compares with each of them, so that it takes as long whichever it is.
    pub fn compare(&self, now_s: i64, mut is_it: impl FnMut(&T) -> bool) -> Match {
        let found = self.0.iter().filter(|dated| is_it(&dated.secret));
        found.fold(Match::None, |found, dated| match (found, dated.expires_at_s) {
            (Match::Good, _) | (_, None) => Match::Good,
            (_, Some(expires_at_s)) if now_s < expires_at_s => Match::Good,
            (Match::None | Match::Expired, Some(_)) => Match::Expired,
        })
    }
}

/// A secret as it is handed in to a registration.
#[derive(Clone, Copy)]
pub struct GivenSecret<'a> {
    /// The secret.
    pub value: SecretValue<'a>,
    /// From when on it is not good, in seconds since 1970; none is never.
    pub expires_at_s: Option<i64>,
}

/// A secret, or what is left of one.
#[derive(Clone, Copy)]
pub enum SecretValue<'a> {
    /// Its text: every method can use it.
    Text(&'a str),
    /// The same of one that is stored to be read again.
    ReadAgain(&'a str),
    /// Its SHA-256: a method that signs with the secret cannot.
    Digest([u8; 32]),
}

impl<'a> GivenSecret<'a> {
    /// A secret that is good for ever.
    #[must_use]
    pub const fn lasting(text: &'a str) -> Self {
        Self { value: SecretValue::Text(text), expires_at_s: None }
    }

    /// Its digest.
    #[must_use]
    pub fn digest(&self) -> SecretDigest {
        match self.value {
            SecretValue::Text(text) | SecretValue::ReadAgain(text) => SecretDigest::of(text),
            SecretValue::Digest(bytes) => SecretDigest::from_bytes(bytes),
        }
    }

    /// Its text, if there is more than its digest.
    #[must_use]
    pub const fn text(&self) -> Option<&'a str> {
        match self.value {
            SecretValue::Text(text) | SecretValue::ReadAgain(text) => Some(text),
            SecretValue::Digest(_) => None,
        }
    }

    /// Whether it is stored to be read again.
    #[must_use]
    pub const fn is_read_again(&self) -> bool {
        matches!(self.value, SecretValue::ReadAgain(_))
    }
}

/// What of a client's secret a method needs at the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SecretNeed {
    /// There is no secret.
    None,
    /// Its digest.
    Digest,
    /// The secret itself: it is a key.
    Text,
}

/// The SHA-256 of a client secret, which is random and long: no slow hash is needed.
#[derive(Clone)]
pub struct SecretDigest([u8; 32]);

impl SecretDigest {
    /// The digest of a secret.
    #[must_use]
    pub fn of(secret: &str) -> Self {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest::digest(&digest::SHA256, secret.as_bytes()).as_ref());
        Self(bytes)
    }

    /// Takes a stored digest.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The digest, to be stored.
    #[must_use]
    pub const fn to_bytes(&self) -> [u8; 32] {
        self.0
    }

    /// Whether `secret` is the one, in constant time.
    #[must_use]
    pub fn is_of(&self, secret: &str) -> bool {
        secret.len() <= limits::CLIENT_SECRET_MAX_BYTES && bool::from(Self::of(secret).0.ct_eq(&self.0))
    }
}

impl std::fmt::Debug for SecretDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretDigest(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_and_new_secret_are_good_until_the_old_one_expires() {
        let secrets = Secrets::new([("new", None), ("old", Some(100))]);
        let compare = |now_s, sent: &str| secrets.compare(now_s, |secret| *secret == sent);
        assert_eq!(
            (compare(99, "old"), compare(100, "old"), compare(101, "old")),
            (Match::Good, Match::Expired, Match::Expired)
        );
        assert_eq!(
            (compare(99, "new"), compare(1000, "new"), compare(99, "other")),
            (Match::Good, Match::Good, Match::None)
        );
    }

    #[test]
    fn secret_that_is_there_twice_is_good_as_long_as_the_longer_one() {
        let secrets = Secrets::new([("a", Some(10)), ("a", Some(20)), ("a", Some(5))]);
        assert_eq!(secrets.compare(15, |_| true), Match::Good);
        assert_eq!(secrets.compare(20, |_| true), Match::Expired);
    }
}
