//! Clients that the caller makes, changes, locks and deletes. Those of the configuration are only shown.

use parhelion_engine::clients::{Issued, KeptClient, KnownClient, NewClient, NewClientId, SecretTerms};
use parhelion_engine::fault::{Fault, Turned};
use parhelion_engine::ports::Commit;
use parhelion_engine::records::StoredClient;
use parhelion_engine::registry::Right;
use parhelion_protocol::client_registration::RegisteredMetadata;
use parhelion_protocol::refusal::{Reason, Refusal};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use super::client::{faulted, full, named};
use super::client_members::Wanted;
use super::result::{self, No, json_200};
use super::{caller, members, numbers, service};
use crate::incoming::Response;
use crate::operation::Asked;

/// Through which interface these clients come.
const ORIGIN: &str = "authlete";

/// `/client/create`.
pub(super) async fn create(asked: &Asked<'_>) -> Result<Response, No> {
    caller::admit(asked.mount, asked.headers, Right::CreateClient)?;
    let sent: Map<String, Value> = members::read(asked)?;
    let wanted = Wanted::read(asked.mount, &sent, None).map_err(unfit)?;
    let new = NewClient {
        id: wanted.alias.map_or(NewClientId::Number, NewClientId::Chosen),
        metadata: wanted.metadata.clone(),
        policy: wanted.policy,
        recoverable: true,
        registration_token: None,
        secret_terms: SecretTerms::default(),
        origin: ORIGIN,
    };
    let tenant = &asked.mount.tenant;
    let issued =
        asked.engine.create_client(tenant, new, Commit::default()).await.map_err(|turned| failed(asked, turned))?;
    let issued = issued.ok_or_else(|| Box::new(result::answer(400, "A900212", "the identifier is taken.")))?;
    if wanted.locked != Some(true) {
        return told(asked, issued).await;
    }
    // Nobody knows it yet but this caller, who hears of it when it is locked.
    let kept = kept(asked, &issued.record.client_id).await?;
    changed(asked, kept, &wanted.metadata, |record| record.enabled = false).await
}

/// `/client/update/{clientId}`: what is sent takes the place of what was there. The secret stays.
pub(super) async fn update(asked: &Asked<'_>) -> Result<Response, No> {
    caller::admit(asked.mount, asked.headers, Right::ModifyClient)?;
    let sent: Map<String, Value> = members::read(asked)?;
    let kept = named_kept(asked).await?;
    let Wanted { metadata, policy, locked, .. } =
        Wanted::read(asked.mount, &sent, Some(&kept.record)).map_err(unfit)?;
    let change = |record: &mut StoredClient| {
        record.policy = policy;
        record.enabled = locked.map_or(record.enabled, |locked| !locked);
    };
    changed(asked, kept, &metadata, change).await
}

/// `/client/delete/{clientId}`.
pub(super) async fn delete(asked: &Asked<'_>) -> Result<Response, No> {
    caller::admit(asked.mount, asked.headers, Right::CreateClient)?;
    let kept = named_kept(asked).await?;
    let deleted =
        asked.engine.delete_client(&asked.mount.tenant, &kept).await.map_err(|turned| failed(asked, turned))?;
    if deleted { Ok(result::no_content()) } else { Err(changed_meanwhile()) }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Flag {
    client_locked: Option<bool>,
}

/// `/client/lock_flag/update/{clientIdentifier}`: a locked client is treated as unknown.
pub(super) async fn lock(asked: &Asked<'_>) -> Result<Response, No> {
    caller::admit(asked.mount, asked.headers, Right::ModifyClient)?;
    let sent: Flag = members::read(asked)?;
    let missing = || Box::new(result::caller_error(&Reason::JsonTypeWrong.into()));
    let locked = sent.client_locked.ok_or_else(missing)?;
    let kept = named_kept(asked).await?;
    let metadata = metadata(asked, &kept.record)?;
    changed(asked, kept, &metadata, |record| record.enabled = !locked).await?;
    let said = if locked { "The client is locked." } else { "The client is unlocked." };
    Ok(json_200(result::members("A900004", said)))
}

/// `/client/secret/refresh/{clientIdentifier}`: the secret before is not good any more.
pub(super) async fn refresh_secret(asked: &Asked<'_>) -> Result<Response, No> {
    caller::admit(asked.mount, asked.headers, Right::ModifyClient)?;
    let kept = named_kept(asked).await?;
    let former = former_secret(asked, &kept)?;
    let issued = asked.engine.rotate_client_secret(&asked.mount.tenant, kept, SecretTerms::default()).await;
    exchanged(asked, issued, former, ("A148001", "Successfully refreshed the client secret of the client."))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Secret {
    client_secret: Option<String>,
}

/// `/client/secret/update/{clientIdentifier}`: the same, with a secret of the caller's choice.
pub(super) async fn update_secret(asked: &Asked<'_>) -> Result<Response, No> {
    caller::admit(asked.mount, asked.headers, Right::ModifyClient)?;
    let sent: Secret = members::read(asked)?;
    let missing = || Box::new(result::caller_error(&Reason::JsonTypeWrong.into()));
    let secret = Zeroizing::new(sent.client_secret.ok_or_else(missing)?);
    let kept = named_kept(asked).await?;
    let former = former_secret(asked, &kept)?;
    let issued = asked.engine.set_client_secret(&asked.mount.tenant, kept, secret).await;
    exchanged(asked, issued, former, ("A149001", "Successfully updated the client secret of the client."))
}

fn former_secret(asked: &Asked<'_>, kept: &KeptClient) -> Result<Option<Zeroizing<String>>, No> {
    asked.engine.client_secret(&asked.mount.tenant, &kept.record).map_err(|fault| faulted(asked, fault.into()))
}

fn exchanged(
    asked: &Asked<'_>,
    issued: Result<Option<Issued>, Turned>,
    former: Option<Zeroizing<String>>,
    (code, said): (&str, &str),
) -> Result<Response, No> {
    let issued = issued.map_err(|turned| failed(asked, turned))?;
    let secret = issued.and_then(|issued| issued.secret).map(|secret| secret.text);
    let none = "the client has no secret, or was changed at the same moment.";
    let secret = secret.ok_or_else(|| Box::new(result::answer(400, "A900213", none)))?;
    let mut members = result::members(code, said);
    members.insert("newClientSecret".to_owned(), secret.as_str().into());
    members.extend(former.map(|former| ("oldClientSecret".to_owned(), former.as_str().into())));
    Ok(json_200(members))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Scopes {
    requestable_scopes: Option<Vec<String>>,
}

/// `/client/extension/requestable_scopes/get/{clientId}`.
pub(super) async fn requestable_scopes(asked: &Asked<'_>) -> Result<Response, No> {
    caller::admit(asked.mount, asked.headers, Right::ViewClient)?;
    let KnownClient { client, .. } = named(asked).await?;
    Ok(json_200(scopes(client.scope.iter())))
}

/// `/client/extension/requestable_scopes/update/{clientId}`.
pub(super) async fn update_requestable_scopes(asked: &Asked<'_>) -> Result<Response, No> {
    caller::admit(asked.mount, asked.headers, Right::ModifyClient)?;
    let sent: Scopes = members::read(asked)?;
    let names = sent.requestable_scopes.unwrap_or_default();
    let joined = names.join(" ");
    parhelion_protocol::params::scope::parse(&joined).map_err(|_| unfit(Reason::MetadataUnfit.into()))?;
    set_scope(asked, &joined).await?;
    Ok(json_200(scopes(names.iter().map(String::as_str))))
}

/// `/client/extension/requestable_scopes/delete/{clientId}`: the client may ask for whatever the service knows.
pub(super) async fn delete_requestable_scopes(asked: &Asked<'_>) -> Result<Response, No> {
    caller::admit(asked.mount, asked.headers, Right::ModifyClient)?;
    set_scope(asked, &service::scopes(asked.mount).join(" ")).await?;
    Ok(result::no_content())
}

fn scopes<'a>(names: impl Iterator<Item = &'a str>) -> Map<String, Value> {
    let names = names.map(Value::from).collect();
    Map::from_iter([("requestableScopes".to_owned(), Value::Array(names))])
}

async fn set_scope(asked: &Asked<'_>, scope: &str) -> Result<Response, No> {
    let kept = named_kept(asked).await?;
    let metadata = metadata(asked, &kept.record)?;
    let mut members = metadata.members().clone();
    members.insert("scope".to_owned(), scope.into());
    let text = json!(members).to_string();
    let metadata = RegisteredMetadata::from_text(&text).ok_or_else(|| faulted(asked, Fault::Record.into()))?;
    changed(asked, kept, &metadata, |_| {}).await
}

/// The client that the path names, if it was made at run time.
async fn named_kept(asked: &Asked<'_>) -> Result<KeptClient, No> {
    let known = named(asked).await?;
    kept(asked, &known.client.client_id).await
}

async fn kept(asked: &Asked<'_>, client_id: &str) -> Result<KeptClient, No> {
    let kept = asked.engine.kept_client(&asked.mount.tenant, client_id).await;
    let kept = kept.map_err(|fault| faulted(asked, fault.into()))?;
    let said = "the client stands in the configuration, and is changed there.";
    Ok(kept.ok_or_else(|| Box::new(result::answer(400, "A900214", said)))?)
}

fn metadata(asked: &Asked<'_>, record: &StoredClient) -> Result<RegisteredMetadata, No> {
    RegisteredMetadata::from_text(&record.metadata).ok_or_else(|| faulted(asked, Fault::Record.into()))
}

async fn changed(
    asked: &Asked<'_>,
    kept: KeptClient,
    metadata: &RegisteredMetadata,
    change: impl FnOnce(&mut StoredClient) + Send,
) -> Result<Response, No> {
    let issued = asked.engine.update_client(&asked.mount.tenant, kept, metadata, SecretTerms::default(), change).await;
    let issued = issued.map_err(|turned| failed(asked, turned))?;
    told(asked, issued.ok_or_else(changed_meanwhile)?).await
}

/// A client as it is now, with its secret.
async fn told(asked: &Asked<'_>, issued: Issued) -> Result<Response, No> {
    let engine_fault = |fault: Fault| faulted(asked, fault.into());
    let known = numbers::find_client(asked, &issued.record.client_id).await.map_err(engine_fault)?;
    let known = known.ok_or_else(changed_meanwhile)?;
    let secret = asked.engine.client_secret(&asked.mount.tenant, &issued.record).map_err(engine_fault)?;
    let secret = secret.or(issued.secret.map(|secret| secret.text));
    Ok(json_200(full(&known, Some(&issued.record), secret.as_ref().map(|text| text.as_str()))))
}

fn changed_meanwhile() -> No {
    Box::new(result::answer(400, "A900215", "the client was changed at the same moment.")).into()
}

fn unfit(refusal: Refusal) -> No {
    No::Turned { response: Box::new(result::unfit(&refusal)), turned: refusal.into(), client_id: None }
}

/// A rule that the caller can keep to is told with what is wrong where; the rest is ours.
fn failed(asked: &Asked<'_>, turned: Turned) -> No {
    match turned {
        Turned::Refused(refusal) if refusal.public().status < 500 => unfit(refusal),
        Turned::Refused(_) | Turned::Faulted(_) => faulted(asked, turned),
    }
}
