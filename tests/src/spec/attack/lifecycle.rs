//! The life of a pushed request: races for its completion, guesses, anonymous loads, how random references are.

use std::sync::Barrier;
use std::thread;

use super::{authorize_url, authorize_url_of, count, must_be};
use crate::browser::{Browser, Landing};
use crate::request::Request;
use crate::spec::fields::Fields;
use crate::spec::invariants::differences;
use crate::spec::site::{self, Place};
use crate::spec::stage::Stage;
use crate::wire::Http;
use crate::{dice, race};

/// Many browsers, one pushed request, race after race.
pub(super) fn completion_races(with: &mut Fields<'_>) -> Result<(), String> {
    let (races, width) = (count(with, "races"), count(with, "width"));
    let races = u32::try_from(races).expect("a few");
    race::run(races, width, |_| {}).map(drop).map_err(|error| error.to_string())
}

/// Buttons of one page, pressed in several tabs of one browser at one moment: one is heard.
pub(super) fn presses_at_one_moment(stage: &mut Stage<'_>, place: &Place, with: &mut Fields<'_>) -> Result<(), String> {
    let buttons = with.texts("buttons");
    let url = authorize_url(stage, place);
    let mut browser = Browser::new(stage.site().address());
    let failed = |error: std::io::Error| error.to_string();
    let page = browser.open_as(&url, site::user("alice")).map_err(failed)?.page();
    let clicks: Vec<_> = buttons.iter().map(|button| page.click(button, &[])).collect();
    stage.requests += clicks.len();
    let barrier = Barrier::new(clicks.len());
    let landings: Vec<_> = thread::scope(|scope| {
        let press = |click| {
            let (mut tab, barrier) = (browser.tab(), &barrier);
            scope.spawn(move || {
                let _ = tab.connect();
                barrier.wait();
                tab.send(click)
            })
        };
        let threads: Vec<_> = clicks.into_iter().map(press).collect();
        threads.into_iter().map(|thread| thread.join().expect("a press")).collect()
    });
    let landings = landings.into_iter().collect::<Result<Vec<_>, _>>().map_err(failed)?;
    let (heard, others): (Vec<_>, Vec<_>) =
        landings.iter().partition(|landing| matches!(landing, Landing::Callback(_)));
    if heard.len() != 1 || !others.iter().all(|landing| landing.is_refusal()) {
        return Err(format!("{} of {} were heard: {landings:?}", heard.len(), landings.len()));
    }
    let again = browser.open(&url).map_err(failed)?;
    if again.is_refusal() { Ok(()) } else { Err(format!("it can be loaded again: {again:?}")) }
}

/// Random references of the right form, all answered alike.
pub(super) fn guesses(stage: &mut Stage<'_>, place: &Place, with: &mut Fields<'_>) -> Result<(), String> {
    let (client, times) = (with.needed_text("client"), count(with, "times"));
    let mut http = Http::to(stage.site().address());
    let mut first = None;
    for _ in 0..times {
        let url = authorize_url_of(stage.site(), place, &client, &random_urn());
        stage.requests += 1;
        let answer = http.send(&Request::get(&url)).map_err(|error| error.to_string())?;
        must_be("a guess", &answer, 400)?;
        let differences = first.as_ref().map(|first| differences(&answer, Some(first))).unwrap_or_default();
        if !differences.is_empty() {
            return Err(format!("one guess is not answered as another: {differences:?}"));
        }
        first.get_or_insert(answer);
    }
    Ok(())
}

fn random_urn() -> String {
    format!("urn:ietf:params:oauth:request_uri:{}", dice::secret())
}

/// What stands behind the namespace, by the name `reference`.
pub(super) fn reference_of_request_uri(stage: &mut Stage<'_>) -> Result<(), String> {
    let uri = stage.scope.get("request_uri").ok_or("no request_uri")?;
    let reference = uri.rsplit(':').next().unwrap_or_default().to_owned();
    stage.scope.set("reference", reference);
    Ok(())
}

/// The server's port, by the name `port`.
pub(super) fn port(stage: &mut Stage<'_>) -> Result<(), String> {
    let port = stage.site().address().port().to_string();
    stage.scope.set("port", port);
    Ok(())
}

/// Loads without cookies; `writes = "nothing"` looks into the store's file.
pub(super) fn anonymous_loads(stage: &mut Stage<'_>, place: &Place, with: &mut Fields<'_>) -> Result<(), String> {
    let (client, times) = (with.needed_text("client"), count(with, "times"));
    let looks = with.text("writes").is_some();
    let uri = stage.scope.get("request_uri").ok_or("no request_uri")?.to_owned();
    let url = authorize_url_of(stage.site(), place, &client, &uri);
    let before = looks.then(|| stage.site().store_bytes());
    let mut http = Http::to(stage.site().address());
    for _ in 0..times {
        stage.requests += 1;
        let answer = http.send(&Request::get(&url)).map_err(|error| error.to_string())?;
        must_be("a load", &answer, 303)?;
    }
    match before {
        Some(before) if before.is_empty() => Err("there is no store to look at".to_owned()),
        Some(before) if before != stage.site().store_bytes() => Err("loading has written to the store".to_owned()),
        Some(_) | None => Ok(()),
    }
}
