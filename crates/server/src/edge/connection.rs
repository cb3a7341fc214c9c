//! One connection: HTTP/1.1 with deadlines, until it is done, broken or drained.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use http_body_util::Full;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use parhelion_protocol::limits as protocol_limits;
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::source::Source;
use super::stream::Stream;
use super::{Edge, dispatch, message};

/// Bytes of a head that are read at all: headers, target, and what stands around them. Below this our own limits answer.
const HEAD_READ_MAX_BYTES: usize = 64 * 1024;

/// Serves a connection. When `draining` becomes true, the request in flight is the last.
pub(super) async fn serve(edge: Arc<Edge>, socket: TcpStream, mut draining: watch::Receiver<bool>) {
    // Answers are small and must not wait for more.
    let _ = socket.set_nodelay(true);
    let limits = edge.limits;
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.head_wait)
        .max_headers(protocol_limits::HEADERS_MAX)
        .max_header_size(HEAD_READ_MAX_BYTES)
        .max_buf_size(HEAD_READ_MAX_BYTES);
    let Ok(peer) = socket.peer_addr() else { return };
    let answered = Arc::new(AtomicU32::new(0));
    let io = TokioIo::new(Stream::new(socket, &limits));
    let connection = http.serve_connection(
        io,
        service_fn(move |mut request| {
            let source = edge.proxies.source(peer.ip(), request.headers());
            request.extensions_mut().insert(Source(source));
            let count = answered.fetch_add(1, Ordering::Relaxed).saturating_add(1);
            let edge = Arc::clone(&edge);
            async move {
                let mut response = dispatch::answer(&edge, request).await;
                if count >= limits.requests_per_connection_max {
                    message::close(&mut response);
                }
                Ok::<_, Infallible>(response.map(Full::new))
            }
        }),
    );
    let mut connection = pin!(connection);
    tokio::select! {
        // A connection that breaks or times out is the client's affair.
        _ = connection.as_mut() => return,
        _ = draining.wait_for(|draining| *draining) => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}
