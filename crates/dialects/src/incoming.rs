//! A request as every dialect gets it from the edge, and what becomes of one that cannot be read.

use bytes::Bytes;
use http::HeaderMap;
use parhelion_engine::registry::Mount;
use parhelion_engine::uuid::Uuid;
use parhelion_protocol::endpoint::Endpoint;
use parhelion_protocol::refusal::Refusal;
use parhelion_protocol::sender::certificate;

/// An answer, ready for the wire but for the headers that every answer gets.
pub type Response = http::Response<Bytes>;

/// Names one request in answers and logs: 128 random bits, shown as a UUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestId(pub [u8; 16]);

impl RequestId {
    /// The name that these random bytes make.
    #[must_use]
    pub const fn from_random(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_random(bytes).0)
    }
}

impl std::fmt::Display for RequestId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Uuid(self.0).fmt(f)
    }
}

/// A request as the edge has read it: within its limits, at one endpoint of one mount.
pub struct Incoming<'a> {
    /// Where it came in.
    pub mount: &'a Mount,
    /// Which endpoint.
    pub endpoint: Endpoint,
    /// The path of its URL: an endpoint may have several.
    pub path: &'a str,
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// The query of its URL, without the question mark.
    pub query: Option<&'a str>,
    /// Its body.
    pub body: &'a [u8],
    /// The client certificate of its connection, or of the one that a trusted proxy ended.
    pub certificate: &'a certificate::Shown,
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
