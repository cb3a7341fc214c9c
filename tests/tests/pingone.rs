//! PingOne from outside, as a client written for the vendor uses it: an application is made by the management API, and walks
//! from the push to the revocation.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use parhelion_tests::application::Attempt;
use parhelion_tests::base64;
use parhelion_tests::browser::Browser;
use parhelion_tests::client_key::ClientKey;
use parhelion_tests::environment::{Environment, REDIRECT_URI};
use parhelion_tests::request::Request;
use parhelion_tests::site::{ALICE, PING_ENVIRONMENT};
use parhelion_tests::walker::{Shown, Walker, refused};
use serde_json::{Value, json};

#[test]
fn applications_of_each_method_walk_from_creation_to_revocation() {
    let environment = Environment::start();
    let key = ClientKey::generate();
    let jwks = json!({ "keys": [key.public_jwk()] }).to_string();
    for method in ["NONE", "CLIENT_SECRET_BASIC", "CLIENT_SECRET_POST", "CLIENT_SECRET_JWT", "PRIVATE_KEY_JWT"] {
        let made = environment.make(&json!({ "tokenEndpointAuthMethod": method, "jwks": jwks }));
        let id = made["id"].as_str().unwrap();
        let secret = if method.starts_with("CLIENT") { environment.secret(id) } else { String::new() };
        let shown = match method {
            "NONE" => Shown::Nothing,
            "CLIENT_SECRET_BASIC" => Shown::Basic(&secret),
            "CLIENT_SECRET_POST" => Shown::Posted(&secret),
            "CLIENT_SECRET_JWT" => Shown::SecretJwt(&secret),
            _ => Shown::KeyJwt(&key),
        };
        Walker { environment: &environment, mount: environment.mount(), id, shown }.walk();
    }
}

#[test]
fn custom_domain_has_no_environment_in_its_urls() {
    let environment = Environment::start();
    let mount = environment.custom_domain();
    let document = environment.http().send(&Request::get(&mount.discovery)).unwrap().json();
    assert_eq!(document["pushed_authorization_request_endpoint"], mount.par);
    assert_eq!(document["end_session_endpoint"], format!("{}/signoff", mount.issuer));
    assert!(!document.to_string().contains(PING_ENVIRONMENT), "{document}");
    assert!(!document["response_modes_supported"].as_array().unwrap().contains(&json!("pi.flow")), "{document}");
    let made = environment.make(&json!({}));
    let id = made["id"].as_str().unwrap();
    let secret = environment.secret(id);
    Walker { environment: &environment, mount, id, shown: Shown::Posted(&secret) }.walk();
}

#[test]
fn example_of_the_documents_is_answered_with_201() {
    let environment = Environment::start();
    let implicit = json!({ "grantTypes": ["IMPLICIT"], "responseTypes": ["TOKEN"] });
    let made = environment.make(&implicit);
    let id = made["id"].as_str().unwrap();
    let secret = environment.secret(id);
    let example = |redirect_uri: &str| {
        let body = format!(
            "response_type=token&client_id={id}&redirect_uri={redirect_uri}&scope=openid&client_secret={secret}"
        );
        let request = Request::new("POST", &environment.mount().par).body(body);
        environment.http().send(&request.header("Content-Type", "application/x-www-form-urlencoded")).unwrap()
    };
    // Half of the eleven languages send the URI as it stands.
    for redirect_uri in [REDIRECT_URI, "https%3A%2F%2Fapp.example%2Fcb"] {
        let pushed = example(redirect_uri);
        assert_eq!((pushed.status, &pushed.json()["expires_in"]), (201, &json!(60)), "{}", pushed.text());
    }
    let pushed = example(REDIRECT_URI).json();
    let url = format!(
        "{}?client_id={id}&request_uri={}",
        environment.mount().authorize,
        pushed["request_uri"].as_str().unwrap()
    );
    let callback = Browser::new(environment.server.address()).approve(&url, ALICE).unwrap().callback();
    assert!(callback.url.fragment().unwrap().contains("access_token="), "{}", callback.url);
    let flow = [
        ("response_type", "token"),
        ("response_mode", "pi.flow"),
        ("client_id", id),
        ("redirect_uri", REDIRECT_URI),
        ("client_secret", &secret),
    ];
    refused(&environment.push(&flow), 400, "invalid_request");
    let code_only = environment.make(&json!({}));
    let (id, secret) = (code_only["id"].as_str().unwrap(), environment.secret(code_only["id"].as_str().unwrap()));
    let fields =
        [("response_type", "token"), ("client_id", id), ("redirect_uri", REDIRECT_URI), ("client_secret", &secret)];
    refused(&environment.push(&fields), 400, "unauthorized_client");
}

#[test]
fn application_uses_its_configured_method_and_no_other() {
    let environment = Environment::start();
    let made = environment.make(&json!({}));
    let id = made["id"].as_str().unwrap();
    let (secret, attempt) = (environment.secret(id), Attempt::new());
    let (key, mount) = (ClientKey::generate(), environment.mount());
    for shown in [Shown::Nothing, Shown::Basic(&secret), Shown::SecretJwt(&secret), Shown::KeyJwt(&key)] {
        let walker = Walker { environment: &environment, mount: mount.clone(), id, shown };
        let said = refused(&walker.push(&attempt), 401, "invalid_client");
        assert_eq!(said, "Unsupported authentication method");
    }
    let wrong = Walker { environment: &environment, mount, id, shown: Shown::Posted("wrong") };
    assert_eq!(refused(&wrong.push(&attempt), 401, "invalid_client"), "Invalid client credentials");
}

#[test]
fn what_an_application_requires_is_asked_of_it_alone() {
    let environment = Environment::start();
    let public = |more: Value| {
        let mut members = json!({ "tokenEndpointAuthMethod": "NONE", "type": "SINGLE_PAGE_APP" });
        members.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        environment.make(&members)["id"].as_str().unwrap().to_owned()
    };
    for seconds in [1_u32, 60, 600] {
        let id = public(json!({ "parTimeout": seconds }));
        let walker = Walker { environment: &environment, mount: environment.mount(), id: &id, shown: Shown::Nothing };
        assert_eq!(walker.push(&Attempt::new()).json()["expires_in"], seconds);
    }
    let plain = |id: &str, more: &str| {
        let url = format!(
            "{}?client_id={id}&response_type=code&scope=openid&redirect_uri={REDIRECT_URI}&state=s-12345678{more}",
            environment.mount().authorize
        );
        Browser::new(environment.server.address()).open(&url).unwrap()
    };
    let challenge = "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";
    assert!(!plain(&public(json!({})), challenge).page().is_refusal(), "a plain request leads to the login page");
    let required = plain(&public(json!({ "parRequirement": "REQUIRED" })), challenge);
    assert_eq!(required.callback().get("error").as_deref(), Some("invalid_request"));

    let secret_app = |pkce: &str| {
        let made = environment.make(&json!({ "pkceEnforcement": pkce }));
        let id = made["id"].as_str().unwrap().to_owned();
        let secret = environment.secret(&id);
        (id, secret)
    };
    let verifier = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    for (pkce, none, plain, s256) in
        [("OPTIONAL", 201, 201, 201), ("REQUIRED", 400, 201, 201), ("S256_REQUIRED", 400, 400, 201)]
    {
        let (id, secret) = secret_app(pkce);
        let push = |more: &[(&str, &str)]| {
            let mut fields = vec![
                ("response_type", "code"),
                ("client_id", id.as_str()),
                ("redirect_uri", REDIRECT_URI),
                ("scope", "openid"),
                ("client_secret", &secret),
            ];
            fields.extend(more);
            environment.push(&fields).status
        };
        let with = |method| push(&[("code_challenge", verifier), ("code_challenge_method", method)]);
        assert_eq!((push(&[]), with("plain"), with("S256")), (none, plain, s256), "{pkce}");
    }
}

#[test]
fn signed_request_object_is_asked_of_an_application_that_requires_one() {
    let environment = Environment::start();
    let key = ClientKey::generate();
    let jwks = json!({ "keys": [key.public_jwk()] }).to_string();
    let made = environment.make(&json!({ "requireSignedRequestObject": true, "jwks": jwks }));
    let id = made["id"].as_str().unwrap();
    let secret = environment.secret(id);
    let credential = [("client_id", id), ("client_secret", secret.as_str())];
    let plain = [("response_type", "code"), ("redirect_uri", REDIRECT_URI), ("scope", "openid")];
    refused(&environment.push(&[&credential[..], &plain].concat()), 400, "invalid_request");
    let claims = json!({
        "iss": id, "aud": environment.mount().issuer, "client_id": id, "response_type": "code",
        "redirect_uri": REDIRECT_URI, "scope": "openid",
    });
    let with = |object: &str| environment.push(&[&credential[..], &[("request", object)]].concat());
    let signed = key.sign(&json!({ "alg": "ES256" }), &claims);
    assert_eq!(with(&signed).status, 201);
    let unsigned =
        format!("{}.{}.", base64::url_safe(br#"{"alg":"none"}"#), base64::url_safe(claims.to_string().as_bytes()));
    refused(&with(&unsigned), 400, "invalid_request_object");
}

#[test]
fn refresh_token_comes_with_the_grant_alone() {
    let environment = Environment::start();
    let made = environment.make(&json!({ "grantTypes": ["AUTHORIZATION_CODE", "REFRESH_TOKEN"] }));
    let id = made["id"].as_str().unwrap();
    let (secret, attempt) = (environment.secret(id), Attempt::new());
    let walker = Walker { environment: &environment, mount: environment.mount(), id, shown: Shown::Posted(&secret) };
    let pushed = walker.push(&attempt).json();
    let url = walker.authorize_url(pushed["request_uri"].as_str().unwrap());
    let callback = Browser::new(environment.server.address()).approve(&url, ALICE).unwrap().callback();
    let code = callback.get("code").unwrap();
    let tokens = walker.send(
        &walker.mount.token,
        &[
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", REDIRECT_URI),
            ("code_verifier", &attempt.verifier),
        ],
    );
    let refresh_token =
        tokens.json()["refresh_token"].as_str().unwrap_or_else(|| panic!("{}", tokens.text())).to_owned();
    let renewed = [("grant_type", "refresh_token"), ("refresh_token", refresh_token.as_str())];
    assert_eq!(walker.send(&walker.mount.token, &renewed).status, 200);
    refused(&walker.send(&walker.mount.token, &renewed), 400, "invalid_grant");
}

#[test]
fn browser_sdk_of_a_named_origin_may_call_all_but_authorize() {
    let environment = Environment::start();
    let mount = environment.mount();
    for path in ["/par", "/token", "/revoke", "/userinfo", "/.well-known/openid-configuration", "/authorize"] {
        let url = format!("{}{path}", mount.issuer);
        let request = Request::get(&url).header("Origin", "https://spa.example");
        let response = environment.http().send(&request).unwrap();
        let allowed = (path != "/authorize").then_some("https://spa.example");
        assert_eq!(response.header("access-control-allow-origin"), allowed, "{path}");
        assert_eq!(response.header("access-control-allow-credentials"), allowed.map(|_| "true"), "{path}");
    }
}
