//! The command line, and what it asks for.

use clap::{Parser, Subcommand};

use crate::scenario::{Scenario, StoreKind};

/// Measures what a pushed authorization request costs the server, in CPU microseconds, beside an HTTP server that does
/// nothing, measured in turn in the same run.
///
/// The server is brought up to date in the profile that this program was built in, and started with a configuration and
/// a data folder of its own. Requests are made and signed beforehand, every one different; every answer is checked. Where
/// the machine has two cores or more, the servers get the first one to themselves and the generator the second.
///
/// Compare ratios, not microseconds: those move with the machine and with what else it is doing.
#[derive(Parser)]
#[command(name = "parhelion-bench", version, max_term_width = 100, after_help = AFTER_HELP)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    /// A run of some 20 seconds: shows that everything works; its figures are rough.
    #[arg(long)]
    quick: bool,
    /// Prints one JSON object for programs instead of tables for people.
    #[arg(long)]
    pub(crate) json: bool,
    /// Rounds; each goes once through every scenario. The figures are medians over rounds.
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    rounds: Option<u32>,
    /// Requests of one scenario in one round.
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(64..))]
    requests: Option<u32>,
    /// Keep-alive connections, each with one request in flight.
    #[arg(long, value_name = "COUNT", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=512))]
    connections: u32,
    /// Requests per second where latency is measured.
    #[arg(long, value_name = "PER_SECOND", default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    rate: u32,
    /// Seconds at that rate, of each scenario in each round; 0 leaves latency out.
    #[arg(long, value_name = "SECONDS")]
    rate_s: Option<u32>,
    /// Whole journeys in each round: push, authorize, consent, token; 0 leaves them out.
    #[arg(long, value_name = "COUNT")]
    journeys: Option<u32>,
    /// Where the server keeps its records.
    #[arg(long, value_name = "STORE", value_enum, value_delimiter = ',', default_value = "memory,embedded")]
    store: Vec<StoreKind>,
    /// How the clients authenticate; all ways unless named.
    #[arg(long, value_name = "METHOD", value_enum, value_delimiter = ',')]
    method: Vec<Scenario>,
}

const AFTER_HELP: &str = "\
Examples:
  cargo run --profile dist -p parhelion-bench                    about six minutes, both stores
  cargo run --profile dist -p parhelion-bench -- --quick         does it work?
  cargo run --profile dist -p parhelion-bench -- --store memory --rate-s 0 --journeys 0 --rounds 15
                                                            only the CPU table, more rounds
PARHELION_BIN names another server binary, which is then not built.
docs/performance.md explains the figures.";

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Serves answers without meaning; started by the measurement itself.
    #[command(hide = true)]
    NullServer,
}

/// What is measured.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) rounds: u32,
    pub(crate) requests: u32,
    pub(crate) warm_up: u32,
    pub(crate) connections: u32,
    pub(crate) rate: u32,
    pub(crate) rate_s: u32,
    pub(crate) journeys: u32,
    pub(crate) stores: Vec<StoreKind>,
    pub(crate) scenarios: Vec<Scenario>,
}

impl Arguments {
    pub(crate) fn settings(&self) -> Settings {
        let (rounds, requests, rate_s, journeys) = if self.quick { (1, 2000, 1, 5) } else { (9, 10_000, 2, 50) };
        let requests = self.requests.unwrap_or(requests);
        let mut stores = self.store.clone();
        let all = self.method.is_empty();
        stores.sort_unstable();
        stores.dedup();
        Settings {
            rounds: self.rounds.unwrap_or(rounds),
            requests,
            warm_up: requests.min(2000),
            connections: self.connections,
            rate: self.rate,
            rate_s: self.rate_s.unwrap_or(rate_s),
            journeys: self.journeys.unwrap_or(journeys),
            stores,
            scenarios: Scenario::ALL.into_iter().filter(|one| all || self.method.contains(one)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn command_line_is_consistent() {
        Arguments::command().debug_assert();
    }
}
