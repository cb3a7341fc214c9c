//! The demo: a folder with a configuration, a server on it, and one real push through every dialect.

mod callback;
mod client;
mod push;
mod report;
mod secrets;
mod site;

use std::fmt;
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;

use parhelion_dialects::Dialect;

use crate::config::{Config, TlsOption};
use crate::edge::ExtraPage;
use crate::edge::tls::CA_FILE_NAME;
use crate::master_key;
use crate::start::{self, Server, StartFault};
use push::Push;
use report::{Place, Pushed};
use secrets::Secrets;

/// What the demo was asked for.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Where configuration, secrets and records are.
    pub folder: PathBuf,
    /// For whom it prints.
    pub form: Form,
    /// What it does after the pushes.
    pub then: Then,
    /// Whether it speaks TLS.
    pub tls: TlsOption,
}

/// For whom the demo prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// People.
    Text,
    /// Programs.
    Json,
}

/// What the demo does after the pushes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// It ends.
    End,
    /// It serves until a signal ends it.
    KeepServing,
}

/// Why there was no demo.
#[derive(Debug)]
pub enum DemoFault {
    /// The server did not start.
    Start(StartFault),
    /// A file could not be read or written.
    Io(PathBuf, io::Error),
    /// The demo's own file of secrets cannot be read.
    Secrets(PathBuf),
    /// There was no randomness.
    Entropy,
    /// The address is one that others can reach.
    NotLocal(SocketAddr),
}

impl fmt::Display for DemoFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start(fault) => fault.fmt(f),
            Self::Io(path, error) => write!(f, "{}: {error}", path.display()),
            Self::Secrets(path) => write!(f, "{} cannot be read; remove the folder to begin anew", path.display()),
            Self::Entropy => f.write_str("the operating system gives no randomness"),
            Self::NotLocal(address) => write!(
                f,
                "the demo shows its secrets: {address} is not an address of this machine alone; \
                 use 127.0.0.1 or [::1], or 0.0.0.0 inside a container"
            ),
        }
    }
}

impl std::error::Error for DemoFault {}

impl<T: Into<StartFault>> From<T> for DemoFault {
    fn from(fault: T) -> Self {
        Self::Start(fault.into())
    }
}

/// Runs the demo; whether every answer was the expected one.
///
/// # Errors
/// [`DemoFault`] when it cannot begin.
pub async fn run(settings: &Settings, dialects: &'static [&'static dyn Dialect]) -> Result<bool, DemoFault> {
    let host = local_host(settings.listen)?;
    let listener = start::listen(settings.listen).await?;
    let address = listener.local_addr().map_err(|error| StartFault::Listen(settings.listen, error))?;
    let reached_at = SocketAddr::new(host, address.port());
    let scheme = match settings.tls {
        TlsOption::AsConfigured => "http",
        TlsOption::ThrowAway => "https",
    };
    let url = format!("{scheme}://{reached_at}");
    master_key::make_folder(&settings.folder)?;
    let secrets = Secrets::open_or_make(&settings.folder)?;
    let path = site::write_config(&settings.folder, &secrets, address, &url)?;
    let config = Config::load_with(&path, dialects, settings.tls)?;
    let ca_file = config.server.tls.as_ref().map(|_| config.server.data_dir.join(CA_FILE_NAME));
    let pushes = Arc::new(push::all(&config, &secrets, ca_file.as_deref())?);
    let shown = Arc::clone(&pushes);
    let answer = Box::new(move |query: &str| callback::page(&shown, query));
    let extra = ExtraPage { path: site::CALLBACK_PATH, answer };
    let server = Server::open(&config, Some(listener), Some(extra)).await?;
    let mut serving = pin!(server.run());
    let pushed = tokio::select! {
        ended = serving.as_mut() => return ended.map(|()| false).map_err(DemoFault::from),
        pushed = push_all(reached_at, &pushes, ca_file.as_deref()) => pushed,
    };
    let place = Place { url: &url, config: &path, ca_file: ca_file.as_deref(), secrets: &secrets };
    show(settings, &place, &pushed);
    if settings.then == Then::KeepServing {
        serving.await?;
    }
    Ok(!pushed.is_empty() && pushed.iter().all(|pushed| pushed.request_uri().is_some()))
}

async fn push_all<'a>(address: SocketAddr, pushes: &'a [Push], ca_file: Option<&Path>) -> Vec<Pushed<'a>> {
    let mut pushed = Vec::new();
    for push in pushes {
        pushed.push(Pushed { push, answer: client::send(address, &push.request, ca_file).await });
    }
    pushed
}

fn show(settings: &Settings, place: &Place<'_>, pushed: &[Pushed<'_>]) {
    let mut text = match settings.form {
        Form::Text => report::text(place, pushed),
        Form::Json => report::json(place, pushed),
    };
    if settings.form == Form::Text && settings.then == Then::KeepServing {
        text.push_str("\nServing until Ctrl-C.\n");
    }
    // Whoever reads it may have gone.
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// By which address this machine reaches what listens there.
fn local_host(listen: SocketAddr) -> Result<IpAddr, DemoFault> {
    match listen.ip() {
        ip if ip.is_loopback() => Ok(ip),
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ok(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ok(Ipv6Addr::LOCALHOST.into()),
        IpAddr::V4(_) | IpAddr::V6(_) => Err(DemoFault::NotLocal(listen)),
    }
}
