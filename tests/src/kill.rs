//! kill -9 under load, again and again, and after each kill the question whether the server kept its word:
//!
//! - L1: every push answered with 201 whose deadline has not passed is redeemable, once;
//! - L2: nothing gives two codes, and no code two token sets;
//! - L4: what got no answer is in one state or the other, and stays there.

use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::application::Application;
use crate::browser::{Browser, Landing};
use crate::dice::Dice;
use crate::ledger::{Acknowledged, Fate, Ledger};
use crate::mount::Mount;
use crate::request::Request;
use crate::site::{self, ALICE, Site};
use crate::wire::Http;

/// Connections that push at the same time.
const PUSHERS: usize = 3;

/// A cycle is not killed before so many pushes were acknowledged, so that there is something to lose.
const PUSHES_BEFORE_KILL: usize = 40;

/// The kill comes at a random moment within so many milliseconds after that.
const KILL_WITHIN_MS: u64 = 400;

/// Walked to the code in each cycle; the rest is checked by loading.
const WALKED: usize = 20;

/// Codes redeemed twice in each cycle.
const REDEEMED: usize = 5;

/// A push whose deadline is nearer than this is not asked for: the check itself takes time.
const TOO_CLOSE_MS: u64 = 15_000;

/// What one cycle, or all of them together, has shown.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Kills.
    pub cycles: u32,
    /// Pushes answered with 201 before a kill.
    pub acknowledged: usize,
    /// Of these, found redeemable after it by loading.
    pub loaded: usize,
    /// Of these, walked to a code, and refused a second time.
    pub walked: usize,
    /// Codes obtained before a kill whose request stayed used after it.
    pub stayed_used: usize,
    /// Codes redeemed once and refused the second time.
    pub redeemed_once: usize,
    /// Approvals without an answer that turned out not to have happened, and were then walked to a code.
    pub in_doubt_unused: usize,
    /// Approvals without an answer that turned out to have happened.
    pub in_doubt_used: usize,
    /// The longest time from start to the first answered connection, in milliseconds.
    pub slowest_start_ms: u128,
}

/// Runs the cycles on one server and one data folder; `progress` is told after each one.
///
/// # Errors
/// The connection's, where the server was not being killed.
///
/// # Panics
/// When a promise was broken; the message says which, and the seed that repeats the moments.
pub fn run(cycles: u32, mut dice: Dice, mut progress: impl FnMut(&Tally)) -> io::Result<Tally> {
    let mut site = Site::start();
    let mut total = Tally::default();
    let mut used_before = Vec::new();
    println!("seed {}", dice.seed());
    for cycle in 0..cycles {
        let ledger = Ledger::create(&site.server.folder().path().join("ledger"))?;
        load_until_killed(&mut site, &ledger, &mut dice)?;
        let start = site.server.start_again();
        total.slowest_start_ms = total.slowest_start_ms.max(start.as_millis());
        let context = format!("cycle {cycle} of seed {}", dice.seed());
        let mut check = Check::new(&site, context, &mut total);
        check.stay_used(&used_before)?;
        used_before = check.everything(ledger.read()?.into_values().collect(), &mut dice)?;
        total.cycles += 1;
        progress(&total);
    }
    site.server.terminate();
    Ok(total)
}

/// Pushes on several connections, finishes some, and kills at a random moment.
fn load_until_killed(site: &mut Site, ledger: &Ledger, dice: &mut Dice) -> io::Result<()> {
    let delay = Duration::from_millis(dice.below(KILL_WITHIN_MS));
    let mount = site.standard();
    let Site { server, callback, .. } = site;
    let address = server.address();
    let load = Load {
        ledger,
        app: site::basic_app(callback),
        mount: &mount,
        killing: AtomicBool::new(false),
        acknowledged: AtomicUsize::new(0),
        trouble: Mutex::new(None),
    };
    let (handed_over, to_finish) = sync_channel(4);
    thread::scope(|scope| {
        for _ in 0..PUSHERS {
            let (load, handed_over) = (&load, handed_over.clone());
            scope.spawn(move || load.note(load.push(Http::to(address), &handed_over)));
        }
        drop(handed_over);
        let load = &load;
        scope.spawn(move || load.note(load.finish(Browser::new(address), &to_finish)));
        load.wait_for(PUSHES_BEFORE_KILL);
        thread::sleep(delay);
        load.killing.store(true, Ordering::SeqCst);
        server.kill_9();
    });
    load.trouble.into_inner().expect("no thread panicked").map_or(Ok(()), Err)
}

/// What the threads of one cycle share.
struct Load<'a> {
    ledger: &'a Ledger,
    app: Application<'a>,
    mount: &'a Mount,
    killing: AtomicBool,
    acknowledged: AtomicUsize,
    trouble: Mutex<Option<io::Error>>,
}

impl Load<'_> {
    /// Pushes until the connection breaks; hands a few over to be finished.
    fn push(&self, mut http: Http, handed_over: &SyncSender<(u64, Acknowledged)>) -> io::Result<()> {
        loop {
            let number = self.ledger.sending()?;
            let sent_ms = unix_ms();
            let pushed = self.app.push(&mut http, self.mount)?;
            let acknowledged = Acknowledged {
                request_uri: pushed.request_uri,
                redeem_by_ms: sent_ms + 1000 * pushed.lifetime_s,
                verifier: pushed.attempt.verifier,
            };
            self.ledger.pushed(number, &acknowledged)?;
            self.acknowledged.fetch_add(1, Ordering::SeqCst);
            // Full: the finisher is busy, and this one stays unused.
            let _ = handed_over.try_send((number, acknowledged));
        }
    }

    /// Walks what it is handed to a code until the connection breaks.
    fn finish(&self, mut browser: Browser, to_finish: &Receiver<(u64, Acknowledged)>) -> io::Result<()> {
        while let Ok((number, push)) = to_finish.recv() {
            let url = self.app.authorize_url(self.mount, &push.request_uri);
            let page = browser.open_as(&url, ALICE)?.page();
            self.ledger.finishing(number)?;
            let callback = browser.press(&page, "allow", &[])?.callback();
            self.ledger.finished(number, &callback.get("code").expect("a code"))?;
        }
        Ok(())
    }

    /// A connection that breaks before the kill is trouble; after it, it is what was wanted.
    fn note(&self, outcome: io::Result<()>) {
        if let Err(error) = outcome
            && !self.killing.load(Ordering::SeqCst)
        {
            self.trouble.lock().expect("no thread panicked").get_or_insert(error);
        }
    }

    fn wait_for(&self, count: usize) {
        for _ in 0..10_000 {
            if self.acknowledged.load(Ordering::SeqCst) >= count || self.trouble.lock().unwrap().is_some() {
                return;
            }
            thread::sleep(Duration::from_millis(2));
        }
    }
}

/// The questions after a kill.
struct Check<'a> {
    site: &'a Site,
    app: Application<'a>,
    mount: Mount,
    http: Http,
    browser: Browser,
    context: String,
    tally: &'a mut Tally,
}

impl<'a> Check<'a> {
    fn new(site: &'a Site, context: String, tally: &'a mut Tally) -> Self {
        let (http, browser) = (Http::to(site.address()), site.browser());
        Self { site, app: site.basic_app(), mount: site.standard(), http, browser, context, tally }
    }

    /// Judges every line of the ledger; returns what is used now and must stay so.
    fn everything(&mut self, mut fates: Vec<Fate>, dice: &mut Dice) -> io::Result<Vec<Acknowledged>> {
        dice.shuffle(&mut fates);
        let mut used = Vec::new();
        let mut codes = Vec::new();
        let mut unused = Vec::new();
        for fate in fates {
            match fate {
                Fate::Sent => {}
                Fate::Pushed(push) => unused.push(push),
                Fate::Finishing(push) => {
                    codes.extend(self.in_doubt(&push)?.map(|code| (push.clone(), code)));
                    used.push(push);
                }
                Fate::Finished(push, code) => {
                    codes.push((push.clone(), code));
                    used.push(push);
                }
            }
        }
        self.stay_used(&used)?;
        self.tally.acknowledged += unused.len() + used.len();
        unused.retain(|push| push.redeem_by_ms > unix_ms() + TOO_CLOSE_MS);
        for push in unused.iter().skip(WALKED) {
            self.load(push)?;
        }
        for push in unused.into_iter().take(WALKED) {
            codes.push((push.clone(), self.walk(&push)?));
            used.push(push);
        }
        for (push, code) in codes.iter().take(REDEEMED) {
            self.redeem_once(push, code)?;
        }
        Ok(used)
    }

    /// Loading a used one gives a refusing page.
    fn stay_used(&mut self, used: &[Acknowledged]) -> io::Result<()> {
        for push in used.iter().take(WALKED) {
            let landing = self.browser.open(&self.url(push))?;
            assert!(landing.is_refusal(), "L2: used and loadable again ({}): {landing:?}", self.context);
            self.tally.stayed_used += 1;
        }
        Ok(())
    }

    /// Loading an unused one leads to the interaction.
    fn load(&mut self, push: &Acknowledged) -> io::Result<()> {
        let response = self.http.send(&Request::get(&self.url(push)))?;
        let location = response.header("location").unwrap_or_default();
        let loads = response.status == 303 && location.contains("/interaction/");
        assert!(loads, "L1: acknowledged and lost ({}): {} {location}", self.context, response.status);
        self.tally.loaded += 1;
        Ok(())
    }

    /// An unused one gives a code; pressing again, or loading again, does not.
    fn walk(&mut self, push: &Acknowledged) -> io::Result<String> {
        let landing = self.browser.open_as(&self.url(push), ALICE)?;
        let Landing::Page(page) = landing else { panic!("L1: no consent page ({})", self.context) };
        assert!(page.has("allow"), "L1: acknowledged and lost ({}): {}", self.context, page.html());
        let callback = self.browser.press(&page, "allow", &[])?.callback();
        let code = callback.get("code").unwrap_or_else(|| panic!("L1: no code ({}): {}", self.context, callback.url));
        let again = self.browser.press(&page, "allow", &[])?;
        assert!(again.is_refusal(), "L2: approved twice ({}): {again:?}", self.context);
        let again = self.browser.open(&self.url(push))?;
        assert!(again.is_refusal(), "L2: loaded after use ({}): {again:?}", self.context);
        self.tally.walked += 1;
        Ok(code)
    }

    /// One whose approval got no answer is either used, or gives its code now.
    fn in_doubt(&mut self, push: &Acknowledged) -> io::Result<Option<String>> {
        if self.browser.open(&self.url(push))?.is_refusal() {
            self.tally.in_doubt_used += 1;
            return Ok(None);
        }
        self.tally.in_doubt_unused += 1;
        self.walk(push).map(Some)
    }

    /// A code, obtained before or after the kill, gives one token set.
    fn redeem_once(&mut self, push: &Acknowledged, code: &str) -> io::Result<()> {
        let first = self.app.redeem(&mut self.http, &self.mount, code, &push.verifier)?;
        assert_eq!(first.status, 200, "L1: a code was lost ({}): {}", self.context, first.text());
        let second = self.app.redeem(&mut self.http, &self.mount, code, &push.verifier)?;
        assert_eq!(second.status, 400, "L2: a code was redeemed twice ({}): {}", self.context, second.text());
        self.tally.redeemed_once += 1;
        Ok(())
    }

    fn url(&self, push: &Acknowledged) -> String {
        self.site.basic_app().authorize_url(&self.mount, &push.request_uri)
    }
}

fn unix_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock past 1970").as_millis() as u64
}
