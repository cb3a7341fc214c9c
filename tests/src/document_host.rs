//! A host on this machine that the server fetches from: over TLS it says what a test makes it say, and counts who comes.

use std::collections::HashMap;
use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};
use std::thread::{self, sleep};
use std::time::Duration;

use rustls::crypto::aws_lc_rs;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::folder::Folder;
use crate::server::free_port;
use crate::spec::certificates::{self, Identity};

/// How it shows who it is, by a name of each: only the first one is good. `unlisted` is one that the configuration
/// does not name, and so on an address that is not of the public internet; nobody listens at `closed`.
pub const MANNERS: [&str; 6] = ["good", "unlisted", "other-name", "expired", "stranger", "closed"];

/// What [`DocumentHost::visits`] calls the proxy.
pub const PROXY: &str = "proxy";

/// The variables by which programs are told of a proxy.
const PROXY_VARIABLES: [&str; 6] = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];

/// How long it speaks with one visitor.
const PATIENCE: Duration = Duration::from_secs(10);

/// The one host of this process, at a port for each manner, and a proxy beside it.
pub struct DocumentHost {
    ports: HashMap<&'static str, u16>,
    proxy: u16,
    folder: Folder,
    shelf: Arc<Mutex<Shelf>>,
}

/// What it has, and who came for it.
#[derive(Default)]
struct Shelf {
    documents: HashMap<String, Document>,
    visits: HashMap<String, usize>,
    present: HashMap<String, usize>,
    most: HashMap<String, usize>,
}

/// What is said at one path.
#[derive(Clone, Debug)]
pub struct Document {
    /// The status line's number.
    pub status: u16,
    /// The headers, without those about length.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// How it is sent.
    pub pace: Pace,
}

/// How a document is sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    /// At once.
    AtOnce,
    /// After so many seconds.
    Late(f64),
    /// One byte after the other, with so many seconds between.
    Dripping(f64),
    /// In chunks, and never to an end.
    Endless,
}

impl Document {
    /// One of this media type.
    #[must_use]
    pub fn new(media_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let headers = vec![("Content-Type".to_owned(), media_type.to_owned())];
        Self { status: 200, headers, body: body.into(), pace: Pace::AtOnce }
    }

    /// A signed request object.
    #[must_use]
    pub fn request_object(text: &str) -> Self {
        Self::new("application/oauth-authz-req+jwt", text)
    }

    fn head(&self) -> String {
        let mut head = format!("HTTP/1.1 {} Document\r\n", self.status);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&match self.pace {
            Pace::Endless => "Transfer-Encoding: chunked\r\n\r\n".to_owned(),
            Pace::AtOnce | Pace::Late(_) | Pace::Dripping(_) => format!("Content-Length: {}\r\n\r\n", self.body.len()),
        });
        head
    }
}

/// It is started once.
///
/// # Panics
/// When it cannot be.
pub fn host() -> &'static DocumentHost {
    static HOST: OnceLock<DocumentHost> = OnceLock::new();
    HOST.get_or_init(DocumentHost::start)
}

impl DocumentHost {
    fn start() -> Self {
        let (folder, shelf) = (Folder::new("documents"), Arc::new(Mutex::new(Shelf::default())));
        let (anchor, identities) = certificates::of_hosts();
        fs::write(folder.path().join("ca.pem"), anchor).expect("a file");
        let mut ports = HashMap::new();
        for manner in MANNERS.into_iter().filter(|manner| *manner != "closed") {
            let identity = identities.get(manner).or(identities.get("good")).expect("an identity");
            ports.insert(manner, listen(identity, Arc::clone(&shelf)));
        }
        ports.insert("closed", free_port());
        let proxy = count_at_proxy(Arc::clone(&shelf));
        Self { ports, proxy, folder, shelf }
    }

    /// `host:port` in one of the [`MANNERS`].
    ///
    /// # Panics
    /// When there is no such manner.
    #[must_use]
    pub fn authority(&self, manner: &str) -> String {
        format!("127.0.0.1:{}", self.ports.get(manner).unwrap_or_else(|| panic!("nobody is `{manner}`")))
    }

    /// The certificate of who vouches for it.
    #[must_use]
    pub fn ca_file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// `[server.fetch]`, as a server needs it to ask this host.
    #[must_use]
    pub fn fetch_section(&self) -> toml::Table {
        let listed = MANNERS.iter().filter(|manner| **manner != "unlisted");
        let hosts: Vec<toml::Value> = listed.map(|manner| self.authority(manner).into()).collect();
        let file = self.ca_file().to_string_lossy().into_owned();
        toml::Table::from_iter([("private_hosts".to_owned(), hosts.into()), ("ca_file".to_owned(), file.into())])
    }

    /// An environment that tells of a proxy, which counts who comes and serves nobody.
    #[must_use]
    pub fn proxy_variables(&self) -> Vec<(&'static str, String)> {
        PROXY_VARIABLES.map(|name| (name, format!("http://127.0.0.1:{}", self.proxy))).to_vec()
    }

    /// Says this at a path from now on.
    ///
    /// # Panics
    /// When another thread has panicked.
    pub fn put(&self, path: &str, document: Document) {
        self.shelf.lock().expect("the shelf").documents.insert(path.to_owned(), document);
    }

    /// How often somebody has come to a path.
    ///
    /// # Panics
    /// When another thread has panicked.
    #[must_use]
    pub fn visits(&self, path: &str) -> usize {
        self.shelf.lock().expect("the shelf").visits.get(path).copied().unwrap_or_default()
    }

    /// How many were there at one time, at all paths that begin so.
    ///
    /// # Panics
    /// When another thread has panicked.
    #[must_use]
    pub fn most_at_a_time(&self, folder: &str) -> usize {
        self.shelf.lock().expect("the shelf").most.get(folder).copied().unwrap_or_default()
    }
}

/// Listens with this identity; the thread ends with the process.
fn listen(identity: &Identity, shelf: Arc<Mutex<Shelf>>) -> u16 {
    let (chain, key) = identity.for_server();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("TLS")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("a certificate");
    let (config, port) = (Arc::new(config), free_port());
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).expect("a port");
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (config, shelf) = (Arc::clone(&config), Arc::clone(&shelf));
            // A visitor who does not like what comes goes away; what is left to say is for nobody.
            thread::spawn(move || drop(serve(stream, config, &shelf)));
        }
    });
    port
}

fn count_at_proxy(shelf: Arc<Mutex<Shelf>>) -> u16 {
    let port = free_port();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).expect("a port");
    thread::spawn(move || {
        for _ in listener.incoming().flatten() {
            *shelf.lock().expect("the shelf").visits.entry(PROXY.to_owned()).or_default() += 1;
        }
    });
    port
}

fn serve(stream: TcpStream, config: Arc<ServerConfig>, shelf: &Mutex<Shelf>) -> std::io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let connection = ServerConnection::new(config).map_err(std::io::Error::other)?;
    let mut stream = StreamOwned::new(connection, stream);
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.extend(byte);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let document = arrive(shelf, &path);
    let said = say(&mut stream, document);
    leave(shelf, &path);
    stream.conn.send_close_notify();
    let _ = stream.flush();
    let _ = stream.sock.shutdown(Shutdown::Write);
    said
}

fn say(stream: &mut impl Write, document: Option<Document>) -> std::io::Result<()> {
    let Some(document) = document else {
        return stream.write_all(b"HTTP/1.1 404 Nothing\r\nContent-Length: 0\r\n\r\n");
    };
    if let Pace::Late(seconds) = document.pace {
        sleep(Duration::from_secs_f64(seconds));
    }
    stream.write_all(document.head().as_bytes())?;
    match document.pace {
        Pace::AtOnce | Pace::Late(_) => stream.write_all(&document.body),
        Pace::Dripping(seconds) => document.body.iter().try_for_each(|byte| {
            sleep(Duration::from_secs_f64(seconds));
            stream.write_all(&[*byte])
        }),
        Pace::Endless => loop {
            let chunk = format!("{:x}\r\n{}\r\n", 4096, " ".repeat(4096));
            stream.write_all(chunk.as_bytes())?;
        },
    }
}

/// What is above a path's last slash.
fn folder_of(path: &str) -> String {
    path.rsplit_once('/').map_or_else(String::new, |(folder, _)| folder.to_owned())
}

fn arrive(shelf: &Mutex<Shelf>, path: &str) -> Option<Document> {
    let mut shelf = shelf.lock().expect("the shelf");
    *shelf.visits.entry(path.to_owned()).or_default() += 1;
    let present = shelf.present.entry(folder_of(path)).or_default();
    *present += 1;
    let present = *present;
    let most = shelf.most.entry(folder_of(path)).or_default();
    *most = present.max(*most);
    shelf.documents.get(path).cloned()
}

fn leave(shelf: &Mutex<Shelf>, path: &str) {
    if let Some(present) = shelf.lock().expect("the shelf").present.get_mut(&folder_of(path)) {
        *present -= 1;
    }
}
