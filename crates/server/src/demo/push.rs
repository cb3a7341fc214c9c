//! One push of the demo: what is sent in which spelling, the same as a curl line, and what should come back.

use std::fmt::Write as _;
use std::path::Path;

use parhelion_engine::reference::sha256;
use parhelion_jose::{base64, base64url};
use parhelion_protocol::endpoint::Endpoint;
use serde_json::{Value, json};

use super::client::{HttpAnswer, HttpRequest};
use super::secrets::{Secrets, random_text};
use super::site::{BACKEND, CALLBACK_PATH, DemoTenant};
use super::{DemoFault, site};
use crate::config::Config;

/// How a request is put into a body, and where the client's secret is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spelling {
    /// A form; the secret in an `Authorization` header.
    FormWithBasic,
    /// A form with the secret in it.
    Form,
    /// A JSON object with the secret in it.
    Json,
    /// The client's form in a JSON object, sent by its authorization server.
    Envelope,
}

impl Spelling {
    pub(super) const fn auth_method(self) -> &'static str {
        match self {
            Self::FormWithBasic | Self::Envelope => "client_secret_basic",
            Self::Form | Self::Json => "client_secret_post",
        }
    }
}

/// A push, ready to be sent, and what follows it.
pub(super) struct Push {
    pub(super) tenant: &'static str,
    pub(super) name: &'static str,
    pub(super) request: HttpRequest,
    pub(super) state: String,
    pub(super) code_verifier: String,
    authorize_url: String,
    token: TokenCall,
    spelling: Spelling,
    curl: Curl,
}

struct TokenCall {
    url: String,
    redirect_uri: String,
    client_secret: String,
    spelling: Spelling,
}

/// The pushes of all tenants that the configuration still has.
pub(super) fn all(config: &Config, secrets: &Secrets, ca_file: Option<&Path>) -> Result<Vec<Push>, DemoFault> {
    let (tenants, curl) = (site::tenants(secrets), Curl::trusting(ca_file));
    let pushes = tenants.iter().filter_map(|tenant| Push::new(config, tenant, secrets, &curl).transpose());
    pushes.collect()
}

impl Push {
    fn new(config: &Config, tenant: &DemoTenant, secrets: &Secrets, curl: &Curl) -> Result<Option<Self>, DemoFault> {
        let Some(plan) = config.tenants.iter().find(|plan| plan.id == tenant.id) else { return Ok(None) };
        let push_mount = plan.mounts.iter().find(|mount| mount.dialect.name() == tenant.dialect);
        let page_mount = plan.mounts.iter().find(|mount| mount.has_pages());
        let (Some(push_mount), Some(page_mount)) = (push_mount, page_mount) else { return Ok(None) };
        let (push_urls, page_urls) = (push_mount.urls(), page_mount.urls());
        let url = |urls: &std::collections::BTreeMap<_, String>, endpoint| urls.get(&endpoint).cloned();
        let (Some(push_url), Some(authorize_url), Some(token_url)) =
            (url(&push_urls, Endpoint::Push), url(&page_urls, Endpoint::Authorize), url(&page_urls, Endpoint::Token))
        else {
            return Ok(None);
        };
        let redirect_uri = format!("{}{CALLBACK_PATH}", config.server.public_url.as_str());
        let (state, code_verifier) = (random_text::<12>()?, random_text::<32>()?);
        let parameters = parameters(&redirect_uri, &state, &code_verifier)?;
        Ok(Some(Self {
            tenant: tenant.id,
            name: tenant.name,
            request: spell(tenant.spelling, push_url, &parameters, secrets, curl),
            state,
            code_verifier,
            authorize_url,
            token: TokenCall {
                url: token_url,
                redirect_uri,
                client_secret: secrets.client_secret.clone(),
                spelling: tenant.spelling,
            },
            spelling: tenant.spelling,
            curl: curl.clone(),
        }))
    }

    /// The `request_uri` of an answer that is as it should be.
    pub(super) fn request_uri(&self, answer: &HttpAnswer) -> Option<String> {
        let body: Value = serde_json::from_str(&answer.body).ok()?;
        let (status, member) = match self.spelling {
            Spelling::FormWithBasic | Spelling::Form | Spelling::Json => (201, "request_uri"),
            Spelling::Envelope => (200, "requestUri"),
        };
        let is_created = self.spelling != Spelling::Envelope || body.get("action").is_some_and(|it| it == "CREATED");
        let request_uri = body.get(member)?.as_str()?;
        (answer.status == status && is_created).then(|| request_uri.to_owned())
    }

    /// How long it lives, in seconds.
    pub(super) fn expires_in_s(answer: &HttpAnswer) -> Option<u64> {
        let body: Value = serde_json::from_str(&answer.body).ok()?;
        let inner = body.get("responseContent").and_then(Value::as_str).map(serde_json::from_str::<Value>);
        let body = inner.transpose().ok()?.unwrap_or(body);
        body.get("expires_in")?.as_u64()
    }

    /// Where the browser goes with it.
    pub(super) fn authorize_url(&self, request_uri: &str) -> String {
        let query = form(&[("client_id", BACKEND), ("request_uri", request_uri)]);
        format!("{}?{query}", self.authorize_url)
    }

    /// The call that turns a code into tokens, as a curl line.
    pub(super) fn token_curl(&self, code: &str) -> String {
        let call = &self.token;
        let mut parameters = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &call.redirect_uri),
            ("code_verifier", &self.code_verifier),
        ];
        let mut options = Vec::new();
        match call.spelling.auth_method() {
            "client_secret_basic" => options.push(basic_option(&call.client_secret)),
            _ => parameters.extend([("client_id", BACKEND), ("client_secret", &call.client_secret)]),
        }
        options.extend(form_options(&parameters));
        self.curl.line(&call.url, &options)
    }
}

fn parameters(redirect_uri: &str, state: &str, verifier: &str) -> Result<Vec<(&'static str, String)>, DemoFault> {
    let challenge = base64url::encode(&sha256(&[verifier.as_bytes()]).0);
    Ok(vec![
        ("response_type", "code".to_owned()),
        ("client_id", BACKEND.to_owned()),
        ("redirect_uri", redirect_uri.to_owned()),
        ("scope", "openid profile".to_owned()),
        ("state", state.to_owned()),
        ("nonce", random_text::<12>()?),
        ("code_challenge", challenge),
        ("code_challenge_method", "S256".to_owned()),
    ])
}

fn spell(
    spelling: Spelling,
    url: String,
    parameters: &[(&'static str, String)],
    secrets: &Secrets,
    curl: &Curl,
) -> HttpRequest {
    let secret = secrets.client_secret.as_str();
    let pairs: Vec<(&str, &str)> = parameters.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let with_secret: Vec<(&str, &str)> = pairs.iter().copied().chain([("client_secret", secret)]).collect();
    match spelling {
        Spelling::FormWithBasic => {
            let credential = base64::encode(format!("{BACKEND}:{secret}").as_bytes());
            let options = [vec![basic_option(secret)], form_options(&pairs)].concat();
            let headers = vec![form_type(), ("Authorization", format!("Basic {credential}"))];
            HttpRequest { curl: curl.line(&url, &options), url, headers, body: form(&pairs) }
        }
        Spelling::Form => {
            let options = form_options(&with_secret);
            HttpRequest { curl: curl.line(&url, &options), url, headers: vec![form_type()], body: form(&with_secret) }
        }
        Spelling::Json => {
            let body =
                Value::Object(with_secret.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect());
            json_request(url, Vec::new(), &body, curl)
        }
        Spelling::Envelope => {
            let bearer = ("Authorization", format!("Bearer {}", secrets.api_token));
            let body = json!({ "parameters": form(&pairs), "clientId": BACKEND, "clientSecret": secret });
            json_request(url, vec![bearer], &body, curl)
        }
    }
}

fn json_request(url: String, mut headers: Vec<(&'static str, String)>, body: &Value, curl: &Curl) -> HttpRequest {
    headers.push(("Content-Type", "application/json".to_owned()));
    let mut options: Vec<String> =
        headers.iter().map(|(name, value)| format!("-H {}", quoted(&format!("{name}: {value}")))).collect();
    options.push(format!("-d {}", quoted(&body.to_string())));
    HttpRequest { curl: curl.line(&url, &options), url, headers, body: body.to_string() }
}

/// The header that says it is a form; curl sends it by itself.
fn form_type() -> (&'static str, String) {
    ("Content-Type", "application/x-www-form-urlencoded".to_owned())
}

fn form(pairs: &[(&str, &str)]) -> String {
    let mut text = url::form_urlencoded::Serializer::new(String::new());
    text.extend_pairs(pairs);
    text.finish()
}

fn form_options(pairs: &[(&str, &str)]) -> Vec<String> {
    pairs.iter().map(|(name, value)| format!("--data-urlencode {}", quoted(&format!("{name}={value}")))).collect()
}

fn basic_option(secret: &str) -> String {
    format!("-u {}", quoted(&format!("{BACKEND}:{secret}")))
}

/// How curl is called.
#[derive(Clone)]
struct Curl {
    /// What every call needs.
    options: Vec<String>,
}

impl Curl {
    fn trusting(ca_file: Option<&Path>) -> Self {
        let option = ca_file.map(|file| format!("--cacert {}", quoted(&file.display().to_string())));
        Self { options: option.into_iter().collect() }
    }

    fn line(&self, url: &str, options: &[String]) -> String {
        let mut text = format!("curl -i {}", quoted(url));
        for option in self.options.iter().chain(options) {
            // Writing to a string does not fail.
            let _ = write!(text, " \\\n  {option}");
        }
        text
    }
}

/// In single quotes, for a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}
