//! Where this server answers otherwise than Authlete, as docs/dialects/authlete.md tells it, and no other test shows it: over
//! real sockets. Every answer of 200 is held to the vendor's published document.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use parhelion_tests::application::Attempt;
use parhelion_tests::back_end::{
    self, BackEnd, CLIENT, CLIENT_SECRET, ORGANIZATION_TOKEN, REDIRECT_URI, RUNTIME_TOKEN, SERVICE, carried, content,
    form,
};
use parhelion_tests::client_key::{ClientKey, unix_s};
use parhelion_tests::request::Request;
use parhelion_tests::server::Server;
use parhelion_tests::wire::Http;
use parhelion_tests::{base64, dice};
use serde_json::{Value, json};

fn claims_of(jwt: &str) -> Value {
    serde_json::from_slice(&base64::from_url_safe(jwt.split('.').nth(1).unwrap()).unwrap()).unwrap()
}

fn wanted(more: &Value) -> Value {
    let mut body = json!({ "clientName": "Made by API", "redirectUris": [REDIRECT_URI] });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

#[test]
fn a_caller_shows_its_token_as_bearer_only() {
    let server = back_end::start();
    let request = Request::json(&format!("/api/{SERVICE}/auth/introspection"), &json!({ "token": "x" }));
    let request = request.header("Authorization", &format!("DPoP {RUNTIME_TOKEN}")).header("DPoP", "a.b.c");
    let refused = Http::to(server.address()).send(&request).unwrap();
    assert_eq!((refused.status, &refused.json()["resultCode"]), (401, &json!("A900201")));
    assert!(refused.header("www-authenticate").unwrap().starts_with("Bearer "));
}

#[test]
fn a_proof_of_the_client_is_for_the_url_that_is_named_else_for_this_one() {
    let server = back_end::start();
    let mut api = BackEnd::new(server.address(), RUNTIME_TOKEN);
    let key = ClientKey::generate();
    let proof = |htu: &str| {
        let header = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": key.public_jwk() });
        key.sign(&header, &json!({ "jti": dice::secret(), "iat": unix_s(), "htm": "POST", "htu": htu }))
    };
    let parameters = [("response_type", "code"), ("redirect_uri", REDIRECT_URI), ("scope", "openid")];
    let body = |dpop: String, htu: Option<&str>| {
        json!({
            "parameters": form(parameters.iter()), "clientId": CLIENT.to_string(), "clientSecret": CLIENT_SECRET,
            "dpop": dpop, "htu": htu,
        })
    };
    let (own, clients) = (format!("{}/api/{SERVICE}/pushed_auth_req", server.url()), "https://as.acme.example/par");
    for (proof_for, htu, action) in [
        (own.as_str(), None, "CREATED"),
        (clients, None, "BAD_REQUEST"),
        (clients, Some(clients), "CREATED"),
        (own.as_str(), Some(clients), "BAD_REQUEST"),
    ] {
        let answer = api.post("/pushed_auth_req", &body(proof(proof_for), htu));
        assert_eq!(answer["action"], action, "{proof_for} {htu:?}: {answer}");
    }
}

#[test]
fn a_client_without_a_use_for_the_endpoint_is_forbidden() {
    let machine = "[[tenant.client]]\nclient_id = \"machine\"\nclient_secret = \"machine-secret-for-tests-only-0123456789\"\n\
                   redirect_uris = [\"https://app.example/cb\"]\ngrant_types = [\"client_credentials\"]\nscope = \"email\"\n\n";
    let text = include_str!("../data/back-end.toml");
    let server =
        Server::start(&text.replacen("[[tenant.resource_server]]", &format!("{machine}[[tenant.resource_server]]"), 1));
    let mut api = BackEnd::new(server.address(), RUNTIME_TOKEN);
    let parameters = form([("response_type", "code"), ("redirect_uri", REDIRECT_URI), ("scope", "email")].iter());
    let body = json!({
        "parameters": parameters, "clientId": "machine", "clientSecret": "machine-secret-for-tests-only-0123456789",
    });
    let refused = api.post("/pushed_auth_req", &body);
    assert_eq!((&refused["action"], &content(&refused)["error"]), (&json!("FORBIDDEN"), &json!("unauthorized_client")));
}

#[test]
fn what_a_caller_says_beside_its_user_is_used_where_it_can_be() {
    let server = back_end::start();
    let mut api = BackEnd::new(server.address(), RUNTIME_TOKEN);
    let attempt = Attempt::new();
    let ticket = api.ticket(&attempt, &[]);
    let issued = api.post(
        "/auth/authorization/issue",
        &json!({
            "ticket": ticket, "subject": "john", "sessionId": "session-of-the-caller",
            "accessToken": "chosen-by-the-caller", "accessTokenDuration": 5, "jwtAtClaims": "{\"chosen\":1}",
            "idtHeaderParams": "{\"chosen\":1}", "claimsForTx": "{}", "verifiedClaimsForTx": ["{}"],
        }),
    );
    let tokens = api.redeem(&issued, &attempt);
    assert_eq!((&tokens["action"], &tokens["accessTokenDuration"]), (&json!("OK"), &json!(600)), "{tokens}");
    assert_ne!(tokens["accessToken"], "chosen-by-the-caller");
    let id_token = tokens["idToken"].as_str().unwrap();
    assert_eq!(claims_of(id_token)["sid"], "session-of-the-caller");
    let header = base64::from_url_safe(id_token.split('.').next().unwrap()).unwrap();
    assert!(!String::from_utf8(header).unwrap().contains("chosen"), "header parameters are ours");
    let ticket = api.ticket(&Attempt::new(), &[]);
    let body = json!({ "ticket": ticket, "reason": "DENIED", "description": "told-by-the-caller" });
    let failed = api.post("/auth/authorization/fail", &body);
    assert_eq!(carried(&failed)["error"], "access_denied");
    assert!(!failed.to_string().contains("told-by-the-caller"), "{failed}");
}

#[test]
fn a_code_in_a_response_jwt_is_nowhere_else() {
    let server = back_end::start();
    let mut api = BackEnd::new(server.address(), RUNTIME_TOKEN);
    let attempt = Attempt::new();
    let ticket = api.ticket(&attempt, &[("response_mode", "query.jwt")]);
    let issued = api.post("/auth/authorization/issue", &json!({ "ticket": ticket, "subject": "john" }));
    assert_eq!(issued.get("authorizationCode"), None, "{issued}");
    let claims = claims_of(carried(&issued)["response"].as_str().unwrap());
    assert_eq!(api.redeem(&json!({ "authorizationCode": claims["code"] }), &attempt)["action"], "OK");
}

#[test]
fn a_service_is_told_in_words_that_every_library_of_the_vendor_knows() {
    let server = back_end::start();
    let mut api = BackEnd::new(server.address(), RUNTIME_TOKEN);
    let told = api.call("GET", "/service/get", "/service/get", None);
    let methods = told["supportedTokenAuthMethods"].as_array().unwrap();
    assert!(
        methods.contains(&json!("PRIVATE_KEY_JWT")) && !methods.contains(&json!("ATTEST_JWT_CLIENT_AUTH")),
        "{told}"
    );
}

#[test]
fn members_of_a_client_are_kept_refused_or_left_out() {
    let server = back_end::start();
    let mut api = BackEnd::new(server.address(), ORGANIZATION_TOKEN);
    let configured = api.call("GET", "/client/get/{}", &format!("/client/get/{CLIENT}"), None);
    assert_eq!(configured.get("clientSecret"), None, "{configured}");
    for (more, named) in [
        (json!({ "frontChannelRequestObjectEncryptionRequired": true }), "frontChannelRequestObjectEncryptionRequired"),
        (json!({ "defaultAcrs": ["urn:loa:2"] }), "default_acr_values"),
        (json!({ "singleAccessTokenPerSubject": true }), "singleAccessTokenPerSubject"),
        (json!({ "defaultMaxAge": 60 }), "defaultMaxAge"),
        (json!({ "sectorIdentifierUri": "https://app.example/sector" }), "sector_identifier_uri"),
        (json!({ "subjectType": "PAIRWISE" }), "subject_type"),
    ] {
        let refused = api.send("POST", "/client/create", Some(&wanted(&more)));
        let said = refused.json()["resultMessage"].as_str().unwrap_or_default().to_owned();
        assert!(refused.status == 400 && said.contains(named), "{more}: {said}");
    }
    let kept = json!({
        "attributes": [{ "key": "tier", "value": "gold" }], "description": "For tests", "contacts": ["a@app.example"],
        "clientNames": [{ "tag": "de", "value": "Gemacht" }], "requestUris": ["https://app.example/ro"],
    });
    let left_out = json!({
        "fapiModes": ["FAPI2_SECURITY_PROFILE"], "responseModes": ["QUERY_JWT"],
        "bcDeliveryMode": "POLL", "entityId": "https://app.example", "trustAnchorId": "https://trust.example",
    });
    // A longer life than the service gives, and a shorter one.
    let (long, short) = (json!({ "accessTokenDuration": 86_400 }), json!({ "accessTokenDuration": 60 }));
    for (extension, lifetime_s) in [(long, 600), (short, 60)] {
        let mut more = kept.clone();
        more.as_object_mut().unwrap().extend(left_out.as_object().unwrap().clone());
        more["extension"] = extension;
        let made = api.post("/client/create", &wanted(&more));
        for (name, value) in kept.as_object().unwrap() {
            assert_eq!(&made[name], value, "{name}");
        }
        for name in left_out.as_object().unwrap().keys() {
            assert_eq!(made.get(name), None, "{name}");
        }
        let create = json!({ "grantType": "AUTHORIZATION_CODE", "clientId": made["clientId"], "subject": "john" });
        assert_eq!(api.post("/auth/token/create", &create)["expiresIn"], lifetime_s);
    }
}
