//! JWK and JWK Set: no secret is ever taken in, points lie on their curves, numbers are within bounds, a thumbprint is that of
//! the members as they were sent, and what is written is read again.

use jsonwebtoken::jwk::{Jwk, ThumbprintHash};
use parhelion_jose::jwk::{EncryptionKey, KeySet, PublicKey};
use parhelion_jose::jws::Algorithm;
use parhelion_jose::limits;
use serde_json::{Map, Value};

use crate::Verdict;
use crate::second::{base64url, extent, json, sha256, to_base64url};

/// Reads the bytes as a JWK and as a set.
pub fn check(bytes: &[u8]) -> Verdict {
    let value = json(bytes);
    let is_key = value.as_ref().and_then(Value::as_object).is_some_and(check_key);
    let Ok(set) = KeySet::from_jwks(bytes) else { return Verdict::of(is_key) };
    let document = value.unwrap();
    let (depth, nodes) = extent(&document);
    assert!(bytes.len() <= limits::JWKS.bytes && depth <= limits::JWKS.depth && nodes <= limits::JWKS.nodes);
    let keys = document["keys"].as_array().unwrap();
    assert!(keys.len() <= limits::JWKS_KEYS && set.len() + set.ignored().len() <= keys.len());
    let jwks: Vec<&Map<String, Value>> = keys.iter().map(|key| key.as_object().unwrap()).collect();
    assert!(jwks.iter().all(|jwk| !is_secret(jwk)), "a secret was taken in");
    let read: Vec<[u8; 32]> =
        jwks.iter().filter_map(|jwk| PublicKey::from_jwk(jwk).ok()).map(|key| key.thumbprint()).collect();
    assert_eq!(set.iter().map(PublicKey::thumbprint).collect::<Vec<_>>(), read, "in the order of the document");
    for algorithm in Algorithm::ALL {
        assert!(set.candidates(None, algorithm).count() <= limits::KEYS_TRIED);
        assert!(set.candidates(Some("1"), algorithm).all(|key| key.kid() == Some("1") && key.may_verify(algorithm)));
    }
    Verdict::of(jwks.into_iter().filter(|jwk| check_key(jwk)).count() > 0)
}

fn is_secret(jwk: &Map<String, Value>) -> bool {
    jwk.get("kty").is_some_and(|kty| kty == "oct")
        || ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"].iter().any(|name| jwk.contains_key(*name))
}

/// Whether it is a key, for whatever use.
fn check_key(jwk: &Map<String, Value>) -> bool {
    let (verifying, encrypting) = (PublicKey::from_jwk(jwk), EncryptionKey::from_jwk(jwk));
    let is_key = verifying.is_ok() || encrypting.is_ok();
    if let Ok(key) = verifying {
        check_members(jwk);
        let print = thumbprint(jwk);
        assert_eq!(key.thumbprint(), print);
        let written = key.to_jwk();
        assert!(written.iter().all(|(name, value)| jwk.get(name) == Some(value)), "nothing but what was read");
        assert_eq!(PublicKey::from_jwk(&written).unwrap().to_jwk(), written);
        if let Ok(theirs) = serde_json::from_value::<Jwk>(Value::Object(written)) {
            assert_eq!(theirs.thumbprint(ThumbprintHash::SHA256).unwrap(), to_base64url(&print));
        }
        let kind = if jwk["kty"] == "RSA" { "RSA" } else { jwk["crv"].as_str().unwrap() };
        for algorithm in Algorithm::ALL.into_iter().filter(|algorithm| key.may_verify(*algorithm)) {
            assert!(fits(kind, algorithm.name()), "{kind} for {algorithm}");
            assert!(jwk.get("use").is_none_or(|written| written == "sig"));
        }
    }
    if let Ok(key) = encrypting {
        check_members(jwk);
        assert_eq!(key.thumbprint(), thumbprint(jwk));
        let written = key.to_jwk();
        assert_eq!(EncryptionKey::from_jwk(&written).unwrap().to_jwk(), written);
    }
    is_key
}

fn fits(kind: &str, alg: &str) -> bool {
    match kind {
        "P-256" => alg == "ES256",
        "P-384" => alg == "ES384",
        "P-521" => alg == "ES512",
        "Ed25519" => alg == "EdDSA" || alg == "Ed25519",
        _ => alg.starts_with("RS") || alg.starts_with("PS"),
    }
}

/// The members that a key of this type must have, each in its one spelling, and what they must be.
fn check_members(jwk: &Map<String, Value>) {
    assert!(!is_secret(jwk));
    let number = |name: &str| base64url(jwk[name].as_str().unwrap()).unwrap();
    assert!(jwk.get("kid").is_none_or(|kid| kid.as_str().unwrap().len() <= limits::KID_BYTES));
    match jwk["kty"].as_str().unwrap() {
        "RSA" => {
            let (n, e) = (number("n"), number("e"));
            assert!(
                (256..=1024).contains(&n.len())
                    && (n.len() > 256 || n[0] >= 0x80)
                    && n[0] != 0
                    && n[n.len() - 1] % 2 == 1
            );
            assert!((1..=4).contains(&e.len()) && e[0] != 0 && e[e.len() - 1] % 2 == 1 && e != [1]);
        }
        "EC" => {
            let length = match jwk["crv"].as_str().unwrap() {
                "P-256" => 32,
                "P-384" => 48,
                _ => 66,
            };
            let (x, y) = (number("x"), number("y"));
            assert_eq!((x.len(), y.len()), (length, length));
            if length == 32 {
                assert!(p256::PublicKey::from_sec1_bytes(&[&[4][..], &x, &y].concat()).is_ok(), "off the curve");
            }
        }
        _ => assert_eq!(number("x").len(), 32),
    }
}

/// RFC 7638 section 3 on the members as they were sent: a map of strings is written in order and without spaces.
fn thumbprint(jwk: &Map<String, Value>) -> [u8; 32] {
    let required: &[&str] = match jwk["kty"].as_str().unwrap() {
        "RSA" => &["e", "kty", "n"],
        "EC" => &["crv", "kty", "x", "y"],
        _ => &["crv", "kty", "x"],
    };
    let members: Map<String, Value> = required.iter().map(|name| ((*name).to_owned(), jwk[*name].clone())).collect();
    sha256(Value::Object(members).to_string().as_bytes())
}
