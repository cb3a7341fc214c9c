//! The first message of a TLS handshake, made by hand: for what no library offers any more.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// The alert of a server that finds nothing it could agree to.
pub const HANDSHAKE_FAILURE: u8 = 40;

/// The alert of a server that does not speak the version.
pub const PROTOCOL_VERSION: u8 = 70;

const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;

/// The first thing that the server says to a hello.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    /// It goes on.
    ServerHello,
    /// It refuses, and why.
    Alert(u8),
    /// Nothing.
    Closed,
    /// A record of another type.
    Other(u8),
}

/// Offers one version, by its minor number, and these suites, in a hello made by hand: no library offers them any more.
///
/// # Errors
/// The socket's.
pub fn offered(address: SocketAddr, minor: u8, suites: &[u16]) -> io::Result<Answer> {
    let mut socket = connected(address)?;
    socket.write_all(&hello(minor, suites))?;
    let mut record = [0; 7];
    match socket.read_exact(&mut record) {
        Ok(()) if record[0] == ALERT => Ok(Answer::Alert(record[6])),
        Ok(()) if record[0] == HANDSHAKE && record[5] == 2 => Ok(Answer::ServerHello),
        Ok(()) => Ok(Answer::Other(record[0])),
        Err(error) if matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset) => {
            Ok(Answer::Closed)
        }
        Err(error) => Err(error),
    }
}

/// A connection on which nobody waits for ever.
///
/// # Errors
/// The socket's.
pub fn connected(address: SocketAddr) -> io::Result<TcpStream> {
    let socket = TcpStream::connect(address)?;
    socket.set_read_timeout(Some(Duration::from_secs(10)))?;
    Ok(socket)
}

/// ClientHello (RFC 5246 section 7.4.1.2) with the groups, point formats and signature schemes that it needs.
fn hello(minor: u8, suites: &[u16]) -> Vec<u8> {
    let sized = |bytes: &[u8]| [&(bytes.len() as u16).to_be_bytes()[..], bytes].concat();
    let numbers = |numbers: &[u16]| numbers.iter().flat_map(|number| number.to_be_bytes()).collect::<Vec<u8>>();
    let extension = |kind: u16, body: &[u8]| [&kind.to_be_bytes()[..], &sized(body)].concat();
    let extensions = [
        extension(10, &sized(&numbers(&[0x001d, 0x0017, 0x0018]))),
        extension(11, &[1, 0]),
        extension(13, &sized(&numbers(&[0x0403, 0x0503, 0x0804, 0x0401, 0x0201]))),
        extension(23, &[]),
    ]
    .concat();
    let body = [&[3, minor][..], &[7; 32], &[0], &sized(&numbers(suites)), &[1, 0], &sized(&extensions)].concat();
    let message = [&[1, 0][..], &sized(&body)].concat();
    [&[HANDSHAKE, 3, minor.min(1)][..], &sized(&message)].concat()
}
