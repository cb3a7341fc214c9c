//! A sixth dialect, to show what one costs: this file, and one line in the list.

use bytes::Bytes;
use parhelion_dialects::{Dialect, Incoming, Response, Route, oauth_answer};
use parhelion_engine::client_request::Judged;
use parhelion_engine::push::Accepted;
use parhelion_protocol::endpoint::Endpoint;
use parhelion_protocol::refusal::Refusal;

/// A vendor whose reference comes as a line of text and whose errors shout.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Toy;

impl Dialect for Toy {
    fn name(&self) -> &'static str {
        "toy"
    }

    fn profile(&self) -> &'static str {
        "rfc9126"
    }

    fn routes(&self) -> &'static [Route] {
        &[Route { endpoint: Endpoint::Push, path: "/toy/push" }]
    }

    fn error_answer(&self, incoming: &Incoming<'_>, refusal: &Refusal) -> oauth_answer::ErrorAnswer {
        let standard = oauth_answer::ErrorAnswer::of(incoming, refusal, &self.authorization(incoming.headers));
        oauth_answer::ErrorAnswer { description: standard.description.to_uppercase(), ..standard }
    }

    fn write_pushed(&self, incoming: &Incoming<'_>, judged: &Judged<Accepted>) -> Response {
        match &judged.outcome {
            Ok(accepted) => {
                let mut response = oauth_answer::pushed(accepted);
                response.headers_mut().insert("content-type", http::HeaderValue::from_static("text/plain"));
                *response.body_mut() = Bytes::from(accepted.request_uri.clone());
                response
            }
            Err(turned) => self.write_turned_down(incoming, &turned.refusal()),
        }
    }
}
