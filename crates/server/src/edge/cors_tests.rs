//! CORS from its sockets: who may read what, and what a browser is told before it sends.

use parhelion_dialects::ALL;

use super::Limits;
use super::tests::{Site, get, header, post, status};

const HERE: &str = "127.0.0.1";

const CONFIG: &str = "version = 1
[[tenant]]
id = \"acme\"
aliases = [\"42\"]
cors_origins = [\"https://app.example\", \"http://localhost:3000\"]
[[tenant.mount]]
dialect = \"standard\"
base_url = \"https://as.example/exact\"
[[tenant.mount]]
dialect = \"pingone\"
base_url = \"https://as.example/ping\"
cors_origins = [\"https://app.example\"]
cors_credentials = true
[[tenant.mount]]
dialect = \"standard\"
base_url = \"https://as.example/any\"
cors_origins = [\"*\"]
[[tenant.mount]]
dialect = \"standard\"
base_url = \"https://as.example/off\"
cors_origins = []
[[tenant.mount]]
dialect = \"authlete\"
base_url = \"https://as.example\"
[[tenant.client]]
client_id = \"spa\"
token_endpoint_auth_method = \"none\"
redirect_uris = [\"https://app.example/cb\"]
";

const PUSH: &str = "client_id=spa&response_type=code&scope=openid&redirect_uri=https%3A%2F%2Fapp.example%2Fcb\
    &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";

const APP: &str = "Origin: https://app.example\r\n";

async fn site() -> Site {
    Site::of(CONFIG, ALL, Limits::default()).await
}

fn push(path: &str, headers: &str) -> String {
    let kind = "Content-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n";
    post(path, &format!("{kind}{headers}"), PUSH)
}

fn options(path: &str, headers: &str) -> String {
    get(path, headers).replacen("GET", "OPTIONS", 1)
}

fn preflight(path: &str, origin: &str, method: &str) -> String {
    let asked = format!("Access-Control-Request-Method: {method}\r\nAccess-Control-Request-Headers: dpop\r\n");
    options(path, &format!("{origin}{asked}"))
}

/// The headers of CORS in an answer, in the order of their names.
fn told(answer: &str) -> Vec<String> {
    let head = answer.split("\r\n\r\n").next().unwrap();
    let mut lines: Vec<String> =
        head.lines().filter(|line| line.starts_with("access-control-")).map(str::to_owned).collect();
    lines.sort();
    lines
}

#[tokio::test]
async fn page_of_a_known_origin_may_read_answers_and_refusals() {
    let site = site().await;
    let expected = [
        "access-control-allow-origin: https://app.example",
        "access-control-expose-headers: DPoP-Nonce, WWW-Authenticate, OAuth-Client-Attestation-Challenge",
    ];
    for (path, answered) in [("/exact/par", "201"), ("/exact/token", "400"), ("/exact/revoke", "400")] {
        let answer = site.send_from(HERE, &push(path, APP)).await;
        assert_eq!((status(&answer), header(&answer, "vary")), (answered, Some("Origin")), "{path}: {answer}");
        assert_eq!(told(&answer), expected, "{path}");
    }
    for (path, answered) in
        [("/exact/userinfo", "401"), ("/exact/jwks", "200"), ("/exact/.well-known/openid-configuration", "200")]
    {
        let answer = site.send_from(HERE, &get(path, APP)).await;
        assert_eq!((status(&answer), header(&answer, "vary")), (answered, Some("Origin")), "{path}: {answer}");
        assert_eq!(told(&answer), expected, "{path}");
    }
    let large = push("/exact/par", &format!("{APP}X-Large: {}\r\n", "a".repeat(33_000)));
    let answer = site.send_from(HERE, &large).await;
    assert_eq!((status(&answer), told(&answer).len()), ("431", 2));
}

#[tokio::test]
async fn other_origins_are_answered_and_may_not_read_it() {
    let site = site().await;
    for origin in [
        "",
        "Origin: https://evil.example\r\n",
        "Origin: https://app.example.evil.example\r\n",
        "Origin: http://app.example\r\n",
        "Origin: https://app.example:8443\r\n",
        "Origin: https://APP.example\r\n",
        "Origin: null\r\n",
        "Origin: https://app.example\r\nOrigin: https://app.example\r\n",
    ] {
        for path in ["/exact/par", "/ping/as/par"] {
            let answer = site.send_from(HERE, &push(path, origin)).await;
            assert_eq!((status(&answer), header(&answer, "vary")), ("201", Some("Origin")), "{origin}: {answer}");
            assert!(told(&answer).is_empty(), "{origin}: {answer}");
        }
    }
    let answer = site.send_from(HERE, &preflight("/exact/par", "Origin: https://evil.example\r\n", "POST")).await;
    assert!(status(&answer) == "204" && told(&answer).is_empty(), "{answer}");
}

#[tokio::test]
async fn browser_that_asks_first_is_told_what_it_may_send() {
    let site = site().await;
    for (path, methods) in [
        ("/exact/par", "POST"),
        ("/exact/token", "POST"),
        ("/exact/revoke", "POST"),
        ("/exact/userinfo", "GET, POST"),
        ("/exact/.well-known/openid-configuration", "GET, HEAD"),
        ("/exact/jwks", "GET, HEAD"),
    ] {
        let answer = site.send_from(HERE, &preflight(path, APP, "POST")).await;
        assert!(status(&answer) == "204" && answer.ends_with("\r\n\r\n"), "{path}: {answer}");
        let expected = [
            "access-control-allow-headers: content-type, authorization, dpop".to_owned(),
            format!("access-control-allow-methods: {methods}"),
            "access-control-allow-origin: https://app.example".to_owned(),
            "access-control-max-age: 600".to_owned(),
        ];
        assert_eq!(told(&answer), expected, "{path}");
        assert_eq!(header(&answer, "vary"), Some("Origin"));
    }
}

#[tokio::test]
async fn credentials_are_allowed_where_the_mount_says_so() {
    let site = site().await;
    for request in [preflight("/ping/as/token", APP, "POST"), push("/ping/as/par", APP)] {
        let answer = site.send_from(HERE, &request).await;
        assert_eq!(header(&answer, "access-control-allow-credentials"), Some("true"), "{answer}");
        assert_eq!(header(&answer, "access-control-allow-origin"), Some("https://app.example"));
    }
}

#[tokio::test]
async fn any_origin_is_answered_with_a_star_without_credentials_and_never_null() {
    let site = site().await;
    for request in [preflight("/any/par", APP, "POST"), push("/any/par", APP)] {
        let answer = site.send_from(HERE, &request).await;
        assert_eq!(header(&answer, "access-control-allow-origin"), Some("*"), "{answer}");
        assert_eq!(header(&answer, "access-control-allow-credentials"), None);
    }
    let answer = site.send_from(HERE, &push("/any/par", "Origin: null\r\n")).await;
    assert!(status(&answer) == "201" && told(&answer).is_empty(), "{answer}");
}

#[tokio::test]
async fn nothing_is_said_where_it_is_off_nor_at_what_belongs_to_the_browser() {
    let site = site().await;
    for (path, allow) in [
        ("/off/par", "POST"),
        ("/off/token", "POST"),
        ("/off/jwks", "GET, HEAD"),
        ("/exact/introspect", "POST"),
        ("/exact/authorize", "GET, POST"),
        ("/any/authorize", "GET, POST"),
        ("/any/logout", "GET, POST"),
        ("/any/interaction/x/login", "GET, POST"),
        ("/api/42/pushed_auth_req", "POST"),
    ] {
        let answer = site.send_from(HERE, &preflight(path, APP, "POST")).await;
        // Authlete's libraries read a result with 400.
        let answered = if path.starts_with("/api") { "400" } else { "405" };
        assert_eq!((status(&answer), header(&answer, "allow")), (answered, Some(allow)), "{path}: {answer}");
        assert!(told(&answer).is_empty() && header(&answer, "vary").is_none(), "{path}: {answer}");
    }
    for path in ["/any/authorize?client_id=spa", "/any/logout", "/any/interaction/x/login", "/off/jwks"] {
        let answer = site.send_from(HERE, &get(path, APP)).await;
        assert!(told(&answer).is_empty(), "{path}: {answer}");
    }
    // Without the question there is nothing to answer.
    let answer = site.send_from(HERE, &options("/exact/par", APP)).await;
    assert_eq!((status(&answer), header(&answer, "allow")), ("405", Some("POST")), "{answer}");
}
