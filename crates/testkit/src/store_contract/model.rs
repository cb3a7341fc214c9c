//! Any sequence of operations against a small model: a map, a moment and a counter of writes.

use std::collections::{BTreeMap, HashSet};

use parhelion_engine::ports::{Condition, Id, Key, Kind, Moment, Store, TenantUid, Verdict, Write};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::Place;
use super::opened::{OTHER_TENANT, Opened, TENANT, id};

/// Without reopening: for every store.
pub async fn any_sequence_of_operations_agrees_with_the_model<P: Place>() {
    model_runs::<P>(48, Step::Tick(1)).await;
}

/// With reopening: for durable stores.
pub async fn any_sequence_of_operations_and_reopenings_agrees_with_the_model<P: Place>() {
    model_runs::<P>(24, Step::Reopen).await;
}

/// One thing that is done to store and model alike.
#[derive(Clone, Debug)]
enum Step {
    Get(Key),
    Scan { tenant: TenantUid, kind: Kind, after: Option<Id>, limit: usize },
    Commit { conditions: Vec<Demand>, writes: Vec<Change> },
    Tick(i64),
    Reopen,
}

/// A condition, with the version in words, because only the store knows its number.
#[derive(Clone, Debug)]
enum Demand {
    Absent(Key),
    Present(Key),
    Stale(Key),
}

#[derive(Clone, Debug)]
enum Change {
    Put { key: Key, lifetime_ms: i64, value: u8 },
    Delete(Key),
}

async fn model_runs<P: Place>(cases: u32, special: Step) {
    let handle = tokio::runtime::Handle::current();
    let runs = tokio::task::spawn_blocking(move || {
        let config = Config { cases, failure_persistence: None, max_shrink_iters: 400, ..Config::default() };
        TestRunner::new(config).run(&prop::collection::vec(any_step(special), 1..40), |steps| {
            handle.block_on(follow::<P>(steps));
            Ok(())
        })
    });
    if let Err(failure) = runs.await.expect("the runner answers") {
        panic!("{failure}");
    }
}

/// Version, expiry, value.
type Held = (u64, Moment, Vec<u8>);

/// What must be there: the whole truth about a store, in a dozen lines.
#[derive(Default)]
struct Model {
    records: BTreeMap<Key, Held>,
    versions: HashSet<u64>,
    last_version: BTreeMap<Key, u64>,
}

impl Model {
    fn live(&self, key: Key, now: Moment) -> Option<&Held> {
        self.records.get(&key).filter(|(_, expires_at, _)| *expires_at > now)
    }

    fn holds(&self, demand: &Demand, now: Moment) -> bool {
        match demand {
            Demand::Absent(key) => self.live(*key, now).is_none(),
            Demand::Present(key) => self.live(*key, now).is_some(),
            Demand::Stale(_) => false,
        }
    }

    fn condition(&self, demand: &Demand) -> Condition {
        let version = |key: &Key| self.last_version.get(key).copied().unwrap_or_default();
        match demand {
            Demand::Absent(key) => Condition::Absent(*key),
            Demand::Present(key) => Condition::Unchanged(*key, version(key)),
            Demand::Stale(key) => Condition::Unchanged(*key, version(key).wrapping_add(1)),
        }
    }
}

async fn follow<P: Place>(steps: Vec<Step>) {
    let mut opened = Opened::<P>::fresh().await;
    let mut model = Model::default();
    for step in steps {
        let now = opened.store.now();
        match step {
            Step::Get(key) => {
                let got = opened.get(key).await.map(|stored| (stored.version, stored.expires_at, stored.value));
                assert_eq!(got.as_ref(), model.live(key, now));
            }
            Step::Scan { tenant, kind, after, limit } => {
                assert_scan(&opened, &model, (tenant, kind), after, limit).await;
            }
            Step::Commit { conditions, writes } => commit_both(&opened, &mut model, &conditions, writes).await,
            Step::Tick(milliseconds) => opened.clock.advance_ms(milliseconds),
            Step::Reopen => opened = opened.reopen().await,
        }
    }
}

async fn assert_scan<P: Place>(
    opened: &Opened<P>,
    model: &Model,
    (tenant, kind): (TenantUid, Kind),
    after: Option<Id>,
    limit: usize,
) {
    let now = opened.store.now();
    let expected: Vec<(Id, u64)> = model
        .records
        .iter()
        .filter(|(key, (_, expires_at, _))| {
            (key.tenant, key.kind) == (tenant, kind) && after.is_none_or(|after| key.id > after) && *expires_at > now
        })
        .map(|(key, (version, _, _))| (key.id, *version))
        .take(limit)
        .collect();
    let scanned = opened.scan(tenant, kind, after, limit).await;
    assert_eq!(scanned.iter().map(|(id, stored)| (*id, stored.version)).collect::<Vec<_>>(), expected);
}

async fn commit_both<P: Place>(opened: &Opened<P>, model: &mut Model, demands: &[Demand], changes: Vec<Change>) {
    let now = opened.store.now();
    let mut written = HashSet::new();
    let changes: Vec<Change> = changes.into_iter().filter(|change| written.insert(change.key())).collect();
    let conditions = demands.iter().map(|demand| model.condition(demand)).collect();
    let writes = changes.iter().map(|change| change.write(now)).collect();
    let expected = demands.iter().position(|demand| !model.holds(demand, now));
    let verdict = opened.commit(conditions, writes).await;
    assert_eq!(verdict, expected.map_or(Verdict::Done, Verdict::Refused));
    if verdict != Verdict::Done {
        return;
    }
    for change in changes {
        let key = change.key();
        model.records.remove(&key);
        if let Change::Put { lifetime_ms, value, .. } = change
            && let Some(stored) = opened.get(key).await
        {
            assert!(model.versions.insert(stored.version), "version {} came twice", stored.version);
            assert_eq!((stored.expires_at, &stored.value), (Moment(now.0 + lifetime_ms), &vec![value]));
            model.last_version.insert(key, stored.version);
            model.records.insert(key, (stored.version, stored.expires_at, stored.value));
        } else if let Change::Put { lifetime_ms, .. } = change {
            assert!(lifetime_ms <= 0, "a live record was not stored");
        }
    }
}

impl Change {
    fn key(&self) -> Key {
        match self {
            Self::Put { key, .. } | Self::Delete(key) => *key,
        }
    }

    fn write(&self, now: Moment) -> Write {
        match self {
            Self::Put { key, lifetime_ms, value } => {
                Write::Put { key: *key, expires_at: Moment(now.0 + lifetime_ms), value: vec![*value] }
            }
            Self::Delete(key) => Write::Delete(*key),
        }
    }
}

/// Few keys, so that sequences meet themselves.
fn any_key() -> impl Strategy<Value = Key> {
    (prop::bool::ANY, prop::bool::ANY, 0_u16..4).prop_map(|(other, code, number)| Key {
        tenant: if other { OTHER_TENANT } else { TENANT },
        kind: if code { Kind::Code } else { Kind::OnceKey },
        id: id(number * 21_000),
    })
}

fn any_step(special: Step) -> impl Strategy<Value = Step> {
    let demand = (any_key(), 0..5_u8).prop_map(|(key, word)| match word {
        0 | 1 => Demand::Absent(key),
        2 | 3 => Demand::Present(key),
        _ => Demand::Stale(key),
    });
    let change = (any_key(), 0..8_u8, any::<u8>()).prop_map(|(key, word, value)| match word {
        0 => Change::Put { key, lifetime_ms: 0, value },
        1 | 2 => Change::Put { key, lifetime_ms: 1_500, value },
        3..=5 => Change::Put { key, lifetime_ms: 60_000, value },
        _ => Change::Delete(key),
    });
    let scan = (any_key(), prop::option::of(0_u16..4), 0_usize..6).prop_map(|(key, after, limit)| Step::Scan {
        tenant: key.tenant,
        kind: key.kind,
        after: after.map(|number| id(number * 21_000)),
        limit,
    });
    prop_oneof![
        4 => any_key().prop_map(Step::Get),
        2 => scan,
        6 => (prop::collection::vec(demand, 0..4), prop::collection::vec(change, 0..5))
            .prop_map(|(conditions, writes)| Step::Commit { conditions, writes }),
        2 => prop_oneof![Just(1_i64), Just(500), Just(1_500), Just(59_000), Just(-2_000)].prop_map(Step::Tick),
        1 => Just(special),
    ]
}
