//! What the vendor puts around answers that are none of OAuth's: `code`, `message`, `data` and `timestamp`.

use http::header::WWW_AUTHENTICATE;
use http::{HeaderValue, StatusCode};
use parhelion_engine::fault::Turned;
use serde_json::{Map, Value, json};

use crate::incoming::Response;
use crate::oauth_answer::{NO_STORE, json_response};
use crate::operation::{Against, Answered, Asked};

/// `code` of an answer that went well.
const WELL: u16 = 0;

/// Why an operation says no: what its caller hears, or a rule or fault behind it.
pub(super) enum No {
    Caller(StatusCode, String),
    Turned(Turned),
}

impl From<Turned> for No {
    fn from(turned: Turned) -> Self {
        Self::Turned(turned)
    }
}

impl From<parhelion_engine::fault::Fault> for No {
    fn from(fault: parhelion_engine::fault::Fault) -> Self {
        Self::Turned(fault.into())
    }
}

/// The caller did something wrong.
pub(super) fn no<T>(status: StatusCode, message: &str) -> Result<T, No> {
    Err(No::Caller(status, message.to_owned()))
}

/// The answer of an operation.
pub(super) fn answered(asked: &Asked<'_>, outcome: Result<(StatusCode, Value), No>) -> Answered {
    let at_s = Some(asked.engine.store.now().epoch_s());
    match outcome {
        Ok((status, data)) => well(status, data, at_s).into(),
        Err(No::Caller(status, message)) => {
            let response = ill(status.as_u16(), &message, at_s);
            Answered { response, against: Against::Caller, client_id: None }
        }
        Err(No::Turned(turned)) => {
            let refusal = turned.refusal();
            // The vendor documents one status for whatever fails on the server's side.
            let status = refusal.public().status.min(500);
            let response = ill(status, &refusal.description(), at_s);
            Answered { response, against: Against::Turned(turned), client_id: None }
        }
    }
}

/// It went well.
pub(super) fn well(status: StatusCode, data: Value, at_s: Option<i64>) -> Response {
    enveloped(status.as_u16(), WELL, "success", Some(data), at_s)
}

/// It did not; `code` is the status.
pub(super) fn ill(status: u16, message: &str, at_s: Option<i64>) -> Response {
    let mut response = enveloped(status, status, message, None, at_s);
    if status == 401 {
        response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

fn enveloped(status: u16, code: u16, message: &str, data: Option<Value>, at_s: Option<i64>) -> Response {
    let mut members = Map::from_iter([("code".to_owned(), json!(code)), ("message".to_owned(), json!(message))]);
    members.extend(data.map(|data| ("data".to_owned(), data)));
    members.extend(at_s.map(|at_s| ("timestamp".to_owned(), json!(at_s))));
    json_response(status, NO_STORE, Value::Object(members).to_string())
}
