//! Accepting: as many connections as there is room for, until the server ends.

use std::future::Future;
use std::io::ErrorKind;
use std::sync::Arc;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::{sleep, timeout};
use tracing::warn;

use super::{Edge, connection};

/// How serving ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Every request in flight was answered.
    Drained,
    /// Some were not, in the time they had.
    CutOff,
}

/// Serves until `stop` is done, then lets requests in flight finish.
pub async fn run(edge: Arc<Edge>, listener: TcpListener, stop: impl Future<Output = ()>) -> End {
    let limits = edge.limits;
    // As many as can be asked for at once when it ends.
    let places = u32::try_from(limits.connections_max.min(Semaphore::MAX_PERMITS)).unwrap_or(u32::MAX);
    let room = Arc::new(Semaphore::new(usize::try_from(places).unwrap_or(Semaphore::MAX_PERMITS)));
    let (drain, draining) = watch::channel(false);
    tokio::select! {
        () = accept(&edge, &listener, &room, &draining) => {}
        () = stop => {}
    }
    drop(listener);
    drain.send_replace(true);
    match timeout(limits.drain_wait, room.acquire_many(places)).await {
        Ok(_) => End::Drained,
        Err(_) => End::CutOff,
    }
}

async fn accept(edge: &Arc<Edge>, listener: &TcpListener, room: &Arc<Semaphore>, draining: &watch::Receiver<bool>) {
    // The semaphore is never closed.
    while let Ok(place) = Arc::clone(room).acquire_owned().await {
        let socket = next(edge, listener).await;
        let (edge, draining) = (Arc::clone(edge), draining.clone());
        tokio::spawn(async move {
            let _counted = edge.metrics.connection();
            connection::serve(edge, socket, draining).await;
            drop(place);
        });
    }
}

async fn next(edge: &Edge, listener: &TcpListener) -> TcpStream {
    loop {
        let error = match listener.accept().await {
            Ok((socket, _)) => return socket,
            Err(error) => error,
        };
        // A connection that went away before it was accepted says nothing about the next one.
        let of_one = [ErrorKind::ConnectionAborted, ErrorKind::ConnectionReset, ErrorKind::Interrupted];
        if !of_one.contains(&error.kind()) {
            warn!(%error, "no connection can be accepted; waiting");
            sleep(edge.limits.accept_pause).await;
        }
    }
}
