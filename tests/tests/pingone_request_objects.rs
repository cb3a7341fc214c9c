//! Request objects of the PingOne dialect: signed with the application's secret, and not signed at all where it may.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use parhelion_tests::application::Attempt;
use parhelion_tests::browser::{Browser, Landing};
use parhelion_tests::client_key::{ClientKey, unix_s};
use parhelion_tests::environment::{ADMINISTRATOR, Environment, REDIRECT_URI, application, platform};
use parhelion_tests::hmac_jwt::{sign, unsigned};
use parhelion_tests::request::Request;
use parhelion_tests::site::ALICE;
use parhelion_tests::spec::jwe;
use parhelion_tests::wire::Response;
use serde_json::{Value, json};

/// An application, and what it wants.
struct Shop<'a> {
    environment: &'a Environment,
    id: String,
    secret: String,
    attempt: Attempt,
}

impl<'a> Shop<'a> {
    fn open(environment: &'a Environment, more: &Value) -> Self {
        let (id, secret) = environment.open_shop(more);
        Self { environment, id, secret, attempt: Attempt::new() }
    }

    fn claims(&self) -> Value {
        json!({
            "iss": self.id, "aud": self.environment.mount().issuer, "client_id": self.id, "response_type": "code",
            "redirect_uri": REDIRECT_URI, "scope": "openid", "state": self.attempt.state, "exp": unix_s().saturating_add(300),
            "code_challenge": self.attempt.challenge(), "code_challenge_method": "S256",
        })
    }

    fn push(&self, object: &str) -> Response {
        let fields = [("client_id", &*self.id), ("client_secret", &*self.secret), ("request", object)];
        self.environment.push(&fields)
    }

    fn signed(&self, alg: &str, secret: &[u8]) -> u16 {
        self.push(&sign(alg, secret, &self.claims())).status
    }

    /// From the request URI to tokens.
    fn finish(&self, pushed: &Response) {
        assert_eq!(pushed.status, 201, "{}", pushed.text());
        let request_uri = pushed.json()["request_uri"].as_str().unwrap().to_owned();
        let url = format!("{}?client_id={}&request_uri={request_uri}", self.environment.mount().authorize, self.id);
        let callback = Browser::new(self.environment.server.address()).approve(&url, ALICE).unwrap().callback();
        assert_eq!(callback.get("state"), Some(self.attempt.state.clone()), "what was in the object counts");
        let code = callback.get("code").unwrap();
        let redeemed = self.environment.redeem((&self.id, &self.secret), &self.attempt, &code);
        assert_eq!(redeemed.status, 200, "{}", redeemed.text());
    }

    /// Where a browser ends that brings a request.
    fn bring(&self, object: &str) -> Landing {
        let url = format!(
            "{}?client_id={}&response_type=code&scope=openid&redirect_uri={REDIRECT_URI}&request={object}",
            self.environment.mount().authorize,
            self.id
        );
        Browser::new(self.environment.server.address()).open(&url).unwrap()
    }
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
        assert_eq!(shop.signed(alg, shop.secret.as_bytes()), 201, "{alg}");
    }
    shop.finish(&shop.push(&sign("HS256", shop.secret.as_bytes(), &shop.claims())));
    shop.finish(&shop.push(&key.sign(&json!({ "alg": "ES256" }), &shop.claims())));

    let other = Shop::open(&environment, &json!({}));
    let published = environment.http().send(&Request::get(&environment.mount().jwks)).unwrap().text();
    let x = jwk["x"].as_str().unwrap().to_owned();
    let (empty, upper) = (String::new(), shop.secret.to_uppercase());
    for secret in [&other.secret, &jwk.to_string(), &x, &published, &empty, &shop.id, &upper] {
        refused(&shop.push(&sign("HS256", secret.as_bytes(), &shop.claims())));
    }
    let good = sign("HS256", shop.secret.as_bytes(), &shop.claims());
    let (input, tag) = good.rsplit_once('.').unwrap();
    let renamed = unsigned(&json!({ "alg": "hs256" }), &shop.claims());
    for object in [format!("{input}."), format!("{input}.{}", tag.split_at(2).1), format!("{renamed}{tag}")] {
        refused(&shop.push(&object));
    }
    let typed = unsigned(&json!({ "alg": "HS256", "typ": "at+jwt" }), &shop.claims());
    refused(&shop.push(&format!("{typed}{tag}")));
    let foreign = sign("HS256", shop.secret.as_bytes(), &other.claims());
    refused(&shop.push(&foreign));
    let asserting = {
        let mut claims = shop.claims();
        claims["sub"] = shop.id.clone().into();
        claims
    };
    refused(&shop.push(&sign("HS256", shop.secret.as_bytes(), &asserting)));

    let before = shop.secret.clone();
    let exchanged = environment.manage(ADMINISTRATOR, "POST", &format!("/{}/secret", shop.id), None).json();
    let shop = Shop { secret: exchanged["secret"].as_str().unwrap().to_owned(), ..shop };
    assert_eq!((shop.signed("HS256", before.as_bytes()), shop.signed("HS256", shop.secret.as_bytes())), (400, 201));
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
        let object = sign("HS256", secret.as_bytes(), &shop.claims());
        refused(&environment.push(&[("client_id", &shop.id), ("request", &object)]));
    }
}

#[test]
fn unsigned_request_object_is_taken_from_an_application_that_may_push_one() {
    let environment = Environment::start();
    let may = json!({ "supportUnsignedRequestObject": true });
    let shop = Shop::open(&environment, &may);
    let none = unsigned(&json!({ "alg": "none" }), &shop.claims());
    shop.finish(&shop.push(&none));
    shop.finish(&shop.push(&unsigned(&json!({ "alg": "none", "typ": "oauth-authz-req+jwt" }), &shop.claims())));
    assert_eq!(shop.signed("HS256", shop.secret.as_bytes()), 201, "it may sign as well");

    for (object, why) in [
        (format!("{none}c2ln"), "there is a signature"),
        (format!("{none}="), "there is something like one"),
        (none.trim_end_matches('.').to_owned(), "there is no place for one"),
        (unsigned(&json!({ "alg": "None" }), &shop.claims()), "it is spelt otherwise"),
        (unsigned(&json!({ "alg": "NONE" }), &shop.claims()), "it is spelt otherwise"),
        (unsigned(&json!({ "alg": "nOnE" }), &shop.claims()), "it is spelt otherwise"),
        (unsigned(&json!({ "alg": "none " }), &shop.claims()), "it is spelt otherwise"),
        (unsigned(&json!({ "alg": "" }), &shop.claims()), "it is no name"),
        (unsigned(&json!({}), &shop.claims()), "it is not there"),
        (unsigned(&json!({ "alg": "ES256" }), &shop.claims()), "a signature is promised"),
        (unsigned(&json!({ "alg": "HS256" }), &shop.claims()), "a signature is promised"),
        (unsigned(&json!({ "alg": "none", "crit": ["exp"] }), &shop.claims()), "an extension"),
        (unsigned(&json!({ "alg": "none", "typ": "at+jwt" }), &shop.claims()), "another kind of token"),
    ] {
        let answer = shop.push(&object);
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
        let mut claims = shop.claims();
        claims[name] = value;
        refused(&shop.push(&unsigned(&json!({ "alg": "none" }), &claims)));
    }
    let keys = environment.http().send(&Request::get(&environment.mount().jwks)).unwrap().json()["keys"].to_string();
    let wrapped = |object: &str| jwe::make(object, toml::Table::from_iter([("keys".to_owned(), keys.clone().into())]));
    refused(&shop.push(&wrapped(&none)));
    assert_eq!(shop.push(&wrapped(&sign("HS256", shop.secret.as_bytes(), &shop.claims()))).status, 201);
    let wrong = [("client_id", &*shop.id), ("client_secret", "wrong"), ("request", &none)];
    assert_eq!(environment.push(&wrong).status, 401, "whoever pushes one has to be known");
}

#[test]
fn browser_brings_no_unsigned_request_object() {
    let environment = Environment::start();
    let shop = Shop::open(&environment, &json!({ "supportUnsignedRequestObject": true }));
    let none = unsigned(&json!({ "alg": "none" }), &shop.claims());
    assert_eq!(shop.push(&none).status, 201);
    let told = match shop.bring(&none) {
        Landing::Callback(callback) => callback.get("error").unwrap(),
        Landing::Page(page) => page.html(),
    };
    assert!(told.contains("invalid_request_object"), "{told}");
    let signed = sign("HS256", shop.secret.as_bytes(), &shop.claims());
    let page = shop.bring(&signed).page();
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
        shop.push(&unsigned(&json!({ "alg": "none" }), &shop.claims())).status
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
    refused(&shop.push(&unsigned(&json!({ "alg": "none" }), &shop.claims())));
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
