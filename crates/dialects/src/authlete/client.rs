//! Clients as the vendor writes them, and what users allowed them.

use parhelion_engine::clients::KnownClient;
use parhelion_engine::fault::{Fault, Turned};
use parhelion_engine::records::{ExternalConsent, StoredClient};
use parhelion_engine::registry::{Mount, Right};
use parhelion_protocol::client::{Client, Credential};
use parhelion_protocol::form;
use parhelion_protocol::profile::{PushedRequests, RequestObjects, SenderConstraint};
use parhelion_protocol::refusal::Reason;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::names::{is_algorithm, is_method, response_type};
use super::numbers::{client_number, find_client, kept_clients, service_id};
use super::result::{self, No, json_200};
use super::slice::Slice;
use super::token::words;
use super::{caller, client_members, members};
use crate::incoming::Response;
use crate::operation::Asked;

/// `/client/get/{clientId}`.
pub(super) async fn get(asked: &Asked<'_>) -> Result<Response, No> {
    caller::admit(asked.mount, asked.headers, Right::ViewClient)?;
    let known = named(asked).await?;
    Ok(json_200(shown(asked, &known).await?))
}

/// `/client/get/list`.
pub(super) async fn list(asked: &Asked<'_>) -> Result<Response, No> {
    caller::admit(asked.mount, asked.headers, Right::ViewClient)?;
    let slice: Slice = members::read_query(asked)?;
    let failed = |fault: Fault| faulted(asked, fault.into());
    let mut ids: Vec<String> = asked.mount.tenant.clients.keys().cloned().collect();
    ids.sort_unstable();
    ids.extend(kept_clients(asked).await.map_err(failed)?);
    let total = ids.len();
    let mut clients = Vec::new();
    for id in slice.cut(ids) {
        if let Some(known) = asked.engine.find_client(asked.mount, &id).await.map_err(failed)? {
            clients.push(Value::Object(shown(asked, &known).await?));
        }
    }
    Ok(json_200(slice.told(clients, total, "clients")))
}

/// The client that the path names.
pub(super) async fn named(asked: &Asked<'_>) -> Result<KnownClient, No> {
    let identifier = asked.segments.first().copied().and_then(decoded).unwrap_or_default();
    let known = find_client(asked, &identifier).await.map_err(|fault| faulted(asked, fault.into()))?;
    Ok(known.ok_or_else(unknown_client)?)
}

pub(super) fn unknown_client() -> Box<Response> {
    Box::new(result::answer(400, "A900207", "there is no such client."))
}

/// A client with what is kept of it, if it was made at run time. Who may only look at clients does not see their secrets.
async fn shown(asked: &Asked<'_>, known: &KnownClient) -> Result<Map<String, Value>, No> {
    let failed = |fault: Fault| faulted(asked, fault.into());
    let kept = asked.engine.kept_client(&asked.mount.tenant, &known.client.client_id).await.map_err(failed)?;
    let may_see = caller::admit(asked.mount, asked.headers, Right::ModifyClient).is_ok();
    let record = kept.map(|kept| kept.record);
    let secret = match &record {
        Some(record) if may_see => asked.engine.client_secret(&asked.mount.tenant, record).map_err(failed)?,
        Some(_) | None => None,
    };
    Ok(full(known, record.as_ref(), secret.as_ref().map(|text| text.as_str())))
}

/// A path segment without its percent-encoding; a plus sign stands for itself.
fn decoded(segment: &str) -> Option<String> {
    form::decode(segment.replace('+', "%2B").as_bytes()).ok().map(|text| text.into_owned())
}

/// A client in the vendor's words.
pub(super) fn full(known: &KnownClient, record: Option<&StoredClient>, secret: Option<&str>) -> Map<String, Value> {
    let KnownClient { client, policy } = known;
    let method = client.credential.method();
    let redirect_uris: Vec<_> = client.redirect_uris.iter().map(|uri| uri.as_str()).collect();
    let grants: Vec<_> = client.grant_types.iter().map(|kind| kind.as_str().to_uppercase()).collect();
    let responses: Vec<_> = client.response_types.iter().map(|kind| response_type(kind.as_str())).collect();
    let members = json!({
        "clientId": client_number(&client.client_id),
        "clientIdAlias": client.client_id,
        "clientIdAliasEnabled": true,
        "clientName": client.client_name,
        "clientType": if method.is_public() { "PUBLIC" } else { "CONFIDENTIAL" },
        "tokenAuthMethod": method.as_str().to_uppercase(),
        "redirectUris": redirect_uris,
        "grantTypes": grants,
        "responseTypes": responses,
        "subjectType": "PUBLIC",
        "authorizationDetailsTypes": client.authorization_details_types,
        "requestObjectRequired": client.request_objects == RequestObjects::Required,
        "parRequired": policy.pushed_requests != PushedRequests::Optional,
        "pkceRequired": policy.pkce.is_required(),
        "pkceS256Required": !policy.pkce.accepts_plain(),
        "dpopRequired": client.dpop_bound_access_tokens == SenderConstraint::Required,
        "tlsClientCertificateBoundAccessTokens":
            client.tls_client_certificate_bound_access_tokens == SenderConstraint::Required,
        "extension": { "requestableScopesEnabled": true, "requestableScopes": client.scope.iter().collect::<Vec<_>>() },
        "locked": !client.is_enabled(),
    });
    let mut told = record.map(client_members::told).unwrap_or_default();
    told.extend(if let Value::Object(members) = members { members } else { Map::new() });
    let mut members = told;
    members.extend(secret.map(|secret| ("clientSecret".to_owned(), secret.into())));
    let assertion_alg = if let Credential::ClientSecretJwt(_, alg) = &client.credential {
        alg.map(|alg| alg.name())
    } else if let Credential::PrivateKeyJwt(alg) = &client.credential {
        alg.map(|alg| alg.name())
    } else {
        None
    };
    let optional = [
        ("clientUri", client.client_uri.as_deref()),
        ("tokenAuthSignAlg", assertion_alg.filter(|name| is_algorithm(name))),
        ("requestSignAlg", client.request_object_signing_alg.map(|alg| alg.name()).filter(|name| is_algorithm(name))),
    ];
    members.extend(optional.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.into()))));
    if !is_method(&method.as_str().to_uppercase()) {
        members.remove("tokenAuthMethod");
    }
    members
}

/// A client as far as a list of a user's has it.
pub(super) fn limited(client: &Client) -> Value {
    json!({
        "clientId": client_number(&client.client_id),
        "clientIdAlias": client.client_id,
        "clientIdAliasEnabled": true,
        "clientName": client.client_name,
        "clientType": if client.credential.method().is_public() { "PUBLIC" } else { "CONFIDENTIAL" },
    })
}

#[derive(Default, Deserialize)]
struct OfSubject {
    subject: Option<String>,
    #[serde(flatten)]
    slice: Slice,
}

/// Whose consents a request is about: in the path, the query or the body.
fn of_subject(asked: &Asked<'_>, at: usize) -> Result<(String, Slice), No> {
    let sent: OfSubject =
        if asked.method == http::Method::POST { members::read(asked)? } else { members::read_query(asked)? };
    let in_path = asked.segments.get(at).and_then(|segment| decoded(segment));
    let subject = in_path.or(sent.subject).filter(|subject| !subject.is_empty());
    Ok((subject.ok_or_else(no_subject)?, sent.slice))
}

fn no_subject() -> Box<Response> {
    Box::new(result::answer(400, "A900208", "the request does not name a subject."))
}

/// `/client/granted_scopes/get/{clientId}`.
pub(super) async fn granted_scopes(asked: &Asked<'_>) -> Result<Response, No> {
    caller::admit(asked.mount, asked.headers, Right::ViewClient)?;
    let (KnownClient { client, .. }, (subject, _)) = (named(asked).await?, of_subject(asked, 1)?);
    let consent = asked.engine.external_consent(&asked.mount.tenant, &client.client_id, &subject).await;
    let consent = consent.map_err(|turned| faulted(asked, turned))?;
    let mut members = about_consent(asked.mount, &client, &subject, consent.as_ref());
    members.extend(result::members("A900002", "What the subject granted to the client."));
    Ok(json_200(members))
}

fn about_consent(
    mount: &Mount,
    client: &Client,
    subject: &str,
    consent: Option<&ExternalConsent>,
) -> Map<String, Value> {
    let mut members = Map::new();
    members.extend(service_id(mount).map(|id| ("serviceApiKey".to_owned(), id.into())));
    members.insert("clientId".to_owned(), client_number(&client.client_id).into());
    members.insert("subject".to_owned(), subject.into());
    let of = |scope: Option<&String>| words(scope.map_or("", String::as_str));
    members.insert("latestGrantedScopes".to_owned(), of(consent.and_then(|consent| consent.latest.as_ref())));
    members.insert("mergedGrantedScopes".to_owned(), of(consent.and_then(|consent| consent.merged.as_ref())));
    members.extend(consent.map(|consent| ("modifiedAt".to_owned(), consent.changed_at_ms.into())));
    members
}

/// `/client/granted_scopes/delete/{clientId}`.
pub(super) async fn forget_granted_scopes(asked: &Asked<'_>) -> Result<Response, No> {
    caller::admit(asked.mount, asked.headers, Right::ModifyClient)?;
    let (KnownClient { client, .. }, (subject, _)) = (named(asked).await?, of_subject(asked, 1)?);
    let forgotten = asked.engine.forget_external_consent(&asked.mount.tenant, &client.client_id, &subject).await;
    forgotten.map_err(|turned| faulted(asked, turned))?;
    Ok(json_200(result::members("A900003", "What the subject granted to the client is forgotten; its tokens go on.")))
}

/// `/client/authorization/delete/{clientId}`.
pub(super) async fn end_authorization(asked: &Asked<'_>) -> Result<Response, No> {
    caller::admit(asked.mount, asked.headers, Right::ModifyClient)?;
    let (KnownClient { client, .. }, (subject, _)) = (named(asked).await?, of_subject(asked, 1)?);
    let ended = asked.engine.end_external_grants(&asked.mount.tenant, &client.client_id, &subject).await;
    ended.map_err(|turned| faulted(asked, turned))?;
    let mut members = about_consent(asked.mount, &client, &subject, None);
    members.extend(result::members("A137001", "Deleted the access tokens that the subject had granted to the client."));
    Ok(json_200(members))
}

#[derive(Deserialize)]
struct Narrowing {
    subject: Option<String>,
    scopes: Option<Vec<String>>,
}

/// `/client/authorization/update/{clientId}`: what the subject's tokens allow is narrowed. Without scopes nothing is.
pub(super) async fn narrow_authorization(asked: &Asked<'_>) -> Result<Response, No> {
    caller::admit(asked.mount, asked.headers, Right::ModifyClient)?;
    let sent: Narrowing = members::read(asked)?;
    let KnownClient { client, .. } = named(asked).await?;
    let subject = sent.subject.filter(|subject| !subject.is_empty()).ok_or_else(no_subject)?;
    let Some(scopes) = sent.scopes else {
        return Ok(json_200(result::members("A138001", "There is nothing to update.")));
    };
    let most = client.scope.filtered(|word| scopes.iter().any(|named| named == word));
    let tenant = &asked.mount.tenant;
    let narrowed = asked.engine.narrow_external_grants(tenant, &client.client_id, &subject, &most).await;
    narrowed.map_err(|turned| faulted(asked, turned))?;
    Ok(json_200(result::members("A138001", "Updated the access tokens that the subject had granted to the client.")))
}

/// `/client/authorization/get/list`: the clients that a user granted something to.
pub(super) async fn authorizations(asked: &Asked<'_>) -> Result<Response, No> {
    caller::admit(asked.mount, asked.headers, Right::ViewClient)?;
    let (subject, slice) = of_subject(asked, 0)?;
    let consents = asked.engine.external_consents_of(&asked.mount.tenant, &subject).await;
    let consents = consents.map_err(|turned| faulted(asked, turned))?;
    let mut ids: Vec<String> = consents.into_iter().map(|consent| consent.client_id).collect();
    ids.sort_unstable();
    let mut clients = Vec::new();
    for id in &ids {
        let known = asked.engine.find_client(asked.mount, id).await.map_err(|fault| faulted(asked, fault.into()))?;
        clients.extend(known.map(|known| limited(&known.client)));
    }
    let mut members = slice.of(clients, "clients");
    members.insert("subject".to_owned(), subject.into());
    Ok(json_200(members))
}

/// Something of ours broke where the contract has no action: the caller hears a 500.
pub(super) fn faulted(asked: &Asked<'_>, turned: Turned) -> No {
    let _ = asked;
    let refusal = turned.refusal();
    let caller_can_mend = refusal.reason == Reason::VouchedMalformed;
    let refusal = if caller_can_mend { Reason::JsonTypeWrong.into() } else { refusal };
    No::Turned { response: Box::new(result::caller_error(&refusal)), turned, client_id: None }
}
