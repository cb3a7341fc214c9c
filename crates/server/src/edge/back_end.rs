//! The back end's side of a mount: operations that another server asks for, as its dialect serves them.

use http::{StatusCode, header};
use hyper::body::Incoming as Body;
use parhelion_dialects::Response;
use parhelion_dialects::operation::{Against, Answered, Asked, Operation};
use parhelion_protocol::refusal::{Reason, Refusal};

use super::admission::{API_TOKEN, NotNow};
use super::exchange::Exchange;
use super::log::Scene;
use super::{body, message};
use crate::routes::{Place, Segments};

/// One request of a back end.
pub(super) struct BackEndCall<'a> {
    pub(super) exchange: &'a Exchange<'a>,
    pub(super) place: &'a Place,
    pub(super) operation: &'static Operation,
    pub(super) segments: Segments<'a>,
}

impl BackEndCall<'_> {
    pub(super) async fn answer(&self, body: Body) -> Response {
        let Exchange { edge, parts, request_id, .. } = *self.exchange;
        let head = self.check_method().and_then(|()| message::check_head(parts));
        if let Err(refusal) = head {
            return self.unread(&refusal);
        }
        let max_bytes = self.place.dialect.body_max_bytes(&self.place.mount.policy);
        let body = match body::read(body, max_bytes, edge.limits.body_wait).await {
            Ok(body) => body,
            Err(fault) => return self.unread(&fault.refusal()),
        };
        if let Err(exceeded) = self.exchange.rates().check(&API_TOKEN) {
            let NotNow { refusal, exceeded } = NotNow::after_failures(exceeded);
            self.scene(None).refused(&refusal);
            let mut response = self.place.dialect.write_operation_turned_down(&refusal);
            exceeded.tell(&mut response);
            return response;
        }
        let segments = self.segments.to_vec();
        let asked = Asked {
            engine: &edge.engine,
            mount: &self.place.mount,
            method: &parts.method,
            headers: &parts.headers,
            query: parts.uri.query(),
            segments: &segments,
            body: &body,
            body_max_bytes: max_bytes,
            request_id,
            public_url: edge.public_url.as_str(),
        };
        let answered = (self.operation.serve)(&asked).await;
        // What the operation changed is in force before anybody hears of it.
        edge.follow_registry();
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
                let tried = self.exchange.parts.headers.contains_key(header::AUTHORIZATION);
                if tried && response.status() == StatusCode::UNAUTHORIZED {
                    self.exchange.rates().count(&API_TOKEN);
                }
            }
        }
        response
    }

    fn check_method(&self) -> Result<(), Refusal> {
        let allowed = self.operation.methods.contains(&self.exchange.parts.method.as_str());
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

    fn scene<'b>(&'b self, client_id: Option<&'b str>) -> Scene<'b> {
        self.exchange.scene(Some(self.place), self.operation.name, client_id)
    }
}
