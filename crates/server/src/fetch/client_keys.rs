//! The keys that clients publish, as they were last fetched: kept for each client of each tenant by itself, fetched by one
//! at a time, asked for anew no more often than a bound allows, and of use for a day when nothing comes any more.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use parhelion_engine::ports::{ClientKeys, KeysAnswer, KeysOf, Need, TenantUid};
use parhelion_jose::jwk::KeySet;
use parhelion_protocol::fetched_uri::FetchedUri;
use tokio::time::Instant;
use tracing::warn;

use super::{Document, Fetcher};

/// How long a set is taken for what the client has.
const FRESH: Duration = Duration::from_secs(600);
/// How long a set is used that cannot be fetched anew.
const USABLE: Duration = Duration::from_secs(24 * 3600);
/// From one attempt to the next, whatever came of it and whoever asks.
const BETWEEN: Duration = Duration::from_secs(60);
/// Clients whose keys are kept.
const CLIENTS_MAX: usize = 10_000;

/// Fetches and keeps them.
pub(crate) struct FetchedKeys {
    fetcher: Arc<Fetcher>,
    clients: Mutex<HashMap<(TenantUid, String), Shared>>,
}

/// What is known of one client, held by whoever fetches it.
type Shared = Arc<tokio::sync::Mutex<Kept>>;

/// What is known of one client.
#[derive(Default)]
struct Kept {
    uri: Option<FetchedUri>,
    tried_at: Option<Instant>,
    set: Option<(Instant, Arc<KeySet>)>,
}

impl FetchedKeys {
    /// None yet.
    pub(crate) fn new(fetcher: Arc<Fetcher>) -> Self {
        Self { fetcher, clients: Mutex::default() }
    }

    fn kept(&self, whose: KeysOf<'_>) -> Shared {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (whose.tenant, whose.client_id.to_owned());
        if clients.len() >= CLIENTS_MAX && !clients.contains_key(&key) {
            // Any that nobody uses at this moment: it is fetched again when it is needed.
            let idle = clients.iter().find(|(_, kept)| Arc::strong_count(kept) == 1).map(|(key, _)| key.clone());
            idle.and_then(|idle| clients.remove(&idle));
        }
        Arc::clone(clients.entry(key).or_default())
    }

    async fn fetch(&self, whose: KeysOf<'_>) -> Option<Arc<KeySet>> {
        let set = match self.fetcher.get(whose.uri, Document::KeySet).await {
            Ok(document) => KeySet::from_jwks(&document).map_err(|fault| fault.to_string()),
            Err(fault) => Err(fault.to_string()),
        };
        match set {
            Ok(set) => Some(Arc::new(set)),
            Err(fault) => {
                warn!(client_id = whose.client_id, uri = %whose.uri.url(), %fault, "keys of a client were not fetched");
                None
            }
        }
    }

    async fn current(&self, whose: KeysOf<'_>, need: Need) -> Option<Arc<KeySet>> {
        let kept = self.kept(whose);
        // Whoever comes while somebody fetches waits for that one, and only for this client's.
        let mut kept = kept.lock().await;
        if kept.uri.as_ref() != Some(whose.uri) {
            *kept = Kept { uri: Some(whose.uri.clone()), ..Kept::default() };
        }
        let fresh = kept.set.as_ref().is_some_and(|(at, _)| at.elapsed() < FRESH);
        let wanted = need == Need::Newer || !fresh;
        if wanted && kept.tried_at.is_none_or(|at| at.elapsed() >= BETWEEN) {
            kept.tried_at = Some(Instant::now());
            if let Some(set) = self.fetch(whose).await {
                kept.set = Some((Instant::now(), set));
            }
        }
        let usable = kept.set.as_ref().filter(|(at, _)| at.elapsed() < USABLE);
        usable.map(|(_, set)| Arc::clone(set))
    }
}

impl ClientKeys for FetchedKeys {
    fn keys<'a>(&'a self, whose: KeysOf<'a>, need: Need) -> KeysAnswer<'a> {
        Box::pin(self.current(whose, need))
    }
}

#[cfg(test)]
impl FetchedKeys {
    /// As if this had been fetched so long ago.
    pub(super) async fn put(&self, whose: KeysOf<'_>, set: KeySet, ago: Duration) {
        let (kept, at) = (self.kept(whose), Instant::now().checked_sub(ago).unwrap());
        let set = Some((at, Arc::new(set)));
        *kept.lock().await = Kept { uri: Some(whose.uri.clone()), tried_at: Some(at), set };
    }
}
