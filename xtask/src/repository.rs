//! Where the repository is, which files belong to it and where its build products lie.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The work tree that this program was built from.
pub(crate) struct Repository {
    root: PathBuf,
}

impl Repository {
    /// The parent of the `xtask` folder.
    pub(crate) fn here() -> Self {
        let own_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        Self { root: own_folder.parent().unwrap_or(own_folder).to_path_buf() }
    }

    /// The npm project that holds the real clients.
    pub(crate) fn clients(&self) -> PathBuf {
        self.root.join("tests/clients")
    }

    /// Cargo's build folder, `CARGO_TARGET_DIR` honoured.
    pub(crate) fn target(&self) -> PathBuf {
        env::var_os("CARGO_TARGET_DIR").map_or_else(|| self.root.join("target"), |folder| self.root.join(folder))
    }

    /// A binary as the release profile builds it.
    pub(crate) fn release_binary(&self, name: &str) -> PathBuf {
        self.target().join("release").join(name)
    }

    /// A command that starts in the top folder.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root);
        command
    }

    /// The cargo that runs this program, started in the top folder.
    pub(crate) fn cargo(&self) -> Command {
        self.command(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
    }

    /// The files that git tracks or would track, relative to the top folder, in order.
    pub(crate) fn files(&self) -> Result<Vec<String>, String> {
        let output = self
            .command("git")
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .output()
            .map_err(|error| format!("git ls-files: {error}"))?;
        if !output.status.success() {
            return Err(format!("git ls-files: {}", String::from_utf8_lossy(&output.stderr).trim()));
        }
        let listing = String::from_utf8_lossy(&output.stdout);
        let mut files: Vec<String> =
            listing.split('\0').filter(|path| self.root.join(path).is_file()).map(String::from).collect();
        files.sort_unstable();
        files.dedup();
        Ok(files)
    }

    /// Where a file or folder of the repository lies.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    /// The text of one file; none if it is not text.
    pub(crate) fn text(&self, path: &str) -> Option<String> {
        fs::read_to_string(self.root.join(path)).ok()
    }
}
