//! Limits from their sockets: who is stopped, who is not, and what they hear.

use std::fmt::Write as _;

use parhelion_dialects::ALL;

use super::Limits;
use super::tests::{Site, get, header, post, status};

const HERE: &str = "127.0.0.1";
const THERE: &str = "127.0.0.2";

const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn mount(id: &str, dialect: &str) -> String {
    format!("[[tenant.mount]]\ndialect = \"{dialect}\"\nbase_url = \"https://as.example/{id}\"\n")
}

async fn site(rate: &str) -> Site {
    let mut text = format!("version = 1\n[server]\nmode = \"dev\"\n[server.rate]\n{rate}\n");
    text.push_str(
        "[[api_token]]\nname = \"backend\"\ntenants = [\"backend\"]\nrights = [\"use_service\"]\ntoken = \"good\"\n",
    );
    let hash = crate::passwords::hash("right").unwrap();
    for (id, dialect) in [("acme", "standard"), ("json", "autional"), ("backend", "authlete"), ("ping", "pingone")] {
        let _ = writeln!(text, "[[tenant]]\nid = \"{id}\"\naliases = [\"42\"]\n{}", mount(id, dialect));
        for client in ["app", "other"] {
            let _ = writeln!(
                text,
                "[[tenant.client]]\nclient_id = \"{client}\"\nclient_secret = \"secret-of-{client}\"\n\
                 token_endpoint_auth_method = \"client_secret_post\"\nredirect_uris = [\"https://app.example/cb\"]\n\
                 scope = \"openid\""
            );
        }
        let _ = writeln!(text, "[[tenant.user]]\nusername = \"ada\"\npassword_hash = \"{hash}\"");
    }
    Site::of(&text, ALL, Limits::default()).await
}

fn parameters(client: &str, secret: &str) -> String {
    format!(
        "client_id={client}&client_secret={secret}&response_type=code&scope=openid\
         &redirect_uri=https%3A%2F%2Fapp.example%2Fcb&code_challenge={CHALLENGE}&code_challenge_method=S256"
    )
}

fn form(path: &str, headers: &str, body: &str) -> String {
    post(path, &format!("Content-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n{headers}"), body)
}

fn push(client: &str, secret: &str) -> String {
    form("/acme/par", "", &parameters(client, secret))
}

fn seconds(answer: &str) -> u64 {
    header(answer, "retry-after").expect("Retry-After").parse().unwrap()
}

#[tokio::test]
async fn client_that_failed_too_often_is_not_judged_at_its_source() {
    let site = site("failures_per_minute = 3").await;
    for _ in 0..3 {
        assert_eq!(status(&site.send_from(HERE, &push("app", "wrong")).await), "400");
    }
    for secret in ["wrong", "secret-of-app"] {
        let answer = site.send_from(HERE, &push("app", secret)).await;
        assert_eq!(status(&answer), "429", "{answer}");
        assert!(answer.contains("\"error\":\"temporarily_unavailable\"") && answer.contains("PAR-904"), "{answer}");
        assert!((1..=21).contains(&seconds(&answer)));
        assert_eq!(header(&answer, "content-type"), Some("application/json"));
    }
    for path in ["/acme/token", "/acme/introspect", "/acme/revoke"] {
        let answer = site.send_from(HERE, &form(path, "", &parameters("app", "secret-of-app"))).await;
        assert_eq!(status(&answer), "429", "{path}: {answer}");
    }
    assert_eq!(status(&site.send_from(THERE, &push("app", "secret-of-app")).await), "201");
    assert_eq!(status(&site.send_from(HERE, &push("other", "secret-of-other")).await), "201");
    let elsewhere = form("/ping/as/par", "", &parameters("app", "secret-of-app"));
    assert_eq!(status(&site.send_from(HERE, &elsewhere).await), "201");
}

#[tokio::test]
async fn source_that_goes_through_client_ids_is_stopped_for_all_of_them() {
    let site = site("failures_per_minute = 3").await;
    for n in 0..15 {
        assert_eq!(status(&site.send_from(HERE, &push(&format!("app-{n}"), "wrong")).await), "400");
    }
    assert_eq!(status(&site.send_from(HERE, &push("app", "secret-of-app")).await), "429");
    assert_eq!(status(&site.send_from(THERE, &push("app", "secret-of-app")).await), "201");
}

#[tokio::test]
async fn what_is_refused_for_another_reason_is_no_failure() {
    let site = site("failures_per_minute = 3").await;
    let bad = parameters("app", "secret-of-app").replace("code_challenge_method=S256", "code_challenge_method=S257");
    for _ in 0..20 {
        assert_eq!(status(&site.send_from(HERE, &form("/acme/par", "", &bad)).await), "400");
    }
    assert_eq!(status(&site.send_from(HERE, &push("app", "secret-of-app")).await), "201");
}

#[tokio::test]
async fn successes_are_bounded_where_that_is_configured() {
    let site = site("successes_per_minute = 2").await;
    for _ in 0..2 {
        assert_eq!(status(&site.send_from(HERE, &push("app", "secret-of-app")).await), "201");
    }
    let answer = site.send_from(HERE, &push("app", "secret-of-app")).await;
    assert!(status(&answer) == "429" && answer.contains("PAR-905"), "{answer}");
    assert!((1..=31).contains(&seconds(&answer)));
    assert_eq!(status(&site.send_from(HERE, &push("other", "secret-of-other")).await), "201");
    assert_eq!(status(&site.send_from(THERE, &push("app", "secret-of-app")).await), "201");
}

#[tokio::test]
async fn tokens_of_a_back_end_api_cannot_be_guessed_without_end() {
    let site = site("failures_per_minute = 3").await;
    let body = format!("{{\"parameters\":\"{}\"}}", parameters("app", "secret-of-app"));
    let call = |token: &str, body: &str| {
        let headers =
            format!("Authorization: Bearer {token}\r\nContent-Type: application/json\r\nConnection: close\r\n");
        post("/backend/api/42/pushed_auth_req", &headers, body)
    };
    // What its clients fail at is not counted against the back end.
    let wrong = body.replace("secret-of-app", "wrong");
    for _ in 0..20 {
        let answer = site.send_from(HERE, &call("good", &wrong)).await;
        assert!(status(&answer) == "200" && answer.contains("invalid_client"), "{answer}");
    }
    for _ in 0..15 {
        assert_eq!(status(&site.send_from(HERE, &call("bad", &body)).await), "401");
    }
    let answer = site.send_from(HERE, &call("good", &body)).await;
    assert!(status(&answer) == "429" && answer.contains("\"resultCode\":\"A909204\""), "{answer}");
    assert!(seconds(&answer) >= 1);
    let answer = site.send_from(THERE, &call("good", &body)).await;
    assert!(status(&answer) == "200" && answer.contains("CREATED"), "{answer}");
    assert_eq!(status(&site.send_from(HERE, &push("app", "secret-of-app")).await), "201");
}

#[tokio::test]
async fn request_uris_cannot_be_guessed_without_end() {
    let site = site("failures_per_minute = 3").await;
    let guess = format!("client_id=app&request_uri=urn%3Aietf%3Aparams%3Aoauth%3Arequest_uri%3A{}", "A".repeat(43));
    let guess = get(&format!("/acme/authorize?{guess}"), "Accept: text/html\r\n");
    for _ in 0..15 {
        assert_eq!(status(&site.send_from(HERE, &guess).await), "400");
    }
    let answer = site.send_from(HERE, &guess).await;
    assert!(status(&answer) == "429" && answer.contains("<!doctype html>"), "{answer}");
    assert!(answer.contains("PAR-904") && seconds(&answer) >= 1, "{answer}");
    assert_eq!(status(&site.send_from(THERE, &guess).await), "400");
    // The client's own side is another matter.
    assert_eq!(status(&site.send_from(HERE, &push("app", "secret-of-app")).await), "201");
}

struct LoginPage {
    path: String,
    cookie: String,
    form_token: String,
}

/// The login page of a fresh interaction.
async fn login_page(site: &Site) -> LoginPage {
    let pushed = site.send_from(HERE, &push("app", "secret-of-app")).await;
    let request_uri = pushed.split("\"request_uri\":\"").nth(1).unwrap().split('"').next().unwrap().replace(':', "%3A");
    let authorize = get(&format!("/acme/authorize?client_id=app&request_uri={request_uri}"), "");
    let answer = site.send_from(HERE, &authorize).await;
    let path = header(&answer, "location").unwrap().strip_prefix("https://as.example").unwrap().to_owned();
    let cookie = header(&answer, "set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let page = site.send_from(HERE, &get(&path, &format!("Cookie: {cookie}\r\n"))).await;
    let (_, after) = page.split_once("name=\"form_token\" value=\"").expect("a form token");
    LoginPage { path, cookie, form_token: after.split('"').next().unwrap().to_owned() }
}

impl LoginPage {
    fn log_in(&self, username: &str, password: &str) -> String {
        let body = format!("username={username}&password={password}&form_token={}", self.form_token);
        form(&self.path, &format!("Cookie: {}\r\n", self.cookie), &body)
    }
}

#[tokio::test]
async fn passwords_cannot_be_guessed_without_end() {
    let site = site("failures_per_minute = 3").await;
    let page = login_page(&site).await;
    for _ in 0..3 {
        assert_eq!(status(&site.send_from(HERE, &page.log_in("ada", "wrong")).await), "400");
    }
    for password in ["wrong", "right"] {
        let answer = site.send_from(HERE, &page.log_in("ada", password)).await;
        assert_eq!(status(&answer), "429", "{answer}");
        assert!(answer.contains("name=\"password\"") && answer.contains("too many attempts"), "{answer}");
        assert!((1..=21).contains(&seconds(&answer)));
    }
    // Somebody else here is asked, and so is the same person elsewhere.
    assert_eq!(status(&site.send_from(HERE, &page.log_in("bob", "wrong")).await), "400");
    assert_eq!(status(&site.send_from(THERE, &page.log_in("ada", "right")).await), "303");
}
