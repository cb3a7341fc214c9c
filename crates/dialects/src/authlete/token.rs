//! The token endpoint and the revocation endpoint of the caller.

use parhelion_engine::client_request::Judged;
use parhelion_engine::records::Property;
use parhelion_engine::token::{Granted, Tokens};
use serde_json::{Map, Value, json};

use super::details;
use super::numbers::{client_number, parse};
use super::result::{about_client, acted, json_200, refused_client};
use crate::incoming::{Incoming, Response};
use crate::oauth_answer;

/// What a token request led to.
pub(super) fn answer(incoming: &Incoming<'_>, judged: &Judged<Tokens>) -> Response {
    match &judged.outcome {
        Ok(tokens) => about_client(told(tokens), judged),
        Err(turned) => about_client(refused_client(incoming, &turned.refusal(), judged), judged),
    }
}

/// What a revocation request led to.
pub(super) fn revoked(incoming: &Incoming<'_>, judged: &Judged<()>) -> Response {
    match &judged.outcome {
        Ok(()) => json_200(acted("A113001", "The token has been revoked successfully.", "OK")),
        Err(turned) => json_200(refused_client(incoming, &turned.refusal(), judged)),
    }
}

fn told(tokens: &Tokens) -> Map<String, Value> {
    let granted = &tokens.granted;
    let mut members = acted("A050001", "The token request was processed successfully.", "OK");
    let mut put = |name: &str, value: Value| drop(members.insert(name.to_owned(), value));
    put("responseContent", content(tokens).into());
    put("accessToken", tokens.access_token.as_str().into());
    put("accessTokenDuration", tokens.expires_in_s.into());
    put("accessTokenExpiresAt", granted.expires_at.0.into());
    if let (Some(refresh_token), Some(expires_at)) = (&tokens.refresh_token, granted.refresh_expires_at) {
        put("refreshToken", refresh_token.as_str().into());
        put("refreshTokenExpiresAt", expires_at.0.into());
        let made_at = granted.expires_at.plus_s(i64::from(tokens.expires_in_s).saturating_neg());
        put("refreshTokenDuration", expires_at.epoch_s().saturating_sub(made_at.epoch_s()).into());
    }
    if let Some(id_token) = &tokens.id_token {
        put("idToken", id_token.as_str().into());
    }
    put("grantType", granted.grant_type.as_str().to_uppercase().into());
    about_grant(granted, &mut put);
    if let Some(details) = details::of_oauth(tokens.authorization_details.to_value().as_ref()) {
        put("authorizationDetails", details);
    }
    members
}

fn about_grant(granted: &Granted, put: &mut impl FnMut(&str, Value)) {
    about_owner(&granted.client_id, put);
    if let Some(sub) = &granted.sub {
        put("subject", sub.as_str().into());
    }
    put("scopes", words(&granted.scope));
    if !granted.properties.is_empty() {
        put("properties", properties(&granted.properties));
    }
    if !granted.resources.is_empty() {
        put("resources", granted.resources.clone().into());
    }
    if !granted.access_token_resources.is_empty() {
        put("accessTokenResources", granted.access_token_resources.clone().into());
    }
}

/// The client that a token belongs to.
pub(super) fn about_owner(client_id: &str, put: &mut impl FnMut(&str, Value)) {
    put("clientId", client_number(client_id).into());
    put("clientIdAlias", client_id.into());
    put("clientIdAliasUsed", parse(client_id).is_none().into());
}

/// A scope as a list.
pub(super) fn words(scope: &str) -> Value {
    scope.split(' ').filter(|word| !word.is_empty()).map(Value::from).collect()
}

/// Properties as the vendor writes them.
pub(super) fn properties(properties: &[Property]) -> Value {
    let written =
        |property: &Property| json!({ "key": property.key, "value": property.value, "hidden": property.hidden });
    properties.iter().map(written).collect()
}

/// What the client hears: the standard answer, and what of the properties is for its eyes, in places that are free.
fn content(tokens: &Tokens) -> String {
    let Ok(Value::Object(mut members)) = serde_json::from_slice(oauth_answer::tokens(tokens).body()) else {
        return String::new();
    };
    for property in tokens.granted.properties.iter().filter(|property| !property.hidden) {
        members.entry(property.key.clone()).or_insert_with(|| property.value.as_str().into());
    }
    Value::Object(members).to_string()
}
