//! The keys that a tenant's clients encrypt to, over time: one line for each algorithm, of which the newest is published.
//! One that has a successor still decrypts until nothing can come any more that was encrypted to it.

use parhelion_engine::fault::Fault;
use parhelion_engine::ports::{Entropy, Moment, Store, TenantUid};
use parhelion_engine::records::{EncryptionKeyRecord, WrappedKey};
use parhelion_jose::jwe::{Algorithm, DecryptionKey};
use parhelion_protocol::limits;

use crate::kept_keys::{Fresh, KEYS_MAX, Kept, KeptKeys, KeyRecord};
use crate::key_ring::{KeyFault, KeyState, KeyView};
use crate::master_key::MasterKey;
use crate::signing_keys::PUBLISHED_AFTER_S;

/// From the making of a successor to the end of a key: every kept key set has the successor, and a request object that was
/// made before has expired.
const DECRYPTS_LONGER_S: i64 = PUBLISHED_AFTER_S + limits::REQUEST_OBJECT_LIFETIME_MAX_S;

impl KeyRecord for EncryptionKeyRecord {
    const WRAPPED_FOR: &'static [u8] = b"parhelion/1/encryption-key";
}

/// The lines of a tenant.
pub(crate) struct EncryptionKeys {
    kept: KeptKeys<EncryptionKeyRecord>,
    algs: Vec<Algorithm>,
}

/// The keys of a moment.
pub(crate) struct OpenedEncryption {
    /// The newest of each line.
    pub(crate) published: Vec<DecryptionKey>,
    /// Those that have a successor.
    pub(crate) replaced: Vec<DecryptionKey>,
    /// When that will change by itself.
    pub(crate) until: Moment,
}

impl EncryptionKeys {
    /// With a line for each of these algorithms.
    pub(crate) fn new(tenant: TenantUid, master: &MasterKey, algs: Vec<Algorithm>) -> Result<Self, Fault> {
        Ok(Self { kept: KeptKeys::new(tenant, master)?, algs })
    }

    /// The keys of this moment; the first of a line is made where there is none.
    pub(crate) async fn open(&self, store: &dyn Store, entropy: &dyn Entropy) -> Result<OpenedEncryption, Fault> {
        let mut kept = self.kept.all(store).await?;
        let lacking: Vec<_> = self.algs.iter().filter(|alg| line(&kept, **alg).next().is_none()).collect();
        for alg in &lacking {
            let first = [b"parhelion/1/first-encryption-key/", alg.name().as_bytes()].concat();
            self.kept.put_first(store, entropy, &first, &fresh(**alg)?).await?;
        }
        if !lacking.is_empty() {
            kept = self.kept.all(store).await?;
        }
        let now = store.now();
        let ends = kept.iter().filter_map(Kept::until).filter(|moment| *moment > now).min();
        let (mut published, mut replaced) = (Vec::new(), Vec::new());
        for alg in &self.algs {
            let mut line = line(&kept, *alg).rev();
            published.push(self.opened(*alg, &line.next().ok_or(Fault::Record)?.record)?);
            for kept in line {
                replaced.push(self.opened(*alg, &kept.record)?);
            }
        }
        Ok(OpenedEncryption { published, replaced, until: ends.unwrap_or(Moment(i64::MAX)) })
    }

    /// Makes a key that is published at once, and ends the one before in its time.
    ///
    /// # Errors
    /// [`KeyFault`]; then nothing has changed.
    pub(crate) async fn rotate(
        &self,
        store: &dyn Store,
        entropy: &dyn Entropy,
        alg: Algorithm,
    ) -> Result<(), KeyFault> {
        if !self.algs.contains(&alg) {
            return Err(KeyFault::Encryption(alg));
        }
        let kept = self.kept.all(store).await?;
        if kept.len() >= KEYS_MAX {
            return Err(KeyFault::TooMany);
        }
        // An RSA key takes its time.
        let made = tokio::task::spawn_blocking(move || fresh(alg)).await;
        let made = made.ok().ok_or(Fault::Crypto)??;
        let gone_at = |made_at: Moment| made_at.plus_s(DECRYPTS_LONGER_S);
        self.kept.put_successor(store, entropy, line(&kept, alg).next_back(), &made, gone_at).await
    }

    /// Every key there is, line by line.
    pub(crate) async fn list(&self, store: &dyn Store) -> Result<Vec<KeyView>, Fault> {
        let kept = self.kept.all(store).await?;
        let view = |kept: &Kept| KeyView {
            kid: kept.record.kid.clone(),
            alg: kept.record.alg.clone(),
            state: if kept.until().is_some() { KeyState::Replaced } else { KeyState::Decrypting },
            made_at_ms: kept.record.made_at_ms,
            signs_from_ms: None,
            published_until_ms: kept.until().map(|until| until.0),
        };
        Ok(self.algs.iter().flat_map(|alg| line(&kept, *alg)).map(view).collect())
    }

    fn opened(&self, alg: Algorithm, record: &WrappedKey) -> Result<DecryptionKey, Fault> {
        let document = self.kept.unwrapped(record)?;
        DecryptionKey::from_pkcs8(alg, Some(&record.kid), &document).map_err(|_| Fault::Record)
    }
}

/// The keys of one algorithm, in the order in which they were made.
fn line(kept: &[Kept], alg: Algorithm) -> impl DoubleEndedIterator<Item = &Kept> {
    kept.iter().filter(move |kept| kept.record.alg == alg.name())
}

fn fresh(alg: Algorithm) -> Result<Fresh, Fault> {
    let key = DecryptionKey::generate(alg).map_err(|_| Fault::Crypto)?;
    let document = key.to_pkcs8().map_err(|_| Fault::Crypto)?;
    Ok(Fresh { alg: alg.name(), kid: key.kid().to_owned(), document })
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "tests")]
mod tests {
    use super::*;
    use std::sync::Arc;

    use parhelion_stores::MemoryStore;
    use parhelion_testkit::{FakeClock, SeededEntropy};
    use zeroize::Zeroizing;

    struct Site {
        keys: EncryptionKeys,
        store: MemoryStore,
        clock: Arc<FakeClock>,
        entropy: SeededEntropy,
    }

    fn site(algs: &[Algorithm]) -> Site {
        let clock = Arc::new(FakeClock::default());
        let keys = EncryptionKeys::new(TenantUid([1; 16]), &Zeroizing::new([2; 32]), algs.to_vec()).unwrap();
        Site { keys, store: MemoryStore::new(Arc::<FakeClock>::clone(&clock)), clock, entropy: SeededEntropy::new(1) }
    }

    impl Site {
        async fn kids(&self) -> (Vec<String>, Vec<String>) {
            let opened = self.keys.open(&self.store, &self.entropy).await.unwrap();
            let kids = |keys: &[DecryptionKey]| keys.iter().map(|key| key.kid().to_owned()).collect();
            (kids(&opened.published), kids(&opened.replaced))
        }

        async fn rotate(&self, alg: Algorithm) -> Result<(), KeyFault> {
            self.keys.rotate(&self.store, &self.entropy, alg).await
        }
    }

    #[tokio::test]
    async fn replaced_key_decrypts_until_nothing_can_come_any_more_and_other_lines_stay() {
        let site = site(&[Algorithm::EcdhEs, Algorithm::EcdhEsA256Kw]);
        let (first, none) = site.kids().await;
        assert_eq!((first.len(), none.len()), (2, 0));
        assert_eq!(site.kids().await.0, first, "kept, and not made again");
        site.clock.advance_ms(1);
        site.rotate(Algorithm::EcdhEs).await.unwrap();
        let (second, replaced) = site.kids().await;
        assert_eq!((&second[1], &replaced), (&first[1], &vec![first[0].clone()]));
        assert_ne!(second[0], first[0]);
        let states: Vec<_> = site.keys.list(&site.store).await.unwrap().iter().map(|key| key.state).collect();
        assert_eq!(states, [KeyState::Replaced, KeyState::Decrypting, KeyState::Decrypting]);
        site.clock.advance_ms(DECRYPTS_LONGER_S * 1000 - 1);
        assert_eq!(site.kids().await.1, replaced);
        site.clock.advance_ms(1);
        assert_eq!(site.kids().await, (second, Vec::new()));
    }

    #[tokio::test]
    async fn only_lines_that_the_tenant_has_are_rotated_and_none_has_keys_without_end() {
        let site = site(&[Algorithm::EcdhEs]);
        assert_eq!(site.rotate(Algorithm::RsaOaep256).await, Err(KeyFault::Encryption(Algorithm::RsaOaep256)));
        for _ in 0..KEYS_MAX {
            assert_eq!(site.rotate(Algorithm::EcdhEs).await, Ok(()));
        }
        assert_eq!(site.rotate(Algorithm::EcdhEs).await, Err(KeyFault::TooMany));
    }
}
