//! Every row of requirements and attacks by its id, and those that wait for a feature.

use std::collections::BTreeMap;

use toml::{Table, Value};

/// What is known of the rows beside the cases.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    /// Id and what it is about.
    pub all: BTreeMap<String, String>,
    /// Fields that a row is about: were one not read, a case of the row would come out otherwise.
    pub fields: BTreeMap<String, Vec<String>>,
    /// Rows that no case stands for yet, and why.
    pub deferred: BTreeMap<String, String>,
    /// Rows of which a part is not executed yet, and why.
    pub partly: BTreeMap<String, String>,
    /// Titles of cases that come out wrong because the server is wrong, and what is wrong.
    pub known_wrong: Vec<KnownWrong>,
}

/// A fault of the server that was found and not yet mended.
#[derive(Clone, Debug)]
pub struct KnownWrong {
    /// The file of the case.
    pub file: String,
    /// How the case's title begins.
    pub title: String,
    /// What is wrong.
    pub finding: String,
}

impl Rows {
    /// Reads `rows.toml`, `seeds.toml`, `deferred.toml` and `known_wrong.toml`.
    ///
    /// # Panics
    /// When they are not what they should be.
    #[must_use]
    pub fn read() -> Self {
        let deferred = table(include_str!("../../spec/deferred.toml"));
        let mut all = pairs(&table(include_str!("../../spec/rows.toml")), "rows");
        let seeds = table(include_str!("../../spec/seeds.toml"));
        all.extend(pairs(&seeds, "rows"));
        let rows = Self {
            all,
            fields: lists(&seeds, "fields"),
            deferred: reasons(&deferred, "deferred"),
            partly: reasons(&deferred, "partly"),
            known_wrong: known_wrong(&table(concat!(
                include_str!("../../spec/known_wrong.toml"),
                include_str!("../../spec/known_wrong_attacks.toml")
            ))),
        };
        let mut named = rows.deferred.keys().chain(rows.partly.keys()).chain(rows.fields.keys());
        assert_eq!(named.find(|id| !rows.all.contains_key(*id)), None, "something is said of a row that is not known");
        rows
    }
}

fn table(text: &str) -> Table {
    text.parse().expect("a data file of tests/spec")
}

fn pairs(table: &Table, name: &str) -> BTreeMap<String, String> {
    let rows = table.get(name).and_then(Value::as_table).expect("a table of rows");
    let pair = |(id, text): (&String, &Value)| (id.clone(), text.as_str().expect("text").to_owned());
    rows.iter().map(pair).collect()
}

fn lists(table: &Table, name: &str) -> BTreeMap<String, Vec<String>> {
    let lists = table.get(name).and_then(Value::as_table).expect("a table of lists");
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let list =
        |(id, list): (&String, &Value)| (id.clone(), list.as_array().expect("a list").iter().map(text).collect());
    lists.iter().map(list).collect()
}

/// `[[name]]` with a reason for many rows, so that a feature is named once.
fn reasons(table: &Table, name: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for entry in table.get(name).and_then(Value::as_array).into_iter().flatten() {
        let reason = entry.get("reason").and_then(Value::as_str).expect("a reason");
        for id in entry.get("rows").and_then(Value::as_array).expect("rows") {
            let id = id.as_str().expect("an id").to_owned();
            assert!(found.insert(id.clone(), reason.to_owned()).is_none(), "{id} stands twice");
        }
    }
    found
}

fn known_wrong(table: &Table) -> Vec<KnownWrong> {
    let entries = table.get("known_wrong").and_then(Value::as_array).into_iter().flatten();
    let text = |entry: &Value, key: &str| {
        entry.get(key).and_then(Value::as_str).unwrap_or_else(|| panic!("known_wrong.toml: no {key}")).to_owned()
    };
    entries
        .map(|entry| KnownWrong {
            file: text(entry, "file"),
            title: text(entry, "title"),
            finding: text(entry, "finding"),
        })
        .collect()
}
