//! The policy in force: profile, the dialect's own profile, tenant, client. Each level may tighten the one before
//! and never loosen it.

use parhelion_dialects::Dialect;
use parhelion_protocol::profile::{self, Loosened, Policy};
use serde::Deserialize;
use toml::{Spanned, Table, Value};

use super::fault::{ConfigFault, suggestion, unknown_name};
use super::file::{Overlay, TenantSection};
use super::{Context, doubts};

/// A policy, and in words where it comes from.
#[derive(Clone)]
pub(super) struct Grounded {
    pub(super) policy: Policy,
    origin: String,
    /// The profiles that it rests on.
    profiles: Vec<String>,
}

impl Grounded {
    /// Where it comes from.
    pub(super) fn origin(&self) -> &str {
        &self.origin
    }
}

/// One setting of a lower level.
pub(super) type Setting<'a> = (&'a Spanned<String>, &'a Value);

const REQUEST_URI_LIFETIME: &str = "request_uri_lifetime";
const REQUEST_URI_LIFETIME_S: &str = "request_uri_lifetime_s";

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
    let shipped = |profile| {
        profile::shipped(profile)
            .map_err(|fault| context.source.fault(format!("dialect `{}`: {fault}", dialect.name())))
    };
    let Some(name) = name else {
        let (own, profiles) = (shipped(dialect.profile())?, vec![dialect.profile().to_owned()]);
        return Ok(Grounded { policy: own, origin: format!("profile `{}`", dialect.profile()), profiles });
    };
    let own = shipped(dialect.bounds())?;
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
    let profiles = vec![name.get_ref().clone(), dialect.bounds().to_owned()];
    Ok(Grounded { policy, origin, profiles })
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

/// The policy with a lower level's settings; those that cannot stand are noted and left out.
fn tightened(context: &Context<'_>, above: &Grounded, overlay: &Overlay, name: &str) -> Result<Grounded, ConfigFault> {
    let mut settings: Vec<Setting<'_>> = overlay.iter().collect();
    settings.retain(|(key, value)| context.notes.keep(readable(context, above, (key, value), name)).is_some());
    let policy = loop {
        let mut candidate = above.policy.clone();
        for (setting, value) in &settings {
            candidate = overlaid(context, &candidate, (setting, value), name)?;
        }
        match above.policy.tightened(candidate) {
            Ok(policy) => break policy,
            Err(loosened) => {
                let culprit = culprit(&settings, loosened.setting);
                context.notes.note(why_not(context, above, culprit, loosened, name));
                let Some((culprit, _)) = culprit else { break above.policy.clone() };
                settings.retain(|(key, _)| *key != culprit);
            }
        }
    };
    settings.iter().for_each(|setting| doubts::lifetime_at_the_edge(context, &policy, *setting));
    let line = overlay.keys().next().map(|key| context.source.line(&key.span()));
    let origin = line.map_or(above.origin.clone(), |line| format!("{name} (line {line}) over {}", above.origin));
    Ok(Grounded { policy, origin, profiles: above.profiles.clone() })
}

/// Whether a setting can be read at all, and is no bound that nothing could keep.
fn readable(context: &Context<'_>, above: &Grounded, setting: Setting<'_>, name: &str) -> Result<(), ConfigFault> {
    overlaid(context, &above.policy, setting, name)?;
    let (key, value) = setting;
    let is_own = key.get_ref().ends_with("_s") && !key.get_ref().starts_with(REQUEST_URI_LIFETIME);
    if is_own && value.as_integer() == Some(0) {
        let problem = format!("{name}: `{}` is 0, so that it would be over before it begins", key.get_ref());
        return Err(context.source.fault_at(key.span(), problem).with_remedy("write at least 1 second"));
    }
    Ok(())
}

fn overlaid(
    context: &Context<'_>,
    policy: &Policy,
    (setting, value): Setting<'_>,
    name: &str,
) -> Result<Policy, ConfigFault> {
    let fault = |problem: String| context.source.fault_at(setting.span(), problem);
    let one = Table::from_iter([(setting.get_ref().clone(), value.clone())]);
    policy.overlaid(&one).map_err(|cause| match unknown_setting(&one) {
        Some(remedy) => fault(format!("{name}: there is no setting `{}`", setting.get_ref())).with_remedy(remedy),
        None => fault(format!("{name}: `{}`: {}", setting.get_ref(), cause.to_string().trim())),
    })
}

/// The setting that a refusal is about: that of its name, else one of its family, else the first.
fn culprit<'a>(settings: &[Setting<'a>], refused: &str) -> Option<Setting<'a>> {
    let named = settings.iter().find(|(key, _)| key.get_ref() == refused);
    let family = || settings.iter().find(|(key, _)| key.get_ref().starts_with(refused.trim_end_matches("_s")));
    named.or_else(family).or(settings.first()).copied()
}

fn why_not(
    context: &Context<'_>,
    above: &Grounded,
    culprit: Option<Setting<'_>>,
    loosened: Loosened,
    name: &str,
) -> ConfigFault {
    let at = |problem: String| {
        culprit.map_or(context.source.fault(&problem), |(key, _)| context.source.fault_at(key.span(), &problem))
    };
    let chosen = culprit.filter(|(key, _)| key.get_ref() == loosened.setting);
    if let Some(seconds) = chosen.and_then(|(_, value)| value.as_integer()).filter(|_| is_bounded(&loosened)) {
        return out_of_bounds(above, seconds, name, at);
    }
    let mut problem = format!("{name} loosens `{}`, which {} decides", loosened.setting, above.origin);
    if let [profile] = above.profiles.as_slice()
        && let Some(reason) = profile::reason(profile, loosened.setting)
    {
        problem.push_str(&format!(" ({reason})"));
    }
    at(problem).with_remedy("a lower level may only tighten: remove the setting, or choose another profile")
}

fn is_bounded(loosened: &Loosened) -> bool {
    loosened.setting == REQUEST_URI_LIFETIME_S
}

/// A lifetime outside of the bounds that the levels above set, and where they have them from.
fn out_of_bounds(above: &Grounded, seconds: i64, name: &str, at: impl Fn(String) -> ConfigFault) -> ConfigFault {
    let (min, max) = (above.policy.request_uri_lifetime_min_s.0, above.policy.request_uri_lifetime_max_s.0);
    let bound = if seconds < i64::from(min) { "request_uri_lifetime_min_s" } else { "request_uri_lifetime_max_s" };
    let decides = |profile: &&String| {
        profile::shipped(profile).is_ok_and(|policy| match bound {
            "request_uri_lifetime_min_s" => policy.request_uri_lifetime_min_s.0 == min,
            _ => policy.request_uri_lifetime_max_s.0 == max,
        })
    };
    let reason = above.profiles.iter().find(decides).and_then(|profile| profile::reason(profile, bound));
    let reason = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
    let range = format!("{min} to {max} seconds, which {} allows{reason}", above.origin);
    at(format!("{name}: `{REQUEST_URI_LIFETIME_S}` = {seconds} is outside of {range}"))
        .with_remedy(format!("choose a number from {min} to {max}"))
}

/// The suggestion for a setting that no policy has, in the reader's own list of names.
fn unknown_setting(overlay: &Table) -> Option<String> {
    let error = Policy::deserialize(overlay.clone()).err()?;
    let (unknown, known) = unknown_name(error.message())?;
    Some(suggestion(unknown, known))
}
