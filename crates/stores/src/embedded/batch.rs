//! One redb transaction that carries all commits of a batch, each judged against those before it.

use parhelion_engine::ports::{Commit, Condition, Key, Moment, StoreFault, Verdict, Write};
use redb::{ReadableTable, StorageError, Table, WriteTransaction};

use super::queue::CommitAnswer;
use super::record::{
    EXPIRY, ExpiryKey, RECORDS, Record, RecordKey, Rotten, STATE, expiry_key, first_live_key, record_key_of,
};
use crate::store_time::{NEVER, is_live};

/// The tables of an open transaction and the last version given.
pub(super) struct Batch<'txn> {
    records: Table<'txn, &'static RecordKey, &'static [u8]>,
    expiry: Table<'txn, &'static ExpiryKey, ()>,
    state: Table<'txn, (), (u64, i64)>,
    last_version: u64,
    has_changes: bool,
}

impl<'txn> Batch<'txn> {
    pub(super) fn begin(transaction: &'txn WriteTransaction, last_version: u64) -> Result<Self, redb::Error> {
        Ok(Self {
            records: transaction.open_table(RECORDS)?,
            expiry: transaction.open_table(EXPIRY)?,
            state: transaction.open_table(STATE)?,
            last_version,
            has_changes: false,
        })
    }

    /// Judges one commit at `now`, and writes if all conditions hold. The inner answer is the
    /// caller's; an outer error means that the whole transaction is lost.
    pub(super) fn commit(&mut self, commit: &Commit, now: Moment) -> Result<CommitAnswer, StorageError> {
        for (index, condition) in commit.conditions.iter().enumerate() {
            match self.holds(condition, now)? {
                Ok(true) => {}
                Ok(false) => return Ok(Ok(Verdict::Refused(index))),
                Err(Rotten) => return Ok(Err(StoreFault::Corrupt)),
            }
        }
        for write in &commit.writes {
            match write {
                Write::Put { key, expires_at, value } => self.put(&key.to_bytes(), *expires_at, value)?,
                Write::Delete(key) => self.delete(&key.to_bytes())?,
            }
        }
        Ok(Ok(Verdict::Done))
    }

    /// Whether there is anything to make durable.
    pub(super) fn has_changes(&self) -> bool {
        self.has_changes
    }

    /// Removes at most `most` expired records; says how many index entries it worked off.
    pub(super) fn remove_expired(&mut self, now: Moment, most: usize) -> Result<usize, StorageError> {
        let until = first_live_key(now);
        let mut due = Vec::new();
        for entry in self.expiry.range::<&ExpiryKey>(..&until)?.take(most) {
            due.push(*entry?.0.value());
        }
        for entry in &due {
            self.expiry.remove(entry)?;
            self.has_changes = true;
            if let Some(key) = record_key_of(entry) {
                self.remove_if_expired(&key, now)?;
            }
        }
        Ok(due.len())
    }

    /// Writes down version and time, if there is anything to commit; answers with the last version then.
    pub(super) fn finish(mut self, now: Moment) -> Result<Option<u64>, StorageError> {
        if !self.has_changes {
            return Ok(None);
        }
        self.state.insert((), (self.last_version, now.0))?;
        Ok(Some(self.last_version))
    }

    fn holds(&self, condition: &Condition, now: Moment) -> Result<Result<bool, Rotten>, StorageError> {
        match condition {
            Condition::Absent(key) => Ok(self.live_version(*key, now)?.map(|version| version.is_none())),
            Condition::Unchanged(key, expected) => {
                Ok(self.live_version(*key, now)?.map(|version| version == Some(*expected)))
            }
        }
    }

    fn live_version(&self, key: Key, now: Moment) -> Result<Result<Option<u64>, Rotten>, StorageError> {
        let key = key.to_bytes();
        let Some(bytes) = self.records.get(&key)? else { return Ok(Ok(None)) };
        let record = Record::decode(&key, bytes.value());
        Ok(record.map(|record| is_live(record.expires_at, now).then_some(record.version)))
    }

    fn put(&mut self, key: &RecordKey, expires_at: Moment, value: &[u8]) -> Result<(), StorageError> {
        self.last_version = self.last_version.wrapping_add(1);
        self.has_changes = true;
        let record = Record { version: self.last_version, expires_at, value };
        let replaced = self.records.insert(key, record.encode(key).as_slice())?;
        let former = replaced.and_then(|bytes| expiry_of(key, bytes.value()));
        if former == Some(expires_at) {
            return Ok(());
        }
        self.unindex(key, former)?;
        if expires_at != NEVER {
            self.expiry.insert(&expiry_key(expires_at, key), ())?;
        }
        Ok(())
    }

    fn delete(&mut self, key: &RecordKey) -> Result<(), StorageError> {
        let removed = self.records.remove(key)?;
        self.has_changes |= removed.is_some();
        let former = removed.and_then(|bytes| expiry_of(key, bytes.value()));
        self.unindex(key, former)
    }

    fn unindex(&mut self, key: &RecordKey, former: Option<Moment>) -> Result<(), StorageError> {
        if let Some(former) = former.filter(|former| *former != NEVER) {
            self.expiry.remove(&expiry_key(former, key))?;
        }
        Ok(())
    }

    /// A rotten record stays: it is evidence, and absent it must not be.
    fn remove_if_expired(&mut self, key: &RecordKey, now: Moment) -> Result<(), StorageError> {
        let expires_at = self.records.get(key)?.and_then(|bytes| expiry_of(key, bytes.value()));
        if expires_at.is_some_and(|expires_at| !is_live(expires_at, now)) {
            self.records.remove(key)?;
        }
        Ok(())
    }
}

/// None for a rotten record: its index entry, if any, is passed when its time comes.
fn expiry_of(key: &RecordKey, bytes: &[u8]) -> Option<Moment> {
    Record::decode(key, bytes).ok().map(|record| record.expires_at)
}
