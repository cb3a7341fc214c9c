//! The program: the command line, with every dialect.

use std::process::ExitCode;

fn main() -> ExitCode {
    parhelion_server::cli::run(parhelion_dialects::ALL)
}
