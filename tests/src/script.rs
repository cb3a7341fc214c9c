//! Starts the Node.js programs of `tests/clients` and reads what they report.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::folder::Folder;

/// A script that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(120);

/// Runs `tests/clients/NAME` with these environment variables; the last line of its output is its report.
///
/// # Panics
/// When the npm packages are not installed, or the script fails, hangs or reports no JSON; the message carries its
/// output.
#[must_use]
pub fn run(name: &str, variables: &[(&str, &str)]) -> Value {
    let folder = clients();
    assert!(folder.join("node_modules").is_dir(), "run `npm ci` in {} first", folder.display());
    report_of(Command::new("node"), name, variables)
}

/// The same for a program in Python; `PARHELION_PYTHON` names an interpreter that has `tests/clients/requirements.txt`.
///
/// # Panics
/// As [`run`].
#[must_use]
pub fn run_python(name: &str, variables: &[(&str, &str)]) -> Value {
    let python = env::var_os("PARHELION_PYTHON");
    let python = python.expect("`cargo xtask test` makes the environment and names it in PARHELION_PYTHON");
    report_of(Command::new(python), name, variables)
}

fn report_of(mut program: Command, name: &str, variables: &[(&str, &str)]) -> Value {
    let folder = clients();
    let scratch = Folder::new("script");
    let output = finish(
        program
            .arg(name)
            .current_dir(&folder)
            .env("SCRATCH", scratch.path())
            .envs(variables.iter().copied())
            .env("CHROMIUM", env::var_os("PARHELION_CHROMIUM").unwrap_or_else(|| "/usr/bin/chromium".into())),
        name,
    );
    let (report, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{name} ended with {}:\n{report}\n{errors}", output.status);
    let last = report.lines().last().unwrap_or_default();
    serde_json::from_str(last).unwrap_or_else(|_| panic!("{name} reported no JSON:\n{report}\n{errors}"))
}

fn clients() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("clients")
}

/// Waits for a program that says little: its report fits into the pipes.
fn finish(command: &mut Command, name: &str) -> Output {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("Node.js 20 or newer is on the path, and Python where it is named");
    let deadline = Instant::now() + PATIENCE;
    while child.try_wait().expect("a child can be asked").is_none() {
        if Instant::now() > deadline {
            let _ = child.kill();
            let output = child.wait_with_output().expect("a child's output");
            panic!("{name} hangs:\n{}", String::from_utf8_lossy(&output.stderr));
        }
        sleep(Duration::from_millis(20));
    }
    child.wait_with_output().expect("a child's output")
}
