//! Generators: what a row asks for that no single request shows. Each is named in the data, with its parameters.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use serde_json::{Map, Value as Json};
use toml::Table;

use super::attack;
use super::case::Overlay;
use super::documents;
use super::expect::Expected;
use super::fields::Fields;
use super::judge::{Scene, differs, judge, member};
use super::site::Place;
use super::stage::Stage;
use super::store_taken;
use crate::base64;

mod connections;
mod http2;
mod tls;

/// Runs the generator of that name.
///
/// # Errors
/// What is not as it must be.
pub fn run(stage: &mut Stage<'_>, place: &Place, name: &str, with: Table) -> Result<(), String> {
    let mut fields = Fields::of(with, name);
    let mut number = |name: &str| fields.number(name).unwrap_or_else(|| panic!("`{name}` is missing"));
    let outcome = match name {
        "idle" => connections::idle(stage, place, number("connections") as usize, number("closed_within_s")),
        "slow-reader" => connections::slow_reader(stage, place, number("closed_within_s")),
        "pipeline" => connections::pipeline(stage, place, number("requests") as usize),
        "push-until-refused" => store_taken::push_until_refused(stage, place, number("most") as usize),
        "request-uris-are-random" => request_uris_are_random(stage, place, number("count") as usize),
        "colliding-names" => colliding_names(stage, place, number("parameters") as usize, number("within_s")),
        "drip" => {
            let (count, every_s, within_s) =
                (number("connections") as usize, number("every_s"), number("closed_within_s"));
            connections::drip(stage, place, count, &fields.needed_text("head"), every_s, within_s)
        }
        "asked" => documents::asked(stage, &mut fields),
        "proxy-is-not-asked" => documents::proxy_is_not_asked(),
        "hello" => {
            let (minor, goes_on) = (number("minor") as u8, fields.is_set("goes_on"));
            tls::hello(stage, minor, &fields.texts("suites"), goes_on)
        }
        "names-in-tls" => tls::names(stage, place, &fields.texts("names")),
        "no-protocol-in-common" => tls::no_protocol(stage, &fields.texts("protocols")),
        "early-data" => tls::early_data(stage, place),
        "plain-where-tls-is-spoken" => tls::plain(stage, place),
        "http2-attack" => {
            let (streams, most) = (number("streams") as u32, number("worked_on_at_most") as usize);
            http2::attack(stage, place, &fields.needed_text("how"), streams, most)
        }
        "no-core-dumps" => no_core_dumps(stage),
        "log" => log(stage, &fields.texts("has"), &fields.texts("lacks")),
        "dependency-is-absent" => dependency_is_absent(&fields.needed_text("name")),
        "process-arguments" => process_arguments(stage, &fields.texts("lacks")),
        "remember-claims" => remember_claims(stage, &fields.needed_text("token"), &fields.needed_text("as")),
        "jwt" => {
            let answer = stage.answer(&fields.needed_text("of")).map(crate::wire::Response::text);
            jwt(answer.as_deref(), &fields.table("header"), &fields.table("claims"))
        }
        "jwt-value" => {
            let text = stage.scope.fill(&fields.needed_text("value"));
            let claims = filled(stage, fields.table("claims"));
            jwt(Some(&text), &fields.table("header"), &claims)
        }
        "same-but-for" => {
            same_but_for(stage, &fields.needed_text("one"), &fields.needed_text("other"), &fields.texts("patterns"))
        }
        _ => attack::run(stage, place, name, &mut fields),
    };
    fields.end();
    outcome
}

/// Keeps the claims of a token, by `name.claim`.
fn remember_claims(stage: &mut Stage<'_>, token: &str, name: &str) -> Result<(), String> {
    for (claim, value) in part_of_jwt(token, 1)? {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        stage.scope.set(&format!("{name}.{claim}"), text);
    }
    Ok(())
}

fn filled(stage: &Stage<'_>, table: Table) -> Table {
    match stage.scope.fill_value(&toml::Value::Table(table)) {
        toml::Value::Table(table) => table,
        _ => Table::new(),
    }
}

/// What a JWT must say.
fn jwt(text: Option<&str>, header: &Table, claims: &Table) -> Result<(), String> {
    let text = text.ok_or("there is no such answer")?;
    for (part, wanted) in [(0, header), (1, claims)] {
        let found = Json::Object(part_of_jwt(text, part)?);
        for (name, value) in wanted {
            let found = member(&found, name);
            if let Some(complaint) = differs(name, found.as_ref(), value) {
                return Err(complaint);
            }
        }
    }
    Ok(())
}

fn part_of_jwt(token: &str, part: usize) -> Result<Map<String, Json>, String> {
    let bytes = token.split('.').nth(part).and_then(base64::from_url_safe).ok_or("no JWT")?;
    serde_json::from_slice(&bytes).map_err(|error| error.to_string())
}

/// Pushes so many times and looks at what came: no two alike, no bit that leans to one side, nothing that counts.
fn request_uris_are_random(stage: &mut Stage<'_>, place: &Place, count: usize) -> Result<(), String> {
    let overlay = Overlay { endpoint: "push".to_owned(), client: "app-public".to_owned(), ..Overlay::default() };
    let expected = Expected::of("PUSHED", "request-uris-are-random");
    let mut seen: Vec<Vec<u8>> = Vec::new();
    for _ in 0..count {
        let actual = stage.send(place, &overlay, &expected);
        let answer = actual.answer.ok_or("no answer")?;
        let uri = answer.json()["request_uri"].as_str().unwrap_or_default().to_owned();
        let reference = uri.rsplit(':').next().and_then(base64::from_url_safe).filter(|bytes| bytes.len() == 32);
        seen.push(reference.ok_or(format!("`{uri}` is no reference"))?);
    }
    let distinct: HashSet<&[u8]> = seen.iter().flat_map(|bytes| [&bytes[..16], &bytes[16..]]).collect();
    if distinct.len() != 2 * count {
        return Err("a half of a reference came twice".to_owned());
    }
    // Of n fair coins, five standard deviations: sqrt(n) / 2 each.
    let leeway = 2.5 * (count as f64).sqrt();
    for bit in 0..256 {
        let ones = seen.iter().filter(|bytes| bytes[bit / 8] >> (bit % 8) & 1 == 1).count();
        if (ones as f64 - count as f64 / 2.0).abs() > leeway {
            return Err(format!("bit {bit} is set in {ones} of {count}"));
        }
        let changes =
            seen.windows(2).filter(|pair| (pair[0][bit / 8] ^ pair[1][bit / 8]) >> (bit % 8) & 1 == 1).count();
        if (changes as f64 - count as f64 / 2.0).abs() > leeway {
            return Err(format!("bit {bit} changes {changes} times in {count}"));
        }
    }
    Ok(())
}

/// Two answers that differ in nothing but the lines that hold one of the patterns.
fn same_but_for(stage: &Stage<'_>, one: &str, other: &str, patterns: &[String]) -> Result<(), String> {
    let kept = |name: &str| -> Result<(u16, Vec<String>), String> {
        let answer = stage.answer(name).ok_or(format!("there is no answer `{name}`"))?;
        let text = answer.text();
        let lines = text.lines().filter(|line| !patterns.iter().any(|pattern| line.contains(pattern)));
        Ok((answer.status, lines.map(str::to_owned).collect()))
    };
    let (one, other) = (kept(one)?, kept(other)?);
    if one == other { Ok(()) } else { Err(format!("{one:?} and {other:?}")) }
}

/// As many names as fit into a body, all alike to the hash functions of some languages: refused, and at once.
fn colliding_names(stage: &mut Stage<'_>, place: &Place, count: usize, within_s: f64) -> Result<(), String> {
    let name =
        |number: usize| -> String { (0..12).map(|bit| if number >> bit & 1 == 1 { "Aa" } else { "BB" }).collect() };
    let body: String = (0..count).map(|number| format!("{}=&", name(number))).collect();
    let body: String = body.chars().take(65_000).collect();
    let overlay = Overlay {
        endpoint: "push".to_owned(),
        client: "app-public".to_owned(),
        body: Some(body),
        ..Overlay::default()
    };
    let expected = Expected { within_s, ..Expected::of("E400(invalid_request) PAR-109", "colliding-names") };
    let actual = stage.send(place, &overlay, &expected);
    let scene = Scene { public_url: stage.site().url(), ..Scene::default() };
    let complaints = judge(&expected, &actual, &scene);
    if complaints.is_empty() { Ok(()) } else { Err(complaints.join("; ")) }
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

/// That the kernel writes no image of the process, whatever happens to it.
fn no_core_dumps(stage: &Stage<'_>) -> Result<(), String> {
    let limits =
        fs::read_to_string(format!("/proc/{}/limits", stage.site().server.pid())).map_err(|error| error.to_string())?;
    let line = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap_or_default();
    let numbers: Vec<&str> = line.trim_start_matches("Max core file size").split_whitespace().take(2).collect();
    if numbers == ["0", "0"] { Ok(()) } else { Err(format!("the limit of core files is {numbers:?}")) }
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
