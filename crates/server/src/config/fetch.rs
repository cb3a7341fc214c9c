//! What the server may fetch, and whom it trusts to be whom it asked.

use std::path::PathBuf;

use serde::Deserialize;
use toml::Spanned;

use super::Context;
use super::fault::ConfigFault;

/// `[server.fetch]` as it is written.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct FetchSection {
    private_hosts: Vec<Spanned<String>>,
    ca_file: Option<PathBuf>,
}

/// Whom the server may ask, and whom it trusts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FetchPlan {
    /// `host:port` of those that are asked wherever their addresses are.
    pub private_hosts: Vec<String>,
    /// Certificates in PEM of those who vouch for hosts, besides whom the system trusts.
    pub ca_file: Option<PathBuf>,
}

impl FetchPlan {
    pub(super) fn read(context: &Context<'_>, section: FetchSection) -> Result<Self, ConfigFault> {
        let wrong = section.private_hosts.iter().find(|host| !is_host_and_port(host.get_ref()));
        if let Some(wrong) = wrong {
            let problem = format!("private_hosts: `{}` is no host and port", wrong.get_ref().escape_debug());
            let fault = context.source.fault_at(wrong.span(), problem);
            return Err(fault.with_remedy("write it as in the URL, with its port: keys.internal:443"));
        }
        Ok(Self {
            private_hosts: section.private_hosts.into_iter().map(Spanned::into_inner).collect(),
            ca_file: section.ca_file.map(|file| context.folder().join(file)),
        })
    }
}

fn is_host_and_port(text: &str) -> bool {
    text.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
}
