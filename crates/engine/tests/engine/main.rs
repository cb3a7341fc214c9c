//! The engine from outside: everything it promises, on a memory store with a clock set by hand.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects
)]

mod attestation;
mod authorization_details;
mod dpop;
mod endpoints;
mod journey;
mod plain_and_pushed;
mod registration;
mod request_object;
mod response;
mod response_types;
mod scene;
