//! Public keys that one encrypts to (RFC 7517 section 4.2, `use` is `enc`).

use super::agreement::AgreementKey;
use super::description::Description;
use super::material::{integer, judge_rsa, required, rsa_members, thumbprint};
use super::{JwkFault, refuse_secrets};
use crate::base64url;
use crate::jwe::Algorithm;
use aws_lc_rs::rsa::{OaepPublicEncryptingKey, PublicEncryptingKey};
use aws_lc_rs::signature::RsaPublicKeyComponents;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::fmt;

/// A recipient's public key: RSA of 2048 to 8192 bits, or ECDH on P-256, P-384, P-521 or X25519.
pub struct EncryptionKey {
    recipient: Recipient,
    description: Description,
}

impl EncryptionKey {
    /// Reads a JWK. Members that are not named by this type are ignored, as RFC 7517 section 4 demands.
    ///
    /// # Errors
    /// [`JwkFault`]; a private or symmetric key is refused before anything else is looked at.
    pub fn from_jwk(jwk: &Map<String, Value>) -> Result<Self, JwkFault> {
        refuse_secrets(jwk)?;
        let description = Description::from_jwk(jwk)?;
        let recipient = match required(jwk, "kty")? {
            "RSA" => Recipient::from_rsa(&integer(jwk, "n")?, &integer(jwk, "e")?)?,
            _ => Recipient::Agreement(AgreementKey::from_jwk(jwk)?),
        };
        Ok(Self { recipient, description })
    }

    /// The encrypting half of a decryption key: `use` is `enc`, and `kid` the thumbprint unless one is given.
    pub(crate) fn of_decryption_key(recipient: Recipient, kid: Option<&str>, algorithm: Algorithm) -> Self {
        let named = |kid: &str| Description::of_own_key(kid, "enc", algorithm.name());
        let description = kid.map_or_else(|| named(&base64url::encode(&thumbprint(&recipient.members()))), named);
        Self { recipient, description }
    }

    /// The key's identifier; any string of at most 256 bytes.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.description.kid()
    }

    /// `use` (RFC 7517 section 4.2), as written.
    #[must_use]
    pub fn public_key_use(&self) -> Option<&str> {
        self.description.public_key_use()
    }

    /// `alg` (RFC 7517 section 4.4), as written; not necessarily one of [`Algorithm`].
    #[must_use]
    pub fn alg(&self) -> Option<&str> {
        self.description.alg()
    }

    /// Whether one may encrypt to this key with `algorithm`: its kind fits, `use` is absent or `enc`, `key_ops` is
    /// absent or has an operation of such a key, and `alg` is absent or names the algorithm.
    #[must_use]
    pub fn may_encrypt(&self, algorithm: Algorithm) -> bool {
        let operations = match self.recipient {
            Recipient::Rsa(_) => ["wrapKey", "encrypt"],
            Recipient::Agreement(_) => ["deriveKey", "deriveBits"],
        };
        self.recipient.fits(algorithm)
            && self.description.serves("enc", &operations)
            && self.alg().is_none_or(|alg| alg == algorithm.name())
    }

    /// SHA-256 thumbprint (RFC 7638 section 3, RFC 8037 section 2): the same for every JWK of the same key.
    #[must_use]
    pub fn thumbprint(&self) -> [u8; 32] {
        thumbprint(&self.recipient.members())
    }

    /// The key as a JWK: its required members and `kid`, `use`, `key_ops` and `alg` where it has them.
    #[must_use]
    pub fn to_jwk(&self) -> Map<String, Value> {
        self.description.jwk(self.recipient.members())
    }

    pub(crate) fn recipient(&self) -> &Recipient {
        &self.recipient
    }
}

impl fmt::Debug for EncryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EncryptionKey").field("kid", &self.kid()).field("alg", &self.alg()).finish_non_exhaustive()
    }
}

/// A recipient's key in the form its use takes.
pub(crate) enum Recipient {
    Rsa(Box<RsaRecipient>),
    Agreement(AgreementKey),
}

/// An RSA key that encrypts, with the numbers it was made of.
pub(crate) struct RsaRecipient {
    n: Box<[u8]>,
    e: Box<[u8]>,
    pub(crate) key: OaepPublicEncryptingKey,
}

impl Recipient {
    /// Modulus and exponent, big-endian without leading zeros.
    pub(crate) fn from_rsa(n: &[u8], e: &[u8]) -> Result<Self, JwkFault> {
        judge_rsa(n, e)?;
        let key: PublicEncryptingKey = RsaPublicKeyComponents { n, e }.try_into().map_err(|_| JwkFault::RsaModulus)?;
        let key = OaepPublicEncryptingKey::new(key).map_err(|_| JwkFault::RsaModulus)?;
        Ok(Self::Rsa(Box::new(RsaRecipient { n: n.into(), e: e.into(), key })))
    }

    fn fits(&self, algorithm: Algorithm) -> bool {
        match algorithm {
            Algorithm::RsaOaep256 => matches!(self, Self::Rsa(_)),
            Algorithm::EcdhEs | Algorithm::EcdhEsA256Kw => matches!(self, Self::Agreement(_)),
        }
    }

    fn members(&self) -> Vec<(&'static str, Cow<'static, str>)> {
        match self {
            Self::Rsa(rsa) => rsa_members(&rsa.n, &rsa.e),
            Self::Agreement(key) => key.members(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;
    use crate::limits::HEADER;

    /// RFC 8037 appendix A.6.
    const X25519: &str =
        r#"{"kty":"OKP","crv":"X25519","x":"3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08","kid":"Bob"}"#;
    /// RFC 7517 appendix A.1.
    const P256: &str = r#"{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","use":"enc","kid":"1"}"#;
    /// RFC 7517 appendix A.1, without its `alg`.
    const RSA: &str = r#"{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","kid":"2011-04-29"}"#;

    fn jwk(text: &str) -> Map<String, Value> {
        json::parse_object(text.as_bytes(), HEADER).expect(text)
    }

    /// The key of `text` after `member` became `value`.
    fn with(text: &str, member: &str, value: impl Into<Value>) -> Result<EncryptionKey, JwkFault> {
        let mut jwk = jwk(text);
        jwk.insert(member.to_owned(), value.into());
        EncryptionKey::from_jwk(&jwk)
    }

    fn served(key: &EncryptionKey) -> Vec<Algorithm> {
        Algorithm::ALL.into_iter().filter(|algorithm| key.may_encrypt(*algorithm)).collect()
    }

    #[test]
    fn a_jwk_is_written_as_it_was_read() {
        for text in [X25519, P256, RSA] {
            assert_eq!(EncryptionKey::from_jwk(&jwk(text)).expect(text).to_jwk(), jwk(text));
        }
    }

    #[test]
    fn thumbprints_are_those_of_the_rfc() {
        // RFC 7638 section 3.1; the same key has the same print, whatever it is for.
        let print = |text| base64url::encode(&EncryptionKey::from_jwk(&jwk(text)).expect(text).thumbprint());
        assert_eq!(print(RSA), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
        let canonical = r#"{"crv":"X25519","kty":"OKP","x":"3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08"}"#;
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, canonical.as_bytes());
        assert_eq!(print(X25519), base64url::encode(digest.as_ref()));
    }

    #[test]
    fn a_key_serves_the_algorithms_of_its_kind_use_and_alg() {
        use Algorithm::{EcdhEs, EcdhEsA256Kw, RsaOaep256};
        let key = |text: &str, member: &str, value: Value| with(text, member, value).expect(member);
        for text in [X25519, P256] {
            assert_eq!(served(&key(text, "use", "enc".into())), [EcdhEs, EcdhEsA256Kw]);
            assert_eq!(served(&key(text, "alg", "ECDH-ES".into())), [EcdhEs]);
            assert_eq!(served(&key(text, "alg", "ECDH-ES+A128KW".into())), []);
            assert_eq!(served(&key(text, "key_ops", vec!["deriveBits"].into())), [EcdhEs, EcdhEsA256Kw]);
            assert_eq!(served(&key(text, "key_ops", vec!["verify"].into())), []);
            assert_eq!(served(&key(text, "use", "sig".into())), []);
        }
        assert_eq!(served(&key(RSA, "use", "enc".into())), [RsaOaep256]);
        assert_eq!(served(&key(RSA, "key_ops", vec!["wrapKey"].into())), [RsaOaep256]);
        for (member, value) in
            [("alg", "RSA1_5"), ("alg", "RSA-OAEP"), ("alg", "RS256"), ("use", "sig"), ("use", "ENC")]
        {
            assert_eq!(served(&key(RSA, member, value.into())), [], "{value}");
        }
    }

    #[test]
    fn a_secret_and_what_is_not_understood_are_refused_by_name() {
        for text in [X25519, P256, RSA] {
            assert_eq!(with(text, "d", "AAAA").err(), Some(JwkFault::PrivateKey));
            assert_eq!(with(text, "kty", "oct").err(), Some(JwkFault::SymmetricKey));
            assert_eq!(with(text, "kty", "AKP").err(), Some(JwkFault::UnsupportedKeyType));
            assert_eq!(with(text, "kid", "k".repeat(257)).err(), Some(JwkFault::KidTooLong));
        }
        assert_eq!(with(X25519, "crv", "Ed25519").err(), Some(JwkFault::UnsupportedCurve));
        assert_eq!(with(X25519, "crv", "X448").err(), Some(JwkFault::UnsupportedCurve));
        assert_eq!(with(X25519, "x", "AAAA").err(), Some(JwkFault::Malformed("x")));
        assert_eq!(with(P256, "crv", "secp256k1").err(), Some(JwkFault::UnsupportedCurve));
        assert_eq!(with(P256, "x", base64url::encode(&[0; 32])).err(), Some(JwkFault::InvalidPoint));
        assert_eq!(with(RSA, "n", base64url::encode(&[0xff; 128])).err(), Some(JwkFault::RsaModulus));
        assert_eq!(with(RSA, "e", "AQ").err(), Some(JwkFault::RsaExponent));
    }

    #[test]
    fn debug_shows_kid_and_alg_only() {
        let key = EncryptionKey::from_jwk(&jwk(P256)).expect("a key");
        assert_eq!(format!("{key:?}"), r#"EncryptionKey { kid: Some("1"), alg: None, .. }"#);
    }
}
