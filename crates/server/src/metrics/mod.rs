//! Figures about the running server, for its operator. What counts on the way of a request is made at its first use
//! and then one atomic step; no text is put together for it. Labels are of closed sets: tenants and dialects of the
//! configuration, endpoints, refusal codes. Nothing of a request is in them.

mod requests;
mod store;

use std::sync::Arc;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use requests::{DurationLabels, RequestLabels};
pub(crate) use requests::{PlaceMeters, Tally};
pub(crate) use store::MeteredStore;

/// How the text says what it is.
pub(crate) const TEXT_KIND: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Upper bounds, in seconds: from what an answer from memory takes to the longest that anyone waits.
const SECONDS: [f64; 14] =
    [0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

type Requests = Family<RequestLabels, Counter>;
type Durations = Family<DurationLabels, Histogram, fn() -> Histogram>;

/// All figures.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Requests,
    durations: Durations,
    connections: Gauge,
    commits: Histogram,
    store_faults: Counter,
    /// What no mount answers.
    elsewhere: Arc<PlaceMeters>,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("parhelion");
        let build = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "The running program", build);
        let requests = Requests::default();
        registry.register(
            "requests",
            "Requests by what came of them: ok, or the code of the refusal",
            requests.clone(),
        );
        let durations = Durations::new_with_constructor(histogram);
        let help = "From the end of a request's head to the end of its answer's making";
        registry.register_with_unit("request_duration", help, Unit::Seconds, durations.clone());
        let connections = Gauge::default();
        registry.register("connections", "Open connections of clients and browsers", connections.clone());
        let commits = histogram();
        registry.register_with_unit("store_commit_duration", "Commits, disk included", Unit::Seconds, commits.clone());
        let store_faults = Counter::default();
        registry.register("store_faults", "Reads and commits that the store could not do", store_faults.clone());
        let elsewhere = Arc::new(PlaceMeters::new(&requests, &durations, "", ""));
        Self { registry, requests, durations, connections, commits, store_faults, elsewhere }
    }

    /// What a mount counts with.
    pub(crate) fn of_place(&self, tenant: &str, dialect: &'static str) -> Arc<PlaceMeters> {
        Arc::new(PlaceMeters::new(&self.requests, &self.durations, tenant, dialect))
    }

    /// A connection, for as long as it is held.
    pub(crate) fn connection(&self) -> OpenConnection {
        self.connections.inc();
        OpenConnection(self.connections.clone())
    }

    /// The figures of this moment, as [`TEXT_KIND`].
    pub(crate) fn text(&self) -> Option<String> {
        let mut text = String::new();
        encode(&mut text, &self.registry).ok().map(|()| text)
    }
}

/// One connection that is counted.
pub(crate) struct OpenConnection(Gauge);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.dec();
    }
}

fn histogram() -> Histogram {
    Histogram::new(SECONDS)
}
