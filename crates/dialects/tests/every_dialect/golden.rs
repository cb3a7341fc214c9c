//! Exchanges as text, with whatever is random or secret replaced, and their comparison with what is kept.

use std::fmt::Write as _;
use std::path::Path;

use parhelion_dialects::{Dialect, Response};
use parhelion_jose::base64;
use serde_json::Value;

use crate::bench::{Bench, CLIENT_CERTIFICATE, REQUEST_ID, SECRET, STRANGERS_CERTIFICATE};
use crate::case::Case;
use crate::spelling::{Written, encode};

const SHOWN: [&str; 8] = [
    "content-type",
    "cache-control",
    "pragma",
    "www-authenticate",
    "allow",
    "retry-after",
    "x-correlation-id",
    "content-encoding",
];

/// A request is shown up to so many characters.
const REQUEST_SHOWN: usize = 400;

/// What most forms hold, and what is shown in its place.
const GOOD: (&str, &str) = (
    "response_type=code&redirect_uri=https%3A%2F%2Fapp.example%2Fcb&scope=openid%20profile&state=state-12345\
     &nonce=nonce-12345&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256",
    "{a good request}",
);

pub(crate) fn exchange(dialect: &'static dyn Dialect, case: &Case) -> String {
    let (written, answer) = Bench::new(dialect).run(case);
    let sent = request_text(&written, case);
    format!("## {}\n{}\n{}\n", case.name, sent, hide(&answer_text(&answer)))
}

fn request_text(written: &Written, case: &Case) -> String {
    let mut text = String::new();
    for (name, value) in &written.headers {
        writeln!(text, "> {name}: {}", without_base64(value.to_str().unwrap())).unwrap();
    }
    if let Some(query) = &case.query {
        writeln!(text, "> query: {query}").unwrap();
    }
    if let Some(code) = &case.turned_down {
        writeln!(text, "> turned down by the edge: {code}").unwrap();
        return text;
    }
    let body = hide(&written.body).replace(GOOD.0, GOOD.1);
    let shown: String = body.chars().take(REQUEST_SHOWN).collect();
    let more = if shown.len() < body.len() { format!("... {} bytes", written.body.len()) } else { String::new() };
    write!(text, "> {shown}{more}").unwrap();
    text
}

fn answer_text(answer: &Response) -> String {
    let mut text = format!("< {}\n", answer.status().as_u16());
    for name in SHOWN {
        for value in answer.headers().get_all(name) {
            writeln!(text, "< {name}: {}", value.to_str().unwrap()).unwrap();
        }
    }
    writeln!(text, "< {}", std::str::from_utf8(answer.body()).unwrap()).unwrap();
    text
}

/// Basic credentials as they are before base64.
fn without_base64(value: &str) -> String {
    let pair = value.strip_prefix("Basic ").and_then(|text| base64::decode(text).ok());
    match pair.and_then(|pair| String::from_utf8(pair).ok()) {
        Some(pair) => format!("Basic base64({})", hide(&pair)),
        None => value.to_owned(),
    }
}

/// References, assertions, secrets and the request id, by what they are.
fn hide(text: &str) -> String {
    let text = text.replace(&REQUEST_ID.to_string(), "{request-id}").replace(SECRET, "{secret}");
    let text = hide_certificate(&text, CLIENT_CERTIFICATE, "{certificate}");
    let text = hide_certificate(&text, STRANGERS_CERTIFICATE, "{certificate of a stranger}");
    let text = hide_after(&text, "urn:ietf:params:oauth:request_uri:", "{reference}");
    let text = hide_after(&text, "client_assertion=ey", "{assertion}");
    hide_after(&text, "\"client_assertion\":\"ey", "{assertion}")
}

/// A PEM text as JSON and as a form write it.
fn hide_certificate(text: &str, pem: &str, name: &str) -> String {
    let json = Value::from(pem).to_string();
    text.replace(json.trim_matches('"'), name).replace(&encode(pem), name)
}

fn hide_after(text: &str, before: &str, name: &str) -> String {
    let is_token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let mut parts = text.split(before);
    let mut hidden = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        hidden = hidden + before + name + part.trim_start_matches(is_token);
    }
    hidden
}

/// Compares with the kept text, or keeps this one.
pub(crate) fn compare(dialect: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/goldens/{dialect}.txt"));
    if std::env::var_os("PARHELION_REWRITE_GOLDENS").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap();
    let mut kept_lines = kept.lines();
    for line in text.lines() {
        assert_eq!(kept_lines.next(), Some(line), "{}: PARHELION_REWRITE_GOLDENS=1 writes it anew", path.display());
    }
    assert_eq!(kept_lines.next(), None, "{}", path.display());
}

/// RFC 6749 section 5.2, and what the vendors' libraries need: no `null`, codes as text.
pub(crate) fn hold_to_the_form_of_oauth(body: &Value, what: &str) {
    for (name, value) in body.as_object().unwrap() {
        assert!(!value.is_null(), "{what}: {name} is null");
        let text = value.as_str().unwrap_or_default();
        let fits = |b: u8| matches!(b, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        assert!(!name.starts_with("error") || text.bytes().all(fits), "{what}: {name}");
        assert!(!name.starts_with("result") || value.is_string(), "{what}: {name}");
        if name == "responseContent" {
            hold_to_the_form_of_oauth(&serde_json::from_str(text).unwrap(), what);
        }
    }
}
