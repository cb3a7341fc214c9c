//! The client's side of a mount: the endpoints at which clients authenticate, as its dialect spells them.

use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use hyper::body::Incoming as Body;
use parhelion_dialects::{Incoming, Response, Unread};
use parhelion_engine::client_request::{ClientRequest, Judged};
use parhelion_engine::fault::Turned;
use parhelion_engine::introspect::AnswerForm;
use parhelion_protocol::endpoint::Endpoint;
use parhelion_protocol::refusal::Refusal;

use super::admission::{self, NotNow};
use super::body::{self, BodyFault};
use super::exchange::Exchange;
use super::log::Scene;
use super::message;
use crate::routes::Place;

/// One request of a client.
pub(super) struct Call<'a> {
    pub(super) exchange: &'a Exchange<'a>,
    pub(super) place: &'a Place,
    pub(super) endpoint: ClientEndpoint,
}

/// An endpoint where clients authenticate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ClientEndpoint {
    Push,
    Token,
    Introspect,
    Revoke,
}

impl ClientEndpoint {
    const fn endpoint(self) -> Endpoint {
        match self {
            Self::Push => Endpoint::Push,
            Self::Token => Endpoint::Token,
            Self::Introspect => Endpoint::Introspect,
            Self::Revoke => Endpoint::Revoke,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Push => "push",
            Self::Token => "token",
            Self::Introspect => "introspect",
            Self::Revoke => "revoke",
        }
    }
}

impl Call<'_> {
    pub(super) async fn answer(&self, body: Body) -> Response {
        let mut response = match self.body(body).await {
            Ok(body) => return self.judge(&body).await,
            Err(response) => response,
        };
        if response.status() == StatusCode::METHOD_NOT_ALLOWED {
            message::allow(&mut response, self.endpoint.endpoint().methods());
        }
        // The body may not have been read: what follows on the connection would be read as a request.
        message::close(&mut response);
        response
    }

    /// The body, or the answer to a request that does not get as far as being read.
    async fn body(&self, body: Body) -> Result<Bytes, Response> {
        let Exchange { edge, parts, .. } = *self.exchange;
        let head = message::check_method(self.endpoint.endpoint(), parts);
        head.and_then(|()| message::check_head(parts)).map_err(|refusal| self.turned_down(&refusal))?;
        let max_bytes = self.place.dialect.body_max_bytes(&self.place.mount.policy);
        body::read(body, max_bytes, edge.limits.body_wait).await.map_err(|fault| {
            let mut response = self.turned_down(&fault.refusal());
            if fault == BodyFault::Broken {
                *response.status_mut() = StatusCode::BAD_REQUEST;
            }
            response
        })
    }

    fn turned_down(&self, refusal: &Refusal) -> Response {
        self.scene(None).refused(refusal);
        self.place.dialect.write_turned_down(&self.incoming(&[]), refusal)
    }

    async fn judge(&self, body: &Bytes) -> Response {
        let incoming = self.incoming(body);
        if let Err(not_now) = self.admit_sender() {
            return self.not_now(&incoming, &not_now, None);
        }
        let request = match self.place.dialect.read(&incoming) {
            Ok(request) => request,
            Err(Unread::Refused(refusal)) => return self.unread(&incoming, refusal),
            Err(Unread::Answered(response)) => {
                self.scene(None).caller_answered(response.status());
                self.count_sender(&response);
                return *response;
            }
        };
        if let Err(not_now) = self.admit_client(&request) {
            return self.not_now(&incoming, &not_now, Some(&request));
        }
        let (engine, place) = (&self.exchange.edge.engine, self.place);
        match self.endpoint {
            ClientEndpoint::Push => {
                let judged = engine.push(&place.mount, &request).await;
                self.conclude(&judged, &request);
                place.dialect.write_pushed(&incoming, &judged)
            }
            ClientEndpoint::Token => {
                let judged = Box::pin(engine.token(&place.mount, &request)).await;
                self.conclude(&judged, &request);
                place.dialect.write_tokens(&incoming, &judged)
            }
            ClientEndpoint::Introspect => {
                let judged =
                    Box::pin(engine.introspect(&place.mount, &request, wanted(&self.exchange.parts.headers))).await;
                self.conclude(&judged, &request);
                place.dialect.write_introspected(&incoming, &judged)
            }
            ClientEndpoint::Revoke => {
                let judged = Box::pin(engine.revoke(&place.mount, &request)).await;
                self.conclude(&judged, &request);
                place.dialect.write_revoked(&incoming, &judged)
            }
        }
    }

    /// The answer to a client whose request its dialect could not read.
    fn unread(&self, incoming: &Incoming<'_>, refusal: Refusal) -> Response {
        self.scene(None).refused(&refusal);
        let dialect = self.place.dialect;
        match self.endpoint {
            ClientEndpoint::Push => dialect.write_pushed(incoming, &unidentified(refusal)),
            ClientEndpoint::Token => dialect.write_tokens(incoming, &unidentified(refusal)),
            ClientEndpoint::Introspect => dialect.write_introspected(incoming, &unidentified(refusal)),
            ClientEndpoint::Revoke => dialect.write_revoked(incoming, &unidentified(refusal)),
        }
    }

    fn incoming<'b>(&'b self, body: &'b [u8]) -> Incoming<'b> {
        self.exchange.incoming(self.place, self.endpoint.endpoint(), body)
    }

    /// Counts and logs what came of a request.
    fn conclude<T>(&self, judged: &Judged<T>, request: &ClientRequest<'_>) {
        let turned = judged.outcome.as_ref().err();
        if turned.is_none() && !self.counts_successes() {
            return;
        }
        let client_id = admission::client_id(request);
        self.count_client(turned, client_id.as_deref());
        if let Some(turned) = turned {
            self.scene(client_id.as_deref()).turned(turned);
        }
    }

    fn not_now(&self, incoming: &Incoming<'_>, not_now: &NotNow, request: Option<&ClientRequest<'_>>) -> Response {
        let NotNow { refusal, exceeded } = not_now;
        self.scene(request.and_then(admission::client_id).as_deref()).refused(refusal);
        let mut response = self.place.dialect.write_turned_down(incoming, refusal);
        exceeded.tell(&mut response);
        response
    }

    fn scene<'b>(&'b self, client_id: Option<&'b str>) -> Scene<'b> {
        self.exchange.scene(Some(self.place), self.endpoint.name(), client_id)
    }
}

fn unidentified<T>(refusal: Refusal) -> Judged<T> {
    Judged::unidentified(Err(Turned::Refused(refusal)))
}

fn wanted(headers: &HeaderMap) -> AnswerForm {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    AnswerForm::wanted(accept)
}
