//! Between socket and engine: connections with their deadlines, requests with their limits, answers with the headers
//! that every answer has.

mod accept;
mod admission;
mod back_channel;
mod back_end;
mod body;
mod client_certificate;
mod connection;
mod cors;
mod dispatch;
mod documents;
mod http2;
mod keys;
mod limits;
mod log;
mod message;
mod panics;
mod rate;
mod registration;
mod source;
mod stream;
pub(crate) mod tls;

#[cfg(test)]
mod authorize_tests;
#[cfg(test)]
mod cors_tests;
#[cfg(test)]
mod keys_tests;
#[cfg(test)]
mod mutual_tls_tests;
#[cfg(test)]
mod rate_tests;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use arc_swap::ArcSwap;
use http::request::Parts;
use parhelion_dialects::{Incoming, RequestId, Response};
use parhelion_engine::Engine;
use parhelion_engine::ports::ClientKeys;
use parhelion_protocol::endpoint::Endpoint;

pub use accept::{End, run};
pub use limits::Limits;
pub use panics::report_without_payload;
pub use rate::{Attempt, AttemptKind, Exceeded, RatesOfSource};
pub(crate) use tls::examine as examine_certificate;
pub use tls::{Asked, Tls, TlsFault};

use crate::config::{BaseUrl, ClientCertificateHeader, Config};
use crate::key_ring::KeyRings;
use crate::metrics::{MeteredStore, Metrics};
use crate::routes::{Place, RouteTable};
use crate::wiring::{Ports, WiringFault, wire};
use rate::Rates;
use source::Proxies;

/// All that answering a request needs.
pub struct Edge {
    engine: Engine,
    routes: ArcSwap<RouteTable>,
    rings: KeyRings,
    metrics: Metrics,
    /// Where the server's own pages are, as the world sees it.
    public_url: BaseUrl,
    limits: Limits,
    rates: Rates,
    extra: Option<ExtraPage>,
    proxies: Proxies,
    certificate_header: Option<ClientCertificateHeader>,
    tls: Option<Tls>,
}

/// One more page of the server: the demo's callback.
pub struct ExtraPage {
    /// Below the server's public URL.
    pub path: &'static str,
    /// From the query to the page.
    pub answer: Box<dyn Fn(&str) -> Response + Send + Sync>,
}

impl std::fmt::Debug for Edge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Edge").field("public_url", &self.public_url).finish_non_exhaustive()
    }
}

impl Edge {
    /// The figures of this moment, in the text form of OpenMetrics.
    pub(crate) fn metrics_text(&self) -> Option<String> {
        self.metrics.text()
    }

    /// An edge for a configuration, on these ports.
    ///
    /// # Errors
    /// [`WiringFault`] when the store does not answer, or holds what this master key cannot read.
    pub async fn new(
        config: &Config,
        ports: Ports,
        limits: Limits,
        extra: Option<ExtraPage>,
    ) -> Result<Self, WiringFault> {
        let metrics = Metrics::new();
        let store = Arc::new(MeteredStore::new(ports.store, &metrics));
        let (engine, wired, rings) = wire(config, Ports { store, ..ports }).await?;
        let table = RouteTable::build(&wired, config.server.public_url.path(), &metrics);
        let routes = ArcSwap::from_pointee(table);
        let plan = &config.server;
        let proxies = Proxies::new(plan.trusted_proxies.clone(), plan.source_header);
        let certificate_header = plan.client_certificate_header.clone();
        let rates = Rates::new(plan.rate);
        let public_url = plan.public_url.clone();
        let tls = None;
        let edge =
            Self { engine, routes, rings, metrics, public_url, limits, rates, extra, proxies, certificate_header, tls };
        edge.follow_registry();
        Ok(edge)
    }

    /// The same, which gets the keys that clients publish in this way.
    #[must_use]
    pub fn with_client_keys(self, client_keys: Arc<dyn ClientKeys>) -> Self {
        Self { engine: self.engine.with_client_keys(client_keys), ..self }
    }

    /// The same, for connections that begin with a TLS handshake.
    #[must_use]
    pub fn with_tls(self, tls: Tls) -> Self {
        Self { tls: Some(tls), ..self }
    }

    /// A request as its dialect is given it.
    fn incoming<'a>(
        &'a self,
        place: &'a Place,
        endpoint: Endpoint,
        parts: &'a Parts,
        request_id: RequestId,
        body: &'a [u8],
    ) -> Incoming<'a> {
        Incoming {
            mount: &place.mount,
            endpoint,
            path: parts.uri.path(),
            headers: &parts.headers,
            query: parts.uri.query(),
            body,
            certificate: client_certificate::certificate(parts),
            request_id,
            public_url: self.public_url.as_str(),
        }
    }
}
