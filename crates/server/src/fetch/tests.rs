//! Fetching, against a host that answers over TLS what each test makes it say (rows SF-01 to SF-12, JO-29, MT-03).
#![allow(clippy::disallowed_methods, clippy::arithmetic_side_effects, reason = "a host for tests")]

use std::sync::atomic::{AtomicUsize, Ordering};

use parhelion_engine::ports::{ClientKeys, KeysOf, Need, RequestObjectHosts, RequestObjectOf, TenantUid};
use parhelion_testkit::TemporaryDirectory;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;

use super::*;

const KEY: &str = r#"{"kty":"OKP","crv":"Ed25519","kid":"one","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

/// A host on this machine, and the authority that vouches for it.
struct World {
    folder: TemporaryDirectory,
    port: u16,
    asked: Arc<AtomicUsize>,
    _host: JoinSet<()>,
}

/// What comes, and how.
#[derive(Clone)]
struct Say {
    head: String,
    body: Vec<u8>,
    pause: Duration,
}

impl Say {
    fn json(body: &str) -> Self {
        Self::of_type("application/json", body)
    }

    fn of_type(media_type: &str, body: &str) -> Self {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\nContent-Length: {}\r\n\r\n", body.len());
        Self { head, body: body.into(), pause: Duration::ZERO }
    }

    fn head(head: &str, body: &str) -> Self {
        Self { head: format!("{head}\r\n\r\n"), body: body.into(), pause: Duration::ZERO }
    }
}

fn jwks() -> String {
    format!(r#"{{"keys":[{KEY}]}}"#)
}

impl World {
    async fn saying(say: Say) -> Self {
        Self::saying_as(say, "127.0.0.1").await
    }

    async fn saying_as(say: Say, name: &str) -> Self {
        let folder = TemporaryDirectory::new();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority_key = KeyPair::generate().unwrap();
        std::fs::write(folder.path().join("ca.pem"), params.self_signed(&authority_key).unwrap().pem()).unwrap();
        let issuer = Issuer::new(params, authority_key);
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
        let private = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], private)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (port, asked) = (listener.local_addr().unwrap().port(), Arc::new(AtomicUsize::new(0)));
        let mut host = JoinSet::new();
        host.spawn(serve(listener, TlsAcceptor::from(Arc::new(config)), say, Arc::clone(&asked)));
        Self { folder, port, asked, _host: host }
    }

    fn plan(&self) -> FetchPlan {
        let ca_file = Some(self.folder.path().join("ca.pem"));
        FetchPlan { private_hosts: vec![format!("127.0.0.1:{}", self.port)], ca_file }
    }

    fn uri(&self) -> FetchedUri {
        FetchedUri::parse(&format!("https://127.0.0.1:{}/jwks", self.port)).unwrap()
    }

    async fn get(&self) -> Result<Bytes, FetchFault> {
        Fetcher::new(&self.plan()).unwrap().get(&self.uri(), Document::KeySet).await
    }

    fn keys(&self) -> FetchedKeys {
        FetchedKeys::new(Arc::new(Fetcher::new(&self.plan()).unwrap()))
    }

    fn request_objects(&self) -> FetchedRequestObjects {
        FetchedRequestObjects::new(Arc::new(Fetcher::new(&self.plan()).unwrap()))
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

async fn serve(listener: TcpListener, acceptor: TlsAcceptor, say: Say, asked: Arc<AtomicUsize>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let (acceptor, say, asked) = (acceptor.clone(), say.clone(), Arc::clone(&asked));
        connections.spawn(async move {
            let Ok(mut stream) = acceptor.accept(stream).await else { return };
            let mut request = [0; 1024];
            let _ = stream.read(&mut request).await;
            asked.fetch_add(1, Ordering::SeqCst);
            let _ = stream.write_all(say.head.as_bytes()).await;
            for chunk in say.body.chunks(if say.pause.is_zero() { usize::MAX } else { 1 }) {
                sleep(say.pause).await;
                if stream.write_all(chunk).await.is_err() {
                    return;
                }
            }
            let _ = stream.shutdown().await;
        });
    }
}

const fn of<'a>(tenant: u8, client_id: &'a str, uri: &'a FetchedUri) -> KeysOf<'a> {
    KeysOf { tenant: TenantUid([tenant; 16]), client_id, uri }
}

const fn object_of<'a>(tenant: u8, client_id: &'a str, uri: &'a FetchedUri) -> RequestObjectOf<'a> {
    RequestObjectOf { tenant: TenantUid([tenant; 16]), client_id, uri }
}

#[tokio::test]
async fn small_json_document_is_fetched() {
    let world = World::saying(Say::json(&jwks())).await;
    assert_eq!(world.get().await.unwrap(), jwks().as_bytes());
}

#[tokio::test]
async fn address_of_this_machine_is_asked_only_where_the_configuration_names_it() {
    let world = World::saying(Say::json("{}")).await;
    let fetcher = Fetcher::new(&FetchPlan { private_hosts: Vec::new(), ..world.plan() }).unwrap();
    for host in ["127.0.0.1", "localhost", "[::1]", "0x7f.1", "2130706433", "[::ffff:127.0.0.1]", "0.0.0.0"] {
        let uri = FetchedUri::parse(&format!("https://{host}:{}/", world.port)).unwrap();
        let fault = fetcher.get(&uri, Document::KeySet).await.unwrap_err();
        assert!(matches!(fault, FetchFault::PrivateAddress | FetchFault::NotResolved), "{host}: {fault}");
    }
    assert_eq!(world.asked(), 0);
}

#[tokio::test]
async fn answers_of_every_other_kind_are_refused() {
    let long = "x".repeat(DOCUMENT_MAX_BYTES + 1);
    for (say, expected) in [
        (Say::head("HTTP/1.1 302 Found\r\nLocation: https://127.0.0.1/", ""), "the status is 302"),
        (Say::head("HTTP/1.1 500 Oops", ""), "the status is 500"),
        (Say::head("HTTP/1.1 200 OK\r\nContent-Type: text/html", "{}"), "of another type"),
        (Say::head("HTTP/1.1 200 OK", "{}"), "of another type"),
        (
            Say::head("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip", "{}"),
            "of another type",
        ),
        (Say::json(&long), "more than 65536 bytes"),
        (
            Say::head("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked", "5\r\nab"),
            "ended early",
        ),
        (Say::head("SSH-2.0-OpenSSH", ""), "does not speak HTTP"),
    ] {
        let fault = World::saying(say).await.get().await.unwrap_err().to_string();
        assert!(fault.contains(expected), "{fault} is not {expected}");
    }
}

#[tokio::test]
async fn slow_document_ends_with_the_wait() {
    let world = World::saying(Say { pause: Duration::from_millis(300), ..Say::json(&jwks()) }).await;
    assert!(matches!(world.get().await, Err(FetchFault::TooSlow)));
}

#[tokio::test]
async fn certificate_has_to_be_the_hosts_own_and_vouched_for() {
    let world = World::saying_as(Say::json("{}"), "other.example").await;
    assert!(matches!(world.get().await, Err(FetchFault::NotReached(_))));
    let world = World::saying(Say::json("{}")).await;
    let strangers = Fetcher::new(&FetchPlan { ca_file: None, ..world.plan() }).unwrap();
    assert!(matches!(strangers.get(&world.uri(), Document::KeySet).await, Err(FetchFault::NotReached(_))));
}

#[tokio::test]
async fn set_with_a_secret_in_it_is_none() {
    for body in
        [r#"{"keys":[{"kty":"oct","k":"AAAA"}]}"#, r#"{"keys":{}}"#, "[]", "<html>", r#"{"keys":[{}],"keys":[]}"#]
    {
        let world = World::saying(Say::json(body)).await;
        let (keys, uri) = (world.keys(), world.uri());
        assert!(keys.keys(of(1, "app", &uri), Need::Known).await.is_none(), "{body}");
    }
}

#[tokio::test]
async fn many_ask_and_one_fetches_and_unknown_keys_force_nothing_within_a_minute() {
    let world = World::saying(Say::json(&jwks())).await;
    let (keys, uri) = (Arc::new(world.keys()), world.uri());
    let mut askers = JoinSet::new();
    for at in 0..200 {
        let (keys, uri) = (Arc::clone(&keys), uri.clone());
        let need = if at % 2 == 0 { Need::Known } else { Need::Newer };
        askers.spawn(async move { keys.keys(of(1, "app", &uri), need).await.unwrap().len() });
    }
    assert!(askers.join_all().await.iter().all(|count| *count == 1));
    assert_eq!(world.asked(), 1);
}

#[tokio::test]
async fn one_url_of_two_tenants_is_fetched_for_each() {
    let world = World::saying(Say::json(&jwks())).await;
    let (keys, uri) = (world.keys(), world.uri());
    for whose in [of(1, "app", &uri), of(2, "app", &uri), of(1, "other", &uri)] {
        assert!(keys.keys(whose, Need::Known).await.is_some());
    }
    assert_eq!(world.asked(), 3);
}

#[tokio::test]
async fn fetch_that_failed_is_not_tried_again_at_once() {
    let world = World::saying(Say::head("HTTP/1.1 500 Oops", "")).await;
    let (keys, uri) = (world.keys(), world.uri());
    for _ in 0..5 {
        assert!(keys.keys(of(1, "app", &uri), Need::Newer).await.is_none());
    }
    assert_eq!(world.asked(), 1);
}

#[tokio::test]
async fn slow_host_delays_no_other_client() {
    let slow = World::saying(Say { pause: Duration::from_millis(300), ..Say::json(&jwks()) }).await;
    let quick = World::saying(Say::json(&jwks())).await;
    let authorities = [&slow, &quick].map(|world| std::fs::read_to_string(world.folder.path().join("ca.pem")).unwrap());
    std::fs::write(quick.folder.path().join("ca.pem"), authorities.concat()).unwrap();
    let private_hosts = [slow.plan().private_hosts, quick.plan().private_hosts].concat();
    let plan = FetchPlan { private_hosts, ..quick.plan() };
    let keys = FetchedKeys::new(Arc::new(Fetcher::new(&plan).unwrap()));
    let (slow_uri, quick_uri) = (slow.uri(), quick.uri());
    let mut waits = std::pin::pin!(keys.keys(of(1, "slow", &slow_uri), Need::Known));
    tokio::select! {
        biased;
        _ = &mut waits => panic!("the slow one was first"),
        set = keys.keys(of(1, "quick", &quick_uri), Need::Known) => assert!(set.is_some()),
    }
}

#[tokio::test]
async fn set_that_cannot_be_fetched_any_more_is_used_for_a_day() {
    let uri = FetchedUri::parse("https://127.0.0.1:40001/jwks").unwrap();
    for (hours, there) in [(0, true), (1, true), (23, true), (25, false)] {
        let keys = FetchedKeys::new(Arc::new(Fetcher::new(&FetchPlan::default()).unwrap()));
        let set = parhelion_jose::jwk::KeySet::from_jwks(jwks().as_bytes()).unwrap();
        keys.put(of(1, "app", &uri), set, Duration::from_secs(hours * 3600)).await;
        assert_eq!(keys.keys(of(1, "app", &uri), Need::Known).await.is_some(), there, "{hours} hours later");
    }
}

#[tokio::test]
async fn request_object_is_fetched_once_for_all_who_ask_at_one_moment_and_again_for_the_next() {
    let say = Say { pause: Duration::from_millis(20), ..Say::of_type("application/jwt", "a.b.c") };
    let world = World::saying(say).await;
    let (objects, uri) = (Arc::new(world.request_objects()), world.uri());
    let mut askers = JoinSet::new();
    for _ in 0..50 {
        let (objects, uri) = (Arc::clone(&objects), uri.clone());
        askers.spawn(async move { objects.request_object(object_of(1, "app", &uri)).await });
    }
    assert!(askers.join_all().await.iter().all(|text| text.as_deref() == Some("a.b.c")));
    assert_eq!(world.asked(), 1);
    for (tenant, client_id, asked) in [(1, "app", 2), (1, "other", 3), (2, "app", 4)] {
        assert!(objects.request_object(object_of(tenant, client_id, &uri)).await.is_some());
        assert_eq!(world.asked(), asked);
    }
}

#[tokio::test]
async fn asker_who_goes_away_leaves_the_fetch_to_those_who_wait() {
    let say = Say { pause: Duration::from_millis(20), ..Say::of_type("application/jwt", "a.b.c") };
    let world = World::saying(say).await;
    let (objects, uri) = (world.request_objects(), world.uri());
    let whose = object_of(1, "app", &uri);
    let mut first = Some(objects.request_object(whose));
    let second = objects.request_object(whose);
    tokio::select! {
        biased;
        _ = async { first.as_mut().unwrap().await } => panic!("too quick"),
        () = sleep(Duration::from_millis(50)) => {}
    }
    drop(first);
    assert_eq!(second.await.as_deref(), Some("a.b.c"));
}

#[tokio::test]
async fn key_set_is_no_request_object_and_the_other_way_round() {
    for (media_type, object, set) in [
        ("application/json", false, true),
        ("application/jwk-set+json", false, true),
        ("application/oauth-authz-req+jwt", true, false),
        ("Application/JWT; charset=utf-8", true, false),
        ("application/jose", true, false),
        ("text/plain", false, false),
    ] {
        let world = World::saying(Say::of_type(media_type, &jwks())).await;
        let (fetcher, uri) = (Fetcher::new(&world.plan()).unwrap(), world.uri());
        assert_eq!(fetcher.get(&uri, Document::RequestObject).await.is_ok(), object, "{media_type}");
        assert_eq!(fetcher.get(&uri, Document::KeySet).await.is_ok(), set, "{media_type}");
    }
}

#[tokio::test]
async fn browsers_who_wait_for_request_objects_keep_nobody_from_keys() {
    let world = World::saying(Say::json(&jwks())).await;
    let fetcher = Fetcher::new(&world.plan()).unwrap();
    let _all = fetcher.request_objects.acquire_many(AT_A_TIME.try_into().unwrap()).await.unwrap();
    assert!(fetcher.get(&world.uri(), Document::KeySet).await.is_ok());
    assert!(matches!(fetcher.get(&world.uri(), Document::RequestObject).await, Err(FetchFault::TooSlow)));
}

#[tokio::test]
async fn request_object_that_did_not_come_is_not_asked_for_again_at_once() {
    let world = World::saying(Say::head("HTTP/1.1 500 Oops", "")).await;
    let (objects, uri) = (world.request_objects(), world.uri());
    let other = FetchedUri::parse(&format!("https://127.0.0.1:{}/other", world.port)).unwrap();
    for _ in 0..5 {
        for uri in [&uri, &other] {
            assert!(objects.request_object(object_of(1, "app", uri)).await.is_none());
        }
    }
    assert_eq!(world.asked(), 2);
}
