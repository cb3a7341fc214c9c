//! The short form of `cargo xtask race`: 200 pushed requests, 32 browsers each.
#![allow(clippy::unwrap_used, reason = "tests")]

use parhelion_tests::race;

#[test]
fn of_32_browsers_that_approve_at_once_one_gets_the_code_200_times() {
    let tally = race::run(200, 32, |_| {}).unwrap();
    assert_eq!((tally.races, tally.refused), (200, 200 * 31));
}
