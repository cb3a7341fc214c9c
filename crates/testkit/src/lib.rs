//! What tests stand on: a clock that is set by hand, repeatable randomness, a directory, the store contract.
//!
//! Nothing here may be reached from a shipped binary.

mod clock;
mod directory;
mod entropy;
pub mod store_contract;

pub use clock::FakeClock;
pub use directory::TemporaryDirectory;
pub use entropy::SeededEntropy;
