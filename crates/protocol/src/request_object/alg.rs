//! What a request object is signed with: a key of the client's, or the secret that it shares with the server.

use parhelion_jose::jws::{Algorithm, MacAlgorithm};
use serde::Deserialize;

/// An algorithm of either family. `none` is neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum RequestObjectAlg {
    /// By a key that the client has alone.
    Key(Algorithm),
    /// By the client's secret (OpenID Connect Core section 6.1).
    Secret(MacAlgorithm),
}

impl RequestObjectAlg {
    /// The algorithm of that exact name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let by_key = Algorithm::from_name(name).map(Self::Key);
        by_key.or_else(|| MacAlgorithm::from_name(name).map(Self::Secret))
    }

    /// The name registered for `alg`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Key(alg) => alg.name(),
            Self::Secret(alg) => alg.name(),
        }
    }
}

impl TryFrom<String> for RequestObjectAlg {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        Self::from_name(&name).ok_or(format!("unknown signature algorithm `{name}`"))
    }
}
