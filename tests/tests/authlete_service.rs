//! Settings of a service that a caller of Authlete's API changes, over real sockets: in force at once and after a restart,
//! never looser than the configuration. Every answer of 200 is held to the vendor's published document.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use parhelion_tests::application::Attempt;
use parhelion_tests::back_end::{
    self, BackEnd, CLIENT, ORGANIZATION_TOKEN, REDIRECT_URI, RUNTIME_TOKEN, SERVICE, content, form,
};
use parhelion_tests::base64;
use parhelion_tests::request::Request;
use parhelion_tests::server::Server;
use parhelion_tests::wire::Http;
use serde_json::{Value, json};

fn organization(server: &Server) -> BackEnd {
    BackEnd::new(server.address(), ORGANIZATION_TOKEN)
}

/// A request that the browser brings itself.
fn plain(api: &mut BackEnd) -> Value {
    let id = CLIENT.to_string();
    let parameters =
        [("client_id", id.as_str()), ("response_type", "code"), ("scope", "openid"), ("redirect_uri", REDIRECT_URI)];
    api.post("/auth/authorization", &json!({ "parameters": form(parameters.iter()) }))
}

fn pushed(api: &mut BackEnd, challenge_method: &str) -> Value {
    let attempt = Attempt::new();
    let method = [("code_challenge_method", challenge_method)];
    let without = [("code_challenge", ""), ("code_challenge_method", "")];
    api.push(&attempt, if challenge_method.is_empty() { &without } else { &method })
}

fn get(api: &mut BackEnd) -> Value {
    api.call("GET", "/service/get", "/service/get", None)
}

fn update(api: &mut BackEnd, body: &Value) -> Value {
    api.post("/service/update", body)
}

#[test]
fn settings_are_in_force_at_once_and_after_a_restart_until_they_are_undone() {
    let mut server = back_end::start();
    let mut api = organization(&server);
    let before = get(&mut api);
    assert_eq!(
        (&before["parRequired"], &before["pkceRequired"], &before["dpopNonceRequired"]),
        (&json!(false), &json!(false), &json!(false))
    );
    assert_eq!(plain(&mut api)["action"], "INTERACTION");
    assert_eq!(pushed(&mut api, "")["action"], "CREATED");
    assert_eq!(pushed(&mut api, "plain")["action"], "CREATED");

    let strict = json!({
        "parRequired": true, "pkceRequired": true, "pkceS256Required": true, "pushedAuthReqDuration": 90,
        "accessTokenDuration": 60, "refreshTokenDuration": 3600, "idTokenDuration": 30, "dpopNonceRequired": true,
    });
    let told = update(&mut api, &strict);
    for (name, value) in strict.as_object().unwrap() {
        assert_eq!(&told[name], value, "{name}");
    }
    assert_eq!((get(&mut api), &told["serviceName"]), (told.clone(), &before["serviceName"]));
    let configuration = api.call("GET", "/service/configuration", "/service/configuration", None);
    assert_eq!(configuration["require_pushed_authorization_requests"], true, "{configuration}");
    let in_force = |api: &mut BackEnd| {
        let refused = plain(api);
        assert_ne!(refused["action"], "INTERACTION", "{refused}");
        assert_eq!(pushed(api, "")["resultCode"], "A124301");
        assert_eq!(pushed(api, "plain")["resultCode"], "A124308");
        assert_eq!(content(&pushed(api, "S256"))["expires_in"], 90);
        let tokens = api.tokens_of("john");
        assert_eq!((&tokens["accessTokenDuration"], &tokens["refreshTokenDuration"]), (&json!(60), &json!(3600)));
    };
    in_force(&mut api);
    server.restart();
    let mut api = organization(&server);
    assert_eq!(get(&mut api), told);
    in_force(&mut api);

    // What is not sent stays; what the configuration says undoes.
    assert_eq!(update(&mut api, &json!({ "parRequired": false }))["pkceRequired"], true);
    let answered = back_end::carried(&plain(&mut api));
    assert_eq!(answered["error_description"], "code_challenge is missing", "the browser may bring it again, with PKCE");
    let defaults = json!({
        "pkceRequired": false, "pkceS256Required": false, "pushedAuthReqDuration": 600, "accessTokenDuration": 0,
        "refreshTokenDuration": before["refreshTokenDuration"], "idTokenDuration": 0, "dpopNonceRequired": false,
    });
    assert_eq!(update(&mut api, &defaults), before);
    assert_eq!(plain(&mut api)["action"], "INTERACTION");
    assert_eq!(content(&pushed(&mut api, "plain"))["expires_in"], 600);
    server.restart();
    assert_eq!(get(&mut organization(&server)), before);
}

#[test]
fn what_was_told_can_be_sent_back_and_null_is_nothing() {
    let server = back_end::start();
    let mut api = organization(&server);
    let before = get(&mut api);
    assert_eq!(update(&mut api, &before), before);
    assert_eq!(update(&mut api, &json!({})), before);
    let mut nulls = before.clone();
    nulls.as_object_mut().unwrap().values_mut().for_each(|value| *value = Value::Null);
    nulls["attributes"] = json!([]);
    nulls["tosUri"] = Value::Null;
    assert_eq!(update(&mut api, &nulls), before);
}

#[test]
fn what_the_configuration_declares_is_refused_by_its_name_and_changes_nothing() {
    let server = back_end::start();
    let mut api = organization(&server);
    let before = get(&mut api);
    let longest = before["accessTokenDuration"].as_u64().unwrap();
    for (more, code, named) in [
        (json!({ "serviceName": "Other" }), "A900217", "serviceName"),
        (json!({ "apiKey": 1 }), "A900217", "apiKey"),
        (json!({ "supportedGrantTypes": ["PASSWORD"] }), "A900217", "supportedGrantTypes"),
        (json!({ "issSuppressed": true }), "A900217", "issSuppressed"),
        (json!({ "errorUriOmitted": true }), "A900217", "errorUriOmitted"),
        (json!({ "jwks": "{}" }), "A900217", "jwks"),
        (json!({ "refreshTokenKept": true }), "A900217", "refreshTokenKept"),
        (json!({ "accessTokenDuration": longest + 1 }), "A900218", "accessTokenDuration"),
        (json!({ "accessTokenDuration": -1 }), "A900218", "accessTokenDuration"),
        (json!({ "idTokenDuration": 9_007_199_254_740_993_u64 }), "A900218", "idTokenDuration"),
        (json!({ "pushedAuthReqDuration": 601 }), "A900218", "pushedAuthReqDuration"),
        (json!({ "parRequired": "yes" }), "A900220", "parRequired"),
        (json!({ "pkceS256Required": 1 }), "A900220", "pkceS256Required"),
        (json!({ "pushedAuthReqDuration": "600" }), "A900220", "pushedAuthReqDuration"),
        (json!({ "refreshTokenDuration": 18_446_744_073_709_551_615_u64 }), "A900220", "refreshTokenDuration"),
    ] {
        let mut body = json!({ "requestObjectRequired": true });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let refused = api.send("POST", "/service/update", Some(&body));
        let told = refused.json();
        assert_eq!((refused.status, &told["resultCode"]), (400, &json!(code)), "{more}: {told}");
        assert!(told["resultMessage"].as_str().unwrap().contains(named), "{more}: {told}");
    }
    assert_eq!(api.send("POST", "/service/update", Some(&json!([]))).status, 400);
    assert_eq!(get(&mut api), before);
}

#[test]
fn configuration_that_is_strict_is_not_loosened() {
    let text = include_str!("../data/back-end.toml");
    let strict = "name = \"Acme\"\naliases = [\"21653835348762\"]\n\n[tenant.policy]\npushed_requests = \"required\"\n\
                  pkce = \"s256\"\n";
    let text = text.replacen("name = \"Acme\"\naliases = [\"21653835348762\"]\n", strict, 1);
    let server = Server::start(&text);
    let mut api = organization(&server);
    assert_eq!(get(&mut api)["parRequired"], true);
    assert_eq!(update(&mut api, &json!({ "parRequired": true }))["parRequired"], true);
    for name in ["parRequired", "pkceS256Required"] {
        let refused = api.send("POST", "/service/update", Some(&json!({ name: false, "pkceRequired": true })));
        assert_eq!((refused.status, &refused.json()["resultCode"]), (400, &json!("A900218")));
        assert!(refused.text().contains(name), "{}", refused.text());
    }
    assert_eq!(get(&mut api)["pkceRequired"], false);
    assert_ne!(plain(&mut api)["action"], "INTERACTION");
}

#[test]
fn a_service_is_changed_by_who_may_and_no_other_is() {
    let server = back_end::start();
    let mut api = organization(&server);
    let mut other = BackEnd::new(server.address(), ORGANIZATION_TOKEN).at("/other/api/21653835348763");
    let (mine, others) = (get(&mut api), get(&mut other));
    let body = json!({ "parRequired": true });
    for (token, status) in
        [(RUNTIME_TOKEN, 403), ("resource-token-for-tests-only", 403), ("other-token-for-tests-only", 401)]
    {
        for (method, path) in [("POST", "/service/update"), ("DELETE", "/service/delete")] {
            let refused = BackEnd::new(server.address(), token).send(method, path, Some(&body));
            assert_eq!(refused.status, status, "{token} {path}: {}", refused.text());
        }
    }
    assert_eq!(get(&mut api), mine);
    update(&mut api, &body);
    assert_eq!(get(&mut other), others);

    let mut lobby = BackEnd::new(server.address(), ORGANIZATION_TOKEN).at("/api");
    for refused in [
        lobby.send("POST", "/service/create", Some(&json!({ "serviceName": "New" }))),
        api.send("DELETE", "/service/delete", None),
        lobby.send("DELETE", &format!("/service/delete/{SERVICE}"), None),
    ] {
        assert_eq!((refused.status, &refused.json()["resultCode"]), (400, &json!("A900219")), "{}", refused.text());
    }
    let mut runtime = BackEnd::new(server.address(), RUNTIME_TOKEN).at("/api");
    assert_eq!(runtime.send("POST", "/service/create", Some(&json!({}))).status, 403);
    let mut nobody = BackEnd::new(server.address(), "nobodys-token").at("/api");
    assert_eq!(nobody.send("POST", "/service/create", Some(&json!({}))).status, 401);

    // Version 2 has the service at the end of the path.
    let credentials = base64::padded(format!("{SERVICE}:{ORGANIZATION_TOKEN}").as_bytes());
    let request = Request::json(&format!("/api/service/update/{SERVICE}"), &json!({ "parRequired": false }));
    let request = request.header("Authorization", &format!("Basic {credentials}"));
    assert_eq!(Http::to(server.address()).send(&request).unwrap().json()["parRequired"], false);
}

#[test]
fn settings_that_many_change_at_once_are_all_in_force() {
    let mut server = back_end::start();
    let address = server.address();
    let bodies = [
        json!({ "parRequired": true }),
        json!({ "pushedAuthReqDuration": 90 }),
        json!({ "accessTokenDuration": 60 }),
        json!({ "idTokenDuration": 30 }),
        json!({ "dpopNonceRequired": true }),
        json!({ "refreshTokenDuration": 3600 }),
        json!({ "pkceRequired": true }),
        json!({ "pkceS256Required": true }),
    ];
    std::thread::scope(|scope| {
        for body in &bodies {
            scope.spawn(move || update(&mut BackEnd::new(address, ORGANIZATION_TOKEN), body));
        }
    });
    let all = |told: &Value| {
        for (name, value) in bodies.iter().flat_map(|body| body.as_object().unwrap()) {
            assert_eq!(&told[name], value, "{name}");
        }
    };
    all(&get(&mut organization(&server)));
    assert_ne!(plain(&mut organization(&server))["action"], "INTERACTION");
    server.restart();
    all(&get(&mut organization(&server)));
}
