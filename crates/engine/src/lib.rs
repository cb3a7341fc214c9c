//! Who does what, in which order: one file per endpoint, asynchronous only through [`ports`].
//!
//! Knows no HTTP, no SQL and no clock. A dialect hands it values it has read; it answers with
//! values a dialect can spell.

pub mod ports;
