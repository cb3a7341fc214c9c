//! What a dialect is.

use bytes::Bytes;
use http::HeaderMap;
use parhelion_engine::client_request::{ClientRequest, Judged};
use parhelion_engine::push::Accepted;
use parhelion_engine::registry::Mount;
use parhelion_engine::token::Tokens;
use parhelion_protocol::endpoint::Endpoint;
use parhelion_protocol::profile::Policy;
use parhelion_protocol::refusal::Refusal;

/// An answer, ready for the wire but for the headers that every answer gets.
pub type Response = http::Response<Bytes>;

/// Names one request in answers and logs: 128 random bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestId(pub [u8; 16]);

/// A request as the edge has read it: within its limits, at one endpoint of one mount.
pub struct Incoming<'a> {
    /// Where it came in.
    pub mount: &'a Mount,
    /// Which endpoint.
    pub endpoint: Endpoint,
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// The query of its URL, without the question mark.
    pub query: Option<&'a str>,
    /// Its body.
    pub body: &'a [u8],
    /// Its name.
    pub request_id: RequestId,
    /// Where the pages that explain codes are: `{public_url}/errors/{code}`.
    pub public_url: &'a str,
}

/// Why a request did not become a [`ClientRequest`].
pub enum Unread {
    /// The client's request was turned down.
    Refused(Refusal),
    /// The caller of a back-end API was; this is its answer.
    Answered(Box<Response>),
}

impl From<Refusal> for Unread {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// One endpoint at one path below a mount.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    /// What is served.
    pub endpoint: Endpoint,
    /// Where, below the mount's base URL; the first route of an endpoint is the one that is published.
    pub path: &'static str,
}

/// The part of a host that belongs to a dialect but to no tenant: what is asked for there is answered in
/// the dialect's own words.
#[derive(Clone, Copy, Debug)]
pub struct Lobby {
    /// Below the base URL, such as `/api`.
    pub path: &'static str,
    /// The answer to whatever no tenant claims below it.
    pub answer: fn(headers: &HeaderMap, path: &str) -> Response,
}

/// How one vendor, or the standard, spells the endpoints.
pub trait Dialect: Send + Sync {
    /// The name in the configuration.
    fn name(&self) -> &'static str;

    /// The name of the profile that holds what the vendor decides.
    fn profile(&self) -> &'static str;

    /// The endpoints served, with their paths.
    fn routes(&self) -> &'static [Route];

    /// What the issuer has behind the base URL.
    fn issuer_path(&self) -> &'static str {
        ""
    }

    /// What stands between the base URL and the routes, for a tenant of these aliases.
    ///
    /// # Errors
    /// What is missing, for people: for example an alias of the form that the dialect needs.
    fn tenant_path(&self, aliases: &[String]) -> Result<String, String> {
        let _ = aliases;
        Ok(String::new())
    }

    /// What it answers where no tenant is.
    fn lobby(&self) -> Option<Lobby> {
        None
    }

    /// Bytes that a body may have here, envelope included.
    fn body_max_bytes(&self, policy: &Policy) -> u32 {
        policy.body_max_bytes.0
    }

    /// Reads what a client sent to [`Endpoint::Push`] or [`Endpoint::Token`].
    ///
    /// # Errors
    /// [`Unread`].
    fn read<'a>(&self, incoming: &'a Incoming<'a>) -> Result<ClientRequest<'a>, Unread>;

    /// Writes the answer to a push.
    fn write_pushed(&self, incoming: &Incoming<'_>, judged: &Judged<Accepted>) -> Response;

    /// Writes the answer to a token request.
    fn write_tokens(&self, incoming: &Incoming<'_>, judged: &Judged<Tokens>) -> Response;

    /// Writes the answer to a request that the edge turned down before it was read: wrong method, too
    /// large, too slow.
    fn write_turned_down(&self, incoming: &Incoming<'_>, refusal: &Refusal) -> Response;
}
