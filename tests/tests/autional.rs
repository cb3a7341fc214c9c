//! What a program written for Autional does, over real sockets: its clients made by an administrator or by themselves, the
//! whole journey, and the errors that it can meet.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use parhelion_tests::application::Attempt;
use parhelion_tests::base64;
use parhelion_tests::client_key::{ClientKey, unix_s};
use parhelion_tests::dice;
use parhelion_tests::request::Request;
use parhelion_tests::vendor_site::{REDIRECT_URI, VendorSite};
use parhelion_tests::wire::Response;
use serde_json::{Value, json};

const ADMINISTRATOR: &str = "administrator-token-for-tests-only";
const READER: &str = "reader-token-for-tests-only";
const CLIENTS: &str = "/api/v1/admin/oauth/clients";
/// Where the vendor's own library pushes.
const PUSH: &str = "/oauth/api/v1/oauth/pushed-authorization";

fn start() -> VendorSite {
    VendorSite::start(include_str!("../data/autional.toml"))
}

/// A client as an administrator makes it.
struct Made {
    id: String,
    secret: String,
}

fn wanted() -> Value {
    json!({
        "name": "The shop",
        "redirect_uris": [REDIRECT_URI],
        "scopes": ["openid", "profile", "offline_access"],
        "grant_types": ["authorization_code", "refresh_token"],
        "is_confidential": true,
        "client_auth_methods": null,
        "fapi_profile": "",
        "logo_url": "https://app.example/logo.png",
    })
}

fn as_administrator(method: &str, path: &str, body: &Value) -> Request {
    let request = Request::new(method, path).bearer(ADMINISTRATOR);
    request.header("Content-Type", "application/json").body(body.to_string())
}

/// ISO 8601, as in the vendor's examples.
fn is_time(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.len() == 24 && text.starts_with("20") && text.ends_with('Z'))
}

fn make(site: &mut VendorSite) -> Made {
    let response = site.send(&as_administrator("POST", CLIENTS, &wanted()));
    assert_eq!(response.status, 201, "{}", response.text());
    let answer = response.json();
    assert_eq!((&answer["code"], &answer["data"]["status"]), (&json!(0), &json!("active")), "{answer}");
    assert!(answer["message"].is_string() && is_time(&answer["timestamp"]), "{answer}");
    let data = &answer["data"];
    assert_eq!((&data["tenant_id"], &data["cors_origins"]), (&json!("shop"), &json!([])));
    assert_eq!(data["client_auth_methods"], "[\"client_secret_post\"]", "text that holds JSON");
    let (id, secret) = (data["client_id"].as_str().unwrap(), data["client_secret"].as_str().unwrap());
    assert!(secret.ends_with(data["secret_last_four"].as_str().unwrap()));
    Made { id: id.to_owned(), secret: secret.to_owned() }
}

fn pushed(client: &Made, attempt: &Attempt) -> Value {
    json!({
        "client_id": client.id, "client_secret": client.secret, "redirect_uri": REDIRECT_URI, "response_type": "code",
        "scope": "openid profile offline_access", "state": attempt.state, "nonce": attempt.nonce,
        "code_challenge": attempt.challenge(), "code_challenge_method": "S256",
    })
}

fn address(client: &Made, request_uri: &str) -> String {
    format!("/oauth/authorize?response_type=code&client_id={}&request_uri={request_uri}", client.id)
}

/// Pushes, allows, and gives the code.
fn code(site: &mut VendorSite, client: &Made, attempt: &Attempt) -> String {
    let response = site.json(PUSH, &pushed(client, attempt));
    assert_eq!(response.status, 201, "{}", response.text());
    let answer = response.json();
    let callback = site.approve(&address(client, answer["request_uri"].as_str().unwrap())).callback();
    assert_eq!(callback.get("state").as_deref(), Some(attempt.state.as_str()));
    callback.get("code").expect("a code")
}

fn redemption<'a>(client: &'a Made, code: &'a str, attempt: &'a Attempt) -> [(&'a str, &'a str); 6] {
    [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", REDIRECT_URI),
        ("code_verifier", &attempt.verifier),
        ("client_id", &client.id),
        ("client_secret", &client.secret),
    ]
}

fn tokens(site: &mut VendorSite, client: &Made) -> Value {
    let attempt = Attempt::new();
    let code = code(site, client, &attempt);
    let response = site.form("/api/v1/oauth/token", &redemption(client, &code, &attempt));
    assert_eq!(response.status, 200, "{}", response.text());
    response.json()
}

/// An error as the vendor's schema has it: flat, and every member text.
fn flat(response: &Response, status: u16, error: &str) -> Value {
    let answer = response.json();
    assert_eq!((response.status, &answer["error"]), (status, &json!(error)), "{answer}");
    let known = ["error", "error_description", "error_uri", "state"];
    let fits = |(name, value): (&String, &Value)| known.contains(&name.as_str()) && value.is_string();
    assert!(answer.as_object().unwrap().iter().all(fits), "{answer}");
    answer
}

/// An error of what is none of OAuth's.
fn enveloped(response: &Response, status: u16) -> Value {
    let answer = response.json();
    assert_eq!((response.status, &answer["code"]), (status, &json!(status)), "{answer}");
    assert!(answer["message"].is_string() && answer.get("data").is_none(), "{answer}");
    answer
}

#[test]
fn a_client_that_an_administrator_made_walks_from_push_to_revocation() {
    let mut site = start();
    let client = make(&mut site);
    let attempt = Attempt::new();
    let request =
        Request::json(PUSH, &pushed(&client, &attempt)).bearer("the-users-session").header("X-Tenant-ID", "shop");
    let response = site.send(&request);
    let answer = response.json();
    assert_eq!((response.status, &answer["expires_in"]), (201, &json!(90)), "{answer}");
    assert_eq!(answer.as_object().unwrap().len(), 2, "flat, without `code`: {answer}");
    let address = address(&client, answer["request_uri"].as_str().unwrap());
    let callback = site.approve(&address).callback();
    let again = site.send(&Request::get(&address).header("Accept", "application/json"));
    flat(&again, 400, "invalid_request_uri");

    let code = callback.get("code").unwrap();
    let response = site.form("/bff/oauth/api/v1/oauth/token", &redemption(&client, &code, &attempt));
    let tokens = response.json();
    assert_eq!((response.status, &tokens["token_type"]), (200, &json!("Bearer")), "{tokens}");
    assert_eq!((&tokens["dpop_access_token_bound"], tokens.get("dpop_signing_alg")), (&json!(false), None));
    assert!(tokens["id_token"].is_string() && tokens["expires_in"].is_u64(), "{tokens}");
    let (access_token, refresh_token) =
        (tokens["access_token"].as_str().unwrap(), tokens["refresh_token"].as_str().unwrap());

    let userinfo = site.send(&Request::get("/oauth/userinfo").bearer(access_token));
    assert_eq!((userinfo.status, &userinfo.json()["name"]), (200, &json!("Alice")), "{}", userinfo.text());
    let shown = [("token", access_token), ("client_id", &client.id), ("client_secret", &client.secret)];
    let worth = site.form("/oauth/introspect", &shown).json();
    assert_eq!((&worth["active"], &worth["client_id"]), (&json!(true), &json!(client.id)), "{worth}");
    for member in ["sub", "scope", "exp", "iat", "aud", "token_type", "username"] {
        assert!(worth.get(member).is_some(), "{member}: {worth}");
    }

    let renewal = json!({ "refresh_token": refresh_token, "client_id": client.id, "client_secret": client.secret });
    let renewed = site.json("/oauth/refresh", &renewal);
    assert_eq!(renewed.status, 200, "{}", renewed.text());
    let renewed = renewed.json();
    assert_ne!(renewed["refresh_token"], tokens["refresh_token"], "rotated");
    let ended = json!({
        "token": renewed["access_token"], "token_type_hint": "access_token", "client_id": client.id,
        "client_secret": client.secret,
    });
    let revoked = site.json("/oauth/revoke", &ended);
    assert_eq!((revoked.status, revoked.text().as_str()), (200, ""));
    let userinfo = Request::get("/oauth/userinfo").bearer(renewed["access_token"].as_str().unwrap());
    flat(&site.send(&userinfo), 401, "invalid_token");
    flat(&site.json("/oauth/refresh", &renewal), 401, "invalid_grant");
}

#[test]
fn what_was_pushed_counts_whatever_stands_beside_it() {
    let mut site = start();
    let client = make(&mut site);
    let attempt = Attempt::new();
    let mut body = pushed(&client, &attempt);
    body["colour"] = json!({ "of": "no interest" });
    let answer = site.json(PUSH, &body).json();
    let address = address(&client, answer["request_uri"].as_str().expect("members that nobody knows are ignored"));
    let beside =
        "&scope=openid%20email&state=another-state&redirect_uri=https%3A%2F%2Fevil.example&iss=https%3A%2F%2Fx";
    let callback = site.approve(&format!("{address}{beside}")).callback();
    assert!(callback.is_at(REDIRECT_URI), "{}", callback.url);
    assert_eq!(callback.get("state").as_deref(), Some(attempt.state.as_str()));
    let told = Request::get("/.well-known/openid-configuration").header("X-Autional-Issuer", "https://evil.example");
    assert_eq!(site.send(&told).json()["issuer"], site.url(""), "who asks does not say who we are");
}

#[test]
fn a_token_that_is_bound_to_a_key_says_so_at_every_alias() {
    let mut site = start();
    let client = make(&mut site);
    let nonce = site.get("/oauth/dpop/nonce");
    assert_eq!((nonce.status, nonce.header("dpop-nonce")), (200, nonce.json()["nonce"].as_str()));
    let key = ClientKey::generate();
    for alias in ["/oauth/token", "/api/v1/oauth/token", "/oauth/api/v1/oauth/token", "/bff/oauth/api/v1/oauth/token"] {
        let attempt = Attempt::new();
        let code = code(&mut site, &client, &attempt);
        let claims = json!({
            "jti": dice::secret(), "htm": "POST", "htu": site.url(alias), "iat": unix_s(),
            "nonce": nonce.header("dpop-nonce"),
        });
        let mut jwk = key.public_jwk();
        jwk.as_object_mut().unwrap().retain(|name, _| ["kty", "crv", "x", "y"].contains(&name.as_str()));
        let proof = key.sign(&json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": jwk }), &claims);
        let request = Request::form(alias, &redemption(&client, &code, &attempt)).header("DPoP", &proof);
        let response = site.send(&request);
        let answer = response.json();
        assert_eq!((response.status, &answer["token_type"]), (200, &json!("DPoP")), "{alias}: {answer}");
        assert_eq!((&answer["dpop_access_token_bound"], &answer["dpop_signing_alg"]), (&json!(true), &json!("ES256")));
    }
}

#[test]
fn a_consent_page_finds_the_client_and_a_stranger_is_not_found() {
    let mut site = start();
    let client = make(&mut site);
    let answer = site.get(&format!("/bff/oauth/api/v1/oauth/client/{}", client.id)).json();
    let expected = json!({
        "client_name": "The shop", "logo_uri": "https://app.example/logo.png",
        "scopes": ["openid", "profile", "offline_access"], "tenant_id": "shop",
    });
    let mut scopes: Vec<_> = answer["data"]["scopes"].as_array().unwrap().clone();
    scopes.sort_by_key(ToString::to_string);
    assert_eq!((&answer["code"], &answer["data"]["client_name"]), (&json!(0), &expected["client_name"]), "{answer}");
    assert_eq!((&answer["data"]["logo_uri"], scopes.len()), (&expected["logo_uri"], 3), "{answer}");
    assert_eq!(answer["data"]["tenant_id"], expected["tenant_id"]);
    enveloped(&site.get("/oauth/client/nobody"), 404);
}

#[test]
fn an_administrator_changes_reads_and_removes_clients() {
    let mut site = start();
    let mut client = make(&mut site);
    let path = format!("{CLIENTS}/{}", client.id);
    let changed = site.send(&as_administrator("PUT", &path, &json!({ "name": "Renamed", "status": "suspended" })));
    let data = changed.json()["data"].clone();
    assert_eq!(
        (changed.status, &data["name"], &data["status"]),
        (200, &json!("Renamed"), &json!("suspended")),
        "{data}"
    );
    assert_eq!(data["redirect_uris"], json!([REDIRECT_URI]), "what is not sent stays");
    flat(&site.json(PUSH, &pushed(&client, &Attempt::new())), 401, "invalid_client");
    site.send(&as_administrator("PUT", &path, &json!({ "status": "active" })));

    let rotated = site.send(&as_administrator("POST", &format!("{path}/rotate-secret"), &json!({})));
    let rotated = rotated.json()["data"].clone();
    assert!(rotated["client_id"] == client.id && is_time(&rotated["rotated_at"]), "{rotated}");
    let secret = rotated["new_secret"].as_str().expect("a secret").to_owned();
    assert_ne!(secret, client.secret);
    let former = site.json(PUSH, &pushed(&client, &Attempt::new()));
    assert_eq!(former.status, 201, "the one before is good for a day: {}", former.text());
    client.secret = secret;
    assert!(tokens(&mut site, &client)["access_token"].is_string());
    let read = site.send(&Request::get(&path).bearer(READER)).json();
    assert!(read["data"].get("client_secret").is_none() && read["data"]["is_confidential"] == true, "{read}");
    assert!(read["data"].get("secret_last_four").is_none() && is_time(&read["data"]["created_at"]), "{read}");

    let deleted = site.send(&as_administrator("DELETE", &path, &json!({})));
    assert_eq!((deleted.status, deleted.text().as_str()), (204, ""));
    flat(&site.json(PUSH, &pushed(&client, &Attempt::new())), 401, "invalid_client");
    enveloped(&site.send(&Request::get(&path).bearer(ADMINISTRATOR)), 404);
}

#[test]
fn an_administrator_finds_clients_page_by_page() {
    let mut site = start();
    let clients: Vec<Made> = (0..3).map(|_| make(&mut site)).collect();
    let path = format!("{CLIENTS}/{}", clients[0].id);
    site.send(&as_administrator("PUT", &path, &json!({ "name": "Café Ürün", "status": "suspended" })));
    let mut list = |query: &str| {
        let response = site.send(&Request::get(&format!("{CLIENTS}{query}")).bearer(READER));
        let answer = response.json();
        assert_eq!((response.status, &answer["code"]), (200, &json!(0)), "{answer}");
        assert!(answer.get("data").is_none() && is_time(&answer["timestamp"]), "{answer}");
        let items = answer["items"].as_array().unwrap();
        assert!(
            items.iter().all(|item| item.get("client_secret").is_none()
                && item["tenant_id"] == "shop"
                && item["id"] == item["client_id"]),
            "{answer}"
        );
        assert_eq!(answer["total"], answer["pagination"]["total"]);
        let ids: Vec<_> = items.iter().map(|item| item["client_id"].as_str().unwrap().to_owned()).collect();
        (ids, answer["pagination"].clone())
    };
    let (all, pagination) = list("");
    let expected = json!({
        "page": 1, "page_size": 20, "total": 3, "total_pages": 1, "has_next": false, "has_prev": false,
    });
    assert_eq!((all.len(), &pagination), (3, &expected));
    let (first, pagination) = list("?page_size=2");
    assert_eq!((&pagination["has_next"], &pagination["total_pages"]), (&json!(true), &json!(2)));
    let (second, pagination) = list("?page=2&page_size=2");
    assert_eq!((&pagination["has_next"], &pagination["has_prev"]), (&json!(false), &json!(true)));
    assert_eq!([first, second].concat(), all, "each of them once");
    assert_eq!(list("?status=suspended").0, [clients[0].id.clone()]);
    assert_eq!(list("?name=%C3%BCr%C3%BCn").0, [clients[0].id.clone()]);
    assert_eq!(list("?name=shop&status=active").0.len(), 2);
    assert_eq!(list("?page=9").0.len(), 0);
    for query in ["?page=0", "?page=x", "?page_size=-1", "?name=%ff"] {
        enveloped(&site.send(&Request::get(&format!("{CLIENTS}{query}")).bearer(READER)), 400);
    }
}

#[test]
fn a_client_is_cloned_and_its_tokens_are_counted() {
    let mut site = start();
    let client = make(&mut site);
    let path = format!("{CLIENTS}/{}", client.id);
    let stats = |site: &mut VendorSite| site.send(&Request::get(&format!("{path}/stats")).bearer(READER)).json();
    assert_eq!(stats(&mut site)["data"], json!({ "client_id": client.id, "active_tokens": 0 }));
    tokens(&mut site, &client);
    let known = stats(&mut site)["data"].clone();
    assert!(known["active_tokens"] == 1 && is_time(&known["last_request_at"]), "{known}");

    let cloned = site.send(&as_administrator("POST", &format!("{path}/clone"), &json!({})));
    let data = cloned.json()["data"].clone();
    assert_eq!((cloned.status, &data["name"]), (201, &json!("The shop (clone)")), "{data}");
    assert_eq!(data["redirect_uris"], json!([REDIRECT_URI]));
    let text = |name: &str| data[name].as_str().unwrap().to_owned();
    let clone = Made { id: text("client_id"), secret: text("client_secret") };
    assert!(clone.id != client.id && clone.secret != client.secret);
    assert!(tokens(&mut site, &clone)["access_token"].is_string());
    enveloped(&site.send(&Request::new("POST", &format!("{path}/clone")).bearer(READER)), 403);
    enveloped(&site.send(&as_administrator("POST", &format!("{CLIENTS}/nobody/clone"), &json!({}))), 404);
    enveloped(&site.send(&Request::get(&format!("{CLIENTS}/nobody/stats")).bearer(READER)), 404);
}

#[test]
fn who_may_not_manage_clients_hears_it_in_the_envelope() {
    let mut site = start();
    let post = |token: Option<&str>, body: &Value| {
        let request = Request::json(CLIENTS, body);
        token.map_or(request.clone(), |token| request.bearer(token))
    };
    enveloped(&site.send(&post(None, &wanted())), 401);
    enveloped(&site.send(&post(Some("guessed"), &wanted())), 401);
    enveloped(&site.send(&post(Some(READER), &wanted())), 403);
    let put = Request::new("PUT", &format!("{CLIENTS}/nobody")).bearer(ADMINISTRATOR);
    enveloped(&site.send(&put.header("Content-Type", "application/json").body("{}")), 404);
    enveloped(&site.send(&Request::new("PATCH", CLIENTS).bearer(ADMINISTRATOR)), 405);
    enveloped(&site.send(&Request::form(CLIENTS, &[("name", "A")]).bearer(ADMINISTRATOR)), 400);
    for (member, value) in [
        ("name", json!(null)),
        ("name", json!(7)),
        ("redirect_uris", json!([])),
        ("redirect_uris", json!(["javascript:alert(1)"])),
        ("scopes", json!("openid")),
        ("grant_types", json!(["password"])),
        ("client_auth_methods", json!(["client_secret_basic", "private_key_jwt"])),
        ("client_auth_methods", json!(["none"])),
        ("is_confidential", json!("yes")),
        ("fapi_profile", json!("fapi1")),
        ("jwks", json!("{")),
        ("logo_url", json!("javascript:alert(1)")),
        ("status", json!("asleep")),
    ] {
        let mut body = wanted();
        body[member] = value;
        let answer = enveloped(&site.send(&post(Some(ADMINISTRATOR), &body)), 400);
        assert!(answer["message"].as_str().unwrap().starts_with(member), "{member}: {answer}");
    }
}

#[test]
fn a_client_registers_and_looks_after_itself_in_the_envelope() {
    let mut site = start();
    let keys = json!({ "keys": [ClientKey::generate().public_jwk()] }).to_string();
    let metadata = json!({
        "client_name": "Itself", "redirect_uris": [REDIRECT_URI], "token_endpoint_auth_method": "private_key_jwt",
        "jwks": keys, "application_type": "web", "software_id": "shop", "scope": "openid",
        "require_pushed_authorization_requests": true,
    });
    let response = site.json("/oauth/register", &metadata);
    let answer = response.json();
    assert_eq!((response.status, &answer["code"]), (201, &json!(0)), "{answer}");
    let data = answer["data"].clone();
    assert!(data["jwks"].is_string() && data["software_id"] == "shop" && is_time(&answer["timestamp"]), "{answer}");
    let id = data["client_id"].as_str().unwrap();
    let path = format!("/api/v1/oauth/register/{id}");
    assert_eq!(data["require_pushed_authorization_requests"], true, "{data}");
    let token = data["registration_access_token"].as_str().unwrap();
    let read = site.send(&Request::get(&path).bearer(token)).json();
    assert_eq!(read["data"]["client_name"], "Itself", "{read}");
    let mut update = metadata.clone();
    update["client_id"] = id.into();
    update["client_name"] = "Renamed".into();
    let put = |token: &str| Request::new("PUT", &path).bearer(token).header("Content-Type", "application/json");
    let updated = site.send(&put(token).body(update.to_string())).json();
    assert_eq!(updated["data"]["client_name"], "Renamed", "{updated}");
    flat(&site.send(&put(token).body(update.to_string())), 401, "invalid_token");
    let token = updated["data"]["registration_access_token"].as_str().unwrap();
    let gone = site.send(&Request::new("DELETE", &path).bearer(token));
    assert_eq!(gone.status, 204, "{}", gone.text());
    flat(&site.send(&Request::get(&path).bearer(token)), 401, "invalid_token");
    for (member, value, error) in [
        ("redirect_uris", json!(["javascript:alert(1)"]), "invalid_redirect_uri"),
        ("jwks", json!("{"), "invalid_client_metadata"),
        ("grant_types", json!(["password"]), "invalid_client_metadata"),
    ] {
        let mut body = metadata.clone();
        body[member] = value;
        flat(&site.json("/oauth/api/v1/oauth/register", &body), 400, error);
    }
    flat(&site.json("/oauth/register", &json!([])), 400, "invalid_client_metadata");
}

#[test]
fn metadata_is_found_with_the_tenants_slug_and_without() {
    let mut site = start();
    let plain = site.get("/.well-known/openid-configuration");
    let slug = site.get("/shop/.well-known/openid-configuration");
    assert_eq!((plain.status, plain.json()), (200, slug.json()));
    let expected = site.url("/oauth/pushed-authorization");
    assert_eq!(plain.json()["pushed_authorization_request_endpoint"], expected);
    assert_eq!(plain.json()["registration_endpoint"], site.url("/oauth/register"));
    assert_eq!(site.get("/oauth/jwks").status, 200);
    assert_eq!(site.get("/.well-known/jwks.json").status, 404);
    assert_eq!(plain.json()["end_session_endpoint"], site.url("/oauth/logout"));
    assert_eq!(site.get("/other/.well-known/openid-configuration").status, 404);
}

#[test]
fn what_is_wrong_with_a_push_is_told_flat_and_with_its_state() {
    let mut site = start();
    let client = make(&mut site);
    for (member, value, status, error) in [
        ("client_secret", json!("wrong"), 401, "invalid_client"),
        ("client_secret", json!(null), 401, "invalid_client"),
        ("client_id", json!("nobody"), 401, "invalid_client"),
        ("redirect_uri", json!(null), 400, "invalid_request"),
        ("redirect_uri", json!("https://evil.example/cb"), 400, "invalid_request"),
        ("response_type", json!(null), 400, "invalid_request"),
        ("response_type", json!("token"), 400, "unsupported_response_type"),
        ("scope", json!(null), 400, "invalid_request"),
        ("scope", json!(7), 400, "invalid_request"),
        ("code_challenge_method", json!("plain"), 400, "invalid_request"),
        ("resources", json!("https://api.example"), 400, "invalid_request"),
        ("authorization_details", json!([{ "actions": ["read"] }]), 400, "invalid_authorization_details"),
        ("request_uri", json!("urn:ietf:params:oauth:request_uri:x"), 400, "invalid_request"),
    ] {
        let attempt = Attempt::new();
        let mut body = pushed(&client, &attempt);
        body[member] = value;
        let answer = flat(&site.json("/oauth/pushed-authorization", &body), status, error);
        assert_eq!(answer["state"], attempt.state, "{member}");
    }
    let broken = Request::new("POST", PUSH).header("Content-Type", "application/json").body("{\"state\":");
    let answer = flat(&site.send(&broken), 400, "invalid_request");
    assert_eq!(answer.get("state"), None);
    let unnamed = site.form("/oauth/introspect", &[("token", "unknown")]);
    flat(&unnamed, 400, "invalid_request");
    let unproved = [("token", "unknown"), ("client_id", &client.id)];
    flat(&site.form("/oauth/introspect", &unproved), 401, "invalid_client");
    let bare = json!({ "refresh_token": "unknown", "client_id": client.id });
    flat(&site.json("/oauth/refresh", &bare), 401, "invalid_client");
    let other = site.form(
        "/oauth/token",
        &[("grant_type", "password"), ("client_id", &client.id), ("client_secret", &client.secret)],
    );
    flat(&other, 400, "unsupported_grant_type");
    let basic = base64::padded(format!("{}:wrong", client.id).as_bytes());
    let challenged = site
        .send(&Request::form(PUSH, &[("client_id", &client.id)]).header("Authorization", &format!("Basic {basic}")));
    assert_eq!((challenged.status, challenged.header("www-authenticate").is_some()), (401, true));
}

#[test]
fn what_is_not_built_is_refused_or_not_there() {
    let mut site = start();
    let client = make(&mut site);
    let answer = site.json(PUSH, &pushed(&client, &Attempt::new())).json();
    let decision = json!({
        "client_id": client.id, "request_uri": answer["request_uri"], "response_type": "code", "user_id": "alice",
        "tenant_id": "shop", "approved": true,
    });
    let decided = Request::json("/oauth/authorize", &decision).bearer("session").header("Accept", "application/json");
    let decided = site.send(&decided);
    assert!(decided.status == 400 && decided.header("location").is_none(), "{}", decided.text());
    for path in ["/oauth/token-exchange", "/oauth/device/authorize", "/oauth/device/verify"] {
        assert_eq!(site.json(path, &json!({ "client_id": client.id })).status, 404, "{path}");
    }
    for path in ["tokens", "secrets", "audit-logs"] {
        enveloped(&site.send(&as_administrator("POST", &format!("{CLIENTS}/{}/{path}", client.id), &json!({}))), 404);
    }
    let device = "urn:ietf:params:oauth:grant-type:device_code";
    let device = [("grant_type", device), ("client_id", &client.id), ("client_secret", &client.secret)];
    flat(&site.form("/oauth/token", &device), 400, "unsupported_grant_type");
}
