//! `/oauth2/register`: RFC 7591 with members of the vendor's. What they mean that is built becomes policy of the client;
//! what is not built may only be at its default, or the client would be served otherwise than it asked.

use parhelion_engine::registration::{ClientInformation, SentMetadata};
use parhelion_protocol::client_auth::Method;
use parhelion_protocol::refusal::{Reason, Refusal};
use serde_json::{Map, Value, json};

use crate::incoming::{Incoming, Response};
use crate::registration::{self, Registered};

const METHOD: &str = "token_endpoint_auth_method";
/// Any method with a secret; a client has one here.
const ANY_SECRET: &str = "default";
const ENFORCE_PKCE: &str = "enforce_pkce";
const CHECK_EXPIRY: &str = "request_object_check_expiry";
/// Settings of a policy, as they are kept.
const TERMS_REQUIRED: &str = "request_object_terms = \"required\"\n";
const PKCE: &str = "pkce = ";

/// Members of encryption that say by this value that they are not there.
const NOT_ENCRYPTED: &str = "none";
const ENCRYPTION: [&str; 2] = ["authorization_encrypted_response_alg", "authorization_encrypted_response_enc"];

/// What always holds here, whatever is asked for: an assertion is used once, and a request object alone counts.
const ALWAYS: [&str; 2] = ["token_endpoint_auth_single_use_jti", "request_object_parameters_only"];

pub(super) fn read(incoming: &Incoming<'_>) -> Result<SentMetadata, Refusal> {
    let mut members = registration::metadata(incoming)?;
    for (name, default) in only_at_default() {
        let sent = members.remove(name).filter(|sent| !sent.is_null());
        if sent.is_some_and(|sent| sent != default) {
            return unfit(name, "must be left at its default, any other value is not built");
        }
    }
    for name in ALWAYS {
        flag(&mut members, name)?;
    }
    if members.get(METHOD).is_some_and(|method| method == ANY_SECRET) {
        members.insert(METHOD.to_owned(), Method::ClientSecretBasic.as_str().into());
    }
    members.retain(|name, value| value != NOT_ENCRYPTED || !ENCRYPTION.contains(&name.as_str()));
    let policy = policy(incoming, &mut members)?;
    Ok(SentMetadata { members, policy })
}

/// The vendor's defaults of what is not built.
fn only_at_default() -> [(&'static str, Value); 8] {
    [
        ("request_object_lifetime", json!(1800)),
        ("consent_action", json!("always_prompt")),
        ("access_policy", json!("default")),
        ("all_users_entitled", json!(true)),
        ("restrict_api_entitlements", json!(false)),
        ("client_secret_expires_at", json!(0)),
        ("id_token_map", json!([])),
        ("token_map", json!([])),
    ]
}

fn policy(incoming: &Incoming<'_>, members: &mut Map<String, Value>) -> Result<String, Refusal> {
    let mut policy = String::new();
    if flag(members, ENFORCE_PKCE)? {
        let plain = incoming.mount.policy.pkce.accepts_plain();
        let demanded = if plain { "required" } else { "s256-required" };
        policy.push_str(&format!("{PKCE}\"{demanded}\"\n"));
    }
    if flag(members, CHECK_EXPIRY)? {
        policy.push_str(TERMS_REQUIRED);
    }
    Ok(policy)
}

fn flag(members: &mut Map<String, Value>, name: &'static str) -> Result<bool, Refusal> {
    match members.remove(name) {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(flag)) => Ok(flag),
        Some(_) => unfit(name, "must be true or false"),
    }
}

fn unfit<T>(member: &'static str, problem: &'static str) -> Result<T, Refusal> {
    Err(Refusal::new(Reason::MetadataUnfit).found_member(member, problem, None))
}

/// The answer, with the vendor's members as they hold.
pub(super) fn write(registered: &Registered<'_>, client: &ClientInformation) -> Response {
    let mut members = registration::members(client);
    let mut put = |name: &str, value: Value| {
        members.entry(name).or_insert(value);
    };
    put(ENFORCE_PKCE, client.policy.contains(PKCE).into());
    put(CHECK_EXPIRY, client.policy.contains(TERMS_REQUIRED).into());
    for (name, default) in only_at_default() {
        put(name, default);
    }
    for name in ALWAYS {
        put(name, true.into());
    }
    registration::information(registered.status, members)
}
