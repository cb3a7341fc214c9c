//! The embedded store keeps the contract of every store.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::time::Duration;

use parhelion_stores::embedded::{EmbeddedLimits, EmbeddedStore};
use parhelion_testkit::store_contract::Place;
use parhelion_testkit::{FakeClock, TemporaryDirectory};

struct Embedded {
    directory: TemporaryDirectory,
}

impl Place for Embedded {
    type Store = EmbeddedStore;

    fn fresh() -> Self {
        Self { directory: TemporaryDirectory::new() }
    }

    async fn open(&self, clock: Arc<FakeClock>) -> EmbeddedStore {
        // A slow disk is no breach of contract.
        let limits = EmbeddedLimits { queue_wait: Duration::from_secs(60), ..EmbeddedLimits::default() };
        EmbeddedStore::open_or_create(&self.directory.join("store"), clock, limits).unwrap()
    }

    async fn close(store: EmbeddedStore) {
        store.close();
    }
}

parhelion_testkit::store_contract!(durable: Embedded);
