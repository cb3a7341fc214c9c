//! `client_credentials`: a client acts for itself (RFC 6749 section 4.4).

use parhelion_protocol::client::GrantType;
use parhelion_protocol::parameters::Param;
use parhelion_protocol::params::authorization_details::{self, AuthorizationDetails};
use parhelion_protocol::params::{resource, scope};
use parhelion_protocol::refusal::{Reason, Refusal};
use parhelion_protocol::sender::token_type;

use super::issue::{Basis, bound_to};
use super::{Granted, Tokens, grant_key};
use crate::Engine;
use crate::client_request::{ClientRequest, Proven};
use crate::fault::{Fault, Turned};
use crate::ports::{Commit, Condition, Moment, Verdict};
use crate::records::Grant;
use crate::reference::Reference;
use crate::registry::Mount;

/// Scopes that speak of a user, and so mean nothing here.
const OF_A_USER: &[&str] = &["openid", "offline_access"];

impl Engine {
    pub(super) async fn issue_to_client(
        &self,
        mount: &Mount,
        request: &ClientRequest<'_>,
        proven: &Proven,
    ) -> Result<Tokens, Turned> {
        //= rfc6749#4.4 "MUST only be used by confidential clients"
        if proven.client.credential.method().is_public() {
            return Err(Reason::PublicClientGrant.into());
        }
        let (scope, asked_all) = granted_scope(request, proven)?;
        let known = || mount.tenant.resources.iter().map(String::as_str);
        let resources = request.parameters.resources().map(|uri| resource::parse(uri, known()));
        let resources: Vec<String> = resources.collect::<Result<_, _>>()?;
        let authorization_details = own_details(mount, request, proven)?;
        let basis = Basis {
            mount,
            client: &proven.client,
            issuer: &mount.issuer,
            sub: None,
            scope,
            granted_resources: &resources,
            resources: resources.clone(),
            authorization_details,
            grant: *Reference::draw(&*self.entropy)?.as_bytes(),
            bound_to: bound_to(proven, None)?,
            instance: proven.instance,
        };
        let lifetime_s = proven.policy.access_token_lifetime_s.0;
        let gone_at = self.store.now().plus_s(lifetime_s.into());
        let access = Reference::draw(&*self.entropy)?;
        let grant = Grant {
            client_id: proven.client.client_id.clone(),
            sub: None,
            scope: basis.scope.clone(),
            auth_time_s: self.store.now().epoch_s(),
            claims: None,
            session: None,
            authorization_details: basis.authorization_details.to_text(),
            external: None,
            properties: request.properties.clone(),
        };
        let mut commit = Commit {
            conditions: vec![Condition::Absent(grant_key(mount, basis.grant))],
            writes: vec![
                self.put_grant(mount, basis.grant, &grant, gone_at)?,
                self.put_access_token(&basis, &access, gone_at)?,
            ],
        };
        let claim = proven.claim_in(&mut commit)?;
        match self.store.commit(commit).await? {
            Verdict::Done => Ok(Tokens {
                access_token: access.to_text(),
                token_type: token_type(basis.bound_to),
                expires_in_s: lifetime_s,
                scope: (!asked_all).then_some(basis.scope),
                refresh_token: None,
                id_token: None,
                authorization_details: basis.authorization_details,
                granted: granted(grant, resources, gone_at),
            }),
            Verdict::Refused(index) => Err(claim.lost(index, Fault::Record)),
        }
    }
}

/// What a client is granted that acts for itself.
fn granted(grant: Grant, resources: Vec<String>, expires_at: Moment) -> Granted {
    Granted {
        client_id: grant.client_id,
        grant_type: GrantType::ClientCredentials,
        sub: None,
        scope: grant.scope,
        access_token_resources: resources.clone(),
        resources,
        properties: grant.properties,
        expires_at,
        refresh_expires_at: None,
    }
}

/// What the client asks for itself; there is nobody else to consent (RFC 9396 section 6).
fn own_details(mount: &Mount, request: &ClientRequest<'_>, proven: &Proven) -> Result<AuthorizationDetails, Refusal> {
    let text = request.parameters.get(Param::AuthorizationDetails);
    let details = text.map_or(Ok(AuthorizationDetails::default()), authorization_details::parse)?;
    let allowed = &proven.client.authorization_details_types;
    authorization_details::check(&details, &mount.tenant.authorization_details_types, allowed)?;
    Ok(details)
}

/// What is granted, and whether it is just what was asked for.
fn granted_scope(request: &ClientRequest<'_>, proven: &Proven) -> Result<(String, bool), Refusal> {
    let registered = proven.client.scope.filtered(|token| !OF_A_USER.contains(&token));
    let Some(text) = request.parameters.get(Param::Scope) else { return Ok((registered.to_string(), false)) };
    let asked = scope::parse(text)?;
    let allowed = asked.iter().all(|token| registered.has(token));
    let refused = Refusal::new(Reason::ScopeNotAllowed).about(Some(Param::Scope));
    if allowed { Ok((asked.to_string(), true)) } else { Err(refused) }
}
