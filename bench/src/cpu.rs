//! Which core does what, and how much processor time was spent there.

use std::thread;
use std::time::Duration;

use nix::errno::Errno;
use nix::sched::{CpuSet, sched_setaffinity};
use nix::time::{ClockId, clock_getcpuclockid, clock_gettime};
use nix::unistd::Pid;

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

fn pin(core: usize) -> Result<(), Errno> {
    let mut set = CpuSet::new();
    set.set(core)?;
    sched_setaffinity(Pid::from_raw(0), &set)
}

/// Processor time that a process has had so far, that of its threads that have ended included: it never goes back.
pub(crate) fn of_process(pid: u32) -> Result<Duration, String> {
    let pid = i32::try_from(pid).map_err(|error| format!("process {pid}: {error}"))?;
    let time = clock_getcpuclockid(Pid::from_raw(pid)).and_then(clock_gettime);
    time.map(Duration::from).map_err(|error| format!("the clock of process {pid}: {error}"))
}

/// Processor time that this thread has had so far.
pub(crate) fn own_thread() -> Result<Duration, String> {
    let time = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID);
    time.map(Duration::from).map_err(|error| format!("the clock of this thread: {error}"))
}

#[cfg(test)]
mod tests {
    use std::hint::black_box;
    use std::process;

    use super::*;

    const WORK: Duration = Duration::from_millis(20);

    fn work() {
        let (begin, mut sum) = (own_thread().unwrap(), 0_u64);
        while own_thread().unwrap() - begin < WORK {
            sum = black_box(sum.wrapping_add(1));
        }
    }

    #[test]
    fn threads_that_have_ended_still_count() {
        let before = of_process(process::id()).unwrap();
        let own = own_thread().unwrap();
        thread::spawn(work).join().unwrap();
        assert!(own_thread().unwrap() - own < WORK);
        assert!(of_process(process::id()).unwrap() - before >= WORK);
    }

    #[test]
    fn process_that_is_not_there_has_no_clock() {
        // Above the highest pid that Linux gives (4,194,304).
        assert!(of_process(5_000_000).is_err());
    }
}
