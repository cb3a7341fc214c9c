//! Operations of a back-end API: what another server asks of this one in words that no client and no other vendor has.
//! A dialect lists them with what serves each, so that routing stays a look-up; rules stay in the engine.

use std::future::Future;
use std::pin::Pin;

use http::{HeaderMap, Method};
use parhelion_engine::Engine;
use parhelion_engine::fault::Turned;
use parhelion_engine::registry::Mount;

use crate::incoming::{RequestId, Response};

/// Path segments that may stand behind the path of an operation, at most.
pub const SEGMENTS_MAX: usize = 2;

/// One operation at one path.
#[derive(Clone, Copy)]
pub struct Operation {
    /// For logs; the same for every way to ask for it.
    pub name: &'static str,
    /// The methods it answers.
    pub methods: &'static [&'static str],
    /// Below the path of the tenant, or of the lobby.
    pub path: &'static str,
    /// How many path segments stand behind it: at most [`SEGMENTS_MAX`].
    pub segments: usize,
    /// What answers.
    pub serve: Serve,
}

impl std::fmt::Debug for Operation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Operation").field("name", &self.name).field("path", &self.path).finish_non_exhaustive()
    }
}

/// What answers an operation.
pub type Serve = for<'a> fn(&'a Asked<'a>) -> Answering<'a>;

/// An answer that is being made.
pub type Answering<'a> = Pin<Box<dyn Future<Output = Answered> + Send + 'a>>;

/// What is asked of an operation, within the limits of the edge.
pub struct Asked<'a> {
    /// Who knows the rules.
    pub engine: &'a Engine,
    /// Where it came in; for an operation of a lobby, any mount of its dialect there.
    pub mount: &'a Mount,
    /// The method.
    pub method: &'a Method,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The query of the URL, without the question mark.
    pub query: Option<&'a str>,
    /// The path segments behind the operation's path, as they came.
    pub segments: &'a [&'a str],
    /// The body.
    pub body: &'a [u8],
    /// Bytes that the body may have.
    pub body_max_bytes: u32,
    /// Its name.
    pub request_id: RequestId,
    /// Where the pages that explain codes are: `{public_url}/errors/{code}`.
    pub public_url: &'a str,
}

/// An answer, and what the operator is told of it.
pub struct Answered {
    /// The answer.
    pub response: Response,
    /// Why it says no.
    pub against: Against,
    /// The client that it is about.
    pub client_id: Option<String>,
}

/// What stood against a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Against {
    /// Nothing.
    Nothing,
    /// The caller itself, or the form of what it sent.
    Caller,
    /// A rule, or a fault of ours.
    Turned(Turned),
}

impl From<Response> for Answered {
    fn from(response: Response) -> Self {
        Self { response, against: Against::Nothing, client_id: None }
    }
}
