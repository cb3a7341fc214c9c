//! Every developer command of this repository: `cargo xtask --help`.

mod fuzz;
mod prerequisites;
mod proofs;
mod repository;
mod spec;
mod step;
mod suite;
mod tidy;

use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use repository::Repository;

/// Developer commands of Parhelion.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run everything that CI runs, and stop at the first failing step.
    Test(TestArguments),
    /// Send every row of the requirements and attacks to the server and say which were executed, deferred and missing.
    Spec(spec::SpecArguments),
    /// Send every field, value, status and error of the vendors' documents to the server and say which case shows it.
    Seeds,
    /// Read the tracked files for what a compiler does not look at.
    Tidy,
    /// Give the oracles of the parsers what libFuzzer finds; needs a nightly toolchain and cargo-fuzz.
    Fuzz(fuzz::FuzzArguments),
    /// Kill the server again and again under load and check that it kept its word (a long proof).
    Kill(proofs::KillArguments),
    /// Let many browsers complete one pushed request at the same moment (a long proof).
    Race(proofs::RaceArguments),
}

#[derive(Args)]
struct TestArguments {
    /// Leave out what needs Node.js or Chromium.
    #[arg(long)]
    fast: bool,
    /// Print the steps and run none.
    #[arg(long)]
    list: bool,
}

fn main() -> ExitCode {
    match run(CommandLine::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("\nfailed: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<(), String> {
    let repository = Repository::here();
    match command {
        Command::Test(arguments) => {
            let extent = if arguments.fast { suite::Extent::Fast } else { suite::Extent::Everything };
            if arguments.list { suite::list(extent) } else { suite::run(&repository, extent)? }
        }
        Command::Spec(arguments) => spec::run(&repository, &arguments)?,
        Command::Seeds => spec::seeds(&repository)?,
        Command::Tidy => tidy::run(&repository)?,
        Command::Fuzz(arguments) => fuzz::run(&repository, &arguments)?,
        Command::Kill(arguments) => proofs::kill(&repository, &arguments)?,
        Command::Race(arguments) => proofs::race(&repository, &arguments)?,
    }
    Ok(())
}
