//! `response_type`: what the authorization response carries (RFC 6749 section 3.1.1, OAuth 2.0 Multiple Response Type
//! Encoding Practices sections 3 and 5).

use serde::Deserialize;

use crate::client::GrantType;
use crate::parameters::Param;
use crate::profile::Policy;
use crate::refusal::{Reason, Refusal};

/// A response type, whatever the order of its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub enum ResponseType {
    /// An authorization code.
    #[serde(rename = "code")]
    Code,
    /// An access token.
    #[serde(rename = "token")]
    Token,
    /// An ID token.
    #[serde(rename = "id_token")]
    IdToken,
    /// A code, and an ID token that vouches for it.
    #[serde(rename = "code id_token")]
    CodeIdToken,
    /// A code, and an access token.
    #[serde(rename = "code token")]
    CodeToken,
    /// An ID token, and the access token that it vouches for.
    #[serde(rename = "id_token token")]
    IdTokenToken,
    /// All three.
    #[serde(rename = "code id_token token")]
    CodeIdTokenToken,
}

impl ResponseType {
    /// Every response type.
    pub const ALL: &'static [Self] = &[
        Self::Code,
        Self::Token,
        Self::IdToken,
        Self::CodeIdToken,
        Self::CodeToken,
        Self::IdTokenToken,
        Self::CodeIdTokenToken,
    ];

    /// The name on the wire, its words in the order of the alphabet.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Token => "token",
            Self::IdToken => "id_token",
            Self::CodeIdToken => "code id_token",
            Self::CodeToken => "code token",
            Self::IdTokenToken => "id_token token",
            Self::CodeIdTokenToken => "code id_token token",
        }
    }

    /// Whether the response carries a code.
    #[must_use]
    pub const fn has_code(self) -> bool {
        matches!(self, Self::Code | Self::CodeIdToken | Self::CodeToken | Self::CodeIdTokenToken)
    }

    /// Whether the response carries an access token.
    #[must_use]
    pub const fn has_token(self) -> bool {
        matches!(self, Self::Token | Self::CodeToken | Self::IdTokenToken | Self::CodeIdTokenToken)
    }

    /// Whether the response carries an ID token.
    #[must_use]
    pub const fn has_id_token(self) -> bool {
        matches!(self, Self::IdToken | Self::CodeIdToken | Self::IdTokenToken | Self::CodeIdTokenToken)
    }

    /// Whether the response carries tokens, which belong into no query.
    #[must_use]
    pub const fn has_tokens(self) -> bool {
        self.has_token() || self.has_id_token()
    }

    /// The grant types that a client needs for it (OpenID Connect Registration section 2).
    pub fn grant_types(self) -> impl Iterator<Item = GrantType> {
        let code = self.has_code().then_some(GrantType::AuthorizationCode);
        code.into_iter().chain(self.has_tokens().then_some(GrantType::Implicit))
    }
}

/// Reads a response type that the policy accepts. The order of words in a combination does not matter.
///
/// # Errors
/// [`Reason::ResponseTypeUnsupported`].
pub fn parse(text: &str, policy: &Policy) -> Result<ResponseType, Refusal> {
    let known = from_name(text).filter(|known| policy.response_types.has(known));
    known.ok_or(Refusal::new(Reason::ResponseTypeUnsupported).about(Some(Param::ResponseType)))
}

/// The response type of these words, in whatever order.
#[must_use]
pub fn from_name(text: &str) -> Option<ResponseType> {
    let mut words: Vec<_> = text.split(' ').collect();
    words.sort_unstable();
    ResponseType::ALL.iter().copied().find(|known| known.as_str().split(' ').eq(words.iter().copied()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::shipped;

    #[test]
    fn order_of_words_does_not_matter_and_nothing_else_is_bent() {
        for known in ResponseType::ALL {
            let turned: Vec<_> = known.as_str().split(' ').rev().collect();
            assert_eq!(from_name(&turned.join(" ")), Some(*known));
            let words: Vec<_> = known.as_str().split(' ').collect();
            let carried = (known.has_code(), known.has_id_token(), known.has_token());
            assert_eq!(carried, (words.contains(&"code"), words.contains(&"id_token"), words.contains(&"token")));
        }
        for text in ["code code", "CODE", " code", "code ", "code  token", "none", "code none", ""] {
            assert_eq!(from_name(text), None, "{text:?}");
        }
    }

    #[test]
    fn only_what_the_profile_accepts_stands() {
        let accepted = |profile: &str| {
            let policy = shipped(profile).unwrap();
            let is_accepted = |known: &&ResponseType| parse(known.as_str(), &policy).is_ok();
            ResponseType::ALL.iter().filter(is_accepted).count()
        };
        for profile in ["default", "oauth21", "atproto", "fapi2-security", "fapi2-message-signing", "autional"] {
            assert_eq!(accepted(profile), 1, "{profile}");
        }
        assert_eq!((accepted("fapi1-advanced"), accepted("oidc")), (2, 6));
        for profile in ["rfc9126", "authlete", "ibm-verify", "pingone"] {
            assert_eq!(accepted(profile), 7, "{profile}");
        }
        let refused = parse("token", &shipped("default").unwrap()).unwrap_err();
        assert_eq!(refused.reason, Reason::ResponseTypeUnsupported);
    }
}
