//! The request objects that clients keep at URLs of their own: fetched anew for whoever asks, by one for all who ask for
//! the same at one moment, and never kept. Only that nothing came is known for a while, so that nobody can make this server
//! knock without end where there is nothing.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use parhelion_engine::ports::{RequestObjectAnswer, RequestObjectHosts, RequestObjectOf, TenantUid};
use tokio::sync::OnceCell;
use tokio::time::Instant;
use tracing::warn;

use super::{Document, Fetcher};

/// From an attempt that failed to the next.
const BETWEEN: Duration = Duration::from_secs(5);

/// Fetches them.
pub(crate) struct FetchedRequestObjects {
    fetcher: Arc<Fetcher>,
    under_way: Mutex<HashMap<Asked, UnderWay>>,
}

/// What is asked for: tenant, client, and where it is.
type Asked = (TenantUid, String, String);

/// What comes, for all who wait for it.
type UnderWay = Arc<OnceCell<Came>>;

/// What came, and when.
struct Came {
    text: Option<Arc<str>>,
    at: Instant,
}

impl FetchedRequestObjects {
    /// None is under way.
    pub(crate) fn new(fetcher: Arc<Fetcher>) -> Self {
        Self { fetcher, under_way: Mutex::default() }
    }

    /// The fetch to wait for: one that has not ended, or has failed a moment ago.
    fn join(&self, asked: Asked) -> UnderWay {
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        under_way.retain(|_, fetch| match fetch.get() {
            Some(came) => came.text.is_none() && came.at.elapsed() < BETWEEN,
            None => Arc::strong_count(fetch) > 1,
        });
        Arc::clone(under_way.entry(asked).or_default())
    }

    async fn current(&self, whose: RequestObjectOf<'_>) -> Option<Arc<str>> {
        let asked = (whose.tenant, whose.client_id.to_owned(), whose.uri.url().as_str().to_owned());
        let fetch = self.join(asked);
        let came = fetch.get_or_init(|| async { Came { text: self.fetch(whose).await, at: Instant::now() } });
        came.await.text.clone()
    }

    async fn fetch(&self, whose: RequestObjectOf<'_>) -> Option<Arc<str>> {
        let fetched = self.fetcher.get(whose.uri, Document::RequestObject).await;
        let text = fetched.map_err(|fault| fault.to_string()).and_then(|document| {
            std::str::from_utf8(&document).map(Arc::from).map_err(|_| "what came is not text".to_owned())
        });
        match text {
            Ok(text) => Some(text),
            Err(fault) => {
                warn!(client_id = whose.client_id, uri = %whose.uri.url(), %fault, "a request object was not fetched");
                None
            }
        }
    }
}

impl RequestObjectHosts for FetchedRequestObjects {
    fn request_object<'a>(&'a self, whose: RequestObjectOf<'a>) -> RequestObjectAnswer<'a> {
        Box::pin(self.current(whose))
    }
}
