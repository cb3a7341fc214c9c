//! Rules for every text file: no tabs, no trailing space, no registry's address, no unfinished business.

use super::Sources;

const TEXT: [&str; 13] =
    [".rs", ".toml", ".md", ".mjs", ".js", ".json", ".sh", ".html", ".css", ".yml", ".yaml", ".npmrc", ".ci/run"];

/// What every line of a text file is held to.
pub(crate) fn complaints(sources: &Sources) -> Vec<String> {
    let mut complaints = Vec::new();
    for (path, text) in sources.matching(is_written_by_us) {
        complaints.extend(layout(path, text));
    }
    for (path, text) in sources.matching(|_| true) {
        complaints.extend(forbidden(path, text, &registry_hosts(), "names a package registry's host"));
    }
    for (path, text) in sources.matching(|path| path.ends_with("package-lock.json")) {
        complaints.extend(forbidden(path, text, &["\"resolved\"".to_owned()], "records a download address"));
    }
    complaints
}

/// Inputs of tests are what they are: odd spaces in them may be the point.
fn is_written_by_us(path: &str) -> bool {
    TEXT.iter().any(|end| path.ends_with(end)) && !path.split('/').any(|part| part == "data" || part == "goldens")
}

fn layout(path: &str, text: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    for (number, line) in (1..).zip(text.split('\n')) {
        if line.contains('\t') {
            complaints.push(format!("{path}:{number}: a tab; indent with spaces"));
        }
        if line.ends_with([' ', '\r']) {
            complaints.push(format!("{path}:{number}: space at the end of the line"));
        }
    }
    if !text.is_empty() && !text.ends_with('\n') {
        complaints.push(format!("{path}: the last line does not end"));
    }
    complaints
}

fn forbidden(path: &str, text: &str, words: &[String], what: &str) -> Vec<String> {
    let lines = (1..).zip(text.lines());
    let bad = lines.filter(|(_, line)| words.iter().any(|word| line.contains(word)));
    bad.map(|(number, _): (usize, _)| format!("{path}:{number}: {what}")).collect()
}

/// Put together here, so that this file does not name them either.
fn registry_hosts() -> Vec<String> {
    let hosts: [&[&str]; 13] = [
        &["registry", "npmjs", "org"],
        &["registry", "yarnpkg", "com"],
        &["index", "crates", "io"],
        &["static", "crates", "io"],
        &["pypi", "org"],
        &["files", concat!("python", "hosted"), "org"],
        &["proxy", "golang", "org"],
        &["repo1", "maven", "org"],
        &["repo", "maven", "apache", "org"],
        &["deb", "debian", "org"],
        &["security", "debian", "org"],
        &["archive", "ubuntu", "com"],
        &["registry-1", "docker", "io"],
    ];
    hosts.iter().map(|parts| parts.join(".")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints_about(path: &str, text: &str) -> Vec<String> {
        complaints(&Sources::made_of(&[(path, text)]))
    }

    #[test]
    fn tabs_and_trailing_space_are_found_with_their_line() {
        assert_eq!(
            complaints_about("docs/a.md", "fine\n\tindented\nspace \n"),
            ["docs/a.md:2: a tab; indent with spaces", "docs/a.md:3: space at the end of the line"]
        );
    }

    #[test]
    fn a_last_line_without_its_end_is_found() {
        assert_eq!(complaints_about("docs/a.md", "fine"), ["docs/a.md: the last line does not end"]);
    }

    #[test]
    fn inputs_of_tests_may_hold_any_space() {
        assert!(complaints_about("tests/data/a.json", "{ }\t ").is_empty());
    }

    #[test]
    fn a_registry_address_is_found_even_in_inputs_of_tests() {
        let text = format!("see https://{}/x\n", registry_hosts().concat());
        assert_eq!(complaints_about("tests/data/a.json", &text).len(), 1);
    }

    #[test]
    fn a_download_address_in_the_npm_lock_is_found() {
        let lock = "{\n \"resolved\": \"https://example.org/a.tgz\"\n}\n";
        assert_eq!(complaints_about("tests/clients/package-lock.json", lock).len(), 1);
        assert!(complaints_about("tests/clients/package.json", lock).is_empty());
    }
}
