//! The npm library `@openid4vc/oauth2`, unchanged: a wallet that an attester vouches for, from the pushed request to refreshed
//! tokens. Its proofs are of an earlier draft than the one that is served; what differs is in docs/configuration.md.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use parhelion_tests::script;
use parhelion_tests::server::Scheme;
use parhelion_tests::site::{ALICE, ATTESTER, Site};
use serde_json::{Value, json};

fn run(site: &Site, attester_jwk: &str, decision: &str) -> Value {
    let (issuer, ca_file) = (site.standard().issuer, site.server.ca_file());
    let variables = [
        ("NODE_EXTRA_CA_CERTS", ca_file.to_str().unwrap()),
        ("ISSUER", issuer.as_str()),
        ("CLIENT_ID", "app-attested"),
        ("REDIRECT_URI", site.callback.as_str()),
        ("USERNAME", ALICE.username),
        ("PASSWORD", ALICE.password),
        ("DECISION", decision),
        ("ATTESTER", ATTESTER),
        ("ATTESTER_JWK", attester_jwk),
    ];
    script::run("attested.mjs", &variables)
}

#[test]
fn attested_client_pushes_and_is_given_bound_tokens_that_it_can_refresh() {
    let site = Site::start_speaking(Scheme::Https);
    let report = run(&site, &site.attester_key.private_jwk().to_string(), "allow");
    assert_eq!(report["parameters"], json!(["client_id", "request_uri"]), "{report}");
    assert_eq!(report["authorization"], Value::Null, "{report}");
    assert_eq!(report["pop"]["aud"], site.standard().issuer, "{report}");
    // The draft has no `exp` and no `iss`; both are taken.
    assert_eq!(report["pop"]["claims"], json!(["aud", "exp", "iat", "iss", "jti"]), "{report}");
    assert_eq!(report["answer"]["iss"], site.standard().issuer, "{report}");
    assert_eq!((&report["token_type"], &report["refreshed"]), (&json!("DPoP"), &json!("DPoP")), "{report}");
    let denied = run(&site, &site.attester_key.private_jwk().to_string(), "deny");
    assert_eq!(denied["answer"]["error"], "access_denied", "{denied}");
}

#[test]
fn attestation_by_somebody_else_is_refused() {
    let site = Site::start_speaking(Scheme::Https);
    let report = run(&site, &site.key.private_jwk().to_string(), "allow");
    assert_eq!(report, json!({ "refused": "invalid_client" }));
}
