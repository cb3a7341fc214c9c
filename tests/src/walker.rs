//! An application of a PingOne environment: how it shows who it is, and how it walks from the push to the revocation.

use aws_lc_rs::hmac;
use serde_json::{Value, json};
use url::Url;

use crate::application::Attempt;
use crate::base64;
use crate::browser::Browser;
use crate::client_key::{ClientKey, unix_s};
use crate::dice;
use crate::environment::{Environment, REDIRECT_URI};
use crate::mount::Mount;
use crate::request::Request;
use crate::site::ALICE;
use crate::wire::Response;

const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// How an application shows who it is: the vendor's five methods.
#[derive(Debug)]
pub enum Shown<'a> {
    /// It does not.
    Nothing,
    /// Its secret, in the header.
    Basic(&'a str),
    /// Its secret, in the form.
    Posted(&'a str),
    /// A JWT made with its secret.
    SecretJwt(&'a str),
    /// A JWT made with its key.
    KeyJwt(&'a ClientKey),
}

/// An application that uses a mount.
#[derive(Debug)]
pub struct Walker<'a> {
    /// Where it was made.
    pub environment: &'a Environment,
    /// Where it goes.
    pub mount: Mount,
    /// Its `client_id`.
    pub id: &'a str,
    /// How it shows who it is.
    pub shown: Shown<'a>,
}

/// A JWT over these claims, made with a secret.
#[must_use]
pub fn hs256(secret: &str, claims: &Value) -> String {
    let input =
        format!("{}.{}", base64::url_safe(br#"{"alg":"HS256"}"#), base64::url_safe(claims.to_string().as_bytes()));
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), input.as_bytes());
    format!("{input}.{}", base64::url_safe(tag.as_ref()))
}

impl Walker<'_> {
    /// Sends a form with the credential; a JWT names the client alone.
    ///
    /// # Panics
    /// When the server does otherwise than it must.
    #[must_use]
    pub fn send(&self, endpoint: &str, fields: &[(&str, &str)]) -> Response {
        let claims = |audience: &str| {
            let jti = dice::secret();
            json!({ "iss": self.id, "sub": self.id, "aud": audience, "exp": unix_s().saturating_add(3500), "jti": jti })
        };
        let mut fields: Vec<(&str, String)> = fields.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        let mut assert = |assertion: String| {
            fields.extend([("client_assertion", assertion), ("client_assertion_type", JWT_BEARER.to_owned())]);
        };
        match &self.shown {
            Shown::SecretJwt(secret) => assert(hs256(secret, &claims(&self.mount.token))),
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

    /// Pushes the usual request.
    #[must_use]
    pub fn push(&self, attempt: &Attempt) -> Response {
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

    /// Where a browser goes with it.
    ///
    /// # Panics
    /// When the server does otherwise than it must.
    #[must_use]
    pub fn authorize_url(&self, request_uri: &str) -> String {
        let pairs = [("client_id", self.id), ("request_uri", request_uri), ("prompt", "login")];
        Url::parse_with_params(&self.mount.authorize, pairs).unwrap().into()
    }

    /// From the push to the revocation.
    ///
    /// # Panics
    /// When the server does otherwise than it must.
    pub fn walk(&self) {
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

/// The OAuth family of errors: the request is named in the description. Gives what is said.
///
/// # Panics
/// When it is another answer.
pub fn refused(response: &Response, status: u16, error: &str) -> String {
    let body = response.json();
    assert_eq!((response.status, &body["error"]), (status, &json!(error)), "{body}");
    let description = body["error_description"].as_str().unwrap();
    let said = description.strip_prefix("Request denied: ").unwrap();
    let (said, id) = said.strip_suffix(')').unwrap().split_once(" (Correlation ID: ").unwrap();
    assert_eq!((id.len(), id.matches('-').count()), (36, 4), "{description}");
    assert_eq!(body.as_object().unwrap().len(), 2, "{body}");
    said.to_owned()
}
