//! How responses travel, and as what (rows N-132, N-133, N-175; group FC).

use parhelion_engine::interaction::Decision;
use parhelion_engine::response::{AuthorizationResponse, Delivery};
use parhelion_jose::jws::Compact;

use super::scene::{CALLBACK, ISSUER, Scene, parameter, payload, request};

async fn respond(
    scene: &Scene,
    redirect_uri: &str,
    state: &str,
    mode: &str,
    decision: Decision,
) -> AuthorizationResponse {
    let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let body = request(&format!("&response_mode={mode}"));
    let body = body.replace(CALLBACK, &encode(redirect_uri)).replace("st%26te", &encode(state));
    let request_uri = scene.push(&body).await.ok().unwrap().request_uri;
    let interaction = scene.logged_in(&request_uri).await;
    scene.complete(&interaction, decision).await.unwrap()
}

fn location(response: &AuthorizationResponse) -> String {
    match response.delivery() {
        Delivery::Redirect(location) => location,
        Delivery::FormPost { .. } | Delivery::Body(_) => panic!("no redirect"),
    }
}

fn scene() -> Scene {
    let mut scene = Scene::new();
    let uris = ["https://a.example/cb", "https://a.example/cb?x=1&y", "https://a.example/cb?"];
    scene.reconfigured(|client| client.redirect_uris = uris.map(str::to_owned).to_vec());
    scene
}

#[tokio::test]
async fn query_of_the_registered_uri_is_kept() {
    let scene = scene();
    for (uri, begins) in [
        ("https://a.example/cb", "https://a.example/cb?code="),
        ("https://a.example/cb?x=1&y", "https://a.example/cb?x=1&y&code="),
        ("https://a.example/cb?", "https://a.example/cb?code="),
    ] {
        let response = respond(&scene, uri, "s", "query", Decision::Allow).await;
        assert!(location(&response).starts_with(begins), "{uri}");
        assert!(location(&response).ends_with("&state=s&iss=https%3A%2F%2Fas.example%2Ft"), "{uri}");
    }
    let fragment = respond(&scene, "https://a.example/cb?x=1&y", "s", "fragment", Decision::Allow).await;
    assert!(location(&fragment).starts_with("https://a.example/cb?x=1&y#code="));
    let form = respond(&scene, "https://a.example/cb", "s", "form_post", Decision::Allow).await;
    let Delivery::FormPost { action, fields } = form.delivery() else { panic!("no form") };
    assert_eq!((action, fields.len()), ("https://a.example/cb", 3));
}

#[tokio::test]
async fn state_comes_back_byte_for_byte_and_cannot_break_out() {
    let scene = scene();
    let state = "a b&code=evil\u{e9}%0d%0a\"'<>";
    let response = respond(&scene, "https://a.example/cb", state, "query", Decision::Deny).await;
    let location = location(&response);
    let pairs: Vec<_> = form_urlencoded::parse(location.split_once('?').unwrap().1.as_bytes()).into_owned().collect();
    let names: Vec<_> = pairs.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["error", "error_description", "state", "iss"]);
    assert_eq!(pairs[2].1, state);
    assert!(location.bytes().all(|byte| byte.is_ascii_graphic()));
}

#[tokio::test]
async fn signed_response_holds_everything_and_nothing_stands_outside() {
    let scene = scene();
    for (mode, joint) in [("jwt", "?"), ("query.jwt", "?"), ("fragment.jwt", "#")] {
        for (decision, member) in [(Decision::Allow, "code"), (Decision::Deny, "error")] {
            let response = respond(&scene, "https://a.example/cb", "s", mode, decision).await;
            assert!(location(&response).starts_with(&format!("https://a.example/cb{joint}response=")), "{mode}");
            assert!(!location(&response).contains('&'), "{mode}");
            let jwt = parameter(&response, "response").unwrap();
            let token = Compact::parse(&jwt).unwrap();
            assert!(scene.mount.tenant.keys.verify(&token).is_some(), "{mode}");
            let claims = payload(&jwt);
            assert_eq!((claims["iss"].as_str(), claims["aud"].as_str()), (Some(ISSUER), Some("app")), "{mode}");
            assert_eq!(claims["exp"].as_i64(), Some(scene.clock_s() + 120), "{mode}");
            assert_eq!(claims["state"].as_str(), Some("s"), "{mode}");
            assert!(claims[member].is_string(), "{mode}");
        }
    }
    let form = respond(&scene, "https://a.example/cb", "s", "form_post.jwt", Decision::Allow).await;
    let Delivery::FormPost { fields, .. } = form.delivery() else { panic!("no form") };
    assert_eq!(fields.iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["response"]);
}
