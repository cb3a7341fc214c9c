//! The caller's registration endpoint: clients that register themselves with it, by the rules of the standard dialect.

use parhelion_engine::fault::Turned;
use parhelion_engine::registration::{ClientInformation, SentMetadata};
use parhelion_engine::registry::Right;
use parhelion_protocol::endpoint::Endpoint;
use parhelion_protocol::refusal::{Reason, Refusal};
use serde::Deserialize;
use serde_json::Value;

use super::client::{faulted, full};
use super::numbers::{find_client, parse};
use super::result::{self, No, acted, json_200};
use super::{caller, members};
use crate::incoming::Response;
use crate::json_object;
use crate::operation::Asked;
use crate::registration;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Registration {
    json: Option<String>,
    token: Option<String>,
    client_id: Option<String>,
}

impl Registration {
    fn read(asked: &Asked<'_>) -> Result<Self, No> {
        caller::admit(asked.mount, asked.headers, Right::UseService)?;
        Ok(members::read(asked)?)
    }

    fn token(&self) -> Option<&str> {
        self.token.as_deref().filter(|token| !token.is_empty())
    }

    /// What the client sent.
    fn metadata(&self, asked: &Asked<'_>) -> Result<SentMetadata, Refusal> {
        let text = self.json.as_deref().unwrap_or_default();
        let malformed = Refusal::new(Reason::RegistrationMalformed).found_length(text.len());
        let read = json_object::read(text.as_bytes(), asked.mount.policy.body_max_bytes.0);
        read.map(SentMetadata::from)
            .map_err(|refusal| if refusal.reason == Reason::MalformedJson { malformed } else { refusal })
    }

    /// The client that it is about: by its alias, or by its number.
    async fn client_id(&self, asked: &Asked<'_>) -> Result<String, No> {
        let named = self.client_id.clone().unwrap_or_default();
        if parse(&named).is_none() {
            return Ok(named);
        }
        let known = find_client(asked, &named).await.map_err(|fault| faulted(asked, fault.into()))?;
        Ok(known.map_or(named, |known| known.client.client_id.clone()))
    }
}

/// `/client/registration`.
pub(super) async fn register(asked: &Asked<'_>) -> Result<Response, No> {
    let sent = Registration::read(asked)?;
    let made = asked.engine.register_client(asked.mount, sent.token(), sent.metadata(asked)).await;
    answer(asked, made, ("A212001", "The client has been registered.", "CREATED")).await
}

/// `/client/registration/get`.
pub(super) async fn get(asked: &Asked<'_>) -> Result<Response, No> {
    let sent = Registration::read(asked)?;
    let client_id = sent.client_id(asked).await?;
    let read = asked.engine.read_registration(asked.mount, &client_id, sent.token()).await;
    answer(asked, read, ("A214001", "The client has been read.", "OK")).await
}

/// `/client/registration/update`.
pub(super) async fn update(asked: &Asked<'_>) -> Result<Response, No> {
    let sent = Registration::read(asked)?;
    let client_id = sent.client_id(asked).await?;
    let metadata = sent.metadata(asked);
    let updated = asked.engine.update_registration(asked.mount, &client_id, sent.token(), metadata).await;
    answer(asked, updated, ("A215001", "The client has been updated.", "UPDATED")).await
}

/// `/client/registration/delete`.
pub(super) async fn delete(asked: &Asked<'_>) -> Result<Response, No> {
    let sent = Registration::read(asked)?;
    let client_id = sent.client_id(asked).await?;
    match asked.engine.delete_registration(asked.mount, &client_id, sent.token()).await {
        Ok(()) => Ok(json_200(acted("A216001", "The client has been deleted.", "DELETED"))),
        Err(turned) => Err(refused(asked, turned)),
    }
}

async fn answer(
    asked: &Asked<'_>,
    outcome: Result<ClientInformation, Turned>,
    (code, said, action): (&str, &str, &str),
) -> Result<Response, No> {
    let information = outcome.map_err(|turned| refused(asked, turned))?;
    let mut told = registration::members(&information);
    if asked.mount.url(Endpoint::RegisteredClient).is_none() {
        // Where its clients look after themselves is the caller's to know.
        told.remove("registration_client_uri");
    }
    let mut members = acted(code, said, action);
    members.insert("responseContent".to_owned(), Value::Object(told).to_string().into());
    let failed = |turned: Turned| faulted(asked, turned);
    let tenant = &asked.mount.tenant;
    let known = find_client(asked, &information.client_id).await.map_err(|fault| failed(fault.into()))?;
    let kept = asked.engine.kept_client(tenant, &information.client_id).await.map_err(|fault| failed(fault.into()))?;
    let client = known.map(|known| full(&known, kept.as_ref().map(|kept| &kept.record), None));
    members.extend(client.map(|client| ("client".to_owned(), Value::Object(client))));
    Ok(json_200(members))
}

/// A client that shows no token, or a wrong one, is `UNAUTHORIZED`.
fn refused(asked: &Asked<'_>, turned: Turned) -> No {
    let action = if turned.public().status == 401 { Some("UNAUTHORIZED") } else { None };
    result::turned_as(asked, turned, None, action)
}
