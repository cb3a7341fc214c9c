//! The load generator: one thread, many connections, requests that were made beforehand.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::io::Errno;

use crate::answer::{self, Expected, Reference};
use crate::connection::Connection;

/// No answer takes this long.
const PATIENCE: Duration = Duration::from_secs(20);

/// The system wakes a sleeper some 50 microseconds late; from here on the generator looks at the clock instead.
const WATCHFUL: Duration = Duration::from_micros(150);

/// When requests are sent.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pace {
    /// Each connection sends its next request as soon as it has an answer.
    Closed,
    /// At fixed moments, whatever the server does. Latency counts from the moment that was meant, so that a server that
    /// stalls does not hide the requests that had to wait for it (no coordinated omission).
    PerSecond(u32),
}

/// How a run went. Every answer was right.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) elapsed: Duration,
    /// Of every request, in no order.
    pub(crate) latencies: Vec<Duration>,
    pub(crate) issued: Vec<Reference>,
}

/// Connections to one server.
#[derive(Debug)]
pub(crate) struct Generator {
    address: SocketAddr,
    expected: Expected,
    epoll: OwnedFd,
    connections: Vec<Line>,
    free: VecDeque<usize>,
}

#[derive(Debug)]
struct Line {
    connection: Connection,
    /// When the request in flight was due.
    due: Instant,
}

impl Generator {
    /// Connects.
    pub(crate) fn connect(address: SocketAddr, count: u32, expected: Expected) -> Result<Self, String> {
        let epoll = epoll::create(CreateFlags::CLOEXEC).map_err(|error| format!("epoll: {error}"))?;
        let now = Instant::now();
        let lines = (0..count).map(|_| Ok(Line { connection: Connection::open(address)?, due: now }));
        let connections = lines.collect::<Result<Vec<_>, String>>()?;
        let free = (0..connections.len()).collect();
        let generator = Self { address, expected, epoll, connections, free };
        for (index, line) in generator.connections.iter().enumerate() {
            generator.watch(index, line)?;
        }
        Ok(generator)
    }

    /// Sends every request once and checks every answer.
    pub(crate) fn run(&mut self, requests: &[Vec<u8>], pace: Pace) -> Result<Outcome, String> {
        let start = Instant::now();
        let mut outcome = Outcome { elapsed: Duration::ZERO, latencies: Vec::new(), issued: Vec::new() };
        outcome.latencies.reserve(requests.len());
        let mut waiting = requests.iter().zip(0..).peekable();
        let mut events = [Event { flags: EventFlags::empty(), data: EventData::new_u64(0) }; 128];
        let mut heard = start;
        while outcome.latencies.len() < requests.len() {
            let now = Instant::now();
            let mut wait = PATIENCE;
            while let Some((request, number)) = waiting.peek() {
                let due = pace.due(start, *number, now);
                wait = due.saturating_duration_since(now);
                let Some(index) = (if wait.is_zero() { self.free.pop_front() } else { None }) else { break };
                self.send(index, request, due)?;
                waiting.next();
                wait = PATIENCE;
            }
            // With no connection free there is nothing to do before an answer comes.
            let wait = if self.free.is_empty() { PATIENCE } else { wait };
            let count = self.wait(&mut events, pace.sleep(wait))?;
            for event in events.iter().take(count) {
                let data = event.data;
                self.receive(usize::try_from(data.u64()).unwrap_or(usize::MAX), &mut outcome)?;
                heard = now;
            }
            if count == 0 && now - heard > PATIENCE {
                return Err(format!("no answer within {} s", PATIENCE.as_secs()));
            }
        }
        outcome.elapsed = start.elapsed();
        Ok(outcome)
    }

    fn send(&mut self, index: usize, request: &[u8], due: Instant) -> Result<(), String> {
        let line = self.connections.get_mut(index).ok_or("no such connection")?;
        line.due = due;
        line.connection.send(request)
    }

    fn receive(&mut self, index: usize, outcome: &mut Outcome) -> Result<(), String> {
        let line = self.connections.get_mut(index).ok_or("no such connection")?;
        let Some(answer) = line.connection.receive()? else { return Ok(()) };
        outcome.latencies.push(line.due.elapsed());
        outcome.issued.extend(answer::check(self.expected, answer.status, answer.body)?);
        if answer.last {
            line.connection = Connection::open(self.address)?;
            let line = self.connections.get(index).ok_or("no such connection")?;
            self.watch(index, line)?;
        }
        self.free.push_back(index);
        Ok(())
    }

    fn watch(&self, index: usize, line: &Line) -> Result<(), String> {
        let data = EventData::new_u64(index as u64);
        epoll::add(&self.epoll, line.connection.stream(), data, EventFlags::IN)
            .map_err(|error| format!("epoll: {error}"))
    }

    fn wait(&self, events: &mut [Event], timeout: Duration) -> Result<usize, String> {
        let timeout = Timespec {
            tv_sec: i64::try_from(timeout.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: timeout.subsec_nanos().into(),
        };
        match epoll::wait(&self.epoll, events, Some(&timeout)) {
            Ok(count) => Ok(count),
            Err(Errno::INTR) => Ok(0),
            Err(error) => Err(format!("epoll: {error}")),
        }
    }
}

impl Pace {
    fn due(self, start: Instant, number: u32, now: Instant) -> Instant {
        match self {
            Self::Closed => now,
            Self::PerSecond(rate) => start + Duration::from_secs(number.into()) / rate,
        }
    }

    /// How long the generator may sleep when it has nothing to do. In a closed loop it never does: whoever answers a
    /// sleeper pays for waking it, and the faster server would find it awake more often.
    fn sleep(self, wait: Duration) -> Duration {
        match self {
            Self::Closed => Duration::ZERO,
            Self::PerSecond(_) => wait.saturating_sub(WATCHFUL),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::thread;

    /// A server of one connection that pauses before its first answer.
    fn slow_to_begin(pause: Duration) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut pause = Some(pause);
            while stream.read(&mut [0; 4096]).unwrap_or(0) > 0 {
                thread::sleep(pause.take().unwrap_or_default());
                let body = crate::null_server::ANSWER;
                let head = format!("HTTP/1.1 201 Created\r\ncontent-length: {}\r\n\r\n", body.len());
                stream.write_all(&[head.as_bytes(), body].concat()).unwrap();
            }
        });
        address
    }

    #[test]
    fn requests_that_had_to_wait_for_a_stalled_server_show_it() {
        let pause = Duration::from_millis(100);
        let mut generator = Generator::connect(slow_to_begin(pause), 1, Expected::Null).unwrap();
        let requests = vec![b"x".to_vec(); 50];
        let outcome = generator.run(&requests, Pace::PerSecond(1000)).unwrap();
        let late = outcome.latencies.iter().filter(|latency| **latency > pause / 4).count();
        assert!(late >= 45, "only {late} of 50 requests were late");
    }

    #[test]
    fn a_wrong_answer_ends_the_run() {
        let mut generator = Generator::connect(slow_to_begin(Duration::ZERO), 1, Expected::Pushed).unwrap();
        assert!(generator.run(&[b"x".to_vec()], Pace::Closed).is_err());
    }
}
