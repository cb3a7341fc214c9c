//! One request as all of the edge sees it: what came, who sent it, and the name under which it is told and counted.

use http::request::Parts;
use parhelion_dialects::{Incoming, RequestId};
use parhelion_protocol::endpoint::Endpoint;

use super::Edge;
use super::log::Scene;
use super::rate::RatesOfSource;
use super::remote::Remote;
use crate::metrics::Tally;
use crate::routes::Place;

/// One request and its answer.
pub(super) struct Exchange<'a> {
    pub(super) edge: &'a Edge,
    pub(super) parts: &'a Parts,
    pub(super) remote: &'a Remote,
    pub(super) request_id: RequestId,
    pub(super) tally: &'a Tally<'a>,
}

impl Exchange<'_> {
    /// The request as its dialect is given it.
    pub(super) fn incoming<'b>(&'b self, place: &'b Place, endpoint: Endpoint, body: &'b [u8]) -> Incoming<'b> {
        Incoming {
            mount: &place.mount,
            endpoint,
            path: self.parts.uri.path(),
            headers: &self.parts.headers,
            query: self.parts.uri.query(),
            body,
            certificate: &self.remote.certificate,
            request_id: self.request_id,
            public_url: self.edge.public_url.as_str(),
        }
    }

    /// The limits that its sender has.
    pub(super) fn rates(&self) -> RatesOfSource<'_> {
        self.edge.rates.of_source(self.remote.address)
    }

    /// Where it is told that it was turned down.
    pub(super) fn scene<'b>(
        &'b self,
        place: Option<&'b Place>,
        endpoint: &'b str,
        client_id: Option<&'b str>,
    ) -> Scene<'b> {
        let (source, tally) = (self.remote.address, self.tally);
        Scene { request_id: self.request_id, place, endpoint, client_id, source, tally }
    }
}
