//! Checks of conditions: when they hold, which one is reported, and that a refusal writes nothing.

use parhelion_engine::ports::{Condition, Kind, Verdict, Write};

use super::Place;
use super::opened::{LONG_MS, OTHER_TENANT, Opened, key, put};

/// `Absent` holds for what was never put and what was deleted; other tenants and kinds are other keys.
pub async fn absent_holds_only_where_nothing_is<P: Place>() {
    let opened = Opened::<P>::fresh().await;
    let claimed = key(Kind::OnceKey, 1);
    assert_eq!(opened.commit(vec![Condition::Absent(claimed)], vec![]).await, Verdict::Done);
    opened.put(claimed, LONG_MS, b"").await;
    assert_eq!(opened.commit(vec![Condition::Absent(claimed)], vec![]).await, Verdict::Refused(0));

    let mut elsewhere = claimed;
    elsewhere.tenant = OTHER_TENANT;
    let others = [elsewhere, key(Kind::Code, 1), key(Kind::OnceKey, 2)];
    assert_eq!(opened.commit(others.map(Condition::Absent).to_vec(), vec![]).await, Verdict::Done);

    opened.delete(claimed).await;
    assert_eq!(opened.commit(vec![Condition::Absent(claimed)], vec![]).await, Verdict::Done);
}

/// `Unchanged` holds for the present version, and for no other one, earlier or invented or of nothing.
pub async fn unchanged_holds_only_for_the_present_version<P: Place>() {
    let opened = Opened::<P>::fresh().await;
    let watched = key(Kind::RefreshToken, 1);
    assert_eq!(opened.commit(vec![Condition::Unchanged(watched, 0)], vec![]).await, Verdict::Refused(0));
    opened.put(watched, LONG_MS, b"one").await;
    let first = opened.version(watched).await;
    assert_eq!(opened.commit(vec![Condition::Unchanged(watched, first)], vec![]).await, Verdict::Done);
    let invented = first.wrapping_add(1);
    assert_eq!(opened.commit(vec![Condition::Unchanged(watched, invented)], vec![]).await, Verdict::Refused(0));
    opened.put(watched, LONG_MS, b"two").await;
    assert_eq!(opened.commit(vec![Condition::Unchanged(watched, first)], vec![]).await, Verdict::Refused(0));
    let second = opened.version(watched).await;
    opened.delete(watched).await;
    assert_eq!(opened.commit(vec![Condition::Unchanged(watched, second)], vec![]).await, Verdict::Refused(0));
}

/// The index is that of the first failure, whatever fails after it.
pub async fn the_first_condition_that_fails_is_reported<P: Place>() {
    let opened = Opened::<P>::fresh().await;
    let there = key(Kind::Code, 1);
    opened.put(there, LONG_MS, b"").await;
    let version = opened.version(there).await;
    let holds = Condition::Unchanged(there, version);
    let fails = Condition::Absent(there);
    let stale = Condition::Unchanged(there, version.wrapping_add(1));
    for (conditions, expected) in [
        (vec![fails.clone(), holds.clone()], 0),
        (vec![holds.clone(), fails.clone()], 1),
        (vec![holds.clone(), holds.clone(), stale.clone(), fails], 2),
        (vec![stale, holds], 0),
    ] {
        assert_eq!(opened.commit(conditions, vec![]).await, Verdict::Refused(expected));
    }
}

/// Not a put, not a delete, not even those that stand before the failed condition's key.
pub async fn a_refused_commit_writes_nothing<P: Place>() {
    let opened = Opened::<P>::fresh().await;
    let (there, new) = (key(Kind::Code, 1), key(Kind::Code, 2));
    opened.put(there, LONG_MS, b"before").await;
    let before = opened.get(there).await;
    let until = opened.in_ms(LONG_MS);
    let verdict = opened
        .commit(
            vec![Condition::Absent(new), Condition::Absent(there)],
            vec![put(new, until, b"new"), put(there, until, b"after")],
        )
        .await;
    assert_eq!(verdict, Verdict::Refused(1));
    assert_eq!(opened.commit(vec![Condition::Absent(there)], vec![Write::Delete(there)]).await, Verdict::Refused(0));
    assert_eq!(opened.get(new).await, None);
    assert_eq!(opened.get(there).await, before);
}

/// A key may be demanded absent and be put in one commit: that is how a value is claimed.
pub async fn conditions_are_judged_before_the_writes_of_their_own_commit<P: Place>() {
    let opened = Opened::<P>::fresh().await;
    let claimed = key(Kind::OnceKey, 1);
    let until = opened.in_ms(LONG_MS);
    let claim = || (vec![Condition::Absent(claimed)], vec![put(claimed, until, b"")]);
    let (conditions, writes) = claim();
    assert_eq!(opened.commit(conditions, writes).await, Verdict::Done);
    let (conditions, writes) = claim();
    assert_eq!(opened.commit(conditions, writes).await, Verdict::Refused(0));
}

/// A commit may only ask: its answer is as exact as any other's.
pub async fn a_condition_may_stand_without_a_write<P: Place>() {
    let opened = Opened::<P>::fresh().await;
    opened.put(key(Kind::Code, 1), LONG_MS, b"").await;
    let version = opened.version(key(Kind::Code, 1)).await;
    let conditions = vec![Condition::Unchanged(key(Kind::Code, 1), version), Condition::Absent(key(Kind::Code, 2))];
    assert_eq!(opened.commit(conditions, vec![]).await, Verdict::Done);
    assert_eq!(opened.version(key(Kind::Code, 1)).await, version);
}
