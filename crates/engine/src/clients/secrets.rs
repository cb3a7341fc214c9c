//! Secrets of clients that are registered at run time: drawn here, told once, kept as digests; sealed where they have to
//! be read again. While one is exchanged for another, both are good for a bounded time.

use parhelion_jose::base64url;
use parhelion_protocol::client_auth::{GivenSecret, SecretDigest, SecretNeed, SecretValue};
use parhelion_protocol::limits;
use zeroize::Zeroizing;

use crate::fault::Fault;
use crate::ports::{Entropy, Moment};
use crate::records::{StoredClient, StoredSecret};
use crate::registry::Tenant;

/// Random bytes of a secret: as base64url 64 octets, so that it is long enough a key for HS512 too.
const SECRET_BYTES: usize = 48;

/// How long secrets are good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SecretTerms {
    /// How long a new one is good, in seconds; none is for ever.
    pub lifetime_s: Option<u32>,
    /// How long the one before stays good beside it, in seconds.
    pub grace_s: u32,
}

/// A secret that was drawn just now: it is told once. It has no `Debug`.
pub struct NewSecret {
    /// The secret.
    pub text: Zeroizing<String>,
    /// From when on it is not good, in seconds since 1970.
    pub expires_at_s: Option<i64>,
}

impl StoredSecret {
    /// As it is handed in to [`parhelion_protocol::client::Client::register`].
    pub(super) fn given<'a>(&self, text: Option<&'a Zeroizing<String>>) -> GivenSecret<'a> {
        let value = text.map_or(SecretValue::Digest(self.digest), |text| SecretValue::ReadAgain(text));
        GivenSecret { value, expires_at_s: self.expires_at_s }
    }

    /// Whether it is good.
    pub(super) fn is_live(&self, now: Moment) -> bool {
        self.expires_at_s.is_none_or(|end| now.epoch_s() < end)
    }
}

impl StoredClient {
    /// Whether a text is one of its secrets that are good.
    #[must_use]
    pub fn has_secret(&self, text: &str, now: Moment) -> bool {
        let mut live = self.secrets.iter().filter(|secret| secret.is_live(now));
        live.any(|secret| SecretDigest::from_bytes(secret.digest).is_of(text))
    }

    /// Draws a secret. Those before it stay good for the grace time at the most, and there are never more than
    /// [`limits::CLIENT_SECRETS_MAX`].
    pub(super) fn draw_secret(
        &mut self,
        tenant: &Tenant,
        need: SecretNeed,
        terms: SecretTerms,
        now: Moment,
        entropy: &dyn Entropy,
    ) -> Result<NewSecret, Fault> {
        let mut bytes = Zeroizing::new([0; SECRET_BYTES]);
        entropy.fill(&mut *bytes)?;
        let text = Zeroizing::new(base64url::encode(&*bytes));
        let expires_at_s = terms.lifetime_s.map(|lifetime_s| now.plus_s(lifetime_s.into()).epoch_s());
        let read_again = need == SecretNeed::Text || self.recoverable;
        let sealed = read_again.then(|| seal(tenant, &self.client_id, &text, entropy)).transpose()?;
        let digest = SecretDigest::of(&text).to_bytes();
        let grace_ends_s = now.plus_s(terms.grace_s.into()).epoch_s();
        for former in &mut self.secrets {
            former.expires_at_s = Some(former.expires_at_s.map_or(grace_ends_s, |end| end.min(grace_ends_s)));
        }
        self.secrets.retain(|former| former.is_live(now));
        self.secrets.insert(0, StoredSecret { digest, sealed, expires_at_s });
        self.secrets.truncate(limits::CLIENT_SECRETS_MAX);
        Ok(NewSecret { text, expires_at_s })
    }

    /// Takes a secret that the client had elsewhere; what the method does not need of it goes with the next look.
    pub(super) fn take_secret(&mut self, tenant: &Tenant, text: &str, entropy: &dyn Entropy) -> Result<(), Fault> {
        let sealed = Some(seal(tenant, &self.client_id, text, entropy)?);
        self.secrets.push(StoredSecret { digest: SecretDigest::of(text).to_bytes(), sealed, expires_at_s: None });
        Ok(())
    }

    /// Lets go of what a method does not need; what is left serves it.
    pub(super) fn keep_only_needed(&mut self, need: SecretNeed) {
        match need {
            SecretNeed::None => self.secrets.clear(),
            SecretNeed::Digest if self.recoverable => {}
            SecretNeed::Digest => self.secrets.iter_mut().for_each(|secret| secret.sealed = None),
            SecretNeed::Text => self.secrets.retain(|secret| secret.sealed.is_some()),
        }
    }
}

/// The text of each secret, where it is kept.
pub(super) fn texts(record: &StoredClient, tenant: &Tenant) -> Result<Vec<Option<Zeroizing<String>>>, Fault> {
    let open = |secret: &StoredSecret| {
        let sealed = secret.sealed.as_ref();
        sealed.map(|sealed| opened(tenant, &record.client_id, sealed).ok_or(Fault::Record)).transpose()
    };
    record.secrets.iter().map(open).collect()
}

fn seal(tenant: &Tenant, client_id: &str, text: &str, entropy: &dyn Entropy) -> Result<Vec<u8>, Fault> {
    tenant.client_secret_key.seal(&context(client_id), text.as_bytes().to_vec(), entropy)
}

fn opened(tenant: &Tenant, client_id: &str, sealed: &[u8]) -> Option<Zeroizing<String>> {
    let bytes = tenant.client_secret_key.open(&context(client_id), sealed)?;
    str::from_utf8(&bytes).ok().map(|text| Zeroizing::new(text.to_owned()))
}

/// A secret that was moved to another client's record does not open.
fn context(client_id: &str) -> Vec<u8> {
    [b"parhelion/1/client-secret/", client_id.as_bytes()].concat()
}
