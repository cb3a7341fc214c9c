//! A store under test with its clock, and the short words the checks are written in.

use std::sync::Arc;

use parhelion_engine::ports::{Clock, Commit, Condition, Id, Key, Kind, Moment, Store, StoreFault, Stored};
use parhelion_engine::ports::{TenantUid, Verdict, Write};

use super::Place;
use crate::FakeClock;

/// An opened store, its clock and its place.
pub struct Opened<P: Place> {
    place: P,
    /// The clock the store was given.
    pub clock: Arc<FakeClock>,
    /// The store.
    pub store: Arc<P::Store>,
}

impl<P: Place> Opened<P> {
    /// A store in a new place, with a clock of its own.
    pub async fn fresh() -> Self {
        let (place, clock) = (P::fresh(), Arc::new(FakeClock::default()));
        let store = Arc::new(place.open(Arc::clone(&clock)).await);
        Self { place, clock, store }
    }

    /// Closes the store and opens its place again.
    pub async fn reopen(self) -> Self {
        let Self { place, clock, store } = self;
        P::close(Arc::into_inner(store).expect("a task still holds the store")).await;
        let store = Arc::new(place.open(Arc::clone(&clock)).await);
        Self { place, clock, store }
    }

    /// What the clock shows, plus `milliseconds`.
    pub fn in_ms(&self, milliseconds: i64) -> Moment {
        Moment(self.clock.now().0 + milliseconds)
    }

    /// Gets, and expects no fault.
    pub async fn get(&self, key: Key) -> Option<Stored> {
        self.store.get(key).await.expect("get")
    }

    /// Gets the version of a record that must be there.
    pub async fn version(&self, key: Key) -> u64 {
        self.get(key).await.expect("the record is there").version
    }

    /// Scans a kind of a tenant, and expects no fault.
    pub async fn scan(&self, tenant: TenantUid, kind: Kind, after: Option<Id>, limit: usize) -> Vec<(Id, Stored)> {
        self.store.scan(tenant, kind, after, limit).await.expect("scan")
    }

    /// Commits, and hands the answer over as it is.
    pub async fn try_commit(&self, conditions: Vec<Condition>, writes: Vec<Write>) -> Result<Verdict, StoreFault> {
        self.store.commit(Commit { conditions, writes }).await
    }

    /// Commits, and expects no fault.
    pub async fn commit(&self, conditions: Vec<Condition>, writes: Vec<Write>) -> Verdict {
        self.try_commit(conditions, writes).await.expect("commit")
    }

    /// Puts one record that lives for `lifetime_ms`.
    pub async fn put(&self, key: Key, lifetime_ms: i64, value: &[u8]) {
        let verdict = self.commit(vec![], vec![put(key, self.in_ms(lifetime_ms), value)]).await;
        assert_eq!(verdict, Verdict::Done);
    }

    /// Deletes one record.
    pub async fn delete(&self, key: Key) {
        assert_eq!(self.commit(vec![], vec![Write::Delete(key)]).await, Verdict::Done);
    }
}

/// A lifetime no check outlives.
pub(super) const LONG_MS: i64 = 3_600_000;

/// The first tenant of the checks.
pub(super) const TENANT: TenantUid = TenantUid([1; 16]);

/// Another tenant.
pub(super) const OTHER_TENANT: TenantUid = TenantUid([2; 16]);

/// An id whose order is that of its number, with a tail as unordered as a hash.
pub(super) fn id(number: u16) -> Id {
    let mut bytes = [number.to_be_bytes()[1].wrapping_mul(151); 32];
    bytes[..2].copy_from_slice(&number.to_be_bytes());
    Id(bytes)
}

/// A key of the first tenant.
pub(super) fn key(kind: Kind, number: u16) -> Key {
    Key { tenant: TENANT, kind, id: id(number) }
}

/// A put.
pub(super) fn put(key: Key, expires_at: Moment, value: &[u8]) -> Write {
    Write::Put { key, expires_at, value: value.to_vec() }
}
