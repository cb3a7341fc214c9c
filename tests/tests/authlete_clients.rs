//! Clients that a caller of Authlete's API makes, changes, locks and deletes, and that register themselves with it, over real
//! sockets. Every answer of 200 is held to the vendor's published document.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use parhelion_tests::application::Attempt;
use parhelion_tests::back_end::{
    self, BackEnd, CLIENT, ORGANIZATION_TOKEN, REDIRECT_URI, RUNTIME_TOKEN, content, form,
};
use parhelion_tests::server::Server;
use serde_json::{Value, json};

fn organization(server: &Server) -> BackEnd {
    BackEnd::new(server.address(), ORGANIZATION_TOKEN)
}

fn wanted(more: &Value) -> Value {
    let mut body = json!({
        "clientName": "Made by API",
        "clientType": "CONFIDENTIAL",
        "applicationType": "WEB",
        "tokenAuthMethod": "CLIENT_SECRET_BASIC",
        "grantTypes": ["AUTHORIZATION_CODE", "REFRESH_TOKEN"],
        "responseTypes": ["CODE"],
        "redirectUris": [REDIRECT_URI],
        "clientId": 0,
        "jwks": null,
        "contacts": [],
    });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

fn id_of(client: &Value) -> String {
    client["clientId"].as_u64().unwrap_or_else(|| panic!("{client}")).to_string()
}

fn call(api: &mut BackEnd, method: &str, operation: &str, id: &str, body: Option<&Value>) -> Value {
    api.call(method, &format!("{operation}/{{}}"), &format!("{operation}/{id}"), body)
}

/// A push, as the client with this secret.
fn pushed(api: &mut BackEnd, id: &str, secret: &str, attempt: &Attempt) -> Value {
    let challenge = attempt.challenge();
    let parameters = [
        ("response_type", "code"),
        ("client_id", id),
        ("redirect_uri", REDIRECT_URI),
        ("scope", "openid profile"),
        ("state", &attempt.state),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ];
    let parameters = form(parameters.iter());
    api.post("/pushed_auth_req", &json!({ "parameters": parameters, "clientId": id, "clientSecret": secret }))
}

fn load(api: &mut BackEnd, id: &str, pushed: &Value) -> Value {
    let request_uri = pushed["requestUri"].as_str().unwrap_or_else(|| panic!("{pushed}"));
    let parameters = form([("client_id", id), ("request_uri", request_uri)].iter());
    api.post("/auth/authorization", &json!({ "parameters": parameters }))
}

/// The whole way to an answer of the token endpoint.
fn tokens(api: &mut BackEnd, id: &str, secret: &str) -> Value {
    let attempt = Attempt::new();
    let pushed = pushed(api, id, secret, &attempt);
    let loaded = load(api, id, &pushed);
    let issued = api.post("/auth/authorization/issue", &json!({ "ticket": loaded["ticket"], "subject": "john" }));
    let code = issued["authorizationCode"].as_str().unwrap_or_else(|| panic!("{issued}"));
    let parameters = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", REDIRECT_URI),
        ("code_verifier", attempt.verifier.as_str()),
    ];
    let parameters = form(parameters.iter());
    api.post("/auth/token", &json!({ "parameters": parameters, "clientId": id, "clientSecret": secret }))
}

fn introspected(api: &mut BackEnd, tokens: &Value) -> Value {
    api.post("/auth/introspection", &json!({ "token": tokens["accessToken"] }))["action"].clone()
}

#[test]
fn a_client_made_by_the_api_lives_until_it_is_deleted() {
    let server = back_end::start();
    let mut api = organization(&server);
    let attributes = json!([{ "key": "tier", "value": "gold" }]);
    let made = api.post("/client/create", &wanted(&json!({ "attributes": attributes, "description": "For tests" })));
    let (id, secret) = (id_of(&made), made["clientSecret"].as_str().unwrap().to_owned());
    assert_eq!((&made["clientIdAlias"], &made["attributes"]), (&json!(id), &attributes), "{made}");
    assert_eq!((&made["clientSource"], &made["locked"]), (&json!("STATIC_REGISTRATION"), &json!(false)));
    assert_eq!(call(&mut api, "GET", "/client/get", &id, None), made);
    let list = api.call("GET", "/client/get/list", "/client/get/list?end=9", None);
    assert_eq!((&list["totalCount"], &list["clients"][2]), (&json!(3), &made));

    let tokens = tokens(&mut api, &id, &secret);
    assert_eq!((&tokens["action"], &tokens["clientId"]), (&json!("OK"), &made["clientId"]), "{tokens}");
    assert_eq!(introspected(&mut api, &tokens), "OK");
    let listed = api.call("GET", "/client/authorization/get/list", "/client/authorization/get/list?subject=john", None);
    assert_eq!(listed["clients"][0]["clientId"], made["clientId"]);
    let create = json!({ "grantType": "AUTHORIZATION_CODE", "clientId": made["clientId"], "subject": "john" });
    assert_eq!(api.post("/auth/token/create", &create)["action"], "OK");

    let waiting = pushed(&mut api, &id, &secret, &Attempt::new());
    let deleted = api.send("DELETE", &format!("/client/delete/{id}"), None);
    assert_eq!((deleted.status, deleted.body.len()), (204, 0));
    let refused = pushed(&mut api, &id, &secret, &Attempt::new());
    assert_eq!((&refused["action"], &content(&refused)["error"]), (&json!("UNAUTHORIZED"), &json!("invalid_client")));
    assert_eq!(load(&mut api, &id, &waiting)["action"], "BAD_REQUEST");
    assert_eq!(introspected(&mut api, &tokens), "UNAUTHORIZED");
    for (method, path) in [("GET", "/client/get"), ("DELETE", "/client/delete")] {
        assert_eq!(api.send(method, &format!("{path}/{id}"), None).status, 400);
    }
    let again = api.send("POST", "/client/create", Some(&wanted(&json!({ "clientIdAlias": id }))));
    assert_eq!(again.status, 400, "an identifier is never given away again: {}", again.text());
}

#[test]
fn what_is_told_of_a_client_is_what_it_is_held_to() {
    let server = back_end::start();
    let mut api = organization(&server);
    let strict = json!({
        "clientIdAlias": "strict-app",
        "parRequired": true,
        "pkceRequired": true,
        "pkceS256Required": true,
        "dpopRequired": true,
        "tokenAuthMethod": "PRIVATE_KEY_JWT",
        "tokenAuthSignAlg": "ES256",
        "jwksUri": "https://app.example/jwks",
        "requestUris": ["https://app.example/request.jwt"],
        "extension": { "requestableScopesEnabled": true, "requestableScopes": ["openid"] },
    });
    let made = api.post("/client/create", &wanted(&strict));
    for name in [
        "parRequired",
        "pkceRequired",
        "pkceS256Required",
        "dpopRequired",
        "tokenAuthMethod",
        "tokenAuthSignAlg",
        "requestUris",
    ] {
        assert_eq!(made[name], strict[name], "{name}");
    }
    assert_eq!((&made["jwksUri"], made.get("clientSecret")), (&strict["jwksUri"], None), "{made}");
    assert_eq!(made["extension"]["requestableScopes"], json!(["openid"]));
    let number = id_of(&made);
    assert_eq!(call(&mut api, "GET", "/client/get", &number, None), made, "found by its number too");
    let plain =
        [("response_type", "code"), ("client_id", "strict-app"), ("redirect_uri", REDIRECT_URI), ("state", "12345678")];
    let refused = api.post("/auth/authorization", &json!({ "parameters": form(plain.iter()) }));
    assert_eq!(refused["action"], "LOCATION", "requests must be pushed: {refused}");
    assert!(refused["responseContent"].as_str().unwrap().contains("error=invalid_request"), "{refused}");

    let fetched = [("client_id", "strict-app"), ("request_uri", "https://app.example/request.jwt")];
    let refused = api.post("/auth/authorization", &json!({ "parameters": form(fetched.iter()) }));
    let answer = refused["responseContent"].as_str().unwrap();
    assert!(answer.contains("request_uri_not_supported"), "registered, and not fetched from: {refused}");

    // The methods that prove by a certificate, and its subject.
    let mutual = json!({ "tokenAuthMethod": "TLS_CLIENT_AUTH", "tlsClientAuthSanDns": "app.example", "tlsClientCertificateBoundAccessTokens": true });
    let made = api.post("/client/create", &wanted(&mutual));
    for name in ["tokenAuthMethod", "tlsClientAuthSanDns", "tlsClientCertificateBoundAccessTokens"] {
        assert_eq!(made[name], mutual[name], "{name}");
    }
    let public = api.post("/client/create", &wanted(&json!({ "clientType": "PUBLIC", "tokenAuthMethod": null })));
    assert_eq!((&public["tokenAuthMethod"], public.get("clientSecret")), (&json!("NONE"), None), "{public}");
}

#[test]
fn what_cannot_stand_is_refused_with_its_name() {
    let server = back_end::start();
    let mut api = organization(&server);
    for (more, named) in [
        (json!({ "redirectUris": ["javascript:alert(1)"] }), "redirect_uris"),
        (json!({ "redirectUris": [] }), "redirect_uris"),
        (json!({ "tokenAuthMethod": "client_secret_basic" }), "tokenAuthMethod"),
        (json!({ "tokenAuthMethod": "NONE" }), "clientType"),
        (json!({ "clientType": "OTHER" }), "clientType"),
        (json!({ "grantTypes": ["PASSWORD"] }), "grant_types"),
        (json!({ "responseTypes": ["NONE"] }), "response_types"),
        (json!({ "idTokenSignAlg": "NONE" }), "id_token_signed_response_alg"),
        (json!({ "subjectType": "PAIRWISE" }), "subject_type"),
        (json!({ "sectorIdentifierUri": "https://app.example/sector" }), "sector_identifier_uri"),
        (json!({ "defaultMaxAge": 60 }), "defaultMaxAge"),
        (json!({ "singleAccessTokenPerSubject": true }), "singleAccessTokenPerSubject"),
        (json!({ "jwks": "{" }), "jwks"),
        (json!({ "attributes": [{ "key": 5 }] }), "attributes"),
        (json!({ "authorizationDetailsTypes": ["payment"] }), "authorization_details_types"),
        (json!({ "extension": { "accessTokenDuration": -1 } }), "accessTokenDuration"),
        (json!({ "clientIdAlias": "two words" }), "clientIdAlias"),
        (json!({ "parRequired": "yes" }), "parRequired"),
    ] {
        let refused = api.send("POST", "/client/create", Some(&wanted(&more)));
        let body = refused.json();
        let said = body["resultMessage"].as_str().unwrap_or_default();
        assert!(refused.status == 400 && said.contains(named), "{more}: {} {said}", refused.status);
    }
    for taken in [CLIENT.to_string().as_str(), "public-app"] {
        let refused = api.send("POST", "/client/create", Some(&wanted(&json!({ "clientIdAlias": taken }))));
        assert_eq!((refused.status, &refused.json()["resultCode"]), (400, &json!("A900212")), "{taken}");
    }
    let list = api.call("GET", "/client/get/list", "/client/get/list", None);
    assert_eq!(list["totalCount"], 2, "nothing was made");
}

#[test]
fn an_update_replaces_a_lock_shuts_out_and_secrets_are_exchanged() {
    let server = back_end::start();
    let mut api = organization(&server);
    let made = api.post("/client/create", &wanted(&json!({ "description": "before", "parRequired": true })));
    let (id, secret) = (id_of(&made), made["clientSecret"].as_str().unwrap().to_owned());
    let updated = call(&mut api, "POST", "/client/update", &id, Some(&wanted(&json!({ "clientName": "After" }))));
    assert_eq!((&updated["clientName"], &updated["parRequired"]), (&json!("After"), &json!(false)), "{updated}");
    assert_eq!(
        (&updated["clientSecret"], updated.get("description")),
        (&json!(secret), None),
        "what is left out is gone"
    );
    let told = call(&mut api, "POST", "/client/update", &id, Some(&updated));
    assert_eq!(told["clientName"], "After", "what was told can be sent back");
    let renamed =
        api.send("POST", &format!("/client/update/{id}"), Some(&wanted(&json!({ "clientIdAlias": "other" }))));
    assert_eq!(renamed.status, 400);
    let live = tokens(&mut api, &id, &secret);

    for (locked, action) in [(true, "UNAUTHORIZED"), (false, "CREATED")] {
        call(&mut api, "POST", "/client/lock_flag/update", &id, Some(&json!({ "clientLocked": locked })));
        assert_eq!(call(&mut api, "GET", "/client/get", &id, None)["locked"], locked);
        assert_eq!(pushed(&mut api, &id, &secret, &Attempt::new())["action"], action, "locked: {locked}");
    }
    assert_eq!(introspected(&mut api, &live), "OK");

    let refreshed = call(&mut api, "GET", "/client/secret/refresh", &id, None);
    assert_eq!((&refreshed["oldClientSecret"], &refreshed["resultCode"]), (&json!(secret), &json!("A148001")));
    let second = refreshed["newClientSecret"].as_str().unwrap().to_owned();
    let chosen = "chosen-secret-for-tests-only-0123456789-chosen-secret-for-tests";
    assert_eq!(pushed(&mut api, &id, &secret, &Attempt::new())["action"], "UNAUTHORIZED");
    assert_eq!(pushed(&mut api, &id, &second, &Attempt::new())["action"], "CREATED");
    let set = call(&mut api, "POST", "/client/secret/update", &id, Some(&json!({ "clientSecret": chosen })));
    assert_eq!((&set["newClientSecret"], &set["oldClientSecret"]), (&json!(chosen), &json!(second)));
    assert_eq!(pushed(&mut api, &id, &second, &Attempt::new())["action"], "UNAUTHORIZED");
    assert_eq!(pushed(&mut api, &id, chosen, &Attempt::new())["action"], "CREATED");
    for wrong in [json!({ "clientSecret": "" }), json!({}), json!({ "clientSecret": "x".repeat(2000) })] {
        let refused = api.send("POST", &format!("/client/secret/update/{id}"), Some(&wrong));
        assert_eq!(refused.status, 400, "{}", refused.text());
    }

    let scopes = "/client/extension/requestable_scopes";
    let set = json!({ "requestableScopes": ["openid", "never.known"] });
    assert_eq!(call(&mut api, "PUT", &format!("{scopes}/update"), &id, Some(&set)), set);
    assert_eq!(call(&mut api, "GET", &format!("{scopes}/get"), &id, None), set);
    assert_eq!(
        pushed(&mut api, &id, chosen, &Attempt::new())["action"],
        "CREATED",
        "beside openid others are left out"
    );
    assert_eq!(api.send("DELETE", &format!("{scopes}/delete/{id}"), None).status, 204);
    assert_eq!(pushed(&mut api, &id, chosen, &Attempt::new())["action"], "CREATED");
}

#[test]
fn configured_clients_are_shown_only_and_rights_are_kept() {
    let server = back_end::start();
    let mut api = organization(&server);
    let made = api.post("/client/create", &wanted(&json!({})));
    let id = id_of(&made);
    let operations = [
        ("POST", "/client/update", Some(wanted(&json!({})))),
        ("POST", "/client/lock_flag/update", Some(json!({ "clientLocked": true }))),
        ("GET", "/client/secret/refresh", None),
        ("POST", "/client/secret/update", Some(json!({ "clientSecret": "x".repeat(40) }))),
        ("DELETE", "/client/delete", None),
    ];
    let mut runtime = BackEnd::new(server.address(), RUNTIME_TOKEN);
    for (method, path, body) in &operations {
        let refused = api.send(method, &format!("{path}/{CLIENT}"), body.as_ref());
        assert_eq!((refused.status, &refused.json()["resultCode"]), (400, &json!("A900214")), "{path}");
        assert_eq!(runtime.send(method, &format!("{path}/{id}"), body.as_ref()).status, 403, "{path}");
    }
    assert_eq!(runtime.send("POST", "/client/create", Some(&wanted(&json!({})))).status, 403);
    let seen = call(&mut runtime, "GET", "/client/get", &id, None);
    assert_eq!((&seen["clientName"], seen.get("clientSecret")), (&made["clientName"], None), "a look shows no secret");
    let mut foreign = BackEnd::new(server.address(), ORGANIZATION_TOKEN).at("/other/api/21653835348763");
    assert_eq!(foreign.send("GET", &format!("/client/get/{id}"), None).status, 400, "another service's client");
}

fn registering() -> Server {
    let text = include_str!("../data/back-end.toml");
    let on = "[tenant.registration]\nmode = \"initial_access_token\"\nscope = \"openid profile\"\n\n\
              [[tenant.registration.initial_access_token]]\nname = \"ci\"\ntoken = \"initial-token-for-tests-only\"\n\n";
    Server::start(&text.replacen("[[tenant.resource_server]]", &format!("{on}[[tenant.resource_server]]"), 1))
}

#[test]
fn a_client_registers_itself_through_its_server() {
    let server = registering();
    let mut api = BackEnd::new(server.address(), RUNTIME_TOKEN);
    let sent = |metadata: &Value| json!({ "json": metadata.to_string(), "token": "initial-token-for-tests-only" });
    let mut metadata = json!({ "client_name": "Itself", "redirect_uris": [REDIRECT_URI], "scope": "openid profile" });
    let made = api.post("/client/registration", &sent(&metadata));
    assert_eq!(
        (&made["action"], &made["client"]["dynamicallyRegistered"]),
        (&json!("CREATED"), &json!(true)),
        "{made}"
    );
    let told = content(&made);
    assert_eq!((&told["client_name"], told.get("registration_client_uri")), (&json!("Itself"), None), "{told}");
    let text = |name: &str| told[name].as_str().unwrap().to_owned();
    let (id, secret, token) = (text("client_id"), text("client_secret"), text("registration_access_token"));
    assert_eq!(tokens(&mut api, &id, &secret)["action"], "OK");
    let number = made["client"]["clientId"].to_string();
    let about =
        |id: &str, token: &str, json: &Value| json!({ "clientId": id, "token": token, "json": json.to_string() });
    for named in [&id, &number] {
        let read = api.post("/client/registration/get", &about(named, &token, &Value::Null));
        assert_eq!((&read["action"], &content(&read)["client_id"]), (&json!("OK"), &json!(id)), "{read}");
    }
    metadata["client_name"] = json!("Changed");
    metadata["client_id"] = json!(id);
    let updated = api.post("/client/registration/update", &about(&id, &token, &metadata));
    assert_eq!(
        (&updated["action"], &updated["client"]["clientName"]),
        (&json!("UPDATED"), &json!("Changed")),
        "{updated}"
    );
    let fresh = content(&updated)["registration_access_token"].as_str().unwrap().to_owned();
    for (path, body) in [
        ("/client/registration/get", about(&id, &token, &Value::Null)),
        ("/client/registration/delete", about(&id, "wrong", &Value::Null)),
        ("/client/registration/delete", about("nobody", &fresh, &Value::Null)),
        ("/client/registration", json!({ "json": metadata.to_string(), "token": "unknown" })),
        ("/client/registration", json!({ "json": metadata.to_string() })),
    ] {
        let refused = api.post(path, &body);
        assert_eq!(refused["action"], "UNAUTHORIZED", "{path}: {refused}");
    }
    // What another server notes of it is not told to the client.
    let mut organization = organization(&server);
    let noted = wanted(&json!({ "attributes": [{ "key": "k", "value": "v" }] }));
    assert_eq!(call(&mut organization, "POST", "/client/update", &number, Some(&noted))["attributes"][0]["key"], "k");
    let read = api.post("/client/registration/get", &about(&id, &fresh, &Value::Null));
    assert!(content(&read).get("vendor").is_none() && content(&read)["client_name"] == "Made by API", "{read}");
    let deleted = api.post("/client/registration/delete", &about(&id, &fresh, &Value::Null));
    assert_eq!((&deleted["action"], deleted.get("responseContent")), (&json!("DELETED"), None));
    assert_eq!(pushed(&mut api, &id, &secret, &Attempt::new())["action"], "UNAUTHORIZED");
}

#[test]
fn metadata_that_cannot_be_registered_is_refused_in_words_of_rfc_7591() {
    let server = registering();
    let mut api = BackEnd::new(server.address(), RUNTIME_TOKEN);
    let sent = |metadata: &Value| json!({ "json": metadata.to_string(), "token": "initial-token-for-tests-only" });
    for (body, error) in [
        (sent(&json!({ "redirect_uris": ["javascript:x"] })), "invalid_redirect_uri"),
        (sent(&json!({ "redirect_uris": [REDIRECT_URI], "scope": "admin" })), "invalid_client_metadata"),
        (json!({ "json": "{", "token": "initial-token-for-tests-only" }), "invalid_client_metadata"),
        (json!({ "json": null, "token": "initial-token-for-tests-only" }), "invalid_client_metadata"),
    ] {
        let refused = api.post("/client/registration", &body);
        assert_eq!(
            (&refused["action"], &content(&refused)["error"]),
            (&json!("BAD_REQUEST"), &json!(error)),
            "{refused}"
        );
    }
}

#[test]
fn where_registration_is_off_nobody_registers() {
    let server = back_end::start();
    let mut api = BackEnd::new(server.address(), RUNTIME_TOKEN);
    let metadata = json!({ "redirect_uris": [REDIRECT_URI] }).to_string();
    let refused = api.post("/client/registration", &json!({ "json": metadata }));
    assert_eq!(refused["action"], "BAD_REQUEST", "{refused}");
}
