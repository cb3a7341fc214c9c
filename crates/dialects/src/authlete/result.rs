//! What the API answers: an `action` with the client's answer ready made, or the caller's own error; both
//! with a `resultCode`.

use http::header::RETRY_AFTER;
use parhelion_engine::client_request::Judged;
use parhelion_engine::fault::Turned;
use parhelion_engine::push::Accepted;
use parhelion_protocol::client_auth::{Authorization, Method};
use parhelion_protocol::limits;
use parhelion_protocol::refusal::{OAuthError, Reason, Refusal};
use serde_json::{Map, Value, json};

use crate::incoming::{Incoming, Response};
use crate::oauth_answer::{self, ErrorAnswer, NO_STORE, json_response};
use crate::operation::{Against, Answered, Asked};

/// Whose doing a result is: the third digit from the right of its code.
#[derive(Clone, Copy, Debug)]
enum DoneBy {
    Server = 1,
    Caller = 2,
    Client = 3,
}

/// Codes that the vendor is known to use for the same thing.
const ATTESTED: &[(Reason, &str)] = &[
    (Reason::MethodNotRegistered, "A157357"),
    (Reason::PkceMissing, "A124301"),
    (Reason::CodeChallengeMethodPlain, "A124308"),
    (Reason::ResponseTypeMissing, "A009301"),
    (Reason::ResponseTypeUnsupported, "A009305"),
    (Reason::AuthorizationDetailsTypeUnknown, "A249302"),
    (Reason::DpopNonceNeeded, "A350308"),
    (Reason::RequestUriUnknown, "A008303"),
    (Reason::CodeVerifierUnexpected, "A050317"),
    (Reason::BoundTokenAsBearer, "A065308"),
];

/// The same for [`Reason::MethodNotRegistered`] where the client is registered to prove nothing.
const CREDENTIAL_OF_A_PUBLIC_CLIENT: &str = "A157303";

/// The request was registered.
pub(super) fn created(accepted: &Accepted, judged: &Judged<Accepted>) -> Response {
    let said = format!("Successfully registered a request object for client ({}).", accepted.client_id);
    let mut members = members("A245001", &said);
    members.insert("action".to_owned(), "CREATED".into());
    members.insert("requestUri".to_owned(), accepted.request_uri.as_str().into());
    members.insert("responseContent".to_owned(), oauth_answer::pushed_body(accepted).into());
    about_client(members, judged)
}

/// Why an operation says no.
pub(super) enum No {
    /// The caller is turned down, or the form of what it sent.
    Caller(Box<Response>),
    /// A rule, or a fault of ours.
    Turned { response: Box<Response>, turned: Turned, client_id: Option<String> },
}

impl From<Box<Response>> for No {
    fn from(response: Box<Response>) -> Self {
        Self::Caller(response)
    }
}

/// What the edge is told of an answer.
pub(super) fn answered(answer: Result<Response, No>) -> Answered {
    match answer {
        Ok(response) => response.into(),
        Err(No::Caller(response)) => Answered { response: *response, against: Against::Caller, client_id: None },
        Err(No::Turned { response, turned, client_id }) => {
            Answered { response: *response, against: Against::Turned(turned), client_id }
        }
    }
}

/// A verdict in an answer of 200: the caller's browser or client hears the standard answer, described in the vendor's
/// way. What the caller itself did wrong is not its client's to hear.
pub(super) fn turned(asked: &Asked<'_>, turned: Turned, client_id: Option<String>) -> No {
    turned_as(asked, turned, client_id, None)
}

/// The same, with another action where one is named.
pub(super) fn turned_as(
    asked: &Asked<'_>,
    turned: Turned,
    client_id: Option<String>,
    action: Option<&'static str>,
) -> No {
    let refusal = turned.refusal();
    let of_caller = refusal.reason == Reason::VouchedMalformed;
    let code = if of_caller { caller_code(&refusal) } else { client_code(&refusal, None) };
    let usual = if of_caller { "INTERNAL_SERVER_ERROR" } else { action_of_endpoint(&refusal) };
    let mut members = acted(&code, &refusal.description(), action.unwrap_or(usual));
    members.insert("responseContent".to_owned(), error_body(asked.public_url, &refusal, &code).into());
    No::Turned { response: Box::new(json_200(members)), turned, client_id }
}

/// A ticket of the token endpoint that nobody gave: the caller's doing, and none of its client's.
pub(super) fn token_ticket_unknown(asked: &Asked<'_>) -> No {
    let turned = Turned::from(Reason::TicketUnknown);
    let code = caller_code(&turned.refusal());
    let mut members = acted(&code, turned.public().description, "INTERNAL_SERVER_ERROR");
    let content = error_body(asked.public_url, &Reason::ServerFault.into(), &code);
    members.insert("responseContent".to_owned(), content.into());
    No::Turned { response: Box::new(json_200(members)), turned, client_id: None }
}

/// What the caller sends, where it can be nothing but 400 or 500.
fn action_of_endpoint(refusal: &Refusal) -> &'static str {
    if refusal.public().status >= 500 { "INTERNAL_SERVER_ERROR" } else { "BAD_REQUEST" }
}

/// The body of an error that a client hears.
fn error_body(public_url: &str, refusal: &Refusal, code: &str) -> String {
    let row = refusal.public();
    let mut members = Map::new();
    members.insert("error".to_owned(), row.error.as_str().into());
    members.insert("error_description".to_owned(), format!("[{code}] {}", refusal.description()).into());
    members.insert("error_uri".to_owned(), format!("{public_url}/errors/{}", row.code).into());
    Value::Object(members).to_string()
}

/// A result with an action.
pub(super) fn acted(code: &str, message: &str, action: &str) -> Map<String, Value> {
    let mut members = members(code, message);
    members.insert("action".to_owned(), action.into());
    members
}

/// An answer of 204.
pub(super) fn no_content() -> Response {
    let mut response = Response::default();
    *response.status_mut() = http::StatusCode::NO_CONTENT;
    response
}

/// An answer of 200.
pub(super) fn json_200(members: Map<String, Value>) -> Response {
    json_response(200, NO_STORE, Value::Object(members).to_string())
}

/// The token endpoint and the revocation endpoint of the caller know one action for every client that is not who it
/// says.
pub(super) fn refused_client<T>(incoming: &Incoming<'_>, refusal: &Refusal, judged: &Judged<T>) -> Map<String, Value> {
    let code = client_code(refusal, judged.method);
    let of_client = refusal.public().error == OAuthError::InvalidClient;
    let action = if of_client { "INVALID_CLIENT" } else { action_of_endpoint(refusal) };
    let mut members = acted(&code, &refusal.description(), action);
    members.insert("responseContent".to_owned(), error_body(incoming.public_url, refusal, &code).into());
    members
}

/// The client was refused: its answer is the standard one, described in the vendor's way.
pub(super) fn refused<T>(incoming: &Incoming<'_>, refusal: &Refusal, judged: &Judged<T>) -> Response {
    let standard = ErrorAnswer::of(incoming, refusal, &Authorization::Absent);
    let code = client_code(refusal, judged.method);
    let content = ErrorAnswer { description: format!("[{code}] {}", standard.description), ..standard };
    let mut members = members(&code, &refusal.description());
    members.insert("action".to_owned(), action(refusal).into());
    members.insert("responseContent".to_owned(), content.body().into());
    about_client(members, judged)
}

/// What the caller must send, by the status that its client is due; but a client that has no business at this
/// endpoint is told so.
fn action(refusal: &Refusal) -> &'static str {
    if refusal.reason == Reason::GrantNotAllowed {
        return "FORBIDDEN";
    }
    match refusal.public().status {
        401 => "UNAUTHORIZED",
        403 => "FORBIDDEN",
        413 => "PAYLOAD_TOO_LARGE",
        500..=599 => "INTERNAL_SERVER_ERROR",
        _ => "BAD_REQUEST",
    }
}

pub(super) fn about_client<T>(mut members: Map<String, Value>, judged: &Judged<T>) -> Response {
    let method = judged.method.map(|method| method.as_str().to_uppercase());
    members.extend(method.map(|method| ("clientAuthMethod".to_owned(), method.into())));
    members.extend(judged.dpop_nonce.clone().map(|nonce| ("dpopNonce".to_owned(), nonce.into())));
    let challenge = judged.attestation_challenge.clone();
    members.extend(challenge.map(|challenge| ("attestationChallenge".to_owned(), challenge.into())));
    json_response(200, NO_STORE, Value::Object(members).to_string())
}

/// The caller's own request cannot be served. Its libraries read a result with 400, 401, 403 and 500 only; with 429
/// one of them waits and tries again.
pub(super) fn caller_error(refusal: &Refusal) -> Response {
    let row = refusal.public();
    let (status, done_by) = match row.status {
        429 => (429, DoneBy::Caller),
        500.. => (500, DoneBy::Server),
        _ => (400, DoneBy::Caller),
    };
    let mut response = answer(status, &derived(row.code, done_by), row.description);
    if row.status == 503 {
        response.headers_mut().insert(RETRY_AFTER, limits::RETRY_AFTER_S.into());
    }
    response
}

/// The same, with what is wrong where.
pub(super) fn unfit(refusal: &Refusal) -> Response {
    answer(400, &caller_code(refusal), &refusal.description())
}

/// The one required member is not there.
pub(super) fn parameters_missing() -> Response {
    answer(400, "A004201", "the request does not contain 'parameters'.")
}

/// A part of the vendor's API that is not served here.
pub(super) fn not_built() -> Response {
    answer(400, &derived(Reason::NotFound.row().code, DoneBy::Caller), "this API is not served here.")
}

/// A result that is nothing but a result.
pub(super) fn answer(status: u16, code: &str, message: &str) -> Response {
    json_response(status, NO_STORE, Value::Object(members(code, message)).to_string())
}

pub(super) fn members(code: &str, message: &str) -> Map<String, Value> {
    let mut members = Map::new();
    members.insert("resultCode".to_owned(), code.into());
    members.insert("resultMessage".to_owned(), json!(format!("[{code}] {message}")));
    members
}

/// The code of what the caller itself did wrong.
pub(super) fn caller_code(refusal: &Refusal) -> String {
    derived(refusal.public().code, DoneBy::Caller)
}

pub(super) fn client_code(refusal: &Refusal, method: Option<Method>) -> String {
    let row = refusal.public();
    let is_it = |reason: &Reason| *reason == refusal.reason || reason.row().code == row.code;
    let attested = ATTESTED.iter().find(|(reason, _)| is_it(reason)).map(|(_, code)| *code);
    match attested {
        Some(_) if refusal.reason == Reason::MethodNotRegistered && method.is_some_and(Method::is_public) => {
            CREDENTIAL_OF_A_PUBLIC_CLIENT.to_owned()
        }
        Some(code) => code.to_owned(),
        None if row.status >= 500 => derived(row.code, DoneBy::Server),
        None => derived(row.code, DoneBy::Client),
    }
}

/// Ours, from a stable code: `PAR-214` done by the client is `A902314`.
fn derived(code: &str, done_by: DoneBy) -> String {
    let digits = code.trim_start_matches("PAR-");
    let (family, number) = digits.split_at_checked(1).unwrap_or(("0", "00"));
    format!("A90{family}{}{number}", done_by as u8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_public_row_has_a_code_of_its_own_that_says_whose_doing_it_is() {
        let public: Vec<Refusal> = Reason::ALL.iter().map(|reason| Refusal::new(*reason)).collect();
        let mut codes = BTreeSet::new();
        for refusal in public.iter().filter(|refusal| refusal.row().code == refusal.public().code) {
            let code = client_code(refusal, None);
            let third_from_the_right = code.chars().rev().nth(2);
            let done_by = if refusal.row().status >= 500 { '1' } else { '3' };
            assert_eq!((code.len(), third_from_the_right), (7, Some(done_by)), "{code}");
            assert!(codes.insert(code.clone()), "{code} stands for two rows");
        }
    }

    #[test]
    fn code_is_derived_by_one_rule() {
        assert_eq!(derived("PAR-214", DoneBy::Client), "A902314");
        assert_eq!(derived("PAR-101", DoneBy::Caller), "A901201");
        assert_eq!(derived("PAR-902", DoneBy::Server), "A909102");
    }
}
