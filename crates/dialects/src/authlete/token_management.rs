//! Access tokens that the caller makes, lists and ends itself.

use parhelion_engine::clients::KnownClient;
use parhelion_engine::ports::Id;
use parhelion_engine::records::External;
use parhelion_engine::registry::Right;
use parhelion_engine::token::Tokens;
use parhelion_engine::token_management::{NewToken, TokenSummary};
use parhelion_jose::base64url;
use parhelion_protocol::client::GrantType;
use parhelion_protocol::refusal::Reason;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::caller;
use super::client::{faulted, unknown_client};
use super::members::{self, Property};
use super::numbers::{client_number, find_client};
use super::result::{self, No, acted, json_200};
use super::slice::Slice;
use super::token::{properties, words};
use crate::incoming::Response;
use crate::operation::Asked;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Create {
    grant_type: Option<String>,
    client_id: Option<Identifier>,
    client_identifier: Option<String>,
    subject: Option<String>,
    scopes: Option<Vec<String>>,
    access_token_duration: Option<i64>,
    properties: Option<Vec<Property>>,
    acr: Option<String>,
    auth_time: Option<i64>,
    session_id: Option<String>,
    access_token: Option<String>,
    refresh_token: Option<String>,
    certificate_thumbprint: Option<String>,
    dpop_key_thumbprint: Option<String>,
    access_token_persistent: Option<bool>,
    #[serde(flatten)]
    #[allow(dead_code, reason = "read for its types")]
    unused: Unused,
}

/// Members that are accepted and used by nothing that is built; their types are held all the same.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code, reason = "read for their types")]
struct Unused {
    refresh_token_duration: Option<i64>,
    client_id_alias_used: Option<bool>,
    for_external_attachment: Option<bool>,
    jwt_at_claims: Option<String>,
}

/// A client by its number or its alias.
#[derive(Deserialize)]
#[serde(untagged)]
enum Identifier {
    Number(u64),
    Text(String),
}

/// `/auth/token/create`.
pub(super) async fn create(asked: &Asked<'_>) -> Result<Response, No> {
    caller::admit(asked.mount, asked.headers, Right::UseService)?;
    let sent: Create = members::read(asked)?;
    let by_member = sent.client_id.map(|identifier| match identifier {
        Identifier::Number(number) => number.to_string(),
        Identifier::Text(text) => text,
    });
    let identifier = sent.client_identifier.or(by_member).unwrap_or_default();
    let grant = sent.grant_type.unwrap_or_default();
    let served = GrantType::ALL.iter().copied().find(|kind| kind.as_str().to_uppercase() == grant);
    let unserved = [sent.access_token, sent.refresh_token, sent.certificate_thumbprint, sent.dpop_key_thumbprint];
    let known = find_client(asked, &identifier).await.map_err(|fault| faulted(asked, fault.into()))?;
    let known = known.filter(|known| known.client.is_enabled());
    let (Some(KnownClient { client, .. }), Some(grant_type)) = (known, served) else {
        return Ok(json_200(acted(
            "A900209",
            "The client is not known, or the grant type is not served.",
            "BAD_REQUEST",
        )));
    };
    let endless = sent.access_token_persistent == Some(true);
    if endless || unserved.into_iter().flatten().any(|text| !text.is_empty()) {
        return Ok(json_200(acted(
            "A900210",
            "Values and bindings of tokens are not the caller's to choose, and every token ends.",
            "BAD_REQUEST",
        )));
    }
    let said = External { acr: sent.acr, session_id: sent.session_id, ..External::default() };
    let new = NewToken {
        client,
        grant_type,
        subject: sent.subject.filter(|subject| !subject.is_empty()),
        scopes: sent.scopes.unwrap_or_default(),
        lifetime_s: sent.access_token_duration.and_then(|s| u32::try_from(s).ok()).filter(|s| *s > 0),
        said,
        auth_time_s: sent.auth_time.filter(|at_s| *at_s > 0),
        properties: members::properties(sent.properties),
    };
    match asked.engine.make_token(asked.mount, new).await {
        Ok(tokens) => Ok(json_200(created(&tokens, &grant))),
        Err(turned) if turned.refusal().public().status < 500 => {
            let code = result::client_code(&turned.refusal(), None);
            let members = acted(&code, &turned.refusal().description(), "BAD_REQUEST");
            Err(No::Turned { response: Box::new(json_200(members)), turned, client_id: None })
        }
        Err(turned) => Err(faulted(asked, turned)),
    }
}

fn created(tokens: &Tokens, grant: &str) -> Map<String, Value> {
    let granted = &tokens.granted;
    let mut members = acted("A109001", "An access token was created successfully.", "OK");
    let told = json!({
        "accessToken": tokens.access_token,
        "tokenType": tokens.token_type,
        "clientId": client_number(&granted.client_id),
        "clientIdentifier": granted.client_id,
        "grantType": grant,
        "expiresIn": tokens.expires_in_s,
        "expiresAt": granted.expires_at.0,
        "scopes": words(&granted.scope),
        "properties": properties(&granted.properties),
    });
    members.extend(told.as_object().cloned().unwrap_or_default());
    members.extend(granted.sub.as_ref().map(|sub| ("subject".to_owned(), sub.as_str().into())));
    members
}

/// `/auth/token/delete/{accessTokenIdentifier}`: 204, whether there was one or not.
pub(super) async fn delete(asked: &Asked<'_>) -> Result<Response, No> {
    caller::admit(asked.mount, asked.headers, Right::UseService)?;
    let name = asked.segments.first().copied().unwrap_or_default();
    asked.engine.end_token(asked.mount, name).await.map_err(|turned| faulted(asked, turned))?;
    Ok(result::no_content())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Revoke {
    access_token_identifier: Option<String>,
    refresh_token_identifier: Option<String>,
    client_identifier: Option<String>,
    subject: Option<String>,
}

/// `/auth/token/revoke`: one token, a client's, or what a subject granted to a client.
pub(super) async fn revoke(asked: &Asked<'_>) -> Result<Response, No> {
    caller::admit(asked.mount, asked.headers, Right::UseService)?;
    let sent: Revoke = members::read(asked)?;
    let present = |text: Option<String>| text.filter(|text| !text.is_empty());
    let named = match present(sent.client_identifier) {
        Some(identifier) => Some(client_of(asked, &identifier).await?),
        None => None,
    };
    let failed = |turned| faulted(asked, turned);
    let (token, subject) = (present(sent.access_token_identifier), present(sent.subject));
    let refresh_token = present(sent.refresh_token_identifier);
    let count = match (token, refresh_token, named, subject) {
        (Some(token), None, None, None) => {
            usize::from(asked.engine.end_token(asked.mount, &token).await.map_err(failed)?)
        }
        (None, None, Some(KnownClient { client, .. }), Some(subject)) => {
            let tenant = &asked.mount.tenant;
            asked.engine.end_external_grants(tenant, &client.client_id, &subject).await.map_err(failed)?;
            0
        }
        (None, None, Some(KnownClient { client, .. }), None) => {
            let tokens = asked.engine.list_tokens(asked.mount, Some(&client.client_id)).await.map_err(failed)?;
            for TokenSummary { id: Id(id), .. } in &tokens {
                asked.engine.end_token(asked.mount, &base64url::encode(id)).await.map_err(failed)?;
            }
            tokens.len()
        }
        (None, None, None, Some(subject)) => {
            let tenant = &asked.mount.tenant;
            for consent in asked.engine.external_consents_of(tenant, &subject).await.map_err(failed)? {
                asked.engine.end_external_grants(tenant, &consent.client_id, &subject).await.map_err(failed)?;
            }
            0
        }
        (_, Some(_), _, _) | (Some(_), None, _, _) | (None, None, None, None) => {
            return Err(Box::new(result::caller_error(&Reason::JsonTypeWrong.into())).into());
        }
    };
    let mut members = result::members("A312001", "Revoked what was named.");
    members.insert("count".to_owned(), count.into());
    Ok(json_200(members))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct List {
    client_identifier: Option<String>,
    subject: Option<String>,
    #[serde(flatten)]
    slice: Slice,
}

/// `/auth/token/get/list`. Who a token is about is sealed in it: nobody can be asked for by subject.
pub(super) async fn list(asked: &Asked<'_>) -> Result<Response, No> {
    caller::admit(asked.mount, asked.headers, Right::UseService)?;
    let sent: List = members::read_query(asked)?;
    if sent.subject.is_some_and(|subject| !subject.is_empty()) {
        let said = "tokens are sealed: they are not listed by subject.";
        return Err(Box::new(result::answer(400, "A900211", said)).into());
    }
    let named = match sent.client_identifier.filter(|identifier| !identifier.is_empty()) {
        Some(identifier) => Some(client_of(asked, &identifier).await?),
        None => None,
    };
    let client_id = named.as_ref().map(|known| known.client.client_id.as_str());
    let tokens = asked.engine.list_tokens(asked.mount, client_id).await.map_err(|turned| faulted(asked, turned))?;
    let mut members: Map<String, Value> = sent.slice.of(tokens.iter().map(told).collect(), "accessTokens");
    members.extend(named.map(|known| ("client".to_owned(), super::client::limited(&known.client))));
    Ok(json_200(members))
}

fn told(token: &TokenSummary) -> Value {
    json!({
        "accessTokenHash": base64url::encode(&token.id.0),
        "accessTokenExpiresAt": token.expires_at.0,
        "createdAt": token.made_at.0,
        "clientId": client_number(&token.client_id),
    })
}

async fn client_of(asked: &Asked<'_>, identifier: &str) -> Result<KnownClient, No> {
    let known = find_client(asked, identifier).await.map_err(|fault| faulted(asked, fault.into()))?;
    Ok(known.ok_or_else(unknown_client)?)
}
