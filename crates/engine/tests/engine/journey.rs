//! From a push to tokens, and everything that may not happen on the way (attack groups PR, TK, CA).

use std::collections::HashSet;
use std::sync::Arc;

use parhelion_engine::authorize::Loaded;
use parhelion_engine::interaction::{Decision, Page};
use parhelion_engine::ports::Kind;
use parhelion_protocol::refusal::Reason;
use zeroize::Zeroizing;

use super::scene::{ISSUER, Scene, VERIFIER, interaction, parameter, payload, reason, redemption, request};

#[tokio::test]
async fn pushed_request_becomes_tokens() {
    let scene = Scene::new();
    let accepted = scene.push(&request("")).await.ok().unwrap();
    assert_eq!((accepted.request_uri.len(), accepted.expires_in_s), (77, 90));
    let interaction = scene.logged_in(&accepted.request_uri).await;
    let view = scene.consent_view(&interaction).await;
    assert_eq!((view.shown.scope.to_string().as_str(), view.username.as_str()), ("openid profile", "alice"));
    let response = scene.complete(&interaction, Decision::Allow).await.unwrap();
    assert_eq!(parameter(&response, "state").as_deref(), Some("st&te"));
    assert_eq!(parameter(&response, "iss").as_deref(), Some(ISSUER));
    let tokens = scene.token(&redemption(&parameter(&response, "code").unwrap())).await.unwrap();
    assert_eq!((tokens.access_token.len(), tokens.token_type, tokens.scope), (43, "Bearer", None));
    let claims = payload(&tokens.id_token.unwrap());
    assert_eq!((claims["iss"].as_str(), claims["aud"].as_str()), (Some(ISSUER), Some("app")));
    assert_eq!((claims["sub"].as_str(), claims["nonce"].as_str()), (Some("sub-alice"), Some("n-1")));
}

#[tokio::test]
async fn request_uri_works_until_its_last_millisecond_and_not_at_its_deadline() {
    let scene = Scene::new();
    let request_uri = scene.pushed().await;
    scene.clock.advance_ms(89_999);
    assert!(scene.load("app", &request_uri).await.is_ok());
    scene.clock.advance_ms(1);
    assert_eq!(reason(scene.load("app", &request_uri).await), Reason::RequestUriExpired);
}

#[tokio::test]
async fn login_may_outlast_the_request_uri_but_not_the_interaction() {
    let scene = Scene::new();
    let interaction = scene.logged_in(&scene.pushed().await).await;
    let late = scene.logged_in(&scene.pushed().await).await;
    scene.clock.advance_ms(300_000);
    assert!(scene.complete(&interaction, Decision::Allow).await.is_ok());
    scene.clock.advance_ms(1_600_000);
    assert!(scene.complete(&late, Decision::Allow).await.is_err());
    let cookie = late.to_cookie(&scene.mount, &*scene.engine.entropy).unwrap();
    let resumed = scene.engine.resume(&scene.mount, &late.id(), Some(&cookie));
    assert_eq!(reason(resumed), Reason::InteractionExpired);
}

#[tokio::test]
async fn loading_writes_nothing_however_often_and_by_whomever() {
    let scene = Scene::new();
    let request_uri = scene.pushed().await;
    let versions =
        || async { scene.engine.store.scan(scene.mount.tenant.uid, Kind::PushedRequest, None, 10).await.unwrap() };
    let before = versions().await;
    for client_id in ["app", "other", "nobody", "app"] {
        let _ = scene.load(client_id, &request_uri).await;
    }
    assert_eq!(before, versions().await);
    assert!(scene.load("app", &request_uri).await.is_ok());
}

#[tokio::test]
async fn another_client_learns_nothing_and_burns_nothing() {
    let scene = Scene::new();
    let request_uri = scene.pushed().await;
    let foreign = scene.load("other", &request_uri).await.unwrap_err();
    let unknown = scene.load("app", &request_uri.replace(&request_uri[40..44], "AAAA")).await.unwrap_err();
    assert_eq!(foreign.refusal().reason, Reason::RequestUriOfAnotherClient);
    assert_eq!(foreign.public().code, unknown.public().code);
    assert!(scene.load("app", &request_uri).await.is_ok());
}

#[tokio::test]
async fn completed_request_is_taken_whether_it_was_allowed_or_denied() {
    for decision in [Decision::Allow, Decision::Deny] {
        let scene = Scene::new();
        let request_uri = scene.pushed().await;
        let (first, second) = (scene.logged_in(&request_uri).await, scene.logged_in(&request_uri).await);
        let response = scene.complete(&first, decision).await.unwrap();
        let error = parameter(&response, "error");
        assert_eq!(error.as_deref(), (decision == Decision::Deny).then_some("access_denied"));
        let again = scene.complete(&second, Decision::Allow).await;
        assert_eq!(reason(again), Reason::RequestUriTaken);
        assert_eq!(reason(scene.load("app", &request_uri).await), Reason::RequestUriTaken);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_simultaneous_completions_one_wins() {
    let scene = Arc::new(Scene::new());
    for _ in 0..50 {
        let request_uri = scene.pushed().await;
        let mut ready = Vec::new();
        for _ in 0..32 {
            ready.push(scene.logged_in(&request_uri).await);
        }
        let race = ready.into_iter().enumerate().map(|(racer, interaction)| {
            let scene = scene.clone();
            let decision = if racer % 4 == 0 { Decision::Deny } else { Decision::Allow };
            tokio::spawn(async move { scene.complete(&interaction, decision).await.is_ok() })
        });
        let racers: Vec<_> = race.collect();
        let mut winners = 0;
        for racer in racers {
            winners += usize::from(racer.await.unwrap());
        }
        assert_eq!(winners, 1);
    }
}

#[tokio::test]
async fn wrong_password_and_unknown_user_are_the_same() {
    let scene = Scene::new();
    let loaded = interaction(scene.load("app", &scene.pushed().await).await);
    let login = |username: &'static str, password: &str| {
        scene.engine.login(&scene.mount, &loaded, username, Zeroizing::new(password.to_owned()))
    };
    assert_eq!(reason(login("alice", "guess").await), Reason::LoginFailed);
    assert_eq!(reason(login("mallory", "secret").await), Reason::LoginFailed);
    assert_eq!(reason(login("alice", &"x".repeat(513)).await), Reason::LoginFailed);
}

#[tokio::test]
async fn interaction_belongs_to_the_browser_that_began_it() {
    let scene = Scene::new();
    let mine = scene.logged_in(&scene.pushed().await).await;
    let other = scene.logged_in(&scene.pushed().await).await;
    let cookie = mine.to_cookie(&scene.mount, &*scene.engine.entropy).unwrap();
    assert!(scene.engine.resume(&scene.mount, &mine.id(), Some(&cookie)).is_ok());
    for (id, cookie) in [(other.id(), Some(cookie.as_str())), (mine.id(), None), (mine.id(), Some("x"))] {
        assert_eq!(reason(scene.engine.resume(&scene.mount, &id, cookie)), Reason::InteractionUnknown);
    }
    assert!(mine.check_form_token("", &mine.form_token("")).is_ok());
    assert_eq!(reason(mine.check_form_token("", &other.form_token(""))), Reason::FormTokenWrong);
}

#[tokio::test]
async fn session_spares_the_login_unless_the_client_wants_one() {
    let scene = Scene::new();
    let loaded = interaction(scene.load("app", &scene.pushed().await).await);
    let password = Zeroizing::new("secret".to_owned());
    let session = scene.engine.login(&scene.mount, &loaded, "alice", password).await.ok().unwrap().session;
    scene.clock.advance_ms(60_000);
    for (more, spared) in
        [("", true), ("&max_age=60", true), ("&max_age=59", false), ("&max_age=0", false), ("&prompt=login", false)]
    {
        let request_uri = scene.push(&request(more)).await.ok().unwrap().request_uri;
        let loaded = interaction(scene.load_with("app", &request_uri, Some(&session)).await);
        assert_eq!(loaded.login().is_some(), spared, "{more}");
    }
    scene.clock.advance_ms(8 * 3600 * 1000);
    let loaded = interaction(scene.load_with("app", &scene.pushed().await, Some(&session)).await);
    assert!(loaded.login().is_none());
}

#[tokio::test]
async fn prompt_none_answers_at_once_and_takes_the_request() {
    let scene = Scene::new();
    let request_uri = scene.push(&request("&prompt=none")).await.ok().unwrap().request_uri;
    let Loaded::Response(response) = scene.load("app", &request_uri).await.unwrap() else { panic!("no answer") };
    assert_eq!(parameter(&response, "error").as_deref(), Some("login_required"));
    assert_eq!(parameter(&response, "state").as_deref(), Some("st&te"));
    assert_eq!(reason(scene.load("app", &request_uri).await), Reason::RequestUriTaken);
}

#[tokio::test]
async fn changed_configuration_refuses_only_what_no_longer_stands() {
    let mut scene = Scene::new();
    let interaction = scene.logged_in(&scene.pushed().await).await;
    scene.reconfigured(|client| client.redirect_uris = vec!["https://app.example/new".to_owned()]);
    let outcome = scene.complete(&interaction, Decision::Allow).await;
    assert_eq!(reason(outcome), Reason::ClientGone);

    scene.reconfigured(|client| client.scope = Some("email".to_owned()));
    let response = scene.complete(&interaction, Decision::Allow).await.unwrap();
    assert_eq!(parameter(&response, "error").as_deref(), Some("invalid_scope"));
}

#[tokio::test]
async fn request_that_no_longer_stands_is_answered_by_whichever_page_comes_first() {
    let mut scene = Scene::new();
    let request_uri = scene.pushed().await;
    let interaction = interaction(scene.load("app", &request_uri).await);
    scene.reconfigured(|client| client.scope = Some("email".to_owned()));
    let Page::Answer(response) = scene.engine.login_view(&scene.mount, &interaction).await.unwrap() else {
        panic!("a login page for a request that does not stand")
    };
    assert_eq!(parameter(&response, "error").as_deref(), Some("invalid_scope"));
    assert_eq!(reason(scene.load("app", &request_uri).await), Reason::RequestUriTaken);
}

#[tokio::test]
async fn disabled_client_is_not_sent_back_to() {
    let mut scene = Scene::new();
    let request_uri = scene.pushed().await;
    scene.reconfigured(|client| client.status = parhelion_protocol::client::ClientStatus::Disabled);
    assert_eq!(reason(scene.load("app", &request_uri).await), Reason::ClientGone);
    assert_eq!(reason(scene.push(&request("")).await), Reason::ClientDisabled);
}

#[tokio::test]
async fn code_is_redeemed_once_and_its_replay_ends_the_grant() {
    let scene = Scene::new();
    let code = scene.code().await;
    let grants = || scene.engine.store.scan(scene.mount.tenant.uid, Kind::Grant, None, 10);
    assert!(scene.token(&redemption(&code)).await.is_ok());
    assert_eq!(grants().await.unwrap().len(), 1);
    // A replay that is not otherwise valid is no weapon.
    let wrong = redemption(&code).replace(VERIFIER, &"x".repeat(43));
    assert_eq!(reason(scene.token(&wrong).await), Reason::CodeUsed);
    assert_eq!(grants().await.unwrap().len(), 1);
    assert_eq!(reason(scene.token(&redemption(&code)).await), Reason::CodeUsed);
    assert_eq!(grants().await.unwrap().len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_simultaneous_redemptions_one_wins() {
    let scene = Arc::new(Scene::new());
    for _ in 0..50 {
        let code = scene.code().await;
        let race = (0..32).map(|_| {
            let (scene, body) = (scene.clone(), redemption(&code));
            tokio::spawn(async move { scene.token(&body).await.is_ok() })
        });
        let mut winners = 0;
        for racer in race.collect::<Vec<_>>() {
            winners += usize::from(racer.await.unwrap());
        }
        assert_eq!(winners, 1);
    }
}

#[tokio::test]
async fn code_of_another_client_is_not_burnt() {
    let scene = Scene::new();
    let code = scene.code().await;
    let stolen = redemption(&code).replace("client_id=app", "client_id=other");
    assert_eq!(reason(scene.token(&stolen).await), Reason::CodeOfAnotherClient);
    assert!(scene.token(&redemption(&code)).await.is_ok());
}

#[tokio::test]
async fn redemption_wants_the_same_redirect_uri_and_the_right_verifier() {
    let scene = Scene::new();
    let code = scene.code().await;
    let good = redemption(&code);
    for (body, expected) in [
        (good.replace("app.example/cb", "app.example/cb2"), Reason::RedirectUriChanged),
        (good.replace("&redirect_uri=https://app.example/cb", ""), Reason::RedirectUriChanged),
        (good.replace(&format!("&code_verifier={VERIFIER}"), ""), Reason::CodeVerifierMissing),
        (good.replace(VERIFIER, "short"), Reason::CodeVerifierWrong),
        (good.replace("authorization_code", "password"), Reason::GrantTypeUnsupported),
        (good.replace("grant_type=authorization_code&", ""), Reason::GrantTypeMissing),
        (good.replace(&format!("code={code}&"), ""), Reason::CodeMissing),
        (good.replace(&code, &code[1..]), Reason::CodeUnknown),
    ] {
        assert_eq!(reason(scene.token(&body).await), expected, "{body}");
    }
    assert!(scene.token(&good).await.is_ok());
}

#[tokio::test]
async fn fifth_wrong_verifier_ends_the_code() {
    let scene = Scene::new();
    for (failures, survives) in [(4, true), (5, false)] {
        let code = scene.code().await;
        let wrong = redemption(&code).replace(VERIFIER, &"x".repeat(43));
        for _ in 0..failures {
            assert_eq!(reason(scene.token(&wrong).await), Reason::CodeVerifierWrong);
        }
        assert_eq!(scene.token(&redemption(&code)).await.is_ok(), survives);
    }
}

#[tokio::test]
async fn code_lives_sixty_seconds() {
    let scene = Scene::new();
    let (early, late) = (scene.code().await, scene.code().await);
    scene.clock.advance_ms(59_999);
    assert!(scene.token(&redemption(&early)).await.is_ok());
    scene.clock.advance_ms(1);
    assert_eq!(reason(scene.token(&redemption(&late)).await), Reason::CodeUnknown);
}

pub(crate) fn keyed(assertion: &str, body: &str) -> String {
    let kind = "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer";
    let body = body.replace("client_id=app", "client_id=keyed").replace("scope=openid+profile", "scope=openid");
    format!("{body}&client_assertion_type={kind}&client_assertion={assertion}")
}

#[tokio::test]
async fn assertion_is_used_by_success_and_by_refusal_alike() {
    let scene = Scene::new();
    let first = scene.assertion("a");
    assert!(scene.push(&keyed(&first, &request(""))).await.is_ok());
    assert_eq!(reason(scene.push(&keyed(&first, &request(""))).await), Reason::AssertionReplayed);
    let second = scene.assertion("b");
    let bad = request("").replace("response_type=code", "response_type=token");
    assert_eq!(reason(scene.push(&keyed(&second, &bad)).await), Reason::ResponseTypeUnsupported);
    assert_eq!(reason(scene.push(&keyed(&second, &request(""))).await), Reason::AssertionReplayed);
    // One namespace for all endpoints of a client.
    let third = scene.assertion("c");
    assert!(scene.push(&keyed(&third, &request(""))).await.is_ok());
    let redeemed = scene.token(&keyed(&third, "grant_type=authorization_code&client_id=app&code=x")).await;
    assert_eq!(reason(redeemed), Reason::AssertionReplayed);
}

#[tokio::test]
async fn unsigned_assertion_leaves_nothing_behind() {
    let scene = Scene::new();
    let good = scene.assertion("a");
    let (head, signature) = good.rsplit_once('.').unwrap();
    let flipped = if signature.starts_with('A') { "B" } else { "A" };
    let forged = format!("{head}.{flipped}{}", &signature[1..]);
    assert_eq!(reason(scene.push(&keyed(&forged, &request(""))).await), Reason::AssertionSignatureWrong);
    assert!(scene.push(&keyed(&good, &request(""))).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_pushes_with_one_assertion_one_is_accepted() {
    let scene = Arc::new(Scene::new());
    let body = keyed(&scene.assertion("a"), &request(""));
    let race = (0..64).map(|_| {
        let (scene, body) = (scene.clone(), body.clone());
        tokio::spawn(async move { scene.push(&body).await.is_ok() })
    });
    let mut accepted = 0;
    for racer in race.collect::<Vec<_>>() {
        accepted += usize::from(racer.await.unwrap());
    }
    assert_eq!(accepted, 1);
}

#[tokio::test]
async fn assertion_stays_used_until_no_clock_would_take_it() {
    let scene = Scene::new();
    let body = keyed(&scene.assertion("a"), &request(""));
    assert!(scene.push(&body).await.is_ok());
    // exp is 60 s ahead and taken for another 10 s.
    scene.clock.advance_ms(70_999);
    assert_eq!(reason(scene.push(&body).await), Reason::AssertionReplayed);
    scene.clock.advance_ms(1);
    assert_eq!(reason(scene.push(&body).await), Reason::AssertionExpired);
}

#[tokio::test]
async fn references_do_not_repeat_and_are_not_in_the_store() {
    let scene = Scene::new();
    let mut seen = HashSet::new();
    for _ in 0..200 {
        assert!(seen.insert(scene.pushed().await));
    }
    let records = scene.engine.store.scan(scene.mount.tenant.uid, Kind::PushedRequest, None, 1000).await.unwrap();
    assert_eq!(records.len(), 200);
    let stored: Vec<u8> = records.into_iter().flat_map(|(_, record)| record.value).collect();
    for secret in ["st&te", "n-1", super::scene::CHALLENGE, super::scene::CALLBACK] {
        assert!(!stored.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret}");
    }
}
