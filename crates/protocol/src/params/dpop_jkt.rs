//! `dpop_jkt`: the thumbprint of the key that the code is to be bound to (RFC 9449 section 10).

use parhelion_jose::base64url;

use crate::parameters::Param;
use crate::refusal::{Reason, Refusal};

/// Checks the form, then refuses: a binding that cannot be kept must not be accepted silently.
///
/// # Errors
/// [`Reason::DpopJktMalformed`] or [`Reason::DpopNotSupported`].
pub fn parse(text: &str) -> Result<(), Refusal> {
    let well_formed = base64url::decode_array::<32>(text).is_some();
    let reason = if well_formed { Reason::DpopNotSupported } else { Reason::DpopJktMalformed };
    Err(Refusal::new(reason).about(Some(Param::DpopJkt)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn malformed_is_told_before_unsupported() {
        let good = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
        assert_eq!(parse(good).unwrap_err().reason, Reason::DpopNotSupported);
        for text in [good.get(1..).unwrap(), &format!("{good}="), &"ab".repeat(32)] {
            assert_eq!(parse(text).unwrap_err().reason, Reason::DpopJktMalformed, "{text}");
        }
    }
}
