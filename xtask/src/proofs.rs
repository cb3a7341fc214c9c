//! The long proofs: commands with progress, of which CI runs a short form through `cargo test`.

use clap::Args;

use crate::repository::Repository;
use crate::step::must;
use crate::suite;

/// How often to kill.
#[derive(Args)]
pub(crate) struct KillArguments {
    /// Cycles of load, kill and check; a thousand take ten minutes to an hour.
    #[arg(long, default_value_t = 1000)]
    cycles: u32,
    /// Repeats the moments of an earlier run, which printed its seed.
    #[arg(long)]
    seed: Option<u64>,
}

/// How often, and how wide, to race.
#[derive(Args)]
pub(crate) struct RaceArguments {
    /// Pushed requests to fight over.
    #[arg(long, default_value_t = 10_000)]
    races: u32,
    /// Browsers in each race.
    #[arg(long, default_value_t = 32)]
    width: usize,
}

/// kill -9 under load, then the ledger is checked.
pub(crate) fn kill(repository: &Repository, arguments: &KillArguments) -> Result<(), String> {
    let mut rest = vec!["kill".to_owned(), "--cycles".to_owned(), arguments.cycles.to_string()];
    if let Some(seed) = arguments.seed {
        rest.extend(["--seed".to_owned(), seed.to_string()]);
    }
    proof(repository, &rest)
}

/// Many browsers, one request_uri, one moment.
pub(crate) fn race(repository: &Repository, arguments: &RaceArguments) -> Result<(), String> {
    let (races, width) = (arguments.races.to_string(), arguments.width.to_string());
    proof(repository, &["race".to_owned(), "--races".to_owned(), races, "--width".to_owned(), width])
}

fn proof(repository: &Repository, arguments: &[String]) -> Result<(), String> {
    suite::build(repository, &["parhelion", "parhelion-proof"])?;
    let mut command = repository.command(repository.release_binary("parhelion-proof"));
    must(command.args(arguments).env("PARHELION_BIN", repository.release_binary("parhelion")))
}
