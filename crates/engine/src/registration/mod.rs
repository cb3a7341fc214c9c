//! Clients that register themselves (RFC 7591) and look after themselves (RFC 7592), where a tenant lets them.
//!
//! The registration access token is exchanged by every update, and not by reading.

mod terms;

pub use terms::{Gate, InitialAccess, InitialAccessTokens, RegistrationTerms, StatementNeed, of_back_end};

use parhelion_protocol::client_registration::{RegisteredMetadata, SOFTWARE_STATEMENT};
use parhelion_protocol::endpoint::Endpoint;
use parhelion_protocol::refusal::{Reason, Refusal};
use parhelion_protocol::software_statement;
use serde_json::{Map, Value};
use subtle::ConstantTimeEq;

use crate::Engine;
use crate::clients::{Issued, KeptClient, NewClient, NewClientId, NewSecret};
use crate::fault::{Fault, Turned};
use crate::ports::{Commit, Condition, Key, Kind, Moment};
use crate::records::{self, InitialAccessUses, StoredClient};
use crate::reference::Reference;
use crate::registry::Mount;

/// How often a registration is tried again when others use the same initial access token at the same moment.
const RACES_MAX: usize = 16;
/// What is kept until it is deleted.
const FOR_EVER: Moment = Moment(i64::MAX);
/// The interface that such clients are made through.
const ORIGIN: &str = "registration";

/// What a client hears about itself (RFC 7591 section 3.2.1, RFC 7592 section 3). It has no `Debug`: there are
/// secrets in it.
pub struct ClientInformation {
    /// Who it is.
    pub client_id: String,
    /// When it was registered, in seconds since 1970.
    pub issued_at_s: i64,
    /// Everything that is registered, defaults included.
    pub metadata: RegisteredMetadata,
    /// What is policy for it alone: TOML text, as it was sent.
    pub policy: String,
    /// The secret that was drawn just now, if one was.
    pub secret: Option<NewSecret>,
    /// By which it manages itself.
    pub registration_access_token: String,
    /// Where it does.
    pub registration_client_uri: String,
}

/// What a registration request brings, in the words of the specifications.
pub struct SentMetadata {
    /// The metadata.
    pub members: Map<String, Value>,
    /// What it asks for that is policy, for this client alone: TOML text. It counts as far as it tightens.
    pub policy: String,
}

impl From<Map<String, Value>> for SentMetadata {
    fn from(members: Map<String, Value>) -> Self {
        Self { members, policy: String::new() }
    }
}

impl Engine {
    /// Registers a client. `sent` is what was sent, or why it could not be read: who may not register hears only that.
    ///
    /// # Errors
    /// Why whoever asks may not, or what of the metadata cannot stand; nothing happened then.
    pub async fn register_client(
        &self,
        mount: &Mount,
        token: Option<&str>,
        sent: Result<SentMetadata, Refusal>,
    ) -> Result<ClientInformation, Turned> {
        let access = self.initial_access(mount, token)?;
        let SentMetadata { members, policy } = sent?;
        let metadata = self.registrable(mount, members)?;
        for _ in 0..RACES_MAX {
            let registration_token = Reference::draw(&*self.entropy)?;
            let new = NewClient {
                id: NewClientId::Uuid,
                metadata: metadata.clone(),
                policy: policy.clone(),
                recoverable: false,
                registration_token: Some(registration_token.id()),
                secret_terms: mount.tenant.registration.secrets,
                origin: ORIGIN,
            };
            let counted = match access {
                Some((key, access)) => self.count_use(key, access).await?,
                None => Commit::default(),
            };
            if let Some(issued) = self.create_client(&mount.tenant, new, counted).await? {
                return Ok(information(mount, issued, metadata, &registration_token));
            }
        }
        Err(Fault::Busy.into())
    }

    /// What is registered of a client that shows its token.
    ///
    /// # Errors
    /// There is no such client, or it is not its token: the same for a stranger.
    pub async fn read_registration(
        &self,
        mount: &Mount,
        client_id: &str,
        token: Option<&str>,
    ) -> Result<ClientInformation, Turned> {
        let (kept, token) = self.managed(mount, client_id, token).await?;
        let metadata = RegisteredMetadata::from_text(&kept.record.metadata).ok_or(Fault::Record)?;
        let issued = Issued { record: kept.record, secret: None };
        Ok(information(mount, issued, metadata, &token))
    }

    /// Puts other metadata in the place of all that was registered. What is left out has its default again.
    ///
    /// # Errors
    /// As [`Engine::read_registration`], and as for [`Engine::register_client`].
    pub async fn update_registration(
        &self,
        mount: &Mount,
        client_id: &str,
        token: Option<&str>,
        sent: Result<SentMetadata, Refusal>,
    ) -> Result<ClientInformation, Turned> {
        let (kept, _) = self.managed(mount, client_id, token).await?;
        let SentMetadata { members, policy } = sent?;
        check_identity(&kept.record, &members, self.store.now())?;
        let metadata = self.registrable(mount, members)?;
        let fresh = Reference::draw(&*self.entropy)?;
        let terms = mount.tenant.registration.secrets;
        let exchange = |record: &mut StoredClient| {
            record.registration_token = Some(fresh.id().0);
            record.policy = policy;
        };
        let issued = self.update_client(&mount.tenant, kept, &metadata, terms, exchange).await?;
        // Somebody else was faster, and has exchanged the token.
        let issued = issued.ok_or(Turned::from(Reason::RegistrationTokenWrong))?;
        Ok(information(mount, issued, metadata, &fresh))
    }

    /// Deletes a client that shows its token.
    ///
    /// # Errors
    /// As [`Engine::read_registration`].
    pub async fn delete_registration(&self, mount: &Mount, client_id: &str, token: Option<&str>) -> Result<(), Turned> {
        let (kept, _) = self.managed(mount, client_id, token).await?;
        let deleted = self.delete_client(&mount.tenant, &kept).await?;
        if deleted { Ok(()) } else { Err(Reason::RegistrationTokenWrong.into()) }
    }

    /// What is registered of what was sent; what a software statement says goes before what stands beside it.
    fn registrable(&self, mount: &Mount, mut sent: Map<String, Value>) -> Result<RegisteredMetadata, Refusal> {
        let registration = &mount.tenant.registration;
        let statement = match sent.get(SOFTWARE_STATEMENT) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text.clone()),
            Some(_) => return Err(Reason::SoftwareStatementInvalid.into()),
        };
        match &statement {
            //= rfc7591#2.3 "the values in the software statement MUST take precedence"
            Some(text) => {
                let now_s = self.store.now().epoch_s();
                let mut said = software_statement::verify(text, &registration.statement_issuers, now_s)?;
                // A statement speaks for its client, and not of another statement.
                said.remove(SOFTWARE_STATEMENT);
                sent.extend(said);
            }
            None if registration.statement == StatementNeed::Required => {
                return Err(Reason::SoftwareStatementUnapproved.into());
            }
            None => {}
        }
        RegisteredMetadata::accept(sent, &terms::at(mount)).map_err(|fault| fault.refusal())
    }

    /// Whether somebody may register, with the count that goes up by it, if one is kept.
    fn initial_access(&self, mount: &Mount, token: Option<&str>) -> Result<Option<(Key, u32)>, Refusal> {
        let tokens = match &mount.tenant.registration.gate {
            Gate::Open => return Ok(None),
            Gate::Closed => return Err(Reason::NotFound.into()),
            Gate::InitialAccessToken(tokens) => tokens,
        };
        let text = token.ok_or(Refusal::new(Reason::RegistrationTokenMissing))?;
        let (id, access) = tokens.find(text).ok_or(Refusal::new(Reason::InitialAccessTokenUnknown))?;
        if access.expires_at_s.is_some_and(|end| self.store.now().epoch_s() >= end) {
            return Err(Reason::InitialAccessTokenExpired.into());
        }
        let key = Key { tenant: mount.tenant.uid, kind: Kind::InitialAccess, id };
        Ok(access.uses_max.map(|uses_max| (key, uses_max)))
    }

    /// Counts one more use, in the commit of the registration itself: of two at the same moment one counts anew.
    async fn count_use(&self, key: Key, uses_max: u32) -> Result<Commit, Turned> {
        let stored = self.store.get(key).await?;
        let condition =
            stored.as_ref().map_or(Condition::Absent(key), |stored| Condition::Unchanged(key, stored.version));
        let used =
            stored.map_or(Ok(0), |stored| records::open::<InitialAccessUses>(&stored).map(|record| record.uses))?;
        if used >= uses_max {
            return Err(Reason::InitialAccessTokenUsedUp.into());
        }
        let counted = InitialAccessUses { uses: used.saturating_add(1) };
        let write = records::put_open(key.tenant, key.id, &counted, FOR_EVER)?;
        Ok(Commit { conditions: vec![condition], writes: vec![write] })
    }

    /// The client that a registration access token manages.
    async fn managed(
        &self,
        mount: &Mount,
        client_id: &str,
        token: Option<&str>,
    ) -> Result<(KeptClient, Reference), Turned> {
        let text = token.ok_or(Turned::from(Reason::RegistrationTokenMissing))?;
        let kept = self.kept_client(&mount.tenant, client_id).await?;
        let kept = kept.filter(|kept| kept.record.enabled).ok_or(Turned::from(Reason::RegisteredClientUnknown))?;
        let reference = Reference::from_text(text).ok_or(Turned::from(Reason::RegistrationTokenWrong))?;
        let its_own = kept.record.registration_token;
        let is_it = its_own.is_some_and(|its_own| bool::from(its_own.ct_eq(&reference.id().0)));
        if is_it { Ok((kept, reference)) } else { Err(Reason::RegistrationTokenWrong.into()) }
    }
}

/// An update says whom it is about, and nothing that the server alone says (RFC 7592 section 2.2).
fn check_identity(record: &StoredClient, sent: &Map<String, Value>, now: Moment) -> Result<(), Refusal> {
    let unfit = |member, problem| Refusal::new(Reason::MetadataUnfit).found_member(member, problem, None);
    if sent.get("client_id").and_then(Value::as_str) != Some(&record.client_id) {
        return Err(unfit("client_id", "must be the identifier of the client"));
    }
    let is_it = |secret: &Value| secret.as_str().is_some_and(|text| record.has_secret(text, now));
    if sent.get("client_secret").is_some_and(|secret| !is_it(secret)) {
        return Err(unfit("client_secret", "must be the secret of the client, or left out"));
    }
    let ours =
        ["registration_access_token", "registration_client_uri", "client_secret_expires_at", "client_id_issued_at"];
    match ours.into_iter().find(|name| sent.contains_key(*name)) {
        Some(name) => Err(unfit(name, "must be left out of an update")),
        None => Ok(()),
    }
}

fn information(mount: &Mount, issued: Issued, metadata: RegisteredMetadata, token: &Reference) -> ClientInformation {
    let Issued { record, secret } = issued;
    let below = mount.url(Endpoint::RegisteredClient).unwrap_or_default();
    ClientInformation {
        registration_client_uri: format!("{below}{}", record.client_id),
        client_id: record.client_id,
        policy: record.policy,
        issued_at_s: Moment(record.made_at_ms).epoch_s(),
        metadata: metadata.without_vendor_words(),
        secret,
        registration_access_token: token.to_text(),
    }
}
