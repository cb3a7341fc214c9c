//! A store whose commits are measured.
#![allow(clippy::disallowed_methods, reason = "this is where the duration of commits is measured")]

use std::sync::Arc;
use std::time::Instant;

use parhelion_engine::ports::{Answer, Commit, Id, Key, Kind, Moment, Store, StoreFault, Stored, TenantUid, Verdict};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::histogram::Histogram;

use super::Metrics;

/// The store behind it, and what is counted of it.
pub(crate) struct MeteredStore {
    store: Arc<dyn Store>,
    commits: Histogram,
    faults: Counter,
}

impl MeteredStore {
    pub(crate) fn new(store: Arc<dyn Store>, metrics: &Metrics) -> Self {
        Self { store, commits: metrics.commits.clone(), faults: metrics.store_faults.clone() }
    }

    fn counted<T>(&self, answer: Result<T, StoreFault>) -> Result<T, StoreFault> {
        answer.inspect_err(|_| {
            self.faults.inc();
        })
    }
}

impl Store for MeteredStore {
    fn now(&self) -> Moment {
        self.store.now()
    }

    fn get(&self, key: Key) -> Answer<'_, Option<Stored>> {
        Box::pin(async move { self.counted(self.store.get(key).await) })
    }

    fn scan(&self, tenant: TenantUid, kind: Kind, after: Option<Id>, limit: usize) -> Answer<'_, Vec<(Id, Stored)>> {
        Box::pin(async move { self.counted(self.store.scan(tenant, kind, after, limit).await) })
    }

    fn commit(&self, commit: Commit) -> Answer<'_, Verdict> {
        Box::pin(async move {
            let began = Instant::now();
            let answer = self.store.commit(commit).await;
            self.commits.observe(began.elapsed().as_secs_f64());
            self.counted(answer)
        })
    }
}
