//! An application as the vendor writes it, and the client that it is.

use parhelion_engine::clients::ImportedClient;
use parhelion_engine::registration::of_back_end;
use parhelion_engine::registry::Mount;
use parhelion_protocol::client::Client;
use parhelion_protocol::client_auth::{GivenSecret, SecretNeed};
use parhelion_protocol::client_registration::RegisteredMetadata;
use parhelion_protocol::limits;
use parhelion_protocol::params::response_type::ResponseType;
use parhelion_protocol::params::scope;
use parhelion_protocol::profile::{ClientSettings, Pkce};
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use super::platform_error::Detail;
use crate::json_object;

/// Which JSON a member is, and what may be in it.
#[derive(Clone, Copy)]
enum Shape {
    Text,
    Texts,
    Flag,
    Number,
    /// One of these words of the vendor's.
    OneOf(&'static [&'static str]),
    /// One of the vendor's words, with the specifications' word for it.
    Word(&'static [(&'static str, &'static str)]),
    /// Some of them.
    Words(&'static [(&'static str, &'static str)]),
}

const METHODS: &[(&str, &str)] = &[
    ("NONE", "none"),
    ("CLIENT_SECRET_BASIC", "client_secret_basic"),
    ("CLIENT_SECRET_POST", "client_secret_post"),
    ("CLIENT_SECRET_JWT", "client_secret_jwt"),
    ("PRIVATE_KEY_JWT", "private_key_jwt"),
];
/// The vendor's other three grants are not built.
const GRANTS: &[(&str, &str)] = &[
    ("AUTHORIZATION_CODE", "authorization_code"),
    ("IMPLICIT", "implicit"),
    ("REFRESH_TOKEN", "refresh_token"),
    ("CLIENT_CREDENTIALS", "client_credentials"),
];
const RESPONSES: &[(&str, &str)] = &[("CODE", "code"), ("TOKEN", "token"), ("ID_TOKEN", "id_token")];
const TYPES: &[(&str, &str)] = &[
    ("WEB_APP", "web"),
    ("SINGLE_PAGE_APP", "web"),
    ("NATIVE_APP", "native"),
    ("WORKER", "web"),
    ("SERVICE", "web"),
    ("CUSTOM_APP", "web"),
];

/// The members that count; whatever else is sent is ignored and not told back.
const MEMBERS: &[(&str, Shape)] = &[
    ("name", Shape::Text),
    ("description", Shape::Text),
    ("enabled", Shape::Flag),
    ("type", Shape::Word(TYPES)),
    ("protocol", Shape::OneOf(&["OPENID_CONNECT"])),
    ("tokenEndpointAuthMethod", Shape::Word(METHODS)),
    ("grantTypes", Shape::Words(GRANTS)),
    ("responseTypes", Shape::Words(RESPONSES)),
    ("redirectUris", Shape::Texts),
    ("allowWildcardInRedirectUris", Shape::Flag),
    ("postLogoutRedirectUris", Shape::Texts),
    ("pkceEnforcement", Shape::OneOf(&["OPTIONAL", "REQUIRED", "S256_REQUIRED"])),
    ("parRequirement", Shape::OneOf(&["OPTIONAL", "REQUIRED"])),
    ("parTimeout", Shape::Number),
    ("jwks", Shape::Text),
    ("jwksUrl", Shape::Text),
    ("requireSignedRequestObject", Shape::Flag),
    ("supportUnsignedRequestObject", Shape::Flag),
    ("homePageUrl", Shape::Text),
];

const REQUIRED: &[&str] = &["name", "enabled", "type", "protocol", "tokenEndpointAuthMethod", "grantTypes"];

/// The vendor's word for a member of client metadata, or for a setting of a policy.
const TARGETS: &[(&str, &str)] = &[
    ("client_id", "clientId"),
    ("client_secret", "clientSecret"),
    ("client_name", "name"),
    ("client_uri", "homePageUrl"),
    ("token_endpoint_auth_method", "tokenEndpointAuthMethod"),
    ("redirect_uris", "redirectUris"),
    ("post_logout_redirect_uris", "postLogoutRedirectUris"),
    ("grant_types", "grantTypes"),
    ("response_types", "responseTypes"),
    ("require_signed_request_object", "requireSignedRequestObject"),
    ("accept_unsigned_request_object", "supportUnsignedRequestObject"),
    ("jwks", "jwks"),
    ("jwks_uri", "jwksUrl"),
    ("pkce", "pkceEnforcement"),
    ("request_uri_lifetime_s", "parTimeout"),
    ("pushed_requests", "parRequirement"),
];

/// An application that was found fit.
pub(super) struct Application {
    pub(super) metadata: RegisteredMetadata,
    /// Settings of a policy, for its client alone.
    pub(super) policy: String,
    pub(super) enabled: bool,
}

/// Takes a client in from elsewhere, where both halves of its name are there.
///
/// # Errors
/// What is wrong with them.
pub(super) fn imported(sent: &Map<String, Value>) -> Result<Option<ImportedClient>, Vec<Detail>> {
    let read = |name: &'static str| match sent.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.len() >= limits::IMPORTED_CREDENTIAL_MIN_BYTES => Ok(Some(text.clone())),
        Some(_) => Err(vec![Detail::invalid(name, "must be a string of at least 8 characters")]),
    };
    match (read("clientId")?, read("clientSecret")?.map(Zeroizing::new)) {
        (None, None) => Ok(None),
        (Some(_), None) => Err(vec![Detail::required("clientSecret")]),
        (None, Some(_)) => Err(vec![Detail::required("clientId")]),
        (Some(client_id), Some(secret)) => Ok(Some(ImportedClient { client_id, secret })),
    }
}

/// Judges an application by the rules that every client is held to here.
///
/// # Errors
/// What is wrong with it.
pub(super) fn read(mount: &Mount, sent: Map<String, Value>) -> Result<Application, Vec<Detail>> {
    let words = words(mount, sent)?;
    let settings = settings(mount, &words)?;
    // What every application may ask for, and what a client that registers itself may.
    let mut asked = scope::STANDARD.join(" ");
    for token in mount.tenant.registration.scope.iter().filter(|token| !scope::STANDARD.contains(token)) {
        asked = format!("{asked} {token}");
    }
    let scope = scope::parse(&asked).map_err(|_| vec![Detail::invalid("scope", "is too much for one client")])?;
    let metadata = metadata(&words, &asked)?;
    let accepted = RegisteredMetadata::accept(metadata, &of_back_end(mount, &scope));
    let enabled = flag(&words, "enabled");
    let metadata = accepted.and_then(|accepted| accepted.with_vendor_words(words));
    let metadata = metadata.map_err(|fault| vec![Detail::invalid(target(fault.member), fault.problem)])?;
    Ok(Application { metadata, policy: settings.to_text(), enabled })
}

/// Whether a client can go by this secret under these metadata: one that came from elsewhere may be too short a key.
///
/// # Errors
/// What is wrong with it.
pub(super) fn check_secret(
    mount: &Mount,
    metadata: &RegisteredMetadata,
    client_id: &str,
    secret: &str,
) -> Result<(), Vec<Detail>> {
    let registered = metadata.for_client(client_id).and_then(|metadata| {
        let given = [GivenSecret::lasting(secret)];
        let given = if metadata.secret_need()? == SecretNeed::None { &[][..] } else { &given };
        Client::register(metadata, given, mount.policy.loopback_redirect_uri)
    });
    registered.map(drop).map_err(|fault| vec![Detail::invalid(target(fault.member), fault.problem)])
}

/// The members that count, each of its shape, with the defaults of those that have one.
fn words(mount: &Mount, mut sent: Map<String, Value>) -> Result<Map<String, Value>, Vec<Detail>> {
    let (mut words, mut wrong) = (Map::new(), Vec::new());
    for (name, shape) in MEMBERS {
        match sent.remove(*name).filter(|value| !value.is_null()) {
            None if REQUIRED.contains(name) => wrong.push(Detail::required(name)),
            None => {}
            Some(value) => match shape.problem(&value) {
                Some(problem) => wrong.push(Detail::invalid(name, problem)),
                None => drop(words.insert((*name).to_owned(), value)),
            },
        }
    }
    let mut default = |name: &str, value: Value| {
        words.entry(name).or_insert(value);
    };
    default("pkceEnforcement", "OPTIONAL".into());
    default("parRequirement", "OPTIONAL".into());
    default("parTimeout", mount.policy.request_uri_lifetime_s.0.into());
    for name in ["allowWildcardInRedirectUris", "requireSignedRequestObject", "supportUnsignedRequestObject"] {
        default(name, false.into());
    }
    // Not built: a redirect URI is compared as it is.
    if flag(&words, "allowWildcardInRedirectUris") {
        wrong.push(Detail::invalid("allowWildcardInRedirectUris", "must be false on this server"));
    }
    if wrong.is_empty() { Ok(words) } else { Err(wrong) }
}

impl Shape {
    fn problem(self, value: &Value) -> Option<&'static str> {
        let is_word = |words: &[(&str, &str)], value: &Value| words.iter().any(|(word, _)| value == word);
        let texts = |fits: &dyn Fn(&Value) -> bool| value.as_array().is_some_and(|list| list.iter().all(fits));
        let (fits, problem) = match self {
            Self::Text => (value.is_string(), "must be a string"),
            Self::Texts => (texts(&Value::is_string), "must be an array of strings"),
            Self::Flag => (value.is_boolean(), "must be true or false"),
            Self::Number => (value.as_u64().is_some_and(|n| u32::try_from(n).is_ok()), "must be a number of seconds"),
            Self::OneOf(known) => {
                (known.iter().any(|word| value == word), "must be one of the values that are supported")
            }
            Self::Word(known) => (is_word(known, value), "must be one of the values that are supported"),
            Self::Words(known) => (texts(&|value| is_word(known, value)), "holds a value that is not supported"),
        };
        (!fits).then_some(problem)
    }
}

/// What is policy for this client alone; it must not loosen what is in force at the mount.
fn settings(mount: &Mount, words: &Map<String, Value>) -> Result<ClientSettings, Vec<Detail>> {
    let pkce = match words.get("pkceEnforcement").and_then(Value::as_str) {
        Some("REQUIRED") => Some(Pkce::Required),
        Some("S256_REQUIRED") => Some(Pkce::S256Required),
        Some(_) | None => None,
    };
    let lifetime_s = words.get("parTimeout").and_then(Value::as_u64).and_then(|s| u32::try_from(s).ok());
    let settings = ClientSettings { pkce, request_uri_lifetime_s: lifetime_s, ..ClientSettings::default() };
    let candidate = mount
        .policy
        .overlaid(&settings.to_table())
        .map_err(|_| vec![Detail::invalid("parTimeout", "cannot be read")])?;
    match mount.policy.tightened(candidate) {
        Ok(_) => Ok(settings),
        Err(loosened) => Err(vec![Detail::invalid(target(loosened.setting), "is not what this environment allows")]),
    }
}

/// In the words of the specifications.
fn metadata(words: &Map<String, Value>, scope: &str) -> Result<Map<String, Value>, Vec<Detail>> {
    let mut members = Map::new();
    for (theirs, ours) in [
        ("name", "client_name"),
        ("homePageUrl", "client_uri"),
        ("redirectUris", "redirect_uris"),
        ("postLogoutRedirectUris", "post_logout_redirect_uris"),
        ("jwksUrl", "jwks_uri"),
        ("requireSignedRequestObject", "require_signed_request_object"),
        ("supportUnsignedRequestObject", "accept_unsigned_request_object"),
    ] {
        members.extend(words.get(theirs).map(|value| (ours.to_owned(), value.clone())));
    }
    let mut put = |name: &str, value: Value| drop(members.insert(name.to_owned(), value));
    put("scope", scope.into());
    put("token_endpoint_auth_method", word(words, "tokenEndpointAuthMethod", METHODS).unwrap_or_default().into());
    put("application_type", word(words, "type", TYPES).unwrap_or_default().into());
    put("require_pushed_authorization_requests", (words.get("parRequirement") == Some(&json!("REQUIRED"))).into());
    let grants = some(words, "grantTypes", GRANTS);
    if words.contains_key("responseTypes") {
        put("response_types", json!(response_types(&some(words, "responseTypes", RESPONSES), &grants)?));
    }
    put("grant_types", json!(grants));
    if let Some(text) = words.get("jwks").and_then(Value::as_str) {
        let bytes = u32::try_from(limits::CLIENT_METADATA_MAX_BYTES).unwrap_or(u32::MAX);
        let set = json_object::read(text.as_bytes(), bytes);
        put("jwks", Value::Object(set.map_err(|_| vec![Detail::invalid("jwks", "must be the text of a JWK set")])?));
    }
    Ok(members)
}

/// Every combination of the words that are listed, as far as the grants carry it.
fn response_types(listed: &[&str], grants: &[&str]) -> Result<Vec<&'static str>, Vec<Detail>> {
    let carried = |kind: &&ResponseType| {
        let mut words = kind.as_str().split(' ');
        words.all(|word| listed.contains(&word)) && kind.grant_types().all(|grant| grants.contains(&grant.as_str()))
    };
    let kinds: Vec<_> = ResponseType::ALL.iter().filter(carried).map(|kind| kind.as_str()).collect();
    let idle = listed.iter().any(|word| !kinds.iter().any(|kind| kind.split(' ').any(|own| own == *word)));
    let lacking = || vec![Detail::invalid("responseTypes", "holds a value that no grant type carries")];
    if idle { Err(lacking()) } else { Ok(kinds) }
}

fn word(words: &Map<String, Value>, name: &str, known: &[(&str, &'static str)]) -> Option<&'static str> {
    let said = words.get(name)?.as_str()?;
    known.iter().find(|(word, _)| *word == said).map(|(_, ours)| *ours)
}

fn some(words: &Map<String, Value>, name: &str, known: &[(&str, &'static str)]) -> Vec<&'static str> {
    let said = words.get(name).and_then(Value::as_array);
    let is_said = |word: &str| said.is_some_and(|said| said.iter().any(|value| value == word));
    known.iter().filter(|(word, _)| is_said(word)).map(|(_, ours)| *ours).collect()
}

fn flag(words: &Map<String, Value>, name: &str) -> bool {
    words.get(name) == Some(&Value::Bool(true))
}

fn target(ours: &str) -> &'static str {
    TARGETS.iter().find(|(known, _)| *known == ours).map_or("application", |(_, theirs)| *theirs)
}
