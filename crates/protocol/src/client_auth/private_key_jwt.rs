//! `private_key_jwt`: a JWT signed with a key that the client registered (OpenID Connect Core section 9).

use parhelion_jose::jwk::KeySet;
use parhelion_jose::jws::{Algorithm, Compact, JwsFault};

use super::assertion::{self, Assertion, refused};
use super::{Judge, OnceKey, keys_of_nobody};
use crate::parameters::Parameters;
use crate::profile::{AlgName, Policy};
use crate::refusal::{Reason, Refusal};

/// An assertion whose signature has not been looked at yet.
pub struct Presented<'a> {
    pub(super) assertion: Assertion,
    token: Compact<'a>,
}

pub(super) fn present<'a>(token: Compact<'a>, parameters: &Parameters<'_>) -> Result<Presented<'a>, Refusal> {
    Ok(Presented { assertion: Assertion::read(token.unverified_payload(), parameters)?, token })
}

impl Presented<'_> {
    /// Signature first, then what is claimed, then the once-key: an assertion that nobody signed
    /// decides nothing and leaves nothing behind.
    pub(super) fn prove(
        &self,
        keys: Option<&KeySet>,
        registered_alg: Option<Algorithm>,
        judge: &Judge<'_>,
    ) -> Result<Option<OnceKey>, Refusal> {
        self.check_signature(keys)?;
        if registered_alg.is_some_and(|registered| registered != self.token.header().alg()) {
            return Err(refused(Reason::AssertionAlgorithmRefused));
        }
        self.assertion.judge(judge).map(Some)
    }

    /// What is wrong with an assertion whoever its client is.
    pub(super) fn check_header(&self, policy: &Policy) -> Result<(), Refusal> {
        let header = self.token.header();
        if !policy.client_assertion_algs.has(&AlgName(header.alg())) {
            return Err(refused(Reason::AssertionAlgorithmRefused));
        }
        assertion::check_typ(header.typ())
    }

    /// Where no key could be tried, one of nobody's is: an unknown client or `kid` costs what a known one does.
    fn check_signature(&self, keys: Option<&KeySet>) -> Result<(), Refusal> {
        match keys.map(|keys| self.token.verify(keys).map(drop)) {
            None | Some(Err(JwsFault::NoKey)) => {
                let alg = self.token.header().alg();
                let _in_vain = keys_of_nobody().candidates(None, alg).next().map(|key| self.token.verify_with(key));
                Err(refused(Reason::AssertionKeyUnknown))
            }
            Some(Ok(())) => Ok(()),
            Some(Err(_)) => Err(refused(Reason::AssertionSignatureWrong)),
        }
    }
}
