//! `response_type`: what the authorization response carries (RFC 6749 section 3.1.1).

use crate::parameters::Param;
use crate::refusal::{Reason, Refusal};

/// A supported response type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ResponseType {
    /// An authorization code.
    Code,
}

impl ResponseType {
    /// Every supported response type.
    pub const ALL: &'static [Self] = &[Self::Code];

    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
        }
    }
}

/// Reads a response type. The order of words in a combination does not matter.
///
/// # Errors
/// [`Reason::ResponseTypeUnsupported`].
pub fn parse(text: &str) -> Result<ResponseType, Refusal> {
    let mut words: Vec<_> = text.split(' ').collect();
    words.sort_unstable();
    let known = ResponseType::ALL.iter().find(|known| known.as_str().split(' ').eq(words.iter().copied()));
    known.copied().ok_or(Refusal::new(Reason::ResponseTypeUnsupported).about(Some(Param::ResponseType)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_code_is_known() {
        assert_eq!(parse("code"), Ok(ResponseType::Code));
        for text in ["token", "code id_token", "code code", "CODE", " code", "code ", "none"] {
            assert_eq!(parse(text).unwrap_err().reason, Reason::ResponseTypeUnsupported, "{text}");
        }
    }
}
