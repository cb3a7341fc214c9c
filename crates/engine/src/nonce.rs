//! Nonces that proofs of possession carry (RFC 9449 section 8), and challenges for attested clients, which are the same
//! values, so that a DPoP proof can answer for both: stateless, one for each tenant and span of time, known to
//! every node that has the tenant's key.

use parhelion_jose::base64url;
use parhelion_protocol::limits;

use crate::Engine;
use crate::fault::Fault;
use crate::ports::Moment;
use crate::registry::Mount;

impl Engine {
    /// The nonce that DPoP proofs may carry from now on, for whoever asks.
    ///
    /// # Errors
    /// [`Fault`]: it could not be made.
    pub fn dpop_nonce(&self, mount: &Mount) -> Result<String, Fault> {
        current(mount, self.store.now())
    }
}

/// The nonce that is handed out now.
pub(crate) fn current(mount: &Mount, now: Moment) -> Result<String, Fault> {
    of_span(mount, span(now))
}

/// Whether a nonce was handed out in this span of time or the one before.
pub(crate) fn is_fresh(mount: &Mount, nonce: &str, now: Moment) -> Result<bool, Fault> {
    let span = span(now);
    Ok(nonce == of_span(mount, span)? || nonce == of_span(mount, span.saturating_sub(1))?)
}

fn span(now: Moment) -> i64 {
    now.epoch_s().div_euclid(limits::PROOF_NONCE_LIFETIME_S)
}

fn of_span(mount: &Mount, span: i64) -> Result<String, Fault> {
    let bytes = mount.tenant.cookie_key.mac(&[b"parhelion/1/dpop-nonce", &span.to_be_bytes()])?;
    Ok(base64url::encode(&bytes))
}
