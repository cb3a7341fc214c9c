//! What `[server]` says of its listener: certificates, and the proxies in front of it.

use std::net::IpAddr;
use std::path::PathBuf;

use ipnet::IpNet;
use serde::Deserialize;
use toml::Spanned;

use super::file::{ServerSection, TlsSection};
use super::{BaseUrl, ConfigFault, Context, Mode};

/// What the command line says of TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TlsOption {
    /// Nothing: the file decides.
    #[default]
    AsConfigured,
    /// Certificates of a throw-away authority.
    ThrowAway,
}

/// How the listener speaks TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TlsPlan {
    /// With certificates from files; the first one is shown to clients that ask for no name, or for an unknown one.
    /// Never empty.
    Certificates(Vec<CertificatePlan>),
    /// With one of a throw-away authority, for a developer's machine.
    ThrowAway,
}

/// The files of one certificate (PEM).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificatePlan {
    /// The certificate, and behind it those that lead to its authority.
    pub certificate_file: PathBuf,
    /// Its private key.
    pub key_file: PathBuf,
}

/// The header in which trusted proxies name the client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SourceHeader {
    /// `X-Forwarded-For`: a list of addresses.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

pub(super) fn tls_plan(
    context: &Context<'_>,
    section: Option<TlsSection>,
    option: TlsOption,
) -> Result<Option<TlsPlan>, ConfigFault> {
    let section = match (section, option) {
        (None, TlsOption::AsConfigured) => return Ok(None),
        (None, TlsOption::ThrowAway) => return Ok(Some(TlsPlan::ThrowAway)),
        (Some(section), TlsOption::AsConfigured) => section,
        (Some(section), TlsOption::ThrowAway) => {
            let problem = "[server.tls] names certificates, and the command line asks for throw-away ones";
            let fault = context.source.fault_at(section.certificate.span(), problem);
            return Err(fault.with_remedy("leave out one of them"));
        }
    };
    if section.certificate.get_ref().is_empty() {
        let fault = context.source.fault_at(section.certificate.span(), "[server.tls] names no certificate");
        return Err(fault.with_remedy("add [[server.tls.certificate]] with certificate_file and key_file"));
    }
    let certificates = section.certificate.into_inner().into_iter().map(|certificate| CertificatePlan {
        certificate_file: context.folder().join(certificate.certificate_file),
        key_file: context.folder().join(certificate.key_file),
    });
    Ok(Some(TlsPlan::Certificates(certificates.collect())))
}

/// The networks of trusted proxies; an address alone is a network of one.
pub(super) fn trusted_proxies(context: &Context<'_>, section: &ServerSection) -> Result<Vec<IpNet>, ConfigFault> {
    let network = |text: &Spanned<String>| {
        let network = text.get_ref().parse().or_else(|_| text.get_ref().parse::<IpAddr>().map(IpNet::from));
        network.map_err(|_| {
            let problem = format!("trusted_proxies: `{}` is no network", text.get_ref());
            context.source.fault_at(text.span(), problem).with_remedy("write one as \"10.0.0.0/8\" or \"192.0.2.1\"")
        })
    };
    section.trusted_proxies.iter().map(network).collect()
}

impl Context<'_> {
    /// A URL under which the server is reached, as the file writes it.
    pub(super) fn base_url(&self, name: &str, url: &Spanned<String>) -> Result<BaseUrl, ConfigFault> {
        let fault = |problem: String| self.source.fault_at(url.span(), format!("{name}: {problem}"));
        let base = BaseUrl::parse(url.get_ref(), self.mode).map_err(fault)?;
        if self.serves_tls && self.mode == Mode::Production && !base.is_https() {
            let fault = fault(format!("`{}` is http, and this server answers with TLS only", url.get_ref()));
            return Err(fault.with_remedy("write https"));
        }
        Ok(base)
    }
}
