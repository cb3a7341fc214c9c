//! The bounded queue before the writer, and those who wait in it.
//!
//! Who waits may give up, by deadline or by being dropped; who has been claimed by the writer cannot be
//! called back. One atomic decides between the two, so that "nothing was done" is always the truth.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use parhelion_engine::ports::{Commit, StoreFault, Verdict};
use tokio::sync::oneshot;
use tokio::time::timeout;

/// What a waiter is told.
pub(super) type CommitAnswer = Result<Verdict, StoreFault>;

/// What the writer receives.
pub(super) enum Work {
    /// A commit that someone waits for.
    Commit(Pending),
    /// Finish what came before this, and stop.
    Close,
}

/// The sending end.
pub(super) struct Queue {
    sender: SyncSender<Work>,
    queue_wait: Duration,
    commit_wait: Duration,
}

impl Queue {
    /// A queue for `length` commits: each is claimed within `queue_wait` or not done at all, and in
    /// doubt when there is no answer `commit_wait` after that.
    pub(super) fn new(length: usize, queue_wait: Duration, commit_wait: Duration) -> (Self, Receiver<Work>) {
        let (sender, receiver) = sync_channel(length);
        (Self { sender, queue_wait, commit_wait }, receiver)
    }

    /// Queues a commit and waits for its answer.
    pub(super) async fn commit(&self, commit: Commit) -> CommitAnswer {
        let (sender, mut receiver) = oneshot::channel();
        let ticket = Ticket(Arc::new(AtomicU8::new(WAITING)));
        let pending = Pending { commit, ticket: Arc::clone(&ticket.0), answer: sender };
        self.sender.try_send(Work::Commit(pending)).map_err(|_full_or_gone| StoreFault::Unavailable)?;
        if let Ok(answer) = timeout(self.queue_wait, &mut receiver).await {
            return answer.unwrap_or_else(|_lost| Err(ticket.fault_without_answer()));
        }
        if ticket.withdraw() {
            return Err(StoreFault::Unavailable);
        }
        match timeout(self.commit_wait, receiver).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) | Err(_) => Err(StoreFault::InDoubt),
        }
    }

    /// Tells the writer to stop; waits for room to say so.
    pub(super) fn close(&self) {
        // A writer that is gone needs no telling.
        let _ = self.sender.send(Work::Close);
    }
}

/// A commit in the queue.
pub(super) struct Pending {
    commit: Commit,
    ticket: Arc<AtomicU8>,
    answer: oneshot::Sender<CommitAnswer>,
}

impl Pending {
    /// Bytes of all values, for bounding a batch.
    pub(super) fn value_bytes(&self) -> usize {
        use parhelion_engine::ports::Write;
        let length = |write: &Write| match write {
            Write::Put { value, .. } => value.len(),
            Write::Delete(_) => 0,
        };
        self.commit.writes.iter().map(length).fold(0, usize::saturating_add)
    }

    /// Takes the commit out of its waiter's hands; none if the waiter gave up before.
    pub(super) fn claim(self) -> Option<(Commit, Claimed)> {
        let claimed = self.ticket.compare_exchange(WAITING, CLAIMED, Ordering::AcqRel, Ordering::Acquire).is_ok();
        claimed.then_some((self.commit, Claimed(self.answer)))
    }
}

/// Someone who waits for an answer that will be given. Dropped without one, it is heard as in doubt.
pub(super) struct Claimed(oneshot::Sender<CommitAnswer>);

impl Claimed {
    pub(super) fn answer(self, answer: CommitAnswer) {
        // Who has stopped listening may learn it by reading.
        let _ = self.0.send(answer);
    }
}

const WAITING: u8 = 0;
const CLAIMED: u8 = 1;
const WITHDRAWN: u8 = 2;

/// The waiter's half of the decision. Dropped while still waiting, it withdraws.
struct Ticket(Arc<AtomicU8>);

impl Ticket {
    /// Whether the commit was called back in time: then it is never done.
    fn withdraw(&self) -> bool {
        self.0.compare_exchange(WAITING, WITHDRAWN, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// What is true when the writer has gone without answering.
    fn fault_without_answer(&self) -> StoreFault {
        if self.withdraw() { StoreFault::Unavailable } else { StoreFault::InDoubt }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.withdraw();
    }
}
