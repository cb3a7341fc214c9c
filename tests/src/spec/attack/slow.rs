//! Clients that take their time: heads and bodies byte by byte, answers that nobody reads.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::count;
use crate::request::Request;
use crate::spec::fields::Fields;
use crate::spec::site::Place;
use crate::spec::stage::Stage;
use crate::wire::Http;

/// The server's deadlines are ten seconds; a busy machine may be late.
const DEADLINE: Duration = Duration::from_secs(14);

/// Between two bytes.
const PAUSE: Duration = Duration::from_millis(500);

/// Heads without end, on many connections; meanwhile somebody else is served.
pub(super) fn heads(stage: &mut Stage<'_>, with: &mut Fields<'_>) -> Result<(), String> {
    let connections = count(with, "connections");
    let mut drips = Vec::new();
    for _ in 0..connections {
        drips.push(Drip::open(stage.site().address(), b"POST /acme/par HTTP/1.1\r\nHost: as.example\r\nX-A: ")?);
    }
    all_end(stage, drips)
}

/// A body without end.
pub(super) fn body(stage: &mut Stage<'_>, place: &Place, with: &mut Fields<'_>) -> Result<(), String> {
    let head = with.needed_text("head").replace("PATH", &place.path("push"));
    let drip = Drip::open(stage.site().address(), head.as_bytes())?;
    all_end(stage, vec![drip])
}

/// One connection that drips.
struct Drip {
    stream: TcpStream,
    ended: bool,
}

impl Drip {
    fn open(address: SocketAddr, begin: &[u8]) -> Result<Self, String> {
        let mut stream = TcpStream::connect(address).map_err(|error| error.to_string())?;
        stream.write_all(begin).map_err(|error| error.to_string())?;
        stream.set_nonblocking(true).map_err(|error| error.to_string())?;
        Ok(Self { stream, ended: false })
    }

    /// One byte more, unless the server has ended the connection.
    fn drip(&mut self) {
        let mut buffer = [0; 4096];
        let ended = loop {
            match self.stream.read(&mut buffer) {
                Ok(0) => break true,
                Ok(_) => {}
                Err(error) => break error.kind() != ErrorKind::WouldBlock,
            }
        };
        self.ended |= ended || matches!(self.stream.write(b"a"), Err(error) if error.kind() != ErrorKind::WouldBlock);
    }
}

fn all_end(stage: &mut Stage<'_>, mut drips: Vec<Drip>) -> Result<(), String> {
    let start = Instant::now();
    let mut http = Http::to(stage.site().address());
    while start.elapsed() < DEADLINE {
        drips.iter_mut().filter(|drip| !drip.ended).for_each(Drip::drip);
        if drips.iter().all(|drip| drip.ended) {
            return Ok(());
        }
        stage.requests += 1;
        let answer = http.send(&Request::get("/acme/jwks")).map_err(|error| format!("somebody else: {error}"))?;
        if answer.status != 200 {
            return Err(format!("somebody else is answered with {}", answer.status));
        }
        sleep(PAUSE);
    }
    Err(format!("{} of {} connections live on", drips.iter().filter(|drip| !drip.ended).count(), drips.len()))
}

/// Requests without end, and nobody reads the answers.
pub(super) fn reader(stage: &mut Stage<'_>, with: &mut Fields<'_>) -> Result<(), String> {
    let target = with.needed_text("target");
    let mut stream = TcpStream::connect(stage.site().address()).map_err(|error| error.to_string())?;
    stream.set_nonblocking(true).map_err(|error| error.to_string())?;
    let request = Request::get(&target).bytes("as.example").repeat(200);
    let (mut blocked, mut at) = (None::<Instant>, 0);
    let start = Instant::now();
    while start.elapsed() < DEADLINE * 2 {
        match stream.write(&request[at..]) {
            Ok(written) => {
                at = (at + written) % request.len();
                stage.requests += 1;
                if written > 0 {
                    blocked = None;
                }
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                if blocked.get_or_insert_with(Instant::now).elapsed() > DEADLINE {
                    return Err("a client that reads nothing is waited for".to_owned());
                }
                sleep(PAUSE);
            }
            Err(_) => return Ok(()),
        }
    }
    Err("the server never stopped answering into the void".to_owned())
}
