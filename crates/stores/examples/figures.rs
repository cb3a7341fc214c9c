//! Rough figures of both stores: `cargo run --release -p parhelion-stores --example figures [records]`.
//! They move with the machine and prove nothing; compare them within one run.
#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, clippy::disallowed_methods)]

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parhelion_engine::ports::{Clock, Commit, Condition, Id, Key, Kind, Store, TenantUid, Verdict, Write};
use parhelion_stores::MemoryStore;
use parhelion_stores::embedded::{EmbeddedLimits, EmbeddedStore};
use parhelion_testkit::{FakeClock, SeededEntropy, TemporaryDirectory};

const IN_FLIGHT: u64 = 64;
const VALUE_BYTES: usize = 600;

fn main() {
    let records: u64 = std::env::args().nth(1).map_or(100_000, |records| records.parse().unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let clock = Arc::new(FakeClock::default());

    let before = resident_bytes();
    let memory = Arc::new(MemoryStore::new(Arc::clone(&clock) as Arc<dyn Clock>));
    runtime.block_on(fill("memory", &memory, &clock, records));
    let each = (resident_bytes() - before) / records;
    println!("memory: {} bytes a pair beyond the {VALUE_BYTES} of its value", each - VALUE_BYTES as u64);
    runtime.block_on(read("memory", &*memory, records));
    drop(memory);

    let directory = TemporaryDirectory::new();
    let path = directory.join("store");
    raw_sync(&directory.join("raw"));
    let before = resident_bytes();
    let embedded = Arc::new(open(&path, &clock));
    runtime.block_on(fill("embedded", &embedded, &clock, records));
    runtime.block_on(read("embedded", &*embedded, records));
    let length = fs::metadata(&path).unwrap().len();
    println!("embedded: {} MiB resident, {} bytes of file a pair", (resident_bytes() - before) >> 20, length / records);

    let killed = directory.join("killed");
    fs::copy(&path, &killed).unwrap();
    drop(timed("embedded: opening after a kill", || open(&killed, &clock)));
    drop(embedded);
    drop(timed("embedded: opening after closing in order", || open(&path, &clock)));

    clock.advance_ms(3_600_000);
    let store = open(&path, &clock);
    timed("embedded: removing all as expired, when idle", || {
        while store.record_count().unwrap() > 0 {
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    drop(store);
    println!("embedded: {} KiB of file when empty", fs::metadata(&path).unwrap().len() >> 10);
}

/// Puts `records` pairs of a request and a `jti`, with [`IN_FLIGHT`] commits at a time.
async fn fill<S: Store + 'static>(name: &str, store: &Arc<S>, clock: &FakeClock, records: u64) {
    let (start, cpu) = (Instant::now(), cpu_us());
    let expires_at = clock.now().plus_s(600);
    let tasks: Vec<_> = (0..IN_FLIGHT)
        .map(|task| {
            let store = Arc::clone(store);
            tokio::spawn(async move {
                for number in (task..records).step_by(IN_FLIGHT as usize) {
                    let (par, jti) = (key(Kind::PushedRequest, number), key(Kind::OnceKey, number));
                    let writes = vec![
                        Write::Put { key: par, expires_at, value: vec![7; VALUE_BYTES] },
                        Write::Put { key: jti, expires_at, value: vec![] },
                    ];
                    let commit = Commit { conditions: vec![Condition::Absent(jti)], writes };
                    assert_eq!(store.commit(commit).await, Ok(Verdict::Done));
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "{name}: {:.0} commits of request and jti a second, {IN_FLIGHT} in flight, {:.1} us of CPU each",
        records as f64 / seconds,
        (cpu_us() - cpu) as f64 / records as f64
    );
}

async fn read<S: Store>(name: &str, store: &S, records: u64) {
    let reads = 200_000;
    let start = Instant::now();
    for number in 0..reads {
        let key = key(Kind::PushedRequest, number * 7_919 % records);
        assert!(store.get(key).await.unwrap().is_some());
    }
    println!("{name}: {:.2} us a get", start.elapsed().as_secs_f64() * 1e6 / reads as f64);
    let start = Instant::now();
    assert_eq!(store.scan(TENANT, Kind::PushedRequest, None, 1_000).await.unwrap().len(), 1_000);
    println!("{name}: {:.2} ms a scan of 1000", start.elapsed().as_secs_f64() * 1e3);
}

fn raw_sync(path: &Path) {
    use std::os::unix::fs::FileExt;
    let file = fs::File::create(path).unwrap();
    let start = Instant::now();
    for number in 0..200 {
        file.write_all_at(&[1; 4096], number * 4096).unwrap();
        file.sync_data().unwrap();
    }
    println!("raw: {:.0} us a write and sync of 4 KiB", start.elapsed().as_secs_f64() * 1e6 / 200.0);
}

const TENANT: TenantUid = TenantUid([1; 16]);

fn key(kind: Kind, number: u64) -> Key {
    let entropy = SeededEntropy::new(number);
    let mut id = [0; 32];
    for chunk in id.chunks_mut(8) {
        chunk.copy_from_slice(&entropy.next_u64().to_be_bytes());
    }
    Key { tenant: TENANT, kind, id: Id(id) }
}

fn open(path: &Path, clock: &Arc<FakeClock>) -> EmbeddedStore {
    EmbeddedStore::open_or_create(path, Arc::clone(clock) as Arc<dyn Clock>, EmbeddedLimits::default()).unwrap()
}

fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let done = work();
    println!("{what}: {:.0} ms", start.elapsed().as_secs_f64() * 1e3);
    done
}

fn resident_bytes() -> u64 {
    let statm = fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
}

/// CPU time of all threads, user and system, in microseconds.
fn cpu_us() -> u64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let (_, after_name) = stat.rsplit_once(')').unwrap();
    let ticks: u64 = after_name.split(' ').skip(12).take(2).map(|ticks| ticks.parse::<u64>().unwrap()).sum();
    ticks * 10_000
}
