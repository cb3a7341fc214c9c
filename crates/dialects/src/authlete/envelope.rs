//! What the caller sends: its client's request as one string, and beside it what the client sent in headers.

use std::borrow::Cow;

use parhelion_engine::client_request::{ClientRequest, Possession};
use parhelion_protocol::client_auth::Authorization;
use parhelion_protocol::client_auth::attest_jwt_client_auth::Headers;
use parhelion_protocol::form;
use parhelion_protocol::profile::{DpopNonce, Policy};
use parhelion_protocol::refusal::{Reason, Refusal};
use parhelion_protocol::sender::{Shown, certificate};
use serde::Deserialize;
use serde_json::map::Entry;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::members::{Property, properties};
use super::result;
use crate::incoming::{Incoming, Response};
use crate::json_object;
use crate::message::{self, MediaType};

/// The request body: the published members, each of its published type or `null`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Envelope {
    parameters: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
    oauth_client_attestation: Option<String>,
    oauth_client_attestation_pop: Option<String>,
    dpop: Option<String>,
    htm: Option<String>,
    htu: Option<String>,
    dpop_nonce_required: Option<bool>,
    client_certificate: Option<String>,
    client_certificate_path: Option<Vec<String>>,
    properties: Option<Vec<Property>>,
    #[serde(flatten)]
    #[allow(dead_code, reason = "read for its types")]
    unused: Unused,
}

/// Members that are accepted and used by nothing that is built; their types are held all the same.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code, reason = "read for their types")]
struct Unused {
    access_token: Option<String>,
    access_token_duration: Option<i64>,
    refresh_token_duration: Option<i64>,
    jwt_at_claims: Option<String>,
}

const CERTIFICATE_PATH: &str = "clientCertificatePath";
const NONCE_REQUIRED: &str = "dpopNonceRequired";

/// Reads the body.
///
/// # Errors
/// The answer to the caller: that its own request cannot be read.
pub(super) fn read(incoming: &Incoming<'_>, body_max_bytes: u32) -> Result<Envelope, Box<Response>> {
    let turned_down = |refusal: Refusal| Box::new(result::caller_error(&refusal));
    let members = members(incoming, body_max_bytes).map_err(turned_down)?;
    let envelope: Result<Envelope, _> = serde_json::from_value(Value::Object(members));
    let envelope = envelope.map_err(|_| turned_down(Reason::JsonTypeWrong.into()))?;
    if envelope.parameters.is_none() { Err(Box::new(result::parameters_missing())) } else { Ok(envelope) }
}

fn members(incoming: &Incoming<'_>, body_max_bytes: u32) -> Result<Map<String, Value>, Refusal> {
    message::check_not_encoded(incoming.headers)?;
    match message::media_type(incoming.headers) {
        MediaType::Json => json_object::read(incoming.body, body_max_bytes),
        MediaType::Form => form_members(incoming.body),
        MediaType::Other => Err(Reason::ContentTypeNotForm.into()),
    }
}

/// The same members from a form: text, but for the one that is a list and the one that is a truth value.
fn form_members(body: &[u8]) -> Result<Map<String, Value>, Refusal> {
    let mut members = Map::new();
    for pair in body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
        let mut halves = pair.splitn(2, |byte| *byte == b'=');
        let mut half = || form::decode(halves.next().unwrap_or_default()).map(|text| text.into_owned());
        let (name, text) = (half()?, half()?);
        match (members.entry(name), text) {
            (Entry::Vacant(place), text) => {
                let value = match place.key().as_str() {
                    CERTIFICATE_PATH => Value::Array(vec![Value::String(text)]),
                    NONCE_REQUIRED => serde_json::from_str(&text).unwrap_or(Value::String(text)),
                    _ => Value::String(text),
                };
                place.insert(value);
            }
            (Entry::Occupied(mut place), text) => match place.get_mut() {
                Value::Array(path) => path.push(Value::String(text)),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
                    return Err(Reason::ParameterRepeated.into());
                }
            },
        }
    }
    Ok(members)
}

impl Envelope {
    /// The client's request, as if it had come here itself.
    ///
    /// # Errors
    /// The [`Refusal`] that its client is due.
    pub(super) fn into_client_request(self, policy: &Policy) -> Result<ClientRequest<'static>, Refusal> {
        let parameters = self.parameters.unwrap_or_default();
        if u32::try_from(parameters.len()).map_or(true, |length| length > policy.body_max_bytes.0) {
            return Err(Refusal::new(Reason::BodyTooLarge).found_length(parameters.len()));
        }
        let possession = Possession {
            certificate: certificate(present(self.client_certificate), self.client_certificate_path),
            dpop: shown(self.dpop),
            attestation: Headers {
                attestation: shown(self.oauth_client_attestation),
                pop: shown(self.oauth_client_attestation_pop),
            },
            htm: present(self.htm).map_or("POST".into(), Cow::Owned),
            htu: present(self.htu).map(Cow::Owned),
            nonce: match self.dpop_nonce_required {
                Some(true) => DpopNonce::Required,
                Some(false) | None => DpopNonce::Optional,
            },
        };
        let authorization = match (present(self.client_id), present(self.client_secret)) {
            (None, None) => Authorization::Absent,
            (client_id, client_secret) => Authorization::Basic {
                client_id: client_id.unwrap_or_default(),
                client_secret: client_secret.map(Zeroizing::new),
            },
        };
        let parameters = form::parse(parameters.as_bytes())?.into_owned();
        Ok(ClientRequest { authorization, parameters, possession, properties: properties(self.properties) })
    }
}

/// The certificate of the client's connection to the caller, who says that its owner holds the key. The connection here is
/// the caller's own.
pub(super) fn certificate(leaf: Option<String>, path: Option<Vec<String>>) -> certificate::Shown {
    let path = path.unwrap_or_default();
    match leaf {
        Some(leaf) => {
            let texts = std::iter::once(&leaf).chain(&path).map(String::as_str);
            certificate::Shown::of(certificate::Chain::from_pem(texts))
        }
        None if path.is_empty() => certificate::Shown::Absent,
        None => certificate::Shown::Malformed,
    }
}

/// A header of the client's that its caller hands on.
fn shown(member: Option<String>) -> Shown<'static> {
    present(member).map_or(Shown::Absent, |value| Shown::One(value.into()))
}

/// An empty string is as good as none: some callers send it for a header that was not there.
fn present(member: Option<String>) -> Option<String> {
    member.filter(|text| !text.is_empty())
}
