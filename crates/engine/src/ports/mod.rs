//! What the engine needs from outside, in the smallest traits that serve.

mod client_keys;
mod clock;
mod entropy;
mod passwords;
mod request_objects;
mod store;

pub use client_keys::{ClientKeys, KeysAnswer, KeysOf, Need, RegisteredKeysOnly};
pub use clock::{Clock, Moment};
pub use entropy::{Entropy, EntropyFault};
pub use passwords::{PasswordAnswer, PasswordVerdict, Passwords, PasswordsBusy};
pub use request_objects::{NoRequestObjectHosts, RequestObjectAnswer, RequestObjectHosts, RequestObjectOf};
pub use store::{
    Answer, Commit, Condition, Id, Key, Kind, MAX_COMMIT_STEPS, MAX_SCAN, Store, StoreFault, Stored, TenantUid,
    Verdict, Write,
};
