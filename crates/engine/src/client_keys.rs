//! What a client signs with: what it registered, or what it publishes, fetched anew once where a key is missing.

use std::sync::Arc;

use parhelion_jose::jwk::KeySet;
use parhelion_protocol::fetched_uri::FetchedUri;
use parhelion_protocol::refusal::{Reason, Refusal};

use crate::Engine;
use crate::ports::{KeysOf, Need};
use crate::registry::Mount;

/// What is known of a client's keys.
#[derive(Clone, Copy)]
pub(crate) struct KeySource<'a> {
    pub(crate) client_id: &'a str,
    pub(crate) registered: &'a KeySet,
    pub(crate) uri: Option<&'a FetchedUri>,
}

impl Engine {
    /// Judges by a client's keys; once more by newer ones, if the only thing wrong is that a key is not known.
    pub(crate) async fn judge_by_keys<T>(
        &self,
        mount: &Mount,
        source: KeySource<'_>,
        judge: impl Fn(&KeySet) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let Some(uri) = source.uri else { return judge(source.registered) };
        let whose = KeysOf { tenant: mount.tenant.uid, client_id: source.client_id, uri };
        let known = self.client_keys.keys(whose, Need::Known).await;
        match judge(known.as_deref().unwrap_or(source.registered)) {
            Err(refusal) if is_about_an_unknown_key(&refusal) => {
                match self.client_keys.keys(whose, Need::Newer).await {
                    Some(newer) if known.is_none_or(|known| !Arc::ptr_eq(&known, &newer)) => judge(&newer),
                    Some(_) | None => Err(refusal),
                }
            }
            outcome => outcome,
        }
    }
}

fn is_about_an_unknown_key(refusal: &Refusal) -> bool {
    matches!(refusal.reason, Reason::AssertionKeyUnknown | Reason::RequestObjectKeyUnknown)
}
