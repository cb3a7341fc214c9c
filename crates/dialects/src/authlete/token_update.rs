//! An access token that the caller changes.

use parhelion_engine::fault::Turned;
use parhelion_engine::ports::Moment;
use parhelion_engine::registry::Right;
use parhelion_engine::token_change::{ChangedToken, TokenChange, TokenValue};
use parhelion_protocol::refusal::Reason;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::client::faulted;
use super::members::{self, Property};
use super::result::{self, No, acted, json_200};
use super::token::{properties, words};
use super::{caller, details};
use crate::incoming::Response;
use crate::operation::Asked;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Update {
    access_token: Option<String>,
    access_token_hash: Option<String>,
    token_id: Option<String>,
    access_token_expires_at: Option<i64>,
    refresh_token_expires_at: Option<i64>,
    scopes: Option<Vec<String>>,
    properties: Option<Vec<Property>>,
    authorization_details: Option<Value>,
    access_token_value_updated: Option<bool>,
    access_token_persistent: Option<bool>,
    for_external_attachment: Option<bool>,
    certificate_thumbprint: Option<String>,
    dpop_key_thumbprint: Option<String>,
    #[serde(flatten)]
    #[allow(dead_code, reason = "read for its types: no scope has a lifetime of its own")]
    on_scope_update: OnScopeUpdate,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code, reason = "read for their types")]
struct OnScopeUpdate {
    access_token_expires_at_updated_on_scope_update: Option<bool>,
    refresh_token_expires_at_updated_on_scope_update: Option<bool>,
}

/// `/auth/token/update`.
pub(super) async fn update(asked: &Asked<'_>) -> Result<Response, No> {
    caller::admit(asked.mount, asked.headers, Right::UseService)?;
    let sent: Update = members::read(asked)?;
    if let Some(unserved) = sent.unserved() {
        return Ok(json_200(acted("A900216", unserved, "BAD_REQUEST")));
    }
    let change = match sent.change() {
        Ok(change) => change,
        Err(turned) => return Err(refused(asked, turned)),
    };
    let token = sent.access_token.unwrap_or_default();
    match asked.engine.change_token(asked.mount, &token, &change).await {
        Ok(changed) => Ok(json_200(told(&changed))),
        Err(turned) => Err(refused(asked, turned)),
    }
}

impl Update {
    /// What is asked for and cannot be had, in words for the caller.
    fn unserved(&self) -> Option<&'static str> {
        let set = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
        let on = |flag: Option<bool>| flag == Some(true);
        let by_other_name = set(&self.access_token_hash) || set(&self.token_id);
        [
            (
                by_other_name && !set(&self.access_token),
                "tokens are sealed: one is changed by its value, not by its hash or identifier.",
            ),
            (on(self.access_token_persistent), "every access token ends."),
            (on(self.for_external_attachment), "external attachments are not served."),
            (
                set(&self.certificate_thumbprint) || set(&self.dpop_key_thumbprint),
                "the binding of a token is not the caller's to choose.",
            ),
            (
                self.refresh_token_expires_at.is_some_and(|at_ms| at_ms > 0),
                "the refresh token beside an access token cannot be changed by it.",
            ),
        ]
        .into_iter()
        .find_map(|(unserved, said)| unserved.then_some(said))
    }

    fn change(&self) -> Result<TokenChange, Turned> {
        let details = self.authorization_details.as_ref().filter(|value| !value.is_null());
        Ok(TokenChange {
            // The vendor's libraries send 0 for nothing.
            expires_at: self.access_token_expires_at.filter(|at_ms| *at_ms > 0).map(Moment),
            scopes: self.scopes.clone(),
            authorization_details: details.map(details::to_oauth).transpose()?,
            properties: self.properties.clone().map(|sent| members::properties(Some(sent))),
            value: match self.access_token_value_updated {
                Some(true) => TokenValue::Drawn,
                Some(false) | None => TokenValue::Kept,
            },
        })
    }
}

fn told(changed: &ChangedToken) -> Map<String, Value> {
    let mut members = acted("A135001", "Updated the access token successfully.", "OK");
    let mut put = |name: &str, value: Value| drop(members.insert(name.to_owned(), value));
    put("accessToken", changed.access_token.as_str().into());
    put("accessTokenExpiresAt", changed.expires_at.0.into());
    put("tokenType", changed.token_type.into());
    put("scopes", words(&changed.scope));
    if !changed.properties.is_empty() {
        put("properties", properties(&changed.properties));
    }
    let authorization_details = changed.authorization_details.as_deref();
    let authorization_details = authorization_details.and_then(|text| serde_json::from_str::<Value>(text).ok());
    if let Some(elements) = details::of_oauth(authorization_details.as_ref()) {
        put("authorizationDetails", elements);
    }
    members
}

/// The token is the caller's to name, and so is what is wrong with it.
fn refused(asked: &Asked<'_>, turned: Turned) -> No {
    let refusal = turned.refusal();
    if refusal.public().status >= 500 {
        return faulted(asked, turned);
    }
    let action = if refusal.reason == Reason::AccessTokenInvalid { "NOT_FOUND" } else { "BAD_REQUEST" };
    let members = acted(&result::caller_code(&refusal), &refusal.description(), action);
    No::Turned { response: Box::new(json_200(members)), turned, client_id: None }
}
