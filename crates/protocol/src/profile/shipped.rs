//! The profiles that come with the server: TOML, each naming what it extends, its sources beside each choice.

use serde::Deserialize;
use toml::{Table, Value};

use super::Policy;

/// What every profile rests on; it is complete.
const BASE: &str = "rfc9126";

const SHIPPED: &[(&str, &str)] = &[
    ("rfc9126", include_str!("rfc9126.toml")),
    ("default", include_str!("default.toml")),
    ("fapi2-security", include_str!("fapi2-security.toml")),
    ("fapi2-message-signing", include_str!("fapi2-message-signing.toml")),
    ("authlete", include_str!("authlete.toml")),
    ("ibm-verify", include_str!("ibm-verify.toml")),
    ("autional", include_str!("autional.toml")),
    ("pingone", include_str!("pingone.toml")),
];

/// Why a profile cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileFault(pub String);

impl std::fmt::Display for ProfileFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// The names of the profiles that come with the server.
pub fn names() -> impl Iterator<Item = &'static str> {
    SHIPPED.iter().map(|(name, _)| *name)
}

/// The policy of a profile that comes with the server.
///
/// # Errors
/// [`ProfileFault`] when there is none of that name.
pub fn shipped(name: &str) -> Result<Policy, ProfileFault> {
    into_policy(table(name)?, name)
}

/// The policy of a profile's text: its own settings over those of the profile it `extends`.
///
/// # Errors
/// [`ProfileFault`] when the text is not TOML, extends an unknown profile, or holds an unknown setting.
pub fn read(name: &str, text: &str) -> Result<Policy, ProfileFault> {
    into_policy(merged(name, text)?, name)
}

impl Policy {
    /// This policy with the settings of `overlay` in place of its own, not compared yet:
    /// that is [`Policy::tightened`]'s part.
    ///
    /// # Errors
    /// [`ProfileFault`] when `overlay` holds an unknown setting or a value of the wrong type.
    pub fn overlaid(&self, overlay: &Table) -> Result<Self, ProfileFault> {
        let mut policy = self.clone();
        policy.overlay(overlay).map_err(|fault| ProfileFault(fault.to_string()))?;
        Ok(policy)
    }
}

fn table(name: &str) -> Result<Table, ProfileFault> {
    let text = SHIPPED.iter().find(|(known, _)| *known == name).map(|(_, text)| *text);
    let known = names().collect::<Vec<_>>().join(", ");
    merged(name, text.ok_or(ProfileFault(format!("there is no profile `{name}`; known are {known}")))?)
}

fn merged(name: &str, text: &str) -> Result<Table, ProfileFault> {
    let mut own: Table = toml::from_str(text).map_err(|fault| ProfileFault(format!("profile `{name}`: {fault}")))?;
    let Some(Value::String(parent)) = own.remove("extends") else {
        return if name == BASE {
            Ok(own)
        } else {
            Err(ProfileFault(format!("profile `{name}` must say what it extends")))
        };
    };
    if parent == name {
        return Err(ProfileFault(format!("profile `{name}` extends itself")));
    }
    let mut all = table(&parent)?;
    all.extend(own);
    Ok(all)
}

fn into_policy(table: Table, name: &str) -> Result<Policy, ProfileFault> {
    Policy::deserialize(Value::Table(table)).map_err(|fault| ProfileFault(format!("profile `{name}`: {fault}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::{AssertionAudience, Pkce};

    #[test]
    fn every_shipped_profile_is_complete() {
        for name in names() {
            shipped(name).unwrap();
        }
    }

    #[test]
    fn three_audience_regimes_are_data() {
        let audience = |name| shipped(name).unwrap().client_assertion_audience;
        assert_eq!(audience("rfc9126"), AssertionAudience::Contains);
        assert_eq!(audience("default"), AssertionAudience::IssuerSole);
        assert_eq!(audience("fapi2-security"), AssertionAudience::IssuerString);
    }

    #[test]
    fn lower_level_may_tighten_and_never_loosen() {
        let (loose, tight) = (shipped("rfc9126").unwrap(), shipped("fapi2-security").unwrap());
        assert!(loose.tightened(tight.clone()).is_ok());
        assert!(tight.tightened(loose).is_err());
    }

    #[test]
    fn meeting_two_profiles_accepts_only_what_both_accept() {
        let met = shipped("fapi2-security").unwrap().meet(&shipped("ibm-verify").unwrap()).unwrap();
        assert_eq!(met.pkce, Pkce::S256Required);
        assert_eq!(met.state_min_bytes.0, 8);
        assert_eq!(met.client_assertion_audience, AssertionAudience::IssuerString);
    }

    #[test]
    fn overlay_names_the_setting_that_would_loosen() {
        let strict = shipped("default").unwrap();
        let overlay: Table = toml::from_str("pkce = 'optional'").unwrap();
        let candidate = strict.overlaid(&overlay).unwrap();
        assert_eq!(strict.tightened(candidate).unwrap_err().setting, "pkce");
        let unknown: Table = toml::from_str("pkcee = 'optional'").unwrap();
        assert!(strict.overlaid(&unknown).unwrap_err().0.contains("pkcee"));
    }
}
