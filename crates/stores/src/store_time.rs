//! The store's own time: the wall clock, but never backwards.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use parhelion_engine::ports::{Clock, Moment};

/// The later of the wall clock and the latest moment seen, so that a clock set back revives no
/// expired record and no used `jti`. While the wall clock is behind, store time stands still: records
/// live longer then, and after a clock that was once far ahead, for long. Who starts a server
/// compares the two.
pub(crate) struct StoreTime {
    clock: Arc<dyn Clock>,
    latest_ms: AtomicI64,
}

impl StoreTime {
    /// Time that begins no earlier than `latest`.
    pub(crate) fn starting_at(clock: Arc<dyn Clock>, latest: Moment) -> Self {
        Self { clock, latest_ms: AtomicI64::new(latest.0) }
    }

    /// The present moment.
    pub(crate) fn now(&self) -> Moment {
        let wall_ms = self.clock.now().0;
        Moment(self.latest_ms.fetch_max(wall_ms, Ordering::AcqRel).max(wall_ms))
    }
}

/// Whether a record with this expiry is live: until one millisecond before it, or for ever.
pub(crate) fn is_live(expires_at: Moment, now: Moment) -> bool {
    expires_at > now || expires_at == NEVER
}

/// The expiry of what never expires.
pub(crate) const NEVER: Moment = Moment(i64::MAX);

#[cfg(test)]
mod tests {
    use parhelion_testkit::FakeClock;

    use super::*;

    #[test]
    fn store_time_stands_still_until_the_wall_clock_has_caught_up() {
        let clock = Arc::new(FakeClock::at(Moment(1_000)));
        let time = StoreTime::starting_at(Arc::clone(&clock) as Arc<dyn Clock>, Moment(5_000));
        assert_eq!(time.now(), Moment(5_000));
        clock.set(Moment(5_001));
        assert_eq!(time.now(), Moment(5_001));
        clock.set(Moment(0));
        assert_eq!(time.now(), Moment(5_001));
    }
}
