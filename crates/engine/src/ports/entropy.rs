//! Randomness, as the engine sees it.

/// The operating system gave no randomness. Nothing is issued then: there is no fallback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntropyFault;

/// The one place randomness comes from.
pub trait Entropy: Send + Sync {
    /// Fills `bytes` with randomness fit for keys and references.
    ///
    /// # Errors
    /// [`EntropyFault`] when the source fails; `bytes` must not be used then.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyFault>;
}
