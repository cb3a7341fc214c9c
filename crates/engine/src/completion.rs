//! Allowed: what the response type names is issued by the same commit that takes the request (RFC 6749 sections 4.1.2
//! and 4.2.2, OpenID Connect Core sections 3.2.2 and 3.3.2).

use parhelion_protocol::params::scope::Scope;
use parhelion_protocol::refusal::Reason;
use parhelion_protocol::sender::{Confirmation, token_type};

use crate::Engine;
use crate::consent;
use crate::fault::Turned;
use crate::interaction::{Login, Shown};
use crate::pending::{Pending, Standing};
use crate::person::Person;
use crate::ports::{Commit, Write};
use crate::records::{Code, CodeState, Grant, Property};
use crate::reference::Reference;
use crate::registry::Mount;
use crate::response::AuthorizationResponse;
use crate::token::id_token::{self, Beside, Issuing};
use crate::token::issue::Basis;

/// What is issued: parameters of the response, and what is written with it.
#[derive(Default)]
struct Issued {
    parameters: Vec<(&'static str, String)>,
    writes: Vec<Write>,
}

/// Who allows a request, and what is written with that.
pub(crate) struct Allowing<'a> {
    pub(crate) person: &'a Person,
    /// The subject that records keep.
    pub(crate) sub: &'a str,
    /// Seconds since 1970; 0 where nobody says.
    pub(crate) auth_time_s: i64,
    pub(crate) session: [u8; 32],
    pub(crate) properties: &'a [Property],
    pub(crate) granted: Shown,
    pub(crate) beside: Commit,
}

impl Engine {
    /// Takes a request and answers with what its response type names, for what the client may have of what the user was
    /// `shown`.
    pub(crate) async fn take_allowed(
        &self,
        mount: &Mount,
        pending: &Pending,
        standing: &Standing,
        by: [u8; 16],
        login: &Login,
        shown: &Shown,
    ) -> Result<AuthorizationResponse, Turned> {
        let person = Person::find(&mount.tenant, &login.sub, None).ok_or(Turned::from(Reason::InteractionUnknown))?;
        let granted = Shown::of(standing).filtered(shown);
        let (now, client_id) = (self.store.now(), &standing.client.client_id);
        let consent = consent::remember(mount, &standing.policy, &login.sub, client_id, &granted.scope, now)?;
        let allowing = Allowing {
            person: &person,
            sub: &login.sub,
            auth_time_s: login.auth_time_s,
            session: login.session,
            properties: &[],
            granted,
            beside: Commit { conditions: Vec::new(), writes: consent.into_iter().collect() },
        };
        self.take_allowed_by(mount, pending, standing, by, allowing).await
    }

    /// The same for somebody who was identified elsewhere.
    pub(crate) async fn take_allowed_by(
        &self,
        mount: &Mount,
        pending: &Pending,
        standing: &Standing,
        by: [u8; 16],
        allowing: Allowing<'_>,
    ) -> Result<AuthorizationResponse, Turned> {
        let (response_type, now) = (standing.request.response_type, self.store.now());
        let code = Code { instance: pending.record.instance, ..code(mount, standing, &allowing) };
        let Allowing { person: user, granted, mut beside, .. } = allowing;
        let mut issued = Issued::default();
        if response_type.has_code() {
            self.issue_code(mount, standing, &code, &mut issued)?;
        }
        if response_type.has_token() {
            self.issue_token(mount, standing, &code, &granted, &mut issued)?;
        }
        if response_type.has_id_token() {
            let issuing = Issuing { mount, client: &standing.client, policy: &standing.policy, user, now };
            let value =
                |name| issued.parameters.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str());
            let (code_sent, access_token) = (value("code"), value("access_token"));
            let beside = Beside::Response { code: code_sent, access_token, state: standing.request.state.as_deref() };
            let id_token = id_token::of_code(&issuing, &code, &beside)?;
            issued.parameters.extend(id_token.map(|id_token| ("id_token", id_token)));
        }
        beside.writes.extend(issued.writes);
        let response = standing.back.success(issued.parameters)?;
        self.take_with(pending, by, beside).await?;
        Ok(response)
    }

    fn issue_code(&self, mount: &Mount, standing: &Standing, code: &Code, issued: &mut Issued) -> Result<(), Turned> {
        let reference = Reference::draw(&*self.entropy)?;
        let gone_at = self.store.now().plus_s(standing.policy.code_lifetime_s.0.into());
        issued.writes.push(self.put_code(mount, &reference, code, gone_at)?);
        issued.parameters.push(("code", reference.to_text()));
        Ok(())
    }

    /// An access token lives by a grant of its own, which ends with the session: nobody renews it.
    fn issue_token(
        &self,
        mount: &Mount,
        standing: &Standing,
        code: &Code,
        granted: &Shown,
        issued: &mut Issued,
    ) -> Result<(), Turned> {
        let lifetime_s = standing.policy.access_token_lifetime_s.0;
        let gone_at = self.store.now().plus_s(lifetime_s.into());
        let basis = Basis {
            mount,
            client: &standing.client,
            issuer: &code.issuer,
            sub: Some(&code.sub),
            scope: code.scope.clone(),
            granted_resources: &code.resources,
            resources: code.resources.clone(),
            authorization_details: granted.authorization_details.clone(),
            grant: *Reference::draw(&*self.entropy)?.as_bytes(),
            bound_to: code.bound_to,
            instance: code.instance,
        };
        let access = Reference::draw(&*self.entropy)?;
        issued.writes.push(self.put_grant(mount, basis.grant, &Grant::of_code(code, &Scope::default()), gone_at)?);
        issued.writes.push(self.put_access_token(&basis, &access, gone_at)?);
        issued.parameters.extend([
            ("access_token", access.to_text()),
            ("token_type", token_type(basis.bound_to).to_owned()),
            ("expires_in", lifetime_s.to_string()),
            ("scope", basis.scope),
        ]);
        Ok(())
    }
}

/// What was granted, as a code keeps it.
fn code(mount: &Mount, standing: &Standing, allowing: &Allowing<'_>) -> Code {
    let (request, granted) = (&standing.request, &allowing.granted);
    Code {
        client_id: standing.client.client_id.clone(),
        issuer: mount.issuer.clone(),
        redirect_uri: standing.back.redirect_uri.clone(),
        redirect_uri_was_sent: request.redirect_uri.is_some(),
        code_challenge: request.code_challenge.clone(),
        scope: granted.scope.to_string(),
        requested_scope: request.scope.to_string(),
        nonce: request.nonce.clone(),
        claims: standing.claims.clone(),
        resources: request.resources.clone(),
        sub: allowing.sub.to_owned(),
        auth_time_s: allowing.auth_time_s,
        session: allowing.session,
        bound_to: request.dpop_jkt.map(Confirmation::Jkt),
        state: CodeState::Unused(0),
        authorization_details: granted.authorization_details.to_text(),
        instance: None,
        external: allowing.person.said().cloned(),
        properties: allowing.properties.to_vec(),
    }
}
