//! Where a client keeps what the server fetches, its keys (RFC 7591 section 2) and its request objects (RFC 9101 section
//! 5.2): what may be fetched at all. Whether the address behind it may be asked is the edge's to judge.

use url::{Host, Url};

use crate::limits;

/// Ports of other services than the web's, from 1024 on: what listens there could be talked into something.
const OTHER_SERVICES: &[u16] = &[
    1433, 1521, 1719, 1720, 1723, 2049, 2375, 2379, 3306, 3659, 4045, 4190, 5060, 5061, 5432, 5672, 5984, 6000, 6379,
    6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 8086, 9042, 9092, 9200, 9300, 10080, 11211, 27017,
];

/// An `https` URL of a host, with nothing about who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchedUri(Url);

/// What is wrong with one; a constant, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FetchedUriFault(pub &'static str);

impl FetchedUri {
    /// Reads one. Only what is written as RFC 3986 has it: what a browser would repair is none.
    ///
    /// # Errors
    /// [`FetchedUriFault`].
    pub fn parse(text: &str) -> Result<Self, FetchedUriFault> {
        let plain = text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\\\"<>^`{|}".contains(&byte));
        if !plain || text.len() > limits::FETCHED_URI_MAX_BYTES {
            return Err(FetchedUriFault("is longer than a URL may be here, or has characters that no URL has"));
        }
        let authority = text.strip_prefix("https://").ok_or(FetchedUriFault("is not an https URL"))?;
        let authority = authority.split(['/', '?', '#']).next().unwrap_or_default();
        let url = Url::parse(text).map_err(|_| FetchedUriFault("is not a URL"))?;
        if authority.is_empty() || authority.contains('@') || text.contains('#') {
            return Err(FetchedUriFault("has no host, or has user information or a fragment"));
        }
        let port = url.port_or_known_default().unwrap_or_default();
        if (port < 1024 && port != 443) || OTHER_SERVICES.contains(&port) {
            return Err(FetchedUriFault("has a port that is not the web's"));
        }
        Ok(Self(url))
    }

    /// The URL.
    #[must_use]
    pub const fn url(&self) -> &Url {
        &self.0
    }

    /// The host: a name, or an address.
    #[must_use]
    pub fn host(&self) -> Option<Host<&str>> {
        self.0.host()
    }

    /// The port, also where it is the usual one.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.0.port_or_known_default().unwrap_or(443)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_https_urls_are_fetched() {
        for text in ["https://app.example/jwks", "https://app.example:8443/jwks?v=1", "https://127.0.0.1:40000/jwks"] {
            assert!(FetchedUri::parse(text).is_ok(), "{text}");
        }
        for text in [
            "http://app.example/jwks",
            "HTTP://app.example/jwks",
            "file:///etc/passwd",
            "gopher://app.example/",
            "ftp://app.example/jwks",
            "data:application/json,{}",
            "unix:/run/x",
            "",
            "app.example/jwks",
            "https:/app.example/jwks",
            "https://",
            "https:///jwks",
            "https://u@app.example/jwks",
            "https://u:p@app.example/jwks",
            "https://@app.example/jwks",
            "https://app.example/jwks#x",
            "https://a.example#@b.example/",
            "https://app.example\\@b.example/",
            "https://app.example/\r\nHost: x",
            "https://app.example/ x",
            "https://app.example:22/",
            "https://app.example:25/",
            "https://app.example:80/",
            "https://app.example:6379/",
            "https://app.example:99999/",
            "https://app.ex\u{e4}mple/jwks",
        ] {
            assert!(FetchedUri::parse(text).is_err(), "{text}");
        }
        assert!(
            FetchedUri::parse(&format!("https://app.example/{}", "x".repeat(limits::FETCHED_URI_MAX_BYTES))).is_err()
        );
    }
}
