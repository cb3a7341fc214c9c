//! `tests/dialects/operations.toml` names every endpoint and every operation: what is new here is new there.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use parhelion_dialects::ALL;
use toml::{Table, Value};

/// Dialect, method, path below the mount, and how many segments stand behind it.
type Ask = (String, String, String, usize);

fn served() -> BTreeSet<Ask> {
    let mut served = BTreeSet::new();
    for dialect in ALL {
        let mut add = |methods: &[&str], path: &str, segments: usize| {
            for method in methods {
                served.insert((dialect.name().to_owned(), (*method).to_owned(), path.to_owned(), segments));
            }
        };
        for route in dialect.routes() {
            add(route.endpoint.methods(), route.path, usize::from(route.path.ends_with('/')));
        }
        for operation in dialect.operations() {
            add(operation.methods, operation.path, operation.segments);
        }
    }
    served
}

fn listed() -> BTreeSet<Ask> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/dialects/operations.toml");
    let list: Table = fs::read_to_string(path).unwrap().parse().unwrap();
    let text = |row: &Value, name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut listed = BTreeSet::new();
    for dialect in list["dialect"].as_array().unwrap() {
        let none = vec![Value::from("")];
        let bases = dialect.get("bases").and_then(Value::as_array).unwrap_or(&none);
        for row in dialect["cells"].as_array().unwrap() {
            let (ask, at) = (text(row, "ask"), text(row, "at"));
            let (method, path) = ask.split_once(' ').unwrap();
            let segments = if path.ends_with('/') { 1 } else { at.matches('/').count() };
            for base in bases.iter().filter_map(Value::as_str) {
                listed.insert((text(dialect, "name"), method.to_owned(), path.replace('*', base), segments));
            }
        }
    }
    listed
}

#[test]
fn every_operation_is_listed_with_the_places_where_it_takes_what_a_tenant_issued() {
    let (served, listed) = (served(), listed());
    let missing: Vec<_> = served.difference(&listed).collect();
    assert!(missing.is_empty(), "{missing:#?}");
    let gone: Vec<_> = listed.difference(&served).filter(|(_, _, path, _)| path != "/not/built").collect();
    assert!(gone.is_empty(), "{gone:#?}");
}
