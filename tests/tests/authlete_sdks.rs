//! The vendor's own libraries, unchanged: the npm package `@authlete/typescript-sdk` and the Python package `authlete`, the
//! latter in both versions of the API that it speaks. Each makes the client itself that walks the journey.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use parhelion_tests::application::Attempt;
use parhelion_tests::back_end::{self, ORGANIZATION_TOKEN, REDIRECT_URI, SERVICE};
use parhelion_tests::script;
use serde_json::{Value, json};

fn walk(run: fn(&str, &[(&str, &str)]) -> Value, script: &str, version: &str) -> Value {
    let server = back_end::start();
    let (attempt, url) = (Attempt::new(), server.url());
    let (service, challenge) = (SERVICE.to_string(), attempt.challenge());
    let variables = [
        ("BASE_URL", url.as_str()),
        ("API_VERSION", version),
        ("SERVICE_ID", &service),
        ("TOKEN", ORGANIZATION_TOKEN),
        ("REDIRECT_URI", REDIRECT_URI),
        ("CHALLENGE", &challenge),
        ("VERIFIER", &attempt.verifier),
    ];
    run(script, &variables)
}

#[test]
fn typescript_sdk_makes_a_client_that_walks_the_journey_and_parses_every_answer() {
    let report = walk(script::run, "vendor-sdk.mjs", "V3");
    let actions = json!({
        "former": "UNAUTHORIZED", "pushed": "CREATED", "loaded": "INTERACTION", "issued": "LOCATION",
        "reused": "BAD_REQUEST", "unknown": "BAD_REQUEST", "tokens": "OK", "renewed": "OK", "userinfo": "OK",
        "claims": "JSON", "good": "OK", "poor": "FORBIDDEN", "changed": "OK", "narrow": "FORBIDDEN", "revoked": "OK",
        "gone": "UNAUTHORIZED", "replayed": "BAD_REQUEST", "noTicket": "INTERNAL_SERVER_ERROR",
    });
    assert_eq!(report["actions"], actions, "{report}");
    assert_eq!(report["names"], json!(["Made by the SDK", "Made by the SDK", "Changed"]), "{report}");
    assert_eq!((&report["seen"], &report["exchanged"]), (&json!(true), &json!(true)), "{report}");
    assert_eq!(report["claims"], json!({ "sub": "john", "name": "John" }), "{report}");
    assert_eq!((&report["subject"], &report["scopes"]), (&json!("john"), &json!(["openid"])), "{report}");
    assert_eq!((&report["service"], &report["configuration"]), (&json!(SERVICE), &json!("object")), "{report}");
    assert_eq!((&report["required"], &report["lifetime"]), (&json!([true, false]), &json!(90)), "{report}");
    assert_eq!(report["deleted"], json!([400, "A900207"]), "{report}");
}

#[test]
fn python_library_makes_a_client_that_walks_the_journey_in_version_3_and_in_version_2() {
    for version in ["V3", "V2"] {
        let report = walk(script::run_python, "vendor_sdk.py", version);
        let actions = json!({
            "former": "UNAUTHORIZED", "failed": "LOCATION", "pushed": "CREATED", "loaded": "INTERACTION",
            "issued": "LOCATION", "reused": "BAD_REQUEST", "tokens": "OK", "userinfo": "OK", "claims": "JSON",
            "good": "OK", "changed": "OK", "narrow": "FORBIDDEN", "revoked": "OK", "gone": "UNAUTHORIZED",
            "replayed": "BAD_REQUEST",
        });
        assert_eq!(report["actions"], actions, "{version}: {report}");
        assert_eq!(report["names"], json!(["Made by the library", "Changed"]), "{version}: {report}");
        assert_eq!((&report["seen"], &report["exchanged"]), (&json!(true), &json!(true)), "{version}: {report}");
        assert_eq!((&report["error"], &report["subject"]), (&json!("access_denied"), &json!("john")), "{report}");
        assert_eq!((&report["service"], &report["required"]), (&json!(SERVICE), &json!([true, false])), "{report}");
        assert_eq!(report["issuer"], "https://as.acme.example", "{report}");
        assert!(report["deleted"].as_str().unwrap().contains("A900207"), "{version}: {report}");
    }
}
