//! How long and how much the edge lets a connection have. What a request may have is in
//! [`parhelion_protocol::limits`] and in the policies.

use std::time::Duration;

/// The edge's own bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections at one time; more wait in the operating system's queue.
    pub connections_max: usize,
    /// From the beginning of a connection, or the end of an answer, to the end of the next request's head. It is
    /// also how long a connection may idle.
    pub head_wait: Duration,
    /// From the end of the head to the end of the body.
    pub body_wait: Duration,
    /// How long a client may take no byte of its answer.
    pub write_wait: Duration,
    /// Requests of one connection; its last answer says so.
    pub requests_per_connection_max: u32,
    /// How long what a client still sends is read after its last answer, so that it can hear that answer.
    pub linger: Duration,
    /// How long no connection is accepted after the system had no descriptor left for one.
    pub accept_pause: Duration,
    /// How long requests in flight may take to finish when the server ends.
    pub drain_wait: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: 10_000,
            head_wait: Duration::from_secs(10),
            body_wait: Duration::from_secs(10),
            write_wait: Duration::from_secs(10),
            requests_per_connection_max: 10_000,
            linger: Duration::from_secs(1),
            accept_pause: Duration::from_millis(100),
            drain_wait: Duration::from_secs(10),
        }
    }
}
