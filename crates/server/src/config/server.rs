//! What `[server]` says of the server itself.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use toml::Spanned;

use super::file::ServerSection;
use super::{
    BaseUrl, ClientCertificateHeader, ClientCertificates, ConfigFault, Context, FetchPlan, Mode, RatePlan,
    SourceHeader, StoreKind, TlsOption, TlsPlan, doubts, listener, mutual_tls,
};

/// The port where nothing else is said.
pub const DEFAULT_PORT: u16 = 9126;

/// The longest that requests in flight may take when the server ends, in seconds.
const DRAIN_TIMEOUT_MAX_S: u32 = 3600;

/// The server itself.
#[derive(Clone, Debug)]
pub struct ServerPlan {
    /// How much it trusts its surroundings.
    pub mode: Mode,
    /// Where it listens.
    pub listen: SocketAddr,
    /// Where it listens for its operator, if anywhere.
    pub admin_listen: Option<SocketAddr>,
    /// Where its own pages are, as the world sees it.
    pub public_url: BaseUrl,
    /// Where it keeps what it writes.
    pub data_dir: PathBuf,
    /// What it keeps records in.
    pub store: StoreKind,
    /// Connections at one time; more wait.
    pub connections_max: usize,
    /// How long requests in flight may take to finish when the server ends.
    pub drain_timeout: Duration,
    /// How often a source may fail.
    pub rate: RatePlan,
    /// What it may fetch.
    pub fetch: FetchPlan,
    /// How it speaks TLS; plain http where nothing is said.
    pub tls: Option<TlsPlan>,
    /// Whose word on a client's address counts.
    pub trusted_proxies: Vec<IpNet>,
    /// Where they put it.
    pub source_header: SourceHeader,
    /// Whom the listener asks for a certificate.
    pub client_certificates: ClientCertificates,
    /// Where trusted proxies hand client certificates on, if they do.
    pub client_certificate_header: Option<ClientCertificateHeader>,
}

/// What `[server]` says, as far as it can be understood; what is wrong is noted.
pub(super) fn read(context: &Context<'_>, section: ServerSection, tls: TlsOption) -> Option<ServerPlan> {
    let trusted_proxies = context.notes.keep(listener::trusted_proxies(context, &section));
    let client_certificates = context.notes.keep(mutual_tls::client_certificates(context, &section));
    let header = context.notes.keep(mutual_tls::client_certificate_header(context, &section));
    let default = SocketAddr::from((Ipv4Addr::LOCALHOST, DEFAULT_PORT));
    let listen = section.listen.as_ref().map_or(default, |listen| *listen.get_ref());
    let public_url = context.notes.keep(public_url(context, section.public_url.as_ref(), listen));
    let connections_max = section.connections_max.as_ref().map_or(10_000, |count| {
        if *count.get_ref() == 0 {
            let problem = "connections_max is 0, so that nobody could connect";
            context.notes.note(context.source.fault_at(count.span(), problem).with_remedy("leave it out for 10000"));
        }
        *count.get_ref()
    });
    let drain_timeout_s = section.drain_timeout_s.as_ref().map_or(10, |seconds| {
        if *seconds.get_ref() > DRAIN_TIMEOUT_MAX_S {
            let problem = format!("drain_timeout_s is {}, over {DRAIN_TIMEOUT_MAX_S}", seconds.get_ref());
            let remedy = "a server that is told to end must end: requests in flight need seconds";
            context.notes.note(context.source.fault_at(seconds.span(), problem).with_remedy(remedy));
        }
        *seconds.get_ref()
    });
    let tls = context.notes.keep(listener::tls_plan(context, section.tls, tls));
    let fetch = context.notes.keep(FetchPlan::read(context, section.fetch));
    let rate = context.notes.keep(RatePlan::read(context, &section.rate));
    Some(ServerPlan {
        mode: section.mode,
        listen,
        admin_listen: section.admin_listen.and_then(|address| context.notes.keep(admin(context, &address, listen))),
        public_url: public_url?,
        data_dir: context.folder().join(section.data_dir.unwrap_or(PathBuf::from("parhelion-data"))),
        store: section.store,
        connections_max: usize::try_from(connections_max).unwrap_or(usize::MAX),
        drain_timeout: Duration::from_secs(drain_timeout_s.into()),
        rate: rate?,
        fetch: fetch?,
        tls: tls?,
        trusted_proxies: trusted_proxies?,
        source_header: section.source_header,
        client_certificates: client_certificates?,
        client_certificate_header: header?,
    })
}

/// Whoever reaches the admin listener may read its figures, so that it is for this machine.
fn admin(context: &Context<'_>, address: &Spanned<SocketAddr>, listen: SocketAddr) -> Result<SocketAddr, ConfigFault> {
    let (at, fault) = (*address.get_ref(), |problem| context.source.fault_at(address.span(), problem));
    if !at.ip().is_loopback() && context.mode != Mode::Dev {
        let problem = format!("admin_listen: {at} is not an address of this machine alone");
        return Err(fault(problem).with_remedy("use 127.0.0.1 or [::1], and let what collects figures run beside it"));
    }
    if at == listen && at.port() != 0 {
        let problem = format!("admin_listen: {at} is where clients and browsers are listened for");
        return Err(fault(problem).with_remedy("give it a port of its own"));
    }
    Ok(at)
}

fn public_url(
    context: &Context<'_>,
    url: Option<&Spanned<String>>,
    listen: SocketAddr,
) -> Result<BaseUrl, ConfigFault> {
    let Some(url) = url else {
        let fault = |_| context.source.fault("[server] does not say public_url");
        let parsed = BaseUrl::parse(&default_url(context, listen), context.mode).map_err(fault);
        return parsed
            .map_err(|fault| fault.with_remedy("write how the world reaches this server: public_url = \"https://…\""));
    };
    let parsed = context.base_url("public_url", url)?;
    doubts::plain_http(context, &parsed, "public_url", url.span());
    Ok(parsed)
}

fn default_url(context: &Context<'_>, listen: SocketAddr) -> String {
    format!("{}://{listen}", if context.serves_tls { "https" } else { "http" })
}
