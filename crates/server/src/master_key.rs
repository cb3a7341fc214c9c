//! The data folder and the master key in it, by which everything else that is secret is wrapped.
#![allow(clippy::disallowed_methods, reason = "this is where the master key file is read and written")]

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use parhelion_engine::ports::Entropy;
use zeroize::Zeroizing;

/// 32 random bytes.
pub type MasterKey = Zeroizing<[u8; 32]>;

/// Its file in the data folder.
pub const FILE_NAME: &str = "master.key";

/// Why there is no master key.
#[derive(Debug)]
pub enum MasterKeyFault {
    /// The operating system refused.
    Io(PathBuf, io::Error),
    /// Others than the owner may read the file.
    Readable(PathBuf, u32),
    /// The file does not hold 32 bytes.
    Length(PathBuf, usize),
    /// There was no randomness to make one.
    Entropy,
}

impl std::fmt::Display for MasterKeyFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Io(path, error) => write!(f, "{}: {error}", path.display()),
            Self::Readable(path, mode) => {
                let path = path.display();
                write!(f, "{path}: others may read the master key (mode {mode:03o}); run: chmod 600 {path}")
            }
            Self::Length(path, length) => write!(
                f,
                "{}: the master key has {length} bytes, not 32; put the right file back from a backup \
                 (an empty file of a first start that was cut off may be removed)",
                path.display()
            ),
            Self::Entropy => f.write_str("the operating system gives no randomness"),
        }
    }
}

impl std::error::Error for MasterKeyFault {}

/// Makes the data folder, mode 0700, where it is missing.
///
/// # Errors
/// [`MasterKeyFault::Io`].
pub fn make_folder(folder: &Path) -> Result<(), MasterKeyFault> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|error| MasterKeyFault::Io(folder.to_owned(), error))
}

/// Reads the master key of a data folder; makes it, durably and mode 0600, where there is none.
///
/// # Errors
/// [`MasterKeyFault`].
pub fn open_or_make(folder: &Path, entropy: &dyn Entropy) -> Result<MasterKey, MasterKeyFault> {
    let path = folder.join(FILE_NAME);
    match open_existing(folder)? {
        Some(key) => Ok(key),
        None => make(folder, &path, entropy),
    }
}

/// Reads the master key of a data folder; nothing where there is none.
///
/// # Errors
/// [`MasterKeyFault`].
pub fn open_existing(folder: &Path) -> Result<Option<MasterKey>, MasterKeyFault> {
    match open(&folder.join(FILE_NAME)) {
        Err(MasterKeyFault::Io(_, error)) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        opened => opened.map(Some),
    }
}

fn open(path: &Path) -> Result<MasterKey, MasterKeyFault> {
    let io = |error| MasterKeyFault::Io(path.to_owned(), error);
    let mut file = File::open(path).map_err(io)?;
    let mode = file.metadata().map_err(io)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(MasterKeyFault::Readable(path.to_owned(), mode));
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(64));
    Read::by_ref(&mut file).take(64).read_to_end(&mut bytes).map_err(io)?;
    let key = <[u8; 32]>::try_from(bytes.as_slice()).map(Zeroizing::new);
    key.map_err(|_| MasterKeyFault::Length(path.to_owned(), bytes.len()))
}

fn make(folder: &Path, path: &Path, entropy: &dyn Entropy) -> Result<MasterKey, MasterKeyFault> {
    let io = |error| MasterKeyFault::Io(path.to_owned(), error);
    let mut key = Zeroizing::new([0; 32]);
    entropy.fill(&mut *key).map_err(|_| MasterKeyFault::Entropy)?;
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(io)?;
    file.write_all(&*key).map_err(io)?;
    file.sync_all().map_err(io)?;
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(io)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use parhelion_testkit::{SeededEntropy, TemporaryDirectory};

    #[test]
    fn key_is_made_once_for_its_owner_only() {
        let directory = TemporaryDirectory::new();
        let folder = directory.path().join("a/b");
        make_folder(&folder).unwrap();
        let made = open_or_make(&folder, &SeededEntropy::new(1)).unwrap();
        let again = open_or_make(&folder, &SeededEntropy::new(2)).unwrap();
        assert_eq!(*made, *again);
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&folder), mode(&folder.join(FILE_NAME))), (0o700, 0o600));
    }

    #[test]
    fn key_that_others_may_read_is_refused_with_the_remedy() {
        let directory = TemporaryDirectory::new();
        open_or_make(directory.path(), &SeededEntropy::new(1)).unwrap();
        let path = directory.path().join(FILE_NAME);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        let fault = open_or_make(directory.path(), &SeededEntropy::new(1)).unwrap_err().to_string();
        assert!(fault.contains("mode 640") && fault.contains("chmod 600"), "{fault}");
    }

    #[test]
    fn key_of_another_length_is_refused_and_not_replaced() {
        let directory = TemporaryDirectory::new();
        let path = directory.path().join(FILE_NAME);
        for length in [0, 31, 33, 100] {
            std::fs::write(&path, vec![7; length]).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
            let fault = open_or_make(directory.path(), &SeededEntropy::new(1)).unwrap_err();
            assert!(matches!(fault, MasterKeyFault::Length(..)), "{length}");
            assert_eq!(std::fs::read(&path).unwrap().len(), length);
        }
    }
}
