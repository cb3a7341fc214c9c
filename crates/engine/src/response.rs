//! The authorization response: what the browser carries back to the client (RFC 6749 section 4.1.2).

use std::sync::Arc;

use parhelion_protocol::client::Client;
use parhelion_protocol::limits;
use parhelion_protocol::params::response_mode::{Carrier, Content};
use parhelion_protocol::refusal::Refusal;
use serde_json::{Map, Value, json};

use crate::fault::Fault;
use crate::ports::Moment;
use crate::registry::Tenant;
use crate::response_jwt;

/// The way back to a client: a redirect URI that was found to be its own, and how to write to it.
#[derive(Clone, Debug)]
pub struct ReturnPath {
    pub(crate) redirect_uri: String,
    pub(crate) way: (Carrier, Content),
    pub(crate) state: Option<String>,
    pub(crate) issuer: String,
    pub(crate) client: Arc<Client>,
    pub(crate) tenant: Arc<Tenant>,
    pub(crate) now: Moment,
}

impl ReturnPath {
    /// A response that carries what was issued.
    pub(crate) fn success(&self, issued: Vec<(&'static str, String)>) -> Result<AuthorizationResponse, Fault> {
        self.response(issued)
    }

    /// A response that carries an error.
    pub(crate) fn error(&self, refusal: &Refusal) -> Result<AuthorizationResponse, Fault> {
        let error = refusal.public().error.as_str().to_owned();
        self.response(vec![("error", error), ("error_description", refusal.description().into_owned())])
    }

    //= rfc9207#2 iss is in every response, errors included; in a JWT it is the JWT's own
    fn response(&self, mut parameters: Vec<(&'static str, String)>) -> Result<AuthorizationResponse, Fault> {
        parameters.extend(self.state.clone().map(|state| ("state", state)));
        let (carrier, content) = self.way;
        let parameters = match content {
            Content::Parameters => {
                parameters.push(("iss", self.issuer.clone()));
                parameters
            }
            Content::Jwt => vec![("response", self.jwt(&parameters)?)],
        };
        Ok(AuthorizationResponse { redirect_uri: self.redirect_uri.clone(), carrier, parameters })
    }

    /// The parameters as a JWT for the client (JARM sections 2.1 and 2.2).
    fn jwt(&self, parameters: &[(&'static str, String)]) -> Result<String, Fault> {
        let expiry_s = self.now.plus_s(limits::RESPONSE_JWT_LIFETIME_S).epoch_s();
        let mut claims = Map::new();
        claims.insert("iss".to_owned(), json!(self.issuer));
        claims.insert("aud".to_owned(), json!(self.client.client_id));
        claims.insert("exp".to_owned(), json!(expiry_s));
        claims.extend(parameters.iter().map(|(name, value)| ((*name).to_owned(), json!(value))));
        let payload = Value::Object(claims).to_string();
        let registered = &self.client.responses.authorization;
        response_jwt::make(&self.tenant, registered, &self.client.keys, "JWT", payload.as_bytes())
    }
}

/// Where the browser goes next, with what.
#[derive(Clone, PartialEq, Eq)]
pub struct AuthorizationResponse {
    redirect_uri: String,
    carrier: Carrier,
    parameters: Vec<(&'static str, String)>,
}

/// How a response travels.
#[derive(Clone, PartialEq, Eq)]
pub enum Delivery<'a> {
    /// By a redirect to this URL.
    Redirect(String),
    /// By a form that the browser sends there.
    FormPost {
        /// The redirect URI.
        action: &'a str,
        /// Its fields.
        fields: &'a [(&'static str, String)],
    },
    /// In the answer itself, as a document with these members.
    Body(&'a [(&'static str, String)]),
}

/// Names only: the code is a secret.
impl std::fmt::Debug for AuthorizationResponse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.parameters.iter().map(|(name, _)| name)).finish()
    }
}

impl AuthorizationResponse {
    /// How it travels.
    #[must_use]
    pub fn delivery(&self) -> Delivery<'_> {
        match self.carrier {
            Carrier::Query => Delivery::Redirect(with_query(&self.redirect_uri, &self.parameters)),
            Carrier::Fragment => Delivery::Redirect(format!("{}#{}", self.redirect_uri, encoded(&self.parameters))),
            Carrier::FormPost => Delivery::FormPost { action: &self.redirect_uri, fields: &self.parameters },
            Carrier::Body => Delivery::Body(&self.parameters),
        }
    }

    /// The value of one of its parameters.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }
}

/// A URI with parameters behind those that its query has.
pub(crate) fn with_query(uri: &str, parameters: &[(&'static str, String)]) -> String {
    if parameters.is_empty() {
        return uri.to_owned();
    }
    let joint = match uri.split_once('?') {
        None => "?",
        Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
        Some(_) => "&",
    };
    format!("{uri}{joint}{}", encoded(parameters))
}

fn encoded(parameters: &[(&'static str, String)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish()
}
