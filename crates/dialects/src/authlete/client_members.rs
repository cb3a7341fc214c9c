//! A client's members, read from the vendor's words into the specifications', and told back.

use parhelion_engine::ports::Moment;
use parhelion_engine::records::StoredClient;
use parhelion_engine::registration::of_back_end;
use parhelion_engine::registry::Mount;
use parhelion_protocol::client_registration::{RegisteredMetadata, Terms};
use parhelion_protocol::limits;
use parhelion_protocol::params::response_type::ResponseType;
use parhelion_protocol::params::scope;
use parhelion_protocol::profile::{ClientSettings, Pkce};
use parhelion_protocol::refusal::{Reason, Refusal};
use serde_json::{Map, Value};

use super::names::response_type;
use super::numbers::client_number;
use super::service;

/// How a member's value is written here, beside how the specifications write it.
#[derive(Clone, Copy)]
enum Spelling {
    Text,
    /// A name in capitals.
    Name,
    /// Names in capitals.
    Names,
    Texts,
    Flag,
    /// A signature algorithm.
    Alg,
    /// An encryption algorithm: with nothing but low lines between its words.
    EncryptionAlg,
    ResponseTypes,
    /// A JWK set as text.
    KeySet,
}

/// The members whose meaning is built: here, in the specifications, and how they are written.
const MEMBERS: &[(&str, &str, Spelling)] = &[
    ("clientName", "client_name", Spelling::Text),
    ("clientUri", "client_uri", Spelling::Text),
    ("logoUri", "logo_uri", Spelling::Text),
    ("tosUri", "tos_uri", Spelling::Text),
    ("policyUri", "policy_uri", Spelling::Text),
    ("applicationType", "application_type", Spelling::Name),
    ("softwareId", "software_id", Spelling::Text),
    ("softwareVersion", "software_version", Spelling::Text),
    ("grantTypes", "grant_types", Spelling::Names),
    ("responseTypes", "response_types", Spelling::ResponseTypes),
    ("redirectUris", "redirect_uris", Spelling::Texts),
    ("authorizationDetailsTypes", "authorization_details_types", Spelling::Texts),
    ("tokenAuthMethod", METHOD, Spelling::Name),
    ("tokenAuthSignAlg", "token_endpoint_auth_signing_alg", Spelling::Alg),
    ("tlsClientAuthSubjectDn", "tls_client_auth_subject_dn", Spelling::Text),
    ("tlsClientAuthSanDns", "tls_client_auth_san_dns", Spelling::Text),
    ("tlsClientAuthSanUri", "tls_client_auth_san_uri", Spelling::Text),
    ("tlsClientAuthSanIp", "tls_client_auth_san_ip", Spelling::Text),
    ("tlsClientAuthSanEmail", "tls_client_auth_san_email", Spelling::Text),
    ("tlsClientCertificateBoundAccessTokens", "tls_client_certificate_bound_access_tokens", Spelling::Flag),
    ("dpopRequired", "dpop_bound_access_tokens", Spelling::Flag),
    ("parRequired", "require_pushed_authorization_requests", Spelling::Flag),
    ("requestObjectRequired", "require_signed_request_object", Spelling::Flag),
    ("requestSignAlg", "request_object_signing_alg", Spelling::Alg),
    ("requestEncryptionAlg", "request_object_encryption_alg", Spelling::EncryptionAlg),
    ("requestEncryptionEnc", "request_object_encryption_enc", Spelling::EncryptionAlg),
    ("idTokenSignAlg", "id_token_signed_response_alg", Spelling::Alg),
    ("idTokenEncryptionAlg", "id_token_encrypted_response_alg", Spelling::EncryptionAlg),
    ("idTokenEncryptionEnc", "id_token_encrypted_response_enc", Spelling::EncryptionAlg),
    ("userInfoSignAlg", "userinfo_signed_response_alg", Spelling::Alg),
    ("userInfoEncryptionAlg", "userinfo_encrypted_response_alg", Spelling::EncryptionAlg),
    ("userInfoEncryptionEnc", "userinfo_encrypted_response_enc", Spelling::EncryptionAlg),
    ("authorizationSignAlg", "authorization_signed_response_alg", Spelling::Alg),
    ("authorizationEncryptionAlg", "authorization_encrypted_response_alg", Spelling::EncryptionAlg),
    ("authorizationEncryptionEnc", "authorization_encrypted_response_enc", Spelling::EncryptionAlg),
    ("jwksUri", "jwks_uri", Spelling::Text),
    ("requestUris", "request_uris", Spelling::Texts),
    ("jwks", "jwks", Spelling::KeySet),
    ("subjectType", "subject_type", Spelling::Name),
    // These two are refused by name.
    ("sectorIdentifierUri", "sector_identifier_uri", Spelling::Text),
    ("defaultAcrs", "default_acr_values", Spelling::Texts),
];

const METHOD: &str = "token_endpoint_auth_method";

/// Settings that make a client stricter in ways that are not built: true is refused, since nobody would keep to it.
const NOT_BUILT: &[&str] = &[
    "frontChannelRequestObjectEncryptionRequired",
    "requestObjectEncryptionAlgMatchRequired",
    "requestObjectEncryptionEncMatchRequired",
    "singleAccessTokenPerSubject",
];

/// What is kept and told back, and changes nothing: its form.
#[derive(Clone, Copy)]
enum Note {
    Text,
    Texts,
    /// Objects of two texts, of these names.
    Pairs(&'static str, &'static str),
}

const TAGGED: Note = Note::Pairs("tag", "value");

const NOTES: &[(&str, Note)] = &[
    ("description", Note::Text),
    ("developer", Note::Text),
    ("loginUri", Note::Text),
    ("customMetadata", Note::Text),
    ("contacts", Note::Texts),
    ("clientNames", TAGGED),
    ("descriptions", TAGGED),
    ("logoUris", TAGGED),
    ("tosUris", TAGGED),
    ("policyUris", TAGGED),
    ("clientUris", TAGGED),
    ("attributes", Note::Pairs("key", "value")),
];

/// Under which name they stand among the words of vendors.
const OURS: &str = "authlete";

/// A client as the caller wants it.
pub(super) struct Wanted {
    pub(super) metadata: RegisteredMetadata,
    pub(super) policy: String,
    pub(super) alias: Option<String>,
    pub(super) locked: Option<bool>,
}

impl Wanted {
    /// Reads a client. What is not sent has its default, also where there was another client before.
    ///
    /// # Errors
    /// [`Reason::MetadataUnfit`] or [`Reason::RedirectUriUnfit`], with the member and what is wrong with it.
    pub(super) fn read(
        mount: &Mount,
        sent: &Map<String, Value>,
        before: Option<&StoredClient>,
    ) -> Result<Self, Refusal> {
        let former = before.and_then(|record| RegisteredMetadata::from_text(&record.metadata));
        let mut members = former.as_ref().map(|former| former.members().clone()).unwrap_or_default();
        members.retain(|name, _| name != "scope" && !MEMBERS.iter().any(|(_, oauth, _)| oauth == name));
        for (name, oauth, spelling) in MEMBERS {
            if let Some(value) = present(sent, name) {
                let value = spelling.to_oauth(value).ok_or_else(|| unfit(name, "is not of its published type"))?;
                members.insert((*oauth).to_owned(), value);
            }
        }
        take_method(sent, &mut members)?;
        check_not_built(sent)?;
        let scope = wanted_scope(mount, sent)?;
        members.insert("scope".to_owned(), scope.as_str().into());
        let scope = scope::parse(&scope).map_err(|_| unfit("requestableScopes", "is malformed"))?;
        let types: Vec<String> = mount.tenant.authorization_details_types.keys().cloned().collect();
        let terms = Terms { authorization_details_types: &types, ..of_back_end(mount, &scope) };
        let metadata = RegisteredMetadata::accept(members, &terms).map_err(|fault| fault.refusal())?;
        let mut words = former.and_then(|former| former.vendor_words().cloned()).unwrap_or_default();
        words.insert(OURS.to_owned(), Value::Object(notes(sent)?));
        Ok(Self {
            metadata: metadata.with_vendor_words(words).map_err(|fault| fault.refusal())?,
            policy: settings(sent, before)?.to_text(),
            alias: alias(sent, before)?,
            locked: flag(sent, "locked")?,
        })
    }
}

/// The members of a client that follow from what is kept of it.
pub(super) fn told(record: &StoredClient) -> Map<String, Value> {
    let Some(metadata) = RegisteredMetadata::from_text(&record.metadata) else { return Map::new() };
    let noted = metadata.vendor_words().and_then(|words| words.get(OURS)).and_then(Value::as_object);
    let mut told = noted.cloned().unwrap_or_default();
    for (name, oauth, spelling) in MEMBERS {
        let value = metadata.members().get(*oauth).and_then(|value| spelling.of_oauth(value));
        told.extend(value.map(|value| ((*name).to_owned(), value)));
    }
    let registered = record.registration_token.is_some();
    let source = if registered { "DYNAMIC_REGISTRATION" } else { "STATIC_REGISTRATION" };
    let mut put = |name: &str, value: Value| drop(told.insert(name.to_owned(), value));
    put("createdAt", Moment(record.made_at_ms).0.into());
    put("modifiedAt", Moment(record.changed_at_ms).0.into());
    put("dynamicallyRegistered", registered.into());
    put("clientSource", source.into());
    told
}

impl Spelling {
    fn to_oauth(self, value: &Value) -> Option<Value> {
        Some(match self {
            Self::Text => value.as_str()?.into(),
            Self::Name => lower(value.as_str()?)?.into(),
            Self::Names => texts(value)?.into_iter().map(lower).collect::<Option<Vec<_>>>()?.into(),
            Self::Texts => texts(value)?.into(),
            Self::Flag => value.as_bool()?.into(),
            Self::Alg => if value == "NONE" { "none" } else { value.as_str()? }.into(),
            Self::EncryptionAlg => encryption_alg(value.as_str()?).into(),
            Self::ResponseTypes => texts(value)?.into_iter().map(oauth_response_type).collect::<Vec<_>>().into(),
            Self::KeySet => serde_json::from_str::<Map<String, Value>>(value.as_str()?).ok()?.into(),
        })
    }

    fn of_oauth(self, value: &Value) -> Option<Value> {
        Some(match self {
            Self::Text | Self::Alg | Self::Texts | Self::Flag => value.clone(),
            Self::Name => value.as_str()?.to_uppercase().into(),
            Self::Names => texts(value)?.into_iter().map(str::to_uppercase).collect::<Vec<_>>().into(),
            Self::EncryptionAlg => value.as_str()?.replace(['-', '+'], "_").into(),
            Self::ResponseTypes => texts(value)?.into_iter().map(response_type).collect::<Vec<_>>().into(),
            Self::KeySet => value.to_string().into(),
        })
    }
}

/// A member that is there: libraries send `null`, and some an empty text or list, for one that is not.
fn present<'a>(sent: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    let empty = |value: &Value| value == "" || value.as_array().is_some_and(Vec::is_empty) || value.is_null();
    sent.get(name).filter(|value| !empty(value))
}

fn texts(value: &Value) -> Option<Vec<&str>> {
    value.as_array()?.iter().map(Value::as_str).collect()
}

fn lower(name: &str) -> Option<String> {
    (!name.bytes().any(|byte| byte.is_ascii_lowercase())).then(|| name.to_lowercase())
}

fn encryption_alg(name: &str) -> String {
    match name {
        "RSA1_5" => name.to_owned(),
        name => name.replace('_', "-").replace("ECDH-ES-", "ECDH-ES+"),
    }
}

/// One that is not served keeps its name, and is refused by it.
fn oauth_response_type(name: &str) -> &str {
    let mut served = ResponseType::ALL.iter().map(|kind| kind.as_str());
    served.find(|oauth| response_type(oauth) == name).unwrap_or(name)
}

fn unfit(member: &'static str, problem: &'static str) -> Refusal {
    Refusal::new(Reason::MetadataUnfit).found_member(member, problem, None)
}

fn flag(sent: &Map<String, Value>, name: &'static str) -> Result<Option<bool>, Refusal> {
    let read = |value: &Value| value.as_bool().ok_or_else(|| unfit(name, "is not of its published type"));
    present(sent, name).map(read).transpose()
}

/// A public client proves nothing, a confidential one something.
fn take_method(sent: &Map<String, Value>, members: &mut Map<String, Value>) -> Result<(), Refusal> {
    let public = match present(sent, "clientType").map(Value::as_str) {
        None => None,
        Some(Some("PUBLIC")) => Some(true),
        Some(Some("CONFIDENTIAL")) => Some(false),
        Some(_) => return Err(unfit("clientType", "must be PUBLIC or CONFIDENTIAL")),
    };
    match (public, members.get(METHOD)) {
        (Some(true), None) => drop(members.insert(METHOD.to_owned(), "none".into())),
        (Some(public), Some(method)) if public != (method == "none") => {
            return Err(unfit("clientType", "does not fit tokenAuthMethod"));
        }
        (Some(_) | None, _) => {}
    }
    Ok(())
}

fn check_not_built(sent: &Map<String, Value>) -> Result<(), Refusal> {
    for name in NOT_BUILT {
        if flag(sent, name)? == Some(true) {
            return Err(unfit(name, "is not supported by this server"));
        }
    }
    match present(sent, "defaultMaxAge").map(|value| value.as_u64()) {
        None | Some(Some(0)) => Ok(()),
        Some(_) => Err(unfit("defaultMaxAge", "is not supported by this server")),
    }
}

fn extension(sent: &Map<String, Value>) -> Result<Map<String, Value>, Refusal> {
    match present(sent, "extension") {
        None => Ok(Map::new()),
        Some(Value::Object(members)) => Ok(members.clone()),
        Some(_) => Err(unfit("extension", "is not of its published type")),
    }
}

/// What the client may ask for: what the caller says, else whatever the service knows.
fn wanted_scope(mount: &Mount, sent: &Map<String, Value>) -> Result<String, Refusal> {
    let extension = extension(sent)?;
    if flag(&extension, "requestableScopesEnabled")? != Some(true) {
        return Ok(service::scopes(mount).join(" "));
    }
    let named = present(&extension, "requestableScopes").map(|value| texts(value).map(|names| names.join(" ")));
    named
        .unwrap_or_else(|| Some(String::new()))
        .ok_or_else(|| unfit("requestableScopes", "is not of its published type"))
}

/// The client's own settings. They count as far as they tighten; what others set stays.
fn settings(sent: &Map<String, Value>, before: Option<&StoredClient>) -> Result<ClientSettings, Refusal> {
    let former = before.map(|record| ClientSettings::from_text(&record.policy)).unwrap_or_default();
    let pkce = match (flag(sent, "pkceRequired")? == Some(true), flag(sent, "pkceS256Required")? == Some(true)) {
        (true, true) => Some(Pkce::S256Required),
        (true, false) => Some(Pkce::Required),
        (false, true) => Some(Pkce::S256),
        (false, false) => None,
    };
    let extension = extension(sent)?;
    let lifetime_s = |name: &'static str| {
        let wrong = || unfit(name, "must be a number of seconds");
        let asked = present(&extension, name).map(|value| value.as_u64().ok_or_else(wrong)).transpose()?;
        // 0 is the service's.
        asked.filter(|asked| *asked > 0).map(|asked| u32::try_from(asked).map_err(|_| wrong())).transpose()
    };
    Ok(ClientSettings {
        pkce,
        access_token_lifetime_s: lifetime_s("accessTokenDuration")?,
        refresh_token_lifetime_s: lifetime_s("refreshTokenDuration")?,
        id_token_lifetime_s: lifetime_s("idTokenDuration")?,
        ..former
    })
}

/// How a new client is to be called. One that is there keeps its name.
fn alias(sent: &Map<String, Value>, before: Option<&StoredClient>) -> Result<Option<String>, Refusal> {
    let Some(alias) = present(sent, "clientIdAlias") else { return Ok(None) };
    let fits =
        |alias: &&str| alias.len() <= limits::CLIENT_ID_MAX_BYTES && alias.bytes().all(|byte| byte.is_ascii_graphic());
    let alias = alias.as_str().filter(fits).ok_or_else(|| unfit("clientIdAlias", "must be printable ASCII"))?;
    match before {
        Some(record) if alias != record.client_id && alias != client_number(&record.client_id).to_string() => {
            Err(unfit("clientIdAlias", "cannot be changed"))
        }
        Some(_) => Ok(None),
        None => Ok(Some(alias.to_owned())),
    }
}

fn notes(sent: &Map<String, Value>) -> Result<Map<String, Value>, Refusal> {
    let mut kept = Map::new();
    for (name, note) in NOTES {
        if let Some(value) = present(sent, name) {
            let value = note.read(value).ok_or_else(|| unfit(name, "is not of its published type"))?;
            kept.insert((*name).to_owned(), value);
        }
    }
    Ok(kept)
}

impl Note {
    fn read(self, value: &Value) -> Option<Value> {
        match self {
            Self::Text => value.as_str().map(Value::from),
            Self::Texts => texts(value).map(Value::from),
            Self::Pairs(one, other) => {
                let pair = |value: &Value| {
                    let mut pair = value.as_object()?.clone();
                    pair.retain(|name, value| (name == one || name == other) && !value.is_null());
                    pair.values().all(Value::is_string).then_some(Value::Object(pair))
                };
                value.as_array()?.iter().map(pair).collect::<Option<Vec<_>>>().map(Value::from)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_of_algorithms_and_responses_go_there_and_back() {
        for name in ["ECDH_ES", "ECDH_ES_A256KW", "RSA_OAEP_256", "RSA1_5", "A128CBC_HS256", "A256GCM"] {
            let oauth = Spelling::EncryptionAlg.to_oauth(&json!(name)).unwrap();
            assert_eq!(Spelling::EncryptionAlg.of_oauth(&oauth), Some(json!(name)), "{oauth}");
        }
        assert_eq!(encryption_alg("ECDH_ES_A256KW"), "ECDH-ES+A256KW");
        for kind in ResponseType::ALL {
            assert_eq!(oauth_response_type(&response_type(kind.as_str())), kind.as_str());
        }
        assert_eq!(oauth_response_type("NONE"), "NONE");
    }

    #[test]
    fn names_are_read_in_capitals_only() {
        assert_eq!(Spelling::Name.to_oauth(&json!("CLIENT_SECRET_BASIC")), Some(json!("client_secret_basic")));
        assert_eq!(Spelling::Name.to_oauth(&json!("client_secret_basic")), None);
        assert_eq!(Spelling::Names.to_oauth(&json!(["REFRESH_TOKEN", 1])), None);
    }

    #[test]
    fn settings_are_read_and_what_is_no_number_is_refused() {
        let sent =
            json!({ "pkceRequired": true, "pkceS256Required": true, "extension": { "accessTokenDuration": 60 } });
        let read = settings(sent.as_object().unwrap(), None).unwrap();
        assert_eq!((read.pkce, read.access_token_lifetime_s), (Some(Pkce::S256Required), Some(60)));
        assert_eq!((read.refresh_token_lifetime_s, read.id_token_lifetime_s), (None, None));
        for wrong in [json!(-1), json!("60"), json!(u64::MAX)] {
            let sent = json!({ "extension": { "accessTokenDuration": wrong } });
            assert!(settings(sent.as_object().unwrap(), None).is_err());
        }
    }
}
