//! Client assertions, signed with a private key or a secret, judged by every rule of requirements N-28 to N-34 and attack rows CA-19 to CA-47.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use parhelion_jose::jwk::KeySet;
use parhelion_jose::jws::{Algorithm, MacAlgorithm, MacKey};
use parhelion_jose::signing::SigningKey;
use parhelion_protocol::client::{Client, ClientMetadata};
use parhelion_protocol::client_auth::attest_jwt_client_auth::Headers;
use parhelion_protocol::client_auth::{
    self, Authorization, Callers, Evidence, GivenSecret, Judge, OnceKey, TrustAnchors,
};
use parhelion_protocol::form;
use parhelion_protocol::profile::{ClientIdInForm, LoopbackRedirectUri, shipped};
use parhelion_protocol::refusal::Reason;
use parhelion_protocol::sender::{Shown, certificate};
use serde_json::{Value, json};

const ISSUER: &str = "https://as.example/t";
const TOKEN: &str = "https://as.example/t/token";
const PAR: &str = "https://as.example/t/par";
const NOW: i64 = 1_800_000_000;
const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

struct Bench {
    key: SigningKey,
    client: Client,
}

impl Bench {
    fn new(alg: Algorithm) -> Self {
        Self::with(SigningKey::generate(alg).unwrap(), |_, _| {})
    }

    fn with(key: SigningKey, change: impl Fn(&mut Value, &mut Value)) -> Self {
        let mut jwk = Value::Object(key.public_jwk());
        let mut metadata = json!({
            "client_id": "app", "token_endpoint_auth_method": "private_key_jwt",
            "redirect_uris": ["https://app.example/cb"]
        });
        change(&mut jwk, &mut metadata);
        metadata["jwks"] = json!({ "keys": [jwk] }).to_string().into();
        let metadata: ClientMetadata = serde_json::from_value(metadata).unwrap();
        Self { key, client: Client::register(metadata, &[], LoopbackRedirectUri::Accepted).unwrap() }
    }

    fn assertion(&self, change: impl FnOnce(&mut Value)) -> String {
        let mut claims = json!({ "iss": "app", "sub": "app", "aud": ISSUER, "exp": NOW + 60, "iat": NOW, "jti": "a" });
        change(&mut claims);
        self.key.sign("JWT", claims.to_string().as_bytes()).unwrap()
    }

    fn judge(&self, profile: &str, assertion: &str) -> Result<OnceKey, Reason> {
        judge(
            Some(&self.client),
            profile,
            &format!("client_id=app&client_assertion_type={TYPE}&client_assertion={assertion}"),
        )
    }

    #[track_caller]
    fn refused(&self, profile: &str, change: impl FnOnce(&mut Value), expected: Reason) {
        let assertion = self.assertion(change);
        assert_eq!(self.judge(profile, &assertion).unwrap_err(), expected);
    }
}

fn judge(client: Option<&Client>, profile: &str, body: &str) -> Result<OnceKey, Reason> {
    let policy = shipped(profile).unwrap();
    let parameters = form::parse(body.as_bytes()).unwrap();
    let trust_anchors = TrustAnchors::default();
    let judge = Judge {
        policy: &policy,
        issuer: ISSUER,
        endpoint_urls: &[PAR, TOKEN],
        certificate: None,
        attesters: &[],
        trust_anchors: &trust_anchors,
        callers: Callers::Clients,
        now_s: NOW,
    };
    let evidence = Evidence {
        authorization: &Authorization::Absent,
        attestation: &Headers::default(),
        dpop: &Shown::Absent,
        certificate: &certificate::Shown::Absent,
        parameters: &parameters,
    };
    let presented = client_auth::present(&evidence, ClientIdInForm::FromCredential);
    let presented = presented.map_err(|refusal| refusal.reason)?;
    let proof = client_auth::prove(&presented, client.map(Client::party), &judge).map_err(|refusal| refusal.reason)?;
    Ok(proof.once.unwrap())
}

#[test]
fn audience_is_judged_by_the_profile() {
    let bench = Bench::new(Algorithm::Es256);
    let regimes = ["rfc9126", "default", "fapi2-security"];
    for (audience, accepted) in [
        (json!(ISSUER), [true, true, true]),
        (json!([ISSUER]), [true, true, false]),
        (json!([ISSUER, "https://other"]), [true, false, false]),
        (json!(TOKEN), [true, false, false]),
        (json!(PAR), [true, false, false]),
        (json!([TOKEN]), [true, false, false]),
        (json!("https://as.example/t/"), [false, false, false]),
        (json!("https://AS.example/t"), [false, false, false]),
        (json!("https://as.example:443/t"), [false, false, false]),
        (json!("https://as.example/%74"), [false, false, false]),
        (json!("https://as.example/other"), [false, false, false]),
        (json!([]), [false, false, false]),
        (json!([ISSUER, 1]), [false, false, false]),
        (json!({ "aud": ISSUER }), [false, false, false]),
        (json!(null), [false, false, false]),
    ] {
        let assertion = bench.assertion(|claims| claims["aud"] = audience.clone());
        for (profile, accepted) in regimes.iter().zip(accepted) {
            let verdict = bench.judge(profile, &assertion);
            let expected = if accepted { None } else { Some(Reason::AssertionAudienceWrong) };
            assert_eq!(verdict.err(), expected, "{audience} under {profile}");
        }
    }
}

#[test]
fn every_accepted_algorithm_verifies_and_fapi_refuses_rs256() {
    for alg in [Algorithm::Es256, Algorithm::Ps256, Algorithm::EdDsa] {
        let bench = Bench::new(alg);
        assert!(bench.judge("fapi2-security", &bench.assertion(|_| {})).is_ok(), "{alg:?}");
    }
    let bench = Bench::new(Algorithm::Rs256);
    let assertion = bench.assertion(|_| {});
    assert!(bench.judge("pingone", &assertion).is_ok());
    assert_eq!(bench.judge("fapi2-security", &assertion).unwrap_err(), Reason::AssertionAlgorithmRefused);
    assert_eq!(bench.judge("default", &assertion).unwrap_err(), Reason::AssertionAlgorithmRefused);
}

#[test]
fn registered_algorithm_is_the_only_one() {
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    let bench = Bench::with(key, |_, metadata| metadata["token_endpoint_auth_signing_alg"] = "PS256".into());
    bench.refused("default", |_| {}, Reason::AssertionAlgorithmRefused);
}

#[test]
fn expiry_is_required_bounded_and_never_read_as_absent() {
    let bench = Bench::new(Algorithm::Es256);
    let exp = |value: Value| move |claims: &mut Value| claims["exp"] = value;
    for malformed in [json!("123"), json!(null), json!(true), json!([1]), json!(-1), json!(1e300), json!(i64::MAX)] {
        bench.refused("default", exp(malformed), Reason::AssertionExpiryMissing);
    }
    bench.refused(
        "default",
        |claims| drop(claims.as_object_mut().unwrap().remove("exp")),
        Reason::AssertionExpiryMissing,
    );
    for past in [NOW - 300, NOW - 11] {
        bench.refused("default", exp(json!(past)), Reason::AssertionExpired);
    }
    assert!(bench.judge("default", &bench.assertion(exp(json!(NOW - 10)))).is_ok());
    for (profile, most) in [("default", 3600), ("fapi2-security", 600), ("pingone", 3600)] {
        assert!(bench.judge(profile, &bench.assertion(exp(json!(NOW + most)))).is_ok(), "{profile}");
        bench.refused(profile, exp(json!(NOW + most + 1)), Reason::AssertionLivesTooLong);
    }
}

#[test]
fn iat_and_nbf_may_be_ten_seconds_ahead_and_not_sixty() {
    let bench = Bench::new(Algorithm::Es256);
    for name in ["iat", "nbf"] {
        let at = |value: Value| move |claims: &mut Value| claims[name] = value;
        for fine in [NOW - 3600, NOW + 8, NOW + 10, NOW + 30] {
            assert!(bench.judge("fapi2-security", &bench.assertion(at(json!(fine)))).is_ok(), "{name} {fine}");
        }
        for bad in [json!(NOW + 31), json!(NOW + 61), json!("99999999999"), json!(null), json!([NOW]), json!(true)] {
            bench.refused("fapi2-security", at(bad), Reason::AssertionNotYetValid);
        }
    }
}

#[test]
fn jti_is_required_and_names_the_once_key() {
    let bench = Bench::new(Algorithm::Es256);
    let jti = |value: Value| move |claims: &mut Value| claims["jti"] = value;
    for bad in [json!(null), json!(""), json!(5), json!(["a"]), json!("x".repeat(257))] {
        bench.refused("default", jti(bad), Reason::AssertionJtiMissing);
    }
    let once = |value: &str| bench.judge("default", &bench.assertion(jti(json!(value)))).unwrap();
    assert_eq!(once("a").id, once("a").id);
    assert_ne!(once("a").id, once("b").id);
    assert_eq!(once("a").forget_at_s, NOW + 60 + 10 + 60);
}

#[test]
fn issuer_and_subject_are_the_client() {
    let bench = Bench::new(Algorithm::Es256);
    for (name, value) in [("iss", json!("other")), ("sub", json!("other")), ("iss", json!(null)), ("sub", json!(1))] {
        bench.refused("default", |claims| claims[name] = value, Reason::AssertionSubjectWrong);
    }
    let assertion = bench.assertion(|_| {});
    let body = format!("client_id=other&client_assertion_type={TYPE}&client_assertion={assertion}");
    assert_eq!(judge(Some(&bench.client), "default", &body).unwrap_err(), Reason::AssertionClientIdMismatch);
}

#[test]
fn tokens_of_another_kind_are_not_assertions() {
    let bench = Bench::new(Algorithm::Es256);
    let claims = json!({ "iss": "app", "sub": "app", "aud": ISSUER, "exp": NOW + 60, "jti": "a" }).to_string();
    for (typ, accepted) in [
        ("JWT", true),
        ("jwt", true),
        ("client-authentication+jwt", true),
        ("application/client-authentication+jwt", true),
        ("dpop+jwt", false),
        ("oauth-authz-req+jwt", false),
        ("at+jwt", false),
        ("logout+jwt", false),
        ("secevent+jwt", false),
    ] {
        let verdict = bench.judge("default", &bench.key.sign(typ, claims.as_bytes()).unwrap());
        assert_eq!(verdict.err(), (!accepted).then_some(Reason::AssertionTypRefused), "{typ}");
    }
}

#[test]
fn only_a_registered_signature_key_counts() {
    let (mine, theirs) = (Bench::new(Algorithm::Es256), Bench::new(Algorithm::Es256));
    let foreign = theirs.assertion(|_| {});
    assert_eq!(mine.judge("default", &foreign).unwrap_err(), Reason::AssertionKeyUnknown);
    for (member, value) in [("use", json!("enc")), ("key_ops", json!(["encrypt"])), ("alg", json!("ES384"))] {
        let bench = Bench::with(SigningKey::generate(Algorithm::Es256).unwrap(), |jwk, _| jwk[member] = value.clone());
        bench.refused("default", |_| {}, Reason::AssertionKeyUnknown);
    }
    let good = mine.assertion(|_| {});
    let (signed, _) = good.rsplit_once('.').unwrap();
    let (_, other) = mine
        .assertion(|claims| claims["jti"] = "b".into())
        .rsplit_once('.')
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .unwrap();
    assert_eq!(mine.judge("default", &format!("{signed}.{other}")).unwrap_err(), Reason::AssertionSignatureWrong);
    for hidden in [Reason::AssertionKeyUnknown, Reason::AssertionSignatureWrong] {
        assert_eq!(hidden.row().public().code, "PAR-202");
    }
}

#[test]
fn unknown_client_looks_like_a_wrong_signature() {
    let bench = Bench::new(Algorithm::Es256);
    let body = format!("client_assertion_type={TYPE}&client_assertion={}", bench.assertion(|_| {}));
    let unknown = judge(None, "default", &body).unwrap_err();
    assert_eq!(unknown, Reason::ClientUnknown);
    assert_eq!(unknown.row().public().code, Reason::AssertionSignatureWrong.row().public().code);
}

#[test]
fn header_that_is_wrong_is_wrong_for_whomever_it_names() {
    let bench = Bench::new(Algorithm::Es256);
    let claims = json!({ "iss": "app", "sub": "app", "aud": ISSUER, "exp": NOW + 60, "jti": "a" }).to_string();
    let foreign = bench.key.sign("at+jwt", claims.as_bytes()).unwrap();
    let weak = Bench::new(Algorithm::Rs256).assertion(|_| {});
    for (assertion, expected) in [(foreign, Reason::AssertionTypRefused), (weak, Reason::AssertionAlgorithmRefused)] {
        let body = format!("client_assertion_type={TYPE}&client_assertion={assertion}");
        assert_eq!(judge(None, "default", &body).unwrap_err(), expected);
        assert_eq!(bench.judge("default", &assertion).unwrap_err(), expected);
    }
}

#[test]
fn type_and_assertion_come_together() {
    let bench = Bench::new(Algorithm::Es256);
    let assertion = bench.assertion(|_| {});
    for (body, expected) in [
        (format!("client_assertion={assertion}"), Reason::AssertionTypeMissing),
        (
            format!(
                "client_assertion={assertion}&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:saml2-bearer"
            ),
            Reason::AssertionTypeMissing,
        ),
        (format!("client_assertion_type={TYPE}"), Reason::AssertionMissing),
        (format!("client_assertion_type={TYPE}&client_assertion=a.b.c"), Reason::AssertionMalformed),
        (format!("client_assertion_type={TYPE}&client_assertion={assertion}&client_secret=x"), Reason::TwoMechanisms),
    ] {
        assert_eq!(judge(Some(&bench.client), "default", &body).unwrap_err(), expected, "{:.60}", body);
    }
}

#[test]
fn keys_of_nobody_can_be_read() {
    let keys = KeySet::from_jwks(include_bytes!("../src/client_auth/nobody.jwks.json")).unwrap();
    assert_eq!(keys.len(), 5);
}

const SECRET: &str = "a-client-secret-of-thirty-two-bytes-and-more-for-hs512-a-client-secret";

fn secret_client(alg: Option<&str>) -> Client {
    let metadata = json!({
        "client_id": "app", "token_endpoint_auth_method": "client_secret_jwt", "redirect_uris": ["https://app.example/cb"],
        "token_endpoint_auth_signing_alg": alg
    });
    let metadata = serde_json::from_value(metadata).unwrap();
    Client::register(metadata, &[GivenSecret::lasting(SECRET)], LoopbackRedirectUri::Accepted).unwrap()
}

fn mac(secret: &str, alg: MacAlgorithm, claims: &Value) -> String {
    MacKey::new(secret.as_bytes()).sign(alg, "JWT", claims.to_string().as_bytes()).unwrap()
}

fn asserted(assertion: &str) -> String {
    format!("client_id=app&client_assertion_type={TYPE}&client_assertion={assertion}")
}

#[test]
fn secret_signs_an_assertion_under_the_same_rules() {
    let claims = |change: fn(&mut Value)| {
        let mut claims = json!({ "iss": "app", "sub": "app", "aud": ISSUER, "exp": NOW + 60, "jti": "a" });
        change(&mut claims);
        claims
    };
    let good = claims(|_| {});
    for alg in MacAlgorithm::ALL {
        assert!(judge(Some(&secret_client(None)), "default", &asserted(&mac(SECRET, alg, &good))).is_ok(), "{alg:?}");
    }
    let refused =
        |client: &Client, profile, assertion: String| judge(Some(client), profile, &asserted(&assertion)).unwrap_err();
    let client = secret_client(None);
    let hs256 = MacAlgorithm::Hs256;
    assert_eq!(refused(&client, "default", mac(&"x".repeat(40), hs256, &good)), Reason::AssertionSignatureWrong);
    assert_eq!(refused(&client, "fapi2-security", mac(SECRET, hs256, &good)), Reason::MethodRefused);
    assert_eq!(
        refused(&secret_client(Some("HS512")), "default", mac(SECRET, hs256, &good)),
        Reason::AssertionAlgorithmRefused
    );
    let late = claims(|claims| claims["exp"] = json!(NOW - 60));
    assert_eq!(refused(&client, "default", mac(SECRET, hs256, &late)), Reason::AssertionExpired);
    let elsewhere = claims(|claims| claims["aud"] = json!("https://other"));
    assert_eq!(refused(&client, "default", mac(SECRET, hs256, &elsewhere)), Reason::AssertionAudienceWrong);
    let unknown = judge(None, "default", &asserted(&mac(SECRET, hs256, &good))).unwrap_err();
    assert_eq!(unknown, Reason::ClientUnknown);
}

#[test]
fn public_key_is_no_secret_and_a_secret_is_no_public_key() {
    let bench = Bench::new(Algorithm::Es256);
    let claims = json!({ "iss": "app", "sub": "app", "aud": ISSUER, "exp": NOW + 60, "jti": "a" });
    let jwk = Value::Object(bench.key.public_jwk()).to_string();
    for secret in [jwk.as_str(), &format!("{jwk}\n")] {
        let confused = judge(Some(&bench.client), "default", &asserted(&mac(secret, MacAlgorithm::Hs256, &claims)));
        assert_eq!(confused.unwrap_err(), Reason::MethodNotRegistered);
    }
    let signed = bench.assertion(|_| {});
    let other_way = judge(Some(&secret_client(None)), "default", &asserted(&signed));
    assert_eq!(other_way.unwrap_err(), Reason::MethodNotRegistered);
}

#[test]
fn secret_shorter_than_the_digest_cannot_be_registered() {
    let metadata = json!({
        "client_id": "app", "token_endpoint_auth_method": "client_secret_jwt", "redirect_uris": ["https://app.example/cb"]
    });
    let metadata: ClientMetadata = serde_json::from_value(metadata).unwrap();
    let fault =
        Client::register(metadata, &[GivenSecret::lasting("too-short")], LoopbackRedirectUri::Accepted).unwrap_err();
    assert_eq!(fault.member, "client_secret");
}
