//! Who holds the key: proofs that bind a token to its sender, one file per kind.

pub mod dpop;

use serde::{Deserialize, Serialize};

/// The key that a token is bound to. The number of each is stored: it is never changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Confirmation {
    /// RFC 7638 thumbprint of a DPoP key (RFC 9449 section 6).
    Jkt([u8; 32]),
}

/// How a token is shown that is bound to this, or to nothing (RFC 9449 section 5).
#[must_use]
pub const fn token_type(bound_to: Option<Confirmation>) -> &'static str {
    match bound_to {
        Some(Confirmation::Jkt(_)) => "DPoP",
        None => "Bearer",
    }
}
