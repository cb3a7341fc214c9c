//! One request, brought by a browser or pushed by its client: no parameter means one thing here and another there.

use parhelion_engine::authorize::Loaded;
use parhelion_engine::fault::Turned;
use parhelion_engine::interaction::{ConsentView, Decision, Interaction};
use parhelion_engine::response::AuthorizationResponse;
use parhelion_protocol::form;
use proptest::prelude::{ProptestConfig, Strategy, proptest};
use proptest::sample::select;
use zeroize::Zeroizing;

use super::scene::{API, CALLBACK, CHALLENGE, Scene, parameter, payload, redemption};

/// A name and a value of a query.
type Pair = (&'static str, &'static str);

/// What a parameter may be here: first as it is most often, then right in other ways and wrong.
const VALUES: &[(&str, &[&str])] = &[
    ("client_id", &["app", "other", "nobody", ""]),
    ("response_type", &["code", "token", "code id_token", "none", ""]),
    ("redirect_uri", &[CALLBACK, "https://evil.example/cb", "https://app.example/cb?x=1", ""]),
    ("scope", &["openid profile", "openid", "profile", "openid nobody", "nobody", "openid  profile", "open\"id", ""]),
    ("state", &["st", "s t&=+%", "\u{e4}", ""]),
    ("nonce", &["n", "a nonce", ""]),
    ("code_challenge", &[CHALLENGE, "short", ""]),
    ("code_challenge_method", &["S256", "plain", "s256", ""]),
    ("response_mode", &["query", "fragment", "form_post", "jwt", "form_post.jwt", "web_message", ""]),
    ("prompt", &["login", "consent", "none", "none login", "login consent", "create", ""]),
    ("max_age", &["0", "60", "-1", "1.5", "99999999999", ""]),
    ("login_hint", &["alice", "bob@b.example", ""]),
    ("acr_values", &["1 2", "urn:x", ""]),
    ("ui_locales", &["de en", "xx-\u{e4}", ""]),
    ("display", &["page", "popup", "odd", ""]),
    ("claims", &[r#"{"userinfo":{"email":null}}"#, r#"{"id_token":{"acr":{"essential":true}}}"#, "{", "[]", ""]),
    ("id_token_hint", &["a.b.c", "x", ""]),
    ("dpop_jkt", &[CHALLENGE, "short", ""]),
    ("resource", &[API, "https://nobody.example", "relative", "https://api.example#f", ""]),
    (
        "authorization_details",
        &[r#"[{"type":"payment","amount":1}]"#, r#"[{"type":"payment"}]"#, r#"[{"type":"odd"}]"#, "[]", "{}", ""],
    ),
    ("registration", &["{}", ""]),
    ("unheard_of", &["1", ""]),
];

/// How often each is sent at all, of ten: those that a request cannot do without nearly always.
const fn sent_of_ten(name: &str) -> u8 {
    match name.as_bytes() {
        b"client_id" | b"response_type" | b"redirect_uri" | b"code_challenge" | b"code_challenge_method" => 9,
        b"scope" | b"state" | b"nonce" => 7,
        _ => 1,
    }
}

/// Many parameters at once, most of them right; at times one stands twice.
fn requests() -> impl Strategy<Value = Vec<Pair>> {
    let one = |(name, values): &'static (&'static str, &'static [&'static str])| {
        (0..10_u8, 0..10_u8, select(*values)).prop_map(|(sent, odd, value)| {
            let value = if odd == 0 { value } else { values[0] };
            (sent < sent_of_ten(name)).then_some((*name, value))
        })
    };
    let all: Vec<_> = VALUES.iter().map(one).collect();
    let repeated = (0..20_u8, 0..VALUES.len());
    (all, repeated).prop_map(|(pairs, (die, at))| {
        let again = (die == 0).then(|| pairs.get(at).copied().flatten()).flatten();
        pairs.into_iter().flatten().chain(again).collect()
    })
}

/// A request that is granted, and the same with one parameter set, left out or twice.
fn single_changes() -> Vec<Vec<Pair>> {
    let right: Vec<Pair> =
        VALUES.iter().filter(|(name, _)| sent_of_ten(name) > 1).map(|(name, values)| (*name, values[0])).collect();
    let without = |name: &str| right.iter().copied().filter(|(other, _)| *other != name).collect::<Vec<_>>();
    let set = VALUES.iter().flat_map(|(name, values)| {
        values.iter().map(|value| without(name).into_iter().chain([(*name, *value)]).collect::<Vec<_>>())
    });
    let left_out = VALUES.iter().map(|(name, _)| without(name));
    let twice = right.iter().map(|pair| right.iter().copied().chain([*pair]).collect());
    std::iter::once(right.clone()).chain(set).chain(left_out).chain(twice).collect()
}

/// All that comes of a request, without what is drawn at random.
#[derive(Clone, Debug, PartialEq)]
enum Outcome {
    Refused(&'static str),
    Granted { page: String, state: Option<String>, response: String, granted: String },
}

fn refused(turned: &Turned) -> Outcome {
    Outcome::Refused(turned.refusal().public().error.as_str())
}

async fn pushed(scene: &Scene, body: &str) -> Outcome {
    let accepted = match form::parse(body.as_bytes()) {
        Ok(_) => scene.push(body).await,
        Err(refusal) => Err(refusal.into()),
    };
    match accepted {
        Ok(accepted) => {
            let client = form::parse(body.as_bytes()).unwrap();
            let client = client.get(parhelion_protocol::parameters::Param::ClientId).unwrap();
            on(scene, scene.load(client, &accepted.request_uri).await).await
        }
        Err(turned) => refused(&turned),
    }
}

async fn brought(scene: &Scene, query: &str) -> Outcome {
    on(scene, scene.engine.authorize(&scene.mount, query.as_bytes(), None).await).await
}

async fn on(scene: &Scene, loaded: Result<Loaded, Turned>) -> Outcome {
    match loaded {
        Ok(Loaded::Interaction(interaction) | Loaded::Flow(interaction)) => walked(scene, interaction).await,
        Ok(Loaded::Response(response)) => error_of(&response),
        Err(turned) => refused(&turned),
    }
}

/// What the response says went wrong, in its own parameters or in the JWT that carries them.
fn error_of(response: &AuthorizationResponse) -> Outcome {
    let inside = parameter(response, "response").map(|jwt| payload(&jwt));
    let error = parameter(response, "error")
        .or_else(|| inside.and_then(|claims| claims["error"].as_str().map(str::to_owned)))
        .unwrap();
    Outcome::Refused(error.leak())
}

async fn walked(scene: &Scene, interaction: Interaction) -> Outcome {
    let password = Zeroizing::new("secret".to_owned());
    let logged_in = scene.engine.login(&scene.mount, &interaction, "alice", password).await.ok().unwrap();
    let ConsentView { client, shown, redirect_uri, username } = scene.consent_view(&logged_in.interaction).await;
    let page = format!("{} {shown} {redirect_uri} {username}", client.client_id);
    let response = scene.complete(&logged_in.interaction, Decision::Allow).await.unwrap();
    let Some(jwt) = parameter(&response, "response") else {
        let code = parameter(&response, "code").unwrap();
        let (state, way) = (parameter(&response, "state"), way(&response));
        return Outcome::Granted {
            page,
            state,
            response: way,
            granted: granted(scene, &client.client_id, &code).await,
        };
    };
    let claims = payload(&jwt);
    let text = |name: &str| claims[name].as_str().map(str::to_owned);
    let granted = granted(scene, &client.client_id, &text("code").unwrap()).await;
    Outcome::Granted { page, state: text("state"), response: format!("jwt {}", way(&response)), granted }
}

/// How the response goes back, with which parameters.
fn way(response: &AuthorizationResponse) -> String {
    use parhelion_engine::response::Delivery;
    match response.delivery() {
        Delivery::Redirect(location) => {
            let end = location.find(['?', '#']).unwrap_or(location.len());
            location.chars().take(end.saturating_add(1)).collect()
        }
        Delivery::FormPost { action, fields } => {
            format!("post {action} {:?}", fields.iter().map(|(name, _)| name).collect::<Vec<_>>())
        }
        Delivery::Body(members) => format!("body {:?}", members.iter().map(|(name, _)| name).collect::<Vec<_>>()),
    }
}

/// What the code is worth: tokens, and the claims that do not depend on the moment.
async fn granted(scene: &Scene, client_id: &str, code: &str) -> String {
    let body = redemption(code).replace("client_id=app", &format!("client_id={client_id}"));
    match scene.token(&body).await {
        Ok(tokens) => {
            let id_token = tokens.id_token.as_deref().map(payload).unwrap_or_default();
            let stable = ["aud", "sub", "nonce", "acr", "email", "auth_time"].map(|name| id_token[name].clone());
            let details = tokens.authorization_details.to_text();
            format!("{:?} {details:?} {stable:?}", tokens.scope)
        }
        Err(turned) => format!("{:?}", turned.refusal().reason),
    }
}

fn scene() -> Scene {
    let mut scene = Scene::with_profile("rfc9126");
    scene.reconfigured(|client| client.authorization_details_types = vec!["payment".to_owned()]);
    scene
}

fn encoded(pairs: &[Pair]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(800))]

    /// Where several things are wrong, the browser hears first of whatever decides whether anybody is to be sent
    /// back; what is granted is the same to the last claim.
    #[test]
    fn no_parameter_means_something_else_where_the_browser_brings_it(pairs in requests()) {
        let query = encoded(&pairs);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let scene = scene();
        let outcomes = runtime.block_on(async { (pushed(&scene, &query).await, brought(&scene, &query).await) });
        match outcomes {
            (Outcome::Refused(_), Outcome::Refused(_)) => {}
            (pushed, brought) => assert_eq!(pushed, brought, "{query}"),
        }
    }
}

#[tokio::test]
async fn one_thing_that_is_wrong_has_one_error_wherever_it_is_brought() {
    let scene = scene();
    let mut seen = std::collections::BTreeMap::<&str, u32>::new();
    for pairs in single_changes() {
        let query = encoded(&pairs);
        let (pushed, brought) = (pushed(&scene, &query).await, brought(&scene, &query).await);
        // Who a client fails to be is said to the client at the one, and to its user at the other.
        let pushed = if pushed == Outcome::Refused("invalid_client") { brought.clone() } else { pushed };
        assert_eq!(pushed, brought, "{query}");
        let name = match pushed {
            Outcome::Refused(error) => error,
            Outcome::Granted { .. } => "granted",
        };
        *seen.entry(name).or_default() += 1;
    }
    assert!(seen["granted"] > 20 && seen.len() > 5, "{seen:?}");
}

#[tokio::test]
async fn generated_requests_are_granted_often_enough_to_tell() {
    let scene = scene();
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut granted: u32 = 0;
    for _ in 0..300 {
        let pairs = proptest::strategy::ValueTree::current(&requests().new_tree(&mut runner).unwrap());
        granted += u32::from(matches!(pushed(&scene, &encoded(&pairs)).await, Outcome::Granted { .. }));
    }
    assert!(granted > 60, "{granted} of 300");
}
