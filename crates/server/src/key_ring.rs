//! All private keys of a tenant, those that sign and those that decrypt: opened, rotated and listed together.

use std::sync::{Mutex, PoisonError};

use parhelion_engine::fault::Fault;
use parhelion_engine::keys::TenantKeys;
use parhelion_engine::ports::{Entropy, Moment, Store, TenantUid};
use parhelion_jose::{jwe, jws};
use serde::{Deserialize, Serialize};

use crate::config::TenantPlan;
use crate::encryption_keys::EncryptionKeys;
use crate::kept_keys::KEYS_MAX;
use crate::master_key::MasterKey;
use crate::signing_keys::TenantSigningKeys;

/// Why there was no rotation, or no list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyFault {
    /// The policy of a mount does not accept the algorithm, or somebody asks for another one.
    Algorithm(jws::Algorithm),
    /// The tenant has no key of the algorithm, and is to have none.
    Encryption(jwe::Algorithm),
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
                "its profile does not accept signing with {alg}, or a client asks for another algorithm; rotate to \
                 another algorithm under the old profile, and change the profile when `parhelion keys list` shows that \
                 the new key signs"
            ),
            Self::Encryption(alg) => write!(f, "its encryption_algs have no {alg}; add it there first"),
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

/// The algorithm of a key, which says what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyAlg {
    /// It signs.
    Signing(jws::Algorithm),
    /// It decrypts.
    Encryption(jwe::Algorithm),
}

impl KeyAlg {
    /// The algorithm of that name; no name is of both kinds.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        let encryption = || jwe::Algorithm::from_name(name).map(Self::Encryption);
        jws::Algorithm::from_name(name).map(Self::Signing).or_else(encryption)
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Signing(alg) => alg.name(),
            Self::Encryption(alg) => alg.name(),
        }
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
    /// It is published, and decrypts.
    Decrypting,
    /// It is published no more, and decrypts what is under way.
    Replaced,
}

/// One key, for its operator. Times are milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeyView {
    pub(crate) kid: String,
    pub(crate) alg: String,
    pub(crate) state: KeyState,
    pub(crate) made_at_ms: i64,
    /// Nothing where it decrypts.
    pub(crate) signs_from_ms: Option<i64>,
    /// The end of its use; nothing where it has no successor.
    pub(crate) published_until_ms: Option<i64>,
}

/// What a tenant's keys are made and opened with.
pub(crate) struct KeyRing {
    signing: TenantSigningKeys,
    encryption: EncryptionKeys,
}

/// The keys of a moment.
pub(crate) struct Opened {
    pub(crate) keys: TenantKeys,
    /// When that will change by itself.
    pub(crate) until: Moment,
}

impl KeyRing {
    pub(crate) fn new(plan: &TenantPlan, tenant: TenantUid, master: &MasterKey) -> Result<Self, Fault> {
        let signing = TenantSigningKeys::new(plan, tenant, master)?;
        Ok(Self { signing, encryption: EncryptionKeys::new(tenant, master, plan.encryption_algs.clone())? })
    }

    /// Whose keys they are.
    pub(crate) const fn tenant(&self) -> TenantUid {
        self.signing.tenant()
    }

    /// The keys of this moment; what is not there yet is made.
    ///
    /// # Errors
    /// [`KeyFault::Algorithm`] when no policy accepts what is signed with any more.
    pub(crate) async fn open(&self, store: &dyn Store, entropy: &dyn Entropy) -> Result<Opened, KeyFault> {
        let signing = self.signing.open(store, entropy).await?;
        let encryption = self.encryption.open(store, entropy).await?;
        let keys = TenantKeys::new(signing.current, signing.others);
        let keys = keys.with_encryption(encryption.published, encryption.replaced);
        Ok(Opened { keys, until: signing.until.min(encryption.until) })
    }

    /// Makes a key in place of the one of its kind: one that signs with the tenant's algorithm unless one is named.
    ///
    /// # Errors
    /// [`KeyFault`]; then nothing has changed.
    pub(crate) async fn rotate(
        &self,
        store: &dyn Store,
        entropy: &dyn Entropy,
        alg: Option<KeyAlg>,
    ) -> Result<(), KeyFault> {
        match alg {
            None => self.signing.rotate(store, entropy, None).await,
            Some(KeyAlg::Signing(alg)) => self.signing.rotate(store, entropy, Some(alg)).await,
            Some(KeyAlg::Encryption(alg)) => self.encryption.rotate(store, entropy, alg).await,
        }
    }

    /// Every key there is: those that sign, in the order in which they do, then those that decrypt.
    pub(crate) async fn list(&self, store: &dyn Store) -> Result<Vec<KeyView>, Fault> {
        let mut keys = self.signing.list(store).await?;
        keys.extend(self.encryption.list(store).await?);
        Ok(keys)
    }
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
