//! `response_mode`: how the authorization response travels (OAuth 2.0 Multiple Response Types 2.1, OAuth 2.0
//! Form Post Response Mode, JARM 2.3).

use serde::Deserialize;

use crate::parameters::Param;
use crate::params::response_type::ResponseType;
use crate::profile::Policy;
use crate::refusal::{Reason, Refusal};

/// A supported response mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub enum ResponseMode {
    /// In the query of the redirect URI: the default of `code`, and refused where tokens are carried.
    #[serde(rename = "query")]
    Query,
    /// Behind the `#` of the redirect URI: the default where tokens are carried.
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
    /// As a JSON document, by the authorization endpoint itself: PingOne's.
    #[serde(rename = "pi.flow")]
    PiFlow,
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
    /// None but the body of the answer.
    Body,
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
    pub const ALL: &'static [Self] = &[
        Self::Query,
        Self::Fragment,
        Self::FormPost,
        Self::Jwt,
        Self::QueryJwt,
        Self::FragmentJwt,
        Self::FormPostJwt,
        Self::PiFlow,
    ];

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
            Self::PiFlow => "pi.flow",
        }
    }

    /// Whether metadata list it. The vendor's SDK for browsers takes `pi.flow` as soon as it is listed, and then calls the
    /// authorization endpoint from a page of another origin, to which that endpoint is never open (OAuth 2.1 section 3.1).
    #[must_use]
    pub const fn is_listed(self) -> bool {
        !matches!(self, Self::PiFlow)
    }

    /// The mode of a response type for which none is named (OAuth 2.0 Multiple Response Types sections 2.1 and 5).
    #[must_use]
    pub const fn default_of(response_type: ResponseType) -> Self {
        if response_type.has_tokens() { Self::Fragment } else { Self::Query }
    }

    /// How the response of a type travels in this mode, and as what.
    #[must_use]
    pub const fn of(self, response_type: ResponseType) -> (Carrier, Content) {
        match self {
            Self::Query => (Carrier::Query, Content::Parameters),
            Self::Fragment => (Carrier::Fragment, Content::Parameters),
            Self::FormPost => (Carrier::FormPost, Content::Parameters),
            Self::Jwt if response_type.has_tokens() => (Carrier::Fragment, Content::Jwt),
            Self::Jwt | Self::QueryJwt => (Carrier::Query, Content::Jwt),
            Self::FragmentJwt => (Carrier::Fragment, Content::Jwt),
            Self::FormPostJwt => (Carrier::FormPost, Content::Jwt),
            Self::PiFlow => (Carrier::Body, Content::Parameters),
        }
    }
}

/// Reads a response mode that the policy accepts; none sent means the default of the response type,
/// which the policy has to accept too.
///
/// # Errors
/// [`Reason::ResponseModeUnsupported`], [`Reason::ResponseModeUnfit`].
pub fn parse(text: Option<&str>, response_type: ResponseType, policy: &Policy) -> Result<ResponseMode, Refusal> {
    let refused = |reason| Refusal::new(reason).about(Some(Param::ResponseMode));
    let text = text.unwrap_or(ResponseMode::default_of(response_type).as_str());
    let known = policy.response_modes.iter().find(|mode| mode.as_str() == text);
    let mode = known.copied().ok_or(refused(Reason::ResponseModeUnsupported))?;
    //= oauth-multiple-response-types#5 tokens never travel in a query
    // Nor in the document, of which nothing is known but that it carries a code.
    let code_alone = matches!(mode, ResponseMode::Query | ResponseMode::PiFlow);
    let in_the_open = code_alone && response_type.has_tokens();
    if in_the_open { Err(refused(Reason::ResponseModeUnfit)) } else { Ok(mode) }
}

/// The mode in which a client hears that its request cannot stand: the one it asked for where that can be used, else
/// the default of the response type, or the first that the policy accepts.
#[must_use]
pub fn for_errors(text: Option<&str>, response_type: ResponseType, policy: &Policy) -> ResponseMode {
    let default = ResponseMode::default_of(response_type);
    let first =
        policy.response_modes.iter().copied().find(|mode| parse(Some(mode.as_str()), response_type, policy).is_ok());
    let usable = parse(text, response_type, policy).or_else(|_| parse(None, response_type, policy));
    usable.ok().or(first).unwrap_or(default)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::response_type::ResponseType::Code;
    use crate::profile::{names, shipped};

    #[test]
    fn default_needs_the_policy_too() {
        let form_only = toml::from_str("response_modes = ['form_post']").unwrap();
        let policy = shipped("default").unwrap().overlaid(&form_only).unwrap();
        assert_eq!(parse(None, Code, &policy).unwrap_err().reason, Reason::ResponseModeUnsupported);
        assert_eq!(for_errors(None, Code, &policy), ResponseMode::FormPost);
    }

    #[test]
    fn tokens_travel_in_the_fragment_and_never_in_a_query() {
        let policy = shipped("rfc9126").unwrap();
        for kind in ResponseType::ALL.iter().copied().filter(|kind| kind.has_tokens()) {
            assert_eq!(parse(None, kind, &policy), Ok(ResponseMode::Fragment));
            assert_eq!(parse(Some("query"), kind, &policy).unwrap_err().reason, Reason::ResponseModeUnfit);
            assert_eq!(for_errors(Some("query"), kind, &policy), ResponseMode::Fragment);
            assert_eq!(ResponseMode::Jwt.of(kind), (Carrier::Fragment, Content::Jwt));
        }
        assert_eq!(parse(None, Code, &policy), Ok(ResponseMode::Query));
        assert_eq!(ResponseMode::Jwt.of(Code), (Carrier::Query, Content::Jwt));
    }

    #[test]
    fn one_profile_accepts_a_document_and_for_a_code_alone() {
        let text = Some(ResponseMode::PiFlow.as_str());
        for name in names() {
            let policy = shipped(name).unwrap();
            let refused = Err(Reason::ResponseModeUnsupported);
            let expected = if name == "pingone" { Ok(ResponseMode::PiFlow) } else { refused };
            assert_eq!(parse(text, Code, &policy).map_err(|refusal| refusal.reason), expected, "{name}");
        }
        let policy = shipped("pingone").unwrap();
        for kind in ResponseType::ALL.iter().copied().filter(|kind| kind.has_tokens()) {
            assert_eq!(parse(text, kind, &policy).unwrap_err().reason, Reason::ResponseModeUnfit);
        }
        assert!(shipped("rfc9126").unwrap().tightened(policy).is_err());
    }

    #[test]
    fn only_what_is_built_is_accepted() {
        let policy = shipped("default").unwrap();
        for mode in ResponseMode::ALL.iter().filter(|mode| mode.is_listed()) {
            assert_eq!(parse(Some(mode.as_str()), Code, &policy), Ok(*mode));
        }
        for text in ["pi.flow", "web_message", "QUERY", "JWT", ""] {
            assert_eq!(parse(Some(text), Code, &policy).unwrap_err().reason, Reason::ResponseModeUnsupported, "{text}");
        }
    }
}
