//! HTTP/1.1 over a bare socket: any bytes out, one answer in. Nothing is repeated or repaired on the way.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use serde_json::Value;

use crate::request::Request;

/// No answer of the server takes this long; a test that waits longer has found something.
const PATIENCE: Duration = Duration::from_secs(20);

/// More than any answer of the server.
const LARGEST_ANSWER: usize = 4 * 1024 * 1024;

/// One connection.
#[derive(Debug)]
pub struct Connection {
    stream: Stream,
    /// What it says in `Host`.
    host: String,
    unread: Vec<u8>,
}

/// What carries the bytes.
#[derive(Debug)]
enum Stream {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Stream {
    fn socket(&self) -> &TcpStream {
        match self {
            Self::Plain(socket) => socket,
            Self::Tls(stream) => &stream.sock,
        }
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.read(buffer),
            Self::Tls(stream) => stream.read(buffer).map_err(of_handshake),
        }
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(socket) => socket.write_all(bytes),
            Self::Tls(stream) => stream.write_all(bytes).and_then(|()| stream.flush()).map_err(of_handshake),
        }
    }
}

/// An alert ends the connection like a reset.
fn of_handshake(error: io::Error) -> io::Error {
    let alert = error.get_ref().and_then(|cause| cause.downcast_ref::<rustls::Error>());
    match alert {
        Some(rustls::Error::AlertReceived(_)) => ErrorKind::ConnectionReset.into(),
        _ => error,
    }
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// The socket's.
    pub fn open(address: SocketAddr) -> io::Result<Self> {
        Ok(Self { stream: Stream::Plain(connected(address)?), host: address.to_string(), unread: Vec::new() })
    }

    /// Connects for TLS; the handshake comes with the first bytes.
    ///
    /// # Errors
    /// The socket's.
    pub fn open_tls(address: SocketAddr, config: Arc<ClientConfig>) -> io::Result<Self> {
        Self::open_tls_to(address, &address.ip().to_string(), config)
    }

    /// The same for a host of this name, or address, on that machine.
    ///
    /// # Errors
    /// The socket's; a name that is none.
    pub fn open_tls_to(address: SocketAddr, name: &str, config: Arc<ClientConfig>) -> io::Result<Self> {
        let server = ServerName::try_from(name.to_owned()).map_err(io::Error::other)?;
        let session = ClientConnection::new(config, server).map_err(io::Error::other)?;
        let stream = StreamOwned::new(session, connected(address)?);
        let host = format!("{name}:{}", address.port());
        Ok(Self { stream: Stream::Tls(Box::new(stream)), host, unread: Vec::new() })
    }

    /// Sends bytes as they are.
    ///
    /// # Errors
    /// The socket's.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// Reads one answer, its body included. An interim answer (1xx) is an answer of its own.
    ///
    /// # Errors
    /// The socket's; [`ErrorKind::UnexpectedEof`] when the server closes before the end; [`ErrorKind::InvalidData`]
    /// when the bytes are not an HTTP/1.1 answer.
    pub fn receive(&mut self) -> io::Result<Response> {
        let mut response = self.receive_head()?;
        response.body = self.body(&response)?;
        Ok(response)
    }

    /// Reads one answer that has no body whatever its headers say: the answer to HEAD.
    ///
    /// # Errors
    /// As [`Connection::receive`].
    pub fn receive_head(&mut self) -> io::Result<Response> {
        let end = loop {
            if let Some(at) = find(&self.unread, b"\r\n\r\n") {
                break at;
            }
            self.read_more()?;
        };
        let head: Vec<u8> = self.unread.drain(..end + 4).collect();
        Response::parse_head(&head[..end]).ok_or_else(|| broken("not an HTTP/1.1 answer"))
    }

    /// Sends a request and reads its answer.
    ///
    /// # Errors
    /// As [`Connection::receive`].
    pub fn exchange(&mut self, request: &Request) -> io::Result<Response> {
        self.send(&request.bytes(&self.host))?;
        if request.is_head() { self.receive_head() } else { self.receive() }
    }

    /// Reads until the server closes; what it still sent is returned.
    ///
    /// # Errors
    /// The socket's; a server that keeps the connection open gives [`ErrorKind::WouldBlock`] or `TimedOut`.
    pub fn receive_until_closed(&mut self) -> io::Result<Vec<u8>> {
        loop {
            match self.read_more() {
                Ok(()) => {}
                Err(error) if matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset) => {
                    return Ok(std::mem::take(&mut self.unread));
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// How long a read may wait.
    ///
    /// # Errors
    /// The socket's.
    pub fn set_patience(&self, patience: Duration) -> io::Result<()> {
        self.stream.socket().set_read_timeout(Some(patience))
    }

    /// Whether an idle connection has been closed by the server, or has sent what nobody asked for.
    fn is_spent(&self) -> bool {
        let socket = self.stream.socket();
        let quiet = socket.set_nonblocking(true).is_ok()
            && matches!(socket.peek(&mut [0]), Err(error) if error.kind() == ErrorKind::WouldBlock);
        socket.set_nonblocking(false).is_err() || !quiet || !self.unread.is_empty()
    }

    fn body(&mut self, response: &Response) -> io::Result<Vec<u8>> {
        if response.status < 200 || response.status == 204 || response.status == 304 {
            return Ok(Vec::new());
        }
        if response.header("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked")) {
            return self.chunks();
        }
        match response.header("content-length") {
            Some(length) => self.take(length.parse().map_err(|_| broken("content-length is not a number"))?),
            None => self.receive_until_closed(),
        }
    }

    fn chunks(&mut self) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let size = self.line()?;
            let digits = size.split(';').next().unwrap_or_default().trim();
            let size = usize::from_str_radix(digits, 16).map_err(|_| broken("chunk size is not a number"))?;
            if size == 0 {
                while !self.line()?.is_empty() {}
                return Ok(body);
            }
            body.extend(self.take(size)?);
            if !self.line()?.is_empty() {
                return Err(broken("chunk does not end where it said"));
            }
        }
    }

    fn line(&mut self) -> io::Result<String> {
        let end = loop {
            if let Some(at) = find(&self.unread, b"\r\n") {
                break at;
            }
            self.read_more()?;
        };
        let line: Vec<u8> = self.unread.drain(..end + 2).take(end).collect();
        String::from_utf8(line).map_err(|_| broken("a line that is not text"))
    }

    fn take(&mut self, count: usize) -> io::Result<Vec<u8>> {
        while self.unread.len() < count {
            self.read_more()?;
        }
        Ok(self.unread.drain(..count).collect())
    }

    fn read_more(&mut self) -> io::Result<()> {
        let mut buffer = [0; 16 * 1024];
        let count = self.stream.read(&mut buffer)?;
        if count == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        if self.unread.len() + count > LARGEST_ANSWER {
            return Err(broken("an answer without end"));
        }
        self.unread.extend(&buffer[..count]);
        Ok(())
    }
}

fn connected(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// A connection that is opened when needed and kept as long as the server keeps it. A request is sent once: when its
/// answer is lost, that is an error, not a reason to send it again.
#[derive(Debug)]
pub struct Http {
    address: SocketAddr,
    /// The host, and how to speak TLS to it.
    tls: Option<(String, Arc<ClientConfig>)>,
    connection: Option<Connection>,
}

impl Http {
    /// Not yet connected.
    #[must_use]
    pub fn to(address: SocketAddr) -> Self {
        Self { address, tls: None, connection: None }
    }

    /// The same over TLS, to a host of this name, or address, on that machine.
    #[must_use]
    pub fn tls(address: SocketAddr, name: &str, config: Arc<ClientConfig>) -> Self {
        Self { address, tls: Some((name.to_owned(), config)), connection: None }
    }

    /// Another one to the same server.
    #[must_use]
    pub fn another(&self) -> Self {
        Self { address: self.address, tls: self.tls.clone(), connection: None }
    }

    /// Sends one request and reads its answer.
    ///
    /// # Errors
    /// As [`Connection::receive`].
    pub fn send(&mut self, request: &Request) -> io::Result<Response> {
        let mut connection = match self.connection.take().filter(|connection| !connection.is_spent()) {
            Some(connection) => connection,
            None => self.open()?,
        };
        let response = connection.exchange(request)?;
        if !response.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close")) {
            self.connection = Some(connection);
        }
        Ok(response)
    }

    /// Connects, so that the next request starts at once.
    ///
    /// # Errors
    /// The socket's.
    pub fn connect(&mut self) -> io::Result<()> {
        if self.connection.as_ref().is_none_or(Connection::is_spent) {
            self.connection = Some(self.open()?);
        }
        Ok(())
    }

    fn open(&self) -> io::Result<Connection> {
        match &self.tls {
            None => Connection::open(self.address),
            Some((name, config)) => Connection::open_tls_to(self.address, name, Arc::clone(config)),
        }
    }
}

/// One answer.
#[derive(Clone, Debug)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Names in lower case, values as sent, in the order sent.
    pub headers: Vec<(String, String)>,
    /// The body, decoded from chunks.
    pub body: Vec<u8>,
}

impl Response {
    /// The first header of that (lower-case) name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// Every header of that (lower-case) name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// When it is not JSON; the message shows the answer.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {} {}", self.status, self.text()))
    }

    fn parse_head(head: &[u8]) -> Option<Self> {
        let text: String = head.iter().map(|byte| char::from(*byte)).collect();
        let mut lines = text.split("\r\n");
        let status_line = lines.next()?.strip_prefix("HTTP/1.")?;
        let status = status_line.get(2..5)?.parse().ok()?;
        let headers = lines.map(|line| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_ascii_lowercase(), value.trim().to_owned()))
        });
        Some(Self { status, headers: headers.collect::<Option<_>>()?, body: Vec::new() })
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

fn broken(reason: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;
    use std::thread;

    /// A listener that, for each piece, reads once and then sends the piece; then it closes.
    fn answering(pieces: &'static [&'static [u8]]) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            for piece in pieces {
                let _ = stream.read(&mut [0; 4096]).unwrap();
                stream.write_all(piece).unwrap();
            }
        });
        address
    }

    #[test]
    fn a_body_of_known_length_is_read_and_the_connection_kept() {
        let address = answering(&[
            b"HTTP/1.1 201 Created\r\nContent-Length: 3\r\nX-A: one\r\nX-A: two\r\n\r\nabc",
            b"HTTP/1.1 204 No Content\r\n\r\n",
        ]);
        let mut http = Http::to(address);
        let first = http.send(&Request::get("/")).unwrap();
        assert_eq!((first.status, first.text().as_str()), (201, "abc"));
        assert_eq!(first.all("x-a").collect::<Vec<_>>(), ["one", "two"]);
        assert_eq!(http.send(&Request::get("/")).unwrap().status, 204);
    }

    #[test]
    fn chunks_are_joined() {
        let address =
            answering(&[b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"]);
        assert_eq!(Http::to(address).send(&Request::get("/")).unwrap().text(), "abcde");
    }

    #[test]
    fn a_body_without_a_length_ends_with_the_connection() {
        let address = answering(&[b"HTTP/1.0 200 OK\r\n\r\nuntil the end"]);
        assert_eq!(Http::to(address).send(&Request::get("/")).unwrap().text(), "until the end");
    }

    #[test]
    fn a_connection_that_ends_early_is_an_error() {
        let address = answering(&[b"HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\nshort"]);
        let error = Http::to(address).send(&Request::get("/")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
    }

    #[test]
    fn what_is_not_http_is_an_error() {
        let address = answering(&[b"SSH-2.0-whatever\r\n\r\n"]);
        let error = Http::to(address).send(&Request::get("/")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
    }

    #[test]
    fn the_answer_to_head_has_no_body() {
        let address = answering(&[b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", b"HTTP/1.1 405 No\r\n\r\n"]);
        let mut http = Http::to(address);
        assert_eq!(http.send(&Request::new("HEAD", "/")).unwrap().status, 200);
        assert_eq!(http.send(&Request::new("HEAD", "/")).unwrap().status, 405);
    }
}
