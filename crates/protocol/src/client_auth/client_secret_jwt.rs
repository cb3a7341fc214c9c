//! `client_secret_jwt`: a JWT signed with the client's secret (OpenID Connect Core section 9).

use parhelion_jose::jws::{MacAlgorithm, MacCompact, MacKey};

use super::assertion::{self, Assertion, refused};
use super::{Judge, OnceKey};
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
        key: Option<&MacKey>,
        registered_alg: Option<MacAlgorithm>,
        judge: &Judge<'_>,
    ) -> Result<Option<OnceKey>, Refusal> {
        // An unknown client costs what a known one does.
        let verified = self.token.verify(key.unwrap_or(nobody())).is_ok();
        if !verified || key.is_none() {
            return Err(refused(Reason::AssertionSignatureWrong));
        }
        if registered_alg.is_some_and(|registered| registered != self.token.header().alg()) {
            return Err(refused(Reason::AssertionAlgorithmRefused));
        }
        self.assertion.judge(judge).map(Some)
    }
}

/// A secret of nobody.
fn nobody() -> &'static MacKey {
    static KEY: std::sync::LazyLock<MacKey> = std::sync::LazyLock::new(|| MacKey::new(&[0; 64]));
    &KEY
}
