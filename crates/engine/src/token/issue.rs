//! How tokens are made and written, whichever grant type they come from.

use parhelion_protocol::client::{Client, GrantType};
use parhelion_protocol::parameters::Param;
use parhelion_protocol::params::authorization_details::{self, AuthorizationDetails};
use parhelion_protocol::params::resource;
use parhelion_protocol::params::scope::Scope;
use parhelion_protocol::profile::{Policy, RefreshTokens};
use parhelion_protocol::refusal::{Reason, Refusal};
use parhelion_protocol::sender::{Confirmation, Constraints};

use crate::Engine;
use crate::client_request::{ClientRequest, Proven};
use crate::fault::{Fault, Turned};
use crate::ports::{Moment, Write};
use crate::records::{self, AccessToken, Payload, RefreshState, RefreshToken, Summary};
use crate::reference::{Nonce, Reference};
use crate::registry::Mount;

/// What an access token, and a refresh token beside it, are made from.
pub(crate) struct Basis<'a> {
    pub(crate) mount: &'a Mount,
    pub(crate) client: &'a Client,
    pub(crate) issuer: &'a str,
    pub(crate) sub: Option<&'a str>,
    pub(crate) scope: String,
    /// What the grant is for.
    pub(crate) granted_resources: &'a [String],
    /// Those of them that the access token is for.
    pub(crate) resources: Vec<String>,
    /// Those of the granted details that the access token is for.
    pub(crate) authorization_details: AuthorizationDetails,
    pub(crate) grant: [u8; 32],
    pub(crate) bound_to: Option<Confirmation>,
    /// The key of the client's instance that a refresh token beside it belongs to.
    pub(crate) instance: Option<[u8; 32]>,
}

/// What an access token is to be bound to, by what the request shows and the grant is bound to.
pub(super) fn bound_to(proven: &Proven, grant: Option<Confirmation>) -> Result<Option<Confirmation>, Refusal> {
    Constraints::of(&proven.client, &proven.policy).bind(proven.held, grant)
}

/// Whether it is the instance of the client that a grant is bound to, where it is bound to one
/// (draft-ietf-oauth-attestation-based-client-auth-10 section 9).
pub(super) fn check_instance(proven: &Proven, bound_to: Option<[u8; 32]>) -> Result<(), Refusal> {
    let same = bound_to.is_none() || bound_to == proven.instance;
    if same { Ok(()) } else { Err(Reason::AttestationKeyChanged.into()) }
}

//= rfc8707#2.2 those that the token request names, of those that were granted
pub(super) fn narrowed_resources(request: &ClientRequest<'_>, granted: &[String]) -> Result<Vec<String>, Refusal> {
    let known = || granted.iter().map(String::as_str);
    let asked: Vec<_> =
        request.parameters.resources().map(|uri| resource::parse(uri, known())).collect::<Result<_, _>>()?;
    Ok(if asked.is_empty() { granted.to_vec() } else { asked })
}

/// What a token request asks for of the granted details: all of them, unless it names some (RFC 9396 section 6).
pub(super) fn narrowed_details(
    request: &ClientRequest<'_>,
    granted: Option<&str>,
) -> Result<AuthorizationDetails, Turned> {
    let granted = granted.map_or(Ok(AuthorizationDetails::default()), authorization_details::parse);
    let granted = granted.map_err(|_| Fault::Record)?;
    match request.parameters.get(Param::AuthorizationDetails) {
        Some(text) => Ok(granted.narrowed(authorization_details::parse(text)?)?),
        None => Ok(granted),
    }
}

impl Engine {
    /// Writes an access token.
    pub(crate) fn put_access_token(
        &self,
        basis: &Basis<'_>,
        reference: &Reference,
        gone_at: Moment,
    ) -> Result<Write, Turned> {
        let audience = if basis.resources.is_empty() { vec![basis.issuer.to_owned()] } else { basis.resources.clone() };
        let token = AccessToken {
            client_id: basis.client.client_id.clone(),
            issuer: basis.issuer.to_owned(),
            sub: basis.sub.map(str::to_owned),
            scope: basis.scope.clone(),
            audience,
            grant: basis.grant,
            issued_at_s: self.store.now().epoch_s(),
            bound_to: basis.bound_to,
            authorization_details: basis.authorization_details.to_text(),
        };
        self.put_token(basis, reference, &token, gone_at)
    }

    /// Writes a refresh token, for whatever the grant allows at the most.
    pub(super) fn put_refresh_token(
        &self,
        basis: &Basis<'_>,
        reference: &Reference,
        gone_at: Moment,
    ) -> Result<Write, Turned> {
        let token = RefreshToken {
            client_id: basis.client.client_id.clone(),
            issuer: basis.issuer.to_owned(),
            scope: basis.scope.clone(),
            resources: basis.granted_resources.to_vec(),
            grant: basis.grant,
            issued_at_s: self.store.now().epoch_s(),
            //= rfc9449#5, rfc8705#7.1 a confidential client is bound by its credential, and may change its key
            bound_to: basis.bound_to.filter(|_| basis.client.credential.method().is_public()),
            state: RefreshState::Current,
            instance: basis.instance,
        };
        self.put_token(basis, reference, &token, gone_at)
    }

    fn put_token<P: Payload>(
        &self,
        basis: &Basis<'_>,
        reference: &Reference,
        token: &P,
        gone_at: Moment,
    ) -> Result<Write, Turned> {
        let client_id = basis.client.client_id.as_str().into();
        let summary = Summary { client_id, made_at_ms: self.store.now().0, count: 0 };
        Ok(records::put_sealed(
            basis.mount.tenant.uid,
            reference,
            &summary,
            token,
            gone_at,
            Nonce::draw(&*self.entropy)?,
        )?)
    }
}

/// Whether a code's redemption gives a refresh token.
pub(super) fn may_refresh(client: &Client, policy: &Policy, scope: &Scope) -> bool {
    let asked = match policy.refresh_tokens {
        RefreshTokens::Always => true,
        RefreshTokens::WithOfflineAccess => scope.has("offline_access"),
    };
    asked && client.grant_types.contains(&GrantType::RefreshToken)
}
