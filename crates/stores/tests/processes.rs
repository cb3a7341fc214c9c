//! The store among processes: killed at any moment, locked by another one, not permitted to another user.
//!
//! The test starts itself again as those others: `processes write FILE`, `processes open FILE`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::arithmetic_side_effects)]
#![allow(clippy::indexing_slicing, clippy::disallowed_methods)]

use std::io::{BufRead, BufReader, Read, Write as _};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use parhelion_engine::ports::{Commit, Condition, Id, Key, Kind, Moment, Store, TenantUid, Verdict, Write};
use parhelion_stores::embedded::{EmbeddedLimits, EmbeddedStore, OpenFault};
use parhelion_testkit::{FakeClock, SeededEntropy, TemporaryDirectory};

const KILLS: u64 = 10;
const WRITERS: u64 = 8;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["write", path] => write_until_killed(Path::new(path)),
        ["open", path] => say_whether_it_opens(Path::new(path)),
        _ => {
            what_was_acknowledged_survives_sigkill();
            a_store_held_by_another_process_is_locked();
            a_store_of_another_user_is_not_permitted();
        }
    }
}

fn what_was_acknowledged_survives_sigkill() {
    let directory = TemporaryDirectory::new();
    let path = directory.join("store");
    let entropy = SeededEntropy::new(2026);
    let mut acknowledged = Vec::new();
    for kill in 0..KILLS {
        let mut child = myself("write", &path).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut first = String::new();
        lines.read_line(&mut first).unwrap();
        std::thread::sleep(Duration::from_micros(entropy.next_u64() % 60_000));
        child.kill().unwrap();
        let mut rest = String::new();
        lines.read_to_string(&mut rest).unwrap();
        assert_eq!(child.wait().unwrap().signal(), Some(9));
        let whole = (first + &rest).rsplit_once('\n').map(|(whole, _torn)| whole.to_owned()).unwrap_or_default();
        let before = acknowledged.len();
        acknowledged.extend(whole.lines().map(|number| number.parse::<u64>().unwrap()));
        assert!(acknowledged.len() > before, "the writer acknowledged nothing before kill {kill}");
        check_after_kill(&path, &acknowledged);
    }
    println!("what_was_acknowledged_survives_sigkill: {} commits in {KILLS} kills, all there", acknowledged.len());
}

/// Every acknowledged pair is whole, and no pair is half.
fn check_after_kill(path: &Path, acknowledged: &[u64]) {
    let store = open(path).unwrap();
    let runtime = runtime();
    for number in acknowledged {
        for kind in PAIR {
            let stored = runtime.block_on(store.get(key(kind, *number))).unwrap();
            let stored = stored.unwrap_or_else(|| panic!("acknowledged {kind:?} {number} is lost"));
            assert_eq!(stored.value, number.to_be_bytes());
        }
    }
    let [codes, tokens] = PAIR.map(|kind| runtime.block_on(all_ids(&store, kind)));
    assert_eq!(codes, tokens, "half a commit was left");
}

fn a_store_held_by_another_process_is_locked() {
    let directory = TemporaryDirectory::new();
    let path = directory.join("store");
    let mut child = myself("write", &path).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    lines.read_line(&mut String::new()).unwrap();
    assert_eq!(open(&path).unwrap_err(), OpenFault::Locked(path.clone()));
    child.kill().unwrap();
    child.wait().unwrap();
    drop(open(&path).expect("a lock ends with its process"));
    println!("a_store_held_by_another_process_is_locked: ok");
}

fn a_store_of_another_user_is_not_permitted() {
    let directory = TemporaryDirectory::new();
    std::fs::set_permissions(directory.path(), PermissionsExt::from_mode(0o755)).unwrap();
    let path = directory.join("store");
    EmbeddedStore::create(&path).unwrap();
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o000)).unwrap();
    match open(&path) {
        Err(fault) => assert_eq!(fault, OpenFault::PermissionDenied(path)),
        Ok(store) => {
            // Only root may open anything; so another user has to try.
            drop(store);
            let said = myself("open", &path).uid(65_534).gid(65_534).current_dir("/").output().unwrap();
            let said = String::from_utf8(said.stdout).unwrap();
            assert_eq!(said.trim(), OpenFault::PermissionDenied(path).to_string());
        }
    }
    println!("a_store_of_another_user_is_not_permitted: ok");
}

/// Commits pairs of records from several tasks, and prints the number of each pair once it is acknowledged.
fn write_until_killed(path: &Path) {
    let store = Arc::new(open(path).unwrap());
    let seed = u64::from(std::process::id()) << 32;
    runtime().block_on(async {
        let writers: Vec<_> =
            (0..WRITERS).map(|writer| tokio::spawn(write_pairs(Arc::clone(&store), seed | (writer << 24)))).collect();
        for writer in writers {
            writer.await.unwrap();
        }
    });
}

async fn write_pairs(store: Arc<EmbeddedStore>, first: u64) {
    for number in first..first + (1 << 24) {
        let keys = PAIR.map(|kind| key(kind, number));
        let put = |key| Write::Put { key, expires_at: Moment(i64::MAX), value: number.to_be_bytes().to_vec() };
        let commit = Commit { conditions: keys.map(Condition::Absent).to_vec(), writes: keys.map(put).to_vec() };
        assert_eq!(store.commit(commit).await, Ok(Verdict::Done));
        let mut out = std::io::stdout().lock();
        writeln!(out, "{number}").unwrap();
        out.flush().unwrap();
    }
}

fn say_whether_it_opens(path: &Path) {
    match open(path) {
        Ok(_) => println!("it opens"),
        Err(fault) => println!("{fault}"),
    }
}

const PAIR: [Kind; 2] = [Kind::Code, Kind::AccessToken];

fn key(kind: Kind, number: u64) -> Key {
    let entropy = SeededEntropy::new(number);
    let mut id = [0; 32];
    for chunk in id.chunks_mut(8) {
        chunk.copy_from_slice(&entropy.next_u64().to_be_bytes());
    }
    Key { tenant: TenantUid([3; 16]), kind, id: Id(id) }
}

async fn all_ids(store: &EmbeddedStore, kind: Kind) -> Vec<Id> {
    let (mut ids, mut after) = (Vec::new(), None);
    loop {
        let page = store.scan(TenantUid([3; 16]), kind, after, 1_000).await.unwrap();
        ids.extend(page.iter().map(|(id, _)| *id));
        after = page.last().map(|(id, _)| *id);
        if after.is_none() {
            return ids;
        }
    }
}

fn open(path: &Path) -> Result<EmbeddedStore, OpenFault> {
    EmbeddedStore::open_or_create(path, Arc::new(FakeClock::default()), EmbeddedLimits::default())
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

fn myself(role: &str, path: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.arg(role).arg(path);
    command
}
