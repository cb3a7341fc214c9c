//! The embedded store on a disk that fails, stalls or fills up when told to.
#![allow(clippy::arithmetic_side_effects, clippy::disallowed_methods)]

use std::fs::{File, OpenOptions};
use std::io;
use std::ops::Bound;
use std::path::PathBuf;
use std::sync::Condvar;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize};

use parhelion_engine::ports::{Condition, Write};
use parhelion_testkit::{FakeClock, TemporaryDirectory};
use redb::backends::FileBackend;
use redb::{BackendError, Database};
use tokio::task::JoinHandle as Task;

use super::record::RECORDS;
use super::*;

const PATIENT: EmbeddedLimits = EmbeddedLimits {
    queue_length: 256,
    queue_wait: Duration::from_secs(60),
    commit_wait: Duration::from_secs(60),
    cache_bytes: 1 << 20,
};

/// What the test does to the disk.
#[derive(Debug, Default)]
struct Disk {
    sync_fails: AtomicBool,
    write_fails: AtomicBool,
    syncs: AtomicUsize,
    free_bytes: AtomicU64,
    /// Syncs that are let through; those after them wait.
    allowed: Mutex<usize>,
    released: Condvar,
}

impl Disk {
    /// From now on syncs wait.
    fn hold(&self) {
        *self.allowed.lock().unwrap() = self.syncs();
    }

    fn release_one(&self) {
        *self.allowed.lock().unwrap() += 1;
        self.released.notify_all();
    }

    fn release(&self) {
        *self.allowed.lock().unwrap() = usize::MAX;
        self.released.notify_all();
    }

    fn syncs(&self) -> usize {
        self.syncs.load(Ordering::SeqCst)
    }
}

/// A real file on that disk.
#[derive(Debug)]
struct FileOnDisk {
    file: FileBackend,
    disk: Arc<Disk>,
}

impl StorageBackend for FileOnDisk {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        let number = self.disk.syncs.fetch_add(1, Ordering::SeqCst) + 1;
        let allowed = self.disk.allowed.lock().unwrap();
        drop(self.disk.released.wait_while(allowed, |allowed| number > *allowed).unwrap());
        if self.disk.sync_fails.load(Ordering::SeqCst) {
            return Err(io::Error::other("the disk lost it"));
        }
        self.file.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        if self.disk.write_fails.load(Ordering::SeqCst) {
            return Err(io::Error::other("the disk is full"));
        }
        self.file.write(offset, data)
    }

    fn close(&self) -> io::Result<()> {
        self.file.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.unlock_range(start, end)
    }
}

struct Scene {
    _directory: TemporaryDirectory,
    path: PathBuf,
    clock: Arc<FakeClock>,
    disk: Arc<Disk>,
    store: Arc<EmbeddedStore>,
}

impl Scene {
    fn new(limits: EmbeddedLimits) -> Self {
        let directory = TemporaryDirectory::new();
        let (path, clock, disk) = (directory.join("store"), Arc::new(FakeClock::default()), Arc::new(Disk::default()));
        disk.free_bytes.store(u64::MAX, Ordering::SeqCst);
        disk.release();
        EmbeddedStore::create(&path).unwrap();
        let file = OpenOptions::new().read(true).write(true).open(&path).unwrap();
        let backend = FileOnDisk { file: FileBackend::new(file).unwrap(), disk: Arc::clone(&disk) };
        let probed = Arc::clone(&disk);
        let free_space: FreeSpace = Box::new(move || Some(probed.free_bytes.load(Ordering::SeqCst)));
        let wall = Arc::clone(&clock) as Arc<dyn Clock>;
        let store = EmbeddedStore::open_behind(&path, backend, wall, limits, free_space).unwrap();
        Self { _directory: directory, path, clock, disk, store: Arc::new(store) }
    }

    /// Opens the file anew, on a disk without faults.
    fn reopen(&self) -> EmbeddedStore {
        EmbeddedStore::open(&self.path, Arc::clone(&self.clock) as Arc<dyn Clock>, PATIENT).unwrap()
    }

    fn put(&self, number: u16) -> Commit {
        Commit { conditions: vec![], writes: vec![self.write(number, 60)] }
    }

    fn claim(&self, number: u16) -> Commit {
        Commit { conditions: vec![Condition::Absent(key(number))], writes: vec![self.write(number, 60)] }
    }

    fn write(&self, number: u16, lifetime_s: i64) -> Write {
        Write::Put { key: key(number), expires_at: self.clock.now().plus_s(lifetime_s), value: vec![1; 40] }
    }

    fn start(&self, commit: Commit) -> Task<Result<Verdict, StoreFault>> {
        let store = Arc::clone(&self.store);
        tokio::spawn(async move { store.commit(commit).await })
    }

    /// Starts a commit and returns when the writer is held in its sync.
    async fn start_and_hold(&self, commit: Commit) -> Task<Result<Verdict, StoreFault>> {
        let before = self.disk.syncs();
        self.disk.hold();
        let task = self.start(commit);
        wait_until(|| self.disk.syncs() > before).await;
        task
    }

    /// Starts commits and returns when all have been polled at least once.
    async fn start_all(&self, commits: Vec<Commit>) -> Vec<Task<Result<Verdict, StoreFault>>> {
        let tasks = commits.into_iter().map(|commit| self.start(commit)).collect();
        tokio::time::sleep(Duration::from_millis(50)).await;
        tasks
    }
}

impl Drop for Scene {
    /// A test that fails must not wait for ever for a sync that it holds itself.
    fn drop(&mut self) {
        self.disk.release();
    }
}

fn key(number: u16) -> Key {
    let mut id = [0; 32];
    id[..2].copy_from_slice(&number.wrapping_mul(40_503).to_be_bytes());
    Key { tenant: TenantUid([1; 16]), kind: Kind::OnceKey, id: Id(id) }
}

async fn wait_until(condition: impl Fn() -> bool) {
    for _ in 0..2_000 {
        if condition() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("it did not happen within ten seconds");
}

async fn answers(tasks: Vec<Task<Result<Verdict, StoreFault>>>) -> Vec<Result<Verdict, StoreFault>> {
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    answers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_together_is_judged_in_turn_and_synced_once() {
    let scene = Scene::new(PATIENT);
    let first = scene.start_and_hold(scene.put(1)).await;
    let before = scene.disk.syncs();
    let waiting = scene.start_all((0..32).map(|number| scene.claim(100 + number % 4)).collect()).await;
    scene.disk.release();
    let answers = answers(waiting).await;
    assert_eq!(first.await.unwrap(), Ok(Verdict::Done));
    assert_eq!(answers.iter().filter(|answer| **answer == Ok(Verdict::Done)).count(), 4);
    assert_eq!(answers.iter().filter(|answer| **answer == Ok(Verdict::Refused(0))).count(), 28);
    assert_eq!(scene.disk.syncs() - before, 1, "32 commits took more than one sync");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusals_alone_are_answered_without_a_sync() {
    let scene = Scene::new(PATIENT);
    assert_eq!(scene.store.commit(scene.put(1)).await, Ok(Verdict::Done));
    let before = scene.disk.syncs();
    assert_eq!(scene.store.commit(scene.claim(1)).await, Ok(Verdict::Refused(0)));
    assert_eq!(scene.disk.syncs(), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_failed_sync_nothing_is_acknowledged_and_nothing_is_tried_again() {
    let scene = Scene::new(PATIENT);
    assert_eq!(scene.store.commit(scene.put(1)).await, Ok(Verdict::Done));
    let in_doubt = scene.start_and_hold(scene.put(2)).await;
    let waiting = scene.start_all(vec![scene.put(3), scene.claim(1)]).await;
    scene.disk.sync_fails.store(true, Ordering::SeqCst);
    scene.disk.release();
    assert_eq!(in_doubt.await.unwrap(), Err(StoreFault::InDoubt));
    assert_eq!(answers(waiting).await, [Err(StoreFault::Unavailable); 2]);
    assert!(scene.store.is_failed());

    let syncs = scene.disk.syncs();
    scene.disk.sync_fails.store(false, Ordering::SeqCst);
    assert_eq!(scene.store.commit(scene.put(4)).await, Err(StoreFault::Unavailable));
    assert_eq!(scene.store.get(key(1)).await, Err(StoreFault::Unavailable));
    assert_eq!(scene.store.scan(key(1).tenant, Kind::OnceKey, None, 1).await, Err(StoreFault::Unavailable));
    scene.store.close();
    assert_eq!(scene.disk.syncs(), syncs, "a sync was tried again after it had failed");
    assert_eq!(scene.store.health(), Health::Failed);

    let reopened = scene.reopen();
    assert!(reopened.get(key(1)).await.unwrap().is_some(), "an acknowledged record is lost");
    for never_done in [3, 4] {
        assert_eq!(reopened.get(key(never_done)).await, Ok(None));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_write_is_as_final_as_a_failed_sync() {
    let scene = Scene::new(PATIENT);
    assert_eq!(scene.store.commit(scene.put(1)).await, Ok(Verdict::Done));
    scene.disk.write_fails.store(true, Ordering::SeqCst);
    let answer = scene.store.commit(scene.put(2)).await;
    assert!(matches!(answer, Err(StoreFault::InDoubt | StoreFault::Unavailable)), "{answer:?}");
    scene.disk.write_fails.store(false, Ordering::SeqCst);
    assert!(scene.store.is_failed());
    assert_eq!(scene.store.commit(scene.put(3)).await, Err(StoreFault::Unavailable));
    scene.store.close();
    assert!(scene.reopen().get(key(1)).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_that_rests_on_a_lost_commit_is_not_told() {
    let scene = Scene::new(PATIENT);
    let first = scene.start_and_hold(scene.put(1)).await;
    let waiting = scene.start_all((0..8).map(|_| scene.claim(7)).collect()).await;
    let before = scene.disk.syncs();
    scene.disk.release_one();
    wait_until(|| scene.disk.syncs() > before).await;
    assert_eq!(first.await.unwrap(), Ok(Verdict::Done));
    // The eight have been judged together, and now the sync of their batch fails.
    scene.disk.sync_fails.store(true, Ordering::SeqCst);
    scene.disk.release();
    let answers = answers(waiting).await;
    assert_eq!(answers.iter().filter(|answer| **answer == Err(StoreFault::InDoubt)).count(), 1, "{answers:?}");
    assert_eq!(answers.iter().filter(|answer| **answer == Err(StoreFault::Unavailable)).count(), 7, "{answers:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_queue_refuses_at_once_and_keeps_what_it_has() {
    let scene = Scene::new(EmbeddedLimits { queue_length: 4, ..PATIENT });
    let first = scene.start_and_hold(scene.put(0)).await;
    let waiting = scene.start_all((1..=4).map(|number| scene.put(number)).collect()).await;
    for number in 5..8 {
        assert_eq!(scene.store.commit(scene.put(number)).await, Err(StoreFault::Unavailable));
    }
    scene.disk.release();
    assert_eq!(first.await.unwrap(), Ok(Verdict::Done));
    assert_eq!(answers(waiting).await, [Ok(Verdict::Done); 4]);
    assert_eq!(scene.store.get(key(5)).await, Ok(None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_waited_too_long_is_called_back_and_never_done() {
    let scene = Scene::new(EmbeddedLimits { queue_wait: Duration::from_millis(30), ..PATIENT });
    let claimed = scene.start_and_hold(scene.put(1)).await;
    assert_eq!(scene.store.commit(scene.put(2)).await, Err(StoreFault::Unavailable));
    let dropped = scene.start(scene.put(3));
    tokio::time::sleep(Duration::from_millis(5)).await;
    dropped.abort();
    scene.disk.release();
    assert_eq!(claimed.await.unwrap(), Ok(Verdict::Done), "whoever gave up must not hurt the others");
    assert_eq!(scene.store.commit(scene.put(4)).await, Ok(Verdict::Done));
    assert_eq!(scene.store.get(key(2)).await, Ok(None));
    assert_eq!(scene.store.get(key(3)).await, Ok(None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claimed_commit_without_an_answer_in_time_is_in_doubt() {
    let short = Duration::from_millis(30);
    let scene = Scene::new(EmbeddedLimits { queue_wait: short, commit_wait: short, ..PATIENT });
    let claimed = scene.start_and_hold(scene.put(1)).await;
    assert_eq!(claimed.await.unwrap(), Err(StoreFault::InDoubt));
    scene.disk.release();
    assert_eq!(scene.store.commit(scene.put(2)).await, Ok(Verdict::Done));
    assert!(scene.store.get(key(1)).await.unwrap().is_some(), "it was done after all");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_yet_synced_is_not_yet_seen() {
    let scene = Scene::new(PATIENT);
    let under_way = scene.start_and_hold(scene.put(1)).await;
    assert_eq!(scene.store.get(key(1)).await, Ok(None));
    scene.disk.release();
    assert_eq!(under_way.await.unwrap(), Ok(Verdict::Done));
    assert!(scene.store.get(key(1)).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_is_nearly_full_refuses_and_heals() {
    let scene = Scene::new(PATIENT);
    assert_eq!(scene.store.commit(scene.put(1)).await, Ok(Verdict::Done));
    scene.disk.free_bytes.store(1 << 20, Ordering::SeqCst);
    let writes = scene.disk.syncs();
    assert_eq!(scene.store.commit(scene.put(2)).await, Err(StoreFault::Unavailable));
    assert_eq!(scene.disk.syncs(), writes);
    assert!(scene.store.get(key(1)).await.unwrap().is_some(), "reading needs no space");
    assert_eq!(scene.store.health(), Health::Serving);
    scene.disk.free_bytes.store(1 << 30, Ordering::SeqCst);
    assert_eq!(scene.store.commit(scene.put(2)).await, Ok(Verdict::Done));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn expired_records_leave_the_file_without_being_asked() {
    let scene = Scene::new(PATIENT);
    for first in (0..1_600).step_by(16) {
        let writes = (first..first + 16).map(|number| scene.write(number, 60)).collect();
        assert_eq!(scene.store.commit(Commit { conditions: vec![], writes }).await, Ok(Verdict::Done));
    }
    let kept = Write::Put { key: key(9_999), expires_at: Moment(i64::MAX), value: vec![] };
    assert_eq!(scene.store.commit(Commit { conditions: vec![], writes: vec![kept] }).await, Ok(Verdict::Done));
    assert_eq!(scene.store.record_count(), Ok(1_601));
    scene.clock.advance_ms(59_999);
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert_eq!(scene.store.record_count(), Ok(1_601), "live records were removed");
    scene.clock.advance_ms(1);
    wait_until(|| scene.store.record_count() == Ok(1)).await;
    assert_eq!(scene.store.shared.snapshot().unwrap().expiry_count(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_expiry_index_holds_one_entry_for_each_record_that_expires() {
    let scene = Scene::new(PATIENT);
    for (number, lifetime_s) in [(1, 60), (2, 60), (1, 60), (1, 30), (3, 90), (3, 120)] {
        let writes = vec![scene.write(number, lifetime_s)];
        assert_eq!(scene.store.commit(Commit { conditions: vec![], writes }).await, Ok(Verdict::Done));
    }
    assert_eq!(scene.store.shared.snapshot().unwrap().expiry_count(), 3);
    let never = Write::Put { key: key(3), expires_at: Moment(i64::MAX), value: vec![] };
    let writes = vec![never, Write::Delete(key(2))];
    assert_eq!(scene.store.commit(Commit { conditions: vec![], writes }).await, Ok(Verdict::Done));
    assert_eq!(scene.store.shared.snapshot().unwrap().expiry_count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_file_does_not_grow_with_what_has_expired() {
    let scene = Scene::new(PATIENT);
    let mut lengths = Vec::new();
    for round in 0..24_u16 {
        for first in (0..320).step_by(16) {
            let writes = (first..first + 16).map(|number| scene.write(round * 320 + number, 60)).collect();
            assert_eq!(scene.store.commit(Commit { conditions: vec![], writes }).await, Ok(Verdict::Done));
        }
        scene.clock.advance_ms(60_000);
        lengths.push(std::fs::metadata(&scene.path).unwrap().len());
    }
    assert!(lengths[23] <= lengths[7], "the file grew from round to round: {lengths:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_store_has_finished_its_queue_and_answers_no_more() {
    let scene = Scene::new(PATIENT);
    let first = scene.start_and_hold(scene.put(1)).await;
    let waiting = scene.start_all((2..10).map(|number| scene.put(number)).collect()).await;
    let closing = Arc::clone(&scene.store);
    let closed = tokio::task::spawn_blocking(move || closing.close());
    tokio::time::sleep(Duration::from_millis(20)).await;
    scene.disk.release();
    closed.await.unwrap();
    assert_eq!(first.await.unwrap(), Ok(Verdict::Done));
    assert_eq!(answers(waiting).await, [Ok(Verdict::Done); 8]);
    assert_eq!((scene.store.health(), scene.store.is_failed()), (Health::Closed, false));
    assert_eq!(scene.store.commit(scene.put(11)).await, Err(StoreFault::Unavailable));
    assert_eq!(scene.store.get(key(1)).await, Err(StoreFault::Unavailable));
    let reopened = scene.reopen();
    assert_eq!(reopened.record_count(), Ok(9));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotten_record_is_refused_and_the_others_are_served() {
    let scene = Scene::new(PATIENT);
    for number in [1, 2] {
        assert_eq!(scene.store.commit(scene.put(number)).await, Ok(Verdict::Done));
    }
    scene.store.close();
    rot(&scene.path, key(1));
    let store = scene.reopen();
    assert_eq!(store.get(key(1)).await, Err(StoreFault::Corrupt));
    assert_eq!(store.scan(key(1).tenant, Kind::OnceKey, None, 10).await, Err(StoreFault::Corrupt));
    assert_eq!(store.commit(scene.claim(1)).await, Err(StoreFault::Corrupt), "a rotten jti must not look unused");
    assert!(store.get(key(2)).await.unwrap().is_some());
    assert_eq!(store.commit(scene.claim(3)).await, Ok(Verdict::Done));
    scene.clock.advance_ms(3_600_000);
    wait_until(|| store.record_count() == Ok(1)).await;
    assert_eq!(store.commit(scene.claim(1)).await, Err(StoreFault::Corrupt));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_replaced_a_rotten_record_outlives_its_expiry() {
    let scene = Scene::new(PATIENT);
    assert_eq!(scene.store.commit(scene.put(1)).await, Ok(Verdict::Done));
    scene.store.close();
    rot(&scene.path, key(1));
    let store = scene.reopen();
    let writes = vec![scene.write(1, 3_600)];
    assert_eq!(store.commit(Commit { conditions: vec![], writes }).await, Ok(Verdict::Done));
    scene.clock.advance_ms(60_000);
    // The index still names the old expiry, which nobody could read any more; it is worked off now.
    wait_until(|| store.shared.snapshot().unwrap().expiry_count() == 1).await;
    assert!(store.get(key(1)).await.unwrap().is_some(), "a live record was removed");
}

#[test]
fn a_new_store_is_readable_by_its_owner_alone_and_leaves_nothing_beside_it() {
    use std::os::unix::fs::PermissionsExt;
    let scene = Scene::new(PATIENT);
    let mode = File::open(&scene.path).unwrap().metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(std::fs::read_dir(scene.path.parent().unwrap()).unwrap().count(), 1);
}

/// Flips a bit of a record as a page would give it back, with redb's own checksums in order.
fn rot(path: &Path, key: Key) {
    let database = Database::open(path).unwrap();
    let transaction = database.begin_write().unwrap();
    {
        let mut records = transaction.open_table(RECORDS).unwrap();
        let mut bytes = records.remove(&key.to_bytes()).unwrap().unwrap().value().to_vec();
        bytes[20] ^= 4;
        records.insert(&key.to_bytes(), bytes.as_slice()).unwrap();
    }
    transaction.commit().unwrap();
}
