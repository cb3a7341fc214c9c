//! The memory store: for demonstration, development and measurements. It forgets when it is dropped.
//!
//! Sixteen shards by the first four bits of the id, each a hash table behind its own lock. Ids are
//! SHA-256, so shards fill evenly; and since shards follow the order of ids, a scan goes through them
//! one after the other and sorts what it finds in each. A commit locks the shards it touches, in their
//! order, judges and writes: it is atomic, linearizable, and never waits for anything but another
//! commit's few hundred nanoseconds, or a scan's look through one shard.
//!
//! Expired records are dropped by whoever commits next: each shard keeps its keys in buckets of one
//! second, and a commit empties at most a few entries of the buckets that are over.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use ahash::AHashMap;
use parhelion_engine::ports::{
    Answer, Clock, Commit, Condition, Id, Key, Kind, MAX_SCAN, Moment, Store, StoreFault, Stored, TenantUid, Verdict,
    Write,
};

use crate::form::{check_form, written_key};
use crate::store_time::{NEVER, StoreTime, is_live};

const SHARDS: usize = 16;

/// Width of an expiry bucket.
const BUCKET_MS: i64 = 1_000;

/// Bucket entries that one commit looks at in each shard it locks: more than it can add, so that
/// cleaning outruns writing.
const CLEANED_PER_COMMIT: usize = 48;

/// A store in memory.
pub struct MemoryStore {
    time: StoreTime,
    last_version: AtomicU64,
    shards: [Mutex<Shard>; SHARDS],
}

impl MemoryStore {
    /// An empty store that reads time from `clock`.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            time: StoreTime::starting_at(clock, Moment(i64::MIN)),
            last_version: AtomicU64::new(0),
            shards: std::array::from_fn(|_| Mutex::new(Shard::default())),
        }
    }

    /// Records held at present, expired ones that are not yet dropped included.
    ///
    /// # Errors
    /// [`StoreFault::Unavailable`] when a thread panicked inside the store.
    pub fn record_count(&self) -> Result<usize, StoreFault> {
        self.shards.iter().try_fold(0_usize, |sum, shard| Ok(sum.saturating_add(locked(shard)?.records.len())))
    }

    fn get_now(&self, key: Key) -> Result<Option<Stored>, StoreFault> {
        let shard = self.shard(shard_number(key.id))?;
        Ok(shard.live(&key, self.time.now()).map(Record::stored))
    }

    fn scan_now(
        &self,
        (tenant, kind): (TenantUid, Kind),
        after: Option<Id>,
        limit: usize,
    ) -> Result<Vec<(Id, Stored)>, StoreFault> {
        let limit = limit.min(MAX_SCAN);
        let mut found = Vec::new();
        for shard in self.shards.iter().skip(after.map_or(0, shard_number)) {
            let wanted = limit.saturating_sub(found.len());
            if wanted == 0 {
                break;
            }
            let shard = locked(shard)?;
            let now = self.time.now();
            let mut of_this_kind: Vec<(Id, &Record)> = shard
                .records
                .iter()
                .filter(|(key, record)| (key.tenant, key.kind) == (tenant, kind) && is_live(record.expires_at, now))
                .map(|(key, record)| (key.id, record))
                .filter(|(id, _)| after.is_none_or(|after| *id > after))
                .collect();
            of_this_kind.sort_unstable_by_key(|(id, _)| *id);
            found.extend(of_this_kind.into_iter().take(wanted).map(|(id, record)| (id, record.stored())));
        }
        Ok(found)
    }

    fn commit_now(&self, commit: Commit) -> Result<Verdict, StoreFault> {
        check_form(&commit)?;
        let mut shards = self.lock_all_of(&commit)?;
        let now = self.time.now();
        if let Some(failed) = commit.conditions.iter().position(|condition| !shards.holds(condition, now)) {
            return Ok(Verdict::Refused(failed));
        }
        for write in commit.writes {
            let Some(shard) = shards.of(written_key(&write)) else { continue };
            match write {
                Write::Put { key, expires_at, value } => {
                    let version = self.last_version.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
                    shard.put(key, Record { version, expires_at, value: value.into_boxed_slice() });
                }
                Write::Delete(key) => {
                    shard.records.remove(&key);
                }
            }
        }
        shards.drop_expired(now);
        Ok(Verdict::Done)
    }

    fn shard(&self, number: usize) -> Result<MutexGuard<'_, Shard>, StoreFault> {
        self.shards.get(number).ok_or(StoreFault::Unavailable).and_then(locked)
    }

    /// Locks in the order of shards, so that no two commits wait for each other.
    fn lock_all_of(&self, commit: &Commit) -> Result<Locked<'_>, StoreFault> {
        let mut touched = [false; SHARDS];
        let keys = commit.conditions.iter().map(condition_key).chain(commit.writes.iter().map(written_key));
        for key in keys {
            if let Some(shard) = touched.get_mut(shard_number(key.id)) {
                *shard = true;
            }
        }
        let mut shards = [const { None }; SHARDS];
        for ((slot, shard), touched) in shards.iter_mut().zip(&self.shards).zip(touched) {
            *slot = if touched { Some(locked(shard)?) } else { None };
        }
        Ok(Locked { shards })
    }
}

impl Store for MemoryStore {
    fn now(&self) -> Moment {
        self.time.now()
    }

    fn get(&self, key: Key) -> Answer<'_, Option<Stored>> {
        Box::pin(async move { self.get_now(key) })
    }

    fn scan(&self, tenant: TenantUid, kind: Kind, after: Option<Id>, limit: usize) -> Answer<'_, Vec<(Id, Stored)>> {
        Box::pin(async move { self.scan_now((tenant, kind), after, limit) })
    }

    fn commit(&self, commit: Commit) -> Answer<'_, Verdict> {
        Box::pin(async move { self.commit_now(commit) })
    }
}

struct Record {
    version: u64,
    expires_at: Moment,
    value: Box<[u8]>,
}

impl Record {
    fn stored(&self) -> Stored {
        Stored { version: self.version, expires_at: self.expires_at, value: self.value.to_vec() }
    }
}

#[derive(Default)]
struct Shard {
    records: AHashMap<Key, Record>,
    /// Keys by the second in which they expire. A key whose record was replaced or deleted stays
    /// in its bucket until that is over, and is passed by then.
    buckets: BTreeMap<i64, Vec<Key>>,
}

impl Shard {
    fn live(&self, key: &Key, now: Moment) -> Option<&Record> {
        self.records.get(key).filter(|record| is_live(record.expires_at, now))
    }

    fn put(&mut self, key: Key, record: Record) {
        let expires_at = record.expires_at;
        let replaced = self.records.insert(key, record);
        let bucket = bucket_of(expires_at);
        if expires_at != NEVER && replaced.is_none_or(|replaced| bucket_of(replaced.expires_at) != bucket) {
            self.buckets.entry(bucket).or_default().push(key);
        }
    }

    fn drop_expired(&mut self, now: Moment) {
        for _ in 0..CLEANED_PER_COMMIT {
            let Some(mut bucket) = self.buckets.first_entry().filter(|bucket| *bucket.key() < bucket_of(now)) else {
                return;
            };
            match bucket.get_mut().pop() {
                Some(key) if self.records.get(&key).is_some_and(|record| !is_live(record.expires_at, now)) => {
                    self.records.remove(&key);
                }
                Some(_) => {}
                None => {
                    bucket.remove();
                }
            }
        }
    }
}

/// The shards of one commit, locked until it is over.
struct Locked<'a> {
    shards: [Option<MutexGuard<'a, Shard>>; SHARDS],
}

impl Locked<'_> {
    fn of(&mut self, key: Key) -> Option<&mut Shard> {
        self.shards.get_mut(shard_number(key.id))?.as_deref_mut()
    }

    fn holds(&mut self, condition: &Condition, now: Moment) -> bool {
        let key = condition_key(condition);
        let live = self.of(key).and_then(|shard| shard.live(&key, now));
        match condition {
            Condition::Absent(_) => live.is_none(),
            Condition::Unchanged(_, version) => live.is_some_and(|record| record.version == *version),
        }
    }

    fn drop_expired(&mut self, now: Moment) {
        for shard in self.shards.iter_mut().flatten() {
            shard.drop_expired(now);
        }
    }
}

/// A thread that panicked inside may have left half a commit behind: nothing is answered then.
fn locked(shard: &Mutex<Shard>) -> Result<MutexGuard<'_, Shard>, StoreFault> {
    shard.lock().map_err(|_poisoned| StoreFault::Unavailable)
}

fn shard_number(id: Id) -> usize {
    usize::from(id.0.first().copied().unwrap_or_default() >> 4)
}

fn bucket_of(moment: Moment) -> i64 {
    moment.0.div_euclid(BUCKET_MS)
}

fn condition_key(condition: &Condition) -> Key {
    match condition {
        Condition::Absent(key) | Condition::Unchanged(key, _) => *key,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::arithmetic_side_effects)]

    use parhelion_testkit::store_contract::Place;
    use parhelion_testkit::{FakeClock, SeededEntropy};

    use super::*;

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

    parhelion_testkit::store_contract!(volatile: Memory);

    /// Puts `count` records that live for a minute.
    fn put_many(store: &MemoryStore, clock: &FakeClock, entropy: &SeededEntropy, count: usize) {
        use parhelion_engine::ports::Entropy;
        for _ in 0..count {
            let mut id = [0; 32];
            entropy.fill(&mut id).unwrap();
            let key = Key { tenant: TenantUid([1; 16]), kind: Kind::OnceKey, id: Id(id) };
            let write = Write::Put { key, expires_at: clock.now().plus_s(60), value: vec![7; 16] };
            assert_eq!(store.commit_now(Commit { conditions: vec![], writes: vec![write] }), Ok(Verdict::Done));
        }
    }

    #[test]
    fn expired_records_leave_as_new_ones_come() {
        let clock = Arc::new(FakeClock::default());
        let store = MemoryStore::new(Arc::clone(&clock) as Arc<dyn Clock>);
        let entropy = SeededEntropy::new(1);
        for _ in 0..20 {
            put_many(&store, &clock, &entropy, 1_000);
            clock.advance_ms(61_000);
        }
        let held = store.record_count().unwrap();
        assert!(held < 2_500, "{held} records are held, of which at most 1000 were ever live together");
        let buckets: usize = store.shards.iter().map(|shard| locked(shard).unwrap().buckets.len()).sum();
        assert!(buckets <= 3 * SHARDS, "{buckets} buckets are left");
    }
}
