//! From a configuration to a server that listens, and to its end.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parhelion_engine::ports::{Clock, Entropy, Store};
use parhelion_protocol::endpoint::Endpoint;
use parhelion_stores::embedded::{EmbeddedLimits, OpenFault};
use parhelion_stores::{EmbeddedStore, MemoryStore};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tracing::{error, info, warn};
use zeroize::Zeroizing;

use crate::admin::Admin;
use crate::config::{Config, ConfigFault, ServerPlan, StoreKind};
use crate::edge::{self, Edge, End, ExtraPage, Limits, Tls, TlsFault};
use crate::fetch::{FetchedKeys, FetchedRequestObjects, Fetcher};
use crate::master_key::{self, MasterKeyFault};
use crate::passwords::Argon2Passwords;
use crate::signals::Signals;
use crate::system::{SystemClock, SystemEntropy};
use crate::wiring::{Ports, WiringFault};

/// The embedded store's file in the data folder.
pub(crate) const STORE_FILE_NAME: &str = "parhelion.redb";
/// Descriptors that are needed besides those of connections.
const DESCRIPTORS_BESIDES: u64 = 64;
/// How often the store is asked whether it has failed.
const STORE_CHECK: Duration = Duration::from_secs(1);

/// Why a server did not start, in words for the operator.
#[derive(Debug)]
pub enum StartFault {
    /// The configuration.
    Config(ConfigFault),
    /// The address to listen on.
    Listen(SocketAddr, io::Error),
    /// The data folder or the master key in it.
    MasterKey(MasterKeyFault),
    /// The store.
    Store(OpenFault),
    /// A certificate or its key.
    Tls(TlsFault),
    /// What the store holds.
    Wiring(WiringFault),
    /// The operating system refused something else.
    System(&'static str, io::Error),
}

impl fmt::Display for StartFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(fault) => fault.fmt(f),
            Self::Listen(address, error) if error.kind() == io::ErrorKind::AddrInUse => write!(
                f,
                "{address} is in use by another program; end that one, or listen elsewhere (port 0 takes any free port)"
            ),
            Self::Listen(address, error) => write!(f, "cannot listen on {address}: {error}"),
            Self::MasterKey(fault) => fault.fmt(f),
            Self::Store(fault) => fault.fmt(f),
            Self::Tls(fault) => fault.fmt(f),
            Self::Wiring(fault) => fault.fmt(f),
            Self::System(what, error) => write!(f, "{what}: {error}"),
        }
    }
}

impl std::error::Error for StartFault {}

macro_rules! start_faults {
    ($($variant:ident: $kind:ty),+) => {
        $(impl From<$kind> for StartFault {
            fn from(fault: $kind) -> Self {
                Self::$variant(fault)
            }
        })+
    };
}
start_faults!(
    Config: ConfigFault,
    MasterKey: MasterKeyFault,
    Store: OpenFault,
    Tls: TlsFault,
    Wiring: WiringFault
);

/// A server that listens and does not answer yet.
pub struct Server {
    edge: Arc<Edge>,
    listener: TcpListener,
    store: Option<Arc<EmbeddedStore>>,
    /// Looks after the files of certificates and after keys, as long as the server lives.
    beside: JoinSet<()>,
    admin: Option<(Arc<Admin>, TcpListener)>,
    draining: Arc<AtomicBool>,
    signals: Signals,
}

/// Listens on an address.
///
/// # Errors
/// [`StartFault::Listen`].
pub async fn listen(address: SocketAddr) -> Result<TcpListener, StartFault> {
    TcpListener::bind(address).await.map_err(|error| StartFault::Listen(address, error))
}

impl Server {
    /// Opens what the configuration names, and wires it.
    ///
    /// # Errors
    /// [`StartFault`].
    pub async fn open(
        config: &Config,
        listener: Option<TcpListener>,
        extra: Option<ExtraPage>,
    ) -> Result<Self, StartFault> {
        let plan = &config.server;
        // Before anything is opened that wants to be closed in an orderly way.
        let signals = Signals::listen().map_err(|error| StartFault::System("signals", error))?;
        let (ports, store) = ports(config)?;
        let limits = Limits {
            connections_max: connections_max(plan.connections_max),
            drain_wait: plan.drain_timeout,
            ..Limits::default()
        };
        let (records, master) = (Arc::clone(&ports.store), ports.master.clone());
        let tls = Tls::of(config, SystemClock.now())?;
        let fetcher =
            Fetcher::new(&plan.fetch).map_err(|error| StartFault::System("ca_file of [server.fetch]", error))?;
        let fetcher = Arc::new(fetcher);
        let edge = Edge::new(config, ports, limits, extra)
            .await?
            .with_client_keys(Arc::new(FetchedKeys::new(Arc::clone(&fetcher))))
            .with_request_object_hosts(Arc::new(FetchedRequestObjects::new(fetcher)));
        let edge = Arc::new(match &tls {
            Some(tls) => edge.with_tls(tls.clone()),
            None => edge,
        });
        let beside = tls.iter().map(Tls::watch).collect();
        let draining = Arc::new(AtomicBool::new(false));
        let admin = match plan.admin_listen {
            None => None,
            Some(address) => {
                let admin =
                    Admin::new(Arc::clone(&edge), records, Arc::new(SystemClock), &master, Arc::clone(&draining));
                let admin = admin.map_err(|_| StartFault::MasterKey(MasterKeyFault::Entropy))?;
                Some((Arc::new(admin), listen(address).await?))
            }
        };
        let listener = match listener {
            Some(listener) => listener,
            None => listen(plan.listen).await?,
        };
        Ok(Self { edge, listener, store, beside, admin, draining, signals })
    }

    /// Serves until a signal or a failure of the store ends it. A second signal ends the process at once.
    ///
    /// # Errors
    /// [`StartFault::System`] when the store failed.
    pub async fn run(self) -> Result<(), StartFault> {
        let (store, draining, mut signals) = (self.store, self.draining, self.signals);
        let mut failed = false;
        let (edge, mut beside) = (Arc::clone(&self.edge), self.beside);
        beside.spawn(async move { edge.keep_keys().await });
        if let Some((admin, listener)) = self.admin {
            beside.spawn(admin.run(listener));
        }
        let stop = async {
            tokio::select! {
                () = signals.next() => info!("ending: requests in flight are answered, new ones are not accepted"),
                () = store_failure(store.as_deref()) => failed = true,
            }
            draining.store(true, Ordering::Release);
            tokio::spawn(async move {
                signals.next().await;
                std::process::exit(1);
            });
        };
        if edge::run(self.edge, self.listener, stop).await == End::CutOff {
            warn!("some requests in flight were not answered in time");
        }
        // Until here it told that the server was ending.
        drop(beside);
        let broken = || StartFault::System("the store has failed; look at the disk", io::Error::other("write or sync"));
        if failed { Err(broken()) } else { Ok(()) }
    }
}

async fn store_failure(store: Option<&EmbeddedStore>) {
    let Some(store) = store else { return std::future::pending().await };
    while !store.is_failed() {
        tokio::time::sleep(STORE_CHECK).await;
    }
    error!("the store has failed: ending");
}

/// One line that says where the server is and where clients push.
#[must_use]
pub fn ready_line(config: &Config, server: &Server) -> String {
    let pushes = config.tenants.iter().flat_map(|tenant| {
        tenant.mounts.iter().filter_map(|mount| {
            let url = mount.urls().remove(&Endpoint::Push)?;
            Some(format!("{}/{} {url}", tenant.id, mount.dialect.name()))
        })
    });
    let pushes = pushes.collect::<Vec<_>>().join(", ");
    let version = env!("CARGO_PKG_VERSION");
    let listen = server.listener.local_addr().unwrap_or(config.server.listen);
    let admin = server.admin.as_ref().and_then(|(_, listener)| listener.local_addr().ok());
    let admin = admin.map(|address| format!("; admin on {address}")).unwrap_or_default();
    format!("parhelion {version} ready on {listen}{admin}; push to: {pushes}")
}

/// What the configuration names, opened.
///
/// # Errors
/// [`StartFault`].
pub(crate) fn ports(config: &Config) -> Result<(Ports, Option<Arc<EmbeddedStore>>), StartFault> {
    let plan = &config.server;
    warn_of_plain_http(plan);
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy::default());
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let example = config.tenants.iter().flat_map(|tenant| &tenant.users).map(|user| user.password_hash.as_str()).next();
    let workers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let passwords = Arc::new(Argon2Passwords::new(workers, example));
    match plan.store {
        StoreKind::Memory => {
            let mut master = Zeroizing::new([0; 32]);
            entropy.fill(&mut *master).map_err(|_| MasterKeyFault::Entropy)?;
            let store = Arc::new(MemoryStore::new(clock));
            Ok((Ports { store, entropy, passwords, master }, None))
        }
        StoreKind::Embedded => {
            master_key::make_folder(&plan.data_dir)?;
            warn_of_open_folder(&plan.data_dir);
            let master = master_key::open_or_make(&plan.data_dir, &*entropy)?;
            let path = plan.data_dir.join(STORE_FILE_NAME);
            let embedded = Arc::new(EmbeddedStore::open_or_create(&path, clock, EmbeddedLimits::default())?);
            let store: Arc<dyn Store> = Arc::<EmbeddedStore>::clone(&embedded);
            Ok((Ports { store, entropy, passwords, master }, Some(embedded)))
        }
    }
}

fn warn_of_plain_http(plan: &ServerPlan) {
    if plan.tls.is_none() && !plan.listen.ip().is_loopback() {
        warn!("{} is reached without TLS: let only a proxy that ends TLS connect to it", plan.listen);
    }
}

fn warn_of_open_folder(folder: &Path) {
    let mode = std::fs::metadata(folder).map(|metadata| metadata.permissions().mode() & 0o777);
    if let Ok(mode) = mode
        && mode & 0o077 != 0
    {
        let folder = folder.display();
        warn!("others may look into {folder} (mode {mode:03o}); its files are closed to them; chmod 700 closes it too");
    }
}

/// As many connections as asked for, with as many descriptors as the system lets this process have.
fn connections_max(asked: usize) -> usize {
    let wanted = u64::try_from(asked).unwrap_or(u64::MAX).saturating_add(DESCRIPTORS_BESIDES);
    let limit = getrlimit(Resource::Nofile);
    let granted = |limit: Option<u64>| limit.unwrap_or(u64::MAX);
    if granted(limit.current) < wanted {
        let raised = Rlimit { current: Some(wanted.min(granted(limit.maximum))), maximum: limit.maximum };
        if let Err(error) = setrlimit(Resource::Nofile, raised) {
            warn!(%error, "the limit of open files cannot be raised");
        }
    }
    let room = granted(getrlimit(Resource::Nofile).current).saturating_sub(DESCRIPTORS_BESIDES).max(1);
    let room = usize::try_from(room).unwrap_or(usize::MAX);
    if room < asked {
        warn!("the system grants descriptors for {room} connections, not {asked}; see ulimit -n");
    }
    asked.min(room)
}
