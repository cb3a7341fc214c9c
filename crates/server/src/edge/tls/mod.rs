//! TLS: 1.2 and 1.3 by rustls on aws-lc-rs, with certificates that can change while the server runs.

mod certificates;
mod client_certificates;
mod pair;
mod throw_away;

#[cfg(test)]
pub(super) mod test_authority;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use parhelion_engine::ports::Moment;
use parhelion_protocol::sender::certificate::Shown;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{Acceptor, WebPkiClientVerifier};
use rustls::{ServerConfig, version};
use tokio::io::AsyncWriteExt;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{Instant, sleep, timeout_at};
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;
use tracing::warn;

pub(crate) use throw_away::CA_FILE_NAME;

use super::stream::Stream;
use crate::config::{BaseUrl, CertificatePlan, Config, MountPlan, TlsPlan};
use certificates::{Certificates, Occasion};
pub use client_certificates::Asked;
use client_certificates::WellFormed;

/// How often the files of certificates are looked at.
const LOOK: Duration = Duration::from_millis(500);

const HTTP_2: &[u8] = b"h2";
const HTTP_1_1: &[u8] = b"http/1.1";

/// What a listener needs to speak TLS.
#[derive(Clone)]
pub struct Tls {
    /// For clients that are not asked for a certificate.
    plain: Arc<ServerConfig>,
    /// For those that are. Its tickets are its own, so that no connection resumes one in which nobody was asked.
    asking: Arc<ServerConfig>,
    asked: Asked,
    certificates: Arc<Certificates>,
}

/// What the two sides agreed to speak inside of TLS (ALPN, RFC 7301).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    Http1,
    Http2,
}

/// A connection whose handshake is done.
pub(super) struct Shaken {
    pub(super) stream: TlsStream<Stream>,
    pub(super) protocol: Protocol,
    /// What the client showed.
    pub(super) certificate: Shown,
    /// The host that it named.
    pub(super) host: Option<Arc<str>>,
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
            Some(TlsPlan::Certificates(plans)) => Self::open(plans, Asked::of(config)).map(Some),
            Some(TlsPlan::ThrowAway) => {
                let mounts = config.tenants.iter().flat_map(|tenant| &tenant.mounts).map(|mount| mount.base.host());
                let aliases = config.tenants.iter().flat_map(|tenant| &tenant.mounts).filter_map(MountPlan::mtls_base);
                let aliases = aliases.map(BaseUrl::host);
                let hosts: Vec<&str> = mounts.chain([config.server.public_url.host()]).chain(aliases).collect();
                let plan = throw_away::open_or_make(&config.server.data_dir, &hosts, now)?;
                Self::open(&[plan], Asked::of(config)).map(Some)
            }
        }
    }

    /// Reads certificates and keys; the first one is the default.
    ///
    /// # Errors
    /// [`TlsFault`]: the first file that cannot be used.
    pub fn open(plans: &[CertificatePlan], asked: Asked) -> Result<Self, TlsFault> {
        let provider = Arc::new(provider());
        let certificates = Arc::new(Certificates::open(plans, &provider)?);
        let plain = server_config(&provider, WebPkiClientVerifier::no_client_auth(), &certificates)?;
        let asking = server_config(&provider, WellFormed::new(&provider), &certificates)?;
        Ok(Self { plain, asking, asked, certificates })
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
    pub(super) async fn shake_hands(&self, stream: Stream, deadline: Instant) -> Option<Shaken> {
        let stream = match timeout_at(deadline, self.accept(stream)).await.ok()? {
            Ok(stream) => stream,
            Err(broken) => {
                if let Some(mut stream) = broken {
                    let _ = stream.shutdown().await;
                }
                return None;
            }
        };
        let connection = stream.get_ref().1;
        let is_http_2 = connection.alpn_protocol() == Some(HTTP_2);
        let protocol = if is_http_2 { Protocol::Http2 } else { Protocol::Http1 };
        let certificate = client_certificates::shown(connection);
        let host = connection.server_name().map(Arc::from);
        Some(Shaken { stream, protocol, certificate, host })
    }

    /// The handshake, or the connection on which it failed. Whether a certificate is asked for depends on the host that
    /// the client names in its first message.
    async fn accept(&self, stream: Stream) -> Result<TlsStream<Stream>, Option<Stream>> {
        let acceptor = LazyConfigAcceptor::new(Acceptor::default(), stream);
        let mut acceptor = pin!(acceptor);
        let start = match acceptor.as_mut().await {
            Ok(start) => start,
            Err(_) => return Err(acceptor.take_io()),
        };
        let config = if self.asked.asks(start.client_hello().server_name()) { &self.asking } else { &self.plain };
        start.into_stream(Arc::clone(config)).into_fallible().await.map_err(|(_, stream)| Some(stream))
    }
}

fn server_config(
    provider: &Arc<CryptoProvider>,
    verifier: Arc<dyn ClientCertVerifier>,
    certificates: &Arc<Certificates>,
) -> Result<Arc<ServerConfig>, TlsFault> {
    let fault = |error: rustls::Error| TlsFault { file: None, problem: error.to_string() };
    // The suites of TLS 1.2 are ECDHE with AES-GCM or ChaCha20, which FAPI 2.0 (section 5.2.2) asks for.
    let config = ServerConfig::builder_with_provider(Arc::clone(provider))
        .with_protocol_versions(&[&version::TLS13, &version::TLS12])
        .map_err(fault)?
        .with_client_cert_verifier(verifier);
    let mut config = config.with_cert_resolver(Arc::<Certificates>::clone(certificates));
    config.alpn_protocols = vec![HTTP_2.to_vec(), HTTP_1_1.to_vec()];
    config.ticketer = aws_lc_rs::Ticketer::new().map_err(fault)?;
    // What comes before the handshake's end can be replayed: a push must not.
    config.max_early_data_size = 0;
    Ok(Arc::new(config))
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
