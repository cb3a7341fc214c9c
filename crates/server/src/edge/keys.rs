//! The keys of a running server: changed without a pause, and followed by the documents that publish them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parhelion_engine::keys::TenantKeys;
use parhelion_engine::ports::{Moment, TenantUid};
use parhelion_engine::registry::{Mount, Registry, Tenant};
use tokio::time::sleep;
use tracing::{info, warn};

use super::Edge;
use crate::key_ring::{KeyAlg, KeyFault, KeyRing, KeyView};

/// How often it is looked whether a key's time has come.
const LOOK_EVERY: Duration = Duration::from_secs(1);

impl Edge {
    /// Lets every key sign, and go, when its time has come. Never ends.
    pub(crate) async fn keep_keys(&self) {
        loop {
            sleep(LOOK_EVERY).await;
            self.turn_keys().await;
        }
    }

    /// What [`Edge::keep_keys`] does at one moment.
    pub(crate) async fn turn_keys(&self) {
        if self.engine.store.now() < self.rings.until() {
            return;
        }
        let _turn = self.rings.turn.lock().await;
        match self.reopen(self.rings.all()).await {
            Ok(until) => self.rings.set_until(until),
            Err(fault) => warn!(%fault, "the keys cannot be read; those in use stay"),
        }
    }

    /// Makes a new key for a tenant; it is published when this answers.
    ///
    /// # Errors
    /// [`KeyFault`]; nothing where there is no such tenant.
    pub(crate) async fn rotate_keys(
        &self,
        tenant: &str,
        alg: Option<KeyAlg>,
    ) -> Option<Result<Vec<KeyView>, KeyFault>> {
        let ring = self.rings.of(tenant)?;
        let _turn = self.rings.turn.lock().await;
        Some(self.rotate(ring, tenant, alg).await)
    }

    async fn rotate(&self, ring: &KeyRing, tenant: &str, alg: Option<KeyAlg>) -> Result<Vec<KeyView>, KeyFault> {
        let engine = &self.engine;
        ring.rotate(&*engine.store, &*engine.entropy, alg).await?;
        let until = self.reopen([ring].into_iter()).await?;
        self.rings.set_until(self.rings.until().min(until));
        let keys = ring.list(&*engine.store).await?;
        if let Some(KeyView { kid, alg, .. }) = keys.iter().max_by_key(|key| key.made_at_ms) {
            info!(tenant, kid, alg, "a new key is published");
        }
        Ok(keys)
    }

    /// The keys of a tenant; nothing where there is no such tenant.
    pub(crate) async fn list_keys(&self, tenant: &str) -> Option<Result<Vec<KeyView>, KeyFault>> {
        let ring = self.rings.of(tenant)?;
        Some(ring.list(&*self.engine.store).await.map_err(KeyFault::from))
    }

    /// Reads keys again and serves them from now on; until when they stay as they are.
    async fn reopen<'a>(&self, rings: impl Iterator<Item = &'a KeyRing>) -> Result<Moment, KeyFault> {
        let mut until = Moment(i64::MAX);
        let mut opened = HashMap::new();
        for ring in rings {
            let keys = ring.open(&*self.engine.store, &*self.engine.entropy).await?;
            until = until.min(keys.until);
            opened.insert(ring.tenant(), keys.keys);
        }
        self.serve_keys(opened);
        Ok(until)
    }

    fn serve_keys(&self, mut opened: HashMap<TenantUid, TenantKeys>) {
        let mut tenants: HashMap<TenantUid, Arc<Tenant>> = HashMap::new();
        for mount in &self.engine.registry().mounts {
            let uid = mount.tenant.uid;
            if let Some(keys) = opened.remove(&uid).filter(|keys| !keys.are_the_same(&mount.tenant.keys)) {
                tenants.insert(uid, Arc::new(mount.tenant.with_keys(keys)));
            }
        }
        let with_keys = |mount: &Arc<Mount>| match tenants.get(&mount.tenant.uid) {
            Some(tenant) => Arc::new(Mount { tenant: Arc::clone(tenant), ..(**mount).clone() }),
            None => Arc::clone(mount),
        };
        self.engine.change_registry(|registry| Registry { mounts: registry.mounts.iter().map(with_keys).collect() });
        self.follow_registry();
    }

    /// Routes to the mounts of the registry, whoever changed it. Who is overtaken looks again.
    pub(crate) fn follow_registry(&self) {
        loop {
            let (registry, routes) = (self.engine.registry(), self.routes.load_full());
            if routes.is_over(&registry) {
                return;
            }
            self.routes.store(Arc::new(routes.over(&registry)));
        }
    }
}
