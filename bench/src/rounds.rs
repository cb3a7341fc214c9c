//! The measurement: short rounds, each through every scenario, so that a busy minute falls on all of them alike.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use parhelion_tests::binary::Binary;

use crate::answer::Issued;
use crate::command_line::Settings;
use crate::cpu::{self, Placement};
use crate::figures::Series;
use crate::generator::{Generator, Outcome, Pace};
use crate::journey::{Steps, Traveller};
use crate::scenario::{self, Keys, Scenario, StoreKind};
use crate::servers::{NullServer, Parhelion, Target};

/// Verifications per algorithm and round.
const VERIFICATIONS: u32 = 500;

/// Everything that was measured.
#[derive(Debug)]
pub(crate) struct Results {
    pub(crate) settings: Settings,
    pub(crate) placement: Placement,
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
    let mut bench = Bench { settings, keys, issued: Issued::default() };
    let mut results = Results {
        settings: settings.clone(),
        placement,
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
        results.es256_verify_us.push(bench.keys.es256.verify_us(VERIFICATIONS)?);
        results.ps256_verify_us.push(bench.keys.ps256.verify_us(VERIFICATIONS)?);
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
    Ok(results)
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
    issued: Issued,
}

impl Bench<'_> {
    fn warm_up(&mut self, null: &NullServer, servers: &[Parhelion]) -> Result<(), String> {
        progress("warming up");
        let (count, target) = (self.settings.warm_up, Target::from(null));
        self.send(&target, &scenario::null_requests(count, &target.address.to_string()), Pace::Closed)?;
        for server in servers {
            for scenario in &self.settings.scenarios {
                self.push(server, *scenario, count, Pace::Closed)?;
            }
        }
        Ok(())
    }

    fn load_null(&mut self, null: &NullServer, load: &mut Load) -> Result<(), String> {
        let target = Target::from(null);
        let host = target.address.to_string();
        let requests = scenario::null_requests(self.settings.requests, &host);
        load.note_closed(&self.send(&target, &requests, Pace::Closed)?);
        if self.settings.rate_s > 0 {
            let requests = scenario::null_requests(self.at_rate(), &host);
            load.note_at_rate(self.send(&target, &requests, Pace::PerSecond(self.settings.rate))?);
        }
        Ok(())
    }

    fn load(&mut self, server: &Parhelion, scenario: Scenario, load: &mut Load) -> Result<(), String> {
        load.note_closed(&self.push(server, scenario, self.settings.requests, Pace::Closed)?);
        if self.settings.rate_s > 0 {
            load.note_at_rate(self.push(server, scenario, self.at_rate(), Pace::PerSecond(self.settings.rate))?);
        }
        Ok(())
    }

    fn push(&mut self, server: &Parhelion, scenario: Scenario, count: u32, pace: Pace) -> Result<Run, String> {
        let target = Target::from(server);
        let requests = scenario::pushes(scenario, count, &server.mount, &target.address.to_string(), &self.keys)?;
        let run = self.send(&target, &requests, pace);
        run.map_err(|reason| format!("{} on the {} store: {reason}", scenario.name(), server.store.name()))
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
    fn note_closed(&mut self, run: &Run) {
        self.cpu_us.push(run.cpu_us());
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
