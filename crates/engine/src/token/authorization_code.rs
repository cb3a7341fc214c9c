//! `authorization_code`: a code becomes tokens, once (RFC 6749 section 4.1.3, RFC 7636 section 4.6).

use parhelion_protocol::client::GrantType;
use parhelion_protocol::limits;
use parhelion_protocol::parameters::{Param, Parameters};
use parhelion_protocol::params::authorization_details::AuthorizationDetails;
use parhelion_protocol::params::scope::{self, Scope};
use parhelion_protocol::refusal::{Reason, Refusal};
use parhelion_protocol::sender::token_type;

use super::id_token::{self, Beside, Issuing};
use super::issue::{Basis, bound_to, check_instance, may_refresh, narrowed_details, narrowed_resources};
use super::{Granted, Tokens};
use crate::Engine;
use crate::client_request::{Claim, ClientRequest, Proven};
use crate::fault::Turned;
use crate::ports::{Commit, Condition, Key, Moment, Stored, Verdict, Write};
use crate::records::{self, Code, CodeState, Grant, Summary};
use crate::reference::{Nonce, Reference};
use crate::registry::Mount;

/// A code that was found, with what is needed to write it back.
struct Found {
    reference: Reference,
    stored: Stored,
    code: Code,
}

impl Found {
    fn key(&self, mount: &Mount) -> Key {
        records::key_of::<Code>(mount.tenant.uid, &self.reference)
    }
}

/// Whether somebody else changed the code while it was judged.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Raced {
    No,
    Yes,
}

/// How one attempt at a code went.
enum Attempt {
    /// It is decided.
    Decided(Box<Tokens>),
    /// Somebody else changed the code in between; it has to be judged again.
    Overtaken,
}

impl Engine {
    /// Judges a code until nobody comes in between. Every round in which somebody does, that one has counted
    /// a failure or redeemed the code, so that the rounds are bounded by the failures that a code survives.
    pub(super) async fn redeem_code(
        &self,
        mount: &Mount,
        request: &ClientRequest<'_>,
        proven: &Proven,
    ) -> Result<Tokens, Turned> {
        for round in 0..=limits::CODE_VERIFIER_FAILURES_MAX {
            let found = self.find_code(mount, &request.parameters).await?;
            let raced = if round == 0 { Raced::No } else { Raced::Yes };
            if let Attempt::Decided(tokens) = self.attempt(mount, request, proven, found, raced).await? {
                return Ok(*tokens);
            }
        }
        Err(about_code(Reason::CodeUsed).into())
    }

    async fn attempt(
        &self,
        mount: &Mount,
        request: &ClientRequest<'_>,
        proven: &Proven,
        mut found: Found,
        raced: Raced,
    ) -> Result<Attempt, Turned> {
        if found.code.client_id != proven.client.client_id {
            return Err(about_code(Reason::CodeOfAnotherClient).into());
        }
        check_redirect_uri(&found.code, &request.parameters)?;
        check_instance(proven, found.code.instance)?;
        bound_to(proven, found.code.bound_to)?;
        let verified = check_verifier(&found.code, &request.parameters);
        match (&found.code.state, verified) {
            (CodeState::Unused(_), Ok(())) => {
                let resources = narrowed_resources(request, &found.code.resources)?;
                let details = narrowed_details(request, found.code.authorization_details.as_deref())?;
                found.code.properties.extend_from_slice(&request.properties);
                self.issue(mount, proven, found, resources, details).await
            }
            (CodeState::Unused(failures), Err(refusal)) => {
                match self.count_failure(mount, &found, *failures, refusal).await? {
                    Verdict::Done => Err(refusal.into()),
                    Verdict::Refused(_) => Ok(Attempt::Overtaken),
                }
            }
            //= oauth-v2-1#7.5.3 a replay revokes only if it is otherwise valid; the loser of a race is none
            (CodeState::Used(grant), Ok(())) if raced == Raced::No => {
                self.end_grant(mount, *grant).await?;
                Err(about_code(Reason::CodeUsed).into())
            }
            (CodeState::Used(_), _) => Err(about_code(Reason::CodeUsed).into()),
        }
    }

    async fn find_code(&self, mount: &Mount, parameters: &Parameters<'_>) -> Result<Found, Turned> {
        let text = parameters.get(Param::Code).ok_or(about_code(Reason::CodeMissing))?;
        let unknown = || Turned::from(about_code(Reason::CodeUnknown));
        let reference = Reference::from_text(text).ok_or_else(unknown)?;
        let key = records::key_of::<Code>(mount.tenant.uid, &reference);
        let stored = self.store.get(key).await?.ok_or_else(unknown)?;
        let code = records::open_sealed::<Code>(mount.tenant.uid, &reference, &stored)?;
        Ok(Found { reference, stored, code })
    }

    async fn issue(
        &self,
        mount: &Mount,
        proven: &Proven,
        mut found: Found,
        resources: Vec<String>,
        authorization_details: AuthorizationDetails,
    ) -> Result<Attempt, Turned> {
        let code = &found.code;
        let user = self.find_person(mount, &code.client_id, &code.sub, code.external.as_ref()).await?;
        let user = &user.ok_or(about_code(Reason::UserGone))?;
        found.code.scope = user.left_of(&found.code.scope);
        let code = &found.code;
        let now = self.store.now();
        let scope = scope::parse(&code.scope).unwrap_or_default();
        let access = Reference::draw(&*self.entropy)?;
        let refresh = may_refresh(&proven.client, &proven.policy, &scope).then(|| Reference::draw(&*self.entropy));
        let refresh = refresh.transpose()?;
        let basis = Basis {
            mount,
            client: &proven.client,
            issuer: &code.issuer,
            sub: Some(&code.sub),
            scope: code.scope.clone(),
            granted_resources: &code.resources,
            resources,
            authorization_details,
            grant: *Reference::draw(&*self.entropy)?.as_bytes(),
            bound_to: bound_to(proven, code.bound_to)?,
            instance: proven.instance,
        };
        let issuing = Issuing { mount, client: &proven.client, policy: &proven.policy, user, now };
        let (commit, claim) = self.commit(&found, proven, &basis, &access, refresh.as_ref(), &scope)?;
        let tokens = Tokens {
            access_token: access.to_text(),
            token_type: token_type(basis.bound_to),
            expires_in_s: proven.policy.access_token_lifetime_s.0,
            scope: (code.scope != code.requested_scope).then(|| code.scope.clone()),
            id_token: id_token::of_code(&issuing, code, &Beside::Tokens)?,
            granted: Granted {
                client_id: code.client_id.clone(),
                grant_type: GrantType::AuthorizationCode,
                sub: Some(code.sub.clone()),
                scope: code.scope.clone(),
                resources: code.resources.clone(),
                access_token_resources: basis.resources,
                properties: code.properties.clone(),
                expires_at: now.plus_s(proven.policy.access_token_lifetime_s.0.into()),
                refresh_expires_at: refresh
                    .as_ref()
                    .map(|_| now.plus_s(proven.policy.refresh_token_lifetime_s.0.into())),
            },
            refresh_token: refresh.map(|reference| reference.to_text()),
            authorization_details: basis.authorization_details,
        };
        match self.store.commit(commit).await? {
            Verdict::Done => Ok(Attempt::Decided(Box::new(tokens))),
            Verdict::Refused(0) => Ok(Attempt::Overtaken),
            Verdict::Refused(index) => Err(claim.lost(index, Reason::CodeUsed)),
        }
    }

    /// The code's tombstone, the grant and its tokens: all of them, if the code is still unused.
    fn commit(
        &self,
        found: &Found,
        proven: &Proven,
        basis: &Basis<'_>,
        access: &Reference,
        refresh: Option<&Reference>,
        scope: &Scope,
    ) -> Result<(Commit, Claim), Turned> {
        let (mount, policy) = (basis.mount, &proven.policy);
        let now = self.store.now();
        let access_gone_at = now.plus_s(policy.access_token_lifetime_s.0.into());
        let refresh_gone_at = now.plus_s(policy.refresh_token_lifetime_s.0.into());
        let gone_at = if refresh.is_some() { access_gone_at.max(refresh_gone_at) } else { access_gone_at };
        let mut commit = Commit {
            conditions: vec![Condition::Unchanged(found.key(mount), found.stored.version)],
            writes: vec![
                self.tombstone(mount, found, basis.grant, gone_at)?,
                self.put_grant(mount, basis.grant, &Grant::of_code(&found.code, scope), gone_at)?,
                self.put_access_token(basis, access, access_gone_at)?,
            ],
        };
        if let Some(refresh) = refresh {
            commit.writes.push(self.put_refresh_token(basis, refresh, refresh_gone_at)?);
        }
        let claim = proven.claim_in(&mut commit)?;
        Ok((commit, claim))
    }

    /// The used code stays as long as its tokens live: a replay must still find what to revoke.
    fn tombstone(&self, mount: &Mount, found: &Found, grant: [u8; 32], gone_at: Moment) -> Result<Write, Turned> {
        let used = Code { state: CodeState::Used(grant), ..found.code.clone() };
        self.put_code(mount, &found.reference, &used, gone_at)
    }

    pub(crate) fn put_code(
        &self,
        mount: &Mount,
        reference: &Reference,
        code: &Code,
        gone_at: Moment,
    ) -> Result<Write, Turned> {
        let summary = Summary { client_id: (&code.client_id).into(), made_at_ms: self.store.now().0, count: 0 };
        Ok(records::put_sealed(mount.tenant.uid, reference, &summary, code, gone_at, Nonce::draw(&*self.entropy)?)?)
    }

    /// A wrong verifier is counted; the fifth makes the code unusable.
    async fn count_failure(
        &self,
        mount: &Mount,
        found: &Found,
        failures: u8,
        refusal: Refusal,
    ) -> Result<Verdict, Turned> {
        if refusal.reason != Reason::CodeVerifierWrong {
            return Ok(Verdict::Done);
        }
        let failures = failures.saturating_add(1);
        let key = found.key(mount);
        let write = if failures >= limits::CODE_VERIFIER_FAILURES_MAX {
            Write::Delete(key)
        } else {
            let counted = Code { state: CodeState::Unused(failures), ..found.code.clone() };
            self.put_code(mount, &found.reference, &counted, found.stored.expires_at)?
        };
        let conditions = vec![Condition::Unchanged(key, found.stored.version)];
        Ok(self.store.commit(Commit { conditions, writes: vec![write] }).await?)
    }
}

impl Grant {
    /// What a code stands for, with the scope that it is granted for.
    pub(crate) fn of_code(code: &Code, scope: &Scope) -> Self {
        Self {
            client_id: code.client_id.clone(),
            sub: Some(code.sub.clone()),
            scope: code.scope.clone(),
            auth_time_s: code.auth_time_s,
            claims: code.claims.clone(),
            //= openid-connect-core#11 offline_access is granted for when the user is not there
            session: (!scope.has("offline_access") && code.external.is_none()).then_some(code.session),
            authorization_details: code.authorization_details.clone(),
            external: code.external.clone(),
            properties: code.properties.clone(),
        }
    }
}

//= rfc6749#4.1.3 identical to the one of the authorization request, required if it was there
fn check_redirect_uri(code: &Code, parameters: &Parameters<'_>) -> Result<(), Refusal> {
    let same = match parameters.get(Param::RedirectUri) {
        Some(sent) => sent == code.redirect_uri,
        None => !code.redirect_uri_was_sent,
    };
    if same { Ok(()) } else { Err(Refusal::new(Reason::RedirectUriChanged).about(Some(Param::RedirectUri))) }
}

//= rfc7636#4.6, rfc9700#2.1.1 no verifier without a challenge
fn check_verifier(code: &Code, parameters: &Parameters<'_>) -> Result<(), Refusal> {
    let about = |reason| Err(Refusal::new(reason).about(Some(Param::CodeVerifier)));
    match (&code.code_challenge, parameters.get(Param::CodeVerifier)) {
        (Some(challenge), Some(verifier)) if challenge.is_met_by(verifier) => Ok(()),
        (Some(_), Some(_)) => about(Reason::CodeVerifierWrong),
        (Some(_), None) => about(Reason::CodeVerifierMissing),
        (None, Some(_)) => about(Reason::CodeVerifierUnexpected),
        (None, None) => Ok(()),
    }
}

fn about_code(reason: Reason) -> Refusal {
    Refusal::new(reason).about(Some(Param::Code))
}
