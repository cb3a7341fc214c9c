//! Two dialects that no vendor speaks, for tests: the server knows only what [`Dialect`] says.

use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use parhelion_dialects::operation::Operation;
use parhelion_dialects::{Dialect, Incoming, Lobby, Response, Route, Unread};
use parhelion_engine::client_request::{ClientRequest, Judged};
use parhelion_engine::push::Accepted;
use parhelion_engine::token::Tokens;
use parhelion_protocol::client_auth::Authorization;
use parhelion_protocol::endpoint::Endpoint;
use parhelion_protocol::form;
use parhelion_protocol::refusal::Refusal;

/// Forms in, a line of text out.
pub(crate) struct Plain;

/// For back ends only, with the tenant's number in the path, and a lobby.
pub(crate) struct Numbered;

/// Both.
pub(crate) static DIALECTS: &[&dyn Dialect] = &[&Plain, &Numbered];

/// Nothing is there, and says so.
const NOTHING: Operation = Operation {
    name: "nothing",
    methods: &["POST"],
    path: "",
    segments: 0,
    serve: |_| Box::pin(async { text(404, "nothing").into() }),
};

const fn route(endpoint: Endpoint, path: &'static str) -> Route {
    Route { endpoint, path }
}

impl Dialect for Plain {
    fn name(&self) -> &'static str {
        "plain"
    }

    fn profile(&self) -> &'static str {
        "rfc9126"
    }

    fn routes(&self) -> &'static [Route] {
        const {
            &[
                route(Endpoint::Push, "/par"),
                route(Endpoint::Push, "/push"),
                route(Endpoint::Authorize, "/authorize"),
                route(Endpoint::Token, "/token"),
                route(Endpoint::Jwks, "/jwks"),
                route(Endpoint::Discovery, "/.well-known/openid-configuration"),
            ]
        }
    }

    fn read<'a>(&self, incoming: &'a Incoming<'a>) -> Result<ClientRequest<'a>, Unread> {
        assert!(incoming.query != Some("panic"), "as the test asked");
        Ok(ClientRequest {
            authorization: Authorization::Absent,
            parameters: form::parse(incoming.body)?,
            possession: Default::default(),
            properties: Vec::new(),
        })
    }

    fn write_pushed(&self, _: &Incoming<'_>, judged: &Judged<Accepted>) -> Response {
        match &judged.outcome {
            Ok(accepted) => text(201, &accepted.request_uri),
            Err(turned) => text(turned.public().status, turned.public().code),
        }
    }

    fn write_tokens(&self, _: &Incoming<'_>, judged: &Judged<Tokens>) -> Response {
        match &judged.outcome {
            Ok(_) => text(200, "tokens"),
            Err(turned) => text(turned.public().status, turned.public().code),
        }
    }

    fn write_turned_down(&self, _: &Incoming<'_>, refusal: &Refusal) -> Response {
        text(refusal.public().status, refusal.public().code)
    }
}

impl Dialect for Numbered {
    fn name(&self) -> &'static str {
        "numbered"
    }

    fn profile(&self) -> &'static str {
        "authlete"
    }

    fn routes(&self) -> &'static [Route] {
        const { &[route(Endpoint::Push, "/push")] }
    }

    fn tenant_path(&self, aliases: &[String]) -> Result<String, String> {
        let number = aliases.iter().find(|alias| alias.bytes().all(|byte| byte.is_ascii_digit()));
        number.map(|number| format!("/api/{number}")).ok_or("needs an alias that is a decimal number".to_owned())
    }

    fn lobby(&self) -> Option<Lobby> {
        Some(Lobby { path: "/api", answer: lobby, operations: &[], below_tenant: &NOTHING, moved: |_, _| None })
    }

    fn read<'a>(&self, incoming: &'a Incoming<'a>) -> Result<ClientRequest<'a>, Unread> {
        Plain.read(incoming)
    }

    fn write_pushed(&self, incoming: &Incoming<'_>, judged: &Judged<Accepted>) -> Response {
        Plain.write_pushed(incoming, judged)
    }

    fn write_tokens(&self, incoming: &Incoming<'_>, judged: &Judged<Tokens>) -> Response {
        Plain.write_tokens(incoming, judged)
    }

    fn write_turned_down(&self, incoming: &Incoming<'_>, refusal: &Refusal) -> Response {
        Plain.write_turned_down(incoming, refusal)
    }
}

fn lobby(_: &HeaderMap, path: &str) -> Response {
    text(418, &format!("nobody at {path}"))
}

fn text(status: u16, body: &str) -> Response {
    let mut response = Response::new(Bytes::from(body.to_owned()));
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("text/plain"));
    response
}
