//! What a program written for IBM Verify does, over real sockets: a client that registers, the whole journey, every field of
//! a pushed request, and the errors that it can meet.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use parhelion_tests::browser::Landing;
use parhelion_tests::client_key::ClientKey;
use parhelion_tests::request::Request;
use parhelion_tests::vendor_site::{REDIRECT_URI, VendorSite};
use parhelion_tests::wire::{Connection, Response};
use serde_json::{Value, json};
use url::form_urlencoded::byte_serialize;

const PAR: &str = "/oauth2/par";

fn start() -> VendorSite {
    VendorSite::start(include_str!("../data/ibm-verify.toml"))
}

/// What the vendor's Terraform provider sends: every member, at its default.
fn registration() -> Value {
    json!({
        "client_name": "The shop", "redirect_uris": [REDIRECT_URI], "enforce_pkce": true,
        "require_pushed_authorization_requests": true, "token_endpoint_auth_method": "default",
        "token_endpoint_auth_single_use_jti": false, "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"], "request_object_signing_alg": "RS256", "request_object_parameters_only": false,
        "request_object_check_expiry": false, "request_object_lifetime": 1800, "id_token_signed_response_alg": "RS256",
        "authorization_signed_response_alg": "RS256", "authorization_encrypted_response_alg": "none",
        "authorization_encrypted_response_enc": "none", "consent_action": "always_prompt", "access_policy": "default",
        "all_users_entitled": true, "restrict_api_entitlements": false, "client_secret_expires_at": 0,
        "id_token_map": [], "token_map": [], "scope": "openid profile offline_access",
    })
}

struct Registered {
    id: String,
    secret: String,
    answer: Value,
}

fn register(site: &mut VendorSite, members: &[(&str, Value)]) -> Registered {
    let mut metadata = registration();
    for (name, value) in members {
        metadata[*name] = value.clone();
    }
    let response = site.json("/oauth2/register", &metadata);
    assert_eq!(response.status, 201, "{}", response.text());
    let answer = response.json();
    let text = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
    Registered { id: text("client_id"), secret: text("client_secret"), answer }
}

/// A hundred characters that are their own `plain` challenge.
const VERIFIER: &str =
    "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk-dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk-0123456789ab";

/// Every field that is no credential and stands beside no other.
const REQUEST: &[(&str, &str)] = &[
    ("response_type", "code"),
    ("response_mode", "query"),
    ("redirect_uri", REDIRECT_URI),
    ("state", "state-12"),
    ("nonce", "nonce-12"),
    ("prompt", "login"),
    ("max_age", "600"),
    ("code_challenge", VERIFIER),
    ("scope", "openid profile offline_access"),
    ("claims", r#"{"id_token":{"name":null}}"#),
    ("login_hint", r#"{"realm":"cloudIdentityRealm","username":"alice"}"#),
];

/// The request with these fields in place of its own; an empty value takes one out.
fn with<'a>(fields: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let kept = REQUEST.iter().filter(|(name, _)| !fields.iter().any(|(other, _)| other == name));
    kept.chain(fields).copied().filter(|(_, value)| !value.is_empty()).collect()
}

fn push(site: &mut VendorSite, client: &Registered, fields: &[(&str, &str)]) -> Response {
    site.send(&Request::form(PAR, &with(fields)).basic(&client.id, &client.secret))
}

fn pushed(site: &mut VendorSite, client: &Registered, fields: &[(&str, &str)]) -> String {
    let response = push(site, client, fields);
    assert_eq!(response.status, 201, "{fields:?}: {}", response.text());
    let request_uri = response.json()["request_uri"].as_str().unwrap().to_owned();
    format!("/oauth2/authorize?client_id={}&request_uri={request_uri}", client.id)
}

/// A refusal as observed: flat, two members, and an id in front where one is known.
fn refused(response: &Response, status: u16, error: &str, id: &str) {
    let answer = response.json();
    assert_eq!((response.status, &answer["error"]), (status, &json!(error)), "{answer}");
    assert_eq!(answer.as_object().unwrap().len(), 2, "{answer}");
    let description = answer["error_description"].as_str().unwrap();
    assert!(description.starts_with(id) && (!id.is_empty() || !description.contains("CSIAQ")), "{answer}");
    assert!(response.header("x-correlation-id").is_some());
}

#[test]
fn a_client_that_registered_walks_from_push_to_revocation() {
    let mut site = start();
    let client = register(&mut site, &[]);
    let response = push(&mut site, &client, &[]);
    let answer = response.json();
    assert_eq!((response.status, &answer["expires_in"]), (201, &json!(300)), "{answer}");
    assert_eq!(response.header("content-type"), Some("application/json;charset=UTF-8"));
    assert_eq!((response.header("cache-control"), response.header("pragma")), (Some("no-store"), Some("no-cache")));
    let correlation = response.header("x-correlation-id").unwrap().replace('-', "");
    assert_eq!(Some(correlation.as_str()), response.header("x-request-id"));
    let request_uri = answer["request_uri"].as_str().unwrap();
    let address = format!("/oauth2/authorize?client_id={}&request_uri={request_uri}", client.id);
    let callback = site.approve(&address).callback();
    assert_eq!(callback.get("state").as_deref(), Some("state-12"));
    assert_eq!(site.get(&address).status, 400, "what was used stays used");

    let code = callback.get("code").unwrap();
    let redemption = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", REDIRECT_URI),
        ("code_verifier", VERIFIER),
    ];
    let token = |fields: &[(&str, &str)]| Request::form("/oauth2/token", fields).basic(&client.id, &client.secret);
    let response = site.send(&token(&redemption));
    let tokens = response.json();
    assert_eq!(response.status, 200, "{tokens}");
    let (access_token, refresh_token) =
        (tokens["access_token"].as_str().unwrap(), tokens["refresh_token"].as_str().unwrap());
    let userinfo = site.send(&Request::get("/oauth2/userinfo").bearer(access_token));
    assert_eq!((userinfo.status, &userinfo.json()["name"]), (200, &json!("Alice")));
    let about = |path: &str, token: &str| Request::form(path, &[("token", token)]).basic(&client.id, &client.secret);
    assert_eq!(site.send(&about("/oauth2/introspect", access_token)).json()["active"], true);

    let renewal = [("grant_type", "refresh_token"), ("refresh_token", refresh_token)];
    let renewed = site.send(&token(&renewal)).json();
    let renewed = renewed["access_token"].as_str().expect("another token");
    let revoked = site.send(&about("/oauth2/revoke", renewed));
    assert_eq!((revoked.status, revoked.header("x-correlation-id").is_some()), (200, true));
    refused(&site.send(&Request::get("/oauth2/userinfo").bearer(renewed)), 401, "invalid_token", "");
    refused(&site.send(&token(&redemption)), 400, "invalid_grant", "CSIAQ0158E");
    assert_eq!(site.send(&about("/oauth2/introspect", access_token)).json(), json!({ "active": false }));
}

#[test]
fn every_field_of_the_form_is_judged() {
    let mut site = start();
    let client = register(&mut site, &[("enforce_pkce", json!(false))]);
    for fields in [
        &[("response_mode", "")][..],
        &[("response_mode", "fragment")],
        &[("response_mode", "form_post")],
        &[("response_mode", "query.jwt")],
        &[("response_mode", "fragment.jwt")],
        &[("response_mode", "form_post.jwt")],
        &[("state", "")],
        &[("nonce", "")],
        &[("prompt", "none")],
        &[("max_age", "")],
        &[("code_challenge", "")],
        &[("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"), ("code_challenge_method", "S256")],
        &[("code_challenge_method", "plain")],
        &[("claims", "")],
        &[("login_hint", "alice@example.com")],
        &[("client_id", client.id.as_str())],
        &[("authorization_detail", "nobody knows this")],
    ] {
        pushed(&mut site, &client, fields);
    }
    for (fields, error, id) in [
        (&[("response_type", "")][..], "invalid_request", ""),
        (&[("response_type", "none")], "unsupported_response_type", ""),
        (&[("response_type", "code id_token"), ("response_mode", "")], "unauthorized_client", ""),
        (&[("response_mode", "jwt")], "invalid_request", ""),
        (&[("redirect_uri", "https://evil.example/cb")], "invalid_request", "CSIAQ0167E"),
        (&[("state", "seven77")], "invalid_request", ""),
        (&[("nonce", "seven77")], "invalid_request", ""),
        (&[("prompt", "consent")], "invalid_request", ""),
        (&[("max_age", "soon")], "invalid_request", ""),
        (&[("code_challenge", "short")], "invalid_request", ""),
        (&[("code_challenge_method", "S512")], "invalid_request", ""),
        (&[("claims", "{")], "invalid_request", ""),
        (&[("request", "a.b.c")], "invalid_request_object", ""),
        (&[("request_uri", "urn:ietf:params:oauth:request_uri:x")], "invalid_request", ""),
        (&[("client_id", "somebody-else")], "invalid_request", ""),
        (&[("client_assertion", "a.b.c")], "invalid_request", ""),
    ] {
        let response = push(&mut site, &client, fields);
        assert_eq!(response.status, 400, "{fields:?}: {}", response.text());
        refused(&response, 400, error, id);
    }
}

#[test]
fn a_client_is_known_by_basic_by_the_form_by_an_assertion_or_not_at_all() {
    let mut site = start();
    let basic = register(&mut site, &[("enforce_pkce", json!(false))]);
    let wrong = Request::form(PAR, REQUEST).basic(&basic.id, "wrong");
    let response = site.send(&wrong);
    refused(&response, 401, "invalid_client", "CSIAQ0155E");
    assert!(response.header("www-authenticate").unwrap().starts_with("Basic "));
    let post = register(&mut site, &[("token_endpoint_auth_method", json!("client_secret_post"))]);
    let fields = [("client_id", post.id.as_str()), ("client_secret", post.secret.as_str())];
    assert_eq!(site.form(PAR, &with(&fields)).status, 201);
    let wrong = site.form(PAR, &with(&[("client_id", post.id.as_str()), ("client_secret", "wrong")]));
    refused(&wrong, 401, "invalid_client", "CSIAQ0155E");
    assert_eq!(wrong.header("www-authenticate"), None, "nobody tried the header");
    refused(&site.form(PAR, REQUEST), 400, "invalid_request", "");

    let key = ClientKey::generate();
    let keyed =
        [("token_endpoint_auth_method", json!("private_key_jwt")), ("jwks", json!({ "keys": [key.public_jwk()] }))];
    let keyed = register(&mut site, &keyed);
    let assertion = key.assertion(&keyed.id, &site.url("/oauth2"));
    let fields = [
        ("client_assertion", assertion.as_str()),
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
    ];
    assert_eq!(site.form(PAR, &with(&fields)).status, 201, "the assertion names the client");
    refused(&site.form(PAR, &with(&fields)), 401, "invalid_client", "CSIAQ0155E");

    let public = register(&mut site, &[("token_endpoint_auth_method", json!("none"))]);
    assert_eq!(site.form(PAR, &with(&[("client_id", public.id.as_str())])).status, 201);
}

#[test]
fn every_response_type_comes_back_in_its_default_mode() {
    let mut site = start();
    for (kind, members) in [
        ("code", &["code"][..]),
        ("token", &["access_token"]),
        ("id_token", &["id_token"]),
        ("code id_token", &["code", "id_token"]),
        ("code token", &["code", "access_token"]),
        ("id_token token", &["id_token", "access_token"]),
        ("code id_token token", &["code", "id_token", "access_token"]),
    ] {
        let grants = match kind {
            "code" => json!(["authorization_code"]),
            _ if kind.contains("code") => json!(["authorization_code", "implicit"]),
            _ => json!(["implicit"]),
        };
        let client = register(&mut site, &[("response_types", json!([kind])), ("grant_types", grants)]);
        let needs_pkce = kind.contains("code");
        let challenge = if needs_pkce { VERIFIER } else { "" };
        let scope = ("scope", "openid profile");
        let address = pushed(
            &mut site,
            &client,
            &[("response_type", kind), ("response_mode", ""), ("code_challenge", challenge), scope],
        );
        let Landing::Callback(callback) = site.approve(&address) else { panic!("{kind}: no callback") };
        assert_eq!(callback.url.fragment().is_some(), kind != "code", "{kind}: {}", callback.url);
        let url = callback.url.as_str().replace('#', "?");
        for member in members {
            assert!(url.contains(&format!("{member}=")), "{kind}: {url}");
        }
        if kind.contains("id_token") {
            let bare = push(&mut site, &client, &[("response_type", kind), ("response_mode", ""), ("nonce", "")]);
            refused(&bare, 400, "invalid_request", "");
        }
    }
}

#[test]
fn a_client_that_must_push_cannot_come_with_a_plain_request() {
    let mut site = start();
    let plain: String = REQUEST
        .iter()
        .filter(|(name, _)| *name != "prompt")
        .map(|(name, value)| format!("&{name}={}", byte_serialize(value.as_bytes()).collect::<String>()))
        .collect();
    let (must, may) =
        (register(&mut site, &[]), register(&mut site, &[("require_pushed_authorization_requests", json!(false))]));
    assert_eq!(
        (&must.answer["require_pushed_authorization_requests"], &must.answer["enforce_pkce"]),
        (&json!(true), &json!(true))
    );
    let landing = site.get(&format!("/oauth2/authorize?client_id={}{plain}", must.id));
    assert!(landing.header("location").is_some_and(|url| url.contains("error=invalid_request")), "{}", landing.text());
    let landing = site.get(&format!("/oauth2/authorize?client_id={}{plain}", may.id));
    assert!(landing.header("location").is_some_and(|url| url.contains("/interaction/")), "{}", landing.text());
    refused(&push(&mut site, &must, &[("code_challenge", "")]), 400, "invalid_request", "");
    let relaxed = register(&mut site, &[("enforce_pkce", json!(false)), ("request_object_check_expiry", json!(true))]);
    assert_eq!(
        (&relaxed.answer["enforce_pkce"], &relaxed.answer["request_object_check_expiry"]),
        (&json!(false), &json!(true))
    );
    pushed(&mut site, &relaxed, &[("code_challenge", "")]);
}

#[test]
fn what_was_pushed_counts_and_another_client_burns_nothing() {
    let mut site = start();
    let (client, other) = (register(&mut site, &[]), register(&mut site, &[]));
    let address = pushed(&mut site, &client, &[]);
    let foreign = address.replace(&client.id, &other.id);
    let (foreign, unknown) = (site.get(&foreign), site.get(&format!("{address}x")));
    assert_eq!((foreign.status, foreign.header("location")), (400, None));
    let page = |response: &Response| response.text().replace(&other.id, "").replace(&client.id, "");
    assert_eq!(page(&foreign), page(&unknown), "as if nobody had pushed it");
    let callback =
        site.approve(&format!("{address}&state=another-state&response_mode=fragment&acr_values=x")).callback();
    assert_eq!(callback.get("state").as_deref(), Some("state-12"), "what was pushed counts");
    assert!(callback.get("code").is_some() && callback.url.fragment().is_none(), "{}", callback.url);
}

#[test]
fn a_registration_is_looked_after_and_what_is_not_built_is_refused() {
    let mut site = start();
    let client = register(&mut site, &[("initiate_login_uri", json!("https://app.example/login"))]);
    let (uri, token) =
        (client.answer["registration_client_uri"].clone(), client.answer["registration_access_token"].clone());
    let (uri, token) = (uri.as_str().unwrap(), token.as_str().unwrap());
    assert_eq!(uri, site.url(&format!("/oauth2/register/{}", client.id)));
    let read = site.send(&Request::get(uri).bearer(token));
    assert_eq!((read.status, &read.json()["access_policy"]), (200, &json!("default")), "{}", read.text());
    let mut update = registration();
    update["client_id"] = client.id.as_str().into();
    update["enforce_pkce"] = false.into();
    let put =
        Request::new("PUT", uri).bearer(token).header("Content-Type", "application/json").body(update.to_string());
    let updated = site.send(&put);
    assert_eq!((updated.status, &updated.json()["enforce_pkce"]), (200, &json!(false)), "{}", updated.text());
    pushed(&mut site, &client, &[("code_challenge", "")]);
    let token = updated.json()["registration_access_token"].as_str().unwrap().to_owned();
    assert_eq!(site.send(&Request::new("DELETE", uri).bearer(&token)).status, 204);
    refused(&push(&mut site, &client, &[]), 401, "invalid_client", "CSIAQ0155E");
    for (member, value, error) in [
        ("redirect_uris", json!(["javascript:alert(1)"]), "invalid_redirect_uri"),
        ("enforce_pkce", json!("true"), "invalid_client_metadata"),
        ("consent_action", json!("never_prompt"), "invalid_client_metadata"),
        ("access_policy", json!("mfa"), "invalid_client_metadata"),
        ("all_users_entitled", json!(false), "invalid_client_metadata"),
        ("id_token_map", json!([{ "target": "x" }]), "invalid_client_metadata"),
        ("request_object_lifetime", json!(60), "invalid_client_metadata"),
        ("id_token_signed_response_alg", json!("HS256"), "invalid_client_metadata"),
        ("grant_types", json!(["password"]), "invalid_client_metadata"),
    ] {
        let mut metadata = registration();
        metadata[member] = value;
        refused(&site.json("/oauth2/register", &metadata), 400, error, "");
    }
}

#[test]
fn the_host_is_the_tenant() {
    let mut site = start();
    let client = register(&mut site, &[]);
    let port = site.address().port();
    let ask = |host: &str, request: &Request| {
        let mut connection = Connection::open(site.address()).unwrap();
        connection.send(&request.bytes(&format!("{host}:{port}"))).unwrap();
        connection.receive().unwrap()
    };
    let request = Request::form(PAR, REQUEST).basic(&client.id, &client.secret);
    assert_eq!(ask("127.0.0.1", &request).status, 201);
    refused(&ask("localhost", &request), 401, "invalid_client", "CSIAQ0155E");
    for host in ["127.0.0.1", "localhost"] {
        let metadata = ask(host, &Request::get("/oauth2/.well-known/openid-configuration"));
        let document = metadata.json();
        assert_eq!(document["issuer"], format!("http://{host}:{port}/oauth2"));
        assert_eq!(document["pushed_authorization_request_endpoint"], format!("http://{host}:{port}/oauth2/par"));
        assert_eq!(document["request_uri_parameter_supported"], false);
        let modes = ["query", "fragment", "form_post", "query.jwt", "fragment.jwt", "form_post.jwt"];
        let mut expected: Vec<_> = modes.iter().map(|mode| json!(mode)).collect();
        let mut said = document["response_modes_supported"].as_array().unwrap().clone();
        expected.sort_by_key(ToString::to_string);
        said.sort_by_key(ToString::to_string);
        assert_eq!(said, expected);
        assert!(metadata.header("x-correlation-id").is_some(), "documented here");
        assert_eq!(document["code_challenge_methods_supported"], json!(["S256", "plain"]), "{document}");
        assert_eq!(document["end_session_endpoint"], format!("http://{host}:{port}/oauth2/logout"));
        assert_eq!(ask(host, &Request::get("/oauth2/jwks")).json()["keys"][0]["alg"], "RS256");
    }
}

#[test]
fn what_is_not_built_is_refused_or_not_there() {
    let mut site = start();
    let client = register(&mut site, &[]);
    let told = &client.answer;
    assert_eq!(told["token_endpoint_auth_method"], "client_secret_basic", "one of those that `default` stands for");
    assert_eq!(told["token_endpoint_auth_single_use_jti"], true);
    assert_eq!(told["request_object_parameters_only"], true);
    let stranger = Request::form("/oauth2/introspect", &[("token", "unknown")]).basic(&client.id, "wrong");
    refused(&site.send(&stranger), 401, "invalid_client", "CSIAQ0155E");
    for path in [
        "/oauth2/device_authorization",
        "/oauth2/client_registration",
        "/oidc/endpoint/default/authorize",
        "/v1.0/endpoint/default/token",
        "/v1.0/applications",
    ] {
        assert_eq!(site.form(path, &[("client_id", &client.id)]).status, 404, "{path}");
    }
}
