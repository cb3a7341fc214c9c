//! One running server: its own folder, a free loopback port, and every way to end it.

use std::fs::{self, File, OpenOptions};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio, id};
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::binary::Binary;
use crate::disk::Disk;
use crate::folder::Folder;

/// A server may take this long to accept its first connection, even on a machine that is busy with other tests.
const START_S: u64 = 20;

/// A server that was asked to end may take this long: its own deadline for requests in flight is 10 s.
const END_S: u64 = 15;

/// A `parhelion serve` of one's own; killed and cleaned up when dropped.
#[derive(Debug)]
pub struct Server {
    folder: Folder,
    port: u16,
    scheme: Scheme,
    arguments: &'static [&'static str],
    surroundings: Surroundings,
    child: Option<Child>,
}

/// What a server is started in.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// What its data are on.
    pub disk: Disk,
    /// More variables in its environment.
    pub environment: Vec<(&'static str, String)>,
}

/// What a server speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Plain HTTP on loopback.
    Http,
    /// HTTPS, with a certificate of a throw-away authority of the server's own.
    Https,
}

impl Scheme {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

impl Server {
    /// Starts with a configuration in which `@PORT@` and `@DIR@` stand for the port and the data folder, and waits
    /// until the port answers.
    ///
    /// # Panics
    /// When it does not start; the message carries what it wrote to standard error.
    #[must_use]
    pub fn start(config: &str) -> Self {
        Self::start_speaking(config, Scheme::Http)
    }

    /// As [`Server::start`]; with [`Scheme::Https`] the server's URLs in the configuration are `https` ones.
    ///
    /// # Panics
    /// As [`Server::start`].
    #[must_use]
    pub fn start_speaking(config: &str, scheme: Scheme) -> Self {
        let ours = format!("{}://127.0.0.1:@PORT@", scheme.as_str());
        let config = config.replace("http://127.0.0.1:@PORT@", &ours);
        let mut attempts = 0;
        loop {
            match Self::try_start_speaking(&config, scheme) {
                Ok(server) => return server,
                // Somebody else took the port between our look and the server's bind.
                Err(report) if report.contains("in use") && attempts < 3 => attempts += 1,
                Err(report) => panic!("the server did not start:\n{report}"),
            }
        }
    }

    /// As [`Server::start`], but a server that ends instead of starting is an answer: what it wrote to standard error.
    ///
    /// # Errors
    /// The text of standard error.
    pub fn try_start(config: &str) -> Result<Self, String> {
        Self::try_start_speaking(config, Scheme::Http)
    }

    /// As [`Server::try_start`], with more arguments on its command line, in these surroundings and with its data in memory.
    ///
    /// # Errors
    /// The text of standard error.
    pub fn try_start_with(
        config: &str,
        scheme: Scheme,
        arguments: &'static [&'static str],
        surroundings: Surroundings,
    ) -> Result<Self, String> {
        Self::try_start_as(config, scheme, arguments, Folder::in_memory("server"), surroundings)
    }

    fn try_start_speaking(config: &str, scheme: Scheme) -> Result<Self, String> {
        Self::try_start_as(config, scheme, &[], Folder::new("server"), Surroundings::default())
    }

    fn try_start_as(
        config: &str,
        scheme: Scheme,
        arguments: &'static [&'static str],
        folder: Folder,
        surroundings: Surroundings,
    ) -> Result<Self, String> {
        let mut server = Self { folder, port: free_port(), scheme, arguments, surroundings, child: None };
        fs::create_dir_all(server.data_folder()).expect("a data folder");
        server.configure(config);
        server.launch()?;
        Ok(server)
    }

    /// Writes another configuration, for the next start.
    ///
    /// # Panics
    /// When the file cannot be written.
    pub fn configure(&self, config: &str) {
        let data = self.data_folder();
        let config = config.replace("@PORT@", &self.port.to_string()).replace("@DIR@", &data.to_string_lossy());
        fs::write(self.folder.path().join("parhelion.toml"), config).expect("a configuration file");
    }

    /// Whether the process is there.
    pub fn is_alive(&mut self) -> bool {
        self.child.as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(None)))
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// `http://127.0.0.1:PORT` or `https://127.0.0.1:PORT`, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme.as_str(), self.address())
    }

    /// The certificate of the authority that an `https` server made for itself.
    #[must_use]
    pub fn ca_file(&self) -> PathBuf {
        self.folder.path().join("data").join("ca.pem")
    }

    /// The folder with the configuration, the data and the logs.
    #[must_use]
    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    /// Process id of the running server.
    ///
    /// # Panics
    /// When it has been ended.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("a running server").id()
    }

    /// What it has written to standard error so far, over all its lives.
    #[must_use]
    pub fn stderr(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.folder.path().join("stderr.log")).unwrap_or_default()).into_owned()
    }

    /// What it has written to standard output so far, over all its lives.
    #[must_use]
    pub fn stdout(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.folder.path().join("stdout.log")).unwrap_or_default()).into_owned()
    }

    /// Sends SIGKILL and collects the body.
    pub fn kill_9(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Starts again on the same port with the same data; returns how long it took until the port answered.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start_again(&mut self) -> Duration {
        assert!(self.child.is_none(), "it is still running");
        let start = Instant::now();
        if let Err(report) = self.launch() {
            panic!("the server did not start again:\n{report}");
        }
        start.elapsed()
    }

    /// Ends cleanly and starts again with the same data.
    ///
    /// # Panics
    /// When it does not end cleanly or does not start.
    pub fn restart(&mut self) {
        self.terminate();
        self.start_again();
    }

    /// Sends SIGTERM and waits for a clean end.
    ///
    /// # Panics
    /// When it does not end in time, or not with exit code 0.
    pub fn terminate(&mut self) {
        let mut child = self.child.take().expect("a running server");
        signal(&child, "TERM");
        match wait(&mut child, Duration::from_secs(END_S)) {
            Some(status) => assert!(status.success(), "ended with {status}:\n{}", self.stderr()),
            None => {
                let _ = child.kill();
                let _ = child.wait();
                panic!("still there {END_S} s after SIGTERM");
            }
        }
    }

    /// Waits until it has ended by itself, and says how.
    ///
    /// # Panics
    /// When it goes on.
    pub fn wait_for_its_end(&mut self) -> ExitStatus {
        let mut child = self.child.take().expect("a running server");
        let status = wait(&mut child, Duration::from_secs(END_S));
        status.unwrap_or_else(|| {
            let _ = child.kill();
            let _ = child.wait();
            panic!("it has not ended by itself within {END_S} s:\n{}", self.stderr())
        })
    }

    /// The folder with the store, which on a small disk is seen by the server alone.
    #[must_use]
    pub fn data_folder(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn launch(&mut self) -> Result<(), String> {
        let mut command = match self.surroundings.disk.launcher(&self.data_folder()) {
            None => Command::new(Binary::path()),
            Some(mut launcher) => {
                launcher.arg(Binary::path());
                launcher
            }
        };
        let mut child = command
            .arg("serve")
            .arg("--config")
            .arg(self.folder.path().join("parhelion.toml"))
            .args(match self.scheme {
                Scheme::Http => &[][..],
                Scheme::Https => &["--tls", "dev"],
            })
            .args(self.arguments)
            .envs(self.surroundings.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(self.log("stdout.log"))
            .stderr(self.log("stderr.log"))
            .spawn()
            .expect("the binary starts");
        let deadline = Instant::now() + Duration::from_secs(START_S);
        while Instant::now() < deadline {
            if let Some(status) = child.try_wait().expect("a child can be asked") {
                return Err(format!("{}\nit ended with {status}", self.stderr()));
            }
            if TcpStream::connect(self.address()).is_ok() {
                self.child = Some(child);
                return Ok(());
            }
            sleep(Duration::from_millis(2));
        }
        let _ = child.kill();
        let _ = child.wait();
        Err(format!("{}\nno answer within {START_S} s", self.stderr()))
    }

    fn log(&self, name: &str) -> File {
        OpenOptions::new().create(true).append(true).open(self.folder.path().join(name)).expect("a log file")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill_9();
    }
}

/// A port that nobody listens on, below the range from which the system takes the ports of outgoing connections, so
/// that a server can be started again on it.
#[must_use]
pub fn free_port() -> u16 {
    const FIRST: u16 = 12_000;
    const COUNT: u16 = 20_000;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = (id().wrapping_mul(37) % u32::from(COUNT)) as u16;
    for _ in 0..COUNT {
        let offset = (u32::from(start) + u32::from(NEXT.fetch_add(1, Ordering::Relaxed))) % u32::from(COUNT);
        let port = FIRST + offset as u16;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
    panic!("no free port");
}

/// The shell's own `kill` is on every Unix; calling the system directly would need unsafe code.
fn signal(child: &Child, name: &str) {
    let status = Command::new("sh").arg("-c").arg(format!("kill -{name} {}", child.id())).status();
    assert!(status.is_ok_and(|status| status.success()), "could not send SIG{name}");
}

fn wait(child: &mut Child, limit: Duration) -> Option<ExitStatus> {
    let deadline = Instant::now() + limit;
    while Instant::now() < deadline {
        if let Some(status) = child.try_wait().expect("a child can be asked") {
            return Some(status);
        }
        sleep(Duration::from_millis(5));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_ports_are_free_and_differ() {
        let (one, other) = (free_port(), free_port());
        assert_ne!(one, other);
        assert!(TcpListener::bind((Ipv4Addr::LOCALHOST, one)).is_ok());
    }
}
