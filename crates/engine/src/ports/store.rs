//! The store: get, scan, and one mini-transaction. Every store passes the contract in `testkit`.

use std::future::Future;
use std::pin::Pin;

use super::clock::Moment;

/// Conditions plus writes that one [`Commit`] may hold.
pub const MAX_COMMIT_STEPS: usize = 16;

/// The most records one [`Store::scan`] answers with.
pub const MAX_SCAN: usize = 1000;

/// What a store answers with.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreFault>> + Send + 'a>>;

/// A tenant's own name: 128 random bits, never reused, so that nothing written for a deleted
/// tenant is ever seen by the next one of the same name. All zero is the server itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TenantUid(pub [u8; 16]);

/// What a record is. The numbers are stored: they are never changed and never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Kind {
    /// A tenant's uid and times, under the server's own uid; the id is SHA-256 of the slug.
    Tenant = 1,
    /// A signing key, wrapped by the master key.
    SigningKey = 2,
    /// An authorization request that was pushed and not yet completed.
    PushedRequest = 3,
    /// The tombstone of a completed pushed request: who took it.
    Taken = 4,
    /// An authorization code; after redemption, its tombstone.
    Code = 5,
    /// An access token.
    AccessToken = 6,
    /// A refresh token.
    RefreshToken = 7,
    /// A value that may be used once: the `jti` of an assertion or a proof.
    OnceKey = 8,
    /// A person's session at a browser.
    Session = 9,
    /// What a person granted a client, the anchor of its tokens.
    Grant = 10,
    /// What a person allowed a client before.
    Consent = 11,
    /// A key that decrypts, wrapped by the master key.
    EncryptionKey = 12,
    /// A client that was registered at run time; the id is SHA-256 of its `client_id`.
    Client = 13,
    /// How often an initial access token was used; the id is SHA-256 of the token.
    InitialAccess = 14,
    /// An interaction that a back end leads: its ticket.
    Ticket = 16,
    /// What a user of a back end allowed a client.
    ExternalConsent = 17,
    /// Settings of a policy that were made at run time; the id is SHA-256 of the dialect's name.
    TenantSettings = 18,
}

/// A record's name within its tenant and kind: a SHA-256, never the reference itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(pub [u8; 32]);

/// Where a record is. Everything is keyed by tenant first: a look-up without one does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The tenant.
    pub tenant: TenantUid,
    /// What it is.
    pub kind: Kind,
    /// Which one.
    pub id: Id,
}

impl Key {
    /// Length of [`Key::to_bytes`].
    pub const LEN: usize = 49;

    /// The stored form, which sorts as the key does: tenant, kind, id.
    #[must_use]
    pub fn to_bytes(self) -> [u8; Self::LEN] {
        let mut bytes = [0; Self::LEN];
        let (tenant, rest) = bytes.split_at_mut(16);
        let (kind, id) = rest.split_at_mut(1);
        tenant.copy_from_slice(&self.tenant.0);
        kind.fill(self.kind as u8);
        id.copy_from_slice(&self.id.0);
        bytes
    }
}

/// A live record as the store gives it back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Assigned by the store; differs after every write of this key, also across a delete.
    pub version: u64,
    /// From this moment on the record is absent.
    pub expires_at: Moment,
    /// The bytes that were written.
    pub value: Vec<u8>,
}

/// What must hold, judged at the store's own time in one instant with the writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// No live record is there. An expired one is absent.
    Absent(Key),
    /// The live record there still has this version.
    Unchanged(Key, u64),
}

/// What is done when all conditions hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// Puts a record, replacing any.
    Put {
        /// Where.
        key: Key,
        /// From when on it is absent; `i64::MAX` is never.
        expires_at: Moment,
        /// What.
        value: Vec<u8>,
    },
    /// Removes a record, if there is one.
    Delete(Key),
}

impl Write {
    /// Where it writes.
    #[must_use]
    pub const fn key(&self) -> Key {
        match self {
            Self::Put { key, .. } | Self::Delete(key) => *key,
        }
    }
}

/// All conditions hold and all writes happen, or nothing happens.
/// At most [`MAX_COMMIT_STEPS`] conditions and writes together; a key is written at most once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Commit {
    /// What must hold.
    pub conditions: Vec<Condition>,
    /// What is then done.
    pub writes: Vec<Write>,
}

/// How a commit went. Either way the store did what it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Verdict {
    /// All writes are done and durable.
    Done,
    /// Nothing was done; the condition at this index was the first that did not hold.
    Refused(usize),
}

/// The store could not answer. Never the caller's business; a client hears "try again later".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreFault {
    /// Nothing was done, and nothing will be.
    Unavailable,
    /// The commit may or may not have happened.
    InDoubt,
    /// The commit holds more than [`MAX_COMMIT_STEPS`] steps, or writes a key twice: a bug of ours.
    Malformed,
    /// What is stored cannot be what was written.
    Corrupt,
}

/// Where everything is kept.
///
/// Promises, each held by the contract test suite in `testkit`:
/// - a [`Store::commit`] that answered [`Verdict::Done`] is durable: it survives kill -9 and power loss;
/// - commits are linearizable: of any number of simultaneous commits whose conditions exclude each
///   other, exactly one is done;
/// - a record whose expiry is at or before [`Store::now`] is absent to get, scan and conditions alike;
/// - expired records are removed from disk without being asked.
pub trait Store: Send + Sync {
    /// The store's own time, the single judge of expiry. Never runs backwards, also across restarts
    /// as far as the last durable commit.
    fn now(&self) -> Moment;

    /// The live record at a key.
    fn get(&self, key: Key) -> Answer<'_, Option<Stored>>;

    /// Live records of one kind in id order, beginning after `after`, at most `limit`
    /// (and at most [`MAX_SCAN`]).
    fn scan(&self, tenant: TenantUid, kind: Kind, after: Option<Id>, limit: usize) -> Answer<'_, Vec<(Id, Stored)>>;

    /// The mini-transaction. Answers after the data is durable.
    fn commit(&self, commit: Commit) -> Answer<'_, Verdict>;
}
