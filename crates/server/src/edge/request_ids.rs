//! Names for requests: no two alike, and none to be guessed from another. They are no secrets, so that the generator of
//! those, which takes as long as all the rest of a short answer, is not asked.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

use parhelion_dialects::RequestId;

/// Where names come from: the two halves of one are keyed hashes of a running number.
#[derive(Default)]
pub(super) struct RequestIds {
    count: AtomicU64,
    halves: [RandomState; 2],
}

impl RequestIds {
    /// The next one.
    pub(super) fn next(&self) -> RequestId {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let [high, low] = self.halves.each_ref().map(|half| u128::from(half.hash_one(number)));
        RequestId::from_random(((high << 64) | low).to_be_bytes())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_name_comes_twice_in_one_process_or_two() {
        let (one, other) = (RequestIds::default(), RequestIds::default());
        let names: HashSet<String> =
            (0..10_000).flat_map(|_| [one.next(), other.next()]).map(|id| id.to_string()).collect();
        assert_eq!(names.len(), 20_000);
    }
}
