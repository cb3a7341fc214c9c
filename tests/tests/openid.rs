//! The OpenID Connect plans of the conformance suite in short form, with the profile `oidc`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use parhelion_tests::conformance::openid::{Provider, RESPONSE_TYPES};
use serde_json::Value;

fn lists(metadata: &Value, list: &str, items: &[&str]) {
    for item in items {
        assert!(metadata[list].as_array().unwrap().iter().any(|found| found == item), "{item}: {}", metadata[list]);
    }
}

/// Goes to the end with a response type; gives the response.
fn journey(provider: &mut Provider, response_type: &str, more: &[(&str, &str)]) -> Value {
    let landing = provider.authorize(response_type, more);
    let parameters = provider.response(response_type, landing);
    let parameters = parameters.unwrap_or_else(|found| panic!("{response_type} {more:?}: {found}"));
    assert!(parameters["error"].is_null(), "{response_type} {more:?}: {parameters}");
    parameters
}

#[test]
fn metadata_say_what_the_plans_ask_for() {
    let provider = Provider::start();
    let metadata = provider.metadata();
    lists(metadata, "response_types_supported", &RESPONSE_TYPES);
    lists(metadata, "response_modes_supported", &["query", "fragment", "form_post"]);
    lists(metadata, "id_token_signing_alg_values_supported", &["RS256"]);
    lists(metadata, "subject_types_supported", &["public"]);
    lists(metadata, "scopes_supported", &["openid", "profile", "email"]);
    lists(metadata, "grant_types_supported", &["authorization_code", "implicit"]);
    let methods = ["client_secret_basic", "client_secret_post", "private_key_jwt"];
    lists(metadata, "token_endpoint_auth_methods_supported", &methods);
    lists(metadata, "request_object_signing_alg_values_supported", &["RS256"]);
    for flag in ["claims_parameter_supported", "request_uri_parameter_supported", "require_request_uri_registration"] {
        assert_eq!(metadata[flag], true, "{flag}");
    }
}

#[test]
fn every_response_type_gives_what_it_names() {
    let mut provider = Provider::start();
    for response_type in RESPONSE_TYPES {
        let parameters = journey(&mut provider, response_type, &[]);
        provider.holds(response_type, &parameters).unwrap_or_else(|found| panic!("{response_type}: {found}"));
    }
}

#[test]
fn every_response_type_is_served_by_a_request_object_that_is_fetched() {
    let mut provider = Provider::start();
    for response_type in RESPONSE_TYPES {
        let landing = provider.authorize_by_reference(response_type, &[]);
        let parameters =
            provider.response(response_type, landing).unwrap_or_else(|found| panic!("{response_type}: {found}"));
        provider.holds(response_type, &parameters).unwrap_or_else(|found| panic!("{response_type}: {found}"));
    }
    let wrong = provider.authorize_by_reference("code", &[("redirect_uri", "https://client.example/elsewhere")]);
    assert!(wrong.is_refusal(), "the object's redirect URI counts, not the one beside it");
    provider.forget();
    let silent = provider.authorize_by_reference("code", &[("prompt", "none")]);
    assert_eq!(provider.response("code", silent).unwrap()["error"], "login_required", "the object's prompt and state");
}

#[test]
fn every_response_type_can_be_posted_by_a_form() {
    let mut provider = Provider::start();
    for response_type in RESPONSE_TYPES {
        let landing = provider.authorize(response_type, &[("response_mode", "form_post")]);
        let parameters = provider.posted(landing).unwrap();
        provider.holds(response_type, &parameters).unwrap_or_else(|found| panic!("{response_type}: {found}"));
    }
}

#[test]
fn id_token_without_nonce_is_refused_and_a_code_without_one_is_not() {
    let mut provider = Provider::start();
    assert!(journey(&mut provider, "code", &[("nonce", "")])["code"].is_string());
    for response_type in ["id_token", "id_token token", "code id_token", "code id_token token"] {
        let landing = provider.authorize(response_type, &[("nonce", "")]);
        let parameters = provider.response(response_type, landing).unwrap();
        assert_eq!(parameters["error"], "invalid_request", "{response_type}");
    }
}

#[test]
fn clients_of_each_method_redeem_their_codes() {
    let mut provider = Provider::start();
    let code = |parameters: Value| parameters["code"].as_str().unwrap().to_owned();
    let by_basic = code(journey(&mut provider, "code", &[]));
    assert_eq!(provider.redeem_by_basic(&by_basic).status, 200);
    let again = provider.redeem_by_basic(&by_basic);
    assert_eq!((again.status, &again.json()["error"]), (400, &"invalid_grant".into()), "a code is used once");
    let by_post = code(journey(&mut provider, "code", &[("client_id", "app-post")]));
    assert_eq!(provider.redeem_by_post(&by_post).status, 200);
    let by_key = code(journey(&mut provider, "code", &[("client_id", "app-key")]));
    let response = provider.redeem_with_assertion(&by_key);
    assert_eq!(response.status, 200, "{}", response.text());
}

#[test]
fn optional_parameters_cause_no_error() {
    let mut provider = Provider::start();
    for more in [
        &[("display", "page")][..],
        &[("display", "popup")],
        &[("ui_locales", "se nb-NO")],
        &[("claims_locales", "se")],
        &[("acr_values", "1 2")],
        &[("login_hint", "bob@example.com")],
        &[("extra", "foobar"), ("another", "")],
        &[("prompt", "login")],
        &[("prompt", "consent")],
        &[("prompt", "select_account")],
        &[("max_age", "10000")],
        &[("max_age", "1")],
        &[("claims", r#"{"userinfo":{"name":{"essential":true}},"id_token":{"auth_time":{"essential":true}}}"#)],
        &[("scope", "openid email")],
        &[("scope", "openid profile email address phone offline_access")],
    ] {
        let parameters = journey(&mut provider, "code", more);
        provider.holds("code", &parameters).unwrap_or_else(|found| panic!("{more:?}: {found}"));
    }
    assert!(matches!(provider.authorize_by_post().status, 200 | 302 | 303));
}

#[test]
fn prompt_none_is_answered_by_what_is_known_of_the_person() {
    let mut provider = Provider::start();
    let landing = provider.authorize("code", &[("prompt", "none")]);
    assert_eq!(provider.response("code", landing).unwrap()["error"], "login_required");
    let first = journey(&mut provider, "id_token", &[]);
    let claims = provider.id_token(first["id_token"].as_str().unwrap()).unwrap();

    let silent = journey(&mut provider, "id_token", &[("prompt", "none")]);
    let again = provider.id_token(silent["id_token"].as_str().unwrap()).unwrap();
    assert_eq!((&again["sub"], &again["auth_time"]), (&claims["sub"], &claims["auth_time"]));
    let hint = first["id_token"].as_str().unwrap().to_owned();
    let hinted = journey(&mut provider, "id_token", &[("prompt", "none"), ("id_token_hint", &hint)]);
    assert!(hinted["id_token"].is_string());

    std::thread::sleep(std::time::Duration::from_millis(1100));
    let fresh = journey(&mut provider, "id_token", &[("prompt", "login")]);
    let fresh = provider.id_token(fresh["id_token"].as_str().unwrap()).unwrap();
    assert!(fresh["auth_time"].as_i64() > claims["auth_time"].as_i64(), "who logs in again has logged in later");
    std::thread::sleep(std::time::Duration::from_millis(2100));
    let old = provider.authorize("id_token", &[("prompt", "none"), ("max_age", "1")]);
    assert_eq!(provider.response("id_token", old).unwrap()["error"], "login_required");
}

#[test]
fn requests_that_cannot_be_trusted_end_on_a_page() {
    let mut provider = Provider::start();
    let other = provider.authorize("code", &[("redirect_uri", "https://client.example/cb")]);
    assert!(other.is_refusal(), "a redirect URI without its query");
    let unknown = provider.authorize("code", &[("client_id", "nobody")]);
    assert!(unknown.is_refusal());
    let nothing = provider.authorize("nonsense", &[]);
    assert!(
        nothing.is_refusal()
            || matches!(provider.response("code", nothing), Ok(answer) if answer["error"] == "unsupported_response_type")
    );
}
