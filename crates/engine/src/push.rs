//! Push: authenticate as at the token endpoint, validate as at the authorization endpoint, store
//! durably, answer with a reference (RFC 9126 section 2).

use parhelion_jose::base64url;
use parhelion_protocol::checks::Column;
use parhelion_protocol::endpoint::Endpoint;
use parhelion_protocol::limits;
use parhelion_protocol::parameters::{Param, Parameters};
use parhelion_protocol::params::request_uri;
use parhelion_protocol::profile::Policy;
use parhelion_protocol::refusal::{Reason, Refusal};
use parhelion_protocol::request_object::{Door, Unpacked};

use crate::Engine;
use crate::client_request::{ClientRequest, Judged, Proven};
use crate::fault::{Fault, Turned};
use crate::ports::{Commit, Condition, Moment, Verdict};
use crate::records::{self, PushedRequestRef, Summary};
use crate::reference::Reference;
use crate::registry::Mount;
use crate::validate::{Validated, validate};

/// A request that was accepted and is on disk. It holds a capability, and so has no `Debug`.
#[derive(Clone, PartialEq, Eq)]
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
        let act = async |proven: &Proven| self.push_proven(mount, request, proven).await;
        self.for_client(mount, request, Endpoint::Push, mount.policy.client_id_in_form, act).await
    }

    async fn push_proven(
        &self,
        mount: &Mount,
        request: &ClientRequest<'_>,
        proven: &Proven,
    ) -> Result<Accepted, Turned> {
        let asking = (&*proven.client, &*proven.policy);
        let unpacked = self.unpack(mount, &request.parameters, asking, Door::Push).await?;
        let Unpacked { parameters, left_s } = unpacked;
        let parameters = &*parameters;
        let Validated { request, .. } = validate(mount, parameters, &proven.client, &proven.policy, Column::Push)?;
        let jkt = bound_key(request.dpop_jkt, proven.held.jkt)?.filter(|_| request.dpop_jkt.is_none());
        let jkt = jkt.map(|jkt| base64url::encode(&jkt));
        let lifetime_s = proven.policy.request_uri_lifetime_s.0;
        let expires_in_s = left_s.map_or(lifetime_s, |left_s| left_s.min(lifetime_s));
        let mut record = self.record(mount, parameters, &proven.client.client_id, expires_in_s);
        //= rfc9449#10.1 a proof at this endpoint binds as dpop_jkt does
        record.parameters.extend(jkt.as_deref().map(|jkt| (Param::DpopJkt.name(), jkt)));
        record.instance = proven.instance;
        let client_id = proven.client.client_id.clone();
        let (reference, mut commit) = self.put_pushed(mount, &record, &proven.policy)?;
        let claim = proven.claim_in(&mut commit)?;
        match self.store.commit(commit).await? {
            Verdict::Done => {
                Ok(Accepted { request_uri: request_uri::format(reference.as_bytes()), expires_in_s, client_id })
            }
            Verdict::Refused(index) => Err(claim.lost(index, Fault::Record)),
        }
    }

    /// The record of a request that was found to stand.
    pub(crate) fn record<'a>(
        &self,
        mount: &'a Mount,
        parameters: &'a Parameters<'_>,
        client_id: &'a str,
        expires_in_s: u32,
    ) -> PushedRequestRef<'a> {
        let now = self.store.now();
        let kept = parameters.iter().filter(|(param, _)| param.is_of_authorization_request());
        PushedRequestRef {
            client_id,
            issuer: &mount.issuer,
            pushed_at_ms: now.0,
            redeem_by_ms: now.plus_s(expires_in_s.into()).0,
            parameters: kept.map(|(param, value)| (param.name(), value)).collect(),
            instance: None,
        }
    }

    /// A new reference, and the commit that puts the record behind it.
    pub(crate) fn put_pushed(
        &self,
        mount: &Mount,
        record: &PushedRequestRef<'_>,
        policy: &Policy,
    ) -> Result<(Reference, Commit), Turned> {
        let (reference, nonce) = Reference::draw_with_nonce(&*self.entropy)?;
        let summary = Summary {
            client_id: record.client_id.into(),
            made_at_ms: record.pushed_at_ms,
            count: u32::try_from(record.parameters.len()).unwrap_or(u32::MAX),
        };
        let gone_at = collect_at(Moment(record.redeem_by_ms), policy);
        let tenant = mount.tenant.uid;
        let write = records::put_sealed(tenant, &reference, &summary, record, gone_at, nonce)?;
        let absent = Condition::Absent(write.key());
        Ok((reference, Commit { conditions: vec![absent], writes: vec![write] }))
    }
}

/// The key that the code is to be bound to: the one named, the one shown, or the two if they are one.
fn bound_key(named: Option<[u8; 32]>, shown: Option<[u8; 32]>) -> Result<Option<[u8; 32]>, Refusal> {
    match (named, shown) {
        (Some(named), Some(shown)) if named != shown => Err(Reason::DpopKeyContradicted.into()),
        (named, shown) => Ok(named.or(shown)),
    }
}

/// A record outlives the last moment at which an interaction begun in time may complete.
fn collect_at(redeem_by: Moment, policy: &Policy) -> Moment {
    redeem_by.plus_s(policy.interaction_lifetime_s.0.into()).plus_s(limits::CLOCK_SKEW_BEHIND_S)
}
