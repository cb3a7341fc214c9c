//! `/oauth2/register`: RFC 7591 with members of the vendor's. What they mean that is built becomes policy of the client;
//! what is not built may only be at its default, or the client would be served otherwise than it asked.

use std::sync::LazyLock;

use parhelion_engine::registration::{ClientInformation, SentMetadata};
use parhelion_protocol::client_auth::Method;
use parhelion_protocol::profile::{ClientSettings, Pkce, RequestObjectTerms};
use parhelion_protocol::refusal::{Reason, Refusal};
use serde_json::{Map, Value};

use crate::incoming::{Incoming, Response};
use crate::registration::{self, Registered};

const METHOD: &str = "token_endpoint_auth_method";
/// Any method with a secret; a client has one here.
const ANY_SECRET: &str = "default";
const ENFORCE_PKCE: &str = "enforce_pkce";
const CHECK_EXPIRY: &str = "request_object_check_expiry";
/// Members of encryption that say by this value that they are not there.
const NOT_ENCRYPTED: &str = "none";
const ENCRYPTION: &[&str] = &["authorization_encrypted_response_alg", "authorization_encrypted_response_enc"];

/// What always holds here, whatever is asked for: an assertion is used once, and a request object alone counts.
const ALWAYS: &[&str] = &["token_endpoint_auth_single_use_jti", "request_object_parameters_only"];

/// The vendor's defaults of what is not built.
static ONLY_AT_DEFAULT: LazyLock<Map<String, Value>> =
    LazyLock::new(|| serde_json::from_str(include_str!("only_at_default.json")).unwrap_or_default());

pub(super) fn read(incoming: &Incoming<'_>) -> Result<SentMetadata, Refusal> {
    let mut members = registration::metadata(incoming)?;
    for (name, default) in &*ONLY_AT_DEFAULT {
        let sent = members.remove(name).filter(|sent| !sent.is_null());
        if sent.is_some_and(|sent| sent != *default) {
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
    let policy = settings(incoming, &mut members)?.to_text();
    Ok(SentMetadata { members, policy })
}

fn settings(incoming: &Incoming<'_>, members: &mut Map<String, Value>) -> Result<ClientSettings, Refusal> {
    let pkce = flag(members, ENFORCE_PKCE)?.then(|| incoming.mount.policy.pkce.demanded());
    let request_object_terms = flag(members, CHECK_EXPIRY)?.then_some(RequestObjectTerms::Required);
    Ok(ClientSettings { pkce, request_object_terms, ..ClientSettings::default() })
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
    let settings = ClientSettings::from_text(&client.policy);
    put(ENFORCE_PKCE, settings.pkce.is_some_and(Pkce::is_required).into());
    put(CHECK_EXPIRY, settings.request_object_terms.is_some().into());
    for (name, default) in &*ONLY_AT_DEFAULT {
        put(name, default.clone());
    }
    for name in ALWAYS {
        put(name, true.into());
    }
    registration::information(registered.status, members)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_defaults_is_read() {
        assert_eq!(ONLY_AT_DEFAULT.len(), 8);
    }
}
