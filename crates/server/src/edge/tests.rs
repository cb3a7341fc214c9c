//! The edge from its sockets: what is sent byte for byte, and what comes back.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use parhelion_dialects::Dialect;
use parhelion_stores::MemoryStore;
use parhelion_testkit::{FakeClock, SeededEntropy};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};
use zeroize::Zeroizing;

use super::*;
use crate::passwords::Argon2Passwords;
use crate::plain_dialect::DIALECTS;

pub(super) const CONFIG: &str = "version = 1
[[tenant]]
id = \"acme\"
aliases = [\"42\"]
[[tenant.mount]]
dialect = \"plain\"
base_url = \"https://as.example/acme\"
[[tenant.mount]]
dialect = \"numbered\"
base_url = \"https://as.example\"
[[tenant.client]]
client_id = \"app\"
token_endpoint_auth_method = \"none\"
redirect_uris = [\"https://app.example/cb\"]
";

pub(super) const PUSH: &str = "client_id=app&response_type=code&redirect_uri=https%3A%2F%2Fapp.example%2Fcb\
    &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";

/// Short enough for a test, long enough for a busy machine.
pub(super) const SHORT: Duration = Duration::from_millis(300);

pub(super) struct Site {
    pub(super) address: SocketAddr,
    pub(super) stop: oneshot::Sender<()>,
    pub(super) running: JoinHandle<End>,
}

impl Site {
    async fn start(limits: Limits) -> Self {
        Self::start_with(limits, None).await
    }

    pub(super) async fn of(config: &str, dialects: &'static [&'static dyn Dialect], limits: Limits) -> Self {
        Self::open(config, dialects, limits, None).await
    }

    pub(super) async fn start_with(limits: Limits, tls: Option<Tls>) -> Self {
        Self::open(CONFIG, DIALECTS, limits, tls).await
    }

    pub(super) async fn open(
        config: &str,
        dialects: &'static [&'static dyn Dialect],
        limits: Limits,
        tls: Option<Tls>,
    ) -> Self {
        let config = Config::read(Path::new("x.toml"), config, dialects).unwrap();
        let ports = Ports {
            store: Arc::new(MemoryStore::new(Arc::new(FakeClock::default()))),
            entropy: Arc::new(SeededEntropy::new(1)),
            passwords: Arc::new(Argon2Passwords::new(1, None)),
            master: Zeroizing::new([1; 32]),
        };
        let edge = Edge::new(&config, ports, limits, None).await.unwrap();
        let edge = Arc::new(match tls {
            Some(tls) => edge.with_tls(tls),
            None => edge,
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let running = tokio::spawn(run(edge, listener, async {
            let _ = stopped.await;
        }));
        Self { address, stop, running }
    }

    async fn usual() -> Self {
        Self::start(Limits { linger: SHORT, ..Limits::default() }).await
    }

    pub(super) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends bytes, and reads until the server closes.
    async fn send(&self, bytes: &str) -> String {
        let mut socket = self.connect().await;
        socket.write_all(bytes.as_bytes()).await.unwrap();
        rest(&mut socket).await
    }

    /// The same from another address of this machine.
    pub(super) async fn send_from(&self, source: &str, bytes: &str) -> String {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::new(source.parse().unwrap(), 0)).unwrap();
        let mut socket = socket.connect(self.address).await.unwrap();
        socket.write_all(bytes.as_bytes()).await.unwrap();
        rest(&mut socket).await
    }
}

/// All until the server closes.
async fn rest(socket: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let read = timeout(Duration::from_secs(10), socket.read_to_end(&mut bytes)).await;
    let _ = read.expect("the server closes");
    String::from_utf8(bytes).unwrap()
}

/// One answer whose length is announced.
async fn one(socket: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = header(head, "content-length").map_or(0, |length| length.parse().unwrap());
            if body.len() >= length {
                return text;
            }
        }
        let read = timeout(Duration::from_secs(10), socket.read_buf(&mut bytes)).await;
        assert_ne!(read.expect("an answer").unwrap(), 0, "closed after {text}");
    }
}

pub(super) fn header<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let lines = answer.split("\r\n\r\n").next().unwrap().lines().filter_map(|line| line.split_once(": "));
    lines.filter(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
}

pub(super) fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or_default()
}

pub(super) fn post(path: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!("POST {path} HTTP/1.1\r\nHost: as.example\r\nContent-Length: {length}\r\n{headers}\r\n{body}")
}

pub(super) fn get(path: &str, headers: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: as.example\r\nConnection: close\r\n{headers}\r\n")
}

#[tokio::test]
async fn push_is_answered_with_what_every_answer_has() {
    let site = Site::usual().await;
    let answer = site.send(&post("/acme/par", "Connection: close\r\n", PUSH)).await;
    assert_eq!(status(&answer), "201", "{answer}");
    assert!(answer.contains("\r\n\r\nurn:ietf:params:oauth:request_uri:"), "{answer}");
    let id = header(&answer, "x-request-id").unwrap();
    assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
    assert_eq!(header(&answer, "x-content-type-options"), Some("nosniff"));
    assert_eq!(header(&answer, "cache-control"), Some("no-store"));
    assert_eq!(header(&answer, "server"), None);
}

#[tokio::test]
async fn wrong_method_is_405_with_allow_whatever_an_override_says() {
    let site = Site::usual().await;
    for method in ["GET", "PUT", "DELETE", "PATCH", "TRACE", "OPTIONS", "PROPFIND", "post"] {
        let request = format!(
            "{method} /acme/par?client_id=app HTTP/1.1\r\nHost: as.example\r\nX-HTTP-Method-Override: POST\r\n\r\n"
        );
        let answer = site.send(&request).await;
        assert_eq!((status(&answer), header(&answer, "allow")), ("405", Some("POST")), "{method}: {answer}");
    }
    let answer = site.send(&get("/acme/jwks", "").replace("GET", "POST")).await;
    assert_eq!((status(&answer), header(&answer, "allow")), ("405", Some("GET, HEAD")));
    let answer = site.send(&get("/acme/authorize", "").replace("GET", "PUT")).await;
    assert_eq!((status(&answer), header(&answer, "allow")), ("405", Some("GET, POST")));
}

#[tokio::test]
async fn head_has_no_body() {
    let site = Site::usual().await;
    let answer = site.send(&get("/acme/par", "").replace("GET", "HEAD")).await;
    assert!(status(&answer) == "405" && answer.ends_with("\r\n\r\n"), "{answer}");
    let answer = site.send(&get("/acme/jwks", "").replace("GET", "HEAD")).await;
    assert!(status(&answer) == "200" && answer.ends_with("\r\n\r\n"), "{answer}");
    assert!(header(&answer, "content-length").unwrap().parse::<usize>().unwrap() > 100);
}

#[tokio::test]
async fn body_that_announces_too_much_is_413_before_it_is_read() {
    let site = Site::usual().await;
    let head = "POST /acme/par HTTP/1.1\r\nHost: as.example\r\nContent-Length: 65537\r\n\r\n";
    let answer = site.send(head).await;
    assert_eq!((status(&answer), header(&answer, "connection")), ("413", Some("close")), "{answer}");
    // The client that sends it all the same hears why.
    let answer = site.send(&format!("{head}{}", "a".repeat(65_537))).await;
    assert_eq!(status(&answer), "413", "{answer}");
    let fits = format!("{PUSH}&x={}", "y".repeat(30_000));
    assert_eq!(status(&site.send(&post("/acme/par", "Connection: close\r\n", &fits)).await), "201");
}

#[tokio::test]
async fn chunked_body_is_413_at_the_limit_and_read_below_it() {
    let site = Site::usual().await;
    let head = "POST /acme/par HTTP/1.1\r\nHost: as.example\r\nTransfer-Encoding: chunked\r\n";
    let chunk = format!("8000\r\n{}\r\n", "a".repeat(0x8000));
    let answer = site.send(&format!("{head}\r\n{}", chunk.repeat(3))).await;
    assert_eq!((status(&answer), header(&answer, "connection")), ("413", Some("close")), "{answer}");
    let (one, two) = PUSH.split_at(20);
    let body = format!("14\r\n{one}\r\n{:x}\r\n{two}\r\n0\r\nAuthorization: Basic YTpi\r\n\r\n", two.len());
    let answer = site.send(&format!("{head}Connection: close\r\n\r\n{body}")).await;
    assert_eq!(status(&answer), "201", "{answer}");
    let answer = site.send(&format!("{head}\r\nFFFFFFFFFFFFFFFFF\r\n")).await;
    assert_eq!(status(&answer), "400", "{answer}");
}

#[tokio::test]
async fn expectation_of_a_body_too_large_gets_no_100() {
    let site = Site::usual().await;
    let head = |length| {
        format!(
            "POST /acme/par HTTP/1.1\r\nHost: as.example\r\nContent-Length: {length}\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"
        )
    };
    let answer = site.send(&head(10_737_418_240_u64)).await;
    assert_eq!(status(&answer), "413", "{answer}");
    let mut socket = site.connect().await;
    socket.write_all(head(PUSH.len() as u64).as_bytes()).await.unwrap();
    assert!(one(&mut socket).await.starts_with("HTTP/1.1 100 Continue\r\n"));
    socket.write_all(PUSH.as_bytes()).await.unwrap();
    assert_eq!(status(&rest(&mut socket).await), "201");
}

#[tokio::test]
async fn host_must_be_there_once() {
    let site = Site::usual().await;
    for host in ["", "Host: a\r\nHost: b\r\n", "Host: a\r\nHost: a\r\n", "Host: a b\r\n", "Host: me@a\r\n", "Host:\r\n"]
    {
        let answer = site.send(&format!("GET /acme/jwks HTTP/1.1\r\n{host}\r\n")).await;
        assert_eq!(status(&answer), "400", "{host}: {answer}");
        assert!(answer.contains("PAR-118"), "{host}: {answer}");
        assert_eq!(header(&answer, "x-request-id").map(str::len), Some(32));
    }
    let old = site.send("GET /acme/jwks HTTP/1.0\r\n\r\n").await;
    assert_eq!(status(&old), "200", "{old}");
}

#[tokio::test]
async fn names_in_answers_come_from_the_configuration() {
    let site = Site::usual().await;
    let request = "GET http://evil.example/acme/.well-known/openid-configuration HTTP/1.1\r\nHost: worse.example\r\n\
         X-Forwarded-Host: worst.example\r\nForwarded: host=worst.example\r\nConnection: close\r\n\r\n";
    let answer = site.send(request).await;
    assert!(answer.contains("\"issuer\":\"https://as.example/acme\""), "{answer}");
    assert!(!answer.contains("evil") && !answer.contains("wors"), "{answer}");
}

#[tokio::test]
async fn headers_too_large_are_431() {
    let site = Site::usual().await;
    for (path, code) in [("/acme/par", "PAR-113"), ("/acme/jwks", "PAR-113"), ("/nowhere", "PAR-113")] {
        let method = if path == "/acme/par" { "POST" } else { "GET" };
        let large = format!("{method} {path} HTTP/1.1\r\nHost: as.example\r\nX-Large: {}\r\n\r\n", "a".repeat(33_000));
        let answer = site.send(&large).await;
        assert!(status(&answer) == "431" && answer.contains(code), "{path}: {answer}");
        assert_eq!(header(&answer, "x-request-id").map(str::len), Some(32));
    }
    let huge = format!("GET / HTTP/1.1\r\nHost: as.example\r\nX-Huge: {}\r\n\r\n", "a".repeat(100_000));
    assert_eq!(status(&site.send(&huge).await), "431");
    let many = format!("GET / HTTP/1.1\r\nHost: as.example\r\n{}\r\n", "X-A: b\r\n".repeat(101));
    assert_eq!(status(&site.send(&many).await), "431");
}

#[tokio::test]
async fn slow_head_is_closed_at_its_deadline_whether_bytes_come_or_not() {
    let site = Site::start(Limits { head_wait: SHORT, ..Limits::default() }).await;
    for drip in [false, true] {
        let mut socket = site.connect().await;
        let began = Instant::now();
        socket.write_all(b"POST /acme/par HTTP/1.1\r\n").await.unwrap();
        let (mut reading, mut writing) = socket.split();
        let dripping = async {
            loop {
                sleep(SHORT / 10).await;
                if !drip || writing.write_all(b"X").await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        };
        let mut bytes = Vec::new();
        tokio::select! {
            _ = timeout(Duration::from_secs(10), reading.read_to_end(&mut bytes)) => {}
            () = dripping => {}
        }
        assert!(bytes.is_empty());
        let took = began.elapsed();
        assert!(took >= SHORT && took < Duration::from_secs(5), "{took:?}");
    }
}

#[tokio::test]
async fn idle_connection_is_closed_at_the_deadline_too() {
    let site = Site::start(Limits { head_wait: SHORT, ..Limits::default() }).await;
    let mut socket = site.connect().await;
    socket.write_all(get("/acme/jwks", "").replace("Connection: close\r\n", "").as_bytes()).await.unwrap();
    assert_eq!(status(&one(&mut socket).await), "200");
    assert_eq!(rest(&mut socket).await, "");
}

#[tokio::test]
async fn slow_body_is_408_at_its_deadline() {
    let site = Site::start(Limits { body_wait: SHORT, linger: SHORT, ..Limits::default() }).await;
    let began = Instant::now();
    let answer = site.send("POST /acme/par HTTP/1.1\r\nHost: as.example\r\nContent-Length: 100\r\n\r\nclient").await;
    assert!(status(&answer) == "408" && answer.contains("PAR-114"), "{answer}");
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn client_that_takes_no_answers_is_dropped() {
    let site = Site::start(Limits { write_wait: SHORT, ..Limits::default() }).await;
    let mut socket = site.connect().await;
    let request = get("/acme/.well-known/openid-configuration", "").replace("Connection: close\r\n", "");
    let sending = async {
        // Until the server reads no more because it cannot write any more, and then gives up.
        while socket.write_all(request.as_bytes()).await.is_ok() {}
    };
    timeout(Duration::from_secs(20), sending).await.expect("the server gives up");
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order_up_to_the_cap() {
    let site = Site::start(Limits { requests_per_connection_max: 3, ..Limits::default() }).await;
    let paths = ["/acme/jwks", "/nowhere", "/acme/.well-known/openid-configuration", "/acme/jwks"];
    let requests: String = paths.iter().map(|path| get(path, "").replace("Connection: close\r\n", "")).collect();
    let answers = site.send(&requests).await;
    let statuses: Vec<&str> =
        answers.split("HTTP/1.1 ").skip(1).map(|answer| answer.split(' ').next().unwrap()).collect();
    assert_eq!(statuses, ["200", "404", "200"]);
    assert_eq!(answers.matches("connection: close").count(), 1);
}

#[tokio::test]
async fn connections_beyond_the_cap_wait_until_there_is_room() {
    let site = Site::start(Limits { connections_max: 1, head_wait: SHORT, ..Limits::default() }).await;
    let first = site.connect().await;
    let mut second = site.connect().await;
    second.write_all(get("/acme/jwks", "").as_bytes()).await.unwrap();
    let mut byte = [0];
    assert!(timeout(SHORT / 3, second.read(&mut byte)).await.is_err(), "answered beyond the cap");
    // The first one idles and is closed at its deadline.
    assert_eq!(status(&rest(&mut second).await), "200");
    drop(first);
}

#[tokio::test]
async fn both_framings_at_once_are_one_request_and_the_last() {
    let site = Site::usual().await;
    let smuggled = "POST /acme/par HTTP/1.1\r\nHost: as.example\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n\
         GET /acme/jwks HTTP/1.1\r\nHost: as.example\r\n\r\n";
    let answer = site.send(smuggled).await;
    assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
    for framing in ["xchunked", "chunked, identity"] {
        let request =
            format!("POST /acme/par HTTP/1.1\r\nHost: as.example\r\nTransfer-Encoding: {framing}\r\n\r\n0\r\n\r\n");
        let answer = site.send(&request).await;
        assert!(answer.is_empty() || status(&answer) == "400", "{framing}: {answer}");
    }
}

#[tokio::test]
async fn panic_ends_its_request_and_nothing_else() {
    let site = Site::usual().await;
    let answer = site.send(&post("/acme/par?panic", "", PUSH)).await;
    assert!(status(&answer) == "500" && answer.contains("PAR-901"), "{answer}");
    assert_eq!(header(&answer, "x-request-id").map(str::len), Some(32));
    assert!(!answer.contains("as the test asked"));
    let answer = site.send(&post("/acme/par", "Connection: close\r\n", PUSH)).await;
    assert_eq!(status(&answer), "201");
}

#[tokio::test]
async fn lobby_speaks_its_dialect_and_nowhere_is_404() {
    let site = Site::usual().await;
    let answer = site.send(&get("/api/43/push", "")).await;
    assert!(status(&answer) == "418" && answer.ends_with("nobody at /api/43/push"), "{answer}");
    let answer = site.send(&get("/nowhere?q=secret", "")).await;
    assert!(status(&answer) == "404" && answer.contains("PAR-117"), "{answer}");
    assert_eq!(header(&answer, "content-type"), Some("application/json"));
    let answer = site.send(&get("/nowhere/%3Cscript%3E", "Accept: text/html\r\n")).await;
    assert!(status(&answer) == "404" && answer.contains("<!doctype html>"), "{answer}");
    assert!(!answer.contains("nowhere") && header(&answer, "content-security-policy").is_some());
}

#[tokio::test]
async fn every_code_has_its_page_with_its_stylesheet() {
    let site = Site::usual().await;
    for reason in parhelion_protocol::refusal::Reason::ALL {
        let code = reason.row().code;
        let answer = site.send(&get(&format!("/errors/{code}"), "")).await;
        assert!(status(&answer) == "200" && answer.contains(code), "{code}");
    }
    let page = site.send(&get("/errors/PAR-309", "")).await;
    let stylesheet = page.split("stylesheet\" href=\"").nth(1).unwrap().split('"').next().unwrap();
    let answer = site.send(&get(stylesheet, "")).await;
    assert_eq!((status(&answer), header(&answer, "content-type")), ("200", Some("text/css; charset=utf-8")));
    for path in ["/errors/PAR-000", "/errors/", "/errors/par-309", "/assets/x"] {
        assert_eq!(status(&site.send(&get(path, "")).await), "404", "{path}");
    }
    assert_eq!(status(&site.send(&get("/errors/PAR-309", "").replace("GET", "POST")).await), "405");
}

#[tokio::test]
async fn home_of_a_mount_links_to_its_metadata() {
    let site = Site::usual().await;
    // No mount with pages is at the root: the first one speaks for the server.
    for path in ["/acme", "/acme/", "/"] {
        let answer = site.send(&get(path, "")).await;
        assert!(answer.contains("https://as.example/acme"), "{path}: {answer}");
        assert!(answer.contains("href=\"/acme/.well-known/openid-configuration\""), "{path}: {answer}");
    }
}

#[tokio::test]
async fn draining_answers_what_is_in_flight_and_accepts_nothing_new() {
    let site = Site::usual().await;
    let mut idle = site.connect().await;
    let mut busy = site.connect().await;
    let request = post("/acme/par", "", PUSH);
    let (head, tail) = request.split_at(request.len() - 10);
    busy.write_all(head.as_bytes()).await.unwrap();
    sleep(SHORT).await;
    site.stop.send(()).unwrap();
    assert_eq!(rest(&mut idle).await, "");
    assert!(TcpStream::connect(site.address).await.is_err(), "a new connection was accepted");
    busy.write_all(tail.as_bytes()).await.unwrap();
    assert_eq!(status(&rest(&mut busy).await), "201");
    drop((idle, busy));
    assert_eq!(timeout(Duration::from_secs(10), site.running).await.unwrap().unwrap(), End::Drained);
}

#[tokio::test]
async fn draining_does_not_wait_for_ever() {
    let site = Site::start(Limits { drain_wait: SHORT, ..Limits::default() }).await;
    let mut busy = site.connect().await;
    busy.write_all(b"POST /acme/par HTTP/1.1\r\nHost: as.example\r\nContent-Length: 9\r\n\r\n").await.unwrap();
    sleep(SHORT).await;
    site.stop.send(()).unwrap();
    assert_eq!(timeout(Duration::from_secs(10), site.running).await.unwrap().unwrap(), End::CutOff);
}
