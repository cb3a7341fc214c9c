//! Remembered consent: what a user allowed a client before, where the policy remembers it.

use parhelion_protocol::params::scope::{self, Scope};
use parhelion_protocol::profile::{Consent, Policy};

use crate::Engine;
use crate::fault::Turned;
use crate::ports::{Id, Key, Kind, Moment, Write};
use crate::records::{self, ConsentRecord};
use crate::reference::sha256;
use crate::registry::Mount;

/// How long a consent is remembered, in seconds: a year.
const REMEMBERED_S: i64 = 365 * 24 * 3600;

impl Engine {
    /// Whether the user allowed this client all of this before.
    pub(crate) async fn consented(
        &self,
        mount: &Mount,
        policy: &Policy,
        sub: &str,
        client_id: &str,
        scope: &Scope,
    ) -> Result<bool, Turned> {
        if policy.consent == Consent::AskedEveryTime {
            return Ok(false);
        }
        let Some(stored) = self.store.get(key(mount, sub, client_id)).await? else { return Ok(false) };
        let remembered = scope::parse(&records::open::<ConsentRecord>(&stored)?.scope).unwrap_or_default();
        Ok(scope.iter().all(|token| remembered.has(token)))
    }
}

/// The write that remembers a consent, where the policy remembers.
pub(crate) fn remember(
    mount: &Mount,
    policy: &Policy,
    sub: &str,
    client_id: &str,
    scope: &Scope,
    now: Moment,
) -> Result<Option<Write>, Turned> {
    if policy.consent == Consent::AskedEveryTime {
        return Ok(None);
    }
    let Key { tenant, id, .. } = key(mount, sub, client_id);
    let record = ConsentRecord {
        client_id: client_id.to_owned(),
        sub: sub.to_owned(),
        scope: scope.to_string(),
        given_at_s: now.epoch_s(),
    };
    Ok(Some(records::put_open(tenant, id, &record, now.plus_s(REMEMBERED_S))?))
}

fn key(mount: &Mount, sub: &str, client_id: &str) -> Key {
    // A client_id holds no control character, so that the zero byte parts the two.
    let Id(id) = sha256(&[client_id.as_bytes(), &[0], sub.as_bytes()]);
    Key { tenant: mount.tenant.uid, kind: Kind::Consent, id: Id(id) }
}
