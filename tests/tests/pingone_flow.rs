//! PingOne's response mode `pi.flow`: the authorization endpoint answers with documents, to programs and pages of its own origin.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use parhelion_tests::binary::Binary;
use parhelion_tests::browser::{Browser, Page};
use parhelion_tests::environment::{Environment, PAGE, REDIRECT_URI, Shop};
use parhelion_tests::mount::Mount;
use parhelion_tests::request::Request;
use parhelion_tests::server::Server;
use parhelion_tests::site::ALICE;
use parhelion_tests::wire::Response;
use serde_json::{Value, json};
use url::Url;

fn request(shop: &Shop<'_>, more: &[(&str, &str)]) -> Vec<(String, String)> {
    let challenge = shop.attempt.challenge();
    let own = [
        ("client_id", &*shop.id),
        ("response_type", "code"),
        ("response_mode", "pi.flow"),
        ("redirect_uri", REDIRECT_URI),
        ("scope", "openid profile"),
        ("state", &shop.attempt.state),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ];
    own.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn push_to(shop: &Shop<'_>, mount: &Mount, more: &[(&str, &str)]) -> Response {
    let secret = [("client_secret".to_owned(), shop.secret.clone())];
    let fields: Vec<_> = request(shop, more).into_iter().chain(secret).collect();
    let fields: Vec<_> = fields.iter().map(|(name, value)| (&**name, &**value)).collect();
    shop.environment.http().send(&Request::form(&mount.par, &fields)).unwrap()
}

/// Pushes, and gives where a browser would go.
fn pushed(shop: &Shop<'_>, more: &[(&str, &str)]) -> String {
    let mount = shop.environment.mount();
    let pushed = push_to(shop, &mount, more);
    assert_eq!(pushed.status, 201, "{}", pushed.text());
    let pushed = pushed.json();
    let pairs = [("client_id", &*shop.id), ("request_uri", pushed["request_uri"].as_str().unwrap())];
    Url::parse_with_params(&mount.authorize, pairs).unwrap().into()
}

/// Holds an authorization response to what belongs to it; gives its code.
fn code_of(shop: &Shop<'_>, answer: &Response) -> String {
    let said = document(answer)["authorizeResponse"].clone();
    let code = said["code"].as_str().unwrap_or_else(|| panic!("{said}")).to_owned();
    assert_eq!(said, json!({ "code": code, "state": shop.attempt.state, "iss": shop.environment.mount().issuer }));
    code
}

fn error_of(shop: &Shop<'_>, answer: &Response) -> String {
    let said = document(answer)["authorizeResponse"].clone();
    assert_eq!((&said["state"], &said["code"]), (&json!(shop.attempt.state), &Value::Null), "{said}");
    assert!(said["error_description"].is_string() && said["iss"] == shop.environment.mount().issuer, "{said}");
    said["error"].as_str().unwrap().to_owned()
}

/// A document that no cache keeps, no page of another origin reads and no browser takes for something else.
fn document(answer: &Response) -> Value {
    let header = |name| answer.header(name);
    assert_eq!((answer.status, header("content-type")), (200, Some("application/json")), "{}", answer.text());
    assert_eq!((header("cache-control"), header("x-content-type-options")), (Some("no-store"), Some("nosniff")));
    assert_eq!((header("location"), header("access-control-allow-origin")), (None, None));
    answer.json()
}

/// Who has to do what first; goes to the page where it is done.
fn due(browser: &mut Browser, url: &str, status: &str) -> Page {
    let answer = browser.open(url).unwrap().page();
    let said = document(&answer.response);
    let page = said["_links"]["signOnPage"]["href"].as_str().unwrap_or_else(|| panic!("{said}")).to_owned();
    assert_eq!(said["status"], status, "{said}");
    assert!(page.contains(&format!("/interaction/{}/", said["id"].as_str().unwrap())), "{said}");
    browser.open(&page).unwrap().page()
}

#[test]
fn who_may_not_be_asked_and_is_nobody_is_told_in_the_document() {
    let environment = Environment::start();
    let shop = Shop::open(&environment, &json!({}));
    let url = pushed(&shop, &[("prompt", "none")]);
    // As a page of a named origin would, and as a program does.
    let asked = |url: &str| environment.http().send(&Request::get(url).header("Origin", PAGE)).unwrap();
    assert_eq!(error_of(&shop, &asked(&url)), "login_required");
    let again = asked(&url);
    assert_eq!((again.status, again.header("access-control-allow-origin")), (400, None), "an error takes the request");
}

#[test]
fn person_goes_to_a_page_and_comes_back_to_a_document() {
    let environment = Environment::start_with_page_and_policy(PAGE, r#"consent = "remembered""#);
    let shop = Shop::open(&environment, &json!({}));
    let mut browser = Browser::new(environment.server.address());
    let typed = [("username", ALICE.username), ("password", ALICE.password)];

    let url = pushed(&shop, &[]);
    let login = due(&mut browser, &url, "USERNAME_PASSWORD_REQUIRED");
    let consent = browser.press(&login, "login", &typed).unwrap().page();
    let code = code_of(&shop, &browser.press(&consent, "allow", &[]).unwrap().page().response);
    let tokens = shop.redeem(&code);
    assert!(tokens.status == 200 && tokens.json()["access_token"].is_string(), "{}", tokens.text());
    let again = shop.redeem(&code);
    assert_eq!((again.status, &again.json()["error"]), (400, &json!("invalid_grant")), "a code is worth tokens once");
    assert!(browser.open(&url).unwrap().is_refusal(), "a request is taken once");

    let url = pushed(&shop, &[("prompt", "none")]);
    let code = code_of(&shop, &browser.open(&url).unwrap().page().response);
    assert_eq!(shop.redeem(&code).status, 200, "a session and a remembered consent need no page");
    assert!(browser.open(&url).unwrap().is_refusal(), "a request is taken once");

    let consent = due(&mut browser, &pushed(&shop, &[("prompt", "consent")]), "CONSENT_REQUIRED");
    let denied = browser.press(&consent, "deny", &[]).unwrap().page();
    assert_eq!(error_of(&shop, &denied.response), "access_denied");
}

#[test]
fn request_that_is_not_pushed_is_answered_in_the_same_way() {
    let environment = Environment::start();
    let shop = Shop::open(&environment, &json!({}));
    let plain = |more: &[(&str, &str)]| -> String {
        Url::parse_with_params(&environment.mount().authorize, request(&shop, more)).unwrap().into()
    };
    let mut browser = Browser::new(environment.server.address());
    let login = due(&mut browser, &plain(&[]), "USERNAME_PASSWORD_REQUIRED");
    assert!(login.has("login"), "{}", login.html());
    let refused = browser.open(&plain(&[("max_age", "soon")])).unwrap().page();
    assert_eq!(error_of(&shop, &refused.response), "invalid_request");
    let bare = browser.open(&plain(&[]).replace("redirect_uri=", "unknown=")).unwrap().page();
    assert_eq!(error_of(&shop, &bare.response), "invalid_request", "a redirect URI is asked for all the same");
    let foreign = plain(&[]).replace("app.example", "evil.example");
    assert!(browser.open(&foreign).unwrap().is_refusal(), "it is one of the client's own");
}

#[test]
fn mode_is_served_by_its_own_profile_alone_and_never_listed() {
    for (profile, taken) in [("pingone", 201), ("rfc9126", 400)] {
        let text = include_str!("../data/pingone.toml").replacen("policy = { @POLICY@ }", &mounts(profile), 1);
        let hash = Binary::hash_password(ALICE.password);
        let environment = Environment { server: Server::start(&text.replace("@HASH@", &hash).replace("@PAGE@", PAGE)) };
        let shop = Shop::open(&environment, &json!({}));
        let standard = Mount::standard(&format!("{}/plain", environment.server.url()));
        for (mount, status) in [(environment.mount(), taken), (standard, 400)] {
            let pushed = push_to(&shop, &mount, &[]);
            assert_eq!(pushed.status, status, "{profile} {}: {}", mount.par, pushed.text());
            if status == 400 {
                assert_eq!(pushed.json()["error"], "invalid_request");
                assert!(pushed.text().contains("response mode is not supported"), "{}", pushed.text());
            }
            let metadata = environment.http().send(&Request::get(&mount.discovery)).unwrap().json();
            let modes = metadata["response_modes_supported"].as_array().unwrap();
            assert!(modes.contains(&json!("query")) && !modes.contains(&json!("pi.flow")), "{metadata}");
        }
    }
}

/// A profile for every mount of the tenant, and one of the standard dialect among them.
fn mounts(profile: &str) -> String {
    let standard = "[[tenant.mount]]\ndialect = \"standard\"\nbase_url = \"http://127.0.0.1:@PORT@/plain\"";
    format!("profile = \"{profile}\"\n\n{standard}")
}
