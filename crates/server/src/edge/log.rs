//! The operator's log: one line for each refusal, with nothing in it that a request carried but the client's name,
//! escaped and cut.

use std::net::IpAddr;

use http::StatusCode;
use parhelion_dialects::RequestId;
use parhelion_engine::fault::Turned;
use parhelion_protocol::refusal::{Reason, Refusal};
use tracing::{error, info};

use super::message::hex;
use crate::metrics::Tally;
use crate::routes::Place;

/// What is told of a client's name.
const CLIENT_ID_SHOWN_MAX_CHARS: usize = 64;

/// Where a request was turned down.
pub(super) struct Scene<'a> {
    pub(super) request_id: RequestId,
    pub(super) place: Option<&'a Place>,
    pub(super) endpoint: &'a str,
    pub(super) client_id: Option<&'a str>,
    /// The client's address.
    pub(super) source: IpAddr,
    pub(super) tally: &'a Tally<'a>,
}

impl Scene<'_> {
    /// Tells that a request was refused, or that something of ours broke.
    pub(super) fn turned(&self, turned: &Turned) {
        match turned {
            Turned::Refused(refusal) => self.refused(refusal),
            Turned::Faulted(fault) => {
                self.tally.refused(fault.reason());
                let (request_id, tenant, mount) = self.names();
                let (endpoint, client_id, source) = (self.endpoint, self.shown_client_id(), self.shown_source());
                error!(request_id, tenant, mount, endpoint, client_id, source, ?fault, "{}", turned.refusal());
            }
        }
    }

    /// Tells that a request was refused.
    pub(super) fn refused(&self, refusal: &Refusal) {
        self.tally.refused(refusal.reason);
        let (request_id, tenant, mount) = self.names();
        let (endpoint, client_id, source) = (self.endpoint, self.shown_client_id(), self.shown_source());
        info!(request_id, tenant, mount, endpoint, client_id, source, "{refusal}");
    }

    /// Tells that the caller of a back-end API was turned down by its dialect.
    pub(super) fn caller_answered(&self, status: StatusCode) {
        self.tally.caller_refused();
        let (request_id, tenant, mount) = self.names();
        info!(
            request_id,
            tenant,
            mount,
            endpoint = self.endpoint,
            source = self.shown_source(),
            status = status.as_u16(),
            "the API caller was refused"
        );
    }

    /// Tells that a request's work panicked.
    pub(super) fn panicked(&self) {
        self.tally.refused(Reason::ServerFault);
        error!(request_id = hex(self.request_id), "a request ended in a panic");
    }

    fn names(&self) -> (String, Option<&str>, Option<&str>) {
        let mount = self.place.map(|place| &place.mount);
        (hex(self.request_id), mount.map(|mount| mount.tenant.id.as_str()), mount.map(|mount| mount.dialect))
    }

    fn shown_source(&self) -> String {
        self.source.to_string()
    }

    fn shown_client_id(&self) -> Option<String> {
        self.client_id.map(shown)
    }
}

/// A name as a log may have it: nothing in it moves a terminal, ends a line or is longer than a name should be.
fn shown(client_id: &str) -> String {
    client_id.escape_default().take(CLIENT_ID_SHOWN_MAX_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_cannot_move_a_terminal_or_forge_a_line() {
        assert_eq!(shown("app-1"), "app-1");
        assert_eq!(shown("\u{1b}[2J\r\n"), "\\u{1b}[2J\\r\\n");
        assert_eq!(shown("\u{2028}\u{202e}\u{9b}\0"), "\\u{2028}\\u{202e}\\u{9b}\\u{0}");
        assert_eq!(shown(&"x".repeat(1000)).len(), CLIENT_ID_SHOWN_MAX_CHARS);
        assert!(shown(&"\u{7f}".repeat(1000)).is_ascii());
    }
}
