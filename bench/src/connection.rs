//! One keep-alive connection with at most one request in flight.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};

/// Larger than any answer that is expected.
const LARGEST_ANSWER: usize = 16 * 1024;

/// A connected socket and what has come of the answer.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
}

/// One answer, as it lies in the buffer of its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Answer<'a> {
    pub(crate) status: u16,
    pub(crate) body: &'a [u8],
    /// Whether the server closes the connection behind it.
    pub(crate) last: bool,
}

impl Connection {
    pub(crate) fn open(address: SocketAddr) -> Result<Self, String> {
        let open = || {
            let stream = TcpStream::connect(address)?;
            stream.set_nodelay(true)?;
            stream.set_nonblocking(true)?;
            Ok(Self { stream, received: Vec::with_capacity(LARGEST_ANSWER) })
        };
        open().map_err(|error: std::io::Error| format!("{address}: {error}"))
    }

    pub(crate) fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// Sends a request. It fits into the socket's buffer, which is empty between requests.
    pub(crate) fn send(&mut self, request: &[u8]) -> Result<(), String> {
        self.received.clear();
        self.stream.write_all(request).map_err(|error| format!("sending: {error}"))
    }

    /// Reads what has come; the answer, once it is whole.
    pub(crate) fn receive(&mut self) -> Result<Option<Answer<'_>>, String> {
        let mut buffer = [0; 4096];
        match self.stream.read(&mut buffer) {
            Ok(0) => return Err("the server closed a connection over a request".to_owned()),
            Ok(count) => self.received.extend_from_slice(buffer.get(..count).unwrap_or_default()),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
            Err(error) => return Err(format!("receiving: {error}")),
        }
        if self.received.len() > LARGEST_ANSWER {
            return Err("an answer without end".to_owned());
        }
        parse(&self.received)
    }
}

/// Reads an answer with a Content-Length, if it is whole.
fn parse(bytes: &[u8]) -> Result<Option<Answer<'_>>, String> {
    let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
    let (head, rest) = bytes.split_at(end);
    let body = rest.get(4..).unwrap_or_default();
    let malformed = || format!("not an answer: {}", String::from_utf8_lossy(head));
    let head = std::str::from_utf8(head).map_err(|_| malformed())?;
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok());
    let status = status.ok_or_else(malformed)?;
    let (mut length, mut last) = (None, false);
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        if name.eq_ignore_ascii_case("content-length") {
            length = value.parse::<usize>().ok();
        } else if name.eq_ignore_ascii_case("connection") {
            last = value.eq_ignore_ascii_case("close");
        }
    }
    let length = length.ok_or_else(malformed)?;
    match body.len() {
        shorter if shorter < length => Ok(None),
        exact if exact == length => Ok(Some(Answer { status, body, last })),
        _ => Err("more bytes than the answer has".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_whole_with_its_last_byte() {
        let answer = b"HTTP/1.1 201 Created\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";
        for end in 0..answer.len() {
            assert_eq!(parse(&answer[..end]), Ok(None), "{end}");
        }
        assert_eq!(parse(answer), Ok(Some(Answer { status: 201, body: b"{}", last: true })));
        assert!(parse(&[answer.as_slice(), b"x"].concat()).is_err());
    }

    #[test]
    fn what_is_not_an_answer_is_an_error() {
        assert!(parse(b"SSH-2.0-x\r\n\r\n").is_err());
        assert!(parse(b"HTTP/1.1 201 Created\r\n\r\n").is_err());
    }
}
