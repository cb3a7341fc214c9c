//! What is served at which path of the API. Whatever is not here is not built, and is answered with 400.

use std::future::Future;

use http::HeaderMap;
use parhelion_engine::registry::Right;

use super::result::{self, No, answered};
use super::{
    authorization, caller, client, client_management, client_registration, introspection, numbers, service,
    service_update, ticket, token_management, token_ticket, token_update,
};
use crate::incoming::Response;
use crate::operation::{Answering, Asked, Operation, Serve};

const GET: &[&str] = &["GET"];
const POST: &[&str] = &["POST"];
const POST_OR_PUT: &[&str] = &["POST", "PUT"];
const DELETE: &[&str] = &["DELETE"];
/// Some libraries send a body where the published document has a query.
const GET_OR_POST: &[&str] = &["GET", "POST"];
/// The same for what deletes.
const DELETE_OR_POST: &[&str] = &["DELETE", "POST"];

/// Below `/api/{serviceId}`.
pub(super) const OF_A_SERVICE: &[Operation] = &[
    at("authorization", POST, "/auth/authorization", 0, |asked| made(authorization::open(asked))),
    at("issue", POST, "/auth/authorization/issue", 0, |asked| made(authorization::issue(asked))),
    at("fail", POST, "/auth/authorization/fail", 0, |asked| made(authorization::fail(asked))),
    at("ticket_info", POST, "/auth/authorization/ticket/info", 0, |asked| made(ticket::info(asked))),
    at("ticket_update", POST, "/auth/authorization/ticket/update", 0, |asked| made(ticket::update(asked))),
    at("introspection", POST, "/auth/introspection", 0, |asked| made(introspection::introspect(asked))),
    at("introspection", POST, "/auth/introspection/standard", 0, |asked| {
        made(introspection::introspect_standard(asked))
    }),
    at("userinfo", POST, "/auth/userinfo", 0, |asked| made(introspection::userinfo(asked))),
    at("userinfo_issue", POST, "/auth/userinfo/issue", 0, |asked| made(introspection::issue_userinfo(asked))),
    at("token_issue", POST, "/auth/token/issue", 0, |asked| made(token_ticket::issue(asked))),
    at("token_fail", POST, "/auth/token/fail", 0, |asked| made(token_ticket::fail(asked))),
    at("token_create", POST, "/auth/token/create", 0, |asked| made(token_management::create(asked))),
    at("token_update", POST, "/auth/token/update", 0, |asked| made(token_update::update(asked))),
    at("token_delete", DELETE, "/auth/token/delete", 1, |asked| made(token_management::delete(asked))),
    at("token_revoke", POST, "/auth/token/revoke", 0, |asked| made(token_management::revoke(asked))),
    at("tokens", GET, "/auth/token/get/list", 0, |asked| made(token_management::list(asked))),
    at("configuration", GET_OR_POST, "/service/configuration", 0, |asked| made(service::configuration(asked))),
    at("jwks", GET_OR_POST, "/service/jwks/get", 0, |asked| made(service::jwks(asked))),
    at("service", GET, "/service/get", 0, |asked| made(service::get(asked))),
    at("service_update", POST, "/service/update", 0, |asked| made(service_update::update(asked))),
    at("service_delete", DELETE, "/service/delete", 0, |asked| made(service_update::delete(asked))),
    at("client", GET, "/client/get", 1, |asked| made(client::get(asked))),
    at("clients", GET, "/client/get/list", 0, |asked| made(client::list(asked))),
    at("client_create", POST, "/client/create", 0, |asked| made(client_management::create(asked))),
    at("client_update", POST, "/client/update", 1, |asked| made(client_management::update(asked))),
    at("client_delete", DELETE, "/client/delete", 1, |asked| made(client_management::delete(asked))),
    at("client_lock", POST, "/client/lock_flag/update", 1, |asked| made(client_management::lock(asked))),
    at("client_secret", GET, "/client/secret/refresh", 1, |asked| made(client_management::refresh_secret(asked))),
    at("client_secret", POST, "/client/secret/update", 1, |asked| made(client_management::update_secret(asked))),
    at("requestable_scopes", GET, "/client/extension/requestable_scopes/get", 1, |asked| {
        made(client_management::requestable_scopes(asked))
    }),
    at("requestable_scopes_update", POST_OR_PUT, "/client/extension/requestable_scopes/update", 1, |asked| {
        made(client_management::update_requestable_scopes(asked))
    }),
    at("requestable_scopes_delete", DELETE, "/client/extension/requestable_scopes/delete", 1, |asked| {
        made(client_management::delete_requestable_scopes(asked))
    }),
    at("registration", POST, "/client/registration", 0, |asked| made(client_registration::register(asked))),
    at("registration_get", POST, "/client/registration/get", 0, |asked| made(client_registration::get(asked))),
    at("registration_update", POST, "/client/registration/update", 0, |asked| made(client_registration::update(asked))),
    at("registration_delete", POST, "/client/registration/delete", 0, |asked| made(client_registration::delete(asked))),
    at("granted_scopes", GET_OR_POST, "/client/granted_scopes/get", 1, |asked| made(client::granted_scopes(asked))),
    at("granted_scopes", GET, "/client/granted_scopes/get", 2, |asked| made(client::granted_scopes(asked))),
    at("granted_scopes_delete", DELETE_OR_POST, "/client/granted_scopes/delete", 1, |asked| {
        made(client::forget_granted_scopes(asked))
    }),
    at("granted_scopes_delete", DELETE, "/client/granted_scopes/delete", 2, |asked| {
        made(client::forget_granted_scopes(asked))
    }),
    at("authorizations", GET_OR_POST, "/client/authorization/get/list", 0, |asked| made(client::authorizations(asked))),
    at("authorizations", GET, "/client/authorization/get/list", 1, |asked| made(client::authorizations(asked))),
    at("authorization_update", POST, "/client/authorization/update", 1, |asked| {
        made(client::narrow_authorization(asked))
    }),
    at("authorization_delete", DELETE_OR_POST, "/client/authorization/delete", 1, |asked| {
        made(client::end_authorization(asked))
    }),
    at("authorization_delete", DELETE, "/client/authorization/delete", 2, |asked| {
        made(client::end_authorization(asked))
    }),
];

/// Below `/api`.
pub(super) const OF_NO_SERVICE: &[Operation] = &[
    at("services", GET, "/service/get/list", 0, |asked| made(service::list(asked))),
    at("service_create", POST, "/service/create", 0, |asked| made(service_update::create(asked))),
    at("healthcheck", GET, "/lifecycle/healthcheck", 0, |asked| made(health(asked))),
];

/// Whatever else is asked of a service.
pub(super) const NOT_BUILT: Operation = at("not_built", ANY, "", 0, |asked| made(not_built(asked)));

const ANY: &[&str] = &["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

async fn not_built(asked: &Asked<'_>) -> Result<Response, No> {
    caller::admit(asked.mount, asked.headers, Right::ViewClient)?;
    Err(Box::new(result::not_built()).into())
}

const fn at(
    name: &'static str,
    methods: &'static [&'static str],
    path: &'static str,
    segments: usize,
    serve: Serve,
) -> Operation {
    Operation { name, methods, path, segments, serve }
}

fn made<'a>(answer: impl Future<Output = Result<Response, No>> + Send + 'a) -> Answering<'a> {
    Box::pin(async { answered(answer.await) })
}

/// `/lifecycle/healthcheck`: whoever is asked and answers is there.
async fn health(asked: &Asked<'_>) -> Result<Response, No> {
    let mut response = Response::new(bytes::Bytes::from_static(b"OK"));
    response.headers_mut().insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static("text/plain"));
    let _ = asked;
    Ok(response)
}

/// Version 2 of the API has the service in the credentials, and where it speaks of the service itself at the end of the
/// path: where version 3 has the same.
pub(super) fn with_service_in_path(headers: &HeaderMap, path: &str) -> Option<String> {
    let rest = path.strip_prefix("/api/")?;
    let (first, _) = rest.split_once('/').unwrap_or((rest, ""));
    if numbers::parse(first).is_some() {
        return None;
    }
    if let Some((before, id)) = rest.rsplit_once('/')
        && before.starts_with("service/")
        && let Some(id) = numbers::parse(id)
    {
        return Some(format!("/api/{id}/{before}"));
    }
    let service = caller::shown(headers).ok()?.service?;
    let id = numbers::parse(&service)?;
    Some(format!("/api/{id}/{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use http::header::AUTHORIZATION;

    #[test]
    fn paths_of_version_2_lead_to_the_service_that_the_caller_names() {
        let mut headers = HeaderMap::new();
        let moved = |headers: &HeaderMap, path: &str| with_service_in_path(headers, path);
        assert_eq!(moved(&headers, "/api/auth/token"), None);
        assert_eq!(moved(&headers, "/api/service/get/42").as_deref(), Some("/api/42/service/get"));
        // 42:secret
        headers.insert(AUTHORIZATION, HeaderValue::from_static("Basic NDI6c2VjcmV0"));
        assert_eq!(moved(&headers, "/api/auth/token").as_deref(), Some("/api/42/auth/token"));
        assert_eq!(moved(&headers, "/api/43/auth/token"), None);
        assert_eq!(moved(&headers, "/api/client/get/abc").as_deref(), Some("/api/42/client/get/abc"));
        headers.insert(AUTHORIZATION, HeaderValue::from_static("Bearer NDI6c2VjcmV0"));
        assert_eq!(moved(&headers, "/api/auth/token"), None);
    }
}
