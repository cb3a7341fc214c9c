//! An environment of the PingOne dialect, and whoever makes applications in it by the vendor's management API.

use serde_json::{Value, json};

use crate::application::Attempt;
use crate::binary::Binary;
use crate::mount::Mount;
use crate::request::Request;
use crate::server::Server;
use crate::site::{ALICE, PING_ENVIRONMENT};
use crate::wire::{Http, Response};

/// Who may make applications.
pub const ADMINISTRATOR: &str = "administrator-token-for-tests-only";

/// Who may look at them.
pub const VIEWER: &str = "viewer-token-for-tests-only";

/// Who may make them in another environment.
pub const STRANGER: &str = "stranger-token-for-tests-only";

/// The origin of an application's pages, where nothing else is said.
pub const PAGE: &str = "https://spa.example";

/// Where the responses of every application go.
pub const REDIRECT_URI: &str = "https://app.example/cb";

/// The server of `tests/data/pingone.toml`.
#[derive(Debug)]
pub struct Environment {
    /// The server.
    pub server: Server,
}

impl Environment {
    /// Starts it.
    ///
    /// # Panics
    /// When the server does not start.
    #[must_use]
    pub fn start() -> Self {
        Self::start_with_page(PAGE)
    }

    /// Starts it, for pages of this origin.
    ///
    /// # Panics
    /// When the server does not start.
    #[must_use]
    pub fn start_with_page(origin: &str) -> Self {
        Self::start_with_page_and_policy(origin, "")
    }

    /// Starts it, for pages of this origin and with these settings of a policy.
    ///
    /// # Panics
    /// When the server does not start.
    #[must_use]
    pub fn start_with_page_and_policy(origin: &str, policy: &str) -> Self {
        let hash = Binary::hash_password(ALICE.password);
        let places = [("@HASH@", hash.as_str()), ("@PAGE@", origin), ("@POLICY@", policy)];
        let config = include_str!("../data/pingone.toml").to_owned();
        Self { server: Server::start(&places.iter().fold(config, |text, (place, value)| text.replace(place, value))) }
    }

    /// Its endpoints, below its id.
    #[must_use]
    pub fn mount(&self) -> Mount {
        Mount::pingone(&format!("{}/{PING_ENVIRONMENT}", self.server.url()))
    }

    /// Its endpoints, at its custom domain.
    #[must_use]
    pub fn custom_domain(&self) -> Mount {
        Mount::pingone(&self.server.url())
    }

    /// A connection.
    #[must_use]
    pub fn http(&self) -> Http {
        Http::to(self.server.address())
    }

    /// Asks the management API; `below` is what stands behind `/applications`.
    ///
    /// # Panics
    /// When there is no answer.
    #[must_use]
    pub fn manage(&self, token: &str, method: &str, below: &str, body: Option<&Value>) -> Response {
        let target = format!("/v1/environments/{PING_ENVIRONMENT}/applications{below}");
        let request = Request::new(method, &target).bearer(token);
        let request = match body {
            Some(body) => request.header("Content-Type", "application/json").body(body.to_string()),
            None => request,
        };
        self.http().send(&request).expect("an answer")
    }

    /// Makes an application, like [`application`] but for what is in `more`.
    ///
    /// # Panics
    /// When it is not made.
    #[must_use]
    pub fn make(&self, more: &Value) -> Value {
        let response = self.manage(ADMINISTRATOR, "POST", "", Some(&application(more)));
        assert_eq!(response.status, 201, "{}", response.text());
        response.json()
    }

    /// The secret of an application.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn secret(&self, id: &str) -> String {
        let response = self.manage(ADMINISTRATOR, "GET", &format!("/{id}/secret"), None);
        assert_eq!(response.status, 200, "{}", response.text());
        response.json()["secret"].as_str().expect("a secret").to_owned()
    }

    /// Pushes a form.
    ///
    /// # Panics
    /// When there is no answer.
    #[must_use]
    pub fn push(&self, fields: &[(&str, &str)]) -> Response {
        self.http().send(&Request::form(&self.mount().par, fields)).expect("an answer")
    }
}

/// An application that sends its secret in the form, and an attempt of it to log somebody in.
#[derive(Debug)]
pub struct Shop<'a> {
    /// Where it is.
    pub environment: &'a Environment,
    /// Its id.
    pub id: String,
    /// Its secret.
    pub secret: String,
    /// What it keeps of the attempt.
    pub attempt: Attempt,
}

impl<'a> Shop<'a> {
    /// Makes it, like [`application`] but for what is in `more`.
    ///
    /// # Panics
    /// When it is not made, or has no secret.
    #[must_use]
    pub fn open(environment: &'a Environment, more: &Value) -> Self {
        let id = environment.make(more)["id"].as_str().expect("an id").to_owned();
        Self { environment, secret: environment.secret(&id), id, attempt: Attempt::new() }
    }

    /// Redeems a code.
    ///
    /// # Panics
    /// When there is no answer.
    #[must_use]
    pub fn redeem(&self, code: &str) -> Response {
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT_URI),
            ("code_verifier", &self.attempt.verifier),
            ("client_id", &self.id),
            ("client_secret", &self.secret),
        ];
        self.environment.http().send(&Request::form(&self.environment.mount().token, &fields)).expect("an answer")
    }
}

/// An ordinary application as the vendor writes it, with these members in place of its own.
#[must_use]
pub fn application(more: &Value) -> Value {
    let mut application = json!({
        "name": "Shop",
        "enabled": true,
        "type": "WEB_APP",
        "protocol": "OPENID_CONNECT",
        "tokenEndpointAuthMethod": "CLIENT_SECRET_POST",
        "grantTypes": ["AUTHORIZATION_CODE"],
        "responseTypes": ["CODE"],
        "redirectUris": [REDIRECT_URI],
    });
    if let (Some(members), Some(more)) = (application.as_object_mut(), more.as_object()) {
        members.extend(more.clone());
    }
    application
}

/// Holds an answer to the form of the platform's errors; gives code and target of the details.
///
/// # Panics
/// When it is another answer.
pub fn platform(response: &Response, status: u16, code: &str) -> Vec<(String, String)> {
    let body = response.json();
    assert_eq!((response.status, &body["code"]), (status, &json!(code)), "{body}");
    assert_eq!(body["id"].as_str().map(str::len), Some(36), "{body}");
    assert!(body["message"].is_string() && body.get("error").is_none(), "{body}");
    let text = |detail: &Value, name: &str| detail[name].as_str().unwrap().to_owned();
    let details = body["details"].as_array().into_iter().flatten();
    details.map(|detail| (text(detail, "code"), text(detail, "target"))).collect()
}
