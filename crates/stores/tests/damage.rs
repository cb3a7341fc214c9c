//! A file that was cut, or in which bits fell over: it opens with what was written, or says that it is damaged.
//!
//! What redb 4.4 does, as found here: every page hangs by a checksum from the header, and opening
//! walks them all. Damage that only the last commit's header shows makes redb fall back to the commit
//! before it, which is what undoes a torn commit after a crash; in a file that was closed in order,
//! both hold the same records. After a kill they differ by one commit: if that has rotted too, it is lost,
//! and only it. Damage of a page that both share is refused. Unused space may rot. A few flips in the page
//! where redb keeps its free space make it panic as it opens; that is caught and answered as damage.
#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, clippy::panic, clippy::disallowed_methods)]
#![allow(clippy::indexing_slicing)]

use std::collections::BTreeMap;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use parhelion_engine::ports::{Commit, Id, Key, Kind, Moment, Store, Stored, TenantUid, Verdict, Write};
use parhelion_stores::embedded::{EmbeddedLimits, EmbeddedStore, OpenFault};
use parhelion_testkit::{FakeClock, SeededEntropy, TemporaryDirectory};

const TENANT: TenantUid = TenantUid([7; 16]);
const COMMITS: u16 = 40;

/// Between two flipped bytes outside of the header and the end, where every byte is flipped.
const STRIDE: usize = 499;

/// Where redb keeps what every page hangs from.
const HEADER: usize = 320;

type Records = BTreeMap<Id, Stored>;

#[test]
fn a_file_cut_at_any_length_opens_whole_or_is_refused() {
    for image in [image_closed_in_order(), image_as_a_kill_leaves_it()] {
        let length = image.bytes.len();
        let pages = (0..length).step_by(4_096).flat_map(|page| [page, page + 1, page + 2_048]);
        let tally = image.tally(pages.chain(length - 64..length).map(|cut| image.bytes[..cut].to_vec()));
        assert!(tally.refused > 0, "{tally:?}");
        assert_eq!(tally.without_the_last_commit, 0, "{tally:?}");
    }
}

#[test]
fn a_file_closed_in_order_with_a_flipped_bit_opens_whole_or_is_refused() {
    let image = image_closed_in_order();
    let tally = image.tally(image.flipped());
    assert!(tally.refused > 0 && tally.whole > 0, "{tally:?}");
    assert_eq!(tally.without_the_last_commit, 0, "an acknowledged commit was undone: {tally:?}");
}

#[test]
fn a_file_left_by_a_kill_with_a_flipped_bit_is_refused_or_lacks_its_last_commit_at_most() {
    let image = image_as_a_kill_leaves_it();
    let tally = image.tally(image.flipped());
    assert!(tally.refused > 0 && tally.whole > 0, "{tally:?}");
}

struct Image {
    bytes: Vec<u8>,
    records: Records,
    last: Id,
}

#[derive(Debug, Default)]
struct Tally {
    whole: usize,
    without_the_last_commit: usize,
    refused: usize,
}

impl Image {
    /// Copies of the image with one bit flipped each.
    fn flipped(&self) -> impl Iterator<Item = Vec<u8>> {
        let end = self.bytes.len();
        let positions = (0..HEADER).chain((HEADER..end - 128).step_by(STRIDE)).chain(end - 128..end);
        positions.map(|position| {
            let mut bytes = self.bytes.clone();
            bytes[position] ^= 1 << (position % 8);
            bytes
        })
    }

    fn tally(&self, damaged: impl Iterator<Item = Vec<u8>>) -> Tally {
        let directory = TemporaryDirectory::new();
        let path = directory.join("store");
        let mut tally = Tally::default();
        for (number, bytes) in damaged.enumerate() {
            fs::write(&path, bytes).unwrap();
            match catch_unwind(AssertUnwindSafe(|| read_all(&path))) {
                Ok(Ok(records)) if records == self.records => tally.whole += 1,
                Ok(Ok(mut records)) => {
                    records.insert(self.last, self.records[&self.last].clone());
                    assert!(records == self.records, "damage {number} lost or invented a record");
                    tally.without_the_last_commit += 1;
                }
                Ok(Err(OpenFault::Corrupt { .. } | OpenFault::Empty(_) | OpenFault::NotAStore(_))) => {
                    tally.refused += 1;
                }
                Ok(Err(other)) => panic!("damage {number}: {other}"),
                Err(_) => panic!("damage {number}: a panic came out"),
            }
        }
        println!("{tally:?}");
        tally
    }
}

fn image_closed_in_order() -> Image {
    let directory = TemporaryDirectory::new();
    let path = directory.join("store");
    let (store, last) = written(&path);
    drop(store);
    image(&path, last)
}

/// Read while the store is open: nothing is closed, the last commit is synced.
fn image_as_a_kill_leaves_it() -> Image {
    let directory = TemporaryDirectory::new();
    let path = directory.join("store");
    let (_store, last) = written(&path);
    image(&path, last)
}

fn image(path: &Path, last: Id) -> Image {
    let bytes = fs::read(path).unwrap();
    let directory = TemporaryDirectory::new();
    let copy = directory.join("copy");
    fs::write(&copy, &bytes).unwrap();
    let records = read_all(&copy).unwrap();
    assert_eq!(records.len(), usize::from(COMMITS));
    Image { bytes, records, last }
}

fn written(path: &Path) -> (EmbeddedStore, Id) {
    let entropy = SeededEntropy::new(11);
    let store = open(path).unwrap();
    let mut last = Id([0; 32]);
    for number in 0..COMMITS {
        for chunk in last.0.chunks_mut(8) {
            chunk.copy_from_slice(&entropy.next_u64().to_be_bytes());
        }
        let key = Key { tenant: TENANT, kind: Kind::Code, id: last };
        let value = vec![number.to_be_bytes()[1]; 100];
        let writes = vec![Write::Put { key, expires_at: Moment(i64::MAX - i64::from(number)), value }];
        let done = block_on(store.commit(Commit { conditions: vec![], writes }));
        assert_eq!(done, Ok(Verdict::Done));
    }
    (store, last)
}

fn read_all(path: &Path) -> Result<Records, OpenFault> {
    let store = EmbeddedStore::open(path, Arc::new(FakeClock::default()), EmbeddedLimits::default())?;
    let scanned = block_on(store.scan(TENANT, Kind::Code, None, 1_000)).unwrap();
    for (id, stored) in &scanned {
        let key = Key { tenant: TENANT, kind: Kind::Code, id: *id };
        assert_eq!(block_on(store.get(key)).unwrap().as_ref(), Some(stored));
    }
    Ok(scanned.into_iter().collect())
}

fn open(path: &Path) -> Result<EmbeddedStore, OpenFault> {
    EmbeddedStore::open_or_create(path, Arc::new(FakeClock::default()), EmbeddedLimits::default())
}

fn block_on<T>(answer: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(answer)
}
