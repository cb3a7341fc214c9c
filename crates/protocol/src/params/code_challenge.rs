//! `code_challenge`, `code_challenge_method` and `code_verifier`: PKCE (RFC 7636).

use parhelion_jose::base64url;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use crate::parameters::Param;
use crate::profile::Policy;
use crate::refusal::{Reason, Refusal};

/// A challenge with its method. The number of each is stored: it is never changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CodeChallenge {
    /// The verifier's SHA-256.
    S256([u8; 32]),
    /// The verifier itself.
    Plain(String),
}

impl CodeChallenge {
    /// Whether the verifier is the one that was challenged, in constant time.
    #[must_use]
    pub fn is_met_by(&self, verifier: &str) -> bool {
        if !is_verifier(verifier) {
            return false;
        }
        match self {
            Self::S256(hash) => {
                let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, verifier.as_bytes());
                digest.as_ref().ct_eq(hash).into()
            }
            Self::Plain(text) => text.as_bytes().ct_eq(verifier.as_bytes()).into(),
        }
    }
}

/// Reads challenge and method together: either alone has no meaning of its own, and an absent method
/// means `plain` (RFC 7636 section 4.3).
///
/// # Errors
/// [`Reason::CodeChallengeMethodAlone`], [`Reason::CodeChallengeMethodPlain`],
/// [`Reason::CodeChallengeMethodUnknown`] or [`Reason::CodeChallengeMalformed`].
pub fn parse(challenge: Option<&str>, method: Option<&str>, policy: &Policy) -> Result<Option<CodeChallenge>, Refusal> {
    let about = |reason, param| Refusal::new(reason).about(Some(param));
    let Some(challenge) = challenge else {
        return match method {
            Some(_) => Err(about(Reason::CodeChallengeMethodAlone, Param::CodeChallengeMethod)),
            None => Ok(None),
        };
    };
    let malformed = about(Reason::CodeChallengeMalformed, Param::CodeChallenge).found_length(challenge.len());
    match method.unwrap_or("plain") {
        "S256" => base64url::decode_array(challenge).map(CodeChallenge::S256).ok_or(malformed).map(Some),
        "plain" if !policy.pkce.accepts_plain() => {
            Err(about(Reason::CodeChallengeMethodPlain, Param::CodeChallengeMethod))
        }
        "plain" if is_verifier(challenge) => Ok(Some(CodeChallenge::Plain(challenge.to_owned()))),
        "plain" => Err(malformed),
        _ => Err(about(Reason::CodeChallengeMethodUnknown, Param::CodeChallengeMethod)),
    }
}

/// RFC 7636 section 4.1: 43 to 128 unreserved characters.
fn is_verifier(text: &str) -> bool {
    (43..=128).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::shipped;

    // RFC 7636 appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn reason(challenge: Option<&str>, method: Option<&str>, profile: &str) -> Option<Reason> {
        parse(challenge, method, &shipped(profile).unwrap()).err().map(|refusal| refusal.reason)
    }

    #[test]
    fn verifier_of_appendix_b_meets_its_challenge_and_no_other() {
        let challenge = parse(Some(CHALLENGE), Some("S256"), &shipped("default").unwrap()).unwrap().unwrap();
        assert!(challenge.is_met_by(VERIFIER));
        assert!(!challenge.is_met_by(CHALLENGE));
        assert!(!challenge.is_met_by(&VERIFIER.to_lowercase()));
        assert!(!challenge.is_met_by(""));
    }

    #[test]
    fn plain_is_refused_by_default_also_when_it_is_only_implied() {
        assert_eq!(reason(Some(VERIFIER), Some("plain"), "default"), Some(Reason::CodeChallengeMethodPlain));
        assert_eq!(reason(Some(VERIFIER), None, "default"), Some(Reason::CodeChallengeMethodPlain));
        assert_eq!(reason(Some(VERIFIER), None, "ibm-verify"), None);
    }

    #[test]
    fn malformed_challenges_are_refused() {
        for challenge in [
            "x",
            CHALLENGE.get(1..).unwrap(),
            &format!("{CHALLENGE}="),
            &format!("{CHALLENGE}A"),
            &CHALLENGE.replace('-', "+"),
        ] {
            assert_eq!(
                reason(Some(challenge), Some("S256"), "default"),
                Some(Reason::CodeChallengeMalformed),
                "{challenge}"
            );
        }
        assert_eq!(reason(Some("short"), None, "pingone"), Some(Reason::CodeChallengeMalformed));
        assert_eq!(reason(Some(CHALLENGE), Some("s256"), "default"), Some(Reason::CodeChallengeMethodUnknown));
        assert_eq!(reason(None, Some("S256"), "default"), Some(Reason::CodeChallengeMethodAlone));
    }
}
