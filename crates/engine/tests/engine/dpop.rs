//! DPoP at PAR, token and userinfo (RFC 9449; rows N-100 to N-109, group DP).

use std::sync::Arc;

use parhelion_engine::client_request::{ClientRequest, Judged, Possession};
use parhelion_engine::fault::Turned;
use parhelion_engine::interaction::Decision;
use parhelion_engine::push::Accepted;
use parhelion_engine::token::Tokens;
use parhelion_engine::userinfo::{Scheme, ShownToken};
use parhelion_jose::base64url;
use parhelion_jose::jws::Algorithm;
use parhelion_jose::signing::SigningKey;
use parhelion_protocol::client_auth::Authorization;
use parhelion_protocol::form;
use parhelion_protocol::refusal::Reason;
use parhelion_protocol::sender::dpop::{self, Shown};
use serde_json::{Value, json};

use super::scene::{ISSUER, Scene, claims, parameter, reason, redemption, request};

/// A key, and proofs by it.
pub(crate) struct Holder(SigningKey);

impl Holder {
    pub(crate) fn new() -> Self {
        Self(SigningKey::generate(Algorithm::Es256).unwrap())
    }

    fn jkt(&self) -> String {
        base64url::encode(&self.0.public_key().thumbprint())
    }

    /// Its key.
    pub(crate) const fn key(&self) -> &SigningKey {
        &self.0
    }

    /// A good proof, changed.
    pub(crate) fn proof(&self, scene: &Scene, path: &str, change: impl FnOnce(&mut Value, &mut Value)) -> String {
        let mut jwk = self.0.public_jwk();
        for name in ["kid", "use", "alg"] {
            jwk.remove(name);
        }
        let mut header = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": jwk });
        let mut jti = [0; 16];
        scene.engine.entropy.fill(&mut jti).unwrap();
        let (jti, iat) = (base64url::encode(&jti), scene.clock_s());
        let mut claims = json!({ "htm": "POST", "htu": format!("{ISSUER}{path}"), "iat": iat, "jti": jti });
        change(&mut header, &mut claims);
        self.0.sign_with_header(&header, claims.to_string().as_bytes())
    }
}

/// Signing with a header of one's own, as no server would.
trait SignAnything {
    fn sign_with_header(&self, header: &Value, payload: &[u8]) -> String;
}

impl SignAnything for SigningKey {
    fn sign_with_header(&self, header: &Value, payload: &[u8]) -> String {
        use aws_lc_rs::rand::SystemRandom;
        use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
        let head = base64url::encode(header.to_string().as_bytes());
        let signed = format!("{head}.{}", base64url::encode(payload));
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &self.to_pkcs8().unwrap()).unwrap();
        let signature = pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", base64url::encode(signature.as_ref()))
    }
}

fn with_proof<'a>(body: &'a str, proof: &'a str) -> ClientRequest<'a> {
    let possession = Possession { dpop: Shown::One(proof.into()), ..Possession::default() };
    ClientRequest {
        authorization: Authorization::Absent,
        parameters: form::parse(body.as_bytes()).unwrap(),
        possession,
        properties: Vec::new(),
    }
}

async fn push(scene: &Scene, body: &str, proof: &str) -> Judged<Accepted> {
    scene.engine.push(&scene.mount, &with_proof(body, proof)).await
}

async fn token(scene: &Scene, body: &str, proof: &str) -> Result<Tokens, Turned> {
    scene.engine.token(&scene.mount, &with_proof(body, proof)).await.outcome
}

async fn code(scene: &Scene, request_uri: &str) -> String {
    let interaction = scene.logged_in(request_uri).await;
    parameter(&scene.complete(&interaction, Decision::Allow).await.unwrap(), "code").unwrap()
}

fn unchanged(_: &mut Value, _: &mut Value) {}

#[tokio::test]
async fn bound_from_push_to_userinfo() {
    let (scene, holder, thief) = (Scene::new(), Holder::new(), Holder::new());
    let accepted = push(&scene, &request(""), &holder.proof(&scene, "/par", unchanged)).await.outcome.ok().unwrap();
    let code = code(&scene, &accepted.request_uri).await;
    let body = redemption(&code);
    assert_eq!(reason(scene.token(&body).await), Reason::DpopProofMissing);
    let stolen = token(&scene, &body, &thief.proof(&scene, "/token", unchanged)).await;
    assert_eq!(reason(stolen), Reason::DpopKeyChanged);
    let tokens = token(&scene, &body, &holder.proof(&scene, "/token", unchanged)).await.ok().unwrap();
    assert_eq!(tokens.token_type, "DPoP");

    let at = |scheme, proof: Option<String>| {
        let dpop = proof.map_or(Shown::Absent, |proof| Shown::One(proof.into()));
        let possession = Possession { dpop, htm: "GET".into(), ..Possession::default() };
        ShownToken { text: tokens.access_token.clone().into(), scheme, possession }
    };
    let get = |holder: &Holder, token: &str| {
        let ath = base64url::encode(&dpop::ath(token));
        holder.proof(&scene, "/userinfo", |_, claims| {
            claims["htm"] = "GET".into();
            claims["ath"] = ath.into();
        })
    };
    let outcome = |shown: ShownToken<'static>| {
        let (engine, mount) = (&scene.engine, &scene.mount);
        async move { engine.userinfo(mount, &shown).await.outcome }
    };
    let good = get(&holder, &tokens.access_token);
    assert_eq!(claims(&outcome(at(Scheme::Dpop, Some(good.clone()))).await.unwrap())["sub"], "sub-alice");
    assert_eq!(reason(outcome(at(Scheme::Dpop, Some(good))).await), Reason::DpopReplayed);
    assert_eq!(reason(outcome(at(Scheme::Bearer, None)).await), Reason::BoundTokenAsBearer);
    assert_eq!(reason(outcome(at(Scheme::Dpop, None)).await), Reason::DpopProofMissing);
    assert_eq!(reason(outcome(at(Scheme::Dpop, Some(get(&holder, "other")))).await), Reason::DpopAthWrong);
    let by_thief = get(&thief, &tokens.access_token);
    assert_eq!(reason(outcome(at(Scheme::Dpop, Some(by_thief))).await), Reason::ProofKeyWrong);
}

#[tokio::test]
async fn dpop_jkt_and_proof_name_one_key() {
    let (scene, holder, other) = (Scene::new(), Holder::new(), Holder::new());
    let body = request(&format!("&dpop_jkt={}", holder.jkt()));
    let wrong = push(&scene, &body, &other.proof(&scene, "/par", unchanged)).await.outcome;
    assert_eq!(reason(wrong), Reason::DpopKeyContradicted);
    assert!(push(&scene, &body, &holder.proof(&scene, "/par", unchanged)).await.outcome.is_ok());
    let accepted = scene.push(&body).await.ok().unwrap();
    let code = code(&scene, &accepted.request_uri).await;
    assert_eq!(reason(scene.token(&redemption(&code)).await), Reason::DpopProofMissing);
    assert!(token(&scene, &redemption(&code), &holder.proof(&scene, "/token", unchanged)).await.is_ok());
}

#[tokio::test]
async fn every_fault_of_a_proof_is_told_apart() {
    let (scene, holder) = (Scene::new(), Holder::new());
    let now = scene.clock_s();
    type Change = Box<dyn FnOnce(&mut Value, &mut Value)>;
    let header = |name: &'static str, value: Value| -> Change { Box::new(move |header, _| header[name] = value) };
    let claim = |name: &'static str, value: Value| -> Change { Box::new(move |_, claims| claims[name] = value) };
    let private = json!({ "kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0", "d": "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI" });
    let cases: Vec<(Change, Reason)> = vec![
        (header("typ", json!("JWT")), Reason::DpopTypWrong),
        (header("typ", json!("application/dpop+jwt")), Reason::DpopTypWrong),
        (header("typ", Value::Null), Reason::DpopProofInvalid),
        (header("alg", json!("none")), Reason::DpopProofInvalid),
        (header("alg", json!("HS256")), Reason::DpopProofInvalid),
        (header("jwk", Value::Null), Reason::DpopKeyRefused),
        (header("jwk", private), Reason::DpopKeyRefused),
        (header("jwk", json!({ "kty": "oct", "k": "AAAA" })), Reason::DpopKeyRefused),
        (header("jwk", Value::Object(Holder::new().0.public_jwk())), Reason::DpopSignatureWrong),
        (claim("htm", json!("post")), Reason::DpopMethodWrong),
        (claim("htm", Value::Null), Reason::DpopMethodWrong),
        (claim("htu", json!("https://evil.example/t/par")), Reason::DpopUrlWrong),
        (claim("htu", json!("/t/par")), Reason::DpopUrlWrong),
        (claim("htu", json!(5)), Reason::DpopUrlWrong),
        (claim("iat", json!(now - 61)), Reason::DpopTimeWrong),
        (claim("iat", json!(now + 31)), Reason::DpopTimeWrong),
        (claim("iat", json!("now")), Reason::DpopTimeWrong),
        (claim("exp", json!(now - 60)), Reason::DpopTimeWrong),
        (claim("nbf", json!(now + 60)), Reason::DpopTimeWrong),
        (claim("jti", json!("")), Reason::DpopJtiMissing),
        (claim("jti", json!(["a"])), Reason::DpopJtiMissing),
        (claim("jti", json!("x".repeat(257))), Reason::DpopJtiMissing),
        (claim("nonce", json!(1)), Reason::DpopProofInvalid),
        (claim("nonce", json!("not-ours")), Reason::DpopNonceNeeded),
    ];
    for (change, expected) in cases {
        let outcome = push(&scene, &request(""), &holder.proof(&scene, "/par", change)).await.outcome;
        assert_eq!(reason(outcome), expected);
    }
    for fine in [now - 10, now + 8, now - 60, now + 30] {
        let proof = holder.proof(&scene, "/par", |_, claims| claims["iat"] = fine.into());
        assert!(push(&scene, &request(""), &proof).await.outcome.is_ok(), "{fine}");
    }
    let elsewhere = holder.proof(&scene, "/par", unchanged);
    assert_eq!(reason(token(&scene, &redemption("x"), &elsewhere).await), Reason::DpopUrlWrong);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn proof_is_used_once_also_by_many_at_once() {
    let (scene, holder) = (Arc::new(Scene::new()), Holder::new());
    let proof = holder.proof(&scene, "/par", unchanged);
    let race = (0..64).map(|_| {
        let (scene, proof) = (scene.clone(), proof.clone());
        tokio::spawn(async move { push(&scene, &request(""), &proof).await.outcome.is_ok() })
    });
    let mut accepted = 0;
    for racer in race.collect::<Vec<_>>() {
        accepted += usize::from(racer.await.unwrap());
    }
    assert_eq!(accepted, 1);
    scene.clock.advance_ms(60_000);
    assert_eq!(reason(push(&scene, &request(""), &proof).await.outcome), Reason::DpopReplayed);
    scene.clock.advance_ms(1_000);
    assert_eq!(reason(push(&scene, &request(""), &proof).await.outcome), Reason::DpopTimeWrong);
}

#[tokio::test]
async fn nonce_is_asked_for_before_anything_is_claimed_and_handed_out_on_success_too() {
    let mut scene = Scene::new();
    let overlay = toml::from_str("dpop_nonce = 'required'").unwrap();
    scene.policy(|policy| policy.overlaid(&overlay).unwrap());
    let holder = Holder::new();
    let body = super::journey::keyed(&scene.assertion("a"), &request(""));
    let bare = push(&scene, &body, &holder.proof(&scene, "/par", unchanged)).await;
    assert_eq!(bare.outcome.err().unwrap().refusal().reason, Reason::DpopNonceNeeded);
    let nonce = bare.dpop_nonce.unwrap();
    let with_nonce = |nonce: &str| {
        let nonce = nonce.to_owned();
        holder.proof(&scene, "/par", |_, claims| claims["nonce"] = nonce.into())
    };
    // The same assertion again: the first answer used nothing up.
    let good = push(&scene, &body, &with_nonce(&nonce)).await;
    assert!(good.outcome.is_ok());
    assert_eq!(good.dpop_nonce.as_deref(), Some(nonce.as_str()));
    let again = push(&scene, &body, &with_nonce(&nonce)).await;
    assert_eq!(reason(again.outcome), Reason::AssertionReplayed);
    scene.clock.advance_ms(120_000);
    assert!(push(&scene, &request(""), &with_nonce(&nonce)).await.outcome.is_ok(), "the span before is accepted");
    scene.clock.advance_ms(120_000);
    assert_eq!(reason(push(&scene, &request(""), &with_nonce(&nonce)).await.outcome), Reason::DpopNonceNeeded);
}

#[tokio::test]
async fn client_that_asks_for_bound_tokens_gets_no_others() {
    let mut scene = Scene::new();
    scene.reconfigured(|client| client.dpop_bound_access_tokens = true);
    let code = scene.code().await;
    assert_eq!(reason(scene.token(&redemption(&code)).await), Reason::DpopProofMissing);
    let proof = Holder::new().proof(&scene, "/token", unchanged);
    assert_eq!(token(&scene, &redemption(&code), &proof).await.ok().unwrap().token_type, "DPoP");
}

#[tokio::test]
async fn refresh_token_of_a_public_client_is_bound_and_a_confidential_one_may_change_its_key() {
    let mut scene = Scene::new();
    scene.reconfigured(|client| {
        client.grant_types = Some(serde_json::from_value(json!(["authorization_code", "refresh_token"])).unwrap());
        client.scope = Some("openid profile offline_access".to_owned());
    });
    let (holder, other) = (Holder::new(), Holder::new());
    let offline = request("").replace("openid+profile", "openid+offline_access");
    for client in ["app", "keyed"] {
        let body = |body: &str, jti: &str| match client {
            "app" => body.to_owned(),
            _ => super::journey::keyed(&scene.assertion(jti), body),
        };
        let accepted = scene.push(&body(&offline, &format!("{client}-1"))).await.ok().unwrap();
        let interaction = scene.logged_in_as(client, &accepted.request_uri).await;
        let response = scene.complete(&interaction, Decision::Allow).await.unwrap();
        let redeem = body(&redemption(&parameter(&response, "code").unwrap()), &format!("{client}-2"));
        let tokens = token(&scene, &redeem, &holder.proof(&scene, "/token", unchanged)).await.ok().unwrap();
        let refresh = format!("grant_type=refresh_token&client_id=app&refresh_token={}", tokens.refresh_token.unwrap());
        let refreshed = body(&refresh, &format!("{client}-3"));
        let outcome = token(&scene, &refreshed, &other.proof(&scene, "/token", unchanged)).await;
        match client {
            "app" => {
                assert_eq!(reason(outcome), Reason::DpopKeyChanged);
                assert_eq!(reason(scene.token(&refresh).await), Reason::DpopProofMissing);
                assert!(token(&scene, &refresh, &holder.proof(&scene, "/token", unchanged)).await.is_ok());
            }
            _ => assert_eq!(outcome.ok().unwrap().token_type, "DPoP"),
        }
    }
}
