//! What the browser brings back to a client, read as a careful client reads it.

use serde_json::{Value, json};
use url::form_urlencoded;

use super::Finding;
use super::client::{Client, Pushed};
use super::plan::Family;
use super::signed_jwt::{now_s, verified};
use crate::browser::{Callback, Landing};
use crate::ensure;

/// An authorization response.
pub struct Answer {
    /// Its parameters: of the query, of the fragment, or of the JWT.
    pub parameters: Value,
    /// Where it came to.
    pub callback: Callback,
}

impl Answer {
    /// Reads a response, which has to come the way that the plan's response type and mode say, with the query of the
    /// registered redirect URI kept and nothing else beside it.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(client: &Client<'_>, landing: Landing) -> Result<Self, String> {
        let callback = match landing {
            Landing::Callback(callback) => callback,
            Landing::Page(page) => {
                return Err(format!("a page: {} {}\n{}", page.response.status, page.url, page.html()));
            }
        };
        let url = callback.url.as_str().to_owned();
        let (before, fragment) = url.split_once('#').map_or((url.as_str(), None), |(url, rest)| (url, Some(rest)));
        let in_fragment = client.site.plan.family == Family::Fapi1;
        ensure!(fragment.is_some() == in_fragment, "the fragment of {url}");
        let rest = match (before.strip_prefix(client.redirect_uri.as_str()), fragment) {
            (Some(""), Some(fragment)) => fragment,
            (Some(query), None) => query.trim_start_matches(['?', '&']),
            _ => return Err(format!("sent to {url}, not to {}", client.redirect_uri)),
        };
        let pairs = form_urlencoded::parse(rest.as_bytes());
        let parameters: Value = pairs.map(|(name, value)| (name.into_owned(), json!(value))).collect();
        let parameters = if client.site.plan.signs_responses() {
            let keys: Vec<_> = parameters.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
            ensure!(keys == ["response"], "beside the JWT: {keys:?}");
            of_jwt(client, parameters["response"].as_str().unwrap_or_default())?
        } else {
            parameters
        };
        Ok(Self { parameters, callback })
    }

    /// A parameter.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.parameters[name].as_str()
    }

    /// The code.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn code(&self) -> String {
        self.get("code").unwrap_or_else(|| panic!("no code: {}", self.parameters)).to_owned()
    }

    /// Whether `state` is as pushed and `iss` is the issuer.
    ///
    /// # Errors
    /// What differs.
    pub fn is_for(&self, client: &Client<'_>, pushed: &Pushed) -> Finding {
        ensure!(self.get("state") == Some(&pushed.attempt.state), "state in {}", self.parameters);
        ensure!(self.get("iss") == Some(&client.site.issuer()), "iss in {}", self.parameters);
        Ok(())
    }
}

/// E.8: signed by a server key with kid; iss, aud, and exp between ten seconds and ten minutes.
fn of_jwt(client: &Client<'_>, jwt: &str) -> Result<Value, String> {
    let (_, claims) = verified(jwt, client.site.jwks())?;
    ensure!(claims["iss"] == client.site.issuer(), "iss of the response: {claims}");
    ensure!(claims["aud"] == client.id, "aud of the response: {claims}");
    let left_s = claims["exp"].as_i64().unwrap_or_default() - now_s();
    ensure!((10..=600).contains(&left_s), "the response lives {left_s} s");
    Ok(claims)
}
