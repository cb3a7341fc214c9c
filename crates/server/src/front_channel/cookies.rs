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

/// The value of a cookie, if the browser sent exactly one of that name.
pub(super) fn find<'a>(headers: &'a HeaderMap, cookie: &Cookie) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut values = lines
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(name, _)| *name == cookie.name)
        .map(|(_, value)| value);
    let first = values.next();
    if values.next().is_some() { None } else { first }
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
