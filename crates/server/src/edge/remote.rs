//! Who is at the other end: the peer of a connection, or what a proxy that is trusted says of the client behind it. The
//! address is for logs and for counting only: nothing that is answered depends on it.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use http::{HeaderMap, header};
use ipnet::IpNet;
use parhelion_protocol::sender::certificate::Shown;

use crate::config::SourceHeader;

/// Who sent a request.
pub(super) struct Remote {
    /// The client's address.
    pub(super) address: IpAddr,
    /// The certificate that came with it; nobody has judged it yet.
    pub(super) certificate: Shown,
    /// The host that was named in the TLS handshake, where the connection is the client's own.
    pub(super) host: Option<Arc<str>>,
}

/// The proxies whose word counts, and where they put it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Proxies {
    trusted: Vec<IpNet>,
    header: SourceHeader,
}

impl Proxies {
    pub(crate) const fn new(trusted: Vec<IpNet>, header: SourceHeader) -> Self {
        Self { trusted, header }
    }

    /// The client's address: the last one before the proxies that are trusted. What the header says is read from its
    /// end, for everything before the first stranger's address is what that stranger wrote. Where it ends with what
    /// is no address, the last proxy that is known stands for the client.
    pub(super) fn source(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut source = peer.to_canonical();
        if !self.is_trusted(source) {
            return source;
        }
        let name = match self.header {
            SourceHeader::XForwardedFor => "x-forwarded-for",
            SourceHeader::Forwarded => header::FORWARDED.as_str(),
        };
        let lines = headers.get_all(name).iter().rev();
        for hop in lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b',')) {
            let Some(address) = std::str::from_utf8(hop).ok().and_then(|hop| self.address(hop.trim())) else { break };
            source = address.to_canonical();
            if !self.is_trusted(source) {
                break;
            }
        }
        source
    }

    /// Whether what this peer says of others counts.
    pub(super) fn is_trusted(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|network| network.contains(&address))
    }

    fn address(&self, hop: &str) -> Option<IpAddr> {
        match self.header {
            SourceHeader::XForwardedFor => address(hop),
            //= rfc7239#4 pairs of one hop; names are case-insensitive, values may be quoted
            SourceHeader::Forwarded => {
                let pairs = hop.split(';').filter_map(|pair| pair.trim().split_once('='));
                let mut nodes = pairs.filter(|(name, _)| name.eq_ignore_ascii_case("for")).map(|(_, node)| node);
                let node = nodes.next().filter(|_| nodes.next().is_none())?;
                address(node.strip_prefix('"').and_then(|node| node.strip_suffix('"')).unwrap_or(node))
            }
        }
    }
}

/// An address, which some proxies write with the port behind it and some in brackets.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edge::Limits;
    use crate::edge::tests::{CONFIG, PUSH, Site, post, status};
    use crate::plain_dialect::DIALECTS;

    fn proxies(header: SourceHeader) -> Proxies {
        let networks = ["10.0.0.0/8", "127.0.0.1/32", "2001:db8:1::/48"];
        Proxies::new(networks.map(|network| network.parse().unwrap()).to_vec(), header)
    }

    fn source(header: SourceHeader, peer: &str, lines: &[(&'static str, &str)]) -> String {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().unwrap());
        }
        proxies(header).source(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn strangers_headers_are_not_read() {
        for header in [SourceHeader::XForwardedFor, SourceHeader::Forwarded] {
            let lines = [("x-forwarded-for", "203.0.113.9"), ("forwarded", "for=203.0.113.9")];
            assert_eq!(source(header, "198.51.100.1", &lines), "198.51.100.1");
            assert_eq!(source(header, "2001:db8:2::1", &lines), "2001:db8:2::1");
            assert_eq!(Proxies::default().source([127, 0, 0, 1].into(), &HeaderMap::new()).to_string(), "127.0.0.1");
        }
    }

    #[test]
    fn rightmost_address_that_is_no_trusted_proxy_is_the_source() {
        for (value, expected) in [
            ("203.0.113.9", "203.0.113.9"),
            ("1.1.1.1, 203.0.113.9", "203.0.113.9"),
            ("1.1.1.1, 203.0.113.9, 10.2.3.4, 2001:db8:1::5", "203.0.113.9"),
            ("10.1.1.1, 10.2.2.2", "10.1.1.1"),
            ("203.0.113.9:4711", "203.0.113.9"),
            ("[2001:db8:7::9]:4711", "2001:db8:7::9"),
            ("[2001:db8:7::9]", "2001:db8:7::9"),
            ("2001:db8:7::9", "2001:db8:7::9"),
            ("::ffff:203.0.113.9", "203.0.113.9"),
            ("203.0.113.9, ::ffff:10.2.3.4", "203.0.113.9"),
        ] {
            assert_eq!(source(SourceHeader::XForwardedFor, "10.0.0.1", &[("x-forwarded-for", value)]), expected);
            assert_eq!(source(SourceHeader::XForwardedFor, "::ffff:10.0.0.1", &[("x-forwarded-for", value)]), expected);
        }
    }

    #[test]
    fn lines_of_one_header_are_one_list() {
        let lines = [("x-forwarded-for", "1.1.1.1"), ("x-forwarded-for", "203.0.113.9, 10.0.0.2")];
        assert_eq!(source(SourceHeader::XForwardedFor, "10.0.0.1", &lines), "203.0.113.9");
    }

    #[test]
    fn what_is_no_address_ends_the_reading() {
        for value in ["", "unknown", "203.0.113.9, nonsense", "203.0.113.9, ", "203.0.113.9 1.1.1.1", "\u{e9}"] {
            assert_eq!(source(SourceHeader::XForwardedFor, "10.0.0.1", &[("x-forwarded-for", value)]), "10.0.0.1");
        }
        let value = "203.0.113.9, unknown, 10.0.0.2";
        assert_eq!(source(SourceHeader::XForwardedFor, "10.0.0.1", &[("x-forwarded-for", value)]), "10.0.0.2");
        assert_eq!(source(SourceHeader::XForwardedFor, "10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn only_the_header_that_the_proxy_writes_is_read() {
        let lines = [("forwarded", "for=1.1.1.1"), ("x-forwarded-for", "203.0.113.9")];
        assert_eq!(source(SourceHeader::XForwardedFor, "10.0.0.1", &lines), "203.0.113.9");
        assert_eq!(source(SourceHeader::Forwarded, "10.0.0.1", &lines), "1.1.1.1");
    }

    #[test]
    fn forwarded_names_each_hop_in_its_pairs() {
        for (value, expected) in [
            ("for=203.0.113.9", "203.0.113.9"),
            ("For=\"203.0.113.9:4711\";proto=https;by=10.0.0.1", "203.0.113.9"),
            ("proto=https; for=\"[2001:db8:7::9]:4711\"", "2001:db8:7::9"),
            ("for=1.1.1.1, for=203.0.113.9, for=10.0.0.3", "203.0.113.9"),
            ("for=203.0.113.9, for=_hidden", "10.0.0.1"),
            ("for=203.0.113.9;for=1.1.1.1", "10.0.0.1"),
            ("by=203.0.113.9", "10.0.0.1"),
        ] {
            assert_eq!(source(SourceHeader::Forwarded, "10.0.0.1", &[("forwarded", value)]), expected, "{value}");
        }
    }

    #[tokio::test]
    async fn requests_are_counted_by_the_source_that_a_trusted_proxy_names() {
        let server =
            "version = 1\n[server]\ntrusted_proxies = [\"127.0.0.2\"]\n[server.rate]\nsuccesses_per_minute = 1\n";
        let site = Site::of(&CONFIG.replace("version = 1\n", server), DIALECTS, Limits::default()).await;
        let (stranger, proxy) = ("127.0.0.3", "127.0.0.2");
        for (peer, client, expected) in [
            (proxy, "203.0.113.1", "201"),
            (proxy, "203.0.113.1", "429"),
            (proxy, "203.0.113.9, 203.0.113.1", "429"),
            (proxy, "203.0.113.2", "201"),
            (stranger, "203.0.113.3", "201"),
            (stranger, "203.0.113.4", "429"),
        ] {
            let headers = format!("Connection: close\r\nX-Forwarded-For: {client}\r\nForwarded: for=\"{client}\"\r\n");
            let answer = site.send_from(peer, &post("/acme/par", &headers, PUSH)).await;
            assert_eq!(status(&answer), expected, "{peer} {client}: {answer}");
        }
    }
}
