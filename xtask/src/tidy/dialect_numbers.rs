//! No policy number stands in a dialect's source: bounds are in `limits`, what a vendor or tenant chose is in profiles.

use super::Sources;

/// What is held to it.
const DIALECTS: &str = "crates/dialects/src/";

/// Counts and positions of what is spelt.
const SMALL: u64 = 16;

/// File, number, and what it is: a vendor's form, and nobody's choice.
const KNOWN: [(&str, u64, &str); 2] = [
    ("authlete/numbers.rs", 53, "the integers of JavaScript have so many bits"),
    ("autional/admin_list.rs", 20, "so long is a page of a list that was asked for without a length"),
];

/// Every number that is neither small, nor an HTTP status, nor known.
pub(crate) fn complaints(sources: &Sources) -> Vec<String> {
    let sources = sources.matching(|path| path.starts_with(DIALECTS) && path.ends_with(".rs"));
    sources.flat_map(|(path, text)| of_file(path, text)).collect()
}

fn of_file(path: &str, text: &str) -> Vec<String> {
    let lines = (1_usize..).zip(text.lines().take_while(|line| line.trim() != "#[cfg(test)]"));
    let numbers = lines.flat_map(|(line, text)| numbers(text).into_iter().map(move |number| (line, number)));
    let unknown = numbers.filter(|(_, number)| {
        let is_status = (100..600).contains(number);
        let is_known = KNOWN.iter().any(|(file, known, _)| path.ends_with(file) && known == number);
        *number > SMALL && !is_status && !is_known
    });
    unknown.map(|(line, number)| format!("{path}:{line}: {number} belongs in `limits` or in a profile")).collect()
}

/// The integers of a line, outside of texts and comments.
fn numbers(line: &str) -> Vec<u64> {
    let mut code = String::new();
    for (at, part) in line.replace("\\\"", "").split('"').enumerate() {
        code.push(' ');
        code.push_str(if at % 2 == 0 { part } else { "" });
    }
    let code = code.split("//").next().unwrap_or_default();
    let words = code.split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '.');
    let digits = words.flat_map(|word| word.split("..")).filter(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    digits.filter_map(integer).collect()
}

fn integer(word: &str) -> Option<u64> {
    let plain = word.replace('_', "");
    let end = plain.find(|c: char| !c.is_ascii_digit()).unwrap_or(plain.len());
    plain.get(..end)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn about(path: &str, line: &str) -> usize {
        complaints(&Sources::made_of(&[(path, &format!("//! a\n{line}\n"))])).len()
    }

    #[test]
    fn a_lifetime_in_a_dialect_is_found() {
        for line in ["let s = 3600;", "const MAX: u32 = 1_800;", "if n > 64 {", "(0..=90)", "x(30u32)", "json!(1800)"] {
            assert_eq!(about("crates/dialects/src/vendor.rs", line), 1, "{line}");
            assert_eq!(about("crates/engine/src/vendor.rs", line), 0, "{line}");
        }
    }

    #[test]
    fn statuses_positions_texts_and_what_is_known_are_not() {
        for line in [
            "500.. => 404,",
            "[u8; 16]",
            "\"A900202\", \"3600\"",
            "// 3600 s",
            "\"say \\\"3600\\\"\"",
            "sha256(u32::MAX)",
        ] {
            assert_eq!(about("crates/dialects/src/vendor.rs", line), 0, "{line}");
        }
        assert_eq!(about("crates/dialects/src/authlete/numbers.rs", "1 << 53"), 0);
        assert_eq!(about("crates/dialects/src/vendor.rs", "#[cfg(test)]\nlet s = 3600;"), 0);
    }
}
