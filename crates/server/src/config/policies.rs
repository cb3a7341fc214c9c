//! The policy in force: profile, the dialect's own profile, tenant, client. Each level may tighten the one before
//! and never loosen it.

use parhelion_dialects::Dialect;
use parhelion_protocol::profile::{self, Loosened, Policy};
use serde::Deserialize;
use toml::{Spanned, Table};

use super::Context;
use super::fault::{ConfigFault, suggestion, unknown_name};
use super::file::{Overlay, TenantSection};

/// A policy, and in words where it comes from.
#[derive(Clone)]
pub(super) struct Grounded {
    pub(super) policy: Policy,
    origin: String,
}

/// The policy of a mount.
pub(super) fn of_mount(
    context: &Context<'_>,
    tenant: &TenantSection,
    dialect: &dyn Dialect,
) -> Result<Grounded, ConfigFault> {
    let profiles = of_profiles(context, tenant.profile.as_ref(), dialect, &tenant.id)?;
    tightened(context, &profiles, &tenant.policy, &format!("the policy of tenant `{}`", tenant.id.get_ref()))
}

/// The policy of a client at a mount, if it has one of its own.
pub(super) fn of_client(
    context: &Context<'_>,
    mount: &Grounded,
    client_id: &str,
    overlay: &Overlay,
) -> Result<Option<Policy>, ConfigFault> {
    if overlay.is_empty() {
        return Ok(None);
    }
    let client = tightened(context, mount, overlay, &format!("the policy of client `{client_id}`"))?;
    Ok(Some(client.policy))
}

fn of_profiles(
    context: &Context<'_>,
    name: Option<&Spanned<String>>,
    dialect: &dyn Dialect,
    tenant: &Spanned<String>,
) -> Result<Grounded, ConfigFault> {
    let own = profile::shipped(dialect.profile());
    let own = own.map_err(|fault| context.source.fault(format!("dialect `{}`: {fault}", dialect.name())))?;
    let Some(name) = name else {
        return Ok(Grounded { policy: own, origin: format!("profile `{}`", dialect.profile()) });
    };
    let chosen = profile::shipped(name.get_ref()).map_err(|_| {
        let problem = format!("there is no profile `{}`", name.get_ref());
        context.source.fault_at(name.span(), problem).with_remedy(suggestion(name.get_ref(), profile::names()))
    })?;
    let policy = chosen.meet(&own).map_err(|Loosened { setting }| {
        let both = format!("profile `{}` and what dialect `{}` accepts", name.get_ref(), dialect.name());
        context.source.fault_at(name.span(), format!("{both} have nothing in common in `{setting}`"))
    })?;
    let origin = format!("profile `{}` (with what dialect `{}` accepts)", name.get_ref(), dialect.name());
    if let Some(what) = emptied(&policy) {
        let problem = format!("tenant `{}`: {origin} leaves no {what}", tenant.get_ref());
        return Err(context.source.fault_at(name.span(), problem).with_remedy("choose another profile or dialect"));
    }
    Ok(Grounded { policy, origin })
}

/// What nothing could satisfy any more.
fn emptied(policy: &Policy) -> Option<&'static str> {
    let methods = policy.client_auth_methods.iter().len() == 0;
    let modes = policy.response_modes.iter().len() == 0;
    let lifetimes = policy.request_uri_lifetime_min_s.0 > policy.request_uri_lifetime_max_s.0;
    [
        (methods, "client authentication method"),
        (modes, "response mode"),
        (lifetimes, "lifetime that a request_uri could have"),
    ]
    .into_iter()
    .find_map(|(empty, what)| empty.then_some(what))
}

fn tightened(context: &Context<'_>, above: &Grounded, overlay: &Overlay, name: &str) -> Result<Grounded, ConfigFault> {
    let mut policy = above.policy.clone();
    for (setting, value) in overlay {
        let fault = |problem: String| context.source.fault_at(setting.span(), problem);
        let one = Table::from_iter([(setting.get_ref().clone(), value.clone())]);
        let read = policy.overlaid(&one);
        policy = read.map_err(|cause| match unknown_setting(&one) {
            Some(remedy) => fault(format!("{name}: there is no setting `{}`", setting.get_ref())).with_remedy(remedy),
            None => fault(format!("{name}: `{}`: {}", setting.get_ref(), cause.to_string().trim())),
        })?;
    }
    let policy = above.policy.tightened(policy).map_err(|loosened| {
        let culprit = overlay.keys().find(|key| key.get_ref() == loosened.setting).or(overlay.keys().next());
        let problem = format!("{name} loosens `{}`, which {} decides", loosened.setting, above.origin);
        let fault = culprit.map_or(context.source.fault(&problem), |key| context.source.fault_at(key.span(), &problem));
        fault.with_remedy("a lower level may only tighten: remove the setting, or choose another profile")
    })?;
    let line = overlay.keys().next().map(|key| context.source.line(&key.span()));
    let origin = line.map_or(above.origin.clone(), |line| format!("{name} (line {line}) over {}", above.origin));
    Ok(Grounded { policy, origin })
}

/// The suggestion for a setting that no policy has, in the reader's own list of names.
fn unknown_setting(overlay: &Table) -> Option<String> {
    let error = Policy::deserialize(overlay.clone()).err()?;
    let (unknown, known) = unknown_name(error.message())?;
    Some(suggestion(unknown, known))
}
