//! The part of PingOne's management API that makes applications, `/v1/environments/{envID}/applications`: a dialect of its
//! own, so that it is there only where a configuration names it, at a base URL of its own.

use std::future::Future;

use parhelion_engine::registry::{Mount, Right};
use parhelion_engine::uuid;
use parhelion_protocol::client_auth::Authorization;
use parhelion_protocol::refusal::Refusal;

use super::applications;
use super::platform_error::{self, No};
use crate::dialect::{Dialect, Route, Sender};
use crate::incoming::Response;
use crate::message;
use crate::operation::{Answering, Asked, Operation};

const APPLICATIONS: &str = "/applications";

/// The dialect of PingOne's management API.
#[derive(Clone, Copy, Debug)]
pub struct PingOneManagement;

impl Dialect for PingOneManagement {
    fn name(&self) -> &'static str {
        "pingone-management"
    }

    fn profile(&self) -> &'static str {
        "pingone"
    }

    fn routes(&self) -> &'static [Route] {
        &[]
    }

    fn operations(&self) -> &'static [Operation] {
        const {
            &[
                Operation {
                    name: "applications",
                    methods: &["GET", "POST"],
                    path: APPLICATIONS,
                    segments: 0,
                    serve: |asked| made(asked, applications::all(asked)),
                },
                Operation {
                    name: "application",
                    methods: &["GET", "PUT", "DELETE"],
                    path: APPLICATIONS,
                    segments: 1,
                    serve: |asked| made(asked, applications::one(asked)),
                },
                Operation {
                    name: "application_secret",
                    methods: &["GET", "POST"],
                    path: APPLICATIONS,
                    segments: 2,
                    serve: |asked| made(asked, secret_or_nothing(asked)),
                },
            ]
        }
    }

    fn write_operation_turned_down(&self, refusal: &Refusal) -> Response {
        platform_error::turned_down("", refusal)
    }

    fn tenant_path(&self, aliases: &[String]) -> Result<String, String> {
        let missing = "the dialect `pingone-management` needs an alias that is a UUID, the environment id";
        let id = aliases.iter().find(|alias| is_uuid(alias)).ok_or(missing)?;
        Ok(format!("/v1/environments/{id}"))
    }

    fn sender(&self) -> Sender {
        Sender::BackEnd
    }
}

/// The environment's id.
pub(super) fn environment(mount: &Mount) -> &str {
    mount.tenant.aliases.iter().find(|alias| is_uuid(alias)).map_or("", String::as_str)
}

/// What stands between the base URL and the operations.
pub(super) fn path(mount: &Mount) -> String {
    PingOneManagement.tenant_path(&mount.tenant.aliases).unwrap_or_default()
}

/// Lets a caller in whose token is good for this tenant and for what it asks.
///
/// # Errors
/// [`No::Unauthorized`] or [`No::Forbidden`].
pub(super) fn admit(asked: &Asked<'_>, right: Right) -> Result<(), No> {
    let shown = match message::authorization(asked.headers) {
        Authorization::Header(value) => message::bearer_token(value),
        Authorization::Absent | Authorization::Repeated | Authorization::Basic { .. } => None,
    };
    let token = shown.and_then(|text| asked.mount.api_token(text)).ok_or(No::Unauthorized)?;
    if token.allows(right) { Ok(()) } else { Err(No::Forbidden) }
}

async fn secret_or_nothing(asked: &Asked<'_>) -> Result<Response, No> {
    if asked.segments.get(1) == Some(&"secret") {
        return applications::secret(asked).await;
    }
    admit(asked, Right::ViewClient)?;
    Err(No::NotFound)
}

fn made<'a>(asked: &'a Asked<'a>, answer: impl Future<Output = Result<Response, No>> + Send + 'a) -> Answering<'a> {
    Box::pin(async move {
        match answer.await {
            Ok(response) => response.into(),
            Err(no) => no.answered(asked.request_id),
        }
    })
}

fn is_uuid(text: &str) -> bool {
    uuid::digits(text).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn environment_is_the_first_alias_that_is_a_uuid() {
        let path = |aliases: &[&str]| {
            PingOneManagement.tenant_path(&aliases.iter().map(|alias| (*alias).to_owned()).collect::<Vec<_>>())
        };
        let id = "6f2c8f5e-5a0e-4c07-9e0b-0d6a4be1c7d4";
        assert_eq!(path(&["42", id]), Ok(format!("/v1/environments/{id}")));
        for alias in ["", "42", "6f2c8f5e5a0e4c079e0b0d6a4be1c7d4", "6f2c8f5e-5a0e-4c07-9e0b-0d6a4be1c7dg"] {
            assert!(path(&[alias]).is_err(), "{alias}");
        }
    }
}
