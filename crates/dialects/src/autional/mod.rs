//! Autional, `/oauth/pushed-authorization`: the parameters as members of a JSON object, two of them as
//! arrays; a form is read at the same paths.

mod about_client;
mod admin;
mod admin_client;
mod admin_list;
mod caller;
mod envelope;
mod nonce;
mod paths;
mod registration;

use http::HeaderMap;
use parhelion_engine::client_request::{ClientRequest, Judged};
use parhelion_engine::registration::SentMetadata;
use parhelion_engine::token::Tokens;
use parhelion_jose::jws::Compact;
use parhelion_protocol::client::GrantType;
use parhelion_protocol::client_auth::Authorization;
use parhelion_protocol::endpoint::Endpoint;
use parhelion_protocol::form;
use parhelion_protocol::parameters::{Param, Parameters};
use parhelion_protocol::refusal::{OAuthError, Reason, Refusal};
use parhelion_protocol::sender::Shown;
use serde_json::{Map, Value};

use crate::dialect::{Dialect, Route};
use crate::incoming::{Incoming, Response, Unread};
use crate::message::MediaType;
use crate::oauth_answer::ErrorAnswer;
use crate::operation::Operation;
use crate::registration::Registered;
use crate::{form_request, json_object, message, oauth_answer};

/// The vendor's name for RFC 8707's `resource`, as an array.
const RESOURCES: &str = "resources";

/// The vendor's word for too many requests, documented for its token endpoint.
const RATE_LIMIT_EXCEEDED: &str = "rate_limit_exceeded";

/// The dialect of Autional.
#[derive(Clone, Copy, Debug)]
pub struct Autional;

impl Dialect for Autional {
    fn name(&self) -> &'static str {
        "autional"
    }

    fn profile(&self) -> &'static str {
        "autional"
    }

    fn routes(&self) -> &'static [Route] {
        paths::ROUTES
    }

    fn operations(&self) -> &'static [Operation] {
        paths::OPERATIONS
    }

    fn write_operation_turned_down(&self, refusal: &Refusal) -> Response {
        envelope::ill(refusal.public().status.min(500), &refusal.description(), None)
    }

    fn metadata_path_of(&self, slug: &str) -> Option<String> {
        Some(paths::metadata_of(slug))
    }

    fn read_registration(&self, incoming: &Incoming<'_>) -> Result<SentMetadata, Refusal> {
        registration::read(incoming)
    }

    fn write_registered(&self, incoming: &Incoming<'_>, registered: &Registered<'_>) -> Response {
        match registered.outcome {
            Ok(client) => registration::write(registered, client),
            Err(turned) => self.write_registration_refused(incoming, &turned.refusal()),
        }
    }

    /// The vendor's own client shows its user's token on every call; that is no client authentication.
    fn authorization<'a>(&self, headers: &'a HeaderMap) -> Authorization<'a> {
        let authorization = message::authorization(headers);
        let is_token = matches!(authorization, Authorization::Header(value) if message::bearer_token(value).is_some());
        if is_token { Authorization::Absent } else { authorization }
    }

    fn read<'a>(&self, incoming: &'a Incoming<'a>) -> Result<ClientRequest<'a>, Unread> {
        let mut request = read(self, incoming)?;
        if paths::is_refresh(incoming.endpoint, incoming.path) && request.parameters.get(Param::GrantType).is_none() {
            request.parameters.add(Param::GrantType.name(), GrantType::RefreshToken.as_str().into())?;
        }
        Ok(request)
    }

    /// With how the access token is bound.
    fn write_tokens(&self, incoming: &Incoming<'_>, judged: &Judged<Tokens>) -> Response {
        let answer = match &judged.outcome {
            Ok(tokens) => {
                let mut members = oauth_answer::token_members(tokens);
                let alg = proof_alg(incoming).filter(|_| tokens.token_type == "DPoP");
                members.insert("dpop_access_token_bound".to_owned(), alg.is_some().into());
                members.extend(alg.map(|alg| ("dpop_signing_alg".to_owned(), alg.into())));
                oauth_answer::json_response(200, oauth_answer::NO_STORE, Value::Object(members).to_string())
            }
            Err(turned) => self.write_turned_down(incoming, &turned.refusal()),
        };
        oauth_answer::with_nonces(answer, judged)
    }

    fn error_answer(&self, incoming: &Incoming<'_>, refusal: &Refusal) -> ErrorAnswer {
        let row = refusal.public();
        let answer = ErrorAnswer::of(incoming, refusal, &self.authorization(incoming.headers));
        let (status, error) = match row.status {
            // The vendor documents one status for whatever fails on the server's side.
            500.. => (500, OAuthError::ServerError.as_str()),
            429 => (429, RATE_LIMIT_EXCEEDED),
            _ if row.error == OAuthError::InvalidGrant && paths::is_refresh(incoming.endpoint, incoming.path) => {
                (401, row.error.as_str())
            }
            status => (status, row.error.as_str()),
        };
        ErrorAnswer { status, error, state: state(incoming), ..answer }
    }

    /// The vendor documents JSON. A person in front of a browser is shown the page all the same.
    fn write_authorize_error(&self, incoming: &Incoming<'_>, refusal: &Refusal) -> Option<Response> {
        let for_a_program = !message::accepts_html(incoming.headers);
        for_a_program.then(|| self.write_turned_down(incoming, refusal))
    }
}

fn read<'a>(dialect: &Autional, incoming: &'a Incoming<'a>) -> Result<ClientRequest<'a>, Refusal> {
    let authorization = dialect.authorization(incoming.headers);
    match message::media_type(incoming.headers) {
        MediaType::Form | MediaType::Other => form_request::read(incoming, authorization),
        MediaType::Json => {
            message::check_not_encoded(incoming.headers)?;
            message::check_query(incoming)?;
            let members = json_object::read(incoming.body, dialect.body_max_bytes(&incoming.mount.policy))?;
            let possession = message::possession(incoming, "POST");
            Ok(ClientRequest { authorization, parameters: parameters(members)?, possession, properties: Vec::new() })
        }
    }
}

/// The algorithm of the proof that came; it has been found good where there are tokens.
fn proof_alg(incoming: &Incoming<'_>) -> Option<&'static str> {
    match message::possession(incoming, "POST").dpop {
        Shown::One(proof) => Compact::parse(&proof).ok().map(|proof| proof.header().alg().name()),
        Shown::Absent | Shown::Repeated => None,
    }
}

/// The members that are parameters; the others are counted and ignored. `null` is absence.
fn parameters(members: Map<String, Value>) -> Result<Parameters<'static>, Refusal> {
    let mut parameters = Parameters::default();
    for (name, value) in members {
        match (name.as_str(), Param::from_name(&name), value) {
            (RESOURCES, _, Value::Array(elements)) => add_resources(&mut parameters, elements)?,
            (_, Some(Param::AuthorizationDetails), details @ Value::Array(_)) => {
                parameters.add(&name, details.to_string().into())?;
            }
            (_, Some(param), Value::String(text)) if param != Param::AuthorizationDetails => {
                parameters.add(&name, text.into())?;
            }
            (_, _, Value::Null) => parameters.add(&name, "".into())?,
            (RESOURCES, _, _) => return Err(wrong_type(Some(Param::Resource))),
            (_, Some(param), _) => return Err(wrong_type(Some(param))),
            (_, None, _) => parameters.add(&name, "".into())?,
        }
    }
    Ok(parameters)
}

fn add_resources(parameters: &mut Parameters<'_>, elements: Vec<Value>) -> Result<(), Refusal> {
    elements.into_iter().try_for_each(|element| match element {
        Value::String(uri) => parameters.add(Param::Resource.name(), uri.into()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            Err(wrong_type(Some(Param::Resource)))
        }
    })
}

fn wrong_type(param: Option<Param>) -> Refusal {
    Refusal::new(Reason::JsonTypeWrong).about(param)
}

/// The `state` to be echoed: only that of a body, or a browser's query, which can be read as what it says it is.
fn state(incoming: &Incoming<'_>) -> Option<String> {
    match message::media_type(incoming.headers) {
        MediaType::Json => {
            let members = json_object::read(incoming.body, incoming.mount.policy.body_max_bytes.0).ok()?;
            members.get(Param::State.name())?.as_str().map(str::to_owned)
        }
        MediaType::Form => form::parse(incoming.body).ok()?.get(Param::State).map(str::to_owned),
        MediaType::Other if incoming.endpoint == Endpoint::Authorize => {
            let query = incoming.query.unwrap_or_default();
            form::parse_only(query.as_bytes(), &[Param::State]).ok()?.get(Param::State).map(str::to_owned)
        }
        MediaType::Other => None,
    }
}
