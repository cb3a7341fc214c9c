//! The manifests of the workspace: read once, and held to the workspace's lint settings.

use toml::{Table, Value};

use super::Sources;

/// What the rules want to know of one package.
pub(crate) struct Manifest {
    /// Path of the `Cargo.toml`.
    pub(crate) path: String,
    /// Package name.
    pub(crate) name: String,
    /// Names under `[dependencies]` and `[build-dependencies]`, target-specific ones included: what is shipped.
    pub(crate) shipped: Vec<String>,
    /// Names under `[dev-dependencies]`.
    pub(crate) for_tests: Vec<String>,
    inherits_lints: bool,
}

/// Every package of the workspace.
pub(crate) fn all(sources: &Sources) -> Result<Vec<Manifest>, String> {
    sources.matching(|path| path.ends_with("/Cargo.toml")).map(|(path, text)| read(path, text)).collect()
}

/// Packages that do not inherit the workspace's lints.
pub(crate) fn complaints(manifests: &[Manifest]) -> Vec<String> {
    let loose = manifests.iter().filter(|manifest| !manifest.inherits_lints);
    loose.map(|manifest| format!("{}: add `[lints] workspace = true`", manifest.path)).collect()
}

/// Reads one manifest.
pub(crate) fn read(path: &str, text: &str) -> Result<Manifest, String> {
    let table: Table = text.parse().map_err(|error| format!("{path}: {error}"))?;
    let name = table.get("package").and_then(|package| package.get("name")).and_then(Value::as_str);
    let mut shipped = Vec::new();
    let mut for_tests = Vec::new();
    let targets = table.get("target").and_then(Value::as_table).into_iter().flat_map(Table::values);
    for section in std::iter::once(&table).chain(targets.filter_map(Value::as_table)) {
        shipped.extend(dependencies(section, "dependencies"));
        shipped.extend(dependencies(section, "build-dependencies"));
        for_tests.extend(dependencies(section, "dev-dependencies"));
    }
    Ok(Manifest {
        path: path.to_owned(),
        name: name.ok_or_else(|| format!("{path}: no package name"))?.to_owned(),
        shipped,
        for_tests,
        inherits_lints: table.get("lints").and_then(|lints| lints.get("workspace")) == Some(&Value::Boolean(true)),
    })
}

/// The real package names: `alias = { package = "name" }` counts as `name`.
fn dependencies(section: &Table, kind: &str) -> Vec<String> {
    let entries = section.get(kind).and_then(Value::as_table).into_iter().flatten();
    entries.map(|(key, value)| value.get("package").and_then(Value::as_str).unwrap_or(key).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dependencies_of_every_section_are_read() {
        let text = r#"
            [package]
            name = "room"
            [dependencies]
            one.workspace = true
            alias = { package = "two", version = "1" }
            [build-dependencies]
            three = "1"
            [dev-dependencies]
            four = "1"
            [target.'cfg(unix)'.dependencies]
            five = "1"
        "#;
        let manifest = read("room/Cargo.toml", text).unwrap();
        assert_eq!(manifest.shipped, ["two", "one", "three", "five"]);
        assert_eq!(manifest.for_tests, ["four"]);
        assert_eq!(complaints(&[manifest]).len(), 1, "its lints are its own");
    }

    #[test]
    fn a_package_that_inherits_the_lints_is_fine() {
        let manifest = read("room/Cargo.toml", "[package]\nname = \"room\"\n[lints]\nworkspace = true\n").unwrap();
        assert!(complaints(&[manifest]).is_empty());
    }
}
