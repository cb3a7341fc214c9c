//! Procedures that attack rows ask for and no single request shows. Each is named in the data (`generate`), with its
//! parameters; each answers with what is not as it must be.

mod fetch;
mod flood;
mod front;
mod jar;
mod lifecycle;
mod oracle;
mod tokens;

use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use super::case::Overlay;
use super::compose::{Outgoing, compose};
use super::fields::Fields;
use super::judge::{Actual, short};
use super::site::{Place, Site, configuration_with};
use super::stage::{Stage, exchange};
use crate::server::Server;
use crate::wire::Response;

/// How long an answer may take in a procedure.
const PATIENCE: Duration = Duration::from_secs(20);

/// Runs the procedure of that name.
///
/// # Errors
/// What is not as it must be.
///
/// # Panics
/// When there is none of that name.
pub fn run(stage: &mut Stage<'_>, place: &Place, name: &str, with: &mut Fields<'_>) -> Result<(), String> {
    match name {
        "completion-races" => lifecycle::completion_races(with),
        "presses-at-one-moment" => lifecycle::presses_at_one_moment(stage, place, with),
        "guesses" => lifecycle::guesses(stage, place, with),
        "reference-of-request-uri" => lifecycle::reference_of_request_uri(stage),
        "port" => lifecycle::port(stage),
        "anonymous-loads" => lifecycle::anonymous_loads(stage, place, with),
        "redemption-races" => tokens::redemption_races(stage, place, with),
        "refreshes-at-one-moment" => tokens::refreshes_at_one_moment(stage, place, with),
        "truncated" => tokens::truncated(stage, place, with),
        "many-redirect-uris" => flood::many_redirect_uris(with),
        "forged-forms" => front::forged_forms(stage, place, with),
        "session-rotates" => front::session_rotates(stage, place),
        "cookies-tell-nothing" => front::cookies_tell_nothing(stage, place),
        "cookies-over-https" => front::cookies_over_https(),
        "nobody-fetches" => flood::nobody_fetches(stage, place),
        "fetch-storm" => fetch::fetch_storm(stage, place, with),
        "until-too-many" => flood::until_too_many(stage, place, with),
        "login-answers" => oracle::login_answers(stage, place),
        "secret-prefixes" => oracle::secret_prefixes(stage, place, with),
        "data-folder" => oracle::data_folder(stage),
        "points-off-the-curve" => oracle::points_off_the_curve(stage, place, with),
        "two-out-of-one" => flood::two_out_of_one(stage, place, with),
        _ => panic!("there is no generator `{name}`"),
    }
}

/// A request to an endpoint by a client, with the form's fields as given.
fn overlay(endpoint: &str, client: &str, form: &[(&str, &str)]) -> Overlay {
    let form = form.iter().map(|(name, value)| ((*name).to_owned(), toml::Value::from(*value))).collect();
    Overlay { endpoint: endpoint.to_owned(), client: client.to_owned(), form, ..Overlay::default() }
}

/// Puts it together and sends it.
fn ask(stage: &mut Stage<'_>, place: &Place, overlay: &Overlay) -> Result<Response, String> {
    stage.requests += 1;
    let outgoing = compose(stage.site(), &stage.scope, place, overlay);
    answered(exchange(stage.site(), &outgoing, false, PATIENCE, None))
}

fn answered(actual: Actual) -> Result<Response, String> {
    actual.answer.ok_or_else(|| actual.trouble.unwrap_or_else(|| "the connection was closed".to_owned()))
}

/// The same bytes on many connections at one moment.
fn at_one_moment(stage: &mut Stage<'_>, outgoing: &Outgoing, times: usize) -> Result<Vec<Response>, String> {
    stage.requests += times;
    let (site, barrier) = (stage.site(), Barrier::new(times));
    let one = || exchange(site, outgoing, false, PATIENCE, Some(&barrier));
    let actuals: Vec<Actual> = thread::scope(|scope| {
        let threads: Vec<_> = (0..times).map(|_| scope.spawn(one)).collect();
        threads.into_iter().map(|thread| thread.join().expect("a racer")).collect()
    });
    actuals.into_iter().map(answered).collect()
}

/// The address at which the pushed request that the stage knows is loaded.
fn authorize_url(stage: &Stage<'_>, place: &Place) -> String {
    let known = |name: &str| stage.scope.get(name).unwrap_or_else(|| panic!("no {name}")).to_owned();
    authorize_url_of(stage.site(), place, &known("client_id"), &known("request_uri"))
}

fn authorize_url_of(site: &Site, place: &Place, client: &str, request_uri: &str) -> String {
    let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    format!(
        "{}{}?client_id={}&request_uri={}",
        site.url(),
        place.path("authorize"),
        encode(client),
        encode(request_uri)
    )
}

/// A small server of the procedure's own; the parts are those of a `register` step.
fn small_server(parts: &str) -> Result<Server, String> {
    let parts: toml::Table = parts.parse().expect("parts of a configuration");
    Site::try_start(&configuration_with(&parts))
}

/// A count that a case gives.
fn count(with: &mut Fields<'_>, name: &str) -> usize {
    with.number(name).unwrap_or_else(|| panic!("`{name}` is missing")) as usize
}

/// Complains unless the answer has that status.
fn must_be(what: &str, answer: &Response, status: u16) -> Result<(), String> {
    if answer.status == status { Ok(()) } else { Err(format!("{what}: expected {status}, it was {}", short(answer))) }
}
