//! PingOne from outside, as a client written for the vendor uses it: an application is made by the management API, and walks
//! from the push to the revocation.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use parhelion_tests::application::Attempt;
use parhelion_tests::browser::Browser;
use parhelion_tests::client_key::{ClientKey, unix_s};
use parhelion_tests::dice;
use parhelion_tests::environment::{ADMINISTRATOR, Environment, PAGE, REDIRECT_URI, VIEWER, application, platform};
use parhelion_tests::hmac_jwt;
use parhelion_tests::mount::Mount;
use parhelion_tests::request::Request;
use parhelion_tests::site::{ALICE, PING_ENVIRONMENT};
use parhelion_tests::wire::Response;
use serde_json::{Value, json};
use url::Url;

const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// How an application shows who it is: the vendor's five methods.
enum Shown<'a> {
    Nothing,
    Basic(&'a str),
    Posted(&'a str),
    SecretJwt(&'a str),
    KeyJwt(&'a ClientKey),
}

struct Walker<'a> {
    environment: &'a Environment,
    mount: Mount,
    id: &'a str,
    shown: Shown<'a>,
}

impl Walker<'_> {
    /// Sends a form with the credential; a JWT names the client alone.
    fn send(&self, endpoint: &str, fields: &[(&str, &str)]) -> Response {
        let claims = |audience: &str| {
            let jti = dice::secret();
            json!({ "iss": self.id, "sub": self.id, "aud": audience, "exp": unix_s().saturating_add(3500), "jti": jti })
        };
        let mut fields: Vec<(&str, String)> = fields.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        let mut assert = |assertion: String| {
            fields.extend([("client_assertion", assertion), ("client_assertion_type", JWT_BEARER.to_owned())]);
        };
        match &self.shown {
            Shown::SecretJwt(secret) => assert(hmac_jwt::sign("HS256", secret.as_bytes(), &claims(&self.mount.token))),
            Shown::KeyJwt(key) => assert(key.sign(&json!({ "alg": "ES256" }), &claims(&self.mount.issuer))),
            Shown::Nothing | Shown::Basic(_) => fields.push(("client_id", self.id.to_owned())),
            Shown::Posted(secret) => {
                fields.extend([("client_id", self.id.to_owned()), ("client_secret", (*secret).to_owned())]);
            }
        }
        let pairs: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let request = Request::form(endpoint, &pairs);
        let request = if let Shown::Basic(secret) = &self.shown { request.basic(self.id, secret) } else { request };
        self.environment.http().send(&request).unwrap()
    }

    fn push(&self, attempt: &Attempt) -> Response {
        let challenge = attempt.challenge();
        self.send(
            &self.mount.par,
            &[
                ("response_type", "code"),
                ("redirect_uri", REDIRECT_URI),
                ("scope", "openid profile"),
                ("state", &attempt.state),
                ("nonce", &attempt.nonce),
                ("code_challenge", &challenge),
                ("code_challenge_method", "S256"),
            ],
        )
    }

    fn authorize_url(&self, request_uri: &str) -> String {
        let pairs = [("client_id", self.id), ("request_uri", request_uri), ("prompt", "login")];
        Url::parse_with_params(&self.mount.authorize, pairs).unwrap().into()
    }

    /// From the push to the revocation.
    fn walk(&self) {
        let attempt = Attempt::new();
        let pushed = self.push(&attempt);
        assert_eq!(pushed.status, 201, "{}", pushed.text());
        assert_eq!(pushed.json()["expires_in"], 60);
        let url = self.authorize_url(pushed.json()["request_uri"].as_str().unwrap());
        let mut browser = Browser::new(self.environment.server.address());
        let callback = browser.approve(&url, ALICE).unwrap().callback();
        assert_eq!(callback.get("state"), Some(attempt.state.clone()));
        assert!(browser.open(&url).unwrap().is_refusal(), "a request URI is accepted once");
        let code = callback.get("code").unwrap();
        let redemption = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", REDIRECT_URI),
            ("code_verifier", &attempt.verifier),
        ];
        let tokens = self.send(&self.mount.token, &redemption);
        assert_eq!(tokens.status, 200, "{}", tokens.text());
        let (tokens, mut http) = (tokens.json(), self.environment.http());
        let access_token = tokens["access_token"].as_str().unwrap();
        let userinfo =
            http.send(&Request::get(&format!("{}/userinfo", self.mount.issuer)).bearer(access_token)).unwrap();
        assert_eq!((userinfo.status, &userinfo.json()["name"]), (200, &json!("Alice")), "{}", userinfo.text());
        let introspect = format!("{}/introspect", self.mount.issuer);
        if !matches!(self.shown, Shown::Nothing) {
            let told = self.send(&introspect, &[("token", access_token)]).json();
            assert_eq!((&told["active"], &told["client_id"]), (&json!(true), &json!(self.id)), "{told}");
        }
        let revoked = self.send(&format!("{}/revoke", self.mount.issuer), &[("token", access_token)]);
        assert_eq!(revoked.status, 200, "{}", revoked.text());
        let gone = http.send(&Request::get(&format!("{}/userinfo", self.mount.issuer)).bearer(access_token)).unwrap();
        assert_eq!(gone.status, 401);
        refused(&self.send(&self.mount.token, &redemption), 400, "invalid_grant");
    }
}

/// The OAuth family of errors: the request is named in the description.
fn refused(response: &Response, status: u16, error: &str) -> String {
    let body = response.json();
    assert_eq!((response.status, &body["error"]), (status, &json!(error)), "{body}");
    let description = body["error_description"].as_str().unwrap();
    let said = description.strip_prefix("Request denied: ").unwrap();
    let (said, id) = said.strip_suffix(')').unwrap().split_once(" (Correlation ID: ").unwrap();
    assert_eq!((id.len(), id.matches('-').count()), (36, 4), "{description}");
    assert_eq!(body.as_object().unwrap().len(), 2, "{body}");
    said.to_owned()
}

#[test]
fn applications_of_each_method_walk_from_creation_to_revocation() {
    let environment = Environment::start();
    let key = ClientKey::generate();
    let jwks = json!({ "keys": [key.public_jwk()] }).to_string();
    for method in ["NONE", "CLIENT_SECRET_BASIC", "CLIENT_SECRET_POST", "CLIENT_SECRET_JWT", "PRIVATE_KEY_JWT"] {
        let made = environment.make(&json!({ "tokenEndpointAuthMethod": method, "jwks": jwks }));
        let id = made["id"].as_str().unwrap();
        let secret = if method.starts_with("CLIENT") { environment.secret(id) } else { String::new() };
        let shown = match method {
            "NONE" => Shown::Nothing,
            "CLIENT_SECRET_BASIC" => Shown::Basic(&secret),
            "CLIENT_SECRET_POST" => Shown::Posted(&secret),
            "CLIENT_SECRET_JWT" => Shown::SecretJwt(&secret),
            _ => Shown::KeyJwt(&key),
        };
        Walker { environment: &environment, mount: environment.mount(), id, shown }.walk();
    }
}

#[test]
fn custom_domain_has_no_environment_in_its_urls() {
    let environment = Environment::start();
    let mount = environment.custom_domain();
    let document = environment.http().send(&Request::get(&mount.discovery)).unwrap().json();
    assert_eq!(document["pushed_authorization_request_endpoint"], mount.par);
    assert_eq!(document["end_session_endpoint"], format!("{}/signoff", mount.issuer));
    assert!(!document.to_string().contains(PING_ENVIRONMENT), "{document}");
    assert!(!document["response_modes_supported"].as_array().unwrap().contains(&json!("pi.flow")), "{document}");
    let made = environment.make(&json!({}));
    let id = made["id"].as_str().unwrap();
    let secret = environment.secret(id);
    Walker { environment: &environment, mount, id, shown: Shown::Posted(&secret) }.walk();
}

#[test]
fn example_of_the_documents_is_answered_with_201() {
    let environment = Environment::start();
    let implicit = json!({ "grantTypes": ["IMPLICIT"], "responseTypes": ["TOKEN"] });
    let made = environment.make(&implicit);
    let id = made["id"].as_str().unwrap();
    let secret = environment.secret(id);
    let example = |redirect_uri: &str| {
        let body = format!(
            "response_type=token&client_id={id}&redirect_uri={redirect_uri}&scope=openid&client_secret={secret}"
        );
        let request = Request::new("POST", &environment.mount().par).body(body);
        environment.http().send(&request.header("Content-Type", "application/x-www-form-urlencoded")).unwrap()
    };
    // Half of the eleven languages send the URI as it stands.
    for redirect_uri in [REDIRECT_URI, "https%3A%2F%2Fapp.example%2Fcb"] {
        let pushed = example(redirect_uri);
        assert_eq!((pushed.status, &pushed.json()["expires_in"]), (201, &json!(60)), "{}", pushed.text());
    }
    let pushed = example(REDIRECT_URI).json();
    let url = format!(
        "{}?client_id={id}&request_uri={}",
        environment.mount().authorize,
        pushed["request_uri"].as_str().unwrap()
    );
    let callback = Browser::new(environment.server.address()).approve(&url, ALICE).unwrap().callback();
    assert!(callback.url.fragment().unwrap().contains("access_token="), "{}", callback.url);
    let flow = [
        ("response_type", "token"),
        ("response_mode", "pi.flow"),
        ("client_id", id),
        ("redirect_uri", REDIRECT_URI),
        ("client_secret", &secret),
    ];
    refused(&environment.push(&flow), 400, "invalid_request");
    let code_only = environment.make(&json!({}));
    let (id, secret) = (code_only["id"].as_str().unwrap(), environment.secret(code_only["id"].as_str().unwrap()));
    let fields =
        [("response_type", "token"), ("client_id", id), ("redirect_uri", REDIRECT_URI), ("client_secret", &secret)];
    refused(&environment.push(&fields), 400, "unauthorized_client");
}

#[test]
fn application_uses_its_configured_method_and_no_other() {
    let environment = Environment::start();
    let made = environment.make(&json!({}));
    let id = made["id"].as_str().unwrap();
    let (secret, attempt) = (environment.secret(id), Attempt::new());
    let (key, mount) = (ClientKey::generate(), environment.mount());
    for shown in [Shown::Nothing, Shown::Basic(&secret), Shown::SecretJwt(&secret), Shown::KeyJwt(&key)] {
        let walker = Walker { environment: &environment, mount: mount.clone(), id, shown };
        let said = refused(&walker.push(&attempt), 401, "invalid_client");
        assert_eq!(said, "Unsupported authentication method");
    }
    let wrong = Walker { environment: &environment, mount, id, shown: Shown::Posted("wrong") };
    assert_eq!(refused(&wrong.push(&attempt), 401, "invalid_client"), "Invalid client credentials");
}

#[test]
fn what_an_application_requires_is_asked_of_it_alone() {
    let environment = Environment::start();
    let public = |more: Value| {
        let mut members = json!({ "tokenEndpointAuthMethod": "NONE", "type": "SINGLE_PAGE_APP" });
        members.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        environment.make(&members)["id"].as_str().unwrap().to_owned()
    };
    for seconds in [1_u32, 60, 600] {
        let id = public(json!({ "parTimeout": seconds }));
        let walker = Walker { environment: &environment, mount: environment.mount(), id: &id, shown: Shown::Nothing };
        assert_eq!(walker.push(&Attempt::new()).json()["expires_in"], seconds);
    }
    let plain = |id: &str, more: &str| {
        let url = format!(
            "{}?client_id={id}&response_type=code&scope=openid&redirect_uri={REDIRECT_URI}&state=s-12345678{more}",
            environment.mount().authorize
        );
        Browser::new(environment.server.address()).open(&url).unwrap()
    };
    let challenge = "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";
    assert!(!plain(&public(json!({})), challenge).page().is_refusal(), "a plain request leads to the login page");
    let required = plain(&public(json!({ "parRequirement": "REQUIRED" })), challenge);
    assert_eq!(required.callback().get("error").as_deref(), Some("invalid_request"));

    let secret_app = |pkce: &str| {
        let made = environment.make(&json!({ "pkceEnforcement": pkce }));
        let id = made["id"].as_str().unwrap().to_owned();
        let secret = environment.secret(&id);
        (id, secret)
    };
    let verifier = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    for (pkce, none, plain, s256) in
        [("OPTIONAL", 201, 201, 201), ("REQUIRED", 400, 201, 201), ("S256_REQUIRED", 400, 400, 201)]
    {
        let (id, secret) = secret_app(pkce);
        let push = |more: &[(&str, &str)]| {
            let mut fields = vec![
                ("response_type", "code"),
                ("client_id", id.as_str()),
                ("redirect_uri", REDIRECT_URI),
                ("scope", "openid"),
                ("client_secret", &secret),
            ];
            fields.extend(more);
            environment.push(&fields).status
        };
        let with = |method| push(&[("code_challenge", verifier), ("code_challenge_method", method)]);
        assert_eq!((push(&[]), with("plain"), with("S256")), (none, plain, s256), "{pkce}");
    }
}

#[test]
fn signed_request_object_is_asked_of_an_application_that_requires_one() {
    let environment = Environment::start();
    let key = ClientKey::generate();
    let jwks = json!({ "keys": [key.public_jwk()] }).to_string();
    let made = environment.make(&json!({ "requireSignedRequestObject": true, "jwks": jwks }));
    let id = made["id"].as_str().unwrap();
    let secret = environment.secret(id);
    let credential = [("client_id", id), ("client_secret", secret.as_str())];
    let plain = [("response_type", "code"), ("redirect_uri", REDIRECT_URI), ("scope", "openid")];
    refused(&environment.push(&[&credential[..], &plain].concat()), 400, "invalid_request");
    let claims = json!({
        "iss": id, "aud": environment.mount().issuer, "client_id": id, "response_type": "code",
        "redirect_uri": REDIRECT_URI, "scope": "openid",
    });
    let with = |object: &str| environment.push(&[&credential[..], &[("request", object)]].concat());
    let signed = key.sign(&json!({ "alg": "ES256" }), &claims);
    assert_eq!(with(&signed).status, 201);
    refused(&with(&hmac_jwt::unsigned(&json!({ "alg": "none" }), &claims)), 400, "invalid_request_object");
}

#[test]
fn refresh_token_comes_with_the_grant_alone() {
    let environment = Environment::start();
    let made = environment.make(&json!({ "grantTypes": ["AUTHORIZATION_CODE", "REFRESH_TOKEN"] }));
    let id = made["id"].as_str().unwrap();
    let (secret, attempt) = (environment.secret(id), Attempt::new());
    let walker = Walker { environment: &environment, mount: environment.mount(), id, shown: Shown::Posted(&secret) };
    let pushed = walker.push(&attempt).json();
    let url = walker.authorize_url(pushed["request_uri"].as_str().unwrap());
    let callback = Browser::new(environment.server.address()).approve(&url, ALICE).unwrap().callback();
    let code = callback.get("code").unwrap();
    let tokens = walker.send(
        &walker.mount.token,
        &[
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", REDIRECT_URI),
            ("code_verifier", &attempt.verifier),
        ],
    );
    let refresh_token =
        tokens.json()["refresh_token"].as_str().unwrap_or_else(|| panic!("{}", tokens.text())).to_owned();
    let renewed = [("grant_type", "refresh_token"), ("refresh_token", refresh_token.as_str())];
    assert_eq!(walker.send(&walker.mount.token, &renewed).status, 200);
    refused(&walker.send(&walker.mount.token, &renewed), 400, "invalid_grant");
}

#[test]
fn browser_sdk_of_a_named_origin_may_call_all_but_authorize() {
    let environment = Environment::start();
    let mount = environment.mount();
    for path in ["/par", "/token", "/revoke", "/userinfo", "/.well-known/openid-configuration", "/authorize"] {
        let url = format!("{}{path}", mount.issuer);
        let request = Request::get(&url).header("Origin", PAGE);
        let response = environment.http().send(&request).unwrap();
        let allowed = (path != "/authorize").then_some(PAGE);
        assert_eq!(response.header("access-control-allow-origin"), allowed, "{path}");
        assert_eq!(response.header("access-control-allow-credentials"), allowed.map(|_| "true"), "{path}");
    }
}

#[test]
fn application_is_made_shown_listed_replaced_and_removed() {
    let environment = Environment::start();
    let made = environment.make(&json!({ "description": "Sells", "unknown": 1, "homePageUrl": "https://app.example" }));
    let id = made["id"].as_str().unwrap();
    let below = format!("/{id}");
    assert_eq!((made["pkceEnforcement"].as_str(), made["parTimeout"].as_u64()), (Some("OPTIONAL"), Some(60)));
    assert_eq!((&made["environment"]["id"], made.get("unknown")), (&json!(PING_ENVIRONMENT), None));
    assert!(made["_links"]["self"]["href"].as_str().unwrap().ends_with(&format!("/applications/{id}")), "{made}");
    assert!(made.get("clientId").is_none() && !made.to_string().contains(&environment.secret(id)), "{made}");
    assert_eq!(environment.manage(VIEWER, "GET", &below, None).json(), made);

    let disabled = application(&json!({ "name": "Shut", "enabled": false, "parTimeout": 5 }));
    let replaced = environment.manage(ADMINISTRATOR, "PUT", &below, Some(&disabled));
    assert_eq!((replaced.status, &replaced.json()["name"]), (200, &json!("Shut")), "{}", replaced.text());
    assert_eq!((replaced.json()["enabled"].as_bool(), replaced.json().get("description")), (Some(false), None));
    assert_eq!(replaced.json()["createdAt"], made["createdAt"]);
    let (secret, mount) = (environment.secret(id), environment.mount());
    let walker = Walker { environment: &environment, mount, id, shown: Shown::Posted(&secret) };
    refused(&walker.push(&Attempt::new()), 401, "invalid_client");
    let born_disabled = environment.make(&json!({ "enabled": false }));
    assert_eq!(born_disabled["enabled"], false);

    let mut seen = vec![born_disabled["id"].clone(), made["id"].clone(), environment.make(&json!({}))["id"].clone()];
    let mut listed = Vec::new();
    let mut next = Some("?limit=1".to_owned());
    while let Some(query) = next {
        let page = environment.manage(VIEWER, "GET", &query, None).json();
        assert_eq!(page["size"], 1, "{page}");
        listed.push(page["_embedded"]["applications"][0]["id"].clone());
        let href = page["_links"]["next"]["href"].as_str();
        next = href.map(|href| format!("?{}", href.split_once('?').unwrap().1));
        assert!(listed.len() <= 3, "{page}");
    }
    seen.sort_by_key(Value::to_string);
    listed.sort_by_key(Value::to_string);
    assert_eq!(seen, listed);
    assert_eq!(environment.manage(VIEWER, "GET", "", None).json()["size"], 3);

    assert_eq!(environment.manage(ADMINISTRATOR, "DELETE", &below, None).status, 204);
    for method in ["GET", "DELETE"] {
        platform(&environment.manage(ADMINISTRATOR, method, &below, None), 404, "NOT_FOUND");
    }
}

#[test]
fn secret_is_shown_again_and_exchanged_at_once() {
    let environment = Environment::start();
    let made = environment.make(&json!({}));
    let id = made["id"].as_str().unwrap();
    let first = environment.secret(id);
    assert_eq!(first, environment.secret(id));
    let below = format!("/{id}/secret");
    let exchanged = environment.manage(ADMINISTRATOR, "POST", &below, None);
    assert_eq!(exchanged.status, 200, "{}", exchanged.text());
    let second = exchanged.json()["secret"].as_str().unwrap().to_owned();
    assert!(first != second && second == environment.secret(id));
    let push = |secret: &str| {
        let shown = Shown::Posted(secret);
        Walker { environment: &environment, mount: environment.mount(), id, shown }.push(&Attempt::new()).status
    };
    assert_eq!((push(&first), push(&second)), (401, 201));
    platform(&environment.manage(VIEWER, "GET", &below, None), 403, "ACCESS_FAILED");
    let public = environment.make(&json!({ "tokenEndpointAuthMethod": "NONE" }));
    for method in ["GET", "POST"] {
        let none = format!("/{}/secret", public["id"].as_str().unwrap());
        platform(&environment.manage(ADMINISTRATOR, method, &none, None), 404, "NOT_FOUND");
    }
}

#[test]
fn client_of_elsewhere_keeps_its_name_and_secret() {
    let environment = Environment::start();
    let secret = "secret-of-elsewhere-0123456789-0123456789";
    let imported = json!({ "clientId": "client-of-elsewhere", "clientSecret": secret });
    let made = environment.make(&imported);
    let id = made["id"].as_str().unwrap();
    assert_eq!((&made["clientId"], id.len()), (&json!("client-of-elsewhere"), 36));
    assert_eq!(environment.secret(id), secret);
    let shown = Shown::Posted(secret);
    Walker { environment: &environment, mount: environment.mount(), id: "client-of-elsewhere", shown }.walk();
    let again = environment.manage(ADMINISTRATOR, "POST", "", Some(&application(&imported)));
    assert_eq!(platform(&again, 400, "INVALID_DATA"), [("UNIQUENESS_VIOLATION".to_owned(), "clientId".to_owned())]);
    assert_eq!(environment.manage(ADMINISTRATOR, "DELETE", &format!("/{id}"), None).status, 204);
    let short =
        json!({ "clientId": "short-key", "clientSecret": "12345678", "tokenEndpointAuthMethod": "CLIENT_SECRET_JWT" });
    for (more, target) in [
        (json!({ "clientId": "only-a-name" }), "clientSecret"),
        (json!({ "clientSecret": "only-a-secret" }), "clientId"),
        (json!({ "clientId": "short", "clientSecret": secret }), "clientId"),
        (json!({ "clientId": "n\u{f6}n-ascii-name", "clientSecret": secret }), "clientId"),
        (short, "clientSecret"),
    ] {
        let refused = environment.manage(ADMINISTRATOR, "POST", "", Some(&application(&more)));
        assert_eq!(platform(&refused, 400, "INVALID_DATA")[0].1, target, "{more}");
    }
}
