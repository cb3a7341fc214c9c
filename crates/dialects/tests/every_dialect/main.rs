//! One list of cases through every dialect, in-process, against a real engine; answers are goldens.
//! `PARHELION_REWRITE_GOLDENS=1 cargo test -p parhelion-dialects` writes them anew.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]
#![allow(clippy::arithmetic_side_effects, reason = "tests may fail loudly")]
#![allow(clippy::disallowed_methods, reason = "cases and goldens are files")]

mod bench;
mod case;
mod golden;
mod places;
mod spelling;
mod toy;

use bench::Bench;
use case::Case;
use parhelion_dialects::{ALL, Dialect};
use parhelion_protocol::endpoint::Endpoint;

/// Every dialect that ships, and a sixth: one file and one line.
fn dialects() -> impl Iterator<Item = &'static dyn Dialect> {
    ALL.iter().copied().chain([&toy::Toy as &dyn Dialect])
}

/// Those at which requests are pushed.
fn dialects_of_clients() -> impl Iterator<Item = &'static dyn Dialect> {
    let is_pushed_at = |dialect: &&dyn Dialect| dialect.routes().iter().any(|route| route.endpoint == Endpoint::Push);
    dialects().filter(is_pushed_at)
}

#[test]
fn every_dialect_answers_every_case_as_its_golden_says() {
    let cases = Case::all();
    for dialect in dialects_of_clients() {
        let mut text = String::new();
        for case in cases.iter().filter(|case| case.is_for(dialect.name())) {
            text.push_str(&golden::exchange(dialect, case));
        }
        golden::compare(dialect.name(), &text);
    }
}

#[test]
fn no_answer_holds_null_a_secret_or_characters_that_oauth_forbids() {
    for dialect in dialects_of_clients() {
        for case in Case::all().iter().filter(|case| case.is_for(dialect.name())) {
            let (_, answer) = Bench::new(dialect).run(case);
            let body = std::str::from_utf8(answer.body()).unwrap();
            let what = format!("{}: {}", dialect.name(), case.name);
            assert!(!body.contains(bench::SECRET), "{what}");
            assert!(!answer.headers().iter().any(|(_, value)| value.as_bytes().contains(&b'\n')), "{what}");
            assert!(answer.headers()["cache-control"].to_str().unwrap().contains("no-store"), "{what}");
            if answer.headers()["content-type"].to_str().unwrap().starts_with("application/json") {
                golden::hold_to_the_form_of_oauth(&serde_json::from_str(body).unwrap(), &what);
            }
        }
    }
}

#[test]
fn endpoints_are_served_at_the_vendors_paths() {
    for dialect in dialects() {
        for route in dialect.routes() {
            let is_one_of_many = route.endpoint == Endpoint::RegisteredClient;
            assert!(route.path.starts_with('/') && route.path.ends_with('/') == is_one_of_many, "{}", route.path);
        }
    }
    let autional = ALL.iter().find(|dialect| dialect.name() == "autional").unwrap();
    let pushes = autional.routes().iter().filter(|route| route.endpoint == Endpoint::Push);
    let paths: Vec<_> = pushes.map(|route| route.path).collect();
    let aliases = ["/oauth", "/api/v1/oauth", "/oauth/api/v1/oauth", "/bff/oauth/api/v1/oauth"];
    assert_eq!(paths, aliases.map(|base| format!("{base}/pushed-authorization")));
}

#[test]
fn every_dialect_names_a_profile_that_ships() {
    for dialect in dialects() {
        parhelion_protocol::profile::shipped(dialect.profile()).unwrap();
    }
}
