//! A folder of one's own that vanishes with its owner, unless a test fails and somebody will want to look.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, fs, process, thread};

/// A new, empty folder below the system's temporary one.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Creates it. The purpose becomes part of the name.
    ///
    /// # Panics
    /// When it cannot be created.
    #[must_use]
    pub fn new(purpose: &str) -> Self {
        Self::below(&env::temp_dir(), purpose)
    }

    /// As [`Folder::new`], in memory where the system has a place for that: for what need not survive the machine, so
    /// that a disk which others keep busy tells nothing about the server.
    #[must_use]
    pub fn in_memory(purpose: &str) -> Self {
        let memory = Path::new("/dev/shm");
        if memory.is_dir() { Self::below(memory, purpose) } else { Self::new(purpose) }
    }

    fn below(place: &Path, purpose: &str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = place.join(format!("parhelion-{purpose}-{}-{number}", process::id()));
        // Left behind by an earlier process of the same id.
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("a folder for the test");
        Self { path }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("kept for a look: {}", self.path.display());
        } else {
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}
