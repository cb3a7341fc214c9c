//! Every deviation that a dialect's page names, and every choice of the standard one's, is shown by a test that exists, as
//! `tests/dialects` says.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::fs;
use std::path::Path;

use toml::Table;

/// The dialects with such a list, and what stands above it.
const DIALECTS: [(&str, &str); 5] = [
    ("authlete", DEVIATIONS),
    ("autional", DEVIATIONS),
    ("ibm-verify", DEVIATIONS),
    ("pingone", DEVIATIONS),
    ("standard", "## Where specifications leave a choice"),
];

const DEVIATIONS: &str = "## Deviations";

fn text(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Points and what shows them, in the order of the list.
fn shown(dialect: &str) -> Vec<(String, String)> {
    let list: Table = text(&format!("tests/dialects/{dialect}.toml")).parse().unwrap();
    let of = |row: &Table, name: &str| row[name].as_str().unwrap().to_owned();
    let rows = list["deviation"].as_array().unwrap().iter().map(|row| row.as_table().unwrap());
    rows.map(|row| (of(row, "point"), of(row, "shown_by"))).collect()
}

#[test]
fn every_deviation_of_a_page_has_a_test_that_shows_it() {
    for (dialect, heading) in DIALECTS {
        let page = text(&format!("docs/dialects/{dialect}.md"));
        let (_, table) = page.split_once(heading).unwrap();
        let rows = table.lines().filter_map(|line| line.strip_prefix("| ")).skip(1);
        let points: Vec<_> = rows.map(|row| row.split(" |").next().unwrap().to_owned()).collect();
        let listed: Vec<_> = shown(dialect).into_iter().map(|(point, _)| point).collect();
        assert_eq!(points, listed, "{dialect}");
        assert!(points.len() > 5, "{dialect}: the table was not read");
    }
}

#[test]
fn every_test_that_shows_a_deviation_exists() {
    for (dialect, _) in DIALECTS {
        let golden = text(&format!("crates/dialects/tests/goldens/{dialect}.txt"));
        for (point, shown_by) in shown(dialect) {
            let exists = match shown_by.strip_prefix("case: ") {
                Some(case) => golden.lines().any(|line| line.strip_prefix("## ") == Some(case)),
                None => {
                    let (path, name) = shown_by.split_once("::").unwrap();
                    text(path).contains(&format!("fn {name}()"))
                }
            };
            assert!(exists, "{dialect}: {point}: {shown_by}");
        }
    }
}
