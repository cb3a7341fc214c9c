//! A clock that stands still until it is moved.

use std::sync::atomic::{AtomicI64, Ordering};

use parhelion_engine::ports::{Clock, Moment};

/// A wall clock for tests: it shows what it was last set to, and may be set back.
#[derive(Debug)]
pub struct FakeClock {
    now_ms: AtomicI64,
}

impl FakeClock {
    /// A clock that shows `start`.
    #[must_use]
    pub fn at(start: Moment) -> Self {
        Self { now_ms: AtomicI64::new(start.0) }
    }

    /// Sets the clock, forwards or back.
    pub fn set(&self, moment: Moment) {
        self.now_ms.store(moment.0, Ordering::SeqCst);
    }

    /// Moves the clock by `milliseconds`; a negative number sets it back.
    pub fn advance_ms(&self, milliseconds: i64) {
        self.now_ms.fetch_add(milliseconds, Ordering::SeqCst);
    }
}

impl Default for FakeClock {
    /// Shows 2027-01-15T08:00:00Z.
    fn default() -> Self {
        Self::at(Moment(1_800_000_000_000))
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Moment {
        Moment(self.now_ms.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fake_clock_moves_only_by_hand() {
        let clock = FakeClock::at(Moment(1_000));
        assert_eq!(clock.now(), Moment(1_000));
        clock.advance_ms(-1);
        assert_eq!(clock.now(), Moment(999));
        clock.set(Moment(5));
        assert_eq!(clock.now(), Moment(5));
    }
}
