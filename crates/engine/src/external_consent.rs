//! What users of a back end allowed clients. The back end asks, and may take it all back: grants that were given by
//! then are over, wherever their tokens are.

use parhelion_protocol::params::scope::{self, Scope};

use crate::Engine;
use crate::fault::{Fault, Turned};
use crate::person::Person;
use crate::ports::{Commit, Condition, Id, Key, Kind, MAX_SCAN, Moment, Stored, Verdict};
use crate::records::{self, External, ExternalConsent, ExternalConsentV1, Narrowed};
use crate::reference::sha256;
use crate::registry::{Mount, Tenant};
use crate::ticket::check_subject;

/// How long it is kept after the last change, in seconds: two years, or as long as a grant may live.
const KEPT_S: i64 = 2 * 365 * 24 * 3600;

/// How often a change is tried again when others change the same record.
const RACES_MAX: usize = 8;

/// The most records that are looked through for one answer.
const LOOKED_AT_MAX: usize = 100_000;

impl Engine {
    /// The person that a record speaks of; none if they are gone, or if their back end ended what they had granted.
    pub(crate) async fn find_person(
        &self,
        mount: &Mount,
        client_id: &str,
        sub: &str,
        external: Option<&External>,
    ) -> Result<Option<Person>, Turned> {
        if let Some(said) = external
            && let Some(consent) = self.external_consent(&mount.tenant, client_id, sub).await?
        {
            if said.given_at_ms <= consent.ended_until_ms {
                return Ok(None);
            }
            let narrowed = consent.narrowed.filter(|narrowed| said.given_at_ms <= narrowed.until_ms);
            let narrowed_to = narrowed.map(|narrowed| scope::parse(&narrowed.scope).unwrap_or_default());
            return Ok(Some(Person::External { sub: sub.to_owned(), said: said.clone(), narrowed_to }));
        }
        Ok(Person::find(&mount.tenant, sub, external))
    }

    /// What a user of a back end allowed a client.
    ///
    /// # Errors
    /// [`Turned::Faulted`].
    pub async fn external_consent(
        &self,
        tenant: &Tenant,
        client_id: &str,
        sub: &str,
    ) -> Result<Option<ExternalConsent>, Turned> {
        let Some(stored) = self.store.get(key(tenant, client_id, sub)).await? else { return Ok(None) };
        Ok(Some(opened(&stored)?))
    }

    /// Everything that a user of a back end allowed, in no order that means anything.
    ///
    /// # Errors
    /// [`Turned::Faulted`]; [`Fault::Busy`] where there is too much to look through.
    pub async fn external_consents_of(&self, tenant: &Tenant, sub: &str) -> Result<Vec<ExternalConsent>, Turned> {
        let (mut found, mut after) = (Vec::new(), None);
        for _ in 0..LOOKED_AT_MAX.div_ceil(MAX_SCAN) {
            let page = self.store.scan(tenant.uid, Kind::ExternalConsent, after, MAX_SCAN).await?;
            for (_, stored) in &page {
                let consent = opened(stored)?;
                if consent.sub == sub && consent.latest.is_some() {
                    found.push(consent);
                }
            }
            match page.last() {
                Some((last, _)) if page.len() == MAX_SCAN => after = Some(*last),
                Some(_) | None => return Ok(found),
            }
        }
        Err(Fault::Busy.into())
    }

    /// Ends every grant that a user gave a client, and forgets what was allowed.
    ///
    /// # Errors
    /// A subject that nobody can have; [`Turned::Faulted`].
    pub async fn end_external_grants(&self, tenant: &Tenant, client_id: &str, sub: &str) -> Result<(), Turned> {
        let now_ms = self.store.now().0;
        self.change(tenant, client_id, sub, |consent| {
            (consent.latest, consent.merged) = (None, None);
            consent.ended_until_ms = now_ms;
        })
        .await
    }

    /// Narrows what a user gave a client until now: whatever lives by it allows what it was issued for and `scope` has.
    /// The last word counts. What is granted afterwards is not touched.
    ///
    /// # Errors
    /// A subject that nobody can have; [`Turned::Faulted`].
    pub async fn narrow_external_grants(
        &self,
        tenant: &Tenant,
        client_id: &str,
        sub: &str,
        scope: &Scope,
    ) -> Result<(), Turned> {
        let narrowed = Narrowed { scope: scope.to_string(), until_ms: self.store.now().0 };
        self.change(tenant, client_id, sub, |consent| consent.narrowed = Some(narrowed.clone())).await
    }

    /// Forgets what a user allowed a client; grants go on.
    ///
    /// # Errors
    /// A subject that nobody can have; [`Turned::Faulted`].
    pub async fn forget_external_consent(&self, tenant: &Tenant, client_id: &str, sub: &str) -> Result<(), Turned> {
        self.change(tenant, client_id, sub, |consent| (consent.latest, consent.merged) = (None, None)).await
    }

    async fn change(
        &self,
        tenant: &Tenant,
        client_id: &str,
        sub: &str,
        change: impl Fn(&mut ExternalConsent),
    ) -> Result<(), Turned> {
        check_subject(sub)?;
        for _ in 0..RACES_MAX {
            let commit = self.changed(tenant, client_id, sub, &change).await?;
            if self.store.commit(commit).await? == Verdict::Done {
                return Ok(());
            }
        }
        Err(Fault::Busy.into())
    }

    /// The commit that remembers a consent, to be joined with what is granted by it.
    pub(crate) async fn remember_external(
        &self,
        tenant: &Tenant,
        client_id: &str,
        sub: &str,
        scope: &Scope,
    ) -> Result<Commit, Turned> {
        self.changed(tenant, client_id, sub, |consent| {
            let merged = scope::parse(consent.merged.as_deref().unwrap_or_default()).unwrap_or_default();
            let words = merged.iter().filter(|word| !scope.has(word)).chain(scope.iter());
            consent.merged = Some(words.collect::<Vec<_>>().join(" "));
            consent.latest = Some(scope.to_string());
        })
        .await
    }

    async fn changed(
        &self,
        tenant: &Tenant,
        client_id: &str,
        sub: &str,
        change: impl Fn(&mut ExternalConsent),
    ) -> Result<Commit, Turned> {
        let key = key(tenant, client_id, sub);
        let stored = self.store.get(key).await?;
        let condition = stored.as_ref().map_or(Condition::Absent(key), |was| Condition::Unchanged(key, was.version));
        let (mut consent, kept_until) = match &stored {
            Some(stored) => (opened(stored)?, stored.expires_at),
            None => (ExternalConsent::default(), Moment(0)),
        };
        let now = self.store.now();
        change(&mut consent);
        let consent =
            ExternalConsent { client_id: client_id.to_owned(), sub: sub.to_owned(), changed_at_ms: now.0, ..consent };
        let write = records::put_open(tenant.uid, key.id, &consent, now.plus_s(KEPT_S).max(kept_until))?;
        Ok(Commit { conditions: vec![condition], writes: vec![write] })
    }
}

fn opened(stored: &Stored) -> Result<ExternalConsent, Fault> {
    records::open_or_former::<ExternalConsent, ExternalConsentV1>(stored)
}

fn key(tenant: &Tenant, client_id: &str, sub: &str) -> Key {
    // A client_id holds no control character, so that the zero byte parts the two.
    let Id(id) = sha256(&[client_id.as_bytes(), &[0], sub.as_bytes()]);
    Key { tenant: tenant.uid, kind: Kind::ExternalConsent, id: Id(id) }
}
