//! TLS: 1.2 and 1.3 by rustls on aws-lc-rs, with certificates that can change while the server runs.

mod certificates;
mod pair;
mod throw_away;

#[cfg(test)]
pub(super) mod test_authority;
#[cfg(test)]
mod tests;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use parhelion_engine::ports::Moment;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::{ServerConfig, version};
use tokio::io::AsyncWriteExt;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{Instant, sleep, timeout_at};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tracing::warn;

pub(crate) use throw_away::CA_FILE_NAME;

use super::stream::Stream;
use crate::config::{CertificatePlan, Config, TlsPlan};
use certificates::{Certificates, Occasion};

/// How often the files of certificates are looked at.
const LOOK: Duration = Duration::from_millis(500);

const HTTP_2: &[u8] = b"h2";
const HTTP_1_1: &[u8] = b"http/1.1";

/// What a listener needs to speak TLS.
#[derive(Clone)]
pub struct Tls {
    acceptor: TlsAcceptor,
    certificates: Arc<Certificates>,
}

/// What the two sides agreed to speak inside of TLS (ALPN, RFC 7301).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    Http1,
    Http2,
}

/// Why a certificate cannot be used. Holds nothing of a key.
#[derive(Debug)]
pub struct TlsFault {
    file: Option<PathBuf>,
    problem: String,
}

impl TlsFault {
    fn of(file: &Path, problem: impl fmt::Display) -> Self {
        Self { file: Some(file.to_owned()), problem: problem.to_string() }
    }
}

impl fmt::Display for TlsFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.file {
            Some(file) => write!(f, "{}: {}", file.display(), self.problem),
            None => write!(f, "TLS: {}", self.problem),
        }
    }
}

impl std::error::Error for TlsFault {}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("certificates", &self.certificates).finish_non_exhaustive()
    }
}

/// Reads a certificate and its key as [`Tls::open`] does, and uses them for nothing; what the operator should know of
/// them.
///
/// # Errors
/// [`TlsFault`].
pub(crate) fn examine(plan: &CertificatePlan) -> Result<Vec<String>, TlsFault> {
    pair::read(plan, &provider()).map(|fresh| fresh.remarks)
}

impl Tls {
    /// What the listener of this configuration needs, if it speaks TLS; throw-away certificates are good at `now`.
    ///
    /// # Errors
    /// [`TlsFault`]: the first file that cannot be used.
    pub fn of(config: &Config, now: Moment) -> Result<Option<Self>, TlsFault> {
        match &config.server.tls {
            None => Ok(None),
            Some(TlsPlan::Certificates(plans)) => Self::open(plans).map(Some),
            Some(TlsPlan::ThrowAway) => {
                let mounts = config.tenants.iter().flat_map(|tenant| &tenant.mounts).map(|mount| mount.base.host());
                let hosts: Vec<&str> = mounts.chain([config.server.public_url.host()]).collect();
                let plan = throw_away::open_or_make(&config.server.data_dir, &hosts, now)?;
                Self::open(&[plan]).map(Some)
            }
        }
    }

    /// Reads certificates and keys; the first one is the default.
    ///
    /// # Errors
    /// [`TlsFault`]: the first file that cannot be used.
    pub fn open(plans: &[CertificatePlan]) -> Result<Self, TlsFault> {
        let provider = Arc::new(provider());
        let certificates = Arc::new(Certificates::open(plans, &provider)?);
        let fault = |error: rustls::Error| TlsFault { file: None, problem: error.to_string() };
        // The suites of TLS 1.2 are ECDHE with AES-GCM or ChaCha20, which FAPI 2.0 (section 5.2.2) asks for.
        let config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&version::TLS13, &version::TLS12])
            .map_err(fault)?
            .with_no_client_auth();
        let mut config = config.with_cert_resolver(Arc::<Certificates>::clone(&certificates));
        config.alpn_protocols = vec![HTTP_2.to_vec(), HTTP_1_1.to_vec()];
        config.ticketer = aws_lc_rs::Ticketer::new().map_err(fault)?;
        // What comes before the handshake's end can be replayed: a push must not.
        config.max_early_data_size = 0;
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), certificates })
    }

    /// Looks after the files until it is dropped: a pair that changed and fits is used for new handshakes, another one
    /// is not and the log says why. SIGHUP makes it look at once, and no longer ends the process.
    pub fn watch(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut hangup = signal(SignalKind::hangup()).inspect_err(|error| warn!(%error, "SIGHUP is not heard")).ok();
        let certificates = Arc::clone(&self.certificates);
        async move {
            loop {
                let occasion = tokio::select! {
                    () = hung_up(hangup.as_mut()) => Occasion::Asked,
                    () = sleep(LOOK) => Occasion::Passing,
                };
                let certificates = Arc::clone(&certificates);
                // Files may be on a disk that is slow.
                let _ = tokio::task::spawn_blocking(move || certificates.refresh(occasion)).await;
            }
        }
    }

    /// The client's side of a handshake has until `deadline`; nothing where there is none. A client that does it wrong
    /// hears an alert, and the log does not: strangers do it all day.
    pub(super) async fn shake_hands(&self, stream: Stream, deadline: Instant) -> Option<(TlsStream<Stream>, Protocol)> {
        let shaking: io::Result<_> =
            match timeout_at(deadline, self.acceptor.accept(stream).into_fallible()).await.ok()? {
                Ok(stream) => Ok(stream),
                Err((error, mut stream)) => {
                    let _ = stream.shutdown().await;
                    Err(error)
                }
            };
        let stream = shaking.ok()?;
        let is_http_2 = stream.get_ref().1.alpn_protocol() == Some(HTTP_2);
        Some((stream, if is_http_2 { Protocol::Http2 } else { Protocol::Http1 }))
    }
}

async fn hung_up(hangup: Option<&mut Signal>) {
    if let Some(hangup) = hangup
        && hangup.recv().await.is_some()
    {
        return;
    }
    std::future::pending().await
}

/// The one provider of cryptography.
pub(crate) fn provider() -> CryptoProvider {
    aws_lc_rs::default_provider()
}
