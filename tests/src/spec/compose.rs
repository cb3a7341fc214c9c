//! From a base request and what is different about it to the bytes that are sent.
//!
//! Bases: `push`, `authorize`, `code` (the token endpoint with a code), `refresh`, `credentials`, `introspect`,
//! `revoke`, `userinfo`, `logout`, `challenge`, `jwks`, `discovery`, `page` for any address, and `operator` for any of the operator's
//! listener.

use std::net::SocketAddr;

use serde_json::{Map, Value as Json, json};
use toml::{Table, Value};
use url::form_urlencoded;

use super::case::{Overlay, Way};
use super::certificates;
use super::judge::{Listener, Sent};
use super::jwe;
use super::jwt::{self, Holder, Usual};
use super::scope::{self, Scope};
use super::site::{Place, Registered, Site};
use crate::base64;

/// `client_assertion_type` (RFC 7523 section 2.2).
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The attester that tenants of the site trust.
const ATTESTER: &str = "https://attester.example";

/// A request on its way out.
pub struct Outgoing {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// The client certificate that is shown.
    pub certificate: Option<String>,
    /// The host that is named in the TLS handshake, if it is not the address.
    pub server_name: Option<String>,
    /// Whether its answer has no body.
    pub is_head: bool,
    /// What matters of it to a judge.
    pub sent: Sent,
    /// The form's values by name, as far as they were sent once.
    pub form: Vec<(String, String)>,
    /// The request object, if there is one.
    pub object: Option<String>,
}

struct Draft<'a> {
    overlay: &'a Overlay,
    place: &'a Place,
    client: Registered,
    form: Vec<(String, String)>,
    headers: Vec<(String, String)>,
}

/// Puts a request together.
///
/// # Panics
/// When the step asks for what there is not.
#[must_use]
pub fn compose(site: &Site, scope: &Scope, place: &Place, overlay: &Overlay) -> Outgoing {
    let overlay = &filled(overlay, scope);
    let client = site.registered(&place.tenant, &overlay.client);
    let client = client.unwrap_or_else(|| unknown_client(&overlay.client, site));
    let mut draft = Draft { overlay, place, client, form: Vec::new(), headers: Vec::new() };
    if let Some(raw) = &overlay.raw {
        return by_hand(raw, site.address(), overlay);
    }
    draft.form = draft.base_form(scope);
    draft.authenticate(site);
    for (name, value) in &overlay.form {
        draft.put(name, value);
    }
    if let Some(name) = overlay.certificate.as_ref().filter(|_| site.way() == Way::Proxy) {
        draft.headers.extend(certificates::all().get(name).fields());
    }
    let form = draft.form.clone();
    if let Some(different) = &overlay.request {
        draft.sign_request(site, different);
    }
    if let Some(different) = &overlay.encrypt {
        draft.encrypt_request(different);
    }
    if let Some(different) = &overlay.dpop {
        draft.prove_possession(site, scope, different);
    }
    let object = draft.form.iter().find(|(name, _)| name == "request").map(|(_, object)| object.clone());
    let address = if overlay.endpoint == "operator" { site.admin_address() } else { site.address() };
    Outgoing { form, object, ..draft.write(address) }
}

fn by_hand(raw: &str, address: SocketAddr, overlay: &Overlay) -> Outgoing {
    let text = raw.replace("HOST", &address.to_string());
    let lower = text.to_ascii_lowercase();
    let sent = Sent {
        authorization: lower.contains("\nauthorization:"),
        by_hand: true,
        values: Vec::new(),
        cacheable: overlay.endpoint == "page",
        to: Listener::Public,
    };
    let (bytes, is_head) = (scope::bytes(&text), text.starts_with("HEAD"));
    let (certificate, server_name) = (overlay.certificate.clone(), overlay.server_name.clone());
    Outgoing { bytes, certificate, server_name, is_head, sent, form: Vec::new(), object: None }
}

fn unknown_client(id: &str, site: &Site) -> Registered {
    Registered {
        id: id.to_owned(),
        method: "none".to_owned(),
        secret: Some("canary-secret-of-nobody-0123456789".to_owned()),
        redirect_uri: site.callback.clone(),
        key: Some("stranger".to_owned()),
    }
}

fn filled(overlay: &Overlay, scope: &Scope) -> Overlay {
    let text = |text: &Option<String>| text.as_ref().map(|text| scope.fill(text));
    let table = |table: &Table| match scope.fill_value(&Value::Table(table.clone())) {
        Value::Table(table) => table,
        _ => Table::new(),
    };
    Overlay {
        endpoint: overlay.endpoint.clone(),
        client: scope.fill(&overlay.client),
        method: text(&overlay.method),
        target: text(&overlay.target),
        query: text(&overlay.query),
        version: text(&overlay.version),
        auth: text(&overlay.auth),
        secret: text(&overlay.secret),
        form: table(&overlay.form),
        raw_form: table(&overlay.raw_form),
        append: text(&overlay.append),
        body: text(&overlay.body),
        json_body: overlay.json_body.as_ref().map(|value| scope.fill_value(value)),
        headers: table(&overlay.headers),
        assertion: table(&overlay.assertion),
        attestation: table(&overlay.attestation),
        pop: table(&overlay.pop),
        request: overlay.request.as_ref().map(table),
        encrypt: overlay.encrypt.as_ref().map(table),
        dpop: overlay.dpop.as_ref().map(table),
        cookie: text(&overlay.cookie),
        certificate: text(&overlay.certificate),
        server_name: text(&overlay.server_name),
        raw: text(&overlay.raw),
    }
}

impl Draft<'_> {
    fn base_form(&self, scope: &Scope) -> Vec<(String, String)> {
        let known = |name: &str| scope.get(name).unwrap_or_default().to_owned();
        let id = || self.client.id.clone();
        let uri = || self.client.redirect_uri.clone();
        let fields: Vec<(&str, String)> = match self.overlay.endpoint.as_str() {
            "push" | "plain" => vec![
                ("response_type", "code".to_owned()),
                ("client_id", id()),
                ("redirect_uri", uri()),
                ("scope", "openid profile".to_owned()),
                ("state", known("state")),
                ("nonce", known("nonce")),
                ("code_challenge", scope.fill("{{sha256:verifier}}")),
                ("code_challenge_method", "S256".to_owned()),
            ],
            "authorize" => vec![("client_id", id()), ("request_uri", known("request_uri"))],
            "code" => vec![
                ("grant_type", "authorization_code".to_owned()),
                ("client_id", id()),
                ("code", known("code")),
                ("redirect_uri", uri()),
                ("code_verifier", known("verifier")),
            ],
            "refresh" => vec![
                ("grant_type", "refresh_token".to_owned()),
                ("client_id", id()),
                ("refresh_token", known("refresh_token")),
            ],
            "credentials" => vec![("grant_type", "client_credentials".to_owned()), ("client_id", id())],
            "introspect" | "revoke" => vec![("token", known("access_token"))],
            _ => Vec::new(),
        };
        fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// Adds the credential, at endpoints where clients authenticate.
    fn authenticate(&mut self, site: &Site) {
        let endpoint = self.overlay.endpoint.as_str();
        if endpoint == "userinfo" {
            return;
        }
        if !matches!(endpoint, "push" | "code" | "refresh" | "credentials" | "introspect" | "revoke") {
            return;
        }
        let method = self.overlay.auth.clone().unwrap_or_else(|| self.client.method.clone());
        let secret = self.overlay.secret.clone().or(self.client.secret.clone()).unwrap_or_default();
        match method.as_str() {
            "client_secret_basic" => {
                let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
                let pair = format!("{}:{}", encoded(&self.client.id), encoded(&secret));
                self.headers.push(("Authorization".to_owned(), format!("Basic {}", base64::padded(pair.as_bytes()))));
            }
            "client_secret_post" => self.put("client_secret", &Value::String(secret)),
            "private_key_jwt" => {
                let claims = json!({
                    "iss": self.client.id, "sub": self.client.id, "aud": self.place.issuer, "jti": jwt::jti(),
                    "iat": jwt::seconds(0), "exp": jwt::seconds(60),
                });
                let key = self.own_key();
                let usual = Usual { key: &key, typ: None, holder: Holder::Named, claims };
                let assertion = jwt::make(site.keys, usual, self.overlay.assertion.clone());
                self.put("client_assertion_type", &Value::String(JWT_BEARER.to_owned()));
                self.put("client_assertion", &Value::String(assertion));
            }
            "attest_jwt_client_auth" => self.attest(site, Some(&self.overlay.pop)),
            "attest_jwt_client_auth_dpop" => self.attest(site, None),
            _ => {}
        }
        if matches!(endpoint, "introspect" | "revoke") && matches!(method.as_str(), "none" | "client_secret_post") {
            let id = self.client.id.clone();
            self.put("client_id", &Value::String(id));
        }
    }

    /// Shows that the key `holder` is an instance of the client, by the word of the key `attester`, and a proof of that key.
    fn attest(&mut self, site: &Site, pop: Option<&Table>) {
        let jwk = site.keys.get("holder").thin_jwk();
        let claims = json!({
            "iss": ATTESTER, "sub": self.client.id, "exp": jwt::seconds(3600), "cnf": { "jwk": jwk },
        });
        let typ = Some("oauth-client-attestation+jwt");
        let usual = Usual { key: "attester", typ, holder: Holder::Named, claims };
        let attestation = jwt::make(site.keys, usual, self.overlay.attestation.clone());
        self.headers.push(("OAuth-Client-Attestation".to_owned(), attestation));
        let Some(pop) = pop else { return };
        let claims = json!({ "aud": self.place.issuer, "jti": jwt::jti(), "iat": jwt::seconds(0) });
        let typ = Some("oauth-client-attestation-pop+jwt");
        let usual = Usual { key: "holder", typ, holder: Holder::Named, claims };
        self.headers.push(("OAuth-Client-Attestation-PoP".to_owned(), jwt::make(site.keys, usual, pop.clone())));
    }

    fn own_key(&self) -> String {
        self.client.key.clone().unwrap_or_else(|| "stranger".to_owned())
    }

    /// Puts everything that is not about authentication into a request object (RFC 9101).
    fn sign_request(&mut self, site: &Site, different: &Table) {
        let outside = ["client_id", "client_secret", "client_assertion", "client_assertion_type"];
        let mut claims = Map::new();
        for (name, value) in &self.form {
            claims.insert(name.clone(), value.clone().into());
        }
        for name in &outside[1..] {
            claims.remove(*name);
        }
        claims.insert("iss".to_owned(), self.client.id.clone().into());
        claims.insert("aud".to_owned(), self.place.issuer.clone().into());
        for (name, offset) in [("iat", 0), ("nbf", 0), ("exp", 60)] {
            claims.insert(name.to_owned(), jwt::seconds(offset).into());
        }
        let key = self.own_key();
        let typ = Some("oauth-authz-req+jwt");
        let usual = Usual { key: &key, typ, holder: Holder::Named, claims: Json::Object(claims) };
        let object = jwt::make(site.keys, usual, different.clone());
        self.form.retain(|(name, _)| outside.contains(&name.as_str()));
        self.form.push(("request".to_owned(), object));
    }

    /// Encrypts the request object that is there.
    fn encrypt_request(&mut self, different: &Table) {
        for (_, value) in self.form.iter_mut().filter(|(name, _)| name == "request") {
            *value = jwe::make(value, different.clone());
        }
    }

    /// Shows a DPoP proof (RFC 9449).
    fn prove_possession(&mut self, site: &Site, scope: &Scope, different: &Table) {
        let method = self.method();
        let htu = format!("{}{}", site.url(), self.target(""));
        let mut claims = json!({ "htm": method, "htu": htu, "jti": jwt::jti(), "iat": jwt::seconds(0) });
        if self.overlay.endpoint == "userinfo" {
            claims["ath"] = scope.fill("{{sha256:access_token}}").into();
        }
        let usual = Usual { key: "holder", typ: Some("dpop+jwt"), holder: Holder::Shown, claims };
        self.headers.push(("DPoP".to_owned(), jwt::make(site.keys, usual, different.clone())));
    }

    /// Puts a field in, in place of the one that was there, or takes it out.
    fn put(&mut self, name: &str, value: &Value) {
        let at = self.form.iter().position(|(found, _)| found == name).unwrap_or(self.form.len());
        self.form.retain(|(found, _)| found != name);
        for value in texts(value).into_iter().rev() {
            self.form.insert(at, (name.to_owned(), value));
        }
    }

    fn write(mut self, address: SocketAddr) -> Outgoing {
        let overlay = self.overlay;
        let (usual, method) = (self.usual_method(), self.method());
        let is_page = matches!(overlay.endpoint.as_str(), "authorize" | "plain" | "logout");
        let encoded = self.encoded();
        let (query, mut body) =
            if is_page && method != "POST" { (encoded, None) } else { (String::new(), Some(encoded)) };
        if !is_page && usual == "GET" && method != "POST" {
            body = None;
        }
        let mut kind = "application/x-www-form-urlencoded";
        if let Some(json) = &overlay.json_body {
            kind = "application/json";
            body = Some(serde_json::to_string(json).expect("JSON"));
        }
        let body = overlay.body.clone().or(body);
        if body.is_some() {
            self.headers.push(("Content-Type".to_owned(), kind.to_owned()));
        }
        let target = self.target(&query);
        self.headers.insert(0, ("Host".to_owned(), address.to_string()));
        let body = scope::bytes(&body.unwrap_or_default());
        if !body.is_empty() || method == "POST" {
            self.headers.push(("Content-Length".to_owned(), body.len().to_string()));
        }
        self.headers.extend(overlay.cookie.clone().map(|cookie| ("Cookie".to_owned(), cookie)));
        for (name, value) in &overlay.headers {
            self.headers.retain(|(found, _)| !found.eq_ignore_ascii_case(name));
            self.headers.extend(texts(value).into_iter().map(|value| (name.clone(), value)));
        }
        let version = overlay.version.as_deref().unwrap_or("HTTP/1.1");
        let mut head = format!("{method} {target} {version}\r\n");
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        let mut bytes = scope::bytes(&head);
        bytes.extend(body);
        let (certificate, server_name) = (overlay.certificate.clone(), overlay.server_name.clone());
        let is_head = method == "HEAD";
        Outgoing { bytes, certificate, server_name, is_head, sent: self.sent(), form: self.form, object: None }
    }

    fn usual_method(&self) -> &'static str {
        match self.overlay.endpoint.as_str() {
            "authorize" | "plain" | "userinfo" | "logout" | "jwks" | "discovery" | "page" | "operator" => "GET",
            _ => "POST",
        }
    }

    fn method(&self) -> String {
        self.overlay.method.clone().unwrap_or_else(|| self.usual_method().to_owned())
    }

    fn encoded(&self) -> String {
        let mut serializer = form_urlencoded::Serializer::new(String::new());
        let raw = |name: &str| self.overlay.raw_form.contains_key(name);
        let pairs = self.form.iter().filter(|(name, _)| !raw(name));
        let mut text = serializer.extend_pairs(pairs).finish();
        for (name, value) in &self.overlay.raw_form {
            for value in texts(value) {
                text.push_str(&format!("&{name}={value}"));
            }
        }
        if let Some(more) = &self.overlay.append {
            text.push_str(&format!("&{more}"));
        }
        text.trim_start_matches('&').to_owned()
    }

    fn target(&self, query: &str) -> String {
        let overlay = self.overlay;
        let path = overlay.target.clone().unwrap_or_else(|| match overlay.endpoint.as_str() {
            "code" | "refresh" | "credentials" => self.place.path("token"),
            "plain" => self.place.path("authorize"),
            endpoint => self.place.path(endpoint),
        });
        let parts = [query, overlay.query.as_deref().unwrap_or_default()];
        let query = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("&");
        if query.is_empty() { path } else { format!("{path}?{query}") }
    }

    fn sent(&self) -> Sent {
        let overlay = self.overlay;
        let plain = ["content-type", "content-length", "host", "accept", "connection", "transfer-encoding"];
        let headers = overlay.headers.iter().filter(|(name, _)| !plain.contains(&name.to_ascii_lowercase().as_str()));
        let mut values: Vec<String> = self.form.iter().map(|(_, value)| value.clone()).collect();
        values.extend(headers.flat_map(|(_, value)| texts(value)));
        values.extend(overlay.raw_form.values().flat_map(texts));
        values.extend(overlay.body.clone());
        let query = overlay.query.clone().unwrap_or_default();
        values.extend(form_urlencoded::parse(query.as_bytes()).map(|(_, value)| value.into_owned()));
        let authorization = self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("authorization"));
        let cacheable = matches!(overlay.endpoint.as_str(), "jwks" | "discovery" | "page");
        let to = if overlay.endpoint == "operator" { Listener::Operator } else { Listener::Public };
        Sent { authorization, by_hand: false, values, cacheable, to }
    }
}

/// One text, several, or with `false` none.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Boolean(false) => Vec::new(),
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        other => vec![other.to_string()],
    }
}
