//! Every expectation, turned into its opposite: a runner that does not notice proves nothing.

use toml::Value;

use super::expect::{ABSENT, Closes, Expected, Outcome, PRESENT, Shape};
use super::judge::Actual;

/// Every way in which one expectation can be wrong by one word, with what was turned.
#[must_use]
pub fn flipped(expected: &Expected, actual: &Actual) -> Vec<(String, Expected, Actual)> {
    let mut found = Vec::new();
    let mut add = |what: &str, flipped: Expected| found.push((what.to_owned(), flipped, actual.clone()));
    add("shape", of_outcomes(expected, |outcome| outcome.shape = other_shape(outcome.shape)));
    if expected.any_of.iter().all(has_status) {
        add("status", of_outcomes(expected, |outcome| outcome.statuses.iter_mut().for_each(|status| *status += 100)));
    }
    if expected.any_of.iter().all(has_error) {
        add("error", of_outcomes(expected, |outcome| outcome.errors = vec!["flipped".to_owned()]));
    }
    if expected.any_of.iter().all(|outcome| outcome.code.is_some()) && !is_json_page(expected, actual) {
        add("code", of_outcomes(expected, |outcome| outcome.code = Some("PAR-000".to_owned())));
    }
    if expected.any_of.iter().all(|outcome| outcome.closes.is_some()) {
        add("closing", of_outcomes(expected, |outcome| outcome.closes = Some(Closes::No)));
    }
    for at in 0..expected.headers.len() {
        let mut flipped = expected.clone();
        flipped.headers[at].1 = match &flipped.headers[at].1 {
            Value::String(_) => Value::Boolean(false),
            _ => Value::String(String::new()),
        };
        add(&format!("header {}", expected.headers[at].0), flipped);
    }
    for at in 0..expected.json.len() {
        let mut flipped = expected.clone();
        flipped.json[at].1 = other_value(&flipped.json[at].1);
        add(&format!("member {}", expected.json[at].0), flipped);
    }
    for at in 0..expected.response.len() {
        let mut flipped = expected.clone();
        flipped.response[at].1 = other_value(&flipped.response[at].1);
        add(&format!("response parameter {}", expected.response[at].0), flipped);
    }
    if !expected.has.is_empty() {
        add("has", Expected { has: vec!["what no answer ever has".to_owned()], ..expected.clone() });
    }
    if !expected.lacks.is_empty() {
        add("lacks", Expected { lacks: vec![String::new()], ..expected.clone() });
    }
    if let Some(twin) = &actual.twin {
        let mut other = actual.clone();
        let mut twin = twin.clone();
        twin.body.push(b'!');
        other.twin = Some(twin);
        found.push(("same_as".to_owned(), expected.clone(), other));
    }
    found
}

fn of_outcomes(expected: &Expected, mut flip: impl FnMut(&mut Outcome)) -> Expected {
    let mut flipped = expected.clone();
    flipped.any_of.iter_mut().for_each(&mut flip);
    flipped
}

/// A shape that nothing has which could be taken for the first.
fn other_shape(shape: Shape) -> Shape {
    match shape {
        Shape::Redirect(mode) => Shape::Code(mode),
        Shape::StartRefused => Shape::Done,
        Shape::Any
        | Shape::JsonError
        | Shape::Page
        | Shape::Pushed
        | Shape::Tokens
        | Shape::Login
        | Shape::Consent
        | Shape::Challenge
        | Shape::Inactive
        | Shape::Code(_)
        | Shape::Issued(_)
        | Shape::Nothing
        | Shape::Done => Shape::StartRefused,
    }
}

fn has_status(outcome: &Outcome) -> bool {
    match outcome.shape {
        Shape::Any
        | Shape::JsonError
        | Shape::Page
        | Shape::Pushed
        | Shape::Tokens
        | Shape::Challenge
        | Shape::Inactive
        | Shape::Redirect(_)
        | Shape::Issued(_)
        | Shape::Code(_) => true,
        Shape::Login | Shape::Consent | Shape::Nothing | Shape::StartRefused | Shape::Done => false,
    }
}

fn has_error(outcome: &Outcome) -> bool {
    matches!(outcome.shape, Shape::JsonError | Shape::Page | Shape::Redirect(_) | Shape::Challenge)
}

/// An error page that was asked for as JSON names no code.
fn is_json_page(expected: &Expected, actual: &Actual) -> bool {
    let json = |kind: &str| kind.starts_with("application/json");
    let is_json = actual.answer.as_ref().and_then(|answer| answer.header("content-type")).is_some_and(json);
    is_json && expected.any_of.iter().any(|outcome| outcome.shape == Shape::Page)
}

fn other_value(value: &Value) -> Value {
    match value.as_str() {
        Some(PRESENT) => Value::from(ABSENT),
        Some(ABSENT) => Value::from(PRESENT),
        Some(text) if text.starts_with("<=") => Value::from("<= -1"),
        Some(text) if text.starts_with(">=") => Value::from(">= 1e18"),
        Some(_) | None => Value::from("flipped"),
    }
}
