//! Where a request comes from: the peer of its connection. For counting only: nothing that is answered depends on it.

use std::net::IpAddr;

use http::request::Parts;

/// In the extensions of every request that a connection brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Source(pub(super) IpAddr);

/// The address of the client that sent a request.
pub(crate) fn source(parts: &Parts) -> Option<IpAddr> {
    parts.extensions.get::<Source>().map(|source| source.0)
}
