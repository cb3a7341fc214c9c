//! The operator's listener: whether the server is up and ready, its figures, its keys. It is not the public one, and
//! off unless the configuration says where it is.

mod answer;
pub(crate) mod client;
mod proof;

#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http_body_util::Full;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use parhelion_engine::fault::Fault;
use parhelion_engine::ports::{Clock, Store};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use crate::edge::Edge;
use crate::master_key::MasterKey;
use proof::ProofKey;

/// Connections at one time: what collects figures, what asks for readiness, and a person.
const CONNECTIONS_MAX: usize = 32;
/// How long one connection may take from its beginning to its end.
const CONNECTION_WAIT: Duration = Duration::from_secs(60);
/// How long a request's head may take.
const HEAD_WAIT: Duration = Duration::from_secs(5);
/// How long accepting waits after the system could not.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What the operator's listener answers from.
pub(crate) struct Admin {
    edge: Arc<Edge>,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    proof_key: ProofKey,
    draining: Arc<AtomicBool>,
}

impl Admin {
    pub(crate) fn new(
        edge: Arc<Edge>,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        master: &MasterKey,
        draining: Arc<AtomicBool>,
    ) -> Result<Self, Fault> {
        Ok(Self { edge, store, clock, proof_key: ProofKey::derive(master)?, draining })
    }

    fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }

    /// Answers until it is dropped.
    pub(crate) async fn run(self: Arc<Self>, listener: TcpListener) {
        let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        // The semaphore is never closed.
        while let Ok(place) = Arc::clone(&room).acquire_owned().await {
            let Ok((socket, _)) = listener.accept().await else {
                sleep(ACCEPT_PAUSE).await;
                continue;
            };
            let admin = Arc::clone(&self);
            tokio::spawn(async move {
                // A connection that breaks or takes too long is its caller's affair.
                let _ = timeout(CONNECTION_WAIT, admin.serve(socket)).await;
                drop(place);
            });
        }
    }

    async fn serve(self: Arc<Self>, socket: TcpStream) {
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(HEAD_WAIT);
        let answer = service_fn(move |request| {
            let admin = Arc::clone(&self);
            async move { Ok::<_, Infallible>(admin.answer(request).await.map(Full::new)) }
        });
        let _ = http.serve_connection(TokioIo::new(socket), answer).await;
    }
}
