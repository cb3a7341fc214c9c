//! Where it is kept: the stores behind [`parhelion_engine::ports::Store`].
//!
//! Every store passes the same contract, `parhelion_testkit::store_contract!`.

pub mod embedded;
mod form;
pub mod memory;
mod store_time;

pub use embedded::EmbeddedStore;
pub use memory::MemoryStore;
