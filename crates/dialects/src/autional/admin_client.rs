//! A client in the vendor's words for whoever manages clients, to and from the words of RFC 7591.

use http::StatusCode;
use parhelion_engine::clients::NewSecret;
use parhelion_engine::ports::Moment;
use parhelion_engine::records::StoredClient;
use parhelion_engine::registration::of_back_end;
use parhelion_engine::registry::Mount;
use parhelion_engine::timestamp;
use parhelion_protocol::client_registration::RegisteredMetadata;
use parhelion_protocol::params::scope;
use serde_json::{Map, Value, json};

use super::envelope::{No, no};
use super::registration::{give_key_set, take_key_set};
use crate::operation::Asked;

/// Members that only have another name.
const NAMES: &[(&str, &str)] = &[
    ("name", "client_name"),
    ("redirect_uris", "redirect_uris"),
    ("grant_types", "grant_types"),
    ("jwks", "jwks"),
    ("jwks_uri", "jwks_uri"),
    ("logo_url", "logo_uri"),
    ("website", "client_uri"),
    ("terms_url", "tos_uri"),
    ("privacy_policy", "policy_uri"),
];

const METHOD: &str = "token_endpoint_auth_method";
const PUBLIC: &str = "none";
/// The one way that the vendor documents for pushed requests.
const CONFIDENTIAL: &str = "client_secret_post";
const ACTIVE: &str = "active";
const SUSPENDED: &str = "suspended";
/// Characters of a secret by which people tell it from others.
const SHOWN_OF_SECRET: usize = 4;

/// What a client is to be.
pub(super) struct Wanted {
    pub(super) metadata: RegisteredMetadata,
    /// Nothing where it stays as it is.
    pub(super) enabled: Option<bool>,
}

impl Wanted {
    /// What is sent, over what is registered already.
    pub(super) fn read(asked: &Asked<'_>, sent: Map<String, Value>, before: Map<String, Value>) -> Result<Self, No> {
        let sent: Map<String, Value> = sent.into_iter().filter(|(_, value)| !is_nothing(value)).collect();
        if sent.contains_key("fapi_profile") {
            return unfit("fapi_profile", "is not built: name a profile for the tenant");
        }
        let is_new = before.is_empty();
        if let Some((missing, _)) = NAMES.iter().take(2).find(|(name, _)| is_new && !sent.contains_key(*name)) {
            return unfit(missing, "is required");
        }
        let mut members = before;
        if sent.contains_key("grant_types") {
            members.remove("response_types");
        }
        let renamed = |(theirs, ours): &(&str, &str)| Some(((*ours).to_owned(), sent.get(*theirs)?.clone()));
        members.extend(NAMES.iter().filter_map(renamed));
        take_key_set(&mut members, asked.body_max_bytes).or_else(|_| unfit("jwks", "must be the text of a key set"))?;
        if let Some(method) = method(&sent)? {
            members.insert(METHOD.to_owned(), method.into());
        }
        if let Some(scopes) = texts(&sent, "scopes")? {
            members.insert("scope".to_owned(), scopes.join(" ").into());
        }
        let enabled = status(&sent)?;
        Ok(Self { metadata: judged(asked, members)?, enabled })
    }
}

impl Wanted {
    /// What another client like one that is there is to be.
    pub(super) fn copy_of(asked: &Asked<'_>, record: &StoredClient) -> Result<RegisteredMetadata, No> {
        let mut members = metadata(record);
        let name = members.get("client_name").and_then(Value::as_str).unwrap_or_default();
        members.insert("client_name".to_owned(), format!("{name} (clone)").into());
        judged(asked, members)
    }
}

fn judged(asked: &Asked<'_>, members: Map<String, Value>) -> Result<RegisteredMetadata, No> {
    let scope = scope::parse(members.get("scope").and_then(Value::as_str).unwrap_or("openid"));
    let scope = scope.or_else(|_| unfit("scopes", "must be scopes"))?;
    let accepted = RegisteredMetadata::accept(members, &of_back_end(asked.mount, &scope));
    accepted.or_else(|fault| {
        let named = NAMES.iter().find(|(_, ours)| *ours == fault.member);
        unfit(named.map_or(fault.member, |(theirs, _)| theirs), fault.problem)
    })
}

/// Languages that have no absence send these in its place.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(elements) => elements.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
    }
}

/// A client here has one method: two that exclude each other are refused, and so are several.
fn method(sent: &Map<String, Value>) -> Result<Option<String>, No> {
    let confidential = match sent.get("is_confidential") {
        None => None,
        Some(Value::Bool(confidential)) => Some(*confidential),
        Some(_) => return unfit("is_confidential", "must be true or false"),
    };
    match (texts(sent, "client_auth_methods")?.as_deref(), confidential) {
        (None, None) => Ok(None),
        (None, Some(true)) => Ok(Some(CONFIDENTIAL.to_owned())),
        (None, Some(false)) => Ok(Some(PUBLIC.to_owned())),
        (Some([one]), confidential) if confidential.is_none_or(|is| is != (one == PUBLIC)) => Ok(Some(one.clone())),
        (Some([_]), _) => unfit("client_auth_methods", "does not go with is_confidential"),
        (Some(_), _) => unfit("client_auth_methods", "must hold one method: a client has one here"),
    }
}

fn texts(sent: &Map<String, Value>, name: &'static str) -> Result<Option<Vec<String>>, No> {
    let Some(value) = sent.get(name) else { return Ok(None) };
    let elements = value.as_array().map(Vec::as_slice).unwrap_or_default();
    let texts: Vec<String> = elements.iter().filter_map(|element| element.as_str().map(str::to_owned)).collect();
    let fits = !texts.is_empty() && texts.len() == elements.len();
    if fits { Ok(Some(texts)) } else { unfit(name, "must be an array of strings") }
}

fn status(sent: &Map<String, Value>) -> Result<Option<bool>, No> {
    match sent.get("status").map(Value::as_str) {
        None => Ok(None),
        Some(Some(ACTIVE)) => Ok(Some(true)),
        Some(Some(SUSPENDED)) => Ok(Some(false)),
        Some(_) => unfit("status", "must be active or suspended"),
    }
}

fn unfit<T>(member: &str, problem: &str) -> Result<T, No> {
    no(StatusCode::BAD_REQUEST, &format!("{member} {problem}"))
}

/// `status`.
pub(super) fn status_of(record: &StoredClient) -> &'static str {
    if record.enabled { ACTIVE } else { SUSPENDED }
}

/// What is registered, in the words of RFC 7591.
pub(super) fn metadata(record: &StoredClient) -> Map<String, Value> {
    RegisteredMetadata::from_text(&record.metadata).map(|metadata| metadata.members().clone()).unwrap_or_default()
}

/// A client as it is shown; its secret only where it was drawn just now.
pub(super) fn shown(mount: &Mount, record: &StoredClient, secret: Option<&NewSecret>) -> Value {
    let mut metadata = metadata(record);
    give_key_set(&mut metadata);
    let text = |name: &str| metadata.get(name).and_then(Value::as_str).unwrap_or_default();
    let method = text(METHOD);
    let mut members = Map::new();
    let mut put = |name: &str, value: Value| drop(members.insert(name.to_owned(), value));
    for (theirs, ours) in NAMES {
        if let Some(value) = metadata.get(*ours) {
            put(theirs, value.clone());
        }
    }
    put("client_id", record.client_id.as_str().into());
    put("id", record.client_id.as_str().into());
    put("tenant_id", mount.tenant.id.as_str().into());
    put("scopes", text("scope").split(' ').collect());
    put("is_confidential", (method != PUBLIC).into());
    // An array as text: so the vendor has it.
    put("client_auth_methods", json!([method]).to_string().into());
    put("status", status_of(record).into());
    put("cors_origins", json!([]));
    put("created_at", timestamp::text(Moment(record.made_at_ms)).into());
    put("updated_at", timestamp::text(Moment(record.changed_at_ms)).into());
    if let Some(secret) = secret {
        let last = secret.text.len().saturating_sub(SHOWN_OF_SECRET);
        put("client_secret", secret.text.as_str().into());
        put("secret_last_four", secret.text.get(last..).unwrap_or_default().into());
    }
    Value::Object(members)
}
