//! The list of cases, and what one of them wants said.

use std::collections::BTreeMap;

use serde::Deserialize;

const CASES: &str = include_str!("../cases.toml");

#[derive(Deserialize)]
struct List {
    case: Vec<Case>,
}

/// One case; the members are explained at the top of the list.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Case {
    pub(crate) name: String,
    client: String,
    method: Option<String>,
    secret: Option<String>,
    set: BTreeMap<String, String>,
    fill: BTreeMap<String, usize>,
    unset: Vec<String>,
    resources: Vec<String>,
    append: Option<String>,
    pad: Option<usize>,
    pub(crate) claims: toml::Table,
    pub(crate) times: Option<u32>,
    pub(crate) json: Option<String>,
    pub(crate) header: BTreeMap<String, Vec<String>>,
    pub(crate) query: Option<String>,
    pub(crate) endpoint: Option<String>,
    pub(crate) turned_down: Option<String>,
    pub(crate) store: Option<String>,
    only: Vec<String>,
    except: Vec<String>,
}

/// How a client shows who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    Nothing,
    Basic,
    Posted,
    Assertion,
}

/// What a client wants to say, in no dialect yet.
pub(crate) struct Said {
    pub(crate) shown: Shown,
    pub(crate) client: String,
    pub(crate) secret: String,
    /// Names and values; `resource` may stand more than once.
    pub(crate) parameters: Vec<(String, String)>,
    /// Text that only a form can hold.
    pub(crate) raw: Option<String>,
}

impl Case {
    pub(crate) fn all() -> Vec<Self> {
        toml::from_str::<List>(CASES).unwrap().case
    }

    pub(crate) fn is_for(&self, dialect: &str) -> bool {
        let named = |names: &[String]| names.iter().any(|name| name == dialect);
        (self.only.is_empty() || named(&self.only)) && !named(&self.except)
    }

    /// The client and how it shows who it is: what its name says unless the case says otherwise.
    fn who(&self) -> (&str, Shown) {
        let client = if self.client.is_empty() { "post-client" } else { &self.client };
        let method = self.method.as_deref().unwrap_or(client.trim_end_matches("-client"));
        let shown = match method {
            "none" | "public" | "tls" => Shown::Nothing,
            "basic" => Shown::Basic,
            "post" => Shown::Posted,
            "jwt" => Shown::Assertion,
            other => panic!("{}: {other} is no method", self.name),
        };
        (client, shown)
    }

    pub(crate) fn said(&self, right_secret: &str, assertion: &str) -> Said {
        let (client, shown) = self.who();
        let secret = self.secret.as_deref().unwrap_or(right_secret);
        let mut parameters = if self.endpoint.is_some() { redemption() } else { request() };
        parameters.insert(0, ("client_id", client));
        match shown {
            Shown::Posted => parameters.push(("client_secret", secret)),
            Shown::Assertion => parameters.extend([
                ("client_assertion", assertion),
                ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ]),
            Shown::Nothing | Shown::Basic => {}
        }
        let mut parameters: Vec<(String, String)> =
            parameters.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        parameters.retain(|(name, _)| !self.unset.contains(name) && !self.set.contains_key(name));
        parameters.extend(self.set.clone());
        parameters.retain(|(name, _)| !self.fill.contains_key(name));
        parameters.extend(self.fill.iter().map(|(name, length)| (name.clone(), "s".repeat(*length))));
        parameters.extend(self.resources.iter().map(|uri| ("resource".to_owned(), uri.clone())));
        Said { shown, client: client.to_owned(), secret: secret.to_owned(), parameters, raw: self.raw() }
    }

    fn raw(&self) -> Option<String> {
        let pad = self.pad.map(|bytes| format!("&pad={}", "p".repeat(bytes)));
        let many = (0..60).map(|n| format!("&a{n}=")).collect::<String>();
        pad.or_else(|| Some(self.append.as_ref()?.replace("@MANY@", &many)))
    }
}

fn request() -> Vec<(&'static str, &'static str)> {
    vec![
        ("response_type", "code"),
        ("redirect_uri", "https://app.example/cb"),
        ("scope", "openid profile"),
        ("state", "state-12345"),
        ("nonce", "nonce-12345"),
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("code_challenge_method", "S256"),
    ]
}

fn redemption() -> Vec<(&'static str, &'static str)> {
    vec![
        ("grant_type", "authorization_code"),
        ("code", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("redirect_uri", "https://app.example/cb"),
        ("code_verifier", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
    ]
}
