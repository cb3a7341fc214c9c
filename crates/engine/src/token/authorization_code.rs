//! `authorization_code`: a code becomes tokens, once (RFC 6749 section 4.1.3, RFC 7636 section 4.6).

use parhelion_protocol::limits;
use parhelion_protocol::parameters::{Param, Parameters};
use parhelion_protocol::params::scope;
use parhelion_protocol::refusal::{Reason, Refusal};

use super::{Tokens, id_token};
use crate::Engine;
use crate::client_request::{ClientRequest, Proven};
use crate::fault::Turned;
use crate::ports::{Commit, Condition, Id, Key, Kind, Moment, Stored, Verdict, Write};
use crate::records::{self, AccessToken, Code, CodeState, Grant, Summary};
use crate::reference::Reference;
use crate::registry::{Mount, User};

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

impl Engine {
    pub(super) async fn redeem_code(
        &self,
        mount: &Mount,
        request: &ClientRequest<'_>,
        proven: &Proven,
    ) -> Result<Tokens, Turned> {
        let found = self.find_code(mount, &request.parameters).await?;
        if found.code.client_id != proven.client.client_id {
            return Err(about_code(Reason::CodeOfAnotherClient).into());
        }
        check_redirect_uri(&found.code, &request.parameters)?;
        let verified = check_verifier(&found.code, &request.parameters);
        match (&found.code.state, verified) {
            (CodeState::Unused(_), Ok(())) => self.issue(mount, proven, found).await,
            (CodeState::Unused(failures), Err(refusal)) => {
                self.count_failure(mount, &found, *failures, refusal).await?;
                Err(refusal.into())
            }
            //= oauth-v2-1#7.5.3 a replay revokes only if it is otherwise valid
            (CodeState::Used(grant), Ok(())) => {
                self.revoke(mount, *grant).await?;
                Err(about_code(Reason::CodeUsed).into())
            }
            (CodeState::Used(_), Err(_)) => Err(about_code(Reason::CodeUsed).into()),
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

    async fn issue(&self, mount: &Mount, proven: &Proven, found: Found) -> Result<Tokens, Turned> {
        let user = mount.tenant.users.get(&found.code.username).ok_or(about_code(Reason::UserGone))?;
        let now = self.store.now();
        let lifetime_s = proven.policy.access_token_lifetime_s.0;
        let gone_at = now.plus_s(lifetime_s.into());
        let access = Reference::draw(&*self.entropy)?;
        let grant = *Reference::draw(&*self.entropy)?.as_bytes();
        let mut commit = Commit {
            conditions: vec![Condition::Unchanged(found.key(mount), found.stored.version)],
            writes: vec![
                self.tombstone(mount, &found, grant, gone_at)?,
                put_grant(mount, &found.code, grant, gone_at)?,
                self.put_access_token(mount, &found.code, &access, grant, gone_at)?,
            ],
        };
        proven.claim_in(&mut commit)?;
        let tokens = self.tokens(mount, proven, &found.code, user, &access, now)?;
        let conditions = commit.conditions.clone();
        match self.store.commit(commit).await? {
            Verdict::Done => Ok(tokens),
            Verdict::Refused(index) => Err(proven.lost(&conditions, index, Reason::CodeUsed)),
        }
    }

    fn tokens(
        &self,
        mount: &Mount,
        proven: &Proven,
        code: &Code,
        user: &User,
        access: &Reference,
        now: Moment,
    ) -> Result<Tokens, Turned> {
        let granted = scope::parse(&code.scope).unwrap_or_default();
        let id_token_lifetime_s = proven.policy.id_token_lifetime_s.0;
        let openid = granted.has("openid");
        let id_token = openid.then(|| id_token::sign(mount, code, user, now, id_token_lifetime_s)).transpose()?;
        Ok(Tokens {
            access_token: access.to_text(),
            token_type: "Bearer",
            expires_in_s: proven.policy.access_token_lifetime_s.0,
            scope: (code.scope != code.requested_scope).then(|| code.scope.clone()),
            id_token,
        })
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
        let summary = Summary { client_id: code.client_id.clone(), made_at_ms: self.store.now().0, count: 0 };
        Ok(records::put_sealed(mount.tenant.uid, reference, summary, code, gone_at, &*self.entropy)?)
    }

    fn put_access_token(
        &self,
        mount: &Mount,
        code: &Code,
        access: &Reference,
        grant: [u8; 32],
        gone_at: Moment,
    ) -> Result<Write, Turned> {
        let now = self.store.now();
        let audience = if code.resources.is_empty() { vec![code.issuer.clone()] } else { code.resources.clone() };
        let token = AccessToken {
            client_id: code.client_id.clone(),
            issuer: code.issuer.clone(),
            username: Some(code.username.clone()),
            scope: code.scope.clone(),
            audience,
            grant,
            issued_at_s: now.epoch_s(),
        };
        let summary = Summary { client_id: code.client_id.clone(), made_at_ms: now.0, count: 0 };
        Ok(records::put_sealed(mount.tenant.uid, access, summary, &token, gone_at, &*self.entropy)?)
    }

    /// A wrong verifier is counted; the fifth makes the code unusable.
    async fn count_failure(&self, mount: &Mount, found: &Found, failures: u8, refusal: Refusal) -> Result<(), Turned> {
        if refusal.reason != Reason::CodeVerifierWrong {
            return Ok(());
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
        // Lost to somebody else's attempt or redemption: either has changed the code already.
        let (Verdict::Done | Verdict::Refused(_)) =
            self.store.commit(Commit { conditions, writes: vec![write] }).await?;
        Ok(())
    }

    /// Ends a grant, and with it every token that lives by it.
    async fn revoke(&self, mount: &Mount, grant: [u8; 32]) -> Result<(), Turned> {
        let key = Key { tenant: mount.tenant.uid, kind: Kind::Grant, id: Id(grant) };
        let commit = Commit { conditions: Vec::new(), writes: vec![Write::Delete(key)] };
        let (Verdict::Done | Verdict::Refused(_)) = self.store.commit(commit).await?;
        Ok(())
    }
}

fn put_grant(mount: &Mount, code: &Code, grant: [u8; 32], gone_at: Moment) -> Result<Write, Turned> {
    let record = Grant {
        client_id: code.client_id.clone(),
        username: Some(code.username.clone()),
        scope: code.scope.clone(),
        auth_time_s: code.auth_time_s,
        claims: code.claims.clone(),
        session: Some(code.session),
    };
    Ok(records::put_open(mount.tenant.uid, Id(grant), &record, gone_at)?)
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
