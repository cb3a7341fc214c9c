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
    ("haip", include_str!("haip.toml")),
    ("fapi1-advanced", include_str!("fapi1-advanced.toml")),
    ("oauth21", include_str!("oauth21.toml")),
    ("oidc", include_str!("oidc.toml")),
    ("atproto", include_str!("atproto.toml")),
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

/// The source of a setting, as the profile that decides it has it beside the setting, behind that profile's title.
#[must_use]
pub fn reason(name: &str, setting: &str) -> Option<String> {
    let (_, text) = SHIPPED.iter().find(|(known, _)| *known == name)?;
    let lines: Vec<&str> = text.lines().collect();
    let is_it = |line: &&str| line.split_once(" = ").is_some_and(|(key, _)| key == setting);
    let Some(at) = lines.iter().position(is_it) else {
        let parent = lines.iter().find_map(|line| line.strip_prefix("extends = "))?;
        return reason(parent.trim_matches('"'), setting);
    };
    let comment = |line: &&str| line.strip_prefix("# ").map(str::to_owned);
    let source = lines.get(at.checked_sub(1)?).and_then(comment)?;
    Some(format!("{} {source}", lines.first().and_then(comment)?))
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
    use crate::profile::{AlgName, AssertionAudience, Consent, Pkce, RequestObjects};
    use crate::request_object::RequestObjectAlg;
    use parhelion_jose::jws::Algorithm;

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
        assert_eq!(audience("fapi1-advanced"), AssertionAudience::Contains);
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
    fn consent_is_remembered_where_a_profile_says_so_whatever_the_dialect() {
        let (oidc, dialect) = (shipped("oidc").unwrap(), shipped("rfc9126").unwrap());
        assert_eq!(oidc.meet(&dialect).unwrap().consent, Consent::Remembered);
        assert_eq!(dialect.meet(&dialect).unwrap().consent, Consent::AskedEveryTime);
    }

    #[test]
    fn source_of_a_setting_is_told_from_the_profile_that_decides_it() {
        let longest = |name| reason(name, "request_uri_lifetime_max_s").unwrap();
        assert_eq!(
            longest("fapi2-security"),
            "FAPI 2.0 Security Profile (Final). Section 5.3.2.2: less than 600 seconds."
        );
        assert!(longest("ibm-verify").ends_with("RFC 9126 section 2.2: \"for example between 5 and 600\"."));
        assert_eq!(reason("rfc9126", "no_such_setting"), None);
    }

    #[test]
    fn rs256_signs_id_tokens_outside_of_fapi_only() {
        let accepts = |name, alg| shipped(name).unwrap().id_token_signing_algs.has(&AlgName(alg));
        for alg in [Algorithm::Es256, Algorithm::Ps256, Algorithm::EdDsa] {
            assert!(accepts("fapi2-security", alg) && accepts("rfc9126", alg), "{alg}");
        }
        assert!(accepts("rfc9126", Algorithm::Rs256) && !accepts("fapi2-security", Algorithm::Rs256));
    }

    #[test]
    fn requests_are_fetched_where_a_profile_says_so_and_no_dialect_forbids_it() {
        let fetches = |name, bounds| {
            let met = shipped(name).unwrap().meet(&shipped(bounds).unwrap());
            met.is_ok_and(|policy| policy.fetches_requests())
        };
        assert!(fetches("oidc", "rfc9126"));
        for bounds in names().filter(|name| !["rfc9126", "oidc"].contains(name)) {
            assert!(!fetches("oidc", bounds), "{bounds}");
        }
        for name in names().filter(|name| *name != "oidc") {
            assert!(!fetches(name, "rfc9126") && !shipped(name).unwrap().fetches_requests(), "{name}");
        }
        let overlaid = |name: &str, text: &str| {
            let policy = shipped(name).unwrap();
            policy.tightened(policy.overlaid(&toml::from_str(text).unwrap()).unwrap())
        };
        assert!(overlaid("rfc9126", "request_uri_by_reference = 'registered'").is_err());
        for text in ["request_uri_by_reference = 'refused'", "pushed_requests = 'required'"] {
            assert!(!overlaid("oidc", text).unwrap().fetches_requests(), "{text}");
        }
    }

    #[test]
    fn one_profile_takes_request_objects_that_no_key_of_the_client_signed() {
        for name in names() {
            let policy = shipped(name).unwrap();
            let by_secret = policy.request_object_algs.iter().any(|alg| matches!(alg, RequestObjectAlg::Secret(_)));
            let unsigned = policy.request_objects == RequestObjects::UnsignedByClient;
            assert_eq!((by_secret, unsigned), (name == "pingone", name == "pingone"), "{name}");
        }
        let (pingone, fapi) = (shipped("pingone").unwrap(), shipped("fapi2-message-signing").unwrap());
        assert_eq!(pingone.meet(&fapi).unwrap().request_objects, RequestObjects::Required);
        assert!(shipped("rfc9126").unwrap().tightened(pingone).is_err());
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
