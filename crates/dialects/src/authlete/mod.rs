//! Authlete, `/api/{serviceId}/…`: an authorization server asks on behalf of its client, and is told in a 200 what to
//! answer it. Users are the caller's own: it leads the interaction, by a ticket.

mod authorization;
mod caller;
mod client;
mod client_management;
mod client_members;
mod client_registration;
mod details;
mod envelope;
mod form_post;
mod introspection;
mod members;
mod names;
mod numbers;
mod operations;
mod result;
mod service;
mod service_update;
mod slice;
mod ticket;
mod token;
mod token_management;
mod token_ticket;
mod token_update;

use http::HeaderMap;
use parhelion_engine::client_request::{ClientRequest, Judged};
use parhelion_engine::push::Accepted;
use parhelion_engine::registry::Right;
use parhelion_engine::token::Tokens;
use parhelion_protocol::endpoint::Endpoint;
use parhelion_protocol::limits;
use parhelion_protocol::profile::Policy;
use parhelion_protocol::refusal::Refusal;

use crate::dialect::{Dialect, Lobby, Route, Sender};
use crate::incoming::{Incoming, Response, Unread};
use crate::oauth_answer;
use crate::operation::Operation;

/// The dialect of Authlete.
#[derive(Clone, Copy, Debug)]
pub struct Authlete;

impl Dialect for Authlete {
    fn name(&self) -> &'static str {
        "authlete"
    }

    fn profile(&self) -> &'static str {
        "authlete"
    }

    fn routes(&self) -> &'static [Route] {
        &[
            Route { endpoint: Endpoint::Push, path: "/pushed_auth_req" },
            Route { endpoint: Endpoint::Token, path: "/auth/token" },
            Route { endpoint: Endpoint::Revoke, path: "/auth/revocation" },
        ]
    }

    fn operations(&self) -> &'static [Operation] {
        operations::OF_A_SERVICE
    }

    fn write_operation_turned_down(&self, refusal: &Refusal) -> Response {
        result::caller_error(refusal)
    }

    fn tenant_path(&self, aliases: &[String]) -> Result<String, String> {
        let id = aliases.iter().find(|alias| numbers::parse(alias).is_some());
        let missing = "the dialect `authlete` needs an alias that is a decimal number below 2^53, the service id";
        id.map(|id| format!("/api/{id}")).ok_or(missing.to_owned())
    }

    fn lobby(&self) -> Option<Lobby> {
        Some(Lobby {
            path: "/api",
            answer: answer_in_the_lobby,
            operations: operations::OF_NO_SERVICE,
            below_tenant: &operations::NOT_BUILT,
            moved: operations::with_service_in_path,
        })
    }

    fn sender(&self) -> Sender {
        Sender::BackEnd
    }

    /// Room for the form escaped as JSON (the vendor's Java client escapes `=`), and for what the client sent in headers.
    fn body_max_bytes(&self, policy: &Policy) -> u32 {
        let headers = u32::try_from(limits::HEADERS_MAX_BYTES).unwrap_or(u32::MAX);
        policy.body_max_bytes.0.saturating_mul(limits::JSON_ESCAPE_MAX_BYTES).saturating_add(headers)
    }

    /// The caller first, then its envelope, then what its client sent.
    fn read<'a>(&self, incoming: &'a Incoming<'a>) -> Result<ClientRequest<'a>, Unread> {
        caller::admit(incoming.mount, incoming.headers, Right::UseService).map_err(Unread::Answered)?;
        let body_max_bytes = self.body_max_bytes(&incoming.mount.policy);
        let envelope = envelope::read(incoming, body_max_bytes).map_err(Unread::Answered)?;
        Ok(envelope.into_client_request(&incoming.mount.policy)?)
    }

    fn write_pushed(&self, incoming: &Incoming<'_>, judged: &Judged<Accepted>) -> Response {
        match &judged.outcome {
            Ok(accepted) => result::created(accepted, judged),
            Err(turned) => result::refused(incoming, &turned.refusal(), judged),
        }
    }

    fn write_tokens(&self, incoming: &Incoming<'_>, judged: &Judged<Tokens>) -> Response {
        token::answer(incoming, judged)
    }

    fn write_revoked(&self, incoming: &Incoming<'_>, judged: &Judged<()>) -> Response {
        token::revoked(incoming, judged)
    }

    /// Turned down before it was read: the caller's affair, which its libraries hear as 400 or 500.
    fn write_turned_down(&self, incoming: &Incoming<'_>, refusal: &Refusal) -> Response {
        let mut response = result::caller_error(refusal);
        if refusal.public().status == 405 {
            response.headers_mut().insert(http::header::ALLOW, oauth_answer::allow(incoming.endpoint));
        }
        response
    }
}

/// Nobody's service: no token is known there, as at a service that is somebody else's. Any other path is one that is not
/// built.
fn answer_in_the_lobby(headers: &HeaderMap, path: &str) -> Response {
    match caller::shown(headers) {
        Err(refused) => *refused,
        Ok(shown) => {
            let named = shown.service.is_some_and(|service| numbers::parse(&service).is_some());
            let in_path = path.split('/').any(|segment| numbers::parse(segment).is_some());
            if named || in_path { *caller::unknown() } else { result::not_built() }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn service_id_is_the_first_decimal_alias_below_2_to_the_53() {
        let path = |aliases: &[&str]| {
            Authlete.tenant_path(&aliases.iter().map(|alias| (*alias).to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(path(&["acme", "21653835348762"]).as_deref(), Ok("/api/21653835348762"));
        assert_eq!(path(&["9007199254740991"]).as_deref(), Ok("/api/9007199254740991"));
        for alias in ["9007199254740992", "", "0", "012", "-1", "+1", "1e3", "99999999999999999999999", "１２"] {
            assert!(path(&[alias]).is_err(), "{alias}");
        }
    }

    #[test]
    fn lobby_answers_whom_no_service_knows() {
        let mut headers = HeaderMap::new();
        let status = |headers: &HeaderMap, path| answer_in_the_lobby(headers, path).status().as_u16();
        assert_eq!(status(&headers, "/api/1/pushed_auth_req"), 401);
        headers.insert(http::header::AUTHORIZATION, HeaderValue::from_static("Bearer some-token"));
        assert_eq!(status(&headers, "/api/1/pushed_auth_req"), 401);
        assert_eq!(status(&headers, "/api/service/create"), 400);
        headers.insert(http::header::AUTHORIZATION, HeaderValue::from_static("Digest YTpi"));
        assert_eq!(status(&headers, "/api/1/pushed_auth_req"), 401);
    }
}
