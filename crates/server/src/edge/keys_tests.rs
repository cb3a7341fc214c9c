//! Keys change under load: whoever keeps a key set for as long as it may be kept can read every ID token.
#![allow(clippy::arithmetic_side_effects, reason = "tests")]

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use parhelion_engine::ports::Clock;
use parhelion_jose::base64;
use parhelion_jose::jwk::KeySet;
use parhelion_jose::jws::{Algorithm, Compact};
use parhelion_stores::MemoryStore;
use parhelion_testkit::{FakeClock, SeededEntropy};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use url::Url;
use url::form_urlencoded::Serializer;
use zeroize::Zeroizing;

use super::*;
use crate::key_ring::{KeyAlg, KeyFault, KeyState};
use crate::passwords::{self, Argon2Passwords};
use crate::signing_keys::DOCUMENT_MAX_AGE_S;

struct Site {
    edge: Arc<Edge>,
    clock: Arc<FakeClock>,
    address: SocketAddr,
}

/// What came back.
struct Answer {
    head: String,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.filter(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{}\n{}", self.head, self.body))
    }

    fn location(&self) -> Url {
        let location = self.header("location").unwrap_or_else(|| panic!("{}\n{}", self.head, self.body));
        Url::parse("http://127.0.0.1").unwrap().join(location).unwrap()
    }
}

fn config(signing_alg: &str) -> Config {
    let hash = passwords::hash("secret").unwrap();
    let text = format!(
        "version = 1
        [server]
        mode = \"dev\"
        [[tenant]]
        id = \"acme\"
        signing_alg = \"{signing_alg}\"
        encryption_algs = []
        [[tenant.mount]]
        dialect = \"standard\"
        base_url = \"http://127.0.0.1/acme\"
        [[tenant.mount]]
        dialect = \"standard\"
        base_url = \"http://127.0.0.1/other\"
        [[tenant.client]]
        client_id = \"app\"
        client_secret = \"secret\"
        redirect_uris = [\"https://app.example/cb\"]
        grant_types = [\"authorization_code\", \"refresh_token\"]
        scope = \"openid offline_access\"
        [[tenant.user]]
        username = \"ada\"
        password_hash = \"{hash}\"
        "
    );
    Config::read(Path::new("x.toml"), &text, parhelion_dialects::ALL).unwrap()
}

impl Site {
    async fn start() -> Self {
        let clock = Arc::new(FakeClock::default());
        let ports = Ports {
            store: Arc::new(MemoryStore::new(Arc::<FakeClock>::clone(&clock))),
            entropy: Arc::new(SeededEntropy::new(1)),
            passwords: Arc::new(Argon2Passwords::new(1, None)),
            master: Zeroizing::new([1; 32]),
        };
        let edge = Arc::new(Edge::new(&config("ES256"), ports, Limits::default(), None).await.unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(run(Arc::clone(&edge), listener, std::future::pending()));
        Self { edge, clock, address }
    }

    async fn send(&self, method: &str, target: &str, headers: &str, body: &str) -> Answer {
        let mut socket = TcpStream::connect(self.address).await.unwrap();
        let length = body.len();
        let kind = "Content-Type: application/x-www-form-urlencoded";
        let head = format!("{method} {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n{headers}");
        socket.write_all(format!("{head}{kind}\r\nContent-Length: {length}\r\n\r\n{body}").as_bytes()).await.unwrap();
        let mut text = String::new();
        let _ = socket.read_to_string(&mut text).await;
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        Answer { head: head.to_owned(), body: body.to_owned() }
    }

    async fn call(&self, path: &str, parameters: &[(&str, &str)]) -> Value {
        let basic = format!("Authorization: Basic {}\r\n", base64::encode(b"app:secret"));
        self.send("POST", path, &basic, &form(parameters)).await.json()
    }

    /// Logs somebody in, and has the tokens of a grant that can be renewed.
    async fn log_in(&self) -> Value {
        let redirect_uri = ("redirect_uri", "https://app.example/cb");
        let pushed = self
            .call(
                "/acme/par",
                &[
                    ("client_id", "app"),
                    ("response_type", "code"),
                    redirect_uri,
                    ("scope", "openid offline_access"),
                    ("prompt", "consent"),
                    ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
                    ("code_challenge_method", "S256"),
                ],
            )
            .await;
        let query = form(&[("client_id", "app"), ("request_uri", pushed["request_uri"].as_str().unwrap())]);
        let loaded = self.send("GET", &format!("/acme/authorize?{query}"), "", "").await;
        let mut cookies = cookies(&loaded);
        let mut page = loaded.location();
        for fields in [&[("username", "ada"), ("password", "secret")][..], &[("decision", "allow")]] {
            let shown = self.send("GET", page.path(), &header(&cookies), "").await;
            let token = shown.body.split("name=\"form_token\" value=\"").nth(1);
            let token = token.unwrap_or_else(|| panic!("{}\n{}", shown.head, shown.body)).split('"').next().unwrap();
            let fields = [fields, &[("form_token", token)]].concat();
            let sent = self.send("POST", page.path(), &header(&cookies), &form(&fields)).await;
            page = sent.location();
            for set in self::cookies(&sent) {
                cookies.retain(|old| old.split('=').next() != set.split('=').next());
                cookies.push(set);
            }
        }
        let code =
            page.query_pairs().find(|(name, _)| name == "code").unwrap_or_else(|| panic!("{page}")).1.into_owned();
        let verifier = ("code_verifier", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        self.call("/acme/token", &[("grant_type", "authorization_code"), ("code", &code), redirect_uri, verifier]).await
    }

    async fn published(&self, mount: &str) -> KeySet {
        let metadata = self.send("GET", &format!("/{mount}/.well-known/openid-configuration"), "", "").await.json();
        let path = Url::parse(metadata["jwks_uri"].as_str().unwrap()).unwrap().path().to_owned();
        let answer = self.send("GET", &path, "", "").await;
        assert_eq!(answer.header("cache-control"), Some(&*format!("public, max-age={DOCUMENT_MAX_AGE_S}")));
        KeySet::from_jwks(answer.body.as_bytes()).unwrap()
    }

    fn now_s(&self) -> i64 {
        self.clock.now().epoch_s()
    }
}

fn form(parameters: &[(&str, &str)]) -> String {
    Serializer::new(String::new()).extend_pairs(parameters).finish()
}

/// The cookies that an answer sets.
fn cookies(answer: &Answer) -> Vec<String> {
    let lines = answer.head.lines().filter_map(|line| line.strip_prefix("set-cookie: "));
    lines.filter_map(|line| line.split(';').next()).map(str::to_owned).collect()
}

fn header(cookies: &[String]) -> String {
    format!("Cookie: {}\r\n", cookies.join("; "))
}

fn reads(set: &KeySet, token: &str) -> bool {
    Compact::parse(token).unwrap().verify(set).is_ok()
}

fn expiry_s(token: &str) -> i64 {
    let payload: Value = serde_json::from_slice(Compact::parse(token).unwrap().unverified_payload()).unwrap();
    payload["exp"].as_i64().unwrap()
}

/// Renews a grant again and again, and reads each ID token with the oldest key set that may still be kept.
async fn renew(site: &Site, mut refresh_token: String, load: &Load) -> Vec<String> {
    let mut sets = VecDeque::new();
    let mut tokens = Vec::new();
    while !load.stop.load(Ordering::Acquire) {
        sets.push_back((site.now_s(), site.published("acme").await));
        let renewed =
            site.call("/acme/token", &[("grant_type", "refresh_token"), ("refresh_token", &refresh_token)]).await;
        let token = renewed["id_token"].as_str().unwrap_or_else(|| panic!("a gap: {renewed}")).to_owned();
        refresh_token = renewed["refresh_token"].as_str().unwrap().to_owned();
        let oldest = site.now_s() - DOCUMENT_MAX_AGE_S;
        sets.retain(|(fetched, _)| *fetched >= oldest);
        for (fetched, set) in &sets {
            assert!(reads(set, &token), "a set of {} s before cannot read a token", site.now_s() - fetched);
        }
        tokens.push(token);
        load.made.fetch_add(1, Ordering::AcqRel);
    }
    tokens
}

/// What the load and whoever watches it tell each other.
#[derive(Default)]
struct Load {
    stop: AtomicBool,
    made: AtomicUsize,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_rotate_under_load_and_every_kept_key_set_reads_every_id_token() {
    const STEP_S: i64 = 30;
    let site = Arc::new(Site::start().await);
    let refresh_token = site.log_in().await["refresh_token"].as_str().unwrap().to_owned();
    let load = Arc::new(Load::default());
    let running = {
        let (site, load) = (Arc::clone(&site), Arc::clone(&load));
        tokio::spawn(async move { renew(&site, refresh_token, &load).await })
    };
    let (mut signed_with, mut rotations) = (Vec::new(), 0);
    for step in 0..144 {
        if step % 12 == 0 {
            let alg = if rotations % 2 == 0 { Algorithm::EdDsa } else { Algorithm::Es256 };
            rotations += 1;
            let keys = site.edge.rotate_keys("acme", Some(KeyAlg::Signing(alg))).await.unwrap().unwrap();
            assert!(keys.len() <= 8, "{keys:?}");
            assert_eq!(keys.iter().filter(|key| key.state == KeyState::Signing).count(), 1, "{keys:?}");
        }
        site.clock.advance_ms(STEP_S * 1000);
        site.edge.turn_keys().await;
        let made = load.made.load(Ordering::Acquire);
        while load.made.load(Ordering::Acquire) == made {
            assert!(!running.is_finished(), "the load found a token that it could not read");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let current = site.edge.engine.registry().mounts[0].tenant.keys.current().kid().to_owned();
        if signed_with.last() != Some(&current) {
            signed_with.push(current);
        }
    }
    load.stop.store(true, Ordering::Release);
    let tokens = running.await.unwrap();
    assert_eq!(rotations, 12);
    assert!(signed_with.len() >= 11, "{} keys signed", signed_with.len());
    assert!(tokens.len() >= 144, "{} tokens", tokens.len());
    // What has not expired can be read with what is published now, at every mount.
    let (own, other) = (site.published("acme").await, site.published("other").await);
    let live: Vec<&String> = tokens.iter().filter(|token| expiry_s(token) > site.now_s()).collect();
    assert!(!live.is_empty() && live.iter().all(|token| reads(&own, token) && reads(&other, token)));
}

#[tokio::test]
async fn new_key_is_published_at_once_signs_after_the_wait_and_the_old_one_goes_with_its_last_token() {
    let site = Site::start().await;
    let kids = |set: &KeySet| set.iter().filter_map(|key| key.kid().map(str::to_owned)).collect::<Vec<_>>();
    let [first] = <[String; 1]>::try_from(kids(&site.published("acme").await)).unwrap();
    let states = async || {
        let keys = site.edge.list_keys("acme").await.unwrap().unwrap();
        keys.iter().map(|key| (key.kid == first, key.state)).collect::<Vec<_>>()
    };
    site.clock.advance_ms(1);
    site.edge.rotate_keys("acme", Some(KeyAlg::Signing(Algorithm::EdDsa))).await.unwrap().unwrap();
    assert_eq!(site.published("acme").await.len(), 2);
    assert_eq!(states().await, [(true, KeyState::Signing), (false, KeyState::Waiting)]);
    let metadata = site.send("GET", "/acme/.well-known/openid-configuration", "", "").await.json();
    assert_eq!(metadata["id_token_signing_alg_values_supported"], serde_json::json!(["ES256", "EdDSA"]));

    let at = async |seconds: i64| {
        site.clock.advance_ms(seconds * 1000);
        site.edge.turn_keys().await;
        let current = site.edge.engine.registry().mounts[1].tenant.keys.current().kid() == first;
        (current, site.published("acme").await.len())
    };
    assert_eq!(at(DOCUMENT_MAX_AGE_S).await, (true, 2));
    assert_eq!(at(29).await, (true, 2));
    assert_eq!(at(1).await, (false, 2));
    assert_eq!(states().await, [(true, KeyState::Retired), (false, KeyState::Signing)]);
    // An ID token lives for 600 s.
    assert_eq!(at(659).await, (false, 2));
    assert_eq!(at(1).await, (false, 1));
    assert_eq!(states().await, [(false, KeyState::Signing)]);
}

#[tokio::test]
async fn keys_are_the_same_after_a_restart_and_the_algorithm_is_that_of_the_file() {
    let clock = Arc::new(FakeClock::default());
    let store = Arc::new(MemoryStore::new(Arc::<FakeClock>::clone(&clock)));
    let edge = async |alg: &str| {
        let ports = Ports {
            store: Arc::<MemoryStore>::clone(&store),
            entropy: Arc::new(SeededEntropy::new(1)),
            passwords: Arc::new(Argon2Passwords::new(1, None)),
            master: Zeroizing::new([1; 32]),
        };
        Edge::new(&config(alg), ports, Limits::default(), None).await.unwrap()
    };
    let jwks = |edge: &Edge| edge.engine.registry().mounts[0].tenant.keys.jwks().to_owned();
    let first = edge("EdDSA").await;
    assert!(jwks(&first).contains("EdDSA"));
    first.rotate_keys("acme", None).await.unwrap().unwrap();
    let again = edge("ES256").await;
    assert_eq!(jwks(&first), jwks(&again));
    // A key that its successor has long outlived is not made again.
    clock.advance_ms(10_000_000);
    let later = edge("ES256").await;
    assert_eq!(jwks(&later).matches("\"kid\"").count(), 1);
    assert!(jwks(&later).contains("EdDSA"));
}

#[tokio::test]
async fn algorithms_that_a_profile_refuses_and_keys_without_end_are_refused() {
    let site = Site::start().await;
    assert!(site.edge.rotate_keys("nobody", None).await.is_none());
    let refused = site.edge.rotate_keys("acme", Some(KeyAlg::Signing(Algorithm::Es384))).await.unwrap();
    assert_eq!(refused, Err(KeyFault::Algorithm(Algorithm::Es384)));
    for made in 1..16 {
        assert!(site.edge.rotate_keys("acme", None).await.unwrap().is_ok(), "{made}");
    }
    assert_eq!(site.edge.rotate_keys("acme", None).await.unwrap(), Err(KeyFault::TooMany));
    assert_eq!(site.published("other").await.len(), 16);
}
