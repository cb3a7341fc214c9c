//! The keys that clients of the site, and strangers, sign with: made once for a run, each with a name of its own.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::{AsBigEndian, AsDer, EcPrivateKeyBin};
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256,
    RsaEncoding, RsaKeyPair,
};
use serde_json::{Map, Value, json};

use super::certificates::Identity;
use crate::base64;

/// Every key, made on first use.
pub struct Keys(Vec<Key>);

/// One key.
pub struct Key {
    name: &'static str,
    pair: Pair,
    jwk: Value,
}

enum Pair {
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
    Rsa(RsaKeyPair),
}

/// Names of P-256 keys, with members that the registered JWK has besides the usual ones.
const EC_KEYS: [(&str, &str); 10] = [
    ("main", r#"{"alg":"ES256","use":"sig"}"#),
    ("second", r#"{"alg":"ES256"}"#),
    ("third", r#"{"use":"sig"}"#),
    ("fourth", "{}"),
    ("enc", r#"{"use":"enc"}"#),
    ("ops", r#"{"key_ops":["encrypt"]}"#),
    ("stranger", "{}"),
    ("holder", "{}"),
    ("thief", "{}"),
    ("attester", "{}"),
];

impl Keys {
    /// Makes them.
    ///
    /// # Panics
    /// When the library cannot.
    #[must_use]
    pub fn make() -> Self {
        let mut keys: Vec<Key> = EC_KEYS.into_iter().map(|(name, members)| ec(name, members)).collect();
        keys.push(ed("ed"));
        keys.push(rsa("rsa"));
        Self(keys)
    }

    /// The key of that name.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn get(&self, name: &str) -> &Key {
        self.0.iter().find(|key| key.name == name).unwrap_or_else(|| panic!("no key is called `{name}`"))
    }

    /// The JWK set of the keys `a+b`.
    #[must_use]
    pub fn jwks(&self, names: &str) -> String {
        let keys: Vec<&Value> = names.split('+').map(|name| &self.get(name).jwk).collect();
        json!({ "keys": keys }).to_string()
    }
}

impl Keys {
    /// The JWK set of a client that registered this certificate (RFC 8705 section 2.2).
    #[must_use]
    pub fn jwks_with_certificate(&self, identity: &Identity) -> String {
        let mut jwk = self.get("fourth").jwk.clone();
        jwk["x5t#S256"] = identity.thumbprint().into();
        json!({ "keys": [jwk] }).to_string()
    }
}

impl Key {
    /// Its public half, as it is registered.
    #[must_use]
    pub fn jwk(&self) -> &Value {
        &self.jwk
    }

    /// The whole key, for another program of the same client.
    ///
    /// # Panics
    /// When it is none on P-256.
    #[must_use]
    pub fn private_jwk(&self) -> Value {
        let Pair::Ec(pair) = &self.pair else { panic!("`{}` is no key on P-256", self.name) };
        let secret: EcPrivateKeyBin<'_> = pair.private_key().as_be_bytes().expect("the private key");
        let mut jwk = self.jwk.clone();
        jwk["d"] = base64::url_safe(secret.as_ref()).into();
        jwk
    }

    /// The same with the members that a thumbprint is made of and no others.
    #[must_use]
    pub fn thin_jwk(&self) -> Value {
        let mut jwk = self.jwk.clone();
        if let Value::Object(members) = &mut jwk {
            members.retain(|name, _| ["kty", "crv", "x", "y", "n", "e"].contains(&name.as_str()));
        }
        jwk
    }

    /// RFC 7638 thumbprint: what `dpop_jkt` is.
    #[must_use]
    pub fn thumbprint(&self) -> String {
        // serde_json keeps members in the order of their names, which is the order of RFC 7638.
        base64::url_safe(digest(&SHA256, self.thin_jwk().to_string().as_bytes()).as_ref())
    }

    /// The algorithm that it signs with unless told otherwise.
    #[must_use]
    pub fn usual_alg(&self) -> &'static str {
        match self.pair {
            Pair::Ec(_) => "ES256",
            Pair::Ed(_) => "EdDSA",
            Pair::Rsa(_) => "PS256",
        }
    }

    /// Signs with an algorithm of its kind; an HMAC takes the key's public half as its secret, in the form named by
    /// `secret`; every other name leaves the signature empty.
    ///
    /// # Panics
    /// When the library cannot.
    #[must_use]
    pub fn sign(&self, alg: &str, input: &[u8], secret: &str) -> Vec<u8> {
        let random = SystemRandom::new();
        match (&self.pair, alg) {
            (_, "HS256") => {
                hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &self.as_secret(secret)), input).as_ref().into()
            }
            (Pair::Ec(pair), "ES256") => pair.sign(&random, input).expect("a signature").as_ref().into(),
            (Pair::Ed(pair), "EdDSA" | "Ed25519") => pair.sign(input).as_ref().into(),
            (Pair::Rsa(pair), "PS256" | "RS256") => {
                let mut signature = vec![0; pair.public_modulus_len()];
                let padding: &'static dyn RsaEncoding =
                    if alg == "PS256" { &RSA_PSS_SHA256 } else { &RSA_PKCS1_SHA256 };
                pair.sign(padding, &random, input, &mut signature).expect("a signature");
                signature
            }
            _ => Vec::new(),
        }
    }

    /// What a confused server might take for a shared secret.
    fn as_secret(&self, form: &str) -> Vec<u8> {
        let der = |pair: &RsaKeyPair| AsDer::as_der(pair.public_key()).expect("a public key").as_ref().to_vec();
        match (form, &self.pair) {
            ("jwk", _) => self.jwk.to_string().into_bytes(),
            ("pem", Pair::Rsa(pair)) => {
                let body = base64::padded(&der(pair));
                format!("-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n").into_bytes()
            }
            ("der", Pair::Rsa(pair)) => der(pair),
            ("raw", Pair::Ec(pair)) => pair.public_key().as_ref().to_vec(),
            _ => Vec::new(),
        }
    }
}

fn ec(name: &'static str, members: &str) -> Key {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
    let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
    let jwk = json!({ "kty": "EC", "crv": "P-256", "kid": name, "x": base64::url_safe(x), "y": base64::url_safe(y) });
    let more: Map<String, Value> = serde_json::from_str(members).expect("members");
    Key { name, jwk: merged(jwk, more), pair: Pair::Ec(pair) }
}

fn ed(name: &'static str) -> Key {
    let pair = Ed25519KeyPair::generate().expect("a key");
    let x = base64::url_safe(pair.public_key().as_ref());
    Key { name, jwk: json!({ "kty": "OKP", "crv": "Ed25519", "kid": name, "x": x }), pair: Pair::Ed(pair) }
}

fn rsa(name: &'static str) -> Key {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).expect("a key");
    let number = |bytes: &[u8]| base64::url_safe(bytes);
    let public = pair.public_key();
    let (n, e) = (
        number(public.modulus().big_endian_without_leading_zero()),
        number(public.exponent().big_endian_without_leading_zero()),
    );
    Key { name, jwk: json!({ "kty": "RSA", "kid": name, "n": n, "e": e }), pair: Pair::Rsa(pair) }
}

fn merged(mut jwk: Value, more: Map<String, Value>) -> Value {
    if let Value::Object(members) = &mut jwk {
        members.extend(more);
    }
    jwk
}
