//! The bytes of the file: tables, record values, expiry keys. Format version 1.
//!
//! | table | key | value |
//! |---|---|---|
//! | `parhelion-store` | `"format"` | format version |
//! | `records` | tenant, kind, id (49 bytes) | CRC-32, version, expiry, value |
//! | `expiry` | expiry, then the record's key (57 bytes) | nothing |
//! | `state` | nothing (one row) | last version given, latest store time |
//!
//! Numbers are big-endian; the expiry's sign bit is flipped in keys, so that they sort as time does.
//! The CRC covers key, version, expiry and value: redb checks its pages when it opens a file, not when it
//! reads one later, and a record that rotted in between must be refused, not served.

use parhelion_engine::ports::{Key, Moment, Stored};
use redb::TableDefinition;

/// Key of a record, as [`Key::to_bytes`] gives it.
pub(super) type RecordKey = [u8; Key::LEN];

/// Key of the expiry index: when, then which.
pub(super) type ExpiryKey = [u8; EXPIRY_KEY_LEN];

const EXPIRY_KEY_LEN: usize = Key::LEN + 8;

pub(super) const FORMAT: TableDefinition<'_, &str, u32> = TableDefinition::new("parhelion-store");
pub(super) const FORMAT_KEY: &str = "format";
pub(super) const FORMAT_VERSION: u32 = 1;

pub(super) const RECORDS: TableDefinition<'_, &RecordKey, &[u8]> = TableDefinition::new("records");
pub(super) const EXPIRY: TableDefinition<'_, &ExpiryKey, ()> = TableDefinition::new("expiry");
pub(super) const STATE: TableDefinition<'_, (), (u64, i64)> = TableDefinition::new("state");

/// A record's bytes are not those that were written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rotten;

/// A record as it lies in a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Record<'a> {
    pub(super) version: u64,
    pub(super) expires_at: Moment,
    pub(super) value: &'a [u8],
}

impl<'a> Record<'a> {
    /// The stored form of this record under `key`.
    pub(super) fn encode(&self, key: &RecordKey) -> Vec<u8> {
        let head = Head { version: self.version.to_be_bytes(), expires_at: self.expires_at.0.to_be_bytes() };
        let parts = [&head.checksum(key, self.value)[..], &head.version, &head.expires_at, self.value];
        parts.concat()
    }

    /// Reads the stored form back.
    pub(super) fn decode(key: &RecordKey, bytes: &'a [u8]) -> Result<Self, Rotten> {
        let (checksum, rest) = bytes.split_first_chunk().ok_or(Rotten)?;
        let (version, rest) = rest.split_first_chunk().ok_or(Rotten)?;
        let (expires_at, value) = rest.split_first_chunk().ok_or(Rotten)?;
        let head = Head { version: *version, expires_at: *expires_at };
        if head.checksum(key, value) != *checksum {
            return Err(Rotten);
        }
        let expires_at = Moment(i64::from_be_bytes(head.expires_at));
        Ok(Self { version: u64::from_be_bytes(head.version), expires_at, value })
    }

    pub(super) fn stored(&self) -> Stored {
        Stored { version: self.version, expires_at: self.expires_at, value: self.value.to_vec() }
    }
}

struct Head {
    version: [u8; 8],
    expires_at: [u8; 8],
}

impl Head {
    fn checksum(&self, key: &RecordKey, value: &[u8]) -> [u8; 4] {
        let mut hasher = crc32fast::Hasher::new();
        for part in [&key[..], &self.version, &self.expires_at, value] {
            hasher.update(part);
        }
        hasher.finalize().to_be_bytes()
    }
}

/// Where a record stands in the expiry index.
pub(super) fn expiry_key(expires_at: Moment, key: &RecordKey) -> ExpiryKey {
    let mut bytes = [0; EXPIRY_KEY_LEN];
    let (when, which) = bytes.split_at_mut(8);
    when.copy_from_slice(&sortable(expires_at));
    which.copy_from_slice(key);
    bytes
}

/// The first index key of what is not yet expired at `now`.
pub(super) fn first_live_key(now: Moment) -> ExpiryKey {
    expiry_key(Moment(now.0.saturating_add(1)), &[0; Key::LEN])
}

/// The record an index key points at.
pub(super) fn record_key_of(expiry_key: &ExpiryKey) -> Option<RecordKey> {
    expiry_key.last_chunk().copied()
}

fn sortable(moment: Moment) -> [u8; 8] {
    (moment.0 ^ i64::MIN).to_be_bytes()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::arithmetic_side_effects)]

    use super::*;

    const KEY: RecordKey = [9; Key::LEN];

    fn sample() -> Vec<u8> {
        Record { version: 3, expires_at: Moment(1_800_000_000_000), value: b"value" }.encode(&KEY)
    }

    #[test]
    fn a_record_comes_back_as_it_was_written() {
        let record = Record { version: u64::MAX, expires_at: Moment(i64::MIN), value: b"" };
        assert_eq!(Record::decode(&KEY, &record.encode(&KEY)), Ok(record));
        assert_eq!(Record::decode(&KEY, &sample()).unwrap().value, b"value");
    }

    #[test]
    fn a_record_with_any_flipped_bit_or_under_another_key_is_refused() {
        for bit in 0..sample().len() * 8 {
            let mut bytes = sample();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Record::decode(&KEY, &bytes), Err(Rotten), "bit {bit}");
        }
        assert_eq!(Record::decode(&[8; Key::LEN], &sample()), Err(Rotten));
    }

    #[test]
    fn a_record_cut_short_is_refused() {
        for length in 0..sample().len() {
            assert_eq!(Record::decode(&KEY, &sample()[..length]), Err(Rotten), "{length} bytes");
        }
    }

    #[test]
    fn expiry_keys_sort_as_time_does() {
        let moments = [i64::MIN, -1, 0, 1, 255, 256, 1_800_000_000_000, i64::MAX].map(Moment);
        for pair in moments.windows(2) {
            assert!(expiry_key(pair[0], &[255; Key::LEN]) < expiry_key(pair[1], &[0; Key::LEN]));
        }
        assert!(expiry_key(Moment(5), &[255; Key::LEN]) < first_live_key(Moment(5)));
        assert!(expiry_key(Moment(6), &[0; Key::LEN]) >= first_live_key(Moment(5)));
        assert_eq!(record_key_of(&expiry_key(Moment(5), &KEY)), Some(KEY));
    }
}
