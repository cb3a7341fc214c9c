//! What must hold of every input of a parser, said a second time: another reading that is short and slow, another library, or
//! a sentence that no input may break. Each oracle is a function of bytes that panics where it and the code disagree; the
//! property tests call it with generated input, `cargo xtask fuzz` with what the fuzzer finds.
//!
//! To add one: a file with a `check`, a line in [`ORACLES`], a target of the same name in `fuzz/`, a folder in `data/`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    reason = "an oracle that fails stops the test"
)]

pub mod authorization_details;
pub mod dpop_proof;
pub mod form;
pub mod jwe;
pub mod jwk;
pub mod jwt;
pub mod redirect_uri;
pub mod request_object;
mod second;
mod signer;

/// What the code said of the bytes, in at least one of the ways in which the oracle reads them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// They stand.
    Accepted,
    /// They do not.
    Refused,
}

impl Verdict {
    fn of(accepted: bool) -> Self {
        if accepted { Self::Accepted } else { Self::Refused }
    }
}

/// An oracle: it panics where what it says of the bytes does not hold.
pub type Oracle = fn(&[u8]) -> Verdict;

/// Every oracle by its name, which is that of its fuzz target and of its folder in `data/`.
pub const ORACLES: [(&str, Oracle); 8] = [
    ("authorization_details", authorization_details::check),
    ("dpop_proof", dpop_proof::check),
    ("form", form::check),
    ("jwe", jwe::check),
    ("jwk", jwk::check),
    ("jwt", jwt::check),
    ("redirect_uri", redirect_uri::check),
    ("request_object", request_object::check),
];
