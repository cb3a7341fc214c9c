//! Two tenants side by side that are alike but for their names, and everything that each of them issues.

mod cell;
mod own;

use std::cell::RefCell;
use std::collections::HashMap;

use serde_json::{Value, json};

use crate::application::Attempt;
use crate::binary::Binary;
use crate::browser::Browser;
use crate::client_key::ClientKey;
use crate::request::Request;
use crate::server::Server;
use crate::site::ALICE;
use crate::wire::{Http, Response};

pub use cell::Cell;
pub use own::Own;

/// Where responses go.
pub const REDIRECT_URI: &str = "https://app.example/cb";

/// The secret of `app`, which is the same at both.
pub const SECRET: &str = "app-secret-for-tests-only-0123456789";

/// Everything that a tenant issues, or is asked with.
pub const KINDS: [&str; 19] = [
    "request_uri",
    "code",
    "access_token",
    "refresh_token",
    "id_token",
    "token_hash",
    "ticket",
    "nonce",
    "challenge",
    "assertion",
    "registered",
    "registrant",
    "registration_token",
    "api_token",
    "client",
    "application",
    "number",
    "subject",
    "proof",
];

/// A running server with both.
#[derive(Debug)]
pub struct Neighbours {
    server: Server,
    http: RefCell<Http>,
    key: ClientKey,
    /// One verifier for every code, so that only the code decides.
    attempt: Attempt,
    /// Of the one user of each tenant.
    browsers: RefCell<HashMap<&'static str, Browser>>,
}

/// One of them.
#[derive(Clone, Copy, Debug)]
pub struct Tenant<'a> {
    site: &'a Neighbours,
    /// Its name.
    pub name: &'static str,
    service: &'static str,
    environment: &'static str,
}

/// Something that was issued.
#[derive(Clone, Debug)]
pub struct Artefact {
    /// Of [`KINDS`].
    pub kind: &'static str,
    /// What is shown.
    pub value: String,
    /// What is shown beside it, such as the secret of a client; of an assertion its like for an issuer that nobody is.
    pub secret: String,
}

impl Neighbours {
    /// Starts it.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn start() -> Self {
        let key = ClientKey::generate();
        let server = "version = 1\n[server]\nmode = \"dev\"\nlisten = \"127.0.0.1:@PORT@\"\n\
                      public_url = \"http://127.0.0.1:@PORT@\"\ndata_dir = \"@DIR@\"\n\
                      rate = { failures_per_minute = 0, registrations_per_minute = 100000 }\n";
        let keys = json!({ "keys": [key.public_jwk()] }).to_string();
        let hash = Binary::hash_password(ALICE.password);
        let tenant = |name: &str, service: &str, environment: &str| {
            let text = include_str!("../../data/neighbours.toml").replace("@TENANT@", name);
            let text = text.replace("@SERVICE@", service).replace("@ENVIRONMENT@", environment);
            text.replace("@JWKS@", &keys).replace("@HASH@", &hash)
        };
        let config = [NORTH, SOUTH].map(|(name, service, environment)| tenant(name, service, environment)).concat();
        let server = Server::start(&format!("{server}{config}"));
        let http = RefCell::new(Http::to(server.address()));
        Self { server, http, key, attempt: Attempt::new(), browsers: RefCell::default() }
    }

    /// The one whose artefacts are tried elsewhere.
    #[must_use]
    pub fn north(&self) -> Tenant<'_> {
        self.tenant(NORTH)
    }

    /// The one where they are tried.
    #[must_use]
    pub fn south(&self) -> Tenant<'_> {
        self.tenant(SOUTH)
    }

    /// Its server.
    #[must_use]
    pub fn server(&self) -> &Server {
        &self.server
    }

    fn tenant(&self, (name, service, environment): (&'static str, &'static str, &'static str)) -> Tenant<'_> {
        Tenant { site: self, name, service, environment }
    }

    /// Sends a request.
    ///
    /// # Panics
    /// When the connection breaks.
    pub fn send(&self, request: &Request) -> Response {
        self.http.borrow_mut().send(request).expect("an answer")
    }
}

const NORTH: (&str, &str, &str) = ("north", "21653835348762", "6f2c8f5e-5a0e-4c07-9e0b-0d6a4be1c7d4");
/// The environment of neither.
const NOBODY: &str = "00000000-0000-4000-8000-000000000000";
const SOUTH: (&str, &str, &str) = ("south", "21653835348763", "11111111-2222-4333-8444-555555555555");

impl Tenant<'_> {
    /// What stands before the paths of a dialect.
    ///
    /// # Panics
    /// When there is no such dialect.
    #[must_use]
    pub fn base(&self, dialect: &str) -> String {
        match dialect {
            "standard" => format!("/{}", self.name),
            "ibm-verify" => format!("/{}-verify", self.name),
            "autional" => format!("/{}-autional", self.name),
            "pingone" => format!("/{}", self.environment),
            "pingone-management" => format!("/v1/environments/{}", self.environment),
            "authlete" => format!("/api/{}", self.service),
            other => panic!("no mount of {other}"),
        }
    }

    fn issuer(&self, dialect: &str) -> String {
        let url = self.site.server.url();
        match dialect {
            "ibm-verify" => format!("{url}{}/oauth2", self.base(dialect)),
            "pingone" => format!("{url}{}/as", self.base(dialect)),
            "authlete" => format!("{url}/{}-authlete", self.name),
            other => format!("{url}{}", self.base(other)),
        }
    }

    /// The token of whoever manages it.
    #[must_use]
    pub fn api_token(&self) -> String {
        format!("token-of-{}-for-tests-only", self.name)
    }

    fn subject(&self) -> String {
        format!("person-of-the-{}", self.name)
    }

    /// Asks a back-end API; JSON where there is a body.
    pub fn manage(&self, dialect: &str, method: &str, path: &str, body: Option<&Value>) -> Response {
        let request = Request::new(method, &format!("{}{path}", self.base(dialect))).bearer(&self.api_token());
        let request = match body {
            Some(body) => request.header("Content-Type", "application/json").body(body.to_string()),
            None => request,
        };
        self.site.send(&request)
    }

    fn managed(&self, dialect: &str, path: &str, body: &Value) -> Value {
        let response = self.manage(dialect, "POST", path, Some(body));
        assert!(response.status < 300, "{path}: {}", response.text());
        response.json()
    }

    fn form(&self, path: &str, fields: &[(&str, &str)]) -> Response {
        self.site.send(&Request::form(&format!("/{}{path}", self.name), fields))
    }

    /// The parameters of an authorization request, but for the client.
    fn parameters(&self) -> String {
        format!(
            "response_type=code&redirect_uri=https%3A%2F%2Fapp.example%2Fcb&scope=openid%20profile%20offline_access&state=state-123&\
             nonce=nonce-123&code_challenge={}&code_challenge_method=S256",
            self.site.attempt.challenge()
        )
    }

    /// Something fresh of this kind; what is signed is for this dialect's mount.
    ///
    /// # Panics
    /// When it is not issued.
    #[must_use]
    pub fn issue(&self, kind: &'static str, dialect: &str) -> Artefact {
        let (value, secret) = match kind {
            "request_uri" => (self.request_uri(), String::new()),
            "ticket" => (self.ticket(), String::new()),
            "code" => (self.code(), String::new()),
            "access_token" => (self.tokens("accessToken"), String::new()),
            "refresh_token" => (self.tokens("refreshToken"), String::new()),
            "id_token" if dialect == "authlete" => (self.tokens("idToken"), String::new()),
            "id_token" => (self.id_token(dialect), String::new()),
            "token_hash" => (self.token_hash(), String::new()),
            "nonce" | "proof" => (text(&self.nonce(), "nonce"), String::new()),
            "challenge" => (text(&self.form("/challenge", &[]).json(), "attestation_challenge"), String::new()),
            "assertion" => {
                let issuer = self.issuer(dialect);
                let nobody = issuer.replace(self.name, "nobod").replace(self.environment, NOBODY);
                (self.site.key.assertion("app-key", &issuer), self.site.key.assertion("app-key", &nobody))
            }
            "registered" => self.register("registration_access_token"),
            "registrant" => self.register("client_secret"),
            "registration_token" => {
                let (id, token) = self.register("registration_access_token");
                (token, id)
            }
            "api_token" => (self.api_token(), String::new()),
            "client" => self.client(),
            "application" => self.application(),
            "number" => self.number(),
            "subject" => {
                self.code();
                (self.subject(), String::new())
            }
            other => panic!("nothing issues {other}"),
        };
        assert!(value.len() >= 14, "{kind}: {value}");
        Artefact { kind, value, secret }
    }

    /// `app`, authenticated, pushes.
    fn request_uri(&self) -> String {
        let body = format!("client_id=app&client_secret={SECRET}&{}", self.parameters());
        let request = Request::new("POST", &format!("/{}/par", self.name));
        let response = self.site.send(&request.header("Content-Type", "application/x-www-form-urlencoded").body(body));
        text(&response.json(), "request_uri")
    }

    fn ticket(&self) -> String {
        let parameters = format!("client_id=app&request_uri={}", self.request_uri());
        text(&self.managed("authlete", "/auth/authorization", &json!({ "parameters": parameters })), "ticket")
    }

    fn code(&self) -> String {
        let issue = json!({ "ticket": self.ticket(), "subject": self.subject() });
        text(&self.managed("authlete", "/auth/authorization/issue", &issue), "authorizationCode")
    }

    fn tokens(&self, member: &str) -> String {
        let (verifier, code) = (&self.site.attempt.verifier, self.code());
        let parameters = format!(
            "grant_type=authorization_code&code={code}&redirect_uri={REDIRECT_URI}&code_verifier={verifier}&\
             client_id=app&client_secret={SECRET}"
        );
        text(&self.managed("authlete", "/auth/token", &json!({ "parameters": parameters })), member)
    }

    /// Of its user, who logs in once; from a mount of this dialect, since an issuer is a mount's.
    fn id_token(&self, dialect: &str) -> String {
        let (base, [par, authorize, token]) = match dialect {
            "ibm-verify" => (self.base(dialect), ["/oauth2/par", "/oauth2/authorize", "/oauth2/token"]),
            "pingone" => (self.base(dialect), ["/as/par", "/as/authorize", "/as/token"]),
            "autional" => (self.base(dialect), ["/oauth/pushed-authorization", "/oauth/authorize", "/oauth/token"]),
            _ => (self.base("standard"), ["/par", "/authorize", "/token"]),
        };
        let send = |path: &str, body: String| {
            let request = Request::new("POST", &format!("{base}{path}"));
            self.site.send(&request.header("Content-Type", "application/x-www-form-urlencoded").body(body)).json()
        };
        let app = format!("client_id=app&client_secret={SECRET}");
        let pushed = send(par, format!("{app}&{}", self.parameters()));
        let url = format!(
            "{}{base}{authorize}?client_id=app&request_uri={}",
            self.site.server.url(),
            text(&pushed, "request_uri")
        );
        let mut browsers = self.site.browsers.borrow_mut();
        let browser = browsers.entry(self.name).or_insert_with(|| Browser::new(self.site.server.address()));
        let code = browser.approve(&url, ALICE).expect("a landing").callback().get("code").expect("a code");
        let redeem = format!(
            "{app}&grant_type=authorization_code&code={code}&redirect_uri={REDIRECT_URI}&code_verifier={}",
            self.site.attempt.verifier
        );
        text(&send(token, redeem), "id_token")
    }

    /// By this name a token can be ended; of a client that has no other.
    fn token_hash(&self) -> String {
        let (number, _) = self.number();
        let create = json!({ "grantType": "CLIENT_CREDENTIALS", "clientIdentifier": number });
        self.managed("authlete", "/auth/token/create", &create);
        let list = self.manage("authlete", "GET", &format!("/auth/token/get/list?clientIdentifier={number}"), None);
        text(&list.json()["accessTokens"][0], "accessTokenHash")
    }

    fn nonce(&self) -> Value {
        self.site.send(&Request::get(&format!("{}/oauth/dpop/nonce", self.base("autional")))).json()
    }

    fn register(&self, secret: &str) -> (String, String) {
        let metadata = json!({
            "redirect_uris": [REDIRECT_URI], "scope": "openid profile offline_access",
            "token_endpoint_auth_method": "client_secret_post",
        });
        let answer = self.site.send(&Request::json(&format!("/{}/register", self.name), &metadata)).json();
        (text(&answer, "client_id"), text(&answer, secret))
    }

    fn client(&self) -> (String, String) {
        let wanted = json!({
            "name": "Shop", "redirect_uris": [REDIRECT_URI], "is_confidential": true,
            "scopes": ["openid", "profile", "offline_access"],
        });
        let answer = self.managed("autional", "/admin/oauth/clients", &wanted);
        (text(&answer["data"], "client_id"), text(&answer["data"], "client_secret"))
    }

    fn application(&self) -> (String, String) {
        let wanted = json!({
            "name": "Shop", "enabled": true, "type": "WEB_APP", "protocol": "OPENID_CONNECT",
            "tokenEndpointAuthMethod": "CLIENT_SECRET_POST", "grantTypes": ["AUTHORIZATION_CODE", "REFRESH_TOKEN"],
            "responseTypes": ["CODE"], "redirectUris": [REDIRECT_URI],
        });
        let id = text(&self.managed("pingone-management", "/applications", &wanted), "id");
        let secret = self.manage("pingone-management", "GET", &format!("/applications/{id}/secret"), None);
        (id, text(&secret.json(), "secret"))
    }

    /// A client of Authlete's API.
    fn number(&self) -> (String, String) {
        let wanted = json!({
            "clientName": "Shop", "redirectUris": [REDIRECT_URI], "clientType": "CONFIDENTIAL",
            "tokenAuthMethod": "CLIENT_SECRET_POST",
            "grantTypes": ["AUTHORIZATION_CODE", "REFRESH_TOKEN", "CLIENT_CREDENTIALS"], "responseTypes": ["CODE"],
            "extension": { "requestableScopesEnabled": true, "requestableScopes": ["openid", "profile", "offline_access"] },
        });
        let answer = self.managed("authlete", "/client/create", &wanted);
        (answer["clientId"].to_string(), text(&answer, "clientSecret"))
    }

    /// What it knows: its clients and its tokens, as its own interfaces list them.
    #[must_use]
    pub fn state(&self) -> Vec<(&'static str, Value)> {
        let listed = |dialect, path| self.manage(dialect, "GET", path, None).json();
        vec![
            ("service", listed("authlete", "/service/get")),
            ("clients", listed("authlete", "/client/get/list?end=10000")),
            ("tokens", listed("authlete", "/auth/token/get/list?end=10000")),
            ("applications", listed("pingone-management", "/applications")),
            ("consents", listed("authlete", &format!("/client/granted_scopes/get/app?subject={}", self.subject()))),
        ]
    }
}

fn text(answer: &Value, member: &str) -> String {
    answer[member].as_str().unwrap_or_else(|| panic!("no {member}: {answer}")).to_owned()
}
