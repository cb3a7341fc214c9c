//! Checks of single records: get, put, delete, versions, and the bounds of a commit.

use parhelion_engine::ports::{Condition, Kind, MAX_COMMIT_STEPS, StoreFault, Verdict, Write};

use super::Place;
use super::opened::{LONG_MS, Opened, key, put};

/// Get of a key that was never written answers none.
pub async fn what_was_never_put_is_absent<P: Place>() {
    let opened = Opened::<P>::fresh().await;
    assert_eq!(opened.get(key(Kind::Code, 1)).await, None);
}

/// Value and expiry come back as they were given.
pub async fn what_was_put_is_got_as_it_was<P: Place>() {
    let opened = Opened::<P>::fresh().await;
    opened.put(key(Kind::Code, 1), LONG_MS, b"value").await;
    let stored = opened.get(key(Kind::Code, 1)).await.unwrap();
    assert_eq!((stored.value.as_slice(), stored.expires_at), (&b"value"[..], opened.in_ms(LONG_MS)));
}

/// No value is too short, and a megabyte is not too long.
pub async fn a_value_may_be_empty_or_large<P: Place>() {
    let opened = Opened::<P>::fresh().await;
    let large: Vec<u8> = (0..1_048_576_u32).map(|position| position.to_le_bytes()[1]).collect();
    for (number, value) in [(1, &[][..]), (2, &large)] {
        opened.put(key(Kind::PushedRequest, number), LONG_MS, value).await;
        assert!(opened.get(key(Kind::PushedRequest, number)).await.unwrap().value == value);
    }
}

/// The last put wins: value and expiry.
pub async fn a_later_put_replaces_the_record<P: Place>() {
    let opened = Opened::<P>::fresh().await;
    opened.put(key(Kind::Session, 1), LONG_MS, b"first").await;
    opened.put(key(Kind::Session, 1), 2 * LONG_MS, b"second").await;
    let stored = opened.get(key(Kind::Session, 1)).await.unwrap();
    assert_eq!((stored.value.as_slice(), stored.expires_at), (&b"second"[..], opened.in_ms(2 * LONG_MS)));
}

/// Delete removes, and only what it names.
pub async fn a_deleted_record_is_absent<P: Place>() {
    let opened = Opened::<P>::fresh().await;
    opened.put(key(Kind::Code, 1), LONG_MS, b"gone").await;
    opened.put(key(Kind::Code, 2), LONG_MS, b"stays").await;
    opened.delete(key(Kind::Code, 1)).await;
    assert_eq!(opened.get(key(Kind::Code, 1)).await, None);
    assert!(opened.get(key(Kind::Code, 2)).await.is_some());
}

/// Delete is about the state afterwards, not about having removed something.
pub async fn deleting_nothing_is_done<P: Place>() {
    let opened = Opened::<P>::fresh().await;
    opened.delete(key(Kind::Code, 1)).await;
    assert_eq!(opened.get(key(Kind::Code, 1)).await, None);
}

/// Nothing to judge and nothing to write is done.
pub async fn an_empty_commit_is_done<P: Place>() {
    let opened = Opened::<P>::fresh().await;
    assert_eq!(opened.commit(vec![], vec![]).await, Verdict::Done);
}

/// Also when the same bytes are written again.
pub async fn the_version_changes_at_every_write<P: Place>() {
    let opened = Opened::<P>::fresh().await;
    let mut seen = Vec::new();
    for _ in 0..5 {
        opened.put(key(Kind::Grant, 1), LONG_MS, b"same").await;
        let version = opened.version(key(Kind::Grant, 1)).await;
        assert_eq!(opened.version(key(Kind::Grant, 1)).await, version, "a read changed the version");
        assert!(!seen.contains(&version), "version {version} came twice");
        seen.push(version);
    }
}

/// A record that went and came back is another one, so that `Unchanged` cannot be fooled.
pub async fn the_version_never_repeats_across_delete_and_put<P: Place>() {
    let opened = Opened::<P>::fresh().await;
    let mut seen = Vec::new();
    for _ in 0..3 {
        opened.put(key(Kind::Grant, 1), LONG_MS, b"same").await;
        let version = opened.version(key(Kind::Grant, 1)).await;
        assert!(!seen.contains(&version), "version {version} came twice");
        seen.push(version);
        opened.delete(key(Kind::Grant, 1)).await;
    }
    opened.put(key(Kind::Grant, 1), LONG_MS, b"same").await;
    let conditions = vec![Condition::Unchanged(key(Kind::Grant, 1), seen[0])];
    assert_eq!(opened.commit(conditions, vec![]).await, Verdict::Refused(0));
}

/// Puts and deletes of several kinds and tenants go together.
pub async fn all_writes_of_a_commit_happen<P: Place>() {
    let opened = Opened::<P>::fresh().await;
    opened.put(key(Kind::PushedRequest, 1), LONG_MS, b"par").await;
    let until = opened.in_ms(LONG_MS);
    let (taken, code) = (key(Kind::Taken, 1), key(Kind::Code, 9));
    let writes =
        vec![put(taken, until, b"taken"), put(code, until, b"code"), Write::Delete(key(Kind::PushedRequest, 1))];
    assert_eq!(opened.commit(vec![], writes).await, Verdict::Done);
    assert_eq!(opened.get(taken).await.unwrap().value, b"taken");
    assert_eq!(opened.get(code).await.unwrap().value, b"code");
    assert_eq!(opened.get(key(Kind::PushedRequest, 1)).await, None);
}

/// Conditions and writes count together, and sixteen are not too many.
pub async fn sixteen_steps_are_served<P: Place>() {
    let opened = Opened::<P>::fresh().await;
    assert_eq!(opened.try_commit(absences(8), puts(&opened, 8)).await, Ok(Verdict::Done));
    assert_eq!(opened.try_commit(absences(0), puts(&opened, 16)).await, Ok(Verdict::Done));
    assert_eq!(opened.try_commit(absences(16), vec![]).await, Ok(Verdict::Refused(0)));
}

/// One more than the bound is refused however the steps are divided.
pub async fn seventeen_steps_are_malformed<P: Place>() {
    let opened = Opened::<P>::fresh().await;
    for conditions in [0, 1, 8, 16, 17] {
        let writes = puts(&opened, 17 - conditions);
        assert_eq!(opened.try_commit(absences(conditions), writes).await, Err(StoreFault::Malformed));
    }
    assert_eq!(MAX_COMMIT_STEPS, 16);
}

/// Two writes of one key have no order that could be promised.
pub async fn a_key_written_twice_is_malformed<P: Place>() {
    let opened = Opened::<P>::fresh().await;
    let written = key(Kind::Code, 1);
    let until = opened.in_ms(LONG_MS);
    for writes in [
        vec![put(written, until, b"a"), put(written, until, b"b")],
        vec![put(written, until, b"a"), Write::Delete(written)],
        vec![Write::Delete(written), put(key(Kind::Code, 2), until, b"c"), Write::Delete(written)],
    ] {
        assert_eq!(opened.try_commit(vec![], writes).await, Err(StoreFault::Malformed));
    }
}

/// A commit that is turned down for its form leaves no trace.
pub async fn a_malformed_commit_writes_nothing<P: Place>() {
    let opened = Opened::<P>::fresh().await;
    assert_eq!(opened.try_commit(vec![], puts(&opened, 17)).await, Err(StoreFault::Malformed));
    for number in 0..17 {
        assert_eq!(opened.get(key(Kind::OnceKey, number)).await, None);
    }
}

fn absences(count: u16) -> Vec<Condition> {
    (0..count).map(|number| Condition::Absent(key(Kind::OnceKey, number))).collect()
}

fn puts<P: Place>(opened: &Opened<P>, count: u16) -> Vec<Write> {
    (0..count).map(|number| put(key(Kind::OnceKey, number), opened.in_ms(LONG_MS), b"once")).collect()
}
