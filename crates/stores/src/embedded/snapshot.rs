//! What readers see: the state of the last durable commit.

use std::ops::Bound;

use parhelion_engine::ports::{Id, Key, Kind, MAX_SCAN, Moment, StoreFault, Stored, TenantUid};
use redb::{Database, ReadOnlyTable, ReadableDatabase, ReadableTable, ReadableTableMetadata, StorageError};

use super::record::{EXPIRY, ExpiryKey, RECORDS, Record, RecordKey, first_live_key};
use crate::store_time::is_live;

/// One state of the store, which stays readable while the next ones are written.
pub(super) struct Snapshot {
    records: ReadOnlyTable<&'static RecordKey, &'static [u8]>,
    expiry: ReadOnlyTable<&'static ExpiryKey, ()>,
}

impl Snapshot {
    /// The state of the last commit.
    pub(super) fn latest(database: &Database) -> Result<Self, redb::Error> {
        let transaction = database.begin_read()?;
        Ok(Self { records: transaction.open_table(RECORDS)?, expiry: transaction.open_table(EXPIRY)? })
    }

    pub(super) fn get(&self, key: Key, now: Moment) -> Result<Option<Stored>, StoreFault> {
        let key = key.to_bytes();
        let Some(bytes) = self.records.get(&key).map_err(read_fault)? else { return Ok(None) };
        let record = Record::decode(&key, bytes.value()).map_err(|_rotten| rotten())?;
        Ok(is_live(record.expires_at, now).then(|| record.stored()))
    }

    pub(super) fn scan(
        &self,
        (tenant, kind): (TenantUid, Kind),
        after: Option<Id>,
        limit: usize,
        now: Moment,
    ) -> Result<Vec<(Id, Stored)>, StoreFault> {
        let bound = |id| Key { tenant, kind, id }.to_bytes();
        let first = after.map_or(Bound::Included(bound(Id([0; 32]))), |after| Bound::Excluded(bound(after)));
        let last = Bound::Included(bound(Id([255; 32])));
        let mut found = Vec::new();
        let mut range = self.records.range::<&RecordKey>((first.as_ref(), last.as_ref())).map_err(read_fault)?;
        while found.len() < limit.min(MAX_SCAN) {
            let Some(entry) = range.next() else { break };
            let (key, bytes) = entry.map_err(read_fault)?;
            let record = Record::decode(key.value(), bytes.value()).map_err(|_rotten| rotten())?;
            if is_live(record.expires_at, now) {
                let id = key.value().last_chunk().copied().ok_or(StoreFault::Corrupt)?;
                found.push((Id(id), record.stored()));
            }
        }
        Ok(found)
    }

    /// Whether anything waits to be removed.
    pub(super) fn anything_expired(&self, now: Moment) -> Result<bool, StorageError> {
        Ok(self.expiry.first()?.is_some_and(|(key, _)| *key.value() < first_live_key(now)))
    }

    /// Records in the file, expired ones that are not yet removed included.
    pub(super) fn record_count(&self) -> Result<u64, StoreFault> {
        self.records.len().map_err(read_fault)
    }

    /// Entries of the expiry index.
    #[cfg(test)]
    pub(super) fn expiry_count(&self) -> u64 {
        self.expiry.len().expect("the index can be counted")
    }
}

fn read_fault(fault: StorageError) -> StoreFault {
    tracing::error!(%fault, "the store file could not be read");
    if matches!(fault, StorageError::Corrupted(_)) { StoreFault::Corrupt } else { StoreFault::Unavailable }
}

fn rotten() -> StoreFault {
    tracing::error!("a record in the store file is damaged; it is refused, and the file should be restored");
    StoreFault::Corrupt
}
