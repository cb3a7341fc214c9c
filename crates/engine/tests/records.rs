//! Every version of every record that was ever written can be read for ever.

#![allow(clippy::unwrap_used, clippy::panic, clippy::arithmetic_side_effects, missing_docs)]

use std::collections::BTreeMap;
use std::fmt::Write as _;

use parhelion_engine::ports::{Id, Key, Moment, Stored, TenantUid, Write};
use parhelion_engine::records::{
    self, AccessToken, ClientRecord, Code, CodeState, ConsentRecord, EncryptionKeyRecord, External, ExternalConsent,
    ExternalConsentV1, Grant, InitialAccessUses, Layout, Narrowed, OnceKeyMark, Payload, Property, PushedRequest,
    RefreshState, RefreshToken, Session, SigningKeyRecord, StoredClient, StoredSecret, Summary, Taken, TenantRecord,
    TenantSettings, Ticket, WrappedKey,
};
use parhelion_engine::reference::{Nonce, Reference};
use parhelion_protocol::params::code_challenge::CodeChallenge;
use parhelion_protocol::sender::Confirmation;
use parhelion_testkit::SeededEntropy;

const TENANT: TenantUid = TenantUid([9; 16]);
const GOLDEN: &str = include_str!("golden/records-v1.txt");

fn reference() -> Reference {
    Reference::from_bytes([5; 32])
}

fn golden() -> BTreeMap<&'static str, Vec<u8>> {
    let byte = |line: &str, at: usize| u8::from_str_radix(line.get(at..at + 2).unwrap(), 16).unwrap();
    let bytes = |hex: &str| (0..hex.len()).step_by(2).map(|at| byte(hex, at)).collect();
    GOLDEN.lines().map(|line| line.split_once(' ').unwrap()).map(|(name, hex)| (name, bytes(hex))).collect()
}

fn stored(value: Vec<u8>) -> Stored {
    Stored { version: 1, expires_at: Moment(0), value }
}

fn value(write: Write) -> Vec<u8> {
    match write {
        Write::Put { value, .. } => value,
        Write::Delete(key) => panic!("{key:?} is deleted, not put"),
    }
}

/// Written now as it was written then, and what was written then is read now.
fn check_sealed<P: Payload + PartialEq>(name: &'static str, payload: &P) {
    let summary = Summary { client_id: "app".into(), made_at_ms: 1_800_000_000_000, count: 3 };
    let entropy = SeededEntropy::new(4);
    let put = records::put_sealed(TENANT, &reference(), &summary, payload, Moment(0), Nonce::draw(&entropy).unwrap());
    let written = value(put.unwrap());
    assert_golden(name, &written);
    let read = records::open_sealed::<P>(TENANT, &reference(), &stored(golden().remove(name).unwrap())).unwrap();
    assert!(read == *payload, "{name}");
    assert_eq!(records::summary::<P>(&stored(written)).unwrap(), summary);
}

fn check_open<P: Payload + PartialEq>(name: &'static str, payload: &P) {
    let written = value(records::put_open(TENANT, Id([1; 32]), payload, Moment(0)).unwrap());
    assert_golden(name, &written);
    assert!(records::open::<P>(&stored(golden().remove(name).unwrap())).unwrap() == *payload, "{name}");
}

fn assert_golden(name: &str, written: &[u8]) {
    let mut hex = String::new();
    written.iter().for_each(|byte| write!(hex, "{byte:02x}").unwrap());
    assert_eq!(golden().get(name).map(Vec::as_slice), Some(written), "the golden line would be\n{name} {hex}");
}

#[test]
fn pushed_request_is_as_it_was() {
    let parameters = vec![("response_type".to_owned(), "code".to_owned()), ("state".to_owned(), "s\u{e9}".to_owned())];
    let (client_id, issuer) = ("app".to_owned(), "https://as.example".to_owned());
    let (pushed_at_ms, redeem_by_ms) = (1_800_000_000_000, 1_800_000_090_000);
    check_sealed(
        "pushed_request",
        &PushedRequest { client_id, issuer, pushed_at_ms, redeem_by_ms, parameters, instance: Some([7; 32]) },
    );
}

fn code(state: CodeState, code_challenge: CodeChallenge) -> Code {
    Code {
        client_id: "app".to_owned(),
        issuer: "https://as.example".to_owned(),
        redirect_uri: "https://app.example/cb".to_owned(),
        redirect_uri_was_sent: true,
        code_challenge: Some(code_challenge),
        scope: "openid".to_owned(),
        requested_scope: "openid profile".to_owned(),
        nonce: Some("n".to_owned()),
        claims: None,
        resources: vec!["https://api.example".to_owned()],
        sub: "alice".to_owned(),
        auth_time_s: 1_800_000_000,
        session: [4; 32],
        bound_to: Some(Confirmation::Jkt([3; 32])),
        state,
        authorization_details: Some("[{\"type\":\"a\"}]".to_owned()),
        instance: Some([7; 32]),
        external: None,
        properties: vec![Property { key: "k".to_owned(), value: "v".to_owned(), hidden: true }],
    }
}

fn external() -> External {
    External {
        shown_sub: Some("a1".to_owned()),
        acr: Some("loa2".to_owned()),
        claims: Some("{\"name\":\"A\"}".to_owned()),
        consented_claims: vec!["name".to_owned()],
        session_id: None,
        given_at_ms: 1_800_000_000_000,
    }
}

#[test]
fn ticket_and_what_a_back_end_keeps_are_as_they_were() {
    let (client_id, context) = ("app".to_owned(), Some("x".to_owned()));
    check_sealed("ticket", &Ticket { request: [7; 32], client_id, made_at_ms: 1_800_000_000_000, context });
    let consent = ExternalConsent {
        client_id: "app".to_owned(),
        sub: "john".to_owned(),
        latest: Some("openid".to_owned()),
        merged: Some("openid email".to_owned()),
        changed_at_ms: 1_800_000_000_000,
        ended_until_ms: 1_700_000_000_000,
        narrowed: Some(Narrowed { scope: "openid".to_owned(), until_ms: 1_750_000_000_000 }),
    };
    check_open("external_consent_v2", &consent);
    let former = records::open_or_former::<ExternalConsent, ExternalConsentV1>(&stored(
        golden().remove("external_consent").unwrap(),
    ));
    assert_eq!(former.unwrap(), ExternalConsent { narrowed: None, ..consent });
}

#[test]
fn code_is_as_it_was() {
    check_sealed("code_unused", &code(CodeState::Unused(2), CodeChallenge::S256([8; 32])));
    check_sealed("code_used", &code(CodeState::Used([6; 32]), CodeChallenge::Plain("x".repeat(43))));
}

#[test]
fn access_token_and_session_are_as_they_were() {
    check_sealed(
        "access_token",
        &AccessToken {
            client_id: "app".to_owned(),
            issuer: "https://as.example".to_owned(),
            sub: Some("alice".to_owned()),
            scope: "openid".to_owned(),
            audience: vec!["https://as.example".to_owned()],
            grant: [6; 32],
            issued_at_s: 1_800_000_000,
            bound_to: None,
            authorization_details: Some("[{\"type\":\"a\"}]".to_owned()),
        },
    );
    check_sealed(
        "grant",
        &Grant {
            client_id: "app".to_owned(),
            sub: Some("alice".to_owned()),
            scope: "openid".to_owned(),
            auth_time_s: 1_800_000_000,
            claims: None,
            session: Some([4; 32]),
            authorization_details: Some("[{\"type\":\"a\"}]".to_owned()),
            external: Some(external()),
            properties: Vec::new(),
        },
    );
    check_sealed(
        "refresh_token",
        &RefreshToken {
            client_id: "app".to_owned(),
            issuer: "https://as.example".to_owned(),
            scope: "openid".to_owned(),
            resources: Vec::new(),
            grant: [6; 32],
            issued_at_s: 1_800_000_000,
            bound_to: None,
            state: RefreshState::Replaced,
            instance: Some([7; 32]),
        },
    );
    check_sealed("session", &Session { sub: "alice".to_owned(), auth_time_s: 1_800_000_000 });
}

#[test]
fn open_records_are_as_they_were() {
    check_open("taken", &Taken { by: [2; 16] });
    check_open("once_key", &OnceKeyMark);
    let (client_id, sub, scope) = ("app".to_owned(), "alice".to_owned(), "openid".to_owned());
    check_open("consent", &ConsentRecord { client_id, sub, scope, given_at_s: 1_800_000_000 });
    check_open("tenant", &TenantRecord { slug: "acme".to_owned(), uid: [9; 16], made_at_ms: 1_800_000_000_000 });
    let (alg, kid) = ("ES256".to_owned(), "k".to_owned());
    let key = WrappedKey { alg, kid, wrapped: vec![1, 2, 3], made_at_ms: 1_800_000_000_000 };
    check_open("signing_key", &SigningKeyRecord(key.clone()));
    check_open("encryption_key", &EncryptionKeyRecord(key));
    check_open("initial_access", &InitialAccessUses { uses: 3 });
    let (dialect, policy) = ("authlete".to_owned(), "pkce = \"s256\"\n".to_owned());
    check_open("tenant_settings", &TenantSettings { dialect, policy, changed_at_ms: 1_800_000_000_000 });
}

#[test]
fn registered_client_is_as_it_was() {
    let secret = |sealed, expires_at_s| StoredSecret { digest: [7; 32], sealed, expires_at_s };
    let client = StoredClient {
        client_id: "app".to_owned(),
        metadata: "{}".to_owned(),
        policy: "pkce = 'required'".to_owned(),
        enabled: true,
        recoverable: false,
        secrets: vec![secret(Some(vec![1, 2, 3]), None), secret(None, Some(1_800_000_000))],
        registration_token: Some([5; 32]),
        origin: "registration".to_owned(),
        made_at_ms: 1_800_000_000_000,
        changed_at_ms: 1_800_000_000_001,
    };
    check_open("client", &ClientRecord::Live(Box::new(client)));
    check_open("client_gone", &ClientRecord::Gone { at_ms: 1_800_000_000_000 });
}

#[test]
fn key_bytes_sort_by_tenant_kind_and_id() {
    let key = Key { tenant: TENANT, kind: PushedRequest::KIND, id: Id([7; 32]) };
    assert_eq!(key.to_bytes(), [&[9_u8; 16][..], &[3], &[7; 32]].concat().as_slice());
}
