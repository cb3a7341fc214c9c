//! `response_mode`: how the authorization response travels (OAuth 2.0 Multiple Response Types 2.1, OAuth 2.0
//! Form Post Response Mode, JARM 2.3).

use serde::Deserialize;

use crate::parameters::Param;
use crate::profile::Policy;
use crate::refusal::{Reason, Refusal};

/// A supported response mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub enum ResponseMode {
    /// In the query of the redirect URI: the default of `code`.
    #[serde(rename = "query")]
    Query,
    /// Behind the `#` of the redirect URI.
    #[serde(rename = "fragment")]
    Fragment,
    /// In a form that the browser sends to the redirect URI.
    #[serde(rename = "form_post")]
    FormPost,
    /// As a JWT, in the way that is the default of the response type (JARM 2.3.4).
    #[serde(rename = "jwt")]
    Jwt,
    /// As a JWT in the query (JARM 2.3.1).
    #[serde(rename = "query.jwt")]
    QueryJwt,
    /// As a JWT behind the `#` (JARM 2.3.2).
    #[serde(rename = "fragment.jwt")]
    FragmentJwt,
    /// As a JWT in a form (JARM 2.3.3).
    #[serde(rename = "form_post.jwt")]
    FormPostJwt,
}

/// How a response reaches the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carrier {
    /// The query of the redirect URI.
    Query,
    /// Its fragment.
    Fragment,
    /// A form.
    FormPost,
}

/// What a response is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// Its parameters.
    Parameters,
    /// One parameter, `response`: a JWT that holds them (JARM 2.1).
    Jwt,
}

impl ResponseMode {
    /// Every response mode.
    pub const ALL: &'static [Self] =
        &[Self::Query, Self::Fragment, Self::FormPost, Self::Jwt, Self::QueryJwt, Self::FragmentJwt, Self::FormPostJwt];

    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Fragment => "fragment",
            Self::FormPost => "form_post",
            Self::Jwt => "jwt",
            Self::QueryJwt => "query.jwt",
            Self::FragmentJwt => "fragment.jwt",
            Self::FormPostJwt => "form_post.jwt",
        }
    }

    /// How the response of a `code` travels in this mode, and as what.
    #[must_use]
    pub const fn of_code(self) -> (Carrier, Content) {
        match self {
            Self::Query => (Carrier::Query, Content::Parameters),
            Self::Fragment => (Carrier::Fragment, Content::Parameters),
            Self::FormPost => (Carrier::FormPost, Content::Parameters),
            Self::Jwt | Self::QueryJwt => (Carrier::Query, Content::Jwt),
            Self::FragmentJwt => (Carrier::Fragment, Content::Jwt),
            Self::FormPostJwt => (Carrier::FormPost, Content::Jwt),
        }
    }
}

/// Reads a response mode that the policy accepts; none sent means the default of the response type,
/// which the policy has to accept too.
///
/// # Errors
/// [`Reason::ResponseModeUnsupported`].
pub fn parse(text: Option<&str>, policy: &Policy) -> Result<ResponseMode, Refusal> {
    let text = text.unwrap_or(ResponseMode::Query.as_str());
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
        for mode in ResponseMode::ALL {
            assert_eq!(parse(Some(mode.as_str()), &policy), Ok(*mode));
        }
        for text in ["pi.flow", "web_message", "QUERY", "JWT", ""] {
            assert_eq!(parse(Some(text), &policy).unwrap_err().reason, Reason::ResponseModeUnsupported, "{text}");
        }
    }
}
