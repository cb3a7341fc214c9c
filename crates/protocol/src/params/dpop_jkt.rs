//! `dpop_jkt`: the thumbprint of the key that the code is to be bound to (RFC 9449 section 10).

use parhelion_jose::base64url;

use crate::parameters::Param;
use crate::refusal::{Reason, Refusal};

/// Reads an RFC 7638 thumbprint: 43 base64url characters.
///
/// # Errors
/// [`Reason::DpopJktMalformed`].
pub fn parse(text: &str) -> Result<[u8; 32], Refusal> {
    base64url::decode_array(text).ok_or(Refusal::new(Reason::DpopJktMalformed).about(Some(Param::DpopJkt)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_thumbprint_stands() {
        let good = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
        assert!(parse(good).is_ok());
        for text in [good.get(1..).unwrap(), &format!("{good}="), &"ab".repeat(32), ""] {
            assert_eq!(parse(text).unwrap_err().reason, Reason::DpopJktMalformed, "{text}");
        }
    }
}
