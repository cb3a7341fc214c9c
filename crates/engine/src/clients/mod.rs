//! Which client it is: one of the configuration, else one that was registered at run time. Every endpoint asks here.

mod kept;
mod secrets;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use parhelion_protocol::client::{Client, ClientStatus};
use parhelion_protocol::client_registration::RegisteredMetadata;
use parhelion_protocol::limits;
use parhelion_protocol::profile::{LoopbackRedirectUri, Policy};
use toml::Table;

use crate::Engine;
use crate::fault::Fault;
use crate::ports::{Key, Kind, Stored, TenantUid};
use crate::records::{self, ClientRecord, StoredClient};
use crate::reference::sha256;
use crate::registry::{Mount, Tenant};

pub use kept::{ClientPage, ImportedClient, Issued, KeptClient, NewClient, NewClientId};
pub use secrets::{NewSecret, SecretTerms};

/// A client, and the policy in force for it at the mount where it was asked for.
#[derive(Clone)]
pub struct KnownClient {
    /// What is registered.
    pub client: Arc<Client>,
    /// What it is held to.
    pub policy: Arc<Policy>,
}

impl Engine {
    /// The client of that identifier, as it is now: a change by any node counts from the next request on. Whether it is
    /// served is not asked.
    ///
    /// # Errors
    /// [`Fault::Store`] or [`Fault::Record`].
    pub async fn find_client(&self, mount: &Mount, client_id: &str) -> Result<Option<KnownClient>, Fault> {
        let tenant = &mount.tenant;
        if let Some(client) = tenant.clients.get(client_id) {
            let policy = Arc::clone(mount.policy_for(client_id));
            return Ok(Some(KnownClient { client: Arc::clone(client), policy }));
        }
        if client_id.len() > limits::CLIENT_ID_MAX_BYTES {
            return Ok(None);
        }
        let key = client_key(tenant.uid, client_id);
        let Some(stored) = self.store.get(key).await? else { return Ok(None) };
        let rebuilt = self.rebuilt.of(key, &stored, tenant)?;
        Ok(rebuilt.map(|rebuilt| rebuilt.at(mount)))
    }

    /// What is registered of a client that is served here, for whoever may see it.
    ///
    /// # Errors
    /// [`Fault::Store`] or [`Fault::Record`].
    pub async fn registered_client(&self, mount: &Mount, client_id: &str) -> Result<Option<Arc<Client>>, Fault> {
        Ok(self.find_served_client(mount, client_id).await?.map(|known| known.client))
    }

    /// The same for somebody who is served; one that is disabled is treated as unknown.
    pub(crate) async fn find_served_client(&self, mount: &Mount, id: &str) -> Result<Option<KnownClient>, Fault> {
        Ok(self.find_client(mount, id).await?.filter(|known| known.client.is_enabled()))
    }
}

/// Where a client that is registered at run time is kept, and its place after it is gone.
#[must_use]
pub fn client_key(tenant: TenantUid, client_id: &str) -> Key {
    Key { tenant, kind: Kind::Client, id: sha256(&[client_id.as_bytes()]) }
}

/// Clients as they were taken in from the store, by the version of their record: reading keys takes long.
#[derive(Default)]
pub(crate) struct RebuiltClients(Mutex<ByKey>);

/// The version of a record, and its client unless it is gone.
type ByKey = HashMap<Key, (u64, Option<Arc<Rebuilt>>)>;

/// Clients of which the form that was taken in is kept.
const REBUILT_MAX: usize = 4096;

/// A stored client, taken in.
struct Rebuilt {
    client: Arc<Client>,
    policy: Table,
}

impl RebuiltClients {
    /// The client of a record; none if it is gone.
    fn of(&self, key: Key, stored: &Stored, tenant: &Tenant) -> Result<Option<Arc<Rebuilt>>, Fault> {
        let before = self.lock().get(&key).cloned();
        if let Some((version, rebuilt)) = before
            && version == stored.version
        {
            return Ok(rebuilt);
        }
        let rebuilt = match records::open::<ClientRecord>(stored)? {
            ClientRecord::Live(record) => Some(Arc::new(Rebuilt::of(&record, tenant)?)),
            ClientRecord::Gone { .. } => None,
        };
        let mut all = self.lock();
        if all.len() >= REBUILT_MAX {
            all.clear();
        }
        all.insert(key, (stored.version, rebuilt.clone()));
        Ok(rebuilt)
    }

    fn lock(&self) -> MutexGuard<'_, ByKey> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rebuilt {
    /// By the same rules as a client of the configuration. Whether a loopback redirect URI may still be used is
    /// asked at each use, by the policy of that moment.
    fn of(record: &StoredClient, tenant: &Tenant) -> Result<Self, Fault> {
        let registered = RegisteredMetadata::from_text(&record.metadata).ok_or(Fault::Record)?;
        let mut metadata = registered.for_client(&record.client_id).map_err(|_| Fault::Record)?;
        metadata.status = if record.enabled { ClientStatus::Enabled } else { ClientStatus::Disabled };
        let texts = secrets::texts(record, tenant)?;
        let given: Vec<_> =
            record.secrets.iter().zip(&texts).map(|(secret, text)| secret.given(text.as_ref())).collect();
        let client = Client::register(metadata, &given, LoopbackRedirectUri::Accepted).map_err(|_| Fault::Record)?;
        let mut policy: Table = toml::from_str(&record.policy).map_err(|_| Fault::Record)?;
        policy.extend(registered.policy());
        Ok(Self { client: Arc::new(client), policy })
    }

    fn at(&self, mount: &Mount) -> KnownClient {
        let policy = if self.policy.is_empty() {
            Arc::clone(&mount.policy)
        } else {
            Arc::new(tightened(&mount.policy, &self.policy))
        };
        KnownClient { client: Arc::clone(&self.client), policy }
    }
}

/// The policy with settings of a lower level. One that would loosen, because the level above has become stricter since or
/// another mount is, counts as far as it tightens.
pub(crate) fn tightened(policy: &Policy, overlay: &Table) -> Policy {
    overlay.iter().fold(policy.clone(), |policy, (name, value)| {
        let one = Table::from_iter([(name.clone(), value.clone())]);
        let Ok(candidate) = policy.overlaid(&one) else { return policy };
        policy.tightened(candidate.clone()).or_else(|_| policy.meet(&candidate)).unwrap_or(policy)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use parhelion_protocol::profile::{Pkce, PushedRequests, shipped};

    #[test]
    fn setting_of_a_client_counts_as_far_as_it_tightens() {
        let policy = shipped("rfc9126").unwrap();
        let overlay = |text: &str| toml::from_str::<Table>(text).unwrap();
        let tight = tightened(&policy, &overlay("pushed_requests = 'required'\naccess_token_lifetime_s = 5"));
        assert_eq!((tight.pushed_requests, tight.access_token_lifetime_s.0), (PushedRequests::Required, 5));
        let fapi = shipped("fapi2-security").unwrap();
        let mixed = tightened(&fapi, &overlay("pushed_requests = 'optional'\ncode_lifetime_s = 1\nno_such = 1"));
        assert_eq!((mixed.pushed_requests, mixed.code_lifetime_s.0), (fapi.pushed_requests, 1));
        let s256 = tightened(&policy, &overlay("pkce = 's256'"));
        assert_eq!(tightened(&s256, &overlay("pkce = 'required'")).pkce, Pkce::S256Required, "both count");
    }
}
