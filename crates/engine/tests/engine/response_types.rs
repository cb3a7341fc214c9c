//! What each response type carries, and what vouches for it (rows N-54, N-55, N-56, N-175).

use parhelion_engine::interaction::Decision;
use parhelion_engine::response::{AuthorizationResponse, Delivery};
use parhelion_jose::jwe::{self, DecryptionKey, DecryptionKeySet};
use parhelion_jose::{base64url, jws};
use parhelion_protocol::params::response_type::ResponseType;
use parhelion_protocol::refusal::Reason;
use serde_json::Value;

use super::scene::{CALLBACK, CHALLENGE, ISSUER, Scene, claims, parameter, payload, reason, redemption};

/// A scene in which clients may use every response type.
fn scene() -> Scene {
    let mut scene = Scene::with_profile("rfc9126");
    scene.reconfigured(|client| {
        client.response_types = Some(ResponseType::ALL.iter().map(|kind| kind.as_str().to_owned()).collect());
    });
    scene
}

fn request(kind: ResponseType, more: &str) -> String {
    let pkce =
        if kind.has_code() { format!("&code_challenge={CHALLENGE}&code_challenge_method=S256") } else { String::new() };
    let kind = kind.as_str().replace(' ', "+");
    format!(
        "client_id=app&response_type={kind}&redirect_uri={CALLBACK}&scope=openid+profile&state=st&nonce=n-1{pkce}{more}"
    )
}

async fn respond(scene: &Scene, body: &str, decision: Decision) -> AuthorizationResponse {
    let request_uri = scene.push(body).await.ok().unwrap().request_uri;
    let interaction = scene.logged_in(&request_uri).await;
    scene.complete(&interaction, decision).await.unwrap()
}

fn half(text: &str) -> Value {
    base64url::encode(&jws::Algorithm::Es256.half_digest(text.as_bytes())).into()
}

#[tokio::test]
async fn every_response_type_carries_what_its_words_say() {
    let scene = scene();
    for kind in ResponseType::ALL.iter().copied() {
        let response = respond(&scene, &request(kind, ""), Decision::Allow).await;
        let has = |name| response.parameter(name).is_some();
        let carried = (has("code"), has("access_token"), has("id_token"));
        assert_eq!(carried, (kind.has_code(), kind.has_token(), kind.has_id_token()), "{kind:?}");
        let Delivery::Redirect(location) = response.delivery() else { panic!("a form") };
        let joint = if kind == ResponseType::Code { '?' } else { '#' };
        assert!(location.starts_with(&format!("{CALLBACK}{joint}")), "{location}");
        assert_eq!((response.parameter("state"), response.parameter("iss")), (Some("st"), Some(ISSUER)));
        if kind.has_token() {
            let told = ["token_type", "expires_in", "scope"].map(|name| response.parameter(name));
            assert_eq!(told, [Some("Bearer"), Some("600"), Some("openid profile")]);
            let token = parameter(&response, "access_token").unwrap();
            assert_eq!(claims(&scene.userinfo(&token).await.unwrap())["name"], "Alice");
        }
        if let Some(code) = response.parameter("code") {
            assert!(scene.token(&redemption(code)).await.is_ok());
        }
    }
}

#[tokio::test]
async fn id_token_vouches_for_what_travels_beside_it() {
    let scene = scene();
    for kind in ResponseType::ALL.iter().copied().filter(|kind| kind.has_id_token()) {
        let response = respond(&scene, &request(kind, ""), Decision::Allow).await;
        let told = payload(response.parameter("id_token").unwrap());
        assert_eq!((&told["nonce"], &told["aud"], &told["iss"]), (&"n-1".into(), &"app".into(), &ISSUER.into()));
        let hash = |name| response.parameter(name).map_or(Value::Null, half);
        assert_eq!((&told["c_hash"], &told["at_hash"]), (&hash("code"), &hash("access_token")), "{kind:?}");
        assert_eq!(told["s_hash"], half("st"));
        // Without access to userinfo the scope's claims are in the ID token.
        assert_eq!(told["name"].is_string(), kind == ResponseType::IdToken, "{kind:?}");
    }
}

#[tokio::test]
async fn what_a_response_type_needs_is_asked_for() {
    let mut scene = scene();
    let all = ResponseType::CodeIdTokenToken;
    let good = request(all, "");
    for (body, refusal) in [
        (good.replace("&nonce=n-1", ""), Reason::NonceMissing),
        (good.replace("scope=openid+profile", "scope=profile"), Reason::OpenidMissing),
        (format!("{good}&response_mode=query"), Reason::ResponseModeUnfit),
        (format!("{good}&response_mode=query.jwt"), Reason::ResponseModeUnfit),
        (request(ResponseType::CodeToken, "").split("&code_challenge").next().unwrap().to_owned(), Reason::PkceMissing),
        (good.replace("code+id_token+token", "none"), Reason::ResponseTypeUnsupported),
    ] {
        assert_eq!(reason(scene.push(&body).await), refusal, "{body}");
    }
    scene.reconfigured(|client| client.dpop_bound_access_tokens = true);
    assert_eq!(reason(scene.push(&good).await), Reason::ResponseTypeNotAllowed);
    scene.reconfigured(|client| {
        client.dpop_bound_access_tokens = true;
        client.response_types = Some(vec![all.as_str().to_owned(), "code id_token".to_owned()]);
    });
    assert_eq!(reason(scene.push(&good).await), Reason::TokenUnbound);
    assert!(scene.push(&request(ResponseType::CodeIdToken, "")).await.is_ok());
    scene.reconfigured(|client| client.response_types = Some(vec!["code".to_owned()]));
    assert_eq!(reason(scene.push(&good).await), Reason::ResponseTypeNotAllowed);
}

#[tokio::test]
async fn errors_take_the_way_of_the_response_type() {
    let scene = scene();
    for (kind, mode, begins) in [
        (ResponseType::Token, "", "#error=access_denied"),
        (ResponseType::CodeIdToken, "&response_mode=fragment", "#error=access_denied"),
        (ResponseType::Code, "", "?error=access_denied"),
        (ResponseType::Token, "&response_mode=jwt", "#response="),
    ] {
        let response = respond(&scene, &request(kind, mode), Decision::Deny).await;
        let Delivery::Redirect(location) = response.delivery() else { panic!("a form") };
        assert!(location.starts_with(&format!("{CALLBACK}{begins}")), "{location}");
    }
}

#[tokio::test]
async fn bound_request_gets_a_bound_token() {
    let scene = scene();
    let jkt = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
    let body = request(ResponseType::Token, &format!("&dpop_jkt={jkt}"));
    let response = respond(&scene, &body, Decision::Allow).await;
    assert_eq!(response.parameter("token_type"), Some("DPoP"));
    assert_eq!(reason(scene.userinfo(response.parameter("access_token").unwrap()).await), Reason::BoundTokenAsBearer);
}

#[tokio::test]
async fn signed_and_encrypted_responses_are_the_clients_alone() {
    let mut scene = scene();
    let key = DecryptionKey::generate(jwe::Algorithm::EcdhEs).unwrap();
    let jwks = serde_json::json!({ "keys": [key.public_jwk()] }).to_string();
    scene.with_keys(jwks, |client| {
        client.response_types = Some(ResponseType::ALL.iter().map(|kind| kind.as_str().to_owned()).collect());
        client.authorization_signed_response_alg = Some("ES256".to_owned());
        client.authorization_encrypted_response_alg = Some("ECDH-ES".to_owned());
        client.authorization_encrypted_response_enc = Some("A256GCM".to_owned());
        client.id_token_encrypted_response_alg = Some("ECDH-ES".to_owned());
        client.userinfo_signed_response_alg = Some("ES256".to_owned());
        client.userinfo_encrypted_response_alg = Some("ECDH-ES".to_owned());
    });
    let keys = DecryptionKeySet::new(vec![key]);
    let open = |token: &str| {
        let sealed = jwe::Compact::parse(token).unwrap();
        assert_eq!(sealed.header().cty(), Some("JWT"));
        let signed = String::from_utf8(sealed.decrypt(&keys).unwrap().to_vec()).unwrap();
        assert!(scene.mount.tenant.keys.verify(&jws::Compact::parse(&signed).unwrap()).is_some());
        payload(&signed)
    };
    for mode in ["jwt", "query.jwt", "fragment.jwt", "form_post.jwt"] {
        let body = request(ResponseType::CodeIdTokenToken, &format!("&response_mode={mode}"));
        for (decision, member) in [(Decision::Allow, "code"), (Decision::Deny, "error")] {
            let response = respond(&scene, &body, decision).await;
            assert_eq!(response.parameter(member), None, "{mode}");
            let told = open(response.parameter("response").unwrap());
            assert!(told[member].is_string() && told["aud"] == "app", "{mode}");
            if decision == Decision::Allow {
                assert_eq!(open(told["id_token"].as_str().unwrap())["c_hash"], half(told["code"].as_str().unwrap()));
                let answer = scene.userinfo(told["access_token"].as_str().unwrap()).await.unwrap();
                let parhelion_engine::userinfo::Userinfo::Jwt(answer) = answer else { panic!("plain") };
                let claims = open(&answer);
                assert_eq!(
                    (&claims["name"], &claims["aud"], &claims["iss"]),
                    (&"Alice".into(), &"app".into(), &ISSUER.into())
                );
            }
        }
    }
}
