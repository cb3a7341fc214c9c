//! Private keys in the store: wrapped by the master key, each a record of its own, in the order in which they were made.
//! A key that has a successor gets the expiry of its use, and the store removes it.

use std::marker::PhantomData;

use parhelion_engine::fault::Fault;
use parhelion_engine::ports::{Commit, Condition, Entropy, Id, Key, Moment, Store, Stored, TenantUid, Verdict, Write};
use parhelion_engine::records::{self, Layout, WrappedKey};
use parhelion_engine::reference::{SealingKey, sha256};
use zeroize::Zeroizing;

use crate::key_ring::KeyFault;
use crate::master_key::MasterKey;

/// Keys of one kind that one tenant may have at a time.
pub(crate) const KEYS_MAX: usize = 16;

/// What is kept under a kind of its own, and wrapped for it.
pub(crate) trait KeyRecord: records::Payload + From<WrappedKey> + Into<WrappedKey> {
    /// What the wrapping key is derived for.
    const WRAPPED_FOR: &'static [u8];
}

/// The keys of one kind of a tenant.
pub(crate) struct KeptKeys<R> {
    tenant: TenantUid,
    wrapping: SealingKey,
    kind: PhantomData<R>,
}

/// A key as it is kept.
pub(crate) struct Kept {
    pub(crate) id: Id,
    pub(crate) stored: Stored,
    pub(crate) record: WrappedKey,
}

/// A key on its way to the store.
pub(crate) struct Fresh {
    pub(crate) alg: &'static str,
    pub(crate) kid: String,
    /// PKCS #8.
    pub(crate) document: Zeroizing<Vec<u8>>,
}

impl Kept {
    /// Until when it is kept; none where it has no successor.
    pub(crate) fn until(&self) -> Option<Moment> {
        Some(self.stored.expires_at).filter(|until| *until != Moment(i64::MAX))
    }
}

impl<R: KeyRecord + Layout> KeptKeys<R> {
    pub(crate) fn new(tenant: TenantUid, master: &MasterKey) -> Result<Self, Fault> {
        let wrapping = SealingKey::derive(master, &[R::WRAPPED_FOR, &tenant.0])?;
        Ok(Self { tenant, wrapping, kind: PhantomData })
    }

    /// Whose keys they are.
    pub(crate) const fn tenant(&self) -> TenantUid {
        self.tenant
    }

    /// All of them, in the order in which they were made.
    pub(crate) async fn all(&self, store: &dyn Store) -> Result<Vec<Kept>, Fault> {
        let mut kept = Vec::new();
        for (id, stored) in store.scan(self.tenant, R::KIND, None, KEYS_MAX.saturating_mul(2)).await? {
            let record: WrappedKey = records::open::<R>(&stored)?.into();
            kept.push(Kept { id, stored, record });
        }
        kept.sort_by_key(|kept| (kept.record.made_at_ms, kept.id));
        Ok(kept)
    }

    /// Puts the first key of a line; where there is one, somebody else was faster, and it stays.
    pub(crate) async fn put_first(
        &self,
        store: &dyn Store,
        entropy: &dyn Entropy,
        line: &[u8],
        fresh: &Fresh,
    ) -> Result<(), Fault> {
        let (key, write) = self.put(fresh, sha256(&[line]), store.now(), entropy)?;
        let commit = Commit { conditions: vec![Condition::Absent(key)], writes: vec![write] };
        let (Verdict::Done | Verdict::Refused(_)) = store.commit(commit).await?;
        Ok(())
    }

    /// Puts a key behind the newest of its line, which goes when `gone_at` says, of the moment at which this was made.
    ///
    /// # Errors
    /// [`KeyFault`]; then nothing has changed.
    pub(crate) async fn put_successor(
        &self,
        store: &dyn Store,
        entropy: &dyn Entropy,
        newest: Option<&Kept>,
        fresh: &Fresh,
        gone_at: impl FnOnce(Moment) -> Moment,
    ) -> Result<(), KeyFault> {
        let after = newest.map_or(i64::MIN, |newest| newest.record.made_at_ms.saturating_add(1));
        let made_at = Moment(store.now().0.max(after));
        let id = sha256(&[R::WRAPPED_FOR, fresh.kid.as_bytes()]);
        let (key, write) = self.put(fresh, id, made_at, entropy)?;
        let mut commit = Commit { conditions: vec![Condition::Absent(key)], writes: vec![write] };
        if let Some(newest) = newest {
            commit.conditions.push(Condition::Unchanged(self.key(newest.id), newest.stored.version));
            commit.writes.push(self.put_until(newest, gone_at(made_at))?);
        }
        match store.commit(commit).await? {
            Verdict::Done => Ok(()),
            Verdict::Refused(_) => Err(KeyFault::Raced),
        }
    }

    /// Keeps a key for longer than it was going to be.
    pub(crate) async fn prolong(&self, store: &dyn Store, kept: &Kept, until: Moment) -> Result<(), Fault> {
        let conditions = vec![Condition::Unchanged(self.key(kept.id), kept.stored.version)];
        let writes = vec![self.put_until(kept, until)?];
        let (Verdict::Done | Verdict::Refused(_)) = store.commit(Commit { conditions, writes }).await?;
        Ok(())
    }

    /// The PKCS #8 document of a key.
    pub(crate) fn unwrapped(&self, record: &WrappedKey) -> Result<Zeroizing<Vec<u8>>, Fault> {
        self.wrapping.open(record.kid.as_bytes(), &record.wrapped).ok_or(Fault::Record)
    }

    fn put(&self, fresh: &Fresh, id: Id, made_at: Moment, entropy: &dyn Entropy) -> Result<(Key, Write), Fault> {
        let record = WrappedKey {
            alg: fresh.alg.to_owned(),
            kid: fresh.kid.clone(),
            wrapped: self.wrapping.seal(fresh.kid.as_bytes(), fresh.document.to_vec(), entropy)?,
            made_at_ms: made_at.0,
        };
        Ok((self.key(id), records::put_open(self.tenant, id, &R::from(record), Moment(i64::MAX))?))
    }

    fn put_until(&self, kept: &Kept, until: Moment) -> Result<Write, Fault> {
        records::put_open(self.tenant, kept.id, &R::from(kept.record.clone()), until)
    }

    const fn key(&self, id: Id) -> Key {
        Key { tenant: self.tenant, kind: R::KIND, id }
    }
}
