//! A panic ends one request, not the server, and tells the log where it was, never what it said.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

/// A request's work, whose panic is its outcome.
pub(super) struct Guarded<F>(Pin<Box<F>>);

/// The work panicked.
pub(super) struct Panicked;

impl<F: Future> Guarded<F> {
    pub(super) fn new(work: F) -> Self {
        Self(Box::pin(work))
    }
}

impl<F: Future> Future for Guarded<F> {
    type Output = Result<F::Output, Panicked>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // What the work held is dropped with it and seen by nobody again.
        match catch_unwind(AssertUnwindSafe(|| self.0.as_mut().poll(cx))) {
            Ok(outcome) => outcome.map(Ok),
            Err(_) => Poll::Ready(Err(Panicked)),
        }
    }
}

/// From now on the process reports a panic with its place only: a message may hold what a request carried.
pub fn report_without_payload() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "a panic");
    }));
}
