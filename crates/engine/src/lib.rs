//! Who does what, in which order: one file per endpoint, asynchronous only through [`ports`].
//!
//! Knows no HTTP, no SQL and no clock. A dialect hands it values it has read; it answers with
//! values a dialect can spell.

pub mod attestation_challenge;
pub mod authorize;
mod by_reference;
mod client_keys;
pub mod client_request;
pub mod clients;
mod completion;
mod consent;
pub mod demo_resource;
pub mod discovery;
pub mod external_consent;
pub mod fault;
mod id_token_hint;
pub mod interaction;
pub mod introspect;
pub mod keys;
pub mod logout;
mod nonce;
mod pending;
mod person;
pub mod ports;
pub mod push;
pub mod records;
pub mod reference;
pub mod registration;
pub mod registry;
pub mod response;
mod response_jwt;
pub mod revoke;
pub mod settings;
pub mod ticket;
pub mod timestamp;
pub mod token;
pub mod token_change;
pub mod token_management;
pub mod token_worth;
mod unpack;
mod user_claims;
pub mod userinfo;
pub mod uuid;
mod validate;

use std::sync::Arc;

use arc_swap::ArcSwap;

use clients::RebuiltClients;
use ports::{ClientKeys, Entropy, NoRequestObjectHosts, Passwords, RegisteredKeysOnly, RequestObjectHosts, Store};
use registry::{Mount, Registry};

/// The engine: its ports, and the snapshot of who there is.
pub struct Engine {
    /// Where everything is kept; the judge of time.
    pub store: Arc<dyn Store>,
    /// Where randomness comes from.
    pub entropy: Arc<dyn Entropy>,
    /// Who checks passwords.
    pub passwords: Arc<dyn Passwords>,
    client_keys: Arc<dyn ClientKeys>,
    request_object_hosts: Arc<dyn RequestObjectHosts>,
    registry: ArcSwap<Registry>,
    /// Every mount as the configuration has it, in the order of the registry.
    configured: Vec<Arc<Mount>>,
    rebuilt: RebuiltClients,
}

impl Engine {
    /// An engine on these ports, serving whom `registry` names.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store>,
        entropy: Arc<dyn Entropy>,
        passwords: Arc<dyn Passwords>,
        registry: Registry,
    ) -> Self {
        Self {
            store,
            entropy,
            passwords,
            client_keys: Arc::new(RegisteredKeysOnly),
            request_object_hosts: Arc::new(NoRequestObjectHosts),
            configured: registry.mounts.clone(),
            registry: ArcSwap::from_pointee(registry),
            rebuilt: RebuiltClients::default(),
        }
    }

    /// The same, which gets the keys that clients publish in this way.
    #[must_use]
    pub fn with_client_keys(self, client_keys: Arc<dyn ClientKeys>) -> Self {
        Self { client_keys, ..self }
    }

    /// The same, which gets the request objects that clients keep at URLs of their own in this way.
    #[must_use]
    pub fn with_request_object_hosts(self, request_object_hosts: Arc<dyn RequestObjectHosts>) -> Self {
        Self { request_object_hosts, ..self }
    }

    /// Serves whom the changed registry names from now on, which has the same mounts in the same order; requests under
    /// way finish with what they began with. `change` may be asked more than once.
    pub fn change_registry(&self, change: impl Fn(&Registry) -> Registry) {
        self.registry.rcu(|registry| change(registry));
    }

    /// The snapshot of this moment.
    #[must_use]
    pub fn registry(&self) -> Arc<Registry> {
        self.registry.load_full()
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("mounts", &self.registry().mounts.len()).finish_non_exhaustive()
    }
}
