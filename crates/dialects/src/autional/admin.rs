//! `/admin/oauth/clients`: another server manages clients, with a token of its own.

use http::{Method, StatusCode};
use parhelion_engine::clients::{KeptClient, NewClient, NewClientId};
use parhelion_engine::ports::{Commit, Moment};
use parhelion_engine::records::StoredClient;
use parhelion_engine::registry::Right;
use parhelion_engine::timestamp;
use parhelion_protocol::client_registration::RegisteredMetadata;
use serde_json::{Map, Value, json};

use super::admin_client::{self, Wanted};
use super::admin_list;
use super::caller::admit;
use super::envelope::{No, Outcome, Yes, answered, no, time};
use crate::json_object;
use crate::message::{self, MediaType};
use crate::operation::{Answered, Asked};

/// The dialect's name, for what was made through it.
const ORIGIN: &str = "autional";

/// What stands behind a client to exchange its secret.
const ROTATE: &str = "rotate-secret";

/// What stands behind it for another client like it, and for what is known of its use.
const CLONE: &str = "clone";
const STATS: &str = "stats";

pub(super) async fn serve(asked: &Asked<'_>) -> Answered {
    let outcome = match (asked.segments, asked.method) {
        ([], &Method::POST) => create(asked).await,
        ([], _) => admin_list::list(asked).await,
        ([id], &Method::PUT) => update(asked, id).await,
        ([id], &Method::DELETE) => delete(asked, id).await,
        ([id], _) => read(asked, id).await,
        ([id, ROTATE], &Method::POST) => rotate(asked, id).await,
        ([id, CLONE], &Method::POST) => clone(asked, id).await,
        ([id, STATS], &Method::GET) => stats(asked, id).await,
        _ => no(StatusCode::NOT_FOUND, "there is nothing here"),
    };
    answered(asked, outcome)
}

async fn create(asked: &Asked<'_>) -> Outcome {
    admit(asked, Right::CreateClient)?;
    let wanted = Wanted::read(asked, sent(asked)?, Map::new())?;
    made(asked, wanted.metadata, String::new()).await
}

async fn made(asked: &Asked<'_>, metadata: RegisteredMetadata, policy: String) -> Outcome {
    let new = NewClient {
        id: NewClientId::Uuid,
        metadata,
        policy,
        recoverable: false,
        registration_token: None,
        secret_terms: asked.mount.tenant.registration.secrets,
        origin: ORIGIN,
    };
    let issued = asked.engine.create_client(&asked.mount.tenant, new, Commit::default()).await?;
    let Some(issued) = issued else { return no(StatusCode::CONFLICT, "the identifier is taken") };
    Ok(Yes::Data(StatusCode::CREATED, admin_client::shown(asked.mount, &issued.record, issued.secret.as_ref())))
}

async fn read(asked: &Asked<'_>, client_id: &str) -> Outcome {
    admit(asked, Right::ViewClient)?;
    let kept = named(asked, client_id).await?;
    Ok(Yes::Data(StatusCode::OK, admin_client::shown(asked.mount, &kept.record, None)))
}

/// What is sent takes the place of what was there; what is not sent stays.
async fn update(asked: &Asked<'_>, client_id: &str) -> Outcome {
    admit(asked, Right::ModifyClient)?;
    let kept = named(asked, client_id).await?;
    let before = admin_client::metadata(&kept.record);
    let wanted = Wanted::read(asked, sent(asked)?, before)?;
    let change = |record: &mut StoredClient| record.enabled = wanted.enabled.unwrap_or(record.enabled);
    let (tenant, terms) = (&asked.mount.tenant, asked.mount.tenant.registration.secrets);
    let issued = asked.engine.update_client(tenant, kept, &wanted.metadata, terms, change).await?;
    let Some(issued) = issued else { return changed_meanwhile() };
    Ok(Yes::Data(StatusCode::OK, admin_client::shown(asked.mount, &issued.record, issued.secret.as_ref())))
}

async fn delete(asked: &Asked<'_>, client_id: &str) -> Outcome {
    admit(asked, Right::CreateClient)?;
    let kept = named(asked, client_id).await?;
    let deleted = asked.engine.delete_client(&asked.mount.tenant, &kept).await?;
    if deleted { Ok(Yes::Gone) } else { changed_meanwhile() }
}

async fn rotate(asked: &Asked<'_>, client_id: &str) -> Outcome {
    admit(asked, Right::ModifyClient)?;
    let kept = named(asked, client_id).await?;
    let (tenant, terms) = (&asked.mount.tenant, asked.mount.tenant.registration.secrets);
    let issued = asked.engine.rotate_client_secret(tenant, kept, terms).await?;
    let Some(issued) = issued else {
        return no(StatusCode::CONFLICT, "the client has no secret, or was changed at the same moment");
    };
    let data = json!({
        "client_id": issued.record.client_id,
        "new_secret": issued.secret.as_ref().map(|secret| secret.text.as_str()),
        "rotated_at": timestamp::text(Moment(issued.record.changed_at_ms)),
    });
    Ok(Yes::Data(StatusCode::OK, data))
}

/// Another client like it, with an identifier and a secret of its own.
async fn clone(asked: &Asked<'_>, client_id: &str) -> Outcome {
    admit(asked, Right::CreateClient)?;
    let kept = named(asked, client_id).await?;
    let copied = Wanted::copy_of(asked, &kept.record)?;
    made(asked, copied, kept.record.policy).await
}

async fn stats(asked: &Asked<'_>, client_id: &str) -> Outcome {
    admit(asked, Right::ViewClient)?;
    let kept = named(asked, client_id).await?;
    let tokens = asked.engine.list_tokens(asked.mount, Some(&kept.record.client_id)).await?;
    let last = tokens.iter().map(|token| token.made_at).max();
    let mut data = Map::from_iter([
        ("client_id".to_owned(), kept.record.client_id.into()),
        ("active_tokens".to_owned(), tokens.len().into()),
    ]);
    data.extend(last.map(|made_at| ("last_request_at".to_owned(), time(made_at.epoch_s()))));
    Ok(Yes::Data(StatusCode::OK, data.into()))
}

fn changed_meanwhile<T>() -> Result<T, No> {
    no(StatusCode::CONFLICT, "the client was changed at the same moment")
}

async fn named(asked: &Asked<'_>, client_id: &str) -> Result<KeptClient, No> {
    let kept = asked.engine.kept_client(&asked.mount.tenant, client_id).await?;
    kept.map_or_else(|| no(StatusCode::NOT_FOUND, "there is no such client"), Ok)
}

fn sent(asked: &Asked<'_>) -> Result<Map<String, Value>, No> {
    if message::media_type(asked.headers) != MediaType::Json {
        return no(StatusCode::BAD_REQUEST, "the body must be JSON");
    }
    let read =
        message::check_not_encoded(asked.headers).and_then(|()| json_object::read(asked.body, asked.body_max_bytes));
    read.or_else(|refusal| no(StatusCode::BAD_REQUEST, &refusal.description()))
}
