//! TLS from its sockets.
