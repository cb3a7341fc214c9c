//! One request of a client on the back channel: ready to be sent, and open to every change a check wants.

use std::io;

use serde_json::{Map, Value, json};
use url::form_urlencoded;

use super::signed_jwt::Jwt;
use super::site::Site;
use crate::dice;
use crate::request::Request;
use crate::spec::certificates::Identity;
use crate::wire::Response;

const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A POST to an endpoint.
#[derive(Clone)]
pub struct Call<'s> {
    /// The server.
    pub site: &'s Site,
    /// Its whole URL.
    pub url: String,
    /// The parameters: of the form, or of the request object where there is one.
    pub parameters: Vec<(String, String)>,
    /// The request object that holds them; its own claims are those that are no parameters.
    pub object: Option<Jwt>,
    /// What stands in the form besides.
    pub form: Vec<(String, String)>,
    /// The client assertion.
    pub assertion: Option<Jwt>,
    /// The DPoP proof.
    pub proof: Option<Jwt>,
    /// The client certificate.
    pub certificate: Option<&'static Identity>,
}

impl Call<'_> {
    /// Sets a parameter, in place of the one that there is.
    pub fn set(&mut self, name: &str, value: &str) {
        self.remove(name);
        self.parameters.push((name.to_owned(), value.to_owned()));
    }

    /// Takes a parameter out.
    pub fn remove(&mut self, name: &str) {
        self.parameters.retain(|(found, _)| found != name);
    }

    /// A parameter.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// Changes the claims of the request object.
    pub fn claim(&mut self, name: &str, value: Value) {
        if let Some(object) = &mut self.object {
            object.claims[name] = value;
        }
    }

    /// Sends it; where the server wants its nonce in the proof, once more with that and everything else as it was.
    ///
    /// # Panics
    /// When there is no answer.
    #[must_use]
    pub fn send(&self) -> Response {
        self.try_send().unwrap_or_else(|error| panic!("{}: {error}", self.url))
    }

    /// The same where no answer is an answer.
    ///
    /// # Errors
    /// The connection's.
    pub fn try_send(&self) -> io::Result<Response> {
        let body = self.body();
        let response = self.post(&body, self.proof.as_ref())?;
        match (&self.proof, nonce_wanted(&response)) {
            (Some(proof), Some(nonce)) => self.post(&body, Some(&with_nonce(proof, &nonce))),
            _ => Ok(response),
        }
    }

    /// Sends it once.
    ///
    /// # Panics
    /// When there is no answer.
    #[must_use]
    pub fn once(&self) -> Response {
        self.post(&self.body(), self.proof.as_ref()).unwrap_or_else(|error| panic!("{}: {error}", self.url))
    }

    fn post(&self, body: &str, proof: Option<&Jwt>) -> io::Result<Response> {
        let request = Request::new("POST", &self.url)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .header("Accept", "application/json");
        let request = match proof {
            Some(proof) => request.header("DPoP", &proof.signed()),
            None => request,
        };
        self.site.try_send(&self.url, &request.body(body), self.certificate)
    }

    /// The request object, signed.
    #[must_use]
    pub fn signed_object(&self) -> Option<String> {
        self.object.as_ref().map(|object| self.request_object(object))
    }

    fn body(&self) -> String {
        let mut form = self.form.clone();
        match self.signed_object() {
            None => form.extend(self.parameters.clone()),
            Some(object) => form.push(("request".to_owned(), object)),
        }
        if let Some(assertion) = &self.assertion {
            form.push(("client_assertion_type".to_owned(), JWT_BEARER.to_owned()));
            form.push(("client_assertion".to_owned(), assertion.signed()));
        }
        form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish()
    }

    fn request_object(&self, object: &Jwt) -> String {
        let mut claims: Map<String, Value> =
            self.parameters.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        for (name, value) in object.claims.as_object().into_iter().flatten() {
            if value.is_null() {
                claims.remove(name);
            } else {
                claims.insert(name.clone(), value.clone());
            }
        }
        Jwt { claims: Value::Object(claims), ..object.clone() }.signed()
    }
}

/// The nonce of an answer that asks for a proof with one.
///
/// # Panics
/// When the answer has more than one nonce, or none.
#[must_use]
pub fn nonce_wanted(response: &Response) -> Option<String> {
    let challenged = response.all("www-authenticate").any(|challenge| challenge.contains("use_dpop_nonce"));
    let asked = serde_json::from_slice::<Value>(&response.body).is_ok_and(|body| body["error"] == "use_dpop_nonce");
    if !challenged && !asked {
        return None;
    }
    let nonces: Vec<&str> = response.all("dpop-nonce").collect();
    assert_eq!(nonces.len(), 1, "DPoP-Nonce headers: {nonces:?}");
    Some(nonces[0].to_owned())
}

/// The proof once more, with the server's nonce.
#[must_use]
pub fn with_nonce(proof: &Jwt, nonce: &str) -> Jwt {
    let mut proof = proof.clone();
    proof.claims["nonce"] = nonce.into();
    proof.claims["jti"] = dice::secret().into();
    proof
}
