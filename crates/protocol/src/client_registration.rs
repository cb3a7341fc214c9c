//! Client metadata as a registration request brings it: from JSON members to what is registered, defaults included
//! (RFC 7591 sections 2 and 3.1, OpenID Connect Registration section 2, RFC 9126 section 6).
//!
//! A member that nobody here knows is ignored and not told back. A member that is known is taken as it is or refused,
//! and never replaced: a client must not believe that it is registered otherwise than it is.

use parhelion_jose::json::{self, Bounds};
use parhelion_jose::jwe;
use parhelion_jose::jws::Algorithm;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use toml::Table;
use url::Url;

use crate::client::{ApplicationType, Client, ClientMetadata, GrantType, MetadataFault};
use crate::client_auth::{GivenSecret, Method, SecretNeed};
use crate::limits;
use crate::params::response_type::ResponseType;
use crate::params::scope::{self, Scope};
use crate::profile::{AlgName, Policy, RequestObjects, Set};
use crate::response_jwt::Encryption;

/// Which JSON a member is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Text,
    Texts,
    Flag,
    Object,
}

/// The members that become a [`ClientMetadata`], by its names.
const MEMBERS: &[(&str, Shape)] = &[
    ("client_name", Shape::Text),
    ("client_uri", Shape::Text),
    ("token_endpoint_auth_method", Shape::Text),
    ("token_endpoint_auth_signing_alg", Shape::Text),
    ("request_object_signing_alg", Shape::Text),
    ("request_object_encryption_alg", Shape::Text),
    ("request_object_encryption_enc", Shape::Text),
    ("id_token_signed_response_alg", Shape::Text),
    ("id_token_encrypted_response_alg", Shape::Text),
    ("id_token_encrypted_response_enc", Shape::Text),
    ("userinfo_signed_response_alg", Shape::Text),
    ("userinfo_encrypted_response_alg", Shape::Text),
    ("userinfo_encrypted_response_enc", Shape::Text),
    ("authorization_signed_response_alg", Shape::Text),
    ("authorization_encrypted_response_alg", Shape::Text),
    ("authorization_encrypted_response_enc", Shape::Text),
    ("introspection_signed_response_alg", Shape::Text),
    ("introspection_encrypted_response_alg", Shape::Text),
    ("introspection_encrypted_response_enc", Shape::Text),
    ("require_signed_request_object", Shape::Flag),
    ("request_uris", Shape::Texts),
    ("accept_unsigned_request_object", Shape::Flag),
    ("jwks", Shape::Object),
    ("jwks_uri", Shape::Text),
    ("redirect_uris", Shape::Texts),
    ("post_logout_redirect_uris", Shape::Texts),
    ("scope", Shape::Text),
    ("authorization_details_types", Shape::Texts),
    ("grant_types", Shape::Texts),
    ("response_types", Shape::Texts),
    ("dpop_bound_access_tokens", Shape::Flag),
    ("tls_client_certificate_bound_access_tokens", Shape::Flag),
    ("tls_client_auth_subject_dn", Shape::Text),
    ("tls_client_auth_san_dns", Shape::Text),
    ("tls_client_auth_san_uri", Shape::Text),
    ("tls_client_auth_san_ip", Shape::Text),
    ("tls_client_auth_san_email", Shape::Text),
    ("application_type", Shape::Text),
];

/// Members that are kept beside them: they say something of the client and change nothing.
const NOTES: &[(&str, Shape)] = &[
    ("software_id", Shape::Text),
    ("software_version", Shape::Text),
    (SOFTWARE_STATEMENT, Shape::Text),
    ("logo_uri", Shape::Text),
    ("tos_uri", Shape::Text),
    ("policy_uri", Shape::Text),
];

/// Members that are pages, or pictures, for people.
const PAGES: &[&str] = &["client_uri", "logo_uri", "tos_uri", "policy_uri"];

/// Members whose meaning is not built, and that cannot be ignored: the client would be served otherwise than it asked.
const NOT_BUILT: &[&str] = &["sector_identifier_uri", "default_max_age", "default_acr_values"];

/// The name of a software statement (RFC 7591 section 2.3).
pub const SOFTWARE_STATEMENT: &str = "software_statement";
/// Where a vendor's interface keeps its own words beside the metadata; nobody can register it.
const VENDOR: &str = "vendor";
const PUSHED: &str = "require_pushed_authorization_requests";
const SUBJECT_TYPE: &str = "subject_type";

/// What a client that registers itself may be.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    /// The policy that it will be held to.
    pub policy: &'a Policy,
    /// The scope that it may have at the most.
    pub scope: &'a Scope,
    /// The types of authorization details that it may have at the most.
    pub authorization_details_types: &'a [String],
    /// What the tenant signs with.
    pub signing_alg: Algorithm,
    /// How the tenant may be encrypted to.
    pub encryption_algs: &'a [jwe::Algorithm],
}

/// Metadata that was found fit, as it is told back: every member that counts, defaults included.
#[derive(Clone, Debug, PartialEq)]
pub struct RegisteredMetadata(Map<String, Value>);

impl RegisteredMetadata {
    /// Judges metadata by the rules that a configured client is held to, and by what may be registered here.
    ///
    /// # Errors
    /// The first [`MetadataFault`] found.
    pub fn accept(sent: Map<String, Value>, terms: &Terms<'_>) -> Result<Self, MetadataFault> {
        let mut accepted = Self(known(sent)?);
        if accepted.0.get(SUBJECT_TYPE).is_some_and(|kind| kind != "public") {
            return Err(MetadataFault::new(SUBJECT_TYPE, "must be public"));
        }
        accepted.fill_defaults(terms);
        accepted.check_texts()?;
        let metadata = accepted.for_client("client")?;
        check_method(&metadata, terms.policy)?;
        check_algorithms(&metadata, terms.policy)?;
        check_reach(&metadata, terms)?;
        // The secret is drawn later, and fits every method.
        let drawn = "x".repeat(limits::CLIENT_SECRET_MAX_BYTES);
        let secret = [GivenSecret::lasting(&drawn)];
        let secrets = if metadata.secret_need()? == SecretNeed::None { &[][..] } else { &secret };
        let client = Client::register(metadata, secrets, terms.policy.loopback_redirect_uri)?;
        accepted.take_types(&client)?;
        check_responses(&client, terms)?;
        let fits = accepted.to_text().len() <= limits::CLIENT_METADATA_MAX_BYTES;
        if fits { Ok(accepted) } else { Err(MetadataFault::new("metadata", "is longer than 64 KiB")) }
    }

    /// Takes metadata that was accepted before.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let bounds = Bounds { depth: 64, nodes: usize::MAX, bytes: usize::MAX };
        json::parse_object(text.as_bytes(), bounds).ok().map(Self)
    }

    /// As JSON text.
    #[must_use]
    pub fn to_text(&self) -> String {
        Value::Object(self.0.clone()).to_string()
    }

    /// The members, to be told to the client.
    #[must_use]
    pub const fn members(&self) -> &Map<String, Value> {
        &self.0
    }

    /// The same, with what a vendor's interface tells of the client in its own words. They change nothing.
    ///
    /// # Errors
    /// A [`MetadataFault`] when it is too long then.
    pub fn with_vendor_words(mut self, words: Map<String, Value>) -> Result<Self, MetadataFault> {
        self.0.insert(VENDOR.to_owned(), Value::Object(words));
        let fits = self.to_text().len() <= limits::CLIENT_METADATA_MAX_BYTES;
        if fits { Ok(self) } else { Err(MetadataFault::new("metadata", "is longer than 64 KiB")) }
    }

    /// What a vendor's interface keeps beside it.
    #[must_use]
    pub fn vendor_words(&self) -> Option<&Map<String, Value>> {
        self.0.get(VENDOR).and_then(Value::as_object)
    }

    /// The same, as the client itself is told it.
    #[must_use]
    pub fn without_vendor_words(mut self) -> Self {
        self.0.remove(VENDOR);
        self
    }

    /// As the metadata of a client of this identifier.
    ///
    /// # Errors
    /// A [`MetadataFault`] when a name in it is not one that is known (any more).
    pub fn for_client(&self, client_id: &str) -> Result<ClientMetadata, MetadataFault> {
        let mut members: Map<String, Value> = self.0.clone();
        members.retain(|name, _| MEMBERS.iter().any(|(known, _)| known == name));
        members.insert("client_id".to_owned(), client_id.into());
        if let Some(jwks) = members.get_mut("jwks") {
            *jwks = Value::String(jwks.to_string());
        }
        check_name::<Vec<GrantType>>(&members, "grant_types")?;
        check_name::<ApplicationType>(&members, "application_type")?;
        ClientMetadata::deserialize(Value::Object(members))
            .map_err(|_| MetadataFault::new("metadata", "cannot be understood"))
    }

    /// The settings of a policy that follow from it, for this client alone.
    #[must_use]
    pub fn policy(&self) -> Table {
        let pushed = self.0.get(PUSHED) == Some(&Value::Bool(true));
        pushed.then(|| ("pushed_requests".to_owned(), "required".into())).into_iter().collect()
    }

    fn fill_defaults(&mut self, terms: &Terms<'_>) {
        let members = &mut self.0;
        // A client that acts for itself alone needs no response.
        let grants = members.get("grant_types").and_then(Value::as_array);
        let has_code = |grants: &Vec<Value>| grants.iter().any(|grant| grant == GrantType::AuthorizationCode.as_str());
        let usual_types = if grants.is_none_or(has_code) { json!([ResponseType::Code.as_str()]) } else { json!([]) };
        let mut default = |name: &str, value: Value| {
            members.entry(name).or_insert(value);
        };
        default("response_types", usual_types);
        default("token_endpoint_auth_method", Method::ClientSecretBasic.as_str().into());
        default("application_type", "web".into());
        default("redirect_uris", json!([]));
        let usual = if terms.scope.has("openid") { "openid".to_owned() } else { terms.scope.to_string() };
        default("scope", usual.into());
        for flag in ["require_signed_request_object", "dpop_bound_access_tokens", PUSHED] {
            default(flag, false.into());
        }
    }

    /// Grant and response types as they were taken in.
    fn take_types(&mut self, client: &Client) -> Result<(), MetadataFault> {
        let grants: Vec<_> = client.grant_types.iter().map(|grant| grant.as_str()).collect();
        self.0.insert("grant_types".to_owned(), json!(grants));
        //= rfc7591#2.1 the two go together; Client::register has looked the other way
        let needed: Vec<_> = client.response_types.iter().flat_map(|kind| kind.grant_types()).collect();
        let with_response = [GrantType::AuthorizationCode, GrantType::Implicit];
        let idle = |grant: &GrantType| with_response.contains(grant) && !needed.contains(grant);
        let lacking = MetadataFault::new("response_types", "must hold one for each grant type that has a response");
        let is_useless = client.grant_types.is_empty() || client.grant_types.iter().any(idle);
        if is_useless { Err(lacking) } else { Ok(()) }
    }

    fn check_texts(&self) -> Result<(), MetadataFault> {
        let text = |name: &str| self.0.get(name).and_then(Value::as_str);
        if text("client_name").is_some_and(|name| name.len() > limits::CLIENT_NAME_MAX_BYTES || name.contains(hides)) {
            let problem = "must be at most 256 bytes without control characters";
            return Err(MetadataFault::new("client_name", problem));
        }
        for name in ["software_id", "software_version"] {
            if text(name).is_some_and(|text| text.len() > limits::SOFTWARE_NAME_MAX_BYTES || text.contains(hides)) {
                return Err(MetadataFault::new(name, "must be at most 256 bytes without control characters"));
            }
        }
        let is_page = |uri: &str| {
            let fits = uri.len() <= limits::REDIRECT_URI_MAX_BYTES;
            fits && Url::parse(uri)
                .is_ok_and(|url| matches!(url.scheme(), "https" | "http") && url.username().is_empty())
        };
        match PAGES.iter().find(|name| text(name).is_some_and(|uri| !is_page(uri))) {
            Some(name) => Err(MetadataFault::new(name, "must be the https URL of a page")),
            None => Ok(()),
        }
    }
}

/// The members that count, each of its shape. A member that is null is not there (RFC 7592 section 2.2).
fn known(sent: Map<String, Value>) -> Result<Map<String, Value>, MetadataFault> {
    let mut known = Map::new();
    for (name, value) in sent.into_iter().filter(|(_, value)| !value.is_null()) {
        if let Some(name) = NOT_BUILT.iter().find(|refused| **refused == name) {
            return Err(MetadataFault::new(name, "is not supported by this server"));
        }
        let Some((name, shape)) = shape_of(&name) else { continue };
        if let Some(problem) = misshapen(&value, shape) {
            return Err(MetadataFault::new(name, problem));
        }
        known.insert(name.to_owned(), value);
    }
    Ok(known)
}

fn shape_of(name: &str) -> Option<(&'static str, Shape)> {
    let others = [(SUBJECT_TYPE, Shape::Text), (PUSHED, Shape::Flag)];
    MEMBERS.iter().chain(NOTES).copied().chain(others).find(|(known, _)| *known == name)
}

fn misshapen(value: &Value, shape: Shape) -> Option<&'static str> {
    let texts = |list: &Vec<Value>| list.iter().all(Value::is_string);
    let (fits, problem) = match shape {
        Shape::Text => (value.is_string(), "must be a string"),
        Shape::Texts => (value.as_array().is_some_and(texts), "must be an array of strings"),
        Shape::Flag => (value.is_boolean(), "must be true or false"),
        Shape::Object => (value.is_object(), "must be a JSON object"),
    };
    (!fits).then_some(problem)
}

fn check_name<'de, T: Deserialize<'de>>(
    members: &'de Map<String, Value>,
    name: &'static str,
) -> Result<(), MetadataFault> {
    let fits = members.get(name).is_none_or(|value| T::deserialize(value).is_ok());
    if fits { Ok(()) } else { Err(MetadataFault::new(name, "holds a value that is not supported")) }
}

/// What could make a name look like another one, or end a line.
fn hides(character: char) -> bool {
    let reorders = matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}');
    character.is_control() || reorders
}

fn check_method(metadata: &ClientMetadata, policy: &Policy) -> Result<(), MetadataFault> {
    let accepted = policy.client_auth_methods.has(&metadata.method()?);
    let refused = MetadataFault::new("token_endpoint_auth_method", "is not accepted by the policy of this tenant");
    if accepted { Ok(()) } else { Err(refused) }
}

/// The algorithms that a client names must be ones that its signatures are accepted with.
fn check_algorithms(metadata: &ClientMetadata, policy: &Policy) -> Result<(), MetadataFault> {
    let check = |member: &'static str, name: Option<&String>, accepted: &Set<AlgName>| {
        let fits = name.is_none_or(|name| accepted.iter().any(|alg| alg.0.name() == name));
        let refused = MetadataFault::new(member, "is not accepted by the policy of this tenant");
        if fits { Ok(()) } else { Err(refused) }
    };
    if metadata.method()? == Method::PrivateKeyJwt {
        let name = metadata.token_endpoint_auth_signing_alg.as_ref();
        check("token_endpoint_auth_signing_alg", name, &policy.client_assertion_algs)?;
    }
    let name = metadata.request_object_signing_alg.as_deref();
    let fits = name.is_none_or(|name| policy.request_object_algs.iter().any(|alg| alg.name() == name));
    if !fits {
        return Err(MetadataFault::new("request_object_signing_alg", "is not accepted by the policy of this tenant"));
    }
    let unsigned = metadata.accept_unsigned_request_object;
    if unsigned && policy.request_objects != RequestObjects::UnsignedByClient {
        return Err(MetadataFault::new(
            "accept_unsigned_request_object",
            "is not accepted by the policy of this tenant",
        ));
    }
    Ok(())
}

/// Whether its responses can be made as it asks, and what it sends be read.
fn check_responses(client: &Client, terms: &Terms<'_>) -> Result<(), MetadataFault> {
    let refused = |member| Err(MetadataFault::new(member, "is not accepted by the policy of this tenant"));
    if !client.response_types.iter().all(|kind| terms.policy.response_types.has(kind)) {
        return refused("response_types");
    }
    if let Some((member, _)) = client.responses.signing_algs().find(|(_, alg)| *alg != terms.signing_alg) {
        return Err(MetadataFault::new(member, "is not what this server signs with"));
    }
    if let Some((member, _)) = client.responses.encryptions().find(|(_, how)| !how.is_accepted_by(terms.policy)) {
        return refused(member);
    }
    let readable = |how: Encryption| how.is_accepted_by(terms.policy) && terms.encryption_algs.contains(&how.alg);
    let unreadable = client.request_object_encryption.is_some_and(|how| !readable(how));
    if unreadable { refused("request_object_encryption_alg") } else { Ok(()) }
}

/// What it may ask for must be within what the tenant lets such clients have.
fn check_reach(metadata: &ClientMetadata, terms: &Terms<'_>) -> Result<(), MetadataFault> {
    let asked = scope::parse(metadata.scope.as_deref().unwrap_or_default());
    let asked = asked.map_err(|_| MetadataFault::new("scope", "is malformed"))?;
    if !asked.iter().all(|token| terms.scope.has(token)) {
        return Err(MetadataFault::new("scope", "is more than a client may register here"));
    }
    let allowed = |name: &String| terms.authorization_details_types.contains(name);
    if metadata.authorization_details_types.iter().all(allowed) {
        return Ok(());
    }
    Err(MetadataFault::new("authorization_details_types", "holds a type that a client may not register here"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::shipped;
    use proptest::prelude::*;

    const TYPES: &[String] = &[];

    fn accept_under(profile: &str, sent: Value) -> Result<RegisteredMetadata, MetadataFault> {
        let (policy, scope) = (shipped(profile).unwrap(), scope::parse("openid profile").unwrap());
        let terms = Terms {
            policy: &policy,
            scope: &scope,
            authorization_details_types: TYPES,
            signing_alg: Algorithm::Es256,
            encryption_algs: &[],
        };
        RegisteredMetadata::accept(sent.as_object().unwrap().clone(), &terms)
    }

    fn accept(sent: Value) -> Result<RegisteredMetadata, MetadataFault> {
        accept_under("default", sent)
    }

    fn with(member: &str, value: Value) -> Value {
        let mut members = json!({ "redirect_uris": ["https://app.example/cb"] });
        members[member] = value;
        members
    }

    #[test]
    fn every_member_of_client_metadata_can_be_registered_or_is_the_servers_own() {
        let error = toml::from_str::<ClientMetadata>("no_such_member = 1").err().unwrap();
        let names: Vec<&str> = error.message().split('`').skip(1).step_by(2).skip(1).collect();
        assert!(names.len() > 10, "{error}");
        let own = ["client_id", "status"];
        for name in &names {
            assert!(MEMBERS.iter().any(|(known, _)| known == name) != own.contains(name), "{name}");
        }
        for (name, _) in MEMBERS {
            assert!(names.contains(name) && !NOT_BUILT.contains(name), "{name}");
        }
    }

    #[test]
    fn what_is_left_out_is_registered_with_its_default() {
        let accepted = accept(with("client_name", json!("A"))).unwrap();
        let expected = json!({
            "client_name": "A", "redirect_uris": ["https://app.example/cb"], "scope": "openid",
            "token_endpoint_auth_method": "client_secret_basic", "application_type": "web",
            "grant_types": ["authorization_code"], "response_types": ["code"], "dpop_bound_access_tokens": false,
            "require_signed_request_object": false, "require_pushed_authorization_requests": false,
        });
        assert_eq!(Value::Object(accepted.members().clone()), expected);
        assert_eq!(RegisteredMetadata::from_text(&accepted.to_text()), Some(accepted));
    }

    #[test]
    fn what_nobody_knows_and_what_is_null_is_not_there() {
        let plain = accept(with("x", json!(1))).unwrap();
        for (name, value) in [
            ("trusted", json!(true)),
            ("client_id", json!("root")),
            ("status", json!("enabled")),
            ("client_secret", json!("mine")),
            ("policy", json!({})),
            ("default_max_age", Value::Null),
            ("scope", Value::Null),
        ] {
            assert_eq!(accept(with(name, value)).as_ref(), Ok(&plain), "{name}");
        }
    }

    #[test]
    fn what_cannot_stand_is_named() {
        for (member, value) in [
            ("redirect_uris", json!([])),
            ("redirect_uris", json!("https://app.example/cb")),
            ("redirect_uris", json!([1])),
            ("redirect_uris", json!(["javascript:alert(1)"])),
            ("redirect_uris", json!(["https://app.example/cb#f"])),
            ("redirect_uris", json!(["http://app.example/cb"])),
            ("post_logout_redirect_uris", json!(["data:text/html,x"])),
            ("token_endpoint_auth_method", json!("tls")),
            ("token_endpoint_auth_method", json!(7)),
            ("grant_types", json!(["password"])),
            ("grant_types", json!(["implicit"])),
            ("grant_types", json!(["client_credentials"])),
            ("response_types", json!(["token"])),
            ("response_types", json!([])),
            ("application_type", json!("robot")),
            ("scope", json!("openid admin")),
            ("scope", json!("\u{7}")),
            ("authorization_details_types", json!(["payment"])),
            ("jwks", json!("{}")),
            ("jwks", json!({ "keys": [{ "kty": "oct", "k": "AAAA" }] })),
            ("request_uris", json!(["http://app.example/request"])),
            ("request_uris", json!(["https://app.example/request#part"])),
            ("request_uris", json!(vec!["https://app.example/request"; limits::REQUEST_URIS_MAX + 1])),
            ("jwks_uri", json!("http://169.254.169.254/latest")),
            ("subject_type", json!("pairwise")),
            ("id_token_signed_response_alg", json!("none")),
            ("id_token_signed_response_alg", json!("PS256")),
            ("id_token_encrypted_response_alg", json!("ECDH-ES")),
            ("userinfo_encrypted_response_alg", json!("RSA1_5")),
            ("request_object_encryption_alg", json!("ECDH-ES")),
            ("request_object_signing_alg", json!("none")),
            ("dpop_bound_access_tokens", json!("yes")),
            ("client_name", json!("Bank\u{202e}")),
            ("client_uri", json!("javascript:alert(1)")),
            ("logo_uri", json!("data:image/png;base64,AAAA")),
        ] {
            let mut sent = with(member, value.clone());
            if member == "grant_types" {
                sent["response_types"] = json!(["code"]);
            }
            let fault = accept(sent).err().unwrap_or_else(|| panic!("{member} {value}"));
            let blamed =
                if member == "response_types" && value == json!(["token"]) { "response_types" } else { member };
            assert_eq!(fault.member, blamed, "{member} {value}: {fault}");
        }
    }

    #[test]
    fn policy_of_the_tenant_is_kept() {
        let fault = |sent| accept_under("fapi2-security", sent).err().unwrap();
        assert_eq!(fault(with("token_endpoint_auth_method", json!("none"))).member, "token_endpoint_auth_method");
        assert_eq!(fault(with("x", json!(1))).member, "token_endpoint_auth_method");
        let keyed = |name: &str, value: Value| {
            let mut sent = with("token_endpoint_auth_method", json!("private_key_jwt"));
            sent["jwks"] = json!({ "keys": [] });
            sent[name] = value;
            sent
        };
        assert!(accept_under("fapi2-security", keyed("client_name", json!("A"))).is_ok());
        assert_eq!(fault(keyed("redirect_uris", json!(["http://127.0.0.1/cb"]))).member, "redirect_uris");
        let alg = "token_endpoint_auth_signing_alg";
        assert_eq!(fault(keyed(alg, json!("RS256"))).member, alg);
    }

    #[test]
    fn client_without_a_user_needs_no_redirect_uri() {
        let accepted = accept(json!({ "grant_types": ["client_credentials"], "scope": "profile" })).unwrap();
        assert_eq!(accepted.members()["response_types"], json!([]));
    }

    #[test]
    fn wish_for_pushed_requests_becomes_the_clients_policy() {
        assert!(accept(with("x", json!(1))).unwrap().policy().is_empty());
        let wished = accept(with(PUSHED, json!(true))).unwrap();
        assert_eq!(wished.policy().get("pushed_requests").and_then(toml::Value::as_str), Some("required"));
    }

    #[test]
    fn description_is_made_of_constants() {
        for value in
            [json!(["javascript:alert(1)"]), json!(["https://u:p@app.example/cb"]), json!(["https://a/\u{e9}"])]
        {
            let description = accept(with("redirect_uris", value)).err().unwrap().refusal().description().into_owned();
            let fits = |byte: u8| matches!(byte, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e);
            assert!(description.contains("redirect_uris") && description.bytes().all(fits), "{description}");
            assert!(!description.contains("alert") && !description.contains("app.example"), "{description}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_accepted_can_be_taken_in_again(
            name in "[a-z_]{0,12}|client_name|scope|grant_types|redirect_uris|response_types|jwks|application_type",
            text in "[ -~]{0,12}|openid|native|authorization_code|refresh_token|client_credentials|code",
            list in any::<bool>(),
        ) {
            let value = if list { json!([text]) } else { json!(text) };
            if let Ok(accepted) = accept(with(&name, value)) {
                let again = RegisteredMetadata::from_text(&accepted.to_text()).unwrap();
                prop_assert!(again.for_client("c").is_ok());
                prop_assert_eq!(accept(Value::Object(again.members().clone())), Ok(again));
            }
        }
    }
}
