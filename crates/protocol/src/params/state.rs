//! `state`: opaque, given back byte for byte (RFC 6749 section 4.1.1).

use crate::limits;
use crate::parameters::Param;
use crate::profile::Policy;
use crate::refusal::{Reason, Refusal};

/// Takes the text as it is, between the profile's least length and ours: never cut, never changed.
///
/// # Errors
/// [`Reason::StateTooShort`] or [`Reason::StateTooLong`].
pub fn parse(text: &str, policy: &Policy) -> Result<String, Refusal> {
    let text = super::bounded(Param::State, text, limits::STATE_MAX_BYTES, Reason::StateTooLong)?;
    super::at_least(Param::State, text, policy.state_min_bytes, Reason::StateTooShort).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::shipped;

    #[test]
    fn bounds_hold_to_the_byte() {
        let policy = shipped("ibm-verify").unwrap();
        let reason = |length| parse(&"x".repeat(length), &policy).err().map(|refusal| refusal.reason);
        assert_eq!(reason(7), Some(Reason::StateTooShort));
        assert_eq!(reason(8), None);
        assert_eq!(reason(limits::STATE_MAX_BYTES), None);
        assert_eq!(reason(limits::STATE_MAX_BYTES + 1), Some(Reason::StateTooLong));
    }
}
