//! The program: the command line, with every dialect.

use std::process::ExitCode;

/// Records that are kept lie between allocations that are not: the C library's allocator searches and faults its way
/// through that, at a tenth of what a push costs.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    parhelion_server::cli::run(parhelion_dialects::ALL)
}
