//! Generators that hold many connections, or send much over one.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::spec::site::Place;
use crate::spec::stage::Stage;
use crate::wire::Connection;

/// While many connections send a head a byte at a time, others are served; then the slow ones are closed.
pub(super) fn drip(
    stage: &Stage<'_>,
    place: &Place,
    count: usize,
    head: &str,
    every_s: f64,
    closed_within_s: f64,
) -> Result<(), String> {
    let address = stage.site().address();
    let mut slow = open(address, count)?;
    let start = Instant::now();
    let mut bytes = head.bytes().cycle();
    let mut slowest = Duration::ZERO;
    while start.elapsed().as_secs_f64() < closed_within_s - 1.0 {
        let byte = [bytes.next().unwrap_or(b'x')];
        slow.iter_mut().for_each(|connection| drop(connection.send(&byte)));
        slowest = slowest.max(served(address, &place.path("jwks"))?);
        sleep(Duration::from_secs_f64(every_s));
    }
    closed(slow, start, closed_within_s)?;
    if slowest < Duration::from_secs(1) { Ok(()) } else { Err(format!("others waited {slowest:?}")) }
}

/// Connections that send nothing are closed; whoever comes then, or already waits, is served.
pub(super) fn idle(stage: &Stage<'_>, place: &Place, count: usize, closed_within_s: f64) -> Result<(), String> {
    let address = stage.site().address();
    let idle = open(address, count)?;
    closed(idle, Instant::now(), closed_within_s)?;
    served(address, &place.path("jwks")).map(drop)
}

/// Requests without end from somebody who reads no answer: in the end the server closes.
pub(super) fn slow_reader(stage: &Stage<'_>, place: &Place, closed_within_s: f64) -> Result<(), String> {
    let address = stage.site().address();
    let request = format!("GET {} HTTP/1.1\r\nHost: {address}\r\n\r\n", place.path("discovery"));
    let many = request.repeat(200);
    let mut connection = Connection::open(address).map_err(|error| error.to_string())?;
    let start = Instant::now();
    let error = loop {
        if let Err(error) = connection.send(many.as_bytes()) {
            break error;
        }
        if start.elapsed().as_secs_f64() > closed_within_s {
            return Err("the server goes on writing to somebody who reads nothing".to_owned());
        }
    };
    let ended = matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset);
    let in_time = start.elapsed().as_secs_f64() <= closed_within_s;
    if ended && in_time { Ok(()) } else { Err(format!("after {:?}: {error}", start.elapsed())) }
}

/// Many requests sent before any answer is read: as many answers, each to its own request.
pub(super) fn pipeline(stage: &Stage<'_>, place: &Place, requests: usize) -> Result<(), String> {
    let address = stage.site().address();
    let (keys, nothing) = (place.path("jwks"), format!("{}/nothing", place.path("jwks")));
    let request = |at: usize| {
        let path = if at.is_multiple_of(2) { &keys } else { &nothing };
        format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nAccept: application/json\r\n\r\n")
    };
    let mut connection = Connection::open(address).map_err(|error| error.to_string())?;
    // In portions, so that neither side's buffers fill up while nobody reads.
    let portion = 50;
    for first in (0..requests).step_by(portion) {
        let together: String = (first..first + portion).map(request).collect();
        connection.send(together.as_bytes()).map_err(|error| error.to_string())?;
        for at in first..first + portion {
            let answer = connection.receive().map_err(|error| format!("answer {at}: {error}"))?;
            let expected = if at.is_multiple_of(2) { 200 } else { 404 };
            if answer.status != expected {
                return Err(format!("answer {at} is {}", answer.status));
            }
        }
    }
    Ok(())
}

fn open(address: SocketAddr, count: usize) -> Result<Vec<Connection>, String> {
    (0..count).map(|_| Connection::open(address).map_err(|error| error.to_string())).collect()
}

/// How long a good request takes.
fn served(address: SocketAddr, path: &str) -> Result<Duration, String> {
    let start = Instant::now();
    let mut connection = Connection::open(address).map_err(|error| format!("nobody gets in: {error}"))?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    connection.send(request.as_bytes()).map_err(|error| error.to_string())?;
    let answer = connection.receive().map_err(|error| format!("nobody is served: {error}"))?;
    if answer.status == 200 { Ok(start.elapsed()) } else { Err(format!("served with {}", answer.status)) }
}

fn closed(connections: Vec<Connection>, since: Instant, within_s: f64) -> Result<(), String> {
    for (at, mut connection) in connections.into_iter().enumerate() {
        let left = (within_s - since.elapsed().as_secs_f64()).max(0.1);
        let _ = connection.set_patience(Duration::from_secs_f64(left));
        if connection.receive_until_closed().is_err() {
            return Err(format!("connection {at} is still open after {:.1} s", since.elapsed().as_secs_f64()));
        }
    }
    Ok(())
}
