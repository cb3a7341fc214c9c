//! The measurement: short rounds, each through every scenario, so that a busy minute falls on all of them alike; in each,
//! slices of some milliseconds between two probes, so that a busy moment is known and left out.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use parhelion_tests::binary::Binary;

use crate::answer::Issued;
use crate::command_line::Settings;
use crate::cpu::{self, Placement};
use crate::figures::Series;
use crate::generator::{Generator, Outcome, Pace};
use crate::journey::{Steps, Traveller};
use crate::probe::Probe;
use crate::scenario::{self, Keys, Scenario, StoreKind};
use crate::servers::{NullServer, Parhelion, Target};

/// Requests of one slice at most: enough that the first and last few, with which not every connection is busy, do not
/// count, and done within the moments in which nobody else has a share in the processor.
const SLICE: usize = 400;

/// The same where each costs a verification or two.
const SIGNED_SLICE: usize = 100;

/// Everything that was measured.
#[derive(Debug)]
pub(crate) struct Results {
    pub(crate) settings: Settings,
    pub(crate) placement: Placement,
    /// Whether there was enough of every figure in quiet moments.
    pub(crate) quiet: bool,
    pub(crate) null: Load,
    pub(crate) stores: Vec<StoreResults>,
    pub(crate) es256_verify_us: Series,
    pub(crate) ps256_verify_us: Series,
    /// Pushes that were answered with 201 and a `request_uri` of their own.
    pub(crate) answered: usize,
}

/// What was measured of one store.
#[derive(Debug)]
pub(crate) struct StoreResults {
    pub(crate) store: StoreKind,
    pub(crate) loads: Vec<(Scenario, Load)>,
    pub(crate) journey: Steps,
}

/// What was measured of one kind of request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Load {
    /// Server's CPU microseconds per request, closed loop.
    pub(crate) cpu_us: Series,
    /// Requests per second, closed loop.
    pub(crate) per_second: Series,
    /// The same CPU time at the fixed rate.
    pub(crate) cpu_us_at_rate: Series,
    /// At the fixed rate, over all rounds.
    pub(crate) latencies: Vec<Duration>,
}

/// Measures.
pub(crate) fn run(settings: &Settings) -> Result<Results, String> {
    progress("building the server");
    Binary::path();
    let placement = Placement::of_this_machine();
    let keys = Keys::generate()?;
    let null = NullServer::start(placement)?;
    let started = settings.stores.iter().map(|store| Parhelion::start(*store, &keys, placement));
    let servers = started.collect::<Result<Vec<_>, _>>()?;
    let (es256, ps256) = (keys.es256.verification()?, keys.ps256.verification()?);
    let mut bench = Bench { settings, keys, probe: Probe::new(placement), issued: Issued::default() };
    let mut results = Results {
        settings: settings.clone(),
        placement,
        quiet: true,
        null: Load::default(),
        stores: servers.iter().map(|server| StoreResults::of(server.store, &settings.scenarios)).collect(),
        es256_verify_us: Series::default(),
        ps256_verify_us: Series::default(),
        answered: 0,
    };
    bench.warm_up(&null, &servers)?;
    let mut travellers = match settings.journeys {
        0 => Vec::new(),
        _ => servers.iter().map(Traveller::log_in).collect::<Result<Vec<_>, _>>()?,
    };
    for round in 1..=settings.rounds {
        progress(&format!("round {round} of {}", settings.rounds));
        bench.probe.measure(&es256, &mut results.es256_verify_us)?;
        bench.probe.measure(&ps256, &mut results.ps256_verify_us)?;
        bench.load_null(&null, &mut results.null)?;
        for (server, of_store) in servers.iter().zip(&mut results.stores) {
            for (scenario, load) in &mut of_store.loads {
                bench.load(server, *scenario, load)?;
            }
        }
        for ((traveller, server), of_store) in travellers.iter_mut().zip(&servers).zip(&mut results.stores) {
            traveller.round(server, settings.journeys, &mut of_store.journey)?;
        }
    }
    progress("");
    results.answered = bench.issued.count();
    results.keep_quiet(bench.probe.fastest_us());
    Ok(results)
}

impl Results {
    /// Leaves the processor time of quiet moments, unless there is too little of one kind: what is compared was measured
    /// alike.
    fn keep_quiet(&mut self, fastest_us: f64) {
        let loads = self.stores.iter_mut().flat_map(|of_store| &mut of_store.loads).map(|(_, load)| load);
        let of_loads = loads.chain([&mut self.null]).map(|load| &mut load.cpu_us);
        let mut all: Vec<_> = of_loads.chain([&mut self.es256_verify_us, &mut self.ps256_verify_us]).collect();
        self.quiet = all.iter().all(|series| series.is_quiet_enough(fastest_us));
        if self.quiet {
            all.iter_mut().for_each(|series| series.keep_quiet(fastest_us));
        }
    }
}

impl StoreResults {
    fn of(store: StoreKind, scenarios: &[Scenario]) -> Self {
        let loads = scenarios.iter().map(|scenario| (*scenario, Load::default())).collect();
        Self { store, loads, journey: Steps::default() }
    }
}

struct Bench<'a> {
    settings: &'a Settings,
    keys: Keys,
    probe: Probe,
    issued: Issued,
}

impl Bench<'_> {
    fn warm_up(&mut self, null: &NullServer, servers: &[Parhelion]) -> Result<(), String> {
        progress("warming up");
        let (count, target) = (self.settings.warm_up, Target::from(null));
        let requests = scenario::null_requests(count, &target.address.to_string());
        self.send(&target, &requests, Pace::Closed)?;
        for server in servers {
            let target = Target::from(server);
            for scenario in &self.settings.scenarios {
                let requests = self.pushes(server, *scenario, count)?;
                self.send(&target, &requests, Pace::Closed)?;
            }
        }
        Ok(())
    }

    fn load_null(&mut self, null: &NullServer, load: &mut Load) -> Result<(), String> {
        let target = Target::from(null);
        let host = target.address.to_string();
        let requests = scenario::null_requests(self.settings.requests, &host);
        self.send_in_slices(&target, &requests, SLICE, load)?;
        if self.settings.rate_s > 0 {
            let requests = scenario::null_requests(self.at_rate(), &host);
            load.note_at_rate(self.send(&target, &requests, Pace::PerSecond(self.settings.rate))?);
        }
        Ok(())
    }

    fn load(&mut self, server: &Parhelion, scenario: Scenario, load: &mut Load) -> Result<(), String> {
        let target = Target::from(server);
        let named = |reason| format!("{} on the {} store: {reason}", scenario.name(), server.store.name());
        let requests = self.pushes(server, scenario, self.settings.requests)?;
        let slice = if scenario.is_signed() { SIGNED_SLICE } else { SLICE };
        self.send_in_slices(&target, &requests, slice, load).map_err(named)?;
        if self.settings.rate_s > 0 {
            let requests = self.pushes(server, scenario, self.at_rate())?;
            let run = self.send(&target, &requests, Pace::PerSecond(self.settings.rate));
            load.note_at_rate(run.map_err(named)?);
        }
        Ok(())
    }

    fn pushes(&self, server: &Parhelion, scenario: Scenario, count: u32) -> Result<Vec<Vec<u8>>, String> {
        scenario::pushes(scenario, count, &server.mount, &Target::from(server).address.to_string(), &self.keys)
    }

    /// Sends requests in a closed loop, with a probe before and after each slice. The first slice is not measured: it
    /// opens the connections.
    fn send_in_slices(
        &mut self,
        target: &Target,
        requests: &[Vec<u8>],
        slice: usize,
        load: &mut Load,
    ) -> Result<(), String> {
        let slice = slice.min(requests.len() / 2).max(1);
        let mut generator = Generator::connect(target.address, self.settings.connections, target.expected)?;
        let (first, measured) = requests.split_at(slice);
        self.issued.add(generator.run(first, Pace::Closed)?.issued)?;
        let (mut before_us, mut before) = (self.probe.us()?, cpu::of_process(target.pid)?);
        for requests in measured.chunks_exact(slice) {
            let outcome = generator.run(requests, Pace::Closed)?;
            // The probe comes first: what a process has run is only known exactly once it has left its core.
            let (after_us, after) = (self.probe.us()?, cpu::of_process(target.pid)?);
            let run = Run { cpu: after - before, outcome };
            load.note_closed(&run, before_us.max(after_us));
            self.issued.add(run.outcome.issued)?;
            (before_us, before) = (after_us, after);
        }
        Ok(())
    }

    fn send(&mut self, target: &Target, requests: &[Vec<u8>], pace: Pace) -> Result<Run, String> {
        let mut generator = Generator::connect(target.address, self.settings.connections, target.expected)?;
        let before = cpu::of_process(target.pid)?;
        let mut outcome = generator.run(requests, pace)?;
        let cpu = cpu::of_process(target.pid)? - before;
        self.issued.add(std::mem::take(&mut outcome.issued))?;
        Ok(Run { cpu, outcome })
    }

    fn at_rate(&self) -> u32 {
        self.settings.rate.saturating_mul(self.settings.rate_s)
    }
}

/// One run of the generator, and what it cost the server.
struct Run {
    cpu: Duration,
    outcome: Outcome,
}

impl Run {
    fn cpu_us(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / self.count()
    }

    fn count(&self) -> f64 {
        f64::from(u32::try_from(self.outcome.latencies.len()).unwrap_or(u32::MAX))
    }
}

impl Load {
    fn note_closed(&mut self, run: &Run, probe_us: f64) {
        self.cpu_us.push_probed(run.cpu_us(), probe_us);
        self.per_second.push(run.count() / run.outcome.elapsed.as_secs_f64());
    }

    fn note_at_rate(&mut self, run: Run) {
        self.cpu_us_at_rate.push(run.cpu_us());
        self.latencies.extend(run.outcome.latencies);
    }
}

/// Tells a person who waits how far it is.
fn progress(what: &str) {
    let mut terminal = io::stderr();
    if terminal.is_terminal() {
        let _ = write!(terminal, "\r\x1b[K{what}");
        let _ = terminal.flush();
    }
}
