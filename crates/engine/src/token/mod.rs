//! The token endpoint: one file per grant type (RFC 6749 section 3.2).

mod authorization_code;
mod id_token;

use parhelion_protocol::client::GrantType;
use parhelion_protocol::parameters::Param;
use parhelion_protocol::profile::ClientIdInForm;
use parhelion_protocol::refusal::{Reason, Refusal};

use crate::Engine;
use crate::client_request::{ClientRequest, Judged, Proven};
use crate::fault::Turned;
use crate::registry::Mount;

/// What a grant gave (RFC 6749 section 5.1).
pub struct Tokens {
    /// Opaque: 43 base64url characters.
    pub access_token: String,
    /// How it is shown: `Bearer`.
    pub token_type: &'static str,
    /// Seconds that it lives.
    pub expires_in_s: u32,
    /// What was granted, where it differs from what was asked for.
    pub scope: Option<String>,
    /// With the scope `openid`.
    pub id_token: Option<String>,
}

impl Engine {
    /// Takes a token request.
    ///
    /// # Errors
    /// In the outcome: the first rule broken, or the fault that kept the tokens from being stored.
    pub async fn token(&self, mount: &Mount, request: &ClientRequest<'_>) -> Judged<Tokens> {
        let Judged { method, outcome } = self.authenticate(mount, request, ClientIdInForm::FromCredential).await;
        let outcome = match outcome {
            Ok(proven) => {
                let outcome = self.token_proven(mount, request, &proven).await;
                self.claim_on_refusal(&proven, outcome).await
            }
            Err(turned) => Err(turned),
        };
        Judged { method, outcome }
    }

    async fn token_proven(
        &self,
        mount: &Mount,
        request: &ClientRequest<'_>,
        proven: &Proven,
    ) -> Result<Tokens, Turned> {
        match grant_type(request)? {
            GrantType::AuthorizationCode => self.redeem_code(mount, request, proven).await,
        }
    }
}

fn grant_type(request: &ClientRequest<'_>) -> Result<GrantType, Refusal> {
    let about = |reason| Refusal::new(reason).about(Some(Param::GrantType));
    let name = request.parameters.get(Param::GrantType).ok_or(about(Reason::GrantTypeMissing))?;
    let known = GrantType::ALL.iter().copied().find(|known| known.as_str() == name);
    known.ok_or(about(Reason::GrantTypeUnsupported))
}
