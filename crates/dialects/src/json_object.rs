//! A body that is one JSON object, read strictly: bounded, and every name once.

use parhelion_jose::json::{self, Bounds, JsonFault};
use parhelion_protocol::limits;
use parhelion_protocol::refusal::{Reason, Refusal};
use serde_json::{Map, Value};

/// Reads a body of at most `bytes`.
///
/// # Errors
/// [`Reason::BodyTooLarge`] or [`Reason::MalformedJson`].
pub fn read(body: &[u8], bytes: u32) -> Result<Map<String, Value>, Refusal> {
    let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
    let bounds = Bounds { depth: limits::JSON_BODY_MAX_DEPTH, nodes: limits::JSON_BODY_MAX_NODES, bytes };
    json::parse_object(body, bounds).map_err(|fault| Refusal::new(reason(fault)).found_length(body.len()))
}

const fn reason(fault: JsonFault) -> Reason {
    match fault {
        JsonFault::TooLong => Reason::BodyTooLarge,
        JsonFault::TooDeep
        | JsonFault::TooManyNodes
        | JsonFault::DuplicateName
        | JsonFault::NotUtf8
        | JsonFault::Syntax
        | JsonFault::NotAnObject => Reason::MalformedJson,
    }
}
