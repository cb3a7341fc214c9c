//! As much of an HTTP client as the demo needs: one request, one connection, one answer.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use url::Url;

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

/// Sends a request to the server at `address`, whose URLs the requests name.
pub(super) async fn send(address: SocketAddr, request: &HttpRequest) -> io::Result<HttpAnswer> {
    let began = Instant::now();
    let bytes = timeout(PATIENCE, exchange(address, request)).await.map_err(|_| io::ErrorKind::TimedOut)??;
    let took = began.elapsed();
    let text = String::from_utf8(bytes).map_err(|_| io::ErrorKind::InvalidData)?;
    let (head, body) = text.split_once("\r\n\r\n").ok_or(io::ErrorKind::InvalidData)?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or(io::ErrorKind::InvalidData)?;
    Ok(HttpAnswer { status, body: body.to_owned(), took })
}

async fn exchange(address: SocketAddr, request: &HttpRequest) -> io::Result<Vec<u8>> {
    let url = Url::parse(&request.url).map_err(|_| io::ErrorKind::InvalidInput)?;
    let authority = url.authority();
    let length = request.body.len();
    let mut text = format!("POST {} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n", url.path());
    for (name, value) in &request.headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str(&format!("Content-Length: {length}\r\n\r\n{}", request.body));
    let mut socket = TcpStream::connect(address).await?;
    socket.write_all(text.as_bytes()).await?;
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).await?;
    Ok(answer)
}
