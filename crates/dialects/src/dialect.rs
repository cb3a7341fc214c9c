//! What a dialect is. Whatever a dialect does not say is said as the specifications say it, so that the
//! default methods here are the standard dialect and the others are their differences from it.

use http::HeaderMap;
use parhelion_engine::client_request::{ClientRequest, Judged};
use parhelion_engine::introspect::Introspected;
use parhelion_engine::push::Accepted;
use parhelion_engine::registration::SentMetadata;
use parhelion_engine::token::Tokens;
use parhelion_protocol::client_auth::Authorization;
use parhelion_protocol::endpoint::Endpoint;
use parhelion_protocol::profile::Policy;
use parhelion_protocol::refusal::Refusal;

use crate::incoming::{Incoming, RequestId, Response, Unread};
use crate::oauth_answer::{self, ErrorAnswer};
use crate::operation::Operation;
use crate::registration::Registered;
use crate::{form_request, message, registration};

/// Who sends the requests at the endpoints where clients authenticate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    /// The clients themselves: what fails there is a failure of the client at its own address.
    Client,
    /// A back end on behalf of every client, with a token of its own.
    BackEnd,
}

/// One endpoint at one path below a mount.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    /// What is served.
    pub endpoint: Endpoint,
    /// Where, below the mount's base URL; the first route of an endpoint is the one that is published. One that ends
    /// with a slash has one more segment behind it.
    pub path: &'static str,
}

/// The part of a host that belongs to a dialect but to no tenant: what is asked for there is answered in
/// the dialect's own words.
#[derive(Clone, Copy, Debug)]
pub struct Lobby {
    /// Below the base URL, such as `/api`.
    pub path: &'static str,
    /// The answer to whatever no tenant claims below it.
    pub answer: fn(headers: &HeaderMap, path: &str) -> Response,
    /// What is served there all the same, below its path.
    pub operations: &'static [Operation],
    /// What answers for a tenant where nothing is.
    pub below_tenant: &'static Operation,
    /// The path that a request is for whose tenant is named by its caller's credentials; both below the base URL.
    pub moved: fn(headers: &HeaderMap, path: &str) -> Option<String>,
}

/// How one vendor, or the standard, spells the endpoints.
pub trait Dialect: Send + Sync {
    /// The name in the configuration.
    fn name(&self) -> &'static str;

    /// The name of the profile that holds what the vendor decides: in force where a tenant names none.
    fn profile(&self) -> &'static str;

    /// The name of the profile that bounds one that a tenant names.
    fn bounds(&self) -> &'static str {
        self.profile()
    }

    /// The endpoints served, with their paths.
    fn routes(&self) -> &'static [Route];

    /// The operations served beside them, where the vendor has a back-end API.
    fn operations(&self) -> &'static [Operation] {
        &[]
    }

    /// Writes the refusal of an operation that the edge turned down before it was read.
    fn write_operation_turned_down(&self, refusal: &Refusal) -> Response {
        let row = refusal.public();
        oauth_answer::json_response(row.status, oauth_answer::NO_STORE, String::new())
    }

    /// What the issuer has behind the base URL.
    fn issuer_path(&self) -> &'static str {
        ""
    }

    /// What stands between the base URL and the routes, for a tenant of these aliases.
    ///
    /// # Errors
    /// What is missing, for people: for example an alias of the form that the dialect needs.
    fn tenant_path(&self, aliases: &[String]) -> Result<String, String> {
        let _ = aliases;
        Ok(String::new())
    }

    /// Where below the base URL the metadata of the tenant with this slug is too.
    fn metadata_path_of(&self, slug: &str) -> Option<String> {
        let _ = slug;
        None
    }

    /// What it answers where no tenant is.
    fn lobby(&self) -> Option<Lobby> {
        None
    }

    /// Who sends what [`Dialect::read`] reads.
    fn sender(&self) -> Sender {
        Sender::Client
    }

    /// Bytes that a body may have here, envelope included.
    fn body_max_bytes(&self, policy: &Policy) -> u32 {
        policy.body_max_bytes.0
    }

    /// What of the headers authenticates the client.
    fn authorization<'a>(&self, headers: &'a HeaderMap) -> Authorization<'a> {
        message::authorization(headers)
    }

    /// Reads what a client sent to an endpoint at which clients authenticate.
    ///
    /// # Errors
    /// [`Unread`].
    fn read<'a>(&self, incoming: &'a Incoming<'a>) -> Result<ClientRequest<'a>, Unread> {
        Ok(form_request::read(incoming, self.authorization(incoming.headers))?)
    }

    /// What a client hears that was refused, before it becomes bytes.
    fn error_answer(&self, incoming: &Incoming<'_>, refusal: &Refusal) -> ErrorAnswer {
        ErrorAnswer::of(incoming, refusal, &self.authorization(incoming.headers))
    }

    /// Headers that every answer of this vendor carries.
    fn vendor_headers(&self, incoming: &Incoming<'_>, headers: &mut HeaderMap) {
        let _ = (incoming, headers);
    }

    /// Writes the answer to a push.
    fn write_pushed(&self, incoming: &Incoming<'_>, judged: &Judged<Accepted>) -> Response {
        let answer = match &judged.outcome {
            Ok(accepted) => self.with_vendor_headers(incoming, oauth_answer::pushed(accepted)),
            Err(turned) => self.write_turned_down(incoming, &turned.refusal()),
        };
        oauth_answer::with_nonces(answer, judged)
    }

    /// Writes the answer to a token request.
    fn write_tokens(&self, incoming: &Incoming<'_>, judged: &Judged<Tokens>) -> Response {
        let answer = match &judged.outcome {
            Ok(tokens) => self.with_vendor_headers(incoming, oauth_answer::tokens(tokens)),
            Err(turned) => self.write_turned_down(incoming, &turned.refusal()),
        };
        oauth_answer::with_nonces(answer, judged)
    }

    /// Writes the answer to an introspection request.
    fn write_introspected(&self, incoming: &Incoming<'_>, judged: &Judged<Introspected>) -> Response {
        let answer = match &judged.outcome {
            Ok(introspected) => oauth_answer::introspected(introspected),
            Err(turned) => self.write_turned_down(incoming, &turned.refusal()),
        };
        oauth_answer::with_nonces(answer, judged)
    }

    /// Writes the answer to a revocation request.
    fn write_revoked(&self, incoming: &Incoming<'_>, judged: &Judged<()>) -> Response {
        let answer = match &judged.outcome {
            Ok(()) => oauth_answer::revoked(),
            Err(turned) => self.write_turned_down(incoming, &turned.refusal()),
        };
        oauth_answer::with_nonces(answer, judged)
    }

    /// Writes a challenge for attested clients, or that there are none.
    fn write_challenge(&self, incoming: &Incoming<'_>, judged: &Judged<String>) -> Response {
        let answer = match &judged.outcome {
            Ok(challenge) => self.with_vendor_headers(incoming, oauth_answer::challenge_for_attested(challenge)),
            Err(turned) => self.write_turned_down(incoming, &turned.refusal()),
        };
        oauth_answer::with_nonces(answer, judged)
    }

    /// Reads what a client wants to be registered as.
    ///
    /// # Errors
    /// What is wrong with the message, its body or a member that no specification has.
    fn read_registration(&self, incoming: &Incoming<'_>) -> Result<SentMetadata, Refusal> {
        registration::metadata(incoming).map(SentMetadata::from)
    }

    /// Writes what a client hears about its registration.
    fn write_registered(&self, incoming: &Incoming<'_>, registered: &Registered<'_>) -> Response {
        match registered.outcome {
            Ok(client) => registration::information(registered.status, registration::members(client)),
            Err(turned) => self.write_registration_refused(incoming, &turned.refusal()),
        }
    }

    /// Writes the refusal of a registration, or of a look at one.
    fn write_registration_refused(&self, incoming: &Incoming<'_>, refusal: &Refusal) -> Response {
        let answer = registration::turned_down(incoming, refusal, self.error_answer(incoming, refusal));
        self.with_vendor_headers(incoming, answer)
    }

    /// Writes what the authorization endpoint answers where the browser cannot be sent back to its client and the
    /// vendor has an answer of its own. Otherwise it is a page.
    fn write_authorize_error(&self, incoming: &Incoming<'_>, refusal: &Refusal) -> Option<Response> {
        let _ = (incoming, refusal);
        None
    }

    /// Headers by which the vendor's clients name any answer in a report.
    fn naming_headers(&self, request_id: RequestId, headers: &mut HeaderMap) {
        let _ = (request_id, headers);
    }

    /// Writes a refusal; also that of a request which the edge turned down before it was read: wrong
    /// method, too large, too slow.
    fn write_turned_down(&self, incoming: &Incoming<'_>, refusal: &Refusal) -> Response {
        let answer = self.error_answer(incoming, refusal).into_response(incoming.endpoint);
        self.with_vendor_headers(incoming, answer)
    }

    /// The answer, with the vendor's headers on it.
    fn with_vendor_headers(&self, incoming: &Incoming<'_>, mut response: Response) -> Response {
        self.vendor_headers(incoming, response.headers_mut());
        response
    }
}
