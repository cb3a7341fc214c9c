//! Clients that register themselves: what they are given, what they may do, and that they are gone when they are gone.

use parhelion_engine::client_request::{ClientRequest, Possession};
use parhelion_engine::clients::{NewClient, NewClientId, SecretTerms};
use parhelion_engine::interaction::Decision;
use parhelion_engine::introspect::{AnswerForm, Introspected};
use parhelion_engine::ports::Commit;
use parhelion_engine::registration::{ClientInformation, Gate, InitialAccess, InitialAccessTokens, RegistrationTerms};
use parhelion_engine::userinfo::Userinfo;
use parhelion_protocol::client_auth::Authorization;
use parhelion_protocol::client_registration::{RegisteredMetadata, Terms};
use parhelion_protocol::form;
use parhelion_protocol::params::scope;
use parhelion_protocol::refusal::Reason;
use serde_json::{Map, Value, json};

use crate::scene::{CALLBACK, CHALLENGE, Scene, VERIFIER, parameter, reason};

fn terms(gate: Gate) -> RegistrationTerms {
    RegistrationTerms { gate, scope: scope::parse("openid profile").unwrap(), ..RegistrationTerms::default() }
}

fn open() -> Scene {
    let mut scene = Scene::new();
    scene.registers(terms(Gate::Open));
    scene
}

fn object(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap()
}

/// A client that sends its secret in the body.
fn posting() -> Map<String, Value> {
    object(json!({ "redirect_uris": [CALLBACK], "token_endpoint_auth_method": "client_secret_post" }))
}

async fn registered(scene: &Scene) -> ClientInformation {
    scene.engine.register_client(&scene.mount, None, Ok(posting().into())).await.ok().unwrap()
}

fn secret(client: &ClientInformation) -> &str {
    client.secret.as_ref().unwrap().text.as_str()
}

fn pushed_by(client: &ClientInformation, secret: &str) -> String {
    format!(
        "client_id={}&client_secret={secret}&response_type=code&redirect_uri={CALLBACK}&scope=openid&state=12345678\
         &code_challenge={CHALLENGE}&code_challenge_method=S256",
        client.client_id
    )
}

async fn code_of(scene: &Scene, client: &ClientInformation) -> String {
    let uri = scene.push(&pushed_by(client, secret(client))).await.ok().unwrap().request_uri;
    let interaction = scene.logged_in_as(&client.client_id, &uri).await;
    parameter(&scene.complete(&interaction, Decision::Allow).await.unwrap(), "code").unwrap()
}

fn redemption_by(client: &ClientInformation, code: &str) -> String {
    format!(
        "grant_type=authorization_code&client_id={}&client_secret={}&code={code}&redirect_uri={CALLBACK}\
         &code_verifier={VERIFIER}",
        client.client_id,
        secret(client)
    )
}

#[tokio::test]
async fn registered_client_goes_the_whole_way() {
    let scene = open();
    let client = registered(&scene).await;
    assert_eq!((client.client_id.len(), secret(&client).len()), (36, 64));
    let code = code_of(&scene, &client).await;
    assert!(scene.token(&redemption_by(&client, &code)).await.is_ok());
    assert_eq!(reason(scene.push(&pushed_by(&client, "wrong")).await), Reason::ClientSecretWrong);
}

#[tokio::test]
async fn answers_are_made_as_the_client_registered_them() {
    let scene = open();
    let mut sent = posting();
    sent.insert("userinfo_signed_response_alg".to_owned(), "ES256".into());
    let client = scene.engine.register_client(&scene.mount, None, Ok(sent.into())).await.ok().unwrap();
    let code = code_of(&scene, &client).await;
    let tokens = scene.token(&redemption_by(&client, &code)).await.ok().unwrap();
    let answer = scene.userinfo(&tokens.access_token).await.ok().unwrap();
    assert!(matches!(answer, Userinfo::Jwt(_)));
    let body =
        format!("client_id={}&client_secret={}&token={}", client.client_id, secret(&client), tokens.access_token);
    let request = ClientRequest {
        properties: Vec::new(),
        authorization: Authorization::Absent,
        parameters: form::parse(body.as_bytes()).unwrap(),
        possession: Possession::default(),
    };
    let asked = scene.engine.introspect(&scene.mount, &request, AnswerForm::Jwt).await.outcome;
    assert!(matches!(asked.ok().unwrap(), Introspected::Jwt(_)));
}

#[tokio::test]
async fn what_a_deleted_client_had_ends_with_it() {
    let scene = open();
    let client = registered(&scene).await;
    let waiting = scene.push(&pushed_by(&client, secret(&client))).await.ok().unwrap().request_uri;
    let code = code_of(&scene, &client).await;
    let tokens = scene.token(&redemption_by(&client, &code_of(&scene, &client).await)).await.ok().unwrap();
    let (id, token) = (&client.client_id, Some(client.registration_access_token.as_str()));
    scene.engine.delete_registration(&scene.mount, id, token).await.unwrap();
    assert_eq!(reason(scene.push(&pushed_by(&client, secret(&client))).await), Reason::ClientUnknown);
    assert_eq!(reason(scene.load(id, &waiting).await), Reason::ClientGone);
    assert_eq!(reason(scene.token(&redemption_by(&client, &code)).await), Reason::ClientUnknown);
    let shown = parhelion_engine::userinfo::ShownToken {
        text: tokens.access_token.as_str().into(),
        scheme: parhelion_engine::userinfo::Scheme::Bearer,
        possession: Default::default(),
    };
    assert_eq!(reason(scene.engine.userinfo(&scene.mount, &shown).await.outcome), Reason::AccessTokenInvalid);
    let read = scene.engine.read_registration(&scene.mount, id, token).await;
    assert_eq!(reason(read), Reason::RegisteredClientUnknown);
}

#[tokio::test]
async fn name_of_a_deleted_or_configured_client_is_never_given_away() {
    let scene = open();
    let (policy, scope) = (&scene.mount.policy, scope::parse("openid").unwrap());
    let terms = Terms {
        policy,
        scope: &scope,
        authorization_details_types: &[],
        signing_alg: parhelion_jose::jws::Algorithm::Es256,
        encryption_algs: &[],
    };
    let metadata = RegisteredMetadata::accept(posting(), &terms).unwrap();
    let create = async |id: &str| {
        let new = NewClient {
            id: NewClientId::Chosen(id.to_owned()),
            metadata: metadata.clone(),
            policy: String::new(),
            recoverable: true,
            registration_token: None,
            secret_terms: SecretTerms::default(),
            origin: "test",
        };
        scene.engine.create_client(&scene.mount.tenant, new, Commit::default()).await.ok().unwrap()
    };
    let tenant = &scene.mount.tenant;
    assert!(create("app").await.is_none() && create("api").await.is_none());
    let made = create("mine").await.unwrap();
    assert!(create("mine").await.is_none());
    let again = scene.engine.client_secret(tenant, &made.record).unwrap().unwrap();
    assert_eq!(*again, *made.secret.unwrap().text);
    let kept = scene.engine.kept_client(tenant, "mine").await.unwrap().unwrap();
    assert!(scene.engine.delete_client(tenant, &kept).await.unwrap());
    assert!(!scene.engine.delete_client(tenant, &kept).await.unwrap());
    assert!(create("mine").await.is_none());
}

#[tokio::test]
async fn clients_are_listed_page_by_page_without_those_that_are_gone() {
    let scene = open();
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(registered(&scene).await);
    }
    let gone = ids.pop().unwrap();
    let token = Some(gone.registration_access_token.as_str());
    scene.engine.delete_registration(&scene.mount, &gone.client_id, token).await.unwrap();
    let (mut listed, mut after) = (Vec::new(), None);
    loop {
        let page = scene.engine.list_clients(&scene.mount.tenant, after, 2).await.unwrap();
        assert!(page.clients.len() <= 2);
        listed.extend(page.clients.into_iter().map(|kept| kept.record.client_id));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let mut known: Vec<_> = ids.into_iter().map(|client| client.client_id).collect();
    listed.sort();
    known.sort();
    assert_eq!(listed, known);
}

#[tokio::test]
async fn update_replaces_all_and_exchanges_the_token() {
    let scene = open();
    let client = registered(&scene).await;
    let (id, token) = (&client.client_id, Some(client.registration_access_token.as_str()));
    let mut changed = posting();
    changed.insert("client_name".to_owned(), "Changed".into());
    let update = async |sent: Map<String, Value>, token| {
        scene.engine.update_registration(&scene.mount, id, token, Ok(sent.into())).await
    };
    assert_eq!(reason(update(changed.clone(), token).await), Reason::MetadataUnfit);
    changed.insert("client_id".to_owned(), id.as_str().into());
    let mut foreign = changed.clone();
    foreign.insert("client_secret".to_owned(), "chosen-by-the-client-itself".into());
    assert_eq!(reason(update(foreign, token).await), Reason::MetadataUnfit);
    let mut with_ours = changed.clone();
    with_ours.insert("client_id_issued_at".to_owned(), 1.into());
    assert_eq!(reason(update(with_ours, token).await), Reason::MetadataUnfit);
    changed.insert("client_secret".to_owned(), secret(&client).into());
    let updated = update(changed.clone(), token).await.ok().unwrap();
    assert!(updated.secret.is_none() && updated.metadata.members()["client_name"] == "Changed");
    assert_eq!(reason(update(changed.clone(), token).await), Reason::RegistrationTokenWrong);
    let fresh = Some(updated.registration_access_token.as_str());
    changed.remove("client_name");
    let updated = update(changed, fresh).await.ok().unwrap();
    assert!(!updated.metadata.members().contains_key("client_name"));
    assert!(scene.push(&pushed_by(&client, secret(&client))).await.is_ok());
}

#[tokio::test]
async fn change_of_the_method_brings_a_secret_or_takes_it() {
    let scene = open();
    let client = registered(&scene).await;
    let mut sent = posting();
    sent.insert("client_id".to_owned(), client.client_id.as_str().into());
    let mut token = client.registration_access_token.clone();
    for (method, has_new) in [
        ("none", false),
        ("client_secret_basic", true),
        ("client_secret_jwt", true),
        ("client_secret_post", false),
        ("client_secret_jwt", true),
    ] {
        sent.insert("token_endpoint_auth_method".to_owned(), method.into());
        let id = &client.client_id;
        let updated = scene.engine.update_registration(&scene.mount, id, Some(&token), Ok(sent.clone().into())).await;
        let updated = updated.ok().unwrap();
        assert_eq!(updated.secret.is_some(), has_new, "{method}");
        assert!(reason(scene.push(&pushed_by(&client, "x")).await) != Reason::ServerFault, "{method}");
        token = updated.registration_access_token;
    }
}

#[tokio::test]
async fn exchanged_secret_is_good_for_its_grace_and_no_longer() {
    let mut scene = open();
    let secrets = SecretTerms { lifetime_s: Some(1000), grace_s: 60 };
    scene.registers(RegistrationTerms { secrets, ..terms(Gate::Open) });
    let client = registered(&scene).await;
    let kept = scene.engine.kept_client(&scene.mount.tenant, &client.client_id).await.unwrap().unwrap();
    let rotated = scene.engine.rotate_client_secret(&scene.mount.tenant, kept.clone(), secrets).await.ok().unwrap();
    let fresh = rotated.unwrap().secret.unwrap().text;
    // Somebody else who read the client before loses.
    assert!(scene.engine.rotate_client_secret(&scene.mount.tenant, kept, secrets).await.ok().unwrap().is_none());
    let push = async |secret: &str| scene.push(&pushed_by(&client, secret)).await;
    assert!(push(secret(&client)).await.is_ok() && push(&fresh).await.is_ok());
    scene.clock.advance_ms(60_000);
    assert_eq!(reason(push(secret(&client)).await), Reason::ClientSecretExpired);
    assert!(push(&fresh).await.is_ok());
    scene.clock.advance_ms(1_000_000);
    assert_eq!(reason(push(&fresh).await), Reason::ClientSecretExpired);
}

#[tokio::test]
async fn update_brings_a_secret_to_a_client_whose_secrets_have_all_expired() {
    let mut scene = open();
    let secrets = SecretTerms { lifetime_s: Some(10), grace_s: 5 };
    scene.registers(RegistrationTerms { secrets, ..terms(Gate::Open) });
    let client = registered(&scene).await;
    scene.clock.advance_ms(10_000);
    scene.registers(terms(Gate::Open));
    let mut sent = posting();
    sent.insert("client_id".to_owned(), client.client_id.as_str().into());
    let (id, token) = (&client.client_id, Some(client.registration_access_token.as_str()));
    let updated = scene.engine.update_registration(&scene.mount, id, token, Ok(sent.into())).await.ok().unwrap();
    let fresh = updated.secret.unwrap();
    assert_eq!(fresh.expires_at_s, None);
    assert!(scene.push(&pushed_by(&client, &fresh.text)).await.is_ok());
}

#[tokio::test]
async fn initial_access_token_is_good_so_often_and_so_long() {
    let mut scene = Scene::new();
    let mut tokens = InitialAccessTokens::default();
    let end = scene.clock_s() + 100;
    let _ = tokens.insert("twice", InitialAccess { expires_at_s: None, uses_max: Some(2) });
    let _ = tokens.insert("brief", InitialAccess { expires_at_s: Some(end), uses_max: None });
    scene.registers(terms(Gate::InitialAccessToken(tokens)));
    let register = async |token| scene.engine.register_client(&scene.mount, token, Ok(posting().into())).await;
    assert_eq!(reason(register(None).await), Reason::RegistrationTokenMissing);
    assert_eq!(reason(register(Some("thrice")).await), Reason::InitialAccessTokenUnknown);
    // What is refused uses nothing up.
    let unfit = scene.engine.register_client(&scene.mount, Some("twice"), Ok(Map::new().into())).await;
    assert_eq!(reason(unfit), Reason::RedirectUriUnfit);
    let all = tokio::join!(register(Some("twice")), register(Some("twice")), register(Some("twice")));
    let done = [all.0, all.1, all.2].into_iter().filter(Result::is_ok).count();
    assert_eq!(done, 2);
    assert_eq!(reason(register(Some("twice")).await), Reason::InitialAccessTokenUsedUp);
    assert!(register(Some("brief")).await.is_ok());
    scene.clock.advance_ms(100_000);
    assert_eq!(reason(register(Some("brief")).await), Reason::InitialAccessTokenExpired);
}

#[tokio::test]
async fn strangers_and_configured_clients_are_told_the_same() {
    let scene = open();
    let (client, other) = (registered(&scene).await, registered(&scene).await);
    let read = async |id: &str, token: &str| scene.engine.read_registration(&scene.mount, id, Some(token)).await;
    let token = &client.registration_access_token;
    assert!(read(&client.client_id, token).await.is_ok());
    for (id, token, expected) in [
        (other.client_id.as_str(), token.as_str(), Reason::RegistrationTokenWrong),
        (client.client_id.as_str(), "short", Reason::RegistrationTokenWrong),
        ("app", token, Reason::RegisteredClientUnknown),
        ("", token, Reason::RegisteredClientUnknown),
    ] {
        let turned = read(id, token).await.err().unwrap();
        assert_eq!(turned.refusal().reason, expected, "{id}");
        assert_eq!(turned.public().code, Reason::RegistrationTokenInvalid.row().code, "{id}");
    }
}

#[tokio::test]
async fn wish_for_pushed_requests_is_kept_for_that_client_alone() {
    let mut scene = open();
    scene.policy(|policy| policy.overlaid(&toml::from_str("pushed_requests = 'optional'").unwrap()).unwrap());
    let mut sent = posting();
    let free = registered(&scene).await;
    sent.insert("require_pushed_authorization_requests".to_owned(), true.into());
    let bound = scene.engine.register_client(&scene.mount, None, Ok(sent.into())).await.ok().unwrap();
    let plain = async |client: &ClientInformation| {
        let query = pushed_by(client, "").replace("client_secret=&", "");
        scene.engine.authorize(&scene.mount, query.as_bytes(), None).await.unwrap()
    };
    let is_interaction = |loaded| matches!(loaded, parhelion_engine::authorize::Loaded::Interaction(_));
    assert!(is_interaction(plain(&free).await) && !is_interaction(plain(&bound).await));
}
