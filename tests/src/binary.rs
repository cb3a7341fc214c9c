//! The binary under test: found once, or built once.

use std::env;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// The `parhelion` executable.
#[derive(Debug)]
pub struct Binary;

impl Binary {
    /// `PARHELION_BIN` if set; else the release build, or what is shipped where the caller was built so itself, which is
    /// brought up to date first (once in a process).
    ///
    /// # Panics
    /// When the build fails.
    pub fn path() -> &'static Path {
        static PATH: OnceLock<PathBuf> = OnceLock::new();
        PATH.get_or_init(|| env::var_os("PARHELION_BIN").map_or_else(build, PathBuf::from))
    }

    /// What `parhelion hash-password` makes of a password.
    ///
    /// # Panics
    /// When the command fails.
    #[must_use]
    pub fn hash_password(password: &str) -> String {
        let mut child = Command::new(Self::path())
            .arg("hash-password")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("hash-password starts");
        child.stdin.take().unwrap().write_all(password.as_bytes()).expect("the password is read");
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "hash-password ended with {}", output.status);
        String::from_utf8(output.stdout).expect("a hash is text").trim().to_owned()
    }
}

fn build() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    // As `packaging/release.sh` builds it, or with the features that all tests have, so that nothing is compiled twice.
    let (profile, package) = if is_shipped() {
        ("dist", ["--package", "parhelion-server"].as_slice())
    } else {
        ("release", ["--workspace"].as_slice())
    };
    let status = Command::new(cargo)
        .args(["build", "--quiet", "--profile", profile, "--bin", "parhelion"])
        .args(package)
        .current_dir(root)
        .status()
        .expect("cargo starts");
    assert!(status.success(), "the server does not build");
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |folder| root.join(folder));
    target.join(profile).join("parhelion")
}

/// Whether this program was built in the profile of what is shipped: what is measured with it should be, too.
fn is_shipped() -> bool {
    let program = env::current_exe().unwrap_or_default();
    program.parent().is_some_and(|folder| folder.ends_with("dist"))
}
