//! The authorization request, parsed: one parser for what is pushed, what is stored and what is completed.

use crate::parameters::{Param, Parameters};
use crate::params::authorization_details::{self, AuthorizationDetails};
use crate::params::code_challenge::{self, CodeChallenge};
use crate::params::login_hint::{self, LoginHint};
use crate::params::prompt::{self, Prompts};
use crate::params::response_mode::{self, ResponseMode};
use crate::params::response_type::{self, ResponseType};
use crate::params::scope::{self, Scope};
use crate::params::{acr_values, claims, dpop_jkt, id_token_hint, max_age, nonce, state, ui_locales};
use crate::profile::Policy;
use crate::refusal::{Reason, Refusal};

/// An authorization request whose every value is well-formed under its policy. Whether the client may
/// ask for it is decided by [`crate::checks`].
#[derive(Clone, Debug)]
pub struct AuthorizationRequest {
    /// `response_type`.
    pub response_type: ResponseType,
    /// `response_mode`, or the default of the response type.
    pub response_mode: ResponseMode,
    /// `redirect_uri` as sent.
    pub redirect_uri: Option<String>,
    /// `scope`; empty where none was sent.
    pub scope: Scope,
    /// `state`, byte for byte.
    pub state: Option<String>,
    /// `nonce`, byte for byte.
    pub nonce: Option<String>,
    /// `prompt`.
    pub prompts: Prompts,
    /// `max_age`, in seconds.
    pub max_age_s: Option<u32>,
    /// `code_challenge` with its method.
    pub code_challenge: Option<CodeChallenge>,
    /// `claims`.
    pub claims: Option<serde_json::Map<String, serde_json::Value>>,
    /// `login_hint`.
    pub login_hint: Option<LoginHint>,
    /// `id_token_hint`, not judged yet.
    pub id_token_hint: Option<String>,
    /// `acr_values`.
    pub acr_values: Option<String>,
    /// `ui_locales`.
    pub ui_locales: Option<String>,
    /// `dpop_jkt`.
    pub dpop_jkt: Option<[u8; 32]>,
    /// `resource`, in order, not judged yet.
    pub resources: Vec<String>,
    /// `authorization_details`, not judged by their types yet; empty where none were sent.
    pub authorization_details: AuthorizationDetails,
}

/// Parses every parameter of an authorization request.
///
/// # Errors
/// The [`Refusal`] of the first parameter that cannot stand.
pub fn parse(parameters: &Parameters<'_>, policy: &Policy) -> Result<AuthorizationRequest, Refusal> {
    let missing = Refusal::new(Reason::ResponseTypeMissing).about(Some(Param::ResponseType));
    let text = |param| parameters.get(param);
    let details = text(Param::AuthorizationDetails).map(authorization_details::parse).transpose()?;
    let (challenge, method) = (text(Param::CodeChallenge), text(Param::CodeChallengeMethod));
    let response_type = response_type::parse(text(Param::ResponseType).ok_or(missing)?, policy)?;
    Ok(AuthorizationRequest {
        response_type,
        response_mode: response_mode::parse(text(Param::ResponseMode), response_type, policy)?,
        redirect_uri: text(Param::RedirectUri).map(str::to_owned),
        scope: text(Param::Scope).map_or(Ok(Scope::default()), scope::parse)?,
        state: text(Param::State).map(|t| state::parse(t, policy)).transpose()?,
        nonce: text(Param::Nonce).map(|t| nonce::parse(t, policy)).transpose()?,
        prompts: text(Param::Prompt).map_or(Ok(Prompts::default()), |t| prompt::parse(t, policy))?,
        max_age_s: text(Param::MaxAge).map(max_age::parse).transpose()?,
        code_challenge: code_challenge::parse(challenge, method, policy)?,
        claims: text(Param::Claims).map(claims::parse).transpose()?,
        login_hint: text(Param::LoginHint).map(|t| login_hint::parse(t, policy)).transpose()?,
        id_token_hint: text(Param::IdTokenHint).map(id_token_hint::parse).transpose()?,
        acr_values: text(Param::AcrValues).map(acr_values::parse).transpose()?,
        ui_locales: text(Param::UiLocales).map(ui_locales::parse).transpose()?,
        dpop_jkt: text(Param::DpopJkt).map(dpop_jkt::parse).transpose()?,
        resources: parameters.resources().map(str::to_owned).collect(),
        authorization_details: details.unwrap_or_default(),
    })
}
