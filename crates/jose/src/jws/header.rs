//! The header of a compact JWS, for either family of algorithms.

use super::JwsFault;
use crate::algorithm::Algorithm;
use crate::json;
use crate::limits::{self, KID_BYTES};
use serde_json::{Map, Value};
use std::fmt;

/// A JOSE header that may be acted on: no `crit`, and an algorithm of the family `A`.
#[derive(Clone, PartialEq, Eq)]
pub struct Header<A = Algorithm> {
    alg: A,
    object: Map<String, Value>,
}

impl<A: Copy> Header<A> {
    /// The signature algorithm (RFC 7515 section 4.1.1).
    #[must_use]
    pub fn alg(&self) -> A {
        self.alg
    }

    /// The identifier of the key (RFC 7515 section 4.1.4); at most 256 bytes.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.object.get("kid").and_then(Value::as_str)
    }

    /// The media type of the whole object (RFC 7515 section 4.1.9); compare it with [`super::typ_is`].
    #[must_use]
    pub fn typ(&self) -> Option<&str> {
        self.object.get("typ").and_then(Value::as_str)
    }

    /// The whole header. `jwk`, `jku`, `x5c` and `x5u` in it are the sender's words, not keys (RFC 8725 section 3.10):
    /// only a DPoP proof is meant to bring its `jwk` along.
    #[must_use]
    pub fn object(&self) -> &Map<String, Value> {
        &self.object
    }

    /// Reads a header whose `alg` is one that `named` knows by its name.
    pub(super) fn parse(bytes: &[u8], named: fn(&str) -> Option<A>) -> Result<Self, JwsFault> {
        let object = json::parse_object(bytes, limits::HEADER).map_err(JwsFault::Header)?;
        for name in ["crit", "b64"] {
            if object.contains_key(name) {
                return Err(JwsFault::CriticalExtension);
            }
        }
        let alg = match object.get("alg") {
            None => return Err(JwsFault::AlgorithmMissing),
            Some(Value::String(name)) => named(name).ok_or_else(|| refused(name))?,
            Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                return Err(JwsFault::AlgorithmMalformed);
            }
        };
        let header = Self { alg, object };
        if header.kid().is_some_and(|kid| kid.len() > KID_BYTES) || header.is_not_a_string("kid") {
            return Err(JwsFault::KidMalformed);
        }
        if header.is_not_a_string("typ") {
            return Err(JwsFault::TypMalformed);
        }
        Ok(header)
    }

    fn is_not_a_string(&self, name: &str) -> bool {
        self.object.get(name).is_some_and(|value| !value.is_string())
    }
}

impl<A: fmt::Debug> fmt::Debug for Header<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Header").field("alg", &self.alg).finish_non_exhaustive()
    }
}

fn refused(name: &str) -> JwsFault {
    if name.trim().eq_ignore_ascii_case("none") { JwsFault::Unsecured } else { JwsFault::AlgorithmUnknown }
}
