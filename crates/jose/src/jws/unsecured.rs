//! What nobody has signed: `alg` is `none` (RFC 7515 appendix A.5, RFC 7518 section 3.6). A form of its own: what reads signed
//! tokens takes none of these, and this takes no signed one, so that nobody meets one who did not ask for it by name.

use super::segments::Split;
use super::{Header, JwsFault};
use crate::base64url;
use crate::claims::Claims;
use crate::json;
use crate::limits;
use std::fmt;

/// The algorithm that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoAlgorithm;

impl NoAlgorithm {
    /// The name registered for `alg`.
    pub const NAME: &'static str = "none";

    fn from_name(name: &str) -> Option<Self> {
        (name == Self::NAME).then_some(Self)
    }
}

/// A well-formed token that anybody may have written.
pub struct Unsecured {
    header: Header<NoAlgorithm>,
    payload: Vec<u8>,
}

impl Unsecured {
    /// Reads a token exactly as [`super::Compact::parse`] does, but that its `alg` is `none`, spelt so, and that its third
    /// segment is there and empty.
    ///
    /// # Errors
    /// [`JwsFault`]; [`JwsFault::AlgorithmUnknown`] for whatever is signed, [`JwsFault::SignatureNotEmpty`].
    pub fn parse(token: &str) -> Result<Self, JwsFault> {
        let Split { header, payload, signature, .. } = Split::of(token, NoAlgorithm::from_name)?;
        if !signature.is_empty() {
            return Err(JwsFault::SignatureNotEmpty);
        }
        let payload = base64url::decode(payload).map_err(|_| JwsFault::PayloadNotBase64url)?;
        Ok(Self { header, payload })
    }

    /// The header; like everything here, nobody's word.
    #[must_use]
    pub fn header(&self) -> &Header<NoAlgorithm> {
        &self.header
    }

    /// The payload as claims that nobody vouches for, within [`limits::CLAIMS`].
    ///
    /// # Errors
    /// [`JwsFault::Claims`], when it is not a JSON object within those bounds.
    pub fn unverified_claims(&self) -> Result<Claims, JwsFault> {
        json::parse_object(&self.payload, limits::CLAIMS).map(Claims::new).map_err(JwsFault::Claims)
    }
}

impl fmt::Debug for Unsecured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unsecured").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jws::{Compact, MacCompact};

    fn token(header: &str, payload: &str, signature: &str) -> String {
        format!("{}.{}.{signature}", base64url::encode(header.as_bytes()), base64url::encode(payload.as_bytes()))
    }

    #[test]
    fn what_nobody_signed_is_read_by_its_own_name_only() {
        let plain = token(r#"{"alg":"none"}"#, r#"{"a":"b"}"#, "");
        let read = Unsecured::parse(&plain).unwrap();
        assert_eq!(read.unverified_claims().unwrap().object()["a"], "b");
        assert_eq!(Compact::parse(&plain).err(), Some(JwsFault::Unsecured));
        assert_eq!(MacCompact::parse(&plain).err(), Some(JwsFault::Unsecured));
    }

    #[test]
    fn what_is_signed_or_spelt_otherwise_is_not_read() {
        for (header, signature, fault) in [
            (r#"{"alg":"none"}"#, "c2ln", JwsFault::SignatureNotEmpty),
            (r#"{"alg":"none"}"#, "=", JwsFault::SignatureNotEmpty),
            (r#"{"alg":"None"}"#, "", JwsFault::Unsecured),
            (r#"{"alg":"NONE"}"#, "", JwsFault::Unsecured),
            (r#"{"alg":"none "}"#, "", JwsFault::Unsecured),
            (r#"{"alg":""}"#, "", JwsFault::AlgorithmUnknown),
            (r#"{"alg":"ES256"}"#, "", JwsFault::AlgorithmUnknown),
            (r#"{"alg":"HS256"}"#, "c2ln", JwsFault::AlgorithmUnknown),
            (r#"{"typ":"JWT"}"#, "", JwsFault::AlgorithmMissing),
            (r#"{"alg":["none"]}"#, "", JwsFault::AlgorithmMalformed),
            (r#"{"alg":"none","crit":["x"]}"#, "", JwsFault::CriticalExtension),
        ] {
            assert_eq!(Unsecured::parse(&token(header, "{}", signature)).err(), Some(fault), "{header} {signature}");
        }
        let plain = token(r#"{"alg":"none"}"#, "{}", "");
        for (text, fault) in [
            (plain.trim_end_matches('.').to_owned(), JwsFault::NotThreeSegments),
            (format!("{plain}."), JwsFault::NotThreeSegments),
            (token(r#"{"alg":"none"}"#, "", ""), JwsFault::PayloadEmpty),
        ] {
            assert_eq!(Unsecured::parse(&text).err(), Some(fault), "{text}");
        }
        let array = Unsecured::parse(&token(r#"{"alg":"none"}"#, "[]", "")).unwrap();
        assert!(matches!(array.unverified_claims(), Err(JwsFault::Claims(_))));
    }
}
