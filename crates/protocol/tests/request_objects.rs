//! Request objects that no key of the client signed: by its secret, or by nobody.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::borrow::Cow;

use parhelion_jose::base64url;
use parhelion_jose::jwe::{self, ContentEncryption, DecryptionKey, DecryptionKeySet};
use parhelion_jose::jws::{MacAlgorithm, MacKey};
use parhelion_protocol::client::{Client, ClientMetadata, MetadataFault};
use parhelion_protocol::client_auth::{GivenSecret, SecretDigest, SecretValue};
use parhelion_protocol::parameters::{Param, Parameters};
use parhelion_protocol::profile::{LoopbackRedirectUri, shipped};
use parhelion_protocol::refusal::Reason;
use parhelion_protocol::request_object::{Door, Judge, unpack};
use serde_json::{Value, json};

const ISSUER: &str = "https://as.example";
const NOW_S: i64 = 1_800_000_000;
const SECRET: &str = "a secret of sixty-four octets, which is as many as HS512 asks for";

fn register(more: &Value, secrets: &[GivenSecret<'_>]) -> Result<Client, MetadataFault> {
    let mut metadata = json!({
        "client_id": "app", "token_endpoint_auth_method": "client_secret_post", "redirect_uris": ["https://app.example/cb"],
    });
    metadata.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let metadata: ClientMetadata = serde_json::from_value(metadata).unwrap();
    Client::register(metadata, secrets, LoopbackRedirectUri::Accepted)
}

fn read_again(text: &str) -> GivenSecret<'_> {
    GivenSecret { value: SecretValue::ReadAgain(text), expires_at_s: None }
}

fn signed(alg: MacAlgorithm, secret: &str) -> String {
    let claims = json!({ "client_id": "app", "scope": "openid" });
    MacKey::new(secret.as_bytes()).sign(alg, "JWT", claims.to_string().as_bytes()).unwrap()
}

fn unsigned() -> String {
    let segment = |text: &str| base64url::encode(text.as_bytes());
    format!("{}.{}.", segment(r#"{"alg":"none"}"#), segment(r#"{"client_id":"app","scope":"openid"}"#))
}

fn decryption() -> DecryptionKeySet {
    DecryptionKeySet::new(vec![DecryptionKey::generate(jwe::Algorithm::EcdhEs).unwrap()])
}

/// What becomes of a request object under a profile: its scope, or why not.
fn outcome(
    client: &Client,
    object: &str,
    profile: &str,
    door: Door,
    decryption: &DecryptionKeySet,
) -> Result<String, Reason> {
    let policy = shipped(profile).unwrap();
    let mut form = Parameters::default();
    form.add("request", Cow::Borrowed(object)).unwrap();
    let judge = Judge { policy: &policy, issuer: ISSUER, keys: &client.keys, decryption, door, now_s: NOW_S };
    let unpacked = unpack(&form, client, &judge).map_err(|refusal| refusal.reason)?;
    Ok(unpacked.parameters.get(Param::Scope).unwrap().to_owned())
}

fn pushed(client: &Client, object: &str) -> Result<String, Reason> {
    outcome(client, object, "pingone", Door::Push, &decryption())
}

#[test]
fn secret_signs_where_the_profile_says_so() {
    let client = register(&json!({}), &[read_again(SECRET)]).unwrap();
    for alg in MacAlgorithm::ALL {
        assert_eq!(pushed(&client, &signed(alg, SECRET)).as_deref(), Ok("openid"));
    }
    let object = signed(MacAlgorithm::Hs256, SECRET);
    for profile in ["rfc9126", "default", "fapi2-message-signing", "oidc", "authlete", "ibm-verify"] {
        let outcome = outcome(&client, &object, profile, Door::Push, &decryption());
        assert_eq!(outcome, Err(Reason::RequestObjectAlgorithmRefused), "{profile}");
    }
    assert_eq!(outcome(&client, &object, "pingone", Door::Browser, &decryption()).as_deref(), Ok("openid"));
}

#[test]
fn secret_is_a_key_where_its_text_is_there_for_that() {
    let signs = json!({ "request_object_signing_alg": "HS512" });
    let client = register(&signs, &[GivenSecret::lasting(SECRET)]).unwrap();
    assert_eq!(pushed(&client, &signed(MacAlgorithm::Hs512, SECRET)).as_deref(), Ok("openid"));
    let other = pushed(&client, &signed(MacAlgorithm::Hs256, SECRET));
    assert_eq!(other, Err(Reason::RequestObjectAlgorithmRefused), "one algorithm is registered");
    let jwt = register(&json!({ "token_endpoint_auth_method": "client_secret_jwt" }), &[GivenSecret::lasting(SECRET)]);
    assert_eq!(pushed(&jwt.unwrap(), &signed(MacAlgorithm::Hs384, SECRET)).as_deref(), Ok("openid"));
    let digest = GivenSecret { value: SecretValue::Digest(SecretDigest::of(SECRET).to_bytes()), expires_at_s: None };
    for secret in [GivenSecret::lasting(SECRET), digest] {
        let client = register(&json!({}), &[secret]).unwrap();
        let outcome = pushed(&client, &signed(MacAlgorithm::Hs256, SECRET));
        assert_eq!(outcome, Err(Reason::RequestObjectSignatureWrong), "nobody said that it is a key");
    }
    let short = register(&signs, &[GivenSecret::lasting("sixty-three octets at the most")]).unwrap_err();
    assert_eq!(short.member, "client_secret");
    let secretless = json!({ "request_object_signing_alg": "HS256", "token_endpoint_auth_method": "none" });
    assert_eq!(register(&secretless, &[]).unwrap_err().member, "request_object_signing_alg");
    assert_eq!(register(&signs, &[digest]).unwrap_err().member, "client_secret");
    let key = register(&json!({ "request_object_signing_alg": "ES256" }), &[read_again(SECRET)]).unwrap();
    let outcome = pushed(&key, &signed(MacAlgorithm::Hs256, SECRET));
    assert_eq!(outcome, Err(Reason::RequestObjectAlgorithmRefused));
}

#[test]
fn secret_that_was_exchanged_signs_until_its_end() {
    let former = "the former secret, which is as long as a secret has to be for it";
    let until = |end| {
        let former = GivenSecret { expires_at_s: Some(end), ..read_again(former) };
        register(&json!({}), &[read_again(SECRET), former]).unwrap()
    };
    let object = signed(MacAlgorithm::Hs256, former);
    assert_eq!(pushed(&until(NOW_S + 1), &object).as_deref(), Ok("openid"));
    assert_eq!(pushed(&until(NOW_S), &object), Err(Reason::RequestObjectSecretExpired));
    assert_eq!(Reason::RequestObjectSecretExpired.row().public().code, "PAR-344", "who guesses learns nothing");
}

#[test]
fn nobody_signs_where_client_profile_and_door_allow_it() {
    let may = register(&json!({ "accept_unsigned_request_object": true }), &[read_again(SECRET)]).unwrap();
    let (decryption, object) = (decryption(), unsigned());
    assert_eq!(outcome(&may, &object, "pingone", Door::Push, &decryption).as_deref(), Ok("openid"));
    let refused = Err(Reason::RequestObjectMalformed);
    assert_eq!(outcome(&may, &object, "pingone", Door::Browser, &decryption), refused);
    for profile in ["rfc9126", "default", "fapi2-message-signing", "oidc", "authlete", "ibm-verify", "autional"] {
        assert_eq!(outcome(&may, &object, profile, Door::Push, &decryption), refused, "{profile}");
    }
    let may_not = register(&json!({}), &[read_again(SECRET)]).unwrap();
    assert_eq!(outcome(&may_not, &object, "pingone", Door::Push, &decryption), refused);
    let key = decryption.iter().next().unwrap().public_key();
    let enc = ContentEncryption::A256Gcm;
    let wrapped =
        |content: &str| jwe::encrypt(key, jwe::Algorithm::EcdhEs, enc, Some("JWT"), content.as_bytes()).unwrap();
    assert_eq!(outcome(&may, &wrapped(&object), "pingone", Door::Push, &decryption), refused);
    let signed = wrapped(&signed(MacAlgorithm::Hs256, SECRET));
    assert_eq!(outcome(&may, &signed, "pingone", Door::Push, &decryption).as_deref(), Ok("openid"));
}

#[test]
fn client_that_need_not_sign_authenticates_and_registers_nothing_else() {
    let member = |more: Value| {
        let mut metadata = json!({ "accept_unsigned_request_object": true });
        metadata.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let public = metadata["token_endpoint_auth_method"] == "none";
        let secret = [read_again(SECRET)];
        register(&metadata, if public { &[] } else { &secret }).unwrap_err().member
    };
    for more in [
        json!({ "require_signed_request_object": true }),
        json!({ "request_object_signing_alg": "ES256" }),
        json!({ "token_endpoint_auth_method": "none" }),
    ] {
        assert_eq!(member(more.clone()), "accept_unsigned_request_object", "{more}");
    }
}
