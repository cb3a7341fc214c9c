//! Signed JWTs, good ones and every kind of bad one: the generator behind the keys `assertion`, `attestation`, `pop`, `request`
//! and `dpop` of a step.
//!
//! `claims` and `header` replace (or with `false` take out) members; `"now+60"` is a time; `payload` and
//! `protected` are JSON texts in place of the whole; `key` names whose key it says it is, `signer` who signs, `alg` how,
//! `secret` what an HMAC takes; `tamper` changes the finished text.

use serde_json::{Map, Value as Json, json};
use toml::{Table, Value};

use super::fields::Fields;
use super::keys::Keys;
use super::site;
use crate::client_key::unix_s;
use crate::{base64, dice};

/// What a token says unless a step says otherwise.
pub struct Usual<'a> {
    /// Whose key.
    pub key: &'a str,
    /// `typ`, if there is one.
    pub typ: Option<&'a str>,
    /// Whether the header has the public key itself in it, rather than its name.
    pub holder: Holder,
    /// The claims, without identifier and times.
    pub claims: Json,
}

/// How a header tells whose key it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// By `kid`.
    Named,
    /// By `jwk`.
    Shown,
}

/// Makes one.
///
/// # Panics
/// When the step asks for what there is not.
#[must_use]
pub fn make(keys: &Keys, usual: Usual<'_>, different: Table) -> String {
    let mut fields = Fields::of(different, "a JWT");
    let key = keys.get(&fields.text("key").unwrap_or_else(|| usual.key.to_owned()));
    let alg = fields.text("alg").unwrap_or_else(|| key.usual_alg().to_owned());
    let mut header = json!({ "alg": alg });
    match usual.holder {
        Holder::Named => header["kid"] = key.jwk()["kid"].clone(),
        Holder::Shown => header["jwk"] = key.thin_jwk(),
    }
    if let Some(typ) = usual.typ {
        header["typ"] = typ.into();
    }
    let header = fields.text("protected").unwrap_or_else(|| changed(header, fields.table("header")));
    let claims = fields.text("payload").unwrap_or_else(|| changed(usual.claims, fields.table("claims")));
    let secret = fields.text("secret").unwrap_or_default();
    let signer = fields.text("signer").map_or(key, |name| keys.get(&name));
    let tamper = fields.text("tamper");
    fields.end();
    let (header, claims) = (base64::url_safe(header.as_bytes()), base64::url_safe(claims.as_bytes()));
    let signature = signer.sign(&alg, format!("{header}.{claims}").as_bytes(), &secret);
    tampered(&header, &claims, signature, tamper.as_deref())
}

/// A DPoP proof of the key `holder`, for a POST to this URL (RFC 9449 section 4.2).
#[must_use]
pub fn proof_of_possession(htu: &str) -> String {
    let claims = json!({ "htm": "POST", "htu": htu, "jti": jti(), "iat": seconds(0) });
    let usual = Usual { key: "holder", typ: Some("dpop+jwt"), holder: Holder::Shown, claims };
    make(site::all_keys(), usual, Table::new())
}

/// Software statements by name (RFC 7591 section 2.3): one of the issuer that `gate` trusts, and those that are not.
pub fn software_statements(keys: &Keys) -> impl Iterator<Item = (&'static str, String)> {
    const ISSUER: &str = "https://trust.example";
    let made = |key, issuer: &str, expires_in_s| {
        let claims = json!({
            "iss": issuer, "iat": seconds(-7200), "exp": seconds(expires_in_s), "client_name": "Stated", "software_id": "shop"
        });
        make(keys, Usual { key, typ: Some("JWT"), holder: Holder::Named, claims }, Table::new())
    };
    [
        ("statement", made("second", ISSUER, 3600)),
        ("statement-old", made("second", ISSUER, -3600)),
        ("statement-forged", made("main", ISSUER, 3600)),
        ("statement-of-a-stranger", made("main", "https://stranger.example", 3600)),
    ]
    .into_iter()
}

/// A fresh identifier.
#[must_use]
pub fn jti() -> String {
    format!("canary-{}", dice::secret())
}

/// Seconds since 1970, that much later.
#[must_use]
pub fn seconds(offset: i64) -> i64 {
    unix_s() as i64 + offset
}

fn tampered(header: &str, claims: &str, mut signature: Vec<u8>, how: Option<&str>) -> String {
    let sign = |signature: &[u8]| base64::url_safe(signature);
    match how {
        None => format!("{header}.{claims}.{}", sign(&signature)),
        Some("flip-signature") => {
            signature[10] ^= 1;
            format!("{header}.{claims}.{}", sign(&signature))
        }
        Some("other-s") => {
            let other = order_minus(&signature[32..]);
            signature[32..].copy_from_slice(&other);
            format!("{header}.{claims}.{}", sign(&signature))
        }
        Some("zero-signature") => format!("{header}.{claims}.{}", sign(&vec![0; signature.len()])),
        Some("no-signature") => format!("{header}.{claims}."),
        Some("two-segments") => format!("{header}.{claims}"),
        Some("five-segments") => format!("{header}.{claims}.{}.a.b", sign(&signature)),
        Some("padded") => format!("{header}.{claims}.{}=", sign(&signature)),
        Some("newline") => format!("{header}.{claims}.\n{}", sign(&signature)),
        Some("detached") => format!("{header}..{}", sign(&signature)),
        Some("json") => json!({ "payload": claims, "protected": header, "signature": sign(&signature) }).to_string(),
        Some("general") => {
            json!({ "payload": claims, "signatures": [{ "protected": header, "signature": sign(&signature) }] })
                .to_string()
        }
        Some(other) => panic!("there is no way to tamper called `{other}`"),
    }
}

/// The order of P-256 minus a number: the `s` of the other signature of the same token.
fn order_minus(number: &[u8]) -> [u8; 32] {
    const ORDER: [u8; 32] = [
        0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad,
        0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ];
    let (mut difference, mut borrow) = ([0; 32], 0);
    for at in (0..32).rev() {
        let digit = i16::from(ORDER[at]) - i16::from(number[at]) - borrow;
        borrow = i16::from(digit < 0);
        difference[at] = digit.rem_euclid(256) as u8;
    }
    difference
}

/// JSON text of these members, with those in place of them, or taken out, that are different.
pub(super) fn changed(members: Json, different: Table) -> String {
    let Json::Object(mut members) = members else { return members.to_string() };
    for (name, value) in different {
        match value {
            Value::Boolean(false) => drop(members.remove(&name)),
            value => drop(members.insert(name, json_of(value))),
        }
    }
    Json::Object(members).to_string()
}

/// JSON of a TOML value; a text `now+60` is a time, `NULL` is null, `TRUE` is true, and behind `JSON:` is JSON.
fn json_of(value: Value) -> Json {
    match value {
        Value::String(text) => match text.as_str() {
            "NULL" => Json::Null,
            "TRUE" => Json::Bool(true),
            json if json.starts_with("JSON:") => serde_json::from_str(&json[5..]).expect("JSON behind `JSON:`"),
            _ => time(&text).map_or(Json::String(text), Json::from),
        },
        Value::Array(items) => items.into_iter().map(json_of).collect(),
        Value::Table(members) => {
            Json::Object(members.into_iter().map(|(name, value)| (name, json_of(value))).collect::<Map<_, _>>())
        }
        Value::Integer(number) => number.into(),
        Value::Float(number) => number.into(),
        Value::Boolean(set) => set.into(),
        Value::Datetime(at) => at.to_string().into(),
    }
}

fn time(text: &str) -> Option<i64> {
    text.strip_prefix("now")?.parse().ok().map(seconds)
}
