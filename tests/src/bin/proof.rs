//! The long proofs as a command: `cargo xtask kill` and `cargo xtask race` start it.

use std::io::{self, Write};
use std::time::Instant;

use clap::{Parser, Subcommand};
use parhelion_tests::dice::Dice;
use parhelion_tests::{kill, race};

/// Long proofs, with progress.
#[derive(Parser)]
struct CommandLine {
    #[command(subcommand)]
    proof: Proof,
}

#[derive(Subcommand)]
enum Proof {
    /// kill -9 under load, then the ledger is checked.
    Kill {
        /// How often.
        #[arg(long)]
        cycles: u32,
        /// Repeats the moments of an earlier run.
        #[arg(long)]
        seed: Option<u64>,
    },
    /// Many browsers approve one pushed request at the same moment.
    Race {
        /// How often.
        #[arg(long)]
        races: u32,
        /// How many browsers.
        #[arg(long)]
        width: usize,
    },
}

fn main() -> io::Result<()> {
    let start = Instant::now();
    match CommandLine::parse().proof {
        Proof::Kill { cycles, seed } => {
            let dice = seed.map_or_else(Dice::fresh, Dice::of_seed);
            let tally = kill::run(cycles, dice, |tally| {
                show(tally.cycles, cycles, 1, &format!("{} acknowledged, none lost", tally.acknowledged));
            })?;
            println!("\n{tally:#?}");
        }
        Proof::Race { races, width } => {
            let tally = race::run(races, width, |tally| {
                show(tally.races, races, 50, &format!("one winner each, {} refused", tally.refused));
            })?;
            println!("\n{tally:#?}");
        }
    }
    println!("proved in {:.1} s", start.elapsed().as_secs_f64());
    Ok(())
}

fn show(done: u32, all: u32, every: u32, what: &str) {
    if done.is_multiple_of(every) || done == all {
        print!("\r{done}/{all}  {what}   ");
        let _ = io::stdout().flush();
    }
}
