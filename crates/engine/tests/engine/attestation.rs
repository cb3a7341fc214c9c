//! Clients whose instances an attester vouches for (rows N-39 to N-42, N-177, CA-64 and CA-68).

use parhelion_engine::client_request::{ClientRequest, Judged, Possession};
use parhelion_engine::discovery;
use parhelion_engine::fault::Turned;
use parhelion_engine::interaction::Decision;
use parhelion_engine::introspect::AnswerForm;
use parhelion_engine::push::Accepted;
use parhelion_engine::token::Tokens;
use parhelion_jose::base64url;
use parhelion_protocol::client_auth::Authorization;
use parhelion_protocol::client_auth::attest_jwt_client_auth::Headers;
use parhelion_protocol::form;
use parhelion_protocol::refusal::Reason;
use parhelion_protocol::sender::Shown;
use serde_json::{Value, json};

use super::dpop::Holder;
use super::scene::{ATTESTER, ISSUER, Scene, parameter, reason, redemption, request};

fn unchanged(_: &mut Value, _: &mut Value) {}

fn attestation(scene: &Scene, client_id: &str, holder: &Holder) -> Shown<'static> {
    let exp = scene.clock_s().saturating_add(3600);
    let claims = json!({ "iss": ATTESTER, "sub": client_id, "exp": exp, "cnf": { "jwk": holder.key().public_jwk() } });
    Shown::One(scene.client_key.sign("oauth-client-attestation+jwt", claims.to_string().as_bytes()).unwrap().into())
}

/// An attestation, and a fresh proof that answers this challenge.
fn attested(scene: &Scene, client_id: &str, holder: &Holder, challenge: Option<&str>) -> Possession<'static> {
    let mut jti = [0; 16];
    scene.engine.entropy.fill(&mut jti).unwrap();
    let mut claims = json!({ "aud": ISSUER, "iat": scene.clock_s(), "jti": base64url::encode(&jti) });
    if let Some(challenge) = challenge {
        claims.as_object_mut().unwrap().insert("challenge".to_owned(), challenge.into());
    }
    let pop = holder.key().sign("oauth-client-attestation-pop+jwt", claims.to_string().as_bytes()).unwrap();
    let attestation = Headers { attestation: attestation(scene, client_id, holder), pop: Shown::One(pop.into()) };
    Possession { attestation, ..Possession::default() }
}

fn combined(scene: &Scene, holder: &Holder, proof: String) -> Possession<'static> {
    let attestation = Headers { attestation: attestation(scene, "combined", holder), pop: Shown::Absent };
    Possession { attestation, dpop: Shown::One(proof.into()), ..Possession::default() }
}

fn client_request<'a>(body: &'a str, possession: Possession<'a>) -> ClientRequest<'a> {
    ClientRequest {
        properties: Vec::new(),
        authorization: Authorization::Absent,
        parameters: form::parse(body.as_bytes()).unwrap(),
        possession,
    }
}

async fn push(scene: &Scene, body: &str, possession: Possession<'_>) -> Judged<Accepted> {
    scene.engine.push(&scene.mount, &client_request(body, possession)).await
}

async fn token(scene: &Scene, body: &str, possession: Possession<'_>) -> Result<Tokens, Turned> {
    scene.engine.token(&scene.mount, &client_request(body, possession)).await.outcome
}

fn wallet_request() -> String {
    request("").replace("client_id=app", "client_id=wallet").replace("openid+profile", "openid+offline_access")
}

#[tokio::test]
async fn code_and_refresh_token_belong_to_the_instance_that_pushed() {
    let (scene, phone, other) = (Scene::new(), Holder::new(), Holder::new());
    let shown = |holder| attested(&scene, "wallet", holder, None);
    let accepted = push(&scene, &wallet_request(), shown(&phone)).await.outcome.ok().unwrap();
    let interaction = scene.logged_in_as("wallet", &accepted.request_uri).await;
    let code = parameter(&scene.complete(&interaction, Decision::Allow).await.unwrap(), "code").unwrap();
    let body = redemption(&code).replace("client_id=app", "client_id=wallet");
    assert_eq!(reason(token(&scene, &body, shown(&other)).await), Reason::AttestationKeyChanged);
    let tokens = token(&scene, &body, shown(&phone)).await.ok().unwrap();
    let body = format!("grant_type=refresh_token&refresh_token={}", tokens.refresh_token.unwrap());
    assert_eq!(reason(token(&scene, &body, shown(&other)).await), Reason::AttestationKeyChanged);
    let renewed = token(&scene, &body, shown(&phone)).await.ok().unwrap();
    let body = format!("grant_type=refresh_token&refresh_token={}", renewed.refresh_token.unwrap());
    assert_eq!(reason(token(&scene, &body, shown(&other)).await), Reason::AttestationKeyChanged);
    assert!(token(&scene, &body, shown(&phone)).await.is_ok());
}

#[tokio::test]
async fn proof_is_used_once_also_by_a_refusal() {
    let (scene, phone) = (Scene::new(), Holder::new());
    for (body, first) in [(wallet_request(), None), ("client_id=wallet".to_owned(), Some(Reason::ResponseTypeMissing))]
    {
        let shown = attested(&scene, "wallet", &phone, None);
        let outcome = push(&scene, &body, shown.clone()).await.outcome;
        assert_eq!(outcome.err().map(|turned| turned.refusal().reason), first);
        assert_eq!(reason(push(&scene, &body, shown).await.outcome), Reason::AttestationPopReplayed);
    }
}

#[tokio::test]
async fn challenge_is_asked_for_before_anything_is_claimed_and_told_with_every_answer() {
    let (mut scene, phone) = (Scene::new(), Holder::new());
    let overlay = toml::from_str("attestation_challenge = 'required'").unwrap();
    scene.policy(|policy| policy.overlaid(&overlay).unwrap());
    let bare = push(&scene, &wallet_request(), attested(&scene, "wallet", &phone, None)).await;
    assert_eq!(reason(bare.outcome), Reason::AttestationChallengeNeeded);
    let challenge = bare.attestation_challenge.unwrap();
    assert_eq!(scene.engine.attestation_challenge(&scene.mount).outcome.ok().unwrap(), challenge);
    let good = push(&scene, &wallet_request(), attested(&scene, "wallet", &phone, Some(&challenge))).await;
    assert_eq!(good.attestation_challenge.as_deref(), Some(challenge.as_str()));
    assert!(good.outcome.is_ok());
    let wrong = push(&scene, &wallet_request(), attested(&scene, "wallet", &phone, Some("x"))).await;
    assert_eq!(reason(wrong.outcome), Reason::AttestationChallengeNeeded);
    let stranger = push(&scene, &wallet_request(), attested(&scene, "nobody", &phone, None)).await;
    assert_eq!((stranger.attestation_challenge, stranger.outcome.is_ok()), (None, false));
    scene.clock.advance_ms(241_000);
    let late = push(&scene, &wallet_request(), attested(&scene, "wallet", &phone, Some(&challenge))).await;
    assert_eq!(reason(late.outcome), Reason::AttestationChallengeNeeded);
}

#[tokio::test]
async fn dpop_proof_stands_in_only_with_the_attested_key() {
    let (scene, phone, other) = (Scene::new(), Holder::new(), Holder::new());
    let body = request("").replace("client_id=app", "client_id=combined");
    let proof = |holder: &Holder, path| holder.proof(&scene, path, unchanged);
    let foreign = push(&scene, &body, combined(&scene, &phone, proof(&other, "/par"))).await;
    assert_eq!(reason(foreign.outcome), Reason::AttestationKeyContradicted);
    let elsewhere = push(&scene, &body, combined(&scene, &phone, proof(&phone, "/token"))).await;
    assert_eq!(reason(elsewhere.outcome), Reason::DpopUrlWrong);
    assert!(push(&scene, &body, combined(&scene, &phone, proof(&phone, "/par"))).await.outcome.is_ok());
    let both = attested(&scene, "wallet", &phone, None);
    let both = Possession { dpop: Shown::One(proof(&other, "/par").into()), ..both };
    assert!(push(&scene, &wallet_request(), both).await.outcome.is_ok());
}

#[tokio::test]
async fn dpop_proof_is_judged_also_where_tokens_are_asked_about() {
    let (scene, phone, other) = (Scene::new(), Holder::new(), Holder::new());
    for (holder, accepted) in [(&other, false), (&phone, true)] {
        let proof = holder.proof(&scene, "/introspect", unchanged);
        let request = client_request("client_id=combined&token=x", combined(&scene, &phone, proof));
        let judged = scene.engine.introspect(&scene.mount, &request, AnswerForm::Json).await;
        assert_eq!(judged.outcome.is_ok(), accepted);
    }
}

#[tokio::test]
async fn combined_mode_answers_the_challenge_by_the_nonce() {
    let (mut scene, phone) = (Scene::new(), Holder::new());
    let overlay = toml::from_str("attestation_challenge = 'required'").unwrap();
    scene.policy(|policy| policy.overlaid(&overlay).unwrap());
    let body = request("").replace("client_id=app", "client_id=combined");
    let bare = push(&scene, &body, combined(&scene, &phone, phone.proof(&scene, "/par", unchanged))).await;
    assert_eq!(reason(bare.outcome), Reason::DpopNonceNeeded);
    let nonce = bare.dpop_nonce.unwrap();
    let answer = phone.proof(&scene, "/par", |_, claims| claims["nonce"] = nonce.into());
    assert!(push(&scene, &body, combined(&scene, &phone, answer)).await.outcome.is_ok());
}

#[test]
fn metadata_tells_of_attestation_only_where_there_is_an_attester() {
    let scene = Scene::new();
    let of = |mount| serde_json::from_str::<Value>(&discovery::metadata(mount)).unwrap();
    let told = of(&scene.mount);
    let methods = told.get("token_endpoint_auth_methods_supported").unwrap().to_string();
    assert!(methods.contains("attest_jwt_client_auth_dpop"), "{methods}");
    assert!(told.get("client_attestation_pop_signing_alg_values_supported").is_some());
    assert!(told.get("client_attestation_pop_methods_supported").is_none(), "it is no signal beside another method");
    let without = scene.without_attesters();
    let untold = of(&without).to_string();
    assert!(!untold.contains("attest") && !untold.contains("challenge_endpoint"), "{untold}");
}
