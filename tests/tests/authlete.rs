//! The whole journey through Authlete's API over real sockets: push, ticket, tokens, userinfo, introspection, revocation.
//! Every answer of 200 is held to the vendor's published document.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use parhelion_tests::application::Attempt;
use parhelion_tests::back_end::{
    self, BackEnd, CLIENT, ORGANIZATION_TOKEN, REDIRECT_URI, RUNTIME_TOKEN, SERVICE, carried, content, form,
};
use parhelion_tests::base64;
use parhelion_tests::request::Request;
use parhelion_tests::server::Server;
use parhelion_tests::wire::Http;
use serde_json::{Value, json};

fn caller(server: &Server) -> BackEnd {
    BackEnd::new(server.address(), RUNTIME_TOKEN)
}

fn claims_of(jwt: &str) -> Value {
    let payload = base64::from_url_safe(jwt.split('.').nth(1).unwrap()).unwrap();
    serde_json::from_slice(&payload).unwrap()
}

#[test]
fn a_user_of_the_caller_walks_from_push_to_revocation() {
    let server = back_end::start();
    let mut api = caller(&server);
    let attempt = Attempt::new();
    let pushed = api.push(&attempt, &[("prompt", "login"), ("max_age", "600"), ("ui_locales", "de en")]);
    assert_eq!((&pushed["action"], &content(&pushed)["expires_in"]), (&json!("CREATED"), &json!(600)));
    let loaded = api.load(pushed["requestUri"].as_str().unwrap());
    assert_eq!(loaded["action"], "INTERACTION", "{loaded}");
    assert_eq!(loaded["client"]["clientId"], CLIENT);
    assert_eq!(loaded["service"]["apiKey"], SERVICE);
    assert_eq!((&loaded["prompts"], &loaded["maxAge"]), (&json!(["LOGIN"]), &json!(600)));
    assert_eq!(loaded["uiLocales"], json!(["de", "en"]));
    let names: Vec<_> = loaded["scopes"].as_array().unwrap().iter().map(|scope| &scope["name"]).collect();
    assert_eq!(names, ["openid", "profile", "history.read", "offline_access"]);

    let auth_time = 4_102_444_800_i64; // A back end's clock is its own.
    let ticket = loaded["ticket"].as_str().unwrap();
    let kept = api.post("/auth/authorization/ticket/info", &json!({ "ticket": ticket }));
    assert_eq!((&kept["action"], &kept["info"]["context"]), (&json!("OK"), &json!("kept")));
    for info in [json!("more"), json!({ "context": "most" })] {
        let updated = api.post("/auth/authorization/ticket/update", &json!({ "ticket": ticket, "info": info }));
        assert_eq!(updated["action"], "OK", "{updated}");
    }
    let issued = api.post(
        "/auth/authorization/issue",
        &json!({
            "ticket": ticket,
            "subject": "john",
            "sub": "pairwise-john",
            "authTime": auth_time,
            "acr": "urn:loa:2",
            "claims": "{\"name\":\"John\",\"iss\":\"https://evil.example\",\"exp\":1}",
            "consentedClaims": ["name"],
            "scopes": ["openid", "profile", "offline_access", "never.asked"],
            "properties": [{ "key": "visible", "value": "v" }, { "key": "secret", "value": "s", "hidden": true }],
            "idtHeaderParams": null,
        }),
    );
    assert_eq!(issued["ticketInfo"]["context"], "most", "{issued}");
    let back = carried(&issued);
    assert_eq!((&back["state"], &back["iss"]), (&json!(attempt.state), &json!("https://as.acme.example")));
    assert_eq!(back["code"], issued["authorizationCode"]);

    let tokens = api.redeem(&issued, &attempt);
    assert_eq!((&tokens["action"], &tokens["grantType"]), (&json!("OK"), &json!("AUTHORIZATION_CODE")), "{tokens}");
    assert_eq!((&tokens["subject"], &tokens["clientId"]), (&json!("john"), &json!(CLIENT)));
    assert_eq!(tokens["scopes"], json!(["openid", "profile", "offline_access"]));
    let told = content(&tokens);
    assert_eq!((&told["visible"], told.get("secret")), (&json!("v"), None), "{told}");
    assert_eq!(told["access_token"], tokens["accessToken"]);
    let claims = claims_of(tokens["idToken"].as_str().unwrap());
    assert_eq!(
        (&claims["sub"], &claims["name"], &claims["acr"]),
        (&json!("pairwise-john"), &json!("John"), &json!("urn:loa:2"))
    );
    assert_eq!((&claims["iss"], &claims["auth_time"]), (&json!("https://as.acme.example"), &json!(auth_time)));
    assert!(claims["exp"].as_i64().unwrap() > 1, "{claims}");

    let access_token = tokens["accessToken"].as_str().unwrap();
    userinfo_and_introspection(&mut api, access_token);
    refresh_and_revocation(&mut api, &tokens);
}

fn userinfo_and_introspection(api: &mut BackEnd, access_token: &str) {
    let userinfo = api.post("/auth/userinfo", &json!({ "token": access_token, "dpop": null }));
    assert_eq!((&userinfo["action"], &userinfo["subject"]), (&json!("OK"), &json!("john")), "{userinfo}");
    assert_eq!(userinfo["consentedClaims"], json!(["name"]));
    assert!(userinfo["claims"].as_array().unwrap().contains(&json!("name")), "{userinfo}");
    let said = json!({ "token": access_token, "claims": "{\"name\":\"John\",\"sub\":\"mallory\"}" });
    let issued = api.post("/auth/userinfo/issue", &said);
    assert_eq!(
        (&issued["action"], content(&issued)),
        (&json!("JSON"), json!({ "name": "John", "sub": "pairwise-john" }))
    );

    let good =
        api.post("/auth/introspection", &json!({ "token": access_token, "scopes": ["profile"], "subject": "john" }));
    assert_eq!((&good["action"], &good["usable"], &good["sufficient"]), (&json!("OK"), &json!(true), &json!(true)));
    assert_eq!((&good["acr"], &good["refreshable"]), (&json!("urn:loa:2"), &json!(true)), "{good}");
    assert_eq!(good["properties"][1]["hidden"], true);
    for (asked, action, error) in [
        (json!({ "token": access_token, "scopes": ["history.read"] }), "FORBIDDEN", "insufficient_scope"),
        (json!({ "token": access_token, "subject": "jane" }), "FORBIDDEN", "invalid_request"),
        (
            json!({ "token": access_token, "acrValues": ["urn:loa:3"] }),
            "UNAUTHORIZED",
            "insufficient_user_authentication",
        ),
        (json!({ "token": access_token, "resources": ["https://api.example"] }), "UNAUTHORIZED", "invalid_token"),
        (json!({ "token": "unknown" }), "UNAUTHORIZED", "invalid_token"),
        (json!({ "token": null }), "UNAUTHORIZED", "invalid_token"),
    ] {
        let refused = api.post("/auth/introspection", &asked);
        assert_eq!((&refused["action"], &refused["sufficient"]), (&json!(action), &json!(false)), "{refused}");
        let challenge = refused["responseContent"].as_str().unwrap();
        assert!(challenge.starts_with(&format!("Bearer error=\"{error}\"")), "{challenge}");
    }

    let standard = |more: Value| {
        let mut body = json!({ "parameters": form([("token", access_token)].iter()) });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let told = content(&api.post("/auth/introspection/standard", &standard(json!({}))));
    assert_eq!((&told["active"], &told["sub"], &told["visible"]), (&json!(true), &json!("pairwise-john"), &json!("v")));
    assert_eq!(told.get("secret"), None);
    let all = content(&api.post("/auth/introspection/standard", &standard(json!({ "withHiddenProperties": true }))));
    assert_eq!(all["secret"], "s");
    let jwt = json!({ "rsUri": "https://api.example", "httpAcceptHeader": "application/token-introspection+jwt" });
    let signed = api.post("/auth/introspection/standard", &standard(jwt));
    assert_eq!(signed["action"], "JWT", "{signed}");
    assert_eq!(claims_of(signed["responseContent"].as_str().unwrap())["token_introspection"]["active"], true);
    let refused = api.post("/auth/introspection/standard", &json!({ "parameters": "" }));
    assert_eq!((&refused["action"], &content(&refused)["error"]), (&json!("BAD_REQUEST"), &json!("invalid_request")));
}

fn refresh_and_revocation(api: &mut BackEnd, tokens: &Value) {
    let refresh_token = tokens["refreshToken"].as_str().unwrap();
    let renewed = api.token(&[("grant_type", "refresh_token"), ("refresh_token", refresh_token)], Value::Null);
    assert_eq!((&renewed["action"], &renewed["grantType"]), (&json!("OK"), &json!("REFRESH_TOKEN")), "{renewed}");
    assert_eq!(renewed["subject"], "john");
    let access_token = renewed["accessToken"].as_str().unwrap();
    let body = json!({
        "parameters": form([("token", access_token)].iter()),
        "clientId": CLIENT.to_string(),
        "clientSecret": back_end::CLIENT_SECRET,
    });
    assert_eq!(api.post("/auth/revocation", &body)["action"], "OK");
    let gone = api.post("/auth/introspection", &json!({ "token": access_token }));
    assert_eq!((&gone["action"], &gone["existent"]), (&json!("UNAUTHORIZED"), &json!(false)));
    let wrong = json!({ "parameters": "token=x", "clientId": CLIENT.to_string(), "clientSecret": "wrong" });
    let refused = api.post("/auth/revocation", &wrong);
    assert_eq!((&refused["action"], &content(&refused)["error"]), (&json!("INVALID_CLIENT"), &json!("invalid_client")));
}

#[test]
fn a_ticket_is_good_once_and_takes_its_request_with_it() {
    let server = back_end::start();
    let mut api = caller(&server);
    let attempt = Attempt::new();
    let pushed = api.push(&attempt, &[]);
    let request_uri = pushed["requestUri"].as_str().unwrap();
    let (one, two) = (api.load(request_uri), api.load(request_uri));
    assert_ne!(one["ticket"], two["ticket"], "loading consumes nothing");
    let issue = |ticket: &Value| json!({ "ticket": ticket, "subject": "john" });
    let issued = api.post("/auth/authorization/issue", &issue(&one["ticket"]));
    assert_eq!(issued["action"], "LOCATION", "{issued}");
    for ticket in [&one["ticket"], &two["ticket"], &json!("no-such-ticket"), &json!("")] {
        let refused = api.post("/auth/authorization/issue", &issue(ticket));
        assert_eq!((&refused["action"], refused.get("authorizationCode")), (&json!("BAD_REQUEST"), None), "{refused}");
        let refused = api.post("/auth/authorization/fail", &json!({ "ticket": ticket, "reason": "DENIED" }));
        assert_eq!(refused["action"], "BAD_REQUEST", "{refused}");
    }
    let gone = api.post("/auth/authorization/ticket/info", &json!({ "ticket": one["ticket"] }));
    assert_eq!(gone["action"], "NOT_FOUND", "{gone}");
    let again = api.load(request_uri);
    assert_eq!((&again["action"], &again["resultCode"]), (&json!("BAD_REQUEST"), &json!("A008303")), "{again}");
    assert_eq!(content(&again)["error"], "invalid_request_uri");
    assert_eq!(api.redeem(&issued, &attempt)["action"], "OK");
    let replayed = api.redeem(&issued, &attempt);
    assert_eq!((&replayed["action"], &content(&replayed)["error"]), (&json!("BAD_REQUEST"), &json!("invalid_grant")));
}

#[test]
fn every_reason_to_fail_reaches_the_client_and_takes_the_ticket() {
    let server = back_end::start();
    let mut api = caller(&server);
    for (reason, error) in [
        ("UNKNOWN", "server_error"),
        ("NOT_LOGGED_IN", "login_required"),
        ("MAX_AGE_NOT_SUPPORTED", "login_required"),
        ("EXCEEDS_MAX_AGE", "login_required"),
        ("DIFFERENT_SUBJECT", "login_required"),
        ("ACR_NOT_SATISFIED", "login_required"),
        ("DENIED", "access_denied"),
        ("SERVER_ERROR", "server_error"),
        ("NOT_AUTHENTICATED", "access_denied"),
        ("ACCOUNT_SELECTION_REQUIRED", "account_selection_required"),
        ("CONSENT_REQUIRED", "consent_required"),
        ("INTERACTION_REQUIRED", "interaction_required"),
        ("INVALID_TARGET", "invalid_target"),
    ] {
        let attempt = Attempt::new();
        let ticket = api.ticket(&attempt, &[]);
        let failed = api.post("/auth/authorization/fail", &json!({ "ticket": ticket, "reason": reason }));
        let back = carried(&failed);
        assert_eq!((&back["error"], &back["state"]), (&json!(error), &json!(attempt.state)), "{reason}");
        let issue = json!({ "ticket": ticket, "subject": "john" });
        assert_eq!(api.post("/auth/authorization/issue", &issue)["action"], "BAD_REQUEST", "{reason}");
    }
    let ticket = api.ticket(&Attempt::new(), &[]);
    for reason in [json!("denied"), json!("BECAUSE"), json!(5), Value::Null] {
        let body = json!({ "ticket": ticket, "reason": reason });
        let refused = api.send("POST", "/auth/authorization/fail", Some(&body));
        assert_eq!(refused.status, 400, "{reason}: {}", refused.text());
    }
    assert_eq!(
        api.post("/auth/authorization/fail", &json!({ "ticket": ticket, "reason": "DENIED" }))["action"],
        "LOCATION"
    );
}

#[test]
fn what_the_caller_says_of_its_user_is_bounded_and_must_fit_the_request() {
    let server = back_end::start();
    let mut api = caller(&server);
    let attempt = Attempt::new();
    let ticket = api.ticket(&attempt, &[]);
    for (name, value) in [
        ("subject", json!("")),
        ("subject", json!("x".repeat(256))),
        ("subject", json!("a\u{0}b")),
        ("sub", json!("x".repeat(256))),
        ("claims", json!("not json")),
        ("claims", json!("[]")),
        ("claims", json!(format!("{{\"a\":\"{}\"}}", "x".repeat(64 * 1024)))),
        ("scopes", json!(["two words\u{7f}"])),
        ("authorizationDetails", json!({ "elements": [{ "type": 5 }] })),
    ] {
        let mut body = json!({ "ticket": ticket, "subject": "john" });
        body[name] = value;
        let refused = api.post("/auth/authorization/issue", &body);
        assert_eq!(refused["action"], "INTERNAL_SERVER_ERROR", "{name}: {refused}");
    }
    assert_eq!(
        api.post("/auth/authorization/issue", &json!({ "ticket": ticket, "subject": "john" }))["action"],
        "LOCATION"
    );

    // Logged in too long before the request was loaded, or nobody says when.
    for auth_time in [json!(1_000_000_000), Value::Null, json!(0)] {
        let ticket = api.ticket(&Attempt::new(), &[("max_age", "60")]);
        let body = json!({ "ticket": ticket, "subject": "john", "authTime": auth_time });
        assert_eq!(carried(&api.post("/auth/authorization/issue", &body))["error"], "login_required");
    }
    // Somebody else than the client asks for.
    let claims = "{\"id_token\":{\"sub\":{\"value\":\"jane\"}}}";
    let ticket = api.ticket(&Attempt::new(), &[("claims", claims)]);
    let body = json!({ "ticket": ticket, "subject": "john" });
    assert_eq!(carried(&api.post("/auth/authorization/issue", &body))["error"], "login_required");
}

#[test]
fn quiet_plain_and_form_post_requests_are_told_apart() {
    let server = back_end::start();
    let mut api = caller(&server);
    let attempt = Attempt::new();
    let pushed = api.push(&attempt, &[("prompt", "none"), ("response_mode", "form_post")]);
    let loaded = api.load(pushed["requestUri"].as_str().unwrap());
    assert_eq!((&loaded["action"], &loaded["prompts"]), (&json!("NO_INTERACTION"), &json!(["NONE"])), "{loaded}");
    let body = json!({ "ticket": loaded["ticket"], "subject": "john" });
    let issued = api.post("/auth/authorization/issue", &body);
    let page = issued["responseContent"].as_str().unwrap();
    assert_eq!(issued["action"], "FORM");
    assert!(page.contains(&format!("action=\"{REDIRECT_URI}\"")) && page.contains("name=\"code\""), "{page}");

    // A request that the browser brings itself; its client has another redirect URI, or no response type.
    let id = CLIENT.to_string();
    let plain = |more: &[(&str, &str)]| {
        let own = [("client_id", id.as_str()), ("scope", "openid"), ("redirect_uri", REDIRECT_URI)];
        json!({ "parameters": form(own.iter().chain(more)) })
    };
    let loaded = api.post("/auth/authorization", &plain(&[("response_type", "code"), ("state", "plain-state")]));
    assert_eq!(loaded["action"], "INTERACTION", "{loaded}");
    let refused = api.post("/auth/authorization", &plain(&[("response_type", "code"), ("scope", "openid")]));
    assert_eq!(refused["action"], "BAD_REQUEST", "a parameter that is there twice: {refused}");
    let told = api.post("/auth/authorization", &plain(&[("response_type", "code"), ("prompt", "never")]));
    assert_eq!(carried(&told)["error"], "invalid_request");
    let parameters = "response_type=code&client_id=26478243745571&redirect_uri=https%3A%2F%2Fevil.example%2Fcb";
    let refused = api.post("/auth/authorization", &json!({ "parameters": parameters }));
    assert_eq!((&refused["action"], &content(&refused)["error"]), (&json!("BAD_REQUEST"), &json!("invalid_request")));
    let nothing = api.send("POST", "/auth/authorization", Some(&json!({ "parameters": null })));
    assert_eq!((nothing.status, &nothing.json()["resultCode"]), (400, &json!("A004201")));
}

#[test]
fn a_subject_takes_back_what_it_granted() {
    let server = back_end::start();
    let mut api = BackEnd::new(server.address(), ORGANIZATION_TOKEN);
    let (first, second, other) = (api.tokens_of("john"), api.tokens_of("john"), api.tokens_of("jane/doe+x"));
    let granted_path = format!("/client/granted_scopes/get/{CLIENT}");
    let published = "/client/granted_scopes/get/{}";
    let granted = api.call("GET", published, &format!("{granted_path}?subject=john"), None);
    assert_eq!(granted["mergedGrantedScopes"], json!(["openid", "profile", "history.read", "offline_access"]));
    assert_eq!((&granted["clientId"], &granted["serviceApiKey"]), (&json!(CLIENT), &json!(SERVICE)));
    let by_body = api.call("POST", published, &granted_path, Some(&json!({ "subject": "jane/doe+x" })));
    let by_path = api.call("GET", &format!("{published}/{{}}"), &format!("{granted_path}/jane%2Fdoe+x"), None);
    assert_eq!(by_body["mergedGrantedScopes"], by_path["mergedGrantedScopes"]);
    let list = api.call("GET", "/client/authorization/get/list", "/client/authorization/get/list?subject=john", None);
    assert_eq!((&list["totalCount"], &list["clients"][0]["clientId"]), (&json!(1), &json!(CLIENT)), "{list}");

    let delete = format!("/client/authorization/delete/{CLIENT}?subject=john");
    api.call("DELETE", "/client/authorization/delete/{}", &delete, None);
    let action = |api: &mut BackEnd, tokens: &Value| {
        api.post("/auth/introspection", &json!({ "token": tokens["accessToken"] }))["action"].clone()
    };
    assert_eq!((action(&mut api, &first), action(&mut api, &second)), (json!("UNAUTHORIZED"), json!("UNAUTHORIZED")));
    assert_eq!(action(&mut api, &other), "OK");
    let refresh = first["refreshToken"].as_str().unwrap();
    let refused = api.token(&[("grant_type", "refresh_token"), ("refresh_token", refresh)], Value::Null);
    assert_eq!(content(&refused)["error"], "invalid_grant", "{refused}");
    let list = api.call("GET", "/client/authorization/get/list", "/client/authorization/get/list?subject=john", None);
    assert_eq!(list["totalCount"], 0);
    let again = api.tokens_of("john");
    assert_eq!(action(&mut api, &again), "OK", "what is granted afterwards is good");

    let forget = format!("/client/granted_scopes/delete/{CLIENT}/john");
    api.call("DELETE", "/client/granted_scopes/delete/{}/{}", &forget, None);
    let granted = api.call("GET", published, &format!("{granted_path}?subject=john"), None);
    assert_eq!((&granted["mergedGrantedScopes"], action(&mut api, &again)), (&json!([]), json!("OK")));
}

#[test]
fn the_caller_makes_lists_and_ends_tokens_itself() {
    let server = back_end::start();
    let mut api = caller(&server);
    let create = |more: Value| {
        let mut body =
            json!({ "grantType": "AUTHORIZATION_CODE", "clientId": CLIENT, "subject": "john", "scopes": ["email"] });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let introspect = |api: &mut BackEnd, made: &Value| {
        let body = json!({ "token": made["accessToken"], "scopes": ["email"] });
        api.post("/auth/introspection", &body)["action"] == "OK"
    };
    let properties = json!([{ "key": "k", "value": "v" }]);
    let made = api.post("/auth/token/create", &create(json!({ "accessTokenDuration": 60, "properties": properties })));
    assert_eq!((&made["action"], &made["expiresIn"], &made["subject"]), (&json!("OK"), &json!(60), &json!("john")));
    assert!(introspect(&mut api, &made), "{made}");
    for wrong in [
        json!({ "scopes": ["never.registered"] }),
        json!({ "clientId": 7 }),
        json!({ "grantType": "PASSWORD" }),
        json!({ "accessToken": "chosen" }),
        json!({ "subject": "x".repeat(256) }),
    ] {
        assert_eq!(api.post("/auth/token/create", &create(wrong.clone()))["action"], "BAD_REQUEST", "{wrong}");
    }
    let list = "/auth/token/get/list";
    let listed = api.call("GET", list, &format!("{list}?clientIdentifier={CLIENT}"), None);
    let hash = listed["accessTokens"][0]["accessTokenHash"].as_str().unwrap().to_owned();
    assert_eq!((&listed["totalCount"], &listed["client"]["clientId"]), (&json!(1), &json!(CLIENT)), "{listed}");
    assert_eq!(api.send("GET", &format!("{list}?subject=john"), None).status, 400, "nobody is listed by subject");
    let by_hash = api.send("DELETE", &format!("/auth/token/delete/{hash}"), None);
    assert_eq!((by_hash.status, by_hash.body.len()), (204, 0));
    assert!(!introspect(&mut api, &made));

    let one = api.post("/auth/token/create", &create(json!({})));
    let two = api.post("/auth/token/create", &create(json!({})));
    let revoked = api.post("/auth/token/revoke", &json!({ "accessTokenIdentifier": one["accessToken"] }));
    assert_eq!(revoked["count"], 1);
    assert!(!introspect(&mut api, &one) && introspect(&mut api, &two));
    api.post("/auth/token/revoke", &json!({ "clientIdentifier": CLIENT.to_string(), "subject": "john" }));
    assert!(!introspect(&mut api, &two));
    let three = api.post("/auth/token/create", &create(json!({})));
    assert!(introspect(&mut api, &three), "what is made afterwards is good");
    let all = api.post("/auth/token/revoke", &json!({ "clientIdentifier": CLIENT.to_string() }));
    assert!(all["count"].as_u64().unwrap() >= 1 && !introspect(&mut api, &three), "{all}");
    assert_eq!(api.send("POST", "/auth/token/revoke", Some(&json!({}))).status, 400);
}

#[test]
fn service_and_clients_are_shown_to_whom_they_may_be() {
    let server = back_end::start();
    let mut api = BackEnd::new(server.address(), ORGANIZATION_TOKEN);
    let service = api.call("GET", "/service/get", "/service/get", None);
    assert_eq!((&service["apiKey"], &service["serviceName"]), (&json!(SERVICE), &json!("Acme")));
    assert_eq!(
        (&service["pushedAuthReqDuration"], &service["issuer"]),
        (&json!(600), &json!("https://as.acme.example"))
    );
    let configuration = api.call("GET", "/service/configuration", "/service/configuration?pretty=true", None);
    assert_eq!(configuration["issuer"], "https://as.acme.example");
    assert_eq!(configuration.get("token_endpoint"), None, "the API's URLs are nobody else's: {configuration}");
    let posted = api.call("POST", "/service/configuration", "/service/configuration", Some(&json!({ "pretty": true })));
    assert_eq!(posted, configuration);
    let keys = api.call("GET", "/service/jwks/get", "/service/jwks/get?includePrivateKeys=true", None);
    assert!(keys["keys"][0]["kid"].is_string() && keys["keys"][0].get("d").is_none(), "{keys}");

    let client = api.call("GET", "/client/get/{}", &format!("/client/get/{CLIENT}"), None);
    assert_eq!((&client["clientId"], &client["clientIdAlias"]), (&json!(CLIENT), &json!(CLIENT.to_string())));
    assert_eq!(
        (&client["tokenAuthMethod"], &client["clientType"]),
        (&json!("CLIENT_SECRET_BASIC"), &json!("CONFIDENTIAL"))
    );
    let public = api.call("GET", "/client/get/{}", "/client/get/public-app", None);
    let number = public["clientId"].as_u64().unwrap();
    assert!(number < 1 << 53);
    assert_eq!(api.call("GET", "/client/get/{}", &format!("/client/get/{number}"), None), public);
    assert_eq!(api.send("GET", "/client/get/nobody", None).status, 400);
    let list = api.call("GET", "/client/get/list", "/client/get/list?start=1&end=9", None);
    assert_eq!(
        (&list["start"], &list["totalCount"], list["clients"].as_array().unwrap().len()),
        (&json!(1), &json!(2), 1)
    );

    let mut organization = BackEnd::new(server.address(), ORGANIZATION_TOKEN).at("/api");
    let services = organization.call("GET", "/service/get/list", "/service/get/list", None);
    assert_eq!(services["totalCount"], 2);
    let mut other = BackEnd::new(server.address(), "other-token-for-tests-only").at("/api");
    assert_eq!(other.call("GET", "/service/get/list", "/service/get/list", None)["totalCount"], 1);
    let mut unknown = BackEnd::new(server.address(), "nobodys-token").at("/api");
    assert_eq!(unknown.send("GET", "/service/get/list", None).status, 401);
    let health = Http::to(server.address()).send(&Request::get("/api/lifecycle/healthcheck")).unwrap();
    assert_eq!((health.status, health.header("content-type")), (200, Some("text/plain")));
}

#[test]
fn a_caller_gets_no_further_than_its_service_and_its_rights() {
    let server = back_end::start();
    let body = json!({ "token": "x" });
    for (token, path, status) in [
        ("resource-token-for-tests-only", "/auth/introspection", 200),
        ("resource-token-for-tests-only", "/auth/userinfo", 403),
        ("other-token-for-tests-only", "/auth/introspection", 401),
        ("nobodys-token", "/auth/introspection", 401),
    ] {
        let answer = BackEnd::new(server.address(), token).send("POST", path, Some(&body));
        assert_eq!(answer.status, status, "{token} {path}: {}", answer.text());
        assert!(answer.json()["resultCode"].is_string());
    }
    let mut runtime = caller(&server);
    let end = format!("/client/authorization/delete/{CLIENT}?subject=john");
    assert_eq!(runtime.send("DELETE", &end, None).status, 403, "ending grants takes the right to change clients");
    // Another service's ticket is an unknown one.
    let ticket = runtime.ticket(&Attempt::new(), &[]);
    let mut foreign = BackEnd::new(server.address(), "other-token-for-tests-only").at("/other/api/21653835348763");
    let refused = foreign.post("/auth/authorization/issue", &json!({ "ticket": ticket, "subject": "john" }));
    assert_eq!(refused["action"], "BAD_REQUEST", "{refused}");
    let tokens = runtime.tokens_of("john");
    let refused = foreign.post("/auth/introspection", &json!({ "token": tokens["accessToken"] }));
    assert_eq!(refused["action"], "UNAUTHORIZED");
    let wrong_method = runtime.send("GET", "/auth/introspection", None);
    assert_eq!((wrong_method.status, wrong_method.header("allow")), (400, Some("POST")));
}
