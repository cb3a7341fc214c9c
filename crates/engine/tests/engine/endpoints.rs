//! Everything behind the token endpoint: refresh, the client's own grant, userinfo, introspection,
//! revocation, logout; and authorize requests that the browser brings itself (groups TK, FC, N-150 to N-177).

use std::sync::Arc;

use super::scene::{API, ISSUER, Scene, claims, interaction, parameter, payload, reason, redemption, request};
use parhelion_engine::authorize::Loaded;
use parhelion_engine::client_request::{ClientRequest, Possession};
use parhelion_engine::fault::Turned;
use parhelion_engine::interaction::Decision;
use parhelion_engine::introspect::{AnswerForm, Introspected};
use parhelion_engine::logout::{Asked, Logout};
use parhelion_engine::token::Tokens;
use parhelion_protocol::client_auth::Authorization;
use parhelion_protocol::form;
use parhelion_protocol::refusal::Reason;
use serde_json::{Value, json};
use zeroize::Zeroizing;

/// A scene whose app may refresh.
fn refreshing(profile: &'static str) -> Scene {
    let mut scene = Scene::with_profile(profile);
    scene.reconfigured(|client| {
        client.grant_types = Some(serde_json::from_value(json!(["authorization_code", "refresh_token"])).unwrap());
        client.scope = Some("openid profile email offline_access payments".to_owned());
    });
    scene
}

const OFFLINE: &str = "openid+profile+offline_access";

async fn tokens(scene: &Scene) -> Tokens {
    let code = scene.code_for(&request("").replace("openid+profile", OFFLINE)).await;
    scene.token(&redemption(&code)).await.ok().unwrap()
}

fn refresh(token: &str) -> String {
    format!("grant_type=refresh_token&client_id=app&refresh_token={token}")
}

async fn userinfo(scene: &Scene, token: &str) -> Result<Value, Turned> {
    scene.userinfo(token).await.map(|told| claims(&told))
}

async fn introspect(scene: &Scene, token: &str, form: AnswerForm) -> Result<Introspected, Turned> {
    let authorization =
        Authorization::Basic { client_id: "api".to_owned(), client_secret: Some("api-secret".to_owned().into()) };
    let body = format!("token={token}");
    let request = ClientRequest {
        authorization,
        parameters: form::parse(body.as_bytes()).unwrap(),
        possession: Possession::default(),
        properties: Vec::new(),
    };
    scene.engine.introspect(&scene.mount, &request, form).await.outcome
}

pub(crate) async fn introspected(scene: &Scene, token: &str) -> Value {
    match introspect(scene, token, AnswerForm::Json).await.ok().unwrap() {
        Introspected::Json(text) => serde_json::from_str(&text).unwrap(),
        Introspected::Jwt(_) => panic!("a JWT"),
    }
}

#[tokio::test]
async fn resource_server_asks_with_its_secret_whatever_the_profile_asks_of_clients() {
    let scene = Scene::with_profile("fapi2-security");
    let ask = async |id: &str, secret: &str| {
        let secret = Some(Zeroizing::new(secret.to_owned()));
        let authorization = Authorization::Basic { client_id: id.to_owned(), client_secret: secret };
        let parameters = form::parse(b"token=unknown").unwrap();
        let request =
            ClientRequest { authorization, parameters, possession: Possession::default(), properties: Vec::new() };
        scene.engine.introspect(&scene.mount, &request, AnswerForm::Json).await.outcome
    };
    assert!(ask("api", "api-secret").await.is_ok());
    // Nobody learns from the answer which of these exist.
    for (id, expected) in
        [("api", Reason::ClientSecretWrong), ("nobody", Reason::ClientUnknown), ("app", Reason::MethodNotRegistered)]
    {
        let refused = reason(ask(id, "wrong").await);
        assert_eq!((refused, refused.row().public().code), (expected, Reason::ClientSecretWrong.row().public().code));
    }
}

async fn revoke(scene: &Scene, client: &str, token: &str) -> Result<(), Turned> {
    let body = format!("client_id={client}&token={token}");
    let parameters = form::parse(body.as_bytes()).unwrap();
    let request = ClientRequest {
        authorization: Authorization::Absent,
        parameters,
        possession: Possession::default(),
        properties: Vec::new(),
    };
    scene.engine.revoke(&scene.mount, &request).await.outcome
}

#[tokio::test]
async fn refresh_token_is_given_with_offline_access_and_only_then() {
    let scene = refreshing("default");
    assert!(tokens(&scene).await.refresh_token.is_some());
    let code = scene.code().await;
    assert!(scene.token(&redemption(&code)).await.ok().unwrap().refresh_token.is_none());
    let without_grant = Scene::new();
    let code = without_grant.code().await;
    assert!(without_grant.token(&redemption(&code)).await.ok().unwrap().refresh_token.is_none());
}

#[tokio::test]
async fn rotated_refresh_token_replaces_the_one_before_and_its_reuse_ends_the_grant() {
    let scene = refreshing("default");
    let first = tokens(&scene).await.refresh_token.unwrap();
    let second = scene.token(&refresh(&first)).await.ok().unwrap();
    let claims = payload(&second.id_token.unwrap());
    assert_eq!((claims["sub"].as_str(), claims.get("nonce")), (Some("sub-alice"), None));
    let successor = second.refresh_token.unwrap();
    assert_eq!(reason(scene.token(&refresh(&first)).await), Reason::RefreshTokenReused);
    assert_eq!(reason(scene.token(&refresh(&successor)).await), Reason::RefreshTokenUnknown);
    assert!(userinfo(&scene, &second.access_token).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_simultaneous_refreshes_with_rotation_at_most_one_succeeds() {
    let scene = Arc::new(refreshing("default"));
    let body = refresh(&tokens(&scene).await.refresh_token.unwrap());
    let race = (0..64).map(|_| {
        let (scene, body) = (scene.clone(), body.clone());
        tokio::spawn(async move { scene.token(&body).await.is_ok() })
    });
    let mut winners = 0;
    for racer in race.collect::<Vec<_>>() {
        winners += usize::from(racer.await.unwrap());
    }
    assert_eq!(winners, 1);
}

#[tokio::test]
async fn refresh_is_bound_to_its_client_and_narrows_only() {
    let scene = refreshing("default");
    let token = tokens(&scene).await.refresh_token.unwrap();
    let foreign = refresh(&token).replace("client_id=app", "client_id=other");
    assert_eq!(reason(scene.token(&foreign).await), Reason::RefreshTokenOfAnotherClient);
    let wider = format!("{}&scope=openid+payments", refresh(&token));
    assert_eq!(reason(scene.token(&wider).await), Reason::ScopeWiderThanGrant);
    let elsewhere = format!("{}&resource={API}", refresh(&token));
    assert_eq!(reason(scene.token(&elsewhere).await), Reason::ResourceUnknown);
    let narrower = scene.token(&format!("{}&scope=profile", refresh(&token))).await.ok().unwrap();
    assert_eq!((narrower.scope.as_deref(), narrower.id_token), (Some("profile"), None));
}

#[tokio::test]
async fn tokens_of_one_kind_are_not_taken_for_another() {
    let scene = refreshing("default");
    let tokens = tokens(&scene).await;
    let refresh_token = tokens.refresh_token.unwrap();
    for wrong in [&tokens.access_token, &tokens.id_token.unwrap()] {
        assert_eq!(reason(scene.token(&refresh(wrong)).await), Reason::RefreshTokenUnknown);
        assert_eq!(reason(scene.token(&redemption(wrong)).await), Reason::CodeUnknown);
    }
    assert!(userinfo(&scene, &refresh_token).await.is_err());
    for length in 0..refresh_token.len() {
        assert!(scene.token(&refresh(refresh_token.get(..length).unwrap())).await.is_err(), "{length}");
    }
    assert!(scene.token(&refresh(&refresh_token)).await.is_ok());
}

#[tokio::test]
async fn grant_without_offline_access_ends_with_its_session() {
    let mut scene = refreshing("default");
    let overlay = toml::from_str("refresh_tokens = 'always'").unwrap();
    scene.policy(|policy| policy.overlaid(&overlay).unwrap());
    let loaded = interaction(scene.load("app", &scene.pushed().await).await);
    let password = Zeroizing::new("secret".to_owned());
    let logged_in = scene.engine.login(&scene.mount, &loaded, "alice", password).await.ok().unwrap();
    let response = scene.complete(&logged_in.interaction, Decision::Allow).await.unwrap();
    let tokens = scene.token(&redemption(&parameter(&response, "code").unwrap())).await.ok().unwrap();
    let hint = format!("id_token_hint={}", tokens.id_token.unwrap());
    let parameters = form::parse(hint.as_bytes()).unwrap();
    let logout = scene.engine.end_session(&scene.mount, &parameters, Some(&logged_in.session), Asked::NotYet).await;
    assert!(matches!(logout, Ok(Logout::Done { redirect: None })));
    let refused = scene.token(&refresh(&tokens.refresh_token.unwrap())).await;
    assert_eq!(reason(refused), Reason::SessionEnded);
}

#[tokio::test]
async fn logout_asks_unless_the_hint_vouches_and_goes_only_where_the_client_registered() {
    let mut scene = Scene::new();
    scene.reconfigured(|client| client.post_logout_redirect_uris = vec!["https://app.example/bye".to_owned()]);
    let loaded = interaction(scene.load("app", &scene.pushed().await).await);
    let password = Zeroizing::new("secret".to_owned());
    let session = scene.engine.login(&scene.mount, &loaded, "alice", password).await.ok().unwrap().session;
    let end = |query: &'static str, asked| {
        let (scene, session) = (&scene, &session);
        async move {
            let parameters = form::parse(query.as_bytes()).unwrap();
            scene.engine.end_session(&scene.mount, &parameters, Some(session), asked).await
        }
    };
    assert!(matches!(end("", Asked::NotYet).await, Ok(Logout::Ask)));
    let evil = end("client_id=app&post_logout_redirect_uri=https://evil.example/", Asked::Confirmed).await;
    assert_eq!(reason(evil), Reason::PostLogoutRedirectUriNotRegistered);
    let nobody = end("post_logout_redirect_uri=https://app.example/bye", Asked::Confirmed).await;
    assert_eq!(reason(nobody), Reason::PostLogoutRedirectUriNotRegistered);
    assert_eq!(reason(end("id_token_hint=a.b.c", Asked::Confirmed).await), Reason::IdTokenHintInvalid);
    let good = "client_id=app&post_logout_redirect_uri=https://app.example/bye&state=s";
    let Ok(Logout::Done { redirect }) = end(good, Asked::Confirmed).await else { panic!("not done") };
    assert_eq!(redirect.as_deref(), Some("https://app.example/bye?state=s"));
    let loaded = scene.load_with("app", &scene.pushed().await, Some(&session)).await;
    assert!(interaction(loaded).login().is_none());
}

#[tokio::test]
async fn client_credentials_are_for_confidential_clients_and_their_own_scopes() {
    let mut scene = Scene::new();
    scene.reconfigured(|client| {
        client.grant_types = Some(serde_json::from_value(json!(["client_credentials"])).unwrap());
        client.scope = Some("openid read write".to_owned());
    });
    assert_eq!(reason(scene.token("grant_type=client_credentials&client_id=app").await), Reason::PublicClientGrant);
    let kind = "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer";
    let ask = |jti: &str, more: &str| {
        let assertion = scene.assertion(jti);
        format!("grant_type=client_credentials&client_assertion_type={kind}&client_assertion={assertion}{more}")
    };
    let all = scene.token(&ask("a", "")).await.ok().unwrap();
    assert_eq!((all.scope.as_deref(), all.refresh_token, all.id_token), (Some("read write"), None, None));
    let some = scene.token(&ask("b", "&scope=read")).await.ok().unwrap();
    assert_eq!(some.scope, None);
    for scope in ["openid", "read+admin", "offline_access"] {
        let refused = scene.token(&ask(&format!("c{scope}"), &format!("&scope={scope}"))).await;
        assert_eq!(reason(refused), Reason::ScopeNotAllowed, "{scope}");
    }
    assert_eq!(reason(userinfo(&scene, &all.access_token).await), Reason::AccessTokenScope);
    assert_eq!(reason(scene.push(&request("")).await), Reason::GrantNotAllowed);
}

#[tokio::test]
async fn userinfo_tells_what_the_scope_stands_for_and_never_more() {
    let scene = refreshing("default");
    let asked = "%7B%22userinfo%22%3A%7B%22salary%22%3Anull%2C%22email%22%3Anull%7D%2C%22id_token%22%3A%7B%22salary%22%3Anull%2C%22name%22%3Anull%7D%7D";
    let code = scene.code_for(&request(&format!("&claims={asked}"))).await;
    let tokens = scene.token(&redemption(&code)).await.ok().unwrap();
    let claims = userinfo(&scene, &tokens.access_token).await.unwrap();
    assert_eq!(claims, json!({ "sub": "sub-alice", "name": "Alice" }));
    let id_token = payload(&tokens.id_token.unwrap());
    assert_eq!((id_token["name"].as_str(), id_token.get("salary")), (Some("Alice"), None));
    assert_eq!(reason(userinfo(&scene, "nonsense").await), Reason::AccessTokenInvalid);
    scene.clock.advance_ms(600_000);
    assert_eq!(reason(userinfo(&scene, &tokens.access_token).await), Reason::AccessTokenInvalid);
}

#[tokio::test]
async fn introspection_answers_the_audience_and_tells_others_nothing() {
    let scene = Scene::new();
    let code = scene.code_for(&request(&format!("&resource={API}"))).await;
    let mine = scene.token(&redemption(&code)).await.ok().unwrap().access_token;
    let answer = introspected(&scene, &mine).await;
    assert_eq!(
        (answer["active"].as_bool(), answer["aud"].as_str(), answer["sub"].as_str()),
        (Some(true), Some(API), Some("sub-alice"))
    );
    assert_eq!((answer["iss"].as_str(), answer["client_id"].as_str()), (Some(ISSUER), Some("app")));
    let code = scene.code().await;
    let not_mine = scene.token(&redemption(&code)).await.ok().unwrap().access_token;
    for token in [not_mine.as_str(), "unknown", ""] {
        let answer = introspect(&scene, token, AnswerForm::Json).await;
        if token.is_empty() {
            assert_eq!(reason(answer), Reason::TokenMissing);
        } else {
            assert_eq!(introspected(&scene, token).await, json!({ "active": false }));
        }
    }
    let Ok(Introspected::Jwt(jwt)) = introspect(&scene, &mine, AnswerForm::Jwt).await else { panic!("no JWT") };
    let claims = payload(&jwt);
    assert_eq!((claims["aud"].as_str(), claims["token_introspection"]["active"].as_bool()), (Some("api"), Some(true)));
    assert_eq!((claims.get("sub"), claims.get("exp")), (None, None));
    // A public client may not ask at all.
    let body = format!("client_id=app&token={mine}");
    let request = ClientRequest {
        authorization: Authorization::Absent,
        parameters: form::parse(body.as_bytes()).unwrap(),
        possession: Possession::default(),
        properties: Vec::new(),
    };
    let refused = scene.engine.introspect(&scene.mount, &request, AnswerForm::Json).await.outcome;
    assert_eq!(reason(refused), Reason::IntrospectionRefused);
}

#[tokio::test]
async fn revocation_ends_ones_own_tokens_and_touches_no_others() {
    let scene = refreshing("default");
    let tokens = tokens(&scene).await;
    let (access, refresh_token) = (tokens.access_token, tokens.refresh_token.unwrap());
    assert_eq!(reason(revoke(&scene, "other", &access).await), Reason::TokenOfAnotherClient);
    assert_eq!(reason(revoke(&scene, "other", &refresh_token).await), Reason::TokenOfAnotherClient);
    assert!(userinfo(&scene, &access).await.is_ok());
    assert!(revoke(&scene, "app", "unknown").await.is_ok());
    assert!(revoke(&scene, "app", &access).await.is_ok());
    assert!(userinfo(&scene, &access).await.is_err());
    let renewed = scene.token(&refresh(&refresh_token)).await.ok().unwrap();
    assert!(revoke(&scene, "app", renewed.refresh_token.as_deref().unwrap()).await.is_ok());
    assert!(userinfo(&scene, &renewed.access_token).await.is_err());
}

#[tokio::test]
async fn plain_request_goes_the_same_way_where_the_policy_allows_it() {
    let mut scene = Scene::new();
    let refused = scene.engine.authorize(&scene.mount, request("").as_bytes(), None).await.unwrap();
    let Loaded::Response(response) = refused else { panic!("not sent back") };
    assert_eq!(parameter(&response, "error").as_deref(), Some("invalid_request"));
    let evil = request("").replace("app.example", "evil.example");
    assert_eq!(reason(scene.engine.authorize(&scene.mount, evil.as_bytes(), None).await), Reason::PlainRequestRefused);

    let overlay = toml::from_str("pushed_requests = 'optional'").unwrap();
    scene.policy(|policy| policy.overlaid(&overlay).unwrap());
    let loaded = interaction(scene.engine.authorize(&scene.mount, request("").as_bytes(), None).await);
    assert!(scene.engine.login_view(&scene.mount, &loaded).await.is_ok());
    assert_eq!(
        reason(scene.engine.authorize(&scene.mount, evil.as_bytes(), None).await),
        Reason::RedirectUriNotRegistered
    );
    for (bad, error) in [
        (request("").replace("S256", "plain"), "invalid_request"),
        (request("").replace("response_type=code", "response_type=token"), "unsupported_response_type"),
        (request("&request=x.y.z"), "invalid_request_object"),
    ] {
        let Loaded::Response(response) = scene.engine.authorize(&scene.mount, bad.as_bytes(), None).await.unwrap()
        else {
            panic!("{bad} is accepted")
        };
        assert_eq!(parameter(&response, "error").as_deref(), Some(error), "{bad}");
        assert_eq!(parameter(&response, "state").as_deref(), Some("st&te"));
    }
}

#[tokio::test]
async fn beside_a_request_uri_everything_else_is_ignored() {
    let scene = Scene::new();
    let request_uri = scene.pushed().await;
    let query = format!("state=a&state=b&foo=%zz&x=%00&client_id=app&request_uri={request_uri}&scope=admin");
    assert!(scene.engine.authorize(&scene.mount, query.as_bytes(), None).await.is_ok());
    let twice = format!("client_id=app&client_id=app&request_uri={request_uri}");
    assert_eq!(reason(scene.engine.authorize(&scene.mount, twice.as_bytes(), None).await), Reason::ParameterRepeated);
}

#[tokio::test]
async fn hint_is_verified_and_another_user_is_not_passed_off_as_the_one_expected() {
    let mut scene = Scene::new();
    let code = scene.code().await;
    let genuine = scene.token(&redemption(&code)).await.ok().unwrap().id_token.unwrap();
    scene.clock.advance_ms(24 * 3600 * 1000);
    let accepted = scene.push(&request(&format!("&id_token_hint={genuine}"))).await.ok().unwrap();
    let same = scene.logged_in(&accepted.request_uri).await;
    let response = scene.complete(&same, Decision::Allow).await.unwrap();
    assert!(parameter(&response, "code").is_some());
    for forged in ["a.b.c", &format!("{genuine}A"), scene.assertion("x").as_str()] {
        let refused = scene.push(&request(&format!("&id_token_hint={forged}"))).await;
        assert_eq!(reason(refused), Reason::IdTokenHintInvalid, "{forged:.20}");
    }
    let bob = "&claims=%7B%22id_token%22%3A%7B%22sub%22%3A%7B%22value%22%3A%22sub-bob%22%7D%7D%7D";
    let request_uri = scene.push(&request(bob)).await.ok().unwrap().request_uri;
    let alice = scene.logged_in(&request_uri).await;
    let response = scene.complete(&alice, Decision::Allow).await.unwrap();
    assert_eq!(parameter(&response, "error").as_deref(), Some("login_required"));
    let essential =
        "&claims=%7B%22id_token%22%3A%7B%22acr%22%3A%7B%22essential%22%3Atrue%2C%22value%22%3A%22mfa%22%7D%7D%7D";
    assert_eq!(reason(scene.push(&request(essential)).await), Reason::AcrEssential);
    scene.reconfigured(|_| {});
}

#[tokio::test]
async fn remembered_consent_answers_at_once_and_only_for_what_was_allowed() {
    let mut scene = refreshing("default");
    let overlay = toml::from_str("consent = 'remembered'").unwrap();
    scene.policy(|policy| policy.overlaid(&overlay).unwrap());
    let loaded = interaction(scene.load("app", &scene.pushed().await).await);
    let password = Zeroizing::new("secret".to_owned());
    let logged_in = scene.engine.login(&scene.mount, &loaded, "alice", password).await.ok().unwrap();
    assert!(scene.complete(&logged_in.interaction, Decision::Allow).await.is_ok());
    for (more, outcome) in [("&prompt=none", "code"), ("", "code"), ("&prompt=consent", "page")] {
        let request_uri = scene.push(&request(more)).await.ok().unwrap().request_uri;
        let loaded = scene.load_with("app", &request_uri, Some(&logged_in.session)).await.unwrap();
        let found = match &loaded {
            Loaded::Interaction(_) | Loaded::Flow(_) => "page",
            Loaded::Response(response) if parameter(response, "code").is_some() => "code",
            Loaded::Response(_) => "error",
        };
        assert_eq!(found, outcome, "{more}");
    }
    let wider = request("&prompt=none").replace("openid+profile", "openid+email");
    let request_uri = scene.push(&wider).await.ok().unwrap().request_uri;
    let Loaded::Response(response) = scene.load_with("app", &request_uri, Some(&logged_in.session)).await.unwrap()
    else {
        panic!("a page under prompt=none")
    };
    assert_eq!(parameter(&response, "error").as_deref(), Some("consent_required"));
}

#[tokio::test]
async fn code_carries_no_more_than_the_consent_page_showed() {
    let mut scene = refreshing("default");
    scene.reconfigured(|client| client.scope = Some("openid profile".to_owned()));
    let asked = request("").replace("openid+profile", "openid+profile+payments");
    let request_uri = scene.push(&asked).await.ok().unwrap().request_uri;
    let alice = scene.logged_in(&request_uri).await;
    let shown = scene.consent_view(&alice).await.shown;
    scene.reconfigured(|client| client.scope = Some("openid profile payments".to_owned()));
    let response = scene.engine.complete(&scene.mount, &alice, Decision::Allow, &shown).await.unwrap();
    let tokens = scene.token(&redemption(&parameter(&response, "code").unwrap())).await.ok().unwrap();
    assert_eq!(tokens.scope.as_deref(), Some("openid profile"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_verifiers_are_counted_also_when_they_come_at_once() {
    let scene = Arc::new(Scene::new());
    let code = scene.code().await;
    let wrong = redemption(&code).replace(super::scene::VERIFIER, &"x".repeat(43));
    let burst = (0..100).map(|_| {
        let (scene, body) = (scene.clone(), wrong.clone());
        tokio::spawn(async move { scene.token(&body).await.is_ok() })
    });
    for guess in burst.collect::<Vec<_>>() {
        assert!(!guess.await.unwrap());
    }
    assert_eq!(reason(scene.token(&redemption(&code)).await), Reason::CodeUnknown);
}
