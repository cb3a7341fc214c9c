//! A pushed request that waits: found by its reference, judged again by today's client and policy, taken
//! once (RFC 9126 section 4).

use std::sync::Arc;

use parhelion_protocol::checks::{self, Column, Subject};
use parhelion_protocol::client::{Client, ClientStatus};
use parhelion_protocol::parameters::Parameters;
use parhelion_protocol::profile::Policy;
use parhelion_protocol::refusal::{Reason, Refusal};
use parhelion_protocol::request::{self, AuthorizationRequest};

use crate::Engine;
use crate::fault::{Fault, Turned};
use crate::ports::{Commit, Condition, Key, Moment, StoreFault, Verdict, Write};
use crate::records::{self, PushedRequest, Taken};
use crate::reference::Reference;
use crate::registry::Mount;
use crate::response::AuthorizationResponse;

/// A pushed request as it was found in the store.
pub(crate) struct Pending {
    pub(crate) key: Key,
    pub(crate) version: u64,
    pub(crate) gone_at: Moment,
    pub(crate) record: PushedRequest,
}

/// A pending request that today's client and policy still accept.
pub(crate) struct Standing {
    pub(crate) request: AuthorizationRequest,
    pub(crate) client: Arc<Client>,
    pub(crate) policy: Arc<Policy>,
    pub(crate) redirect_uri: String,
    /// The `claims` parameter as it was pushed.
    pub(crate) claims: Option<String>,
}

/// A pending request that they no longer accept.
pub(crate) enum Fallen {
    /// There is nowhere safe to send the browser.
    Page(Refusal),
    /// Client and redirect URI still stand; the client hears why.
    Redirect(AuthorizationResponse),
}

impl Engine {
    /// Finds a pending request of a client. What a stranger could learn from the difference between
    /// unknown, used and foreign is kept from the answer, and each costs the same look-ups.
    pub(crate) async fn find_pending(
        &self,
        mount: &Mount,
        reference: &Reference,
        client_id: &str,
    ) -> Result<Pending, Turned> {
        let key = records::key_of::<PushedRequest>(mount.tenant.uid, reference);
        let Some(stored) = self.store.get(key).await? else {
            let taken = self.store.get(records::taken_key(key)).await?;
            let reason = if taken.is_some() { Reason::RequestUriTaken } else { Reason::RequestUriUnknown };
            return Err(reason.into());
        };
        let record = records::open_sealed::<PushedRequest>(mount.tenant.uid, reference, &stored)?;
        //= rfc9126#2.2 "The request URI MUST be bound to the client that posted the authorization request."
        if record.client_id != client_id {
            return Err(Reason::RequestUriOfAnotherClient.into());
        }
        Ok(Pending { key, version: stored.version, gone_at: stored.expires_at, record })
    }

    /// Judges a pending request again: parsed by the policy of the mount it was pushed through, checked
    /// against the client as it is now.
    pub(crate) fn stand(&self, mount: &Mount, pending: &Pending) -> Result<Standing, Fallen> {
        let record = &pending.record;
        let client = mount.tenant.clients.get(&record.client_id);
        let client = client.filter(|client| client.status == ClientStatus::Enabled);
        let client = Arc::clone(client.ok_or(Fallen::Page(Reason::ClientGone.into()))?);
        let registry = self.registry();
        let pushed_through = registry.mount(mount.tenant.uid, &record.issuer);
        let policy = Arc::clone(pushed_through.map_or(mount, Arc::as_ref).policy_for(&record.client_id));
        let no_longer = |_| Fallen::Page(Reason::RequestNoLongerStands.into());
        let parameters = parameters(record).map_err(no_longer)?;
        let request = request::parse(&parameters, &policy).map_err(no_longer)?;
        let redirect_uri = checks::effective_redirect_uri(&request, &client).map(str::to_owned);
        let redirect_uri = redirect_uri.ok_or(Fallen::Page(Reason::ClientGone.into()))?;
        let subject =
            Subject { request: &request, client: &client, policy: &policy, resources: &mount.tenant.resources };
        match checks::run(Column::Completion, &subject) {
            Ok(()) => {
                let claims = parameters.get(parhelion_protocol::parameters::Param::Claims).map(str::to_owned);
                Ok(Standing { client, policy, redirect_uri, claims, request })
            }
            Err(refusal) if names_redirect_uri(&refusal) => Err(Fallen::Page(Reason::ClientGone.into())),
            Err(refusal) => Err(Fallen::Redirect(AuthorizationResponse::error(
                &redirect_uri,
                &refusal,
                request.state.as_deref(),
                &mount.issuer,
            ))),
        }
    }

    /// Takes a pending request: in one commit it is gone, its tombstone is there and `issued` is written;
    /// or somebody else took it. `by` names the taker, so that a commit whose answer was lost is
    /// recognised as one's own.
    pub(crate) async fn take(&self, pending: &Pending, by: [u8; 16], issued: Option<Write>) -> Result<(), Turned> {
        let taken = records::taken_key(pending.key);
        let tombstone = records::put_open(taken.tenant, taken.id, &Taken { by }, pending.gone_at)?;
        let commit = Commit {
            conditions: vec![Condition::Unchanged(pending.key, pending.version), Condition::Absent(taken)],
            writes: [Some(Write::Delete(pending.key)), Some(tombstone), issued].into_iter().flatten().collect(),
        };
        match self.store.commit(commit).await {
            Ok(Verdict::Done) => Ok(()),
            Ok(Verdict::Refused(_)) => Err(Reason::RequestUriTaken.into()),
            Err(StoreFault::InDoubt) => self.taken_by(taken, by).await,
            Err(fault) => Err(fault.into()),
        }
    }

    async fn taken_by(&self, taken: Key, by: [u8; 16]) -> Result<(), Turned> {
        match self.store.get(taken).await? {
            Some(stored) if records::open::<Taken>(&stored)?.by == by => Ok(()),
            Some(_) => Err(Reason::RequestUriTaken.into()),
            None => Err(Fault::Store(StoreFault::Unavailable).into()),
        }
    }
}

fn parameters(record: &PushedRequest) -> Result<Parameters<'_>, Refusal> {
    let mut parameters = Parameters::default();
    for (name, value) in &record.parameters {
        parameters.add(name, value.as_str().into())?;
    }
    Ok(parameters)
}

fn names_redirect_uri(refusal: &Refusal) -> bool {
    matches!(refusal.reason, Reason::RedirectUriNotRegistered | Reason::RedirectUriMissing)
}
