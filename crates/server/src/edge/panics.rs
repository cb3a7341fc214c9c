//! A panic ends one request, not the server, and tells the log where it was, never what it said.

use std::cell::Cell;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use parhelion_dialects::RequestId;

use super::message::hex;

/// A request's work, whose panic is its outcome.
pub(super) struct Guarded<F> {
    work: Pin<Box<F>>,
    request_id: RequestId,
}

thread_local! {
    /// The request that this thread works on.
    static AT_WORK: Cell<Option<RequestId>> = const { Cell::new(None) };
}

/// The work panicked.
pub(super) struct Panicked;

impl<F: Future> Guarded<F> {
    pub(super) fn new(work: F, request_id: RequestId) -> Self {
        Self { work: Box::pin(work), request_id }
    }
}

impl<F: Future> Future for Guarded<F> {
    type Output = Result<F::Output, Panicked>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // What the work held is dropped with it and seen by nobody again.
        AT_WORK.set(Some(self.request_id));
        let polled = catch_unwind(AssertUnwindSafe(|| self.work.as_mut().poll(cx)));
        AT_WORK.set(None);
        polled.map_or(Poll::Ready(Err(Panicked)), |outcome| outcome.map(Ok))
    }
}

/// From now on the process reports a panic with its place only: a message may hold what a request carried.
pub fn report_without_payload() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(request_id = AT_WORK.get().map(hex), place, "a panic");
    }));
}
