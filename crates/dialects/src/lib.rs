//! How each is spelt: one file (or folder) per dialect and one line in [`ALL`]. Bytes become a
//! [`parhelion_engine::client_request::ClientRequest`], outcomes become bytes. No rule lives here and no
//! number of a policy: what a vendor decides otherwise is the profile that its dialect names.

mod authlete;
mod autional;
mod dialect;
pub mod form_request;
mod ibm_verify;
mod incoming;
pub mod json_object;
pub mod message;
pub mod oauth_answer;
pub mod operation;
mod pingone;
pub mod registration;
pub mod resource_answer;
mod standard;

pub use authlete::Authlete;
pub use autional::Autional;
pub use dialect::{Dialect, Lobby, Route, Sender};
pub use ibm_verify::IbmVerify;
pub use incoming::{Incoming, RequestId, Response, Unread};
pub use pingone::{FlowDocument, PingOne, PingOneManagement};
pub use standard::Standard;

/// Every dialect.
pub const ALL: &[&dyn Dialect] = &[&Standard, &Authlete, &IbmVerify, &Autional, &PingOne, &PingOneManagement];
