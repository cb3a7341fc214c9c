//! Generators that speak HTTP/2 by frames made by hand (RFC 9113 section 4.1), as no library would.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::{ClientConnection, StreamOwned};

use super::tls;
use crate::spec::site::Place;
use crate::spec::stage::Stage;

const HEADERS: u8 = 1;
const PRIORITY: u8 = 2;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const CANCEL: u32 = 8;

/// `:method` by its code in the static table (RFC 7541 appendix A).
const GET: u8 = 0x82;
const POST: u8 = 0x83;

/// Sent before what came is looked at.
const BURST: usize = 16;

/// More than a server needs to close after what it calls too much.
const PATIENCE: Duration = Duration::from_secs(15);

/// What a client does wrong on stream after stream.
pub(super) fn attack(stage: &Stage<'_>, place: &Place, how: &str, streams: u32, most: usize) -> Result<(), String> {
    let path = place.path("jwks");
    let host = stage.site().address().to_string();
    let head = |method| head(method, &path, &host);
    let attack: Box<dyn Fn(u32) -> Vec<u8>> = match how {
        "resets" => Box::new(move |stream| {
            let request = frame(HEADERS, END_STREAM | END_HEADERS, stream, &head(GET));
            [request, frame(RST_STREAM, 0, stream, &CANCEL.to_be_bytes())].concat()
        }),
        "window of nothing" => Box::new(move |stream| {
            [frame(HEADERS, END_HEADERS, stream, &head(POST)), frame(WINDOW_UPDATE, 0, stream, &[0; 4])].concat()
        }),
        "priority of itself" => Box::new(move |stream| {
            let priority = [&stream.to_be_bytes()[..], &[0]].concat();
            [frame(HEADERS, END_HEADERS, stream, &head(POST)), frame(PRIORITY, 0, stream, &priority)].concat()
        }),
        "short priority" => Box::new(move |stream| {
            [frame(HEADERS, END_HEADERS, stream, &head(POST)), frame(PRIORITY, 0, stream, &[0; 4])].concat()
        }),
        "frame beyond the limit" => Box::new(move |stream| {
            [frame(HEADERS, END_HEADERS, stream, &head(POST)), frame(0, 0, stream, &[0; 20_000])].concat()
        }),
        other => return Err(format!("nobody attacks by `{other}`")),
    };
    let heard = Session::begin(stage)?.converse((0..streams).map(|number| attack(2 * number + 1)))?;
    let worked_on = heard.iter().filter(|(kind, _)| matches!(*kind, HEADERS | RST_STREAM)).count();
    let farewell = heard.iter().find(|(kind, _)| *kind == GOAWAY);
    let code = farewell.map(|(_, payload)| payload.get(4..8).map(<[u8]>::to_vec));
    match code {
        // The farewell may be overtaken by the end of the connection, whose reset drops what was not yet read.
        Some(Some(code)) if code == [0; 4] => Err("the farewell names no error".to_owned()),
        None if heard.iter().any(|(kind, _)| *kind == SETTINGS) => Err("closed without a farewell".to_owned()),
        _ if worked_on > most => Err(format!("{worked_on} of {streams} streams were worked on")),
        Some(_) => Ok(()),
        None => Err("closed before anything was said".to_owned()),
    }
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u32).to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A request's head (RFC 7541 section 6): method, `https`, path and authority.
fn head(method: u8, path: &str, authority: &str) -> Vec<u8> {
    let literal = |index: u8, text: &str| [&[0x40 | index, text.len() as u8], text.as_bytes()].concat();
    [vec![method, 0x87], literal(4, path), literal(1, authority)].concat()
}

struct Session(StreamOwned<ClientConnection, TcpStream>);

impl Session {
    fn begin(stage: &Stage<'_>) -> Result<Self, String> {
        let address = stage.site().address();
        let mut config = tls::config();
        config.alpn_protocols = vec![b"h2".to_vec()];
        let mut stream = tls::Session::begin(address, &Arc::new(config), &address.ip().to_string())?.0;
        let greeting = [&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..], &frame(SETTINGS, 0, 0, &[])].concat();
        stream.write_all(&greeting).map_err(|error| error.to_string())?;
        if stream.conn.alpn_protocol() != Some(b"h2") {
            return Err("the server does not speak HTTP/2".to_owned());
        }
        Ok(Self(stream))
    }

    /// Sends as long as the server takes it, reads in between, and then until the server closes: kind and payload of
    /// the frames that came.
    fn converse(mut self, frames: impl Iterator<Item = Vec<u8>>) -> Result<Vec<(u8, Vec<u8>)>, String> {
        let began = Instant::now();
        let mut bytes = Vec::new();
        let mut open = true;
        for (number, frame) in frames.enumerate() {
            if self.0.write_all(&frame).is_err() {
                break;
            }
            if number % BURST == BURST - 1 {
                open = self.read(&mut bytes, Duration::from_millis(1));
            }
            if !open || began.elapsed() > PATIENCE {
                break;
            }
        }
        while open && began.elapsed() < PATIENCE {
            open = self.read(&mut bytes, Duration::from_millis(100));
        }
        if open { Err(format!("the server goes on after {PATIENCE:?}")) } else { Ok(heard(&bytes)) }
    }

    /// Reads what is there, and says whether more may come.
    fn read(&mut self, bytes: &mut Vec<u8>, wait: Duration) -> bool {
        let _ = self.0.sock.set_read_timeout(Some(wait));
        let mut buffer = [0; 16_384];
        loop {
            match self.0.read(&mut buffer) {
                Ok(0) => return false,
                Ok(count) => bytes.extend_from_slice(&buffer[..count]),
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                    return true;
                }
                Err(_) => return false,
            }
        }
    }
}

fn heard(mut bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut frames = Vec::new();
    while bytes.len() >= 9 {
        let length = u32::from_be_bytes([0, bytes[0], bytes[1], bytes[2]]) as usize;
        let Some(payload) = bytes.get(9..9 + length) else { break };
        frames.push((bytes[3], payload.to_vec()));
        bytes = &bytes[9 + length..];
    }
    frames
}
