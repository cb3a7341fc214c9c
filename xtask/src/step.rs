//! Steps with a name, a number and a time, printed for people.

use std::io::{IsTerminal, Write, stdout};
use std::process::Command;
use std::time::{Duration, Instant};

/// Prints a heading before each step and, at the end, how long each one took.
pub(crate) struct Progress {
    total: usize,
    done: Vec<(&'static str, Duration)>,
}

impl Progress {
    /// Expects `total` steps.
    pub(crate) fn of(total: usize) -> Self {
        Self { total, done: Vec::new() }
    }

    /// Runs one step; its failure carries its name.
    pub(crate) fn step(&mut self, name: &'static str, work: impl FnOnce() -> Result<(), String>) -> Result<(), String> {
        let number = self.done.len().saturating_add(1);
        headline(&format!("[{number}/{}] {name}", self.total));
        let start = Instant::now();
        let outcome = work();
        let taken = start.elapsed();
        self.done.push((name, taken));
        match outcome {
            Ok(()) => {
                println!("      {name}: done in {}", spell(taken));
                Ok(())
            }
            Err(reason) => Err(format!("step {number} of {}, {name}, after {}: {reason}", self.total, spell(taken))),
        }
    }

    /// The table of times.
    pub(crate) fn finish(&self) {
        headline("All steps passed");
        for (name, taken) in &self.done {
            println!("      {name:<24} {:>9}", spell(*taken));
        }
        let all: Duration = self.done.iter().map(|(_, taken)| *taken).sum();
        println!("      {:<24} {:>9}", "together", spell(all));
    }
}

/// Runs a command with its output shown; anything but success is an error that names the command.
pub(crate) fn must(command: &mut Command) -> Result<(), String> {
    let line = command_line(command);
    println!("      $ {line}");
    let _ = stdout().flush();
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`{line}` ended with {status}")),
        Err(error) => Err(format!("`{line}` did not start: {error}")),
    }
}

/// The standard output of a command that succeeds; none if it is missing or fails.
pub(crate) fn answer(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// A line that stands out.
pub(crate) fn headline(text: &str) {
    if stdout().is_terminal() {
        println!("\n\u{1b}[1m{text}\u{1b}[0m");
    } else {
        println!("\n{text}");
    }
}

fn command_line(command: &Command) -> String {
    let program = command.get_program().to_string_lossy();
    let name = program.rsplit('/').next().unwrap_or(&program).to_owned();
    let arguments = command.get_args().map(|argument| argument.to_string_lossy().into_owned());
    std::iter::once(name).chain(arguments).collect::<Vec<_>>().join(" ")
}

fn spell(taken: Duration) -> String {
    let seconds = taken.as_secs();
    if seconds < 60 {
        format!("{:.1} s", taken.as_secs_f64())
    } else {
        format!("{} min {:02} s", seconds.div_euclid(60), seconds.rem_euclid(60))
    }
}
