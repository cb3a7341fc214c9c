//! The client certificate of a request: that of its connection, or what a proxy that is trusted says was shown to it.

use http::HeaderMap;
use parhelion_protocol::sender::certificate::Shown;
use parhelion_protocol::sender::client_cert;

use super::connection::Arrival;
use crate::config::ClientCertificateHeader;

/// What the sender of a request with these headers shows.
pub(super) fn shown(arrival: &Arrival, headers: &HeaderMap) -> Shown {
    if arrival.edge.proxies.is_trusted(arrival.peer.to_canonical()) {
        // The connection is the proxy's, and so is a certificate that it shows.
        arrival.edge.certificate_header.as_ref().map_or(Shown::Absent, |header| read(header, headers))
    } else {
        arrival.certificate.clone()
    }
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
