//! What the management API does with applications: make, show, list, replace, remove; show a secret and exchange it.

use bytes::Bytes;
use http::header::CACHE_CONTROL;
use http::{HeaderValue, Method, StatusCode};
use parhelion_engine::clients::{KeptClient, NewClient, NewClientId, SecretTerms, client_key};
use parhelion_engine::ports::{Commit, Id, Moment};
use parhelion_engine::records::StoredClient;
use parhelion_engine::registry::Right;
use parhelion_engine::timestamp;
use parhelion_engine::uuid::{self, Uuid};
use parhelion_protocol::client_registration::RegisteredMetadata;
use parhelion_protocol::limits;
use parhelion_protocol::refusal::{Reason, Refusal};
use serde_json::{Map, Value, json};

use super::application;
use super::environment::{self, admit};
use super::platform_error::{Detail, No};
use crate::incoming::Response;
use crate::json_object;
use crate::message::{self, MediaType};
use crate::oauth_answer::{NO_STORE, json_response};
use crate::operation::Asked;

/// Through which interface these clients come.
const ORIGIN: &str = "pingone";

/// `/applications`.
pub(super) async fn all(asked: &Asked<'_>) -> Result<Response, No> {
    if asked.method == Method::POST { create(asked).await } else { list(asked).await }
}

/// `/applications/{id}`.
pub(super) async fn one(asked: &Asked<'_>) -> Result<Response, No> {
    if asked.method == Method::PUT {
        replace(asked).await
    } else if asked.method == Method::DELETE {
        delete(asked).await
    } else {
        admit(asked, Right::ViewClient)?;
        let kept = named(asked).await?;
        told(asked, 200, &kept.record)
    }
}

/// `/applications/{id}/secret`. Who may only look at applications does not see their secrets.
pub(super) async fn secret(asked: &Asked<'_>) -> Result<Response, No> {
    admit(asked, Right::ModifyClient)?;
    let kept = named(asked).await?;
    let id = application_id(&kept.record);
    let secret = if asked.method == Method::POST {
        let exchanged = asked.engine.rotate_client_secret(&asked.mount.tenant, kept, SecretTerms::default()).await?;
        exchanged.and_then(|issued| issued.secret).map(|secret| secret.text)
    } else {
        asked.engine.client_secret(&asked.mount.tenant, &kept.record)?
    };
    let secret = secret.ok_or(No::NotFound)?;
    let body = json!({
        "_links": { "self": { "href": format!("{}/{id}/secret", collection(asked)) } },
        "environment": { "id": environment::id(asked.mount) },
        "secret": secret.as_str(),
    });
    Ok(json_response(200, NO_STORE, body.to_string()))
}

async fn create(asked: &Asked<'_>) -> Result<Response, No> {
    admit(asked, Right::CreateClient)?;
    let sent = body(asked)?;
    let imported = application::imported(&sent).map_err(No::Unfit)?;
    let application = application::read(asked.mount, sent).map_err(No::Unfit)?;
    if let Some(imported) = &imported {
        let (id, secret) = (&imported.client_id, &imported.secret);
        application::check_secret(asked.mount, &application.metadata, id, secret).map_err(No::Unfit)?;
    }
    let new = NewClient {
        id: imported.map_or(NewClientId::Uuid, NewClientId::Imported),
        metadata: application.metadata.clone(),
        policy: application.policy,
        recoverable: true,
        registration_token: None,
        secret_terms: SecretTerms::default(),
        origin: ORIGIN,
    };
    let tenant = &asked.mount.tenant;
    let issued = asked.engine.create_client(tenant, new, Commit::default()).await?;
    let issued = issued.ok_or_else(|| No::Unfit(vec![Detail::taken("clientId")]))?;
    if application.enabled {
        return told(asked, 201, &issued.record);
    }
    // Nobody knows it yet but this caller, who hears of it when it is disabled.
    let kept = asked.engine.kept_client(tenant, &issued.record.client_id).await?.ok_or(No::Conflict)?;
    let disable = |record: &mut StoredClient| record.enabled = false;
    let terms = SecretTerms::default();
    let issued = asked.engine.update_client(tenant, kept, &application.metadata, terms, disable).await?;
    told(asked, 201, &issued.ok_or(No::Conflict)?.record)
}

async fn replace(asked: &Asked<'_>) -> Result<Response, No> {
    admit(asked, Right::ModifyClient)?;
    let kept = named(asked).await?;
    let sent = body(asked)?;
    let application = application::read(asked.mount, sent).map_err(No::Unfit)?;
    let tenant = &asked.mount.tenant;
    if let Some(secret) = asked.engine.client_secret(tenant, &kept.record)? {
        let id = &kept.record.client_id;
        application::check_secret(asked.mount, &application.metadata, id, &secret).map_err(No::Unfit)?;
    }
    let (policy, enabled) = (application.policy, application.enabled);
    let change = |record: &mut StoredClient| (record.policy, record.enabled) = (policy, enabled);
    let terms = SecretTerms::default();
    let issued = asked.engine.update_client(tenant, kept, &application.metadata, terms, change).await?;
    told(asked, 200, &issued.ok_or(No::Conflict)?.record)
}

async fn delete(asked: &Asked<'_>) -> Result<Response, No> {
    admit(asked, Right::CreateClient)?;
    let kept = named(asked).await?;
    if !asked.engine.delete_client(&asked.mount.tenant, &kept).await? {
        return Err(No::Conflict);
    }
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static(NO_STORE));
    Ok(response)
}

async fn list(asked: &Asked<'_>) -> Result<Response, No> {
    admit(asked, Right::ViewClient)?;
    let (limit, after) = page(asked.query.unwrap_or_default())
        .map_err(|target| No::Unfit(vec![Detail::invalid(target, "is not one that this server gives or takes")]))?;
    let found = asked.engine.list_clients(&asked.mount.tenant, after, limit).await?;
    let own = found.clients.iter().filter(|kept| kept.record.origin == ORIGIN);
    let applications = own.map(|kept| written(asked, &kept.record)).collect::<Result<Vec<_>, _>>()?;
    let here = collection(asked);
    let mut links = Map::from_iter([("self".to_owned(), json!({ "href": here }))]);
    if let Some(next) = found.next {
        let href = format!("{here}?limit={limit}&cursor={}", hexadecimal(&next.0));
        links.insert("next".to_owned(), json!({ "href": href }));
    }
    let size = applications.len();
    let body = json!({ "_links": links, "_embedded": { "applications": applications }, "size": size });
    Ok(json_response(200, NO_STORE, body.to_string()))
}

/// How many, and behind which.
fn page(query: &str) -> Result<(usize, Option<Id>), &'static str> {
    let (mut limit, mut after) = (limits::CLIENTS_A_PAGE_MAX, None);
    for pair in query.split('&') {
        match pair.split_once('=') {
            Some(("limit", text)) => {
                let asked = text.parse::<usize>().ok().filter(|asked| *asked > 0).ok_or("limit")?;
                limit = asked.min(limits::CLIENTS_A_PAGE_MAX);
            }
            Some(("cursor", text)) => after = Some(digest(text).ok_or("cursor")?),
            Some(_) | None => {}
        }
    }
    Ok((limit, after))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn digest(text: &str) -> Option<Id> {
    let digits: Vec<u8> = text.chars().map(|c| c.to_digit(16)?.try_into().ok()).collect::<Option<_>>()?;
    let byte = |pair: &[u8]| if let [high, low] = pair { Some(high << 4 | low) } else { None };
    let bytes: Vec<u8> = digits.chunks(2).map(byte).collect::<Option<_>>()?;
    bytes.try_into().ok().map(Id)
}

fn body(asked: &Asked<'_>) -> Result<Map<String, Value>, No> {
    let read = || -> Result<_, Refusal> {
        message::check_not_encoded(asked.headers)?;
        match message::media_type(asked.headers) {
            MediaType::Json => json_object::read(asked.body, asked.body_max_bytes),
            MediaType::Form | MediaType::Other => Err(Reason::MalformedJson.into()),
        }
    };
    read().map_err(No::Malformed)
}

/// The application that the path names.
async fn named(asked: &Asked<'_>) -> Result<KeptClient, No> {
    let id = asked.segments.first().copied().unwrap_or_default();
    let tenant = &asked.mount.tenant;
    let is_it = |kept: &KeptClient| kept.record.origin == ORIGIN && application_id(&kept.record) == id;
    if let Some(kept) = asked.engine.kept_client(tenant, id).await?.filter(is_it) {
        return Ok(kept);
    }
    // One that was imported: clients are listed by the digest that its identifier begins with.
    let before = beginning(id).ok_or(No::NotFound)?;
    let found = asked.engine.list_clients(tenant, Some(before), 1).await?;
    found.clients.into_iter().find(is_it).ok_or(No::NotFound)
}

/// The identifier of an application: of one that was imported the UUID that its client's digest makes, else the client's.
fn application_id(record: &StoredClient) -> String {
    let is_uuid = digits_of_uuid(&record.client_id).is_some();
    if is_uuid { record.client_id.clone() } else { uuid_of(&record.client_id) }
}

fn uuid_of(client_id: &str) -> String {
    let digest = client_key(parhelion_engine::ports::TenantUid([0; 16]), client_id).id.0;
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(digest).for_each(|(byte, drawn)| *byte = drawn);
    Uuid::from_random(bytes).to_string()
}

/// The place before whatever digest a UUID was made of: its first six bytes are the digest's own.
fn beginning(uuid: &str) -> Option<Id> {
    let digits = digits_of_uuid(uuid)?;
    let first = digits.get(..12)?;
    digest(&format!("{first:0<64}"))
}

/// The digits of a UUID as we write it.
fn digits_of_uuid(text: &str) -> Option<String> {
    uuid::digits(text).filter(|digits| !digits.bytes().any(|byte| byte.is_ascii_uppercase()))
}

fn told(asked: &Asked<'_>, status: u16, record: &StoredClient) -> Result<Response, No> {
    let application = written(asked, record)?;
    Ok(json_response(status, NO_STORE, application.to_string()))
}

fn written(asked: &Asked<'_>, record: &StoredClient) -> Result<Value, No> {
    let fault = parhelion_engine::fault::Fault::Record;
    let metadata = RegisteredMetadata::from_text(&record.metadata).ok_or(fault)?;
    let mut members = metadata.vendor_words().ok_or(fault)?.clone();
    let (id, here) = (application_id(record), collection(asked));
    let mut put = |name: &str, value: Value| drop(members.insert(name.to_owned(), value));
    let itself = format!("{here}/{id}");
    put("_links", json!({ "self": { "href": itself }, "secret": { "href": format!("{itself}/secret") } }));
    put("environment", json!({ "id": environment::id(asked.mount) }));
    put("createdAt", timestamp::text(Moment(record.made_at_ms)).into());
    put("updatedAt", timestamp::text(Moment(record.changed_at_ms)).into());
    if id != record.client_id {
        put("clientId", record.client_id.as_str().into());
    }
    put("id", id.into());
    Ok(Value::Object(members))
}

/// The URL of the collection.
fn collection(asked: &Asked<'_>) -> String {
    let path = environment::path(&asked.mount.tenant.aliases).unwrap_or_default();
    format!("{}{path}/applications", asked.mount.base_url)
}
