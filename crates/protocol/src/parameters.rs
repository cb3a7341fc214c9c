//! The parameters of one request, by name, each at most once: what every body decoder produces.

use std::borrow::Cow;

use crate::limits;
use crate::refusal::{Reason, Refusal};

macro_rules! recognised {
    ($($variant:ident = $name:literal),+ $(,)?) => {
        /// A parameter this server recognises. Any other is ignored (OAuth 2.1: "MUST ignore").
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Param { $(#[doc = concat!("`", $name, "`")] $variant),+ }

        impl Param {
            /// Every recognised parameter.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name on the wire.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// The parameter of that name. Names are case-sensitive.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

recognised! {
    AccessToken = "access_token",
    AcrValues = "acr_values",
    AuthorizationDetails = "authorization_details",
    Claims = "claims",
    ClientAssertion = "client_assertion",
    ClientAssertionType = "client_assertion_type",
    ClientId = "client_id",
    ClientSecret = "client_secret",
    Code = "code",
    CodeChallenge = "code_challenge",
    CodeChallengeMethod = "code_challenge_method",
    CodeVerifier = "code_verifier",
    Display = "display",
    DpopJkt = "dpop_jkt",
    GrantType = "grant_type",
    IdTokenHint = "id_token_hint",
    LoginHint = "login_hint",
    MaxAge = "max_age",
    Nonce = "nonce",
    PostLogoutRedirectUri = "post_logout_redirect_uri",
    Prompt = "prompt",
    RedirectUri = "redirect_uri",
    RefreshToken = "refresh_token",
    Request = "request",
    RequestUri = "request_uri",
    Resource = "resource",
    ResponseMode = "response_mode",
    ResponseType = "response_type",
    Scope = "scope",
    State = "state",
    Token = "token",
    TokenTypeHint = "token_type_hint",
    UiLocales = "ui_locales",
}

impl Param {
    /// Whether the name may stand more than once (RFC 8707 section 2 allows `resource`).
    #[must_use]
    pub const fn may_repeat(self) -> bool {
        matches!(self, Self::Resource)
    }

    /// Whether the value is JSON text, in which line breaks and tabs are white space.
    const fn is_json(self) -> bool {
        matches!(self, Self::AuthorizationDetails | Self::Claims)
    }

    /// Whether it belongs to the authorization request that is stored. Credentials do not, nor do
    /// the references that a pushed request may not carry.
    #[must_use]
    pub const fn is_of_authorization_request(self) -> bool {
        match self {
            Self::AccessToken
            | Self::ClientAssertion
            | Self::ClientAssertionType
            | Self::ClientSecret
            | Self::Code
            | Self::CodeVerifier
            | Self::GrantType
            | Self::PostLogoutRedirectUri
            | Self::RefreshToken
            | Self::Request
            | Self::RequestUri
            | Self::Token
            | Self::TokenTypeHint => false,
            Self::AcrValues
            | Self::AuthorizationDetails
            | Self::Claims
            | Self::ClientId
            | Self::CodeChallenge
            | Self::CodeChallengeMethod
            | Self::Display
            | Self::DpopJkt
            | Self::IdTokenHint
            | Self::LoginHint
            | Self::MaxAge
            | Self::Nonce
            | Self::Prompt
            | Self::RedirectUri
            | Self::Resource
            | Self::ResponseMode
            | Self::ResponseType
            | Self::Scope
            | Self::State
            | Self::UiLocales => true,
        }
    }
}

/// The recognised parameters of one request. A parameter that is here has a value; one sent without
/// a value counts as omitted (RFC 6749 section 3.1).
#[derive(Clone, PartialEq, Eq)]
pub struct Parameters<'a> {
    /// By [`Param`]. Boxed, because a request's parameters change hands often on the way to whoever judges them.
    values: Box<[Option<Cow<'a, str>>]>,
    resources: Vec<Cow<'a, str>>,
    seen: usize,
}

impl Default for Parameters<'_> {
    fn default() -> Self {
        Self { values: Param::ALL.iter().map(|_| None).collect(), resources: Vec::new(), seen: 0 }
    }
}

/// Names only: a value may be a secret.
impl std::fmt::Debug for Parameters<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter().map(|(param, _)| param.name())).finish()
    }
}

impl<'a> Parameters<'a> {
    /// Takes one decoded name and value in, under the rules that hold for every body: bounds on
    /// count and length, no control character, a recognised name at most once, empty is omitted.
    ///
    /// # Errors
    /// The [`Refusal`] of the first rule broken.
    pub fn add(&mut self, name: &str, value: Cow<'a, str>) -> Result<(), Refusal> {
        self.seen = self.seen.saturating_add(1);
        if self.seen > limits::PARAMETERS_MAX {
            return Err(Refusal::new(Reason::TooManyParameters));
        }
        if name.len() > limits::PARAMETER_NAME_MAX_BYTES {
            return Err(Refusal::new(Reason::ParameterNameTooLong).found_length(name.len()));
        }
        let param = Param::from_name(name);
        let about = |reason| Refusal::new(reason).about(param);
        if value.len() > limits::PARAMETER_VALUE_MAX_BYTES {
            return Err(about(Reason::ParameterValueTooLong).found_length(value.len()));
        }
        if (param.is_none() && has_control(name)) || (has_control(&value) && !(is_json(param) && is_laid_out(&value))) {
            return Err(about(Reason::ControlCharacter));
        }
        match param {
            Some(param) if !value.is_empty() => self.set(param, value),
            Some(_) | None => Ok(()),
        }
    }

    fn set(&mut self, param: Param, value: Cow<'a, str>) -> Result<(), Refusal> {
        if param.may_repeat() {
            if self.resources.len() >= limits::RESOURCES_MAX {
                return Err(Refusal::new(Reason::TooManyResources).about(Some(param)));
            }
            self.resources.push(value);
            return Ok(());
        }
        match self.values.get_mut(param as usize) {
            Some(slot @ None) => {
                *slot = Some(value);
                Ok(())
            }
            Some(Some(_)) | None => Err(Refusal::new(Reason::ParameterRepeated).about(Some(param))),
        }
    }

    /// The value of a parameter that may stand once.
    #[must_use]
    pub fn get(&self, param: Param) -> Option<&str> {
        self.values.get(param as usize)?.as_deref()
    }

    /// The values of `resource`, in order.
    pub fn resources(&self) -> impl ExactSizeIterator<Item = &str> {
        self.resources.iter().map(|value| &**value)
    }

    /// Every recognised parameter with its value, `resource` as often as it came.
    pub fn iter(&self) -> impl Iterator<Item = (Param, &str)> {
        let single = Param::ALL.iter().filter_map(|param| Some((*param, self.get(*param)?)));
        single.chain(self.resources().map(|value| (Param::Resource, value)))
    }

    /// The same parameters, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Parameters<'static> {
        Parameters {
            values: self.values.into_iter().map(|value| value.map(|text| Cow::Owned(text.into_owned()))).collect(),
            resources: self.resources.into_iter().map(|text| Cow::Owned(text.into_owned())).collect(),
            seen: self.seen,
        }
    }
}

/// Without an early end, so that many bytes are looked at in one step.
fn has_control(text: &str) -> bool {
    text.bytes().fold(false, |found, byte| found | is_control(byte))
}

/// Whether its control characters are those that JSON may be laid out with.
fn is_laid_out(text: &str) -> bool {
    text.bytes().all(|byte| !is_control(byte) || is_json_space(byte))
}

const fn is_control(byte: u8) -> bool {
    byte < 0x20 || byte == 0x7f
}

const fn is_json_space(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | b'\r')
}

fn is_json(param: Option<Param>) -> bool {
    param.is_some_and(Param::is_json)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(result: Result<(), Refusal>) -> Option<Reason> {
        result.err().map(|refusal| refusal.reason)
    }

    #[test]
    fn every_recognised_name_may_stand_once_except_resource() {
        for param in Param::ALL {
            let mut parameters = Parameters::default();
            parameters.add(param.name(), "a".into()).unwrap();
            let again = reason(parameters.add(param.name(), "a".into()));
            assert_eq!(again, (!param.may_repeat()).then_some(Reason::ParameterRepeated), "{param:?}");
        }
    }

    #[test]
    fn parameter_without_a_value_is_omitted_also_when_it_comes_twice() {
        let mut parameters = Parameters::default();
        for value in ["", "x", ""] {
            parameters.add("state", value.into()).unwrap();
        }
        assert_eq!(parameters.get(Param::State), Some("x"));
    }

    #[test]
    fn sixty_fifth_parameter_is_refused_also_when_unknown() {
        let mut parameters = Parameters::default();
        for n in 0..64 {
            parameters.add(&format!("x{n}"), "1".into()).unwrap();
        }
        assert_eq!(reason(parameters.add("x64", "1".into())), Some(Reason::TooManyParameters));
    }

    #[test]
    fn bounds_on_name_and_value_hold_to_the_byte() {
        let mut parameters = Parameters::default();
        assert_eq!(reason(parameters.add(&"n".repeat(64), "v".into())), None);
        assert_eq!(reason(parameters.add(&"n".repeat(65), "v".into())), Some(Reason::ParameterNameTooLong));
        assert_eq!(reason(parameters.add("foo", "v".repeat(32 * 1024).into())), None);
        assert_eq!(
            reason(parameters.add("foo", "v".repeat(32 * 1024 + 1).into())),
            Some(Reason::ParameterValueTooLong)
        );
    }

    #[test]
    fn control_characters_are_refused_but_json_may_be_laid_out_in_lines() {
        let mut parameters = Parameters::default();
        assert_eq!(reason(parameters.add("state", "a\0b".into())), Some(Reason::ControlCharacter));
        assert_eq!(reason(parameters.add("foo", "a\r\nSet-Cookie: x=1".into())), Some(Reason::ControlCharacter));
        assert_eq!(reason(parameters.add("claims", "{\n\t}".into())), None);
        assert_eq!(reason(parameters.add("authorization_details", "[\0]".into())), Some(Reason::ControlCharacter));
    }

    #[test]
    fn debug_output_shows_names_only() {
        let mut parameters = Parameters::default();
        parameters.add("client_secret", "hush".into()).unwrap();
        assert_eq!(format!("{parameters:?}"), r#"["client_secret"]"#);
    }
}
