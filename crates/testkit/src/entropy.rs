//! Randomness that repeats, so that a failing run can be run again.

use std::sync::Mutex;

use parhelion_engine::ports::{Entropy, EntropyFault};

/// The bytes that follow from a seed. **Anyone who knows the seed knows every byte**: for tests only.
#[derive(Debug)]
pub struct SeededEntropy {
    state: Mutex<u64>,
}

impl SeededEntropy {
    /// The stream of `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { state: Mutex::new(seed) }
    }

    /// The next number of the stream.
    pub fn next_u64(&self) -> u64 {
        let mut state = self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        splitmix(*state)
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyFault> {
        for chunk in bytes.chunks_mut(8) {
            for (byte, random) in chunk.iter_mut().zip(self.next_u64().to_le_bytes()) {
                *byte = random;
            }
        }
        Ok(())
    }
}

/// The output function of SplitMix64 (Steele, Lea, Flood 2014): well mixed, and no secret at all.
fn splitmix(state: u64) -> u64 {
    let first = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let second = (first ^ (first >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    second ^ (second >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first_40_bytes(seed: u64) -> [u8; 40] {
        let mut bytes = [0; 40];
        assert_eq!(SeededEntropy::new(seed).fill(&mut bytes), Ok(()));
        bytes
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
        assert_eq!(first_40_bytes(7), first_40_bytes(7));
        assert_ne!(first_40_bytes(7), first_40_bytes(8));
    }

    #[test]
    fn the_first_number_is_the_published_one() {
        // Reference output of SplitMix64 for seed 1234567.
        assert_eq!(SeededEntropy::new(1_234_567).next_u64(), 6_457_827_717_110_365_317);
    }
}
