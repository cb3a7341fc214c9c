//! The file of the embedded store: creating it durably, opening it, and saying plainly why not.
#![allow(clippy::disallowed_methods)] // This is the room where the store's file is opened.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use redb::backends::FileBackend;
use redb::{
    Builder, Database, DatabaseError, ReadableDatabase, StorageBackend, StorageError, TableDefinition, TableError,
};

use super::record::{EXPIRY, FORMAT, FORMAT_KEY, FORMAT_VERSION, RECORDS, STATE};

/// How every redb file begins.
const MAGIC: [u8; 9] = *b"redb\x1A\x0A\xA9\x0D\x0A";

/// Why a store could not be opened or created. The text is for the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpenFault {
    /// The directory of the file does not exist.
    MissingDirectory(PathBuf),
    /// There is no such file.
    Missing(PathBuf),
    /// A new store was to be created where something is already.
    AlreadyThere(PathBuf),
    /// The file has no bytes.
    Empty(PathBuf),
    /// The file is something else.
    NotAStore(PathBuf),
    /// The file was written by a later release.
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format version.
        found: u32,
        /// The latest version this program knows.
        known: u32,
    },
    /// Another process, or another part of this one, has the file open.
    Locked(PathBuf),
    /// This user may not read and write the file, or not create one in its directory.
    PermissionDenied(PathBuf),
    /// The file is damaged.
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What was found.
        detail: String,
    },
    /// The operating system refused in another way.
    Io {
        /// The file.
        path: PathBuf,
        /// Its words.
        detail: String,
    },
}

impl fmt::Display for OpenFault {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MissingDirectory(path) => write!(to, "the directory of the store {} does not exist", path.display()),
            Self::Missing(path) => write!(to, "there is no store at {}", path.display()),
            Self::AlreadyThere(path) => write!(to, "{} exists already; a new store is not put over it", path.display()),
            Self::Empty(path) => {
                write!(to, "{} is empty, and a store never is; restore it, or remove it to begin anew", path.display())
            }
            Self::NotAStore(path) => write!(to, "{} is not a store of this server", path.display()),
            Self::Newer { path, found, known } => write!(
                to,
                "the store {} has format {found}, and this release knows formats up to {known}; use the later release",
                path.display()
            ),
            Self::Locked(path) => write!(to, "the store {} is in use by another process", path.display()),
            Self::PermissionDenied(path) => {
                write!(to, "this user may not read and write the store {}", path.display())
            }
            Self::Corrupt { path, detail } => {
                write!(to, "the store {} is damaged and has to be restored: {detail}", path.display())
            }
            Self::Io { path, detail } => write!(to, "the store {} cannot be opened: {detail}", path.display()),
        }
    }
}

impl std::error::Error for OpenFault {}

/// An opened file, and what the last commit left in it.
pub(super) struct OpenedFile {
    pub(super) database: Database,
    pub(super) last_version: u64,
    pub(super) latest_ms: i64,
}

/// Creates an empty store, readable by its owner alone. Under its name it appears complete and
/// durable, or not at all.
pub(super) fn create(path: &Path) -> Result<(), OpenFault> {
    if path.exists() {
        return Err(OpenFault::AlreadyThere(path.to_owned()));
    }
    let making = unique_neighbour(path);
    let made = write_empty(&making).and_then(|()| fs::hard_link(&making, path)).map_err(|error| io_fault(path, &error));
    if !matches!(made, Err(OpenFault::MissingDirectory(_))) {
        fs::remove_file(&making).map_err(|error| io_fault(path, &error))?;
    }
    made?;
    sync_directory(path).map_err(|error| io_fault(path, &error))
}

/// Opens a store file for this process alone.
pub(super) fn open(path: &Path) -> Result<File, OpenFault> {
    let metadata = fs::metadata(path).map_err(|error| io_fault(path, &error))?;
    if !metadata.is_file() {
        return Err(OpenFault::NotAStore(path.to_owned()));
    }
    let mut file = OpenOptions::new().read(true).write(true).open(path).map_err(|error| io_fault(path, &error))?;
    if metadata.len() == 0 {
        return Err(OpenFault::Empty(path.to_owned()));
    }
    let mut magic = [0; MAGIC.len()];
    match file.read_exact(&mut magic) {
        Ok(()) if magic == MAGIC => Ok(file),
        Ok(()) => Err(OpenFault::NotAStore(path.to_owned())),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(OpenFault::NotAStore(path.to_owned())),
        Err(error) => Err(io_fault(path, &error)),
    }
}

/// Loads the store behind `backend`, checking every page of it. `path` is for messages.
pub(super) fn load(path: &Path, backend: impl StorageBackend, cache_bytes: usize) -> Result<OpenedFile, OpenFault> {
    let open = || checked(path, Builder::new().set_cache_size(cache_bytes).create_with_backend(backend));
    // redb means to answer with an error whatever the bytes are; should it panic, that is one too.
    catch_unwind(AssertUnwindSafe(open)).unwrap_or_else(|_panic| Err(corrupt(path, "its pages contradict each other")))
}

/// The ordinary backend.
pub(super) fn backend(path: &Path, file: File) -> Result<FileBackend, OpenFault> {
    FileBackend::new(file).map_err(|fault| database_fault(path, &fault))
}

fn checked(path: &Path, opened: Result<Database, DatabaseError>) -> Result<OpenedFile, OpenFault> {
    let mut database = opened.map_err(|fault| database_fault(path, &fault))?;
    let found = read_row(&database, FORMAT, FORMAT_KEY);
    let found =
        found.map_err(|fault| redb_fault(path, &fault))?.ok_or_else(|| OpenFault::NotAStore(path.to_owned()))?;
    match found {
        FORMAT_VERSION => {}
        0 => return Err(corrupt(path, "its format version is zero")),
        newer => return Err(OpenFault::Newer { path: path.to_owned(), found: newer, known: FORMAT_VERSION }),
    }
    // redb checks pages by itself only after a crash. It takes its time here, but a page that rotted
    // could make a used code or jti look unused.
    if !database.check_integrity().map_err(|fault| database_fault(path, &fault))? {
        tracing::warn!(path = %path.display(), "the store file was damaged and could be repaired");
    }
    let state = read_row(&database, STATE, ()).map_err(|fault| redb_fault(path, &fault))?;
    let (last_version, latest_ms) = state.ok_or_else(|| corrupt(path, "its state is missing"))?;
    Ok(OpenedFile { database, last_version, latest_ms })
}

/// One value of one table; none when either is missing or of another type.
fn read_row<'k, K, V, T>(
    database: &Database,
    table: TableDefinition<'_, K, V>,
    key: K::SelfType<'k>,
) -> Result<Option<T>, redb::Error>
where
    K: redb::Key,
    V: for<'v> redb::Value<SelfType<'v> = T>,
{
    let transaction = database.begin_read()?;
    match transaction.open_table(table) {
        Ok(table) => Ok(table.get(key)?.map(|value| value.value())),
        Err(TableError::Storage(fault)) => Err(fault.into()),
        Err(_missing_or_other) => Ok(None),
    }
}

fn write_empty(making: &Path) -> io::Result<()> {
    let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(making)?;
    let written = || -> Result<(), redb::Error> {
        let transaction = Builder::new().create_file(file)?;
        let transaction = transaction.begin_write()?;
        transaction.open_table(FORMAT)?.insert(FORMAT_KEY, FORMAT_VERSION)?;
        transaction.open_table(STATE)?.insert((), (0, i64::MIN))?;
        transaction.open_table(RECORDS)?;
        transaction.open_table(EXPIRY)?;
        Ok(transaction.commit()?)
    };
    written().map_err(io::Error::other)?;
    File::open(making)?.sync_all()
}

/// A name beside `path` that nobody else uses, whatever process or container they are.
fn unique_neighbour(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".creating-{:016x}", RandomState::new().build_hasher().finish()));
    PathBuf::from(name)
}

fn directory_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Makes the file's name durable: without it a crash could lose the file, however well synced.
fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(directory_of(path))?.sync_all()
}

pub(super) fn io_fault(path: &Path, error: &io::Error) -> OpenFault {
    let kind = error.kind();
    if kind == io::ErrorKind::NotFound && !directory_of(path).is_dir() {
        OpenFault::MissingDirectory(path.to_owned())
    } else if kind == io::ErrorKind::NotFound {
        OpenFault::Missing(path.to_owned())
    } else if kind == io::ErrorKind::AlreadyExists {
        OpenFault::AlreadyThere(path.to_owned())
    } else if kind == io::ErrorKind::PermissionDenied {
        OpenFault::PermissionDenied(path.to_owned())
    } else if kind == io::ErrorKind::UnexpectedEof || kind == io::ErrorKind::InvalidData {
        corrupt(path, "it is shorter than it says")
    } else {
        OpenFault::Io { path: path.to_owned(), detail: error.to_string() }
    }
}

fn database_fault(path: &Path, fault: &DatabaseError) -> OpenFault {
    if let DatabaseError::Storage(StorageError::Io(error)) = fault {
        io_fault(path, error)
    } else if matches!(fault, DatabaseError::DatabaseAlreadyOpen) {
        OpenFault::Locked(path.to_owned())
    } else {
        corrupt(path, &fault.to_string())
    }
}

pub(super) fn redb_fault(path: &Path, fault: &redb::Error) -> OpenFault {
    if let redb::Error::Io(error) = fault { io_fault(path, error) } else { corrupt(path, &fault.to_string()) }
}

fn corrupt(path: &Path, detail: &str) -> OpenFault {
    OpenFault::Corrupt { path: path.to_owned(), detail: detail.to_owned() }
}
