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
mod exchange;
mod http2;
mod keys;
mod limits;
mod log;
mod message;
mod panics;
mod rate;
mod registration;
mod remote;
mod request_ids;
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
use parhelion_dialects::Response;
use parhelion_engine::Engine;
use parhelion_engine::ports::{ClientKeys, RequestObjectHosts};

pub use accept::{End, run};
pub use limits::Limits;
pub use panics::report_without_payload;
pub use rate::{Attempt, AttemptKind, Exceeded, RatesOfSource};
pub(crate) use tls::examine as examine_certificate;
pub use tls::{Asked, Tls, TlsFault};

use crate::config::{BaseUrl, ClientCertificateHeader, Config};
use crate::key_ring::KeyRings;
use crate::metrics::{MeteredStore, Metrics};
use crate::routes::RouteTable;
use crate::wiring::{Ports, WiringFault, wire};
use rate::Rates;
use remote::Proxies;
use request_ids::RequestIds;

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
    request_ids: RequestIds,
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
        let edge = Self {
            engine,
            routes,
            rings,
            metrics,
            public_url,
            limits,
            rates,
            request_ids: RequestIds::default(),
            extra,
            proxies,
            certificate_header,
            tls: None,
        };
        edge.follow_registry();
        Ok(edge)
    }

    /// The same, which gets the keys that clients publish in this way.
    #[must_use]
    pub fn with_client_keys(self, client_keys: Arc<dyn ClientKeys>) -> Self {
        Self { engine: self.engine.with_client_keys(client_keys), ..self }
    }

    /// The same, which gets the request objects that clients keep at URLs of their own in this way.
    #[must_use]
    pub fn with_request_object_hosts(self, hosts: Arc<dyn RequestObjectHosts>) -> Self {
        Self { engine: self.engine.with_request_object_hosts(hosts), ..self }
    }

    /// The same, for connections that begin with a TLS handshake.
    #[must_use]
    pub fn with_tls(self, tls: Tls) -> Self {
        Self { tls: Some(tls), ..self }
    }
}
