//! One run: every case, a few at a time, on one server that they share or on servers of their own.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use std::{fs, thread};

use toml::Table;

use super::case::{self, Case, Way};
use super::flip;
use super::generate::no_secret_in;
use super::judge::{judge, judge_race};
use super::report::{self, Report, Verdict};
use super::rows::Rows;
use super::site::Site;
use super::stage::{Done, Server, Stage};
use super::store_taken;
use crate::document_host::host;
use crate::request::Request;
use crate::server::Surroundings;
use crate::wire::Http;

/// Cases that run at one time: many of them wait.
const AT_ONE_TIME: usize = 14;

/// Titles of the checks that follow all others.
const LOGS: &str = "nothing that was sent or issued is in the log";
const STORE: &str = "nothing that was sent or issued can be read in the store's file";
const METRICS: &str = "nothing that was sent or issued is in the operator's figures";
const ALIVE: &str = "the server has outlived every case without a panic";

/// Runs every case.
///
/// # Panics
/// When the data is not what it should be, or a server does not start.
#[must_use]
pub fn run() -> Report {
    let cases = cases();
    let rows = Rows::read();
    let mut sites: Vec<Site> = [Way::Plain, Way::Proxy, Way::Tls]
        .into_iter()
        .filter(|way| *way == Way::Plain || cases.iter().any(|case| case.by == *way && !case.own_server))
        .map(|way| Site::start_by(way, &Table::new()))
        .collect();
    let tried = at_once(&cases, |case| {
        let start = Instant::now();
        let (verdict, issued) = one(&sites, case);
        (Verdict { took: start.elapsed(), ..verdict }, issued)
    });
    let (mut verdicts, issued): (Vec<Verdict>, Vec<Vec<String>>) = tried.into_iter().unzip();
    let references: HashSet<String> = issued.into_iter().flatten().collect();
    let right: Vec<&Case> = cases
        .iter()
        .zip(&verdicts)
        .filter(|(_, verdict)| verdict.complaints.is_empty())
        .map(|(case, _)| case)
        .collect();
    let unmissed = unmissed(&sites, &right, &rows);
    verdicts.extend(sites.iter_mut().flat_map(|site| closing(site, &references)));
    for verdict in &mut verdicts {
        let same =
            |known: &&super::rows::KnownWrong| known.file == verdict.file && verdict.title.starts_with(&known.title);
        verdict.finding = rows.known_wrong.iter().find(same).map(|known| known.finding.clone());
    }
    Report { verdicts, unmissed, rows }
}

/// What comes of each item, in their order; a few at a time.
fn at_once<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, R)>> = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..AT_ONE_TIME {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(at) else { break };
                    let result = work(item);
                    done.lock().expect("results").push((at, result));
                }
            });
        }
    });
    let mut done = done.into_inner().expect("results");
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

/// Fields of the rows that no case of theirs misses when they are taken out of what is pushed.
fn unmissed(sites: &[Site], cases: &[&Case], rows: &Rows) -> Vec<String> {
    let fields: Vec<_> =
        rows.fields.iter().flat_map(|(id, fields)| fields.iter().map(move |field| (id, field))).collect();
    let missed = |(id, field): &(&String, &String)| {
        let mut of_row: Vec<&Case> = cases.iter().copied().filter(|case| case.rows.contains(id)).collect();
        // Starting a server takes longest, and what is refused at once is refused soonest.
        of_row.sort_by_key(|case| (case.own_server, case.steps.len()));
        of_row.is_empty() || of_row.into_iter().any(|case| fails_without(sites, case, field))
    };
    let missed = at_once(&fields, missed);
    let unmissed = fields.into_iter().zip(missed).filter(|(_, missed)| !missed);
    unmissed.map(|((id, field), _)| format!("{id}: `{field}` can be taken out of every case")).collect()
}

fn fails_without(sites: &[Site], case: &Case, field: &str) -> bool {
    if store_taken::missing(case).is_some() {
        return false;
    }
    let failed = catch_unwind(AssertUnwindSafe(|| {
        let mut stage = Stage::new(server(sites, case));
        stage.without = Some(field.to_owned());
        case.steps.iter().any(|step| stage.perform(step).iter().any(|done| !complaints(done).is_empty()))
    }));
    // A runner that lacks what an answer should have brought cannot go on.
    failed.unwrap_or(true)
}

fn server<'a>(shared: &'a [Site], case: &Case) -> Server<'a> {
    if !case.own_server {
        return Server::Shared(shared.iter().find(|site| site.way() == case.by).expect("a site for each way"));
    }
    let environment = if case.proxy { host().proxy_variables() } else { Vec::new() };
    let surroundings = Surroundings { disk: case.disk, environment };
    Server::Own(Box::new(Site::start_in(surroundings, case.by, &case.server)))
}

/// Which cases are asked for by `PARHELION_SPEC`; every one where it is empty.
#[must_use]
pub fn wanted() -> String {
    std::env::var("PARHELION_SPEC").unwrap_or_default()
}

/// Every case of `tests/spec/cases`; with `PARHELION_SPEC` only those whose file, rows or title have one of its texts in
/// them, which stand between `|`. Those that wait come first, or they would be waited for at the end.
fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("spec/cases");
    let mut files: Vec<_> = fs::read_dir(folder).expect("cases").flatten().map(|entry| entry.path()).collect();
    files.sort();
    let read = |path: &std::path::PathBuf| {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        case::read(&name, &fs::read_to_string(path).expect("a file of cases"))
    };
    let wanted = wanted();
    let mut cases: Vec<Case> = files.iter().flat_map(read).collect();
    cases.retain(|case| {
        let case = format!("{} {} {}", case.file, case.rows.join(" "), case.title);
        wanted.split('|').any(|wanted| case.contains(wanted))
    });
    cases.sort_by_key(|case| !case.slow);
    cases
}

fn one(shared: &[Site], case: &Case) -> (Verdict, Vec<String>) {
    let mut verdict = Verdict {
        file: case.file.clone(),
        title: case.title.clone(),
        rows: case.rows.clone(),
        passing: case.steps.last().is_some_and(|step| step.expected.is_passing()),
        complaints: Vec::new(),
        unnoticed: Vec::new(),
        finding: None,
        requests: 0,
        took: Duration::ZERO,
        left_out: store_taken::missing(case).map(str::to_owned),
    };
    if verdict.left_out.is_some() {
        return (verdict, Vec::new());
    }
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let mut stage = Stage::new(server(shared, case));
        act(&mut stage, case, &mut verdict);
        (stage.references.clone(), stage.requests)
    }));
    match outcome {
        Ok((references, requests)) => {
            verdict.requests = requests;
            (verdict, references)
        }
        Err(_) => {
            verdict.complaints.push("the runner could not go on; see above".to_owned());
            (verdict, Vec::new())
        }
    }
}

fn act(stage: &mut Stage<'_>, case: &Case, verdict: &mut Verdict) {
    for (at, step) in (1..).zip(&case.steps) {
        let at: usize = at;
        for (beside, done) in stage.perform(step).iter().enumerate() {
            let at = if beside == 0 { format!("step {at}") } else { format!("step {at}, beside it {beside}") };
            let complaints = complaints(done);
            if complaints.is_empty() {
                verdict.unnoticed.extend(unnoticed(done).into_iter().map(|what| format!("{at}: {what}")));
            }
            verdict.complaints.extend(complaints.into_iter().map(|complaint| format!("{at}: {complaint}")));
        }
    }
    let at = case.steps.last().map_or("acme", |step| step.at.as_str());
    verdict.complaints.extend(afterwards(stage, at));
}

/// A good request right after the bad one works.
fn afterwards(stage: &mut Stage<'_>, at: &str) -> Vec<String> {
    let request = match at {
        "fapi" | "strict" => "send = \"push app-key\"\ndpop = {}",
        "signing" => "send = \"push app-key\"\ndpop = {}\nrequest = {}",
        _ => "send = \"push app-basic\"",
    };
    let text = format!("at = \"{at}\"\n[[case]]\nrows = [\"I8\"]\ntitle = \"good\"\n{request}\n");
    let cases = case::read("afterwards", &text);
    let done = stage.perform(&cases[0].steps[0]);
    done.iter().flat_map(complaints).map(|complaint| format!("a good request afterwards: {complaint}")).collect()
}

fn complaints(done: &Done) -> Vec<String> {
    match &done.rest {
        Some(rest) => judge_race(&done.expected, rest, &done.actuals),
        None => done.actuals.iter().flat_map(|(actual, scene)| judge(&done.expected, actual, scene)).collect(),
    }
}

/// What could have been expected otherwise without anybody noticing.
fn unnoticed(done: &Done) -> Vec<String> {
    let mut unnoticed = Vec::new();
    let Some((first, scene)) = done.actuals.first() else { return unnoticed };
    for (what, expected, actual) in flip::flipped(&done.expected, first) {
        let noticed = match &done.rest {
            Some(rest) => !judge_race(&expected, rest, &done.actuals).is_empty(),
            None => !judge(&expected, &actual, scene).is_empty(),
        };
        if !noticed {
            unnoticed.push(what);
        }
    }
    if let Some(rest) = &done.rest {
        let all = flip::flipped(rest, first);
        let slept =
            all.into_iter().filter(|(_, flipped, _)| judge_race(&done.expected, flipped, &done.actuals).is_empty());
        unnoticed.extend(slept.map(|(what, ..)| format!("the others' {what}")));
    }
    unnoticed
}

/// What can be said only when everything has been sent.
fn closing(site: &mut Site, references: &HashSet<String>) -> Vec<Verdict> {
    let way = site.way();
    let verdict = |title: &str, rows: &[&str], outcome: Result<(), String>| Verdict {
        file: "run".to_owned(),
        title: match way {
            Way::Plain => title.to_owned(),
            way @ (Way::Proxy | Way::Tls) => format!("{title}, by {way:?}"),
        },
        rows: rows.iter().map(|row| (*row).to_owned()).collect(),
        passing: true,
        complaints: outcome.err().into_iter().collect(),
        unnoticed: Vec::new(),
        finding: None,
        requests: 0,
        took: Duration::ZERO,
        left_out: None,
    };
    let alive = if site.server.is_alive() { Ok(()) } else { Err("the server has ended".to_owned()) };
    let log = format!("{}{}", site.server.stderr(), site.server.stdout());
    report::keep(&format!("spec-server-{:?}.log", site.way()), &log);
    let panicked = log.lines().find(|line| line.contains("panic"));
    let alive = alive.and(panicked.map_or(Ok(()), |line| Err(format!("the log tells of a panic: {line}"))));
    let printable = log.lines().all(|line| !line.contains(['\u{1b}', '\u{2028}', '\r']));
    let printable =
        if printable { Ok(()) } else { Err("the log has characters that no terminal should see".to_owned()) };
    let secrets = no_secret_in("the log", log.as_bytes(), references).and(printable);
    let store = no_secret_in("the store", &site.store_bytes(), references);
    let metrics = Http::to(site.admin_address()).send(&Request::get("/metrics")).map_err(|error| error.to_string());
    let metrics = metrics.and_then(|answer| match answer.status {
        200 => no_secret_in("the figures", &answer.body, references),
        status => Err(format!("the figures were answered with {status}")),
    });
    vec![
        verdict(LOGS, &["LG-01", "LG-03", "FC-13", "N-137"], secrets),
        verdict(METRICS, &["LG-01"], metrics),
        verdict(STORE, &["LG-06", "PR-28", "N-125"], store),
        verdict(ALIVE, &["LG-04"], alive),
    ]
}
