//! The client certificate of a request: that of its connection, or what a proxy that is trusted says was shown to it.

use http::request::Parts;
use http::{HeaderMap, Request};
use parhelion_protocol::sender::certificate::Shown;
use parhelion_protocol::sender::client_cert;

use super::connection::Arrival;
use crate::config::ClientCertificateHeader;

static ABSENT: Shown = Shown::Absent;

/// The certificate that came with a request; nobody has judged it yet.
pub(super) fn certificate(parts: &Parts) -> &Shown {
    parts.extensions.get().unwrap_or(&ABSENT)
}

/// Notes on a request what its sender shows.
pub(super) fn mark<B>(arrival: &Arrival, request: &mut Request<B>) {
    let shown = if arrival.edge.proxies.is_trusted(arrival.peer.to_canonical()) {
        // The connection is the proxy's, and so is a certificate that it shows.
        arrival.edge.certificate_header.as_ref().map_or(Shown::Absent, |header| read(header, request.headers()))
    } else {
        arrival.certificate.clone()
    };
    request.extensions_mut().insert(shown);
}

fn read(header: &ClientCertificateHeader, headers: &HeaderMap) -> Shown {
    let lines = |name: &str| headers.get_all(name).into_iter().map(|line| line.as_bytes()).collect::<Vec<_>>();
    match header {
        ClientCertificateHeader::Rfc9440 => {
            client_cert::read(lines(client_cert::CLIENT_CERT), lines(client_cert::CLIENT_CERT_CHAIN))
        }
        ClientCertificateHeader::EscapedPem(name) => client_cert::read_escaped_pem(lines(name.as_str())),
    }
}
