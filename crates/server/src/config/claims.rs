//! Which mount answers where: two that want the same path of the same host are refused.

use std::collections::{HashMap, HashSet};

use parhelion_protocol::endpoint::Endpoint;

use super::Context;
use super::fault::ConfigFault;
use super::tenants::{MountPlan, TenantPlan};

/// What is served at a path that a mount has for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Served {
    /// An endpoint.
    Endpoint(Endpoint),
    /// Everything below: the pages of interactions.
    Interactions,
    /// An operation of a back-end API.
    Operation,
}

/// The last part of the path below which a mount's pages are.
pub(crate) const INTERACTIONS: &str = "/interaction/";

const OAUTH_METADATA: &str = "/.well-known/oauth-authorization-server";

/// Authority, path and content of all that a mount has for itself.
pub(crate) fn claims(mount: &MountPlan) -> Vec<(String, String, Served)> {
    let here = mount.base.authority().to_owned();
    let mut claims: Vec<_> =
        mount.paths().map(|(endpoint, path)| (here.clone(), path, Served::Endpoint(endpoint))).collect();
    if let Some(alias) = mount.mtls_base() {
        let there = |(endpoint, path)| (alias.authority().to_owned(), path, Served::Endpoint(endpoint));
        claims.extend(mount.mtls_paths(alias).map(there));
    }
    if mount.serves(Endpoint::Discovery) {
        //= rfc8414#3.1 between the host and the path of the issuer
        let path = format!("{OAUTH_METADATA}{}", mount.issuer.path());
        claims.push((mount.issuer.authority().to_owned(), path, Served::Endpoint(Endpoint::Discovery)));
    }
    if let Some(path) = &mount.metadata_path {
        claims.push((here.clone(), format!("{}{path}", mount.base.path()), Served::Endpoint(Endpoint::Discovery)));
    }
    if mount.has_pages() {
        claims.push((here, format!("{}{INTERACTIONS}", mount.base.path()), Served::Interactions));
    }
    claims
}

/// Notes two mounts at one place, each pair once.
pub(super) fn check(context: &Context<'_>, tenants: &[TenantPlan]) {
    let mut taken: HashMap<(String, String), (&TenantPlan, &MountPlan)> = HashMap::new();
    let mut told: HashSet<(usize, usize)> = HashSet::new();
    for tenant in tenants {
        for mount in &tenant.mounts {
            for (authority, path, _) in claims(mount) {
                let &mut (other_tenant, other) =
                    taken.entry((authority.clone(), path.clone())).or_insert((tenant, mount));
                if std::ptr::eq(other, mount) || !told.insert((other.line, mount.line)) {
                    continue;
                }
                let named = |tenant: &TenantPlan, mount: &MountPlan| {
                    format!("`{}` of tenant `{}` (line {})", mount.dialect.name(), tenant.id, mount.line)
                };
                let problem = format!(
                    "mount {} and mount {} both answer at {authority}{path}",
                    named(other_tenant, other),
                    named(tenant, mount)
                );
                let fault = ConfigFault { line: Some(mount.line), ..context.source.fault(problem) };
                context.notes.note(fault.with_remedy("give one of them another base_url"));
            }
        }
    }
}
