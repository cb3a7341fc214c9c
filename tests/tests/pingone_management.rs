//! PingOne's management API from outside: what it turns down, in the words of the vendor's platform.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use parhelion_tests::environment::{ADMINISTRATOR, Environment, STRANGER, VIEWER, application, platform};
use parhelion_tests::request::Request;
use parhelion_tests::site::PING_ENVIRONMENT;
use serde_json::{Value, json};

#[test]
fn what_is_wrong_with_an_application_is_told_by_the_vendors_names() {
    let environment = Environment::start();
    let refused = |sent: &Value| {
        let response = environment.manage(ADMINISTRATOR, "POST", "", Some(sent));
        platform(&response, 400, "INVALID_DATA")
    };
    let required = ["name", "enabled", "type", "protocol", "tokenEndpointAuthMethod", "grantTypes"];
    assert_eq!(refused(&json!({})), required.map(|name| ("REQUIRED_VALUE".to_owned(), name.to_owned())));
    for (more, target) in [
        (json!({ "name": 1 }), "name"),
        (json!({ "enabled": "true" }), "enabled"),
        (json!({ "type": "web" }), "type"),
        (json!({ "protocol": "SAML" }), "protocol"),
        (json!({ "tokenEndpointAuthMethod": "client_secret_post" }), "tokenEndpointAuthMethod"),
        (json!({ "grantTypes": ["CIBA"] }), "grantTypes"),
        (json!({ "grantTypes": "AUTHORIZATION_CODE" }), "grantTypes"),
        (json!({ "responseTypes": ["CODE", "TOKEN"] }), "responseTypes"),
        (json!({ "redirectUris": ["https://app.example/*", 1] }), "redirectUris"),
        (json!({ "redirectUris": [] }), "redirectUris"),
        (json!({ "redirectUris": ["http://app.example/cb"] }), "redirectUris"),
        (json!({ "postLogoutRedirectUris": ["javascript:alert(1)"] }), "postLogoutRedirectUris"),
        (json!({ "allowWildcardInRedirectUris": true }), "allowWildcardInRedirectUris"),
        (json!({ "pkceEnforcement": "S256" }), "pkceEnforcement"),
        (json!({ "parRequirement": true }), "parRequirement"),
        (json!({ "parTimeout": 0 }), "parTimeout"),
        (json!({ "parTimeout": 601 }), "parTimeout"),
        (json!({ "parTimeout": "60" }), "parTimeout"),
        (json!({ "parTimeout": -1 }), "parTimeout"),
        (json!({ "jwks": "{" }), "jwks"),
        (json!({ "jwksUrl": "http://app.example/jwks" }), "jwksUrl"),
        (json!({ "tokenEndpointAuthMethod": "PRIVATE_KEY_JWT" }), "jwks"),
        (json!({ "homePageUrl": "ftp://app.example" }), "homePageUrl"),
    ] {
        let details = refused(&application(&more));
        assert_eq!(details, [("INVALID_VALUE".to_owned(), target.to_owned())], "{more}");
    }
    let query = |query: &str| platform(&environment.manage(VIEWER, "GET", query, None), 400, "INVALID_DATA");
    for (sent, target) in
        [("?limit=0", "limit"), ("?limit=x", "limit"), ("?cursor=zz", "cursor"), ("?cursor=", "cursor")]
    {
        assert_eq!(query(sent), [("INVALID_VALUE".to_owned(), target.to_owned())], "{sent}");
    }
}

#[test]
fn management_api_turns_strangers_away() {
    let environment = Environment::start();
    let sent = application(&json!({}));
    let made = environment.make(&json!({}));
    let below = format!("/{}", made["id"].as_str().unwrap());
    for (token, status) in [("unknown", 401), (STRANGER, 401), (VIEWER, 403)] {
        for (method, below) in
            [("POST", ""), ("PUT", &*below), ("DELETE", &below), ("POST", &format!("{below}/secret"))]
        {
            platform(&environment.manage(token, method, below, Some(&sent)), status, "ACCESS_FAILED");
        }
    }
    platform(&environment.manage(STRANGER, "GET", "", None), 401, "ACCESS_FAILED");
    let target = format!("/v1/environments/{PING_ENVIRONMENT}/applications");
    let silent = environment.http().send(&Request::get(&target)).unwrap();
    platform(&silent, 401, "ACCESS_FAILED");
    assert_eq!(silent.header("www-authenticate"), Some("Bearer"));
    for below in ["/6f2c8f5e-5a0e-4c07-9e0b-0d6a4be1c7d4", "/x", "/..%2f", &format!("{below}/grants")] {
        platform(&environment.manage(ADMINISTRATOR, "GET", below, None), 404, "NOT_FOUND");
    }
    let no_json =
        Request::new("POST", &target).bearer(ADMINISTRATOR).header("Content-Type", "application/json").body("[]");
    platform(&environment.http().send(&no_json).unwrap(), 400, "INVALID_REQUEST");
    let patch = environment.manage(ADMINISTRATOR, "PATCH", &below, Some(&sent));
    assert_eq!((patch.status, patch.header("allow")), (405, Some("GET, PUT, DELETE")));
    assert_eq!(patch.json()["code"], "INVALID_REQUEST");
    let elsewhere = format!("/v1/environments/11111111-2222-4333-8444-555555555555/applications{below}");
    let foreign = environment.http().send(&Request::get(&elsewhere).bearer(STRANGER)).unwrap();
    platform(&foreign, 404, "NOT_FOUND");
}
