//! The back end's side of a mount: operations that another server asks for, as its dialect serves them.

use http::request::Parts;
use http::{StatusCode, header};
use hyper::body::Incoming as Body;
use parhelion_dialects::operation::{Against, Answered, Asked, Operation};
use parhelion_dialects::{RequestId, Response};
use parhelion_protocol::refusal::{Reason, Refusal};

use super::admission::{API_TOKEN, NotNow};
use super::log::Scene;
use super::rate::RatesOfSource;
use super::source::source;
use super::{Edge, body, message};
use crate::metrics::Tally;
use crate::routes::{Place, Segments};

/// One request of a back end.
pub(super) struct BackEndCall<'a> {
    pub(super) edge: &'a Edge,
    pub(super) place: &'a Place,
    pub(super) operation: &'static Operation,
    pub(super) segments: Segments<'a>,
    pub(super) parts: &'a Parts,
    pub(super) request_id: RequestId,
    pub(super) tally: &'a Tally<'a>,
}

impl BackEndCall<'_> {
    pub(super) async fn answer(&self, body: Body) -> Response {
        let head = self.check_method().and_then(|()| message::check_head(self.parts));
        if let Err(refusal) = head {
            return self.unread(&refusal);
        }
        let max_bytes = self.place.dialect.body_max_bytes(&self.place.mount.policy);
        let body = match body::read(body, max_bytes, self.edge.limits.body_wait).await {
            Ok(body) => body,
            Err(fault) => return self.unread(&fault.refusal()),
        };
        if let Err(exceeded) = self.rates().check(&API_TOKEN) {
            let NotNow { refusal, exceeded } = NotNow::after_failures(exceeded);
            self.scene(None).refused(&refusal);
            let mut response = self.place.dialect.write_operation_turned_down(&refusal);
            exceeded.tell(&mut response);
            return response;
        }
        let segments = self.segments.to_vec();
        let asked = Asked {
            engine: &self.edge.engine,
            mount: &self.place.mount,
            method: &self.parts.method,
            headers: &self.parts.headers,
            query: self.parts.uri.query(),
            segments: &segments,
            body: &body,
            body_max_bytes: max_bytes,
            request_id: self.request_id,
            public_url: self.edge.public_url.as_str(),
        };
        let answered = (self.operation.serve)(&asked).await;
        // What the operation changed is in force before anybody hears of it.
        self.edge.follow_registry();
        self.conclude(answered)
    }

    /// Counts and logs what came of it. What its clients fail at is the back end's to count.
    fn conclude(&self, answered: Answered) -> Response {
        let Answered { response, against, client_id } = answered;
        match against {
            Against::Nothing => {}
            Against::Turned(turned) => self.scene(client_id.as_deref()).turned(&turned),
            Against::Caller => {
                self.scene(None).caller_answered(response.status());
                // Who shows nothing guesses nothing.
                let tried = self.parts.headers.contains_key(header::AUTHORIZATION);
                if tried && response.status() == StatusCode::UNAUTHORIZED {
                    self.rates().count(&API_TOKEN);
                }
            }
        }
        response
    }

    fn check_method(&self) -> Result<(), Refusal> {
        let allowed = self.operation.methods.contains(&self.parts.method.as_str());
        if allowed { Ok(()) } else { Err(Reason::MethodNotAllowed.into()) }
    }

    /// The body may not have been read: what follows on the connection would be read as a request.
    fn unread(&self, refusal: &Refusal) -> Response {
        self.scene(None).refused(refusal);
        let mut response = self.place.dialect.write_operation_turned_down(refusal);
        if refusal.reason == Reason::MethodNotAllowed {
            message::allow(&mut response, self.operation.methods);
        }
        message::close(&mut response);
        response
    }

    fn rates(&self) -> RatesOfSource<'_> {
        self.edge.rates.of_source(source(self.parts))
    }

    fn scene<'b>(&'b self, client_id: Option<&'b str>) -> Scene<'b> {
        let (source, tally) = (source(self.parts), self.tally);
        let (place, endpoint) = (Some(self.place), self.operation.name);
        Scene { request_id: self.request_id, place, endpoint, client_id, source, tally }
    }
}
