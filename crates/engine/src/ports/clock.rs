//! Time, as the engine sees it.

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(pub i64);

impl Moment {
    /// This moment in whole seconds, rounded down: the unit of every JWT claim.
    #[must_use]
    pub fn epoch_s(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// The moment `seconds` later, or earlier when negative; saturates at the ends of time.
    #[must_use]
    pub fn plus_s(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1000)))
    }
}

/// The one place a moment comes from. A store is given a clock too, and is its only reader on the
/// request path: what is expired is decided by [`crate::ports::Store::now`].
pub trait Clock: Send + Sync {
    /// The wall clock.
    fn now(&self) -> Moment;
}
