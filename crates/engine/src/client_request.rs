//! A request that a client makes on the back channel, and who proved to have made it: the same for
//! every endpoint at which clients authenticate (RFC 9126 section 2: "as at the token endpoint").

use std::sync::Arc;

use parhelion_protocol::client::Client;
use parhelion_protocol::client_auth::{self, Authorization, Judge, Method, OnceKey, Party};
use parhelion_protocol::endpoint::Endpoint;
use parhelion_protocol::parameters::Parameters;
use parhelion_protocol::profile::{ClientIdInForm, Policy};
use parhelion_protocol::refusal::Reason;

use crate::Engine;
use crate::fault::Turned;
use crate::ports::{Commit, Condition, Id, Key, Kind, Moment, Verdict, Write};
use crate::records::{self, OnceKeyMark};
use crate::registry::Mount;

/// What a dialect has read: from here on nobody can tell which dialect it came through.
pub struct ClientRequest<'a> {
    /// The credential beside the body.
    pub authorization: Authorization<'a>,
    /// The body.
    pub parameters: Parameters<'a>,
}

/// A client that proved to be the one who asks.
pub struct Proven {
    /// The client.
    pub client: Arc<Client>,
    /// The policy in force for it at this mount.
    pub policy: Arc<Policy>,
    once: Option<(Key, Moment)>,
}

impl Proven {
    /// Adds the claim of the once-key, if there is one, to the commit of what the request leads to. To be
    /// added last.
    pub(crate) fn claim_in(&self, commit: &mut Commit) -> Result<Claim, Turned> {
        let at = commit.conditions.len();
        if let Some((key, forget_at)) = self.once {
            commit.conditions.push(Condition::Absent(key));
            commit.writes.push(mark(key, forget_at)?);
        }
        Ok(Claim { at })
    }
}

/// Where in a commit the once-key is claimed.
#[derive(Clone, Copy)]
pub(crate) struct Claim {
    at: usize,
}

impl Claim {
    /// What it means that the condition at `index` of the commit did not hold: that the once-key was
    /// claimed, or whatever `otherwise` says.
    pub(crate) fn lost(self, index: usize, otherwise: impl Into<Turned>) -> Turned {
        if index == self.at { Reason::AssertionReplayed.into() } else { otherwise.into() }
    }
}

/// Somebody who proved to be who they say, and nothing more.
pub(crate) struct Caller {
    pub(crate) id: String,
    once: Option<(Key, Moment)>,
}

/// An outcome, and how the client that it concerns is registered, where one was identified.
pub struct Judged<T> {
    /// The registered method of the client.
    pub method: Option<Method>,
    /// How it went.
    pub outcome: Result<T, Turned>,
}

impl Engine {
    /// Present, find, prove: which client asks, or why not.
    pub(crate) async fn authenticate(
        &self,
        mount: &Mount,
        request: &ClientRequest<'_>,
        client_id_in_form: ClientIdInForm,
    ) -> Judged<Proven> {
        let find = |id: &str| mount.tenant.clients.get(id).map(|client| client.party());
        let Judged { method, outcome } = self.prove_caller(mount, request, client_id_in_form, find).await;
        let outcome = outcome.and_then(|caller| {
            let client = mount.tenant.clients.get(&caller.id).ok_or(Turned::from(Reason::ClientUnknown))?;
            let policy = Arc::clone(mount.policy_for(&caller.id));
            Ok(Proven { client: Arc::clone(client), policy, once: caller.once })
        });
        Judged { method, outcome }
    }

    /// The same for whoever `find` knows.
    pub(crate) async fn prove_caller<'m>(
        &self,
        mount: &'m Mount,
        request: &ClientRequest<'_>,
        client_id_in_form: ClientIdInForm,
        find: impl FnOnce(&str) -> Option<Party<'m>>,
    ) -> Judged<Caller> {
        let presented = match client_auth::present(&request.authorization, &request.parameters, client_id_in_form) {
            Ok(presented) => presented,
            Err(refusal) => return Judged { method: None, outcome: Err(refusal.into()) },
        };
        let id = presented.client_id().to_owned();
        let party = find(&id);
        let urls = [Endpoint::Push, Endpoint::Token].map(|endpoint| mount.url(endpoint).unwrap_or(&mount.issuer));
        let judge = Judge {
            policy: mount.policy_for(&id),
            issuer: &mount.issuer,
            endpoint_urls: &urls,
            now_s: self.store.now().epoch_s(),
        };
        let outcome = match client_auth::prove(&presented, party, &judge) {
            Ok(once) => self.unused(mount, once).await.map(|once| Caller { id, once }),
            Err(refusal) => Err(refusal.into()),
        };
        Judged { method: party.map(|party| party.credential.method()), outcome }
    }

    /// Claims a caller's once-key, whatever the request leads to: nothing else is written with it.
    pub(crate) async fn claim_once(&self, caller: &Caller) -> Result<(), Turned> {
        let Some((key, forget_at)) = caller.once else { return Ok(()) };
        let commit = Commit { conditions: vec![Condition::Absent(key)], writes: vec![mark(key, forget_at)?] };
        match self.store.commit(commit).await? {
            Verdict::Done => Ok(()),
            Verdict::Refused(_) => Err(Reason::AssertionReplayed.into()),
        }
    }

    /// Refuses a once-key that was claimed before; the claim itself comes with the commit.
    async fn unused(&self, mount: &Mount, once: Option<OnceKey>) -> Result<Option<(Key, Moment)>, Turned> {
        let Some(once) = once else { return Ok(None) };
        let key = Key { tenant: mount.tenant.uid, kind: Kind::OnceKey, id: Id(once.id) };
        match self.store.get(key).await? {
            Some(_) => Err(Reason::AssertionReplayed.into()),
            None => Ok(Some((key, Moment(0).plus_s(once.forget_at_s)))),
        }
    }

    /// Passes an outcome on; if it is a refusal, the once-key is claimed first: a proved credential is
    /// used by whatever it was shown for (OpenID Connect Core section 9).
    pub(crate) async fn claim_on_refusal<T>(&self, proven: &Proven, outcome: Result<T, Turned>) -> Result<T, Turned> {
        let Err(Turned::Refused(refusal)) = &outcome else { return outcome };
        let mut commit = Commit::default();
        let _ = proven.claim_in(&mut commit)?;
        if commit.writes.is_empty() || refusal.reason == Reason::AssertionReplayed {
            return outcome;
        }
        match self.store.commit(commit).await? {
            Verdict::Done => outcome,
            Verdict::Refused(_) => Err(Reason::AssertionReplayed.into()),
        }
    }
}

fn mark(key: Key, forget_at: Moment) -> Result<Write, Turned> {
    Ok(records::put_open(key.tenant, key.id, &OnceKeyMark, forget_at)?)
}
