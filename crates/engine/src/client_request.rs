//! A request that a client makes on the back channel, and who proved to have made it: the same for
//! every endpoint at which clients authenticate (RFC 9126 section 2: "as at the token endpoint").

use std::borrow::Cow;
use std::sync::Arc;

use parhelion_jose::jwk::KeySet;
use parhelion_protocol::client::Client;
use parhelion_protocol::client_auth::attest_jwt_client_auth::{Headers, Instance, InstancePossession};
use parhelion_protocol::client_auth::{self, Authorization, Callers, Evidence, Judge, Method, OnceKey, Party};
use parhelion_protocol::endpoint::Endpoint;
use parhelion_protocol::parameters::Parameters;
use parhelion_protocol::profile::{AttestationChallenge, ClientIdInForm, DpopNonce, Policy};
use parhelion_protocol::refusal::{Reason, Refusal};
use parhelion_protocol::resource_server::ResourceServer;
use parhelion_protocol::sender::{Held, certificate, dpop};

use crate::Engine;
use crate::client_keys::KeySource;
use crate::clients::KnownClient;
use crate::fault::{Fault, Turned};
use crate::nonce;
use crate::ports::{Commit, Condition, Id, Key, Kind, Moment, Verdict, Write};
use crate::records::{self, OnceKeyMark, Property};
use crate::registry::Mount;

/// What a dialect has read: from here on nobody can tell which dialect it came through.
pub struct ClientRequest<'a> {
    /// The credential beside the body.
    pub authorization: Authorization<'a>,
    /// The body.
    pub parameters: Parameters<'a>,
    /// What shows who holds a key.
    pub possession: Possession<'a>,
    /// What a back end attaches to the tokens.
    pub properties: Vec<Property>,
}

impl ClientRequest<'_> {
    /// What of it may authenticate the client.
    #[must_use]
    pub const fn evidence(&self) -> Evidence<'_> {
        let Possession { attestation, dpop, certificate, .. } = &self.possession;
        let (authorization, parameters) = (&self.authorization, &self.parameters);
        Evidence { authorization, attestation, dpop, certificate, parameters }
    }
}

/// What a request shows of the key that its sender holds.
#[derive(Clone)]
pub struct Possession<'a> {
    /// The `DPoP` header.
    pub dpop: dpop::Shown<'a>,
    /// The client certificate.
    pub certificate: certificate::Shown,
    /// The headers of a client attestation.
    pub attestation: Headers<'a>,
    /// The method that a proof is for.
    pub htm: Cow<'a, str>,
    /// The URL that a proof is for; none is the endpoint's own.
    pub htu: Option<Cow<'a, str>>,
    /// Whether a nonce is asked for also where the policy does not.
    pub nonce: DpopNonce,
}

impl Default for Possession<'_> {
    fn default() -> Self {
        Self {
            dpop: dpop::Shown::Absent,
            certificate: certificate::Shown::Absent,
            attestation: Headers::default(),
            htm: "POST".into(),
            htu: None,
            nonce: DpopNonce::Optional,
        }
    }
}

/// A client that proved to be the one who asks.
pub struct Proven {
    /// The client.
    pub client: Arc<Client>,
    /// The policy in force for it at this mount.
    pub policy: Arc<Policy>,
    /// The keys that it showed to hold.
    pub held: Held,
    /// Thumbprint of the key of the client's instance, where an attester vouches for one.
    pub instance: Option<[u8; 32]>,
    once: Once,
}

/// Once-keys that a request uses up, with the refusal that their second use gets.
type Once = Vec<(Key, Moment, Reason)>;

impl Proven {
    /// Adds the claims of the once-keys to the commit of what the request leads to. To be added last.
    pub(crate) fn claim_in(&self, commit: &mut Commit) -> Result<Claim, Turned> {
        let at = commit.conditions.len();
        for (key, forget_at, _) in &self.once {
            commit.conditions.push(Condition::Absent(*key));
            commit.writes.push(mark(*key, *forget_at)?);
        }
        Ok(Claim { at, replayed: self.once.iter().map(|(_, _, replayed)| *replayed).collect() })
    }
}

/// Where in a commit the once-keys are claimed.
pub(crate) struct Claim {
    at: usize,
    replayed: Vec<Reason>,
}

impl Claim {
    /// What it means that the condition at `index` of the commit did not hold: that a once-key was
    /// claimed, or whatever `otherwise` says.
    pub(crate) fn lost(&self, index: usize, otherwise: impl Into<Turned>) -> Turned {
        let claimed = index.checked_sub(self.at).and_then(|at| self.replayed.get(at));
        claimed.map_or_else(|| otherwise.into(), |replayed| (*replayed).into())
    }
}

/// A key that a DPoP proof showed to be held.
pub(crate) struct HeldKey {
    pub(crate) jkt: [u8; 32],
    pub(crate) ath: Option<[u8; 32]>,
    pub(crate) once: (Key, Moment, Reason),
}

/// Somebody who proved to be who they say, and nothing more.
pub(crate) struct Caller {
    pub(crate) id: String,
    pub(crate) who: Who,
    instance: Option<Instance>,
    held: Held,
    once: Once,
}

/// Who may call.
pub(crate) enum Who {
    Client(KnownClient),
    ResourceServer(Arc<ResourceServer>),
}

impl Who {
    fn party(&self) -> Option<Party<'_>> {
        match self {
            Self::Client(known) => Some(known.client.party()),
            Self::ResourceServer(server) => server.party(),
        }
    }

    fn policy<'a>(&'a self, mount: &'a Mount) -> &'a Arc<Policy> {
        match self {
            Self::Client(known) => &known.policy,
            Self::ResourceServer(_) => &mount.policy,
        }
    }
}

impl Caller {
    /// Whether the caller's DPoP proof is what shows that its attested key is held, so that it has to be judged.
    pub(crate) const fn authenticates_by_dpop(&self) -> bool {
        matches!(self.instance, Some(Instance { possession: InstancePossession::Dpop, .. }))
    }

    /// The same caller, who shows to hold the key of a DPoP proof and that of a certificate, if any.
    fn holding(mut self, proof: Option<HeldKey>, x5t_s256: Option<[u8; 32]>) -> Result<Self, Turned> {
        let attested = self.instance.as_ref().filter(|_| self.authenticates_by_dpop()).map(|instance| instance.jkt);
        self.held = Held { jkt: proof.as_ref().map(|proof| proof.jkt), x5t_s256 };
        if attested.is_some() && attested != self.held.jkt {
            return Err(Reason::AttestationKeyContradicted.into());
        }
        self.once.extend(proof.map(|proof| proof.once));
        Ok(self)
    }
}

/// An outcome, and how the client that it concerns is registered, where one was identified.
pub struct Judged<T> {
    /// The registered method of the client.
    pub method: Option<Method>,
    /// The nonce that the next DPoP proof must carry, where nonces are in force.
    pub dpop_nonce: Option<String>,
    /// The challenge that the next proof beside an attestation must carry, where challenges are in force.
    pub attestation_challenge: Option<String>,
    /// How it went.
    pub outcome: Result<T, Turned>,
}

impl<T> Judged<T> {
    /// The outcome of a request from which no client was identified.
    #[must_use]
    pub const fn unidentified(outcome: Result<T, Turned>) -> Self {
        Self { method: None, dpop_nonce: None, attestation_challenge: None, outcome }
    }
}

impl Engine {
    /// Present, find, prove: which client asks, and which key it holds, or why not.
    async fn authenticate(
        &self,
        mount: &Mount,
        request: &ClientRequest<'_>,
        endpoint: Endpoint,
        client_id_in_form: ClientIdInForm,
    ) -> Judged<Proven> {
        let find = async |id: &str| self.find_caller_among_clients(mount, id).await;
        let judged = self.prove_caller(mount, request, client_id_in_form, Callers::Clients, find).await;
        let Judged { method, attestation_challenge, outcome, .. } = judged;
        let (dpop_nonce, outcome) = match outcome {
            Ok(caller) => self.prove_possession(mount, request, endpoint, caller).await,
            Err(turned) => (None, Err(turned)),
        };
        let outcome = outcome.and_then(proven);
        Judged { method, dpop_nonce, attestation_challenge, outcome }
    }

    /// Does what a client asks that proves to be the one who asks. A refusal uses its once-keys up too.
    pub(crate) async fn for_client<T>(
        &self,
        mount: &Mount,
        request: &ClientRequest<'_>,
        endpoint: Endpoint,
        client_id_in_form: ClientIdInForm,
        act: impl AsyncFnOnce(&Proven) -> Result<T, Turned>,
    ) -> Judged<T> {
        let judged = self.authenticate(mount, request, endpoint, client_id_in_form).await;
        let Judged { method, dpop_nonce, attestation_challenge, outcome } = judged;
        let outcome = match outcome {
            Ok(proven) => {
                let outcome = act(&proven).await;
                self.claim_on_refusal(&proven, outcome).await
            }
            Err(turned) => Err(turned),
        };
        Judged { method, dpop_nonce, attestation_challenge, outcome }
    }

    /// Judges the DPoP proof of a caller that authenticated. The server's challenge comes before anything is
    /// claimed: the same assertion may come again with the nonce.
    pub(crate) async fn prove_possession(
        &self,
        mount: &Mount,
        request: &ClientRequest<'_>,
        endpoint: Endpoint,
        caller: Caller,
    ) -> (Option<String>, Result<Caller, Turned>) {
        let policy = Arc::clone(caller.who.policy(mount));
        let needed = policy.dpop_nonce.max(request.possession.nonce);
        let challenged =
            caller.authenticates_by_dpop() && policy.attestation_challenge == AttestationChallenge::Required;
        let needed = if challenged { DpopNonce::Required } else { needed };
        let nonce = match &request.possession.dpop {
            dpop::Shown::One(_) if needed == DpopNonce::Required => nonce::current(mount, self.store.now()).map(Some),
            dpop::Shown::One(_) | dpop::Shown::Absent | dpop::Shown::Repeated => Ok(None),
        };
        let nonce = match nonce {
            Ok(nonce) => nonce,
            Err(fault) => return (None, Err(fault.into())),
        };
        let x5t_s256 = match request.possession.certificate.chain() {
            Ok(chain) => chain.map(certificate::Chain::x5t_s256),
            Err(refusal) => return (None, Err(refusal.into())),
        };
        let outcome = self.judge_proof(mount, &policy, &request.possession, endpoint, needed).await;
        (nonce, outcome.and_then(|proof| caller.holding(proof, x5t_s256)))
    }

    /// What a proof at this endpoint is judged against.
    fn dpop_judge<'j>(
        &self,
        mount: &'j Mount,
        policy: &'j Policy,
        possession: &'j Possession<'_>,
        endpoint: Endpoint,
    ) -> dpop::Judge<'j> {
        dpop::Judge {
            policy,
            htm: &possession.htm,
            htu: possession.htu.as_deref().or(mount.url(endpoint)).unwrap_or_default(),
            htu_alias: mount.mtls_url(endpoint).filter(|_| possession.htu.is_none()),
            now_s: self.store.now().epoch_s(),
        }
    }

    /// Judges a proof, if one is shown; gives its key, and the once-key to be claimed.
    pub(crate) async fn judge_proof(
        &self,
        mount: &Mount,
        policy: &Policy,
        possession: &Possession<'_>,
        endpoint: Endpoint,
        needed: DpopNonce,
    ) -> Result<Option<HeldKey>, Turned> {
        let proof = match &possession.dpop {
            dpop::Shown::Absent => return Ok(None),
            dpop::Shown::Repeated => return Err(Reason::DpopRepeated.into()),
            dpop::Shown::One(proof) => dpop::judge(proof, &self.dpop_judge(mount, policy, possession, endpoint))?,
        };
        let fresh = match &proof.nonce {
            Some(nonce) => nonce::is_fresh(mount, nonce, self.store.now())?,
            None => needed == DpopNonce::Optional,
        };
        if !fresh {
            return Err(Reason::DpopNonceNeeded.into());
        }
        let once = self.unused(mount, Some(proof.once), Reason::DpopReplayed).await?;
        Ok(once.into_iter().next().map(|once| HeldKey { jkt: proof.jkt, ath: proof.ath, once }))
    }

    /// A client as somebody who authenticates.
    pub(crate) async fn find_caller_among_clients(&self, mount: &Mount, id: &str) -> Result<Option<Who>, Fault> {
        Ok(self.find_client(mount, id).await?.map(Who::Client))
    }

    /// The same for whoever `find` knows.
    pub(crate) async fn prove_caller(
        &self,
        mount: &Mount,
        request: &ClientRequest<'_>,
        client_id_in_form: ClientIdInForm,
        callers: Callers,
        find: impl AsyncFnOnce(&str) -> Result<Option<Who>, Fault>,
    ) -> Judged<Caller> {
        let shown = &request.possession.certificate;
        let presented = client_auth::present(&request.evidence(), client_id_in_form);
        let (presented, certificate) = match presented.and_then(|presented| Ok((presented, shown.chain()?))) {
            Ok(read) => read,
            Err(refusal) => return Judged::unidentified(Err(refusal.into())),
        };
        let id = presented.client_id().to_owned();
        let who = match find(&id).await {
            Ok(who) => who,
            Err(fault) => return Judged::unidentified(Err(fault.into())),
        };
        let party = who.as_ref().and_then(Who::party);
        let urls: Vec<&str> = [Endpoint::Push, Endpoint::Token]
            .into_iter()
            .flat_map(|endpoint| [mount.url(endpoint), mount.mtls_url(endpoint)])
            .flatten()
            .collect();
        let policy = who.as_ref().map_or(&mount.policy, |who| who.policy(mount));
        let judge = Judge {
            policy,
            issuer: &mount.issuer,
            endpoint_urls: &urls,
            certificate,
            trust_anchors: &mount.tenant.trust_anchors,
            attesters: &mount.tenant.attesters,
            callers,
            now_s: self.store.now().epoch_s(),
        };
        let method = party.map(|party| party.credential.method());
        let proof = self.judge_credential(mount, &presented, party, &judge).await;
        let client_auth::Proof { once, instance } = match proof {
            Ok(proof) => proof,
            Err(refusal) => return Judged { method, ..Judged::unidentified(Err(refusal.into())) },
        };
        let replayed = if instance.is_some() { Reason::AttestationPopReplayed } else { Reason::AssertionReplayed };
        let (attestation_challenge, met) = match &instance {
            Some(instance) => self.judge_challenge(mount, policy, instance),
            None => (None, Ok(())),
        };
        let outcome = match met {
            Ok(()) => self.unused(mount, once, replayed).await,
            Err(turned) => Err(turned),
        };
        let outcome = outcome.and_then(|once| {
            let who = who.ok_or(Turned::from(Reason::ClientUnknown))?;
            Ok(Caller { id, who, instance, held: Held::default(), once })
        });
        Judged { method, dpop_nonce: None, attestation_challenge, outcome }
    }

    /// Judges a credential: an assertion by whatever its client signs with at this moment.
    async fn judge_credential(
        &self,
        mount: &Mount,
        presented: &client_auth::Presented<'_>,
        party: Option<Party<'_>>,
        judge: &Judge<'_>,
    ) -> Result<client_auth::Proof, Refusal> {
        let uri = party
            .and_then(|party| party.jwks_uri)
            .filter(|_| matches!(presented, client_auth::Presented::PrivateKeyJwt(_)));
        let (Some(party), Some(_)) = (party, uri) else { return client_auth::prove(presented, party, judge) };
        let source = KeySource { client_id: presented.client_id(), registered: &KeySet::default(), uri };
        let judged = |keys: &KeySet| client_auth::prove(presented, Some(Party { keys: Some(keys), ..party }), judge);
        self.judge_by_keys(mount, source, judged).await
    }

    /// Judges the challenge that an instance answers, before anything is claimed; gives the next one where they are
    /// in force. One that shows its key by DPoP answers by the nonce of that proof.
    fn judge_challenge(
        &self,
        mount: &Mount,
        policy: &Policy,
        instance: &Instance,
    ) -> (Option<String>, Result<(), Turned>) {
        let now = self.store.now();
        let needed = policy.attestation_challenge == AttestationChallenge::Required;
        let judged = || -> Result<_, Fault> {
            let next = if needed { Some(nonce::current(mount, now)?) } else { None };
            let fresh = match &instance.possession {
                InstancePossession::Pop { challenge: Some(challenge) } => nonce::is_fresh(mount, challenge, now)?,
                InstancePossession::Pop { challenge: None } => !needed,
                InstancePossession::Dpop => true,
            };
            Ok((next, fresh))
        };
        match judged() {
            Ok((next, true)) => (next, Ok(())),
            Ok((next, false)) => (next, Err(Reason::AttestationChallengeNeeded.into())),
            Err(fault) => (None, Err(fault.into())),
        }
    }

    /// Claims a caller's once-key, whatever the request leads to: nothing else is written with it.
    pub(crate) async fn claim_once(&self, caller: &Caller) -> Result<(), Turned> {
        self.claim_alone(&caller.once).await
    }

    /// Claims once-keys in a commit of their own.
    pub(crate) async fn claim_alone(&self, once: &[(Key, Moment, Reason)]) -> Result<(), Turned> {
        let mut commit = Commit::default();
        for (key, forget_at, _) in once {
            commit.conditions.push(Condition::Absent(*key));
            commit.writes.push(mark(*key, *forget_at)?);
        }
        if commit.writes.is_empty() {
            return Ok(());
        }
        match self.store.commit(commit).await? {
            Verdict::Done => Ok(()),
            Verdict::Refused(index) => {
                Err(once.get(index).map_or(Reason::AssertionReplayed, |(_, _, replayed)| *replayed).into())
            }
        }
    }

    /// Refuses a once-key that was claimed before; the claim itself comes with the commit.
    async fn unused(&self, mount: &Mount, once: Option<OnceKey>, replayed: Reason) -> Result<Once, Turned> {
        let Some(once) = once else { return Ok(Once::new()) };
        let key = Key { tenant: mount.tenant.uid, kind: Kind::OnceKey, id: Id(once.id) };
        match self.store.get(key).await? {
            Some(_) => Err(replayed.into()),
            None => Ok(vec![(key, Moment(0).plus_s(once.forget_at_s), replayed)]),
        }
    }

    /// Passes an outcome on; if it is a refusal, the once-key is claimed first: a proved credential is
    /// used by whatever it was shown for (OpenID Connect Core section 9).
    async fn claim_on_refusal<T>(&self, proven: &Proven, outcome: Result<T, Turned>) -> Result<T, Turned> {
        let Err(Turned::Refused(refusal)) = &outcome else { return outcome };
        if matches!(refusal.reason, Reason::AssertionReplayed | Reason::AttestationPopReplayed | Reason::DpopReplayed) {
            return outcome;
        }
        self.claim_alone(&proven.once).await?;
        outcome
    }
}

/// A caller that is a client.
fn proven(caller: Caller) -> Result<Proven, Turned> {
    let Caller { who, instance, held, once, .. } = caller;
    let Who::Client(KnownClient { client, policy }) = who else { return Err(Reason::ClientUnknown.into()) };
    Ok(Proven { client, policy, held, instance: instance.map(|instance| instance.jkt), once })
}

fn mark(key: Key, forget_at: Moment) -> Result<Write, Turned> {
    Ok(records::put_open(key.tenant, key.id, &OnceKeyMark, forget_at)?)
}
