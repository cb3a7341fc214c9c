//! Very many clients whose keys are on one host.

use std::sync::Barrier;
use std::thread;

use toml::{Table, Value};

use super::{PATIENCE, answered, ask, count, must_be, overlay};
use crate::document_host::{Document, Pace, host};
use crate::spec::case::Overlay;
use crate::spec::compose::{Outgoing, compose};
use crate::spec::documents;
use crate::spec::fields::Fields;
use crate::spec::site::{self, Place};
use crate::spec::stage::{Stage, exchange};
use crate::wire::Response;

/// Each pushes at the same moment, so that its keys are fetched: the host is asked by few at a time, and once for each.
pub(super) fn fetch_storm(stage: &mut Stage<'_>, place: &Place, with: &mut Fields<'_>) -> Result<(), String> {
    let (clients, at_a_time) = (count(with, "clients"), count(with, "at_a_time"));
    let mut pushes = Vec::new();
    for number in 0..clients {
        let below = format!("/storm/{number}");
        let keys = Document::new("application/json", site::all_keys().jwks("main"));
        host().put(&documents::path(stage, &below), Document { pace: Pace::Late(0.05), ..keys });
        pushes.push(push(stage, place, &below)?);
    }
    stage.requests += clients;
    let (site, barrier) = (stage.site(), Barrier::new(clients));
    let one = |push: &Outgoing| answered(exchange(site, push, false, PATIENCE, Some(&barrier)));
    let answers: Vec<Result<Response, String>> = thread::scope(|scope| {
        let threads: Vec<_> = pushes.iter().map(|push| scope.spawn(|| one(push))).collect();
        threads.into_iter().map(|thread| thread.join().expect("a client")).collect()
    });
    for (number, answer) in answers.into_iter().enumerate() {
        must_be("a push", &answer?, 201)?;
        match host().visits(&documents::path(stage, &format!("/storm/{number}"))) {
            1 => {}
            visits => return Err(format!("the keys of one client were fetched {visits} times")),
        }
    }
    match host().most_at_a_time(&documents::path(stage, "/storm")) {
        most if (2..=at_a_time).contains(&most) => Ok(()),
        most => Err(format!("the host was asked by {most} at a time")),
    }
}

/// A push of a client of its own, whose keys are there.
fn push(stage: &mut Stage<'_>, place: &Place, below: &str) -> Result<Outgoing, String> {
    let uri = stage.scope.fill(&format!("{{{{documents}}}}{below}"));
    let members = [
        ("redirect_uris", Value::Array(vec![stage.site().callback.clone().into()])),
        ("scope", "openid profile".into()),
        ("token_endpoint_auth_method", "private_key_jwt".into()),
        ("jwks_uri", uri.into()),
    ];
    let body = Table::from_iter(members.map(|(name, value)| (name.to_owned(), value)));
    let registration = Overlay { json_body: Some(Value::Table(body)), ..overlay("register", "", &[]) };
    let registered = ask(stage, place, &registration)?;
    must_be("a registration", &registered, 201)?;
    let client_id = registered.json()["client_id"].as_str().unwrap_or_default().to_owned();
    let assertion = Table::from_iter([("key".to_owned(), Value::from("main"))]);
    let auth = Some("private_key_jwt".to_owned());
    let push = Overlay { auth, assertion, ..overlay("push", &client_id, &[]) };
    Ok(compose(stage.site(), &stage.scope, place, &push))
}
