//! The rows of requirements and attacks, executed: data in `tests/spec`, one runner, no test function for a row.

pub mod case;
pub mod compose;
pub mod expect;
pub mod fields;
pub mod flip;
pub mod generate;
pub mod invariants;
pub mod judge;
pub mod jwt;
pub mod keys;
pub mod report;
pub mod rows;
pub mod run;
pub mod scope;
pub mod site;
pub mod stage;
