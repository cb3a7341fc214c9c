//! The operator's listener from its socket, and the public one beside it.

use std::net::SocketAddr;
use std::path::Path;

use parhelion_engine::ports::{Answer, Id, Kind, Moment, StoreFault, Stored, Verdict};
use parhelion_stores::MemoryStore;
use parhelion_testkit::{FakeClock, SeededEntropy};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use zeroize::Zeroizing;

use super::*;
use crate::config::Config;
use crate::edge::{self, Limits};
use crate::passwords::Argon2Passwords;
use crate::plain_dialect::DIALECTS;
use crate::wiring::Ports;
use parhelion_engine::ports::{Commit, Key, TenantUid};

const MASTER: [u8; 32] = [1; 32];

/// How a store behaves when it is asked to commit.
#[derive(Clone, Copy)]
enum Commits {
    Well,
    Never,
    Refusing,
}

/// A store that can be told to fail, in front of one that works.
struct Moody(MemoryStore, std::sync::Mutex<Commits>);

impl Store for Moody {
    fn now(&self) -> Moment {
        self.0.now()
    }

    fn get(&self, key: Key) -> Answer<'_, Option<Stored>> {
        self.0.get(key)
    }

    fn scan(&self, tenant: TenantUid, kind: Kind, after: Option<Id>, limit: usize) -> Answer<'_, Vec<(Id, Stored)>> {
        self.0.scan(tenant, kind, after, limit)
    }

    fn commit(&self, commit: Commit) -> Answer<'_, Verdict> {
        let commits = *self.1.lock().unwrap();
        match commits {
            Commits::Well => self.0.commit(commit),
            Commits::Never => Box::pin(std::future::pending()),
            Commits::Refusing => Box::pin(async { Err(StoreFault::Unavailable) }),
        }
    }
}

struct Site {
    public: SocketAddr,
    admin: SocketAddr,
    store: Arc<Moody>,
    draining: Arc<AtomicBool>,
}

impl Site {
    async fn start() -> Self {
        let text = "version = 1\n[[tenant]]\nid = \"acme\"\n[[tenant.mount]]\ndialect = \"plain\"\nbase_url = \"https://as.example\"\n";
        let config = Config::read(Path::new("x.toml"), text, DIALECTS).unwrap();
        let memory = MemoryStore::new(Arc::new(FakeClock::default()));
        let store = Arc::new(Moody(memory, std::sync::Mutex::new(Commits::Well)));
        let master = Zeroizing::new(MASTER);
        let ports = Ports {
            store: Arc::<Moody>::clone(&store),
            entropy: Arc::new(SeededEntropy::new(1)),
            passwords: Arc::new(Argon2Passwords::new(1, None)),
            master: master.clone(),
        };
        let edge = Arc::new(Edge::new(&config, ports, Limits::default(), None).await.unwrap());
        let draining = Arc::new(AtomicBool::new(false));
        let records: Arc<dyn Store> = Arc::<Moody>::clone(&store);
        let admin =
            Admin::new(Arc::clone(&edge), records, Arc::new(FakeClock::default()), &master, Arc::clone(&draining))
                .unwrap();
        let bind = async || {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            (listener.local_addr().unwrap(), listener)
        };
        let ((public, public_listener), (admin_at, admin_listener)) = (bind().await, bind().await);
        tokio::spawn(edge::run(edge, public_listener, std::future::pending()));
        tokio::spawn(Arc::new(admin).run(admin_listener));
        Self { public, admin: admin_at, store, draining }
    }

    async fn ask(&self, method: &str, path: &str) -> (u16, String) {
        send(self.admin, method, path, "", "").await
    }

    async fn keys(&self, call: &str, master: u8, body: &Value) -> (u16, Value) {
        let (path, body) = (format!("/keys/{call}"), body.to_string());
        let authorization = authorization(master, &path, &body);
        let (status, body) = send(self.admin, "POST", &path, &authorization, &body).await;
        (status, serde_json::from_str(&body).unwrap())
    }

    fn is(&self, commits: Commits) {
        *self.store.1.lock().unwrap() = commits;
    }
}

async fn send(address: SocketAddr, method: &str, path: &str, headers: &str, body: &str) -> (u16, String) {
    let mut socket = TcpStream::connect(address).await.unwrap();
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: as.example\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
    );
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let _ = socket.read_to_string(&mut answer).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

/// As whoever holds this master key would ask at the moment at which the clocks of these tests stand.
fn authorization(master: u8, path: &str, body: &str) -> String {
    let key = ProofKey::derive(&Zeroizing::new([master; 32])).unwrap();
    let now = FakeClock::default().now();
    format!("Authorization: {} {}\r\n", proof::SCHEME, key.prove(path, body.as_bytes(), now))
}

#[tokio::test]
async fn health_and_readiness_are_told() {
    let site = Site::start().await;
    assert_eq!(site.ask("GET", "/health").await, (200, "up\n".to_owned()));
    assert_eq!(site.ask("GET", "/ready").await, (200, "ready\n".to_owned()));
    assert_eq!(site.ask("HEAD", "/ready").await, (200, String::new()));
    assert_eq!(site.ask("POST", "/ready").await.0, 405);
    assert_eq!(site.ask("GET", "/keys/list").await.0, 405);
    assert_eq!(site.ask("GET", "/debug/pprof").await.0, 404);
}

#[tokio::test]
async fn server_is_not_ready_while_it_ends_or_while_its_store_fails_or_hangs() {
    let site = Site::start().await;
    site.is(Commits::Refusing);
    assert_eq!(site.ask("GET", "/ready").await, (503, "not ready: the store does not do its part\n".to_owned()));
    site.is(Commits::Never);
    assert_eq!(site.ask("GET", "/ready").await, (503, "not ready: the store does not answer in time\n".to_owned()));
    site.is(Commits::Well);
    assert_eq!(site.ask("GET", "/ready").await.0, 200);
    site.draining.store(true, Ordering::Release);
    assert_eq!(site.ask("GET", "/ready").await, (503, "not ready: the server is ending\n".to_owned()));
    assert_eq!(site.ask("GET", "/health").await.0, 200);
}

#[tokio::test]
async fn nothing_of_it_is_on_the_public_listener() {
    let site = Site::start().await;
    for path in ["/health", "/ready", "/metrics", "/keys/list", "/keys/rotate", "/debug/pprof"] {
        for method in ["GET", "POST"] {
            let sent = "{\"tenant\":\"acme\"}";
            let (status, body) = send(site.public, method, path, &authorization(1, path, sent), sent).await;
            assert_eq!(status, 404, "{method} {path}: {body}");
        }
    }
}

#[tokio::test]
async fn keys_are_for_whoever_holds_the_master_key() {
    let site = Site::start().await;
    let acme = json!({ "tenant": "acme" });
    for call in ["list", "rotate"] {
        assert_eq!(site.keys(call, 2, &acme).await.0, 401, "{call} with another master key");
        let (path, body) = (format!("/keys/{call}"), acme.to_string());
        let other = authorization(1, "/keys/other", &body);
        let bearer = authorization(1, &path, &body).replace(proof::SCHEME, "Bearer");
        for headers in ["", "Authorization: \r\n", &other, &bearer] {
            assert_eq!(send(site.admin, "POST", &path, headers, &body).await.0, 401, "{headers}");
        }
    }
    let (status, listed) = site.keys("list", 1, &acme).await;
    assert_eq!((status, listed["keys"].as_array().unwrap().len()), (200, 3), "{listed}");
    assert_eq!((&listed["keys"][0]["state"], &listed["keys"][1]["state"]), (&json!("signing"), &json!("decrypting")));
    let (status, rotated) = site.keys("rotate", 1, &json!({ "tenant": "acme", "alg": "EdDSA" })).await;
    assert_eq!(
        (status, &rotated["keys"][1]["alg"], &rotated["keys"][1]["state"]),
        (200, &json!("EdDSA"), &json!("waiting"))
    );
    assert!(!rotated.to_string().contains("wrapped"), "{rotated}");
    let refused = [
        (json!({ "tenant": "acme", "alg": "HS256" }), 400, "no such algorithm"),
        (json!({ "tenant": "acme", "alg": "RSA-OAEP-256" }), 400, "encryption_algs have no RSA-OAEP-256"),
        (json!({ "tenant": "acme", "alg": "ES512" }), 400, "does not accept signing with ES512"),
        (json!({ "tenant": "nobody" }), 404, "no tenant"),
        (json!({ "alg": "ES256" }), 400, "no JSON object"),
        (json!({ "tenant": "acme", "more": 1 }), 400, "no JSON object"),
        (json!({ "tenant": "x".repeat(5000) }), 400, "too large"),
    ];
    for (body, status, word) in refused {
        let (got, answer) = site.keys("rotate", 1, &body).await;
        assert_eq!(got, status, "{answer}");
        assert!(answer["problem"].as_str().unwrap().contains(word), "{answer}");
    }
}

#[tokio::test]
async fn figures_tell_what_came_of_requests_and_nothing_of_what_they_carried() {
    let site = Site::start().await;
    let kind = "Content-Type: application/x-www-form-urlencoded\r\n";
    let canary = "canary-4711";
    for _ in 0..3 {
        let body = format!("client_id={canary}&client_secret={canary}");
        assert_eq!(send(site.public, "POST", &format!("/par?x={canary}"), kind, &body).await.0, 401);
    }
    assert_eq!(send(site.public, "GET", "/jwks", "", "").await.0, 200);
    assert_eq!(send(site.public, "GET", &format!("/{canary}"), "", "").await.0, 404);
    site.is(Commits::Refusing);
    assert_eq!(site.ask("GET", "/ready").await.0, 503);
    let (status, text) = site.ask("GET", "/metrics").await;
    assert_eq!(status, 200);
    let has = |line: &str| assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    let at = |endpoint: &str| format!("tenant=\"acme\",dialect=\"plain\",endpoint=\"{endpoint}\"");
    has(&format!("parhelion_requests_total{{{},outcome=\"ok\"}} 1", at("jwks")));
    let unknown = format!("parhelion_requests_total{{{},outcome=\"PAR-2", at("push"));
    assert!(text.lines().any(|line| line.starts_with(&unknown) && line.ends_with(" 3")), "{text}");
    has("parhelion_requests_total{tenant=\"\",dialect=\"\",endpoint=\"none\",outcome=\"PAR-117\"} 1");
    has("parhelion_request_duration_seconds_count{dialect=\"plain\",endpoint=\"push\"} 3");
    assert!(text.lines().any(|line| line.starts_with("parhelion_connections ")), "{text}");
    assert!(text.contains("parhelion_store_commit_duration_seconds_bucket{le=\"0.001\"}"), "{text}");
    assert!(text.ends_with("# EOF\n") && !text.contains(canary), "{text}");
}
