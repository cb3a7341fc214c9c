//! Compact JWS and the claims inside: one spelling, one algorithm family, nothing demanded that is not understood; whatever is
//! signed and accepted another library accepts with the same claims; and nobody's bytes are signed by chance.

use parhelion_jose::claims::{Claim, Claims};
use parhelion_jose::jws::{Algorithm, Compact, MacAlgorithm, MacCompact};
use parhelion_jose::limits;
use serde_json::Value;

use crate::Verdict;
use crate::second::{base64url, extent, json};
use crate::signer;

/// Reads the bytes as a token; then as header and payload, parted by a line break, that are signed.
pub fn check(bytes: &[u8]) -> Verdict {
    let mut accepted = false;
    if let Ok(token) = str::from_utf8(bytes) {
        check_token(token);
        let key = signer::key().public_key();
        accepted = Compact::parse(token).is_ok_and(|compact| compact.verify_with(key).is_ok());
    }
    let mut parts = bytes.splitn(2, |byte| *byte == b'\n');
    if let (Some(header), Some(payload)) = (parts.next(), parts.next()) {
        accepted |= check_signed(header, payload);
    }
    Verdict::of(accepted)
}

/// What is read is well formed, for one family or none.
fn check_token(token: &str) {
    let (public, mac) = (Compact::parse(token), MacCompact::parse(token));
    assert!(public.is_err() || mac.is_err());
    let (alg, object, payload) = match (&public, &mac) {
        (Ok(compact), _) => (compact.header().alg().name(), compact.header().object(), compact.unverified_payload()),
        (_, Ok(compact)) => (compact.header().alg().name(), compact.header().object(), compact.unverified_payload()),
        (Err(_), Err(_)) => return,
    };
    let segments: Vec<Vec<u8>> = token.split('.').map(|segment| base64url(segment).unwrap()).collect();
    assert!(segments.len() == 3 && segments.iter().all(|segment| !segment.is_empty()));
    assert!(token.len() <= limits::TOKEN_BYTES && segments[0].len() <= limits::HEADER_BYTES);
    assert_eq!(segments[1], payload);
    let header = json(&segments[0]).unwrap();
    assert_eq!(Some(object), header.as_object());
    let (depth, nodes) = extent(&header);
    assert!(depth <= limits::HEADER.depth && nodes <= limits::HEADER.nodes);
    assert!(header.get("crit").is_none() && header.get("b64").is_none());
    assert_eq!(header["alg"], alg);
    assert_eq!(Algorithm::from_name(alg).is_some(), public.is_ok());
    assert_eq!(MacAlgorithm::from_name(alg).is_some(), mac.is_ok());
    for name in ["kid", "typ"] {
        assert!(header.get(name).is_none_or(Value::is_string));
    }
}

/// A token that was signed, whatever it says; whether it is one whose claims count.
fn check_signed(header: &[u8], payload: &[u8]) -> bool {
    let token = signer::sign(header, payload);
    check_token(&token);
    let Ok(compact) = Compact::parse(&token) else { return false };
    let Ok(verified) = compact.verify_with(signer::key().public_key()) else {
        assert!(!["EdDSA", "Ed25519"].contains(&compact.header().alg().name()));
        return false;
    };
    assert_eq!(verified.payload(), payload);
    let Ok(claims) = verified.claims() else { return false };
    check_claims(&claims, payload);
    check_peer(&token, verified.header().object(), &claims);
    true
}

/// What the peer says of it: it knows one of the two names, gives types to some members, and to the registered claims.
fn check_peer(token: &str, header: &serde_json::Map<String, Value>, claims: &Claims) {
    let plain = ["alg", "kid", "typ"];
    if header["alg"] == "EdDSA" && header.keys().all(|name| plain.contains(&name.as_str())) {
        let registered = ["iss", "sub", "aud", "exp", "nbf"];
        match signer::accepted_by_peer(token) {
            Some(theirs) => assert_eq!(theirs.as_object(), Some(claims.object())),
            None => assert!(claims.object().keys().any(|name| registered.contains(&name.as_str())), "{token}"),
        }
    }
}

/// Every claim is absent, malformed or valid, and never one for the other.
fn check_claims(claims: &Claims, payload: &[u8]) {
    let plain = json(payload).unwrap();
    let (depth, nodes) = extent(&plain);
    assert!(depth <= limits::CLAIMS.depth && nodes <= limits::CLAIMS.nodes);
    assert_eq!(Some(claims.object()), plain.as_object());
    for (name, value) in claims.object() {
        assert_eq!(claims.string(name), value.as_str().map_or(Claim::Malformed, Claim::Valid));
        let seconds = value.as_f64().filter(|seconds| (0.0..253_402_300_800.0).contains(seconds));
        match claims.numeric_date(name) {
            Claim::Valid(date) => {
                assert_eq!(Some(date.to_string()), seconds.map(|seconds| format!("{:.0}", seconds.trunc() + 0.0)))
            }
            Claim::Malformed => assert_eq!(seconds, None),
            Claim::Absent => panic!("{name}"),
        }
        let strings = match value {
            Value::String(one) => Some(vec![one.as_str()]),
            Value::Array(many) => many.iter().map(Value::as_str).collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
        };
        match claims.string_or_strings(name) {
            Claim::Valid(read) => assert_eq!(Some(read.iter().collect::<Vec<_>>()), strings),
            Claim::Malformed => assert_eq!(strings, None),
            Claim::Absent => panic!("{name}"),
        }
    }
    assert_eq!(claims.string("a claim that nobody makes up\u{0}"), Claim::Absent);
}
