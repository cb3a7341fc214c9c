//! The rows of requirements and attacks, executed against the server: data in `tests/spec`, the runner in `src/spec`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::sync::OnceLock;

use parhelion_tests::spec::report::Report;
use parhelion_tests::spec::run;

/// One run serves every test here.
fn report() -> &'static Report {
    static REPORT: OnceLock<Report> = OnceLock::new();
    REPORT.get_or_init(|| {
        let report = run::run();
        report.write();
        report
    })
}

#[test]
fn every_case_comes_out_as_its_rows_say() {
    let report = report();
    assert_eq!(report.wrong().count(), 0, "\n{report}");
}

#[test]
fn every_row_is_executed_or_deferred_with_a_reason() {
    let report = report();
    // Of some cases nothing follows for the rows of others.
    if run::wanted().is_empty() {
        assert_eq!((report.missing(), report.disorder()), (Vec::new(), Vec::new()));
    }
}

#[test]
fn turning_any_expectation_into_its_opposite_is_noticed() {
    assert_eq!(report().unnoticed(), Vec::<String>::new());
}

#[test]
fn field_that_is_taken_out_of_what_is_pushed_is_missed() {
    assert_eq!(report().unmissed, Vec::<String>::new());
}
