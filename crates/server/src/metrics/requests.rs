//! What came of requests, and how long they took.
#![allow(clippy::disallowed_methods, reason = "this is where the duration of requests is measured")]

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use parhelion_protocol::endpoint::Endpoint;
use parhelion_protocol::refusal::Reason;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::histogram::Histogram;

use super::{Durations, Metrics, Requests};
use crate::config::Served;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct RequestLabels {
    tenant: Arc<str>,
    dialect: &'static str,
    endpoint: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct DurationLabels {
    dialect: &'static str,
    endpoint: &'static str,
}

/// What came of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// It was answered as it asked.
    Done,
    /// It was turned down, or something of ours broke.
    Refused(Reason),
    /// The caller of a back-end API was turned down by its dialect.
    CallerRefused,
}

impl Outcome {
    const COUNT: usize = 2 + Reason::ALL.len();

    fn index(self) -> usize {
        match self {
            Self::Done => 0,
            Self::CallerRefused => 1,
            Self::Refused(reason) => (reason as usize).saturating_add(2),
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Done => "ok",
            Self::CallerRefused => "api_caller_refused",
            Self::Refused(reason) => reason.row().code,
        }
    }
}

/// The counters of one mount.
pub(crate) struct PlaceMeters {
    requests: Requests,
    durations: Durations,
    tenant: Arc<str>,
    dialect: &'static str,
    /// By [`slot`].
    endpoints: [OnceLock<EndpointMeter>; SLOTS],
}

/// Every endpoint, the pages of interactions, and what is no endpoint.
const SLOTS: usize = Endpoint::ALL.len() + 3;

struct EndpointMeter {
    name: &'static str,
    duration: Histogram,
    /// By [`Outcome::index`]; each is made when it first happens.
    outcomes: Box<[OnceLock<Counter>]>,
}

impl PlaceMeters {
    pub(super) fn new(requests: &Requests, durations: &Durations, tenant: &str, dialect: &'static str) -> Self {
        Self {
            requests: requests.clone(),
            durations: durations.clone(),
            tenant: tenant.into(),
            dialect,
            endpoints: Default::default(),
        }
    }

    fn count(&self, served: Option<Served>, outcome: Outcome, seconds: f64) {
        let (slot, name) = slot(served);
        let Some(meter) = self.endpoints.get(slot).map(|meter| meter.get_or_init(|| self.meter(name))) else { return };
        meter.duration.observe(seconds);
        if let Some(counter) = meter.outcomes.get(outcome.index()) {
            counter.get_or_init(|| self.counter(meter.name, outcome)).inc();
        }
    }

    fn meter(&self, name: &'static str) -> EndpointMeter {
        let labels = DurationLabels { dialect: self.dialect, endpoint: name };
        EndpointMeter {
            name,
            duration: self.durations.get_or_create_owned(&labels),
            outcomes: (0..Outcome::COUNT).map(|_| OnceLock::new()).collect(),
        }
    }

    fn counter(&self, endpoint: &'static str, outcome: Outcome) -> Counter {
        let (tenant, dialect) = (Arc::clone(&self.tenant), self.dialect);
        self.requests.get_or_create_owned(&RequestLabels { tenant, dialect, endpoint, outcome: outcome.label() })
    }
}

const fn slot(served: Option<Served>) -> (usize, &'static str) {
    match served {
        Some(Served::Endpoint(Endpoint::Push)) => (0, "push"),
        Some(Served::Endpoint(Endpoint::Authorize)) => (1, "authorize"),
        Some(Served::Endpoint(Endpoint::Token)) => (2, "token"),
        Some(Served::Endpoint(Endpoint::Userinfo)) => (3, "userinfo"),
        Some(Served::Endpoint(Endpoint::Introspect)) => (4, "introspect"),
        Some(Served::Endpoint(Endpoint::Revoke)) => (5, "revoke"),
        Some(Served::Endpoint(Endpoint::EndSession)) => (6, "end_session"),
        Some(Served::Endpoint(Endpoint::Jwks)) => (7, "jwks"),
        Some(Served::Endpoint(Endpoint::Discovery)) => (8, "discovery"),
        Some(Served::Endpoint(Endpoint::DemoResource)) => (9, "resource"),
        Some(Served::Endpoint(Endpoint::Challenge)) => (10, "challenge"),
        Some(Served::Endpoint(Endpoint::Register)) => (11, "register"),
        Some(Served::Endpoint(Endpoint::RegisteredClient)) => (12, "registered_client"),
        Some(Served::Interactions) => (13, "interaction"),
        Some(Served::Operation) => (14, "operation"),
        None => (15, "none"),
    }
}

/// One request as it is counted: where it went, and the first thing that was said against it.
pub(crate) struct Tally<'a> {
    metrics: &'a Metrics,
    began: Instant,
    place: OnceLock<(Arc<PlaceMeters>, Served)>,
    against: OnceLock<Outcome>,
}

impl<'a> Tally<'a> {
    /// A request begins.
    pub(crate) fn begin(metrics: &'a Metrics) -> Self {
        Self { metrics, began: Instant::now(), place: OnceLock::new(), against: OnceLock::new() }
    }

    /// It is for this mount.
    pub(crate) fn at(&self, meters: &Arc<PlaceMeters>, served: Served) {
        let _ = self.place.set((Arc::clone(meters), served));
    }

    /// It was turned down.
    pub(crate) fn refused(&self, reason: Reason) {
        let _ = self.against.set(Outcome::Refused(reason));
    }

    /// The caller of a back-end API was turned down.
    pub(crate) fn caller_refused(&self) {
        let _ = self.against.set(Outcome::CallerRefused);
    }

    /// Its answer is made.
    pub(crate) fn end(&self) {
        let outcome = self.against.get().copied().unwrap_or(Outcome::Done);
        let seconds = self.began.elapsed().as_secs_f64();
        match self.place.get() {
            Some((meters, served)) => meters.count(Some(*served), outcome, seconds),
            None => self.metrics.elsewhere.count(None, outcome, seconds),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_endpoint_has_its_slot() {
        let served =
            Endpoint::ALL.map(Served::Endpoint).into_iter().chain([Served::Interactions, Served::Operation]).map(Some);
        let slots: BTreeSet<usize> = served.chain([None]).map(|served| slot(served).0).collect();
        assert_eq!(slots, (0..SLOTS).collect());
    }

    #[test]
    fn every_outcome_has_its_place_and_its_label() {
        let reasons = Reason::ALL.iter().map(|reason| Outcome::Refused(*reason));
        let outcomes: Vec<Outcome> = reasons.chain([Outcome::Done, Outcome::CallerRefused]).collect();
        let places: BTreeSet<usize> = outcomes.iter().map(|outcome| outcome.index()).collect();
        assert_eq!(places, (0..Outcome::COUNT).collect());
        assert_eq!(outcomes.iter().map(|outcome| outcome.label()).collect::<BTreeSet<_>>().len(), outcomes.len());
    }

    #[test]
    fn first_thing_said_against_a_request_is_what_counts() {
        let metrics = Metrics::new();
        let meters = metrics.of_place("acme", "standard");
        let count = |reasons: &[Reason]| {
            let tally = Tally::begin(&metrics);
            tally.at(&meters, Served::Endpoint(Endpoint::Push));
            reasons.iter().for_each(|reason| tally.refused(*reason));
            tally.end();
        };
        count(&[]);
        count(&[]);
        count(&[Reason::StoreUnavailable, Reason::ServerFault]);
        Tally::begin(&metrics).end();
        let text = metrics.text().unwrap();
        let has = |line: &str| assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        let labels = "tenant=\"acme\",dialect=\"standard\",endpoint=\"push\"";
        has(&format!("parhelion_requests_total{{{labels},outcome=\"ok\"}} 2"));
        has(&format!("parhelion_requests_total{{{labels},outcome=\"PAR-902\"}} 1"));
        has("parhelion_requests_total{tenant=\"\",dialect=\"\",endpoint=\"none\",outcome=\"ok\"} 1");
        has("parhelion_request_duration_seconds_count{dialect=\"standard\",endpoint=\"push\"} 3");
        has(&format!("parhelion_build_info{{version=\"{}\"}} 1", env!("CARGO_PKG_VERSION")));
        assert!(!text.contains("PAR-901"), "what never happened is not told");
    }
}
