//! What an access token is worth that somebody showed to a back end. The back end answers for who asks it; whether the
//! token is good, and shown by whom it was issued to, is judged here (RFC 6750, RFC 9449 section 7, RFC 9470).

use std::borrow::Cow;

use parhelion_jose::base64url;
use parhelion_protocol::endpoint::Endpoint;
use parhelion_protocol::parameters::{Param, Parameters};
use parhelion_protocol::params::scope;
use parhelion_protocol::profile::DpopNonce;
use parhelion_protocol::refusal::{Reason, Refusal};
use parhelion_protocol::resource_server::ResourceServer;
use parhelion_protocol::sender::{Confirmation, Held, dpop};
use serde_json::{Map, Value, json};

use crate::Engine;
use crate::client_request::Possession;
use crate::fault::Turned;
use crate::introspect::{Introspected, active, inactive};
use crate::nonce;
use crate::ports::Moment;
use crate::records::Property;
use crate::registry::Mount;
use crate::response_jwt;
use crate::user_claims;
use crate::userinfo::{LiveToken, Scheme, ShownToken, Userinfo, userinfo};

/// A token as it was shown to a back end, and what is asked of it.
#[derive(Default)]
pub struct TokenQuestion<'a> {
    /// The token.
    pub text: Cow<'a, str>,
    /// The proof that came with it, and what that is for.
    pub possession: Possession<'a>,
    /// Scopes that it must have.
    pub scopes: Vec<String>,
    /// The subject that it must be about.
    pub subject: Option<String>,
    /// Resources, one of which it must be for; none asks nothing.
    pub resources: Vec<String>,
    /// How the user may have authenticated; none asks nothing.
    pub acr_values: Vec<String>,
    /// How long ago the user may have authenticated, in seconds.
    pub max_age_s: Option<u32>,
}

/// What is known of a live token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenWorth {
    /// Whose it is.
    pub client_id: String,
    /// Who granted it, as records keep them; none where a client acts for itself.
    pub sub: Option<String>,
    /// What it allows.
    pub scope: String,
    /// Whom it is for.
    pub audience: Vec<String>,
    /// From when on it is not good.
    pub expires_at: Moment,
    /// Whether there may be a refresh token beside it.
    pub refreshable: bool,
    /// What a back end attached.
    pub properties: Vec<Property>,
    /// Thumbprint of the certificate that it is bound to, as base64url.
    pub certificate_thumbprint: Option<String>,
    /// How the user authenticated, if the back end said.
    pub acr: Option<String>,
    /// When the user authenticated, in seconds since 1970, if it is known.
    pub auth_time_s: Option<i64>,
    /// Names of the claims that the user lets the client know.
    pub consented_claims: Vec<String>,
    /// Names of the claims about the user that the scope stands for.
    pub claims: Vec<String>,
    /// The member `userinfo` of the `claims` parameter, as JSON text.
    pub userinfo_claims: Option<String>,
    /// What it allows of authorization details, as JSON text.
    pub authorization_details: Option<String>,
}

/// The answer to a [`TokenQuestion`].
pub struct TokenAnswer {
    /// The nonce that the next proof must carry, where nonces are in force.
    pub dpop_nonce: Option<String>,
    /// The token, if it is live.
    pub worth: Option<TokenWorth>,
    /// Whether it is good for what was asked.
    pub outcome: Result<(), Turned>,
}

impl Engine {
    /// Judges a token that was shown to a back end at one of its endpoints.
    pub async fn judge_token(&self, mount: &Mount, question: TokenQuestion<'_>, endpoint: Endpoint) -> TokenAnswer {
        let live = match self.find_access_token(mount, &question.text).await {
            Ok(Some(live)) => live,
            Ok(None) => return TokenAnswer::none(Reason::AccessTokenInvalid.into()),
            Err(turned) => return TokenAnswer::none(turned),
        };
        let worth = TokenWorth::of(&live);
        let policy = &live.known.policy;
        let proof_shown = !matches!(question.possession.dpop, dpop::Shown::Absent);
        // A proof beside a token that is bound to no key proves nothing, and takes nothing away.
        let scheme = if proof_shown && held(&live).jkt.is_some() { Scheme::Dpop } else { Scheme::Bearer };
        let needs_nonce = policy.dpop_nonce.max(question.possession.nonce) == DpopNonce::Required;
        let dpop_nonce = (scheme == Scheme::Dpop && needs_nonce).then(|| nonce::current(mount, self.store.now()));
        let dpop_nonce = dpop_nonce.and_then(Result::ok);
        let shown = ShownToken { text: question.text.clone(), scheme, possession: question.possession.clone() };
        let outcome = match self.check_possession(mount, &shown, &live, endpoint).await {
            Ok(()) => self.suffices(&question, &worth).map_err(Turned::from),
            Err(turned) => Err(turned),
        };
        TokenAnswer { dpop_nonce, worth: Some(worth), outcome }
    }

    fn suffices(&self, question: &TokenQuestion<'_>, worth: &TokenWorth) -> Result<(), Refusal> {
        let scope = scope::parse(&worth.scope).unwrap_or_default();
        if !question.scopes.iter().all(|word| scope.has(word)) {
            return Err(Reason::AccessTokenScope.into());
        }
        if question.subject.is_some() && question.subject != worth.sub {
            return Err(Reason::TokenOfAnotherSubject.into());
        }
        if !question.resources.is_empty() && !question.resources.iter().any(|uri| worth.audience.contains(uri)) {
            return Err(Reason::AccessTokenInvalid.into());
        }
        let strong = question.acr_values.is_empty()
            || worth.acr.as_ref().is_some_and(|acr| question.acr_values.iter().any(|asked| asked == acr));
        let now_s = self.store.now().epoch_s();
        let recent = question.max_age_s.is_none_or(|max_age_s| {
            worth.auth_time_s.is_some_and(|at_s| now_s.saturating_sub(at_s) <= i64::from(max_age_s))
        });
        if strong && recent { Ok(()) } else { Err(Reason::UserAuthenticationInsufficient.into()) }
    }

    /// The userinfo answer about a user of a back end, from what the back end says (OpenID Connect Core section 5.3.2).
    ///
    /// # Errors
    /// [`Reason::AccessTokenInvalid`] or [`Reason::AccessTokenScope`].
    pub async fn vouched_userinfo(
        &self,
        mount: &Mount,
        token: &str,
        said: Map<String, Value>,
        shown_sub: Option<&str>,
    ) -> Result<Userinfo, Turned> {
        let live = self.find_access_token(mount, token).await?.ok_or(Turned::from(Reason::AccessTokenInvalid))?;
        let scope = scope::parse(&live.token.scope).unwrap_or_default();
        let person = live.user.as_ref().filter(|_| scope.has("openid"));
        let person = person.ok_or(Turned::from(Reason::AccessTokenScope))?;
        let reserved = |name: &str| matches!(name, "iss" | "aud" | "sub");
        let said = said.into_iter().filter(|(name, value)| !reserved(name) && !value.is_null());
        let mut claims: Map<String, Value> = said.collect();
        claims.insert("sub".to_owned(), shown_sub.unwrap_or(person.shown_sub()).into());
        Ok(userinfo(mount, &live.token, &live.known.client, claims)?)
    }

    /// What a token is worth, as RFC 7662 says it, for whoever the back end lets ask. With `reader` it is a JWT for that
    /// resource server (RFC 9701).
    ///
    /// # Errors
    /// [`Reason::TokenMissing`], or a fault.
    pub async fn introspect_vouched(
        &self,
        mount: &Mount,
        parameters: &Parameters<'_>,
        hidden: HiddenProperties,
        reader: Option<&ResourceServer>,
    ) -> Result<Introspected, Turned> {
        let missing = Refusal::new(Reason::TokenMissing).about(Some(Param::Token));
        let text = parameters.get(Param::Token).ok_or(missing)?;
        let live = self.find_access_token(mount, text).await?;
        let members = live.map_or_else(inactive, |live| with_properties(active(&live), &live, hidden));
        let Some(reader) = reader else { return Ok(Introspected::Json(Value::Object(members).to_string())) };
        //= rfc9701#5 no top-level sub or exp, or the answer could pass for an access token
        let claims = json!({
            "iss": mount.issuer,
            "aud": reader.id,
            "iat": self.store.now().epoch_s(),
            "token_introspection": members,
        });
        let (typ, payload) = ("token-introspection+jwt", claims.to_string());
        let jwt = response_jwt::make(&mount.tenant, &reader.introspection, &reader.keys, typ, payload.as_bytes())?;
        Ok(Introspected::Jwt(jwt))
    }
}

impl TokenWorth {
    fn of(live: &LiveToken) -> Self {
        let (token, grant) = (&live.token, &live.grant);
        let scope = scope::parse(&token.scope).unwrap_or_default();
        let said = live.user.as_ref().and_then(|person| person.said());
        let asked: Option<Value> = grant.claims.as_deref().and_then(|text| serde_json::from_str(text).ok());
        Self {
            client_id: token.client_id.clone(),
            sub: live.user.as_ref().map(|person| person.sub().to_owned()),
            scope: token.scope.clone(),
            audience: token.audience.clone(),
            expires_at: live.expires_at(),
            refreshable: live.stored_grant.expires_at > live.expires_at(),
            properties: grant.properties.clone(),
            certificate_thumbprint: held(live).x5t_s256.map(|thumbprint| base64url::encode(&thumbprint)),
            acr: said.and_then(|said| said.acr.clone()),
            auth_time_s: (token.sub.is_some() && grant.auth_time_s != 0).then_some(grant.auth_time_s),
            consented_claims: said.map(|said| said.consented_claims.clone()).unwrap_or_default(),
            claims: user_claims::names(&scope).map(str::to_owned).collect(),
            userinfo_claims: asked.and_then(|asked| Some(asked.get("userinfo")?.to_string())),
            authorization_details: token.authorization_details.clone(),
        }
    }
}

/// What a token is bound to.
fn held(live: &LiveToken) -> Held {
    live.token.bound_to.map(Confirmation::held).unwrap_or_default()
}

/// Whether properties are told that only the back end is to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HiddenProperties {
    /// They are.
    Told,
    /// They are not.
    Kept,
}

/// What a back end attached, in places that are free.
fn with_properties(mut members: Map<String, Value>, live: &LiveToken, hidden: HiddenProperties) -> Map<String, Value> {
    for Property { key, value, hidden: of_back_end } in &live.grant.properties {
        if !*of_back_end || hidden == HiddenProperties::Told {
            members.entry(key.clone()).or_insert_with(|| value.as_str().into());
        }
    }
    members
}

impl TokenAnswer {
    const fn none(turned: Turned) -> Self {
        Self { dpop_nonce: None, worth: None, outcome: Err(turned) }
    }
}
