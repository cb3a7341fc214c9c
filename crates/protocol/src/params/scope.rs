//! `scope`: what is asked for (RFC 6749 section 3.3).

use crate::limits;
use crate::parameters::Param;
use crate::refusal::{Reason, Refusal};

/// The scopes of OpenID Connect Core sections 5.4 and 11.
pub const STANDARD: &[&str] = &["openid", "profile", "email", "address", "phone", "offline_access"];

/// Scope tokens in the order they came, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope(Vec<String>);

impl Scope {
    /// Whether the token is in it.
    #[must_use]
    pub fn has(&self, token: &str) -> bool {
        self.0.iter().any(|known| known == token)
    }

    /// The tokens.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Only the tokens that `keep` keeps.
    #[must_use]
    pub fn filtered(&self, keep: impl Fn(&str) -> bool) -> Self {
        Self(self.0.iter().filter(|token| keep(token)).cloned().collect())
    }
}

/// As on the wire: separated by single spaces.
impl std::fmt::Display for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.join(" "))
    }
}

/// Reads at most 64 tokens of `%x21 / %x23-5B / %x5D-7E`, separated by single spaces.
///
/// # Errors
/// [`Reason::ScopeMalformed`].
pub fn parse(text: &str) -> Result<Scope, Refusal> {
    let malformed = Refusal::new(Reason::ScopeMalformed).about(Some(Param::Scope));
    let mut scope = Scope::default();
    for (at, token) in text.split(' ').enumerate() {
        let fits = !token.is_empty() && token.bytes().all(|b| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e));
        if !fits || at >= limits::SCOPE_TOKENS_MAX {
            return Err(malformed);
        }
        if !scope.has(token) {
            scope.0.push(token.to_owned());
        }
    }
    Ok(scope)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grammar_is_single_spaces_and_printable_tokens() {
        assert_eq!(parse("openid profile openid").unwrap().to_string(), "openid profile");
        for text in ["", " openid", "openid ", "a  b", "a\"b", "a\\b", "\u{e9}", "a\tb"] {
            assert_eq!(parse(text).unwrap_err().reason, Reason::ScopeMalformed, "{text:?}");
        }
    }

    #[test]
    fn sixty_four_tokens_stand_and_one_more_does_not() {
        let tokens = |n: usize| (0..n).map(|n| format!("s{n}")).collect::<Vec<_>>().join(" ");
        assert!(parse(&tokens(64)).is_ok());
        assert_eq!(parse(&tokens(65)).unwrap_err().reason, Reason::ScopeMalformed);
    }
}
