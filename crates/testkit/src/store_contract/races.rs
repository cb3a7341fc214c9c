//! Checks of simultaneity: of many who want one thing exactly one gets it, and a commit is never half.

use std::sync::Arc;

use parhelion_engine::ports::{Commit, Condition, Key, Kind, Moment, Store, StoreFault, Verdict, Write};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use super::Place;
use super::opened::{LONG_MS, Opened, TENANT, key, put};
use crate::SeededEntropy;

/// How many complete one request at the same moment in [`completion_races`].
pub const RACERS: u16 = 32;

/// Races that one step of [`completion_races`] runs side by side.
const RACES_AT_ONCE: usize = 8;

/// Take-once: `Unchanged(par)` and `Absent(taken)`, with code and tombstone in the same commit.
pub async fn of_many_who_take_one_request_exactly_one_is_done<P: Place>() {
    for racers in [2, 8, 64] {
        let opened = Opened::<P>::fresh().await;
        race_to_complete(&opened, 1, racers).await;
    }
}

/// Claim-once: `Absent(jti)` and a put of it.
pub async fn of_many_who_claim_one_jti_exactly_one_is_done<P: Place>() {
    let opened = Opened::<P>::fresh().await;
    for number in 0..10 {
        let claimed = key(Kind::OnceKey, number);
        let until = opened.in_ms(LONG_MS);
        let claims = (0..RACERS).map(|racer| Commit {
            conditions: vec![Condition::Absent(claimed)],
            writes: vec![put(claimed, until, &racer.to_be_bytes())],
        });
        let winner = sole_winner(all_at_once(&opened.store, claims).await);
        assert_eq!(opened.get(claimed).await.unwrap().value, winner.to_be_bytes());
    }
}

/// [`completion_races`], in full where the build is optimised.
pub async fn of_32_simultaneous_completions_exactly_one_is_done<P: Place>() {
    // Optimised, ten thousand take two seconds; without, they would take minutes.
    let count = if cfg!(debug_assertions) { 64 } else { 10_000 };
    completion_races::<P>(count, |_| ()).await;
}

/// `count` races of [`RACERS`] simultaneous completions each; the full form takes 10,000.
/// `progress` hears after each step how many are behind.
///
/// # Panics
/// When a race has no winner or two, or leaves what it should not.
pub async fn completion_races<P: Place>(count: usize, mut progress: impl FnMut(usize)) {
    let opened = Arc::new(Opened::<P>::fresh().await);
    let mut behind = 0;
    while behind < count {
        let step = RACES_AT_ONCE.min(count - behind);
        let mut races = JoinSet::new();
        for number in behind..behind + step {
            let opened = Arc::clone(&opened);
            races.spawn(async move { race_to_complete(&opened, number, RACERS).await });
        }
        races.join_all().await;
        behind += step;
        progress(behind);
    }
}

/// Optimistic counting: whoever is refused reads again, and no step is lost.
pub async fn simultaneous_counters_lose_no_step<P: Place>() {
    const COUNTERS: u16 = 8;
    const STEPS: u16 = 6;
    let opened = Arc::new(Opened::<P>::fresh().await);
    opened.put(key(Kind::Grant, 1), LONG_MS, &0_u16.to_be_bytes()).await;
    let mut counters = JoinSet::new();
    for _ in 0..COUNTERS {
        let opened = Arc::clone(&opened);
        counters.spawn(async move {
            for _ in 0..STEPS {
                count_one(&opened).await;
            }
        });
    }
    counters.join_all().await;
    let total = opened.get(key(Kind::Grant, 1)).await.unwrap().value;
    assert_eq!(total, (COUNTERS * STEPS).to_be_bytes());
}

/// However early or late the caller gives up, all writes are seen or none.
pub async fn a_dropped_commit_is_whole_or_absent<P: Place>() {
    let opened = Opened::<P>::fresh().await;
    for patience in 0..120_u16 {
        let keys: [Key; 4] = std::array::from_fn(|part| key(KINDS[part], patience));
        let writes = keys.map(|key| put(key, Moment(i64::MAX), b"part")).to_vec();
        drop_after(&opened.store, Commit { conditions: vec![], writes }, patience).await;
        assert_whole_or_absent(&opened, &keys).await;
    }
    // Whatever was still under way has been decided before this one is.
    opened.put(key(Kind::Session, 1), LONG_MS, b"").await;
    for patience in 0..120_u16 {
        let keys: [Key; 4] = std::array::from_fn(|part| key(KINDS[part], patience));
        assert_whole_or_absent(&opened, &keys).await;
    }
}

/// One racer who gives up does not take the prize away from those who wait.
pub async fn a_dropped_commit_leaves_the_others_alone<P: Place>() {
    let opened = Opened::<P>::fresh().await;
    for number in 0..20 {
        let claimed = key(Kind::OnceKey, number);
        let claim = |racer: u16| Commit {
            conditions: vec![Condition::Absent(claimed)],
            writes: vec![put(claimed, Moment(i64::MAX), &racer.to_be_bytes())],
        };
        let quitter = drop_after(&opened.store, claim(999), number);
        let waiting = all_at_once(&opened.store, (0..4).map(claim));
        let ((), answers) = tokio::join!(quitter, waiting);
        let value = opened.get(claimed).await.expect("someone has it").value;
        let done: Vec<u16> = winners(&answers);
        if value == 999_u16.to_be_bytes() {
            assert!(done.is_empty(), "two claimed one value");
        } else {
            assert_eq!(done.iter().map(|racer| racer.to_be_bytes().to_vec()).collect::<Vec<_>>(), [value]);
        }
    }
}

const KINDS: [Kind; 4] = [Kind::Code, Kind::AccessToken, Kind::RefreshToken, Kind::Grant];

async fn race_to_complete<P: Place>(opened: &Opened<P>, race: usize, racers: u16) {
    let entropy = SeededEntropy::new(race as u64);
    let [par, taken] = [Kind::PushedRequest, Kind::Taken].map(|kind| random_key(&entropy, kind));
    let codes: Vec<Key> = (0..racers).map(|_| random_key(&entropy, Kind::Code)).collect();
    opened.put(par, LONG_MS, b"request").await;
    let version = opened.version(par).await;
    let until = opened.in_ms(LONG_MS);
    let completions = codes.iter().zip(0_u16..).map(|(code, racer)| Commit {
        conditions: vec![Condition::Unchanged(par, version), Condition::Absent(taken)],
        writes: vec![
            put(taken, until, &racer.to_be_bytes()),
            put(*code, until, &racer.to_be_bytes()),
            Write::Delete(par),
        ],
    });
    let winner = sole_winner(all_at_once(&opened.store, completions).await);
    assert_eq!(opened.get(par).await, None, "race {race}");
    assert_eq!(opened.get(taken).await.unwrap().value, winner.to_be_bytes(), "race {race}");
    for (code, racer) in codes.iter().zip(0_u16..) {
        assert_eq!(opened.get(*code).await.is_some(), racer == winner, "race {race}, code of {racer}");
    }
}

fn random_key(entropy: &SeededEntropy, kind: Kind) -> Key {
    use parhelion_engine::ports::{Entropy, Id};
    let mut id = [0; 32];
    entropy.fill(&mut id).expect("seeded entropy has no faults");
    Key { tenant: TENANT, kind, id: Id(id) }
}

async fn all_at_once<S: Store + 'static>(
    store: &Arc<S>,
    commits: impl IntoIterator<Item = Commit>,
) -> Vec<Result<Verdict, StoreFault>> {
    let commits: Vec<Commit> = commits.into_iter().collect();
    let start = Arc::new(Barrier::new(commits.len()));
    let racers: Vec<_> = commits
        .into_iter()
        .map(|commit| {
            let (store, start) = (Arc::clone(store), Arc::clone(&start));
            tokio::spawn(async move {
                start.wait().await;
                store.commit(commit).await
            })
        })
        .collect();
    let mut answers = Vec::new();
    for racer in racers {
        answers.push(racer.await.expect("no racer panics"));
    }
    answers
}

fn winners(answers: &[Result<Verdict, StoreFault>]) -> Vec<u16> {
    answers.iter().zip(0_u16..).filter(|(answer, _)| **answer == Ok(Verdict::Done)).map(|(_, racer)| racer).collect()
}

fn sole_winner(answers: Vec<Result<Verdict, StoreFault>>) -> u16 {
    let winners = winners(&answers);
    assert_eq!(winners.len(), 1, "not one winner: {answers:?}");
    for (answer, racer) in answers.iter().zip(0_u16..) {
        assert!(racer == winners[0] || *answer == Ok(Verdict::Refused(0)), "a loser heard {answer:?}");
    }
    winners[0]
}

async fn count_one<P: Place>(opened: &Opened<P>) {
    loop {
        let counter = opened.get(key(Kind::Grant, 1)).await.unwrap();
        let next = u16::from_be_bytes([counter.value[0], counter.value[1]]) + 1;
        let conditions = vec![Condition::Unchanged(key(Kind::Grant, 1), counter.version)];
        let writes = vec![put(key(Kind::Grant, 1), opened.in_ms(LONG_MS), &next.to_be_bytes())];
        if opened.commit(conditions, writes).await == Verdict::Done {
            return;
        }
    }
}

/// Polls a commit `patience` times or until it answers, and drops it.
async fn drop_after<S: Store>(store: &Arc<S>, commit: Commit, patience: u16) {
    let mut answer = store.commit(commit);
    for _ in 0..patience {
        tokio::select! {
            biased;
            _ = &mut answer => return,
            () = tokio::task::yield_now() => {}
        }
    }
}

async fn assert_whole_or_absent<P: Place>(opened: &Opened<P>, keys: &[Key]) {
    let mut seen_before = false;
    // The commit may land between two reads, but then every later read sees it.
    for key in keys.iter().chain(keys) {
        let seen = opened.get(*key).await.is_some();
        assert!(seen || !seen_before, "half a commit was seen");
        seen_before = seen;
    }
}
