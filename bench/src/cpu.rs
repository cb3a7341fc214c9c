//! Which core does what, and how much processor time was spent there.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use rustix::thread::{CpuSet, sched_setaffinity};
use rustix::time::{ClockId, clock_gettime};

/// What reading a thread's figures says when the thread ends meanwhile.
const ESRCH: i32 = rustix::io::Errno::SRCH.raw_os_error();

/// Who runs where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Placement {
    /// Servers on core 0, generator on core 1.
    Apart,
    /// Only one core, or pinning is not allowed: figures of a crowd.
    Together,
}

impl Placement {
    /// Apart where there are two cores to be had.
    pub(crate) fn of_this_machine() -> Self {
        let cores = thread::available_parallelism().map_or(1, std::num::NonZero::get);
        if cores >= 2 && pin(0).is_ok() && pin(1).is_ok() { Self::Apart } else { Self::Together }
    }

    /// Does something, such as starting a server, on the servers' core; what is started stays there.
    pub(crate) fn on_server_core<T>(self, work: impl FnOnce() -> T) -> T {
        self.to(0);
        let done = work();
        self.to(1);
        done
    }

    fn to(self, core: usize) {
        if self == Self::Apart {
            // It was allowed before; if it no longer is, the figures tell.
            let _ = pin(core);
        }
    }
}

fn pin(core: usize) -> Result<(), rustix::io::Errno> {
    let mut set = CpuSet::new();
    set.set(core);
    sched_setaffinity(None, &set)
}

/// Processor time that all threads of a process have had so far. A thread that has ended no longer counts: the servers
/// measured here keep theirs.
pub(crate) fn of_process(pid: u32) -> Result<Duration, String> {
    let tasks = PathBuf::from(format!("/proc/{pid}/task"));
    let entries = fs::read_dir(&tasks).map_err(|error| format!("{}: {error}", tasks.display()))?;
    let mut total = Duration::ZERO;
    for entry in entries {
        let path = entry.map_err(|error| error.to_string())?.path().join("schedstat");
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            // It ended since the folder was read.
            Err(error) if error.kind() == ErrorKind::NotFound || error.raw_os_error() == Some(ESRCH) => continue,
            Err(error) => return Err(format!("{}: {error}", path.display())),
        };
        let nanoseconds = text.split_whitespace().next().and_then(|first| first.parse().ok());
        total += Duration::from_nanos(nanoseconds.ok_or_else(|| format!("{}: {text:?}", path.display()))?);
    }
    Ok(total)
}

/// Processor time that this thread has had so far.
pub(crate) fn own_thread() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn work_is_seen_in_both_clocks() {
        let before = own_thread();
        // Another process, because threads of this one come and go with other tests.
        let mut worker = Command::new("sh").args(["-c", "while :; do :; done"]).spawn().unwrap();
        let mut sum = 0_u64;
        while own_thread() - before < Duration::from_secs(10)
            && of_process(worker.id()).unwrap() < Duration::from_millis(20)
        {
            sum = std::hint::black_box(sum.wrapping_add(1));
        }
        let seen = of_process(worker.id());
        worker.kill().unwrap();
        worker.wait().unwrap();
        assert!(seen.unwrap() >= Duration::from_millis(20));
        assert!(own_thread() > before);
    }
}
