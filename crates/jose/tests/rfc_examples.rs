//! Every example of RFC 7515, 7516, 7517, 7520 and 8037 (and of RFC 7519 where it encrypts): what is supported verifies or
//! is read, and what is not is refused by the fault that `data/rfc` names.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use parhelion_jose::base64url;
use parhelion_jose::jwk::{EncryptionKey, JwkFault, PublicKey};
use parhelion_jose::jws::{self, JwsFault, MacCompact, MacKey};
use parhelion_jose::{jwe, jwe::JweFault};
use serde_json::{Map, Value};

const JWS: &str = include_str!("data/rfc/jws.json");
const JWE: &str = include_str!("data/rfc/jwe.json");
const JWK: &str = include_str!("data/rfc/jwk.json");

fn examples(text: &str) -> Vec<Map<String, Value>> {
    serde_json::from_str(text).unwrap()
}

fn text<'a>(example: &'a Map<String, Value>, name: &str) -> &'a str {
    example[name].as_str().unwrap()
}

/// The payload, by the one family of algorithms that the key is of.
fn verified(token: &str, key: &Map<String, Value>) -> Result<Vec<u8>, JwsFault> {
    if key["kty"] == "oct" {
        let secret = MacKey::new(&base64url::decode(text(key, "k")).unwrap());
        return Ok(MacCompact::parse(token)?.verify(&secret)?.payload().to_vec());
    }
    let key = PublicKey::from_jwk(key).unwrap();
    Ok(jws::Compact::parse(token)?.verify_with(&key)?.payload().to_vec())
}

#[test]
fn signed_examples_verify_or_are_refused_by_name() {
    let mut accepted = 0;
    for example in examples(JWS) {
        let (source, key) = (text(&example, "source"), example["key"].as_object().unwrap());
        let outcome = verified(text(&example, "token"), key);
        match example.get("refused") {
            Some(fault) => assert_eq!(
                outcome.map_err(|fault| format!("{fault:?}")),
                Err(fault.as_str().unwrap().into()),
                "{source}"
            ),
            None => {
                assert_eq!(
                    outcome.map(|payload| base64url::encode(&payload)),
                    Ok(text(&example, "payload").into()),
                    "{source}"
                );
                accepted += 1;
            }
        }
    }
    assert_eq!(accepted, 9);
}

#[test]
fn a_signed_example_with_one_character_changed_is_refused() {
    for example in examples(JWS).into_iter().filter(|example| !example.contains_key("refused")) {
        let (token, key) = (text(&example, "token"), example["key"].as_object().unwrap());
        for at in (0..token.len()).step_by(7) {
            let mut changed = token.as_bytes().to_vec();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(verified(&changed, key).is_err(), "{}: character {at}", text(&example, "source"));
        }
    }
}

#[test]
fn encrypted_examples_are_read_or_refused_by_name() {
    let mut read = 0;
    for example in examples(JWE) {
        let outcome = jwe::Compact::parse(text(&example, "token")).map(|_| ());
        match example.get("refused") {
            Some(fault) => {
                let outcome = outcome.map_err(|fault: JweFault| format!("{fault:?}"));
                assert_eq!(outcome, Err(fault.as_str().unwrap().into()), "{}", text(&example, "source"));
            }
            None => {
                // Opened with its private key beside the module that holds it.
                assert_eq!((outcome, text(&example, "source")), (Ok(()), "RFC 7520 section 5.5, compact"));
                read += 1;
            }
        }
    }
    assert_eq!(read, 1);
}

#[test]
fn keys_of_the_examples_are_read_for_what_they_serve() {
    for example in examples(JWK) {
        let (source, jwk) = (text(&example, "source"), example["jwk"].as_object().unwrap());
        let outcome = |fault: Result<(), JwkFault>| fault.map_or_else(|fault| format!("{fault:?}"), |()| "read".into());
        let verifying = outcome(PublicKey::from_jwk(jwk).map(|_| ()));
        let encrypting = outcome(EncryptionKey::from_jwk(jwk).map(|_| ()));
        assert_eq!([verifying, encrypting], [text(&example, "verifying"), text(&example, "encrypting")], "{source}");
    }
}

#[test]
fn public_half_of_every_private_example_is_read() {
    let private = ["d", "p", "q", "dp", "dq", "qi"];
    for mut example in examples(JWK).into_iter().filter(|example| example["jwk"]["kty"] != "oct") {
        let jwk = example["jwk"].as_object_mut().unwrap();
        private.iter().for_each(|name| drop(jwk.remove(*name)));
        let jwk = jwk.clone();
        let read = PublicKey::from_jwk(&jwk).unwrap().to_jwk();
        assert!(read.iter().all(|(name, value)| jwk.get(name) == Some(value)), "{}", text(&example, "source"));
    }
}
