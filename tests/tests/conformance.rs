//! What the OpenID Foundation's conformance suite asks, in each combination of client authentication and sender
//! constraint; the checks are in `tests/src/conformance`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use parhelion_tests::conformance;
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
    assert_eq!(lines, [""], "{}", found.join("\n"));
}
