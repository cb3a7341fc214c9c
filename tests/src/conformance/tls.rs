//! Section H: versions and suites of TLS.

use std::sync::Arc;

use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, ProtocolVersion, SupportedProtocolVersion, version};

use super::site::Site;
use super::{Check, Finding, always};
use crate::ensure;
use crate::hello::{Answer, HANDSHAKE_FAILURE, PROTOCOL_VERSION, connected, offered};

/// The checks.
pub const CHECKS: &[Check] = &[
    Check { line: "H.1", name: "TLS 1.0 and 1.1 are refused", applies: always, run: old_versions },
    Check { line: "H.2", name: "TLS 1.3 is there, and preferred", applies: always, run: newest },
    Check { line: "H.3", name: "TLS 1.2 with each recommended suite", applies: always, run: suites },
    Check { line: "H.3", name: "every other suite of TLS 1.2 is refused", applies: always, run: other_suites },
];

/// With ECDSA certificates, which the throw-away authority makes; those with RSA differ in the certificate alone.
const RECOMMENDED: [u16; 3] = [0xc02b, 0xc02c, 0xcca9];

/// CBC, static RSA, static DH, RC4, 3DES, anonymous, ECDHE_RSA where there is no RSA certificate, CCM.
const OTHERS: [u16; 22] = [
    0x0004, 0x0005, 0x000a, 0x002f, 0x0033, 0x0035, 0x0039, 0x003c, 0x003d, 0x0067, 0x006b, 0x009c, 0x009d, 0x00ff,
    0xc009, 0xc00a, 0xc013, 0xc023, 0xc024, 0xc027, 0xc0ac, 0x0018,
];

/// The host of everybody, and that of clients with a certificate.
const HOSTS: [&str; 2] = ["127.0.0.1", "localhost"];

fn old_versions(site: &Site) -> Finding {
    for (name, minor) in [("SSL 3.0", 0), ("TLS 1.0", 1), ("TLS 1.1", 2)] {
        let answer =
            offered(site.server.address(), minor, &[0xc009, 0xc00a, 0x002f]).map_err(|error| error.to_string())?;
        let fits = matches!(answer, Answer::Closed | Answer::Alert(PROTOCOL_VERSION | HANDSHAKE_FAILURE));
        ensure!(fits, "{name}: {answer:?}");
    }
    Ok(())
}

fn newest(site: &Site) -> Finding {
    for host in HOSTS {
        for versions in [&[&version::TLS12, &version::TLS13][..], &[&version::TLS13]] {
            let agreed = agreed(site, host, versions, None)?;
            ensure!(agreed == ProtocolVersion::TLSv1_3, "{agreed:?} at {host}");
        }
    }
    Ok(())
}

fn suites(site: &Site) -> Finding {
    for (host, suite) in HOSTS.into_iter().flat_map(|host| RECOMMENDED.map(|suite| (host, suite))) {
        let agreed = agreed(site, host, &[&version::TLS12], Some(suite));
        let agreed = agreed.map_err(|found| format!("{suite:#06x}: {found}"))?;
        ensure!(agreed == ProtocolVersion::TLSv1_2, "{agreed:?}");
    }
    Ok(())
}

fn other_suites(site: &Site) -> Finding {
    let known = offered(site.server.address(), 3, &RECOMMENDED).map_err(|error| error.to_string())?;
    ensure!(known == Answer::ServerHello, "the hello itself: {known:?}");
    for suite in OTHERS {
        let answer = offered(site.server.address(), 3, &[suite]).map_err(|error| error.to_string())?;
        let fits = matches!(answer, Answer::Closed | Answer::Alert(HANDSHAKE_FAILURE));
        ensure!(fits, "{suite:#06x}: {answer:?}");
    }
    Ok(())
}

/// What version a client of these agrees on with the server, offering one suite or all.
fn agreed(
    site: &Site,
    host: &'static str,
    versions: &[&'static SupportedProtocolVersion],
    suite: Option<u16>,
) -> Result<ProtocolVersion, String> {
    let mut provider: CryptoProvider = aws_lc_rs::default_provider();
    provider.cipher_suites.retain(|known| suite.is_none_or(|suite| u16::from(known.suite()) == suite));
    let provider = Arc::new(provider);
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider)).with_protocol_versions(versions);
    let config = crate::spec::certificates::with_any_server(builder.map_err(|error| error.to_string())?, provider);
    let name = ServerName::try_from(host).map_err(|error| error.to_string())?;
    let mut session = ClientConnection::new(Arc::new(config), name).map_err(|error| error.to_string())?;
    let mut socket = connected(site.server.address()).map_err(|error| error.to_string())?;
    while session.is_handshaking() {
        session.complete_io(&mut socket).map_err(|error| error.to_string())?;
    }
    session.protocol_version().ok_or("no version".to_owned())
}
