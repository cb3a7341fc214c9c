//! What the OpenID Foundation's conformance suite asks, in each combination of client authentication and sender
//! constraint; the checks are in `tests/src/conformance`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::collections::BTreeSet;

use parhelion_tests::conformance;
use parhelion_tests::conformance::left_out::LEFT_OUT;
use parhelion_tests::conformance::plan::Authentication::{MutualTls, PrivateKeyJwt};
use parhelion_tests::conformance::plan::Bound::{Certificate, Dpop};
use parhelion_tests::conformance::plan::Family::{Fapi1, Fapi1Jarm, MessageSigning, Security};
use parhelion_tests::conformance::plan::{Authentication, Bound, Family, Plan};
use parhelion_tests::conformance::site::Site;

fn holds(family: Family, authentication: Authentication, bound: Bound) {
    let found = conformance::run(Plan::new(family, authentication, bound));
    assert!(found.is_empty(), "{} do not hold:\n{}", found.len(), found.join("\n"));
}

#[test]
fn fapi2_security_holds_with_private_key_jwt_and_dpop() {
    holds(Security, PrivateKeyJwt, Dpop);
}

#[test]
fn fapi2_security_holds_with_private_key_jwt_and_certificates() {
    holds(Security, PrivateKeyJwt, Certificate);
}

#[test]
fn fapi2_security_holds_with_mtls_and_dpop() {
    holds(Security, MutualTls, Dpop);
}

#[test]
fn fapi2_security_holds_with_mtls_and_certificates() {
    holds(Security, MutualTls, Certificate);
}

#[test]
fn fapi2_message_signing_holds_with_private_key_jwt_and_dpop() {
    holds(MessageSigning, PrivateKeyJwt, Dpop);
}

#[test]
fn fapi2_message_signing_holds_with_private_key_jwt_and_certificates() {
    holds(MessageSigning, PrivateKeyJwt, Certificate);
}

#[test]
fn fapi2_message_signing_holds_with_mtls_and_dpop() {
    holds(MessageSigning, MutualTls, Dpop);
}

#[test]
fn fapi2_message_signing_holds_with_mtls_and_certificates() {
    holds(MessageSigning, MutualTls, Certificate);
}

#[test]
fn fapi1_advanced_holds_with_private_key_jwt_and_certificates() {
    holds(Fapi1, PrivateKeyJwt, Certificate);
}

#[test]
fn fapi1_advanced_holds_with_mtls_and_certificates() {
    holds(Fapi1, MutualTls, Certificate);
}

#[test]
fn fapi1_advanced_holds_with_private_key_jwt_and_jarm() {
    holds(Fapi1Jarm, PrivateKeyJwt, Certificate);
}

#[test]
fn fapi1_advanced_holds_with_mtls_and_jarm() {
    holds(Fapi1Jarm, MutualTls, Certificate);
}

/// The checks are no good if they hold of any server: one that follows RFC 9126 alone fails these, and no others.
#[test]
fn server_with_a_looser_profile_is_found_out() {
    let site = Site::start_with(Plan::new(Security, PrivateKeyJwt, Dpop), "rfc9126");
    let found = conformance::run_at(&site);
    let lines: Vec<&str> = found.iter().filter_map(|found| found.split(" [").next()).collect();
    let expected = [
        "A.3 endpoints are https URLs, and lists hold what is used",
        "C.2 aud of the assertion as the specification has it",
        "C.4 a wrong assertion is refused",
        "D no code_challenge, or method plain",
        "E.5 a request that was not pushed is refused",
        "C.2 aud of the assertion at the token endpoint",
        "F.4 RS256 is refused of RSA keys",
        "G a refresh gives new tokens, and the previous token still works",
    ];
    assert_eq!(lines, expected, "{}", found.join("\n"));
}

#[test]
fn every_line_of_the_list_is_looked_at_or_left_out_with_a_reason() {
    let looked_at = conformance::checks().flat_map(|check| check.line.split(' '));
    let left_out = LEFT_OUT.iter().map(|(line, _, _)| *line);
    let known: BTreeSet<&str> = looked_at.chain(left_out).collect();
    let numbers = [("A", 1..=5), ("B", 1..=7), ("C", 1..=6), ("E", 1..=8), ("F", 1..=4), ("H", 1..=4)];
    let lines =
        numbers.into_iter().flat_map(|(letter, numbers)| numbers.map(move |number| format!("{letter}.{number}")));
    let missing: Vec<String> =
        lines.chain(["D".to_owned(), "G".to_owned()]).filter(|line| !known.contains(line.as_str())).collect();
    assert_eq!(missing, Vec::<String>::new());
}
