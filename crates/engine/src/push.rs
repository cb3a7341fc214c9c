//! Push: authenticate as at the token endpoint, validate as at the authorization endpoint, store
//! durably, answer with a reference (RFC 9126 section 2).

use parhelion_protocol::checks::{self, Column, Subject};
use parhelion_protocol::limits;
use parhelion_protocol::params::request_uri;
use parhelion_protocol::refusal::Reason;
use parhelion_protocol::{request, request_object};

use crate::Engine;
use crate::client_request::{ClientRequest, Judged, Proven};
use crate::fault::Turned;
use crate::ports::{Commit, Condition, Moment, Verdict};
use crate::records::{self, PushedRequest, Summary};
use crate::reference::Reference;
use crate::registry::Mount;

/// A request that was accepted and is on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The reference, as a URN.
    pub request_uri: String,
    /// Seconds within which it must be loaded.
    pub expires_in_s: u32,
    /// Who pushed it.
    pub client_id: String,
}

impl Engine {
    /// Takes a pushed authorization request.
    ///
    /// # Errors
    /// In the outcome: the first rule broken, or the fault that kept the request from being stored.
    pub async fn push(&self, mount: &Mount, request: &ClientRequest<'_>) -> Judged<Accepted> {
        let Judged { method, outcome } = self.authenticate(mount, request, mount.policy.client_id_in_form).await;
        let outcome = match outcome {
            Ok(proven) => {
                let outcome = self.push_proven(mount, request, &proven).await;
                self.claim_on_refusal(&proven, outcome).await
            }
            Err(turned) => Err(turned),
        };
        Judged { method, outcome }
    }

    async fn push_proven(
        &self,
        mount: &Mount,
        request: &ClientRequest<'_>,
        proven: &Proven,
    ) -> Result<Accepted, Turned> {
        let parameters = request_object::unpack(&request.parameters)?;
        let parsed = request::parse(parameters, &proven.policy)?;
        let resources = &mount.tenant.resources;
        let subject = Subject { request: &parsed, client: &proven.client, policy: &proven.policy, resources };
        checks::run(Column::Push, &subject)?;
        self.store_pushed(mount, request, proven).await
    }

    async fn store_pushed(
        &self,
        mount: &Mount,
        request: &ClientRequest<'_>,
        proven: &Proven,
    ) -> Result<Accepted, Turned> {
        let now = self.store.now();
        let expires_in_s = proven.policy.request_uri_lifetime_s.0;
        let record = record(mount, request, proven, now);
        let reference = Reference::draw(&*self.entropy)?;
        let summary = Summary {
            client_id: record.client_id.clone(),
            made_at_ms: now.0,
            count: u32::try_from(record.parameters.len()).unwrap_or(u32::MAX),
        };
        let gone_at = collect_at(Moment(record.redeem_by_ms), &proven.policy);
        let tenant = mount.tenant.uid;
        let absent = Condition::Absent(records::key_of::<PushedRequest>(tenant, &reference));
        let write = records::put_sealed(tenant, &reference, summary, &record, gone_at, &*self.entropy)?;
        let mut commit = Commit { conditions: vec![absent], writes: vec![write] };
        proven.claim_in(&mut commit)?;
        let conditions = commit.conditions.clone();
        match self.store.commit(commit).await? {
            Verdict::Done => Ok(Accepted {
                request_uri: request_uri::format(reference.as_bytes()),
                expires_in_s,
                client_id: record.client_id,
            }),
            Verdict::Refused(index) => Err(proven.lost(&conditions, index, Reason::ServerFault)),
        }
    }
}

fn record(mount: &Mount, request: &ClientRequest<'_>, proven: &Proven, now: Moment) -> PushedRequest {
    let kept = request.parameters.iter().filter(|(param, _)| param.is_of_authorization_request());
    PushedRequest {
        client_id: proven.client.client_id.clone(),
        issuer: mount.issuer.clone(),
        pushed_at_ms: now.0,
        redeem_by_ms: now.plus_s(proven.policy.request_uri_lifetime_s.0.into()).0,
        parameters: kept.map(|(param, value)| (param.name().to_owned(), value.to_owned())).collect(),
    }
}

/// A record outlives the last moment at which an interaction begun in time may complete.
fn collect_at(redeem_by: Moment, policy: &parhelion_protocol::profile::Policy) -> Moment {
    redeem_by.plus_s(policy.interaction_lifetime_s.0.into()).plus_s(limits::CLOCK_SKEW_BEHIND_S)
}
