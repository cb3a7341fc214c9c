//! What holds for every answer, whatever was sent: no fault of the server, nothing reflected, nothing kept by caches.

use super::expect::{Expected, Shape};
use super::judge::{Actual, Listener, Scene, Vendor};
use crate::wire::Response;

/// Headers that differ from answer to answer.
const OWN_HEADERS: [&str; 2] = ["date", "x-request-id"];

/// The complaints about one answer that no step has to ask for.
#[must_use]
pub fn complaints(expected: &Expected, actual: &Actual, scene: &Scene) -> Vec<String> {
    let mut complaints = Vec::new();
    if actual.took.as_secs_f64() > expected.within_s {
        complaints.push(format!("it took {:.1} s", actual.took.as_secs_f64()));
    }
    let Some(answer) = &actual.answer else { return complaints };
    let allowed = expected.any_of.iter().any(|outcome| outcome.statuses.contains(&answer.status));
    if answer.status >= 500 && !allowed {
        complaints.push(format!("a fault of the server: {}", answer.status));
    }
    // What is no HTTP is answered before there is a request that headers could belong to.
    let operators = actual.sent.to == Listener::Operator;
    let bare = operators || actual.sent.by_hand && answer.body.is_empty() && answer.header("x-request-id").is_none();
    if !bare {
        complaints.extend(about_headers(answer, actual.sent.cacheable));
        complaints.extend(unchallenged(answer, actual, scene));
    }
    if answer.status >= 400 {
        complaints.extend(reflected(answer, actual, scene));
    }
    if expected.any_of.iter().any(|outcome| outcome.shape == Shape::Page) && answer.status >= 400 {
        complaints.extend(about_page_headers(answer));
    }
    complaints
}

fn about_headers(answer: &Response, cacheable: bool) -> Vec<String> {
    let mut complaints = Vec::new();
    if answer.header("x-content-type-options") != Some("nosniff") {
        complaints.push("no nosniff".to_owned());
    }
    let kept = answer.header("cache-control").is_none_or(|control| !control.contains("no-store"));
    if kept && !cacheable {
        complaints.push(format!("Cache-Control is {:?}", answer.header("cache-control")));
    }
    if answer.header("x-request-id").is_none_or(|id| id.len() != 32 || !id.bytes().all(|byte| byte.is_ascii_hexdigit()))
    {
        complaints.push("no request id of a fixed length".to_owned());
    }
    let telling = ["server", "x-powered-by", "via"].into_iter().filter(|name| answer.header(name).is_some());
    complaints.extend(telling.map(|name| format!("header {name} tells what runs here")));
    complaints
}

fn unchallenged(answer: &Response, actual: &Actual, scene: &Scene) -> Option<String> {
    let excused = scene.vendor != Vendor::None && !actual.sent.authorization;
    let unchallenged = answer.status == 401 && answer.header("www-authenticate").is_none();
    (unchallenged && !excused).then(|| "401 without a challenge".to_owned())
}

/// The headers of every page.
#[must_use]
pub fn about_page_headers(answer: &Response) -> Vec<String> {
    let policy = answer.header("content-security-policy").unwrap_or_default();
    let wanted =
        ["default-src 'none'", "style-src 'self'", "img-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"];
    let mut complaints: Vec<String> = wanted
        .into_iter()
        .filter(|part| !policy.contains(part))
        .map(|part| format!("Content-Security-Policy lacks {part}"))
        .collect();
    let headers = [
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
        ("cache-control", "no-store"),
        ("cross-origin-opener-policy", "same-origin"),
    ];
    let wrong = headers.into_iter().filter(|(name, value)| answer.header(name) != Some(value));
    complaints.extend(wrong.map(|(name, value)| format!("header {name} is not {value}")));
    complaints
}

/// What was sent and came back. Names of parameters and the like are words of ours too.
fn reflected(answer: &Response, actual: &Actual, scene: &Scene) -> Vec<String> {
    let mut said = answer.text();
    // An origin that is let in is named: that is what the header is for.
    for (name, value) in answer.headers.iter().filter(|(name, _)| name != "access-control-allow-origin") {
        said.push_str(&format!("\n{name}: {value}"));
    }
    let is_word = |value: &str| value.bytes().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'_' | b' '));
    let telling = actual.sent.values.iter().filter(|value| value.len() >= 8 && !is_word(value));
    let echoed = |value: &str| scene.vendor == Vendor::EchoesState && scene.state.as_deref() == Some(value);
    let ours = |value: &str| scene.issuer.contains(value) || scene.public_url.contains(value) || echoed(value);
    telling
        .filter(|value| !ours(value) && said.contains(value.as_str()))
        .map(|value| format!("what was sent came back: {}", value.escape_debug()))
        .collect()
}

/// In what two answers differ, but for what is each one's own.
#[must_use]
pub fn differences(one: &Response, other: Option<&Response>) -> Vec<String> {
    let Some(other) = other else { return vec!["there is no answer to compare with".to_owned()] };
    let kept = |answer: &Response| -> Vec<(String, String)> {
        let headers = answer.headers.iter().filter(|(name, _)| !OWN_HEADERS.contains(&name.as_str()));
        headers.cloned().collect()
    };
    let mut complaints = Vec::new();
    if one.status != other.status {
        complaints.push(format!("status {} and not {}", one.status, other.status));
    }
    if kept(one) != kept(other) {
        complaints.push(format!("headers {:?} and not {:?}", kept(one), kept(other)));
    }
    if one.body != other.body {
        complaints.push(format!("body `{}` and not `{}`", one.text(), other.text()));
    }
    complaints
}
