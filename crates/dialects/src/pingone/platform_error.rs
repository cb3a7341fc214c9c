//! The error envelope of the vendor's platform: `{id, code, message, details[]}`. Of its codes only `INVALID_DATA` with
//! `INVALID_VALUE` is published; the others are ours, in the same manner.

use http::HeaderValue;
use http::header::WWW_AUTHENTICATE;
use parhelion_engine::fault::Turned;
use parhelion_protocol::refusal::Refusal;
use serde_json::{Map, Value, json};

use crate::incoming::{RequestId, Response};
use crate::oauth_answer::{NO_STORE, json_response};
use crate::operation::{Against, Answered};

/// What is wrong with one member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Detail {
    pub(super) code: &'static str,
    pub(super) target: &'static str,
    pub(super) message: String,
}

impl Detail {
    /// A value that cannot be taken.
    pub(super) fn invalid(target: &'static str, problem: &str) -> Self {
        Self { code: "INVALID_VALUE", target, message: format!("The \"{target}\" {problem}.") }
    }

    /// A member that is missing.
    pub(super) fn required(target: &'static str) -> Self {
        Self { code: "REQUIRED_VALUE", target, message: format!("The \"{target}\" must be supplied.") }
    }

    /// A value that somebody else has.
    pub(super) fn taken(target: &'static str) -> Self {
        Self { code: "UNIQUENESS_VIOLATION", target, message: format!("The \"{target}\" is or was in use.") }
    }
}

/// Why an operation is not done.
pub(super) enum No {
    /// The caller shows no token that is good here.
    Unauthorized,
    /// Its token lacks the right.
    Forbidden,
    /// There is no such thing.
    NotFound,
    /// The body or the query cannot be read.
    Malformed(Refusal),
    /// What it holds cannot be taken.
    Unfit(Vec<Detail>),
    /// Somebody else changed the same thing at the same time.
    Conflict,
    /// A fault of ours.
    Turned(Turned),
}

impl<T: Into<Turned>> From<T> for No {
    fn from(turned: T) -> Self {
        Self::Turned(turned.into())
    }
}

impl No {
    /// The answer, named by the request it is for.
    pub(super) fn answered(self, request_id: RequestId) -> Answered {
        let of_caller = |status, code, message: &str, details: &[Detail]| {
            let response = response(status, &request_id.to_string(), code, message, details);
            Answered { response, against: Against::Caller, client_id: None }
        };
        match self {
            Self::Unauthorized => {
                let mut answered = of_caller(401, "ACCESS_FAILED", "The access token is missing or not known.", &[]);
                let headers = answered.response.headers_mut();
                headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
                answered
            }
            Self::Forbidden => of_caller(403, "ACCESS_FAILED", "The access token lacks the right to do this.", &[]),
            Self::NotFound => of_caller(404, "NOT_FOUND", "The requested resource was not found.", &[]),
            Self::Conflict => of_caller(409, "CONFLICT", "The resource was changed by somebody else.", &[]),
            Self::Malformed(refusal) => {
                of_caller(refusal.public().status, "INVALID_REQUEST", &refusal.description(), &[])
            }
            Self::Unfit(details) => of_caller(400, "INVALID_DATA", "One or more values are not valid.", &details),
            Self::Turned(turned) => {
                let response = turned_down(&request_id.to_string(), &turned.refusal());
                Answered { response, against: Against::Turned(turned), client_id: None }
            }
        }
    }
}

/// The answer to what the edge turned down, or to a fault of ours.
pub(super) fn turned_down(id: &str, refusal: &Refusal) -> Response {
    let row = refusal.public();
    let code = match row.status {
        429 => "REQUEST_LIMITED",
        500.. => "UNEXPECTED_ERROR",
        _ => "INVALID_REQUEST",
    };
    response(row.status, id, code, &refusal.description(), &[])
}

fn response(status: u16, id: &str, code: &str, message: &str, details: &[Detail]) -> Response {
    let mut members = Map::new();
    if !id.is_empty() {
        members.insert("id".to_owned(), id.into());
    }
    members.insert("code".to_owned(), code.into());
    members.insert("message".to_owned(), message.into());
    if !details.is_empty() {
        let detail =
            |detail: &Detail| json!({ "code": detail.code, "target": detail.target, "message": detail.message });
        members.insert("details".to_owned(), details.iter().map(detail).collect());
    }
    json_response(status, NO_STORE, Value::Object(members).to_string())
}
