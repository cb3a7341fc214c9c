//! Redirect URIs: what is registered is an absolute URI of RFC 3986 that no reader takes for another host; what is accepted is
//! that URI byte for byte, or differs from it in the port of a loopback address alone.

use fluent_uri::Uri;
use parhelion_protocol::client::ApplicationType;
use parhelion_protocol::limits;
use parhelion_protocol::params::redirect_uri::{RegisteredRedirectUri, check as judge};
use parhelion_protocol::profile::LoopbackRedirectUri::{self, Accepted, Refused};

use crate::Verdict;

/// The first line is registered, the second is sent.
pub fn check(bytes: &[u8]) -> Verdict {
    let Ok(text) = str::from_utf8(bytes) else { return Verdict::Refused };
    let mut accepted = false;
    let (registered, sent) = text.split_once('\n').unwrap_or((text, text));
    for application in [ApplicationType::Web, ApplicationType::Native] {
        for loopback in [Accepted, Refused] {
            if let Ok(known) = RegisteredRedirectUri::register(registered, application, loopback) {
                assert_eq!(known.as_str(), registered);
                check_registered(registered, loopback);
                accepted |= check_sent(&known, sent, application);
            }
        }
    }
    Verdict::of(accepted)
}

fn check_registered(text: &str, loopback: LoopbackRedirectUri) {
    let uri = Uri::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    assert!(text.len() <= limits::REDIRECT_URI_MAX_BYTES && !uri.has_fragment(), "{text}");
    let scheme = uri.scheme().as_str().to_ascii_lowercase();
    assert!(scheme == "https" || scheme == "http" || scheme.contains('.'), "{text}");
    let host = uri.authority().map(|authority| authority.host().to_owned());
    assert!(uri.authority().is_none_or(|authority| !authority.has_userinfo()), "{text}");
    if scheme == "http" {
        assert!(loopback == Accepted && is_loopback(host.as_deref().unwrap()), "{text}");
    }
    if scheme.starts_with("http") && !scheme.contains('.') {
        assert!(host.is_some_and(|host| !host.is_empty() && host == host.to_ascii_lowercase()), "{text}");
    }
    let dots = |segment: &str| segment == "." || segment == "..";
    assert!(!uri.path().as_str().split('/').any(dots), "{text}");
    let reserved = ["code", "state", "iss", "error", "response", "id_token", "access_token"];
    let names = uri.query().map_or("", |query| query.as_str()).split('&').map(|pair| pair.split('=').next().unwrap());
    assert!(!names.into_iter().any(|name| reserved.contains(&name)), "{text}");
}

fn is_loopback(host: &str) -> bool {
    ["127.0.0.1", "[::1]", "localhost"].contains(&host)
}

fn check_sent(known: &RegisteredRedirectUri, sent: &str, application: ApplicationType) -> bool {
    let registered = [known.clone()];
    let accepted = judge(sent, &registered, Accepted).is_ok();
    if judge(sent, &registered, Refused).is_ok() {
        assert!(accepted && !sent.starts_with("http:"), "{sent}");
    }
    assert_eq!(accepted, sent == known.as_str() || differs_in_port_alone(known.as_str(), sent, application), "{sent}");
    accepted
}

/// Said by RFC 8252 section 7.3 on the parts that another parser finds.
fn differs_in_port_alone(registered: &str, sent: &str, application: ApplicationType) -> bool {
    let (Ok(ours), Ok(theirs)) = (Uri::parse(registered), Uri::parse(sent)) else { return false };
    let (Some(host), Some(other)) = (ours.authority(), theirs.authority()) else { return false };
    let varies = ["127.0.0.1", "[::1]"].contains(&host.host())
        || (host.host() == "localhost" && application == ApplicationType::Native);
    let port = other.port().is_none_or(|port| {
        // RFC 3986 allows an empty port, which is no port; and 65535 is the last.
        port.as_str().parse::<u16>().is_ok_and(|number| number != 0)
    });
    let same = |part: fn(&Uri<&str>) -> Option<String>| part(&ours) == part(&theirs);
    varies
        && port
        && ours.scheme().as_str() == "http"
        && same(|uri| Some(uri.scheme().as_str().to_owned()))
        && host.host() == other.host()
        && !other.has_userinfo()
        && same(|uri| Some(uri.path().as_str().to_owned()))
        && same(|uri| uri.query().map(|query| query.as_str().to_owned()))
        && !theirs.has_fragment()
        && sent.len() <= limits::REDIRECT_URI_MAX_BYTES
}
