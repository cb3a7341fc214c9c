//! What opens the operations that change something: whoever can read the master key has it.

use aws_lc_rs::{hkdf, hmac};
use parhelion_engine::fault::Fault;
use parhelion_jose::base64url;
use parhelion_protocol::client_auth::SecretDigest;
use zeroize::Zeroizing;

use crate::master_key::MasterKey;

/// The token of a running server.
pub(super) struct AdminToken(SecretDigest);

impl AdminToken {
    pub(super) fn derive(master: &MasterKey) -> Result<Self, Fault> {
        Ok(Self(SecretDigest::of(&text(master)?)))
    }

    pub(super) fn is_of(&self, text: &str) -> bool {
        self.0.is_of(text)
    }
}

/// The token's text, for a command that was given the master key.
pub(super) fn text(master: &MasterKey) -> Result<Zeroizing<String>, Fault> {
    let extracted = hkdf::Salt::new(hkdf::HKDF_SHA256, &[]).extract(&**master);
    let expanded = extracted.expand(&[b"parhelion/1/admin-token"], hmac::HMAC_SHA256).map_err(|_| Fault::Crypto)?;
    let tag = hmac::sign(&hmac::Key::from(expanded), b"admin");
    Ok(Zeroizing::new(base64url::encode(tag.as_ref())))
}
