//! Settings of a tenant's policy that a back end makes at run time, for the mounts of one dialect. They tighten what the
//! configuration says, are kept by the store, and are in force from the moment on that a change is answered.

use std::collections::HashMap;
use std::sync::Arc;

use parhelion_protocol::profile::{Loosened, Policy};
use toml::{Table, Value};

use crate::Engine;
use crate::clients::tightened;
use crate::fault::{Fault, Turned};
use crate::ports::{Commit, Condition, Key, Kind, Moment, Stored, Verdict};
use crate::records::{self, TenantSettings};
use crate::reference::sha256;
use crate::registry::{Mount, Registry};

/// What is kept until it is changed again.
const FOR_EVER: Moment = Moment(i64::MAX);

/// How often a change is tried again when others change the same settings.
const RACES_MAX: usize = 8;

/// How often it is looked whether what was put in force is still the last word.
const LOOKS_MAX: usize = 64;

/// The one setting that every level chooses for itself, so that none tightens another's.
const CHOSEN: &str = "request_uri_lifetime_s";

/// A setting of a policy by its name, and its new value; none is what the configuration says.
pub type Change = (&'static str, Option<Value>);

/// Why settings stay as they are.
pub enum Unsettled {
    /// The new value would loosen what the configuration says, or cannot be one.
    Refused(&'static str),
    /// The store did not answer.
    Turned(Turned),
}

impl<T: Into<Turned>> From<T> for Unsettled {
    fn from(turned: T) -> Self {
        Self::Turned(turned.into())
    }
}

impl Engine {
    /// Changes settings, all of them or none; the mount as it is from now on. `changes` follow from the policy in force,
    /// and are asked for again where somebody else changed it.
    ///
    /// # Errors
    /// [`Unsettled`]; nothing happened then.
    pub async fn change_settings(
        &self,
        mount: &Mount,
        changes: impl Fn(&Policy) -> Vec<Change>,
    ) -> Result<Arc<Mount>, Unsettled> {
        let configured = self.configured(mount).ok_or(Turned::from(Fault::Record))?;
        for _ in 0..RACES_MAX {
            let stored = self.store.get(key(mount)).await?;
            let before = kept(stored.as_ref())?;
            let changes = changes(&tightened(&configured.policy, &before));
            let settings = changed(&configured.policy, before, &changes).map_err(Unsettled::Refused)?;
            let record = TenantSettings {
                dialect: mount.dialect.to_owned(),
                policy: settings.to_string(),
                changed_at_ms: self.store.now().0,
            };
            let condition = match &stored {
                Some(stored) => Condition::Unchanged(key(mount), stored.version),
                None => Condition::Absent(key(mount)),
            };
            let write = records::put_open(mount.tenant.uid, key(mount).id, &record, FOR_EVER)?;
            let commit = Commit { conditions: vec![condition], writes: vec![write] };
            if self.store.commit(commit).await? == Verdict::Done {
                self.load_settings(mount).await?;
                let registry = self.registry();
                let now = registry.mount(mount.tenant.uid, &mount.issuer).ok_or(Turned::from(Fault::Record))?;
                return Ok(Arc::clone(now));
            }
        }
        Err(Turned::from(Fault::Busy).into())
    }

    /// Puts in force what is kept for a mount's tenant and dialect.
    ///
    /// # Errors
    /// [`Fault::Store`], [`Fault::Record`], or [`Fault::Busy`] where others change it again and again.
    pub async fn load_settings(&self, mount: &Mount) -> Result<(), Fault> {
        let mut in_force = None;
        // Whoever puts something in force looks again, so that the last word is the one that stays.
        for _ in 0..LOOKS_MAX {
            let stored = self.store.get(key(mount)).await?;
            let version = stored.as_ref().map(|stored| stored.version);
            if in_force == Some(version) {
                return Ok(());
            }
            let settings = kept(stored.as_ref())?;
            self.change_registry(|registry| self.settled(registry, mount, &settings));
            in_force = Some(version);
        }
        Err(Fault::Busy)
    }

    fn settled(&self, registry: &Registry, changed: &Mount, settings: &Table) -> Registry {
        let of = |now: &Arc<Mount>, configured: &Arc<Mount>| {
            if now.tenant.uid != changed.tenant.uid || now.dialect != changed.dialect {
                return Arc::clone(now);
            }
            let policy = Arc::new(tightened(&configured.policy, settings));
            let client_policies = client_policies(configured, settings);
            Arc::new(Mount { policy, client_policies, ..(**now).clone() })
        };
        Registry { mounts: registry.mounts.iter().zip(&self.configured).map(|(now, then)| of(now, then)).collect() }
    }

    fn configured(&self, mount: &Mount) -> Option<&Arc<Mount>> {
        self.configured.iter().find(|then| then.tenant.uid == mount.tenant.uid && then.issuer == mount.issuer)
    }
}

/// Clients with a policy of their own keep it where it is tighter.
fn client_policies(configured: &Mount, settings: &Table) -> HashMap<String, Arc<Policy>> {
    let of = |(id, policy): (&String, &Arc<Policy>)| {
        let mut settings = settings.clone();
        settings.retain(|name, _| {
            name != CHOSEN || policy.request_uri_lifetime_s == configured.policy.request_uri_lifetime_s
        });
        (id.clone(), Arc::new(tightened(policy, &settings)))
    };
    configured.client_policies.iter().map(of).collect()
}

/// Settings after a change: those that differ from what the configuration says.
fn changed(configured: &Policy, before: Table, changes: &[Change]) -> Result<Table, &'static str> {
    let one = |name: &str, value: &Value| configured.overlaid(&Table::from_iter([(name.to_owned(), value.clone())]));
    // What the configuration does not let stand any more counts as little as it does at a start.
    let mut settings = before;
    settings.retain(|name, value| one(name, value).is_ok_and(|candidate| configured.tightened(candidate).is_ok()));
    for (name, value) in changes {
        settings.remove(*name);
        let Some(value) = value else { continue };
        let candidate = one(name, value).map_err(|_| *name)?;
        if candidate != *configured {
            settings.insert((*name).to_owned(), value.clone());
        }
    }
    let candidate = configured.overlaid(&settings).map_err(|_| CHOSEN)?;
    let tightened = configured.tightened(candidate);
    tightened.map(|_| settings).map_err(|Loosened { setting }| setting)
}

fn kept(stored: Option<&Stored>) -> Result<Table, Fault> {
    let Some(stored) = stored else { return Ok(Table::new()) };
    let record: TenantSettings = records::open(stored)?;
    toml::from_str(&record.policy).map_err(|_| Fault::Record)
}

fn key(mount: &Mount) -> Key {
    Key { tenant: mount.tenant.uid, kind: Kind::TenantSettings, id: sha256(&[mount.dialect.as_bytes()]) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parhelion_protocol::profile::shipped;

    fn text(name: &'static str, value: &str) -> Change {
        (name, Some(Value::String(value.to_owned())))
    }

    fn number(name: &'static str, value: i64) -> Change {
        (name, Some(Value::Integer(value)))
    }

    #[test]
    fn settings_tighten_and_are_undone_by_what_the_configuration_says() {
        let policy = shipped("authlete").unwrap();
        let tight = changed(&policy, Table::new(), &[text("pushed_requests", "required"), text("pkce", "s256")]);
        let tight = tight.unwrap();
        assert_eq!(tight.len(), 2);
        let undone = changed(&policy, tight.clone(), &[text("pushed_requests", "optional"), ("pkce", None)]).unwrap();
        assert!(undone.is_empty(), "{undone}");
        let again = changed(&policy, tight, &[number("access_token_lifetime_s", 60)]).unwrap();
        assert_eq!(again.len(), 3, "what is not named stays");
    }

    #[test]
    fn what_would_loosen_or_is_out_of_bounds_is_refused_by_its_name() {
        let policy = shipped("authlete").unwrap();
        let longest = i64::from(policy.access_token_lifetime_s.0);
        let refused = |change: Change| changed(&policy, Table::new(), &[change]).err();
        assert_eq!(refused(number("access_token_lifetime_s", longest + 1)), Some("access_token_lifetime_s"));
        assert_eq!(refused(number("request_uri_lifetime_s", 0)), Some("request_uri_lifetime_s"));
        assert_eq!(refused(number("request_uri_lifetime_s", 1_000_000)), Some("request_uri_lifetime_s"));
        assert_eq!(refused(number("access_token_lifetime_s", -1)), Some("access_token_lifetime_s"));
        let strict = shipped("fapi2-security").unwrap();
        assert_eq!(
            changed(&strict, Table::new(), &[text("pushed_requests", "optional")]).err(),
            Some("pushed_requests")
        );
    }

    #[test]
    fn what_was_kept_and_cannot_stand_any_more_stands_in_the_way_of_nothing() {
        let strict = shipped("fapi2-security").unwrap();
        let before = Table::from_iter([("pushed_requests".to_owned(), Value::String("optional".to_owned()))]);
        assert!(changed(&strict, before, &[("pkce", None)]).unwrap().is_empty());
    }
}
