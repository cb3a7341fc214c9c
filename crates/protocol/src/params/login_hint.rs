//! `login_hint`: who the client thinks will log in (OpenID Connect Core 3.1.2.1).

use parhelion_jose::json;
use serde_json::Value;

use crate::limits;
use crate::parameters::Param;
use crate::profile::{LoginHintForm, Policy};
use crate::refusal::{Reason, Refusal};

/// Who is expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginHint {
    /// The identity source, where the hint names one.
    pub realm: Option<String>,
    /// The user name, or whatever the client sent in its place.
    pub username: String,
}

/// Reads a hint in the forms that the policy accepts.
///
/// # Errors
/// [`Reason::LoginHintTooLong`] or [`Reason::LoginHintMalformed`].
pub fn parse(text: &str, policy: &Policy) -> Result<LoginHint, Refusal> {
    let text = super::bounded(Param::LoginHint, text, limits::LOGIN_HINT_MAX_BYTES, Reason::LoginHintTooLong)?;
    match policy.login_hint {
        LoginHintForm::TextOrRealm if text.starts_with('{') => parse_realm(text),
        LoginHintForm::TextOrRealm | LoginHintForm::Text => Ok(LoginHint { realm: None, username: text.to_owned() }),
    }
}

fn parse_realm(text: &str) -> Result<LoginHint, Refusal> {
    let object = json::parse_object(text.as_bytes(), super::claims::BOUNDS).ok();
    let string =
        |name: &str| object.as_ref().and_then(|object| object.get(name)).and_then(Value::as_str).map(str::to_owned);
    match (string("realm"), string("username")) {
        (Some(realm), Some(username)) => Ok(LoginHint { realm: Some(realm), username }),
        (None, _) | (_, None) => Err(Refusal::new(Reason::LoginHintMalformed).about(Some(Param::LoginHint))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::shipped;

    #[test]
    fn json_form_is_a_matter_of_the_profile() {
        let text = r#"{"realm":"cloudIdentityRealm","username":"alice"}"#;
        let ibm = parse(text, &shipped("ibm-verify").unwrap()).unwrap();
        assert_eq!((ibm.realm.as_deref(), ibm.username.as_str()), (Some("cloudIdentityRealm"), "alice"));
        assert_eq!(parse(text, &shipped("default").unwrap()).unwrap().username, text);
    }

    #[test]
    fn half_a_realm_is_refused_and_so_is_a_long_hint() {
        let policy = shipped("ibm-verify").unwrap();
        for text in
            ["{", r#"{"realm":"a"}"#, r#"{"realm":"a","username":1}"#, r#"{"realm":"a","realm":"b","username":"c"}"#]
        {
            assert_eq!(parse(text, &policy).unwrap_err().reason, Reason::LoginHintMalformed, "{text}");
        }
        assert_eq!(parse(&"x".repeat(257), &policy).unwrap_err().reason, Reason::LoginHintTooLong);
    }
}
