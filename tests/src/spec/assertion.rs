//! Client assertions, good ones and every kind of bad one: the generator behind the key `assertion` of a step.
//!
//! `claims` and `header` replace (or with `false` take out) members; `"now+60"` is a time; `payload` and
//! `protected` are JSON texts in place of the whole; `key` names who signs, `alg` how, `secret` what an HMAC takes;
//! `tamper` changes the finished text.

use serde_json::{Map, Value as Json};
use toml::{Table, Value};

use super::fields::Fields;
use super::keys::Keys;
use crate::client_key::unix_s;
use crate::{base64, dice};

/// What an assertion is for.
pub struct Purpose<'a> {
    /// The client.
    pub client_id: &'a str,
    /// The issuer.
    pub issuer: &'a str,
    /// The client's own key.
    pub key: &'a str,
}

/// Makes one.
///
/// # Panics
/// When the step asks for what there is not.
#[must_use]
pub fn assertion(keys: &Keys, purpose: &Purpose<'_>, different: Table) -> String {
    let mut fields = Fields::of(different, "assertion");
    let key = keys.get(&fields.text("key").unwrap_or_else(|| purpose.key.to_owned()));
    let alg = fields.text("alg").unwrap_or_else(|| key.usual_alg().to_owned());
    let now = unix_s();
    let claims = serde_json::json!({
        "iss": purpose.client_id, "sub": purpose.client_id, "aud": purpose.issuer,
        "jti": format!("canary-{}", dice::secret()), "iat": now, "exp": now + 60,
    });
    let header = serde_json::json!({ "alg": alg, "kid": key.jwk()["kid"] });
    let header = fields.text("protected").unwrap_or_else(|| changed(header, fields.table("header")));
    let claims = fields.text("payload").unwrap_or_else(|| changed(claims, fields.table("claims")));
    let secret = fields.text("secret").unwrap_or_default();
    let signer = fields.text("signer");
    let tamper = fields.text("tamper");
    fields.end();
    let input = format!("{}.{}", base64::url_safe(header.as_bytes()), base64::url_safe(claims.as_bytes()));
    let signer = signer.map_or(key, |name| keys.get(&name));
    let mut signature = signer.sign(&alg, input.as_bytes(), &secret);
    match tamper.as_deref() {
        None => format!("{input}.{}", base64::url_safe(&signature)),
        Some("flip-signature") => {
            signature[10] ^= 1;
            format!("{input}.{}", base64::url_safe(&signature))
        }
        Some("zero-signature") => format!("{input}.{}", base64::url_safe(&vec![0; signature.len()])),
        Some("no-signature") => format!("{input}."),
        Some("two-segments") => input,
        Some("padded") => format!("{input}.{}=", base64::url_safe(&signature)),
        Some("newline") => format!("{input}.\n{}", base64::url_safe(&signature)),
        Some("json") => serde_json::json!({
            "payload": base64::url_safe(claims.as_bytes()), "protected": base64::url_safe(header.as_bytes()),
            "signature": base64::url_safe(&signature),
        })
        .to_string(),
        Some(other) => panic!("there is no way to tamper called `{other}`"),
    }
}

fn changed(members: Json, different: Table) -> String {
    let Json::Object(mut members) = members else { return members.to_string() };
    for (name, value) in different {
        match value {
            Value::Boolean(false) => drop(members.remove(&name)),
            value => drop(members.insert(name, json(value))),
        }
    }
    Json::Object(members).to_string()
}

/// JSON of a TOML value; a text `now+60` is a time, `NULL` is null, `TRUE` is true.
fn json(value: Value) -> Json {
    match value {
        Value::String(text) => match text.as_str() {
            "NULL" => Json::Null,
            "TRUE" => Json::Bool(true),
            _ => time(&text).map_or(Json::String(text), Json::from),
        },
        Value::Array(items) => items.into_iter().map(json).collect(),
        Value::Table(members) => Json::Object(members.into_iter().map(|(name, value)| (name, json(value))).collect::<Map<_, _>>()),
        Value::Integer(number) => number.into(),
        Value::Float(number) => number.into(),
        Value::Boolean(set) => set.into(),
        Value::Datetime(at) => at.to_string().into(),
    }
}

fn time(text: &str) -> Option<i64> {
    let offset: i64 = text.strip_prefix("now")?.parse().ok()?;
    Some(unix_s() as i64 + offset)
}
