//! Why client metadata cannot be registered: one value for who writes a configuration and for who registers.

use parhelion_jose::jwk::JwkFault;

use crate::refusal::{Reason, Refusal};

/// The member whose faults have a code of their own (RFC 7591 section 3.2.2).
pub(crate) const REDIRECT_URIS: &str = "redirect_uris";

/// Why metadata cannot be registered: the member, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetadataFault {
    /// The member's name.
    pub member: &'static str,
    /// What is wrong; a constant, of the characters that a description may have (RFC 6749 section 5.2).
    pub problem: &'static str,
    /// Why a key of the client's cannot be used, where that is what is wrong.
    pub key: Option<JwkFault>,
    /// The value that it is wrong with, or which key it is, for whoever wrote it; holds no secret.
    pub value: Option<String>,
}

impl MetadataFault {
    /// What is wrong with a member.
    #[must_use]
    pub const fn new(member: &'static str, problem: &'static str) -> Self {
        Self { member, problem, key: None, value: None }
    }

    pub(crate) fn with(self, value: &str) -> Self {
        Self { value: Some(value.to_owned()), ..self }
    }

    pub(crate) fn because(self, key: JwkFault) -> Self {
        Self { key: Some(key), value: None, ..self }
    }

    /// What a registering client hears: where, and what is wrong, without the value.
    #[must_use]
    pub fn refusal(&self) -> Refusal {
        let about_redirect = self.member == REDIRECT_URIS;
        let reason = if about_redirect { Reason::RedirectUriUnfit } else { Reason::MetadataUnfit };
        Refusal::new(reason).found_member(self.member, self.problem, self.key)
    }
}

impl std::fmt::Display for MetadataFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (member, problem) = (self.member, self.problem);
        match (self.key, &self.value) {
            (None, None) => write!(f, "{member} {problem}"),
            (None, Some(value)) => write!(f, "{member} `{}` {problem}", value.escape_debug()),
            (Some(key), None) => write!(f, "{member} {problem}: {key}"),
            (Some(key), Some(which)) => write!(f, "{member} {problem}, {which}: {key}"),
        }
    }
}
