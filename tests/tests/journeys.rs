//! Whole journeys over real sockets: push, log in, consent, callback, token; for each client authentication method, on
//! each mount a standard client can use.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use parhelion_tests::application::{Application, Attempt};
use parhelion_tests::base64;
use parhelion_tests::browser::Landing;
use parhelion_tests::mount::Mount;
use parhelion_tests::request::Request;
use parhelion_tests::site::{ACME_SERVICE_ID, ALICE, BACKEND_TOKEN, Site};
use parhelion_tests::wire::Http;
use serde_json::{Value, json};
use url::form_urlencoded;

/// Walks to the tokens and checks their shape.
fn walk(site: &Site, mount: &Mount, app: Application<'_>) {
    let mut http = Http::to(site.address());
    let pushed = app.push(&mut http, mount).unwrap();
    assert!(pushed.request_uri.starts_with("urn:ietf:params:oauth:request_uri:"), "{}", pushed.request_uri);
    let callback = site.browser().approve(&pushed.url, ALICE).unwrap().callback();
    let tokens = app.finish(&mut http, mount, &pushed, &callback).unwrap();
    assert!(tokens["access_token"].is_string() && tokens["token_type"].is_string(), "{tokens}");
    assert_eq!(tokens["id_token"].as_str().expect("an ID token").split('.').count(), 3);
}

fn walk_with_every_method(site: &Site, mount: &Mount) {
    for app in [site.public_app(), site.basic_app(), site.post_app(), site.key_app()] {
        walk(site, mount, app);
    }
}

#[test]
fn every_method_walks_to_tokens_on_the_standard_mount() {
    let site = Site::start();
    walk_with_every_method(&site, &site.standard());
}

#[test]
fn every_method_walks_to_tokens_on_the_ibm_verify_mount() {
    let site = Site::start();
    walk_with_every_method(&site, &site.ibm_verify());
}

#[test]
fn every_method_walks_to_tokens_on_the_pingone_mount() {
    let site = Site::start();
    walk_with_every_method(&site, &site.pingone());
}

#[test]
fn a_request_that_is_pushed_through_one_dialect_is_finished_through_any_other() {
    let site = Site::start();
    let mut http = Http::to(site.address());
    for pushed_through in site.mixed() {
        for finished_through in site.mixed() {
            let app = site.basic_app();
            let pushed = app.push(&mut http, &pushed_through).unwrap();
            let url = app.authorize_url(&finished_through, &pushed.request_uri);
            let callback = site.browser().approve(&url, ALICE).unwrap().callback();
            assert_eq!(callback.get("iss").as_deref(), Some(finished_through.issuer.as_str()));
            let tokens = app.finish(&mut http, &finished_through, &pushed, &callback).unwrap();
            let payload = tokens["id_token"].as_str().unwrap().split('.').nth(1).unwrap();
            let claims: Value = serde_json::from_slice(&base64::from_url_safe(payload).unwrap()).unwrap();
            assert_eq!(claims["iss"], finished_through.issuer, "the client sees the issuer where it authorized");
            assert!(site.browser().open(&url).unwrap().is_refusal(), "once, whatever the door");
        }
    }
}

#[test]
fn the_demo_resource_shows_what_a_token_is_worth() {
    let site = Site::start();
    let (app, mount) = (site.basic_app(), site.standard());
    let mut http = Http::to(site.address());
    let pushed = app.push(&mut http, &mount).unwrap();
    let callback = site.browser().approve(&pushed.url, ALICE).unwrap().callback();
    let tokens = app.finish(&mut http, &mount, &pushed, &callback).unwrap();
    let token = tokens["access_token"].as_str().unwrap();
    let url = format!("{}/resource", mount.issuer);
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let request = Request::get(&url).header("Authorization", &format!("{scheme} {token}"));
        let response = http.send(&request.header("x-fapi-interaction-id", "c770aef3-6784")).unwrap();
        assert_eq!(response.status, 200, "{}", response.text());
        assert_eq!(response.json()["client_id"], app.client_id);
        assert_eq!(response.json()["scope"], "openid profile");
        assert_eq!(response.header("x-fapi-interaction-id"), Some("c770aef3-6784"));
        assert!(response.header("date").is_some());
    }
    let made = http.send(&Request::get(&url)).unwrap();
    let interaction = made.header("x-fapi-interaction-id").map(|id| id.replace('-', ""));
    assert_eq!((made.status, interaction.as_deref()), (401, made.header("x-request-id")));
    assert!(made.header("www-authenticate").unwrap().starts_with("Bearer "), "{}", made.text());
    let in_query = http.send(&Request::get(&format!("{url}?access_token={token}"))).unwrap();
    assert_eq!(in_query.status, 400, "{}", in_query.text());
    let elsewhere = http.send(&Request::get(&format!("{}/resource", site.fapi().issuer)).bearer(token)).unwrap();
    assert_eq!(elsewhere.status, 401, "a token of another tenant is unknown");
    assert_eq!(http.send(&Request::get(&format!("{}/resource", site.autional().issuer))).unwrap().status, 404);
}

#[test]
fn a_push_in_autionals_json_gives_a_request_uri() {
    let site = Site::start();
    let attempt = Attempt::new();
    let mut body: Value = site.public_app().parameters(&attempt).into_iter().collect();
    body["authorization_details"] = json!([]);
    let url = format!("{}/autional/oauth/pushed-authorization", site.server.url());
    let response = Http::to(site.address()).send(&Request::json(&url, &body)).unwrap();
    assert_eq!(response.status, 201, "{}", response.text());
    assert!(response.json()["request_uri"].is_string() && response.json()["expires_in"].is_u64());
}

#[test]
fn a_push_through_authletes_api_is_finished_on_the_standard_mount() {
    let site = Site::start();
    let (app, mount) = (site.public_app(), site.standard());
    let attempt = Attempt::new();
    let parameters = form_urlencoded::Serializer::new(String::new()).extend_pairs(app.parameters(&attempt)).finish();
    let url = format!("{}/api/{ACME_SERVICE_ID}/pushed_auth_req", site.server.url());
    let request = Request::json(&url, &json!({ "parameters": parameters })).bearer(BACKEND_TOKEN);
    let mut http = Http::to(site.address());
    let response = http.send(&request).unwrap();
    assert_eq!((response.status, &response.json()["action"]), (200, &json!("CREATED")), "{}", response.text());
    let answer = response.json();
    let url = app.authorize_url(&mount, answer["requestUri"].as_str().unwrap());
    let callback = site.browser().approve(&url, ALICE).unwrap().callback();
    let code = callback.get("code").unwrap();
    let tokens = app.redeem(&mut http, &mount, &code, &attempt.verifier).unwrap();
    assert_eq!(tokens.status, 200, "{}", tokens.text());
}

#[test]
fn what_a_person_allowed_is_not_widened_through_authletes_api() {
    let site = Site::start();
    let (app, mount) = (Application { scope: "openid", ..site.basic_app() }, site.standard());
    let mut http = Http::to(site.address());
    let pushed = app.push(&mut http, &mount).unwrap();
    let callback = site.browser().approve(&pushed.url, ALICE).unwrap().callback();
    let tokens = app.finish(&mut http, &mount, &pushed, &callback).unwrap();
    let url = format!("{}/api/{ACME_SERVICE_ID}/auth/token/update", site.server.url());
    let mut update = |scopes: &Value| {
        let body = json!({ "accessToken": tokens["access_token"], "scopes": scopes });
        http.send(&Request::json(&url, &body).bearer(BACKEND_TOKEN)).unwrap().json()
    };
    let widened = update(&json!(["openid", "profile"]));
    assert_eq!((&widened["action"], &widened["scopes"]), (&json!("OK"), &json!(["openid"])), "{widened}");
    assert_eq!(update(&json!(["profile"]))["scopes"], json!([]));
}

#[test]
fn who_denies_is_sent_back_with_access_denied_once() {
    let site = Site::start();
    let (app, mount) = (site.basic_app(), site.standard());
    let pushed = app.push(&mut Http::to(site.address()), &mount).unwrap();
    let mut browser = site.browser();
    let callback = browser.deny(&pushed.url, ALICE).unwrap().callback();
    assert!(callback.is_at(&site.callback));
    assert_eq!(callback.get("error").as_deref(), Some("access_denied"));
    assert_eq!(callback.get("state"), Some(pushed.attempt.state));
    assert_eq!(callback.get("iss"), Some(mount.issuer));
    assert_eq!(callback.get("code"), None);
    assert!(browser.open(&pushed.url).unwrap().is_refusal());
}

#[test]
fn a_wrong_password_is_asked_for_again_and_consumes_nothing() {
    let site = Site::start();
    let (app, mount) = (site.basic_app(), site.standard());
    let pushed = app.push(&mut Http::to(site.address()), &mount).unwrap();
    let mut browser = site.browser();
    let login = browser.open(&pushed.url).unwrap().page();
    let typed = [("username", ALICE.username), ("password", "not it")];
    let Landing::Page(again) = browser.press(&login, "login", &typed).unwrap() else { panic!("no page") };
    assert!(again.has("login") && again.has("error"), "{}", again.html());
    assert!(browser.approve(&pushed.url, ALICE).unwrap().callback().get("code").is_some());
}

#[test]
fn a_push_outlives_a_restart_and_a_kill() {
    let mut site = Site::start();
    let mount = site.standard();
    let mut http = Http::to(site.address());
    let (first, second) = {
        let app = site.basic_app();
        (app.push(&mut http, &mount).unwrap(), app.push(&mut http, &mount).unwrap())
    };
    site.server.restart();
    let callback = site.browser().approve(&first.url, ALICE).unwrap().callback();
    site.basic_app().finish(&mut Http::to(site.address()), &mount, &first, &callback).unwrap();
    site.server.kill_9();
    site.server.start_again();
    let callback = site.browser().approve(&second.url, ALICE).unwrap().callback();
    site.basic_app().finish(&mut Http::to(site.address()), &mount, &second, &callback).unwrap();
    assert!(site.browser().open(&first.url).unwrap().is_refusal(), "what was used stays used");
}
