//! The keys that clients publish, which live elsewhere and so have to be fetched.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use parhelion_jose::jwk::KeySet;
use parhelion_protocol::fetched_uri::FetchedUri;

use super::TenantUid;

/// Whose keys: of a client of one tenant, whoever else may name the same URL.
#[derive(Clone, Copy, Debug)]
pub struct KeysOf<'a> {
    /// The tenant.
    pub tenant: TenantUid,
    /// The client.
    pub client_id: &'a str,
    /// Where it publishes them.
    pub uri: &'a FetchedUri,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// What is known, fetched if nothing is or it is old.
    Known,
    /// What is there now, because what is known lacks a key. No more often than a bound allows.
    Newer,
}

/// The keys; none where none can be had.
pub type KeysAnswer<'a> = Pin<Box<dyn Future<Output = Option<Arc<KeySet>>> + Send + 'a>>;

/// Gets the keys that clients publish.
///
/// Promises: one client's slow server delays no other client; a fetch ends within a bound; a set that could be used is
/// given for a while after it can no longer be fetched; the same [`Arc`] is given until there is another set.
pub trait ClientKeys: Send + Sync {
    /// The keys of one client.
    fn keys<'a>(&'a self, whose: KeysOf<'a>, need: Need) -> KeysAnswer<'a>;
}

/// Fetches nothing: there are no keys but registered ones.
#[derive(Clone, Copy, Debug)]
pub struct RegisteredKeysOnly;

impl ClientKeys for RegisteredKeysOnly {
    fn keys<'a>(&'a self, _: KeysOf<'a>, _: Need) -> KeysAnswer<'a> {
        Box::pin(async { None })
    }
}
