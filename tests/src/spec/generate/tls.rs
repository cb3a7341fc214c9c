//! Generators that look at the handshake of TLS, or at what is no handshake.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, HandshakeKind, StreamOwned};

use crate::hello::{Answer, HANDSHAKE_FAILURE, PROTOCOL_VERSION, connected, offered};
use crate::spec::certificates;
use crate::spec::site::Place;
use crate::spec::stage::Stage;

/// One version, by its minor number, with these suites: the server goes on, or it does not.
pub(super) fn hello(stage: &Stage<'_>, minor: u8, suites: &[String], goes_on: bool) -> Result<(), String> {
    let number = |suite: &String| u16::from_str_radix(suite, 16).map_err(|error| format!("{suite}: {error}"));
    let suites = suites.iter().map(number).collect::<Result<Vec<u16>, String>>()?;
    let answer = offered(stage.site().address(), minor, &suites).map_err(|error| error.to_string())?;
    let fits = match answer {
        Answer::ServerHello => goes_on,
        Answer::Alert(HANDSHAKE_FAILURE | PROTOCOL_VERSION) => !goes_on,
        Answer::Alert(_) | Answer::Closed | Answer::Other(_) => false,
    };
    if fits { Ok(()) } else { Err(format!("{answer:?}")) }
}

/// Whatever host is named, or none: the certificate is the one that everybody sees, and the request is served.
pub(super) fn names(stage: &Stage<'_>, place: &Place, names: &[String]) -> Result<(), String> {
    let address = stage.site().address();
    let usual = Session::begin(address, &Arc::new(config()), &address.ip().to_string())?.leaf()?;
    for name in names {
        let mut session = Session::begin(address, &Arc::new(config()), name)?;
        if session.leaf()? != usual {
            return Err(format!("{name} is shown another certificate"));
        }
        session.get(&place.path("jwks"), &address.to_string()).map_err(|problem| format!("{name}: {problem}"))?;
    }
    Ok(())
}

/// A client that speaks none of the server's protocols hears so in the handshake.
pub(super) fn no_protocol(stage: &Stage<'_>, protocols: &[String]) -> Result<(), String> {
    let address = stage.site().address();
    let mut config = config();
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    match Session::begin(address, &Arc::new(config), &address.ip().to_string()) {
        Ok(_) => Err("the server agreed".to_owned()),
        Err(problem) if problem.contains("NoApplicationProtocol") => Ok(()),
        Err(problem) => Err(problem),
    }
}

/// A client that would send its request with its first flight is not let, also when it comes back.
pub(super) fn early_data(stage: &Stage<'_>, place: &Place) -> Result<(), String> {
    let address = stage.site().address();
    let mut config = config();
    config.enable_early_data = true;
    let config = Arc::new(config);
    for expected in [HandshakeKind::Full, HandshakeKind::Resumed] {
        let mut session = Session::begin(address, &config, &address.ip().to_string())?;
        session.get(&place.path("jwks"), &address.to_string())?;
        let found = session.0.conn.handshake_kind();
        if found != Some(expected) {
            return Err(format!("the handshake was {found:?}, and had to be {expected:?}"));
        }
        if session.0.conn.is_early_data_accepted() || session.1 {
            return Err(format!("early data was let in by a handshake that was {expected:?}"));
        }
    }
    Ok(())
}

/// What is no handshake gets an alert at most.
pub(super) fn plain(stage: &Stage<'_>, place: &Place) -> Result<(), String> {
    let request = format!("GET {} HTTP/1.1\r\nHost: x\r\n\r\n", place.path("jwks"));
    let beginnings: [&[u8]; 3] = [request.as_bytes(), b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &[0; 3000]];
    for bytes in beginnings {
        let mut socket = connected(stage.site().address()).map_err(|error| error.to_string())?;
        let _ = socket.write_all(bytes);
        let mut answer = Vec::new();
        let _ = socket.read_to_end(&mut answer);
        // An alert is a record of seven bytes.
        if !(answer.is_empty() || (answer[0] == 21 && answer.len() == 7)) {
            return Err(format!("answered with {}", String::from_utf8_lossy(&answer).escape_debug()));
        }
    }
    Ok(())
}

/// A client that takes any server.
pub(super) fn config() -> ClientConfig {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider));
    certificates::with_any_server(builder.with_safe_default_protocol_versions().expect("TLS"), provider)
}

/// A connection whose handshake is done, and whether a request could have been sent before its end.
pub(super) struct Session(pub(super) StreamOwned<ClientConnection, TcpStream>, bool);

impl Session {
    pub(super) fn begin(address: SocketAddr, config: &Arc<ClientConfig>, name: &str) -> Result<Self, String> {
        let name = ServerName::try_from(name.to_owned()).map_err(|error| error.to_string())?;
        let mut session = ClientConnection::new(Arc::clone(config), name).map_err(|error| error.to_string())?;
        let may_send_early = session.early_data().is_some();
        let mut socket = connected(address).map_err(|error| error.to_string())?;
        while session.is_handshaking() {
            session.complete_io(&mut socket).map_err(|error| error.to_string())?;
        }
        Ok(Self(StreamOwned::new(session, socket), may_send_early))
    }

    fn leaf(&self) -> Result<Vec<u8>, String> {
        let chain = self.0.conn.peer_certificates().and_then(<[_]>::first).ok_or("no certificate")?;
        Ok(chain.to_vec())
    }

    /// The tickets of the handshake are read with the answer.
    fn get(&mut self, path: &str, host: &str) -> Result<(), String> {
        let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        self.0.write_all(request.as_bytes()).map_err(|error| error.to_string())?;
        let mut answer = Vec::new();
        let _ = self.0.read_to_end(&mut answer);
        let text = String::from_utf8_lossy(&answer);
        if text.starts_with("HTTP/1.1 200 ") { Ok(()) } else { Err(format!("answered with {}", text.escape_debug())) }
    }
}
