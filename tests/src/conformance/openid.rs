//! The OpenID Connect plans in short: basic, implicit, hybrid, form_post, and the parameters that must cause no error.

use std::fs;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use rustls::ClientConfig;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde_json::{Value, json};
use url::{Url, form_urlencoded};

use super::Finding;
use super::signed_jwt::{Jwt, now_s, verified};
use super::site::{PERSON, key};
use crate::binary::Binary;
use crate::browser::{Browser, Landing};
use crate::document_host::{Document, host};
use crate::request::Request;
use crate::server::{Scheme, Server};
use crate::spec::certificates::tls_client_trusting;
use crate::wire::{Http, Response};
use crate::{base64, dice, ensure, html};

/// Every response type of the plans.
pub const RESPONSE_TYPES: [&str; 6] =
    ["code", "id_token", "id_token token", "code id_token", "code token", "code id_token token"];

const CALLBACK: &str = "https://client.example/cb?dummy1=lorem&dummy2=ipsum";
/// Where the client keeps its request objects, on the host of documents.
const REQUEST: &str = "/openid/request.jwt";
const SECRET: &str = "openid-client-secret-for-tests-0123456789";

/// A server with the profile `oidc`, whose keys sign with RS256, and a browser.
pub struct Provider {
    server: Server,
    tls: Arc<ClientConfig>,
    browser: Browser,
    metadata: Value,
    jwks: Value,
}

/// An authorization response.
pub type Parameters = Value;

impl Provider {
    /// Starts it.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn start() -> Self {
        let server = Server::start_speaking(&configuration(), Scheme::Https);
        let pem = fs::read(server.ca_file()).expect("the authority's certificate");
        let tls = tls_client_trusting(&CertificateDer::from_pem_slice(&pem).expect("a certificate"), None);
        let http = || Http::tls(server.address(), "127.0.0.1", Arc::clone(&tls));
        let get = |url: &str| http().send(&Request::get(url)).expect("an answer").json();
        let metadata = get(&format!("{}/op/.well-known/openid-configuration", server.url()));
        let jwks = get(metadata["jwks_uri"].as_str().expect("jwks_uri"));
        let browser = Browser::over(http(), &server.url());
        Self { tls, browser, metadata, jwks, server }
    }

    /// The metadata document.
    #[must_use]
    pub fn metadata(&self) -> &Value {
        &self.metadata
    }

    /// A browser in which nobody is logged in.
    pub fn forget(&mut self) {
        let http = Http::tls(self.server.address(), "127.0.0.1", Arc::clone(&self.tls));
        self.browser = Browser::over(http, &self.server.url());
    }

    fn url(&self, endpoint: &str) -> &str {
        self.metadata[endpoint].as_str().unwrap_or_else(|| panic!("no {endpoint} in the metadata"))
    }

    fn send(&self, request: &Request) -> Response {
        Http::tls(self.server.address(), "127.0.0.1", Arc::clone(&self.tls)).send(request).expect("an answer")
    }

    /// Goes to the authorization endpoint with these parameters besides the usual ones.
    ///
    /// # Panics
    /// When there is no answer.
    pub fn authorize(&mut self, response_type: &str, more: &[(&str, &str)]) -> Landing {
        let mut pairs = vec![
            ("client_id", "app"),
            ("response_type", response_type),
            ("redirect_uri", CALLBACK),
            ("scope", "openid profile"),
            ("state", "the state"),
            ("nonce", "the nonce"),
        ];
        pairs.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
        pairs.extend(more.iter().filter(|(_, value)| !value.is_empty()));
        let url = Url::parse_with_params(self.url("authorization_endpoint"), pairs).expect("a URL");
        self.browser.approve(url.as_str(), PERSON).expect("an answer")
    }

    /// Goes there with a request object that is signed with RS256 and fetched (section 6.2): what has to stand beside its
    /// URL does, and state and nonce only in it.
    ///
    /// # Panics
    /// When there is no answer.
    pub fn authorize_by_reference(&mut self, response_type: &str, more: &[(&str, &str)]) -> Landing {
        let mut claims = json!({
            "iss": "app", "aud": self.metadata["issuer"], "client_id": "app", "response_type": response_type,
            "redirect_uri": CALLBACK, "scope": "openid profile", "state": "the state", "nonce": "the nonce",
            "iat": now_s(), "exp": now_s() + 300,
        });
        for (name, value) in more {
            claims[*name] = json!(value);
        }
        let object = Jwt { alg: "RS256", ..Jwt::new(key("rsa"), claims) };
        host().put(REQUEST, Document::new("application/jwt", object.signed()));
        let request_uri = request_uri();
        self.authorize(response_type, &[("request_uri", &request_uri), ("state", ""), ("nonce", "")])
    }

    /// A response that came to the client: by its query where that is the way, else by its fragment.
    ///
    /// # Errors
    /// It came in another way, or not at all.
    pub fn response(&self, response_type: &str, landing: Landing) -> Result<Parameters, String> {
        let callback = match landing {
            Landing::Callback(callback) => callback,
            Landing::Page(page) => return Err(format!("a page: {} {}", page.response.status, page.html())),
        };
        let rest = callback.url.as_str().strip_prefix(CALLBACK);
        let expected = if response_type == "code" { '&' } else { '#' };
        let rest = rest.and_then(|rest| rest.strip_prefix(expected));
        let rest = rest.ok_or(format!("sent to {}", callback.url))?;
        let parameters = read(rest);
        ensure!(parameters["state"] == "the state", "{parameters}");
        Ok(parameters)
    }

    /// Whether a response has what its type names and no more, and its tokens stand.
    ///
    /// # Errors
    /// What is wrong.
    pub fn holds(&self, response_type: &str, parameters: &Parameters) -> Finding {
        let names: Vec<&str> = response_type.split(' ').collect();
        for (name, member) in [("code", "code"), ("token", "access_token"), ("id_token", "id_token")] {
            ensure!(parameters[member].is_string() == names.contains(&name), "{member} in {parameters}");
        }
        if names.contains(&"token") {
            ensure!(parameters["token_type"] == "Bearer", "token_type in {parameters}");
            self.userinfo(parameters["access_token"].as_str().unwrap_or_default())?;
        }
        if let Some(id_token) = parameters["id_token"].as_str() {
            let claims = self.id_token(id_token)?;
            for (member, hash) in [("code", "c_hash"), ("access_token", "at_hash")] {
                let expected = parameters[member].as_str().map(half_digest);
                ensure!(claims[hash].as_str() == expected.as_deref(), "{hash} {} in {claims}", claims[hash]);
            }
        }
        if let Some(code) = parameters["code"].as_str() {
            let tokens = self.redeem_by_basic(code).json();
            self.id_token(tokens["id_token"].as_str().unwrap_or_default())?;
            self.userinfo(tokens["access_token"].as_str().unwrap_or_default())?;
        }
        Ok(())
    }

    /// Redeems a code with a secret in the header.
    #[must_use]
    pub fn redeem_by_basic(&self, code: &str) -> Response {
        let form = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", CALLBACK)];
        self.send(&Request::form(self.url("token_endpoint"), &form).basic("app", SECRET))
    }

    /// Redeems a code with a secret in the body.
    #[must_use]
    pub fn redeem_by_post(&self, code: &str) -> Response {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("client_id", "app-post"),
            ("client_secret", SECRET),
        ];
        self.send(&Request::form(self.url("token_endpoint"), &form))
    }

    /// Redeems a code with an assertion whose audience is the token endpoint (OpenID Connect Core section 9).
    #[must_use]
    pub fn redeem_with_assertion(&self, code: &str) -> Response {
        let claims = json!({
            "iss": "app-key", "sub": "app-key", "aud": self.url("token_endpoint"), "jti": dice::secret(), "exp": now_s() + 60,
        });
        let assertion = Jwt::new(key("main"), claims).signed();
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", &assertion),
        ];
        self.send(&Request::form(self.url("token_endpoint"), &form))
    }

    /// The claims of an ID token that stands.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn id_token(&self, id_token: &str) -> Result<Value, String> {
        let (header, claims) = verified(id_token, &self.jwks)?;
        ensure!(header["alg"] == "RS256", "alg {}", header["alg"]);
        ensure!(claims["iss"] == self.metadata["issuer"], "iss {}", claims["iss"]);
        ensure!(claims["nonce"] == "the nonce", "nonce {}", claims["nonce"]);
        ensure!(claims["exp"].as_i64() > Some(now_s()), "exp {}", claims["exp"]);
        Ok(claims)
    }

    fn userinfo(&self, token: &str) -> Finding {
        let url = self.url("userinfo_endpoint");
        let by_header = self.send(&Request::get(url).bearer(token));
        ensure!(by_header.status == 200 && by_header.json()["sub"].is_string(), "{}", by_header.text());
        let by_body = self.send(&Request::form(url, &[("access_token", token)]));
        ensure!(by_body.status == 200, "in the body: {}", by_body.text());
        Ok(())
    }

    /// The fields of a page that posts them to the client.
    ///
    /// # Errors
    /// It is another page.
    pub fn posted(&self, landing: Landing) -> Result<Parameters, String> {
        let page = landing.page();
        let form = html::forms(&page.html()).into_iter().find(|form| form.action.as_deref() == Some(CALLBACK));
        let form = form.ok_or(format!("no form for the client: {}", page.html()))?;
        ensure!(form.method == "post" && form.control("continue").is_some(), "{form:?}");
        let fields = form.fields("continue", &[]);
        Ok(fields.into_iter().map(|(name, value)| (name, json!(value))).collect())
    }

    /// Sends the usual parameters to the authorization endpoint by POST.
    #[must_use]
    pub fn authorize_by_post(&self) -> Response {
        let form = [
            ("client_id", "app"),
            ("response_type", "code"),
            ("redirect_uri", CALLBACK),
            ("scope", "openid"),
            ("state", "the state"),
        ];
        self.send(&Request::form(self.url("authorization_endpoint"), &form))
    }
}

fn request_uri() -> String {
    format!("https://{}{REQUEST}", host().authority("good"))
}

fn read(text: &str) -> Parameters {
    form_urlencoded::parse(text.as_bytes()).map(|(name, value)| (name.into_owned(), json!(value))).collect()
}

fn half_digest(text: &str) -> String {
    base64::url_safe(&digest(&SHA256, text.as_bytes()).as_ref()[..16])
}

fn configuration() -> String {
    let (hash, jwks) = (Binary::hash_password(PERSON.password), json!({ "keys": [key("main").jwk()] }));
    let (rsa, request_uri) = (json!({ "keys": [key("rsa").jwk()] }), request_uri());
    let fetch = toml::to_string(&host().fetch_section()).expect("a section");
    let username = PERSON.username;
    let client = |id: &str, method: &str, credential: &str| {
        format!(
            r#"
[[tenant.client]]
client_id = "{id}"
token_endpoint_auth_method = "{method}"
{credential}
redirect_uris = ["{CALLBACK}"]
response_types = {RESPONSE_TYPES:?}
scope = "openid profile email offline_access"
"#
        )
    };
    let clients = [
        client(
            "app",
            "client_secret_basic",
            &format!("client_secret = \"{SECRET}\"\njwks = '{rsa}'\nrequest_uris = [\"{request_uri}\"]"),
        ),
        client("app-post", "client_secret_post", &format!("client_secret = \"{SECRET}\"")),
        client("app-key", "private_key_jwt", &format!("jwks = '{jwks}'")),
    ]
    .concat();
    format!(
        r#"version = 1
[server]
mode = "dev"
listen = "127.0.0.1:@PORT@"
public_url = "http://127.0.0.1:@PORT@"
data_dir = "@DIR@"

[server.fetch]
{fetch}
[[tenant]]
id = "op"
profile = "oidc"
signing_alg = "RS256"

[[tenant.mount]]
dialect = "standard"
base_url = "http://127.0.0.1:@PORT@/op"
{clients}
[[tenant.user]]
username = "{username}"
password_hash = "{hash}"
claims = {{ name = "Alice" }}
"#
    )
}
