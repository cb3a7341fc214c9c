//! What may be used once: the `jti` of a token, within whatever makes it unique (RFC 7519 section 4.1.7).

use aws_lc_rs::digest;
use parhelion_jose::claims::{Claim, Claims};

use crate::limits;
use crate::refusal::Refusal;

/// A value that may be used once, to be claimed together with whatever the request leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OnceKey {
    /// SHA-256 over what it is, whose it is and its value.
    pub id: [u8; 32],
    /// From then on it needs no remembering, in seconds since 1970.
    pub forget_at_s: i64,
}

impl OnceKey {
    /// The once-key of a token that is accepted until then. `scope` says what the token is and whose; no part of it
    /// holds a zero byte, which parts them.
    ///
    /// # Errors
    /// `refused`, where there is no `jti` within its bounds.
    pub(crate) fn of_jti(
        claims: &Claims,
        scope: &[&str],
        accepted_until_s: i64,
        refused: Refusal,
    ) -> Result<Self, Refusal> {
        let Claim::Valid(jti) = claims.string("jti") else { return Err(refused) };
        if jti.is_empty() || jti.len() > limits::JTI_MAX_BYTES {
            return Err(refused.found_length(jti.len()));
        }
        let mut hash = digest::Context::new(&digest::SHA256);
        for part in scope {
            hash.update(part.as_bytes());
            hash.update(b"\0");
        }
        hash.update(jti.as_bytes());
        let mut id = [0; 32];
        id.copy_from_slice(hash.finish().as_ref());
        Ok(Self { id, forget_at_s: accepted_until_s.saturating_add(limits::ONCE_KEY_MARGIN_S) })
    }
}
