//! The full form of the completion races, with progress:
//! `cargo run --release -p parhelion-stores --example races -- 10000`.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::time::Duration;

use parhelion_stores::embedded::EmbeddedLimits;
use parhelion_stores::{EmbeddedStore, MemoryStore};
use parhelion_testkit::store_contract::{Place, RACERS, completion_races, run};
use parhelion_testkit::{FakeClock, TemporaryDirectory};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let count = std::env::args().nth(1).unwrap_or("10000".to_owned()).parse()?;
    run(races::<Memory>("memory", count));
    run(races::<Embedded>("embedded", count));
    Ok(())
}

async fn races<P: Place>(name: &str, count: usize) {
    let told_every = count.div_ceil(10).next_multiple_of(8);
    completion_races::<P>(count, |behind| {
        if behind.is_multiple_of(told_every) || behind == count {
            println!("{name}: {behind} races of {RACERS}, one winner each");
        }
    })
    .await;
}

struct Memory;

impl Place for Memory {
    type Store = MemoryStore;

    fn fresh() -> Self {
        Self
    }

    async fn open(&self, clock: Arc<FakeClock>) -> MemoryStore {
        MemoryStore::new(clock)
    }

    async fn close(_store: MemoryStore) {}
}

struct Embedded(TemporaryDirectory);

impl Place for Embedded {
    type Store = EmbeddedStore;

    fn fresh() -> Self {
        Self(TemporaryDirectory::new())
    }

    async fn open(&self, clock: Arc<FakeClock>) -> EmbeddedStore {
        let limits = EmbeddedLimits { queue_wait: Duration::from_secs(60), ..EmbeddedLimits::default() };
        EmbeddedStore::open_or_create(&self.0.join("store"), clock, limits).unwrap()
    }

    async fn close(store: EmbeddedStore) {
        store.close();
    }
}
