//! `cargo xtask test`: everything that CI runs, in the order of cheapest first.

use std::env;
use std::process::Command;

use crate::prerequisites::{self, Tools};
use crate::repository::Repository;
use crate::step::{Progress, headline, must};
use crate::tidy;

/// How much of the suite runs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// What CI runs.
    Everything,
    /// Without the real clients and the real browser.
    Fast,
}

/// Switches on the tests that start Node.js and Chromium.
const REAL_CLIENTS: &str = "parhelion-tests/real-clients";

/// One profile for everything, so that each dependency is compiled once.
const STEPS: [(&str, &str); 8] = [
    (
        "prerequisites",
        "compiler, git; Node.js 20, npm, Python, Go, Java, Ruby and Chromium unless --fast; installs what it may",
    ),
    ("tidy", "tracked files: documentation lines, lengths, arrows between crates, advisories"),
    ("format", "cargo fmt --all --check"),
    ("npm packages", "npm ci in tests/clients (not with --fast)"),
    ("python packages", "a virtual environment in target/python with tests/clients/requirements.txt (not with --fast)"),
    ("lint", "cargo clippy --release --workspace --all-targets -- -D warnings"),
    ("build", "cargo test --release --workspace --lib --bins --tests --no-run: the tests, and the server with them"),
    ("test", "cargo test --release --workspace --lib --bins --tests"),
];

/// Prints the steps.
pub(crate) fn list(extent: Extent) {
    for (name, what) in steps(extent) {
        println!("{name:<18} {what}");
    }
}

/// Runs the steps; the first failure ends the run.
pub(crate) fn run(repository: &Repository, extent: Extent) -> Result<(), String> {
    warn_if_fast(extent);
    let mut progress = Progress::of(steps(extent).count());
    let mut tools = Tools::default();
    for (name, _) in steps(extent) {
        progress.step(name, || perform(name, repository, extent, &mut tools))?;
    }
    progress.finish();
    warn_if_fast(extent);
    Ok(())
}

fn steps(extent: Extent) -> impl Iterator<Item = (&'static str, &'static str)> {
    STEPS.into_iter().filter(move |(name, _)| extent == Extent::Everything || !name.ends_with(" packages"))
}

fn perform(name: &str, repository: &Repository, extent: Extent, tools: &mut Tools) -> Result<(), String> {
    match name {
        "prerequisites" => {
            *tools = prerequisites::prepare(repository, extent)?;
            Ok(())
        }
        "tidy" => tidy::run(repository),
        "format" => must(repository.cargo().args(["fmt", "--all", "--check"])),
        "npm packages" => must(tools.environment(repository.command("npm").current_dir(repository.clients())).args([
            "ci",
            "--no-audit",
            "--no-fund",
        ])),
        "python packages" => prerequisites::python_packages(repository, tools),
        "lint" => {
            let mut clippy = cargo(repository, &["clippy"], &["--all-targets"], Extent::Everything);
            must(clippy.args(["--", "-D", "warnings"]))
        }
        // In one command, so that nothing waits for the last crate of the server.
        "build" => must(&mut tests(repository, &["--no-run", "--quiet"], extent)),
        "test" => {
            // One failure must not hide the others.
            let mut test = tests(repository, &["--no-fail-fast"], extent);
            // Many tests wait for something to run out, more than there are cores.
            if env::var_os("RUST_TEST_THREADS").is_none() {
                test.env("RUST_TEST_THREADS", "4");
            }
            test.env("PARHELION_BIN", repository.release_binary("parhelion"));
            must(tools.environment(&mut test))
        }
        other => Err(format!("no such step: {other}")),
    }
}

/// All but documentation tests, of which there are none: `tidy` sees to that.
fn tests(repository: &Repository, flags: &[&str], extent: Extent) -> Command {
    cargo(repository, &["test"], &[&["--lib", "--bins", "--tests"], flags].concat(), extent)
}

/// Cargo, for the whole workspace in the one profile.
pub(crate) fn cargo(repository: &Repository, verb: &[&str], flags: &[&str], extent: Extent) -> Command {
    let mut command = repository.cargo();
    command.args(verb).args(["--release", "--workspace", "--locked"]).args(flags);
    if extent == Extent::Everything {
        command.args(["--features", REAL_CLIENTS]);
    }
    command
}

fn warn_if_fast(extent: Extent) {
    if extent == Extent::Fast {
        headline("--fast: the real clients (npm) and the real browser (Chromium) are LEFT OUT. CI runs them.");
    }
}

/// These binaries, built as the tests use them: of one package alone they would have other features, and be compiled anew.
pub(crate) fn build(repository: &Repository, binaries: &[&str]) -> Result<(), String> {
    let binaries: Vec<&str> = binaries.iter().flat_map(|binary| ["--bin", *binary]).collect();
    must(&mut cargo(repository, &["build"], &binaries, Extent::Fast))
}
