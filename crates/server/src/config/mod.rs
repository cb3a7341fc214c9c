//! The configuration: one TOML file, read whole, refused at the first thing that is wrong with it.
#![allow(clippy::disallowed_methods, reason = "this is where the configuration file is read")]

mod authorization_details_types;
mod base_url;
mod claims;
mod cors;
mod fault;
mod file;
mod listener;
mod policies;
mod rate;
mod secret;
mod tenants;

#[cfg(test)]
mod tests;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ipnet::IpNet;
use parhelion_dialects::Dialect;
use parhelion_engine::registry::Right;
use serde::Deserialize;
use zeroize::Zeroizing;

pub use base_url::BaseUrl;
pub(crate) use claims::{INTERACTIONS, Served, claims};
pub use cors::CorsPlan;
pub use fault::ConfigFault;
pub use listener::{CertificatePlan, SourceHeader, TlsOption, TlsPlan};
pub use rate::RatePlan;
pub use tenants::{MountPlan, TenantPlan, UserPlan};

use fault::{Source, suggestion};
use file::{ApiTokenSection, File, ServerSection, Tenants};
use secret::SecretKeys;

/// The port where nothing else is said.
pub const DEFAULT_PORT: u16 = 9126;

/// How much the server trusts its surroundings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Secrets come from files or the environment; plain http only on this machine.
    #[default]
    Production,
    /// Secrets may stand in the file; plain http anywhere.
    Dev,
}

/// Where records are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StoreKind {
    /// In a file of the data folder.
    #[default]
    Embedded,
    /// In memory: everything is forgotten at the end.
    Memory,
}

/// A configuration that was found fit.
#[derive(Debug)]
pub struct Config {
    /// The server itself.
    pub server: ServerPlan,
    /// Who may call back-end APIs.
    pub api_tokens: Vec<ApiTokenPlan>,
    /// In the order of the file.
    pub tenants: Vec<TenantPlan>,
}

/// The server itself.
#[derive(Clone, Debug)]
pub struct ServerPlan {
    /// How much it trusts its surroundings.
    pub mode: Mode,
    /// Where it listens.
    pub listen: SocketAddr,
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
    /// How it speaks TLS; plain http where nothing is said.
    pub tls: Option<TlsPlan>,
    /// Whose word on a client's address counts.
    pub trusted_proxies: Vec<IpNet>,
    /// Where they put it.
    pub source_header: SourceHeader,
}

/// A token for back-end APIs.
pub struct ApiTokenPlan {
    /// Its name, for people.
    pub name: String,
    /// The token.
    pub text: Zeroizing<String>,
    /// Ids of the tenants it is good for.
    pub tenants: Vec<String>,
    /// What it allows.
    pub rights: Vec<Right>,
}

impl std::fmt::Debug for ApiTokenPlan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ApiTokenPlan").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What every part of the file is read with.
struct Context<'a> {
    source: Source<'a>,
    mode: Mode,
    /// Whether the listener answers with TLS only.
    serves_tls: bool,
    dialects: &'static [&'static dyn Dialect],
}

impl Config {
    /// Reads a configuration file, for these dialects.
    ///
    /// # Errors
    /// [`ConfigFault`]: the first thing that is wrong.
    pub fn load(path: &Path, dialects: &'static [&'static dyn Dialect]) -> Result<Self, ConfigFault> {
        Self::load_with(path, dialects, TlsOption::AsConfigured)
    }

    /// The same, with what the command line says of TLS.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn load_with(
        path: &Path,
        dialects: &'static [&'static dyn Dialect],
        tls: TlsOption,
    ) -> Result<Self, ConfigFault> {
        let source = Source { file: path, text: "" };
        let text = std::fs::read_to_string(path).map(Zeroizing::new);
        let text = text.map_err(|error| source.fault(format!("cannot be read: {error}")))?;
        Self::read_with(path, &text, dialects, tls)
    }

    /// Reads a configuration from text; `path` says where it is from and where relative paths begin.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn read(path: &Path, text: &str, dialects: &'static [&'static dyn Dialect]) -> Result<Self, ConfigFault> {
        Self::read_with(path, text, dialects, TlsOption::AsConfigured)
    }

    /// The same, with what the command line says of TLS.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn read_with(
        path: &Path,
        text: &str,
        dialects: &'static [&'static dyn Dialect],
        tls: TlsOption,
    ) -> Result<Self, ConfigFault> {
        let source = Source { file: path, text };
        let file: File = toml::from_str(text).map_err(|error| source.of_toml(&error))?;
        if *file.version.get_ref() != 1 {
            let problem = format!("version {} is not known", file.version.get_ref());
            return Err(source.fault_at(file.version.span(), problem).with_remedy("write version = 1"));
        }
        let serves_tls = file.server.tls.is_some() || tls == TlsOption::ThrowAway;
        let context = Context { source, mode: file.server.mode, serves_tls, dialects };
        let server = server(&context, file.server, tls)?;
        let mut tenants: Vec<TenantPlan> = Vec::new();
        for section in file.tenant {
            let id = section.id.clone();
            if tenants.iter().any(|tenant| tenant.id == *id.get_ref()) {
                let problem = format!("tenant `{}` is there twice", id.get_ref());
                return Err(context.source.fault_at(id.span(), problem));
            }
            tenants.push(TenantPlan::read(&context, section)?);
        }
        claims::check(&context.source, &tenants)?;
        let api_tokens = api_tokens(&context, file.api_token, &tenants)?;
        Ok(Self { server, api_tokens, tenants })
    }
}

fn server(context: &Context<'_>, section: ServerSection, tls: TlsOption) -> Result<ServerPlan, ConfigFault> {
    let trusted_proxies = listener::trusted_proxies(context, &section)?;
    let default = SocketAddr::from((Ipv4Addr::LOCALHOST, DEFAULT_PORT));
    let listen = section.listen.as_ref().map_or(default, |listen| *listen.get_ref());
    let public_url = match &section.public_url {
        Some(url) => context.base_url("public_url", url)?,
        None => BaseUrl::parse(&default_url(context, listen), context.mode)
            .map_err(|_| context.source.fault("[server] does not say public_url"))
            .map_err(|fault| {
                fault.with_remedy("write how the world reaches this server: public_url = \"https://…\"")
            })?,
    };
    let connections_max = match section.connections_max {
        Some(count) if *count.get_ref() == 0 => {
            return Err(context.source.fault_at(count.span(), "connections_max is 0, so that nobody could connect"));
        }
        Some(count) => *count.get_ref(),
        None => 10_000,
    };
    Ok(ServerPlan {
        mode: section.mode,
        listen,
        public_url,
        data_dir: context.folder().join(section.data_dir.unwrap_or(PathBuf::from("parhelion-data"))),
        store: section.store,
        connections_max: usize::try_from(connections_max).unwrap_or(usize::MAX),
        drain_timeout: Duration::from_secs(section.drain_timeout_s.unwrap_or(10).into()),
        rate: RatePlan::read(context, &section.rate)?,
        tls: listener::tls_plan(context, section.tls, tls)?,
        trusted_proxies,
        source_header: section.source_header,
    })
}

fn default_url(context: &Context<'_>, listen: SocketAddr) -> String {
    format!("{}://{listen}", if context.serves_tls { "https" } else { "http" })
}

fn api_tokens(
    context: &Context<'_>,
    sections: Vec<ApiTokenSection>,
    tenants: &[TenantPlan],
) -> Result<Vec<ApiTokenPlan>, ConfigFault> {
    let mut tokens: Vec<ApiTokenPlan> = Vec::new();
    for section in sections {
        let name = section.name.get_ref();
        let fault = |problem: String| context.source.fault_at(section.name.span(), problem);
        let keys = SecretKeys {
            name: "token",
            literal: section.token.as_ref(),
            file: section.token_file.as_ref(),
            env: section.token_env.as_ref(),
        };
        let text = secret::read(&keys, context)?;
        let text = text.ok_or_else(|| fault(format!("api_token `{name}` has no token")))?;
        if tokens.iter().any(|other| other.name == *name || *other.text == *text) {
            return Err(fault(format!("api_token `{name}` has a name or a token that another one has already")));
        }
        let known = || tenants.iter().map(|tenant| tenant.id.as_str());
        let named = match section.tenants {
            Tenants::All => known().map(str::to_owned).collect(),
            Tenants::Named(ids) => {
                if let Some(id) = ids.iter().find(|id| !known().any(|known| known == id.get_ref())) {
                    let fault = context.source.fault_at(id.span(), format!("there is no tenant `{}`", id.get_ref()));
                    return Err(fault.with_remedy(suggestion(id.get_ref(), known())));
                }
                ids.into_iter().map(toml::Spanned::into_inner).collect()
            }
        };
        tokens.push(ApiTokenPlan { name: name.clone(), text, tenants: named, rights: section.rights });
    }
    Ok(tokens)
}
