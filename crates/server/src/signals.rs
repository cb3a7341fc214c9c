//! The signals that end the server.

use std::io;

use rustix::process::Signal;
use tokio::signal::unix::{self, SignalKind, signal};

/// SIGTERM and SIGINT.
pub(crate) struct Signals {
    terminate: unix::Signal,
    interrupt: unix::Signal,
}

impl Signals {
    /// From now on they no longer end the process by themselves, and SIGHUP and SIGXFSZ do not either.
    pub(crate) fn listen() -> io::Result<Self> {
        // Whoever asks a server to read its files again must not end one that has none to read.
        let _ = signal(SignalKind::hangup())?;
        // A file that may not grow is an error of the call that writes, and the store or the log says so.
        let _ = signal(SignalKind::from_raw(Signal::XFSZ.as_raw()))?;
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// The next of either.
    pub(crate) async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
