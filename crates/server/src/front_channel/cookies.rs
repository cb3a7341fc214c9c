//! Cookies: one for each interaction, one for the session at a tenant. On https they carry the `__Host-`
//! prefix and `Secure`; on permitted http they cannot.

use http::{HeaderMap, HeaderValue, header};
use parhelion_dialects::Response;
use parhelion_engine::interaction::Interaction;
use parhelion_engine::registry::Mount;
use parhelion_protocol::limits;

/// A cookie's name and how it is set.
pub(super) struct Cookie {
    name: String,
    secure: &'static str,
    max_age_s: u32,
}

impl Cookie {
    pub(super) fn interaction(mount: &Mount, interaction: &Interaction) -> Self {
        Self::of_interaction_id(mount, &interaction.id())
    }

    /// The id came in a URL: only one that is well-formed can name a cookie that was set.
    pub(super) fn of_interaction_id(mount: &Mount, id: &str) -> Self {
        Self::new(mount, &format!("interaction-{id}"), mount.policy.interaction_lifetime_s.0)
    }

    pub(super) fn session(mount: &Mount) -> Self {
        let tenant: String = mount.tenant.uid.0.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Self::new(mount, &format!("session-{tenant}"), limits::SESSION_LIFETIME_S)
    }

    fn new(mount: &Mount, name: &str, max_age_s: u32) -> Self {
        let https = mount.base_url.starts_with("https://");
        let (prefix, secure) = if https { ("__Host-", "; Secure") } else { ("", "") };
        Self { name: format!("{prefix}{name}"), secure, max_age_s }
    }

    fn header(&self, value: &str, max_age_s: u32) -> Option<HeaderValue> {
        let (name, secure) = (&self.name, self.secure);
        let text = format!("{name}={value}; Path=/; Max-Age={max_age_s}; HttpOnly; SameSite=Lax{secure}");
        HeaderValue::from_str(&text).ok()
    }
}

/// Interactions that one browser may have under way; older ones are forgotten.
const INTERACTIONS_MAX: usize = 8;

/// The value of a cookie, if the browser sent exactly one of that name.
pub(super) fn find<'a>(headers: &'a HeaderMap, cookie: &Cookie) -> Option<&'a str> {
    let mut values = pairs(headers).filter(|(name, _)| *name == cookie.name).map(|(_, value)| value);
    let first = values.next();
    if values.next().is_some() { None } else { first }
}

/// Every cookie that was sent. One that is not ASCII is another server's, and no reason to overlook ours.
fn pairs(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    let lines = headers.get_all(header::COOKIE).iter().flat_map(|line| line.as_bytes().split(|byte| *byte == b';'));
    lines.filter_map(|pair| std::str::from_utf8(pair).ok()?.trim().split_once('='))
}

/// Takes away the interactions that a browser has had longest, so that they never fill its requests.
/// Browsers send older cookies first (RFC 6265 section 5.4).
pub(super) fn forget_oldest(headers: &HeaderMap, mount: &Mount, newest: &Cookie, response: &mut Response) {
    let prefix = Cookie::of_interaction_id(mount, "").name;
    let others = pairs(headers).filter(|(name, _)| name.starts_with(&prefix) && *name != newest.name);
    let others: Vec<&str> = others.map(|(name, _)| name).collect();
    let surplus = others.len().saturating_sub(INTERACTIONS_MAX.saturating_sub(1));
    for name in others.into_iter().take(surplus) {
        clear(response, &Cookie { name: name.to_owned(), secure: newest.secure, max_age_s: 0 });
    }
}

/// Sets a cookie.
pub(super) fn set(response: &mut Response, cookie: &Cookie, value: &str) {
    append(response, cookie.header(value, cookie.max_age_s));
}

/// Takes a cookie away.
pub(super) fn clear(response: &mut Response, cookie: &Cookie) {
    append(response, cookie.header("", 0));
}

fn append(response: &mut Response, value: Option<HeaderValue>) {
    if let Some(value) = value {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}
