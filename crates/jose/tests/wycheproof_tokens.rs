//! Project Wycheproof's sets of whole tokens and keys: JWS, JWE and JWK. (The primitives have their own sets, beside the modules.)
//!
//! Valid under an algorithm we have: accepted. Invalid: refused. Valid under another one: refused, too. What departs from that
//! is listed with its reason, and a departure that no longer happens fails.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects, missing_docs)]

use std::collections::BTreeMap;

use aws_lc_rs::agreement::{ECDH_P256, ECDH_P384, ECDH_P521, PrivateKey, X25519};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use parhelion_jose::base64url;
use parhelion_jose::jwe::{self, DecryptionKey};
use parhelion_jose::jwk::{KeySet, PublicKey};
use parhelion_jose::jws::{self, MacAlgorithm, MacCompact, MacKey};
use serde_json::{Map, Value};
use wycheproof_ng_kdf_jose::json_web::{Test, TestName, TestSet};

/// Test, and why the verdict is not the set's.
type Departures = &'static [(usize, &'static str)];

type Jwk = Map<String, Value>;

fn member<'a>(jwk: &'a Jwk, name: &str) -> &'a str {
    jwk.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn bytes(jwk: &Jwk, name: &str) -> Vec<u8> {
    base64url::decode(member(jwk, name)).unwrap()
}

/// Text as it stands, a JSON serialisation as text.
fn token(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Whether the token is accepted under a key that is bound, as a client's is, to what its JWK says of it.
fn verifies(token: &str, jwk: &Jwk) -> bool {
    if let Some(Value::Array(keys)) = jwk.get("keys") {
        return verifies_with_one_of(token, jwk, keys);
    }
    if member(jwk, "kty") == "oct" {
        let Ok(compact) = MacCompact::parse(token) else { return false };
        let alg = MacAlgorithm::from_name(member(jwk, "alg"));
        return Some(compact.header().alg()) == alg && compact.verify(&MacKey::new(&bytes(jwk, "k"))).is_ok();
    }
    let Ok(key) = PublicKey::from_jwk(jwk) else { return false };
    jws::Compact::parse(token).is_ok_and(|compact| compact.verify(&KeySet::new(vec![key])).is_ok())
}

/// Whether a set does: of public keys, or of secrets, which a client has one by one.
fn verifies_with_one_of(token: &str, jwks: &Jwk, keys: &[Value]) -> bool {
    let keys: Vec<&Jwk> = keys.iter().map(|key| key.as_object().unwrap()).collect();
    if keys.iter().all(|key| member(key, "kty") == "oct") {
        let Ok(compact) = MacCompact::parse(token) else { return false };
        let named: Vec<&&Jwk> = keys.iter().filter(|key| Some(member(key, "kid")) == compact.header().kid()).collect();
        return named.len() == 1 && verifies(token, named[0]);
    }
    let Ok(set) = KeySet::from_jwks(Value::Object(jwks.clone()).to_string().as_bytes()) else { return false };
    jws::Compact::parse(token).is_ok_and(|compact| compact.verify(&set).is_ok())
}

/// Runs a set; gives how many were accepted and refused.
fn run(name: TestName, departures: Departures, accepts: impl Fn(&Test, &Jwk, &Jwk) -> bool) -> [usize; 2] {
    let mut counts = [0; 2];
    let mut departed = BTreeMap::new();
    for group in TestSet::load(name).unwrap().test_groups {
        let private = group.private_key.unwrap();
        let public = group.public_key.unwrap_or_else(|| private.clone());
        let (private, public) = (private.as_object().unwrap(), public.as_object().unwrap());
        for test in group.tests {
            let accepted = accepts(&test, private, public);
            counts[usize::from(!accepted)] += 1;
            let should = !test.result.must_fail() && !is_of_another_algorithm(&test);
            if accepted != should {
                departed
                    .insert(test.tc_id, format!("{} ({}): accepted is {accepted}", group.group_comment, test.comment));
            }
        }
    }
    let expected: Vec<usize> = departures.iter().map(|(id, _)| *id).collect();
    assert_eq!(departed.keys().copied().collect::<Vec<_>>(), expected, "{departed:#?}");
    counts
}

/// Whether this is a JWE under algorithms that have no place here.
fn is_of_another_algorithm(test: &Test) -> bool {
    let Some(token) = test.jwe.as_ref().and_then(Value::as_str) else { return false };
    let Ok(header) = base64url::decode(token.split('.').next().unwrap()) else { return false };
    let Ok(header) = serde_json::from_slice::<Jwk>(&header) else { return false };
    let alg = ["RSA-OAEP-256", "ECDH-ES", "ECDH-ES+A256KW"].contains(&member(&header, "alg"));
    let enc = ["A128GCM", "A256GCM", "A128CBC-HS256", "A256CBC-HS512"].contains(&member(&header, "enc"));
    !(alg && enc)
}

const SIGNATURES: Departures = &[
    (259, "the payload is empty, which is how detached content looks"),
    (264, "as 259"),
    (268, "as 259"),
    (272, "as 259"),
    (320, "as 259"),
    (325, "as 259"),
    (346, "the key is for PS256 and the token is of PS384"),
    (347, "the key is for ES521, which is no algorithm"),
    (350, "as 346"),
    (351, "as 347"),
    (367, "the set lost the padding that its comment speaks of: this is the valid token of 357"),
    (370, "as 367"),
    (372, "a question mark is not base64url"),
    (373, "as 372"),
];

/// Keys of one faulty generator (CVE-2017-15361), whose owners were told to replace them; nothing looks for them here.
const ROCA: &str = "a modulus of the generator with the ROCA fault is not told from others";

#[test]
fn signatures_agree() {
    let counts = run(TestName::JsonWebSignature, SIGNATURES, |test, _, public| {
        verifies(&token(test.jws.as_ref().unwrap()), public)
    });
    assert_eq!(counts, [36, 365]);
}

#[test]
fn keys_agree() {
    let counts =
        run(TestName::JsonWebKey, &[(7, ROCA)], |test, _, public| verifies(&token(test.jws.as_ref().unwrap()), public));
    assert_eq!(counts, [6, 20]);
}

#[test]
fn crypto_agrees() {
    let counts = run(TestName::JsonWebCrypto, &[(46, ROCA)], |test, private, public| match (&test.jws, &test.jwe) {
        (Some(jws), _) => verifies(&token(jws), public),
        (None, Some(jwe)) => opens(&token(jwe), private).is_some(),
        (None, None) => panic!("{}", test.tc_id),
    });
    assert_eq!(counts, [5, 78]);
}

#[test]
fn encryption_agrees() {
    let counts = run(TestName::JsonWebEncryption, &[], |test, private, _| {
        let opened = opens(&token(test.jwe.as_ref().unwrap()), private);
        if let (Some(opened), Some(expected)) = (&opened, &test.pt) {
            assert_eq!(hex(opened), *expected, "{}", test.tc_id);
        }
        opened.is_some()
    });
    assert_eq!(counts, [14, 125]);
}

/// What the token holds for the owner of `jwk`, which is bound to its `alg`.
fn opens(token: &str, jwk: &Jwk) -> Option<Vec<u8>> {
    let alg = jwe::Algorithm::from_name(member(jwk, "alg"))?;
    let document = match member(jwk, "kty") {
        "EC" | "OKP" => {
            let curve = match member(jwk, "crv") {
                "P-256" => &ECDH_P256,
                "P-384" => &ECDH_P384,
                "P-521" => &ECDH_P521,
                _ => &X25519,
            };
            let key = PrivateKey::from_private_key(curve, &bytes(jwk, "d")).ok()?;
            let document: Pkcs8V1Der<'_> = key.as_der().ok()?;
            document.as_ref().to_vec()
        }
        "RSA" => rsa_pkcs8(jwk),
        _ => return None,
    };
    let key = DecryptionKey::from_pkcs8(alg, None, &document).ok()?;
    Some(jwe::Compact::parse(token).ok()?.decrypt_with(&key).ok()?.to_vec())
}

/// PKCS#8 (RFC 5208) around an RSAPrivateKey (RFC 8017 appendix A.1.2).
fn rsa_pkcs8(jwk: &Jwk) -> Vec<u8> {
    let integers = ["n", "e", "d", "p", "q", "dp", "dq", "qi"].map(|name| integer(&bytes(jwk, name)));
    let key = der(0x30, &[integer(&[0]), integers.concat()].concat());
    let algorithm = der(0x30, &[&[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1][..], &[5, 0]].concat());
    der(0x30, &[integer(&[0]), algorithm, der(4, &key)].concat())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn integer(bytes: &[u8]) -> Vec<u8> {
    let sign = if bytes[0] & 0x80 == 0 { &[][..] } else { &[0] };
    der(2, &[sign, bytes].concat())
}

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    let length = match content.len() {
        ..0x80 => vec![length[1]],
        0x80..0x100 => vec![0x81, length[1]],
        _ => [&[0x82][..], &length].concat(),
    };
    [&[tag][..], &length, content].concat()
}
