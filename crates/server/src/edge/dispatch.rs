//! One request: whose it is, who answers, and what every answer has.

use bytes::Bytes;
use http::{Method, StatusCode};
use hyper::body::Incoming as Body;
use parhelion_dialects::{Response, resource_answer};
use parhelion_engine::client_request::Judged;
use parhelion_protocol::endpoint::Endpoint;
use parhelion_protocol::refusal::{Reason, Refusal};

use super::back_channel::{Call, ClientEndpoint};
use super::back_end::BackEndCall;
use super::cors::Cors;
use super::exchange::Exchange;
use super::panics::{Guarded, Panicked};
use super::registration::Desk;
use super::remote::Remote;
use super::{Edge, body, documents, message};
use crate::config::Served;
use crate::front_channel::{TurnedDown, Visit};
use crate::metrics::Tally;
use crate::routes::{Found, Place};

/// Answers a request; whatever happens, it is answered.
pub(super) async fn answer(edge: &Edge, request: hyper::Request<Body>, remote: &Remote) -> Response {
    let request_id = edge.request_ids.next();
    let (parts, body) = request.into_parts();
    let tally = Tally::begin(&edge.metrics);
    let exchange = Exchange { edge, parts: &parts, remote, request_id, tally: &tally };
    let response = match exchange.guarded(body).await {
        Ok(response) => response,
        Err(Panicked) => {
            exchange.scene(None, "edge", None).panicked();
            exchange.closing(&Reason::ServerFault.into())
        }
    };
    tally.end();
    message::finish(response, request_id)
}

impl Exchange<'_> {
    /// Not part of [`answer`]'s own future, which would have a place for all of this work and stays with its connection.
    fn guarded(&self, body: Body) -> Guarded<impl Future<Output = Response>> {
        Guarded::new(self.answer(body), self.request_id)
    }

    async fn answer(&self, body: Body) -> Response {
        let authority = match message::authority(self.parts) {
            Ok(authority) => authority,
            Err(refusal) => return self.turned_down(None, &refusal),
        };
        if let Err(refusal) = message::check_framing(&self.parts.headers) {
            let mut response = self.turned_down(None, &refusal);
            message::close(&mut response);
            return response;
        }
        let routes = self.edge.routes.load_full();
        //= rfc9110#15.5.20 one host's connection does not speak for another host
        if self.remote.host.as_ref().is_some_and(|named| routes.are_two_hosts(named, authority)) {
            return self.turned_down(None, &Reason::Misdirected.into());
        }
        let path = self.parts.uri.path();
        let found = routes.find(path, authority);
        let moved = match &found {
            Found::Lobby(_) => routes.moved(path, authority, &self.parts.headers),
            Found::Endpoint(..) | Found::Interaction(..) | Found::Operation(..) | Found::Home(_) | Found::Nothing => {
                None
            }
        };
        match moved.as_deref().map_or(found, |moved| routes.find(moved, authority)) {
            Found::Endpoint(place, endpoint) => {
                self.tally.at(&place.meters, Served::Endpoint(endpoint));
                self.endpoint(place, endpoint, body).await
            }
            Found::Interaction(place, path) => {
                self.tally.at(&place.meters, Served::Interactions);
                Box::pin(self.visit(place, Page::Interaction(path), body)).await
            }
            Found::Operation(place, operation, segments) => {
                self.tally.at(&place.meters, Served::Operation);
                Box::pin(BackEndCall { exchange: self, place, operation, segments }.answer(body)).await
            }
            found @ (Found::Home(_) | Found::Lobby(_) | Found::Nothing) => match message::check_head(self.parts) {
                Ok(()) => self.elsewhere(&found),
                Err(refusal) => self.turned_down(None, &refusal),
            },
        }
    }

    async fn endpoint(&self, place: &Place, endpoint: Endpoint, body: Body) -> Response {
        let mut response = self.across_origins(place, endpoint, body).await;
        place.dialect.naming_headers(self.request_id, response.headers_mut());
        response
    }

    async fn across_origins(&self, place: &Place, endpoint: Endpoint, body: Body) -> Response {
        let Some(cors) = Cors::of(place, endpoint, &self.parts.headers) else {
            return self.serve(place, endpoint, body).await;
        };
        if let Some(response) = cors.preflight(&self.parts.method, &self.parts.headers) {
            return message::check_head(self.parts)
                .map_or_else(|refusal| self.turned_down(None, &refusal), |()| response);
        }
        let mut response = self.serve(place, endpoint, body).await;
        cors.mark(&mut response);
        response
    }

    /// A request's work is as large as the largest of what it may come to, and is moved before it begins: what is large
    /// has a place of its own.
    async fn serve(&self, place: &Place, endpoint: Endpoint, body: Body) -> Response {
        match endpoint {
            Endpoint::Push => self.call(place, ClientEndpoint::Push, body).await,
            Endpoint::Token => self.call(place, ClientEndpoint::Token, body).await,
            Endpoint::Introspect => self.call(place, ClientEndpoint::Introspect, body).await,
            Endpoint::Revoke => self.call(place, ClientEndpoint::Revoke, body).await,
            Endpoint::Authorize => Box::pin(self.visit(place, Page::Authorize, body)).await,
            Endpoint::EndSession => Box::pin(self.visit(place, Page::EndSession, body)).await,
            Endpoint::Userinfo | Endpoint::DemoResource => Box::pin(self.protected(place, endpoint, body)).await,
            Endpoint::Challenge => Box::pin(self.challenge(place, body)).await,
            Endpoint::Discovery => self.document(place, endpoint, documents::metadata),
            Endpoint::Jwks => self.document(place, endpoint, documents::jwks),
            Endpoint::Register | Endpoint::RegisteredClient => Box::pin(self.registration(place, endpoint, body)).await,
        }
    }

    async fn call(&self, place: &Place, endpoint: ClientEndpoint, body: Body) -> Response {
        Call { exchange: self, place, endpoint }.answer(body).await
    }

    async fn registration(&self, place: &Place, endpoint: Endpoint, body: Body) -> Response {
        let turned_down = |refusal| self.turned_down(Some((place, endpoint)), &refusal);
        let head = message::check_method(endpoint, self.parts);
        if let Err(refusal) = head.and_then(|()| message::check_head(self.parts)) {
            return turned_down(refusal);
        }
        let max_bytes = place.mount.policy.body_max_bytes.0;
        match body::read(body, max_bytes, self.edge.limits.body_wait).await {
            Ok(body) => Desk { exchange: self, place, endpoint }.answer(&body).await,
            Err(fault) => turned_down(fault.refusal()),
        }
    }

    fn document(&self, place: &Place, endpoint: Endpoint, of: fn(&Place) -> Response) -> Response {
        match message::check_method(endpoint, self.parts).and_then(|()| message::check_head(self.parts)) {
            Ok(()) => of(place),
            Err(refusal) => self.turned_down(Some((place, endpoint)), &refusal),
        }
    }

    async fn visit(&self, place: &Place, page: Page<'_>, body: Body) -> Response {
        let head_of_page = matches!(page, Page::Interaction(_)) && self.parts.method == Method::HEAD;
        let method = if head_of_page { Ok(()) } else { message::check_method(Endpoint::Authorize, self.parts) };
        let turned_down = |refusal| self.turned_down(Some((place, Endpoint::Authorize)), &refusal);
        if let Err(refusal) = method.and_then(|()| message::check_head(self.parts)) {
            return turned_down(refusal);
        }
        let max_bytes = place.mount.policy.body_max_bytes.0;
        let body = match body::read(body, max_bytes, self.edge.limits.body_wait).await {
            Ok(body) => body,
            Err(fault) => return turned_down(fault.refusal()),
        };
        let visit = Visit {
            engine: &self.edge.engine,
            mount: &place.mount,
            dialect: place.dialect,
            method: &self.parts.method,
            path: self.parts.uri.path(),
            headers: &self.parts.headers,
            query: self.parts.uri.query(),
            body: &body,
            request_id: self.request_id,
            public_url: self.edge.public_url.as_str(),
            rates: self.rates(),
        };
        let response = match page {
            Page::Authorize => visit.authorize().await,
            Page::EndSession => visit.end_session().await,
            Page::Interaction(path) => visit.interaction(path).await,
        };
        if let Some(TurnedDown(turned)) = response.extensions().get() {
            self.scene(Some(place), page.name(), None).turned(turned);
        }
        response
    }

    /// What is there for whoever holds an access token.
    async fn protected(&self, place: &Place, endpoint: Endpoint, body: Body) -> Response {
        let body = match self.whole_body(place, endpoint, body).await {
            Ok(body) => body,
            Err(response) => return response,
        };
        let incoming = self.incoming(place, endpoint, &body);
        let shown = resource_answer::access_token(&incoming, &self.parts.method);
        let (engine, mount) = (&self.edge.engine, &place.mount);
        if endpoint == Endpoint::DemoResource {
            let judged = match shown {
                Ok(shown) => engine.demo_resource(mount, &shown).await,
                Err(refusal) => Judged::unidentified(Err(refusal.into())),
            };
            self.tell(place, "resource", &judged);
            return resource_answer::demo_resource(&incoming, &judged);
        }
        let judged = match shown {
            Ok(shown) => engine.userinfo(mount, &shown).await,
            Err(refusal) => Judged::unidentified(Err(refusal.into())),
        };
        self.tell(place, "userinfo", &judged);
        resource_answer::userinfo(place.dialect, &incoming, &judged)
    }

    /// A challenge for attested clients, whatever is sent: nobody authenticates for it.
    async fn challenge(&self, place: &Place, body: Body) -> Response {
        let body = match self.whole_body(place, Endpoint::Challenge, body).await {
            Ok(body) => body,
            Err(response) => return response,
        };
        let judged = self.edge.engine.attestation_challenge(&place.mount);
        self.tell(place, "challenge", &judged);
        place.dialect.write_challenge(&self.incoming(place, Endpoint::Challenge, &body), &judged)
    }

    /// The body of a request whose head is fit, or the answer to any other.
    async fn whole_body(&self, place: &Place, endpoint: Endpoint, body: Body) -> Result<Bytes, Response> {
        let turned_down = |refusal| self.turned_down(Some((place, endpoint)), &refusal);
        let head = message::check_method(endpoint, self.parts).and_then(|()| message::check_head(self.parts));
        head.map_err(turned_down)?;
        let body = body::read(body, place.mount.policy.body_max_bytes.0, self.edge.limits.body_wait).await;
        body.map_err(|fault| turned_down(fault.refusal()))
    }

    fn tell<T>(&self, place: &Place, name: &str, judged: &Judged<T>) {
        if let Err(turned) = &judged.outcome {
            self.scene(Some(place), name, None).turned(turned);
        }
    }

    fn elsewhere(&self, found: &Found<'_, '_>) -> Response {
        let (path, query) = (self.parts.uri.path(), self.parts.uri.query().unwrap_or_default());
        if let Some(page) = documents::own_page(self.edge, path, query, &self.parts.method) {
            return page;
        }
        match found {
            Found::Lobby(lobby) => (lobby.answer)(&self.parts.headers, path),
            Found::Home(place) if matches!(self.parts.method, Method::GET | Method::HEAD) => {
                documents::home(self.edge, place)
            }
            Found::Home(_) | Found::Endpoint(..) | Found::Interaction(..) | Found::Operation(..) | Found::Nothing => {
                self.tally.refused(Reason::NotFound);
                documents::not_found(self.edge, &self.parts.headers)
            }
        }
    }

    /// The answer to a request that no dialect has seen.
    fn turned_down(&self, at: Option<(&Place, Endpoint)>, refusal: &Refusal) -> Response {
        self.scene(at.map(|(place, _)| place), "edge", None).refused(refusal);
        let mut response = self.closing(refusal);
        if let Some((_, endpoint)) = at.filter(|_| response.status() == StatusCode::METHOD_NOT_ALLOWED) {
            message::allow(&mut response, endpoint.methods());
        }
        response
    }

    /// The body may not have been read: what follows on the connection would be read as a request.
    fn closing(&self, refusal: &Refusal) -> Response {
        let mut response = documents::refused(refusal, self.edge);
        message::close(&mut response);
        response
    }
}

/// A page that browsers come to.
#[derive(Clone, Copy)]
enum Page<'a> {
    Authorize,
    EndSession,
    Interaction(&'a str),
}

impl Page<'_> {
    const fn name(self) -> &'static str {
        match self {
            Self::Authorize => "authorize",
            Self::EndSession => "end_session",
            Self::Interaction(_) => "interaction",
        }
    }
}
