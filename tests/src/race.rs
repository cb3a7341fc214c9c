//! Many browsers, each logged in beforehand, approve one pushed request at the same moment: one gets the code, the
//! others get the refusing page, every time.

use std::io;
use std::sync::{Barrier, Mutex};
use std::thread;

use crate::browser::{Browser, Click, Landing};
use crate::request::Request;
use crate::site::{ALICE, Site};
use crate::wire::Http;

/// What the races have shown together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Races run; each had exactly one winner.
    pub races: u32,
    /// Approvals that were refused.
    pub refused: usize,
}

/// Runs the races on one server; `progress` is told after each one.
///
/// # Errors
/// The connection's.
///
/// # Panics
/// When a race has no winner, or two, or a loser is told anything but the refusing page.
pub fn run(races: u32, width: usize, mut progress: impl FnMut(&Tally)) -> io::Result<Tally> {
    let mut site = Site::start();
    let mut tally = Tally::default();
    let mut http = Http::to(site.address());
    let (app, mount) = (site.basic_app(), site.standard());
    let mut runners = logged_in(&site, width)?;
    for race in 0..races {
        let url = app.push(&mut http, &mount)?.url;
        let landings = run_one(&mut runners, &url)?;
        let (codes, refusals) = count(&landings);
        assert_eq!((codes, refusals), (1, width - 1), "race {race}: codes and refusals\n{landings:#?}");
        let again = http.send(&Request::get(&url))?;
        assert_eq!(again.status, 400, "race {race}: loadable after its use");
        tally.races += 1;
        tally.refused += refusals;
        progress(&tally);
    }
    drop(runners);
    site.server.terminate();
    Ok(tally)
}

/// Everybody loads, everybody waits for everybody, everybody approves.
fn run_one(runners: &mut [Browser], url: &str) -> io::Result<Vec<Landing>> {
    let barrier = Barrier::new(runners.len());
    let landings = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for runner in runners {
            let (barrier, landings) = (&barrier, &landings);
            scope.spawn(move || {
                let approval = approval(runner, url);
                barrier.wait();
                let landing = approval.and_then(|click| runner.send(click));
                landings.lock().expect("no runner panicked").push(landing);
            });
        }
    });
    landings.into_inner().expect("no runner panicked").into_iter().collect()
}

/// Nobody may panic before the barrier: the others would wait for ever.
fn approval(runner: &mut Browser, url: &str) -> io::Result<Click> {
    let landing = runner.open_as(url, ALICE)?;
    runner.connect()?;
    match landing {
        Landing::Page(page) if page.has("allow") => Ok(page.click("allow", &[])),
        other @ (Landing::Page(_) | Landing::Callback(_)) => {
            Err(io::Error::other(format!("no consent page: {other:?}")))
        }
    }
}

/// Each browser logs in once, with a pushed request of its own that it approves.
fn logged_in(site: &Site, width: usize) -> io::Result<Vec<Browser>> {
    let (app, mount) = (site.basic_app(), site.standard());
    let mut http = Http::to(site.address());
    let mut browsers = Vec::new();
    for _ in 0..width {
        let mut browser = site.browser();
        let url = app.push(&mut http, &mount)?.url;
        let callback = browser.approve(&url, ALICE)?.callback();
        assert!(callback.get("code").is_some(), "a browser could not log in: {}", callback.url);
        browsers.push(browser);
    }
    Ok(browsers)
}

fn count(landings: &[Landing]) -> (usize, usize) {
    let is_code = |landing: &&Landing| matches!(landing, Landing::Callback(callback) if callback.status == 303 && callback.get("code").is_some());
    let codes = landings.iter().filter(is_code).count();
    let refusals = landings.iter().filter(|landing| landing.is_refusal()).count();
    (codes, refusals)
}
