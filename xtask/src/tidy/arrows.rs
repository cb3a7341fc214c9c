//! Which of our crates may know which, and which foreign crates may enter which room.

use super::manifest::Manifest;

/// One room of the house.
struct Room {
    name: &'static str,
    /// Our crates that it may depend on; nothing else of ours.
    may_know: &'static [&'static str],
    /// Foreign crates that must not enter.
    shut_out: &'static [&'static str],
}

/// Sockets, files, databases, randomness and the clock: the edge's business.
const OUTSIDE_WORLD: &[&str] = &[
    "async-std",
    "axum",
    "chrono",
    "deadpool-postgres",
    "diesel",
    "getrandom",
    "h2",
    "hyper",
    "hyper-util",
    "jiff",
    "libc",
    "mio",
    "postgres",
    "rand",
    "redb",
    "reqwest",
    "rusqlite",
    "rustix",
    "rustls",
    "smol",
    "socket2",
    "sqlx",
    "time",
    "tokio",
    "tokio-postgres",
    "tokio-rustls",
    "tower-http",
    "ureq",
];

/// What keeps records needs files and tasks, but no HTTP and no clock library.
const NOT_FOR_STORES: &[&str] = &["axum", "chrono", "hyper", "hyper-util", "jiff", "reqwest", "time", "tower-http"];

const HTTP_SERVERS: &[&str] = &["axum", "hyper", "hyper-util", "reqwest", "tower-http"];

/// `protocol <- engine <- dialects <- server`; stores implement the engine's ports; nothing points back.
const ROOMS: [Room; 8] = [
    Room { name: "parhelion-jose", may_know: &[], shut_out: OUTSIDE_WORLD },
    Room { name: "parhelion-protocol", may_know: &["parhelion-jose"], shut_out: OUTSIDE_WORLD },
    Room { name: "parhelion-engine", may_know: &["parhelion-protocol", "parhelion-jose"], shut_out: OUTSIDE_WORLD },
    Room {
        name: "parhelion-dialects",
        may_know: &["parhelion-engine", "parhelion-protocol", "parhelion-jose"],
        shut_out: OUTSIDE_WORLD,
    },
    Room { name: "parhelion-stores", may_know: &["parhelion-engine"], shut_out: NOT_FOR_STORES },
    Room { name: "parhelion-pages", may_know: &[], shut_out: OUTSIDE_WORLD },
    Room {
        name: "parhelion-server",
        may_know: &[
            "parhelion-dialects",
            "parhelion-engine",
            "parhelion-jose",
            "parhelion-pages",
            "parhelion-protocol",
            "parhelion-stores",
        ],
        shut_out: &[],
    },
    Room {
        name: "parhelion-testkit",
        may_know: &["parhelion-engine", "parhelion-protocol", "parhelion-jose", "parhelion-stores"],
        shut_out: HTTP_SERVERS,
    },
];

/// Our packages that may know every room, because no room may know them.
const OUTSIDE_THE_HOUSE: [&str; 6] =
    ["parhelion-tests", "parhelion-bench", "parhelion-fuzz", "parhelion-huskarl-client", "parhelion-oracles", "xtask"];

/// What a room's own tests may use besides.
const FOR_TESTS_ONLY: [&str; 2] = ["parhelion-testkit", "parhelion-stores"];

/// Every arrow and every guest that does not belong.
pub(crate) fn complaints(manifests: &[Manifest]) -> Vec<String> {
    let mut complaints = Vec::new();
    for manifest in manifests {
        match ROOMS.iter().find(|room| room.name == manifest.name) {
            Some(room) => complaints.extend(judge(room, manifest)),
            None if OUTSIDE_THE_HOUSE.contains(&manifest.name.as_str()) => {}
            None => complaints.push(format!("{}: a new crate needs its row in the table of arrows", manifest.path)),
        }
    }
    complaints
}

fn judge(room: &Room, manifest: &Manifest) -> Vec<String> {
    let mut complaints = Vec::new();
    for dependency in &manifest.shipped {
        if is_ours(dependency) && !room.may_know.contains(&dependency.as_str()) {
            complaints.push(format!("{}: {} must not depend on {dependency}", manifest.path, room.name));
        }
        if room.shut_out.contains(&dependency.as_str()) {
            complaints.push(format!("{}: `{dependency}` has no place in {}", manifest.path, room.name));
        }
    }
    for dependency in &manifest.for_tests {
        let known = room.may_know.contains(&dependency.as_str()) || FOR_TESTS_ONLY.contains(&dependency.as_str());
        if is_ours(dependency) && !known {
            complaints.push(format!("{}: tests of {} must not depend on {dependency}", manifest.path, room.name));
        }
    }
    complaints
}

fn is_ours(dependency: &str) -> bool {
    dependency.starts_with("parhelion-") || dependency == "xtask"
}

#[cfg(test)]
mod tests {
    use super::super::manifest;
    use super::*;

    fn complaints_about(name: &str, dependencies: &str) -> Vec<String> {
        let text = format!("[package]\nname = \"{name}\"\n{dependencies}");
        complaints(&[manifest::read("Cargo.toml", &text).unwrap()])
    }

    #[test]
    fn an_arrow_that_points_back_is_refused() {
        assert_eq!(
            complaints_about("parhelion-protocol", "[dependencies]\nparhelion-engine.workspace = true\n"),
            ["Cargo.toml: parhelion-protocol must not depend on parhelion-engine"]
        );
    }

    #[test]
    fn an_allowed_arrow_is_silent() {
        let allowed = "[dependencies]\nparhelion-jose.workspace = true\nserde = \"1\"\n";
        assert!(complaints_about("parhelion-protocol", allowed).is_empty());
    }

    #[test]
    fn no_room_depends_on_the_tests_from_outside() {
        assert_eq!(complaints_about("parhelion-server", "[dependencies]\nparhelion-tests = \"*\"\n").len(), 1);
    }

    #[test]
    fn a_runtime_below_the_server_is_refused() {
        assert_eq!(
            complaints_about("parhelion-engine", "[dependencies]\ntokio.workspace = true\n"),
            ["Cargo.toml: `tokio` has no place in parhelion-engine"]
        );
    }

    #[test]
    fn tests_of_a_room_may_use_the_testkit_but_not_the_server() {
        assert!(complaints_about("parhelion-engine", "[dev-dependencies]\nparhelion-testkit = \"*\"\n").is_empty());
        assert_eq!(complaints_about("parhelion-engine", "[dev-dependencies]\nparhelion-server = \"*\"\n").len(), 1);
    }

    #[test]
    fn a_crate_without_a_row_is_refused() {
        assert_eq!(complaints_about("parhelion-attic", "").len(), 1);
    }
}
