//! What the specifications say: pure types and functions, without I/O, clock, randomness or async.
//!
//! | question | home |
//! |---|---|
//! | how big, how long, how many | [`limits`] |
//! | may this value stand | the parameter's file in [`params`] |
//! | is this client who it says | the method's file in [`client_auth`] |
//! | in which order, at which endpoint | [`checks`] |
//! | why refused, and what the client hears | [`refusal`] |
//! | what a profile chose, and from which source | [`profile`] |

pub mod authorization_details_type;
pub mod checks;
pub mod client;
pub mod client_auth;
pub mod client_registration;
pub mod endpoint;
pub mod fetched_uri;
pub mod form;
pub mod limits;
mod metadata_fault;
pub mod parameters;
pub mod params;
pub mod profile;
pub mod refusal;
pub mod request;
pub mod request_object;
pub mod request_uris;
pub mod resource_server;
pub mod response_jwt;
pub mod sender;
pub mod software_statement;
