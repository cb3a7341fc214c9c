//! `redirect_uri`: where the authorization response goes (RFC 6749 section 3.1.2, RFC 8252 section 7.3).

use url::Url;

use crate::client::ApplicationType;
use crate::limits;
use crate::parameters::Param;
use crate::profile::LoopbackRedirectUri;
use crate::refusal::{Reason, Refusal};

/// A redirect URI that was found fit at registration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisteredRedirectUri {
    text: String,
    /// What stands before and after the port, where the port may vary.
    around_port: Option<(&'static str, String)>,
}

/// Why a URI cannot be registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RedirectUriFault {
    /// Longer than 2048 bytes.
    TooLong,
    /// Not an absolute URI.
    NotAbsolute,
    /// A character that no URI has, such as white space or a backslash, half an escape, or dot segments.
    Unsafe,
    /// A fragment (RFC 6749 section 3.1.2).
    Fragment,
    /// A user name or password.
    Userinfo,
    /// `http` to something else than a loopback address, or where the profile refuses it.
    NotHttps,
    /// A scheme that runs code or reads files, or a private one without a dot (RFC 8252 section 7.1).
    Scheme,
    /// A parameter name that responses use, such as `code` or `iss`.
    ReservedParameter,
}

impl RedirectUriFault {
    /// What is wrong with it, to be read behind the URI.
    #[must_use]
    pub const fn problem(self) -> &'static str {
        match self {
            Self::TooLong => "is longer than 2048 bytes",
            Self::NotAbsolute => "is not an absolute URI",
            Self::Unsafe => {
                "holds a character that no URI has (white space, a backslash, non-ASCII, brackets in the path), half an escape, or dot segments"
            }
            Self::Fragment => "has a fragment",
            Self::Userinfo => "has a user name or password",
            Self::NotHttps => {
                "is http, which is accepted only for localhost, 127.0.0.1 and [::1], and not by every profile"
            }
            Self::Scheme => "has a scheme that is not https and not a private one with a dot in its name",
            Self::ReservedParameter => "has a query parameter that authorization responses use",
        }
    }
}

impl std::fmt::Display for RedirectUriFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.problem())
    }
}

const RESERVED: &[&str] =
    &["code", "state", "iss", "error", "error_description", "error_uri", "response", "id_token", "access_token"];
const LOOPBACK: &[&str] = &["http://127.0.0.1", "http://[::1]"];
const LOCALHOST: &str = "http://localhost";

impl RegisteredRedirectUri {
    /// Takes a URI into a registration, kept byte for byte.
    ///
    /// # Errors
    /// The first [`RedirectUriFault`] found.
    pub fn register(
        text: &str,
        application: ApplicationType,
        loopback: LoopbackRedirectUri,
    ) -> Result<Self, RedirectUriFault> {
        let url = well_formed(text)?;
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&url) && loopback == LoopbackRedirectUri::Accepted => {}
            "http" => return Err(RedirectUriFault::NotHttps),
            private if private.contains('.') => {}
            _ => return Err(RedirectUriFault::Scheme),
        }
        if has_reserved_parameter(&url) {
            return Err(RedirectUriFault::ReservedParameter);
        }
        Ok(Self { text: text.to_owned(), around_port: around_port(text, application) })
    }

    /// As it was registered.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Simple string comparison (RFC 3986 section 6.2.1); on a loopback address the port may differ.
    #[must_use]
    pub fn matches(&self, sent: &str) -> bool {
        self.text == sent
            || self.around_port.as_ref().is_some_and(|(host, path)| without_port(sent, host) == Some(path))
    }
}

/// Finds the registered URI that `sent` names, compared with each. One that was registered under another
/// policy, or at another mount, still has to be acceptable here.
///
/// # Errors
/// [`Reason::RedirectUriNotRegistered`].
pub fn check(sent: &str, registered: &[RegisteredRedirectUri], loopback: LoopbackRedirectUri) -> Result<(), Refusal> {
    let refused = Refusal::new(Reason::RedirectUriNotRegistered).about(Some(Param::RedirectUri));
    let fits = sent.len() <= limits::REDIRECT_URI_MAX_BYTES;
    let acceptable = loopback == LoopbackRedirectUri::Accepted || !sent.starts_with("http://");
    let known = fits && acceptable && registered.iter().any(|uri| uri.matches(sent));
    if known { Ok(()) } else { Err(refused.found_length(sent.len())) }
}

fn well_formed(text: &str) -> Result<Url, RedirectUriFault> {
    if text.len() > limits::REDIRECT_URI_MAX_BYTES {
        return Err(RedirectUriFault::TooLong);
    }
    if !is_of_uri_characters(text) || has_dot_segment(text) {
        return Err(RedirectUriFault::Unsafe);
    }
    let url = Url::parse(text).map_err(|_| RedirectUriFault::NotAbsolute)?;
    if text.contains('#') {
        return Err(RedirectUriFault::Fragment);
    }
    // Nothing before an `@` is userinfo, too; the parser drops it.
    if !url.username().is_empty()
        || url.password().is_some()
        || authority(text).is_some_and(|authority| authority.contains('@'))
    {
        return Err(RedirectUriFault::Userinfo);
    }
    if matches!(url.scheme(), "http" | "https") && !is_spelt_as_parsed(text, &url) {
        return Err(RedirectUriFault::Unsafe);
    }
    Ok(url)
}

/// The characters of RFC 3986 section 2, escapes whole, brackets around an address only: a URL parser takes more.
fn is_of_uri_characters(text: &str) -> bool {
    let of_uri = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%:/?#[]@!$&'()*+,;=".contains(&byte);
    let mut after_escapes = text.split('%').skip(1);
    let whole = |rest: &str| rest.get(..2).is_some_and(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let behind_host = text.split_once(authority(text).unwrap_or_default()).map_or(text, |(_, rest)| rest);
    text.bytes().all(of_uri) && after_escapes.all(whole) && !behind_host.contains(['[', ']'])
}

/// What stands between `//` and the path (RFC 3986 section 3.2), userinfo and port included.
fn authority(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once(':')?;
    rest.strip_prefix("//")?.split(['/', '?', '#']).next()
}

/// A URL parser mends `https:host`, `https:/host` and `0x7f.1`; a browser or client may read them otherwise.
fn is_spelt_as_parsed(text: &str, url: &Url) -> bool {
    let rest = text.strip_prefix(url.scheme()).and_then(|rest| rest.strip_prefix("://"));
    let rest = rest.and_then(|rest| rest.strip_prefix(url.host_str()?));
    let clean = url.host_str().is_some_and(|host| !host.contains([';', ',', '\'']));
    clean && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/', '?']))
}

/// Dot segments in any spelling; `..;` is read as one by some servers.
fn has_dot_segment(text: &str) -> bool {
    let behind_scheme = text.split_once(':').map_or(text, |(_, rest)| rest);
    let path = behind_scheme.split('?').next().unwrap_or_default().to_ascii_lowercase();
    let path = path.replace("%2e", ".").replace("%2f", "/").replace("%5c", "/");
    path.split('/').any(|segment| matches!(segment.split(';').next(), Some("." | "..")))
}

/// `;` parts parameters too for some.
fn has_reserved_parameter(url: &Url) -> bool {
    let query = url.query().unwrap_or_default().replace(';', "&");
    form_urlencoded::parse(query.as_bytes()).any(|(name, _)| RESERVED.contains(&&*name))
}

fn is_loopback(url: &Url) -> bool {
    matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"))
}

fn around_port(text: &str, application: ApplicationType) -> Option<(&'static str, String)> {
    let by_name = (application == ApplicationType::Native).then_some(LOCALHOST);
    let host = LOOPBACK.iter().copied().chain(by_name).find(|host| without_port(text, host).is_some())?;
    Some((host, without_port(text, host)?.to_owned()))
}

/// What follows host and port, if `text` begins with this host and an optional port.
fn without_port<'a>(text: &'a str, host: &str) -> Option<&'a str> {
    let rest = text.strip_prefix(host)?;
    let path = match rest.strip_prefix(':') {
        Some(port) => {
            let digits = port.bytes().take_while(u8::is_ascii_digit).count();
            let (port, path) = port.split_at_checked(digits)?;
            port.parse::<u16>().ok().filter(|port| *port != 0)?;
            path
        }
        None => rest,
    };
    (path.is_empty() || path.starts_with(['/', '?'])).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registered(uris: &[&str], application: ApplicationType) -> Vec<RegisteredRedirectUri> {
        let register = |uri: &&str| RegisteredRedirectUri::register(uri, application, LoopbackRedirectUri::Accepted);
        uris.iter().map(register).collect::<Result<_, _>>().unwrap()
    }

    #[test]
    fn attack_rows_ru_01_to_ru_11_are_refused() {
        let known = registered(
            &["https://app.example/cb", "https://app.example/cb?x=1", "http://127.0.0.1/cb"],
            ApplicationType::Web,
        );
        for sent in [
            "https://app.example/cb/",
            "https://app.example/CB",
            "https://app.example/cb?",
            "https://app.example/cb#",
            "https://app.example/cb#f",
            "https://app.example/cb;x",
            "https://app.example//cb",
            "https://APP.example/cb",
            "HTTPS://app.example/cb",
            "https://app.example:443/cb",
            "https://app.example.evil/cb",
            "https://app.example@evil/cb",
            "https://evil#@app.example/cb",
            "https://app.example%40evil/cb",
            "https://a@b@app.example/cb",
            "https://app.example/cb/../x",
            "https://app.example/cb/..;/x",
            "https://app.example/%2e%2e/cb",
            "\\/evil",
            "///evil",
            "https://app.example/cb?x=1&code=evil",
            "https://app.example/cb?x=1&iss=",
            "https://app.example/cb?state=",
            "http://127.0.0.1:51004/cb?evil=1",
            "http://127.0.0.1:51004/other",
            "http://localhost.evil.test/cb",
            "http://127.0.0.1.evil/cb",
            "http://127.0.0.1@evil/cb",
            "http://127.0.0.1:@evil/cb",
            "https://127.0.0.1:5/cb",
            "http://127.0.0.1:/cb",
            "http://127.0.0.1:99999/cb",
            "http://127.0.0.1:0/cb",
            "http://127.0.0.1:80:80/cb",
            "http://localhost/cb",
            "http://[::1]/cb",
            "https://app.example/cb\u{200d}",
            "javascript:alert(1)",
            "",
        ] {
            assert_eq!(
                check(sent, &known, LoopbackRedirectUri::Accepted).unwrap_err().reason,
                Reason::RedirectUriNotRegistered,
                "{sent}"
            );
        }
    }

    #[test]
    fn only_the_port_of_a_loopback_address_may_vary() {
        let known = registered(
            &["http://127.0.0.1/cb", "http://[::1]:4000/cb?a=b", "http://localhost/cb"],
            ApplicationType::Web,
        );
        for sent in ["http://127.0.0.1/cb", "http://127.0.0.1:51004/cb", "http://[::1]:9/cb?a=b", "http://localhost/cb"]
        {
            assert!(check(sent, &known, LoopbackRedirectUri::Accepted).is_ok(), "{sent}");
        }
        assert!(check("http://localhost:5000/cb", &known, LoopbackRedirectUri::Accepted).is_err());
        let native = registered(&["http://localhost/cb"], ApplicationType::Native);
        assert!(check("http://localhost:5000/cb", &native, LoopbackRedirectUri::Accepted).is_ok());
    }

    #[test]
    fn dangerous_uris_cannot_be_registered() {
        let fault =
            |uri| RegisteredRedirectUri::register(uri, ApplicationType::Native, LoopbackRedirectUri::Accepted).err();
        for (uri, expected) in [
            ("javascript:alert(1)", RedirectUriFault::Scheme),
            ("JaVaScRiPt:alert(1)", RedirectUriFault::Scheme),
            ("data:text/html,x", RedirectUriFault::Scheme),
            ("file:///etc/passwd", RedirectUriFault::Scheme),
            ("myapp:/cb", RedirectUriFault::Scheme),
            (" javascript:alert(1)", RedirectUriFault::Unsafe),
            ("http://app.example/cb", RedirectUriFault::NotHttps),
            ("http://localhost.evil.test/cb", RedirectUriFault::NotHttps),
            ("https://app.example/cb#f", RedirectUriFault::Fragment),
            ("https://u:p@app.example/cb", RedirectUriFault::Userinfo),
            ("https://@app.example/cb", RedirectUriFault::Userinfo),
            ("com.example.app://@evil.example/cb", RedirectUriFault::Userinfo),
            ("https://app.example/a/../b", RedirectUriFault::Unsafe),
            ("https://app.example/a/..;/b", RedirectUriFault::Unsafe),
            ("https://app.example/%2E%2e/b", RedirectUriFault::Unsafe),
            ("com.example.app:../b", RedirectUriFault::Unsafe),
            ("https://app\u{3002}example/", RedirectUriFault::Unsafe),
            ("https://app.example/c`", RedirectUriFault::Unsafe),
            ("https://app.example/{tenant}/cb", RedirectUriFault::Unsafe),
            ("https://app.example/cb?a=100%", RedirectUriFault::Unsafe),
            ("https://app.example/cb?a=%2g", RedirectUriFault::Unsafe),
            ("https://app.example/cb?a[]=1", RedirectUriFault::Unsafe),
            ("com.example.app:/cb|x", RedirectUriFault::Unsafe),
            ("com.example.app:/cb?to=http://[::1]/", RedirectUriFault::Unsafe),
            ("https://app.example/cb?iss=x", RedirectUriFault::ReservedParameter),
            ("https://app.example/cb?a=1&st%61te", RedirectUriFault::ReservedParameter),
            ("https:/u:p@evil.example/cb", RedirectUriFault::Userinfo),
            ("https:u@evil.example/cb", RedirectUriFault::Userinfo),
            ("https:////u@evil/cb", RedirectUriFault::Userinfo),
            ("https:app.example/cb", RedirectUriFault::Unsafe),
            ("https:/app.example/cb", RedirectUriFault::Unsafe),
            ("HTTPS://app.example/cb", RedirectUriFault::Unsafe),
            ("https://APP.example/cb", RedirectUriFault::Unsafe),
            ("http:/127.0.0.1/cb", RedirectUriFault::Unsafe),
            ("http://0x7f.1/cb", RedirectUriFault::Unsafe),
            ("https://app.example/..%2fx", RedirectUriFault::Unsafe),
            ("https://a;sandbox/cb", RedirectUriFault::Unsafe),
            ("https://app.example/cb?x=1;code=2", RedirectUriFault::ReservedParameter),
            ("/cb", RedirectUriFault::NotAbsolute),
            ("", RedirectUriFault::NotAbsolute),
        ] {
            assert_eq!(fault(uri), Some(expected), "{uri}");
        }
        assert_eq!(fault("com.app:/cb"), None);
        assert_eq!(fault(&format!("https://app.example/{}", "x".repeat(2048))), Some(RedirectUriFault::TooLong));
    }

    #[test]
    fn loopback_is_refused_where_the_policy_of_the_request_refuses_it() {
        let known = registered(&["http://127.0.0.1/cb", "https://app.example/cb"], ApplicationType::Web);
        assert!(check("http://127.0.0.1/cb", &known, LoopbackRedirectUri::Refused).is_err());
        assert!(check("https://app.example/cb", &known, LoopbackRedirectUri::Refused).is_ok());
    }

    #[test]
    fn profile_may_refuse_loopback() {
        let fault =
            RegisteredRedirectUri::register("http://127.0.0.1/cb", ApplicationType::Web, LoopbackRedirectUri::Refused);
        assert_eq!(fault.unwrap_err(), RedirectUriFault::NotHttps);
    }
}
