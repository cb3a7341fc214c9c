//! A caller of the Authlete dialect's API: an authorization server that leaves the rules to this one. Every answer is held
//! to the vendor's published document.

use std::net::SocketAddr;
use std::sync::LazyLock;

use boon::{Compiler, Schemas};
use serde_json::{Map, Value, json};
use url::form_urlencoded;

use crate::application::Attempt;
use crate::request::Request;
use crate::server::Server;
use crate::wire::{Http, Response};

/// The number of the first service.
pub const SERVICE: u64 = 21_653_835_348_762;

/// What a caller shows who runs the protocol for the first service.
pub const RUNTIME_TOKEN: &str = "runtime-token-for-tests-only";

/// What a caller shows who may change everything of every service.
pub const ORGANIZATION_TOKEN: &str = "organization-token-for-tests-only";

/// The confidential client, whose identifier is its number.
pub const CLIENT: u64 = 26_478_243_745_571;

/// Its secret.
pub const CLIENT_SECRET: &str = "web-secret-for-tests-only-0123456789";

/// Where its responses go.
pub const REDIRECT_URI: &str = "https://app.example/cb";

static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../data/authlete-openapi-3.0.16.json")).expect("JSON"));

/// The server of `tests/data/back-end.toml`.
#[must_use]
pub fn start() -> Server {
    Server::start(include_str!("../data/back-end.toml"))
}

/// Every published operation: its method, and its path below the service or below `/api`, with `{}` for whatever stands
/// in the path.
pub fn published() -> impl Iterator<Item = (&'static str, String)> {
    let paths = DOCUMENT["paths"].as_array().into_iter().flatten().filter_map(Value::as_str);
    paths.map(below_service)
}

fn below_service(published: &str) -> (&str, String) {
    let (method, path) = published.split_once(' ').expect("method and path");
    let path = path.strip_prefix("/api/{serviceId}").or(path.strip_prefix("/api")).expect("below /api");
    let named = |segment| if str::starts_with(segment, '{') { "{}" } else { segment };
    (method, path.split('/').map(named).collect::<Vec<_>>().join("/"))
}

/// Whether the answers of an operation are held to a schema.
///
/// # Panics
/// When the document is not as it was.
#[must_use]
pub fn has_schema(method: &str, path: &str) -> bool {
    let operations = DOCUMENT["operations"].as_object().expect("operations");
    operations.keys().any(|known| below_service(known) == (method, path.to_owned()))
}

/// Holds the body of a 200 to the published schema of its operation. A library that sends POST where the document has GET or
/// DELETE gets the same answer.
///
/// # Panics
/// When it does not fit; the message shows why.
pub fn hold(method: &str, path: &str, body: &Value) {
    let operations = DOCUMENT["operations"].as_object().expect("operations");
    let here = |known: &&String| below_service(known).1 == path;
    let exact = operations.keys().find(|known| here(known) && below_service(known).0 == method);
    let Some(known) = exact.or_else(|| operations.keys().find(here)) else {
        assert!(path == "/service/configuration", "{method} {path} has no schema");
        return;
    };
    let pointer: String = form_urlencoded::byte_serialize(known.replace('/', "~1").as_bytes()).collect();
    let pointer = format!("urn:authlete#/operations/{}", pointer.replace('+', "%20"));
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.add_resource("urn:authlete", DOCUMENT.clone()).expect("the document can be used");
    let schema = compiler.compile(&pointer, &mut schemas).expect("the schema can be used");
    if let Err(error) = schemas.validate(body, schema) {
        panic!("{method} {path}: {error}\n{body:#}");
    }
}

/// A caller with its token.
#[derive(Debug)]
pub struct BackEnd {
    http: Http,
    base: String,
    token: String,
}

impl BackEnd {
    /// One that calls the first service.
    #[must_use]
    pub fn new(address: SocketAddr, token: &str) -> Self {
        Self { http: Http::to(address), base: format!("/api/{SERVICE}"), token: token.to_owned() }
    }

    /// The same for another base path.
    #[must_use]
    pub fn at(mut self, base: &str) -> Self {
        base.clone_into(&mut self.base);
        self
    }

    /// Sends a request to a path below the base.
    ///
    /// # Panics
    /// When the connection breaks.
    pub fn send(&mut self, method: &str, path: &str, body: Option<&Value>) -> Response {
        let request = Request::new(method, &format!("{}{path}", self.base)).bearer(&self.token);
        let request = match body {
            Some(body) => request.header("Content-Type", "application/json").body(body.to_string()),
            None => request,
        };
        self.http.send(&request).expect("an answer")
    }

    /// Sends JSON to an operation and insists on a 200 of the published form. `{}` in the published path stands for what
    /// is in `path`.
    ///
    /// # Panics
    /// When the answer is another.
    pub fn call(&mut self, method: &str, published: &str, path: &str, body: Option<&Value>) -> Value {
        let response = self.send(method, path, body);
        assert_eq!(response.status, 200, "{method} {path}: {}", response.text());
        assert_eq!(response.header("content-type"), Some("application/json"));
        let answer = response.json();
        hold(method, published, &answer);
        answer
    }

    /// POST to an operation whose path has no parameters.
    pub fn post(&mut self, path: &str, body: &Value) -> Value {
        self.call("POST", path, path, Some(body))
    }

    /// Pushes a request of the confidential client, with these parameters in place of the ordinary ones.
    pub fn push(&mut self, attempt: &Attempt, more: &[(&str, &str)]) -> Value {
        let id = CLIENT.to_string();
        let challenge = attempt.challenge();
        let ordinary = [
            ("response_type", "code"),
            ("redirect_uri", REDIRECT_URI),
            ("scope", "openid profile history.read offline_access"),
            ("state", &attempt.state),
            ("nonce", &attempt.nonce),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        let kept = ordinary.iter().filter(|(name, _)| !more.iter().any(|(other, _)| other == name));
        let parameters = form(kept.chain(more));
        self.post("/pushed_auth_req", &with_client(json!({ "parameters": parameters }), &id))
    }

    /// Loads a pushed request; gives the whole answer.
    pub fn load(&mut self, request_uri: &str) -> Value {
        let parameters = form([("client_id", CLIENT.to_string().as_str()), ("request_uri", request_uri)].iter());
        self.post("/auth/authorization", &json!({ "parameters": parameters, "context": "kept" }))
    }

    /// Pushes and loads; gives the ticket.
    ///
    /// # Panics
    /// When there is none.
    pub fn ticket(&mut self, attempt: &Attempt, more: &[(&str, &str)]) -> String {
        let pushed = self.push(attempt, more);
        let request_uri = pushed["requestUri"].as_str().unwrap_or_else(|| panic!("{pushed}"));
        let loaded = self.load(request_uri);
        loaded["ticket"].as_str().unwrap_or_else(|| panic!("{loaded}")).to_owned()
    }

    /// A token request of the confidential client.
    pub fn token(&mut self, parameters: &[(&str, &str)], more: Value) -> Value {
        let mut body = with_client(json!({ "parameters": form(parameters.iter()) }), &CLIENT.to_string());
        if let (Some(body), Value::Object(more)) = (body.as_object_mut(), more) {
            body.extend(more);
        }
        self.post("/auth/token", &body)
    }

    /// From a push to tokens of this subject.
    pub fn tokens_of(&mut self, subject: &str) -> Value {
        let attempt = Attempt::new();
        let ticket = self.ticket(&attempt, &[]);
        let issued = self.post("/auth/authorization/issue", &json!({ "ticket": ticket, "subject": subject }));
        self.redeem(&issued, &attempt)
    }

    /// Redeems the code of an answer.
    ///
    /// # Panics
    /// When there is no code.
    pub fn redeem(&mut self, issued: &Value, attempt: &Attempt) -> Value {
        let code = issued["authorizationCode"].as_str().unwrap_or_else(|| panic!("{issued}")).to_owned();
        let parameters = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", REDIRECT_URI),
            ("code_verifier", attempt.verifier.as_str()),
        ];
        self.token(&parameters, Value::Null)
    }
}

fn with_client(mut body: Value, id: &str) -> Value {
    body["clientId"] = id.into();
    body["clientSecret"] = CLIENT_SECRET.into();
    body
}

/// A form as one string.
#[must_use]
pub fn form<'a>(parameters: impl Iterator<Item = &'a (&'a str, &'a str)>) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish()
}

/// The parameters that a browser carries back.
///
/// # Panics
/// When the answer is no URL with a query.
#[must_use]
pub fn carried(answer: &Value) -> Map<String, Value> {
    assert_eq!(answer["action"], "LOCATION", "{answer}");
    let url = url::Url::parse(answer["responseContent"].as_str().expect("text")).expect("a URL");
    url.query_pairs().map(|(name, value)| (name.into_owned(), Value::String(value.into_owned()))).collect()
}

/// What a `responseContent` that is JSON text holds.
///
/// # Panics
/// When it is not.
#[must_use]
pub fn content(answer: &Value) -> Value {
    serde_json::from_str(answer["responseContent"].as_str().expect("text")).expect("JSON text")
}
