//! Access tokens that were shown to the caller: at its own resources, at its userinfo endpoint, or by somebody who asks.

use std::borrow::Cow;

use parhelion_engine::client_request::Possession;
use parhelion_engine::introspect::{AnswerForm, Introspected};
use parhelion_engine::registry::Right;
use parhelion_engine::token_worth::{HiddenProperties, TokenAnswer, TokenQuestion, TokenWorth};
use parhelion_engine::userinfo::Userinfo;
use parhelion_protocol::endpoint::Endpoint;
use parhelion_protocol::form;
use parhelion_protocol::profile::DpopNonce;
use parhelion_protocol::refusal::{OAuthError, Reason, Refusal};
use parhelion_protocol::sender::dpop;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::envelope::certificate;
use super::result::{self, No, acted, client_code, json_200};
use super::token::{about_owner, properties, words};
use super::{caller, details, members};
use crate::incoming::Response;
use crate::operation::Asked;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    token: Option<String>,
    scopes: Option<Vec<String>>,
    subject: Option<String>,
    dpop: Option<String>,
    htm: Option<String>,
    htu: Option<String>,
    resources: Option<Vec<String>>,
    acr_values: Option<Vec<String>>,
    max_age: Option<i64>,
    client_certificate: Option<String>,
    dpop_nonce_required: Option<bool>,
    #[serde(flatten)]
    #[allow(dead_code, reason = "read for its types")]
    unused: Unused,
}

/// Members that are accepted and used by nothing that is built; their types are held all the same.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code, reason = "read for their types")]
struct Unused {
    required_components: Option<Vec<String>>,
    uri: Option<String>,
    message: Option<String>,
    target_uri: Option<String>,
    request_body_contained: Option<bool>,
}

impl Shown {
    fn into_question(self, default_htm: &'static str) -> TokenQuestion<'static> {
        let present = |text: Option<String>| text.filter(|text| !text.is_empty());
        let possession = Possession {
            dpop: present(self.dpop).map_or(dpop::Shown::Absent, |proof| dpop::Shown::One(proof.into())),
            htm: present(self.htm).map_or(default_htm.into(), Cow::Owned),
            htu: present(self.htu).map(Cow::Owned),
            nonce: if self.dpop_nonce_required == Some(true) { DpopNonce::Required } else { DpopNonce::Optional },
            certificate: certificate(present(self.client_certificate), None),
            ..Possession::default()
        };
        TokenQuestion {
            text: self.token.unwrap_or_default().into(),
            possession,
            scopes: self.scopes.unwrap_or_default(),
            subject: present(self.subject),
            resources: self.resources.unwrap_or_default(),
            acr_values: self.acr_values.unwrap_or_default(),
            // The vendor's libraries send 0 for nothing.
            max_age_s: self.max_age.filter(|age_s| *age_s > 0).and_then(|age_s| u32::try_from(age_s).ok()),
        }
    }
}

/// `/auth/introspection`: is a token good for a resource of the caller's?
pub(super) async fn introspect(asked: &Asked<'_>) -> Result<Response, No> {
    caller::admit(asked.mount, asked.headers, Right::UseIntrospection)?;
    let sent: Shown = members::read(asked)?;
    let question = sent.into_question("POST");
    let required = question.scopes.join(" ");
    let answer = asked.engine.judge_token(asked.mount, question, Endpoint::Introspect).await;
    let mut members = Map::new();
    let mut put = |name: &str, value: Value| drop(members.insert(name.to_owned(), value));
    put("existent", answer.worth.is_some().into());
    put("usable", answer.worth.is_some().into());
    put("sufficient", answer.outcome.is_ok().into());
    if let Some(worth) = &answer.worth {
        put("refreshable", worth.refreshable.into());
        put("expiresAt", worth.expires_at.0.into());
        put("accessTokenResources", worth.audience.clone().into());
        put("scopeDetails", super::authorization::scopes(&scope_of(worth)));
        if let Some(thumbprint) = &worth.certificate_thumbprint {
            put("certificateThumbprint", thumbprint.as_str().into());
        }
        if let Some(acr) = &worth.acr {
            put("acr", acr.as_str().into());
        }
        if let Some(at_s) = worth.auth_time_s {
            put("authTime", at_s.into());
        }
        let granted = worth.authorization_details.as_deref().and_then(|text| serde_json::from_str(text).ok());
        if let Some(details) = details::of_oauth(granted.as_ref()) {
            put("authorizationDetails", details);
        }
        about_token(worth, &mut put);
    }
    judged(asked, &answer, members, ("A056001", "The access token is valid."), &required)
}

/// `/auth/userinfo`: is a token good at the caller's userinfo endpoint, and for which claims?
pub(super) async fn userinfo(asked: &Asked<'_>) -> Result<Response, No> {
    caller::admit(asked.mount, asked.headers, Right::UseService)?;
    let sent: Shown = members::read(asked)?;
    let question = TokenQuestion { scopes: vec!["openid".to_owned()], ..sent.into_question("GET") };
    let token = question.text.clone().into_owned();
    let answer = asked.engine.judge_token(asked.mount, question, Endpoint::Userinfo).await;
    let mut members = Map::new();
    let mut put = |name: &str, value: Value| drop(members.insert(name.to_owned(), value));
    put("token", token.into());
    if let Some(worth) = answer.worth.as_ref().filter(|_| answer.outcome.is_ok()) {
        put("claims", worth.claims.clone().into());
        if let Some(asked_for) = &worth.userinfo_claims {
            put("userInfoClaims", asked_for.as_str().into());
        }
        about_token(worth, &mut put);
    }
    let good = ("A091001", "The access token presented at the userinfo endpoint is valid.");
    judged(asked, &answer, members, good, "openid")
}

#[derive(Deserialize)]
struct UserinfoIssue {
    token: Option<String>,
    claims: Option<String>,
    sub: Option<String>,
}

/// `/auth/userinfo/issue`: the answer of the caller's userinfo endpoint.
pub(super) async fn issue_userinfo(asked: &Asked<'_>) -> Result<Response, No> {
    caller::admit(asked.mount, asked.headers, Right::UseService)?;
    let sent: UserinfoIssue = members::read(asked)?;
    let claims = sent.claims.filter(|text| !text.is_empty());
    let claims = claims.map_or(Ok(Map::new()), |text| serde_json::from_str(&text));
    let claims = claims.map_err(|_| result::turned(asked, Reason::VouchedMalformed.into(), None))?;
    let sub = sent.sub.filter(|sub| !sub.is_empty());
    let token = sent.token.unwrap_or_default();
    let (action, content) = match asked.engine.vouched_userinfo(asked.mount, &token, claims, sub.as_deref()).await {
        Ok(Userinfo::Json(claims)) => ("JSON", claims),
        Ok(Userinfo::Jwt(jwt)) => ("JWT", jwt),
        Err(turned) => {
            let answer = TokenAnswer { dpop_nonce: None, worth: None, outcome: Err(turned) };
            return judged(asked, &answer, Map::new(), ("", ""), "openid");
        }
    };
    let mut members = acted("A096001", "A userinfo response was generated successfully.", action);
    members.insert("responseContent".to_owned(), content.into());
    Ok(json_200(members))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Standard {
    parameters: Option<String>,
    with_hidden_properties: Option<bool>,
    rs_uri: Option<String>,
    http_accept_header: Option<String>,
}

/// `/auth/introspection/standard`: what a resource server hears that asks the caller.
pub(super) async fn introspect_standard(asked: &Asked<'_>) -> Result<Response, No> {
    caller::admit(asked.mount, asked.headers, Right::UseIntrospection)?;
    let sent: Standard = members::read(asked)?;
    let Some(parameters) = sent.parameters else { return Err(Box::new(result::parameters_missing()).into()) };
    let no = |refusal: Refusal| result::turned(asked, refusal.into(), None);
    let parameters = form::parse(parameters.as_bytes()).map_err(no)?;
    let hidden =
        if sent.with_hidden_properties == Some(true) { HiddenProperties::Told } else { HiddenProperties::Kept };
    let form = AnswerForm::wanted(&sent.http_accept_header.unwrap_or_default());
    let mut servers = asked.mount.tenant.resource_servers.values();
    let reader = sent
        .rs_uri
        .filter(|_| form == AnswerForm::Jwt)
        .and_then(|uri| servers.find(|server| server.uris.contains(&uri)));
    let told = asked.engine.introspect_vouched(asked.mount, &parameters, hidden, reader.map(AsRef::as_ref)).await;
    let (action, content) = match told {
        Ok(Introspected::Json(text)) => ("OK", text),
        Ok(Introspected::Jwt(jwt)) => ("JWT", jwt),
        Err(turned) => return Err(result::turned(asked, turned, None)),
    };
    let mut members = acted("A145001", "Introspection was performed successfully.", action);
    members.insert("responseContent".to_owned(), content.into());
    Ok(json_200(members))
}

fn scope_of(worth: &TokenWorth) -> parhelion_protocol::params::scope::Scope {
    parhelion_protocol::params::scope::parse(&worth.scope).unwrap_or_default()
}

fn about_token(worth: &TokenWorth, put: &mut impl FnMut(&str, Value)) {
    about_owner(&worth.client_id, put);
    if let Some(sub) = &worth.sub {
        put("subject", sub.as_str().into());
    }
    put("scopes", words(&worth.scope));
    if !worth.properties.is_empty() {
        put("properties", properties(&worth.properties));
    }
    if !worth.consented_claims.is_empty() {
        put("consentedClaims", worth.consented_claims.clone().into());
    }
}

/// The verdict on a token; what the caller tells whoever showed it is a challenge.
fn judged(
    asked: &Asked<'_>,
    answer: &TokenAnswer,
    members: Map<String, Value>,
    good: (&str, &str),
    required: &str,
) -> Result<Response, No> {
    let nonce = answer.dpop_nonce.clone().map(|nonce| ("dpopNonce".to_owned(), nonce.into()));
    let Err(turned) = answer.outcome else {
        let result = acted(good.0, good.1, "OK");
        return Ok(json_200(result.into_iter().chain(members).chain(nonce).collect()));
    };
    let refusal = turned.refusal();
    let code = client_code(&refusal, None);
    let about_proof = is_about_proof(&refusal);
    let action = match refusal.public().status {
        500.. => "INTERNAL_SERVER_ERROR",
        403 => "FORBIDDEN",
        401 => "UNAUTHORIZED",
        _ if about_proof => "UNAUTHORIZED",
        _ => "BAD_REQUEST",
    };
    let mut result = acted(&code, &refusal.description(), action);
    result.insert("responseContent".to_owned(), challenge(asked, &refusal, &code, required).into());
    let response = Box::new(json_200(result.into_iter().chain(members).chain(nonce).collect()));
    let client_id = answer.worth.as_ref().map(|worth| worth.client_id.clone());
    Err(No::Turned { response, turned, client_id })
}

fn is_about_proof(refusal: &Refusal) -> bool {
    matches!(refusal.public().error, OAuthError::InvalidDpopProof | OAuthError::UseDpopNonce)
}

/// The value of `WWW-Authenticate` (RFC 6750 section 3, RFC 9449 section 7.1). Constants and names of scopes are all
/// that is in it.
fn challenge(asked: &Asked<'_>, refusal: &Refusal, code: &str, required: &str) -> String {
    let row = refusal.public();
    let about_key = matches!(refusal.reason, Reason::BoundTokenAsBearer | Reason::ProofKeyWrong);
    let scheme = if is_about_proof(refusal) || about_key { "DPoP" } else { "Bearer" };
    let (error, said, page) = (row.error.as_str(), refusal.description(), asked.public_url);
    let mut challenge = format!(
        "{scheme} error=\"{error}\",error_description=\"[{code}] {said}\",error_uri=\"{page}/errors/{}\"",
        row.code
    );
    if refusal.reason == Reason::AccessTokenScope {
        let fits = |c: &char| c.is_ascii_graphic() && !matches!(c, '"' | '\\') || *c == ' ';
        challenge.push_str(&format!(",scope=\"{}\"", required.chars().filter(fits).collect::<String>()));
    }
    if scheme == "DPoP" {
        let algs: Vec<_> = asked.mount.policy.dpop_algs.iter().map(|alg| alg.0.name()).collect();
        challenge.push_str(&format!(",algs=\"{}\"", algs.join(" ")));
    }
    challenge
}
