//! The rig that drives the binary from outside: it starts the real server on a loopback port, speaks HTTP to it over
//! bare sockets, fills in its pages as a person would, kills it, and keeps a ledger of what it promised.
//!
//! Nothing here knows the server's code; what it knows of the server is its command line and its wire.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    reason = "a rig that fails stops the test"
)]

pub mod application;
pub mod back_end;
pub mod base64;
pub mod binary;
pub mod browser;
pub mod client_key;
pub mod conformance;
pub mod dice;
pub mod disk;
pub mod document_host;
pub mod environment;
pub mod folder;
pub mod hello;
pub mod hmac_jwt;
pub mod html;
pub mod huskarl;
pub mod kill;
pub mod ledger;
pub mod mount;
pub mod neighbours;
pub mod race;
pub mod request;
pub mod script;
pub mod server;
pub mod site;
pub mod spec;
pub mod vendor_site;
pub mod wire;
