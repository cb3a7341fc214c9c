//! TLS from its sockets: who gets a connection, with which certificate, and what happens when the files change.
#![allow(clippy::disallowed_methods, reason = "these tests write certificates")]
#![allow(clippy::arithmetic_side_effects, clippy::string_slice)]

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::SystemTime;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::version;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client;

use super::test_authority::{Authority, Client, NAME, overwrite};
use super::*;
use crate::edge::Limits;
use crate::edge::tests::{PUSH, SHORT, Site};

const PATIENCE: Duration = Duration::from_secs(20);
/// A deadline that a handshake on a busy machine keeps.
const WAIT: Duration = Duration::from_secs(1);

fn limits() -> Limits {
    Limits { linger: SHORT, ..Limits::default() }
}

fn push() -> String {
    let length = PUSH.len();
    format!(
        "POST /acme/par HTTP/1.1\r\nHost: as.example\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{PUSH}"
    )
}

/// All until the server closes, however it does.
async fn rest(stream: &mut (impl AsyncRead + Unpin)) -> Vec<u8> {
    let mut bytes = Vec::new();
    let _ = timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.expect("the server closes");
    bytes
}

async fn push_by(stream: &mut client::TlsStream<TcpStream>) -> String {
    stream.write_all(push().as_bytes()).await.unwrap();
    String::from_utf8(rest(stream).await).unwrap()
}

/// Whether the server still serves.
async fn assert_fine(authority: &Authority, site: &Site) {
    let mut stream = authority.connect(site, &Client::HTTP_1).await.unwrap();
    assert!(push_by(&mut stream).await.starts_with("HTTP/1.1 201 "));
}

fn leaf(stream: &client::TlsStream<TcpStream>) -> CertificateDer<'static> {
    stream.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned()
}

fn der(pem: &str) -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()
}

#[tokio::test]
async fn tls_1_3_and_1_2_are_spoken_and_1_3_is_preferred() {
    let authority = Authority::new();
    let site = authority.site(limits()).await;
    const V12: &[&rustls::SupportedProtocolVersion] = &[&version::TLS12];
    const BOTH: &[&rustls::SupportedProtocolVersion] = &[&version::TLS12, &version::TLS13];
    for (versions, expected) in [(V12, "TLSv1_2"), (BOTH, "TLSv1_3")] {
        let client = Client { versions, ..Client::HTTP_1 };
        let mut stream = authority.connect(&site, &client).await.unwrap();
        assert_eq!(stream.get_ref().1.protocol_version().unwrap().as_str(), Some(expected));
        assert!(push_by(&mut stream).await.starts_with("HTTP/1.1 201 "));
    }
}

#[tokio::test]
async fn client_without_alpn_speaks_http_1_and_one_of_another_protocol_is_refused() {
    let authority = Authority::new();
    let site = authority.site(limits()).await;
    let mut stream = authority.connect(&site, &Client { alpn: &[], ..Client::HTTP_1 }).await.unwrap();
    assert!(push_by(&mut stream).await.starts_with("HTTP/1.1 201 "));
    let both = Client { alpn: &["http/1.1", "h2"], ..Client::HTTP_1 };
    let stream = authority.connect(&site, &both).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(HTTP_2));
    let error = authority.connect(&site, &Client { alpn: &["spdy/3"], ..Client::HTTP_1 }).await.unwrap_err();
    assert!(error.to_string().contains("NoApplicationProtocol"), "{error}");
}

/// A hello of one version (`major.minor` on the wire) that offers one suite and no extensions.
fn hello(version: [u8; 2], suite: [u8; 2]) -> Vec<u8> {
    let body = [&version[..], &[7; 32], &[0], &[0, 2], &suite, &[1, 0]].concat();
    let length = u8::try_from(body.len()).unwrap();
    [&[22, 3, 1, 0, length + 4, 1, 0, 0, length][..], &body].concat()
}

#[tokio::test]
async fn older_versions_and_suites_without_forward_secrecy_are_refused_by_alert() {
    let authority = Authority::new();
    let site = authority.site(limits()).await;
    let (handshake_failure, protocol_version) = (40, 70);
    // TLS 1.0 and 1.1 with ECDHE; TLS 1.2 with RSA key transport, without encryption, with an export suite, with CBC.
    let (ecdhe, v12) = ([0xc0, 0x13], [3, 3]);
    let weak = [[0, 0x9c], [0, 0x02], [0, 0x03], [0xc0, 0x13]];
    let hellos = [([3, 1], ecdhe), ([3, 2], ecdhe)].into_iter().chain(weak.map(|suite| (v12, suite)));
    for (version, suite) in hellos {
        let mut socket = site.connect().await;
        socket.write_all(&hello(version, suite)).await.unwrap();
        let answer = rest(&mut socket).await;
        let [21, 3, _, 0, 2, 2, alert] = answer[..] else { panic!("{version:?} {suite:x?}: {answer:?}") };
        assert!([handshake_failure, protocol_version].contains(&alert), "{version:?} {suite:x?}: alert {alert}");
    }
    assert_fine(&authority, &site).await;
}

#[tokio::test]
async fn plain_http_on_a_tls_port_is_closed_without_an_answer() {
    let authority = Authority::new();
    let site = authority.site(limits()).await;
    for request in [push(), "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(), "\0".repeat(3000)] {
        let mut socket = site.connect().await;
        socket.write_all(request.as_bytes()).await.unwrap();
        let answer = rest(&mut socket).await;
        assert!(answer.is_empty() || answer[0] == 21, "{answer:?}");
    }
    assert_fine(&authority, &site).await;
}

#[tokio::test]
async fn resumed_session_offers_no_early_data() {
    let authority = Authority::new();
    let site = authority.site(limits()).await;
    let mut config = authority.config(&Client::HTTP_1);
    config.enable_early_data = true;
    let connector = TlsConnector::from(Arc::new(config));
    for resumed in [false, true] {
        let name = ServerName::try_from(NAME).unwrap();
        let socket = site.connect().await;
        let mut may_send_early = false;
        let connecting =
            connector.connect_with(name, socket, |session| may_send_early = session.early_data().is_some());
        let mut stream = connecting.await.unwrap();
        assert!(push_by(&mut stream).await.starts_with("HTTP/1.1 201 "));
        assert_eq!(stream.get_ref().1.handshake_kind() == Some(rustls::HandshakeKind::Resumed), resumed);
        assert!(!may_send_early);
    }
}

#[tokio::test]
async fn certificate_is_chosen_by_name_and_the_first_one_is_for_everybody_else() {
    let authority = Authority::new();
    let plans = [
        authority.plan("default", &["default.example", NAME]),
        authority.plan("other", &["other.example"]),
        authority.plan("wild", &["*.wild.example"]),
    ];
    let site = Site::start_with(limits(), Some(Tls::open(&plans, Asked::Nobody).unwrap())).await;
    let expected = plans.map(|plan| der(&std::fs::read_to_string(plan.certificate_file).unwrap()));
    for (server_name, index) in [
        ("default.example", 0),
        ("other.example", 1),
        ("OTHER.example", 1),
        ("a.wild.example", 2),
        ("a.b.wild.example", 0),
        ("unknown.example", 0),
        ("127.0.0.1", 0),
    ] {
        let seen = seen_leaf(&site, server_name).await;
        assert_eq!(seen, expected[index], "{server_name}");
    }
}

/// What is shown to a client that accepts everything.
async fn seen_leaf(site: &Site, server_name: &'static str) -> CertificateDer<'static> {
    let verifier = Arc::new(Credulous(provider()));
    let config = rustls::ClientConfig::builder_with_provider(Arc::new(provider()));
    let config = config.with_safe_default_protocol_versions().unwrap().dangerous();
    let config = config.with_custom_certificate_verifier(verifier).with_no_client_auth();
    let name = ServerName::try_from(server_name).unwrap();
    let stream = TlsConnector::from(Arc::new(config)).connect(name, site.connect().await).await.unwrap();
    leaf(&stream)
}

#[derive(Debug)]
struct Credulous(CryptoProvider);

mod credulous {
    use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
    use rustls::crypto::{verify_tls12_signature, verify_tls13_signature};
    use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
    use rustls::{DigitallySignedStruct, Error, SignatureScheme};

    impl ServerCertVerifier for super::Credulous {
        fn verify_server_cert(
            &self,
            _: &CertificateDer<'_>,
            _: &[CertificateDer<'_>],
            _: &ServerName<'_>,
            _: &[u8],
            _: UnixTime,
        ) -> Result<ServerCertVerified, Error> {
            Ok(ServerCertVerified::assertion())
        }

        fn verify_tls12_signature(
            &self,
            message: &[u8],
            leaf: &CertificateDer<'_>,
            signed: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            verify_tls12_signature(message, leaf, signed, &self.0.signature_verification_algorithms)
        }

        fn verify_tls13_signature(
            &self,
            message: &[u8],
            leaf: &CertificateDer<'_>,
            signed: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            verify_tls13_signature(message, leaf, signed, &self.0.signature_verification_algorithms)
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            self.0.signature_verification_algorithms.supported_schemes()
        }
    }
}

#[tokio::test]
async fn half_done_handshake_is_closed_at_its_deadline_and_counts_as_a_connection() {
    let authority = Authority::new();
    let site = authority.site(Limits { head_wait: WAIT, connections_max: 2, ..limits() }).await;
    let whole = hello([3, 3], [0xc0, 0x2b]);
    for part in [0, 1, 5, whole.len() - 1] {
        let mut silent = site.connect().await;
        let mut half = site.connect().await;
        half.write_all(&whole[..part]).await.unwrap();
        // There is room again only when these two are gone.
        let waiting = assert_fine(&authority, &site);
        timeout(PATIENCE, waiting).await.expect("there is room again");
        assert!(rest(&mut silent).await.is_empty());
        assert!(rest(&mut half).await.is_empty());
    }
}

#[tokio::test]
async fn handshake_takes_from_the_time_of_the_first_head() {
    let authority = Authority::new();
    let wait = Duration::from_secs(3);
    let site = authority.site(Limits { head_wait: wait, ..limits() }).await;
    let began = Instant::now();
    let socket = site.connect().await;
    sleep(wait / 3 * 2).await;
    let connector = TlsConnector::from(Arc::new(authority.config(&Client::HTTP_1)));
    let mut stream = connector.connect(ServerName::try_from(NAME).unwrap(), socket).await.unwrap();
    assert!(rest(&mut stream).await.is_empty());
    let took = began.elapsed();
    assert!(took > wait / 6 * 5 && took < wait / 3 * 5, "{took:?}");
}

#[tokio::test]
async fn draining_does_not_wait_for_handshakes() {
    let authority = Authority::new();
    let site = authority.site(limits()).await;
    let mut silent = site.connect().await;
    assert_fine(&authority, &site).await;
    site.stop.send(()).unwrap();
    assert!(rest(&mut silent).await.is_empty());
    assert_eq!(timeout(PATIENCE, site.running).await.unwrap().unwrap(), crate::edge::End::Drained);
}

/// Clients that connect, push and look at the certificate all the time.
struct Load {
    ended: Arc<AtomicBool>,
    done: Arc<AtomicU32>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Load {
    fn begin(authority: &Arc<Authority>, site: &Arc<Site>) -> Self {
        let (ended, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
        let one = |_| {
            let (authority, site) = (Arc::clone(authority), Arc::clone(site));
            let (ended, done) = (Arc::clone(&ended), Arc::clone(&done));
            tokio::spawn(async move {
                while !ended.load(Ordering::Relaxed) {
                    let mut stream = authority.connect(&site, &Client::HTTP_1).await.expect("a handshake");
                    let answer = push_by(&mut stream).await;
                    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
                    done.fetch_add(1, Ordering::Relaxed);
                    sleep(Duration::from_millis(5)).await;
                }
            })
        };
        let tasks = (0..2).map(one).collect();
        Self { ended, done, tasks }
    }

    async fn end(self) -> u32 {
        self.ended.store(true, Ordering::Relaxed);
        for task in self.tasks {
            task.await.expect("no connection was dropped");
        }
        self.done.load(Ordering::Relaxed)
    }
}

/// Connects until this certificate is shown.
async fn until_shown(authority: &Authority, site: &Site, expected: &CertificateDer<'static>) {
    let shown = async {
        while leaf(&authority.connect(site, &Client::HTTP_1).await.unwrap()) != *expected {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, shown).await.expect("the new certificate is shown");
}

#[tokio::test]
async fn changed_certificate_is_shown_while_load_goes_on_and_a_bad_one_is_not() {
    let authority = Arc::new(Authority::new());
    let plan = authority.plan("x", &[NAME]);
    let tls = Tls::open(std::slice::from_ref(&plan), Asked::Nobody).unwrap();
    let watching = tokio::spawn(tls.watch());
    let site = Arc::new(Site::start_with(limits(), Some(tls)).await);
    // A connection from before, which no change touches.
    let mut old = authority.connect(&site, &Client::HTTP_1).await.unwrap();
    let load = Load::begin(&authority, &site);
    for round in 0..4 {
        let (certificate, key) = authority.pair(&[NAME]);
        // Halves first, as a careless writer leaves them.
        overwrite(&plan.certificate_file, &certificate[..certificate.len() / 2]);
        sleep(LOOK / (round + 1)).await;
        std::fs::remove_file(&plan.key_file).unwrap();
        overwrite(&plan.certificate_file, &certificate);
        sleep(LOOK / (round + 1)).await;
        overwrite(&plan.key_file, &key);
        until_shown(&authority, &site, &der(&certificate)).await;
    }
    // A symbolic link that moves to another folder, as orchestrators do it.
    let next = authority.pair(&[NAME]);
    let elsewhere = authority.write("elsewhere", &next);
    for (file, target) in [(&plan.certificate_file, &elsewhere.certificate_file), (&plan.key_file, &elsewhere.key_file)]
    {
        let link = authority.path("link");
        std::os::unix::fs::symlink(target, &link).unwrap();
        std::fs::rename(&link, file).unwrap();
    }
    until_shown(&authority, &site, &der(&next.0)).await;
    assert!(load.end().await > 10);
    assert!(push_by(&mut old).await.starts_with("HTTP/1.1 201 "));
    watching.abort();
}

#[test]
fn bad_pair_leaves_the_old_one_in_use_and_is_told_once() {
    let authority = Authority::new();
    let first = authority.pair(&[NAME]);
    let plan = authority.write("x", &first);
    let certificates = Certificates::open(std::slice::from_ref(&plan), &Arc::new(provider())).unwrap();
    let used = || certificates.default_leaf();
    let other = authority.pair(&[NAME]);
    let half = other.0[..other.0.len() / 2].to_owned();
    let remove = |path: &Path| std::fs::remove_file(path).unwrap();
    let cases: [(&str, &str, &dyn Fn()); 7] = [
        ("the certificate is missing", "No such file", &|| remove(&plan.certificate_file)),
        ("the certificate is half written", "no certificates in PEM", &|| overwrite(&plan.certificate_file, &half)),
        ("the certificate is empty", "no certificate in it", &|| overwrite(&plan.certificate_file, "")),
        ("the certificate is another one", "is not the key of", &|| overwrite(&plan.certificate_file, &other.0)),
        ("the key is missing", "No such file", &|| remove(&plan.key_file)),
        ("the key is half written", "no private key", &|| overwrite(&plan.key_file, &other.1[..60])),
        ("there is a certificate in the key's place", "no private key", &|| overwrite(&plan.key_file, &other.0)),
    ];
    for (name, words, break_it) in cases {
        break_it();
        let log = told(|| (0..3).for_each(|_| certificates.refresh(Occasion::Passing)));
        assert_eq!(log.lines().count(), 1, "{name}: {log}");
        assert!(log.contains(words) && log.contains("stays in use"), "{name}: {log}");
        assert!(!log.contains("BEGIN"), "{name}: {log}");
        assert_eq!(used(), der(&first.0), "{name}");
        authority.write("x", &first);
        let log = told(|| (0..3).for_each(|_| certificates.refresh(Occasion::Passing)));
        assert!(log.lines().count() == 1 && log.contains("that is there is in use"), "{name}: {log}");
    }
    authority.write("x", &other);
    let log = told(|| (0..3).for_each(|_| certificates.refresh(Occasion::Passing)));
    assert!(log.lines().count() == 1 && log.contains("new connections get"), "{log}");
    assert_eq!(used(), der(&other.0));
}

#[test]
fn expired_certificate_is_used_with_a_warning() {
    let authority = Authority::new();
    let plan = authority.plan("x", &[NAME]);
    let certificates = Certificates::open(std::slice::from_ref(&plan), &Arc::new(provider())).unwrap();
    let old = authority.pair_until(&[NAME], SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000));
    authority.write("x", &old);
    let log = told(|| (0..3).for_each(|_| certificates.refresh(Occasion::Passing)));
    assert!(log.lines().filter(|line| line.contains("which is not now")).count() == 1, "{log}");
    assert_eq!(certificates.default_leaf(), der(&old.0));
    let log = told(|| Certificates::open(std::slice::from_ref(&plan), &Arc::new(provider())).unwrap());
    assert!(log.contains("2001") && log.contains("which is not now"), "{log}");
}

#[test]
fn key_that_everybody_may_read_is_remarked_on() {
    let authority = Authority::new();
    let plan = authority.plan("x", &[NAME]);
    assert_eq!(told(|| Tls::open(std::slice::from_ref(&plan), Asked::Nobody).unwrap()), "");
    std::fs::set_permissions(&plan.key_file, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    let log = told(|| Tls::open(std::slice::from_ref(&plan), Asked::Nobody).unwrap());
    assert!(log.contains("x.key: everybody on this machine may read the private key"), "{log}");
}

#[test]
fn whoever_asks_hears_what_came_of_it() {
    let authority = Authority::new();
    let plan = authority.plan("x", &[NAME]);
    let certificates = Certificates::open(std::slice::from_ref(&plan), &Arc::new(provider())).unwrap();
    assert_eq!(told(|| certificates.refresh(Occasion::Passing)), "");
    assert!(told(|| certificates.refresh(Occasion::Asked)).contains("that is there is in use"));
    overwrite(&plan.key_file, "");
    for _ in 0..2 {
        assert!(told(|| certificates.refresh(Occasion::Asked)).contains("stays in use"));
    }
}

#[test]
fn server_does_not_start_with_a_bad_pair() {
    let authority = Authority::new();
    let good = authority.plan("good", &[NAME]);
    let mut bad = authority.plan("bad", &[NAME]);
    bad.key_file.clone_from(&good.key_file);
    let fault = Tls::open(&[good, bad], Asked::Nobody).unwrap_err().to_string();
    assert!(fault.contains("good.key: is not the key of ") && fault.ends_with("bad.pem"), "{fault}");
}

/// What the log hears of some work.
fn told<T>(work: impl FnOnce() -> T) -> String {
    let heard = Heard::default();
    let log = tracing_subscriber::fmt().with_ansi(false).with_writer({
        let heard = heard.clone();
        move || heard.clone()
    });
    let _ = tracing::subscriber::with_default(log.finish(), work);
    let bytes = heard.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

#[derive(Clone, Default)]
struct Heard(Arc<std::sync::Mutex<Vec<u8>>>);

impl io::Write for Heard {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
