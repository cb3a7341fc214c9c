//! A client's request as a form: what RFC 6749 and RFC 9126 section 2.1 say, and most vendors with them.

use parhelion_engine::client_request::ClientRequest;
use parhelion_protocol::client_auth::Authorization;
use parhelion_protocol::form;
use parhelion_protocol::refusal::{Reason, Refusal};

use crate::incoming::Incoming;
use crate::message::{self, MediaType};

/// Reads a form body that came with this credential beside it.
///
/// # Errors
/// The [`Refusal`] of whatever about the message or its body cannot stand.
pub fn read<'a>(incoming: &'a Incoming<'a>, authorization: Authorization<'a>) -> Result<ClientRequest<'a>, Refusal> {
    match message::media_type(incoming.headers) {
        MediaType::Form => {}
        MediaType::Json | MediaType::Other => return Err(Reason::ContentTypeNotForm.into()),
    }
    message::check_not_encoded(incoming.headers)?;
    message::check_query(incoming)?;
    let possession = message::possession(incoming, "POST");
    Ok(ClientRequest { authorization, parameters: form::parse(incoming.body)?, possession, properties: Vec::new() })
}
