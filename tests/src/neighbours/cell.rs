//! A place at an operation where something that a tenant issued belongs.

use serde_json::{Value, json};
use toml::Table;

use super::{Artefact, KINDS, Own, SECRET};
use crate::client_key::unix_s;
use crate::dice;
use crate::request::Request;

/// One line of `tests/dialects/operations.toml`.
#[derive(Clone, Debug)]
pub struct Cell {
    /// Whose words.
    pub dialect: String,
    method: String,
    path: String,
    query: Option<String>,
    form: Option<String>,
    json: Option<String>,
    bearer: Option<String>,
    dpop: Option<String>,
    proof_for: Option<String>,
    /// Why the answer is the same for what is known and what is not.
    pub alike: Option<String>,
}

impl Cell {
    /// Every place, those of the callers' tokens included.
    ///
    /// # Panics
    /// When the list cannot be read.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let list: Table = include_str!("../../dialects/operations.toml").parse().expect("TOML");
        let dialects = list["dialect"].as_array().expect("dialects").iter().filter_map(toml::Value::as_table);
        dialects.flat_map(of_dialect).collect()
    }

    /// What belongs here, if anything.
    #[must_use]
    pub fn kind(&self) -> Option<&'static str> {
        let parts = [Some(&self.path), self.query.as_ref(), self.form.as_ref(), self.json.as_ref()];
        let parts = parts.into_iter().chain([self.bearer.as_ref(), self.dpop.as_ref()]).flatten();
        let text: String = parts.map(String::as_str).collect();
        KINDS.into_iter().find(|kind| text.contains(&format!("@{kind}@")))
    }

    /// The request with this in the place.
    ///
    /// # Panics
    /// When something in it is not known.
    #[must_use]
    pub fn request(&self, own: &Own<'_>, artefact: &Artefact) -> Request {
        let base = own.tenant().base(&self.dialect);
        let fill = |text: &String| self.fill(text, own, artefact);
        let path = format!("{base}{}", fill(&self.path));
        let target = match &self.query {
            Some(query) => format!("{path}?{}", fill(query)),
            None => path.clone(),
        };
        let mut request = Request::new(&self.method, &target);
        if let Some(bearer) = &self.bearer {
            request = request.bearer(&fill(bearer));
        }
        if self.dpop.is_some() {
            let url = format!("{}{path}", own.tenant().site.server().url());
            request = request.header("DPoP", &proof(own, &self.method, &url, &artefact.value));
        }
        if self.form.as_ref().is_some_and(|form| form.contains("<api>")) {
            request = request.basic("api", "api-secret-for-tests-only-0123456789");
        }
        if let Some(form) = &self.form {
            request = request.header("Content-Type", "application/x-www-form-urlencoded").body(fill(form));
        }
        if let Some(json) = &self.json {
            request = request.header("Content-Type", "application/json").body(fill(json));
        }
        request
    }

    fn fill(&self, text: &str, own: &Own<'_>, artefact: &Artefact) -> String {
        let mut text = text.replace("@secret@", &artefact.secret);
        if let (Some(url), true) = (&self.proof_for, text.contains("@proof@")) {
            text = text.replace("@proof@", &proof(own, "POST", url, &artefact.value));
        }
        for kind in KINDS {
            text = text.replace(&format!("@{kind}@"), &artefact.value);
            if text.contains(&format!("<{kind}>")) {
                text = text.replace(&format!("<{kind}>"), &own.get(kind, &self.dialect).value);
            }
        }
        let site = own.tenant().site;
        let app = format!("client_id=app&client_secret={SECRET}");
        let (push, challenge) = (own.tenant().parameters(), site.attempt.challenge());
        let redeem = format!(
            "grant_type=authorization_code&redirect_uri={}&code_verifier={}",
            super::REDIRECT_URI,
            site.attempt.verifier
        );
        [
            ("<app>", app.as_str()),
            ("<app.secret>", SECRET),
            ("<api>&", ""),
            ("<key>", "client_id=app-key&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("<push>", push.as_str()),
            ("<challenge>", challenge.as_str()),
            ("<redeem>", redeem.as_str()),
        ]
        .iter()
        .fold(text, |text, (name, value)| text.replace(name, value))
    }

    /// The place of the caller's own token at the same operation.
    fn of_caller(mut self) -> Self {
        for part in [Some(&mut self.path), self.query.as_mut(), self.form.as_mut(), self.json.as_mut()] {
            let Some(part) = part else { continue };
            for kind in KINDS {
                *part = part.replace(&format!("@{kind}@"), &format!("<{kind}>"));
            }
            *part = part.replace("@secret@", "");
        }
        Self { bearer: Some("@api_token@".to_owned()), alike: None, ..self }
    }
}

fn of_dialect(dialect: &Table) -> Vec<Cell> {
    let text = |table: &Table, name: &str| table.get(name).and_then(toml::Value::as_str).map(str::to_owned);
    let own = [toml::Value::from("")].to_vec();
    let bases = dialect.get("bases").and_then(toml::Value::as_array).unwrap_or(&own);
    let by_back_end = dialect.contains_key("caller");
    let mut cells = Vec::new();
    let mut asked = Vec::new();
    for row in dialect["cells"].as_array().into_iter().flatten().filter_map(toml::Value::as_table) {
        let (method, path) = row["ask"].as_str().and_then(|ask| ask.split_once(' ')).expect("method and path");
        for base in bases.iter().filter_map(toml::Value::as_str).take(if path.contains('*') { bases.len() } else { 1 })
        {
            let path = format!("{}{}", path.replace('*', base), text(row, "at").unwrap_or_default());
            let cell = Cell {
                dialect: text(dialect, "name").expect("a name"),
                method: method.to_owned(),
                path,
                query: text(row, "query"),
                form: text(row, "form"),
                json: text(row, "json"),
                bearer: text(row, "bearer").or(by_back_end.then(|| "<api_token>".to_owned())),
                dpop: text(row, "dpop"),
                proof_for: text(row, "proof_for"),
                alike: text(row, "alike"),
            };
            let ask = (cell.method.clone(), cell.path.clone());
            if by_back_end && !asked.contains(&ask) {
                cells.push(cell.clone().of_caller());
                asked.push(ask);
            }
            cells.push(cell);
        }
    }
    cells
}

/// A proof of possession with this nonce.
fn proof(own: &Own<'_>, method: &str, url: &str, nonce: &str) -> String {
    let key = &own.tenant().site.key;
    let mut jwk = key.public_jwk();
    if let Value::Object(members) = &mut jwk {
        members.retain(|name, _| ["kty", "crv", "x", "y"].contains(&name.as_str()));
    }
    let claims = json!({ "jti": dice::secret(), "htm": method, "htu": url, "iat": unix_s(), "nonce": nonce });
    key.sign(&json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": jwk }), &claims)
}

impl std::fmt::Display for Cell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let place = [&self.query, &self.form, &self.json, &self.bearer].map(|part| part.as_deref().unwrap_or_default());
        write!(f, "{}: {} {} {}", self.dialect, self.method, self.path, place.join(" "))
    }
}
