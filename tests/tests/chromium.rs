//! A real Chromium: what a person sees and clicks, with and without JavaScript. Screenshots of every page are left in
//! `target/screenshots`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::env;
use std::path::{Path, PathBuf};

use parhelion_tests::script;
use parhelion_tests::site::{ALICE, Site};
use parhelion_tests::wire::Http;
use serde_json::{Value, json};

struct Journey {
    report: Value,
    state: String,
    issuer: String,
    verifier: String,
}

fn journey(site: &Site, decision: &str, javascript: &str, screenshots: &str) -> Journey {
    let mount = site.standard();
    let pushed = site.basic_app().push(&mut Http::to(site.address()), &mount).unwrap();
    let variables = [
        ("URL", pushed.url.as_str()),
        ("REDIRECT_URI", &site.callback),
        ("USERNAME", ALICE.username),
        ("PASSWORD", ALICE.password),
        ("DECISION", decision),
        ("JAVASCRIPT", javascript),
        ("SCREENSHOTS", screenshots),
    ];
    let report = script::run("browser.mjs", &variables);
    assert_eq!(report["complaints"], json!([]), "the browser complained: {report}");
    assert_eq!(report["afterwards"], 400, "the used address gives the refusing page: {report}");
    assert_eq!(report["callback"]["state"], pushed.attempt.state.as_str(), "{report}");
    assert_eq!(report["callback"]["iss"], mount.issuer.as_str(), "{report}");
    Journey { report, state: pushed.attempt.state, issuer: mount.issuer, verifier: pushed.attempt.verifier }
}

fn redeems(site: &Site, journey: &Journey) {
    let code = journey.report["callback"]["code"].as_str().expect("a code");
    let mut http = Http::to(site.address());
    let tokens = site.basic_app().redeem(&mut http, &site.standard(), code, &journey.verifier).unwrap();
    assert_eq!(tokens.status, 200, "{}", tokens.text());
}

#[test]
fn a_person_who_allows_arrives_at_the_application_with_a_code() {
    let site = Site::start();
    redeems(&site, &journey(&site, "allow", "on", &screenshots().to_string_lossy()));
    let pages = ["login", "login-failed", "consent", "error"];
    for page in pages.iter().flat_map(|page| ["phone", "desktop", "dark"].map(|look| format!("{page}-{look}.png"))) {
        assert!(screenshots().join(&page).metadata().is_ok_and(|file| file.len() > 1000), "{page} is missing");
    }
}

#[test]
fn a_person_without_javascript_arrives_as_well() {
    let site = Site::start();
    redeems(&site, &journey(&site, "allow", "off", ""));
}

#[test]
fn a_person_who_denies_arrives_with_access_denied_and_no_code() {
    let site = Site::start();
    let journey = journey(&site, "deny", "on", "");
    let expected = json!({ "error": "access_denied", "state": journey.state, "iss": journey.issuer });
    let callback = journey.report["callback"].as_object().unwrap();
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(callback.get(name), Some(value), "{name}");
    }
    assert_eq!(callback.get("code"), None);
}

fn screenshots() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |folder| root.join(folder));
    target.join("screenshots")
}
