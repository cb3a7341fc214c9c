//! `cargo xtask fuzz`: the oracles of `tests/oracles` under libFuzzer, where a nightly toolchain and cargo-fuzz are present.

use std::fs;
use std::process::Command;

use clap::Args;

use crate::repository::Repository;
use crate::step::{answer, headline, must};

/// What to fuzz, and for how long.
#[derive(Args)]
pub(crate) struct FuzzArguments {
    /// One target; without it every one in turn.
    target: Option<String>,
    /// How long each target runs, in seconds.
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// Print the targets and run none.
    #[arg(long)]
    list: bool,
}

/// Longest input, in bytes: long enough for every bound but those on whole documents.
const LONGEST_INPUT: usize = 8192;

/// Runs the targets; the first disagreement ends the run and its input is kept.
pub(crate) fn run(repository: &Repository, arguments: &FuzzArguments) -> Result<(), String> {
    let targets = targets(repository)?;
    if arguments.list {
        targets.iter().for_each(|target| println!("{target}"));
        return Ok(());
    }
    let wanted = wanted(&targets, arguments.target.as_deref())?;
    look_for_tools(repository)?;
    share_the_lock(repository)?;
    for target in wanted {
        headline(&format!("{target}, {} seconds", arguments.seconds));
        fuzz(repository, target, arguments.seconds).map_err(|reason| {
            format!("{reason}\nThe input is in fuzz/artifacts/{target}; mend the code and keep it in tests/oracles/data/{target}")
        })?;
    }
    Ok(())
}

fn targets(repository: &Repository) -> Result<Vec<String>, String> {
    let name = |path: String| path.strip_prefix("fuzz/targets/")?.strip_suffix(".rs").map(str::to_owned);
    Ok(repository.files()?.into_iter().filter_map(name).collect())
}

fn wanted<'t>(targets: &'t [String], one: Option<&str>) -> Result<Vec<&'t str>, String> {
    let chosen: Vec<&str> =
        targets.iter().map(String::as_str).filter(|name| one.is_none_or(|one| one == *name)).collect();
    match (chosen.is_empty(), one) {
        (true, Some(one)) => Err(format!("no fuzz target `{one}`; there are: {}", targets.join(", "))),
        (true, None) => Err("fuzz/targets holds no target".to_owned()),
        (false, _) => Ok(chosen),
    }
}

/// Every tool that is missing, with the line that installs it.
fn look_for_tools(repository: &Repository) -> Result<(), String> {
    if answer(repository.command("rustup").arg("--version")).is_none() {
        return Err("fuzzing needs rustup, which keeps a nightly toolchain beside the stable one".to_owned());
    }
    let mut missing = Vec::new();
    if answer(nightly(repository).args(["cargo", "--version"])).is_none() {
        missing.push("a nightly toolchain: rustup toolchain install nightly --profile minimal");
    }
    if answer(repository.command("cargo-fuzz").arg("--version")).is_none() {
        missing.push("cargo-fuzz: cargo install cargo-fuzz --locked");
    }
    if missing.is_empty() { Ok(()) } else { Err(format!("fuzzing needs\n  {}", missing.join("\n  "))) }
}

fn nightly(repository: &Repository) -> Command {
    let mut command = repository.command("rustup");
    command.args(["run", "nightly"]);
    command
}

/// The versions that are shipped are those that are fuzzed.
fn share_the_lock(repository: &Repository) -> Result<(), String> {
    let lock = repository.text("Cargo.lock").ok_or("Cargo.lock cannot be read")?;
    fs::write(repository.path("fuzz/Cargo.lock"), lock).map_err(|error| format!("fuzz/Cargo.lock: {error}"))
}

fn fuzz(repository: &Repository, target: &str, seconds: u32) -> Result<(), String> {
    let grown = format!("fuzz/corpus/{target}");
    fs::create_dir_all(repository.path(&grown)).map_err(|error| format!("{grown}: {error}"))?;
    let mut command = nightly(repository);
    command.args(["cargo", "fuzz", "run", "--target-dir"]).arg(repository.target().join("fuzz"));
    command.args([target, &grown, &format!("tests/oracles/data/{target}"), "--"]);
    must(command.args([format!("-max_total_time={seconds}"), format!("-max_len={LONGEST_INPUT}")]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_oracle_has_a_target_and_a_corpus() {
        let repository = Repository::here();
        let oracles = repository.text("tests/oracles/src/lib.rs").unwrap();
        let targets = targets(&repository).unwrap();
        assert!(!targets.is_empty());
        for target in &targets {
            assert!(oracles.contains(&format!("(\"{target}\", {target}::check)")), "{target}");
            assert!(repository.path(&format!("tests/oracles/data/{target}")).is_dir(), "{target}");
            let manifest = repository.text("fuzz/Cargo.toml").unwrap();
            assert!(manifest.contains(&format!("path = \"targets/{target}.rs\"")), "{target}");
        }
        assert_eq!(oracles.matches("::check)").count(), targets.len());
    }

    #[test]
    fn a_target_that_is_none_is_named_with_those_that_are() {
        let targets = ["form".to_owned(), "jwt".to_owned()];
        assert_eq!(wanted(&targets, Some("jwt")), Ok(vec!["jwt"]));
        assert_eq!(wanted(&targets, None), Ok(vec!["form", "jwt"]));
        assert!(wanted(&targets, Some("jwe")).unwrap_err().ends_with("form, jwt"));
    }
}
