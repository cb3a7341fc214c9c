//! Rich authorization requests: asked for, shown, granted, narrowed, told (RFC 9396; rows N-72, N-163, N-164, RO-21).

use parhelion_engine::authorize::Loaded;
use parhelion_engine::discovery;
use parhelion_engine::interaction::{Decision, Shown};
use parhelion_engine::token::Tokens;
use parhelion_protocol::parameters::Param;
use parhelion_protocol::params::authorization_details;
use parhelion_protocol::refusal::Reason;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::endpoints::introspected;
use super::request_object::{push, signed};
use super::scene::{API, Scene, interaction, parameter, reason, redemption, request};

/// A scene whose clients may pay and refresh.
fn paying() -> Scene {
    let mut scene = Scene::new();
    scene.reconfigured(|client| {
        let grants = json!(["authorization_code", "refresh_token", "client_credentials"]);
        client.grant_types = Some(serde_json::from_value(grants).unwrap());
        client.scope = Some("openid profile offline_access".to_owned());
        client.authorization_details_types = vec!["payment".to_owned()];
    });
    scene
}

fn both() -> Value {
    json!([{ "type": "payment", "amount": 1 }, { "type": "payment", "amount": 2 }])
}

fn parameter_of(details: &Value) -> String {
    let text: String = form_urlencoded::byte_serialize(details.to_string().as_bytes()).collect();
    format!("&authorization_details={text}")
}

fn asking(details: &Value) -> String {
    request(&parameter_of(details)).replace("openid+profile", "openid+offline_access")
}

fn granted(tokens: &Tokens) -> Option<Value> {
    tokens.authorization_details.to_value()
}

async fn tokens(scene: &Scene, asked: &Value, more: &str) -> Tokens {
    let code = scene.code_for(&format!("{}&resource={API}", asking(asked))).await;
    scene.token(&format!("{}{more}", redemption(&code))).await.ok().unwrap()
}

//= rfc9396#7 type=test
#[tokio::test]
async fn what_is_asked_is_shown_granted_and_told_to_client_and_resource_server() {
    let scene = paying();
    let request_uri = scene.push(&asking(&both())).await.ok().unwrap().request_uri;
    let interaction = scene.logged_in(&request_uri).await;
    let view = scene.consent_view(&interaction).await;
    assert_eq!(view.shown.authorization_details.to_value(), Some(both()));
    let tokens = tokens(&scene, &both(), "").await;
    assert_eq!(granted(&tokens), Some(both()));
    assert_eq!(introspected(&scene, &tokens.access_token).await["authorization_details"], both());
}

#[tokio::test]
async fn nothing_is_told_where_nothing_was_asked() {
    let scene = paying();
    let tokens = tokens(&scene, &json!([]), "").await;
    assert_eq!(granted(&tokens), None);
    assert!(introspected(&scene, &tokens.access_token).await.get("authorization_details").is_none());
}

//= rfc9396#5 type=test
#[tokio::test]
async fn what_does_not_fit_its_type_is_refused_at_its_place() {
    let mut scene = paying();
    let lacking = scene.push(&asking(&json!([{ "type": "payment", "amount": 1 }, { "type": "payment" }]))).await;
    let refusal = lacking.err().unwrap().refusal();
    assert_eq!(
        (refusal.reason, refusal.param),
        (Reason::AuthorizationDetailsInvalid, Some(Param::AuthorizationDetails))
    );
    assert!(refusal.description().ends_with(": element 1, /amount is missing"), "{refusal}");
    let unknown = asking(&json!([{ "type": "transfer" }]));
    assert_eq!(reason(scene.push(&unknown).await), Reason::AuthorizationDetailsTypeUnknown);
    scene.reconfigured(|client| client.scope = Some("openid offline_access".to_owned()));
    assert_eq!(reason(scene.push(&asking(&both())).await), Reason::AuthorizationDetailsTypeNotAllowed);
}

#[tokio::test]
async fn type_that_the_client_may_no_longer_use_falls_at_completion_too() {
    let mut scene = paying();
    let request_uri = scene.push(&asking(&both())).await.ok().unwrap().request_uri;
    let interaction = scene.logged_in(&request_uri).await;
    scene.reconfigured(|client| client.scope = Some("openid offline_access".to_owned()));
    let response = scene.complete(&interaction, Decision::Allow).await.unwrap();
    assert_eq!(parameter(&response, "error").as_deref(), Some("invalid_authorization_details"));
    assert!(parameter(&response, "error_description").unwrap().ends_with(": element 0"));
}

//= rfc9396#6 type=test
#[tokio::test]
async fn token_request_narrows_to_equal_elements_only_and_a_refused_one_costs_nothing() {
    let scene = paying();
    let second = json!([{ "amount": 2, "type": "payment" }]);
    let narrowed = tokens(&scene, &both(), &parameter_of(&second)).await;
    assert_eq!(granted(&narrowed), Some(second.clone()));
    assert_eq!(introspected(&scene, &narrowed.access_token).await["authorization_details"], second);
    let code = scene.code_for(&asking(&both())).await;
    let third = parameter_of(&json!([{ "type": "payment", "amount": 3 }]));
    let wider = scene.token(&format!("{}{third}", redemption(&code))).await;
    assert_eq!(reason(wider), Reason::AuthorizationDetailsWiderThanGrant);
    let malformed = scene.token(&format!("{}&authorization_details=x", redemption(&code))).await;
    assert_eq!(reason(malformed), Reason::AuthorizationDetailsMalformed);
    assert_eq!(granted(&scene.token(&redemption(&code)).await.ok().unwrap()), Some(both()));
}

#[tokio::test]
async fn refresh_keeps_what_was_granted_and_may_narrow_it() {
    let scene = paying();
    let second = json!([{ "type": "payment", "amount": 2 }]);
    let first = tokens(&scene, &both(), &parameter_of(&second)).await;
    let refresh =
        |token: &str, more: &str| format!("grant_type=refresh_token&client_id=app&refresh_token={token}{more}");
    let renewed = scene.token(&refresh(&first.refresh_token.unwrap(), "")).await.ok().unwrap();
    assert_eq!(granted(&renewed), Some(both()));
    let token = renewed.refresh_token.unwrap();
    let other = parameter_of(&json!([{ "type": "payment", "amount": 3 }]));
    assert_eq!(reason(scene.token(&refresh(&token, &other)).await), Reason::AuthorizationDetailsWiderThanGrant);
    let narrowed = scene.token(&refresh(&token, &parameter_of(&second))).await.ok().unwrap();
    assert_eq!(granted(&narrowed), Some(second));
}

#[tokio::test]
async fn client_may_ask_for_itself_what_its_types_allow() {
    let scene = paying();
    let ask = |jti: &str, details: &Value| {
        let assertion = scene.assertion(jti);
        format!(
            "grant_type=client_credentials&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion={assertion}{}",
            parameter_of(details)
        )
    };
    assert_eq!(granted(&scene.token(&ask("a", &both())).await.ok().unwrap()), Some(both()));
    let lacking = scene.token(&ask("b", &json!([{ "type": "payment" }]))).await;
    assert_eq!(reason(lacking), Reason::AuthorizationDetailsInvalid);
}

#[tokio::test]
async fn form_of_the_consent_page_speaks_of_the_details_that_were_shown() {
    let scene = paying();
    let request_uri = scene.push(&asking(&both())).await.ok().unwrap().request_uri;
    let interaction = scene.logged_in(&request_uri).await;
    let shown = scene.consent_view(&interaction).await.shown;
    let token = interaction.form_token(&shown.to_string());
    assert!(interaction.check_form_token(&shown.to_string(), &token).is_ok());
    let fewer = authorization_details::parse(r#"[{"type":"payment","amount":1}]"#).unwrap();
    let fewer = Shown { authorization_details: fewer, ..shown };
    assert!(interaction.check_form_token(&fewer.to_string(), &token).is_err());
    let response = scene.engine.complete(&scene.mount, &interaction, Decision::Allow, &fewer).await.unwrap();
    let tokens = scene.token(&redemption(&parameter(&response, "code").unwrap())).await.ok().unwrap();
    assert_eq!(granted(&tokens), Some(json!([{ "type": "payment", "amount": 1 }])));
}

#[tokio::test]
async fn remembered_consent_never_answers_for_details() {
    let mut scene = paying();
    let overlay = toml::from_str("consent = 'remembered'").unwrap();
    scene.policy(|policy| policy.overlaid(&overlay).unwrap());
    let request_uri = scene.push(&asking(&both())).await.ok().unwrap().request_uri;
    let loaded = interaction(scene.load("app", &request_uri).await);
    let password = Zeroizing::new("secret".to_owned());
    let logged_in = scene.engine.login(&scene.mount, &loaded, "alice", password).await.ok().unwrap();
    assert!(scene.complete(&logged_in.interaction, Decision::Allow).await.is_ok());
    let request_uri = scene.push(&asking(&both())).await.ok().unwrap().request_uri;
    let again = scene.load_with("app", &request_uri, Some(&logged_in.session)).await.unwrap();
    assert!(matches!(again, Loaded::Interaction(_)));
    let silent = format!("{}&prompt=none", asking(&both()));
    let request_uri = scene.push(&silent).await.ok().unwrap().request_uri;
    let Loaded::Response(response) = scene.load_with("app", &request_uri, Some(&logged_in.session)).await.unwrap()
    else {
        panic!("a page under prompt=none")
    };
    assert_eq!(parameter(&response, "error").as_deref(), Some("consent_required"));
}

#[tokio::test]
async fn request_object_holds_an_array_and_nothing_that_might_be_read_as_one() {
    let scene = paying();
    let object = signed(&scene, |claims| claims["authorization_details"] = both());
    let request_uri = scene.push(&push("a", &scene, &object, "")).await.ok().unwrap().request_uri;
    let interaction = scene.logged_in_as("keyed", &request_uri).await;
    let view = scene.consent_view(&interaction).await;
    assert_eq!(view.shown.authorization_details.to_value(), Some(both()));
    for (jti, other) in [("b", json!(both().to_string())), ("c", both()[0].clone()), ("d", Value::Null)] {
        let object = signed(&scene, |claims| claims["authorization_details"] = other);
        assert_eq!(reason(scene.push(&push(jti, &scene, &object, "")).await), Reason::RequestObjectClaimWrong);
    }
}

//= rfc9396#10 type=test
#[test]
fn types_of_the_tenant_are_published() {
    let metadata: Value = serde_json::from_str(&discovery::metadata(&paying().mount)).unwrap();
    assert_eq!(metadata["authorization_details_types_supported"], json!(["payment"]));
}
