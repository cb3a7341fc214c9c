//! The configuration: one TOML file, read whole, refused with everything that is wrong with it.
#![allow(clippy::disallowed_methods, reason = "this is where the configuration file is read")]

mod attesters;
mod authorization_details_types;
mod base_url;
mod claims;
mod cors;
mod doubts;
mod fault;
mod fetch;
mod file;
mod fits;
mod listener;
mod mutual_tls;
mod policies;
mod rate;
mod registration;
mod resource_servers;
mod secret;
mod server;
mod shape;
mod tenants;
mod users;

#[cfg(test)]
mod page_tests;
#[cfg(test)]
mod tests;

use std::path::Path;

use parhelion_dialects::Dialect;
use parhelion_engine::registry::Right;
use serde::Deserialize;
use toml::Spanned;
use zeroize::Zeroizing;

pub use base_url::BaseUrl;
pub(crate) use base_url::host_of;
pub(crate) use claims::{INTERACTIONS, Served, claims};
pub use cors::CorsPlan;
pub use fault::ConfigFault;
pub use fetch::FetchPlan;
pub use listener::{CertificatePlan, SourceHeader, TlsOption, TlsPlan};
pub use mutual_tls::{ClientCertificateHeader, ClientCertificates, MutualTlsPlan};
pub use rate::RatePlan;
pub use server::{DEFAULT_PORT, ServerPlan};
pub use tenants::{MountPlan, TenantPlan};
pub use users::UserPlan;

use fault::{Notes, Source, suggestion};
use file::{ApiTokenSection, File, Tenants};
use secret::SecretKeys;

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
    notes: Notes,
    mode: Mode,
    /// Whether the listener answers with TLS only.
    serves_tls: bool,
    /// Whether client certificates get here.
    way: mutual_tls::Way,
    dialects: &'static [&'static dyn Dialect],
}

/// What there is to say about a configuration file.
#[derive(Debug)]
pub struct Examined {
    /// The configuration, if it can be used.
    pub config: Option<Config>,
    /// What it says of the server itself, also where something else is wrong.
    pub server: Option<ServerPlan>,
    /// Why it cannot be used, in the order of the file.
    pub faults: Vec<ConfigFault>,
    /// What can be used and should be looked at.
    pub doubts: Vec<ConfigFault>,
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
        Self::read_with(path, &text_of(path)?, dialects, tls)
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
        let Examined { config, faults, .. } = examined(path, text, dialects, tls);
        let unreadable = || Source { file: path, text }.fault("cannot be read");
        config.ok_or_else(|| faults.into_iter().next().unwrap_or_else(unreadable))
    }

    /// Reads a configuration file, and tells everything that is wrong with it or doubtful.
    #[must_use]
    pub fn examine(path: &Path, dialects: &'static [&'static dyn Dialect], tls: TlsOption) -> Examined {
        match text_of(path) {
            Ok(text) => examined(path, &text, dialects, tls),
            Err(fault) => Examined { config: None, server: None, faults: vec![fault], doubts: Vec::new() },
        }
    }
}

fn text_of(path: &Path) -> Result<Zeroizing<String>, ConfigFault> {
    let text = std::fs::read_to_string(path).map(Zeroizing::new);
    text.map_err(|error| Source { file: path, text: "" }.fault(format!("cannot be read: {error}")))
}

fn examined(path: &Path, text: &str, dialects: &'static [&'static dyn Dialect], tls: TlsOption) -> Examined {
    let (source, notes) = (Source { file: path, text }, Notes::default());
    let shape = shape::read(&source, &notes);
    notes.end_of_shape();
    let Some(file) = shape else {
        let (faults, doubts) = notes.into_lists(&source);
        return Examined { config: None, server: None, faults, doubts };
    };
    let serves_tls = file.server.tls.is_some() || tls == TlsOption::ThrowAway;
    let way = mutual_tls::Way::of(&file.server, serves_tls);
    let context = Context { source, notes, mode: file.server.mode, serves_tls, way, dialects };
    let (server, config) = judged(&context, file, tls);
    let (faults, doubts) = context.notes.into_lists(&context.source);
    Examined { config: config.filter(|_| faults.is_empty()), server, faults, doubts }
}

/// Judges what the file says, section by section, and notes what is wrong.
fn judged(context: &Context<'_>, file: File, tls: TlsOption) -> (Option<ServerPlan>, Option<Config>) {
    if *file.version.get_ref() != 1 {
        let problem = format!("version {} is not known", file.version.get_ref());
        context.notes.note(context.source.fault_at(file.version.span(), problem).with_remedy("write version = 1"));
        return (None, None);
    }
    let server = server::read(context, file.server, tls);
    let ids: Vec<String> = file.tenant.iter().map(|tenant| tenant.id.get_ref().clone()).collect();
    let mut tenants: Vec<TenantPlan> = Vec::new();
    for (section, before) in file.tenant.into_iter().zip(0..) {
        let id = section.id.clone();
        if ids.iter().take(before).any(|other| other == id.get_ref()) {
            let problem = format!("tenant `{}` is there twice", id.get_ref().escape_debug());
            context.notes.note(context.source.fault_at(id.span(), problem));
        }
        tenants.extend(TenantPlan::read(context, section));
    }
    claims::check(context, &tenants);
    let api_tokens = api_tokens(context, file.api_token, &ids);
    let config = server.clone().map(|server| Config { server, api_tokens, tenants });
    (server, config)
}

fn api_tokens(context: &Context<'_>, sections: Vec<ApiTokenSection>, tenants: &[String]) -> Vec<ApiTokenPlan> {
    let mut tokens: Vec<ApiTokenPlan> = Vec::new();
    for section in sections {
        let token = api_token(context, section, tenants, &tokens);
        tokens.extend(context.notes.keep(token));
    }
    tokens
}

fn api_token(
    context: &Context<'_>,
    section: ApiTokenSection,
    tenants: &[String],
    before: &[ApiTokenPlan],
) -> Result<ApiTokenPlan, ConfigFault> {
    let name = section.name.get_ref();
    let fault = |problem: String| context.source.fault_at(section.name.span(), problem);
    let keys = SecretKeys {
        name: "token",
        literal: section.token.as_ref(),
        file: section.token_file.as_ref(),
        env: section.token_env.as_ref(),
    };
    let text = secret::read(&keys, context)?;
    let text = text.ok_or_else(|| {
        let remedy = "name a file with it as token_file, or a variable as token_env";
        fault(format!("api_token `{name}` has no token")).with_remedy(remedy)
    })?;
    if before.iter().any(|other| other.name == *name || *other.text == *text) {
        let problem = format!("api_token `{name}` has a name or a token that another one has already");
        return Err(fault(problem).with_remedy("give each its own"));
    }
    let known = || tenants.iter().map(String::as_str);
    let named = match section.tenants {
        Tenants::All => tenants.to_vec(),
        Tenants::Named(ids) => {
            if let Some(id) = ids.iter().find(|id| !tenants.contains(id.get_ref())) {
                let problem = format!("there is no tenant `{}`", id.get_ref().escape_debug());
                let fault = context.source.fault_at(id.span(), problem);
                return Err(fault.with_remedy(suggestion(id.get_ref(), known())));
            }
            ids.into_iter().map(Spanned::into_inner).collect()
        }
    };
    if section.rights.is_empty() {
        let problem = format!("api_token `{name}` has no right, so that it opens nothing");
        context.notes.doubt(fault(problem).with_remedy("give it rights = [\"use_service\"], or remove it"));
    }
    Ok(ApiTokenPlan { name: name.clone(), text, tenants: named, rights: section.rights })
}
