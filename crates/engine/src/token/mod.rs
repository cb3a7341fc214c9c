//! The token endpoint: one file per grant type (RFC 6749 section 3.2).

mod authorization_code;
mod client_credentials;
pub(crate) mod id_token;
pub(crate) mod issue;
mod refresh_token;

use parhelion_protocol::client::GrantType;
use parhelion_protocol::endpoint::Endpoint;
use parhelion_protocol::parameters::Param;
use parhelion_protocol::params::authorization_details::AuthorizationDetails;
use parhelion_protocol::profile::ClientIdInForm;
use parhelion_protocol::refusal::{Reason, Refusal};

use crate::Engine;
use crate::client_request::{ClientRequest, Judged, Proven};
use crate::fault::Turned;
use crate::ports::{Commit, Key, Moment, Stored, Verdict, Write};
use crate::records::{self, Grant, Property, Summary};
use crate::reference::{Nonce, Reference};
use crate::registry::Mount;

/// What a grant gave (RFC 6749 section 5.1).
pub struct Tokens {
    /// Opaque: 43 base64url characters.
    pub access_token: String,
    /// How it is shown: `Bearer`, or `DPoP` where it is bound to a DPoP key.
    pub token_type: &'static str,
    /// Seconds that it lives.
    pub expires_in_s: u32,
    /// What was granted of authorization details (RFC 9396 section 7).
    pub authorization_details: AuthorizationDetails,
    /// What was granted, where it differs from what was asked for.
    pub scope: Option<String>,
    /// Where the grant may be renewed: 43 base64url characters.
    pub refresh_token: Option<String>,
    /// With the scope `openid`.
    pub id_token: Option<String>,
    /// What they stand for; a client is not told, a back end is.
    pub granted: Granted,
}

/// What tokens stand for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Granted {
    /// Whose they are.
    pub client_id: String,
    /// How they were got.
    pub grant_type: GrantType,
    /// The user's subject identifier, if a user is behind them.
    pub sub: Option<String>,
    /// What the access token allows.
    pub scope: String,
    /// What was granted of resources.
    pub resources: Vec<String>,
    /// Those that the access token is for.
    pub access_token_resources: Vec<String>,
    /// What a back end attached.
    pub properties: Vec<Property>,
    /// From when on the access token is not good.
    pub expires_at: Moment,
    /// From when on the refresh token is not good, if there is one.
    pub refresh_expires_at: Option<Moment>,
}

impl Engine {
    /// Takes a token request.
    ///
    /// # Errors
    /// In the outcome: the first rule broken, or the fault that kept the tokens from being stored.
    pub async fn token(&self, mount: &Mount, request: &ClientRequest<'_>) -> Judged<Tokens> {
        let act = async |proven: &Proven| self.token_proven(mount, request, proven).await;
        self.for_client(mount, request, Endpoint::Token, ClientIdInForm::FromCredential, act).await
    }

    async fn token_proven(
        &self,
        mount: &Mount,
        request: &ClientRequest<'_>,
        proven: &Proven,
    ) -> Result<Tokens, Turned> {
        let grant_type = grant_type(request)?;
        if grant_type != GrantType::Implicit && !proven.client.grant_types.contains(&grant_type) {
            return Err(Refusal::new(Reason::GrantNotAllowed).about(Some(Param::GrantType)).into());
        }
        match grant_type {
            GrantType::AuthorizationCode => self.redeem_code(mount, request, proven).await,
            GrantType::RefreshToken => self.refresh(mount, request, proven).await,
            GrantType::ClientCredentials => self.issue_to_client(mount, request, proven).await,
            // Its tokens come from the authorization endpoint.
            GrantType::Implicit => Err(Refusal::new(Reason::GrantTypeUnsupported).about(Some(Param::GrantType)).into()),
        }
    }

    /// Ends a grant, and with it every token that lives by it.
    pub(crate) async fn end_grant(&self, mount: &Mount, grant: [u8; 32]) -> Result<(), Turned> {
        let commit = Commit { conditions: Vec::new(), writes: vec![Write::Delete(grant_key(mount, grant))] };
        let (Verdict::Done | Verdict::Refused(_)) = self.store.commit(commit).await?;
        Ok(())
    }

    /// The live grant of a reference, with its record.
    pub(crate) async fn find_grant(&self, mount: &Mount, grant: [u8; 32]) -> Result<Option<(Grant, Stored)>, Turned> {
        let Some(stored) = self.store.get(grant_key(mount, grant)).await? else { return Ok(None) };
        let record = records::open_sealed::<Grant>(mount.tenant.uid, &Reference::from_bytes(grant), &stored)?;
        Ok(Some((record, stored)))
    }

    /// Writes a grant behind its reference.
    pub(crate) fn put_grant(
        &self,
        mount: &Mount,
        grant: [u8; 32],
        record: &Grant,
        gone_at: Moment,
    ) -> Result<Write, Turned> {
        let (tenant, reference) = (mount.tenant.uid, Reference::from_bytes(grant));
        let summary = Summary { client_id: (&record.client_id).into(), made_at_ms: self.store.now().0, count: 0 };
        Ok(records::put_sealed(tenant, &reference, &summary, record, gone_at, Nonce::draw(&*self.entropy)?)?)
    }
}

pub(crate) fn grant_key(mount: &Mount, grant: [u8; 32]) -> Key {
    records::key_of::<Grant>(mount.tenant.uid, &Reference::from_bytes(grant))
}

fn grant_type(request: &ClientRequest<'_>) -> Result<GrantType, Refusal> {
    let about = |reason| Refusal::new(reason).about(Some(Param::GrantType));
    let name = request.parameters.get(Param::GrantType).ok_or(about(Reason::GrantTypeMissing))?;
    let known = GrantType::ALL.iter().copied().find(|known| known.as_str() == name);
    known.ok_or(about(Reason::GrantTypeUnsupported))
}
