//! What the operator's listener answers.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use parhelion_dialects::Response;
use parhelion_engine::fault::Fault;
use parhelion_engine::ports::{Commit, Condition, Id, Key, Kind, TenantUid, Verdict};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::Admin;
use super::proof::SCHEME;
use crate::key_ring::{KeyAlg, KeyFault, KeyView};
use crate::metrics::TEXT_KIND;

const LIST: &str = "/keys/list";
const ROTATE: &str = "/keys/rotate";
/// How long the store may take before the server is not ready.
const STORE_WAIT: Duration = Duration::from_secs(2);
/// Bytes of a body.
const BODY_MAX_BYTES: usize = 4096;
/// How long a body may take.
const BODY_WAIT: Duration = Duration::from_secs(5);

/// Whose keys, and for a new one what it signs with.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeysRequest {
    pub(crate) tenant: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) alg: Option<String>,
}

impl Admin {
    pub(super) async fn answer(&self, request: hyper::Request<Incoming>) -> Response {
        let (parts, body) = request.into_parts();
        let (reads, posts) = (matches!(parts.method, Method::GET | Method::HEAD), parts.method == Method::POST);
        match parts.uri.path() {
            "/health" if reads => text(StatusCode::OK, "up\n"),
            "/ready" if reads => self.ready().await,
            "/metrics" if reads => match self.edge.metrics_text() {
                Some(figures) => with_kind(StatusCode::OK, figures, TEXT_KIND),
                None => text(StatusCode::INTERNAL_SERVER_ERROR, "the figures cannot be written\n"),
            },
            LIST if posts => self.keys(&parts.headers, body, KeysCall::List).await,
            ROTATE if posts => self.keys(&parts.headers, body, KeysCall::Rotate).await,
            "/health" | "/ready" | "/metrics" => not_allowed("GET, HEAD"),
            LIST | ROTATE => not_allowed("POST"),
            _ => text(StatusCode::NOT_FOUND, "there are /health, /ready, /metrics, /keys/list and /keys/rotate\n"),
        }
    }

    /// Whether requests should be sent here: the store does its part in time, and the server is not ending.
    async fn ready(&self) -> Response {
        if self.is_draining() {
            return text(StatusCode::SERVICE_UNAVAILABLE, "not ready: the server is ending\n");
        }
        // It goes the way of every commit and changes nothing.
        let nowhere = Key { tenant: TenantUid([0; 16]), kind: Kind::Tenant, id: Id([0; 32]) };
        let probe = Commit { conditions: vec![Condition::Unchanged(nowhere, 0)], writes: Vec::new() };
        match timeout(STORE_WAIT, self.store.commit(probe)).await {
            Ok(Ok(Verdict::Done | Verdict::Refused(_))) => text(StatusCode::OK, "ready\n"),
            Ok(Err(_)) => text(StatusCode::SERVICE_UNAVAILABLE, "not ready: the store does not do its part\n"),
            Err(_) => text(StatusCode::SERVICE_UNAVAILABLE, "not ready: the store does not answer in time\n"),
        }
    }

    async fn keys(&self, headers: &HeaderMap, body: Incoming, call: KeysCall) -> Response {
        let body = timeout(BODY_WAIT, Limited::new(body, BODY_MAX_BYTES).collect()).await;
        let Some(body) = body.ok().and_then(Result::ok).map(http_body_util::Collected::to_bytes) else {
            return problem(StatusCode::BAD_REQUEST, "the body is too large, or did not come");
        };
        let sent = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let proof = sent.and_then(|sent| sent.strip_prefix(SCHEME)).map(str::trim_start);
        let now = self.clock.now();
        if !proof.is_some_and(|proof| self.proof_key.holds(proof, call.path(), &body, now)) {
            return problem(
                StatusCode::UNAUTHORIZED,
                "the caller has not shown that it holds this server's master key",
            );
        }
        let Ok(KeysRequest { tenant, alg }) = serde_json::from_slice::<KeysRequest>(&body) else {
            return problem(StatusCode::BAD_REQUEST, "the body is no JSON object with `tenant`");
        };
        let alg = match alg.as_deref().map(|name| KeyAlg::from_name(name).ok_or(name)).transpose() {
            Ok(alg) => alg,
            Err(_) => return problem(StatusCode::BAD_REQUEST, "there is no such algorithm"),
        };
        let keys = match call {
            KeysCall::List => self.edge.list_keys(&tenant).await,
            KeysCall::Rotate => self.edge.rotate_keys(&tenant, alg).await,
        };
        match keys {
            None => problem(StatusCode::NOT_FOUND, "this server has no tenant of that name"),
            Some(Ok(keys)) => listed(&keys),
            Some(Err(fault)) => problem(status(fault), &fault.to_string()),
        }
    }
}

/// What is done with keys.
#[derive(Clone, Copy)]
pub(super) enum KeysCall {
    List,
    Rotate,
}

impl KeysCall {
    pub(super) const fn path(self) -> &'static str {
        match self {
            Self::List => LIST,
            Self::Rotate => ROTATE,
        }
    }
}

fn listed(keys: &[KeyView]) -> Response {
    with_kind(StatusCode::OK, json!({ "keys": keys }).to_string(), "application/json")
}

const fn status(fault: KeyFault) -> StatusCode {
    match fault {
        KeyFault::Algorithm(_) | KeyFault::Encryption(_) => StatusCode::BAD_REQUEST,
        KeyFault::TooMany | KeyFault::Raced => StatusCode::CONFLICT,
        KeyFault::Faulted(Fault::Store(_) | Fault::Busy) => StatusCode::SERVICE_UNAVAILABLE,
        KeyFault::Faulted(Fault::Record | Fault::Entropy | Fault::Crypto) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn problem(status: StatusCode, problem: &str) -> Response {
    with_kind(
        status,
        Value::Object([("problem".to_owned(), json!(problem))].into_iter().collect()).to_string(),
        "application/json",
    )
}

fn not_allowed(methods: &'static str) -> Response {
    let mut response = text(StatusCode::METHOD_NOT_ALLOWED, "another method\n");
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(methods));
    response
}

fn text(status: StatusCode, body: &'static str) -> Response {
    with_kind(status, body.to_owned(), "text/plain; charset=utf-8")
}

fn with_kind(status: StatusCode, body: String, kind: &'static str) -> Response {
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
