//! Where it is kept: the stores behind [`parhelion_engine::ports::Store`].
//!
//! Every store passes the same contract, `parhelion_testkit::store_contract!`.

mod form;
pub mod memory;
mod store_time;

pub use memory::MemoryStore;
