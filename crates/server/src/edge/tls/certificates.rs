//! The certificates that are in use: which one a client is shown, and how one takes another's place.

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use rustls::client::verify_server_name;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::ServerName;
use rustls::server::{ClientHello, ParsedCertificate, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tracing::{error, info, warn};

use super::TlsFault;
use super::pair::{self, Fresh, Stamp};
use crate::config::CertificatePlan;

/// All of them, the default first. Never empty.
#[derive(Debug)]
pub(super) struct Certificates {
    pairs: Vec<Pair>,
    provider: Arc<CryptoProvider>,
}

/// One certificate, from wherever its files lead.
#[derive(Debug)]
struct Pair {
    plan: CertificatePlan,
    used: ArcSwap<CertifiedKey>,
    seen: Mutex<Seen>,
}

/// What the last look at the files found.
#[derive(Debug)]
struct Seen {
    stamps: [Stamp; 2],
    /// What was wrong with them, as the log has been told it.
    problem: Option<String>,
}

/// Why the files are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Occasion {
    /// They may have changed.
    Passing,
    /// Somebody said that they have.
    Asked,
}

impl Certificates {
    pub(super) fn open(plans: &[CertificatePlan], provider: &Arc<CryptoProvider>) -> Result<Self, TlsFault> {
        let pairs = plans.iter().map(|plan| Pair::open(plan.clone(), provider)).collect::<Result<_, _>>()?;
        Ok(Self { pairs, provider: Arc::clone(provider) })
    }

    /// Puts what has changed and fits into use.
    pub(super) fn refresh(&self, occasion: Occasion) {
        self.pairs.iter().for_each(|pair| pair.refresh(occasion, &self.provider));
    }

    /// Among the certificates of this name one whose key the client can judge; the default where there is none.
    fn choose(&self, name: Option<&str>, can_judge: impl Fn(&CertifiedKey) -> bool) -> Option<Arc<CertifiedKey>> {
        let mut of_name = Vec::new();
        if let Some(name) = name.and_then(|name| ServerName::try_from(name).ok()) {
            of_name = self.pairs.iter().map(|pair| pair.used.load_full()).filter(|key| is_for(key, &name)).collect();
        }
        let fitting = of_name.iter().find(|key| can_judge(key)).or(of_name.first());
        fitting.cloned().or_else(|| self.pairs.first().map(|pair| pair.used.load_full()))
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let can_judge = |key: &CertifiedKey| key.key.choose_scheme(hello.signature_schemes()).is_some();
        self.choose(hello.server_name(), can_judge)
    }
}

fn is_for(key: &CertifiedKey, name: &ServerName<'_>) -> bool {
    let parsed = key.end_entity_cert().and_then(ParsedCertificate::try_from);
    parsed.is_ok_and(|leaf| verify_server_name(&leaf, name).is_ok())
}

impl Pair {
    fn open(plan: CertificatePlan, provider: &CryptoProvider) -> Result<Self, TlsFault> {
        let stamps = pair::stamps(&plan);
        let fresh = pair::read(&plan, provider)?;
        fresh.tell();
        let used = ArcSwap::from_pointee(fresh.key);
        Ok(Self { plan, used, seen: Mutex::new(Seen { stamps, problem: None }) })
    }

    /// Files that are unchanged are read again only where they were wrong, or where somebody asks: half of a change may
    /// leave the same stamp as the whole.
    fn refresh(&self, occasion: Occasion, provider: &CryptoProvider) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let stamps = pair::stamps(&self.plan);
        let changed = stamps != seen.stamps;
        if !changed && seen.problem.is_none() && occasion == Occasion::Passing {
            return;
        }
        seen.stamps = stamps;
        let file = self.plan.certificate_file.display();
        match pair::read(&self.plan, provider) {
            Ok(fresh) => {
                let was_bad = seen.problem.take().is_some();
                if fresh.key.cert != self.used.load().cert {
                    fresh.tell();
                    info!("{file}: new connections get the certificate that is there now");
                } else if was_bad || occasion == Occasion::Asked {
                    info!("{file}: the certificate that is there is in use");
                }
                self.used.store(Arc::new(fresh.key));
            }
            Err(fault) => {
                let problem = fault.to_string();
                if seen.problem.as_ref() != Some(&problem) || occasion == Occasion::Asked {
                    error!("{problem}; the certificate from before stays in use");
                }
                seen.problem = Some(problem);
            }
        }
    }
}

impl Fresh {
    fn tell(&self) {
        self.remarks.iter().for_each(|remark| warn!("{remark}"));
    }
}

#[cfg(test)]
impl Certificates {
    /// The certificate that is shown to whoever asks for no name.
    pub(super) fn default_leaf(&self) -> rustls::pki_types::CertificateDer<'static> {
        self.choose(None, |_| true).unwrap().cert[0].clone()
    }
}
