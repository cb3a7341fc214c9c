//! A pushed request that waits: found by its reference, judged again by today's client and policy, taken
//! once (RFC 9126 section 4).

use std::sync::Arc;

use parhelion_protocol::checks::Column;
use parhelion_protocol::client::Client;
use parhelion_protocol::parameters::{Param, Parameters};
use parhelion_protocol::params::response_type::{self, ResponseType};
use parhelion_protocol::params::{redirect_uri, response_mode, state};
use parhelion_protocol::profile::Policy;
use parhelion_protocol::refusal::{Reason, Refusal};
use parhelion_protocol::request::AuthorizationRequest;

use crate::Engine;
use crate::clients::KnownClient;
use crate::fault::{Fault, Turned};
use crate::ports::{Commit, Condition, Key, Moment, StoreFault, Verdict, Write};
use crate::records::{self, PushedRequest, Taken};
use crate::reference::Reference;
use crate::registry::Mount;
use crate::response::{AuthorizationResponse, ReturnPath};
use crate::validate::{Validated, validate};

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
    pub(crate) back: ReturnPath,
    /// The subject that `id_token_hint` names.
    pub(crate) expected_sub: Option<String>,
    /// The `claims` parameter as it was pushed.
    pub(crate) claims: Option<String>,
}

/// A request that they no longer accept, or never did.
pub(crate) enum Fallen {
    /// There is nowhere safe to send the browser.
    Page(Refusal),
    /// Client and redirect URI stand; the client hears why.
    Redirect(AuthorizationResponse),
    /// The client was to hear why, but the answer could not be made.
    Broken(Fault),
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
        let (stored, taken) = (self.store.get(key).await?, self.store.get(records::taken_key(key)).await?);
        let Some(stored) = stored else {
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
    pub(crate) async fn stand(&self, mount: &Mount, pending: &Pending) -> Result<Standing, Fallen> {
        let record = &pending.record;
        let registry = self.registry();
        let pushed_through = registry.mount(mount.tenant.uid, &record.issuer);
        let pushed_through = pushed_through.map_or(mount, Arc::as_ref);
        let known = self.find_served_client(pushed_through, &record.client_id).await.map_err(Fallen::Broken)?;
        let known = known.ok_or(Fallen::Page(Reason::ClientGone.into()))?;
        let parameters = parameters(record).map_err(|_| Fallen::Page(Reason::RequestNoLongerStands.into()))?;
        stand(mount, &parameters, known, Column::Completion, self.store.now())
    }

    /// Takes a pending request: in one commit it is gone, its tombstone is there and what is issued is written;
    /// or somebody else took it. `by` names the taker, so that a commit whose answer was lost is
    /// recognised as one's own.
    pub(crate) async fn take(&self, pending: &Pending, by: [u8; 16], issued: Vec<Write>) -> Result<(), Turned> {
        self.take_with(pending, by, Commit { conditions: Vec::new(), writes: issued }).await
    }

    /// The same, where what is written beside it has conditions of its own. If one of those does not hold, the request
    /// stays as it is.
    pub(crate) async fn take_with(&self, pending: &Pending, by: [u8; 16], beside: Commit) -> Result<(), Turned> {
        let taken = records::taken_key(pending.key);
        let tombstone = records::put_open(taken.tenant, taken.id, &Taken { by }, pending.gone_at)?;
        let own = [Condition::Unchanged(pending.key, pending.version), Condition::Absent(taken)];
        let commit = Commit {
            conditions: own.into_iter().chain(beside.conditions).collect(),
            writes: [Write::Delete(pending.key), tombstone].into_iter().chain(beside.writes).collect(),
        };
        match self.store.commit(commit).await {
            Ok(Verdict::Done) => Ok(()),
            Ok(Verdict::Refused(0 | 1)) => Err(Reason::RequestUriTaken.into()),
            Ok(Verdict::Refused(_)) => Err(Fault::Busy.into()),
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

/// Judges a request against the client and the policy of this moment. Only a redirect URI of the
/// client's own is ever sent to.
pub(crate) fn stand(
    mount: &Mount,
    parameters: &Parameters<'_>,
    known: KnownClient,
    column: Column,
    now: Moment,
) -> Result<Standing, Fallen> {
    let KnownClient { client, policy } = known;
    let back = return_path(mount, parameters, &client, &policy, now).map_err(|refusal| match column {
        // It was registered when the request was pushed.
        Column::Completion => Fallen::Page(Reason::ClientGone.into()),
        Column::Push | Column::Authorize => Fallen::Page(refusal),
    })?;
    match validate(mount, parameters, &client, &policy, column) {
        Ok(Validated { request, expected_sub }) => {
            let claims = parameters.get(Param::Claims).map(str::to_owned);
            Ok(Standing { client, policy, back, claims, request, expected_sub })
        }
        Err(refusal) => Err(back.error(&refusal).map_or_else(Fallen::Broken, Fallen::Redirect)),
    }
}

/// The way back, judged before anything else of a request: without one there are only pages.
pub(crate) fn return_path(
    mount: &Mount,
    parameters: &Parameters<'_>,
    client: &Arc<Client>,
    policy: &Policy,
    now: Moment,
) -> Result<ReturnPath, Refusal> {
    let redirect_uri = match (parameters.get(Param::RedirectUri), client.redirect_uris.as_slice()) {
        (Some(sent), _) => sent,
        (None, [only]) => only.as_str(),
        (None, _) => return Err(Refusal::new(Reason::RedirectUriMissing).about(Some(Param::RedirectUri))),
    };
    redirect_uri::check(redirect_uri, &client.redirect_uris, policy.loopback_redirect_uri)?;
    let response_type = parameters.get(Param::ResponseType).and_then(|text| response_type::parse(text, policy).ok());
    let response_type = response_type.unwrap_or(ResponseType::Code);
    let mode = response_mode::for_errors(parameters.get(Param::ResponseMode), response_type, policy);
    let state = parameters.get(Param::State).and_then(|text| state::parse(text, policy).ok());
    let redirect_uri = redirect_uri.to_owned();
    Ok(ReturnPath {
        redirect_uri,
        way: mode.of(response_type),
        state,
        issuer: mount.issuer.clone(),
        client: Arc::clone(client),
        tenant: Arc::clone(&mount.tenant),
        now,
    })
}

fn parameters(record: &PushedRequest) -> Result<Parameters<'_>, Refusal> {
    let mut parameters = Parameters::default();
    for (name, value) in &record.parameters {
        parameters.add(name, value.as_str().into())?;
    }
    Ok(parameters)
}
