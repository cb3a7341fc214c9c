//! `parhelion keys`: what a tenant signs and decrypts with, and a new key for it. A running server is asked; where none runs, the
//! store is opened.

use std::fmt::Write as _;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use parhelion_stores::embedded::OpenFault;

use crate::admin::client::{self, AskFault};
use crate::config::{Config, StoreKind};
use crate::key_ring::{KeyAlg, KeyFault, KeyState, KeyView};
use crate::master_key;

use crate::start::{self, StartFault};
use crate::wiring;

/// What is asked for.
pub(crate) enum KeysCall {
    /// What there is.
    List,
    /// A new key, of the tenant's algorithm unless another one is named.
    Rotate(Option<KeyAlg>),
}

/// Does it; the keys there are then, or what went wrong in words for the operator.
pub(crate) async fn run(config: &Config, tenant: &str, call: KeysCall) -> Result<Vec<KeyView>, String> {
    if config.server.store == StoreKind::Memory {
        return Err("with store = \"memory\" every start makes new keys".to_owned());
    }
    let Some(plan) = config.tenants.iter().find(|plan| plan.id == tenant) else {
        let known = config.tenants.iter().map(|plan| plan.id.as_str()).collect::<Vec<_>>().join(", ");
        return Err(format!("there is no tenant `{}`; known are {known}", tenant.escape_debug()));
    };
    match ask(config, tenant, &call).await {
        Ok(Some(keys)) => return Ok(keys),
        Ok(None) => {}
        Err(problem) => return Err(problem),
    }
    if master_key::open_existing(&config.server.data_dir).map_err(|fault| fault.to_string())?.is_none() {
        let folder = config.server.data_dir.display();
        return Err(format!("nothing has been served from {folder} yet: the first start makes the keys"));
    }
    let (ports, _store) = start::ports(config).map_err(why_closed)?;
    let ring = wiring::key_ring(plan, &ports).await.map_err(|fault| fault.to_string())?;
    let failed = |fault: KeyFault| format!("tenant `{tenant}`: {fault}");
    if let KeysCall::Rotate(alg) = call {
        ring.rotate(&*ports.store, &*ports.entropy, alg).await.map_err(failed)?;
    }
    ring.list(&*ports.store).await.map_err(|fault| failed(fault.into()))
}

fn why_closed(fault: StartFault) -> String {
    if let StartFault::Store(OpenFault::Locked(path)) = &fault {
        return format!(
            "{} is in use by a running server that has no admin listener where the configuration says; \
             set [server] admin_listen and start it again, or end it first",
            path.display()
        );
    }
    fault.to_string()
}

/// The running server's answer; nothing where none runs.
async fn ask(config: &Config, tenant: &str, call: &KeysCall) -> Result<Option<Vec<KeyView>>, String> {
    let Some(address) = config.server.admin_listen else { return Ok(None) };
    let master = master_key::open_existing(&config.server.data_dir).map_err(|fault| fault.to_string())?;
    // Without one, no server has ever run here.
    let Some(master) = master else { return Ok(None) };
    match client::keys(address, &master, call, tenant).await {
        Ok(keys) => Ok(Some(keys)),
        Err(AskFault::NobodyThere) => Ok(None),
        Err(AskFault::Refused(problem)) => Err(problem),
    }
}

/// One line for each key.
pub(crate) fn text(keys: &[KeyView]) -> String {
    let mut text = String::new();
    for key in keys {
        let what = match key.state {
            KeyState::Waiting => {
                format!("is published, signs from {}", date(key.signs_from_ms.unwrap_or(key.made_at_ms)))
            }
            KeyState::Signing => format!("signs, made {}", date(key.made_at_ms)),
            KeyState::Retired => "signs no more".to_owned(),
            KeyState::Decrypting => format!("decrypts, made {}", date(key.made_at_ms)),
            KeyState::Replaced => "is published no more".to_owned(),
        };
        let does = if key.state == KeyState::Replaced { "decrypts" } else { "published" };
        let until = key.published_until_ms.map(|until| format!(", {does} until {}", date(until)));
        // Writing to a string does not fail.
        let _ = writeln!(text, "{} {:14} {what}{}", key.kid, key.alg, until.unwrap_or_default());
    }
    text
}

fn date(ms: i64) -> String {
    let since = Duration::from_millis(u64::try_from(ms).unwrap_or_default());
    let moment: SystemTime = UNIX_EPOCH.checked_add(since).unwrap_or(UNIX_EPOCH);
    httpdate::fmt_http_date(moment)
}
