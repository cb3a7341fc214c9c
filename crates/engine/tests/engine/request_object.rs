//! Signed authorization requests, pushed and brought by the browser (RFC 9101; rows N-50 to N-53 and N-80 to
//! N-94, group RO).

use parhelion_engine::authorize::Loaded;
use parhelion_engine::interaction::Decision;
use parhelion_jose::jwe::{self, ContentEncryption};
use parhelion_jose::jws::Algorithm;
use parhelion_jose::signing::SigningKey;
use parhelion_protocol::refusal::Reason;
use serde_json::{Value, json};

use super::journey::keyed;
use super::scene::{CALLBACK, CHALLENGE, ISSUER, Scene, decryption_key, parameter, reason};

/// The claims of a good request object, changed.
fn claims(scene: &Scene, change: impl FnOnce(&mut Value)) -> Value {
    let now = scene.clock_s();
    let mut claims = json!({
        "client_id": "keyed", "iss": "keyed", "aud": ISSUER, "exp": now + 300, "nbf": now, "iat": now,
        "response_type": "code", "redirect_uri": CALLBACK, "scope": "openid", "state": "inside",
        "code_challenge": CHALLENGE, "code_challenge_method": "S256",
    });
    change(&mut claims);
    claims
}

pub(crate) fn signed(scene: &Scene, change: impl FnOnce(&mut Value)) -> String {
    sign(&scene.client_key, "oauth-authz-req+jwt", &claims(scene, change))
}

fn sign(key: &SigningKey, typ: &str, claims: &Value) -> String {
    key.sign(typ, claims.to_string().as_bytes()).unwrap()
}

pub(crate) fn push(jti: &str, scene: &Scene, object: &str, more: &str) -> String {
    keyed(&scene.assertion(jti), &format!("request={object}{more}"))
}

#[tokio::test]
async fn what_is_inside_counts_and_nothing_else() {
    let scene = Scene::new();
    let body = push("a", &scene, &signed(&scene, |_| {}), "&state=outside&scope=admin&nonce=outside&foo=bar");
    let accepted = scene.push(&body).await.ok().unwrap();
    let interaction = scene.logged_in_as("keyed", &accepted.request_uri).await;
    let response = scene.complete(&interaction, Decision::Allow).await.unwrap();
    assert_eq!(parameter(&response, "state").as_deref(), Some("inside"));

    let stateless = signed(&scene, |claims| drop(claims.as_object_mut().unwrap().remove("state")));
    let accepted = scene.push(&push("b", &scene, &stateless, "&state=outside")).await.ok().unwrap();
    let interaction = scene.logged_in_as("keyed", &accepted.request_uri).await;
    let response = scene.complete(&interaction, Decision::Allow).await.unwrap();
    assert_eq!(parameter(&response, "state"), None);

    let unchallenged = signed(&scene, |claims| {
        let claims = claims.as_object_mut().unwrap();
        claims.remove("code_challenge");
        claims.remove("code_challenge_method");
    });
    let outside = format!("&code_challenge={CHALLENGE}&code_challenge_method=S256");
    assert_eq!(reason(scene.push(&push("c", &scene, &unchallenged, &outside)).await), Reason::PkceMissing);
}

#[tokio::test]
async fn every_fault_of_a_request_object_is_told_apart() {
    let scene = Scene::new();
    let now = scene.clock_s();
    let set = |name: &'static str, value: Value| move |claims: &mut Value| claims[name] = value;
    let cases: Vec<(String, Reason)> = vec![
        (signed(&scene, set("client_id", json!("app"))), Reason::RequestObjectClientWrong),
        (signed(&scene, set("client_id", Value::Null)), Reason::RequestObjectClientWrong),
        (signed(&scene, set("iss", json!("app"))), Reason::RequestObjectClientWrong),
        (signed(&scene, set("iss", json!(1))), Reason::RequestObjectClientWrong),
        (signed(&scene, set("sub", json!("keyed"))), Reason::RequestObjectClientWrong),
        (signed(&scene, set("aud", json!("https://other"))), Reason::RequestObjectAudienceWrong),
        (signed(&scene, set("aud", json!(format!("{ISSUER}/par")))), Reason::RequestObjectAudienceWrong),
        (signed(&scene, set("exp", json!(now - 1))), Reason::RequestObjectTimesWrong),
        (signed(&scene, set("exp", json!(now))), Reason::RequestObjectTimesWrong),
        (signed(&scene, set("exp", json!("300"))), Reason::RequestObjectTimesWrong),
        (signed(&scene, set("nbf", json!(now + 61))), Reason::RequestObjectTimesWrong),
        (signed(&scene, set("iat", json!(now + 61))), Reason::RequestObjectTimesWrong),
        (signed(&scene, set("request_uri", json!("urn:x"))), Reason::RequestObjectNested),
        (signed(&scene, set("request", json!("a.b.c"))), Reason::RequestObjectNested),
        (signed(&scene, set("scope", json!(["openid"]))), Reason::RequestObjectClaimWrong),
        (signed(&scene, set("redirect_uri", json!({ "a": 1 }))), Reason::RequestObjectClaimWrong),
        (signed(&scene, set("max_age", json!("1"))), Reason::RequestObjectClaimWrong),
        (signed(&scene, set("max_age", json!(-1))), Reason::RequestObjectClaimWrong),
        (signed(&scene, set("state", json!(5))), Reason::RequestObjectClaimWrong),
        (signed(&scene, set("claims", json!("{}"))), Reason::RequestObjectClaimWrong),
        (signed(&scene, set("resource", json!([1]))), Reason::RequestObjectClaimWrong),
        (sign(&scene.client_key, "at+jwt", &claims(&scene, |_| {})), Reason::RequestObjectTypRefused),
        (
            sign(&SigningKey::generate(Algorithm::Es256).unwrap(), "JWT", &claims(&scene, |_| {})),
            Reason::RequestObjectKeyUnknown,
        ),
        ("a.b.c".to_owned(), Reason::RequestObjectMalformed),
        ("eyJhbGciOiJub25lIn0.e30.".to_owned(), Reason::RequestObjectMalformed),
        (scene.assertion("x"), Reason::RequestObjectClientWrong),
    ];
    for (at, (object, expected)) in cases.into_iter().enumerate() {
        let outcome = scene.push(&push(&format!("f{at}"), &scene, &object, "")).await;
        assert_eq!(reason(outcome), expected, "case {at}");
    }
    for (at, (typ, change)) in [
        ("JWT", json!(ISSUER)),
        ("oauth-authz-req+jwt", json!(["https://bad", ISSUER])),
        ("application/oauth-authz-req+jwt", json!(ISSUER)),
    ]
    .into_iter()
    .enumerate()
    {
        let object = sign(&scene.client_key, typ, &claims(&scene, |claims| claims["aud"] = change));
        assert!(scene.push(&push(&format!("g{at}"), &scene, &object, "")).await.is_ok(), "{typ}");
    }
}

#[tokio::test]
async fn a_request_object_that_ends_soon_shortens_the_request_uri() {
    let scene = Scene::new();
    let now = scene.clock_s();
    let soon = signed(&scene, |claims| claims["exp"] = (now + 3).into());
    assert_eq!(scene.push(&push("a", &scene, &soon, "")).await.ok().unwrap().expires_in_s, 3);
    let same = signed(&scene, |_| {});
    let (first, second) =
        (scene.push(&push("b", &scene, &same, "")).await, scene.push(&push("c", &scene, &same, "")).await);
    assert_ne!(first.ok().unwrap().request_uri, second.ok().unwrap().request_uri);
}

#[tokio::test]
async fn message_signing_wants_one_with_its_terms() {
    let mut scene = Scene::new();
    let overlay = toml::from_str("request_objects = 'required'\nrequest_object_terms = 'required'").unwrap();
    scene.policy(|policy| policy.overlaid(&overlay).unwrap());
    let plain = keyed(&scene.assertion("a"), &super::scene::request(""));
    assert_eq!(reason(scene.push(&plain).await), Reason::RequestObjectNeeded);
    let now = scene.clock_s();
    let without = |name: &'static str| signed(&scene, |claims| drop(claims.as_object_mut().unwrap().remove(name)));
    for (at, object) in [
        without("exp"),
        without("nbf"),
        signed(&scene, |claims| claims["exp"] = (now + 70 * 60).into()),
        signed(&scene, |claims| claims["nbf"] = (now - 70 * 60).into()),
    ]
    .into_iter()
    .enumerate()
    {
        let outcome = scene.push(&push(&format!("b{at}"), &scene, &object, "")).await;
        assert_eq!(reason(outcome), Reason::RequestObjectTimesWrong, "case {at}");
    }
    let outcome = scene.push(&push("c", &scene, &without("aud"), "")).await;
    assert_eq!(reason(outcome), Reason::RequestObjectAudienceWrong);
    assert!(
        scene.push(&push("d", &scene, &signed(&scene, |claims| claims["nbf"] = (now + 8).into()), "")).await.is_ok()
    );
}

#[tokio::test]
async fn a_browser_may_bring_one_where_requests_need_not_be_pushed() {
    let mut scene = Scene::new();
    let overlay = toml::from_str("pushed_requests = 'optional'").unwrap();
    scene.policy(|policy| policy.overlaid(&overlay).unwrap());
    let query = format!("client_id=keyed&redirect_uri={CALLBACK}&state=outside&request={}", signed(&scene, |_| {}));
    let loaded = scene.engine.authorize(&scene.mount, query.as_bytes(), None).await.unwrap();
    assert!(matches!(loaded, Loaded::Interaction(_)));
    let forged = query.replace("request=ey", "request=fy");
    let Loaded::Response(response) = scene.engine.authorize(&scene.mount, forged.as_bytes(), None).await.unwrap()
    else {
        panic!("accepted")
    };
    assert_eq!(parameter(&response, "error").as_deref(), Some("invalid_request_object"));
}

fn encrypted(number: usize, enc: ContentEncryption, content: &str) -> String {
    let key = decryption_key(number);
    jwe::encrypt(key.public_key(), key.algorithm(), enc, Some("JWT"), content.as_bytes()).unwrap()
}

#[tokio::test]
async fn signed_request_may_be_encrypted_to_a_key_of_the_tenant_also_to_one_that_was_replaced() {
    let scene = Scene::new();
    for (number, enc) in (1..=3).flat_map(|number| ContentEncryption::ALL.map(|enc| (number, enc))) {
        let object = encrypted(number, enc, &signed(&scene, |_| {}));
        let jti = format!("{number}{enc}");
        assert!(scene.push(&push(&jti, &scene, &object, "&state=outside")).await.is_ok(), "{number} {enc}");
    }
    let published = scene.mount.tenant.keys.jwks();
    assert!(published.contains("enc-1") && published.contains("enc-2") && !published.contains("enc-3"));
}

#[tokio::test]
async fn whatever_depends_on_the_key_is_one_refusal() {
    let scene = Scene::new();
    let good = encrypted(1, ContentEncryption::A128CbcHs256, &signed(&scene, |_| {}));
    let segment = |at: usize, text: &str| {
        let mut segments: Vec<_> = good.split('.').collect();
        segments[at] = text;
        segments.join(".")
    };
    let tag = good.rsplit('.').next().unwrap();
    let other = if tag.starts_with('A') { tag.replacen('A', "B", 1) } else { format!("A{}", &tag[1..]) };
    let stranger = jwe::DecryptionKey::generate(jwe::Algorithm::EcdhEs).unwrap();
    let to_stranger = |alg| jwe::encrypt(stranger.public_key(), alg, ContentEncryption::A256Gcm, None, b"{}").unwrap();
    let rsa = encrypted(2, ContentEncryption::A256Gcm, "x");
    let mut segments: Vec<_> = rsa.split('.').collect();
    let wrong = "A".repeat(segments[1].len());
    segments[1] = &wrong;
    for (at, object) in [segment(4, &other), to_stranger(jwe::Algorithm::EcdhEs), segments.join(".")].iter().enumerate()
    {
        let refused = scene.push(&push(&format!("k{at}"), &scene, object, "")).await;
        assert_eq!(reason(refused), Reason::RequestObjectUndecipherable, "{at}");
    }
}

#[tokio::test]
async fn what_was_encrypted_has_to_be_signed_and_is_not_encrypted_twice() {
    let scene = Scene::new();
    let plain = claims(&scene, |_| {}).to_string();
    let signed = signed(&scene, |_| {});
    let twice = encrypted(1, ContentEncryption::A256Gcm, &encrypted(1, ContentEncryption::A256Gcm, &signed));
    let unsigned = format!("eyJhbGciOiJub25lIn0.{}.", parhelion_jose::base64url::encode(plain.as_bytes()));
    for (at, content) in [plain, twice, unsigned].iter().enumerate() {
        let object = encrypted(1, ContentEncryption::A256Gcm, content);
        let refused = scene.push(&push(&format!("n{at}"), &scene, &object, "")).await;
        assert_eq!(reason(refused), Reason::RequestObjectMalformed, "{at}");
    }
}

#[tokio::test]
async fn registered_encryption_is_the_only_one_and_policy_the_widest() {
    let mut scene = Scene::new();
    scene.reconfigured(|client| {
        client.request_object_encryption_alg = Some("ECDH-ES".to_owned());
        client.request_object_encryption_enc = Some("A256GCM".to_owned());
    });
    let push_of = async |scene: &Scene, number, enc| {
        let object = encrypted(number, enc, &signed(scene, |_| {}));
        scene.push(&push(&format!("{number}{enc}{}", object.len()), scene, &object, "")).await
    };
    assert!(push_of(&scene, 1, ContentEncryption::A256Gcm).await.is_ok());
    for (number, enc) in [(1, ContentEncryption::A128Gcm), (2, ContentEncryption::A256Gcm)] {
        assert_eq!(reason(push_of(&scene, number, enc).await), Reason::RequestObjectEncryptionRefused);
    }
    assert!(scene.push(&push("plain", &scene, &signed(&scene, |_| {}), "")).await.is_ok());
    scene.reconfigured(|_| {});
    let only_gcm = toml::from_str("encryption_encs = ['A256GCM']").unwrap();
    scene.policy(|policy| policy.tightened(policy.overlaid(&only_gcm).unwrap()).unwrap());
    let refused = push_of(&scene, 2, ContentEncryption::A128CbcHs256).await;
    assert_eq!(reason(refused), Reason::RequestObjectEncryptionRefused);
}
