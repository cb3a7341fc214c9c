//! What the authorization endpoint says, in each dialect's way, where there is no client to go back to.

use parhelion_dialects::ALL;

use super::Limits;
use super::tests::{Site, get, header, post, status};

const HERE: &str = "127.0.0.1";

/// Well-formed, and nobody's.
const REQUEST_URI: &str = "urn%3Aietf%3Aparams%3Aoauth%3Arequest_uri%3AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

const CONFIG: &str = "version = 1
[server]
mode = \"dev\"
rate = { failures_per_minute = 1 }
[[tenant]]
id = \"json\"
[[tenant.mount]]
dialect = \"autional\"
base_url = \"https://as.example/json\"
[[tenant.client]]
client_id = \"app\"
token_endpoint_auth_method = \"none\"
redirect_uris = [\"https://app.example/cb\"]
[[tenant]]
id = \"acme\"
[[tenant.mount]]
dialect = \"standard\"
base_url = \"https://as.example/acme\"
";

async fn site() -> Site {
    Site::of(CONFIG, ALL, Limits::default()).await
}

fn authorize(base: &str, more: &str, accept: &str) -> String {
    let query = format!("client_id=app&request_uri={REQUEST_URI}{more}");
    get(&format!("{base}/authorize?{query}"), &format!("Accept: {accept}\r\n"))
}

fn body(answer: &str) -> serde_json::Value {
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).expect(answer)
}

#[tokio::test]
async fn autional_answers_a_program_with_json_and_a_person_with_a_page() {
    let site = site().await;
    for base in ["/json/oauth", "/json/api/v1/oauth", "/json/bff/oauth/api/v1/oauth"] {
        let answer = site.send_from(HERE, &authorize(base, "&response_type=code&state=s%201", "*/*")).await;
        assert_eq!(status(&answer), "400", "{answer}");
        assert_eq!(header(&answer, "content-type"), Some("application/json"));
        assert_eq!(header(&answer, "cache-control"), Some("no-store"));
        assert!(header(&answer, "content-security-policy").is_some());
        let body = body(&answer);
        assert_eq!((&body["error"], &body["state"]), (&"invalid_request_uri".into(), &"s 1".into()));
        assert!(body["error_uri"].as_str().unwrap().contains("/errors/PAR-"), "{body}");
    }
    let answer = site.send_from(HERE, &authorize("/json/oauth", "&state=s", "text/html,*/*;q=0.8")).await;
    assert!(status(&answer) == "400" && answer.contains("<!doctype html>"), "{answer}");
    let answer = site.send_from(HERE, &authorize("/json/oauth", "", "application/json")).await;
    assert_eq!(body(&answer).get("state"), None);
}

#[tokio::test]
async fn autional_calls_a_limit_by_its_own_name() {
    let site = site().await;
    for _ in 0..5 {
        assert_eq!(status(&site.send_from(HERE, &authorize("/json/oauth", "", "*/*")).await), "400");
    }
    let answer = site.send_from(HERE, &authorize("/json/oauth", "", "*/*")).await;
    assert_eq!((status(&answer), &body(&answer)["error"]), ("429", &"rate_limit_exceeded".into()), "{answer}");
    assert!(header(&answer, "retry-after").is_some());
    let wrong = "{\"client_id\":\"nobody\",\"client_secret\":\"x\",\"state\":\"s\"}";
    let push =
        post("/json/oauth/pushed-authorization", "Content-Type: application/json\r\nConnection: close\r\n", wrong);
    assert_eq!(status(&site.send_from(HERE, &push).await), "401");
    let answer = site.send_from(HERE, &push).await;
    assert_eq!((status(&answer), &body(&answer)["error"]), ("429", &"rate_limit_exceeded".into()), "{answer}");
    assert_eq!(body(&answer)["state"], "s");
}

#[tokio::test]
async fn others_show_a_page_unless_json_alone_is_asked_for() {
    let site = site().await;
    let answer = site.send_from(HERE, &authorize("/acme", "&state=s", "*/*")).await;
    assert!(status(&answer) == "400" && answer.contains("<!doctype html>"), "{answer}");
    let answer = site.send_from(HERE, &authorize("/acme", "&state=s", "application/json")).await;
    assert_eq!(body(&answer)["error"], "invalid_request_uri");
}
