//! The edge: sockets, pages, configuration, command line and wiring; the only reader of clock, entropy,
//! files and network.

mod admin;
pub mod check;
pub mod cli;
pub mod config;
mod core_dumps;
pub mod demo;
pub mod edge;
mod encryption_keys;
mod fetch;
pub mod front_channel;
mod kept_keys;
mod key_ring;
mod keys_command;
pub mod master_key;
mod metrics;
pub mod passwords;
mod routes;
mod signals;
mod signing_keys;
pub mod start;
pub mod system;
pub mod wiring;

#[cfg(test)]
mod plain_dialect;
