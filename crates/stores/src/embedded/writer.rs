//! The one thread that writes: it takes everything that waits, puts it into one transaction, syncs
//! once, and answers everyone.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::Duration;

use parhelion_engine::ports::{Commit, StoreFault, Verdict};
use redb::{Database, Durability};

use super::batch::Batch;
use super::queue::{Claimed, CommitAnswer, Pending, Work};
use super::snapshot::Snapshot;
use super::{Health, Shared};

/// Commits in one transaction at most.
const BATCH_COMMITS: usize = 512;

/// Bytes of values after which a batch takes no further commit.
const BATCH_BYTES: usize = 1 << 20;

/// How often an idle writer looks for expired records.
const IDLE: Duration = Duration::from_millis(500);

/// The pause between two chunks of cleaning, in which commits come first.
const BETWEEN_CHUNKS: Duration = Duration::from_millis(5);

/// Expired records that an idle writer removes in one transaction.
const IDLE_CHUNK: usize = 512;

/// Expired records that a batch removes for each write in it: more than it adds, so that cleaning
/// outruns writing and the file does not grow with what has expired.
const CLEANED_PER_WRITE: usize = 2;

/// Free space, in bytes, that a batch leaves: for itself, for each of its commits, and for each
/// byte of a value. Below it commits are refused before anything is written, because an error in
/// the middle of writing is for good and this one passes.
const SPACE: (u64, u64, u64) = (2 << 20, 64 << 10, 3);

/// What the writer needs to know of the disk: how many bytes are free, if that can be told.
pub(super) type FreeSpace = Box<dyn Fn() -> Option<u64> + Send>;

/// The writer's own state.
pub(super) struct Writer {
    pub(super) database: Database,
    pub(super) shared: Arc<Shared>,
    pub(super) work: Receiver<Work>,
    pub(super) last_version: u64,
    pub(super) free_space: FreeSpace,
}

/// Something failed for good: this thread ends and the store answers no more.
struct Broken;

impl Writer {
    /// Works until closed or broken. However it ends, panics included, the store serves no more.
    pub(super) fn run(mut self) {
        let _ending = Ending(Arc::clone(&self.shared));
        if let Ok(()) = self.work_until_closed() {
            self.shared.end(Health::Closed);
        }
    }

    fn work_until_closed(&mut self) -> Result<(), Broken> {
        let mut patience = IDLE;
        loop {
            match self.work.recv_timeout(patience) {
                Ok(Work::Commit(first)) => {
                    let (batch, next) = self.collect(first);
                    self.commit_batch(batch)?;
                    if matches!(next, Next::Stop) {
                        return Ok(());
                    }
                }
                Err(RecvTimeoutError::Timeout) => patience = self.clean_a_chunk()?,
                Ok(Work::Close) | Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
        }
    }

    /// Everything that waits already, within the bounds of a batch.
    fn collect(&self, first: Pending) -> (Vec<Pending>, Next) {
        let mut bytes = first.value_bytes();
        let mut batch = vec![first];
        while batch.len() < BATCH_COMMITS && bytes < BATCH_BYTES {
            match self.work.try_recv() {
                Ok(Work::Commit(pending)) => {
                    bytes = bytes.saturating_add(pending.value_bytes());
                    batch.push(pending);
                }
                Ok(Work::Close) => return (batch, Next::Stop),
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
            }
        }
        (batch, Next::GoOn)
    }

    fn commit_batch(&mut self, batch: Vec<Pending>) -> Result<(), Broken> {
        let needed = space_for(&batch);
        let claimed: Vec<(Commit, Claimed)> = batch.into_iter().filter_map(Pending::claim).collect();
        if claimed.is_empty() {
            return Ok(());
        }
        if self.lacks_space(needed) {
            claimed.into_iter().for_each(|(_, waiter)| waiter.answer(Err(StoreFault::Unavailable)));
            return Ok(());
        }
        let (commits, waiters): (Vec<Commit>, Vec<Claimed>) = claimed.into_iter().unzip();
        let writes = commits.iter().map(|commit| commit.writes.len()).fold(0, usize::saturating_add);
        let (answers, end) = match self.write(&commits, writes.saturating_mul(CLEANED_PER_WRITE)) {
            Ok(answers) => (answers, Ok(())),
            Err(Lost::BeforeCommit) => (vec![Err(StoreFault::Unavailable); waiters.len()], Err(Broken)),
            Err(Lost::InCommit(answers)) => (answers.into_iter().map(in_doubt).collect(), Err(Broken)),
        };
        if end.is_err() {
            // Before anyone hears of it, so that nobody who does finds the store serving.
            self.shared.end(Health::Failed);
        }
        waiters.into_iter().zip(answers).for_each(|(waiter, answer)| waiter.answer(answer));
        end
    }

    /// One transaction: judge and write each commit, remove at most `cleaned` expired records, sync.
    fn write(&mut self, commits: &[Commit], cleaned: usize) -> Result<Vec<CommitAnswer>, Lost> {
        let mut transaction = self.database.begin_write().map_err(lost)?;
        transaction.set_durability(Durability::Immediate).map_err(lost)?;
        let mut answers = Vec::with_capacity(commits.len());
        let mut batch = Batch::begin(&transaction, self.last_version).map_err(lost)?;
        for commit in commits {
            answers.push(batch.commit(commit, self.shared.time.now()).map_err(lost)?);
        }
        let now = self.shared.time.now();
        if batch.has_changes() || commits.is_empty() {
            batch.remove_expired(now, cleaned).map_err(lost)?;
        }
        let Some(last_version) = batch.finish(now).map_err(lost)? else {
            transaction.abort().map_err(lost)?;
            return Ok(answers);
        };
        if let Err(fault) = transaction.commit() {
            tracing::error!(%fault, "the store could not commit; it is stopped, and what was under way is in doubt");
            return Err(Lost::InCommit(answers));
        }
        self.last_version = last_version;
        match Snapshot::latest(&self.database) {
            Ok(snapshot) => self.shared.show(snapshot),
            Err(fault) => {
                tracing::error!(%fault, "the store cannot be read after a commit; it is stopped");
                return Err(Lost::InCommit(answers));
            }
        }
        Ok(answers)
    }

    /// Removes one chunk of expired records, if there are any; says when to look again.
    fn clean_a_chunk(&mut self) -> Result<Duration, Broken> {
        if self.lacks_space(SPACE.0) || !self.anything_expired()? {
            return Ok(IDLE);
        }
        match self.write(&[], IDLE_CHUNK) {
            Ok(_) => Ok(BETWEEN_CHUNKS),
            Err(Lost::BeforeCommit | Lost::InCommit(_)) => Err(Broken),
        }
    }

    fn anything_expired(&self) -> Result<bool, Broken> {
        let snapshot = self.shared.snapshot.load_full().ok_or(Broken)?;
        snapshot.anything_expired(self.shared.time.now()).map_err(|fault| {
            tracing::error!(%fault, "the store's expiry index could not be read; it is stopped");
            Broken
        })
    }

    fn lacks_space(&self, needed: u64) -> bool {
        let free = (self.free_space)();
        let lacking = free.is_some_and(|free| free < needed);
        if lacking {
            tracing::warn!(?free, needed, "the disk of the store is full; commits are refused until there is space");
        }
        lacking
    }
}

enum Next {
    GoOn,
    Stop,
}

/// How a transaction was lost.
enum Lost {
    /// Nothing of it reached the file as committed.
    BeforeCommit,
    /// It may or may not be durable; these would have been the answers.
    InCommit(Vec<CommitAnswer>),
}

fn lost(fault: impl Into<redb::Error>) -> Lost {
    let fault = fault.into();
    tracing::error!(%fault, "the store could not write; it is stopped");
    Lost::BeforeCommit
}

/// What is still true of an answer when the commit failed: who wrote is in doubt; who was refused wrote
/// nothing, but was judged against what is in doubt.
fn in_doubt(answer: CommitAnswer) -> CommitAnswer {
    match answer {
        Ok(Verdict::Done) => Err(StoreFault::InDoubt),
        Ok(Verdict::Refused(_)) => Err(StoreFault::Unavailable),
        Err(fault) => Err(fault),
    }
}

fn space_for(batch: &[Pending]) -> u64 {
    let (base, per_commit, per_byte) = SPACE;
    let bytes = batch.iter().map(|pending| pending.value_bytes() as u64).fold(0, u64::saturating_add);
    base.saturating_add(per_commit.saturating_mul(batch.len() as u64)).saturating_add(per_byte.saturating_mul(bytes))
}

/// Ends the store when the thread ends, by a panic too. What has ended already is left as it is.
struct Ending(Arc<Shared>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.end(Health::Failed);
    }
}
