//! `refresh_token`: a grant is renewed (RFC 6749 section 6, RFC 9700 section 4.14).

use parhelion_protocol::client::GrantType;
use parhelion_protocol::parameters::Param;
use parhelion_protocol::params::scope;
use parhelion_protocol::profile::RefreshTokenRotation;
use parhelion_protocol::refusal::{Reason, Refusal};
use parhelion_protocol::sender::token_type;

use super::id_token::{self, Issuing};
use super::issue::{Basis, bound_to, check_instance, narrowed_details, narrowed_resources};
use super::{Granted, Tokens, grant_key};
use crate::Engine;
use crate::client_request::{ClientRequest, Proven};
use crate::fault::Turned;
use crate::person::Person;
use crate::ports::{Commit, Condition, Id, Key, Kind, Moment, Stored, Verdict};
use crate::records::{self, Grant, RefreshState, RefreshToken, Summary};
use crate::reference::{Nonce, Reference};
use crate::registry::Mount;

/// A refresh token that was found, with the grant that it lives by.
struct Found {
    reference: Reference,
    stored: Stored,
    token: RefreshToken,
    grant: Grant,
    grant_version: u64,
    user: Person,
}

impl Engine {
    pub(super) async fn refresh(
        &self,
        mount: &Mount,
        request: &ClientRequest<'_>,
        proven: &Proven,
    ) -> Result<Tokens, Turned> {
        let found = self.find_refresh_token(mount, request, proven).await?;
        let scope = narrowed_scope(request, &found.user.left_of(&found.token.scope))?;
        let resources = narrowed_resources(request, &found.token.resources)?;
        let authorization_details = narrowed_details(request, found.grant.authorization_details.as_deref())?;
        let now = self.store.now();
        let lifetime_s = proven.policy.access_token_lifetime_s.0;
        let gone_at = now.plus_s(lifetime_s.into()).min(found.stored.expires_at);
        let access = Reference::draw(&*self.entropy)?;
        let basis = Basis {
            mount,
            client: &proven.client,
            issuer: &found.token.issuer,
            sub: found.grant.sub.as_deref(),
            scope,
            granted_resources: &found.token.resources,
            resources,
            authorization_details,
            grant: found.token.grant,
            bound_to: bound_to(proven, found.token.bound_to)?,
            instance: proven.instance,
        };
        let mut commit = Commit {
            conditions: vec![
                Condition::Unchanged(
                    records::key_of::<RefreshToken>(mount.tenant.uid, &found.reference),
                    found.stored.version,
                ),
                Condition::Unchanged(grant_key(mount, found.token.grant), found.grant_version),
            ],
            writes: vec![self.put_access_token(&basis, &access, gone_at)?],
        };
        let issuing = Issuing { mount, client: &proven.client, policy: &proven.policy, user: &found.user, now };
        let successor = self.rotate(mount, proven, &found, &mut commit)?;
        let claim = proven.claim_in(&mut commit)?;
        let tokens = Tokens {
            access_token: access.to_text(),
            token_type: token_type(basis.bound_to),
            expires_in_s: seconds_between(now, gone_at),
            scope: (basis.scope != found.token.scope).then(|| basis.scope.clone()),
            refresh_token: successor.map(|reference| reference.to_text()),
            id_token: id_token::renewed(&issuing, &found.grant, &basis)?,
            granted: granted(&found, &basis, gone_at),
            authorization_details: basis.authorization_details,
        };
        match self.store.commit(commit).await? {
            Verdict::Done => Ok(tokens),
            // Somebody was faster: with rotation that is a reuse.
            Verdict::Refused(0) => self.reused(mount, &found.token).await,
            Verdict::Refused(index) => Err(claim.lost(index, Reason::RefreshTokenUnknown)),
        }
    }

    async fn find_refresh_token(
        &self,
        mount: &Mount,
        request: &ClientRequest<'_>,
        proven: &Proven,
    ) -> Result<Found, Turned> {
        let text = request.parameters.get(Param::RefreshToken).ok_or(about(Reason::RefreshTokenMissing))?;
        let unknown = || Turned::from(about(Reason::RefreshTokenUnknown));
        let reference = Reference::from_text(text).ok_or_else(unknown)?;
        let tenant = mount.tenant.uid;
        let stored = self.store.get(records::key_of::<RefreshToken>(tenant, &reference)).await?.ok_or_else(unknown)?;
        let token = records::open_sealed::<RefreshToken>(tenant, &reference, &stored)?;
        if token.client_id != proven.client.client_id {
            return Err(about(Reason::RefreshTokenOfAnotherClient).into());
        }
        check_instance(proven, token.instance)?;
        let (grant, kept_grant) = self.find_grant(mount, token.grant).await?.ok_or_else(unknown)?;
        if token.state == RefreshState::Replaced {
            return self.reused(mount, &token).await;
        }
        self.check_session(mount, &grant).await?;
        let user = match &grant.sub {
            Some(sub) => self.find_person(mount, &grant.client_id, sub, grant.external.as_ref()).await?,
            None => None,
        };
        let user = user.ok_or_else(unknown)?;
        Ok(Found { reference, stored, token, grant, grant_version: kept_grant.version, user })
    }

    /// A grant that hangs on a session ends with it.
    async fn check_session(&self, mount: &Mount, grant: &Grant) -> Result<(), Turned> {
        let Some(session) = grant.session else { return Ok(()) };
        let key = Key { tenant: mount.tenant.uid, kind: Kind::Session, id: Id(session) };
        match self.store.get(key).await? {
            Some(_) => Ok(()),
            None => Err(about(Reason::SessionEnded).into()),
        }
    }

    /// The replaced token came again: whoever holds the other one must not go on either.
    async fn reused<T>(&self, mount: &Mount, token: &RefreshToken) -> Result<T, Turned> {
        self.end_grant(mount, token.grant).await?;
        Err(about(Reason::RefreshTokenReused).into())
    }

    /// Puts a successor beside the token's tombstone, where the policy rotates.
    fn rotate(
        &self,
        mount: &Mount,
        proven: &Proven,
        found: &Found,
        commit: &mut Commit,
    ) -> Result<Option<Reference>, Turned> {
        if proven.policy.refresh_token_rotation == RefreshTokenRotation::Keep {
            return Ok(None);
        }
        let (tenant, now) = (mount.tenant.uid, self.store.now());
        let client_id = found.token.client_id.as_str().into();
        let summary = Summary { client_id, made_at_ms: now.0, count: 0 };
        let replaced = RefreshToken { state: RefreshState::Replaced, ..found.token.clone() };
        let fresh = RefreshToken { issued_at_s: now.epoch_s(), ..found.token.clone() };
        let successor = Reference::draw(&*self.entropy)?;
        for (reference, token) in [(&found.reference, &replaced), (&successor, &fresh)] {
            let gone_at = found.stored.expires_at;
            commit.writes.push(records::put_sealed(
                tenant,
                reference,
                &summary,
                token,
                gone_at,
                Nonce::draw(&*self.entropy)?,
            )?);
        }
        Ok(Some(successor))
    }
}

fn granted(found: &Found, basis: &Basis<'_>, expires_at: Moment) -> Granted {
    Granted {
        client_id: found.token.client_id.clone(),
        grant_type: GrantType::RefreshToken,
        sub: found.grant.sub.clone(),
        scope: basis.scope.clone(),
        resources: found.token.resources.clone(),
        access_token_resources: basis.resources.clone(),
        properties: found.grant.properties.clone(),
        expires_at,
        refresh_expires_at: Some(found.stored.expires_at),
    }
}

//= rfc6749#6 "MUST NOT include any scope not originally granted"
fn narrowed_scope(request: &ClientRequest<'_>, granted: &str) -> Result<String, Refusal> {
    let Some(text) = request.parameters.get(Param::Scope) else { return Ok(granted.to_owned()) };
    let granted = scope::parse(granted).unwrap_or_default();
    let asked = scope::parse(text)?;
    let within = asked.iter().all(|word| granted.has(word));
    let wider = Refusal::new(Reason::ScopeWiderThanGrant).about(Some(Param::Scope));
    if within { Ok(asked.to_string()) } else { Err(wider) }
}

fn seconds_between(from: Moment, to: Moment) -> u32 {
    u32::try_from(to.epoch_s().saturating_sub(from.epoch_s())).unwrap_or(0)
}

fn about(reason: Reason) -> Refusal {
    Refusal::new(reason).about(Some(Param::RefreshToken))
}
