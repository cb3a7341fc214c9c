//! The members of an operation's request: JSON, or a form with the same names, or a query. `null` is absence and unknown
//! members are ignored.

use http::HeaderMap;
use parhelion_protocol::form;
use parhelion_protocol::refusal::{Reason, Refusal};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::result;
use crate::incoming::Response;
use crate::json_object;
use crate::message::{self, MediaType};
use crate::operation::Asked;

/// How the text of a form stands for a value that is no text, by the member's name.
#[derive(Clone, Copy)]
enum Spelling {
    /// A number or a truth value, as JSON writes it.
    Literal,
    /// Words between spaces.
    Words,
    /// JSON text.
    Json,
}

const SPELLINGS: &[(&str, Spelling)] = &[
    ("authTime", Spelling::Literal),
    ("accessTokenDuration", Spelling::Literal),
    ("refreshTokenDuration", Spelling::Literal),
    ("accessTokenExpiresAt", Spelling::Literal),
    ("maxAge", Spelling::Literal),
    ("start", Spelling::Literal),
    ("end", Spelling::Literal),
    ("dpopNonceRequired", Spelling::Literal),
    ("withHiddenProperties", Spelling::Literal),
    ("pretty", Spelling::Literal),
    ("includePrivateKeys", Spelling::Literal),
    ("scopes", Spelling::Words),
    ("resources", Spelling::Words),
    ("acrValues", Spelling::Words),
    ("consentedClaims", Spelling::Words),
    ("properties", Spelling::Json),
    ("authorizationDetails", Spelling::Json),
];

/// One thing that is attached to tokens.
#[derive(Clone, Deserialize)]
pub(super) struct Property {
    key: Option<String>,
    value: Option<String>,
    hidden: Option<bool>,
}

/// What is to be attached, as the engine keeps it. What has no name is left out.
pub(super) fn properties(sent: Option<Vec<Property>>) -> Vec<parhelion_engine::records::Property> {
    let kept = |property: Property| {
        Some(parhelion_engine::records::Property {
            key: property.key.filter(|key| !key.is_empty())?,
            value: property.value.unwrap_or_default(),
            hidden: property.hidden.unwrap_or(false),
        })
    };
    sent.unwrap_or_default().into_iter().filter_map(kept).collect()
}

/// Reads the body of an operation.
///
/// # Errors
/// The answer to the caller: that its own request cannot be read.
pub(super) fn read<T: DeserializeOwned>(asked: &Asked<'_>) -> Result<T, Box<Response>> {
    let members = members(asked.headers, asked.body, asked.body_max_bytes).and_then(typed);
    members.map_err(|refusal| Box::new(result::caller_error(&refusal)))
}

/// Reads the query of an operation.
///
/// # Errors
/// As [`read`].
pub(super) fn read_query<T: DeserializeOwned>(asked: &Asked<'_>) -> Result<T, Box<Response>> {
    let members = of_form(asked.query.unwrap_or_default().as_bytes()).and_then(typed);
    members.map_err(|refusal| Box::new(result::caller_error(&refusal)))
}

fn typed<T: DeserializeOwned>(members: Map<String, Value>) -> Result<T, Refusal> {
    serde_json::from_value(Value::Object(members)).map_err(|_| Reason::JsonTypeWrong.into())
}

fn members(headers: &HeaderMap, body: &[u8], body_max_bytes: u32) -> Result<Map<String, Value>, Refusal> {
    message::check_not_encoded(headers)?;
    match message::media_type(headers) {
        MediaType::Json => json_object::read(body, body_max_bytes),
        MediaType::Form => of_form(body),
        MediaType::Other => Err(Reason::ContentTypeNotForm.into()),
    }
}

fn of_form(body: &[u8]) -> Result<Map<String, Value>, Refusal> {
    let mut members = Map::new();
    for pair in body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
        let mut halves = pair.splitn(2, |byte| *byte == b'=');
        let mut half = || form::decode(halves.next().unwrap_or_default()).map(|text| text.into_owned());
        let (name, text) = (half()?, half()?);
        let value = value_of(&name, text);
        if members.insert(name, value).is_some() {
            return Err(Reason::ParameterRepeated.into());
        }
    }
    Ok(members)
}

fn value_of(name: &str, text: String) -> Value {
    let spelling = SPELLINGS.iter().find(|(known, _)| *known == name).map(|(_, spelling)| *spelling);
    match spelling {
        None => Value::String(text),
        Some(Spelling::Literal | Spelling::Json) => serde_json::from_str(&text).unwrap_or(Value::String(text)),
        Some(Spelling::Words) => text.split(' ').filter(|word| !word.is_empty()).map(Value::from).collect(),
    }
}
