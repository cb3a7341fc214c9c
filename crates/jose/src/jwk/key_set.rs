//! A JWK Set (RFC 7517 section 5) and the choice of the keys that may have signed, or that one may encrypt to.

use super::{EncryptionKey, JwkFault, PublicKey};
use crate::algorithm::Algorithm;
use crate::limits::{JWKS, JWKS_KEYS, KEYS_TRIED};
use crate::{json, jwe};
use serde_json::{Map, Value};

/// Public keys in the order of their document.
#[derive(Debug, Default)]
pub struct KeySet {
    keys: Vec<PublicKey>,
    encryption_keys: Vec<EncryptionKey>,
    ignored: Vec<IgnoredKey>,
}

/// A key that the document has and the set does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IgnoredKey {
    /// Its place in `keys`, from 0.
    pub index: usize,
    /// Why it is of no use.
    pub fault: JwkFault,
}

impl KeySet {
    /// A set of these keys, none of which one encrypts to.
    #[must_use]
    pub fn new(keys: Vec<PublicKey>) -> Self {
        Self { keys, ..Self::default() }
    }

    /// Reads a JWK Set document. A key that is not understood or not acceptable is left out and listed by
    /// [`KeySet::ignored`], as RFC 7517 section 5 recommends: one such key must not lock a client out. Who registers a
    /// set may be stricter.
    ///
    /// # Errors
    /// [`JwkFault`], when the document is not a JWK Set within [`crate::limits::JWKS`] and
    /// [`crate::limits::JWKS_KEYS`], names any member twice, or holds a private or symmetric key.
    pub fn from_jwks(document: &[u8]) -> Result<Self, JwkFault> {
        let document = json::parse_object(document, JWKS)?;
        let jwks = document.get("keys").and_then(Value::as_array).ok_or(JwkFault::NotAKeySet)?;
        if jwks.len() > JWKS_KEYS {
            return Err(JwkFault::TooManyKeys);
        }
        let mut set = Self { keys: Vec::with_capacity(jwks.len()), ..Self::default() };
        for (index, jwk) in jwks.iter().enumerate() {
            let jwk = jwk.as_object().ok_or(JwkFault::NotAKeySet)?;
            let is_for_encryption = set.read_encryption_key(jwk);
            match PublicKey::from_jwk(jwk) {
                Ok(key) => set.keys.push(key),
                Err(fault) if fault.condemns_the_set() => return Err(fault),
                Err(_) if is_for_encryption => {}
                Err(fault) => set.ignored.push(IgnoredKey { index, fault }),
            }
        }
        Ok(set)
    }

    /// Keeps the key as one to encrypt to, if it is not for signatures only, and tells whether it was kept.
    fn read_encryption_key(&mut self, jwk: &Map<String, Value>) -> bool {
        if jwk.get("use").and_then(Value::as_str) == Some("sig") {
            return false;
        }
        let Ok(key) = EncryptionKey::from_jwk(jwk) else { return false };
        self.encryption_keys.push(key);
        true
    }

    /// The keys that may verify `algorithm`, in the order of the document: with a `kid` only those that bear it, without
    /// one all of the set, and at most [`KEYS_TRIED`] in either case. Keys of another kind, use or `alg` do not count.
    pub fn candidates<'k>(&'k self, kid: Option<&'k str>, algorithm: Algorithm) -> impl Iterator<Item = &'k PublicKey> {
        self.keys
            .iter()
            .filter(move |key| kid.is_none_or(|kid| key.kid() == Some(kid)) && key.may_verify(algorithm))
            .take(KEYS_TRIED)
    }

    /// The keys one may encrypt to with `algorithm`, in the order of the document. Keys of another kind, use or `alg` do
    /// not count.
    pub fn encryption_candidates(&self, algorithm: jwe::Algorithm) -> impl Iterator<Item = &EncryptionKey> {
        self.encryption_keys.iter().filter(move |key| key.may_encrypt(algorithm))
    }

    /// The key to encrypt to with `algorithm`: the first whose `use` says that it is for that, else the first that may.
    #[must_use]
    pub fn encryption_key(&self, algorithm: jwe::Algorithm) -> Option<&EncryptionKey> {
        let says_so = |key: &&EncryptionKey| key.public_key_use() == Some("enc");
        self.encryption_candidates(algorithm).find(says_so).or_else(|| self.encryption_candidates(algorithm).next())
    }

    /// All keys of a kind that signs, whatever their `use`, in the order of the document. X25519 keys do not sign.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &PublicKey> {
        self.keys.iter()
    }

    /// What the document has beyond the keys of this set.
    #[must_use]
    pub fn ignored(&self) -> &[IgnoredKey] {
        &self.ignored
    }

    /// How many keys of a kind that signs there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::JsonFault;

    const P256: &str = r#""kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0""#;
    const ED25519: &str = r#""kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo""#;

    fn set(keys: &[String]) -> Result<KeySet, JwkFault> {
        KeySet::from_jwks(format!(r#"{{"keys":[{}]}}"#, keys.join(",")).as_bytes())
    }

    fn kids<'k>(set: &'k KeySet, kid: Option<&'k str>, algorithm: Algorithm) -> Vec<&'k str> {
        set.candidates(kid, algorithm).map(|key| key.kid().unwrap_or("-")).collect()
    }

    #[test]
    fn a_secret_refuses_the_whole_set() {
        // SF-06
        let public = format!("{{{P256}}}");
        for (key, fault) in [
            (format!(r#"{{{P256},"d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}}"#), JwkFault::PrivateKey),
            (format!(r#"{{{ED25519},"d":null}}"#), JwkFault::PrivateKey),
            (r#"{"kty":"AKP","alg":"ML-DSA-44","pub":"AA","priv":"AA"}"#.to_owned(), JwkFault::PrivateKey),
            (r#"{"kty":"oct","k":"AAAA"}"#.to_owned(), JwkFault::SymmetricKey),
            (r#"{"kty":"oct"}"#.to_owned(), JwkFault::SymmetricKey),
        ] {
            assert_eq!(set(&[public.clone(), key]).err(), Some(fault));
        }
    }

    #[test]
    fn a_document_that_is_no_set_is_refused() {
        for (document, fault) in [
            ("[]", JwkFault::Json(JsonFault::NotAnObject)),
            ("{}", JwkFault::NotAKeySet),
            (r#"{"keys":{}}"#, JwkFault::NotAKeySet),
            (r#"{"keys":[1]}"#, JwkFault::NotAKeySet),
            (r#"{"keys":[],"keys":[]}"#, JwkFault::Json(JsonFault::DuplicateName)),
            (r#"{"keys":[{"kty":"EC","kty":"RSA"}]}"#, JwkFault::Json(JsonFault::DuplicateName)),
            ("", JwkFault::Json(JsonFault::Syntax)),
        ] {
            assert_eq!(KeySet::from_jwks(document.as_bytes()).err(), Some(fault), "{document}");
        }
        assert!(set(&[]).expect("an empty set").is_empty());
        assert!(KeySet::from_jwks(&vec![b' '; JWKS.bytes + 1]).is_err());
    }

    #[test]
    fn a_set_has_at_most_a_hundred_keys() {
        let key = format!("{{{ED25519}}}");
        assert_eq!(set(&vec![key.clone(); 100]).expect("100 keys").len(), 100);
        assert_eq!(set(&vec![key; 101]).err(), Some(JwkFault::TooManyKeys));
    }

    #[test]
    fn a_key_that_is_not_understood_is_left_out() {
        let keys = [
            r#"{"kty":"EC","crv":"secp256k1","x":"AA","y":"AA"}"#.to_owned(),
            format!(r#"{{{P256},"kid":"good"}}"#),
            r#"{"kty":"AKP","alg":"ML-DSA-44","pub":"AA"}"#.to_owned(),
            r#"{"x":"AA"}"#.to_owned(),
        ];
        let set = set(&keys).expect("a set");
        assert_eq!(set.iter().map(PublicKey::kid).collect::<Vec<_>>(), [Some("good")]);
        let faults: Vec<_> = set.ignored().iter().map(|key| (key.index, key.fault)).collect();
        assert_eq!(
            faults,
            [(0, JwkFault::UnsupportedCurve), (2, JwkFault::UnsupportedKeyType), (3, JwkFault::Missing("kty"))]
        );
    }

    #[test]
    fn candidates_fit_the_algorithm_the_use_and_the_kid() {
        let set = set(&[
            format!(r#"{{{P256},"kid":"a"}}"#),
            format!(r#"{{{P256},"kid":"b","use":"sig","alg":"ES256","key_ops":["verify"]}}"#),
            format!(r#"{{{P256},"kid":"enc","use":"enc"}}"#),
            format!(r#"{{{P256},"kid":"ops","key_ops":["deriveKey"]}}"#),
            format!(r#"{{{P256},"kid":"alg","alg":"ECDH-ES"}}"#),
            format!(r#"{{{ED25519},"kid":"a"}}"#),
            format!(r#"{{{P256},"kid":"a","use":"sig"}}"#),
        ])
        .expect("a set");
        assert_eq!(kids(&set, None, Algorithm::Es256), ["a", "b", "a"]);
        assert_eq!(kids(&set, Some("a"), Algorithm::Es256), ["a", "a"]);
        assert_eq!(kids(&set, Some("a"), Algorithm::EdDsa), ["a"]);
        assert_eq!(kids(&set, Some("b"), Algorithm::Ed25519), [""; 0]);
        assert_eq!(kids(&set, Some("A"), Algorithm::Es256), [""; 0]);
        assert_eq!(kids(&set, None, Algorithm::Ps256), [""; 0]);
        assert_eq!(kids(&set, None, Algorithm::Es384), [""; 0]);
    }

    #[test]
    fn at_most_four_keys_are_tried() {
        let keys: Vec<_> = (0..9).map(|n| format!(r#"{{{P256},"kid":"k{n}"}}"#)).collect();
        let many = set(&keys).expect("a set");
        assert_eq!(kids(&many, None, Algorithm::Es256), ["k0", "k1", "k2", "k3"]);
        assert_eq!(kids(&many, Some("k8"), Algorithm::Es256), ["k8"]);
        let same = set(&vec![format!(r#"{{{P256},"kid":"k"}}"#); 9]).expect("a set");
        assert_eq!(kids(&same, Some("k"), Algorithm::Es256).len(), KEYS_TRIED);
    }

    #[test]
    fn keys_to_encrypt_to_stand_beside_the_others() {
        const X25519: &str = r#""kty":"OKP","crv":"X25519","x":"3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08""#;
        let set = set(&[
            format!(r#"{{{P256},"kid":"sig","use":"sig"}}"#),
            format!(r#"{{{P256},"kid":"enc","use":"enc"}}"#),
            format!(r#"{{{P256},"kid":"any"}}"#),
            format!(r#"{{{P256},"kid":"kw","alg":"ECDH-ES+A256KW"}}"#),
            format!(r#"{{{X25519},"kid":"x","use":"enc"}}"#),
            format!(r#"{{{X25519},"kid":"no","use":"sig"}}"#),
            format!(r#"{{{ED25519},"kid":"ed","use":"enc"}}"#),
        ])
        .expect("a set");
        let kids_for =
            |algorithm| set.encryption_candidates(algorithm).map(|key| key.kid().unwrap_or("-")).collect::<Vec<_>>();
        assert_eq!(kids_for(jwe::Algorithm::EcdhEs), ["enc", "any", "x"]);
        assert_eq!(kids_for(jwe::Algorithm::EcdhEsA256Kw), ["enc", "any", "kw", "x"]);
        let chosen = |algorithm| set.encryption_key(algorithm).and_then(EncryptionKey::kid);
        assert_eq!(chosen(jwe::Algorithm::EcdhEs), Some("enc"));
        assert_eq!(chosen(jwe::Algorithm::RsaOaep256), None);
        assert_eq!(kids_for(jwe::Algorithm::RsaOaep256), [""; 0]);
        assert_eq!(kids(&set, None, Algorithm::Es256), ["sig", "any"]);
        assert_eq!(kids(&set, None, Algorithm::EdDsa), [""; 0]);
        assert_eq!(set.ignored(), [IgnoredKey { index: 5, fault: JwkFault::UnsupportedCurve }]);
    }

    #[test]
    fn a_secret_to_decrypt_with_refuses_the_whole_set() {
        // SF-06
        const PRIVATE: &str = r#"{"kty":"OKP","crv":"X25519","use":"enc","x":"3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08","d":"XasIfmJKikt54X-Lg4AO5m87sSkmGLb9HC-LJ_-I4Os"}"#;
        let public = format!("{{{P256}}}");
        assert_eq!(set(&[public.clone(), PRIVATE.to_owned()]).err(), Some(JwkFault::PrivateKey));
        let symmetric = r#"{"kty":"oct","use":"enc","k":"AAAA"}"#.to_owned();
        assert_eq!(set(&[public, symmetric]).err(), Some(JwkFault::SymmetricKey));
    }
}
