//! HTTP/2 from its sockets: requests by a client that behaves, and frames by hand for those that do not.
#![allow(clippy::arithmetic_side_effects)]

use bytes::Bytes;
use h2::client::{ResponseFuture, SendRequest};
use h2::{Reason, SendStream};
use http::{Request, Response, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_rustls::client::TlsStream;

use super::*;
use crate::edge::tests::{PUSH, SHORT, Site};
use crate::edge::tls::test_authority::{Authority, Client};
use crate::edge::{End, Limits};

const PATIENCE: Duration = Duration::from_secs(20);
/// A deadline that a handshake on a busy machine keeps.
const WAIT: Duration = Duration::from_secs(1);

fn limits() -> Limits {
    Limits { linger: SHORT, ..Limits::default() }
}

/// A client's side of a connection.
struct Session {
    requests: SendRequest<Bytes>,
    /// How the connection ended.
    ended: JoinHandle<Result<(), h2::Error>>,
}

impl Session {
    async fn begin(authority: &Authority, site: &Site) -> Self {
        let stream = authority.connect(site, &Client::HTTP_2).await.unwrap();
        let (requests, connection) = h2::client::handshake(stream).await.unwrap();
        Self { requests, ended: tokio::spawn(connection) }
    }

    async fn begin_request(&mut self, request: Request<()>, body: Body) -> (ResponseFuture, SendStream<Bytes>) {
        self.requests = self.requests.clone().ready().await.unwrap();
        self.requests.send_request(request, body == Body::None).unwrap()
    }

    async fn push(&mut self) -> (Response<()>, String) {
        let (answer, mut body) = self.begin_request(post(), Body::Follows).await;
        body.send_data(Bytes::from_static(PUSH.as_bytes()), true).unwrap();
        whole(answer).await.unwrap()
    }

    async fn get(&mut self, request: Request<()>) -> Result<(Response<()>, String), h2::Error> {
        whole(self.begin_request(request, Body::None).await.0).await
    }

    async fn end(self) -> Result<(), h2::Error> {
        drop(self.requests);
        timeout(PATIENCE, self.ended).await.expect("the connection ends").unwrap()
    }
}

#[derive(PartialEq, Eq)]
enum Body {
    None,
    Follows,
}

async fn whole(answer: ResponseFuture) -> Result<(Response<()>, String), h2::Error> {
    let (head, mut body) = timeout(PATIENCE, answer).await.expect("an answer")?.into_parts();
    let mut bytes = Vec::new();
    while let Some(data) = timeout(PATIENCE, body.data()).await.expect("a body") {
        let data = data?;
        body.flow_control().release_capacity(data.len()).unwrap();
        bytes.extend_from_slice(&data);
    }
    Ok((Response::from_parts(head, ()), String::from_utf8(bytes).unwrap()))
}

fn post() -> Request<()> {
    Request::post("https://as.example/acme/par").body(()).unwrap()
}

fn get(url: &str) -> Request<()> {
    Request::get(url).body(()).unwrap()
}

const JWKS: &str = "https://as.example/acme/jwks";

async fn assert_fine(authority: &Authority, site: &Site) {
    assert_eq!(Session::begin(authority, site).await.push().await.0.status(), StatusCode::CREATED);
}

#[tokio::test]
async fn push_is_answered_with_what_every_answer_has() {
    let authority = Authority::new();
    let site = authority.site(limits()).await;
    let mut session = Session::begin(&authority, &site).await;
    let (head, body) = session.push().await;
    assert_eq!((head.status(), head.version()), (StatusCode::CREATED, http::Version::HTTP_2));
    assert!(body.starts_with("urn:ietf:params:oauth:request_uri:"), "{body}");
    let header = |name: &str| head.headers().get(name).map(|value| value.to_str().unwrap());
    assert_eq!(header("x-request-id").map(str::len), Some(32));
    assert_eq!((header("x-content-type-options"), header("cache-control")), (Some("nosniff"), Some("no-store")));
}

#[tokio::test]
async fn requests_of_one_connection_go_on_beside_each_other() {
    let authority = Authority::new();
    let site = authority.site(limits()).await;
    let mut session = Session::begin(&authority, &site).await;
    let (slow, mut slow_body) = session.begin_request(post(), Body::Follows).await;
    for _ in 0..50 {
        assert_eq!(session.get(get(JWKS)).await.unwrap().0.status(), StatusCode::OK);
    }
    slow_body.send_data(Bytes::from_static(PUSH.as_bytes()), true).unwrap();
    assert_eq!(whole(slow).await.unwrap().0.status(), StatusCode::CREATED);
}

#[tokio::test]
async fn refusal_before_the_body_ends_its_stream_and_not_the_connection() {
    let authority = Authority::new();
    let site = authority.site(Limits { body_wait: SHORT, ..limits() }).await;
    let mut session = Session::begin(&authority, &site).await;
    let announced = Request::post("https://as.example/acme/par").header("content-length", "10737418240");
    let unannounced = || vec![b'a'; 70_000];
    let (large, _body) = session.begin_request(announced.body(()).unwrap(), Body::Follows).await;
    let large = whole(large).await.unwrap().0;
    assert_eq!(large.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert!(!large.headers().contains_key(header::CONNECTION), "{large:?}");
    let (streamed, mut body) = session.begin_request(post(), Body::Follows).await;
    body.send_data(Bytes::from(unannounced()), false).unwrap();
    assert_eq!(whole(streamed).await.unwrap().0.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let (late, mut body) = session.begin_request(post(), Body::Follows).await;
    body.send_data(Bytes::from_static(b"client"), false).unwrap();
    let (late, text) = whole(late).await.unwrap();
    assert!(late.status() == StatusCode::REQUEST_TIMEOUT && text.contains("PAR-114"), "{late:?} {text}");
    let wrong = Request::put("https://as.example/acme/par").body(()).unwrap();
    assert_eq!(session.get(wrong).await.unwrap().0.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(session.push().await.0.status(), StatusCode::CREATED);
}

#[tokio::test]
async fn authority_counts_as_host_and_a_host_must_repeat_it() {
    let authority = Authority::new();
    let site = authority.site(limits()).await;
    let mut session = Session::begin(&authority, &site).await;
    for (host, expected) in [(None, 200), (Some("as.example"), 200), (Some("evil.example"), 400), (Some(""), 400)] {
        let mut request = get(JWKS);
        if let Some(host) = host {
            request.headers_mut().insert(header::HOST, host.parse().unwrap());
        }
        let (head, body) = session.get(request).await.unwrap();
        assert_eq!(head.status().as_u16(), expected, "{host:?}: {body}");
        assert_eq!(body.contains("PAR-118"), expected == 400, "{host:?}: {body}");
    }
    let evil = get("https://evil.example/acme/.well-known/openid-configuration");
    let (_, body) = session.get(evil).await.unwrap();
    assert!(body.contains("\"issuer\":\"https://as.example/acme\"") && !body.contains("evil"), "{body}");
}

#[tokio::test]
async fn headers_too_large_or_too_many_are_431() {
    let authority = Authority::new();
    let site = authority.site(limits()).await;
    let mut session = Session::begin(&authority, &site).await;
    let mut many = get(JWKS);
    for _ in 0..101 {
        many.headers_mut().append("x-a", "b".parse().unwrap());
    }
    let (head, body) = session.get(many).await.unwrap();
    assert!(head.status().as_u16() == 431 && body.contains("PAR-113"), "{head:?} {body}");
    let mut large = get(JWKS);
    large.headers_mut().insert("x-large", "a".repeat(33_000).parse().unwrap());
    let refused = session.get(large).await;
    assert!(refused.as_ref().map_or(true, |(head, _)| head.status().as_u16() == 431), "{refused:?}");
    assert_fine(&authority, &site).await;
}

#[tokio::test]
async fn connection_ends_after_its_share_of_requests() {
    let authority = Authority::new();
    let site = authority.site(Limits { requests_per_connection_max: 3, ..limits() }).await;
    let mut session = Session::begin(&authority, &site).await;
    for _ in 0..3 {
        assert_eq!(session.get(get(JWKS)).await.unwrap().0.status(), StatusCode::OK);
    }
    assert!(session.end().await.is_ok(), "a farewell is no error");
}

#[tokio::test]
async fn idle_connection_is_ended_with_a_farewell() {
    let authority = Authority::new();
    let site = authority.site(Limits { head_wait: WAIT, ..limits() }).await;
    let never = Session::begin(&authority, &site).await;
    let mut once = Session::begin(&authority, &site).await;
    assert_eq!(once.get(get(JWKS)).await.unwrap().0.status(), StatusCode::OK);
    let _ = timeout(PATIENCE, never.ended).await.expect("the server closes").unwrap();
    assert!(timeout(PATIENCE, once.ended).await.unwrap().unwrap().is_ok());
}

#[tokio::test]
async fn request_under_way_keeps_its_connection() {
    let authority = Authority::new();
    let site = authority.site(Limits { head_wait: WAIT, ..limits() }).await;
    let mut session = Session::begin(&authority, &site).await;
    let (answer, mut body) = session.begin_request(post(), Body::Follows).await;
    sleep(WAIT * 2).await;
    body.send_data(Bytes::from_static(PUSH.as_bytes()), true).unwrap();
    assert_eq!(whole(answer).await.unwrap().0.status(), StatusCode::CREATED);
}

#[tokio::test]
async fn draining_answers_what_is_in_flight() {
    let authority = Authority::new();
    let site = authority.site(limits()).await;
    let idle = Session::begin(&authority, &site).await;
    let mut busy = Session::begin(&authority, &site).await;
    let (answer, mut body) = busy.begin_request(post(), Body::Follows).await;
    // It has come when a later one was answered.
    assert_eq!(busy.get(get(JWKS)).await.unwrap().0.status(), StatusCode::OK);
    site.stop.send(()).unwrap();
    assert!(timeout(PATIENCE, idle.ended).await.unwrap().unwrap().is_ok());
    body.send_data(Bytes::from_static(PUSH.as_bytes()), true).unwrap();
    assert_eq!(whole(answer).await.unwrap().0.status(), StatusCode::CREATED);
    assert_eq!(timeout(PATIENCE, site.running).await.unwrap().unwrap(), End::Drained);
}

#[tokio::test]
async fn client_that_takes_back_what_it_asks_for_is_dropped() {
    let authority = Authority::new();
    let site = authority.site(limits()).await;
    let mut session = Session::begin(&authority, &site).await;
    let taking_back = async {
        for count in 0_u32.. {
            let Ok(ready) = session.requests.clone().ready().await else { return count };
            session.requests = ready;
            let Ok((answer, mut body)) = session.requests.send_request(post(), false) else { return count };
            // It is being worked on when a later one was answered.
            let Ok(later) = session.requests.send_request(get(JWKS), true) else { return count };
            if later.0.await.is_err() {
                return count;
            }
            body.send_reset(Reason::CANCEL);
            drop(answer);
        }
        unreachable!()
    };
    let count = timeout(PATIENCE * 2, taking_back).await.expect("the server has enough of it");
    assert!((SPOILT_MAX..SPOILT_MAX + 5).contains(&count), "{count}");
    assert_fine(&authority, &site).await;
}

#[tokio::test]
async fn request_dropped_before_its_answer_is_spoilt_and_no_longer_under_way() {
    let traffic = Arc::new(Traffic::new(&limits()));
    for _ in 0..SPOILT_MAX {
        drop(UnderWay::begin(&traffic));
        UnderWay::begin(&traffic).end();
    }
    assert!(timeout(SHORT, traffic.too_much()).await.is_err());
    drop(UnderWay::begin(&traffic));
    timeout(SHORT, traffic.too_much()).await.expect("one too many");
    assert_eq!(traffic.tally().under_way, 0);
}

#[tokio::test]
async fn requests_beyond_the_share_are_too_much_when_the_farewell_is_not_heeded() {
    let traffic = Arc::new(Traffic::new(&Limits { requests_per_connection_max: 5, ..limits() }));
    (0..5 + STREAMS_MAX).for_each(|_| UnderWay::begin(&traffic).end());
    timeout(SHORT, traffic.used_up()).await.expect("the share is used up");
    assert!(timeout(SHORT, traffic.too_much()).await.is_err());
    UnderWay::begin(&traffic).end();
    timeout(SHORT, traffic.too_much()).await.expect("one too many");
}

/// Frames by hand (RFC 9113 section 4.1).
struct Frames(TlsStream<TcpStream>);

const HEADERS: u8 = 1;
const PRIORITY: u8 = 2;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// `GET https://as.example/acme/jwks`, or with another method by the code of its static entry (RFC 7541 appendix A).
fn head(method: u8) -> Vec<u8> {
    let literal =
        |index: u8, text: &str| [&[0x40 | index, u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    [vec![method, 0x87], literal(4, "/acme/jwks"), literal(1, "as.example")].concat()
}

const GET: u8 = 0x82;

impl Frames {
    async fn begin(authority: &Authority, site: &Site, settings: &[u8]) -> Self {
        let mut stream = authority.connect(site, &Client::HTTP_2).await.unwrap();
        stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
        stream.write_all(&frame(SETTINGS, 0, 0, settings)).await.unwrap();
        Self(stream)
    }

    /// Sends as long as the server takes it, and reads until it closes; what it said.
    async fn converse(self, frames: impl Iterator<Item = Vec<u8>>) -> Vec<(u8, u32, Vec<u8>)> {
        let (mut reading, mut writing) = tokio::io::split(self.0);
        let sending = async {
            for frame in frames {
                if writing.write_all(&frame).await.is_err() {
                    break;
                }
            }
            let _ = writing.flush().await;
            std::future::pending::<()>().await;
        };
        let mut bytes = Vec::new();
        tokio::select! {
            read = timeout(PATIENCE, reading.read_to_end(&mut bytes)) => drop(read.expect("the server closes")),
            () = sending => {}
        }
        heard(&bytes)
    }
}

/// Kind, stream and payload of frames.
fn heard(mut bytes: &[u8]) -> Vec<(u8, u32, Vec<u8>)> {
    let mut frames = Vec::new();
    while bytes.len() >= 9 {
        let length = usize::try_from(u32::from_be_bytes([0, bytes[0], bytes[1], bytes[2]])).unwrap();
        let stream = u32::from_be_bytes([bytes[5], bytes[6], bytes[7], bytes[8]]);
        frames.push((bytes[3], stream, bytes[9..9 + length].to_vec()));
        bytes = &bytes[9 + length..];
    }
    frames
}

/// The error codes of farewells.
fn farewells(frames: &[(u8, u32, Vec<u8>)]) -> Vec<u32> {
    let farewells = frames.iter().filter(|(kind, ..)| *kind == GOAWAY);
    farewells.map(|(.., payload)| u32::from_be_bytes(payload[4..8].try_into().unwrap())).collect()
}

const ENHANCE_YOUR_CALM: u32 = 11;

fn streams() -> impl Iterator<Item = u32> {
    (1..200_000).step_by(2)
}

#[tokio::test]
async fn rapid_reset_ends_the_connection_and_nothing_else() {
    let authority = Authority::new();
    let site = authority.site(limits()).await;
    let session = Frames::begin(&authority, &site, &[]).await;
    let cancel = 8_u32.to_be_bytes();
    let attack = streams().map(|stream| {
        let request = frame(HEADERS, END_STREAM | END_HEADERS, stream, &head(GET));
        [request, frame(RST_STREAM, 0, stream, &cancel)].concat()
    });
    let said = session.converse(attack).await;
    let answered = said.iter().filter(|(kind, ..)| *kind == HEADERS).count();
    assert!(farewells(&said).contains(&ENHANCE_YOUR_CALM), "{:?}", farewells(&said));
    assert!(answered < 1000, "{answered} of 100000");
    assert_fine(&authority, &site).await;
}

#[tokio::test]
async fn streams_that_a_client_makes_us_reset_end_the_connection() {
    let authority = Authority::new();
    let site = authority.site(limits()).await;
    let window_of_nothing = |stream| frame(WINDOW_UPDATE, 0, stream, &[0; 4]);
    let priority_of_itself = |stream: u32| frame(PRIORITY, 0, stream, &[&stream.to_be_bytes()[..], &[0]].concat());
    let wrongs: [&dyn Fn(u32) -> Vec<u8>; 2] = [&window_of_nothing, &priority_of_itself];
    for wrong in wrongs {
        let session = Frames::begin(&authority, &site, &[]).await;
        let attack = streams().map(|stream| [frame(HEADERS, END_HEADERS, stream, &head(0x83)), wrong(stream)].concat());
        let said = session.converse(attack).await;
        let resets = said.iter().filter(|(kind, ..)| *kind == RST_STREAM).count();
        assert!(!farewells(&said).is_empty(), "{resets} resets");
        assert!(resets <= 2 * ERROR_RESETS_MAX, "{resets}");
        assert_fine(&authority, &site).await;
    }
}

#[tokio::test]
async fn unfinished_head_is_closed_at_its_deadline_whether_frames_come_or_not() {
    const PING: u8 = 6;
    let authority = Authority::new();
    let site = authority.site(Limits { head_wait: WAIT, ..limits() }).await;
    let unfinished = || frame(HEADERS, END_STREAM, 1, &head(GET));
    let said = Frames::begin(&authority, &site, &[]).await.converse([unfinished()].into_iter()).await;
    assert!(said.iter().all(|(kind, ..)| *kind != HEADERS), "{said:?}");
    let pings = std::iter::repeat_with(|| frame(PING, 0, 0, &[7; 8])).take(1000);
    Frames::begin(&authority, &site, &[]).await.converse(pings).await;
    let nothing = authority.connect(&site, &Client::HTTP_2).await.unwrap();
    Frames(nothing).converse(std::iter::empty()).await;
}

#[tokio::test]
async fn client_that_takes_no_byte_of_its_answers_is_dropped() {
    let authority = Authority::new();
    let site = authority.site(Limits { head_wait: WAIT, write_wait: WAIT, ..limits() }).await;
    // SETTINGS_INITIAL_WINDOW_SIZE: nothing, and then one byte.
    for window in [0, 1] {
        let settings = [0, 4, 0, 0, 0, window];
        let session = Frames::begin(&authority, &site, &settings).await;
        let requests = streams().take(90).map(|stream| frame(HEADERS, END_STREAM | END_HEADERS, stream, &head(GET)));
        let said = session.converse(requests).await;
        assert_eq!(said.iter().filter(|(kind, ..)| *kind == HEADERS).count(), 90);
    }
    assert_fine(&authority, &site).await;
}

#[tokio::test]
async fn without_tls_there_is_no_http_2() {
    let site = Site::start_with(limits(), None).await;
    let ask = async |request: &str| {
        let mut socket = site.connect().await;
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        let _ = timeout(PATIENCE, socket.read_to_end(&mut bytes)).await.expect("the server closes");
        String::from_utf8(bytes).unwrap()
    };
    let upgrade =
        "Connection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n";
    let answer = ask(&format!("GET /acme/jwks HTTP/1.1\r\nHost: as.example\r\n{upgrade}\r\n")).await;
    assert!(answer.starts_with("HTTP/1.1 200 ") && !answer.to_lowercase().contains("upgrade:"), "{answer}");
    let answer = ask("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400 "), "{answer}");
}
