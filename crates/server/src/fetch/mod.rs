//! What the server itself fetches: a small document over https from an address of the public internet. The name is
//! resolved once, every address is judged, and the connection goes to one that was; no redirect is followed, no proxy of
//! the environment is used.

mod address;
mod client_keys;
mod request_objects;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use parhelion_protocol::fetched_uri::FetchedUri;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::{TcpStream, lookup_host};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use url::Host;

pub(crate) use client_keys::FetchedKeys;
pub(crate) use request_objects::FetchedRequestObjects;

use crate::config::FetchPlan;

/// How long a fetch may take, from the name to the last byte.
const WAIT: Duration = Duration::from_secs(3);
/// Bytes of a document.
const DOCUMENT_MAX_BYTES: usize = 64 * 1024;
/// Fetches from one host at a time.
const PER_HOST: usize = 4;
/// Fetches of one kind of document at a time, so that browsers who cause the one kind keep nobody from the other.
const AT_A_TIME: usize = 32;

/// What a document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Document {
    /// A JWK set.
    KeySet,
    /// A request object.
    RequestObject,
}

impl Document {
    /// What its headers may call it.
    const fn media_types(self) -> &'static [&'static str] {
        match self {
            Self::KeySet => &["application/json", "application/jwk-set+json"],
            //= rfc9101#4 "some existing deployments may alternatively be using the type application/jwt"
            Self::RequestObject => &["application/oauth-authz-req+jwt", "application/jwt", "application/jose"],
        }
    }
}

/// Why nothing was fetched: for the operator's log. Whoever named the URL hears nothing of it.
#[derive(Debug)]
pub(crate) enum FetchFault {
    NotResolved,
    PrivateAddress,
    NotReached(io::Error),
    NotSpoken,
    TooSlow,
    Status(StatusCode),
    OfAnotherKind,
    TooLarge,
}

impl fmt::Display for FetchFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotResolved => f.write_str("the host has no address"),
            Self::PrivateAddress => f.write_str("the host has an address that is not of the public internet"),
            Self::NotReached(error) => write!(f, "the host cannot be reached by TLS: {error}"),
            Self::NotSpoken => f.write_str("the host does not speak HTTP"),
            Self::TooSlow => write!(f, "nothing came within {} s", WAIT.as_secs()),
            Self::Status(status) => write!(f, "the status is {}", status.as_u16()),
            Self::OfAnotherKind => f.write_str("what came is by its headers of another type, or encoded"),
            Self::TooLarge => write!(f, "what came has more than {DOCUMENT_MAX_BYTES} bytes, or ended early"),
        }
    }
}

/// Fetches.
pub(crate) struct Fetcher {
    connector: TlsConnector,
    private_hosts: Vec<String>,
    key_sets: Semaphore,
    request_objects: Semaphore,
    hosts: Mutex<HashMap<String, Arc<Semaphore>>>,
}

impl Fetcher {
    /// A fetcher that trusts whom the system trusts, and whom the plan names.
    ///
    /// # Errors
    /// The file of the plan cannot be read.
    pub(crate) fn new(plan: &FetchPlan) -> io::Result<Self> {
        let mut roots = RootCertStore::empty();
        // What of the system's cannot be read is as if it were not trusted.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if let Some(file) = &plan.ca_file {
            for certificate in authorities(file)? {
                roots.add(certificate).map_err(io::Error::other)?;
            }
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self {
            connector: TlsConnector::from(Arc::new(config)),
            private_hosts: plan.private_hosts.clone(),
            key_sets: Semaphore::new(AT_A_TIME),
            request_objects: Semaphore::new(AT_A_TIME),
            hosts: Mutex::default(),
        })
    }

    /// The document at a URL.
    ///
    /// # Errors
    /// [`FetchFault`].
    pub(crate) async fn get(&self, uri: &FetchedUri, what: Document) -> Result<Bytes, FetchFault> {
        let host = self.host(uri);
        let all = match what {
            Document::KeySet => &self.key_sets,
            Document::RequestObject => &self.request_objects,
        };
        let fetched = timeout(WAIT, async {
            let _of_host = host.acquire().await;
            let _of_all = all.acquire().await;
            self.fetch(uri, what).await
        });
        fetched.await.unwrap_or(Err(FetchFault::TooSlow))
    }

    /// The turns at a host. Hosts that nobody waits for are forgotten.
    fn host(&self, uri: &FetchedUri) -> Arc<Semaphore> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        hosts.retain(|_, turns| Arc::strong_count(turns) > 1);
        let turns = hosts.entry(authority(uri)).or_insert_with(|| Arc::new(Semaphore::new(PER_HOST)));
        Arc::clone(turns)
    }

    async fn fetch(&self, uri: &FetchedUri, what: Document) -> Result<Bytes, FetchFault> {
        let stream = self.connect(&self.addresses(uri).await?).await.map_err(FetchFault::NotReached)?;
        let name = server_name(uri).ok_or(FetchFault::NotResolved)?;
        let stream = self.connector.connect(name, stream).await.map_err(FetchFault::NotReached)?;
        let spoken = http1::Builder::new().max_headers(64).handshake(TokioIo::new(stream)).await;
        let (mut sender, connection) = spoken.map_err(|_| FetchFault::NotSpoken)?;
        let exchange = async {
            let response = sender.send_request(request(uri, what)?).await.map_err(|_| FetchFault::NotSpoken)?;
            if response.status() != StatusCode::OK {
                return Err(FetchFault::Status(response.status()));
            }
            check_kind(response.headers(), what)?;
            let body = Limited::new(response.into_body(), DOCUMENT_MAX_BYTES).collect().await;
            body.map(|body| body.to_bytes()).map_err(|_| FetchFault::TooLarge)
        };
        tokio::pin!(connection, exchange);
        // The connection is driven as long as the exchange lasts, and dropped with it.
        tokio::select! {
            biased;
            fetched = &mut exchange => fetched,
            _ended = &mut connection => exchange.await,
        }
    }

    /// Every address of a host, if all of them may be asked.
    async fn addresses(&self, uri: &FetchedUri) -> Result<Vec<SocketAddr>, FetchFault> {
        let port = uri.port();
        let at = |address| vec![SocketAddr::new(address, port)];
        let addresses = match uri.host().ok_or(FetchFault::NotResolved)? {
            Host::Ipv4(address) => at(IpAddr::V4(address)),
            Host::Ipv6(address) => at(IpAddr::V6(address)),
            Host::Domain(name) => lookup_host((name, port)).await.map_err(|_| FetchFault::NotResolved)?.collect(),
        };
        let named = self.private_hosts.contains(&authority(uri));
        if !named && !addresses.iter().all(|address| address::is_public(address.ip())) {
            return Err(FetchFault::PrivateAddress);
        }
        if addresses.is_empty() { Err(FetchFault::NotResolved) } else { Ok(addresses) }
    }

    async fn connect(&self, addresses: &[SocketAddr]) -> io::Result<TcpStream> {
        let mut failed = io::Error::from(io::ErrorKind::AddrNotAvailable);
        for address in addresses {
            match TcpStream::connect(address).await {
                Ok(stream) => return Ok(stream),
                Err(error) => failed = error,
            }
        }
        Err(failed)
    }
}

fn authorities(file: &Path) -> io::Result<Vec<CertificateDer<'static>>> {
    let read = CertificateDer::pem_file_iter(file).map_err(io::Error::other)?;
    read.collect::<Result<_, _>>().map_err(io::Error::other)
}

/// `host:port`, as the configuration names hosts.
fn authority(uri: &FetchedUri) -> String {
    let host = uri.host().map(|host| host.to_string()).unwrap_or_default();
    format!("{host}:{}", uri.port())
}

fn server_name(uri: &FetchedUri) -> Option<ServerName<'static>> {
    match uri.host()? {
        Host::Domain(name) => ServerName::try_from(name.to_owned()).ok(),
        Host::Ipv4(address) => Some(ServerName::from(IpAddr::V4(address))),
        Host::Ipv6(address) => Some(ServerName::from(IpAddr::V6(address))),
    }
}

/// As it came, and nothing about who asks.
fn request(uri: &FetchedUri, what: Document) -> Result<Request<Empty<Bytes>>, FetchFault> {
    let url = uri.url();
    let target = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
    let host = url.host_str().unwrap_or_default();
    let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    let request = Request::get(target)
        .header(header::HOST, host)
        .header(header::ACCEPT, what.media_types().join(", "))
        .header(header::ACCEPT_ENCODING, "identity")
        .header(header::CONNECTION, "close");
    request.body(Empty::new()).map_err(|_| FetchFault::NotSpoken)
}

fn check_kind(headers: &HeaderMap, what: Document) -> Result<(), FetchFault> {
    let text = |name| headers.get(name).and_then(|value: &http::HeaderValue| value.to_str().ok());
    let essence = text(header::CONTENT_TYPE).and_then(|value| value.split(';').next()).unwrap_or_default().trim();
    let is_one = what.media_types().iter().any(|known| essence.eq_ignore_ascii_case(known));
    let plain = headers.get(header::CONTENT_ENCODING).is_none_or(|coding| coding == "identity");
    if is_one && plain { Ok(()) } else { Err(FetchFault::OfAnotherKind) }
}
