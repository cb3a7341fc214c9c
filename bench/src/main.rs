//! What a pushed authorization request costs: the release binary under load, beside a server that does nothing.
#![allow(clippy::arithmetic_side_effects, reason = "figures of a measurement, not of a request")]

mod answer;
mod command_line;
mod connection;
mod cpu;
mod figures;
mod generator;
mod journey;
mod null_server;
mod probe;
mod report;
mod rounds;
mod scenario;
mod servers;
mod signer;
mod site;

use std::process::ExitCode;

use clap::Parser;

use command_line::{Arguments, Command};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match arguments.command {
        Some(Command::NullServer) => null_server::run(),
        None => measure(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("parhelion-bench: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn measure(arguments: &Arguments) -> Result<(), String> {
    let results = rounds::run(&arguments.settings())?;
    if arguments.json {
        println!("{}", report::json(&results));
    } else {
        print!("{}", report::text(&results));
    }
    Ok(())
}
