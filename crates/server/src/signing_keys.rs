//! The signing keys of a tenant over time. A new key is published at once and signs when every key set that may still
//! be kept somewhere has it; the one before stays published until the last token that it signed has expired. No
//! moment is without a key that signs.
//!
//! Nothing but the keys is stored: the newest is kept for ever, one that has a successor gets the expiry of its use,
//! and the store removes it.

use std::sync::{Arc, Mutex, PoisonError};

use parhelion_engine::fault::Fault;
use parhelion_engine::keys::SigningKeys;
use parhelion_engine::ports::{
    Commit, Condition, Entropy, Id, Key, Kind, Moment, Store, Stored, TenantUid, Verdict, Write,
};
use parhelion_engine::records::{self, SigningKeyRecord};
use parhelion_engine::reference::{SealingKey, sha256};
use parhelion_jose::jws::Algorithm;
use parhelion_jose::signing::SigningKey;
use serde::{Deserialize, Serialize};

use crate::config::TenantPlan;
use crate::master_key::MasterKey;

/// How long a key set or a metadata document may be kept by whoever read it: the `max-age` of their answers.
pub(crate) const DOCUMENT_MAX_AGE_S: i64 = 300;
/// From the making of a key to its first signature: that, and what making, storing and answering may take.
const SIGNS_AFTER_S: i64 = DOCUMENT_MAX_AGE_S + 30;
/// How much longer a key is published than its tokens live, for clocks that differ.
const PUBLISHED_LONGER_S: i64 = 60;
/// Keys that one tenant may have at a time.
const KEYS_MAX: usize = 16;

/// Why there was no rotation, or no list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyFault {
    /// The policy of a mount does not accept the algorithm.
    Algorithm(Algorithm),
    /// There are as many keys as there may be.
    TooMany,
    /// Another rotation was faster.
    Raced,
    /// Something of ours broke.
    Faulted(Fault),
}

impl std::fmt::Display for KeyFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Algorithm(alg) => write!(
                f,
                "its profile does not accept signing with {alg}, or a client asks for another algorithm; rotate to another algorithm under the old profile, and \
                 change the profile when `parhelion keys list` shows that the new key signs"
            ),
            Self::TooMany => write!(f, "there are {KEYS_MAX} keys already; wait until the oldest is gone"),
            Self::Raced => f.write_str("another rotation was faster; look at `parhelion keys list`"),
            Self::Faulted(Fault::Store(fault)) => write!(f, "the store does not answer ({fault:?})"),
            Self::Faulted(Fault::Record) => f.write_str(
                "what the store holds cannot be read with this master key; put back the master.key that belongs to \
                 this store",
            ),
            Self::Faulted(Fault::Entropy) => f.write_str("the operating system gives no randomness"),
            Self::Faulted(Fault::Crypto | Fault::Busy) => f.write_str("a key could not be made"),
        }
    }
}

impl<T: Into<Fault>> From<T> for KeyFault {
    fn from(fault: T) -> Self {
        Self::Faulted(fault.into())
    }
}

/// What a key is for at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum KeyState {
    /// It is published and will sign.
    Waiting,
    /// It signs.
    Signing,
    /// What it signed is still about.
    Retired,
}

/// One key, for its operator. Times are milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeyView {
    pub(crate) kid: String,
    pub(crate) alg: String,
    pub(crate) state: KeyState,
    pub(crate) made_at_ms: i64,
    pub(crate) signs_from_ms: i64,
    /// Nothing where it has no successor.
    pub(crate) published_until_ms: Option<i64>,
}

/// What a tenant's keys are made and opened with.
pub(crate) struct KeyRing {
    tenant: TenantUid,
    wrapping: SealingKey,
    /// Of a key that is made without a word on it.
    pub(crate) signing_alg: Algorithm,
    accepted: Vec<Algorithm>,
    signed_lifetime_s: u32,
}

/// The rings of all tenants.
pub(crate) struct KeyRings {
    rings: Vec<(String, KeyRing)>,
    /// When the keys of one of them change by themselves.
    until: Mutex<Moment>,
    /// Whoever changes keys holds it.
    pub(crate) turn: tokio::sync::Mutex<()>,
}

impl Default for KeyRings {
    fn default() -> Self {
        Self { rings: Vec::new(), until: Mutex::new(Moment(i64::MAX)), turn: tokio::sync::Mutex::new(()) }
    }
}

impl KeyRings {
    /// Takes in the ring of a tenant, whose keys stay as they are until then.
    pub(crate) fn add(&mut self, tenant: &str, ring: KeyRing, until: Moment) {
        self.rings.push((tenant.to_owned(), ring));
        self.set_until(self.until().min(until));
    }

    /// The ring of a tenant, by its slug.
    pub(crate) fn of(&self, tenant: &str) -> Option<&KeyRing> {
        self.rings.iter().find(|(id, _)| id == tenant).map(|(_, ring)| ring)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &KeyRing> {
        self.rings.iter().map(|(_, ring)| ring)
    }

    pub(crate) fn until(&self) -> Moment {
        *self.until.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_until(&self, until: Moment) {
        *self.until.lock().unwrap_or_else(PoisonError::into_inner) = until;
    }
}

/// A key as it is kept.
struct Kept {
    id: Id,
    stored: Stored,
    record: SigningKeyRecord,
    signs_from: Moment,
}

/// The keys of a moment.
pub(crate) struct Opened {
    pub(crate) keys: SigningKeys,
    /// When that will change by itself.
    pub(crate) until: Moment,
}

impl KeyRing {
    pub(crate) fn new(plan: &TenantPlan, tenant: TenantUid, master: &MasterKey) -> Result<Self, Fault> {
        Ok(Self {
            tenant,
            wrapping: SealingKey::derive(master, &[b"parhelion/1/signing-key", &tenant.0])?,
            signing_alg: plan.signing_alg,
            accepted: plan.signing_algs(),
            signed_lifetime_s: plan.signed_lifetime_s(),
        })
    }

    /// Whose keys they are.
    pub(crate) const fn tenant(&self) -> TenantUid {
        self.tenant
    }

    /// The keys of this moment; the first one is made where there is none.
    ///
    /// # Errors
    /// [`KeyFault::Algorithm`] when no policy accepts what is signed with any more.
    pub(crate) async fn open(&self, store: &dyn Store, entropy: &dyn Entropy) -> Result<Opened, KeyFault> {
        let mut kept = self.kept(store).await?;
        if kept.is_empty() {
            self.make_first(store, entropy).await?;
            kept = self.kept(store).await?;
        }
        let now = store.now();
        self.keep_as_long_as_needed(store, &kept).await?;
        let signing = signing(&kept, now);
        let mut keys = Vec::new();
        for kept in &kept {
            keys.push(self.unwrapped(&kept.record)?);
        }
        if signing >= keys.len() {
            return Err(Fault::Record.into());
        }
        let current = keys.remove(signing);
        if !self.accepted.contains(&current.algorithm()) {
            return Err(KeyFault::Algorithm(current.algorithm()));
        }
        let starts = kept.iter().map(|kept| kept.signs_from);
        let ends = kept.iter().map(|kept| kept.stored.expires_at);
        let until = starts.chain(ends).filter(|moment| *moment > now).min().unwrap_or(Moment(i64::MAX));
        Ok(Opened { keys: SigningKeys::new(current, keys), until })
    }

    /// Makes a key that signs when every kept key set has it, and ends the one before in its time.
    ///
    /// # Errors
    /// [`KeyFault`]; then nothing has changed.
    pub(crate) async fn rotate(
        &self,
        store: &dyn Store,
        entropy: &Arc<dyn Entropy>,
        alg: Option<Algorithm>,
    ) -> Result<(), KeyFault> {
        let alg = alg.unwrap_or(self.signing_alg);
        if !self.accepted.contains(&alg) {
            return Err(KeyFault::Algorithm(alg));
        }
        let kept = self.kept(store).await?;
        if kept.len() >= KEYS_MAX {
            return Err(KeyFault::TooMany);
        }
        // An RSA key takes its time.
        let made = tokio::task::spawn_blocking(move || SigningKey::generate(alg)).await;
        let made = made.ok().and_then(Result::ok).ok_or(Fault::Crypto)?;
        let after = kept.last().map_or(i64::MIN, |newest| newest.record.made_at_ms.saturating_add(1));
        let made_at = Moment(store.now().0.max(after));
        let (key, write) = self.put(&made, id_of(made.kid()), made_at, &**entropy)?;
        let mut commit = Commit { conditions: vec![Condition::Absent(key)], writes: vec![write] };
        if let Some(newest) = kept.last() {
            let until = self.needed_until(made_at.plus_s(SIGNS_AFTER_S));
            commit.conditions.push(Condition::Unchanged(self.key(newest.id), newest.stored.version));
            commit.writes.push(records::put_open(self.tenant, newest.id, &newest.record, until)?);
        }
        match store.commit(commit).await? {
            Verdict::Done => Ok(()),
            Verdict::Refused(_) => Err(KeyFault::Raced),
        }
    }

    /// Every key there is, in the order in which they sign.
    pub(crate) async fn list(&self, store: &dyn Store) -> Result<Vec<KeyView>, Fault> {
        let kept = self.kept(store).await?;
        let signing = signing(&kept, store.now());
        let view = |(at, kept): (usize, &Kept)| KeyView {
            kid: kept.record.kid.clone(),
            alg: kept.record.alg.clone(),
            state: match at.cmp(&signing) {
                std::cmp::Ordering::Less => KeyState::Retired,
                std::cmp::Ordering::Equal => KeyState::Signing,
                std::cmp::Ordering::Greater => KeyState::Waiting,
            },
            made_at_ms: kept.record.made_at_ms,
            signs_from_ms: kept.signs_from.0,
            published_until_ms: Some(kept.stored.expires_at.0).filter(|until| *until != i64::MAX),
        };
        Ok(kept.iter().enumerate().map(view).collect())
    }

    /// In the order in which they were made.
    async fn kept(&self, store: &dyn Store) -> Result<Vec<Kept>, Fault> {
        let mut kept = Vec::new();
        for (id, stored) in store.scan(self.tenant, Kind::SigningKey, None, KEYS_MAX.saturating_mul(2)).await? {
            let record: SigningKeyRecord = records::open(&stored)?;
            let signs_from = Moment(record.made_at_ms).plus_s(SIGNS_AFTER_S);
            kept.push(Kept { id, stored, record, signs_from });
        }
        kept.sort_by_key(|kept| (kept.record.made_at_ms, kept.id));
        Ok(kept)
    }

    async fn make_first(&self, store: &dyn Store, entropy: &dyn Entropy) -> Result<(), Fault> {
        let made = SigningKey::generate(self.signing_alg).map_err(|_| Fault::Crypto)?;
        let id = sha256(&[b"parhelion/1/first-signing-key"]);
        let (key, write) = self.put(&made, id, store.now(), entropy)?;
        // Where it is refused, somebody else was faster.
        let commit = Commit { conditions: vec![Condition::Absent(key)], writes: vec![write] };
        let (Verdict::Done | Verdict::Refused(_)) = store.commit(commit).await?;
        Ok(())
    }

    /// A tenant whose tokens live longer than they did when a key got its successor.
    async fn keep_as_long_as_needed(&self, store: &dyn Store, kept: &[Kept]) -> Result<(), Fault> {
        for (kept, successor) in kept.iter().zip(kept.iter().skip(1)) {
            let until = self.needed_until(successor.signs_from);
            if store.now() < successor.signs_from && kept.stored.expires_at < until {
                let conditions = vec![Condition::Unchanged(self.key(kept.id), kept.stored.version)];
                let writes = vec![records::put_open(self.tenant, kept.id, &kept.record, until)?];
                let (Verdict::Done | Verdict::Refused(_)) = store.commit(Commit { conditions, writes }).await?;
            }
        }
        Ok(())
    }

    /// When the last token has expired that a key signed before its successor did.
    fn needed_until(&self, successor_signs_from: Moment) -> Moment {
        successor_signs_from.plus_s(self.signed_lifetime_s.into()).plus_s(PUBLISHED_LONGER_S)
    }

    fn put(&self, key: &SigningKey, id: Id, made_at: Moment, entropy: &dyn Entropy) -> Result<(Key, Write), Fault> {
        let document = key.to_pkcs8().map_err(|_| Fault::Crypto)?;
        let record = SigningKeyRecord {
            alg: key.algorithm().name().to_owned(),
            kid: key.kid().to_owned(),
            wrapped: self.wrapping.seal(key.kid().as_bytes(), document.to_vec(), entropy)?,
            made_at_ms: made_at.0,
        };
        Ok((self.key(id), records::put_open(self.tenant, id, &record, Moment(i64::MAX))?))
    }

    fn unwrapped(&self, record: &SigningKeyRecord) -> Result<SigningKey, Fault> {
        let algorithm = Algorithm::from_name(&record.alg).ok_or(Fault::Record)?;
        let document = self.wrapping.open(record.kid.as_bytes(), &record.wrapped).ok_or(Fault::Record)?;
        SigningKey::from_pkcs8(algorithm, Some(&record.kid), &document).map_err(|_| Fault::Record)
    }

    const fn key(&self, id: Id) -> Key {
        Key { tenant: self.tenant, kind: Kind::SigningKey, id }
    }
}

fn id_of(kid: &str) -> Id {
    sha256(&[b"parhelion/1/signing-key", kid.as_bytes()])
}

/// The newest that has been published long enough; before there is one, the oldest.
fn signing(kept: &[Kept], now: Moment) -> usize {
    kept.iter().rposition(|kept| kept.signs_from <= now).unwrap_or(0)
}
