//! Checks of durable stores: what closing and opening again must not change.

use parhelion_engine::ports::{Clock, Condition, Kind, Moment, Store, Verdict};

use super::Place;
use super::opened::{LONG_MS, Opened, TENANT, key, put};

/// Value, version and expiry, to get and to scan.
pub async fn what_was_acknowledged_is_there_after_reopening<P: Place>() {
    let opened = Opened::<P>::fresh().await;
    for number in 0..40 {
        opened.put(key(Kind::PushedRequest, number), LONG_MS, &number.to_be_bytes()).await;
    }
    let before = opened.scan(TENANT, Kind::PushedRequest, None, 100).await;
    let opened = opened.reopen().await;
    assert_eq!(opened.scan(TENANT, Kind::PushedRequest, None, 100).await, before);
    assert_eq!(before.len(), 40);
    assert_eq!(opened.get(key(Kind::PushedRequest, 7)).await.as_ref(), Some(&before[7].1));
}

/// What was taken stays taken.
pub async fn what_was_deleted_is_absent_after_reopening<P: Place>() {
    let opened = Opened::<P>::fresh().await;
    opened.put(key(Kind::Code, 1), LONG_MS, b"gone").await;
    let opened = opened.reopen().await;
    opened.delete(key(Kind::Code, 1)).await;
    let opened = opened.reopen().await;
    assert_eq!(opened.get(key(Kind::Code, 1)).await, None);
    assert_eq!(opened.commit(vec![Condition::Absent(key(Kind::Code, 1))], vec![]).await, Verdict::Done);
}

/// Also when the record was deleted in between.
pub async fn a_version_never_repeats_across_reopening<P: Place>() {
    let mut opened = Opened::<P>::fresh().await;
    let mut seen = Vec::new();
    for round in 0..4 {
        opened.put(key(Kind::Grant, 1), LONG_MS, b"same").await;
        let version = opened.version(key(Kind::Grant, 1)).await;
        assert!(!seen.contains(&version), "version {version} came twice");
        seen.push(version);
        if round % 2 == 0 {
            opened.delete(key(Kind::Grant, 1)).await;
        }
        opened = opened.reopen().await;
    }
}

/// As far as the last durable commit, store time is kept (F-18): a used code and a jti stay used.
pub async fn a_clock_set_back_across_reopening_revives_nothing<P: Place>() {
    let opened = Opened::<P>::fresh().await;
    opened.put(key(Kind::Code, 1), 60_000, b"code").await;
    let version = opened.version(key(Kind::Code, 1)).await;
    opened.clock.advance_ms(60_000);
    let expired_at = opened.clock.now();
    let anything = put(key(Kind::OnceKey, 1), Moment(i64::MAX), b"");
    assert_eq!(opened.commit(vec![], vec![anything]).await, Verdict::Done);
    opened.clock.advance_ms(-86_400_000);
    let opened = opened.reopen().await;
    assert!(opened.store.now() >= expired_at, "store time ran backwards");
    assert_eq!(opened.get(key(Kind::Code, 1)).await, None);
    let conditions = vec![Condition::Unchanged(key(Kind::Code, 1), version)];
    assert_eq!(opened.commit(conditions, vec![]).await, Verdict::Refused(0));
}
