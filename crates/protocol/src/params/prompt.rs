//! `prompt`: what the user must be asked (OpenID Connect Core 3.1.2.1).

use serde::Deserialize;

use crate::parameters::Param;
use crate::profile::Policy;
use crate::refusal::{Reason, Refusal};

/// One word of `prompt`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Prompt {
    /// Show nothing.
    None,
    /// Authenticate again.
    Login,
    /// Ask for consent again.
    Consent,
    /// Let the user choose who to be: served by the login page.
    SelectAccount,
}

impl Prompt {
    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Login => "login",
            Self::Consent => "consent",
            Self::SelectAccount => "select_account",
        }
    }
}

/// The words of one request, each at most once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prompts(Vec<Prompt>);

impl Prompts {
    /// Whether the word was sent.
    #[must_use]
    pub fn has(&self, prompt: Prompt) -> bool {
        self.0.contains(&prompt)
    }
}

/// Reads the words that the policy accepts.
///
/// # Errors
/// [`Reason::PromptUnsupported`] or [`Reason::PromptNoneCombined`].
pub fn parse(text: &str, policy: &Policy) -> Result<Prompts, Refusal> {
    let about = |reason| Refusal::new(reason).about(Some(Param::Prompt));
    let mut prompts = Prompts::default();
    for word in text.split(' ') {
        let known = policy.prompts.iter().find(|prompt| prompt.as_str() == word);
        let known = *known.ok_or(about(Reason::PromptUnsupported))?;
        if !prompts.has(known) {
            prompts.0.push(known);
        }
    }
    if prompts.has(Prompt::None) && prompts.0.len() > 1 {
        return Err(about(Reason::PromptNoneCombined));
    }
    Ok(prompts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::shipped;

    fn reason(text: &str, profile: &str) -> Option<Reason> {
        parse(text, &shipped(profile).unwrap()).err().map(|refusal| refusal.reason)
    }

    #[test]
    fn known_words_stand_and_none_stands_alone() {
        for text in ["none", "login", "consent", "login consent", "select_account", "login login"] {
            assert_eq!(reason(text, "default"), None, "{text}");
        }
        assert_eq!(reason("none login", "default"), Some(Reason::PromptNoneCombined));
        for text in ["Login", "create", "login,consent", " login", ""] {
            assert_eq!(reason(text, "default"), Some(Reason::PromptUnsupported), "{text}");
        }
    }

    #[test]
    fn words_are_a_matter_of_the_profile() {
        assert_eq!(reason("consent", "ibm-verify"), Some(Reason::PromptUnsupported));
        assert_eq!(reason("login", "ibm-verify"), None);
    }
}
