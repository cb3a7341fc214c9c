//! What came of a step against what was expected. A judgement is a list of complaints; an empty one is agreement.

use std::time::Duration;

use serde_json::Value as Json;
use toml::Value;
use url::{Url, form_urlencoded};

use super::expect::{ABSENT, Closes, Expected, Mode, Outcome, PRESENT, Shape};
use super::invariants;
use crate::wire::Response;
use crate::{base64, html};

/// What came of a step.
#[derive(Clone, Debug, Default)]
pub struct Actual {
    /// The answer, if there was one.
    pub answer: Option<Response>,
    /// Whether the connection was closed; unknown where nobody looked.
    pub closed: Option<bool>,
    /// How long it took.
    pub took: Duration,
    /// What was sent.
    pub sent: Sent,
    /// Why a server did not start.
    pub start_refused: Option<String>,
    /// Why something that had to happen did not.
    pub trouble: Option<String>,
    /// The answer that this one must be the same as.
    pub twin: Option<Response>,
}

/// What matters of what was sent.
#[derive(Clone, Debug, Default)]
pub struct Sent {
    /// Whether the `Authorization` header was used.
    pub authorization: bool,
    /// Whether the bytes were written by hand: what is no HTTP is answered by less than what is.
    pub by_hand: bool,
    /// Values that must not come back in an error.
    pub values: Vec<String>,
    /// Whether the answer may be kept by a cache.
    pub cacheable: bool,
    /// To whom.
    pub to: Listener,
}

/// Who listens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Listener {
    /// The server that everybody reaches.
    #[default]
    Public,
    /// The operator's own.
    Operator,
}

/// What an answer is judged by besides what the step says.
#[derive(Clone, Debug, Default)]
pub struct Scene {
    /// The issuer of the mount.
    pub issuer: String,
    /// Where the pages of the codes are.
    pub public_url: String,
    /// Where authorization responses go.
    pub redirect_uri: String,
    /// The `state` that was sent.
    pub state: Option<String>,
    /// What the vendor of the mount does otherwise.
    pub vendor: Vendor,
}

/// Where a vendor's contract differs from the specifications for every answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Vendor {
    /// Nowhere.
    #[default]
    None,
    /// It answers 401 to every client that fails to authenticate, challenged or not.
    AlwaysUnauthorized,
    /// So does this one, which sends `state` back with an error besides.
    EchoesState,
}

/// The complaints about one answer.
#[must_use]
pub fn judge(expected: &Expected, actual: &Actual, scene: &Scene) -> Vec<String> {
    let mut complaints = invariants::complaints(expected, actual, scene);
    let outcomes = expected.any_of.iter().map(|outcome| about_outcome(outcome, actual, scene));
    let mut best: Option<Vec<String>> = None;
    for found in outcomes {
        if best.as_ref().is_none_or(|best| found.len() < best.len()) {
            best = Some(found);
        }
    }
    complaints.extend(best.unwrap_or_default());
    complaints.extend(actual.trouble.clone());
    complaints.extend(about_details(expected, actual));
    complaints
}

/// The complaints about many answers of which one must be as `one`, the others as `rest`.
#[must_use]
pub fn judge_race(one: &Expected, rest: &Expected, actuals: &[(Actual, Scene)]) -> Vec<String> {
    let fits = |expected: &Expected, (actual, scene): &(Actual, Scene)| judge(expected, actual, scene).is_empty();
    let winners = actuals.iter().filter(|found| fits(one, found)).count();
    let losers = actuals.iter().filter(|found| fits(rest, found)).count();
    if (winners, losers) == (1, actuals.len() - 1) {
        return Vec::new();
    }
    let odd = actuals.iter().find(|found| !fits(one, found) && !fits(rest, found));
    let why = odd.map_or_else(String::new, |found| format!("; neither: {:?}", judge(rest, &found.0, &found.1)));
    vec![format!("{winners} of {} won and {losers} lost{why}", actuals.len())]
}

fn about_outcome(outcome: &Outcome, actual: &Actual, scene: &Scene) -> Vec<String> {
    let mut complaints = Vec::new();
    if let Some(closes) = outcome.closes
        && actual.closed.is_some_and(|closed| closed != (closes == Closes::Yes))
    {
        complaints.push(format!("the connection was expected to close: {closes:?}"));
    }
    match (outcome.shape, &actual.answer) {
        (Shape::Nothing, None) | (Shape::Done, _) => {}
        (Shape::StartRefused, _) if actual.start_refused.is_some() => {}
        (Shape::StartRefused, _) => complaints.push("the server started".to_owned()),
        (Shape::Nothing, Some(answer)) => complaints.push(format!("an answer: {}", short(answer))),
        (_, None) => complaints.push("no answer".to_owned()),
        (_, Some(answer)) => complaints.extend(about_answer(outcome, actual, answer, scene)),
    }
    // What did not start, or only happened, has no other shape.
    if actual.start_refused.is_some() && outcome.shape != Shape::StartRefused {
        complaints.push("the server did not start".to_owned());
    }
    if outcome.shape == Shape::Done && actual.answer.is_some() {
        complaints.push("an answer where none belongs".to_owned());
    }
    complaints
}

fn about_answer(outcome: &Outcome, actual: &Actual, answer: &Response, scene: &Scene) -> Vec<String> {
    let found = match outcome.shape {
        Shape::Login | Shape::Consent => about_step(outcome.shape, answer, scene),
        _ => about_status(outcome, actual, answer, scene),
    };
    let mut complaints: Vec<String> = found.into_iter().collect();
    complaints.extend(match outcome.shape {
        Shape::JsonError => about_json_error(outcome, answer, scene),
        Shape::Page => about_page(outcome, answer, scene),
        Shape::Redirect(mode) | Shape::Code(mode) | Shape::Issued(mode) => about_response(outcome, mode, answer, scene),
        Shape::Pushed => about_pushed(answer),
        Shape::Tokens => about_tokens(answer),
        Shape::Challenge => about_challenge(outcome, answer),
        Shape::Inactive if body(answer) == Some(serde_json::json!({ "active": false })) => Vec::new(),
        Shape::Inactive => vec![format!("more than inactive: {}", answer.text())],
        Shape::Any | Shape::Login | Shape::Consent | Shape::Nothing | Shape::StartRefused | Shape::Done => Vec::new(),
    });
    if !complaints.is_empty() {
        complaints.push(format!("it was {}", short(answer)));
    }
    complaints
}

fn about_status(outcome: &Outcome, actual: &Actual, answer: &Response, scene: &Scene) -> Option<String> {
    // RFC 9110 section 15.5.2: a 401 needs a challenge, and only the Authorization header has one.
    let challenged = actual.sent.authorization || scene.vendor != Vendor::None;
    let due = |status: &u16| match (outcome.shape, *status) {
        (Shape::JsonError, 401) if !challenged => 400,
        (_, status) => status,
    };
    let fits = outcome.statuses.iter().map(due).any(|status| status == answer.status);
    (!fits).then(|| format!("status {} is not one of {:?}", answer.status, outcome.statuses))
}

fn about_json_error(outcome: &Outcome, answer: &Response, scene: &Scene) -> Vec<String> {
    let mut complaints = Vec::new();
    let Some(Json::Object(members)) = body(answer) else {
        complaints.push("the body is no JSON object".to_owned());
        return complaints;
    };
    let text = |name: &str| members.get(name).and_then(Json::as_str).unwrap_or_default();
    if !outcome.errors.iter().any(|error| error == text("error")) {
        complaints.push(format!("error `{}` is not one of {:?}", text("error"), outcome.errors));
    }
    //= rfc6749#5.2 %x20-21 / %x23-5B / %x5D-7E
    let allowed = |byte: u8| matches!(byte, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e);
    if text("error_description").is_empty() || !text("error_description").bytes().all(allowed) {
        complaints.push(format!("error_description `{}`", text("error_description")));
    }
    let known = ["error", "error_description", "error_uri", "state"];
    complaints
        .extend(members.keys().filter(|name| !known.contains(&name.as_str())).map(|name| format!("has `{name}`")));
    if let Some(code) = &outcome.code
        && text("error_uri") != format!("{}/errors/{code}", scene.public_url)
    {
        complaints.push(format!("error_uri `{}` is not that of {code}", text("error_uri")));
    }
    complaints
}

fn about_page(outcome: &Outcome, answer: &Response, scene: &Scene) -> Vec<String> {
    if answer.header("content-type").is_some_and(|kind| kind.starts_with("application/json")) {
        return about_json_error(&Outcome { code: None, ..outcome.clone() }, answer, scene);
    }
    let mut complaints = Vec::new();
    let text = answer.text();
    if !answer.header("content-type").is_some_and(|kind| kind.starts_with("text/html")) || !html::has_id(&text, "error")
    {
        complaints.push("no error page".to_owned());
    }
    if answer.header("location").is_some() {
        complaints.push("a Location".to_owned());
    }
    if !outcome.errors.iter().any(|error| text.contains(&format!("<code>{error}</code>"))) {
        complaints.push(format!("the page names none of {:?}", outcome.errors));
    }
    if let Some(code) = &outcome.code
        && !text.contains(&format!("{}/errors/{code}\"", scene.public_url))
    {
        complaints.push(format!("the page does not lead to {code}"));
    }
    complaints
}

/// Where an authorization response went: its mode, the redirect URI and the parameters.
pub type Arrived = (Mode, String, Vec<(String, String)>);

/// The parameters of an authorization response, wherever they are; those of a signed one out of its JWT.
#[must_use]
pub fn response_parameters(answer: &Response) -> Option<Arrived> {
    let (mode, uri, pairs) = plain_parameters(answer)?;
    let [(name, jwt)] = pairs.as_slice() else { return Some((mode, uri, pairs)) };
    if name != "response" {
        return Some((mode, uri, pairs));
    }
    let claims = base64::from_url_safe(jwt.split('.').nth(1)?)?;
    let Ok(Json::Object(claims)) = serde_json::from_slice(&claims) else { return None };
    let text = |value: Json| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mode = match mode {
        Mode::Fragment => Mode::FragmentJwt,
        Mode::FormPost => Mode::FormPostJwt,
        _ => Mode::QueryJwt,
    };
    Some((mode, uri, claims.into_iter().map(|(name, value)| (name, text(value))).collect()))
}

fn plain_parameters(answer: &Response) -> Option<Arrived> {
    let pairs = |text: &str| form_urlencoded::parse(text.as_bytes()).into_owned().collect();
    if let Some(location) = answer.header("location") {
        return match location.split_once('#') {
            Some((uri, fragment)) => Some((Mode::Fragment, uri.to_owned(), pairs(fragment))),
            None => {
                let (uri, query) = location.split_once('?').unwrap_or((location, ""));
                Some((Mode::Query, uri.to_owned(), pairs(query)))
            }
        };
    }
    let form = html::forms(&answer.text()).into_iter().find(|form| form.control("continue").is_some())?;
    let action = form.action.clone().unwrap_or_default();
    Some((Mode::FormPost, action, form.fields("", &[])))
}

fn about_response(outcome: &Outcome, wanted: Mode, answer: &Response, scene: &Scene) -> Vec<String> {
    let Some((mode, uri, mut pairs)) = response_parameters(answer) else {
        return vec!["no authorization response".to_owned()];
    };
    let mut complaints = Vec::new();
    if mode != wanted {
        complaints.push(format!("it travels by {mode:?}"));
    }
    let (registered, query) = scene.redirect_uri.split_once('?').unwrap_or((&scene.redirect_uri, ""));
    if uri != registered && !(matches!(wanted, Mode::FormPost | Mode::FormPostJwt) && uri == scene.redirect_uri) {
        complaints.push(format!("it goes to {uri}"));
    }
    let own: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    pairs.retain(|pair| !own.contains(pair));
    let get = |name: &str| pairs.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str());
    if get("iss") != Some(&scene.issuer) {
        complaints.push(format!("iss is {:?}", get("iss")));
    }
    if get("state") != scene.state.as_deref() {
        complaints.push(format!("state is {:?}", get("state")));
    }
    let known: &[&str] = match outcome.shape {
        Shape::Code(_) => &["code", "iss", "state"],
        Shape::Issued(_) => &["code", "access_token", "token_type", "expires_in", "scope", "id_token", "iss", "state"],
        _ => &["error", "error_description", "error_uri", "iss", "state"],
    };
    let signed = matches!(wanted, Mode::QueryJwt | Mode::FragmentJwt | Mode::FormPostJwt);
    let of_jwt = |name: &str| signed && matches!(name, "aud" | "exp" | "iat");
    let strange = pairs.iter().filter(|(name, _)| !known.contains(&name.as_str()) && !of_jwt(name));
    complaints.extend(strange.map(|(name, _)| format!("has `{name}`")));
    match outcome.shape {
        Shape::Code(_) if get("code").is_none_or(|code| code.len() < 43) => complaints.push("no code".to_owned()),
        Shape::Issued(_) => complaints.extend(about_issued(&outcome.errors, get)),
        Shape::Redirect(_) if !outcome.errors.iter().any(|error| Some(error.as_str()) == get("error")) => {
            complaints.push(format!("error {:?} is not one of {:?}", get("error"), outcome.errors));
        }
        _ => {}
    }
    complaints
}

/// Whether what was issued is what its names say, and an access token is described.
fn about_issued<'p>(names: &[String], get: impl Fn(&str) -> Option<&'p str>) -> Vec<String> {
    let with_token = ["token_type", "expires_in", "scope"].map(|name| (name, "access_token"));
    let expected = ["code", "access_token", "id_token"].map(|name| (name, name)).into_iter().chain(with_token);
    let wrong = expected.filter(|(name, of)| get(name).is_some() != names.iter().any(|wanted| wanted == of));
    wrong.map(|(name, _)| format!("`{name}` is {}", if get(name).is_some() { "there" } else { "not there" })).collect()
}

fn about_step(shape: Shape, answer: &Response, scene: &Scene) -> Option<String> {
    let name = if shape == Shape::Login { "login" } else { "consent" };
    let button = if shape == Shape::Login { "login" } else { "allow" };
    let fits = match answer.header("location") {
        Some(location) => {
            let origin = |text: &str| Url::parse(text).map(|url| url.origin());
            answer.status == 303
                && origin(location) == origin(&scene.issuer)
                && location.contains("/interaction/")
                && location.ends_with(&format!("/{name}"))
        }
        None => answer.status == 200 && html::has_id(&answer.text(), button),
    };
    (!fits).then(|| format!("not the way to the {name} page"))
}

fn about_pushed(answer: &Response) -> Vec<String> {
    let Some(Json::Object(members)) = body(answer) else { return vec!["the body is no JSON object".to_owned()] };
    let uri = members.get("request_uri").and_then(Json::as_str).unwrap_or_default();
    let reference = uri.strip_prefix("urn:ietf:params:oauth:request_uri:").unwrap_or_default();
    let base64url = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let mut complaints = Vec::new();
    if reference.len() != 43 || !reference.bytes().all(base64url) {
        complaints.push(format!("request_uri `{uri}`"));
    }
    if members.get("expires_in").and_then(Json::as_u64).is_none_or(|seconds| seconds == 0) {
        complaints.push("expires_in is no positive integer".to_owned());
    }
    if members.len() != 2 {
        complaints.push(format!("{} members", members.len()));
    }
    complaints
}

fn about_tokens(answer: &Response) -> Vec<String> {
    let Some(Json::Object(members)) = body(answer) else { return vec!["the body is no JSON object".to_owned()] };
    let mut complaints = Vec::new();
    for name in ["access_token", "token_type"] {
        if members.get(name).and_then(Json::as_str).is_none() {
            complaints.push(format!("no {name}"));
        }
    }
    if members.get("expires_in").and_then(Json::as_u64).is_none_or(|seconds| seconds == 0) {
        complaints.push("expires_in is no positive integer".to_owned());
    }
    complaints
}

fn about_challenge(outcome: &Outcome, answer: &Response) -> Vec<String> {
    let Some(challenge) = answer.header("www-authenticate") else { return vec!["no challenge".to_owned()] };
    let wanted = |error: &String| match error.as_str() {
        "" => !challenge.contains("error="),
        error => challenge.contains(&format!("error=\"{error}\"")),
    };
    let fits = challenge.starts_with("Bearer") && outcome.errors.iter().any(wanted);
    if fits { Vec::new() } else { vec![format!("the challenge is `{challenge}`")] }
}

fn about_details(expected: &Expected, actual: &Actual) -> Vec<String> {
    let mut complaints = Vec::new();
    let nothing = Response { status: 0, headers: Vec::new(), body: Vec::new() };
    let answer = actual.answer.as_ref().unwrap_or(&nothing);
    for (name, value) in &expected.headers {
        let name = name.to_ascii_lowercase();
        let found: Vec<&str> = answer.all(&name).collect();
        let fits = match value {
            Value::String(part) => found.iter().any(|value| value.contains(part)),
            _ => found.is_empty(),
        };
        if !fits {
            complaints.push(format!("header {name} is {found:?}, expected {value}"));
        }
    }
    let body = body(answer);
    for (path, value) in &expected.json {
        let found = body.as_ref().and_then(|body| member(body, path));
        complaints.extend(differs(path, found.as_ref(), value));
    }
    let pairs = response_parameters(answer).map(|(_, _, pairs)| pairs).unwrap_or_default();
    for (name, value) in &expected.response {
        let found = pairs.iter().find(|(found, _)| found == name).map(|(_, value)| Json::from(value.as_str()));
        complaints.extend(differs(name, found.as_ref(), value));
    }
    let text = format!("{}{}", answer.text(), actual.start_refused.as_deref().unwrap_or_default());
    complaints
        .extend(expected.has.iter().filter(|part| !text.contains(*part)).map(|part| format!("`{part}` is not there")));
    let headers: String = answer.headers.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
    let there = |part: &&String| text.contains(*part) || headers.contains(*part);
    complaints.extend(expected.lacks.iter().filter(there).map(|part| format!("`{part}` is there")));
    if expected.same_as.is_some() {
        complaints.extend(invariants::differences(answer, actual.twin.as_ref()));
    }
    complaints
}

/// In what a value differs from what was expected of it.
#[must_use]
pub fn differs(name: &str, found: Option<&Json>, expected: &Value) -> Option<String> {
    let bound = |prefix: &str| expected.as_str()?.strip_prefix(prefix)?.trim().parse::<f64>().ok();
    let fits = match (expected.as_str(), found) {
        (Some(ABSENT), found) => found.is_none(),
        (Some(PRESENT), found) => found.is_some(),
        (_, None) => false,
        (_, Some(found)) => match (bound("<="), bound(">=")) {
            (Some(most), _) => found.as_f64().is_some_and(|number| number <= most),
            (_, Some(least)) => found.as_f64().is_some_and(|number| number >= least),
            (None, None) => {
                // What was captured from an answer is text.
                let same_text = found.is_i64() && expected.as_str() == Some(&found.to_string());
                same_text || serde_json::to_value(expected).is_ok_and(|expected| expected == *found)
            }
        },
    };
    (!fits).then(|| format!("{name} is {found:?}, expected {expected}"))
}

/// A member by its name, by a JSON pointer, or (`name~claim`, `name^header`) inside a member that is a JWT.
#[must_use]
pub fn member(body: &Json, path: &str) -> Option<Json> {
    for (mark, part) in [('~', 1), ('^', 0)] {
        if let Some((name, inner)) = path.split_once(mark) {
            let jwt = body.get(name)?.as_str()?;
            let segment = base64::from_url_safe(jwt.split('.').nth(part)?)?;
            return member(&serde_json::from_slice(&segment).ok()?, inner);
        }
    }
    if path.starts_with('/') { body.pointer(path).cloned() } else { body.get(path).cloned() }
}

fn body(answer: &Response) -> Option<Json> {
    serde_json::from_slice(&answer.body).ok()
}

/// An answer in a line.
#[must_use]
pub fn short(answer: &Response) -> String {
    let text: String = answer.text().chars().take(300).collect();
    let to = answer.header("location").map(|location| format!(" to {location}")).unwrap_or_default();
    format!("{}{to} {}", answer.status, text.escape_debug())
}
