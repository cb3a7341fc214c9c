//! Request objects of the PingOne dialect: signed with the application's secret, and not signed at all where it may.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use parhelion_tests::application::Attempt;
use parhelion_tests::browser::{Browser, Landing};
use parhelion_tests::client_key::{ClientKey, unix_s};
use parhelion_tests::environment::{ADMINISTRATOR, Environment, REDIRECT_URI, Shop, application, platform};
use parhelion_tests::hmac_jwt::{sign, unsigned};
use parhelion_tests::request::Request;
use parhelion_tests::site::ALICE;
use parhelion_tests::spec::jwe;
use parhelion_tests::wire::Response;
use serde_json::{Value, json};

fn claims(shop: &Shop<'_>) -> Value {
    json!({
        "iss": shop.id, "aud": shop.environment.mount().issuer, "client_id": shop.id, "response_type": "code",
        "redirect_uri": REDIRECT_URI, "scope": "openid", "state": shop.attempt.state, "exp": unix_s().saturating_add(300),
        "code_challenge": shop.attempt.challenge(), "code_challenge_method": "S256",
    })
}

fn push(shop: &Shop<'_>, object: &str) -> Response {
    let fields = [("client_id", &*shop.id), ("client_secret", &*shop.secret), ("request", object)];
    shop.environment.push(&fields)
}

fn signed(shop: &Shop<'_>, alg: &str, secret: &[u8]) -> u16 {
    push(shop, &sign(alg, secret, &claims(shop))).status
}

/// From the request URI to tokens.
fn finish(shop: &Shop<'_>, pushed: &Response) {
    assert_eq!(pushed.status, 201, "{}", pushed.text());
    let request_uri = pushed.json()["request_uri"].as_str().unwrap().to_owned();
    let url = format!("{}?client_id={}&request_uri={request_uri}", shop.environment.mount().authorize, shop.id);
    let callback = Browser::new(shop.environment.server.address()).approve(&url, ALICE).unwrap().callback();
    assert_eq!(callback.get("state"), Some(shop.attempt.state.clone()), "what was in the object counts");
    let code = callback.get("code").unwrap();
    let redeemed = shop.redeem(&code);
    assert_eq!(redeemed.status, 200, "{}", redeemed.text());
}

/// Where a browser ends that brings a request.
fn bring(shop: &Shop<'_>, object: &str) -> Landing {
    let url = format!(
        "{}?client_id={}&response_type=code&scope=openid&redirect_uri={REDIRECT_URI}&request={object}",
        shop.environment.mount().authorize,
        shop.id
    );
    Browser::new(shop.environment.server.address()).open(&url).unwrap()
}

fn refused(response: &Response) {
    let body = response.json();
    assert_eq!((response.status, &body["error"]), (400, &json!("invalid_request_object")), "{body}");
    assert!(body["error_description"].as_str().unwrap().starts_with("Request denied: "), "{body}");
}

#[test]
fn request_object_may_be_signed_with_the_secret_of_its_application_and_no_other() {
    let environment = Environment::start();
    let (key, members) = (ClientKey::generate(), |jwks: String| json!({ "jwks": jwks }));
    let jwk = key.public_jwk();
    let shop = Shop::open(&environment, &members(json!({ "keys": [jwk] }).to_string()));
    for alg in ["HS256", "HS384", "HS512"] {
        assert_eq!(signed(&shop, alg, shop.secret.as_bytes()), 201, "{alg}");
    }
    finish(&shop, &push(&shop, &sign("HS256", shop.secret.as_bytes(), &claims(&shop))));
    finish(&shop, &push(&shop, &key.sign(&json!({ "alg": "ES256" }), &claims(&shop))));

    let other = Shop::open(&environment, &json!({}));
    let published = environment.http().send(&Request::get(&environment.mount().jwks)).unwrap().text();
    let x = jwk["x"].as_str().unwrap().to_owned();
    let (empty, upper) = (String::new(), shop.secret.to_uppercase());
    for secret in [&other.secret, &jwk.to_string(), &x, &published, &empty, &shop.id, &upper] {
        refused(&push(&shop, &sign("HS256", secret.as_bytes(), &claims(&shop))));
    }
    let good = sign("HS256", shop.secret.as_bytes(), &claims(&shop));
    let (input, tag) = good.rsplit_once('.').unwrap();
    let renamed = unsigned(&json!({ "alg": "hs256" }), &claims(&shop));
    for object in [format!("{input}."), format!("{input}.{}", tag.split_at(2).1), format!("{renamed}{tag}")] {
        refused(&push(&shop, &object));
    }
    let typed = unsigned(&json!({ "alg": "HS256", "typ": "at+jwt" }), &claims(&shop));
    refused(&push(&shop, &format!("{typed}{tag}")));
    let foreign = sign("HS256", shop.secret.as_bytes(), &claims(&other));
    refused(&push(&shop, &foreign));
    let asserting = {
        let mut claims = claims(&shop);
        claims["sub"] = shop.id.clone().into();
        claims
    };
    refused(&push(&shop, &sign("HS256", shop.secret.as_bytes(), &asserting)));

    let before = shop.secret.clone();
    let exchanged = environment.manage(ADMINISTRATOR, "POST", &format!("/{}/secret", shop.id), None).json();
    let shop = Shop { secret: exchanged["secret"].as_str().unwrap().to_owned(), ..shop };
    assert_eq!((signed(&shop, "HS256", before.as_bytes()), signed(&shop, "HS256", shop.secret.as_bytes())), (400, 201));
}

#[test]
fn application_without_a_secret_signs_with_none() {
    let environment = Environment::start();
    let made = environment.make(&json!({ "tokenEndpointAuthMethod": "NONE" }));
    let shop = Shop {
        environment: &environment,
        id: made["id"].as_str().unwrap().to_owned(),
        secret: String::new(),
        attempt: Attempt::new(),
    };
    for secret in ["", &shop.id] {
        let object = sign("HS256", secret.as_bytes(), &claims(&shop));
        refused(&environment.push(&[("client_id", &shop.id), ("request", &object)]));
    }
}

#[test]
fn unsigned_request_object_is_taken_from_an_application_that_may_push_one() {
    let environment = Environment::start();
    let may = json!({ "supportUnsignedRequestObject": true });
    let shop = Shop::open(&environment, &may);
    let none = unsigned(&json!({ "alg": "none" }), &claims(&shop));
    finish(&shop, &push(&shop, &none));
    finish(&shop, &push(&shop, &unsigned(&json!({ "alg": "none", "typ": "oauth-authz-req+jwt" }), &claims(&shop))));
    assert_eq!(signed(&shop, "HS256", shop.secret.as_bytes()), 201, "it may sign as well");

    for (object, why) in [
        (format!("{none}c2ln"), "there is a signature"),
        (format!("{none}="), "there is something like one"),
        (none.trim_end_matches('.').to_owned(), "there is no place for one"),
        (unsigned(&json!({ "alg": "None" }), &claims(&shop)), "it is spelt otherwise"),
        (unsigned(&json!({ "alg": "NONE" }), &claims(&shop)), "it is spelt otherwise"),
        (unsigned(&json!({ "alg": "nOnE" }), &claims(&shop)), "it is spelt otherwise"),
        (unsigned(&json!({ "alg": "none " }), &claims(&shop)), "it is spelt otherwise"),
        (unsigned(&json!({ "alg": "" }), &claims(&shop)), "it is no name"),
        (unsigned(&json!({}), &claims(&shop)), "it is not there"),
        (unsigned(&json!({ "alg": "ES256" }), &claims(&shop)), "a signature is promised"),
        (unsigned(&json!({ "alg": "HS256" }), &claims(&shop)), "a signature is promised"),
        (unsigned(&json!({ "alg": "none", "crit": ["exp"] }), &claims(&shop)), "an extension"),
        (unsigned(&json!({ "alg": "none", "typ": "at+jwt" }), &claims(&shop)), "another kind of token"),
    ] {
        let answer = push(&shop, &object);
        assert_eq!(answer.status, 400, "{why}");
        refused(&answer);
    }
    for (name, value) in [
        ("client_id", json!("another")),
        ("client_id", Value::Null),
        ("iss", json!("another")),
        ("aud", json!("https://another.example")),
        ("exp", json!(unix_s().saturating_sub(5))),
        ("request_uri", json!("urn:x")),
        ("sub", json!(shop.id)),
    ] {
        let mut claims = claims(&shop);
        claims[name] = value;
        refused(&push(&shop, &unsigned(&json!({ "alg": "none" }), &claims)));
    }
    let keys = environment.http().send(&Request::get(&environment.mount().jwks)).unwrap().json()["keys"].to_string();
    let wrapped = |object: &str| jwe::make(object, toml::Table::from_iter([("keys".to_owned(), keys.clone().into())]));
    refused(&push(&shop, &wrapped(&none)));
    assert_eq!(push(&shop, &wrapped(&sign("HS256", shop.secret.as_bytes(), &claims(&shop)))).status, 201);
    let wrong = [("client_id", &*shop.id), ("client_secret", "wrong"), ("request", &none)];
    assert_eq!(environment.push(&wrong).status, 401, "whoever pushes one has to be known");
}

#[test]
fn browser_brings_no_unsigned_request_object() {
    let environment = Environment::start();
    let shop = Shop::open(&environment, &json!({ "supportUnsignedRequestObject": true }));
    let none = unsigned(&json!({ "alg": "none" }), &claims(&shop));
    assert_eq!(push(&shop, &none).status, 201);
    let told = match bring(&shop, &none) {
        Landing::Callback(callback) => callback.get("error").unwrap(),
        Landing::Page(page) => page.html(),
    };
    assert!(told.contains("invalid_request_object"), "{told}");
    let signed = sign("HS256", shop.secret.as_bytes(), &claims(&shop));
    let page = bring(&shop, &signed).page();
    assert!(page.has("login"), "{}", page.html());
}

#[test]
fn application_chooses_between_unsigned_and_required() {
    let environment = Environment::start();
    let targets = |more: Value| {
        let answer = environment.manage(ADMINISTRATOR, "POST", "", Some(&application(&more)));
        let details = platform(&answer, 400, "INVALID_DATA");
        details.into_iter().map(|(_, target)| target).collect::<Vec<_>>()
    };
    let both = json!({ "supportUnsignedRequestObject": true, "requireSignedRequestObject": true });
    assert_eq!(targets(both), ["supportUnsignedRequestObject"]);
    let public = json!({ "supportUnsignedRequestObject": true, "tokenEndpointAuthMethod": "NONE" });
    assert_eq!(targets(public), ["supportUnsignedRequestObject"]);
    let none_for = |more: &Value| {
        let shop = Shop::open(&environment, more);
        push(&shop, &unsigned(&json!({ "alg": "none" }), &claims(&shop))).status
    };
    let not =
        [json!({}), json!({ "supportUnsignedRequestObject": false }), json!({ "requireSignedRequestObject": true })];
    assert_eq!(not.map(|more| none_for(&more)), [400; 3]);
    let may = json!({ "supportUnsignedRequestObject": true });
    assert_eq!(none_for(&may), 201);
    let shop = Shop::open(&environment, &may);
    let below = format!("/{}", shop.id);
    assert_eq!(environment.manage(ADMINISTRATOR, "GET", &below, None).json()["supportUnsignedRequestObject"], true);
    assert_eq!(environment.manage(ADMINISTRATOR, "PUT", &below, Some(&application(&json!({})))).status, 200);
    refused(&push(&shop, &unsigned(&json!({ "alg": "none" }), &claims(&shop))));
}

#[test]
fn metadata_tells_what_request_objects_may_be_signed_with() {
    let environment = Environment::start();
    let document = environment.http().send(&Request::get(&environment.mount().discovery)).unwrap().json();
    let algs = document["request_object_signing_alg_values_supported"].as_array().unwrap();
    for alg in ["none", "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "ES256"] {
        assert!(algs.contains(&json!(alg)), "{alg}: {document}");
    }
}
