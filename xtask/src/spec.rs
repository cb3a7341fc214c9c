//! `cargo xtask spec` and `cargo xtask seeds`: the rows of requirements and attacks, executed against the server; what was executed, what waits for
//! a feature, what is missing.

use std::collections::BTreeMap;
use std::fs;

use clap::Args;
use serde_json::{Map, Value};

use crate::repository::Repository;
use crate::step::{headline, must};
use crate::suite::{self, Extent};

/// Which rows, and how much is said of them.
#[derive(Args)]
pub(crate) struct SpecArguments {
    /// Print a line for each executed row.
    #[arg(long)]
    rows: bool,
    /// Run only cases whose file, rows or title have this in them, or one of several texts between `|`; the other rows then
    /// count as missing.
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
}

/// The documents that the project was asked to implement, by the letters of their rows.
const SEEDS: [(&str, &str); 4] = [
    ("SI", "IBM Verify, POST /oauth2/par"),
    ("SU", "Autional, POST /oauth/pushed-authorization"),
    ("SP", "PingOne, POST /{envID}/as/par (CLIENT_SECRET_POST)"),
    ("SA", "Authlete, POST /api/{serviceId}/pushed_auth_req, and the page of its Ruby SDK"),
];

/// Runs the cases and prints the report.
pub(crate) fn run(repository: &Repository, arguments: &SpecArguments) -> Result<(), String> {
    let (report, outcome) = report(repository, arguments.only.as_deref().unwrap_or_default())?;
    print(&report, arguments);
    let failures = failures(&report, arguments);
    if failures.is_empty() { outcome } else { Err(failures.join("; ")) }
}

/// Runs the cases of the vendors' documents and prints a line for each thing that they say.
pub(crate) fn seeds(repository: &Repository) -> Result<(), String> {
    // By their rows: a fault of the server is shown where its store is taken away.
    let rows = SEEDS.map(|(letters, _)| format!("{letters}-")).join("|");
    let (report, outcome) = report(repository, &rows)?;
    let only = SpecArguments { rows: true, only: Some(rows) };
    let executed = members(&report, "executed");
    let deferred = members(&report, "deferred");
    for (letters, document) in SEEDS {
        headline(document);
        for (id, row) in executed.iter().filter(|(id, _)| group(id) == letters) {
            println!("      {id:<6} {}", text(row, "about"));
            let (passing, refused) = (count(row, "passing"), count(row, "refused"));
            println!("             {passing} passing, {refused} refused: {}", texts(row, "shown_by").join("; "));
            let fields = texts(row, "fields").join(", ");
            if !fields.is_empty() {
                println!("             a case fails without {fields}");
            }
        }
        for (id, why) in deferred.iter().filter(|(id, _)| group(id) == letters) {
            println!("      {id:<6} {}", why.as_str().unwrap_or_default());
        }
    }
    print_cases("Wrong", &report, "wrong");
    let missing =
        texts(&report, "missing").into_iter().filter(|id| SEEDS.iter().any(|(letters, _)| group(id) == *letters));
    let missing: Vec<String> = missing.collect();
    let mut failures = failures(&report, &only);
    if !missing.is_empty() {
        failures.push(format!("nothing shows {}", missing.join(" ")));
    }
    if failures.is_empty() { outcome } else { Err(failures.join("; ")) }
}

/// Runs the cases whose file, rows or title have `only` in them; gives what came of them, and whether all came out right.
fn report(repository: &Repository, only: &str) -> Result<(Value, Result<(), String>), String> {
    suite::build(repository, &["parhelion"])?;
    let path = repository.target().join("spec-report.json");
    // A report of an earlier run must not stand for this one.
    let _ = fs::remove_file(&path);
    let mut test = suite::cargo(repository, &["test"], &["--quiet", "--test", "spec"], Extent::Fast);
    test.env("PARHELION_BIN", repository.release_binary("parhelion"));
    test.env("PARHELION_SPEC", only);
    let outcome = must(&mut test);
    let text = fs::read_to_string(&path).map_err(|error| format!("no report: {error}"))?;
    let report = serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok((report, outcome))
}

fn print(report: &Value, arguments: &SpecArguments) {
    let executed = members(report, "executed");
    headline("Executed");
    if arguments.rows {
        for (id, row) in &executed {
            println!(
                "      {id:<6} {:>3} passing {:>3} refused  {}",
                count(row, "passing"),
                count(row, "refused"),
                text(row, "about")
            );
        }
    }
    let mut groups: BTreeMap<String, (u64, u64, u64)> = BTreeMap::new();
    for (id, row) in &executed {
        let (rows, passing, refused) = groups.entry(group(id)).or_default();
        *rows = rows.saturating_add(1);
        *passing = passing.saturating_add(count(row, "passing"));
        *refused = refused.saturating_add(count(row, "refused"));
    }
    println!("      {:<6} {:>5} {:>9} {:>9}", "group", "rows", "passing", "refused");
    for (name, (rows, passing, refused)) in &groups {
        println!("      {name:<6} {rows:>5} {passing:>9} {refused:>9}");
    }
    let partly =
        by_reason(executed.iter().filter_map(|(id, row)| Some((id.clone(), row.get("partly")?.as_str()?.to_owned()))));
    list("Executed in part", &partly);
    list(
        "Deferred",
        &by_reason(
            members(report, "deferred").into_iter().map(|(id, why)| (id, why.as_str().unwrap_or_default().to_owned())),
        ),
    );
    for (title, key) in [("Known to be wrong", "known_wrong"), ("Wrong", "wrong")] {
        print_cases(title, report, key);
    }
    for (title, key) in [
        ("Missing", "missing"),
        ("Disorder in the data", "disorder"),
        ("Turned round, and nobody noticed", "unnoticed_flips"),
        ("Taken out, and nobody missed it", "unmissed_fields"),
    ] {
        let lines = texts(report, key);
        let left_out = key == "missing" && arguments.only.is_some();
        if !lines.is_empty() && !left_out {
            headline(title);
            lines.iter().for_each(|line| println!("      {line}"));
        }
    }
    headline(&format!(
        "{} rows: {} executed by {} cases with {} requests, {} deferred, {} missing",
        report.get("rows_known").and_then(Value::as_u64).unwrap_or_default(),
        executed.len(),
        report.get("cases").and_then(Value::as_u64).unwrap_or_default(),
        report.get("requests").and_then(Value::as_u64).unwrap_or_default(),
        members(report, "deferred").len(),
        texts(report, "missing").len(),
    ));
}

fn failures(report: &Value, arguments: &SpecArguments) -> Vec<String> {
    let mut keys = vec![
        ("wrong", "wrong outcomes"),
        ("unnoticed_flips", "expectations that prove nothing"),
        ("unmissed_fields", "fields that no case needs"),
    ];
    if arguments.only.is_none() {
        keys.extend([("missing", "missing rows"), ("disorder", "complaints about the data")]);
    }
    let count = |key: &str| report.get(key).and_then(Value::as_array).map_or(0, Vec::len);
    keys.into_iter().filter(|(key, _)| count(key) > 0).map(|(key, what)| format!("{} {what}", count(key))).collect()
}

fn print_cases(title: &str, report: &Value, key: &str) {
    let cases: Vec<&Value> = report.get(key).and_then(Value::as_array).into_iter().flatten().collect();
    if cases.is_empty() {
        return;
    }
    headline(title);
    for case in cases {
        println!("      {} ({}): {}", text(case, "file"), texts(case, "rows").join(" "), text(case, "title"));
        match case.get("finding").and_then(Value::as_str) {
            Some(finding) => println!("            {finding}"),
            None => texts(case, "complaints").iter().for_each(|complaint| println!("            {complaint}")),
        }
    }
}

fn list(title: &str, reasons: &BTreeMap<String, Vec<String>>) {
    if reasons.is_empty() {
        return;
    }
    headline(title);
    for (reason, rows) in reasons {
        println!("      {}\n            {reason}", rows.join(" "));
    }
}

fn by_reason(rows: impl Iterator<Item = (String, String)>) -> BTreeMap<String, Vec<String>> {
    let mut reasons: BTreeMap<String, Vec<String>> = BTreeMap::new();
    rows.for_each(|(id, reason)| reasons.entry(reason).or_default().push(id));
    reasons
}

/// The letters of an id; for requirements also the hundred or the ten that their table begins with.
fn group(id: &str) -> String {
    let (letters, number) = id.split_once('-').unwrap_or((id, ""));
    let number: u32 = number.parse().unwrap_or_default();
    let table = match (letters, number) {
        ("N", 0..=19) => "1A",
        ("N", 20..=49) => "1B",
        ("N", 50..=79) => "1C",
        ("N", 80..=99) => "1D",
        ("N", 100..=119) => "1E",
        ("N", 120..=149) => "1F",
        ("N", 150..=169) => "1G",
        ("N", _) => "1H",
        _ => return letters.to_owned(),
    };
    format!("N {table}")
}

fn members(value: &Value, key: &str) -> Map<String, Value> {
    value.get(key).and_then(Value::as_object).cloned().unwrap_or_default()
}

fn texts(value: &Value, key: &str) -> Vec<String> {
    let items = value.get(key).and_then(Value::as_array).into_iter().flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn count(value: &Value, key: &str) -> u64 {
    value.get(key).and_then(Value::as_u64).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_wrong_or_missing_fails_the_command() {
        let all = SpecArguments { rows: false, only: None };
        let some = SpecArguments { rows: false, only: Some("x".to_owned()) };
        let report = json!({ "wrong": [], "missing": ["N-01"], "disorder": [], "unnoticed_flips": [] });
        assert_eq!(failures(&report, &all), ["1 missing rows"]);
        assert!(failures(&report, &some).is_empty(), "a part of the rows leaves the others out");
        let report = json!({ "wrong": [{}], "missing": [], "disorder": ["x"], "unnoticed_flips": ["y"] });
        assert_eq!(failures(&report, &all).len(), 3);
        assert_eq!(failures(&report, &some).len(), 2);
    }

    #[test]
    fn rows_are_grouped_by_their_tables() {
        let groups = ["N-01", "N-35", "N-64", "N-120", "N-177", "HT-05"].map(group);
        assert_eq!(groups, ["N 1A", "N 1B", "N 1C", "N 1F", "N 1H", "HT"]);
    }
}
