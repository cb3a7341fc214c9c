//! Checks of time: expired is absent, to the millisecond and for good.

use parhelion_engine::ports::{Clock, Condition, Kind, Moment, Store, Verdict};

use super::Place;
use super::opened::{LONG_MS, Opened, TENANT, key, put};

const LIFETIME_MS: i64 = 60_000;

/// One millisecond before its moment a record is live to every question.
pub async fn a_record_lives_until_one_millisecond_before_its_moment<P: Place>() {
    let (opened, version) = with_one_record::<P>().await;
    opened.clock.advance_ms(LIFETIME_MS - 1);
    assert!(opened.get(key(Kind::Code, 1)).await.is_some());
    assert_eq!(opened.scan(TENANT, Kind::Code, None, 10).await.len(), 1);
    assert_eq!(opened.commit(vec![Condition::Unchanged(key(Kind::Code, 1), version)], vec![]).await, Verdict::Done);
    assert_eq!(opened.commit(vec![Condition::Absent(key(Kind::Code, 1))], vec![]).await, Verdict::Refused(0));
}

/// At its moment, and after it.
pub async fn an_expired_record_is_absent_to_get_at_its_moment<P: Place>() {
    let (opened, _) = with_one_record::<P>().await;
    opened.clock.advance_ms(LIFETIME_MS);
    assert_eq!(opened.get(key(Kind::Code, 1)).await, None);
    opened.clock.advance_ms(1);
    assert_eq!(opened.get(key(Kind::Code, 1)).await, None);
}

/// At its moment, and without taking the place of a live one.
pub async fn an_expired_record_is_absent_to_scan_at_its_moment<P: Place>() {
    let (opened, _) = with_one_record::<P>().await;
    opened.put(key(Kind::Code, 2), LONG_MS, b"live").await;
    opened.clock.advance_ms(LIFETIME_MS);
    let ids: Vec<_> = opened.scan(TENANT, Kind::Code, None, 1).await.into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids, [key(Kind::Code, 2).id]);
}

/// `Absent` holds and `Unchanged` fails from its moment on.
pub async fn an_expired_record_is_absent_to_conditions_at_its_moment<P: Place>() {
    let (opened, version) = with_one_record::<P>().await;
    opened.clock.advance_ms(LIFETIME_MS);
    assert_eq!(
        opened.commit(vec![Condition::Unchanged(key(Kind::Code, 1), version)], vec![]).await,
        Verdict::Refused(0)
    );
    assert_eq!(opened.commit(vec![Condition::Absent(key(Kind::Code, 1))], vec![]).await, Verdict::Done);
}

/// A lifetime of nothing, or less, is served and gives nothing.
pub async fn a_record_put_after_its_moment_is_absent_at_once<P: Place>() {
    let opened = Opened::<P>::fresh().await;
    for (number, lifetime_ms) in [(1, 0), (2, -1), (3, -LONG_MS)] {
        opened.put(key(Kind::Code, number), lifetime_ms, b"late").await;
        assert_eq!(opened.get(key(Kind::Code, number)).await, None);
    }
    let before_time = vec![put(key(Kind::Code, 4), Moment(i64::MIN), b"late")];
    assert_eq!(opened.commit(vec![], before_time).await, Verdict::Done);
    assert_eq!(opened.get(key(Kind::Code, 4)).await, None);
    assert_eq!(opened.scan(TENANT, Kind::Code, None, 10).await, vec![]);
}

/// `i64::MAX` is never, at whatever time one asks.
pub async fn i64_max_never_expires<P: Place>() {
    let opened = Opened::<P>::fresh().await;
    let kept = key(Kind::SigningKey, 1);
    assert_eq!(opened.commit(vec![], vec![put(kept, Moment(i64::MAX), b"key")]).await, Verdict::Done);
    let year_9999 = Moment(253_402_300_799_000);
    for now in [year_9999, Moment(i64::MAX - 1), Moment(i64::MAX)] {
        opened.clock.set(now);
        assert_eq!(opened.get(kept).await.unwrap().expires_at, Moment(i64::MAX));
        assert_eq!(opened.scan(TENANT, Kind::SigningKey, None, 10).await.len(), 1);
        assert_eq!(opened.commit(vec![Condition::Absent(kept)], vec![]).await, Verdict::Refused(0));
    }
}

/// What expired may be claimed again, and is another record then.
pub async fn an_expired_key_may_be_put_again_with_another_version<P: Place>() {
    let (opened, version) = with_one_record::<P>().await;
    opened.clock.advance_ms(LIFETIME_MS);
    let again = put(key(Kind::Code, 1), opened.in_ms(LIFETIME_MS), b"again");
    assert_eq!(opened.commit(vec![Condition::Absent(key(Kind::Code, 1))], vec![again]).await, Verdict::Done);
    assert_ne!(opened.version(key(Kind::Code, 1)).await, version);
}

/// Store time never runs backwards, so that a clock set back gives no code a second life (F-18).
pub async fn a_clock_set_back_revives_nothing<P: Place>() {
    let (opened, version) = with_one_record::<P>().await;
    opened.clock.advance_ms(LIFETIME_MS);
    let expired_at = opened.store.now();
    for back_ms in [1, 1_000, 300_000, 86_400_000] {
        opened.clock.advance_ms(-back_ms);
        assert!(opened.store.now() >= expired_at, "store time ran backwards");
        assert_eq!(opened.get(key(Kind::Code, 1)).await, None);
        let conditions = vec![Condition::Unchanged(key(Kind::Code, 1), version)];
        assert_eq!(opened.commit(conditions, vec![]).await, Verdict::Refused(0));
    }
}

/// Store time is the wall clock's as long as that one runs forwards.
pub async fn store_time_follows_the_clock_forwards<P: Place>() {
    let opened = Opened::<P>::fresh().await;
    for step_ms in [0, 1, 999, 3_600_000] {
        opened.clock.advance_ms(step_ms);
        assert_eq!(opened.store.now(), opened.clock.now());
    }
}

/// The expiry of an overwritten record means nothing any more, whether it was sooner or later.
pub async fn a_replaced_expiry_is_the_one_that_counts<P: Place>() {
    let (opened, _) = with_one_record::<P>().await;
    opened.put(key(Kind::Code, 1), 2 * LIFETIME_MS, b"longer").await;
    opened.put(key(Kind::Code, 2), 2 * LIFETIME_MS, b"long").await;
    opened.put(key(Kind::Code, 2), LIFETIME_MS / 2, b"shorter").await;
    opened.clock.advance_ms(LIFETIME_MS + 5_000);
    // Writes give every store the occasion to clean up, rightly or wrongly.
    for number in 10..60 {
        opened.put(key(Kind::Code, number), LONG_MS, b"other").await;
    }
    assert_eq!(opened.get(key(Kind::Code, 1)).await.unwrap().value, b"longer");
    assert_eq!(opened.get(key(Kind::Code, 2)).await, None);
}

async fn with_one_record<P: Place>() -> (Opened<P>, u64) {
    let opened = Opened::<P>::fresh().await;
    opened.put(key(Kind::Code, 1), LIFETIME_MS, b"code").await;
    let version = opened.version(key(Kind::Code, 1)).await;
    (opened, version)
}
