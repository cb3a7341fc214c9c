//! The embedded store: one redb file, one writing thread, group commit.
//!
//! **Writing.** A commit is queued and awaited. The writer takes everything that waits, judges each commit
//! in its turn against the same transaction (so of two that exclude each other in one batch the first is
//! done and the second refused), syncs once, shows the new state to readers, and answers everyone. While
//! it syncs, the next batch gathers. The queue is bounded; a commit that is not claimed in time is called
//! back and never done.
//!
//! **Reading.** Readers share an open redb read table of the last durable commit, exchanged by the
//! writer after each one; a look-up is a walk down cached pages, a few microseconds without lock or
//! system call. A page that is not in redb's cache is read from the operating system's, where a file
//! of this size nearly always is; so `get` stays on the caller's thread. A scan may touch many pages and
//! goes to the blocking pool.
//!
//! **Failing.** After any error in writing or syncing, the store has failed for good: a sync that is tried
//! again may succeed without the lost pages. Who was being committed hears `InDoubt`, who waited
//! `Unavailable`, and so does everyone after. A disk that is about to be full is noticed before
//! writing, and is not a failure: commits are refused as `Unavailable` until there is space again.
//!
//! **Time and cleaning.** Store time and the last version given are written with every commit. Expired
//! records are removed through an index by time, a few with every commit and in small chunks when
//! idle; redb uses their pages again.
//!
//! **Crashes.** redb never overwrites a page in use; a commit counts when its checksummed header
//! arrived, and a torn last commit is undone when the file is opened. One-phase commit is used: one sync each.

mod batch;
mod file;
mod queue;
mod record;
mod snapshot;
mod writer;

#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use parhelion_engine::ports::{
    Answer, Clock, Commit, Id, Key, Kind, Moment, Store, StoreFault, Stored, TenantUid, Verdict,
};
use redb::StorageBackend;

pub use self::file::OpenFault;
use self::queue::Queue;
use self::snapshot::Snapshot;
use self::writer::{FreeSpace, Writer};
use crate::form::check_form;
use crate::store_time::StoreTime;

/// How much the store takes on at once, and how long it lets anyone wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EmbeddedLimits {
    /// Commits that may wait; the next one hears `Unavailable` at once.
    pub queue_length: usize,
    /// How long a commit may wait for the writer before it is called back.
    pub queue_wait: Duration,
    /// How long the writer may take over a commit it has claimed before that is in doubt.
    pub commit_wait: Duration,
    /// Memory for pages, in bytes.
    pub cache_bytes: usize,
}

impl Default for EmbeddedLimits {
    fn default() -> Self {
        Self {
            queue_length: 4_096,
            queue_wait: Duration::from_secs(1),
            commit_wait: Duration::from_secs(5),
            cache_bytes: 64 << 20,
        }
    }
}

/// Whether the store answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// It does.
    Serving,
    /// It was closed.
    Closed,
    /// An error in writing or syncing; the process should end and the disk be looked at.
    Failed,
}

/// A durable store in one file. Commits need a tokio runtime with time enabled.
pub struct EmbeddedStore {
    shared: Arc<Shared>,
    queue: Queue,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl EmbeddedStore {
    /// Creates an empty store file with mode 0600, durably. Its directory must exist.
    ///
    /// # Errors
    /// [`OpenFault`]; the file is then not there, or not ours.
    pub fn create(path: &Path) -> Result<(), OpenFault> {
        file::create(path)
    }

    /// Opens an existing store, reading and checking all of it. Blocks.
    ///
    /// # Errors
    /// [`OpenFault`] says why not, in words for the operator.
    pub fn open(path: &Path, clock: Arc<dyn Clock>, limits: EmbeddedLimits) -> Result<Self, OpenFault> {
        let file = file::open(path)?;
        let backend = file::backend(path, file)?;
        let probed = path.to_owned();
        let free_space: FreeSpace =
            Box::new(move || rustix::fs::statvfs(&probed).ok().map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize)));
        Self::open_behind(path, backend, clock, limits, free_space)
    }

    /// Opens the store, or creates it where there is no file yet. Blocks.
    ///
    /// # Errors
    /// As [`Self::open`] and [`Self::create`].
    pub fn open_or_create(path: &Path, clock: Arc<dyn Clock>, limits: EmbeddedLimits) -> Result<Self, OpenFault> {
        match Self::open(path, Arc::clone(&clock), limits) {
            Err(OpenFault::Missing(_)) => {}
            opened => return opened,
        }
        match Self::create(path) {
            // Someone was faster: then it is theirs, and locked, or free.
            Ok(()) | Err(OpenFault::AlreadyThere(_)) => Self::open(path, clock, limits),
            Err(fault) => Err(fault),
        }
    }

    fn open_behind(
        path: &Path,
        backend: impl StorageBackend,
        clock: Arc<dyn Clock>,
        limits: EmbeddedLimits,
        free_space: FreeSpace,
    ) -> Result<Self, OpenFault> {
        let opened = file::load(path, backend, limits.cache_bytes)?;
        let snapshot = Snapshot::latest(&opened.database).map_err(|fault| file::redb_fault(path, &fault))?;
        let shared = Arc::new(Shared {
            time: StoreTime::starting_at(clock, Moment(opened.latest_ms)),
            snapshot: ArcSwapOption::from_pointee(snapshot),
            health: AtomicU8::new(SERVING),
        });
        let (queue, work) = Queue::new(limits.queue_length, limits.queue_wait, limits.commit_wait);
        let writer = Writer {
            database: opened.database,
            shared: Arc::clone(&shared),
            work,
            last_version: opened.last_version,
            free_space,
        };
        let writer = std::thread::Builder::new().name("store-writer".to_owned()).spawn(|| writer.run());
        let writer = writer.map_err(|error| file::io_fault(path, &error))?;
        Ok(Self { shared, queue, writer: Mutex::new(Some(writer)) })
    }

    /// Whether the store answers, and if not, why.
    #[must_use]
    pub fn health(&self) -> Health {
        self.shared.health()
    }

    /// Whether an error has ended the store for good.
    #[must_use]
    pub fn is_failed(&self) -> bool {
        self.health() == Health::Failed
    }

    /// Records in the file, expired ones that are not yet removed included.
    ///
    /// # Errors
    /// As for every question.
    pub fn record_count(&self) -> Result<u64, StoreFault> {
        self.shared.snapshot()?.record_count()
    }

    /// Finishes what is queued, closes the file and waits for it. Blocks. Every later question
    /// is answered `Unavailable`. Dropping the store does the same.
    pub fn close(&self) {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer {
            self.queue.close();
            // A writer that panicked has said so, and has ended the store.
            let _ = writer.join();
        }
    }
}

impl std::fmt::Debug for EmbeddedStore {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.debug_struct("EmbeddedStore").field("health", &self.health()).finish_non_exhaustive()
    }
}

impl Drop for EmbeddedStore {
    fn drop(&mut self) {
        self.close();
    }
}

impl Store for EmbeddedStore {
    fn now(&self) -> Moment {
        self.shared.time.now()
    }

    fn get(&self, key: Key) -> Answer<'_, Option<Stored>> {
        Box::pin(async move { self.shared.snapshot()?.get(key, self.now()) })
    }

    fn scan(&self, tenant: TenantUid, kind: Kind, after: Option<Id>, limit: usize) -> Answer<'_, Vec<(Id, Stored)>> {
        Box::pin(async move {
            let (snapshot, now) = (self.shared.snapshot()?, self.now());
            let scan = move || snapshot.scan((tenant, kind), after, limit, now);
            tokio::task::spawn_blocking(scan).await.unwrap_or(Err(StoreFault::Unavailable))
        })
    }

    fn commit(&self, commit: Commit) -> Answer<'_, Verdict> {
        Box::pin(async move {
            check_form(&commit)?;
            self.shared.serving()?;
            self.queue.commit(commit).await
        })
    }
}

/// What readers and the writer share.
struct Shared {
    time: StoreTime,
    /// None once the store has ended.
    snapshot: ArcSwapOption<Snapshot>,
    health: AtomicU8,
}

const SERVING: u8 = 0;
const CLOSED: u8 = 1;
const FAILED: u8 = 2;

impl Shared {
    fn health(&self) -> Health {
        match self.health.load(Ordering::Acquire) {
            SERVING => Health::Serving,
            CLOSED => Health::Closed,
            _ => Health::Failed,
        }
    }

    fn serving(&self) -> Result<(), StoreFault> {
        match self.health() {
            Health::Serving => Ok(()),
            Health::Closed | Health::Failed => Err(StoreFault::Unavailable),
        }
    }

    fn snapshot(&self) -> Result<Arc<Snapshot>, StoreFault> {
        self.snapshot.load_full().ok_or(StoreFault::Unavailable)
    }

    /// Shows a new state to readers.
    fn show(&self, snapshot: Snapshot) {
        self.snapshot.store(Some(Arc::new(snapshot)));
    }

    /// Ends the store; the first end counts.
    fn end(&self, end: Health) {
        let end = match end {
            Health::Serving => return,
            Health::Closed => CLOSED,
            Health::Failed => FAILED,
        };
        let _ = self.health.compare_exchange(SERVING, end, Ordering::AcqRel, Ordering::Acquire);
        self.snapshot.store(None);
    }
}
