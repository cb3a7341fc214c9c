//! The challenge endpoint: what the proof of an attested client is to carry, before its first request
//! (draft-ietf-oauth-attestation-based-client-auth-10 section 6.1).

use parhelion_protocol::profile::DpopNonce;
use parhelion_protocol::refusal::Reason;

use crate::Engine;
use crate::client_request::Judged;
use crate::fault::{Fault, Turned};
use crate::nonce;
use crate::registry::Mount;

impl Engine {
    /// A fresh challenge, for whoever asks; beside it the DPoP nonce, where DPoP proofs need one.
    ///
    /// # Errors
    /// In the outcome: no client is attested at this mount.
    #[must_use]
    pub fn attestation_challenge(&self, mount: &Mount) -> Judged<String> {
        if !mount.takes_attestations() {
            return Judged::unidentified(Err(Reason::NotFound.into()));
        }
        let challenge = nonce::current(mount, self.store.now());
        let with_nonce = mount.policy.dpop_nonce == DpopNonce::Required;
        let dpop_nonce = challenge.as_ref().ok().filter(|_| with_nonce).cloned();
        let outcome = challenge.map_err(|fault: Fault| Turned::from(fault));
        Judged { dpop_nonce, ..Judged::unidentified(outcome) }
    }
}
