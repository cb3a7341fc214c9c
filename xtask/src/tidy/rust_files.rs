//! Rules for Rust files: a line that says what the file is for, a length one can read, names that say something,
//! nothing left open.

use super::Sources;

/// Lines before the tests; the house style asks for fewer.
const LONGEST_FILE: usize = 500;

/// A file that begins so is data, a row after a row, and as long as it has rows.
const TABLE: &str = "//! THE TABLE";

/// Names that say nothing about what is inside.
const EMPTY_NAMES: [&str; 7] = ["util", "utils", "helper", "helpers", "common", "manager", "managers"];

/// Written in two parts, so that this file does not contain them.
const LEFT_OPEN: [&str; 6] = [
    concat!("todo", "!("),
    concat!("unimplemented", "!("),
    concat!("dbg", "!("),
    concat!("#[", "ignore"),
    concat!("FIX", "ME"),
    concat!("XX", "X:"),
];

/// What every Rust file is held to.
pub(crate) fn complaints(sources: &Sources) -> Vec<String> {
    let rust = sources.matching(|path| path.ends_with(".rs") && !path.split('/').any(|part| part == "data"));
    let mut complaints = Vec::new();
    for (path, text) in rust {
        complaints.extend(opening(path, text));
        complaints.extend(length(path, text));
        complaints.extend(names(path, text));
        complaints.extend(left_open(path, text));
        complaints.extend(code_in_documentation(path, text));
    }
    complaints
}

fn opening(path: &str, text: &str) -> Option<String> {
    let fine = text.starts_with("//!") || path.ends_with("build.rs");
    (!fine).then(|| format!("{path}: begin with a `//!` line that says what the file is for"))
}

fn length(path: &str, text: &str) -> Option<String> {
    if path.ends_with("/tests.rs") {
        return None;
    }
    let lines = text.lines().take_while(|line| line.trim() != "#[cfg(test)]").count();
    let too_long = lines > LONGEST_FILE && !text.starts_with(TABLE);
    too_long.then(|| format!("{path}: {lines} lines before its tests; {LONGEST_FILE} are the most"))
}

fn names(path: &str, text: &str) -> Vec<String> {
    let of_path = path.trim_end_matches(".rs").split('/').filter(|part| EMPTY_NAMES.contains(part));
    let inline = text.lines().filter_map(module_name).filter(|name| EMPTY_NAMES.contains(name));
    of_path.chain(inline).map(|name| format!("{path}: `{name}` says nothing; name what is inside")).collect()
}

fn module_name(line: &str) -> Option<&str> {
    let (before, name) = line.split_once("mod ")?;
    let is_item = before.trim().is_empty() || before.trim_start().starts_with("pub");
    is_item.then(|| name.trim_end_matches([';', '{', ' ']))
}

fn left_open(path: &str, text: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        if let Some(word) = LEFT_OPEN.iter().find(|word| line.contains(**word)) {
            let number: usize = number;
            complaints.push(format!("{path}:{number}: `{word}` is unfinished business"));
        }
    }
    complaints
}

/// `cargo xtask test` leaves documentation tests out: each crate would be read once more to find none.
fn code_in_documentation(path: &str, text: &str) -> Vec<String> {
    let begins = |line: &str| {
        let line = line.trim_start();
        let documentation = line.strip_prefix("///").or_else(|| line.strip_prefix("//!"));
        documentation.is_some_and(|text| text.trim_start().starts_with("```"))
    };
    let lines = (1..).zip(text.lines()).filter(|(_, line)| begins(line));
    lines
        .map(|(number, _): (usize, _)| format!("{path}:{number}: nobody runs code in documentation; write a test"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints_about(path: &str, text: &str) -> Vec<String> {
        complaints(&Sources::made_of(&[(path, text)]))
    }

    #[test]
    fn a_file_that_does_not_say_what_it_is_for_is_found() {
        assert_eq!(complaints_about("crates/a/src/lib.rs", "fn main() {}\n").len(), 1);
        assert!(complaints_about("crates/a/build.rs", "fn main() {}\n").is_empty());
    }

    #[test]
    fn tests_do_not_count_towards_the_length() {
        let (short, long) = ("//! a\n".repeat(500), "//! a\n".repeat(501));
        assert!(complaints_about("a.rs", &format!("{short}#[cfg(test)]\n{long}")).is_empty());
        assert!(complaints_about("crates/a/src/jwe/tests.rs", &long).is_empty());
        assert_eq!(complaints_about("a.rs", &long).len(), 1);
        assert!(complaints_about("a.rs", &format!("//! THE TABLE of things\n{long}")).is_empty());
    }

    #[test]
    fn names_that_say_nothing_are_found() {
        assert_eq!(complaints_about("crates/a/src/utils.rs", "//! a\n").len(), 1);
        assert_eq!(complaints_about("crates/a/src/helpers/mod.rs", "//! a\n").len(), 1);
        assert_eq!(complaints_about("a.rs", "//! a\npub(crate) mod common {\n").len(), 1);
        assert!(complaints_about("a.rs", "//! a\n// the mod common to all\n").is_empty());
    }

    #[test]
    fn code_in_documentation_is_found_with_its_line() {
        let found = complaints_about("a.rs", "//! a\n/// ```\n/// f();\n/// ```\nfn f() {}\n");
        assert_eq!(found.len(), 2);
        assert!(found[0].starts_with("a.rs:2: "), "{found:?}");
    }

    #[test]
    fn unfinished_business_is_found_with_its_line() {
        let text = format!("//! a\nfn f() {{ {}) }}\n", concat!("todo", "!("));
        assert_eq!(complaints_about("a.rs", &text).len(), 1);
    }
}
