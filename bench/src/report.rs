//! The figures as tables for people and as JSON for programs.

mod goals;
mod machine;

use std::fmt::Write;

use serde_json::{Value, json};

use crate::cpu::Placement;
use crate::figures::{Series, percentile_us};
use crate::journey::STEPS;
use crate::rounds::{Load, Results, StoreResults};
use crate::scenario::StoreKind;
use goals::goals;

const NULL_NAME: &str = "null hyper server";

const QUIET: &str =
    "quiet: the slices that count, of all; beside the others a probe was a tenth slower than the fastest";
const NOT_QUIET: &str = "\
THIS MACHINE WAS NOT QUIET LONG ENOUGH: of one kind or another too few slices were, so that all count. What works with
much memory suffers most, and pushes more than the null server: take no ratio from this run.";

/// Shown latencies: name and per mille.
const PERCENTILES: [(&str, usize); 3] = [("p50", 500), ("p99", 990), ("p999", 999)];

/// Tables for people.
pub(crate) fn text(results: &Results) -> String {
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = write_head(&mut text, results);
    let _ = write_cpu(&mut text, results);
    let _ = write_goals(&mut text, results);
    if results.settings.rate_s > 0 {
        let _ = write_latency(&mut text, results);
    }
    if results.settings.journeys > 0 {
        let _ = write_journeys(&mut text, results);
    }
    text
}

fn write_head(text: &mut String, results: &Results) -> std::fmt::Result {
    let settings = &results.settings;
    let (rounds, requests, connections) = (settings.rounds, settings.requests, settings.connections);
    writeln!(text, "{rounds} rounds of {requests} requests over {connections} keep-alive connections.")?;
    writeln!(text, "{}; {}.", machine::describe(), placement_text(results.placement))?;
    writeln!(text, "{} pushes answered with 201, each with a request_uri of its own.", results.answered)
}

const fn placement_text(placement: Placement) -> &'static str {
    match placement {
        Placement::Apart => "servers on core 0, generator on core 1",
        Placement::Together => "servers and generator NOT on cores of their own: expect noise",
    }
}

fn write_cpu(text: &mut String, results: &Results) -> std::fmt::Result {
    writeln!(text, "\nCPU microseconds of the server per request, all its threads; every connection always busy")?;
    writeln!(
        text,
        "{:32}{:>8}{:>8}{:>8}{:>9}{:>12}{:>14}",
        "", "median", "least", "most", "x null", "requests/s", "quiet"
    )?;
    write_cpu_row(text, NULL_NAME, &results.null, &results.null)?;
    for of_store in &results.stores {
        writeln!(text, "{} store", of_store.store.name())?;
        for (scenario, load) in &of_store.loads {
            write_cpu_row(text, &format!("  {}", scenario.name()), load, &results.null)?;
        }
    }
    for (name, series) in [("ES256", &results.es256_verify_us), ("PS256", &results.ps256_verify_us)] {
        let (median, least, most) = (series.median(), series.least(), series.most());
        let name = format!("one {name} verification");
        writeln!(text, "{name:32}{median:8.1}{least:8.1}{most:8.1}{:21}{:>14}", "", quiet_text(series))?;
    }
    writeln!(text, "{QUIET}")?;
    if results.quiet { Ok(()) } else { writeln!(text, "{NOT_QUIET}") }
}

fn quiet_text(series: &Series) -> String {
    let (quiet, all) = series.counts();
    format!("{quiet} of {all}")
}

fn write_cpu_row(text: &mut String, name: &str, load: &Load, null: &Load) -> std::fmt::Result {
    let (median, least, most) = (load.cpu_us.median(), load.cpu_us.least(), load.cpu_us.most());
    let (ratio, per_second) = (load.times(null), load.per_second.median());
    let quiet = quiet_text(&load.cpu_us);
    writeln!(text, "{name:32}{median:8.1}{least:8.1}{most:8.1}{ratio:9.2}{per_second:12.0}{quiet:>14}")
}

fn write_goals(text: &mut String, results: &Results) -> std::fmt::Result {
    writeln!(text, "\n{:32}{:>10}{:>8}", "memory store against its goals", "measured", "goal")?;
    for goal in goals(results) {
        let met = if goal.is_met() { "met" } else { "missed" };
        writeln!(text, "{:32}{:10.2}{:8.2}  {:6} {}", goal.name, goal.measured, goal.at_most, met, goal.unit)?;
    }
    let (Some(memory), Some(embedded)) = (results.of(StoreKind::Memory), results.of(StoreKind::Embedded)) else {
        return Ok(());
    };
    writeln!(text, "\nwhat the embedded store costs more, CPU microseconds per request")?;
    for ((scenario, more), (_, less)) in embedded.loads.iter().zip(&memory.loads) {
        let extra = more.cpu_us.median() - less.cpu_us.median();
        writeln!(text, "  {:30}{extra:8.1}", scenario.name())?;
    }
    Ok(())
}

fn write_latency(text: &mut String, results: &Results) -> std::fmt::Result {
    let rate = results.settings.rate;
    writeln!(text, "\nmicroseconds to the answer at {rate} requests/s, from the moment each was due; CPU per request")?;
    writeln!(text, "{:32}{:>8}{:>8}{:>8}{:>8}{:>13}", "", "p50", "p99", "p99.9", "CPU", "p99 x null")?;
    let null_p99 = percentiles(&results.null).get(1).copied().unwrap_or(f64::NAN);
    write_latency_row(text, NULL_NAME, &results.null, null_p99)?;
    for of_store in &results.stores {
        writeln!(text, "{} store", of_store.store.name())?;
        for (scenario, load) in &of_store.loads {
            write_latency_row(text, &format!("  {}", scenario.name()), load, null_p99)?;
        }
    }
    Ok(())
}

fn write_latency_row(text: &mut String, name: &str, load: &Load, null_p99: f64) -> std::fmt::Result {
    let [p50, p99, p999] = percentiles(load);
    let cpu = load.cpu_us_at_rate.median();
    writeln!(text, "{name:32}{p50:8.0}{p99:8.0}{p999:8.0}{cpu:8.1}{:13.2}", p99 / null_p99)
}

fn write_journeys(text: &mut String, results: &Results) -> std::fmt::Result {
    writeln!(text, "\nCPU microseconds of the server for each step of a journey, one at a time, the user logged in")?;
    for of_store in &results.stores {
        let mut sum = 0.0;
        for (name, series) in STEPS.iter().zip(&of_store.journey) {
            sum += series.median();
            writeln!(text, "  {:30}{:8.0}  {} store", name, series.median(), of_store.store.name())?;
        }
        writeln!(text, "  {:30}{sum:8.0}", "together")?;
    }
    Ok(())
}

/// One object with everything that the tables show, and each round's figures.
pub(crate) fn json(results: &Results) -> Value {
    let settings = &results.settings;
    json!({
        "machine": machine::describe(),
        "servers_and_generator_apart": results.placement == Placement::Apart,
        "rounds": settings.rounds,
        "requests": settings.requests,
        "connections": settings.connections,
        "rate_per_second": settings.rate,
        "answered": results.answered,
        "null": load_json(&results.null, results),
        "quiet": results.quiet,
        "verify_us": { "ES256": results.es256_verify_us.median(), "PS256": results.ps256_verify_us.median() },
        "stores": results.stores.iter().map(|of_store| store_json(of_store, results)).collect::<Vec<_>>(),
        "goals": goals(results).iter().map(goals::Goal::json).collect::<Vec<_>>(),
    })
}

fn store_json(of_store: &StoreResults, results: &Results) -> Value {
    let loads = of_store.loads.iter().map(|(scenario, load)| (scenario.name().to_owned(), load_json(load, results)));
    let steps = STEPS.iter().zip(&of_store.journey).map(|(name, series)| ((*name).to_owned(), series.median().into()));
    json!({
        "store": of_store.store.name(),
        "scenarios": loads.collect::<serde_json::Map<_, _>>(),
        "journey_cpu_us": steps.collect::<serde_json::Map<String, Value>>(),
    })
}

fn load_json(load: &Load, results: &Results) -> Value {
    let latency = PERCENTILES.iter().zip(percentiles(load)).map(|((name, _), us)| ((*name).to_owned(), us.into()));
    json!({
        "cpu_us": { "median": load.cpu_us.median(), "least": load.cpu_us.least(), "most": load.cpu_us.most() },
        "slices": { "quiet": load.cpu_us.counts().0, "all": load.cpu_us.counts().1 },
        "times_null": load.times(&results.null),
        "requests_per_second": load.per_second.median(),
        "latency_us": latency.collect::<serde_json::Map<String, Value>>(),
        "cpu_us_at_rate": load.cpu_us_at_rate.median(),
    })
}

impl Load {
    fn times(&self, other: &Self) -> f64 {
        self.cpu_us.median() / other.cpu_us.median()
    }
}

fn percentiles(load: &Load) -> [f64; PERCENTILES.len()] {
    let mut sorted = load.latencies.clone();
    sorted.sort_unstable();
    PERCENTILES.map(|(_, per_mille)| percentile_us(&sorted, per_mille))
}

impl Results {
    fn of(&self, store: StoreKind) -> Option<&StoreResults> {
        self.stores.iter().find(|of_store| of_store.store == store)
    }
}
