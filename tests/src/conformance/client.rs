//! One of the two clients of a plan: how its requests look when nothing is wrong with them, and how it reads answers.

use serde_json::{Value, json};
use url::Url;

use super::call::{Call, nonce_wanted, with_nonce};
use super::callback::Answer;
use super::signed_jwt::{Jwt, now_s};
use super::site::{PERSON, Site, key};
use crate::application::Attempt;
use crate::browser::{Browser, Landing};
use crate::dice;
use crate::request::Request;
use crate::spec::certificates::{self, Identity};
use crate::spec::keys::Key;
use crate::wire::Response;

/// A client.
#[derive(Clone)]
pub struct Client<'s> {
    /// The server.
    pub site: &'s Site,
    /// `client_id`.
    pub id: &'static str,
    /// What it signs with.
    pub key: &'static Key,
    /// What its proofs are signed with.
    pub dpop_key: &'static Key,
    /// Its certificate, wherever it has to show one.
    pub identity: &'static Identity,
    /// Its redirect URI.
    pub redirect_uri: String,
    /// What it asks for.
    pub scope: &'static str,
    /// Which endpoint its tokens are shown to; none is the demo resource.
    pub resource_endpoint: Option<&'static str>,
}

/// A pushed request that waits for the browser.
pub struct Pushed {
    /// What the client keeps.
    pub attempt: Attempt,
    /// `request_uri`.
    pub request_uri: String,
}

/// Where an access token goes, and how.
pub struct Shown<'t> {
    /// The token.
    pub token: &'t str,
    /// The scheme of the header.
    pub scheme: &'static str,
    /// The proof.
    pub proof: Option<Jwt>,
    /// The certificate.
    pub certificate: Option<&'static Identity>,
    /// Further headers.
    pub headers: Vec<(&'static str, String)>,
}

impl<'s> Client<'s> {
    /// The client of that name.
    pub(super) fn new(site: &'s Site, id: &'static str) -> Self {
        let (key_name, dpop_key, identity, path) = match id {
            "second" => ("second", "thief", "app-self", "/cb?dummy1=lorem&dummy2=ipsum"),
            _ => ("main", "holder", "app-tls", "/cb"),
        };
        Self {
            site,
            id,
            key: key(key_name),
            dpop_key: key(dpop_key),
            identity: certificates::all().get(identity),
            redirect_uri: format!("https://{id}.client.example{path}"),
            scope: "openid profile",
            resource_endpoint: None,
        }
    }

    /// A call with the client's credential and its proof of possession, and no parameters.
    #[must_use]
    pub fn call(&self, endpoint: &str) -> Call<'s> {
        let plan = self.site.plan;
        // At PAR a certificate is needed by who authenticates with it, and by nobody else.
        let shows = if endpoint.starts_with("pushed") { !plan.asserts() } else { plan.shows_certificates() };
        let url = if shows { self.site.aliased(endpoint) } else { self.site.url(endpoint) }.to_owned();
        Call {
            site: self.site,
            parameters: Vec::new(),
            object: None,
            form: if plan.asserts() { Vec::new() } else { vec![("client_id".to_owned(), self.id.to_owned())] },
            assertion: plan.asserts().then(|| self.assertion()),
            proof: plan.is_dpop().then(|| Jwt::proof(self.dpop_key, "POST", &url)),
            certificate: shows.then_some(self.identity),
            url,
        }
    }

    /// A client assertion as the suite makes it: `exp` in 60 seconds, `nbf` and `iat` now.
    #[must_use]
    pub fn assertion(&self) -> Jwt {
        let now = now_s();
        Jwt::new(
            self.key,
            json!({
                "iss": self.id, "sub": self.id, "aud": self.site.issuer(), "jti": dice::secret(),
                "iat": now, "nbf": now, "exp": now + 60,
            }),
        )
    }

    /// The push of an ordinary authorization request.
    #[must_use]
    pub fn push(&self, attempt: &Attempt) -> Call<'s> {
        let plan = self.site.plan;
        let mut call = self.call("pushed_authorization_request_endpoint");
        for (name, value) in [
            ("response_type", plan.response_type()),
            ("client_id", self.id),
            ("redirect_uri", &self.redirect_uri),
            ("scope", self.scope),
            ("state", &attempt.state),
            ("nonce", &attempt.nonce),
            ("code_challenge", &attempt.challenge()),
            ("code_challenge_method", "S256"),
        ] {
            call.set(name, value);
        }
        if plan.signs_responses() {
            call.set("response_mode", "jwt");
        }
        if plan.signs_requests() {
            let now = now_s();
            let claims = json!({
                "iss": self.id, "aud": self.site.issuer(), "jti": dice::secret(),
                "iat": now, "nbf": now, "exp": now + 300,
            });
            let mut object = Jwt::new(self.key, claims);
            // The suite's second client says what kind of token it is.
            if self.id == "second" {
                object.header["typ"] = "oauth-authz-req+jwt".into();
            }
            call.object = Some(object);
        } else {
            call.form.clear();
        }
        call
    }

    /// Pushes, and insists on 201.
    ///
    /// # Panics
    /// When it is another answer.
    #[must_use]
    pub fn pushed(&self) -> Pushed {
        self.pushed_with(|_| {})
    }

    /// Pushes something a little different, and insists on 201.
    ///
    /// # Panics
    /// When it is another answer.
    #[must_use]
    pub fn pushed_with(&self, change: impl FnOnce(&mut Call<'s>)) -> Pushed {
        let attempt = Attempt::new();
        let mut call = self.push(&attempt);
        change(&mut call);
        let response = call.send();
        assert_eq!(response.status, 201, "push: {}", response.text());
        let request_uri = response.json()["request_uri"].as_str().expect("request_uri").to_owned();
        Pushed { attempt, request_uri }
    }

    /// The address that sends a browser to a pushed request.
    ///
    /// # Panics
    /// When the server has no proper URL.
    #[must_use]
    pub fn authorize_url(&self, request_uri: &str) -> String {
        let pairs = [("client_id", self.id), ("request_uri", request_uri)];
        Url::parse_with_params(self.site.url("authorization_endpoint"), pairs).expect("a URL").into()
    }

    /// Goes through login and consent, and reads what came back.
    ///
    /// # Panics
    /// When it ends on a page, or the answer is not what it must be.
    #[must_use]
    pub fn approved(&self, pushed: &Pushed) -> Answer {
        let landing = self.walk(&self.authorize_url(&pushed.request_uri), "allow");
        Answer::read(self, landing).unwrap_or_else(|found| panic!("{found}"))
    }

    /// Goes to an address, logs in if asked to, and presses a button if there is one.
    ///
    /// # Panics
    /// When the server does not answer.
    #[must_use]
    pub fn walk(&self, url: &str, button: &str) -> Landing {
        let mut browser: Browser = self.site.browser();
        let landing = match button {
            "allow" => browser.approve(url, PERSON),
            _ => browser.deny(url, PERSON),
        };
        self.site.keep(browser);
        landing.expect("the server answers")
    }

    /// A request to redeem a code.
    #[must_use]
    pub fn redemption(&self, code: &str, attempt: &Attempt) -> Call<'s> {
        let mut call = self.call("token_endpoint");
        call.set("grant_type", "authorization_code");
        call.set("code", code);
        call.set("redirect_uri", &self.redirect_uri);
        call.set("code_verifier", &attempt.verifier);
        call
    }

    /// A request to refresh.
    #[must_use]
    pub fn refreshing(&self, refresh_token: &str) -> Call<'s> {
        let mut call = self.call("token_endpoint");
        call.set("grant_type", "refresh_token");
        call.set("refresh_token", refresh_token);
        call
    }

    /// A code, and what it is redeemed with.
    #[must_use]
    pub fn code(&self) -> (String, Attempt) {
        let pushed = self.pushed();
        let answer = self.approved(&pushed);
        (answer.code(), pushed.attempt)
    }

    /// Everything up to the tokens.
    ///
    /// # Panics
    /// When there are none.
    #[must_use]
    pub fn tokens(&self) -> Value {
        let (code, attempt) = self.code();
        let response = self.redemption(&code, &attempt).send();
        assert_eq!(response.status, 200, "token: {}", response.text());
        response.json()
    }

    /// Where the protected resource is for this client.
    #[must_use]
    pub fn resource_url(&self) -> String {
        match (self.resource_endpoint, self.site.plan.is_dpop()) {
            (Some(endpoint), true) => self.site.url(endpoint).to_owned(),
            (Some(endpoint), false) => self.site.aliased(endpoint).to_owned(),
            (None, true) => format!("{}/resource", self.site.issuer()),
            (None, false) => format!("{}/resource", self.site.alias()),
        }
    }

    /// A token as it must be shown.
    #[must_use]
    pub fn shown<'t>(&self, token: &'t str) -> Shown<'t> {
        let is_dpop = self.site.plan.is_dpop();
        Shown {
            token,
            scheme: if is_dpop { "DPoP" } else { "Bearer" },
            proof: is_dpop.then(|| self.resource_proof(token)),
            certificate: (!is_dpop).then_some(self.identity),
            headers: Vec::new(),
        }
    }

    fn resource_proof(&self, token: &str) -> Jwt {
        let mut proof = Jwt::proof(self.dpop_key, "GET", &self.resource_url());
        let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, token.as_bytes());
        proof.claims["ath"] = crate::base64::url_safe(hash.as_ref()).into();
        proof
    }

    /// Calls the protected resource, once more where it wants its nonce.
    #[must_use]
    pub fn resource(&self, shown: &Shown<'_>) -> Response {
        let response = self.resource_once(shown, shown.proof.as_ref());
        match (&shown.proof, nonce_wanted(&response)) {
            (Some(proof), Some(nonce)) => self.resource_once(shown, Some(&with_nonce(proof, &nonce))),
            _ => response,
        }
    }

    /// The same, once and as it is.
    #[must_use]
    pub fn resource_once(&self, shown: &Shown<'_>, proof: Option<&Jwt>) -> Response {
        let url = self.resource_url();
        let mut request = Request::get(&url).header("Authorization", &format!("{} {}", shown.scheme, shown.token));
        for (name, value) in &shown.headers {
            request = request.header(name, value);
        }
        if let Some(proof) = proof {
            request = request.header("DPoP", &proof.signed());
        }
        self.site.send(&url, &request, shown.certificate)
    }
}
