//! The example of the vendor's page for CLIENT_SECRET_POST, in the languages whose runtimes the tests have: the page's own
//! words, with only address and credentials filled in.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::env;
use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use parhelion_tests::environment::{Environment, REDIRECT_URI};
use parhelion_tests::folder::Folder;
use parhelion_tests::site::PING_ENVIRONMENT;
use serde_json::{Value, json};

/// Each with what runs it.
fn snippets() -> [(&'static str, OsString); 3] {
    let python = env::var_os("PARHELION_PYTHON").expect("`cargo xtask test` makes the environment and names it");
    [("curl.sh", "sh".into()), ("nodejs.cjs", "node".into()), ("python.py", python)]
}

#[test]
fn examples_of_the_page_are_answered_with_a_request_uri() {
    let environment = Environment::start();
    let made = environment.make(&json!({ "grantTypes": ["IMPLICIT"], "responseTypes": ["TOKEN"] }));
    let id = made["id"].as_str().unwrap();
    let (secret, url) = (environment.secret(id), environment.server.url());
    let filled = [
        ("authPath", url.as_str()),
        ("envID", PING_ENVIRONMENT),
        ("appID", id),
        ("redirect_uri", REDIRECT_URI),
        ("appSecret", &secret),
    ];
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = Folder::new("snippets");
    for (name, program) in snippets() {
        let text = std::fs::read_to_string(tests.join("data/pingone-snippets").join(name)).unwrap();
        let text = filled.iter().fold(text, |text, (place, value)| {
            text.replace(&format!("{{{{{place}}}}}"), value).replace(&format!("%7B%7B{place}%7D%7D"), value)
        });
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        let modules = tests.join("clients/node_modules");
        let output = Command::new(program).arg(&path).env("NODE_PATH", modules).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        let answer: Value = serde_json::from_str(&said).unwrap_or_else(|_| panic!("{name}: {said}\n{output:?}"));
        assert!(answer["request_uri"].is_string() && answer["expires_in"] == 60, "{name}: {answer}");
    }
}
