//! HMAC tokens of the RFCs and of a peer, and the confusion of families of attacks.md, JO-03.

use super::*;
use crate::algorithm::Algorithm;
use crate::jws::Compact;
use crate::signing::SigningKey;
use proptest::prelude::*;
use serde_json::Value;
use std::sync::LazyLock;

const SECRET: [u8; 64] = [b'k'; 64];

static ES256: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate(Algorithm::Es256).expect("a key"));

fn outcome(token: &str, key: &MacKey) -> Result<Vec<u8>, JwsFault> {
    Ok(MacCompact::parse(token)?.verify(key)?.payload().to_vec())
}

/// A token of `alg` by whoever holds `secret`, however short that is.
fn forged(alg: &str, secret: &[u8]) -> String {
    let algorithm = MacAlgorithm::from_name(alg).expect(alg);
    let input =
        format!("{}.{}", base64url::encode(format!(r#"{{"alg":"{alg}"}}"#).as_bytes()), base64url::encode(b"{}"));
    let tag = hmac::sign(&hmac::Key::new(algorithm.hmac(), secret), input.as_bytes());
    format!("{input}.{}", base64url::encode(tag.as_ref()))
}

#[test]
fn the_tokens_of_the_rfcs_verify() {
    // RFC 7515 appendix A.1 and RFC 7520 section 4.4.
    for (secret, token, start) in [
        (
            "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
            "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
            "{\"iss\":\"joe\",\r\n",
        ),
        (
            "hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg",
            "eyJhbGciOiJIUzI1NiIsImtpZCI6IjAxOGMwYWU1LTRkOWItNDcxYi1iZmQ2LWVlZjMxNGJjNzAzNyJ9.SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4.s0h6KThzkfBBBkLspW1h84VsJZFTsPPqMDA7g1Md7p0",
            "It\u{2019}s a dangerous business",
        ),
    ] {
        let payload = outcome(token, &MacKey::new(&base64url::decode(secret).expect(secret))).expect(token);
        assert!(payload.starts_with(start.as_bytes()));
        assert_eq!(outcome(token, &MacKey::new(&SECRET)), Err(JwsFault::SignatureInvalid));
    }
}

#[test]
fn the_tokens_of_a_peer_verify() {
    for (alg, signature) in [
        (MacAlgorithm::Hs256, "gAEP1dLyQftRoCd9gy6SeIVP_F5v2AYOXgAMgP66ZnQ"),
        (MacAlgorithm::Hs384, "mbKtR1jlV_MNo1Ef5e9rM8QABDiQYNrhReeIOHXg8P8969QdgygnqZqlpRlh5fg_"),
        (MacAlgorithm::Hs512, "Z_-RLPo3KXTUWaMzc41wx6qP8mN9zpBLDWm2_GEQh-iaWoSzvRY_QYz0haVnF857-HfQfKgduQETh6GcIwULhA"),
    ] {
        let header = base64url::encode(format!(r#"{{"alg":"{alg}"}}"#).as_bytes());
        let token = format!("{header}.eyJpc3MiOiJwZWVyIn0.{signature}");
        assert_eq!(outcome(&token, &MacKey::new(&SECRET)), Ok(br#"{"iss":"peer"}"#.to_vec()), "{alg}");
    }
}

#[test]
fn what_was_signed_verifies_and_says_what_it_is() {
    for algorithm in MacAlgorithm::ALL {
        let key = MacKey::new(&SECRET);
        let token = key.sign(algorithm, "JWT", br#"{"iss":"me"}"#).expect("a token");
        let compact = MacCompact::parse(&token).expect("well formed");
        let header = compact.header();
        assert_eq!((header.alg(), header.typ(), header.kid()), (algorithm, Some("JWT"), None));
        assert_eq!(compact.unverified_payload(), br#"{"iss":"me"}"#);
        let verified = compact.verify(&key).expect("signed");
        assert_eq!((verified.header(), verified.claims().expect("claims").object().len()), (header, 1));
        assert!(verified.claims_within(Bounds { depth: 0, ..limits::CLAIMS }).is_err());
    }
}

#[test]
fn a_public_key_is_never_a_shared_secret() {
    // JO-03, CA-48: the attacker signs with what everybody has; the secret is the client's, and nothing else is tried.
    let jwk = Value::Object(ES256.public_jwk());
    let pem = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----";
    for public in [pem.to_owned(), format!("{pem}\n"), pem.replace('\n', ""), jwk.to_string(), format!("{jwk:#}\n")] {
        for alg in ["HS256", "HS384", "HS512"] {
            let token = forged(alg, public.as_bytes());
            assert_eq!(outcome(&token, &MacKey::new(&SECRET)), Err(JwsFault::SignatureInvalid), "{alg}");
            assert_eq!(Compact::parse(&token).err(), Some(JwsFault::AlgorithmUnknown), "{alg}");
        }
    }
}

#[test]
fn a_token_of_a_public_key_is_not_read_as_a_mac() {
    let signed = ES256.sign("JWT", b"{}").expect("a token");
    assert_eq!(MacCompact::parse(&signed).err(), Some(JwsFault::AlgorithmUnknown));
    for algorithm in Algorithm::ALL {
        assert_eq!(MacAlgorithm::from_name(algorithm.name()), None);
    }
    for algorithm in MacAlgorithm::ALL {
        assert_eq!(Algorithm::from_name(algorithm.name()), None);
    }
    for (alg, fault) in [("none", JwsFault::Unsecured), ("hs256", JwsFault::AlgorithmUnknown)] {
        let token = format!("{}.e30.AAAA", base64url::encode(format!(r#"{{"alg":"{alg}"}}"#).as_bytes()));
        assert_eq!(MacCompact::parse(&token).err(), Some(fault));
    }
}

#[test]
fn a_secret_shorter_than_the_digest_serves_nothing() {
    // CA-48, RFC 7518 section 3.2
    for (length, serves) in
        [(0, &[][..]), (31, &[]), (32, &["HS256"]), (48, &["HS256", "HS384"]), (63, &["HS256", "HS384"])]
    {
        let secret = vec![b's'; length];
        let key = MacKey::new(&secret);
        assert_eq!(key.bits(), length * 8);
        for algorithm in MacAlgorithm::ALL {
            let served = serves.contains(&algorithm.name());
            assert_eq!(key.sign(algorithm, "JWT", b"{}").is_ok(), served, "{algorithm} {length}");
            let expected = if served { Ok(b"{}".to_vec()) } else { Err(JwsFault::NoKey) };
            assert_eq!(outcome(&forged(algorithm.name(), &secret), &key), expected, "{algorithm} {length}");
        }
    }
}

#[test]
fn a_signature_of_another_length_is_refused() {
    let key = MacKey::new(&SECRET);
    let token = key.sign(MacAlgorithm::Hs256, "JWT", b"{}").expect("a token");
    let (input, signature) = token.rsplit_once('.').expect("a signature");
    let signature = base64url::decode(signature).expect("a signature");
    for other in [&signature[..31], &signature[..1], &[&signature[..], &[0]].concat()] {
        let token = format!("{input}.{}", base64url::encode(other));
        assert_eq!(outcome(&token, &key), Err(JwsFault::SignatureInvalid));
    }
    assert_eq!(outcome(&format!("{input}."), &key), Err(JwsFault::SignatureEmpty));
}

#[test]
fn debug_shows_nothing_of_the_secret_or_the_payload() {
    let key = MacKey::new(&SECRET);
    assert_eq!(format!("{key:?}"), "MacKey { .. }");
    let token = key.sign(MacAlgorithm::Hs256, "JWT", br#"{"sub":"alice"}"#).expect("a token");
    let compact = MacCompact::parse(&token).expect("well formed");
    assert_eq!(format!("{compact:?}"), "MacCompact { header: Header { alg: Hs256, .. }, .. }");
    assert!(!format!("{:?}", compact.verify(&key).expect("signed")).contains("alice"));
}

proptest! {
    #[test]
    fn any_flipped_bit_is_refused(at in any::<proptest::sample::Index>(), bit in 0..7_u32, alg in 0..3_usize) {
        let key = MacKey::new(&SECRET);
        let mut bytes = key.sign(MacAlgorithm::ALL[alg], "JWT", br#"{"iss":"client"}"#).expect("a token").into_bytes();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        let token = String::from_utf8(bytes).expect("seven bits stay ASCII");
        prop_assert!(outcome(&token, &key).is_err(), "{}", token);
    }

    #[test]
    fn only_the_secret_verifies(secret in any::<[u8; 64]>(), other in any::<[u8; 64]>(), alg in 0..3_usize) {
        let token = MacKey::new(&secret).sign(MacAlgorithm::ALL[alg], "JWT", b"{}").expect("a token");
        prop_assert_eq!(outcome(&token, &MacKey::new(&other)).is_ok(), secret == other);
        prop_assert!(outcome(&token, &MacKey::new(&secret)).is_ok());
    }
}
