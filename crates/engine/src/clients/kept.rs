//! Clients that are registered at run time: made, read, changed, deleted, listed; secrets exchanged. Registration
//! (RFC 7591) stands on this, and so does every vendor's interface for clients. Nothing here asks who may.

use parhelion_protocol::client::Client;
use parhelion_protocol::client_auth::{GivenSecret, SecretNeed};
use parhelion_protocol::client_registration::RegisteredMetadata;
use parhelion_protocol::limits;
use parhelion_protocol::profile::LoopbackRedirectUri;
use zeroize::Zeroizing;

use super::client_key;
use super::secrets::{self, NewSecret, SecretTerms};
use crate::Engine;
use crate::fault::{Fault, Turned};
use crate::ports::{Commit, Condition, Id, Kind, MAX_SCAN, Moment, Stored, Verdict, Write};
use crate::records::{self, ClientRecord, StoredClient};
use crate::registry::Tenant;
use crate::uuid::Uuid;

/// What is kept until it is deleted.
const FOR_EVER: Moment = Moment(i64::MAX);

/// How a new client is to be called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NewClientId {
    /// A random UUID.
    Uuid,
    /// A random decimal number of at most 15 digits: some vendors' clients read it as a number of JavaScript.
    Number,
    /// So. What is taken, or was ever taken, is not given away again.
    Chosen(String),
    /// So, with the secret that it had elsewhere.
    Imported(ImportedClient),
}

/// How a client was called elsewhere, and its secret there. What `Debug` shows is the identifier.
#[derive(Clone, PartialEq, Eq)]
pub struct ImportedClient {
    /// Its identifier.
    pub client_id: String,
    /// Its secret; a method that needs none leaves it behind.
    pub secret: Zeroizing<String>,
}

impl std::fmt::Debug for ImportedClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ImportedClient").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

/// A client to be made.
#[derive(Clone, Debug)]
pub struct NewClient {
    /// How it is to be called.
    pub id: NewClientId,
    /// What it is; found fit.
    pub metadata: RegisteredMetadata,
    /// Settings of a policy for it alone: TOML text.
    pub policy: String,
    /// Whether its secrets are to be read again.
    pub recoverable: bool,
    /// SHA-256 of the token by which it manages itself.
    pub registration_token: Option<Id>,
    /// How long its secret is good.
    pub secret_terms: SecretTerms,
    /// Through which interface: `registration`, or a dialect's name.
    pub origin: &'static str,
}

/// A client as it is stored.
#[derive(Clone)]
pub struct KeptClient {
    /// What is stored.
    pub record: StoredClient,
    version: u64,
}

/// A client after it was made or changed, with the secret that was drawn for it, if one was.
pub struct Issued {
    /// What is stored.
    pub record: StoredClient,
    /// To be told now or never.
    pub secret: Option<NewSecret>,
}

/// Some of a tenant's clients.
pub struct ClientPage {
    /// In the order of the digests of their identifiers, which stays.
    pub clients: Vec<KeptClient>,
    /// Where the next page begins behind; none after the last.
    pub next: Option<Id>,
}

impl Engine {
    /// Makes a client, in one commit with what is in `beside`. Nothing if the identifier is taken, or a condition of
    /// `beside` does not hold; nothing happened then.
    ///
    /// # Errors
    /// [`Turned::Faulted`].
    pub async fn create_client(
        &self,
        tenant: &Tenant,
        new: NewClient,
        beside: Commit,
    ) -> Result<Option<Issued>, Turned> {
        let (client_id, imported) = match new.id {
            NewClientId::Uuid => (Uuid::from_random(self.random()?).to_string(), None),
            NewClientId::Number => (number(self.random()?).to_string(), None),
            NewClientId::Chosen(id) => (id, None),
            NewClientId::Imported(client) => (client.client_id, Some(client.secret)),
        };
        if tenant.clients.contains_key(&client_id) || tenant.resource_servers.contains_key(&client_id) {
            return Ok(None);
        }
        let now = self.store.now();
        let mut record = StoredClient {
            client_id,
            metadata: new.metadata.to_text(),
            policy: new.policy,
            enabled: true,
            recoverable: new.recoverable,
            secrets: Vec::new(),
            registration_token: new.registration_token.map(|id| id.0),
            origin: new.origin.to_owned(),
            made_at_ms: now.0,
            changed_at_ms: now.0,
        };
        if let Some(secret) = imported {
            record.take_secret(tenant, &secret, &*self.entropy)?;
        }
        let secret = self.draw_if_needed(tenant, &mut record, &new.metadata, new.secret_terms)?;
        let absent = Condition::Absent(client_key(tenant.uid, &record.client_id));
        let mut commit = beside;
        commit.conditions.push(absent);
        commit.writes.push(put(tenant, &ClientRecord::Live(Box::new(record.clone())), &record.client_id)?);
        match self.store.commit(commit).await? {
            Verdict::Done => Ok(Some(Issued { record, secret })),
            Verdict::Refused(_) => Ok(None),
        }
    }

    /// A client that was made at run time.
    ///
    /// # Errors
    /// [`Fault::Store`] or [`Fault::Record`].
    pub async fn kept_client(&self, tenant: &Tenant, client_id: &str) -> Result<Option<KeptClient>, Fault> {
        if client_id.len() > limits::CLIENT_ID_MAX_BYTES {
            return Ok(None);
        }
        match self.store.get(client_key(tenant.uid, client_id)).await? {
            Some(stored) => kept(&stored),
            None => Ok(None),
        }
    }

    /// Some of the clients that were made at run time: at most `limit`, behind `after`.
    ///
    /// # Errors
    /// [`Fault::Store`] or [`Fault::Record`].
    pub async fn list_clients(&self, tenant: &Tenant, after: Option<Id>, limit: usize) -> Result<ClientPage, Fault> {
        let (mut clients, mut next) = (Vec::new(), after);
        // One more than asked for tells whether there is another page.
        let at_once = limit.saturating_add(1).min(MAX_SCAN);
        loop {
            let found = self.store.scan(tenant.uid, Kind::Client, next, at_once).await?;
            for (id, stored) in &found {
                if clients.len() == limit {
                    return Ok(ClientPage { clients, next });
                }
                clients.extend(kept(stored)?);
                next = Some(*id);
            }
            if found.len() < at_once {
                return Ok(ClientPage { clients, next: None });
            }
        }
    }

    /// Every client that was made at run time, in the order of [`Engine::list_clients`].
    ///
    /// # Errors
    /// [`Fault::Store`], [`Fault::Record`], or [`Fault::Busy`] where there are too many to look through.
    pub async fn every_client(&self, tenant: &Tenant) -> Result<Vec<KeptClient>, Fault> {
        let (mut found, mut after) = (Vec::new(), None);
        for _ in 0..limits::CLIENTS_LOOKED_THROUGH_MAX.div_ceil(limits::CLIENTS_READ_AT_ONCE) {
            let page = self.list_clients(tenant, after, limits::CLIENTS_READ_AT_ONCE).await?;
            found.extend(page.clients);
            after = page.next;
            if after.is_none() {
                return Ok(found);
            }
        }
        Err(Fault::Busy)
    }

    /// Puts other metadata in place of a client's. A secret that still serves stays; where the method needs one and
    /// none does, or `terms` are given, one is drawn. Nothing if somebody else changed the client in the meantime.
    ///
    /// # Errors
    /// [`Turned::Faulted`].
    pub async fn update_client(
        &self,
        tenant: &Tenant,
        kept: KeptClient,
        metadata: &RegisteredMetadata,
        terms: SecretTerms,
        change: impl FnOnce(&mut StoredClient),
    ) -> Result<Option<Issued>, Turned> {
        let KeptClient { mut record, version } = kept;
        record.metadata = metadata.to_text();
        change(&mut record);
        let secret = self.draw_if_needed(tenant, &mut record, metadata, terms)?;
        self.replace(tenant, record, version, secret).await
    }

    /// Exchanges a client's secret: the one before stays good for the grace time. Nothing if the client has no secret,
    /// or somebody else changed it in the meantime.
    ///
    /// # Errors
    /// [`Turned::Faulted`].
    pub async fn rotate_client_secret(
        &self,
        tenant: &Tenant,
        kept: KeptClient,
        terms: SecretTerms,
    ) -> Result<Option<Issued>, Turned> {
        let KeptClient { mut record, version } = kept;
        let metadata = RegisteredMetadata::from_text(&record.metadata).ok_or(Fault::Record)?;
        let need = secret_need(&metadata, &record)?;
        if need == SecretNeed::None {
            return Ok(None);
        }
        let secret = record.draw_secret(tenant, need, terms, self.store.now(), &*self.entropy)?;
        self.replace(tenant, record, version, Some(secret)).await
    }

    /// Puts a secret of somebody's choice in the place of a client's; the one before is not good any more. Nothing if the
    /// client has no secret, or somebody else changed it in the meantime.
    ///
    /// # Errors
    /// A refusal where the secret does not fit the client's method.
    pub async fn set_client_secret(
        &self,
        tenant: &Tenant,
        kept: KeptClient,
        text: Zeroizing<String>,
    ) -> Result<Option<Issued>, Turned> {
        let KeptClient { mut record, version } = kept;
        let metadata = RegisteredMetadata::from_text(&record.metadata).ok_or(Fault::Record)?;
        let need = secret_need(&metadata, &record)?;
        if need == SecretNeed::None {
            return Ok(None);
        }
        let client = metadata.for_client(&record.client_id).map_err(|_| Fault::Record)?;
        let fits = Client::register(client, &[GivenSecret::lasting(&text)], LoopbackRedirectUri::Accepted);
        fits.map_err(|fault| fault.refusal())?;
        record.secrets.clear();
        record.take_secret(tenant, &text, &*self.entropy)?;
        record.keep_only_needed(need);
        let secret = NewSecret { text, expires_at_s: None };
        self.replace(tenant, record, version, Some(secret)).await
    }

    /// Deletes a client. Its tokens, grants and pending requests end with it, at their next use; its identifier is
    /// never given away again. False if somebody else changed or deleted it in the meantime.
    ///
    /// # Errors
    /// [`Turned::Faulted`].
    pub async fn delete_client(&self, tenant: &Tenant, kept: &KeptClient) -> Result<bool, Turned> {
        let gone = ClientRecord::Gone { at_ms: self.store.now().0 };
        let write = put(tenant, &gone, &kept.record.client_id)?;
        let conditions = vec![Condition::Unchanged(write.key(), kept.version)];
        let verdict = self.store.commit(Commit { conditions, writes: vec![write] }).await?;
        Ok(verdict == Verdict::Done)
    }

    /// The newest secret of a client, where it may be read again.
    ///
    /// # Errors
    /// [`Fault::Record`].
    pub fn client_secret(&self, tenant: &Tenant, record: &StoredClient) -> Result<Option<Zeroizing<String>>, Fault> {
        if !record.recoverable {
            return Ok(None);
        }
        Ok(secrets::texts(record, tenant)?.into_iter().next().flatten())
    }

    fn draw_if_needed(
        &self,
        tenant: &Tenant,
        record: &mut StoredClient,
        metadata: &RegisteredMetadata,
        terms: SecretTerms,
    ) -> Result<Option<NewSecret>, Turned> {
        let need = secret_need(metadata, record)?;
        record.keep_only_needed(need);
        // Where secrets end, the next one comes with whatever else is changed.
        let lasts = terms.lifetime_s.is_none() && record.secrets.iter().any(|secret| secret.is_live(self.store.now()));
        if need == SecretNeed::None || lasts {
            return Ok(None);
        }
        Ok(Some(record.draw_secret(tenant, need, terms, self.store.now(), &*self.entropy)?))
    }

    async fn replace(
        &self,
        tenant: &Tenant,
        mut record: StoredClient,
        version: u64,
        secret: Option<NewSecret>,
    ) -> Result<Option<Issued>, Turned> {
        record.changed_at_ms = self.store.now().0;
        let write = put(tenant, &ClientRecord::Live(Box::new(record.clone())), &record.client_id)?;
        let conditions = vec![Condition::Unchanged(write.key(), version)];
        match self.store.commit(Commit { conditions, writes: vec![write] }).await? {
            Verdict::Done => Ok(Some(Issued { record, secret })),
            Verdict::Refused(_) => Ok(None),
        }
    }

    fn random(&self) -> Result<[u8; 16], Fault> {
        let mut bytes = [0; 16];
        self.entropy.fill(&mut bytes)?;
        Ok(bytes)
    }
}

/// A number from 10^14 to 10^15: 15 digits, and below 2^53.
fn number(random: [u8; 16]) -> u128 {
    const FIRST: u128 = 100_000_000_000_000;
    const COUNT: u128 = 900_000_000_000_000;
    u128::from_be_bytes(random).checked_rem(COUNT).unwrap_or_default().saturating_add(FIRST)
}

fn secret_need(metadata: &RegisteredMetadata, record: &StoredClient) -> Result<SecretNeed, Fault> {
    let metadata = metadata.for_client(&record.client_id).map_err(|_| Fault::Record)?;
    metadata.secret_need().map_err(|_| Fault::Record)
}

fn put(tenant: &Tenant, record: &ClientRecord, client_id: &str) -> Result<Write, Fault> {
    records::put_open(tenant.uid, client_key(tenant.uid, client_id).id, record, FOR_EVER)
}

fn kept(stored: &Stored) -> Result<Option<KeptClient>, Fault> {
    match records::open::<ClientRecord>(stored)? {
        ClientRecord::Live(record) => Ok(Some(KeptClient { record: *record, version: stored.version })),
        ClientRecord::Gone { .. } => Ok(None),
    }
}
