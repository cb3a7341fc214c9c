//! Whole journeys, one after the other: push, load the consent page, allow, redeem the code. The user logs in once.

use parhelion_tests::browser::{Browser, Landing};
use parhelion_tests::wire::Http;

use crate::cpu;
use crate::figures::Series;
use crate::scenario::{Scenario, application};
use crate::servers::Parhelion;
use crate::site::ALICE;

/// The steps of a journey, in their order.
pub(crate) const STEPS: [&str; 4] = ["push", "authorize, consent page", "allow", "token"];

/// Processor time of the server for each step, in microseconds, one figure per round.
pub(crate) type Steps = [Series; STEPS.len()];

/// A user who has logged in, and an application.
#[derive(Debug)]
pub(crate) struct Traveller {
    browser: Browser,
    http: Http,
}

impl Traveller {
    /// Makes the first journey, with the login.
    pub(crate) fn log_in(parhelion: &Parhelion) -> Result<Self, String> {
        let address = parhelion.server.address();
        let mut traveller = Self { browser: Browser::new(address), http: Http::to(address) };
        traveller.walk(parhelion, &mut [0.0; STEPS.len()])?;
        Ok(traveller)
    }

    /// Makes that many journeys and notes what the mean one cost.
    pub(crate) fn round(&mut self, parhelion: &Parhelion, count: u32, steps: &mut Steps) -> Result<(), String> {
        let mut sums = [0.0; STEPS.len()];
        for _ in 0..count {
            self.walk(parhelion, &mut sums)?;
        }
        for (series, sum) in steps.iter_mut().zip(sums) {
            series.push(sum / f64::from(count));
        }
        Ok(())
    }

    fn walk(&mut self, parhelion: &Parhelion, sums: &mut [f64; STEPS.len()]) -> Result<(), String> {
        let app = application(Scenario::Basic);
        let (pid, mount) = (parhelion.server.pid(), &parhelion.mount);
        let mut last = cpu::of_process(pid)?;
        let mut sums = sums.iter_mut();
        let mut note = || {
            let now = cpu::of_process(pid)?;
            if let Some(sum) = sums.next() {
                *sum += (now - last).as_secs_f64() * 1e6;
            }
            last = now;
            Ok::<(), String>(())
        };
        let broken = |error: std::io::Error| format!("a journey broke: {error}");
        let pushed = app.push(&mut self.http, mount).map_err(broken)?;
        note()?;
        let landing = self.browser.open_as(&pushed.url, ALICE).map_err(broken)?;
        note()?;
        let callback = match landing {
            Landing::Page(page) => self.browser.press(&page, "allow", &[]).map_err(broken)?.callback(),
            Landing::Callback(callback) => callback,
        };
        note()?;
        app.finish(&mut self.http, mount, &pushed, &callback).map_err(broken)?;
        note()
    }
}
