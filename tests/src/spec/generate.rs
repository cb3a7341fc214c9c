//! Generators: what a row asks for that no single request shows. Each is named in the data, with its parameters.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use toml::Table;

use super::fields::Fields;
use super::site::Place;
use super::stage::Stage;

/// Runs the generator of that name.
///
/// # Errors
/// What is not as it must be.
pub fn run(stage: &mut Stage<'_>, place: &Place, name: &str, with: Table) -> Result<(), String> {
    let mut fields = Fields::of(with, name);
    let outcome = match name {
        "log" => log(stage, &fields.texts("has"), &fields.texts("lacks")),
        "dependency-is-absent" => dependency_is_absent(&fields.needed_text("name")),
        "process-arguments" => process_arguments(stage, &fields.texts("lacks")),
        _ => panic!("there is no generator `{name}` ({})", place.tenant),
    };
    fields.end();
    outcome
}

/// What the log has and has not.
fn log(stage: &Stage<'_>, has: &[String], lacks: &[String]) -> Result<(), String> {
    let log = stage.site().server.stderr();
    if let Some(missing) = has.iter().find(|part| !log.contains(*part)) {
        return Err(format!("the log does not say {}", missing.escape_debug()));
    }
    match lacks.iter().find(|part| log.contains(*part)) {
        Some(found) => Err(format!("the log says {}", found.escape_debug())),
        None => Ok(()),
    }
}

/// A crate that must not be compiled in.
fn dependency_is_absent(name: &str) -> Result<(), String> {
    let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock");
    let lock = fs::read_to_string(lock).map_err(|error| error.to_string())?;
    let there = lock.lines().any(|line| line == format!("name = \"{name}\""));
    if there { Err(format!("`{name}` is in Cargo.lock")) } else { Ok(()) }
}

/// What other users of the machine see of the process.
fn process_arguments(stage: &Stage<'_>, lacks: &[String]) -> Result<(), String> {
    let file = format!("/proc/{}/cmdline", stage.site().server.pid());
    let line = fs::read(file).map_err(|error| error.to_string())?;
    let line = String::from_utf8_lossy(&line).into_owned();
    match lacks.iter().find(|part| line.contains(*part)) {
        Some(found) => Err(format!("the arguments hold {found}")),
        None => Ok(()),
    }
}

/// Whether any of these references, or anything that was marked as secret, is in the bytes.
///
/// # Errors
/// How it begins.
pub fn no_secret_in(what: &str, bytes: &[u8], references: &HashSet<String>) -> Result<(), String> {
    const MARK: &[u8] = b"canary";
    const LENGTH: usize = 43;
    if let Some(at) = bytes.windows(MARK.len()).position(|window| window == MARK) {
        let shown: String = String::from_utf8_lossy(&bytes[at..(at + 24).min(bytes.len())]).into_owned();
        return Err(format!("{what} holds a secret: {}…", shown.escape_debug()));
    }
    let found = bytes.windows(LENGTH).find(|window| {
        window.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
            && std::str::from_utf8(window).is_ok_and(|text| references.contains(text))
    });
    match found {
        Some(window) => Err(format!("{what} holds a reference: {}…", String::from_utf8_lossy(&window[..8]))),
        None => Ok(()),
    }
}
