//! What the vendor puts around answers that are none of OAuth's: `code`, `message`, `data` and `timestamp`.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use parhelion_engine::fault::Turned;
use parhelion_engine::ports::Moment;
use parhelion_engine::timestamp;
use serde_json::{Map, Value, json};

use crate::incoming::Response;
use crate::oauth_answer::{NO_STORE, json_response};
use crate::operation::{Against, Answered, Asked};

/// `code` of an answer that went well.
const WELL: u16 = 0;
/// `message` of it.
const SUCCESS: &str = "success";

/// What an operation that went well answers.
pub(super) enum Yes {
    /// Something.
    Data(StatusCode, Value),
    /// Some of many: the members that are in the place of `data`.
    Listed(Map<String, Value>),
    /// That something is gone.
    Gone,
}

/// Why an operation says no: what its caller hears, or a rule or fault behind it.
pub(super) enum No {
    Caller(StatusCode, String),
    Turned(Turned),
}

/// What came of an operation.
pub(super) type Outcome = Result<Yes, No>;

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
pub(super) fn answered(asked: &Asked<'_>, outcome: Outcome) -> Answered {
    let at_s = Some(asked.engine.store.now().epoch_s());
    match outcome {
        Ok(Yes::Data(status, data)) => well(status, data, at_s).into(),
        Ok(Yes::Listed(members)) => enveloped(200, WELL, SUCCESS, members, at_s).into(),
        Ok(Yes::Gone) => gone().into(),
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
    enveloped(status.as_u16(), WELL, SUCCESS, Map::from_iter([("data".to_owned(), data)]), at_s)
}

fn gone() -> Response {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static(NO_STORE));
    response
}

/// It did not; `code` is the status.
pub(super) fn ill(status: u16, message: &str, at_s: Option<i64>) -> Response {
    let mut response = enveloped(status, status, message, Map::new(), at_s);
    if status == 401 {
        response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

fn enveloped(status: u16, code: u16, message: &str, more: Map<String, Value>, at_s: Option<i64>) -> Response {
    let mut members = more;
    members.insert("code".to_owned(), json!(code));
    members.insert("message".to_owned(), json!(message));
    members.extend(at_s.map(|at_s| ("timestamp".to_owned(), time(at_s))));
    json_response(status, NO_STORE, Value::Object(members).to_string())
}

/// A time, in seconds since 1970, as the vendor writes it.
pub(super) fn time(at_s: i64) -> Value {
    timestamp::text(Moment(0).plus_s(at_s)).into()
}
