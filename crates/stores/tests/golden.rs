//! A store file of every format version is kept, and every release reads it.
#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, clippy::disallowed_methods)]

use std::fs;
use std::sync::Arc;

use parhelion_engine::ports::{Commit, Condition, Id, Key, Kind, Moment, Store, Stored, TenantUid, Verdict, Write};
use parhelion_stores::embedded::{EmbeddedLimits, EmbeddedStore};
use parhelion_testkit::{FakeClock, TemporaryDirectory};

/// When the file was written.
const THEN: Moment = Moment(1_800_000_000_000);

const KINDS: [Kind; 10] = [
    Kind::Tenant,
    Kind::SigningKey,
    Kind::PushedRequest,
    Kind::Taken,
    Kind::Code,
    Kind::AccessToken,
    Kind::RefreshToken,
    Kind::OnceKey,
    Kind::Session,
    Kind::Grant,
];

#[tokio::test]
async fn a_store_file_of_format_1_gives_its_records_back() {
    let (_directory, store) = opened_copy(THEN);
    for (kind, number) in KINDS.into_iter().zip(1_u8..) {
        let expires_at = if number == 2 { Moment(i64::MAX) } else { THEN.plus_s(i64::from(number) * 60) };
        let value = vec![number; usize::from(number) * 7];
        let expected = Stored { version: u64::from(number), expires_at, value };
        assert_eq!(store.get(key(kind, number)).await, Ok(Some(expected.clone())), "{kind:?}");
        let scanned = store.scan(TenantUid([number; 16]), kind, None, 10).await;
        assert_eq!(scanned, Ok(vec![(Id([number * 25; 32]), expected)]));
    }
    assert_eq!(store.record_count(), Ok(10));
}

#[tokio::test]
async fn a_store_file_of_format_1_goes_on_where_it_ended() {
    let (_directory, store) = opened_copy(THEN.plus_s(-86_400));
    assert_eq!(store.now(), THEN, "its store time is lost");
    let next = key(Kind::Code, 77);
    let writes = vec![Write::Put { key: next, expires_at: THEN.plus_s(60), value: vec![] }];
    let conditions = vec![Condition::Unchanged(key(Kind::Grant, 10), 10), Condition::Absent(next)];
    assert_eq!(store.commit(Commit { conditions, writes }).await, Ok(Verdict::Done));
    assert_eq!(store.get(next).await.unwrap().unwrap().version, 11, "its count of versions is lost");
}

#[tokio::test]
async fn a_store_file_of_format_1_cleans_itself() {
    let (_directory, store) = opened_copy(THEN.plus_s(3_600));
    for _ in 0..400 {
        if store.record_count() == Ok(1) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(store.record_count(), Ok(1), "the signing key alone never expires");
    assert!(store.get(key(Kind::SigningKey, 2)).await.unwrap().is_some());
}

fn opened_copy(now: Moment) -> (TemporaryDirectory, EmbeddedStore) {
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/store-v1.redb");
    let directory = TemporaryDirectory::new();
    let copy = directory.join("store");
    fs::write(&copy, fs::read(golden).unwrap()).unwrap();
    let store = EmbeddedStore::open(&copy, Arc::new(FakeClock::at(now)), EmbeddedLimits::default()).unwrap();
    (directory, store)
}

fn key(kind: Kind, number: u8) -> Key {
    Key { tenant: TenantUid([number; 16]), kind, id: Id([number.wrapping_mul(25); 32]) }
}
