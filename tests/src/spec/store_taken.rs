//! What befalls the store of a server of a case's own, and requests that are under way at one time when it does.

use std::thread::{scope, sleep};
use std::time::Duration;

use super::case::{Act, Case, Overlay, Step};
use super::compose::compose;
use super::expect::Expected;
use super::judge::{Actual, judge};
use super::site::Place;
use super::stage::{Done, Stage, exchange};
use crate::disk::{Disk, Fault, Tracer, limit_file_size};

/// Between the beginnings of requests that are under way together: time for the first to reach the store.
const BESIDE: Duration = Duration::from_millis(100);

/// Longer than any commit waits for its turn, and than any that was begun waits for its end.
const SYNC_FAILS_AFTER: Duration = Duration::from_millis(1_500);
const SYNC_HANGS_FOR: Duration = Duration::from_secs(60);

/// What befalls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Befalls {
    /// The disk is full.
    Full,
    /// Every sync takes its time and then fails.
    SyncsFail,
    /// No sync comes to an end.
    SyncsHang,
    /// The file of the store may not grow.
    MayNotGrow,
    /// Everything is as it was.
    Nothing,
}

impl Befalls {
    /// As a step says it.
    ///
    /// # Panics
    /// When it is something else.
    #[must_use]
    pub fn read(text: &str, place: &str) -> Self {
        match text {
            "full" => Self::Full,
            "syncs fail" => Self::SyncsFail,
            "syncs hang" => Self::SyncsHang,
            "may not grow" => Self::MayNotGrow,
            "as before" => Self::Nothing,
            other => panic!("{place}: a store is never `{other}`"),
        }
    }

    const fn needs_a_tracer(self) -> bool {
        match self {
            Self::SyncsFail | Self::SyncsHang => true,
            Self::Full | Self::MayNotGrow | Self::Nothing => false,
        }
    }
}

/// The disk that a case needs for its server.
#[must_use]
pub fn disk(steps: &[Step]) -> Disk {
    let fills = |step: &Step| matches!(step.act, Act::Store(Befalls::Full));
    if steps.iter().any(fills) { Disk::Small } else { Disk::Usual }
}

/// Why a case cannot be tried on this machine.
#[must_use]
pub fn missing(case: &Case) -> Option<&'static str> {
    let traces = |step: &Step| matches!(step.act, Act::Store(befalls) if befalls.needs_a_tracer());
    let tracer = || case.steps.iter().any(traces).then(Tracer::missing).flatten();
    case.disk.missing().or_else(tracer)
}

/// Does it to a running server; what was done before ends.
pub(super) fn befall(stage: &mut Stage<'_>, befalls: Befalls) {
    stage.fault = None;
    let server = &stage.site().server;
    let (pid, data) = (server.pid(), server.data_folder());
    stage.fault = match befalls {
        Befalls::Full => Some(Fault::full(pid, &data)),
        Befalls::SyncsFail => Some(Fault::syncs_fail(pid, SYNC_FAILS_AFTER)),
        Befalls::SyncsHang => Some(Fault::syncs_hang(pid, SYNC_HANGS_FOR)),
        Befalls::MayNotGrow => {
            limit_file_size(pid, stage.site().store_bytes().len() as u64);
            None
        }
        Befalls::Nothing => None,
    };
}

/// Sends the step and those beside it, each shortly after the one before and without waiting for any answer.
pub(super) fn together(stage: &mut Stage<'_>, step: &Step) -> Vec<Done> {
    let mut sent = Vec::new();
    for step in std::iter::once(step).chain(&step.beside) {
        let Act::Send(overlay, 1) = &step.act else { panic!("what is beside a step is sent, and once: {step:?}") };
        let place = stage.site().place(&step.at);
        stage.scope.set("issuer", place.issuer.clone());
        let outgoing = compose(stage.site(), &stage.scope, &place, overlay);
        stage.note(overlay, &outgoing);
        sent.push((outgoing, stage.scope.fill_expected(&step.expected), stage.scene(place)));
    }
    let site = stage.site();
    let actuals: Vec<Actual> = scope(|scope| {
        let mut threads = Vec::new();
        for (outgoing, expected, _) in &sent {
            let patience = Duration::from_secs_f64(expected.within_s + 1.0);
            threads.push(scope.spawn(move || exchange(site, outgoing, false, patience, None)));
            sleep(BESIDE);
        }
        threads.into_iter().map(|thread| thread.join().expect("a sender")).collect()
    });
    let dones = sent.into_iter().zip(actuals);
    let done = |((_, expected, scene), actual)| Done { expected, rest: None, actuals: vec![(actual, scene)] };
    dones.map(done).collect()
}

/// Pushes until the store takes no more, and keeps what the first and the last push that it took gave.
pub(super) fn push_until_refused(stage: &mut Stage<'_>, place: &Place, most: usize) -> Result<(), String> {
    let overlay = Overlay { endpoint: "push".to_owned(), client: "app-public".to_owned(), ..Overlay::default() };
    let taken = Expected::of("PUSHED", "push-until-refused");
    let refused = Expected {
        headers: vec![("retry-after".to_owned(), "5".into())],
        ..Expected::of("E503(temporarily_unavailable) PAR-902", "push-until-refused")
    };
    for number in 0..most {
        let actual = stage.send(place, &overlay, &taken);
        let scene = stage.scene(place.clone());
        if !judge(&taken, &actual, &scene).is_empty() {
            let complaints = judge(&refused, &actual, &scene);
            return if complaints.is_empty() {
                Ok(())
            } else {
                Err(format!("push {number}: {}", complaints.join("; ")))
            };
        }
        let body = actual.answer.map(|answer| answer.json()).unwrap_or_default();
        let request_uri = body["request_uri"].as_str().unwrap_or_default().to_owned();
        if number == 0 {
            stage.scope.set("first.request_uri", request_uri.clone());
        }
        stage.scope.set("last.request_uri", request_uri);
    }
    Err(format!("the store took all of {most} pushes"))
}
