//! `/oauth/register`: RFC 7591 and RFC 7592, but for the key set, which is text, and the envelope around answers.

use parhelion_engine::registration::{ClientInformation, SentMetadata};
use parhelion_protocol::refusal::{Reason, Refusal};
use serde_json::{Map, Value};

use super::envelope;
use crate::incoming::{Incoming, Response};
use crate::json_object;
use crate::registration::{self, Registered};

const JWKS: &str = "jwks";

pub(super) fn read(incoming: &Incoming<'_>) -> Result<SentMetadata, Refusal> {
    let mut members = registration::metadata(incoming)?;
    take_key_set(&mut members, incoming.mount.policy.body_max_bytes.0)?;
    Ok(members.into())
}

/// A key set that is the text of a JSON object becomes that object.
pub(super) fn take_key_set(members: &mut Map<String, Value>, max_bytes: u32) -> Result<(), Refusal> {
    let Some(Value::String(text)) = members.get(JWKS) else { return Ok(()) };
    let unfit = Refusal::new(Reason::MetadataUnfit).found_member(JWKS, "is not the text of a JSON object", None);
    let keys = json_object::read(text.as_bytes(), max_bytes).map_err(|_| unfit)?;
    members.insert(JWKS.to_owned(), keys.into());
    Ok(())
}

/// The opposite.
pub(super) fn give_key_set(members: &mut Map<String, Value>) {
    if let Some(keys) = members.get_mut(JWKS) {
        *keys = Value::String(keys.to_string());
    }
}

/// The answer; a refusal is flat.
pub(super) fn write(registered: &Registered<'_>, client: &ClientInformation) -> Response {
    let mut members = registration::members(client);
    give_key_set(&mut members);
    envelope::well(registered.status, members.into(), Some(registered.at_s))
}
