//! Every path of Authlete's API: version 2 leads to the same operations, and what is not served says so.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use parhelion_tests::back_end::{self, BackEnd, ORGANIZATION_TOKEN, RUNTIME_TOKEN, SERVICE};
use parhelion_tests::base64;
use parhelion_tests::request::Request;
use parhelion_tests::wire::Http;
use serde_json::json;

#[test]
fn version_2_of_the_api_names_its_service_in_the_credentials() {
    let server = back_end::start();
    let mut http = Http::to(server.address());
    let mut send = |path: &str, user: &str, secret: &str| {
        let credentials = base64::padded(format!("{user}:{secret}").as_bytes());
        let request = Request::json(path, &json!({ "token": "unknown" }));
        http.send(&request.header("Authorization", &format!("Basic {credentials}"))).unwrap()
    };
    let service = SERVICE.to_string();
    let good = send("/api/auth/introspection", &service, RUNTIME_TOKEN);
    assert_eq!((good.status, &good.json()["action"]), (200, &json!("UNAUTHORIZED")));
    assert_eq!(send(&format!("/api/{SERVICE}/auth/introspection"), &service, RUNTIME_TOKEN).status, 200);
    assert_eq!(send("/api/auth/introspection", &service, "wrong").status, 401);
    assert_eq!(send("/api/auth/introspection", "21653835348763", RUNTIME_TOKEN).status, 401, "no such service here");
    assert_eq!(send("/api/auth/introspection", "nobody", RUNTIME_TOKEN).status, 400);
    assert_eq!(send(&format!("/api/{SERVICE}/auth/introspection"), "21653835348763", RUNTIME_TOKEN).status, 401);
    let credentials = base64::padded(format!("{service}:{RUNTIME_TOKEN}").as_bytes());
    let get =
        Request::get(&format!("/api/service/get/{SERVICE}")).header("Authorization", &format!("Basic {credentials}"));
    assert_eq!(Http::to(server.address()).send(&get).unwrap().json()["apiKey"], SERVICE);
}

/// What is told of an operation that is not built.
const NOT_BUILT: &str = "A901217";

/// Operations that answer without a body that has a schema, or with why they are not to be had.
const WITHOUT_SCHEMA: &[(&str, &str)] = &[
    ("GET", "/service/configuration"),
    ("GET", "/lifecycle/healthcheck"),
    ("POST", "/service/create"),
    ("DELETE", "/service/delete"),
    ("DELETE", "/client/delete/{}"),
    ("DELETE", "/auth/token/delete/{}"),
    ("DELETE", "/client/extension/requestable_scopes/delete/{}"),
];

#[test]
fn every_published_operation_is_served_or_says_that_it_is_not() {
    let server = back_end::start();
    let mut api = BackEnd::new(server.address(), ORGANIZATION_TOKEN);
    let mut lobby = BackEnd::new(server.address(), ORGANIZATION_TOKEN).at("/api");
    let (mut paths, mut not_built) = (0, 0);
    for (method, path) in back_end::published() {
        paths += 1;
        let of_no_service = matches!(path.as_str(), "/service/get/list" | "/service/create" | "/lifecycle/healthcheck");
        let target = path.replace("{}", "1");
        let body = (method != "GET").then(|| json!({}));
        let caller = if of_no_service { &mut lobby } else { &mut api };
        let answer = caller.send(method, &target, body.as_ref());
        assert!(matches!(answer.status, 200 | 204 | 400), "{method} {path}: {} {}", answer.status, answer.text());
        let mut code = String::new();
        if answer.status == 400 {
            let body = answer.json();
            let said = body["resultMessage"].as_str().unwrap();
            body["resultCode"].as_str().unwrap().clone_into(&mut code);
            assert!(said.starts_with(&format!("[{code}] ")), "{method} {path}: {said}");
        }
        let built = back_end::has_schema(method, &path) || WITHOUT_SCHEMA.contains(&(method, &path));
        assert_eq!(code != NOT_BUILT, built, "{method} {path}: {}", answer.text());
        not_built += usize::from(!built);
    }
    assert!(paths > 80 && not_built > 25, "{not_built} of {paths}");
}
