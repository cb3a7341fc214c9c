//! Starts the program of `tests/clients/huskarl`: it says where the browser is to go, hears where it came back to, and
//! reports.

use std::env;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

/// Runs it with these environment variables; `walk` is the browser's part, from the address to the callback.
///
/// # Panics
/// When it does not build, or fails; the message carries what it wrote.
#[must_use]
pub fn run(variables: &[(&str, &str)], walk: impl FnOnce(&str) -> String) -> Value {
    let mut child = Command::new(program())
        .envs(variables.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    if let Some(Ok(address)) = lines.next() {
        let callback = walk(&address);
        writeln!(child.stdin.take().expect("its input"), "{callback}").expect("it listens");
    }
    let report = lines.next().and_then(Result::ok).unwrap_or_default();
    let mut errors = String::new();
    let _ = child.stderr.take().expect("its errors").read_to_string(&mut errors);
    let status = child.wait().expect("it ends");
    assert!(status.success(), "huskarl ended with {status}: {errors}");
    serde_json::from_str(&report).unwrap_or_else(|_| panic!("no report: {report}"))
}

/// It is built once, beside the server, with which it shares the C library of its ciphers.
fn program() -> &'static Path {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = folder.parent().expect("the workspace");
        let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |target| root.join(target));
        let status = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args(["build", "--release", "--quiet", "--locked"])
            .current_dir(folder.join("clients/huskarl"))
            .env("CARGO_TARGET_DIR", &target)
            .status()
            .expect("cargo starts");
        assert!(status.success(), "the program does not build");
        target.join("release/parhelion-huskarl-client")
    })
}
