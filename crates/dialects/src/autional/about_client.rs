//! `GET /oauth/client/{client_id}`: what a consent page shows of a client.

use http::StatusCode;
use parhelion_protocol::client_registration::RegisteredMetadata;
use serde_json::json;

use super::envelope::{No, Yes, answered, no};
use crate::operation::{Answered, Asked};

pub(super) async fn serve(asked: &Asked<'_>) -> Answered {
    let outcome = shown(asked).await;
    answered(asked, outcome)
}

async fn shown(asked: &Asked<'_>) -> Result<Yes, No> {
    let client_id = asked.segments.first().copied().unwrap_or_default();
    let Some(client) = asked.engine.registered_client(asked.mount, client_id).await? else {
        return no(StatusCode::NOT_FOUND, "there is no such client");
    };
    let data = json!({
        "client_name": client.client_name,
        "logo_uri": logo(asked, client_id).await?.unwrap_or_default(),
        "scopes": client.scope.iter().collect::<Vec<_>>(),
        "tenant_id": asked.mount.tenant.id,
    });
    Ok(Yes::Data(StatusCode::OK, data))
}

/// Of a client that was made at run time: a configured one has none.
async fn logo(asked: &Asked<'_>, client_id: &str) -> Result<Option<String>, No> {
    let kept = asked.engine.kept_client(&asked.mount.tenant, client_id).await?;
    let metadata = kept.and_then(|kept| RegisteredMetadata::from_text(&kept.record.metadata));
    Ok(metadata.and_then(|metadata| metadata.members().get("logo_uri")?.as_str().map(str::to_owned)))
}
