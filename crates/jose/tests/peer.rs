//! `jsonwebtoken` as a peer: what we sign it verifies, what it signs we verify, and of a token that was tampered with we accept
//! nothing that it does not. Where it accepts more, [`ours_is_stricter_in_these_ways`] says so.
//!
//! It stands on the same primitives; those have Wycheproof. What differs is every line that reads and writes a token.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::sync::LazyLock;

use jsonwebtoken::jwk::{Jwk, ThumbprintHash};
use jsonwebtoken::{DecodingKey, EncodingKey, Header, Validation, crypto};
use parhelion_jose::base64url;
use parhelion_jose::jwk::PublicKey;
use parhelion_jose::jws::{Algorithm, Compact, JwsFault, MacAlgorithm, MacCompact, MacKey};
use parhelion_jose::signing::SigningKey;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// What both have; ES512 and the name Ed25519 are ours alone.
const SHARED: [Algorithm; 9] = [
    Algorithm::Es256,
    Algorithm::Es384,
    Algorithm::Ps256,
    Algorithm::Ps384,
    Algorithm::Ps512,
    Algorithm::Rs256,
    Algorithm::Rs384,
    Algorithm::Rs512,
    Algorithm::EdDsa,
];

/// One key with two owners.
struct Both {
    ours: SigningKey,
    theirs: EncodingKey,
    verifying: DecodingKey,
    alg: jsonwebtoken::Algorithm,
}

static KEYS: LazyLock<Vec<Both>> = LazyLock::new(|| {
    let rsa = SigningKey::generate(Algorithm::Ps256).unwrap().to_pkcs8().unwrap();
    let both = |algorithm: Algorithm| {
        let is_rsa = algorithm.name().ends_with(['6', '4', '2']) && !algorithm.name().starts_with('E');
        let ours = if is_rsa {
            SigningKey::from_pkcs8(algorithm, None, &rsa).unwrap()
        } else {
            SigningKey::generate(algorithm).unwrap()
        };
        let document = ours.to_pkcs8().unwrap();
        let theirs = match algorithm.name() {
            // The peer takes PKCS#1, which is what PKCS#8 holds after a head of 26 bytes.
            _ if is_rsa => EncodingKey::from_rsa_der(&document[26..]),
            "EdDSA" => EncodingKey::from_ed_der(&document),
            _ => EncodingKey::from_ec_der(&document),
        };
        let verifying = DecodingKey::from_jwk(&their_jwk(ours.public_jwk())).unwrap();
        Both { ours, theirs, verifying, alg: algorithm.name().parse().unwrap() }
    };
    SHARED.map(both).into()
});

fn their_jwk(jwk: Map<String, Value>) -> Jwk {
    serde_json::from_value(Value::Object(jwk)).unwrap()
}

/// The claims of a token that the peer accepts, whatever its times and parties.
fn theirs(token: &str, key: &DecodingKey, alg: jsonwebtoken::Algorithm) -> Option<Value> {
    let mut validation = Validation::new(alg);
    validation.required_spec_claims.clear();
    (validation.validate_exp, validation.validate_aud) = (false, false);
    jsonwebtoken::decode(token, key, &validation).ok().map(|token| token.claims)
}

/// The claims of a token that we accept.
fn ours(token: &str, key: &PublicKey) -> Result<Value, JwsFault> {
    let compact = Compact::parse(token)?;
    Ok(Value::Object(compact.verify_with(key)?.claims()?.into_object()))
}

fn claims() -> Value {
    json!({ "iss": "https://client.example", "aud": ["https://as.example"], "exp": 1_800_000_000, "\u{e9}": [null, 1.5, "\\"] })
}

#[test]
fn what_we_sign_the_peer_verifies() {
    for key in KEYS.iter() {
        let token = key.ours.sign("JWT", claims().to_string().as_bytes()).unwrap();
        assert_eq!(theirs(&token, &key.verifying, key.alg), Some(claims()), "{:?}", key.alg);
        let header = jsonwebtoken::decode_header(&token).unwrap();
        let expected = (Some("JWT".to_owned()), Some(key.ours.kid().to_owned()), key.alg);
        assert_eq!((header.typ, header.kid, header.alg), expected);
    }
}

#[test]
fn what_the_peer_signs_we_verify() {
    for key in KEYS.iter() {
        let mut header = Header::new(key.alg);
        header.kid = Some("k".to_owned());
        let token = jsonwebtoken::encode(&header, &claims(), &key.theirs).unwrap();
        assert_eq!(ours(&token, key.ours.public_key()), Ok(claims()), "{:?}", key.alg);
        let compact = Compact::parse(&token).unwrap();
        let read = compact.header();
        assert_eq!((read.alg().name(), read.kid(), read.typ()), (key.ours.algorithm().name(), Some("k"), Some("JWT")));
    }
}

#[test]
fn secrets_sign_and_verify_both_ways() {
    let secret = [7; 64];
    for algorithm in MacAlgorithm::ALL {
        let alg: jsonwebtoken::Algorithm = algorithm.name().parse().unwrap();
        let token = MacKey::new(&secret).sign(algorithm, "JWT", claims().to_string().as_bytes()).unwrap();
        assert_eq!(theirs(&token, &DecodingKey::from_secret(&secret), alg), Some(claims()));
        let token = jsonwebtoken::encode(&Header::new(alg), &claims(), &EncodingKey::from_secret(&secret)).unwrap();
        assert!(MacCompact::parse(&token).unwrap().verify(&MacKey::new(&secret)).is_ok(), "{algorithm}");
    }
}

#[test]
fn thumbprints_are_the_same() {
    for key in KEYS.iter() {
        let print = their_jwk(key.ours.public_jwk()).thumbprint(ThumbprintHash::SHA256).unwrap();
        assert_eq!(base64url::encode(&key.ours.public_key().thumbprint()), print, "{:?}", key.alg);
    }
}

/// A token under `header` as it stands, signed by the peer.
fn under(key: &Both, header: &str, payload: &str) -> String {
    let input = [header, payload].map(|part| base64url::encode(part.as_bytes())).join(".");
    let signature = crypto::sign(input.as_bytes(), &key.theirs, key.alg).unwrap();
    format!("{input}.{signature}")
}

#[test]
fn ours_is_stricter_in_these_ways() {
    use parhelion_jose::json::JsonFault::{DuplicateName, TooDeep};
    let key = &KEYS[0];
    let kid = format!(r#"{{"alg":"ES256","kid":"{}"}}"#, "k".repeat(257));
    let deep = format!(r#"{{"a":{}1{}}}"#, "[".repeat(9), "]".repeat(9));
    for (header, payload, fault) in [
        (r#"{"alg":"ES256","crit":["exp"]}"#, "{}", JwsFault::CriticalExtension),
        (r#"{"alg":"ES256","b64":true}"#, "{}", JwsFault::CriticalExtension),
        (r#"{"alg":"ES256","a":1,"a":2}"#, "{}", JwsFault::Header(DuplicateName)),
        (r#"{"alg":"ES256"}"#, r#"{"a":1,"a":2}"#, JwsFault::Claims(DuplicateName)),
        (r#"{"alg":"ES256"}"#, deep.as_str(), JwsFault::Claims(TooDeep)),
        (kid.as_str(), "{}", JwsFault::KidMalformed),
    ] {
        let token = under(key, header, payload);
        assert_eq!(ours(&token, key.ours.public_key()), Err(fault), "{header} {payload}");
        assert!(theirs(&token, &key.verifying, key.alg).is_some(), "no longer: {header} {payload}");
    }
    let token = under(key, r#"{"alg":"ES256"}"#, "{}");
    for (name, value) in [("use", "enc"), ("alg", "ES384")] {
        let mut jwk = key.ours.public_jwk();
        jwk.insert(name.to_owned(), value.into());
        assert_eq!(ours(&token, &PublicKey::from_jwk(&jwk).unwrap()), Err(JwsFault::NoKey), "{name}");
        let lenient = DecodingKey::from_jwk(&their_jwk(jwk)).unwrap();
        assert!(theirs(&token, &lenient, key.alg).is_some(), "no longer: {name}");
    }
}

#[test]
fn algorithms_are_not_exchanged() {
    for signer in KEYS.iter() {
        for other in KEYS.iter().filter(|other| other.alg != signer.alg) {
            let header = format!(r#"{{"alg":"{}"}}"#, other.ours.algorithm());
            let token = under(signer, &header, "{}");
            assert!(ours(&token, signer.ours.public_key()).is_err(), "{header} by {:?}", signer.alg);
            assert!(ours(&token, other.ours.public_key()).is_err(), "{header} by {:?}", signer.alg);
        }
    }
}

/// One change to a text.
#[derive(Clone, Debug)]
enum Change {
    Put(prop::sample::Index, char),
    Insert(prop::sample::Index, char),
    Remove(prop::sample::Index),
    Cut(prop::sample::Index),
    Double(prop::sample::Index),
}

fn change() -> impl Strategy<Value = Change> {
    let place = any::<prop::sample::Index>;
    let character = || prop::sample::select(b"AZaz09-_.=+/ {\"\n~".to_vec()).prop_map(char::from);
    prop_oneof![
        (place(), character()).prop_map(|(at, character)| Change::Put(at, character)),
        (place(), character()).prop_map(|(at, character)| Change::Insert(at, character)),
        place().prop_map(Change::Remove),
        place().prop_map(Change::Cut),
        place().prop_map(Change::Double),
    ]
}

fn changed(text: &str, change: &Change) -> String {
    let mut out: Vec<char> = text.chars().collect();
    match change {
        Change::Put(at, character) => out[at.index(text.len())] = *character,
        Change::Insert(at, character) => out.insert(at.index(text.len()), *character),
        Change::Remove(at) => drop(out.remove(at.index(text.len()))),
        Change::Cut(at) => out.truncate(at.index(text.len())),
        Change::Double(at) => {
            let at = at.index(text.len());
            let tail = out.split_off(at);
            out.extend(tail.iter().chain(&tail).copied().collect::<Vec<_>>());
        }
    }
    out.into_iter().collect()
}

proptest! {
    #[test]
    fn of_tampered_tokens_we_accept_none_that_the_peer_refuses(
        key in 0..SHARED.len(),
        changes in prop::collection::vec(change(), 0..3),
    ) {
        let key = &KEYS[key];
        let signed = key.ours.sign("JWT", claims().to_string().as_bytes()).unwrap();
        let token = changes.iter().fold(signed.clone(), |token, change| if token.is_empty() { token } else { changed(&token, change) });
        let ours = ours(&token, key.ours.public_key());
        if let Ok(ours) = &ours {
            let theirs = theirs(&token, &key.verifying, key.alg);
            prop_assert_eq!(Some(ours), theirs.as_ref());
        }
        prop_assert_eq!(ours.is_ok(), token == signed, "{}", token);
    }

    #[test]
    fn any_header_that_we_accept_the_peer_accepts(
        alg in "(ES256|none|HS256|ES384|es256)",
        extra in prop::collection::vec(("(kid|typ|cty|crit|b64|x5t|jku|foo|alg)", "(1|null|true|\\[\\]|\\{\\}|\"a\"|\"JWT\")"), 0..4),
    ) {
        let members: Vec<String> = extra.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
        let header = format!("{{{}}}", std::iter::once(format!("\"alg\":\"{alg}\"")).chain(members).collect::<Vec<_>>().join(","));
        let token = under(&KEYS[0], &header, r#"{"a":1}"#);
        if let Ok(claims) = ours(&token, KEYS[0].ours.public_key()) {
            // The peer gives types to members that mean nothing here.
            let typed = |(name, value): &(String, String)| ["cty", "x5t", "jku"].contains(&name.as_str()) && !value.starts_with('"');
            match theirs(&token, &KEYS[0].verifying, KEYS[0].alg) {
                Some(theirs) => prop_assert_eq!(claims, theirs),
                None => prop_assert!(extra.iter().any(typed), "{}", header),
            }
        }
    }
}
