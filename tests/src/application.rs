//! The relying party's side of one authorization: push, wait for the callback, redeem.

use std::io;

use aws_lc_rs::digest::{SHA256, digest};
use serde_json::Value;
use url::Url;

use crate::browser::Callback;
use crate::client_key::ClientKey;
use crate::mount::Mount;
use crate::request::Request;
use crate::wire::{Http, Response};
use crate::{base64, dice};

/// `client_assertion_type` (RFC 7523 section 2.2).
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// How a client proves who it is.
#[derive(Clone, Copy, Debug)]
pub enum Credential<'a> {
    /// It does not.
    None,
    /// `client_secret_basic`.
    SecretBasic(&'a str),
    /// `client_secret_post`.
    SecretPost(&'a str),
    /// `private_key_jwt`; the audience is the mount's issuer.
    PrivateKey(&'a ClientKey),
}

/// One registered client.
#[derive(Clone, Copy, Debug)]
pub struct Application<'a> {
    /// Its `client_id`.
    pub client_id: &'a str,
    /// What it authenticates with.
    pub credential: Credential<'a>,
    /// Its redirect URI.
    pub redirect_uri: &'a str,
    /// What it asks for.
    pub scope: &'a str,
}

/// What the client keeps between the push and the callback.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// PKCE verifier (RFC 7636 section 4.1).
    pub verifier: String,
    /// `state`.
    pub state: String,
    /// `nonce`.
    pub nonce: String,
}

/// A push that was answered with 201.
#[derive(Clone, Debug)]
pub struct Pushed {
    /// What the client keeps.
    pub attempt: Attempt,
    /// `request_uri`.
    pub request_uri: String,
    /// `expires_in`.
    pub lifetime_s: u64,
    /// The address to send the browser to.
    pub url: String,
}

impl Attempt {
    /// Fresh secrets.
    #[must_use]
    pub fn new() -> Self {
        Self { verifier: dice::secret(), state: dice::secret(), nonce: dice::secret() }
    }

    /// The S256 code challenge (RFC 7636 section 4.2).
    #[must_use]
    pub fn challenge(&self) -> String {
        base64::url_safe(digest(&SHA256, self.verifier.as_bytes()).as_ref())
    }
}

impl Default for Attempt {
    fn default() -> Self {
        Self::new()
    }
}

impl Application<'_> {
    /// The parameters of an ordinary authorization request, `client_id` included.
    #[must_use]
    pub fn parameters(&self, attempt: &Attempt) -> Vec<(String, String)> {
        let challenge = attempt.challenge();
        let parameters = [
            ("response_type", "code"),
            ("client_id", self.client_id),
            ("redirect_uri", self.redirect_uri),
            ("scope", self.scope),
            ("state", &attempt.state),
            ("nonce", &attempt.nonce),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        parameters.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
    }

    /// The push as a request, the credential included.
    #[must_use]
    pub fn push_request(&self, mount: &Mount, attempt: &Attempt) -> Request {
        self.authenticated(mount, &mount.par, self.parameters(attempt))
    }

    /// Pushes and insists on 201.
    ///
    /// # Errors
    /// The connection's.
    ///
    /// # Panics
    /// When the answer is not 201 with a `request_uri` and `expires_in`; the message shows it.
    pub fn push(&self, http: &mut Http, mount: &Mount) -> io::Result<Pushed> {
        let attempt = Attempt::new();
        let response = http.send(&self.push_request(mount, &attempt))?;
        assert_eq!(response.status, 201, "push at {}: {}", mount.par, response.text());
        let body = response.json();
        let request_uri = body["request_uri"].as_str().expect("request_uri is text").to_owned();
        let lifetime_s = body["expires_in"].as_u64().expect("expires_in is a number");
        let url = self.authorize_url(mount, &request_uri);
        Ok(Pushed { attempt, request_uri, lifetime_s, url })
    }

    /// The address that sends a browser to a pushed request (RFC 9126 section 4).
    ///
    /// # Panics
    /// When the mount has no proper URL.
    #[must_use]
    pub fn authorize_url(&self, mount: &Mount, request_uri: &str) -> String {
        let pairs = [("client_id", self.client_id), ("request_uri", request_uri)];
        Url::parse_with_params(&mount.authorize, pairs).expect("a URL").into()
    }

    /// Sends the code to the token endpoint.
    ///
    /// # Errors
    /// The connection's.
    pub fn redeem(&self, http: &mut Http, mount: &Mount, code: &str, verifier: &str) -> io::Result<Response> {
        let parameters = [
            ("grant_type", "authorization_code"),
            ("client_id", self.client_id),
            ("code", code),
            ("redirect_uri", self.redirect_uri),
            ("code_verifier", verifier),
        ];
        let owned = parameters.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        http.send(&self.authenticated(mount, &mount.token, owned))
    }

    /// Judges a callback as a careful client does, redeems its code and returns the token response.
    ///
    /// # Errors
    /// The connection's.
    ///
    /// # Panics
    /// When `state` or `iss` is not what it must be, there is no code, or the token endpoint refuses.
    pub fn finish(&self, http: &mut Http, mount: &Mount, pushed: &Pushed, callback: &Callback) -> io::Result<Value> {
        assert!(callback.is_at(self.redirect_uri), "sent to {}", callback.url);
        assert_eq!(callback.get("state").as_deref(), Some(pushed.attempt.state.as_str()), "state");
        assert_eq!(callback.get("iss").as_deref(), Some(mount.issuer.as_str()), "iss");
        let code = callback.get("code").unwrap_or_else(|| panic!("no code in {}", callback.url));
        let response = self.redeem(http, mount, &code, &pushed.attempt.verifier)?;
        assert_eq!(response.status, 200, "token: {}", response.text());
        Ok(response.json())
    }

    fn authenticated(&self, mount: &Mount, endpoint: &str, mut fields: Vec<(String, String)>) -> Request {
        match self.credential {
            Credential::None | Credential::SecretBasic(_) => {}
            Credential::SecretPost(secret) => fields.push(("client_secret".to_owned(), secret.to_owned())),
            Credential::PrivateKey(key) => {
                fields.push(("client_assertion_type".to_owned(), JWT_BEARER.to_owned()));
                fields.push(("client_assertion".to_owned(), key.assertion(self.client_id, &mount.issuer)));
            }
        }
        let pairs: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let request = Request::form(endpoint, &pairs);
        match self.credential {
            Credential::SecretBasic(secret) => request.basic(self.client_id, secret),
            Credential::None | Credential::SecretPost(_) | Credential::PrivateKey(_) => request,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_the_one_of_rfc_7636_appendix_b() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".to_owned();
        let attempt = Attempt { verifier, state: String::new(), nonce: String::new() };
        assert_eq!(attempt.challenge(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }
}
