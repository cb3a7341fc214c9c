//! The Rust library `huskarl`, unchanged, which the OpenID Foundation lists as certified for FAPI 2.0: every combination,
//! with and without signed messages.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use parhelion_tests::browser::Landing;
use parhelion_tests::conformance::plan::{Authentication, Bound, Family, Plan};
use parhelion_tests::conformance::site::Site;
use parhelion_tests::huskarl;

fn journey(family: Family, authentication: Authentication, bound: Bound) {
    let plan = Plan::new(family, authentication, bound);
    let site = Site::start(plan);
    let client = site.second();
    let (chain, key) = client.identity.pem();
    let (identity, jwk) = (format!("{key}{chain}"), client.key.private_jwk().to_string());
    let (issuer, ca_file) = (site.issuer(), site.server.ca_file());
    let mut variables = vec![
        ("ISSUER", issuer.as_str()),
        ("CLIENT_ID", client.id),
        ("REDIRECT_URI", client.redirect_uri.as_str()),
        ("CA_FILE", ca_file.to_str().unwrap()),
        ("CLIENT_JWK", jwk.as_str()),
    ];
    let switches = [("ASSERTING", plan.asserts()), ("DPOP", plan.is_dpop()), ("SIGNED", plan.signs_requests())];
    variables.extend(switches.into_iter().filter(|(_, on)| *on).map(|(name, _)| (name, "1")));
    if plan.shows_certificates() {
        variables.push(("IDENTITY", &identity));
    }
    let report = huskarl::run(&variables, |address| match client.walk(address, "allow") {
        Landing::Callback(callback) => callback.url.to_string(),
        Landing::Page(page) => panic!("{plan}: {} {}", page.url, page.html()),
    });
    let kind = if plan.is_dpop() { "DPoP" } else { "Bearer" };
    assert_eq!(
        (&report["name"], &report["token_type"], &report["refreshed"]),
        (&"Alice".into(), &kind.into(), &kind.into()),
        "{plan}: {report}"
    );
}

fn journeys(family: Family) {
    for authentication in [Authentication::PrivateKeyJwt, Authentication::MutualTls] {
        for bound in [Bound::Dpop, Bound::Certificate] {
            journey(family, authentication, bound);
        }
    }
}

#[test]
fn fapi2_security_works_unchanged_in_every_combination() {
    journeys(Family::Security);
}

#[test]
fn fapi2_message_signing_works_unchanged_in_every_combination() {
    journeys(Family::MessageSigning);
}
