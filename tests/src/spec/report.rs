//! What a run found, for people and (`target/spec-report.json`) for programs.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;
use std::{env, fs};

use serde_json::json;

use super::rows::Rows;

/// How one case came out.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// Where it is.
    pub file: String,
    /// What it is about.
    pub title: String,
    /// The rows that it stands for.
    pub rows: Vec<String>,
    /// Whether it shows that something works, rather than that something is turned down.
    pub passing: bool,
    /// What came out otherwise than expected.
    pub complaints: Vec<String>,
    /// Expectations that could be turned into their opposite without anybody noticing.
    pub unnoticed: Vec<String>,
    /// Why it is known to come out wrong.
    pub finding: Option<String>,
    /// Requests that it sent.
    pub requests: usize,
    /// How long it took.
    pub took: Duration,
    /// Why it could not be tried on this machine.
    pub left_out: Option<String>,
}

/// A run.
#[derive(Clone, Debug)]
pub struct Report {
    /// Case by case, in the order in which they began.
    pub verdicts: Vec<Verdict>,
    /// Fields of rows that could be taken out of what is pushed without any case coming out otherwise.
    pub unmissed: Vec<String>,
    /// What is known of the rows.
    pub rows: Rows,
}

/// Keeps a text in the build folder, for whoever wants to look.
///
/// # Panics
/// When it cannot be written.
pub fn keep(name: &str, text: &str) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a work tree");
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |folder| root.join(folder));
    fs::create_dir_all(&target).expect("a target folder");
    fs::write(target.join(name), text).expect("a file in the target folder");
}

/// Cases of one row.
#[derive(Clone, Debug, Default)]
struct Tally {
    passing: usize,
    refused: usize,
    wrong: usize,
    known_wrong: usize,
    /// File and title, without the variant.
    shown_by: BTreeSet<String>,
}

impl Report {
    /// Rows that no case stands for and that are not deferred.
    #[must_use]
    pub fn missing(&self) -> Vec<String> {
        let executed = self.executed();
        let there = |id: &&String| !executed.contains_key(*id) && !self.rows.deferred.contains_key(*id);
        self.rows.all.keys().filter(there).cloned().collect()
    }

    /// What is wrong with the data itself.
    #[must_use]
    pub fn disorder(&self) -> Vec<String> {
        let executed = self.executed();
        let unknown = executed.keys().filter(|id| !self.rows.all.contains_key(*id)).map(|id| format!("{id} is no row"));
        let both = self.rows.deferred.keys().filter(|id| executed.contains_key(*id));
        let both = both.map(|id| format!("{id} is deferred and executed"));
        let partly = self.rows.partly.keys().filter(|id| !executed.contains_key(*id));
        let partly = partly.map(|id| format!("{id} is said to be partly executed and is not"));
        let stale = self.verdicts.iter().filter(|verdict| verdict.finding.is_some() && verdict.complaints.is_empty());
        let stale = stale.map(|verdict| format!("{}: `{}` is no longer wrong", verdict.file, verdict.title));
        let titles = self.rows.known_wrong.iter().filter(|known| {
            let same = |verdict: &Verdict| verdict.file == known.file && verdict.title.starts_with(&known.title);
            !self.verdicts.iter().any(same)
        });
        let titles = titles.map(|known| format!("no case of {} is called `{}`", known.file, known.title));
        let mut seen = BTreeSet::new();
        let twice = self.verdicts.iter().filter(|verdict| !seen.insert((&verdict.file, &verdict.title)));
        let twice = twice.map(|verdict| format!("{}: `{}` stands twice", verdict.file, verdict.title));
        unknown.chain(both).chain(partly).chain(stale).chain(titles).chain(twice).collect()
    }

    /// Cases that came out otherwise than expected, and are not known to.
    pub fn wrong(&self) -> impl Iterator<Item = &Verdict> {
        self.verdicts.iter().filter(|verdict| !verdict.complaints.is_empty() && verdict.finding.is_none())
    }

    /// Flipped expectations that nobody noticed.
    #[must_use]
    pub fn unnoticed(&self) -> Vec<String> {
        let of = |verdict: &Verdict| {
            let name = format!("{}: `{}`", verdict.file, verdict.title);
            verdict.unnoticed.iter().map(move |what| format!("{name}: {what}")).collect::<Vec<_>>()
        };
        self.verdicts.iter().flat_map(of).collect()
    }

    /// Writes it where `cargo xtask spec` looks for it, and says aloud what could not be tried on this machine.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn write(&self) {
        for line in self.verdicts.iter().filter_map(left_out) {
            // Not by a macro: what a test prints is shown only when it fails.
            let _ = writeln!(io::stderr(), "{line}");
        }
        keep("spec-report.json", &format!("{:#}\n", self.as_json()));
    }

    fn as_json(&self) -> serde_json::Value {
        let rows: serde_json::Map<_, _> = self
            .executed()
            .into_iter()
            .map(|(id, tally)| {
                let Tally { passing, refused, wrong, known_wrong, shown_by } = tally;
                let about = self.rows.all.get(&id).cloned().unwrap_or_default();
                let partly = self.rows.partly.get(&id);
                let row = json!({
                    "about": about, "passing": passing, "refused": refused, "wrong": wrong,
                    "known_wrong": known_wrong, "partly": partly, "shown_by": shown_by,
                    "fields": self.rows.fields.get(&id),
                });
                (id, row)
            })
            .collect();
        let wrong: Vec<_> = self.wrong().map(told).collect();
        let mut slowest: Vec<&Verdict> = self.verdicts.iter().collect();
        slowest.sort_by_key(|verdict| std::cmp::Reverse(verdict.took));
        let slowest: Vec<_> = slowest.into_iter().take(20).map(how_long).collect();
        let known: Vec<_> = self.verdicts.iter().filter(|verdict| verdict.finding.is_some()).map(told).collect();
        json!({
            "rows_known": self.rows.all.len(),
            "cases": self.verdicts.len(),
            "requests": self.verdicts.iter().map(|verdict| verdict.requests).sum::<usize>(),
            "executed": rows,
            "deferred": self.rows.deferred,
            "slowest": slowest,
            "missing": self.missing(),
            "wrong": wrong,
            "known_wrong": known,
            "left_out": self.verdicts.iter().filter_map(left_out).collect::<Vec<_>>(),
            "unnoticed_flips": self.unnoticed(),
            "unmissed_fields": self.unmissed,
            "disorder": self.disorder(),
        })
    }

    fn executed(&self) -> BTreeMap<String, Tally> {
        let mut rows: BTreeMap<String, Tally> = BTreeMap::new();
        for verdict in &self.verdicts {
            for id in &verdict.rows {
                let tally = rows.entry(id.clone()).or_default();
                if verdict.left_out.is_some() {
                    continue;
                }
                let title = verdict.title.split_once(" [").map_or(verdict.title.as_str(), |(title, _)| title);
                tally.shown_by.insert(format!("{}: {title}", verdict.file));
                if verdict.passing {
                    tally.passing += 1;
                } else {
                    tally.refused += 1;
                }
                match (verdict.complaints.is_empty(), &verdict.finding) {
                    (true, _) => {}
                    (false, None) => tally.wrong += 1,
                    (false, Some(_)) => tally.known_wrong += 1,
                }
            }
        }
        rows
    }
}

/// A case that could not be tried, and why.
fn left_out(verdict: &Verdict) -> Option<String> {
    let why = verdict.left_out.as_ref()?;
    Some(format!("LEFT OUT {} ({}): {}: {why}", verdict.file, verdict.rows.join(" "), verdict.title))
}

fn how_long(verdict: &Verdict) -> serde_json::Value {
    json!({ "file": verdict.file, "title": verdict.title, "seconds": verdict.took.as_secs_f64() })
}

fn told(verdict: &Verdict) -> serde_json::Value {
    json!({
        "file": verdict.file, "title": verdict.title, "rows": verdict.rows, "complaints": verdict.complaints,
        "finding": verdict.finding,
    })
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for verdict in self.wrong() {
            writeln!(f, "WRONG {} ({}): {}", verdict.file, verdict.rows.join(" "), verdict.title)?;
            for complaint in &verdict.complaints {
                writeln!(f, "      {complaint}")?;
            }
        }
        for line in self.disorder() {
            writeln!(f, "DATA  {line}")?;
        }
        for line in &self.unmissed {
            writeln!(f, "FIELD {line}")?;
        }
        let missing = self.missing();
        if !missing.is_empty() {
            writeln!(f, "MISSING {}", missing.join(" "))?;
        }
        let (cases, rows) = (self.verdicts.len(), self.executed().len());
        write!(f, "{cases} cases for {rows} rows; {} rows deferred", self.rows.deferred.len())
    }
}
