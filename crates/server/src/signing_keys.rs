//! The signing keys of a tenant over time. A new key is published at once and signs when every key set that may still
//! be kept somewhere has it; the one before stays published until the last token that it signed has expired. No
//! moment is without a key that signs.
//!
//! Nothing but the keys is stored: the newest is kept for ever, one that has a successor gets the expiry of its use.

use std::cmp::Ordering;

use parhelion_engine::fault::Fault;
use parhelion_engine::ports::{Entropy, Moment, Store, TenantUid};
use parhelion_engine::records::{SigningKeyRecord, WrappedKey};
use parhelion_jose::jws::Algorithm;
use parhelion_jose::signing::SigningKey;

use crate::config::TenantPlan;
use crate::kept_keys::{Fresh, KEYS_MAX, Kept, KeptKeys, KeyRecord};
use crate::key_ring::{KeyFault, KeyState, KeyView};
use crate::master_key::MasterKey;

/// How long a key set or a metadata document may be kept by whoever read it: the `max-age` of their answers.
pub(crate) const DOCUMENT_MAX_AGE_S: i64 = 300;
/// From the making of a key to when everybody has it: that, and what making, storing and answering may take.
pub(crate) const PUBLISHED_AFTER_S: i64 = DOCUMENT_MAX_AGE_S + 30;
/// How much longer a key is published than its tokens live, for clocks that differ.
const PUBLISHED_LONGER_S: i64 = 60;
const FIRST: &[u8] = b"parhelion/1/first-signing-key";

impl KeyRecord for SigningKeyRecord {
    const WRAPPED_FOR: &'static [u8] = b"parhelion/1/signing-key";
}

/// The signing keys of a tenant.
pub(crate) struct TenantSigningKeys {
    kept: KeptKeys<SigningKeyRecord>,
    /// Of a key that is made without a word on it.
    alg: Algorithm,
    accepted: Vec<Algorithm>,
    signed_lifetime_s: u32,
}

/// The keys of a moment.
pub(crate) struct OpenedSigning {
    pub(crate) current: SigningKey,
    pub(crate) others: Vec<SigningKey>,
    /// When that will change by itself.
    pub(crate) until: Moment,
}

impl TenantSigningKeys {
    pub(crate) fn new(plan: &TenantPlan, tenant: TenantUid, master: &MasterKey) -> Result<Self, Fault> {
        Ok(Self {
            kept: KeptKeys::new(tenant, master)?,
            alg: plan.signing_alg,
            accepted: plan.signing_algs(),
            signed_lifetime_s: plan.signed_lifetime_s(),
        })
    }

    /// Whose keys they are.
    pub(crate) const fn tenant(&self) -> TenantUid {
        self.kept.tenant()
    }

    /// The keys of this moment; the first one is made where there is none.
    ///
    /// # Errors
    /// [`KeyFault::Algorithm`] when no policy accepts what is signed with any more.
    pub(crate) async fn open(&self, store: &dyn Store, entropy: &dyn Entropy) -> Result<OpenedSigning, KeyFault> {
        let mut kept = self.kept.all(store).await?;
        if kept.is_empty() {
            self.kept.put_first(store, entropy, FIRST, &fresh(self.alg)?).await?;
            kept = self.kept.all(store).await?;
        }
        let now = store.now();
        self.keep_as_long_as_needed(store, &kept).await?;
        let signing = signing(&kept, now);
        let mut others = Vec::new();
        for kept in &kept {
            others.push(self.opened(&kept.record)?);
        }
        if signing >= others.len() {
            return Err(Fault::Record.into());
        }
        let current = others.remove(signing);
        if !self.accepted.contains(&current.algorithm()) {
            return Err(KeyFault::Algorithm(current.algorithm()));
        }
        let starts = kept.iter().map(signs_from);
        let ends = kept.iter().filter_map(Kept::until);
        let until = starts.chain(ends).filter(|moment| *moment > now).min().unwrap_or(Moment(i64::MAX));
        Ok(OpenedSigning { current, others, until })
    }

    /// Makes a key that signs when every kept key set has it, and ends the one before in its time.
    ///
    /// # Errors
    /// [`KeyFault`]; then nothing has changed.
    pub(crate) async fn rotate(
        &self,
        store: &dyn Store,
        entropy: &dyn Entropy,
        alg: Option<Algorithm>,
    ) -> Result<(), KeyFault> {
        let alg = alg.unwrap_or(self.alg);
        if !self.accepted.contains(&alg) {
            return Err(KeyFault::Algorithm(alg));
        }
        let kept = self.kept.all(store).await?;
        if kept.len() >= KEYS_MAX {
            return Err(KeyFault::TooMany);
        }
        // An RSA key takes its time.
        let made = tokio::task::spawn_blocking(move || fresh(alg)).await;
        let made = made.ok().ok_or(Fault::Crypto)??;
        let gone_at = |made_at: Moment| self.needed_until(made_at.plus_s(PUBLISHED_AFTER_S));
        self.kept.put_successor(store, entropy, kept.last(), &made, gone_at).await
    }

    /// Every key there is, in the order in which they sign.
    pub(crate) async fn list(&self, store: &dyn Store) -> Result<Vec<KeyView>, Fault> {
        let kept = self.kept.all(store).await?;
        let signing = signing(&kept, store.now());
        let view = |(at, kept): (usize, &Kept)| KeyView {
            kid: kept.record.kid.clone(),
            alg: kept.record.alg.clone(),
            state: match at.cmp(&signing) {
                Ordering::Less => KeyState::Retired,
                Ordering::Equal => KeyState::Signing,
                Ordering::Greater => KeyState::Waiting,
            },
            made_at_ms: kept.record.made_at_ms,
            signs_from_ms: Some(signs_from(kept).0),
            published_until_ms: kept.until().map(|until| until.0),
        };
        Ok(kept.iter().enumerate().map(view).collect())
    }

    /// A tenant whose tokens live longer than they did when a key got its successor.
    async fn keep_as_long_as_needed(&self, store: &dyn Store, kept: &[Kept]) -> Result<(), Fault> {
        for (kept, successor) in kept.iter().zip(kept.iter().skip(1)) {
            let until = self.needed_until(signs_from(successor));
            if store.now() < signs_from(successor) && kept.stored.expires_at < until {
                self.kept.prolong(store, kept, until).await?;
            }
        }
        Ok(())
    }

    /// When the last token has expired that a key signed before its successor did.
    fn needed_until(&self, successor_signs_from: Moment) -> Moment {
        successor_signs_from.plus_s(self.signed_lifetime_s.into()).plus_s(PUBLISHED_LONGER_S)
    }

    fn opened(&self, record: &WrappedKey) -> Result<SigningKey, Fault> {
        let algorithm = Algorithm::from_name(&record.alg).ok_or(Fault::Record)?;
        let document = self.kept.unwrapped(record)?;
        SigningKey::from_pkcs8(algorithm, Some(&record.kid), &document).map_err(|_| Fault::Record)
    }
}

fn fresh(alg: Algorithm) -> Result<Fresh, Fault> {
    let key = SigningKey::generate(alg).map_err(|_| Fault::Crypto)?;
    let document = key.to_pkcs8().map_err(|_| Fault::Crypto)?;
    Ok(Fresh { alg: alg.name(), kid: key.kid().to_owned(), document })
}

fn signs_from(kept: &Kept) -> Moment {
    Moment(kept.record.made_at_ms).plus_s(PUBLISHED_AFTER_S)
}

/// The newest that has been published long enough; before there is one, the oldest.
fn signing(kept: &[Kept], now: Moment) -> usize {
    kept.iter().rposition(|kept| signs_from(kept) <= now).unwrap_or(0)
}
