//! What befalls the disk of a running server: nothing is simulated, the kernel itself says no. What was done ends with
//! its value.
//!
//! - **full**: the data folder is a small file system in a mount namespace of the server's own, and somebody else's
//!   file takes all of it. The namespace ends with the server, whatever happens to the test.
//! - **a failing or hanging sync**: `strace` is put on the server, and the calls that sync a file fail or take long.
//! - **a file that may not grow**: `prlimit`.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::folder::Folder;

/// Bytes of a small disk.
const SMALL_MIB: u32 = 24;

/// Until every thread of a server is traced, on a machine that is busy with other tests.
const ATTACH: Duration = Duration::from_secs(10);

/// The disk that a server's data folder is on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Disk {
    /// Where the folder of the test is.
    #[default]
    Usual,
    /// One of its own, which can be filled up.
    Small,
}

/// Something that befell a server's disk, until it is dropped.
#[derive(Debug)]
pub enum Fault {
    /// A file that takes all space.
    Full(PathBuf),
    /// A tracer that has its hands on the calls that sync.
    Syncs(Tracer),
}

impl Disk {
    /// What the arguments of a command that serves from `folder` are put behind.
    #[must_use]
    pub fn launcher(self, folder: &Path) -> Option<Command> {
        match self {
            Self::Usual => None,
            Self::Small => Some(on_small_disk(folder)),
        }
    }

    /// Why there can be no such disk here.
    #[must_use]
    pub fn missing(self) -> Option<&'static str> {
        static SMALL: OnceLock<Option<String>> = OnceLock::new();
        let probe = || {
            let folder = Folder::in_memory("disk");
            let output = on_small_disk(folder.path()).arg("true").output();
            match output {
                Ok(output) if output.status.success() => None,
                Ok(output) => Some(format!(
                    "no small disk can be mounted here (root, or user namespaces, are needed): {}",
                    String::from_utf8_lossy(&output.stderr).trim()
                )),
                Err(error) => Some(format!("`unshare` of util-linux does not run: {error}")),
            }
        };
        match self {
            Self::Usual => None,
            Self::Small => SMALL.get_or_init(probe).as_deref(),
        }
    }
}

impl Fault {
    /// Takes all space of a server's small disk.
    ///
    /// # Panics
    /// When it cannot.
    #[must_use]
    pub fn full(pid: u32, folder: &Path) -> Self {
        // The file system is seen by the server alone, and by who looks with its eyes.
        let below_root = folder.strip_prefix("/").expect("an absolute path");
        let path = Path::new("/proc").join(pid.to_string()).join("root").join(below_root).join("somebody-else");
        let mut file = File::create(&path).expect("a file on the small disk");
        let full = (0..1024 * SMALL_MIB).find_map(|_| file.write_all(&[1; 1024]).err()).expect("a small disk");
        assert_eq!(full.kind(), io::ErrorKind::StorageFull, "the disk was to be full: {full}");
        Self::Full(path)
    }

    /// From now on every sync takes `wait` longer, and then fails.
    ///
    /// # Panics
    /// When the server cannot be traced.
    #[must_use]
    pub fn syncs_fail(pid: u32, wait: Duration) -> Self {
        Self::syncs(pid, &format!("error=EIO:delay_enter={}", wait.as_micros()))
    }

    /// From now on every sync takes `wait` longer.
    ///
    /// # Panics
    /// When the server cannot be traced.
    #[must_use]
    pub fn syncs_hang(pid: u32, wait: Duration) -> Self {
        Self::syncs(pid, &format!("delay_enter={}", wait.as_micros()))
    }

    fn syncs(pid: u32, how: &str) -> Self {
        Self::Syncs(Tracer::attach(pid, how).unwrap_or_else(|problem| panic!("{problem}")))
    }
}

impl Drop for Fault {
    fn drop(&mut self) {
        match self {
            Self::Full(path) => drop(fs::remove_file(path)),
            Self::Syncs(tracer) => tracer.detach(),
        }
    }
}

/// The largest file that a process may write, from now on.
///
/// # Panics
/// When it cannot be set.
pub fn limit_file_size(pid: u32, bytes: u64) {
    let status = Command::new("prlimit").arg(format!("--pid={pid}")).arg(format!("--fsize={bytes}:{bytes}")).status();
    assert!(status.is_ok_and(|status| status.success()), "`prlimit` of util-linux was to limit process {pid}");
}

/// Runs what follows in a mount namespace of its own where `folder` is a small file system.
fn on_small_disk(folder: &Path) -> Command {
    let mut command = Command::new("unshare");
    if !is_root() {
        command.arg("--map-root-user");
    }
    let mount = format!("mount -t tmpfs -o size={SMALL_MIB}m,mode=700 small \"$0\" && exec \"$@\"");
    command.args(["--mount", "--propagation", "private", "sh", "-c", &mount]).arg(folder);
    command
}

fn is_root() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("Uid:"));
    line.is_some_and(|ids| ids.split_whitespace().nth(1) == Some("0"))
}

/// An `strace` on a process; without it the process goes on as if nothing had been.
#[derive(Debug)]
pub struct Tracer {
    strace: Child,
}

impl Tracer {
    /// Why no process can be traced here.
    #[must_use]
    pub fn missing() -> Option<&'static str> {
        static MISSING: OnceLock<Option<String>> = OnceLock::new();
        let probe = || {
            let mut sleeper = Command::new("sleep").arg("20").spawn().ok()?;
            let attached = Self::attach(sleeper.id(), "delay_enter=0");
            let _ = (sleeper.kill(), sleeper.wait());
            match attached {
                Ok(mut tracer) => {
                    tracer.detach();
                    None
                }
                Err(problem) => Some(problem),
            }
        };
        MISSING.get_or_init(probe).as_deref()
    }

    fn attach(pid: u32, how: &str) -> Result<Self, String> {
        let strace = Command::new("strace")
            .args(["--follow-forks", "--quiet=all", "--output=/dev/null", "--trace=fsync,fdatasync"])
            .arg(format!("--inject=fsync,fdatasync:{how}"))
            .arg(format!("--attach={pid}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn();
        let mut tracer = Self { strace: strace.map_err(|error| format!("`strace` does not run: {error}"))? };
        let deadline = Instant::now() + ATTACH;
        while !is_traced(pid, tracer.strace.id()) {
            let ended = tracer.strace.try_wait().expect("a child can be asked").is_some();
            if ended || Instant::now() > deadline {
                tracer.detach();
                let mut said = String::new();
                let _ = tracer.strace.stderr.take().map(|mut stderr| stderr.read_to_string(&mut said));
                return Err(format!("`strace` may not trace here (root, or ptrace, is needed): {}", said.trim()));
            }
            sleep(Duration::from_millis(5));
        }
        Ok(tracer)
    }

    /// The kernel lets go of whatever a tracer held when it ends, and the calls go on.
    fn detach(&mut self) {
        let _ = self.strace.kill();
        let _ = self.strace.wait();
    }
}

/// Whether all threads of a process are in the hands of another.
fn is_traced(pid: u32, tracer: u32) -> bool {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else { return false };
    let traced = |thread: &Path| {
        let status = fs::read_to_string(thread.join("status")).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("TracerPid:"));
        line.is_some_and(|id| id.trim() == tracer.to_string())
    };
    threads.flatten().all(|thread| traced(&thread.path()))
}
