//! How each is spelt: one file (or folder) per dialect and one line in [`ALL`]. Bytes become a
//! [`parhelion_engine::client_request::ClientRequest`], outcomes become bytes. No rule lives here and no
//! number of a policy: what a vendor decides otherwise is the profile that its dialect names.

mod dialect;

pub use dialect::{Dialect, Incoming, Lobby, RequestId, Response, Route, Unread};

/// Every dialect.
pub const ALL: &[&dyn Dialect] = &[];
