//! The short form of `cargo xtask kill`: ten kills under load, and after each one every promise is checked.
#![allow(clippy::unwrap_used, reason = "tests")]

use parhelion_tests::dice::Dice;
use parhelion_tests::kill;

#[test]
fn ten_kills_under_load_lose_no_acknowledged_push_and_redeem_nothing_twice() {
    let tally = kill::run(10, Dice::fresh(), |_| {}).unwrap();
    assert_eq!(tally.cycles, 10);
    assert!(tally.walked >= 200, "too little was walked to prove anything: {tally:?}");
    assert!(tally.redeemed_once >= 50, "too few codes were redeemed to prove anything: {tally:?}");
    println!("{tally:?}");
}
