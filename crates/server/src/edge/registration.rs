//! The desk where clients register, and look after what they registered (RFC 7591, RFC 7592).

use bytes::Bytes;
use http::{Method, StatusCode};
use parhelion_dialects::registration::{self, Registered};
use parhelion_dialects::{Incoming, Response};
use parhelion_engine::fault::Turned;
use parhelion_engine::registration::{ClientInformation, Gate};
use parhelion_protocol::endpoint::Endpoint;
use parhelion_protocol::refusal::{OAuthError, Reason, Refusal};
use tracing::info;

use super::exchange::Exchange;
use super::log::Scene;
use super::message::hex;
use super::rate::{Attempt, AttemptKind, Exceeded, RatesOfSource};
use crate::routes::Place;

/// One request at the desk.
pub(super) struct Desk<'a> {
    pub(super) exchange: &'a Exchange<'a>,
    pub(super) place: &'a Place,
    pub(super) endpoint: Endpoint,
}

impl Desk<'_> {
    pub(super) async fn answer(&self, body: &Bytes) -> Response {
        let incoming = self.exchange.incoming(self.place, self.endpoint, body);
        if let Err((refusal, exceeded)) = self.admit() {
            self.scene().refused(&refusal);
            let mut response = self.place.dialect.write_registration_refused(&incoming, &refusal);
            exceeded.tell(&mut response);
            return response;
        }
        if self.endpoint == Endpoint::Register {
            let answer = self.register(&incoming).await;
            self.conclude("a client was registered", &answer, |client| &client.client_id);
            return self.told(&incoming, StatusCode::CREATED, &answer);
        }
        let client_id = self.client_id();
        match self.exchange.parts.method {
            Method::DELETE => {
                let answer = self.delete(&incoming, client_id).await;
                self.conclude("a client was deleted", &answer, |()| client_id);
                match answer {
                    Ok(()) => registration::deleted(),
                    Err(turned) => self.place.dialect.write_registration_refused(&incoming, &turned.refusal()),
                }
            }
            Method::PUT => {
                let answer = self.update(&incoming, client_id).await;
                self.conclude("a client was changed", &answer, |client| &client.client_id);
                self.told(&incoming, StatusCode::OK, &answer)
            }
            _ => {
                let answer = self.read(&incoming, client_id).await;
                self.conclude("a client was read", &answer, |client| &client.client_id);
                self.told(&incoming, StatusCode::OK, &answer)
            }
        }
    }

    async fn register(&self, incoming: &Incoming<'_>) -> Result<ClientInformation, Turned> {
        let token = registration::token(incoming)?;
        let sent = self.place.dialect.read_registration(incoming);
        self.exchange.edge.engine.register_client(incoming.mount, token, sent).await
    }

    fn told(
        &self,
        incoming: &Incoming<'_>,
        status: StatusCode,
        outcome: &Result<ClientInformation, Turned>,
    ) -> Response {
        let at_s = self.exchange.edge.engine.store.now().epoch_s();
        self.place.dialect.write_registered(incoming, &Registered { status, at_s, outcome })
    }

    async fn read(&self, incoming: &Incoming<'_>, client_id: &str) -> Result<ClientInformation, Turned> {
        let token = registration::token(incoming)?;
        self.exchange.edge.engine.read_registration(incoming.mount, client_id, token).await
    }

    async fn update(&self, incoming: &Incoming<'_>, client_id: &str) -> Result<ClientInformation, Turned> {
        let token = registration::token(incoming)?;
        let sent = self.place.dialect.read_registration(incoming);
        self.exchange.edge.engine.update_registration(incoming.mount, client_id, token, sent).await
    }

    async fn delete(&self, incoming: &Incoming<'_>, client_id: &str) -> Result<(), Turned> {
        let token = registration::token(incoming)?;
        self.exchange.edge.engine.delete_registration(incoming.mount, client_id, token).await
    }

    /// The last segment of the path. No identifier that was drawn has anything in it that a URL would encode.
    fn client_id(&self) -> &str {
        self.exchange.parts.uri.path().rsplit('/').next().unwrap_or_default()
    }

    /// Whether somebody may try: not after too many wrong tokens, nor registrations where no token is asked for.
    fn admit(&self) -> Result<(), (Refusal, Exceeded)> {
        self.rates()
            .check(&self.attempt(AttemptKind::RegistrationToken))
            .map_err(|exceeded| (Refusal::new(Reason::TooManyFailures), exceeded))?;
        if self.endpoint == Endpoint::Register && matches!(self.gate(), Gate::Open) {
            let attempt = self.attempt(AttemptKind::Registration);
            self.rates().check(&attempt).map_err(|exceeded| (Refusal::new(Reason::TooManyRequests), exceeded))?;
            self.rates().count(&attempt);
        }
        Ok(())
    }

    /// Counts and tells what came of a request.
    fn conclude<'b, T>(
        &'b self,
        what: &'static str,
        answer: &'b Result<T, Turned>,
        client_id: impl FnOnce(&'b T) -> &'b str,
    ) {
        match answer {
            Ok(done) => {
                let tenant = self.place.mount.tenant.id.as_str();
                let client_id = client_id(done);
                info!(request_id = hex(self.exchange.request_id), tenant, client_id, "{what}");
            }
            Err(turned) => {
                self.scene().turned(turned);
                // Who shows nothing guesses nothing.
                let tried = turned.refusal().reason != Reason::RegistrationTokenMissing;
                if tried && turned.public().error == OAuthError::InvalidToken {
                    self.rates().count(&self.attempt(AttemptKind::RegistrationToken));
                }
            }
        }
    }

    fn gate(&self) -> &Gate {
        &self.place.mount.tenant.registration.gate
    }

    fn attempt(&self, kind: AttemptKind) -> Attempt<'static> {
        // Registrations are counted as of one name, so that a source has so many and not so many of each name.
        let name = (kind == AttemptKind::Registration).then_some("");
        Attempt { kind, tenant: Some(self.place.mount.tenant.uid), name }
    }

    fn rates(&self) -> RatesOfSource<'_> {
        self.exchange.rates()
    }

    fn scene(&self) -> Scene<'_> {
        let endpoint = if self.endpoint == Endpoint::Register { "register" } else { "registered_client" };
        self.exchange.scene(Some(self.place), endpoint, None)
    }
}
