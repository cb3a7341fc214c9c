//! The answers of the response mode `pi.flow`: documents in place of redirects. The vendor's SDK reads `authorizeResponse` with
//! `code` and `state`; every other name is inferred, and ours.

use bytes::Bytes;
use http::{HeaderValue, header};
use parhelion_dialects::Response;
use parhelion_engine::interaction::Interaction;
use serde_json::{Value, json};

use super::{Step, pages};

/// The authorization response, of an error too.
pub(super) fn answer(members: &[(&'static str, String)]) -> Response {
    document(&json!({ "authorizeResponse": Value::from_iter(members.iter().cloned()) }))
}

/// What a person has to do first, and where.
pub(super) fn due(interaction: &Interaction, step: Step, page: &str) -> Response {
    let status = match step {
        Step::Login => "USERNAME_PASSWORD_REQUIRED",
        Step::Consent => "CONSENT_REQUIRED",
    };
    document(&json!({ "id": interaction.id(), "status": status, "_links": { "signOnPage": { "href": page } } }))
}

fn document(value: &Value) -> Response {
    let mut response = Response::new(Bytes::from(value.to_string()));
    pages::harden(&mut response, None);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
