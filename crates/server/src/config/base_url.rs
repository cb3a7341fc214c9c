//! Base URLs: where the server and its mounts are, as the world sees them.

use std::net::IpAddr;

use url::{Host, Url};

use super::Mode;

/// An `https` URL, or a permitted `http` one, without slash at the end, query, fragment or user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl {
    text: String,
    authority: String,
    path: String,
}

impl BaseUrl {
    /// Reads a URL that must be written in its normal form.
    ///
    /// # Errors
    /// What is wrong with it and what to do, for people.
    pub fn parse(text: &str, mode: Mode) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|error| format!("`{text}` is not an absolute URL: {error}"))?;
        if !url.username().is_empty() || url.password().is_some() || text.contains('@') {
            return Err("a base URL has no user name and no password".to_owned());
        }
        if text.contains(['?', '#']) {
            return Err(format!("`{text}` has a query or a fragment; leave it out"));
        }
        let secure = match url.scheme() {
            "https" => true,
            "http" => false,
            other => return Err(format!("`{text}` is {other}; use https")),
        };
        if !secure && !is_loopback(&url) && mode != Mode::Dev {
            return Err(format!(
                "`{text}` is http to a host that is not this machine; use https, or mode = \"dev\" while you try things"
            ));
        }
        let normal = url.as_str().trim_end_matches('/');
        if text != normal {
            return Err(format!("`{text}` is not in its normal form; write `{normal}`"));
        }
        let authority = normal.split_once("://").map_or("", |(_, rest)| rest);
        let authority = authority.split('/').next().unwrap_or_default().to_owned();
        Ok(Self { text: text.to_owned(), authority, path: url.path().trim_end_matches('/').to_owned() })
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether its host is this machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        Url::parse(&self.text).is_ok_and(|url| is_loopback(&url))
    }

    /// Host, and port where it is not the scheme's own.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// Host without its port, an IPv6 address in brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        host_of(&self.authority)
    }

    /// Whether it is `https`.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.text.starts_with("https:")
    }

    /// Empty at the root of a host.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }
}

/// An authority without its port.
pub(crate) fn host_of(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        Some(_) | None => authority,
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        BaseUrl::parse(text, Mode::Production).unwrap_err()
    }

    #[test]
    fn parts_are_taken_as_written() {
        let parse = |text| BaseUrl::parse(text, Mode::Production).unwrap();
        let url = parse("https://as.example:8443/acme/x");
        assert_eq!((url.authority(), url.path()), ("as.example:8443", "/acme/x"));
        assert_eq!((url.host(), url.is_https()), ("as.example", true));
        let url = parse("http://[::1]:9126");
        assert_eq!((url.authority(), url.path()), ("[::1]:9126", ""));
        assert_eq!((url.host(), url.is_https()), ("[::1]", false));
        assert_eq!((parse("https://[::1]").host(), parse("https://as.example").host()), ("[::1]", "as.example"));
    }

    #[test]
    fn plain_http_is_for_this_machine_or_for_dev() {
        for text in ["http://127.0.0.1:9126", "http://localhost/a", "http://acme.localhost:1"] {
            assert!(BaseUrl::parse(text, Mode::Production).is_ok(), "{text}");
        }
        assert!(refused("http://as.example").contains("use https"));
        assert!(refused("http://127.0.0.1.example").contains("use https"));
        assert!(BaseUrl::parse("http://as.example", Mode::Dev).is_ok());
    }

    #[test]
    fn what_a_base_url_cannot_have_is_named() {
        for (text, word) in [
            ("as.example", "not an absolute URL"),
            ("ftp://as.example", "use https"),
            ("https://as.example/", "write `https://as.example`"),
            ("https://as.example/a/", "write `https://as.example/a`"),
            ("https://AS.example:443", "write `https://as.example`"),
            ("https://as.example/a/../b", "write `https://as.example/b`"),
            ("https://as.example?x", "query"),
            ("https://as.example#x", "fragment"),
            ("https://me@as.example", "no user name"),
            ("https://as.example/é", "normal form"),
        ] {
            assert!(refused(text).contains(word), "{text}: {}", refused(text));
        }
    }
}
