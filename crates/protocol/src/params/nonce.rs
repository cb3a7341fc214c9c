//! `nonce`: opaque, carried into the ID token (OpenID Connect Core 3.1.2.1).

use crate::limits;
use crate::parameters::Param;
use crate::profile::Policy;
use crate::refusal::{Reason, Refusal};

/// Takes the text as it is, between the profile's least length and ours: never cut, never changed.
///
/// # Errors
/// [`Reason::NonceTooShort`] or [`Reason::NonceTooLong`].
pub fn parse(text: &str, policy: &Policy) -> Result<String, Refusal> {
    let text = super::bounded(Param::Nonce, text, limits::NONCE_MAX_BYTES, Reason::NonceTooLong)?;
    super::at_least(Param::Nonce, text, policy.nonce_min_bytes, Reason::NonceTooShort).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::shipped;

    #[test]
    fn bounds_hold_to_the_byte() {
        let policy = shipped("ibm-verify").unwrap();
        let reason = |length| parse(&"x".repeat(length), &policy).err().map(|refusal| refusal.reason);
        assert_eq!(reason(7), Some(Reason::NonceTooShort));
        assert_eq!(reason(8), None);
        assert_eq!(reason(limits::NONCE_MAX_BYTES), None);
        assert_eq!(reason(limits::NONCE_MAX_BYTES + 1), Some(Reason::NonceTooLong));
    }
}
