//! The vendor's own browser SDK, unchanged, in a real Chromium, at a page of another origin.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use parhelion_tests::environment::Environment;
use parhelion_tests::script;
use parhelion_tests::server::free_port;
use parhelion_tests::site::ALICE;
use serde_json::{Value, json};

/// What the environment asks of everybody: with the first the SDK pushes by itself, the second lets it renew in silence.
const POLICY: &str = r#"pushed_requests = "required", consent = "remembered""#;

#[test]
fn sdk_pushes_logs_in_renews_and_revokes() {
    let page = format!("http://127.0.0.1:{}", free_port());
    let environment = Environment::start_with_page_and_policy(&page, POLICY);
    let made = environment.make(&json!({
        "type": "SINGLE_PAGE_APP", "tokenEndpointAuthMethod": "NONE", "redirectUris": [format!("{page}/cb")],
    }));
    let mount = environment.mount();
    let variables = [
        ("PAGE", page.as_str()),
        ("DISCOVERY", &mount.discovery),
        ("CLIENT_ID", made["id"].as_str().unwrap()),
        ("USERNAME", ALICE.username),
        ("PASSWORD", ALICE.password),
    ];
    let seen = script::run("pingone-sdk.mjs", &variables);
    let report = &seen["report"];
    assert_eq!(seen["complaints"], json!([]), "{seen}");
    assert_eq!(report["info"]["name"], "Alice", "{seen}");
    let token = |of: &str| report[of]["accessToken"].as_str().unwrap_or_else(|| panic!("{of}: {seen}")).to_owned();
    assert_ne!(token("tokens"), token("renewed"), "{seen}");
    assert_eq!(report["stillKnown"], report["info"], "{seen}");
    assert_eq!(report["revoked"], json!({ "revokeResponse": null, "deleteResponse": null }), "{seen}");
    assert_eq!(report["kept"]["error"], "No tokens found", "{seen}");
    let asked: Vec<&str> = seen["asked"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let times = |what: &str| {
        let path = format!(" {}", what.replace("/as", mount.issuer.strip_prefix(&environment.server.url()).unwrap()));
        asked.iter().filter(|line| line.starts_with("fetch POST") && line.ends_with(&path)).count()
    };
    assert_eq!(["/as/par", "/as/token", "/as/revoke"].map(times), [2, 2, 2], "{seen}");
}
