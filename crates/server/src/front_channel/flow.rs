//! Documents in place of redirects, as PingOne spells them.

use bytes::Bytes;
use http::{HeaderValue, header};
use parhelion_dialects::{FlowDocument, Response};
use parhelion_engine::interaction::Interaction;

use super::{Step, pages};

/// The authorization response, of an error too.
pub(super) fn answer(parameters: &[(&'static str, String)]) -> Response {
    document(FlowDocument::Response(parameters))
}

/// What a person has to do first, and where.
pub(super) fn due(interaction: &Interaction, step: Step, page: &str) -> Response {
    let id = &interaction.id();
    document(match step {
        Step::Login => FlowDocument::Login { id, page },
        Step::Consent => FlowDocument::Consent { id, page },
    })
}

fn document(document: FlowDocument<'_>) -> Response {
    let mut response = Response::new(Bytes::from(document.to_json()));
    pages::harden(&mut response, None);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
