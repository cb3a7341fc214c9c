//! `response_mode`: how the authorization response travels (OAuth 2.0 Multiple Response Types 2.1).

use serde::Deserialize;

use crate::parameters::Param;
use crate::profile::Policy;
use crate::refusal::{Reason, Refusal};

/// A supported response mode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseMode {
    /// In the query of the redirect URI: the default of `code`.
    #[default]
    Query,
}

impl ResponseMode {
    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
        }
    }
}

/// Reads a response mode that the policy accepts.
///
/// # Errors
/// [`Reason::ResponseModeUnsupported`].
pub fn parse(text: &str, policy: &Policy) -> Result<ResponseMode, Refusal> {
    let known = policy.response_modes.iter().find(|mode| mode.as_str() == text);
    known.copied().ok_or(Refusal::new(Reason::ResponseModeUnsupported).about(Some(Param::ResponseMode)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::shipped;

    #[test]
    fn only_query_is_supported() {
        let policy = shipped("default").unwrap();
        assert_eq!(parse("query", &policy), Ok(ResponseMode::Query));
        for text in ["fragment", "form_post", "query.jwt", "pi.flow", "web_message", "QUERY"] {
            assert_eq!(parse(text, &policy).unwrap_err().reason, Reason::ResponseModeUnsupported, "{text}");
        }
    }
}
