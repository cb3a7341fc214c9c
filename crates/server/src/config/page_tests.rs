//! `docs/configuration.md` and the parser say the same.
#![allow(clippy::disallowed_methods, reason = "these tests read the page")]

use std::collections::BTreeMap;

use parhelion_protocol::profile::Policy;
use parhelion_testkit::TemporaryDirectory;
use serde::de::DeserializeOwned;

use super::authorization_details_types::AuthorizationDetailsTypeSection;
use super::fault::unknown_name;
use super::fetch::FetchSection;
use super::file::{
    AttesterSection, CertificateSection, ClientSection, MountSection, ResourceServerSection, TenantSection, TlsSection,
    UserSection,
};
use super::rate::RateSection;
use super::registration::{InitialAccessTokenSection, RegistrationSection, StatementIssuerSection};
use super::*;

const PAGE: &str = include_str!("../../../../docs/configuration.md");

/// The keys of a section, in the parser's own words.
fn known<T: DeserializeOwned>() -> Vec<String> {
    let error = toml::from_str::<T>("no_such_key_at_all = 1").err().unwrap();
    let (_, keys) = unknown_name(error.message()).unwrap_or_else(|| panic!("{error}"));
    keys.into_iter().map(str::to_owned).collect()
}

/// The keys in the tables of the page, by heading.
fn told() -> BTreeMap<&'static str, Vec<String>> {
    let mut sections: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut heading = "";
    for line in PAGE.lines() {
        if let Some(text) = line.strip_prefix("## ") {
            heading = text;
        }
        if let Some(key) = line.strip_prefix("| `").and_then(|row| row.split('`').next()) {
            sections.entry(heading).or_default().push(key.to_owned());
        }
    }
    sections
}

#[test]
fn page_has_exactly_the_keys_that_the_parser_knows() {
    let known = BTreeMap::from([
        ("The file", known::<File>()),
        ("`[server]`", known::<file::ServerSection>()),
        ("`[server.rate]`", known::<RateSection>()),
        ("`[server.fetch]`", known::<FetchSection>()),
        ("`[server.tls]`", known::<TlsSection>()),
        ("`[[server.tls.certificate]]`", known::<CertificateSection>()),
        ("`[[api_token]]`", known::<ApiTokenSection>()),
        ("`[[tenant]]`", known::<TenantSection>()),
        ("`[tenant.registration]`", known::<RegistrationSection>()),
        ("`[[tenant.registration.initial_access_token]]`", known::<InitialAccessTokenSection>()),
        ("`[[tenant.registration.software_statement_issuer]]`", known::<StatementIssuerSection>()),
        ("`[[tenant.mount]]`", known::<MountSection>()),
        ("`[[tenant.authorization_details_type]]`", known::<AuthorizationDetailsTypeSection>()),
        ("`[[tenant.client]]`", known::<ClientSection>()),
        ("`[[tenant.user]]`", known::<UserSection>()),
        ("`[[tenant.resource_server]]`", known::<ResourceServerSection>()),
        ("`[[tenant.attester]]`", known::<AttesterSection>()),
        ("`[tenant.policy]`", known::<Policy>()),
    ]);
    let told = told();
    assert_eq!(told.keys().collect::<Vec<_>>(), known.keys().collect::<Vec<_>>());
    let sorted = |keys: &[String]| {
        let mut keys = keys.to_vec();
        keys.sort();
        keys
    };
    for (heading, keys) in known {
        assert_eq!(sorted(&told[heading]), sorted(&keys), "{heading}");
    }
}

#[test]
fn example_of_the_page_can_be_served() {
    let example = PAGE.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let directory = TemporaryDirectory::new();
    let jwks = r#"{"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#;
    std::fs::write(directory.path().join("shop.jwks.json"), jwks).unwrap();
    std::fs::write(directory.path().join("orders.secret"), "a-secret-of-the-orders-api-0123456789\n").unwrap();
    let path = directory.path().join("parhelion.toml");
    let examined = examined(&path, example, parhelion_dialects::ALL, TlsOption::AsConfigured);
    assert_eq!((examined.faults, examined.doubts), (Vec::new(), Vec::new()));
}

#[test]
fn every_profile_and_dialect_is_on_the_page() {
    let dialects = parhelion_dialects::ALL.iter().map(|dialect| dialect.name());
    for name in parhelion_protocol::profile::names().chain(dialects) {
        assert!(PAGE.contains(&format!("`{name}`")), "{name}");
    }
}
