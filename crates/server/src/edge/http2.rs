//! HTTP/2 on one connection, which only TLS leads to: what a client may open, reset and leave lying about.

#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::header;
use http_body_util::Full;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use parhelion_protocol::limits as protocol_limits;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep_until};

use super::connection::Arrival;
use super::dispatch;
use super::limits::Limits;

/// Requests at one time.
const STREAMS_MAX: u32 = 100;
/// Bytes of a body that a client may send before we have read any.
const STREAM_WINDOW_BYTES: u32 = 64 * 1024;
/// The same for all streams of a connection together.
const CONNECTION_WINDOW_BYTES: u32 = 256 * 1024;
/// Bytes of an answer that are held for a client that does not take them.
const SEND_BUFFER_MAX_BYTES: usize = 64 * 1024;
/// Streams that a client has reset before we looked at them (CVE-2023-44487).
const UNSEEN_RESETS_MAX: usize = 20;
/// Streams that we have reset because a client did something wrong with them (CVE-2025-8671).
const ERROR_RESETS_MAX: usize = 100;
/// Requests of one connection that a client took back while we worked on them, or that were such that HTTP/1.1 would have
/// closed the connection.
const SPOILT_MAX: u32 = 200;

/// Serves a connection. When `draining` becomes true, the requests in flight are the last.
pub(super) async fn serve<I>(arrival: Arrival, stream: I, mut draining: watch::Receiver<bool>)
where
    I: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (limits, first_head_by) = (arrival.edge.limits, arrival.first_head_by);
    let traffic = Arc::new(Traffic::new(&limits));
    let counter = Arc::clone(&traffic);
    let connection = builder(&limits).serve_connection(
        TokioIo::new(stream),
        service_fn(move |request| {
            let under_way = UnderWay::begin(&counter);
            let edge = Arc::clone(&arrival.edge);
            let remote = arrival.remote(request.headers());
            async move {
                let mut response = dispatch::answer(&edge, request, &remote).await;
                //= rfc9113#8.2.2 there is no such header; a body that is not read ends its stream and not the connection
                match response.headers_mut().remove(header::CONNECTION) {
                    None => under_way.end(),
                    Some(_) => drop(under_way),
                }
                Ok::<_, Infallible>(response.map(Full::new))
            }
        }),
    );
    let mut connection = pin!(connection);
    let first = first_head_by.saturating_duration_since(Instant::now());
    let patience = tokio::select! {
        // A connection that breaks is the client's affair.
        _ = connection.as_mut() => return,
        () = traffic.too_much() => return,
        () = traffic.idle(first, limits.head_wait) => match traffic.tally().begun {
            // Who has not said anything in all that time gets no farewell.
            0 => return,
            _ => limits.linger,
        },
        () = traffic.used_up() => limits.write_wait,
        _ = draining.wait_for(|draining| *draining) => limits.linger,
    };
    connection.as_mut().graceful_shutdown();
    tokio::select! {
        _ = connection.as_mut() => {}
        () = traffic.too_much() => {}
        // Those who take neither their answers nor the farewell are not waited for.
        () = traffic.idle(patience, patience) => {}
    }
}

fn builder(limits: &Limits) -> http2::Builder<TokioExecutor> {
    let mut http = http2::Builder::new(TokioExecutor::new());
    http.timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS_MAX)
        .max_header_list_size(u32::try_from(protocol_limits::HEADERS_MAX_BYTES).unwrap_or(u32::MAX))
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .max_send_buf_size(SEND_BUFFER_MAX_BYTES)
        .max_pending_accept_reset_streams(UNSEEN_RESETS_MAX)
        .max_local_error_reset_streams(ERROR_RESETS_MAX)
        .keep_alive_interval(limits.head_wait)
        .keep_alive_timeout(limits.write_wait);
    http
}

/// What goes on in a connection.
struct Traffic {
    requests_max: u32,
    tally: Mutex<Tally>,
    /// The connection has had its share of requests.
    used_up: Notify,
    /// It goes on all the same, or too many of its requests were spoilt.
    too_much: Notify,
}

struct Tally {
    begun: u32,
    under_way: u32,
    spoilt: u32,
    /// When the last request ended.
    ended_at: Option<Instant>,
}

impl Traffic {
    fn new(limits: &Limits) -> Self {
        Self {
            requests_max: limits.requests_per_connection_max,
            tally: Mutex::new(Tally { begun: 0, under_way: 0, spoilt: 0, ended_at: None }),
            used_up: Notify::new(),
            too_much: Notify::new(),
        }
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn used_up(&self) {
        self.used_up.notified().await;
    }

    async fn too_much(&self) {
        self.too_much.notified().await;
    }

    /// Done when no request is under way, none came for `first` from now, and none for `wait` after the last one.
    async fn idle(&self, first: Duration, wait: Duration) {
        let begin = Instant::now();
        let mut until = after(begin, first);
        loop {
            sleep_until(until).await;
            let now = Instant::now();
            let tally = self.tally();
            let quiet_until = tally.ended_at.map_or(until, |ended| after(ended, wait).max(until));
            until = if tally.under_way > 0 { after(now, wait) } else { quiet_until };
            if until <= now {
                return;
            }
        }
    }
}

fn after(moment: Instant, wait: Duration) -> Instant {
    moment.checked_add(wait).unwrap_or(moment)
}

/// A request that is being answered. Dropped before its end, it was spoilt.
struct UnderWay {
    traffic: Arc<Traffic>,
    ended: bool,
}

impl UnderWay {
    fn begin(traffic: &Arc<Traffic>) -> Self {
        let mut tally = traffic.tally();
        tally.begun = tally.begun.saturating_add(1);
        tally.under_way = tally.under_way.saturating_add(1);
        if tally.begun == traffic.requests_max {
            traffic.used_up.notify_one();
        }
        if tally.begun > traffic.requests_max.saturating_add(STREAMS_MAX) {
            traffic.too_much.notify_one();
        }
        Self { traffic: Arc::clone(traffic), ended: false }
    }

    fn end(mut self) {
        self.ended = true;
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut tally = self.traffic.tally();
        tally.under_way = tally.under_way.saturating_sub(1);
        tally.ended_at = Some(Instant::now());
        if !self.ended {
            tally.spoilt = tally.spoilt.saturating_add(1);
            if tally.spoilt > SPOILT_MAX {
                self.traffic.too_much.notify_one();
            }
        }
    }
}
