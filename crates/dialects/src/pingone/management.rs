//! The part of PingOne's management API that makes applications, `/v1/environments/{envID}/applications`: a dialect of its
//! own, so that it is there only where a configuration names it, at a base URL of its own.

use std::future::Future;

use parhelion_engine::registry::Right;
use parhelion_protocol::refusal::Refusal;

use super::applications;
use super::environment::{self, admit};
use super::platform_error::{self, No};
use crate::dialect::{Dialect, Route, Sender};
use crate::incoming::Response;
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
        environment::path(aliases)
    }

    fn sender(&self) -> Sender {
        Sender::BackEnd
    }
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
