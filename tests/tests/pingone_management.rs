//! PingOne's management API from outside: how applications are made, shown, replaced and removed, and what its errors say.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use parhelion_tests::application::Attempt;
use parhelion_tests::environment::{ADMINISTRATOR, Environment, STRANGER, VIEWER, application};
use parhelion_tests::request::Request;
use parhelion_tests::site::PING_ENVIRONMENT;
use parhelion_tests::walker::{Shown, Walker, refused};
use parhelion_tests::wire::Response;
use serde_json::{Value, json};

/// The platform family; gives code and target of the details.
fn platform(response: &Response, status: u16, code: &str) -> Vec<(String, String)> {
    let body = response.json();
    assert_eq!((response.status, &body["code"]), (status, &json!(code)), "{body}");
    assert_eq!(body["id"].as_str().map(str::len), Some(36), "{body}");
    assert!(body["message"].is_string() && body.get("error").is_none(), "{body}");
    let text = |detail: &Value, name: &str| detail[name].as_str().unwrap().to_owned();
    let details = body["details"].as_array().into_iter().flatten();
    details.map(|detail| (text(detail, "code"), text(detail, "target"))).collect()
}

#[test]
fn application_is_made_shown_listed_replaced_and_removed() {
    let environment = Environment::start();
    let made = environment.make(&json!({ "description": "Sells", "unknown": 1, "homePageUrl": "https://app.example" }));
    let id = made["id"].as_str().unwrap();
    let below = format!("/{id}");
    assert_eq!((made["pkceEnforcement"].as_str(), made["parTimeout"].as_u64()), (Some("OPTIONAL"), Some(60)));
    assert_eq!((&made["environment"]["id"], made.get("unknown")), (&json!(PING_ENVIRONMENT), None));
    assert!(made["_links"]["self"]["href"].as_str().unwrap().ends_with(&format!("/applications/{id}")), "{made}");
    assert!(made.get("clientId").is_none() && !made.to_string().contains(&environment.secret(id)), "{made}");
    assert_eq!(environment.manage(VIEWER, "GET", &below, None).json(), made);

    let disabled = application(&json!({ "name": "Shut", "enabled": false, "parTimeout": 5 }));
    let replaced = environment.manage(ADMINISTRATOR, "PUT", &below, Some(&disabled));
    assert_eq!((replaced.status, &replaced.json()["name"]), (200, &json!("Shut")), "{}", replaced.text());
    assert_eq!((replaced.json()["enabled"].as_bool(), replaced.json().get("description")), (Some(false), None));
    assert_eq!(replaced.json()["createdAt"], made["createdAt"]);
    let (secret, mount) = (environment.secret(id), environment.mount());
    let walker = Walker { environment: &environment, mount, id, shown: Shown::Posted(&secret) };
    refused(&walker.push(&Attempt::new()), 401, "invalid_client");
    let born_disabled = environment.make(&json!({ "enabled": false }));
    assert_eq!(born_disabled["enabled"], false);

    let mut seen = vec![born_disabled["id"].clone(), made["id"].clone(), environment.make(&json!({}))["id"].clone()];
    let mut listed = Vec::new();
    let mut next = Some("?limit=1".to_owned());
    while let Some(query) = next {
        let page = environment.manage(VIEWER, "GET", &query, None).json();
        assert_eq!(page["size"], 1, "{page}");
        listed.push(page["_embedded"]["applications"][0]["id"].clone());
        let href = page["_links"]["next"]["href"].as_str();
        next = href.map(|href| format!("?{}", href.split_once('?').unwrap().1));
        assert!(listed.len() <= 3, "{page}");
    }
    seen.sort_by_key(Value::to_string);
    listed.sort_by_key(Value::to_string);
    assert_eq!(seen, listed);
    assert_eq!(environment.manage(VIEWER, "GET", "", None).json()["size"], 3);

    assert_eq!(environment.manage(ADMINISTRATOR, "DELETE", &below, None).status, 204);
    for method in ["GET", "DELETE"] {
        platform(&environment.manage(ADMINISTRATOR, method, &below, None), 404, "NOT_FOUND");
    }
}

#[test]
fn secret_is_shown_again_and_exchanged_at_once() {
    let environment = Environment::start();
    let made = environment.make(&json!({}));
    let id = made["id"].as_str().unwrap();
    let first = environment.secret(id);
    assert_eq!(first, environment.secret(id));
    let below = format!("/{id}/secret");
    let exchanged = environment.manage(ADMINISTRATOR, "POST", &below, None);
    assert_eq!(exchanged.status, 200, "{}", exchanged.text());
    let second = exchanged.json()["secret"].as_str().unwrap().to_owned();
    assert!(first != second && second == environment.secret(id));
    let push = |secret: &str| {
        let shown = Shown::Posted(secret);
        Walker { environment: &environment, mount: environment.mount(), id, shown }.push(&Attempt::new()).status
    };
    assert_eq!((push(&first), push(&second)), (401, 201));
    platform(&environment.manage(VIEWER, "GET", &below, None), 403, "ACCESS_FAILED");
    let public = environment.make(&json!({ "tokenEndpointAuthMethod": "NONE" }));
    for method in ["GET", "POST"] {
        let none = format!("/{}/secret", public["id"].as_str().unwrap());
        platform(&environment.manage(ADMINISTRATOR, method, &none, None), 404, "NOT_FOUND");
    }
}

#[test]
fn client_of_elsewhere_keeps_its_name_and_secret() {
    let environment = Environment::start();
    let secret = "secret-of-elsewhere-0123456789-0123456789";
    let imported = json!({ "clientId": "client-of-elsewhere", "clientSecret": secret });
    let made = environment.make(&imported);
    let id = made["id"].as_str().unwrap();
    assert_eq!((&made["clientId"], id.len()), (&json!("client-of-elsewhere"), 36));
    assert_eq!(environment.secret(id), secret);
    let shown = Shown::Posted(secret);
    Walker { environment: &environment, mount: environment.mount(), id: "client-of-elsewhere", shown }.walk();
    let again = environment.manage(ADMINISTRATOR, "POST", "", Some(&application(&imported)));
    assert_eq!(platform(&again, 400, "INVALID_DATA"), [("UNIQUENESS_VIOLATION".to_owned(), "clientId".to_owned())]);
    assert_eq!(environment.manage(ADMINISTRATOR, "DELETE", &format!("/{id}"), None).status, 204);
    let short =
        json!({ "clientId": "short-key", "clientSecret": "12345678", "tokenEndpointAuthMethod": "CLIENT_SECRET_JWT" });
    for (more, target) in [
        (json!({ "clientId": "only-a-name" }), "clientSecret"),
        (json!({ "clientSecret": "only-a-secret" }), "clientId"),
        (json!({ "clientId": "short", "clientSecret": secret }), "clientId"),
        (json!({ "clientId": "n\u{f6}n-ascii-name", "clientSecret": secret }), "clientId"),
        (short, "clientSecret"),
    ] {
        let refused = environment.manage(ADMINISTRATOR, "POST", "", Some(&application(&more)));
        assert_eq!(platform(&refused, 400, "INVALID_DATA")[0].1, target, "{more}");
    }
}

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
        (json!({ "supportUnsignedRequestObject": true }), "supportUnsignedRequestObject"),
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
    for (token, status) in [("unknown", 401), (STRANGER, 403), (VIEWER, 403)] {
        for (method, below) in
            [("POST", ""), ("PUT", &*below), ("DELETE", &below), ("POST", &format!("{below}/secret"))]
        {
            platform(&environment.manage(token, method, below, Some(&sent)), status, "ACCESS_FAILED");
        }
    }
    platform(&environment.manage(STRANGER, "GET", "", None), 403, "ACCESS_FAILED");
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
