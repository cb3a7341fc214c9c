//! The rows of requirements and attacks, executed: data in `tests/spec`, one runner, no test function for a row.
#![allow(clippy::wildcard_enum_match_arm, reason = "the kinds of a TOML or JSON value are all there will ever be")]

pub mod attack;
pub mod case;
pub mod certificates;
pub mod compose;
pub mod documents;
pub mod expect;
pub mod fields;
pub mod flip;
pub mod generate;
pub mod invariants;
pub mod judge;
pub mod jwe;
pub mod jwt;
pub mod keys;
pub mod report;
pub mod rows;
pub mod run;
pub mod scope;
pub mod site;
pub mod stage;
pub mod store_taken;
pub mod without;
