//! The service: how the tenant is set up, and the documents that the caller hands on to its clients.

use parhelion_engine::discovery;
use parhelion_engine::registry::{Mount, Right};
use parhelion_protocol::client::GrantType;
use parhelion_protocol::endpoint::Endpoint;
use parhelion_protocol::limits;
use parhelion_protocol::profile::{DpopNonce, PushedRequests, RefreshTokenRotation, RequestObjects};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::numbers::service_id;
use super::result::{No, json_200};
use super::slice::Slice;
use super::{caller, members, names};
use crate::incoming::Response;
use crate::oauth_answer::{NO_STORE, json_response};
use crate::operation::Asked;

#[derive(Default, Deserialize)]
#[allow(dead_code, reason = "read for their types: documents are told as they are, and private keys never")]
struct Wanted {
    pretty: Option<bool>,
    #[serde(rename = "includePrivateKeys")]
    include_private_keys: Option<bool>,
    patch: Option<String>,
}

fn read_wanted(asked: &Asked<'_>) -> Result<Wanted, No> {
    let from_query = asked.method == http::Method::GET || asked.body.is_empty();
    Ok(if from_query { members::read_query(asked)? } else { members::read(asked)? })
}

/// `/service/configuration`: the metadata document. The URLs of this API are nobody's but the caller's; those of its own
/// endpoints are in it where the configuration tells them.
pub(super) async fn configuration(asked: &Asked<'_>) -> Result<Response, No> {
    caller::admit(asked.mount, asked.headers, Right::ViewService)?;
    read_wanted(asked)?;
    Ok(json_200(metadata(asked.mount)))
}

fn metadata(mount: &Mount) -> Map<String, Value> {
    let document = serde_json::from_str(&discovery::metadata(mount)).unwrap_or_default();
    let mut document = if let Value::Object(document) = document { document } else { Map::new() };
    for name in
        Endpoint::ALL.into_iter().filter(|endpoint| !is_told(mount, *endpoint)).filter_map(Endpoint::metadata_name)
    {
        document.remove(name);
    }
    document
}

/// Whether an endpoint is one of the caller's, and not one of this API's.
fn is_told(mount: &Mount, endpoint: Endpoint) -> bool {
    let own = service_id(mount).map(|id| format!("{}/api/{id}/", mount.base_url));
    mount.url(endpoint).is_some_and(|url| own.is_none_or(|own| !url.starts_with(&own)))
}

/// `/service/jwks/get`: the public keys.
pub(super) async fn jwks(asked: &Asked<'_>) -> Result<Response, No> {
    caller::admit(asked.mount, asked.headers, Right::ViewService)?;
    read_wanted(asked)?;
    Ok(json_response(200, NO_STORE, asked.mount.tenant.keys.jwks().to_owned()))
}

/// `/service/get`.
pub(super) async fn get(asked: &Asked<'_>) -> Result<Response, No> {
    caller::admit(asked.mount, asked.headers, Right::ViewService)?;
    Ok(json_200(told(asked.mount)))
}

/// `/service/get/list`, which belongs to no service: those that the caller may see.
pub(super) async fn list(asked: &Asked<'_>) -> Result<Response, No> {
    let shown = caller::shown(asked.headers)?;
    let slice: Slice = members::read_query(asked)?;
    asked.mount.api_tokens.find(&shown.token).ok_or_else(caller::unknown)?;
    let registry = asked.engine.registry();
    let visible = |mount: &&std::sync::Arc<Mount>| {
        let token = mount.api_token(&shown.token).filter(|token| token.allows(Right::ViewService));
        mount.dialect == asked.mount.dialect && token.is_some()
    };
    let services = registry.mounts.iter().filter(visible).map(|mount| Value::Object(told(mount)));
    Ok(json_200(slice.of(services.collect(), "services")))
}

/// The scopes of a service: those that its configuration knows.
pub(super) fn scopes(mount: &Mount) -> Vec<&str> {
    let of_clients = mount.tenant.clients.values().flat_map(|client| client.scope.iter());
    let mut scopes: Vec<_> = of_clients.chain(mount.tenant.registration.scope.iter()).collect();
    scopes.sort_unstable();
    scopes.dedup();
    scopes
}

/// A service as it is now.
pub(super) fn told(mount: &Mount) -> Map<String, Value> {
    let (tenant, policy) = (&mount.tenant, &mount.policy);
    let upper = |text: &str| text.to_uppercase().replace([' ', '-'], "_");
    let grants = GrantType::ALL.iter().map(|kind| upper(kind.as_str())).collect::<Vec<_>>();
    let methods: Vec<_> = policy.client_auth_methods.iter().map(|method| upper(method.as_str())).collect();
    let prompts: Vec<_> = policy.prompts.iter().map(|prompt| upper(prompt.as_str())).collect();
    let responses: Vec<_> = policy.response_types.iter().map(|kind| names::response_type(kind.as_str())).collect();
    let scopes = scopes(mount);
    let members = json!({
        "apiKey": service_id(mount),
        "serviceName": tenant.name,
        "issuer": mount.issuer,
        "clientIdAliasEnabled": true,
        "supportedGrantTypes": grants,
        "supportedResponseTypes": responses,
        "supportedTokenAuthMethods": methods.into_iter().filter(|name| names::is_known_everywhere(name)).collect::<Vec<_>>(),
        "supportedPromptValues": prompts,
        "supportedScopes": scopes.iter().map(|name| json!({ "name": name, "defaultEntry": false })).collect::<Vec<_>>(),
        "supportedAuthorizationDetailsTypes": tenant.authorization_details_types.keys().collect::<Vec<_>>(),
        "pushedAuthReqDuration": policy.request_uri_lifetime_s.0,
        "parRequired": policy.pushed_requests != PushedRequests::Optional,
        "requestObjectRequired": policy.request_objects == RequestObjects::Required,
        "pkceRequired": policy.pkce.is_required(),
        "pkceS256Required": !policy.pkce.accepts_plain(),
        "dpopNonceRequired": policy.dpop_nonce == DpopNonce::Required,
        "authorizationResponseDuration": limits::RESPONSE_JWT_LIFETIME_S,
        "accessTokenDuration": policy.access_token_lifetime_s.0,
        "refreshTokenDuration": policy.refresh_token_lifetime_s.0,
        "refreshTokenKept": policy.refresh_token_rotation == RefreshTokenRotation::Keep,
        "idTokenDuration": policy.id_token_lifetime_s.0,
        "loopbackRedirectionUriVariable": true,
        "issSuppressed": false,
        "errorDescriptionOmitted": false,
        "errorUriOmitted": false,
    });
    let mut members = if let Value::Object(members) = members { members } else { Map::new() };
    for (endpoint, name) in [
        (Endpoint::Authorize, "authorizationEndpoint"),
        (Endpoint::Token, "tokenEndpoint"),
        (Endpoint::Push, "pushedAuthReqEndpoint"),
        (Endpoint::Userinfo, "userInfoEndpoint"),
        (Endpoint::Introspect, "introspectionEndpoint"),
        (Endpoint::Revoke, "revocationEndpoint"),
        (Endpoint::Jwks, "jwksUri"),
        (Endpoint::EndSession, "endSessionEndpoint"),
    ] {
        let url = mount.url(endpoint).filter(|_| is_told(mount, endpoint));
        members.extend(url.map(|url| (name.to_owned(), url.into())));
    }
    members
}
