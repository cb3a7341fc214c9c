//! A directory that is gone when the test is.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// A new directory under the system's temporary one, removed with all it holds when dropped.
#[derive(Debug)]
pub struct TemporaryDirectory {
    path: PathBuf,
}

impl TemporaryDirectory {
    /// Makes the directory.
    ///
    /// # Panics
    /// When the system has no place for it.
    #[must_use]
    #[allow(clippy::panic)] // For tests only: without a place there is no test.
    pub fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("parhelion-test-{}-{number}", std::process::id()));
        match std::fs::create_dir(&path) {
            Ok(()) => Self { path },
            Err(error) => panic!("{}: {error}", path.display()),
        }
    }

    /// The path of `name` in it.
    #[must_use]
    pub fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The directory itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Default for TemporaryDirectory {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for TemporaryDirectory {
    fn drop(&mut self) {
        // What cannot be removed now is the system's to remove.
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_temporary_directory_is_its_own_and_goes_with_its_owner() {
        let (one, other) = (TemporaryDirectory::new(), TemporaryDirectory::new());
        assert_ne!(one.path(), other.path());
        let path = one.path().to_owned();
        std::fs::create_dir(one.join("inner")).unwrap();
        drop(one);
        assert!(!path.exists() && other.path().is_dir());
    }
}
