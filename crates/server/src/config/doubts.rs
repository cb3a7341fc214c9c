//! What can be used and should be looked at. `parhelion check` tells it; nothing is refused for it.

use std::ops::Range;

use argon2::Params;
use argon2::password_hash::phc::PasswordHash;
use parhelion_protocol::client::{Client, GrantType};
use parhelion_protocol::profile::Policy;
use toml::Spanned;

use super::file::TenantSection;
use super::policies::Setting;
use super::{BaseUrl, Context};

/// Memory times passes, in KiB: the least of the choices that OWASP's password storage cheat sheet calls equal.
const ARGON2_WORK_MIN_KIB: u32 = 7168 * 5;
/// The least memory of those choices.
const ARGON2_MEMORY_MIN_KIB: u32 = 7168;

/// Plain http to another machine, which only mode `dev` lets through.
pub(super) fn plain_http(context: &Context<'_>, url: &BaseUrl, key: &str, at: Range<usize>) {
    if !url.is_https() && !url.is_loopback() {
        let problem =
            format!("{key} is http to a host that is not this machine: passwords and tokens travel in the open");
        let remedy = "write the https URL by which the proxy in front is reached";
        context.notes.doubt(context.source.fault_at(at, problem).with_remedy(remedy));
    }
}

/// A client that nobody can use.
pub(super) fn unused_client(context: &Context<'_>, id: &Spanned<String>, client: &Client) {
    let doubt = |problem: &str, remedy: &str| {
        let problem = format!("client `{}` {problem}", client.client_id);
        context.notes.doubt(context.source.fault_at(id.span(), problem).with_remedy(remedy));
    };
    if !client.is_enabled() {
        doubt("is disabled, so that nothing it sends is answered", "remove it when it is not to come back");
    } else if client.grant_types.is_empty() {
        doubt("has no grant type, so that it gets no token", "leave grant_types out for authorization_code");
    } else if client.grant_types == [GrantType::RefreshToken] {
        doubt("has the grant type refresh_token alone, and never gets a refresh token", "add authorization_code");
    }
}

/// A login page at which nobody can log in.
pub(super) fn nobody_to_log_in(context: &Context<'_>, tenant: &TenantSection, has_pages: Pages) {
    if has_pages == Pages::There && tenant.user.is_empty() && !tenant.client.is_empty() {
        let problem = format!("tenant `{}` has clients and pages but no user: nobody can log in", tenant.id.get_ref());
        context.notes.doubt(context.source.fault_at(tenant.id.span(), problem).with_remedy("add [[tenant.user]]"));
    }
}

/// Whether a tenant has pages.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Pages {
    There,
    Nowhere,
}

/// A password hash that is cheaper to guess than it should be.
pub(super) fn weak_hash(context: &Context<'_>, user: &Spanned<String>, at: &Spanned<String>, hash: &PasswordHash) {
    let Ok(params) = Params::try_from(hash) else { return };
    let work = params.m_cost().saturating_mul(params.t_cost());
    if work < ARGON2_WORK_MIN_KIB || params.m_cost() < ARGON2_MEMORY_MIN_KIB {
        let (m, t) = (params.m_cost(), params.t_cost());
        let name = user.get_ref().escape_debug();
        let problem = format!("the password_hash of user `{name}` is weak: argon2id with m={m}, t={t}");
        let remedy = "make a new one with `parhelion hash-password` (m=19456, t=2)";
        context.notes.doubt(context.source.fault_at(at.span(), problem).with_remedy(remedy));
    }
}

/// A lifetime that is the longest or shortest there may be.
pub(super) fn lifetime_at_the_edge(context: &Context<'_>, policy: &Policy, (key, value): Setting<'_>) {
    let (min, max) = (policy.request_uri_lifetime_min_s.0, policy.request_uri_lifetime_max_s.0);
    let edges = match key.get_ref().as_str() {
        "request_uri_lifetime_s" => [(min, "shortest"), (max, "longest")],
        _ => return,
    };
    let seconds = value.as_integer();
    if let Some((edge, word)) = edges.into_iter().find(|(edge, _)| seconds == Some((*edge).into())) {
        let problem = format!("request_uri_lifetime_s = {edge} is the {word} that the profile allows");
        let remedy = "a browser must arrive within it, and nobody else should: 60 to 90 seconds serve most";
        context.notes.doubt(context.source.fault_at(key.span(), problem).with_remedy(remedy));
    }
}
