//! A client that takes its time: answers that nobody reads.

use std::io::{ErrorKind, Write};
use std::net::TcpStream;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::request::Request;
use crate::spec::fields::Fields;
use crate::spec::stage::Stage;

/// The server's deadlines are ten seconds; a busy machine may be late.
const DEADLINE: Duration = Duration::from_secs(14);

/// Between two tries.
const PAUSE: Duration = Duration::from_millis(500);

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
