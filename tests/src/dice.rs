//! Chance: secrets from the system, and everything else from a seed that is printed, so that a run can be repeated.

use aws_lc_rs::rand;

use crate::base64;

/// 32 random bytes as text: a PKCE verifier, a state, a nonce.
///
/// # Panics
/// When the system has no randomness.
#[must_use]
pub fn secret() -> String {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes).expect("the system's randomness");
    base64::url_safe(&bytes)
}

/// A repeatable sequence of numbers (SplitMix64).
#[derive(Clone, Debug)]
pub struct Dice {
    seed: u64,
    state: u64,
}

impl Dice {
    /// The sequence of that seed.
    #[must_use]
    pub fn of_seed(seed: u64) -> Self {
        Self { seed, state: seed }
    }

    /// A sequence of its own, whose seed is short enough to be typed.
    ///
    /// # Panics
    /// When the system has no randomness.
    #[must_use]
    pub fn fresh() -> Self {
        let mut bytes = [0; 4];
        rand::fill(&mut bytes).expect("the system's randomness");
        Self::of_seed(u64::from(u32::from_le_bytes(bytes)))
    }

    /// What to give to repeat the sequence.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// A number below the bound; 0 if the bound is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ mixed >> 31).checked_rem(bound).unwrap_or(0)
    }

    /// Puts the items in a random order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last as u64 + 1) as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_its_sequence_within_the_bound() {
        let roll = |seed| {
            let mut dice = Dice::of_seed(seed);
            [0; 64].map(|_: u64| dice.below(10))
        };
        assert_eq!(roll(7), roll(7));
        assert_ne!(roll(7), roll(8));
        assert!(roll(7).iter().all(|number| *number < 10));
    }

    #[test]
    fn secrets_are_long_and_differ() {
        assert_eq!(secret().len(), 43);
        assert_ne!(secret(), secret());
    }
}
