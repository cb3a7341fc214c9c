//! Attestations of a client's instance, and the proofs beside them, judged by every rule of requirements N-39 to N-41
//! and attack rows CA-59 to CA-67.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use parhelion_jose::jws::Algorithm;
use parhelion_jose::signing::SigningKey;
use parhelion_protocol::client::{Client, ClientMetadata};
use parhelion_protocol::client_auth::attest_jwt_client_auth::{Attester, Headers, InstancePossession};
use parhelion_protocol::client_auth::{self, Authorization, Callers, Evidence, Judge, Proof, TrustAnchors};
use parhelion_protocol::form;
use parhelion_protocol::profile::{ClientIdInForm, LoopbackRedirectUri, shipped};
use parhelion_protocol::refusal::Reason;
use parhelion_protocol::sender::{Shown, certificate};
use proptest::prelude::*;
use serde_json::{Value, json};

const ISSUER: &str = "https://as.example/t";
const ATTESTER: &str = "https://attester.example";
const NOW: i64 = 1_800_000_000;
const ATTESTATION: &str = "oauth-client-attestation+jwt";
const POP: &str = "oauth-client-attestation-pop+jwt";

struct Bench {
    attester: SigningKey,
    instance: SigningKey,
    attesters: Vec<Attester>,
}

/// What a request shows beside its body.
#[derive(Default)]
struct Request {
    attestation: Shown<'static>,
    pop: Shown<'static>,
    dpop: Shown<'static>,
    body: &'static str,
}

impl Bench {
    fn new() -> Self {
        let (attester, instance) = (key(), key());
        let jwks = json!({ "keys": [attester.public_jwk()] }).to_string();
        let attesters = vec![Attester::register(ATTESTER.to_owned(), &jwks).unwrap()];
        Self { attester, instance, attesters }
    }

    fn attestation(&self, change: impl FnOnce(&mut Value)) -> String {
        let mut claims =
            json!({ "iss": ATTESTER, "sub": "app", "exp": NOW + 3600, "cnf": { "jwk": self.instance.public_jwk() } });
        change(&mut claims);
        self.attester.sign(ATTESTATION, claims.to_string().as_bytes()).unwrap()
    }

    fn pop(&self, change: impl FnOnce(&mut Value)) -> String {
        let mut claims = json!({ "aud": ISSUER, "jti": "a", "iat": NOW });
        change(&mut claims);
        self.instance.sign(POP, claims.to_string().as_bytes()).unwrap()
    }

    fn pair(&self, attestation: String, pop: String) -> Result<Proof, Reason> {
        self.judge(Request { attestation: one(attestation), pop: one(pop), ..Request::default() })
    }

    fn judge(&self, request: Request) -> Result<Proof, Reason> {
        self.judge_for(Some(&client("attest_jwt_client_auth")), request)
    }

    fn judge_for(&self, client: Option<&Client>, request: Request) -> Result<Proof, Reason> {
        let Request { attestation, pop, dpop, body } = request;
        let policy = shipped("default").unwrap();
        let parameters = form::parse(body.as_bytes()).unwrap();
        let evidence = Evidence {
            authorization: &Authorization::Absent,
            attestation: &Headers { attestation, pop },
            dpop: &dpop,
            certificate: &certificate::Shown::Absent,
            parameters: &parameters,
        };
        let judge = Judge {
            policy: &policy,
            issuer: ISSUER,
            endpoint_urls: &[],
            attesters: &self.attesters,
            certificate: None,
            trust_anchors: &TrustAnchors::default(),
            callers: Callers::Clients,
            now_s: NOW,
        };
        let presented = client_auth::present(&evidence, ClientIdInForm::FromCredential);
        let presented = presented.map_err(|refusal| refusal.reason)?;
        client_auth::prove(&presented, client.map(Client::party), &judge).map_err(|refusal| refusal.reason)
    }

    #[track_caller]
    fn attestation_refused(&self, change: impl FnOnce(&mut Value), expected: Reason) {
        assert_eq!(self.pair(self.attestation(change), self.pop(|_| {})).unwrap_err(), expected);
    }

    #[track_caller]
    fn pop_refused(&self, change: impl FnOnce(&mut Value), expected: Reason) {
        assert_eq!(self.pair(self.attestation(|_| {}), self.pop(change)).unwrap_err(), expected);
    }
}

fn key() -> SigningKey {
    SigningKey::generate(Algorithm::Es256).unwrap()
}

fn one(text: String) -> Shown<'static> {
    Shown::One(text.into())
}

fn client(method: &str) -> Client {
    let metadata = json!({
        "client_id": "app", "token_endpoint_auth_method": method, "redirect_uris": ["https://app.example/cb"]
    });
    let metadata: ClientMetadata = serde_json::from_value(metadata).unwrap();
    Client::register(metadata, &[], LoopbackRedirectUri::Accepted).unwrap()
}

#[test]
fn attested_instance_is_told_with_its_key_and_its_challenge() {
    let bench = Bench::new();
    let proof = bench.pair(bench.attestation(|_| {}), bench.pop(|claims| claims["challenge"] = "c".into())).unwrap();
    let instance = proof.instance.unwrap();
    assert_eq!(instance.jkt, bench.instance.public_key().thumbprint());
    assert_eq!(instance.possession, InstancePossession::Pop { challenge: Some("c".to_owned()) });
    assert_eq!(proof.once.unwrap().forget_at_s, NOW + 60 + 60);
}

#[test]
fn half_an_attestation_and_a_doubled_one_are_refused() {
    let bench = Bench::new();
    let (attestation, pop) = (|| one(bench.attestation(|_| {})), || one(bench.pop(|_| {})));
    for (attestation, pop, expected) in [
        (Shown::Absent, pop(), Reason::AttestationIncomplete),
        (attestation(), Shown::Absent, Reason::AttestationIncomplete),
        (Shown::Repeated, pop(), Reason::AttestationRepeated),
        (attestation(), Shown::Repeated, Reason::AttestationRepeated),
        (one("a.b.c".to_owned()), pop(), Reason::AttestationMalformed),
        (attestation(), one(String::new()), Reason::AttestationMalformed),
        (one(format!("{0},{0}", bench.attestation(|_| {}))), pop(), Reason::AttestationMalformed),
    ] {
        let request = Request { attestation, pop, ..Request::default() };
        assert_eq!(bench.judge(request).unwrap_err(), expected);
    }
}

#[test]
fn only_one_mechanism_authenticates() {
    let bench = Bench::new();
    let (attestation, pop) = (one(bench.attestation(|_| {})), one(bench.pop(|_| {})));
    let request = Request { attestation, pop, body: "client_secret=x", ..Request::default() };
    assert_eq!(bench.judge(request).unwrap_err(), Reason::TwoMechanisms);
}

#[test]
fn tokens_of_another_kind_are_neither() {
    let bench = Bench::new();
    let (attestation, pop) = (bench.attestation(|_| {}), bench.pop(|_| {}));
    for typ in ["JWT", "dpop+jwt", POP, "at+jwt"] {
        let claims = json!({ "sub": "app", "exp": NOW + 60, "cnf": { "jwk": bench.instance.public_jwk() } });
        let other = bench.attester.sign(typ, claims.to_string().as_bytes()).unwrap();
        assert_eq!(bench.pair(other, pop.clone()).unwrap_err(), Reason::AttestationTypRefused, "{typ}");
    }
    assert_eq!(bench.pair(attestation.clone(), attestation).unwrap_err(), Reason::AttestationTypRefused);
}

#[test]
fn only_a_trusted_attester_counts() {
    let (bench, other) = (Bench::new(), Bench::new());
    let theirs = other.attestation(|_| {});
    assert_eq!(bench.pair(theirs, other.pop(|_| {})).unwrap_err(), Reason::AttestationSignatureWrong);
    for issuer in [json!("https://other.example"), json!("https://attester.example/"), json!(5), json!(null)] {
        bench.attestation_refused(|claims| claims["iss"] = issuer, Reason::AttesterUnknown);
    }
    let unnamed = bench.attestation(|claims| drop(claims.as_object_mut().unwrap().remove("iss")));
    assert!(bench.pair(unnamed, bench.pop(|_| {})).is_ok());
}

#[test]
fn attestation_expires() {
    let bench = Bench::new();
    let at = |name: &'static str, value: Value| move |claims: &mut Value| claims[name] = value;
    bench.attestation_refused(at("exp", json!(NOW - 11)), Reason::AttestationExpired);
    for malformed in [json!("1"), json!(null), json!(1e300)] {
        bench.attestation_refused(at("exp", malformed), Reason::AttestationTimeWrong);
    }
    for name in ["iat", "nbf"] {
        for wrong in [json!(NOW + 31), json!("1"), json!(null)] {
            bench.attestation_refused(at(name, wrong), Reason::AttestationTimeWrong);
        }
        assert!(bench.pair(bench.attestation(at(name, json!(NOW - 9999))), bench.pop(|_| {})).is_ok());
    }
}

#[test]
fn attestation_names_client_and_key() {
    let bench = Bench::new();
    for wrong in [json!(null), json!(5), json!(["app"])] {
        bench.attestation_refused(|claims| claims["sub"] = wrong, Reason::AttestationSubjectMissing);
    }
    let (attestation, pop) = (one(bench.attestation(|_| {})), one(bench.pop(|_| {})));
    let request = Request { attestation, pop, body: "client_id=other", ..Request::default() };
    assert_eq!(bench.judge(request).unwrap_err(), Reason::AttestationClientIdMismatch);
    let mut private = bench.instance.public_jwk();
    private.insert("d".to_owned(), "AAAA".into());
    for cnf in [json!(null), json!({}), json!({ "jwk": "x" }), json!({ "jkt": "x" }), json!({ "jwk": private })] {
        bench.attestation_refused(|claims| claims["cnf"] = cnf, Reason::AttestationKeyRefused);
    }
}

#[test]
fn proof_is_by_the_attested_key_for_this_issuer_and_fresh() {
    let (bench, other) = (Bench::new(), Bench::new());
    let foreign = bench.pair(bench.attestation(|_| {}), other.pop(|_| {}));
    assert_eq!(foreign.unwrap_err(), Reason::AttestationPopSignatureWrong);
    let at = |name: &'static str, value: Value| move |claims: &mut Value| claims[name] = value;
    for audience in [json!("https://as.example/t/"), json!([ISSUER, "x"]), json!([]), json!(null)] {
        bench.pop_refused(at("aud", audience), Reason::AttestationPopAudienceWrong);
    }
    for time in [json!(NOW - 61), json!(NOW + 31), json!("1"), json!(null)] {
        bench.pop_refused(at("iat", time), Reason::AttestationPopTimeWrong);
    }
    bench.pop_refused(at("exp", json!(NOW - 11)), Reason::AttestationPopTimeWrong);
    for jti in [json!(""), json!(5), json!(null), json!("x".repeat(257))] {
        bench.pop_refused(at("jti", jti), Reason::AttestationPopJtiMissing);
    }
    bench.pop_refused(at("iss", json!("other")), Reason::AttestationPopIssuerWrong);
    bench.pop_refused(at("challenge", json!(5)), Reason::AttestationChallengeNeeded);
    assert!(bench.pair(bench.attestation(|_| {}), bench.pop(at("iss", json!("app")))).is_ok());
}

#[test]
fn combined_mode_is_a_method_of_its_own() {
    let bench = Bench::new();
    let request = || Request {
        attestation: one(bench.attestation(|_| {})),
        dpop: one("judged elsewhere".to_owned()),
        ..Request::default()
    };
    assert_eq!(bench.judge(request()).unwrap_err(), Reason::MethodNotRegistered);
    let combined = bench.judge_for(Some(&client("attest_jwt_client_auth_dpop")), request()).unwrap();
    assert_eq!((combined.once, combined.instance.unwrap().possession), (None, InstancePossession::Dpop));
}

#[test]
fn unknown_client_looks_like_an_attester_that_nobody_trusts() {
    let bench = Bench::new();
    let request =
        || Request { attestation: one(bench.attestation(|_| {})), pop: one(bench.pop(|_| {})), ..Request::default() };
    let unknown = bench.judge_for(None, request()).unwrap_err();
    let public = bench.judge_for(Some(&client("none")), request()).unwrap_err();
    assert_eq!((unknown, public), (Reason::ClientUnknown, Reason::MethodNotRegistered));
    for hidden in [unknown, public, Reason::AttesterUnknown, Reason::AttestationSignatureWrong] {
        assert_eq!(hidden.row().public().code, "PAR-202");
    }
}

proptest! {
    #[test]
    fn whatever_comes_in_the_headers_is_refused_unless_it_is_signed(attestation in ".{0,200}", pop in ".{0,200}") {
        prop_assert!(Bench::new().pair(attestation, pop).is_err());
    }

    #[test]
    fn changed_byte_is_noticed(at in 0_usize..4000, to in proptest::char::range('0', 'z')) {
        let bench = Bench::new();
        let attestation = bench.attestation(|_| {});
        let mut bytes = attestation.clone().into_bytes();
        let at = at.checked_rem(bytes.len()).unwrap();
        bytes[at] = u8::try_from(to).unwrap();
        let changed = String::from_utf8(bytes).unwrap();
        let verdict = bench.pair(changed.clone(), bench.pop(|_| {}));
        prop_assert_eq!(verdict.is_ok(), changed == attestation);
    }
}
