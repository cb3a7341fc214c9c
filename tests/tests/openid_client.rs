//! The npm library `openid-client`, unchanged, on every mount that a standard client can discover.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use parhelion_tests::application::{Application, Credential};
use parhelion_tests::binary::Binary;
use parhelion_tests::conformance;
use parhelion_tests::conformance::plan::{Authentication, Bound, Family, Plan};
use parhelion_tests::conformance::site::PERSON;
use parhelion_tests::mount::Mount;
use parhelion_tests::script;
use parhelion_tests::server::{Scheme, Server};
use parhelion_tests::site::{ALICE, Site};
use serde_json::{Value, json};

/// One journey; the library itself judges `iss`, `state`, `nonce` and the ID token.
fn journey(site: &Site, mount: &Mount, app: Application<'_>, decision: &str) -> Value {
    let report = run(site, "openid-client.mjs", mount, app, decision);
    assert_eq!(report["parameters"], json!(["client_id", "request_uri"]), "only these go through the browser");
    assert_eq!(report["iss"], mount.issuer);
    report
}

fn run(site: &Site, script: &str, mount: &Mount, app: Application<'_>, decision: &str) -> Value {
    let key = site.key.private_jwk().to_string();
    let (method, credential) = match app.credential {
        Credential::None => ("none", ("CLIENT_SECRET", "")),
        Credential::SecretBasic(secret) => ("client_secret_basic", ("CLIENT_SECRET", secret)),
        Credential::SecretPost(secret) => ("client_secret_post", ("CLIENT_SECRET", secret)),
        Credential::PrivateKey(_) => ("private_key_jwt", ("CLIENT_JWK", key.as_str())),
    };
    let ca_file = site.server.ca_file();
    let decryption_key = {
        let mut jwk = site.sealing_key.encryption_jwk();
        jwk["d"] = site.sealing_key.private_jwk()["d"].clone();
        jwk.to_string()
    };
    let variables = [
        ("DECRYPTION_JWK", decryption_key.as_str()),
        ("NODE_EXTRA_CA_CERTS", ca_file.to_str().unwrap()),
        ("ISSUER", mount.issuer.as_str()),
        ("CLIENT_ID", app.client_id),
        ("METHOD", method),
        credential,
        ("REDIRECT_URI", app.redirect_uri),
        ("USERNAME", ALICE.username),
        ("PASSWORD", ALICE.password),
        ("DECISION", decision),
    ];
    script::run(script, &variables)
}

/// Everything that follows the tokens.
fn lifecycle(site: &Site, mount: &Mount) {
    let report = run(site, "lifecycle.mjs", mount, site.lasting_app(), "allow");
    assert_eq!(report["posted"], true, "{report}");
    assert_eq!(report["userinfo"]["name"], "Alice", "{report}");
    assert_eq!(report["refreshed"]["claims"]["sub"], report["userinfo"]["sub"], "{report}");
    assert_eq!(report["introspected"]["active"], true, "{report}");
    assert_eq!(report["introspected"]["sub"], report["userinfo"]["sub"], "{report}");
    assert_eq!(report["revoked"], json!({ "active": false }), "{report}");
    assert_eq!(report["refused"], "invalid_grant", "{report}");
    assert_eq!(report["farewell"], format!("{}/bye?state=farewell", site.callback), "{report}");
    assert_eq!(report["silent"], "login_required", "{report}");
}

fn every_method(site: &Site, mount: &Mount) {
    for app in [site.public_app(), site.basic_app(), site.post_app(), site.key_app()] {
        let report = journey(site, mount, app, "allow");
        assert_eq!(report["claims"]["iss"], mount.issuer, "{report}");
        assert_eq!(report["claims"]["aud"], app.client_id, "{report}");
    }
}

#[test]
fn every_method_works_on_the_standard_mount() {
    let site = Site::start();
    every_method(&site, &site.standard());
}

#[test]
fn every_method_works_on_the_ibm_verify_mount() {
    let site = Site::start();
    every_method(&site, &site.ibm_verify());
}

#[test]
fn every_method_works_on_the_pingone_mount() {
    let site = Site::start();
    every_method(&site, &site.pingone());
}

#[test]
fn a_denial_reaches_the_library_as_access_denied() {
    let site = Site::start();
    let report = journey(&site, &site.standard(), site.basic_app(), "deny");
    assert_eq!(report["error"], "access_denied", "{report}");
}

#[test]
fn what_is_encrypted_to_the_library_is_read_by_it() {
    let site = Site::start();
    let report = run(&site, "encrypted.mjs", &site.standard(), site.sealed_app(), "allow");
    assert_eq!((&report["segments"], &report["sealed"]), (&json!(5), &json!(5)), "{report}");
    assert_eq!(report["claims"]["aud"], "app-sealed", "{report}");
    assert_eq!(report["userinfo"]["name"], "Alice", "{report}");
    let denied = run(&site, "encrypted.mjs", &site.standard(), site.sealed_app(), "deny");
    assert_eq!((&denied["segments"], &denied["error"]), (&json!(5), &json!("access_denied")), "{denied}");
}

#[test]
fn id_token_beside_the_code_satisfies_the_library() {
    let site = Site::start();
    let report = run(&site, "hybrid.mjs", &site.ibm_verify(), site.hybrid_app(), "allow");
    assert_eq!(report["answered"], json!(["code", "id_token", "iss", "state"]), "{report}");
    assert_eq!(report["userinfo"]["name"], "Alice", "{report}");
}

#[test]
fn message_signing_with_dpop_nonces_works_unchanged() {
    let site = Site::start_speaking(Scheme::Https);
    let (mount, app) = (site.fapi(), site.fapi_app());
    let report = run(&site, "message-signing.mjs", &mount, app, "allow");
    assert_eq!(report["signed"], json!(["client_id", "request"]), "{report}");
    assert_eq!(report["parameters"], json!(["client_id", "request_uri"]), "{report}");
    assert_eq!(report["answered"], json!(["response"]), "{report}");
    assert_eq!(report["token_type"], "dpop", "{report}");
    assert_eq!(report["userinfo"]["name"], "Alice", "{report}");
    assert_eq!(report["refreshed"], json!(["dpop", "dpop"]), "refresh tokens stay: {report}");
    let denied = run(&site, "message-signing.mjs", &mount, app, "deny");
    assert_eq!(denied["error"], "access_denied", "{denied}");

    // A redirect URI with a query, which openid-client does not send again.
    let app = Application { redirect_uri: "https://bank.example/cb?dummy1=lorem&dummy2=ipsum", ..app };
    let report = run(&site, "oauth4webapi.mjs", &mount, app, "allow");
    assert_eq!(report["answered"], json!(["dummy1", "dummy2", "response"]), "{report}");
    assert_eq!((&report["token_type"], &report["refreshed"]), (&json!("dpop"), &json!("dpop")), "{report}");
    assert_eq!(report["userinfo"]["name"], "Alice", "{report}");
    assert_eq!((&report["resource"]["traced"], &report["resource"]["dated"]), (&json!(true), &json!(true)), "{report}");
    assert_eq!(report["resource"]["client_id"], app.client_id, "{report}");
    assert!(report["resource"]["cnf"]["jkt"].is_string(), "{report}");
    assert!(report["nonces"].as_u64().unwrap() >= 1, "{report}");
}

#[test]
fn client_with_a_certificate_works_unchanged_at_the_aliases() {
    let site =
        conformance::site::Site::start(Plan::new(Family::Security, Authentication::MutualTls, Bound::Certificate));
    let app = site.first();
    let (certificate, key) = app.identity.pem();
    let ca_file = site.server.ca_file();
    let report = script::run(
        "certificate.mjs",
        &[
            ("NODE_EXTRA_CA_CERTS", ca_file.to_str().unwrap()),
            ("CA_FILE", ca_file.to_str().unwrap()),
            ("ISSUER", &site.issuer()),
            ("CLIENT_ID", app.id),
            ("REDIRECT_URI", &app.redirect_uri),
            ("CERTIFICATE", &certificate),
            ("KEY", &key),
            ("USERNAME", PERSON.username),
            ("PASSWORD", PERSON.password),
        ],
    );
    assert_eq!(
        report["hosts"],
        json!(["127.0.0.1", "localhost"]),
        "discovery at the issuer, the rest at the alias: {report}"
    );
    assert_eq!((&report["token_type"], &report["claims"]["aud"]), (&json!("bearer"), &json!(app.id)), "{report}");
    assert_eq!(report["userinfo"]["name"], "Alice", "{report}");
    assert_eq!(report["resource"]["cnf"]["x5t#S256"], app.identity.thumbprint(), "{report}");
    assert_eq!(report["stolen"], 401, "without the certificate the token is worth nothing: {report}");
}

#[test]
fn userinfo_refresh_introspection_revocation_logout_and_form_post_work_over_tls_on_every_mount() {
    let site = Site::start_speaking(Scheme::Https);
    for mount in [site.standard(), site.ibm_verify(), site.pingone(), site.autional()] {
        lifecycle(&site, &mount);
    }
}

/// A client is made by the vendor's registration, walks the whole journey with one library, and logs in with the one that the
/// vendor has for Passport.
#[test]
fn a_client_of_ibm_verify_registers_and_lives_with_libraries_of_its_ecosystem() {
    let config = include_str!("../data/ibm-verify.toml").replace("@HASH@", &Binary::hash_password(ALICE.password));
    let server = Server::start_speaking(&config.replace("http://localhost", "https://localhost"), Scheme::Https);
    let (issuer, redirect_uri) = (format!("{}/oauth2", server.url()), "https://app.example/cb");
    let ca_file = server.ca_file();
    let common = [
        ("NODE_EXTRA_CA_CERTS", ca_file.to_str().unwrap()),
        ("ISSUER", issuer.as_str()),
        ("REDIRECT_URI", redirect_uri),
        ("USERNAME", ALICE.username),
        ("PASSWORD", ALICE.password),
    ];
    let life = |members: &Value| {
        let members = members.to_string();
        script::run("registered.mjs", &[common.as_slice(), &[("MEMBERS", members.as_str())]].concat())
    };
    let report = life(&json!({ "enforce_pkce": true, "require_pushed_authorization_requests": true }));
    let registered = &report["registered"];
    assert_eq!((&registered["enforce_pkce"], &registered["consent_action"]), (&json!(true), &json!("always_prompt")));
    assert_eq!(report["parameters"], json!(["client_id", "request_uri"]), "{report}");
    assert_eq!((&report["userinfo"]["name"], &report["introspected"]["active"]), (&json!("Alice"), &json!(true)));
    assert_eq!(report["introspected"]["client_id"], registered["client_id"], "{report}");
    assert_eq!((&report["revoked"], &report["again"]), (&json!({ "active": false }), &json!("invalid_grant")));
    assert_eq!(report["reloaded"], 400, "what was used stays used: {report}");

    // Its library for Passport knows neither PKCE nor pushed requests.
    let report = life(&json!({ "enforce_pkce": false }));
    let text = |name: &str| report["registered"][name].as_str().unwrap();
    let discovery = format!("{issuer}/.well-known/openid-configuration");
    let credential =
        [("DISCOVERY", discovery.as_str()), ("CLIENT_ID", text("client_id")), ("CLIENT_SECRET", text("client_secret"))];
    let passport = script::run("passport.mjs", &[common.as_slice(), &credential].concat());
    let user = &passport["user"];
    assert_eq!((&user["name"], &user["iss"]), (&json!("Alice"), &json!(issuer)), "{passport}");
    assert_eq!((&user["sub"], &user["tokenType"]), (&report["userinfo"]["sub"], &json!("Bearer")), "{passport}");
    assert_eq!(passport["sent"], json!(["client_id", "redirect_uri", "response_type", "scope", "state"]));
}
