//! Introspection: a resource server asks what a token is worth (RFC 7662, RFC 9701).

use std::sync::Arc;

use parhelion_jose::base64url;
use parhelion_jose::jwk::KeySet;
use parhelion_protocol::client_auth::Callers;
use parhelion_protocol::endpoint::Endpoint;
use parhelion_protocol::parameters::Param;
use parhelion_protocol::profile::{ClientIdInForm, Introspection};
use parhelion_protocol::refusal::{Reason, Refusal};
use parhelion_protocol::response_jwt::ResponseJwt;
use parhelion_protocol::sender::{Confirmation, Held, token_type};
use serde_json::{Map, Value, json};

use crate::Engine;
use crate::client_request::{Caller, ClientRequest, Judged, Who};
use crate::fault::{Fault, Turned};
use crate::person::Person;
use crate::registry::Mount;
use crate::response_jwt;
use crate::userinfo::LiveToken;

/// How the caller wants the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerForm {
    /// As JSON (RFC 7662 section 2.2).
    Json,
    /// As a signed JWT (RFC 9701 section 5).
    Jwt,
}

impl AnswerForm {
    /// What a caller wants whose `Accept` header is this.
    #[must_use]
    pub fn wanted(accept: &str) -> Self {
        //= rfc9701#4 a JWT if and only if the caller asks for it
        if accept.contains("application/token-introspection+jwt") { Self::Jwt } else { Self::Json }
    }
}

/// The answer, in the form that was asked for.
#[derive(Debug)]
pub enum Introspected {
    /// `application/json`.
    Json(String),
    /// `application/token-introspection+jwt`.
    Jwt(String),
}

impl Engine {
    /// Takes an introspection request. A token that is not the caller's to know is not active.
    ///
    /// # Errors
    /// In the outcome: the caller is not who it says, or may not ask.
    pub async fn introspect(
        &self,
        mount: &Mount,
        request: &ClientRequest<'_>,
        form: AnswerForm,
    ) -> Judged<Introspected> {
        let find = async |id: &str| match mount.tenant.resource_servers.get(id) {
            Some(server) => Ok(Some(Who::ResourceServer(Arc::clone(server)))),
            None => self.find_caller_among_clients(mount, id).await,
        };
        let judged =
            self.prove_caller(mount, request, ClientIdInForm::FromCredential, Callers::WithResourceServers, find).await;
        let Judged { method, attestation_challenge, outcome, .. } = judged;
        let (dpop_nonce, outcome) = match outcome {
            Ok(caller) if caller.authenticates_by_dpop() => {
                self.prove_possession(mount, request, Endpoint::Introspect, caller).await
            }
            outcome => (None, outcome),
        };
        let outcome = match outcome {
            Ok(caller) => self.introspect_for(mount, request, &caller, form).await,
            Err(turned) => Err(turned),
        };
        Judged { method, dpop_nonce, attestation_challenge, outcome }
    }

    async fn introspect_for(
        &self,
        mount: &Mount,
        request: &ClientRequest<'_>,
        caller: &Caller,
        form: AnswerForm,
    ) -> Result<Introspected, Turned> {
        self.claim_once(caller).await?;
        may_ask(caller)?;
        let missing = Refusal::new(Reason::TokenMissing).about(Some(Param::Token));
        let text = request.parameters.get(Param::Token).ok_or(missing)?;
        let live = self.find_access_token(mount, text).await?;
        let live = live.filter(|live| is_the_callers(caller, live));
        let members = live.map_or_else(inactive, |live| active(&live));
        match form {
            AnswerForm::Json => Ok(Introspected::Json(Value::Object(members).to_string())),
            AnswerForm::Jwt => Ok(Introspected::Jwt(self.introspection_jwt(mount, caller, members)?)),
        }
    }

    //= rfc9701#5 no top-level sub or exp, or the answer could pass for an access token
    fn introspection_jwt(&self, mount: &Mount, caller: &Caller, members: Map<String, Value>) -> Result<String, Fault> {
        let claims = json!({
            "iss": mount.issuer,
            "aud": caller.id,
            "iat": self.store.now().epoch_s(),
            "token_introspection": members,
        });
        let (registered, keys) = registered(caller);
        let payload = claims.to_string();
        response_jwt::make(&mount.tenant, registered, keys, "token-introspection+jwt", payload.as_bytes())
    }
}

/// What the caller registered for its answers, and the keys that they are encrypted to.
fn registered(caller: &Caller) -> (&ResponseJwt, &KeySet) {
    match &caller.who {
        Who::ResourceServer(server) => (&server.introspection, &server.keys),
        Who::Client(known) => (&known.client.responses.introspection, &known.client.keys),
    }
}

/// A resource server may ask; a client only where the policy lets it ask about its own tokens.
fn may_ask(caller: &Caller) -> Result<(), Refusal> {
    let Who::Client(known) = &caller.who else { return Ok(()) };
    let confidential = !known.client.credential.method().is_public();
    let owner_may = known.policy.introspection == Introspection::AudienceAndOwner;
    if confidential && owner_may { Ok(()) } else { Err(Reason::IntrospectionRefused.into()) }
}

fn is_the_callers(caller: &Caller, live: &LiveToken) -> bool {
    match &caller.who {
        Who::ResourceServer(server) => live.token.audience.iter().any(|audience| server.uris.contains(audience)),
        Who::Client(_) => live.token.client_id == caller.id,
    }
}

pub(crate) fn inactive() -> Map<String, Value> {
    Map::from_iter([("active".to_owned(), Value::Bool(false))])
}

pub(crate) fn active(live: &LiveToken) -> Map<String, Value> {
    let token = &live.token;
    let members = [
        ("active", Some(json!(true))),
        ("scope", Some(json!(token.scope))),
        ("client_id", Some(json!(token.client_id))),
        ("username", live.user.as_ref().and_then(Person::username).map(|name| json!(name))),
        ("token_type", Some(json!(token_type(token.bound_to)))),
        ("exp", Some(json!(live.expires_at().epoch_s()))),
        ("iat", Some(json!(token.issued_at_s))),
        ("sub", Some(live.user.as_ref().map_or_else(|| json!(token.client_id), |user| json!(user.shown_sub())))),
        ("aud", Some(audience(&token.audience))),
        ("iss", Some(json!(token.issuer))),
        ("cnf", token.bound_to.map(confirmation)),
        //= rfc9396#9.2
        (
            "authorization_details",
            token.authorization_details.as_deref().and_then(|text| serde_json::from_str(text).ok()),
        ),
    ];
    members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

//= rfc9449#6.2, rfc8705#3.2
pub(crate) fn confirmation(bound_to: Confirmation) -> Value {
    let Held { jkt, x5t_s256 } = bound_to.held();
    let members = [("jkt", jkt), ("x5t#S256", x5t_s256)].into_iter();
    members.filter_map(|(name, hash)| Some((name, base64url::encode(&hash?)))).collect()
}

fn audience(audience: &[String]) -> Value {
    match audience {
        [one] => json!(one),
        many => json!(many),
    }
}
