//! Tickets of the token endpoint. The published document gives one to nothing but `grant_type=password`, which is not
//! served (RFC 9700 section 2.4): whatever is sent as one is unknown.

use parhelion_engine::registry::Right;
use serde::Deserialize;

use super::members::Property;
use super::result::{self, No};
use super::{caller, members};
use crate::incoming::Response;
use crate::operation::Asked;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code, reason = "read for their types")]
struct Issue {
    ticket: Option<String>,
    subject: Option<String>,
    properties: Option<Vec<Property>>,
    jwt_at_claims: Option<String>,
    access_token: Option<String>,
    access_token_duration: Option<i64>,
    refresh_token_duration: Option<i64>,
}

/// `/auth/token/issue`.
pub(super) async fn issue(asked: &Asked<'_>) -> Result<Response, No> {
    caller::admit(asked.mount, asked.headers, Right::UseService)?;
    members::read::<Issue>(asked)?;
    Err(result::token_ticket_unknown(asked))
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "read for their types")]
struct Fail {
    ticket: Option<String>,
    reason: Option<FailReason>,
}

#[derive(Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum FailReason {
    Unknown,
    InvalidResourceOwnerCredentials,
    InvalidTarget,
}

/// `/auth/token/fail`.
pub(super) async fn fail(asked: &Asked<'_>) -> Result<Response, No> {
    caller::admit(asked.mount, asked.headers, Right::UseService)?;
    members::read::<Fail>(asked)?;
    Err(result::token_ticket_unknown(asked))
}
