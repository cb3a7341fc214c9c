//! The vendor's own libraries, unchanged: the npm package `@authlete/typescript-sdk` and the Python package `authlete`, the
//! latter in both versions of the API that it speaks.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use parhelion_tests::application::Attempt;
use parhelion_tests::back_end::{self, CLIENT, CLIENT_SECRET, REDIRECT_URI, RUNTIME_TOKEN, SERVICE};
use parhelion_tests::script;
use serde_json::{Value, json};

fn walk(run: fn(&str, &[(&str, &str)]) -> Value, script: &str, version: &str) -> Value {
    let server = back_end::start();
    let (attempt, url) = (Attempt::new(), server.url());
    let (service, client, challenge) = (SERVICE.to_string(), CLIENT.to_string(), attempt.challenge());
    let variables = [
        ("BASE_URL", url.as_str()),
        ("API_VERSION", version),
        ("SERVICE_ID", &service),
        ("TOKEN", RUNTIME_TOKEN),
        ("CLIENT_ID", &client),
        ("CLIENT_SECRET", CLIENT_SECRET),
        ("REDIRECT_URI", REDIRECT_URI),
        ("CHALLENGE", &challenge),
        ("VERIFIER", &attempt.verifier),
    ];
    run(script, &variables)
}

#[test]
fn typescript_sdk_walks_the_journey_and_parses_every_answer() {
    let report = walk(script::run, "vendor-sdk.mjs", "V3");
    let actions = [
        "CREATED",
        "INTERACTION",
        "LOCATION",
        "OK",
        "BAD_REQUEST",
        "OK",
        "OK",
        "JSON",
        "OK",
        "FORBIDDEN",
        "OK",
        "UNAUTHORIZED",
    ];
    assert_eq!(report["actions"], json!(actions), "{report}");
    assert_eq!(report["claims"], json!({ "sub": "john", "name": "John" }), "{report}");
    assert_eq!((&report["client"], &report["service"]), (&json!(CLIENT), &json!(SERVICE)), "{report}");
    assert_eq!((&report["subject"], &report["configuration"]), (&json!("john"), &json!("object")), "{report}");
}

#[test]
fn python_library_walks_the_journey_in_version_3_and_in_version_2() {
    for version in ["V3", "V2"] {
        let report = walk(script::run_python, "vendor_sdk.py", version);
        let actions = ["LOCATION", "LOCATION", "OK", "OK", "JSON", "OK", "OK", "UNAUTHORIZED"];
        assert_eq!(report["actions"], json!(actions), "{version}: {report}");
        assert_eq!((&report["error"], &report["subject"]), (&json!("access_denied"), &json!("john")), "{report}");
        assert_eq!((&report["service"], &report["clients"]), (&json!(SERVICE), &json!(2)), "{report}");
        assert_eq!(report["issuer"], "https://as.acme.example", "{report}");
    }
}
