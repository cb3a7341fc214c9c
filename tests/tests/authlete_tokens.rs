//! Access tokens that a caller of Authlete's API changes, one by one or all of a subject's, over real sockets. Every answer of
//! 200 is held to the vendor's published document.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use parhelion_tests::application::Attempt;
use parhelion_tests::back_end::{self, BackEnd, CLIENT, ORGANIZATION_TOKEN, RUNTIME_TOKEN, content, form};
use serde_json::{Value, json};

/// How long a new access token lives here, in milliseconds.
const LIFETIME_MS: i64 = 600_000;

fn now_ms() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

fn introspected(api: &mut BackEnd, token: &Value) -> Value {
    api.post("/auth/introspection", &json!({ "token": token }))
}

fn changed(api: &mut BackEnd, token: &Value, more: &Value) -> Value {
    let mut body = json!({ "accessToken": token });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    api.post("/auth/token/update", &body)
}

fn narrow(api: &mut BackEnd, body: &Value) -> Value {
    let path = format!("/client/authorization/update/{CLIENT}");
    api.call("POST", "/client/authorization/update/{}", &path, Some(body))
}

fn refreshed(api: &mut BackEnd, tokens: &Value, more: &[(&str, &str)]) -> Value {
    let refresh_token = tokens["refreshToken"].as_str().unwrap();
    let own = [("grant_type", "refresh_token"), ("refresh_token", refresh_token)];
    let parameters: Vec<_> = own.iter().chain(more).copied().collect();
    api.token(&parameters, Value::Null)
}

#[test]
fn scope_properties_and_value_of_a_token_are_changed_and_nothing_else() {
    let server = back_end::start();
    let mut api = BackEnd::new(server.address(), RUNTIME_TOKEN);
    let tokens = api.tokens_of("john");
    let token = &tokens["accessToken"];
    let before = introspected(&mut api, token);
    let same = changed(&mut api, token, &json!({ "scopes": null, "properties": null, "accessTokenExpiresAt": 0 }));
    assert_eq!((&same["action"], &same["accessToken"]), (&json!("OK"), token), "{same}");
    assert_eq!((&same["tokenType"], same.get("properties")), (&json!("Bearer"), None));
    assert_eq!(introspected(&mut api, token), before, "what is not named stays");

    // Words that the client may have, whatever the token had; the others are left out.
    let scopes = json!({ "scopes": ["email", "never.registered", "openid", "two words", "email"] });
    let told = changed(&mut api, token, &scopes);
    assert_eq!(told["scopes"], json!(["openid", "email"]), "{told}");
    let properties = json!([{ "key": "k", "value": "v" }, { "key": "s", "value": "t", "hidden": true }]);
    let told = changed(&mut api, token, &json!({ "properties": properties }));
    assert_eq!((&told["scopes"], &told["properties"][1]["hidden"]), (&json!(["openid", "email"]), &json!(true)));
    let seen = introspected(&mut api, token);
    assert_eq!((&seen["scopes"], &seen["properties"][0]["key"]), (&told["scopes"], &json!("k")), "{seen}");
    assert_eq!((&seen["expiresAt"], &seen["refreshable"]), (&before["expiresAt"], &json!(true)), "{seen}");

    let drawn = changed(&mut api, token, &json!({ "accessTokenValueUpdated": true, "properties": [] }));
    assert_eq!((&drawn["action"], drawn.get("properties")), (&json!("OK"), None), "{drawn}");
    assert_ne!(&drawn["accessToken"], token);
    assert_eq!(introspected(&mut api, token)["action"], "UNAUTHORIZED", "the value before is not good any more");
    assert_eq!(introspected(&mut api, &drawn["accessToken"])["scopes"], json!(["openid", "email"]));
    assert_eq!(changed(&mut api, token, &json!({}))["action"], "NOT_FOUND");
    let none = changed(&mut api, &drawn["accessToken"], &json!({ "scopes": [] }));
    assert_eq!(none["scopes"], json!([]));

    // What renews it is what it was.
    let renewed = refreshed(&mut api, &tokens, &[]);
    assert_eq!(renewed["scopes"], tokens["scopes"], "{renewed}");
}

#[test]
fn a_token_ends_when_it_is_told_to_and_never_later_than_a_new_one() {
    let server = back_end::start();
    let mut api = BackEnd::new(server.address(), RUNTIME_TOKEN);
    let create = json!({ "grantType": "AUTHORIZATION_CODE", "clientId": CLIENT, "subject": "john" });
    let made = api.post("/auth/token/create", &create);
    let (token, first_end) = (&made["accessToken"], made["expiresAt"].as_i64().unwrap());
    let sooner = json!({ "accessTokenExpiresAt": first_end - 300_000 });
    assert_eq!(changed(&mut api, token, &sooner)["accessTokenExpiresAt"], first_end - 300_000);
    let seen = introspected(&mut api, token);
    assert_eq!((&seen["expiresAt"], &seen["refreshable"]), (&json!(first_end - 300_000), &json!(false)), "{seen}");

    // 2^53 + 1, the end of all numbers, and one that no number holds.
    for far in [first_end + LIFETIME_MS, 9_007_199_254_740_993, i64::MAX] {
        let asked_at = now_ms();
        let later = changed(&mut api, token, &json!({ "accessTokenExpiresAt": far }));
        let end = later["accessTokenExpiresAt"].as_i64().unwrap();
        assert!((asked_at + LIFETIME_MS..=now_ms() + LIFETIME_MS).contains(&end), "{far}: {end}");
        assert!(end >= first_end && introspected(&mut api, token)["expiresAt"] == end, "{far}");
    }
    for nothing in [json!(0), json!(-1), json!(i64::MIN), Value::Null] {
        let end = introspected(&mut api, token)["expiresAt"].clone();
        let told = changed(&mut api, token, &json!({ "accessTokenExpiresAt": nothing }));
        assert_eq!(told["accessTokenExpiresAt"], end, "{nothing}");
    }
    let soon = now_ms() + 1200;
    changed(&mut api, token, &json!({ "accessTokenExpiresAt": soon }));
    assert_eq!(introspected(&mut api, token)["action"], "OK");
    while now_ms() <= soon {
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(introspected(&mut api, token)["action"], "UNAUTHORIZED");
    let other = api.post("/auth/token/create", &create);
    assert_eq!(changed(&mut api, &other["accessToken"], &json!({ "accessTokenExpiresAt": 1 }))["action"], "OK");
    assert_eq!(introspected(&mut api, &other["accessToken"])["existent"], false, "a moment that is past ends it");
}

#[test]
fn what_cannot_be_changed_of_a_token_is_refused_and_changes_nothing() {
    let server = back_end::start();
    let mut api = BackEnd::new(server.address(), RUNTIME_TOKEN);
    let tokens = api.tokens_of("john");
    let token = &tokens["accessToken"];
    let before = introspected(&mut api, token);
    let thumbprint = "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2";
    let too_long = json!([{ "key": "k", "value": "x".repeat(64 * 1024) }]);
    for more in [
        json!({ "accessTokenPersistent": true }),
        json!({ "forExternalAttachment": true }),
        json!({ "certificateThumbprint": thumbprint }),
        json!({ "dpopKeyThumbprint": thumbprint }),
        json!({ "refreshTokenExpiresAt": now_ms() }),
        json!({ "properties": too_long }),
        json!({ "authorizationDetails": { "elements": [{ "type": "never.granted" }] } }),
        json!({ "authorizationDetails": { "elements": [5] } }),
        json!({ "authorizationDetails": {} }),
    ] {
        let mut all = more.clone();
        all["scopes"] = json!(["email"]);
        assert_eq!(changed(&mut api, token, &all)["action"], "BAD_REQUEST", "{more}");
    }
    for more in [
        json!({ "scopes": "email" }),
        json!({ "accessTokenExpiresAt": "soon" }),
        json!({ "accessTokenExpiresAt": 1.5 }),
        json!({ "accessTokenExpiresAt": 9_223_372_036_854_775_808_u64 }),
        json!({ "accessTokenValueUpdated": "yes" }),
        json!({ "accessTokenExpiresAtUpdatedOnScopeUpdate": 1 }),
        json!({ "properties": {} }),
        json!({ "accessToken": 5 }),
    ] {
        let mut body = json!({ "accessToken": token, "properties": [{ "key": "k" }] });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        assert_eq!(api.send("POST", "/auth/token/update", Some(&body)).status, 400, "{more}");
    }
    for name in ["accessTokenHash", "tokenId"] {
        let refused = api.post("/auth/token/update", &json!({ name: "x", "scopes": [] }));
        assert_eq!(refused["action"], "BAD_REQUEST", "{refused}");
    }
    let nulls = json!({
        "accessTokenHash": null, "tokenId": null, "authorizationDetails": null, "certificateThumbprint": null,
        "dpopKeyThumbprint": "", "forExternalAttachment": false, "accessTokenPersistent": null,
        "refreshTokenExpiresAt": 0, "accessTokenValueUpdated": false, "accessTokenExpiresAtUpdatedOnScopeUpdate": true,
        "refreshTokenExpiresAtUpdatedOnScopeUpdate": null,
    });
    assert_eq!(changed(&mut api, token, &nulls)["action"], "OK");
    assert_eq!(introspected(&mut api, token), before);
    for unknown in [json!(null), json!(""), json!("x".repeat(43)), tokens["refreshToken"].clone()] {
        assert_eq!(changed(&mut api, &unknown, &json!({}))["action"], "NOT_FOUND", "{unknown}");
    }
    // Another service's token is an unknown one, and who only asks what tokens are worth changes none.
    let mut foreign = BackEnd::new(server.address(), "other-token-for-tests-only").at("/other/api/21653835348763");
    assert_eq!(changed(&mut foreign, token, &json!({ "scopes": [] }))["action"], "NOT_FOUND");
    let mut asking = BackEnd::new(server.address(), "resource-token-for-tests-only");
    let body = json!({ "accessToken": token, "scopes": [] });
    assert_eq!(asking.send("POST", "/auth/token/update", Some(&body)).status, 403);
    assert_eq!(introspected(&mut api, token), before);
}

#[test]
fn a_token_that_two_change_at_once_has_one_value() {
    let server = back_end::start();
    let address = server.address();
    let mut api = BackEnd::new(address, RUNTIME_TOKEN);
    let tokens = api.tokens_of("john");
    let answers: Vec<Value> = std::thread::scope(|scope| {
        let one = || {
            let mut api = BackEnd::new(address, RUNTIME_TOKEN);
            changed(&mut api, &tokens["accessToken"], &json!({ "accessTokenValueUpdated": true }))
        };
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(one)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let drawn: Vec<_> = answers.iter().filter(|answer| answer["action"] == "OK").collect();
    assert_eq!(drawn.len(), 1, "{answers:?}");
    assert!(answers.iter().all(|answer| answer["action"] == "OK" || answer["action"] == "NOT_FOUND"), "{answers:?}");
    assert_eq!(introspected(&mut api, &drawn[0]["accessToken"])["action"], "OK");
}

#[test]
fn what_a_subject_gave_a_client_is_narrowed_wherever_it_lives() {
    let server = back_end::start();
    let mut api = BackEnd::new(server.address(), ORGANIZATION_TOKEN);
    let (john, jane) = (api.tokens_of("john"), api.tokens_of("jane"));
    let waiting = Attempt::new();
    let ticket = api.ticket(&waiting, &[]);
    let code = api.post("/auth/authorization/issue", &json!({ "ticket": ticket, "subject": "john" }));
    let scopes = |api: &mut BackEnd, tokens: &Value| introspected(api, &tokens["accessToken"])["scopes"].clone();
    let all = scopes(&mut api, &john);
    assert_eq!(narrow(&mut api, &json!({ "subject": "john" }))["resultCode"], "A138001");
    assert_eq!(narrow(&mut api, &json!({ "subject": "john", "scopes": null }))["resultCode"], "A138001");
    assert_eq!(scopes(&mut api, &john), all, "without scopes nothing is");

    let most = json!(["profile", "openid", "email", "never.registered"]);
    assert_eq!(narrow(&mut api, &json!({ "subject": "john", "scopes": most }))["resultCode"], "A138001");
    let left = json!(["openid", "profile"]);
    assert_eq!((scopes(&mut api, &john), scopes(&mut api, &jane)), (left.clone(), all.clone()));
    let parameters = form([("token", john["accessToken"].as_str().unwrap())].iter());
    let told = content(&api.post("/auth/introspection/standard", &json!({ "parameters": parameters })));
    assert_eq!((&told["active"], &told["scope"]), (&json!(true), &json!("openid profile")));
    let renewed = refreshed(&mut api, &john, &[]);
    assert_eq!((&renewed["scopes"], &content(&renewed)["scope"]), (&left, &json!("openid profile")), "{renewed}");
    let wider = refreshed(&mut api, &renewed, &[("scope", "openid history.read")]);
    assert_eq!(content(&wider)["error"], "invalid_scope", "{wider}");
    let redeemed = api.redeem(&code, &waiting);
    assert_eq!((&redeemed["scopes"], &content(&redeemed)["scope"]), (&left, &json!("openid profile")), "{redeemed}");
    let widened = changed(&mut api, &john["accessToken"], &json!({ "scopes": ["history.read", "openid"] }));
    assert_eq!(widened["scopes"], json!(["openid"]), "no token is made wider than what is left: {widened}");

    // The last word counts, within what a token was issued for; consent that is given afterwards is not touched.
    narrow(&mut api, &json!({ "subject": "john", "scopes": ["openid", "history.read"] }));
    assert_eq!(scopes(&mut api, &renewed), json!(["openid"]));
    assert_eq!(refreshed(&mut api, &renewed, &[])["scopes"], json!(["openid", "history.read"]));
    let fresh = api.tokens_of("john");
    assert_eq!(scopes(&mut api, &fresh), all);
    narrow(&mut api, &json!({ "subject": "john", "scopes": [] }));
    assert_eq!(scopes(&mut api, &fresh), json!([]));
    let userinfo = api.post("/auth/userinfo", &json!({ "token": fresh["accessToken"] }));
    assert_eq!(userinfo["action"], "FORBIDDEN", "{userinfo}");
}

#[test]
fn only_who_may_change_clients_narrows_and_only_for_a_subject_of_a_client() {
    let server = back_end::start();
    let mut api = BackEnd::new(server.address(), ORGANIZATION_TOKEN);
    let tokens = api.tokens_of("john");
    let before = introspected(&mut api, &tokens["accessToken"]);
    let body = json!({ "subject": "john", "scopes": [] });
    let mut runtime = BackEnd::new(server.address(), RUNTIME_TOKEN);
    let path = format!("/client/authorization/update/{CLIENT}");
    assert_eq!(runtime.send("POST", &path, Some(&body)).status, 403);
    for wrong in [
        json!({ "scopes": [] }),
        json!({ "subject": "", "scopes": [] }),
        json!({ "subject": null, "scopes": [] }),
        json!({ "subject": "x".repeat(256), "scopes": [] }),
        json!({ "subject": 5, "scopes": [] }),
        json!({ "subject": "john", "scopes": "openid" }),
    ] {
        assert_eq!(api.send("POST", &path, Some(&wrong)).status, 400, "{wrong}");
    }
    assert_eq!(api.send("POST", "/client/authorization/update/nobody", Some(&body)).status, 400);
    // The same subject and the same client's name at another service are others.
    let mut foreign = BackEnd::new(server.address(), ORGANIZATION_TOKEN).at("/other/api/21653835348763");
    foreign.call("POST", "/client/authorization/update/{}", "/client/authorization/update/public-app", Some(&body));
    assert_eq!(introspected(&mut api, &tokens["accessToken"]), before);
}

#[test]
fn no_ticket_of_the_token_endpoint_is_ever_good() {
    let server = back_end::start();
    let mut api = BackEnd::new(server.address(), RUNTIME_TOKEN);
    let id = CLIENT.to_string();
    for grant_type in ["password", "urn:ietf:params:oauth:grant-type:token-exchange"] {
        let parameters = [("grant_type", grant_type), ("username", "john"), ("password", "secret"), ("client_id", &id)];
        let refused = api.token(&parameters, Value::Null);
        assert_eq!((&refused["action"], refused.get("ticket")), (&json!("BAD_REQUEST"), None), "{refused}");
        assert_eq!(content(&refused)["error"], "unsupported_grant_type");
    }
    let authorization = api.ticket(&Attempt::new(), &[]);
    for ticket in [json!("unknown"), json!(""), json!(null), json!(authorization)] {
        for (path, body) in [
            ("/auth/token/issue", json!({ "ticket": ticket, "subject": "john", "properties": null })),
            ("/auth/token/fail", json!({ "ticket": ticket, "reason": "INVALID_RESOURCE_OWNER_CREDENTIALS" })),
        ] {
            let refused = api.post(path, &body);
            assert_eq!(refused["action"], "INTERNAL_SERVER_ERROR", "{path}: {refused}");
            assert_eq!((&refused["resultCode"], refused.get("accessToken")), (&json!("A905232"), None));
            assert_eq!(content(&refused)["error"], "server_error");
        }
    }
    for (path, body) in [
        ("/auth/token/issue", json!({ "ticket": 5, "subject": "john" })),
        ("/auth/token/issue", json!({ "ticket": "x", "subject": "john", "accessTokenDuration": "60" })),
        ("/auth/token/fail", json!({ "ticket": "x", "reason": "DENIED" })),
    ] {
        assert_eq!(api.send("POST", path, Some(&body)).status, 400, "{body}");
    }
    let mut asking = BackEnd::new(server.address(), "resource-token-for-tests-only");
    assert_eq!(asking.send("POST", "/auth/token/issue", Some(&json!({ "ticket": "x" }))).status, 403);
    // The ticket of the authorization endpoint is as good as before.
    let issued = api.post("/auth/authorization/issue", &json!({ "ticket": authorization, "subject": "john" }));
    assert_eq!(issued["action"], "LOCATION", "{issued}");
}
