//! `max_age`: seconds since the user last authenticated that are acceptable (OpenID Connect Core 3.1.2.1).

use crate::limits;
use crate::parameters::Param;
use crate::refusal::{Reason, Refusal};

/// Reads digits, 0 to 2147483647.
///
/// # Errors
/// [`Reason::MaxAgeMalformed`].
pub fn parse(text: &str) -> Result<u32, Refusal> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let value = text.parse::<u32>().ok().filter(|value| digits && *value <= limits::MAX_AGE_MAX_S);
    value.ok_or(Refusal::new(Reason::MaxAgeMalformed).about(Some(Param::MaxAge)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_within_bounds_only() {
        assert_eq!(parse("0"), Ok(0));
        assert_eq!(parse("2147483647"), Ok(2_147_483_647));
        for text in ["", "-1", "+1", "1.0", "1e3", " 1", "2147483648", "99999999999999999999", "\u{661}"] {
            assert_eq!(parse(text).unwrap_err().reason, Reason::MaxAgeMalformed, "{text}");
        }
    }
}
