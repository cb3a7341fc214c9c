//! Crates that must not be in Cargo.lock, and the oldest version that may be where an advisory is known.

use toml::{Table, Value};

/// A second provider of cryptography, or one with an unpatched timing leak (`rsa`, RUSTSEC-2023-0071).
const NOWHERE: [&str; 5] = ["native-tls", "openssl", "openssl-sys", "rsa", "rustls-pemfile"];

/// A second provider too; but Cargo writes into the lock file what a feature would only touch if it were there
/// (`ring?/alloc`), so `ring` itself says nothing and who depends on it does.
const RING: &str = "ring";
/// The one crate whose features touch `ring` without asking for it.
const TOUCHES_RING: &str = "rustls-webpki";

/// Crate, first version without the advisory.
const AT_LEAST: [(&str, [u64; 3]); 8] = [
    ("aws-lc-sys", [0, 39, 0]),
    ("bytes", [1, 11, 1]),
    ("h2", [0, 4, 16]),
    ("idna", [1, 0, 0]),
    ("rustls-webpki", [0, 103, 13]),
    ("time", [0, 3, 47]),
    ("tokio-postgres", [0, 7, 18]),
    ("tracing-subscriber", [0, 3, 20]),
];

/// What of the lock file must go or must be newer.
pub(crate) fn complaints(lock: &str) -> Result<Vec<String>, String> {
    let table: Table = lock.parse().map_err(|error| format!("Cargo.lock: {error}"))?;
    let packages = table.get("package").and_then(Value::as_array).ok_or("Cargo.lock lists no package")?;
    Ok(packages.iter().filter_map(judge).collect())
}

fn judge(package: &Value) -> Option<String> {
    let name = package.get("name")?.as_str()?;
    if NOWHERE.contains(&name) {
        return Some(format!("Cargo.lock: `{name}` must not be among the dependencies"));
    }
    let dependencies = package.get("dependencies").and_then(Value::as_array);
    if name != TOUCHES_RING && dependencies.is_some_and(|names| names.iter().any(|name| name.as_str() == Some(RING))) {
        return Some(format!("Cargo.lock: `{name}` brings `{RING}`, a second provider of cryptography"));
    }
    let (_, oldest) = AT_LEAST.iter().find(|(known, _)| *known == name)?;
    let version = package.get("version")?.as_str()?;
    match numbers(version) {
        Some(found) if found >= *oldest => None,
        Some(_) | None => {
            let oldest = oldest.map(|number| number.to_string()).join(".");
            Some(format!("Cargo.lock: {name} {version} has a known advisory; take {oldest} or newer"))
        }
    }
}

/// Major, minor and patch; a pre-release of a version counts as unreadable, which is refused.
fn numbers(version: &str) -> Option<[u64; 3]> {
    let release = version.split('+').next()?;
    let parts: Vec<u64> = release.split('.').map(str::parse).collect::<Result<_, _>>().ok()?;
    parts.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lock(name: &str, version: &str) -> String {
        format!("[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n")
    }

    #[test]
    fn a_version_before_the_fix_is_refused_and_the_fix_is_not() {
        assert_eq!(complaints(&lock("h2", "0.4.15")).unwrap().len(), 1);
        assert!(complaints(&lock("h2", "0.4.16")).unwrap().is_empty());
        assert!(complaints(&lock("h2", "0.5.0")).unwrap().is_empty());
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(complaints(&lock("bytes", "1.12.0")).unwrap().is_empty());
        assert_eq!(complaints(&lock("bytes", "1.9.0")).unwrap().len(), 1);
    }

    #[test]
    fn a_pre_release_of_the_fix_is_refused() {
        assert_eq!(complaints(&lock("time", "0.3.47-rc.1")).unwrap().len(), 1);
    }

    #[test]
    fn a_second_provider_of_cryptography_is_refused() {
        assert_eq!(complaints(&lock("rsa", "0.9.9")).unwrap().len(), 1);
        let using = |name| lock(name, "0.103.20") + "dependencies = [\"aws-lc-rs\", \"ring\"]\n";
        assert_eq!(complaints(&using("rustls")).unwrap().len(), 1);
        assert!(complaints(&using("rustls-webpki")).unwrap().is_empty());
    }
}
