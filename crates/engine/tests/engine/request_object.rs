//! Signed authorization requests, pushed and brought by the browser (RFC 9101; rows N-50 to N-53 and N-80 to
//! N-94, group RO).

use parhelion_engine::authorize::Loaded;
use parhelion_engine::interaction::Decision;
use parhelion_jose::jws::Algorithm;
use parhelion_jose::signing::SigningKey;
use parhelion_protocol::refusal::Reason;
use serde_json::{Value, json};

use super::journey::keyed;
use super::scene::{CALLBACK, CHALLENGE, ISSUER, Scene, parameter, reason};

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
            Reason::RequestObjectSignatureWrong,
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
