//! One connection: its handshake, if it begins with one, and then requests until it is done, broken, late or drained.

use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use http::HeaderMap;
use http_body_util::Full;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use parhelion_protocol::limits as protocol_limits;
use parhelion_protocol::sender::certificate::Shown;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::remote::Remote;
use super::stream::Stream;
use super::tls::{Protocol, Shaken};
use super::{Edge, client_certificate, dispatch, http2, message};

/// The number of fields is not set here: what the library takes unless told otherwise is that limit, and only then it
/// has room for them without clearing it for each request.
const _: () = assert!(protocol_limits::HEADERS_MAX == 100);
/// Bytes of a head that are read at all: headers, target, and what stands around them. Below this our own limits answer.
const HEAD_READ_MAX_BYTES: usize = 64 * 1024;

/// What is known of a connection before its first request.
#[derive(Clone)]
pub(super) struct Arrival {
    pub(super) edge: Arc<Edge>,
    pub(super) peer: IpAddr,
    /// What the client showed in the handshake.
    pub(super) certificate: Shown,
    /// The host that it named there.
    pub(super) host: Option<Arc<str>>,
    /// By when the first request must be here, the handshake before it included.
    pub(super) first_head_by: Instant,
}

impl Arrival {
    /// Who sent a request with these headers.
    pub(super) fn remote(&self, headers: &HeaderMap) -> Remote {
        let address = self.edge.proxies.source(self.peer, headers);
        // The connection of a proxy is for whomever it speaks for.
        let host = self.host.clone().filter(|_| !self.edge.proxies.is_trusted(self.peer.to_canonical()));
        Remote { address, certificate: client_certificate::shown(self, headers), host }
    }
}

/// Serves a connection. When `draining` becomes true, the request in flight is the last.
pub(super) async fn serve(edge: Arc<Edge>, socket: TcpStream, mut draining: watch::Receiver<bool>) {
    let Ok(peer) = socket.peer_addr() else { return };
    // Answers are small and must not wait for more.
    let _ = socket.set_nodelay(true);
    let first_head_by = Instant::now().checked_add(edge.limits.head_wait).unwrap_or_else(Instant::now);
    let stream = Stream::new(socket, &edge.limits);
    let (certificate, host) = (Shown::Absent, None);
    let arrival = Arrival { edge: Arc::clone(&edge), peer: peer.ip(), certificate, host, first_head_by };
    let Some(tls) = &edge.tls else { return serve_http1(arrival, stream, draining).await };
    let shaken = tokio::select! {
        shaken = tls.shake_hands(stream, first_head_by) => shaken,
        _ = draining.wait_for(|draining| *draining) => None,
    };
    match shaken {
        Some(Shaken { stream, protocol: Protocol::Http1, certificate, host }) => {
            serve_http1(Arrival { certificate, host, ..arrival }, stream, draining).await;
        }
        Some(Shaken { stream, protocol: Protocol::Http2, certificate, host }) => {
            http2::serve(Arrival { certificate, host, ..arrival }, stream, draining).await;
        }
        None => {}
    }
}

async fn serve_http1<I>(arrival: Arrival, stream: I, mut draining: watch::Receiver<bool>)
where
    I: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (limits, first_head_by) = (arrival.edge.limits, arrival.first_head_by);
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.head_wait)
        .max_header_size(HEAD_READ_MAX_BYTES)
        .max_buf_size(HEAD_READ_MAX_BYTES);
    let answered = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&answered);
    let connection = http.serve_connection(
        TokioIo::new(stream),
        service_fn(move |request| {
            let count = counter.fetch_add(1, Ordering::Relaxed).saturating_add(1);
            let remote = arrival.remote(request.headers());
            let edge = Arc::clone(&arrival.edge);
            async move {
                let mut response = dispatch::answer(&edge, request, &remote).await;
                if count >= limits.requests_per_connection_max {
                    message::close(&mut response);
                }
                Ok::<_, std::convert::Infallible>(response.map(Full::new))
            }
        }),
    );
    let mut connection = pin!(connection);
    tokio::select! {
        // A connection that breaks or times out is the client's affair.
        _ = connection.as_mut() => return,
        () = no_first_head(first_head_by, &answered) => return,
        _ = draining.wait_for(|draining| *draining) => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

/// Done when the first request is late; after it, each head has its own deadline.
async fn no_first_head(by: Instant, answered: &AtomicU32) {
    sleep_until(by).await;
    if answered.load(Ordering::Relaxed) > 0 {
        std::future::pending::<()>().await;
    }
}
