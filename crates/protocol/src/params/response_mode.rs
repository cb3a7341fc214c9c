//! `response_mode`: how the authorization response travels (OAuth 2.0 Multiple Response Types 2.1,
//! OAuth 2.0 Form Post Response Mode).

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
    /// Behind the `#` of the redirect URI.
    Fragment,
    /// In a form that the browser sends to the redirect URI.
    FormPost,
}

impl ResponseMode {
    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Fragment => "fragment",
            Self::FormPost => "form_post",
        }
    }
}

/// Reads a response mode that the policy accepts; none sent means the default of the response type,
/// which the policy has to accept too.
///
/// # Errors
/// [`Reason::ResponseModeUnsupported`].
pub fn parse(text: Option<&str>, policy: &Policy) -> Result<ResponseMode, Refusal> {
    let text = text.unwrap_or(ResponseMode::default().as_str());
    let known = policy.response_modes.iter().find(|mode| mode.as_str() == text);
    known.copied().ok_or(Refusal::new(Reason::ResponseModeUnsupported).about(Some(Param::ResponseMode)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::shipped;

    #[test]
    fn default_needs_the_policy_too() {
        let form_only = toml::from_str("response_modes = ['form_post']").unwrap();
        let policy = shipped("default").unwrap().overlaid(&form_only).unwrap();
        assert_eq!(parse(None, &policy).unwrap_err().reason, Reason::ResponseModeUnsupported);
    }

    #[test]
    fn only_what_is_built_is_accepted() {
        let policy = shipped("default").unwrap();
        for mode in [ResponseMode::Query, ResponseMode::Fragment, ResponseMode::FormPost] {
            assert_eq!(parse(Some(mode.as_str()), &policy), Ok(mode));
        }
        for text in ["query.jwt", "pi.flow", "web_message", "QUERY", "jwt"] {
            assert_eq!(parse(Some(text), &policy).unwrap_err().reason, Reason::ResponseModeUnsupported, "{text}");
        }
    }
}
