//! Every way a store may not open has its own answer, in words for the operator.
#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods)]

use std::fs;
use std::path::Path;
use std::sync::Arc;

use parhelion_engine::ports::{Clock, Moment, Store};
use parhelion_stores::embedded::{EmbeddedLimits, EmbeddedStore, Health, OpenFault};
use parhelion_testkit::{FakeClock, TemporaryDirectory};
use redb::{Database, TableDefinition};

#[test]
fn a_missing_directory_is_named() {
    let directory = TemporaryDirectory::new();
    let path = directory.join("nowhere").join("store");
    assert_eq!(open(&path).unwrap_err(), OpenFault::MissingDirectory(path.clone()));
    assert_eq!(EmbeddedStore::create(&path).unwrap_err(), OpenFault::MissingDirectory(path.clone()));
    assert_eq!(open_or_create(&path).unwrap_err(), OpenFault::MissingDirectory(path));
}

#[test]
fn a_missing_file_is_not_created_by_opening() {
    let directory = TemporaryDirectory::new();
    let path = directory.join("store");
    assert_eq!(open(&path).unwrap_err(), OpenFault::Missing(path.clone()));
    assert!(!path.exists());
    open_or_create(&path).unwrap();
    assert!(path.exists());
}

#[test]
fn a_new_store_is_never_put_over_an_old_one() {
    let directory = TemporaryDirectory::new();
    let path = directory.join("store");
    EmbeddedStore::create(&path).unwrap();
    let before = fs::read(&path).unwrap();
    assert_eq!(EmbeddedStore::create(&path).unwrap_err(), OpenFault::AlreadyThere(path.clone()));
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn an_empty_file_is_refused_and_left_alone() {
    let directory = TemporaryDirectory::new();
    let path = directory.join("store");
    fs::write(&path, b"").unwrap();
    assert_eq!(open(&path).unwrap_err(), OpenFault::Empty(path.clone()));
    assert_eq!(open_or_create(&path).unwrap_err(), OpenFault::Empty(path.clone()));
    assert_eq!(fs::read(&path).unwrap(), b"");
}

#[test]
fn something_else_is_refused_and_left_alone() {
    let directory = TemporaryDirectory::new();
    let path = directory.join("store");
    for content in [&b"x"[..], b"SQLite format 3\0 and so on", &[0; 8_192]] {
        fs::write(&path, content).unwrap();
        assert_eq!(open(&path).unwrap_err(), OpenFault::NotAStore(path.clone()));
        assert_eq!(fs::read(&path).unwrap(), content);
    }
    assert_eq!(open(directory.path()).unwrap_err(), OpenFault::NotAStore(directory.path().to_owned()));
}

#[test]
fn a_database_of_another_program_is_refused() {
    let directory = TemporaryDirectory::new();
    let path = directory.join("store");
    let database = Database::create(&path).unwrap();
    let transaction = database.begin_write().unwrap();
    transaction.open_table(TableDefinition::<u64, u64>::new("theirs")).unwrap().insert(1, 2).unwrap();
    transaction.commit().unwrap();
    drop(database);
    assert_eq!(open(&path).unwrap_err(), OpenFault::NotAStore(path.clone()));
}

#[test]
fn a_store_of_a_later_release_is_refused_with_both_versions() {
    let directory = TemporaryDirectory::new();
    let path = directory.join("store");
    for (found, expected) in [(2, true), (u32::MAX, true), (0, false)] {
        let _ = fs::remove_file(&path);
        EmbeddedStore::create(&path).unwrap();
        set_format(&path, found);
        let fault = open(&path).unwrap_err();
        let newer = OpenFault::Newer { path: path.clone(), found, known: 1 };
        assert_eq!(fault == newer, expected, "{fault}");
        assert!(expected || matches!(fault, OpenFault::Corrupt { .. }), "{fault}");
    }
}

#[test]
fn a_store_in_use_is_refused_until_it_is_closed() {
    let directory = TemporaryDirectory::new();
    let path = directory.join("store");
    let first = open_or_create(&path).unwrap();
    assert_eq!(open(&path).unwrap_err(), OpenFault::Locked(path.clone()));
    first.close();
    let second = open(&path).unwrap();
    assert_eq!((first.health(), second.health()), (Health::Closed, Health::Serving));
    drop(second);
    open(&path).unwrap();
}

#[test]
fn a_store_without_its_tables_is_damaged() {
    let directory = TemporaryDirectory::new();
    for table in ["records", "expiry", "state"] {
        let path = directory.join(table);
        EmbeddedStore::create(&path).unwrap();
        let database = Database::open(&path).unwrap();
        let transaction = database.begin_write().unwrap();
        let tables: Vec<_> = transaction.list_tables().unwrap().collect();
        for handle in tables.into_iter().filter(|handle| redb::TableHandle::name(handle) == table) {
            assert!(transaction.delete_table(handle).unwrap());
        }
        transaction.commit().unwrap();
        drop(database);
        assert!(matches!(open(&path).unwrap_err(), OpenFault::Corrupt { .. }), "without {table}");
    }
}

#[test]
fn every_fault_names_the_file_in_one_line() {
    let path = Path::new("/var/lib/parhelion/store").to_owned();
    let detail = "words of the system".to_owned();
    for fault in [
        OpenFault::MissingDirectory(path.clone()),
        OpenFault::Missing(path.clone()),
        OpenFault::AlreadyThere(path.clone()),
        OpenFault::Empty(path.clone()),
        OpenFault::NotAStore(path.clone()),
        OpenFault::Newer { path: path.clone(), found: 7, known: 1 },
        OpenFault::Locked(path.clone()),
        OpenFault::PermissionDenied(path.clone()),
        OpenFault::Corrupt { path: path.clone(), detail: detail.clone() },
        OpenFault::Io { path: path.clone(), detail },
    ] {
        let text = fault.to_string();
        assert!(text.contains("/var/lib/parhelion/store") && !text.contains('\n'), "{text}");
    }
}

#[test]
fn a_new_store_starts_at_the_time_of_the_clock() {
    let directory = TemporaryDirectory::new();
    let clock = Arc::new(FakeClock::at(Moment(5)));
    let wall = Arc::clone(&clock) as Arc<dyn Clock>;
    let store = EmbeddedStore::open_or_create(&directory.join("store"), wall, EmbeddedLimits::default()).unwrap();
    assert_eq!(store.now(), Moment(5));
}

fn open(path: &Path) -> Result<EmbeddedStore, OpenFault> {
    EmbeddedStore::open(path, Arc::new(FakeClock::default()), EmbeddedLimits::default())
}

fn open_or_create(path: &Path) -> Result<EmbeddedStore, OpenFault> {
    EmbeddedStore::open_or_create(path, Arc::new(FakeClock::default()), EmbeddedLimits::default())
}

fn set_format(path: &Path, version: u32) {
    let database = Database::open(path).unwrap();
    let transaction = database.begin_write().unwrap();
    let table = TableDefinition::<&str, u32>::new("parhelion-store");
    transaction.open_table(table).unwrap().insert("format", version).unwrap();
    transaction.commit().unwrap();
}
