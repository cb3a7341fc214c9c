//! As much of an HTTP client as the demo needs: one request, one connection, one answer.
#![allow(clippy::disallowed_methods, reason = "this is where the demo reads which authority it trusts")]

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;
use url::Url;

use crate::edge::tls::provider;

/// No answer takes this long.
const PATIENCE: Duration = Duration::from_secs(15);

/// A POST.
pub(super) struct HttpRequest {
    pub(super) url: String,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: String,
    /// The same for a shell.
    pub(super) curl: String,
}

/// What came back.
pub(super) struct HttpAnswer {
    pub(super) status: u16,
    pub(super) body: String,
    pub(super) took: Duration,
}

/// Sends a request to the server at `address`, whose URLs the requests name; by TLS where there is a file of the
/// authority to be trusted.
pub(super) async fn send(address: SocketAddr, request: &HttpRequest, ca_file: Option<&Path>) -> io::Result<HttpAnswer> {
    let began = Instant::now();
    let bytes = timeout(PATIENCE, exchange(address, request, ca_file)).await.map_err(|_| io::ErrorKind::TimedOut)??;
    let took = began.elapsed();
    let text = String::from_utf8(bytes).map_err(|_| io::ErrorKind::InvalidData)?;
    let (head, body) = text.split_once("\r\n\r\n").ok_or(io::ErrorKind::InvalidData)?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or(io::ErrorKind::InvalidData)?;
    Ok(HttpAnswer { status, body: body.to_owned(), took })
}

async fn exchange(address: SocketAddr, request: &HttpRequest, ca_file: Option<&Path>) -> io::Result<Vec<u8>> {
    let url = Url::parse(&request.url).map_err(|_| io::ErrorKind::InvalidInput)?;
    let authority = url.authority();
    let length = request.body.len();
    let mut text = format!("POST {} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n", url.path());
    for (name, value) in &request.headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str(&format!("Content-Length: {length}\r\n\r\n{}", request.body));
    let socket = TcpStream::connect(address).await?;
    match ca_file {
        None => converse(socket, &text).await,
        Some(ca_file) => converse(connector(ca_file)?.connect(address.ip().into(), socket).await?, &text).await,
    }
}

async fn converse(mut stream: impl AsyncRead + AsyncWrite + Unpin, text: &str) -> io::Result<Vec<u8>> {
    stream.write_all(text.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    Ok(answer)
}

fn connector(ca_file: &Path) -> io::Result<TlsConnector> {
    let ca = CertificateDer::from_pem_slice(&std::fs::read(ca_file)?).map_err(io::Error::other)?;
    let mut roots = RootCertStore::empty();
    roots.add(ca).map_err(io::Error::other)?;
    let config = ClientConfig::builder_with_provider(Arc::new(provider()));
    let config = config.with_safe_default_protocol_versions().map_err(io::Error::other)?;
    Ok(TlsConnector::from(Arc::new(config.with_root_certificates(roots).with_no_client_auth())))
}
