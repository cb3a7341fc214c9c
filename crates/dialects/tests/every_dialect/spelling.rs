//! How a client of each dialect writes what it wants to say.

use http::{HeaderMap, HeaderName, HeaderValue};
use parhelion_jose::base64;
use serde_json::{Map, Value, json};

use crate::bench::{API_TOKEN, CLIENT_CERTIFICATE, STRANGERS_CERTIFICATE};
use crate::case::{Said, Shown};

/// Headers and body of one request.
#[derive(Clone)]
pub(crate) struct Written {
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Written {
    fn new(content_type: &'static str, body: String) -> Self {
        let mut written = Self { headers: HeaderMap::new(), body };
        written.replace("content-type", &[content_type.to_owned()]);
        written
    }

    pub(crate) fn replace(&mut self, name: &str, values: &[String]) {
        let name = HeaderName::try_from(name).unwrap();
        self.headers.remove(&name);
        for value in values {
            self.headers.append(&name, HeaderValue::try_from(value).unwrap());
        }
    }

    fn with_basic(mut self, said: &Said) -> Self {
        if said.shown == Shown::Basic {
            let pair = format!("{}:{}", said.client, said.secret);
            self.replace("authorization", &[format!("Basic {}", base64::encode(pair.as_bytes()))]);
        }
        self
    }
}

/// The request in the words of a dialect.
pub(crate) fn write(dialect: &str, said: &Said) -> Written {
    match dialect {
        "authlete" => envelope(said),
        "autional" if said.raw.is_none() => members(said),
        _ => form(said),
    }
}

fn form(said: &Said) -> Written {
    Written::new("application/x-www-form-urlencoded", form_text(said)).with_basic(said)
}

pub(crate) fn form_text(said: &Said) -> String {
    let pairs = said.parameters.iter().map(|(name, value)| format!("{name}={}", encode(value)));
    pairs.collect::<Vec<_>>().join("&") + said.raw.as_deref().unwrap_or_default()
}

/// Percent-encodes whatever is not unreserved.
pub(crate) fn encode(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(byte).collect()
}

fn members(said: &Said) -> Written {
    Written::new("application/json", json_text(said)).with_basic(said)
}

/// Autional's members: text, but for the two that are arrays.
pub(crate) fn json_text(said: &Said) -> String {
    let mut members = Map::new();
    for (name, value) in &said.parameters {
        match name.as_str() {
            "resource" => {
                let resources = members.entry("resources").or_insert_with(|| json!([]));
                resources.as_array_mut().unwrap().push(value.as_str().into());
            }
            "authorization_details" => drop(members.insert(name.clone(), serde_json::from_str(value).unwrap())),
            _ => drop(members.insert(name.clone(), value.as_str().into())),
        }
    }
    Value::Object(members).to_string()
}

/// Authlete's envelope, around the form of a client that came to the caller.
fn envelope(said: &Said) -> Written {
    let mut members = json!({ "parameters": form_text(said) });
    if said.shown == Shown::Basic {
        members["clientId"] = said.client.as_str().into();
        members["clientSecret"] = said.secret.as_str().into();
    }
    let mut written = Written::new("application/json", members.to_string());
    written.replace("authorization", &[format!("Bearer {API_TOKEN}")]);
    written
}

/// A JSON body that the list wrote itself, its placeholders filled from a good request.
pub(crate) fn raw_json(dialect: &str, json: &str, said: &Said) -> Written {
    let mut written = write(dialect, said);
    let form = form_text(said);
    let text = |text: &str| Value::from(text).to_string();
    let gson = text(&form).replace('=', "\\u003d").replace('&', "\\u0026");
    let members = json_text(said);
    let pem = |pem: &str| text(pem).trim_matches('"').to_owned();
    written.body = json
        .replace("@CERTIFICATE@", &pem(CLIENT_CERTIFICATE))
        .replace("@STRANGER@", &pem(STRANGERS_CERTIFICATE))
        .replace("@PEM@", &encode(CLIENT_CERTIFICATE))
        .replace("@FORM@", &text(&form))
        .replace("@GSON@", &gson)
        .replace("@ENCODED@", &encode(&form))
        .replace("@MEMBERS@", members.trim_start_matches('{').trim_end_matches('}'));
    written
}
