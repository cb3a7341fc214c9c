//! Addresses as people may be shown them: ASCII only, a host in punycode, nothing that hides the host.

use std::fmt;

use url::{Origin, Url};

/// An address that is safe to show on a consent page: ASCII, the host in its `xn--` form and never decoded, so that a
/// look-alike letter cannot pass for a well-known name (attack FC-22).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownAddress(String);

impl ShownAddress {
    /// A web page's whole address, for `client_uri` (RFC 7591 section 2). `None` for anything but http and https, and
    /// for an address with a user name in it, which can look like another host (`https://bank.example@evil.example`).
    #[must_use]
    pub fn of_page(uri: &str) -> Option<Self> {
        let url = Url::parse(uri).ok()?;
        let on_the_web = matches!(url.scheme(), "http" | "https");
        (on_the_web && url.username().is_empty() && url.password().is_none()).then(|| Self(url.into()))
    }

    /// Where a redirect URI leads: its host, and its port if it is not the scheme's own. An app's private-use scheme
    /// (RFC 8252 section 7.1) has no host that means anything, so the scheme is shown. `None` if it is not a URI.
    #[must_use]
    pub fn of_redirect(redirect_uri: &str) -> Option<Self> {
        let url = Url::parse(redirect_uri).ok()?;
        match url.origin() {
            Origin::Tuple(_, host, _) => {
                Some(Self(url.port().map_or(host.to_string(), |port| format!("{host}:{port}"))))
            }
            Origin::Opaque(_) => Some(Self(format!("{}:", url.scheme()))),
        }
    }
}

impl fmt::Display for ShownAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(uri: &str) -> Option<String> {
        ShownAddress::of_page(uri).map(|shown| shown.to_string())
    }

    fn redirect(uri: &str) -> Option<String> {
        ShownAddress::of_redirect(uri).map(|shown| shown.to_string())
    }

    #[test]
    fn a_look_alike_host_is_shown_in_punycode() {
        // The first letter is Cyrillic.
        assert_eq!(page("https://\u{430}pple.example/").as_deref(), Some("https://xn--pple-43d.example/"));
        assert_eq!(redirect("https://\u{430}pple.example/cb").as_deref(), Some("xn--pple-43d.example"));
    }

    #[test]
    fn punycode_is_not_decoded_and_everything_shown_is_ascii() {
        assert_eq!(page("https://xn--pple-43d.example/").as_deref(), Some("https://xn--pple-43d.example/"));
        assert_eq!(
            page("https://a.example/é?ü#\u{202e}").as_deref(),
            Some("https://a.example/%C3%A9?%C3%BC#%E2%80%AE")
        );
    }

    #[test]
    fn a_page_that_hides_its_host_or_is_not_on_the_web_is_not_shown() {
        for uri in
            ["https://bank.example@evil.example/", "https://:x@evil.example/", "javascript:alert(1)", "data:,x", "x"]
        {
            assert_eq!(page(uri), None, "{uri}");
        }
    }

    #[test]
    fn a_redirect_is_shown_by_its_host_and_unusual_port() {
        assert_eq!(redirect("https://client.example:443/cb?x=1").as_deref(), Some("client.example"));
        assert_eq!(redirect("https://bank.example@evil.example/cb").as_deref(), Some("evil.example"));
        assert_eq!(redirect("http://127.0.0.1:8400/cb").as_deref(), Some("127.0.0.1:8400"));
        assert_eq!(redirect("http://[::1]:8400/cb").as_deref(), Some("[::1]:8400"));
    }

    #[test]
    fn a_redirect_to_an_app_is_shown_by_its_scheme() {
        assert_eq!(redirect("com.example.app:/cb").as_deref(), Some("com.example.app:"));
        assert_eq!(redirect("app://bank.example/cb").as_deref(), Some("app:"));
        assert_eq!(redirect("no scheme"), None);
    }
}
