//! What the file says of client certificates (RFC 8705): how they reach the server, at which URLs, and whose are taken.

use std::collections::BTreeMap;

use http::HeaderName;
use parhelion_dialects::Sender;
use parhelion_engine::registry::MutualTls;
use parhelion_protocol::client::Client;
use parhelion_protocol::client_auth::{Method, TrustAnchors};
use parhelion_protocol::endpoint::Endpoint;
use parhelion_protocol::sender::client_cert;
use serde::Deserialize;

use super::file::{MountSection, ServerSection, TenantSection};
use super::secret;
use super::tenants::{MountPlan, TenantPlan};
use super::{BaseUrl, ConfigFault, Context};

/// The endpoints that clients with a certificate come to (RFC 8705 section 5).
const ENDPOINTS: [Endpoint; 6] = [
    Endpoint::Push,
    Endpoint::Token,
    Endpoint::Userinfo,
    Endpoint::Introspect,
    Endpoint::Revoke,
    Endpoint::DemoResource,
];

/// Whom the listener asks for a certificate. Nobody has to have one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClientCertificates {
    /// Whoever connects to the host of an `mtls_base_url`, so that browsers are not asked.
    #[default]
    AtAliases,
    /// Everybody.
    Everywhere,
}

/// The header in which a trusted proxy hands a client certificate on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientCertificateHeader {
    /// `Client-Cert`, with `Client-Cert-Chain` (RFC 9440).
    Rfc9440,
    /// Another one, with PEM that is percent-encoded.
    EscapedPem(HeaderName),
}

/// At which URLs certificates reach a mount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MutualTlsPlan {
    /// At none.
    Nowhere,
    /// At its own.
    Here,
    /// Below another base URL.
    At(BaseUrl),
}

/// What the way to the server lets through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Nothing speaks TLS, as far as the server knows.
    Closed,
    /// The listener asks at aliases.
    ToAliases,
    /// The listener asks everybody, or a proxy hands certificates on.
    Open,
}

impl Way {
    pub(super) fn of(section: &ServerSection, serves_tls: bool) -> Self {
        let asked = section.client_certificates.as_ref().map(|asked| *asked.get_ref()).unwrap_or_default();
        match (section.client_certificate_header.is_some(), serves_tls, asked) {
            (true, _, _) | (false, true, ClientCertificates::Everywhere) => Self::Open,
            (false, true, ClientCertificates::AtAliases) => Self::ToAliases,
            (false, false, _) => Self::Closed,
        }
    }
}

/// Whom the listener asks.
pub(super) fn client_certificates(
    context: &Context<'_>,
    section: &ServerSection,
) -> Result<ClientCertificates, ConfigFault> {
    let Some(asked) = &section.client_certificates else { return Ok(ClientCertificates::default()) };
    if context.serves_tls {
        return Ok(*asked.get_ref());
    }
    let fault = context.source.fault_at(asked.span(), "client_certificates: this listener does not speak TLS");
    Err(fault.with_remedy("add [server.tls], or name the header of the proxy that does as client_certificate_header"))
}

/// Where a proxy hands certificates on.
pub(super) fn client_certificate_header(
    context: &Context<'_>,
    section: &ServerSection,
) -> Result<Option<ClientCertificateHeader>, ConfigFault> {
    let Some(name) = &section.client_certificate_header else { return Ok(None) };
    let fault = |problem: String| context.source.fault_at(name.span(), problem);
    let header = HeaderName::from_bytes(name.get_ref().as_bytes()).map_err(|_| {
        fault(format!("client_certificate_header: `{}` is no header name", name.get_ref().escape_debug()))
    })?;
    if section.trusted_proxies.is_empty() {
        let problem = "client_certificate_header is set and nobody's word counts: trusted_proxies is empty".to_owned();
        return Err(fault(problem).with_remedy("name the proxy's address in trusted_proxies"));
    }
    let rfc_9440 = header.as_str() == client_cert::CLIENT_CERT;
    Ok(Some(if rfc_9440 { ClientCertificateHeader::Rfc9440 } else { ClientCertificateHeader::EscapedPem(header) }))
}

/// At which URLs certificates reach a mount.
pub(super) fn of_mount(
    context: &Context<'_>,
    section: &MountSection,
    sender: Sender,
) -> Result<MutualTlsPlan, ConfigFault> {
    let Some(url) = &section.mtls_base_url else {
        // The caller of a back-end API hands them on itself.
        let here = sender == Sender::BackEnd || context.way == Way::Open;
        return Ok(if here { MutualTlsPlan::Here } else { MutualTlsPlan::Nowhere });
    };
    let alias = context.base_url("mtls_base_url", url)?;
    if context.way == Way::Closed {
        let problem = "mtls_base_url: no client certificate can reach this server, which does not speak TLS";
        let fault = context.source.fault_at(url.span(), problem);
        return Err(fault.with_remedy("add [server.tls], or client_certificate_header for a proxy that speaks it"));
    }
    Ok(MutualTlsPlan::At(alias))
}

/// Whose certificates the tenant takes.
pub(super) fn trust_anchors(context: &Context<'_>, section: &TenantSection) -> Result<TrustAnchors, ConfigFault> {
    let (text, span) = match (&section.trust_anchors, &section.trust_anchors_file) {
        (None, None) => return Ok(TrustAnchors::default()),
        (Some(text), None) => (text.get_ref().clone(), text.span()),
        (None, Some(file)) => (secret::text_file("trust_anchors", file, context)?.to_string(), file.span()),
        (Some(_), Some(file)) => {
            let problem = "`trust_anchors` and `trust_anchors_file` are two ways to say one thing";
            return Err(context.source.fault_at(file.span(), problem).with_remedy("keep one of them"));
        }
    };
    TrustAnchors::from_pem(&text).map_err(|problem| {
        let fault = context.source.fault_at(span, format!("the text of trust_anchors {problem}"));
        fault.with_remedy("write the certificates of authorities, each from BEGIN CERTIFICATE to END CERTIFICATE")
    })
}

impl TenantPlan {
    /// Notes a client whose certificate nobody could judge, or that could never show one.
    pub(super) fn check_certificate(&self, context: &Context<'_>, line: usize, client: &Client) {
        let method = client.credential.method();
        let reached = self.mounts.iter().any(|mount| mount.mutual_tls != MutualTlsPlan::Nowhere);
        let (problem, remedy) = if method == Method::TlsClientAuth && self.trust_anchors.is_empty() {
            ("its tenant trusts nobody who issues certificates", "add trust_anchors_file to the tenant")
        } else if method.is_mutual_tls() && !reached {
            (
                "no client certificate reaches any mount of its tenant",
                "add mtls_base_url to a mount, or client_certificates or client_certificate_header to [server]",
            )
        } else {
            return;
        };
        let problem = format!("client `{}` uses {}, and {problem}", client.client_id.escape_debug(), method.as_str());
        let fault = ConfigFault { line: Some(line), ..context.source.fault(problem) };
        context.notes.note(fault.with_remedy(remedy));
    }
}

impl MountPlan {
    /// The base URL at which clients with a certificate are expected, if it is another one.
    #[must_use]
    pub const fn mtls_base(&self) -> Option<&BaseUrl> {
        match &self.mutual_tls {
            MutualTlsPlan::At(alias) => Some(alias),
            MutualTlsPlan::Nowhere | MutualTlsPlan::Here => None,
        }
    }

    /// Every path of an endpoint that clients with a certificate come to, below another base URL.
    pub fn mtls_paths(&self, alias: &BaseUrl) -> impl Iterator<Item = (Endpoint, String)> {
        let before = format!("{}{}", alias.path(), self.tenant_path);
        let routes = self.routes().filter(|route| ENDPOINTS.contains(&route.endpoint));
        routes.map(move |route| (route.endpoint, format!("{before}{}", route.path)))
    }

    /// The same as the engine knows it.
    #[must_use]
    pub fn mutual_tls(&self) -> MutualTls {
        let alias = match &self.mutual_tls {
            MutualTlsPlan::Nowhere => return MutualTls::Nowhere,
            MutualTlsPlan::Here => return MutualTls::Here,
            MutualTlsPlan::At(alias) => alias,
        };
        let mut urls = BTreeMap::new();
        let origin = alias.as_str().strip_suffix(alias.path()).unwrap_or(alias.as_str());
        for (endpoint, path) in self.mtls_paths(alias) {
            urls.entry(endpoint).or_insert_with(|| format!("{origin}{path}"));
        }
        MutualTls::At(urls)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, TlsOption};
    use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
    use std::path::Path;

    fn anchor() -> String {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().pem()
    }

    /// A configuration whose one client authenticates by `tls_client_auth`, with more for each section.
    fn read(server: &str, tenant: &str, mount: &str, tls: TlsOption) -> Result<Config, String> {
        let text = format!(
            "version = 1\n[server]\n{server}\n[[tenant]]\nid = \"acme\"\n{tenant}\n[[tenant.mount]]\ndialect = \"standard\"\n\
             base_url = \"https://as.example/acme\"\n{mount}\n[[tenant.client]]\nclient_id = \"app\"\n\
             token_endpoint_auth_method = \"tls_client_auth\"\ntls_client_auth_san_dns = \"app.example\"\n\
             redirect_uris = [\"https://app.example/cb\"]\n"
        );
        let server = "public_url = \"https://as.example\"\n";
        let text = text.replacen("[server]\n", &format!("[server]\n{server}"), 1);
        let read = Config::read_with(Path::new("x.toml"), &text, parhelion_dialects::ALL, tls);
        read.map_err(|fault| fault.to_string())
    }

    const ALIAS: &str = "mtls_base_url = \"https://mtls.as.example/acme\"";
    const PROXY: &str = "trusted_proxies = [\"127.0.0.1\"]\nclient_certificate_header = \"Client-Cert\"";

    #[test]
    fn certificates_reach_a_mount_by_each_of_three_ways() {
        let anchors = format!("trust_anchors = '''\n{}'''", anchor());
        let mutual_tls = |server: &str, mount: &str, tls| {
            read(server, &anchors, mount, tls).unwrap().tenants[0].mounts[0].mutual_tls.clone()
        };
        assert!(matches!(mutual_tls("", ALIAS, TlsOption::ThrowAway), MutualTlsPlan::At(_)));
        let everywhere = "client_certificates = \"everywhere\"";
        assert_eq!(mutual_tls(everywhere, "", TlsOption::ThrowAway), MutualTlsPlan::Here);
        assert_eq!(mutual_tls(PROXY, "", TlsOption::AsConfigured), MutualTlsPlan::Here);
        assert!(matches!(mutual_tls(PROXY, ALIAS, TlsOption::AsConfigured), MutualTlsPlan::At(_)));
        let plan = read(PROXY, &anchors, "", TlsOption::AsConfigured).unwrap().server.client_certificate_header;
        assert_eq!(plan, Some(ClientCertificateHeader::Rfc9440));
    }

    #[test]
    fn what_contradicts_itself_is_refused_with_a_remedy() {
        let anchors = format!("trust_anchors = '''\n{}'''", anchor());
        let key = KeyPair::generate().unwrap().serialize_pem();
        let no_certificate = format!("trust_anchors = '''\n{key}'''");
        let both = format!("{anchors}\ntrust_anchors_file = \"x.pem\"");
        let (tls, plain) = (TlsOption::ThrowAway, TlsOption::AsConfigured);
        for (server, tenant, mount, tls, problem) in [
            ("", &*anchors, "", tls, "no client certificate reaches any mount"),
            ("", &anchors, "", plain, "no client certificate reaches any mount"),
            ("", &anchors, ALIAS, plain, "mtls_base_url: no client certificate can reach this server"),
            (PROXY, "", "", plain, "trusts nobody who issues certificates"),
            (PROXY, &no_certificate, "", plain, "the text of trust_anchors holds no certificate"),
            (PROXY, &both, "", plain, "are two ways to say one thing"),
            ("client_certificates = \"everywhere\"", &anchors, "", plain, "this listener does not speak TLS"),
            ("client_certificate_header = \"X\"", &anchors, "", plain, "trusted_proxies is empty"),
            (&PROXY.replace("Client-Cert", "a b"), &anchors, "", plain, "`a b` is no header name"),
        ] {
            let fault = read(server, tenant, mount, tls).unwrap_err();
            assert!(fault.contains(problem) && !fault.contains("PRIVATE"), "{problem}: {fault}");
        }
    }
}
