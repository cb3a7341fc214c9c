//! `client_secret_jwt`: a JWT signed with the client's secret (OpenID Connect Core section 9).

use parhelion_jose::jws::{MacAlgorithm, MacCompact, MacKey};

use super::assertion::{self, Assertion, refused};
use super::{Judge, Match, OnceKey, Secrets};
use crate::parameters::Parameters;
use crate::refusal::{Reason, Refusal};

/// An assertion whose signature has not been looked at yet.
pub struct Presented<'a> {
    pub(super) assertion: Assertion,
    token: MacCompact<'a>,
}

pub(super) fn present<'a>(token: MacCompact<'a>, parameters: &Parameters<'_>) -> Result<Presented<'a>, Refusal> {
    Ok(Presented { assertion: Assertion::read(token.unverified_payload(), parameters)?, token })
}

impl Presented<'_> {
    /// What is wrong with an assertion whoever its client is.
    pub(super) fn check_header(&self) -> Result<(), Refusal> {
        assertion::check_typ(self.token.header().typ())
    }

    /// As for `private_key_jwt`: the signature first.
    pub(super) fn prove(
        &self,
        keys: Option<&Secrets<MacKey>>,
        registered_alg: Option<MacAlgorithm>,
        judge: &Judge<'_>,
    ) -> Result<Option<OnceKey>, Refusal> {
        // An unknown client costs what a known one does.
        let found = keys.unwrap_or(nobody()).compare(judge.now_s, |key| self.token.verify(key).is_ok());
        match (found, keys) {
            (Match::Good, Some(_)) => {}
            (Match::Expired, Some(_)) => return Err(Reason::ClientSecretExpired.into()),
            (Match::None, _) | (Match::Good | Match::Expired, None) => {
                return Err(refused(Reason::AssertionSignatureWrong));
            }
        }
        if registered_alg.is_some_and(|registered| registered != self.token.header().alg()) {
            return Err(refused(Reason::AssertionAlgorithmRefused));
        }
        self.assertion.judge(judge).map(Some)
    }
}

/// A secret of nobody.
fn nobody() -> &'static Secrets<MacKey> {
    static KEYS: std::sync::LazyLock<Secrets<MacKey>> =
        std::sync::LazyLock::new(|| Secrets::lasting(MacKey::new(&[0; 64])));
    &KEYS
}
