//! Request objects: what is accepted is signed by the client, names it and us, has not ended, nests nothing; its parameters are
//! its own claims and never those of the form beside it. Encrypted, it says no more than what it holds.

use std::borrow::Cow;
use std::sync::LazyLock;

use parhelion_jose::jwe::{self, Algorithm, ContentEncryption, DecryptionKey, DecryptionKeySet};
use parhelion_protocol::client::{Client, ClientMetadata};
use parhelion_protocol::limits;
use parhelion_protocol::parameters::{Param, Parameters};
use parhelion_protocol::profile::{LoopbackRedirectUri, Policy, shipped};
use parhelion_protocol::request_object::{Door, Judge, unpack};
use serde_json::{Map, Value, json};

use crate::Verdict;
use crate::second::{base64url, json as read_json};
use crate::signer;

const ISSUER: &str = "https://as.example/t";
const NOW: i64 = 1_800_000_000;

static CLIENT: LazyLock<Client> = LazyLock::new(|| {
    let metadata = json!({
        "client_id": "app", "token_endpoint_auth_method": "private_key_jwt",
        "jwks": json!({ "keys": [signer::key().public_jwk()] }).to_string(),
        "redirect_uris": ["https://app.example/cb"]
    });
    let metadata: ClientMetadata = serde_json::from_value(metadata).unwrap();
    Client::register(metadata, &[], LoopbackRedirectUri::Accepted).unwrap()
});

static DECRYPTION: LazyLock<DecryptionKeySet> =
    LazyLock::new(|| DecryptionKeySet::new(vec![DecryptionKey::generate(Algorithm::EcdhEsA256Kw).unwrap()]));

/// The last one takes objects that are signed with a secret, or by nobody, from clients that are registered so.
static POLICIES: LazyLock<[Policy; 3]> =
    LazyLock::new(|| ["rfc9126", "fapi2-message-signing", "pingone"].map(|name| shipped(name).unwrap()));

/// Reads the bytes as a request object, as the claims of one, and as claims over those of a good one.
pub fn check(bytes: &[u8]) -> Verdict {
    let good = json!({ "client_id": "app", "aud": ISSUER, "iss": "app", "nbf": NOW, "exp": NOW + 60 });
    let mut tokens = vec![signer::sign(br#"{"alg":"EdDSA"}"#, bytes)];
    tokens.extend(str::from_utf8(bytes).map(str::to_owned));
    if let Some(Value::Object(claims)) = read_json(bytes) {
        let merged: Map<String, Value> = good.as_object().unwrap().clone().into_iter().chain(claims).collect();
        tokens.push(signer::sign(br#"{"alg":"EdDSA","typ":"JWT"}"#, Value::Object(merged).to_string().as_bytes()));
    }
    let accepted = |token: &String| POLICIES.iter().filter(|policy| check_both(token, policy)).count() > 0;
    Verdict::of(tokens.iter().filter(|token| accepted(token)).count() > 0)
}

/// As it is, and encrypted, which changes nothing.
fn check_both(text: &str, policy: &Policy) -> bool {
    let accepted = check_object(text, text, policy);
    let key = DECRYPTION.iter().next().unwrap().public_key();
    if let Ok(encrypted) =
        jwe::encrypt(key, Algorithm::EcdhEsA256Kw, ContentEncryption::A256Gcm, Some("JWT"), text.as_bytes())
        && encrypted.len() <= limits::PARAMETER_VALUE_MAX_BYTES
    {
        assert_eq!(check_object(&encrypted, text, policy), accepted && !text.is_empty());
    }
    accepted
}

/// Unpacks what was sent beside parameters of a form that must not count; `signed` is what it holds.
fn check_object(sent: &str, signed: &str, policy: &Policy) -> bool {
    let mut form = Parameters::default();
    for (name, value) in [("request", sent), ("scope", "of the form"), ("client_id", "app"), ("state", "of the form")] {
        if form.add(name, Cow::Borrowed(value)).is_err() {
            return false;
        }
    }
    if form.get(Param::Request).is_none() {
        return false;
    }
    let judge =
        Judge { policy, issuer: ISSUER, keys: &CLIENT.keys, decryption: &DECRYPTION, door: Door::Push, now_s: NOW };
    let Ok(unpacked) = unpack(&form, &CLIENT, &judge) else { return false };
    let (header, rest) = signed.split_once('.').unwrap();
    let payload = base64url(rest.split('.').next().unwrap()).unwrap();
    assert_eq!(
        signed,
        signed_again(header, &payload),
        "the signature is the client's: Ed25519 has one for each message"
    );
    let claims = read_json(&payload).unwrap();
    check_claims(claims.as_object().unwrap(), policy);
    let exp = claims.get("exp").and_then(Value::as_f64);
    assert_eq!(unpacked.left_s.map(f64::from), exp.map(|exp| exp.trunc() - 1_800_000_000.0));
    check_parameters(&unpacked.parameters, claims.as_object().unwrap());
    true
}

fn signed_again(header: &str, payload: &[u8]) -> String {
    signer::sign(&base64url(header).unwrap(), payload)
}

fn check_claims(claims: &Map<String, Value>, policy: &Policy) {
    assert_eq!(claims["client_id"], "app");
    assert!(claims.get("iss").is_none_or(|issuer| issuer == "app"));
    for name in ["sub", "request", "request_uri"] {
        assert!(!claims.contains_key(name), "{name}");
    }
    let names_us = |aud: &Value| *aud == ISSUER || aud.as_array().is_some_and(|aud| aud.contains(&ISSUER.into()));
    let seconds = |name: &str| claims.get(name).map(|date| date.as_f64().unwrap() - 1_800_000_000.0);
    assert!(seconds("exp").is_none_or(|left| left >= 1.0));
    assert!(["nbf", "iat"].iter().all(|name| seconds(name).is_none_or(|ahead| ahead < 31.0)));
    if *policy == POLICIES[1] {
        let (exp, nbf) = (seconds("exp").unwrap(), seconds("nbf").unwrap());
        assert!(names_us(&claims["aud"]) && exp.trunc() - nbf.trunc() <= 3600.0 && nbf > -3601.0);
    } else {
        assert!(claims.get("aud").is_none_or(names_us));
    }
}

/// Every parameter is what its claim says, and every claim of a parameter is one.
fn check_parameters(parameters: &Parameters<'_>, claims: &Map<String, Value>) {
    for (param, value) in parameters.iter() {
        let same = match &claims[param.name()] {
            Value::String(text) => text == value,
            Value::Array(many) if param == Param::Resource => many.iter().any(|one| one == value),
            other @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                read_json(value.as_bytes()).as_ref() == Some(other)
            }
        };
        assert!(same && param.is_of_authorization_request(), "{}", param.name());
    }
    for (name, value) in claims {
        let given = Param::from_name(name).filter(|param| param.is_of_authorization_request());
        let empty = matches!(value, Value::String(text) if text.is_empty())
            || matches!(value, Value::Array(many) if name == "resource" && many.iter().all(|one| one == ""));
        if let Some(param) = given.filter(|_| !empty) {
            assert!(parameters.iter().any(|(known, _)| known == param), "{name}");
        }
    }
}
