//! The servers that are measured: each a process of its own on the servers' core.

use std::env;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use parhelion_tests::mount::Mount;
use parhelion_tests::server::Server;

use crate::answer::Expected;
use crate::cpu::Placement;
use crate::scenario::{Keys, StoreKind};
use crate::site;

/// `parhelion serve` with one of its stores.
#[derive(Debug)]
pub(crate) struct Parhelion {
    pub(crate) store: StoreKind,
    pub(crate) server: Server,
    pub(crate) mount: Mount,
}

impl Parhelion {
    pub(crate) fn start(store: StoreKind, keys: &Keys, placement: Placement) -> Result<Self, String> {
        let config = site::config(store, keys);
        let server = placement.on_server_core(|| Server::try_start(&config))?;
        let mount = Mount::standard(&format!("{}{}", server.url(), site::MOUNT));
        Ok(Self { store, server, mount })
    }
}

/// This program again, serving answers without meaning; killed when dropped.
#[derive(Debug)]
pub(crate) struct NullServer {
    child: Child,
    address: SocketAddr,
}

impl NullServer {
    pub(crate) fn start(placement: Placement) -> Result<Self, String> {
        let program = env::current_exe().map_err(|error| format!("this program's path: {error}"))?;
        let mut command = Command::new(program);
        command.arg("null-server").stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child =
            placement.on_server_core(|| command.spawn()).map_err(|error| format!("the null server: {error}"))?;
        let mut line = String::new();
        let read = child.stdout.take().map(|stdout| BufReader::new(stdout).read_line(&mut line));
        match line.trim().parse() {
            Ok(address) => Ok(Self { child, address }),
            Err(_) => {
                let _ = child.kill();
                let _ = child.wait();
                Err(format!("the null server did not start: {read:?}"))
            }
        }
    }
}

impl Drop for NullServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A process that answers requests.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    pub(crate) pid: u32,
    pub(crate) expected: Expected,
}

impl From<&NullServer> for Target {
    fn from(null: &NullServer) -> Self {
        Self { address: null.address, pid: null.child.id(), expected: Expected::Null }
    }
}

impl From<&Parhelion> for Target {
    fn from(parhelion: &Parhelion) -> Self {
        let server = &parhelion.server;
        Self { address: server.address(), pid: server.pid(), expected: Expected::Pushed }
    }
}
