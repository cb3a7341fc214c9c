//! Settings of a service that the caller changes: of its policy, and only ever tighter than the configuration. Everything
//! else of a service is declared there, and may be sent back as it was told.

use parhelion_engine::registry::Right;
use parhelion_engine::settings::{Change, Unsettled};
use parhelion_protocol::limits;
use parhelion_protocol::profile::Policy;
use serde_json::{Map, Value};

use super::client::faulted;
use super::result::{self, No, json_200};
use super::{caller, members, service};
use crate::incoming::Response;
use crate::operation::Asked;

/// Flags: here, and the setting of the policy.
const FLAGS: &[(&str, &str)] = &[
    ("parRequired", "pushed_requests"),
    ("requestObjectRequired", "request_objects"),
    ("dpopNonceRequired", "dpop_nonce"),
];

/// Durations in seconds: the same.
const DURATIONS: &[(&str, &str)] = &[
    ("pushedAuthReqDuration", "request_uri_lifetime_s"),
    ("accessTokenDuration", "access_token_lifetime_s"),
    ("refreshTokenDuration", "refresh_token_lifetime_s"),
    ("idTokenDuration", "id_token_lifetime_s"),
];

/// The two flags that are one setting.
const PKCE_REQUIRED: &str = "pkceRequired";
const PKCE_S256_REQUIRED: &str = "pkceS256Required";
const PKCE_FLAGS: [&str; 2] = [PKCE_REQUIRED, PKCE_S256_REQUIRED];
const PKCE: &str = "pkce";

/// `/service/update`. What is not sent stays.
pub(super) async fn update(asked: &Asked<'_>) -> Result<Response, No> {
    caller::admit(asked.mount, asked.headers, Right::ModifyService)?;
    let sent: Map<String, Value> = members::read(asked)?;
    let told = service::told(asked.mount);
    let changes = changes(&sent, &told).map_err(|no| Box::new(no.response()))?;
    let pkce = PkceFlags::read(&sent);
    let all = |policy: &Policy| changes.iter().cloned().chain(pkce.change(policy)).collect();
    match asked.engine.change_settings(asked.mount, all).await {
        Ok(mount) => Ok(json_200(service::told(&mount))),
        Err(Unsettled::Refused(setting)) => {
            Err(Box::new(Unfit::Looser(member_of(setting).unwrap_or(pkce.culprit())).response()).into())
        }
        Err(Unsettled::Turned(turned)) => Err(faulted(asked, turned)),
    }
}

/// `/service/delete`.
pub(super) async fn delete(asked: &Asked<'_>) -> Result<Response, No> {
    caller::admit(asked.mount, asked.headers, Right::ModifyService)?;
    Err(declared_elsewhere())
}

/// `/service/create`: whoever may change some service hears why not.
pub(super) async fn create(asked: &Asked<'_>) -> Result<Response, No> {
    let shown = caller::shown(asked.headers)?;
    let token = asked.mount.api_tokens.find(&shown.token).ok_or_else(caller::unknown)?;
    if token.allows(Right::ModifyService) { Err(declared_elsewhere()) } else { Err(caller::without_right().into()) }
}

fn declared_elsewhere() -> No {
    let said = "services are declared in the configuration, and are made and removed there.";
    Box::new(result::answer(400, "A900219", said)).into()
}

/// Why a member cannot be had.
#[derive(Debug, PartialEq, Eq)]
enum Unfit {
    /// It is not of its published type.
    Type(&'static str),
    /// It is declared in the configuration, and differs from that.
    Declared(String),
    /// It asks for less than the configuration does, or is out of bounds.
    Looser(&'static str),
}

impl Unfit {
    fn response(&self) -> Response {
        let (code, said) = match self {
            Self::Type(name) => ("A900220", format!("`{name}` is not of its published type.")),
            Self::Declared(name) => {
                ("A900217", format!("`{name}` is declared in the configuration, and is changed there."))
            }
            Self::Looser(name) => {
                ("A900218", format!("`{name}` may only be stricter than the configuration, and within its bounds."))
            }
        };
        result::answer(400, code, &said)
    }
}

/// What differs from what is in force, but for PKCE.
fn changes(sent: &Map<String, Value>, told: &Map<String, Value>) -> Result<Vec<Change>, Unfit> {
    let mut changes = Vec::new();
    for (name, value) in sent.iter().filter(|(name, value)| !says_the_same(told.get(*name), value)) {
        if let Some((name, setting)) = FLAGS.iter().find(|(member, _)| member == name) {
            let required = value.as_bool().ok_or(Unfit::Type(name))?;
            changes.push((*setting, Some(if required { "required" } else { "optional" }.into())));
        } else if let Some((name, setting)) = DURATIONS.iter().find(|(member, _)| member == name) {
            let seconds = value.as_i64().ok_or(Unfit::Type(name))?;
            // 0 is the server's own.
            changes.push((*setting, (seconds != 0).then_some(seconds.into())));
        } else if let Some(name) = PKCE_FLAGS.iter().find(|member| *member == name) {
            value.as_bool().ok_or(Unfit::Type(name))?;
        } else {
            return Err(Unfit::Declared(speakable(name)));
        }
    }
    Ok(changes)
}

/// The two flags that are one setting: what is asked of each depends on the other as it is at the moment of the change.
#[derive(Clone, Copy)]
struct PkceFlags {
    required: Option<bool>,
    s256: Option<bool>,
}

impl PkceFlags {
    fn read(sent: &Map<String, Value>) -> Self {
        let of = |name| sent.get(name).and_then(Value::as_bool);
        Self { required: of(PKCE_REQUIRED), s256: of(PKCE_S256_REQUIRED) }
    }

    /// Which of them it is that asks for too little.
    fn culprit(self) -> &'static str {
        if self.s256 == Some(false) { PKCE_S256_REQUIRED } else { PKCE_REQUIRED }
    }

    fn change(self, policy: &Policy) -> Option<Change> {
        let before = (policy.pkce.is_required(), !policy.pkce.accepts_plain());
        let wanted = (self.required.unwrap_or(before.0), self.s256.unwrap_or(before.1));
        let setting = match wanted {
            (false, false) => "optional",
            (true, false) => "required",
            (false, true) => "s256",
            (true, true) => "s256-required",
        };
        (before != wanted).then(|| (PKCE, Some(setting.into())))
    }
}

/// Whether a member says what is in force. Libraries send `null`, 0, false and empty texts and lists for what is not
/// there, and lists in an order of their own.
fn says_the_same(told: Option<&Value>, sent: &Value) -> bool {
    let is_nothing = |value: &Value| match value {
        Value::Null => true,
        Value::Bool(flag) => !flag,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
    };
    match (told, sent) {
        (_, Value::Null) => true,
        (None, sent) => is_nothing(sent),
        (Some(Value::Array(told)), Value::Array(sent)) => {
            let has = |all: &[Value], one: &Value| all.iter().any(|other| says_the_same(Some(one), other));
            told.len() == sent.len() && told.iter().all(|one| has(sent, one))
        }
        (Some(Value::Object(told)), Value::Object(sent)) => {
            let left_out = |(name, value): (&String, &Value)| sent.contains_key(name) || is_nothing(value);
            told.iter().all(left_out) && sent.iter().all(|(name, value)| says_the_same(told.get(name), value))
        }
        (Some(told), sent) => told == sent,
    }
}

/// A name that can be said again.
fn speakable(name: &str) -> String {
    let fits = name.len() <= limits::PARAMETER_NAME_MAX_BYTES && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if fits { name.to_owned() } else { "a member".to_owned() }
}

/// How a setting of the policy is called here, if it is one member.
fn member_of(setting: &str) -> Option<&'static str> {
    FLAGS.iter().chain(DURATIONS).find(|(_, known)| *known == setting).map(|(member, _)| *member)
}

#[cfg(test)]
mod tests {
    use super::*;
    use parhelion_protocol::profile::Pkce;
    use serde_json::json;

    fn changed(sent: Value) -> Result<Vec<Change>, Unfit> {
        let told = json!({
            "apiKey": 42, "parRequired": false, "pkceRequired": false, "pkceS256Required": true,
            "pushedAuthReqDuration": 600, "supportedPromptValues": ["LOGIN", "NONE"],
            "supportedScopes": [{ "name": "openid", "defaultEntry": false }, { "name": "email", "defaultEntry": false }],
        });
        changes(sent.as_object().unwrap(), told.as_object().unwrap())
    }

    #[test]
    fn what_was_told_can_be_sent_back_in_the_words_of_any_library() {
        let scope = |name: &str| json!({ "name": name, "description": null, "attributes": [], "defaultEntry": false });
        for same in [
            json!({}),
            json!({ "parRequired": false, "pushedAuthReqDuration": 600, "apiKey": 42 }),
            json!({ "parRequired": null, "tosUri": null, "attributes": [], "issSuppressed": false, "number": 0 }),
            json!({ "supportedScopes": [scope("email"), scope("openid")], "supportedPromptValues": ["NONE", "LOGIN"] }),
            json!({ "supportedScopes": [{ "name": "openid" }, { "name": "email" }] }),
        ] {
            assert_eq!(changed(same.clone()), Ok(Vec::new()), "{same}");
        }
    }

    #[test]
    fn flags_of_pkce_are_one_setting_and_each_leaves_the_other_as_it_is() {
        let policy = parhelion_protocol::profile::shipped("authlete").unwrap();
        let strict = Policy { pkce: Pkce::S256, ..policy.clone() };
        let change = |sent: Value, policy: &Policy| {
            let change = PkceFlags::read(sent.as_object().unwrap()).change(policy);
            change.map(|(setting, value)| (setting, value.unwrap().as_str().unwrap().to_owned()))
        };
        let to = |value: &str| Some(("pkce", value.to_owned()));
        assert_eq!(change(json!({ "pkceRequired": true }), &policy), to("required"));
        assert_eq!(change(json!({ "pkceRequired": true }), &strict), to("s256-required"));
        assert_eq!(change(json!({ "pkceS256Required": false }), &strict), to("optional"));
        assert_eq!(change(json!({ "pkceS256Required": true, "pkceRequired": null }), &strict), None);
    }

    #[test]
    fn what_differs_is_a_setting_or_stands_in_the_configuration() {
        let text = |text: &str| Some(text.into());
        assert_eq!(changed(json!({ "parRequired": true })), Ok(vec![("pushed_requests", text("required"))]));
        assert_eq!(changed(json!({ "pushedAuthReqDuration": 0 })), Ok(vec![("request_uri_lifetime_s", None)]));
        for (sent, name) in [
            (json!({ "apiKey": 43 }), "apiKey"),
            (json!({ "supportedScopes": [{ "name": "openid" }] }), "supportedScopes"),
            (json!({ "supportedPromptValues": ["LOGIN", "LOGIN"] }), "supportedPromptValues"),
            (json!({ "issSuppressed": true }), "issSuppressed"),
            (json!({ "two words": 1 }), "a member"),
        ] {
            assert_eq!(changed(sent), Err(Unfit::Declared(name.to_owned())));
        }
        assert_eq!(changed(json!({ "parRequired": "yes" })), Err(Unfit::Type("parRequired")));
        assert_eq!(changed(json!({ "pkceRequired": 1 })), Err(Unfit::Type("pkceRequired")));
        assert_eq!(changed(json!({ "pushedAuthReqDuration": 1.5 })), Err(Unfit::Type("pushedAuthReqDuration")));
    }
}
