//! The authorization response: what the browser carries back to the client (RFC 6749 section 4.1.2).

use parhelion_protocol::params::response_mode::ResponseMode;
use parhelion_protocol::refusal::Refusal;

/// The way back to a client: a redirect URI that was found to be its own, and how to write to it.
#[derive(Clone, Debug)]
pub struct ReturnPath {
    pub(crate) redirect_uri: String,
    pub(crate) mode: ResponseMode,
    pub(crate) state: Option<String>,
    pub(crate) issuer: String,
}

impl ReturnPath {
    /// A response that carries a code.
    pub(crate) fn code(&self, code: String) -> AuthorizationResponse {
        self.response(vec![("code", code)])
    }

    /// A response that carries an error.
    pub(crate) fn error(&self, refusal: &Refusal) -> AuthorizationResponse {
        let row = refusal.public();
        self.response(vec![("error", row.error.as_str().to_owned()), ("error_description", row.description.to_owned())])
    }

    //= rfc9207#2 iss is in every response, errors included
    fn response(&self, mut parameters: Vec<(&'static str, String)>) -> AuthorizationResponse {
        parameters.extend(self.state.clone().map(|state| ("state", state)));
        parameters.push(("iss", self.issuer.clone()));
        AuthorizationResponse { redirect_uri: self.redirect_uri.clone(), mode: self.mode, parameters }
    }
}

/// Where the browser goes next, with what.
#[derive(Clone, PartialEq, Eq)]
pub struct AuthorizationResponse {
    redirect_uri: String,
    mode: ResponseMode,
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
        match self.mode {
            ResponseMode::Query => Delivery::Redirect(with_query(&self.redirect_uri, &self.parameters)),
            ResponseMode::Fragment => {
                Delivery::Redirect(format!("{}#{}", self.redirect_uri, encoded(&self.parameters)))
            }
            ResponseMode::FormPost => Delivery::FormPost { action: &self.redirect_uri, fields: &self.parameters },
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

#[cfg(test)]
mod tests {
    use super::*;
    use parhelion_protocol::refusal::Reason;

    fn path(redirect_uri: &str, mode: ResponseMode, state: Option<&str>) -> ReturnPath {
        let (state, issuer) = (state.map(str::to_owned), "https://as".to_owned());
        ReturnPath { redirect_uri: redirect_uri.to_owned(), mode, state, issuer }
    }

    fn location(response: &AuthorizationResponse) -> String {
        match response.delivery() {
            Delivery::Redirect(location) => location,
            Delivery::FormPost { .. } => panic!("a form"),
        }
    }

    #[test]
    fn query_of_the_registered_uri_is_kept() {
        let sent = |uri| location(&path(uri, ResponseMode::Query, None).code("c".to_owned()));
        assert_eq!(sent("https://a/cb"), "https://a/cb?code=c&iss=https%3A%2F%2Fas");
        assert_eq!(sent("https://a/cb?x=1&y"), "https://a/cb?x=1&y&code=c&iss=https%3A%2F%2Fas");
        assert_eq!(sent("https://a/cb?"), "https://a/cb?code=c&iss=https%3A%2F%2Fas");
    }

    #[test]
    fn fragment_leaves_the_query_alone() {
        let response = path("https://a/cb?x=1", ResponseMode::Fragment, None).code("c".to_owned());
        assert_eq!(location(&response), "https://a/cb?x=1#code=c&iss=https%3A%2F%2Fas");
    }

    #[test]
    fn form_carries_the_same_fields() {
        let response = path("https://a/cb", ResponseMode::FormPost, Some("s")).code("c".to_owned());
        let Delivery::FormPost { action, fields } = response.delivery() else { panic!("no form") };
        assert_eq!((action, fields.len()), ("https://a/cb", 3));
    }

    #[test]
    fn state_comes_back_byte_for_byte_and_cannot_break_out() {
        let state = "a b&code=evil\u{e9}%0d%0a\"'<>";
        let response = path("https://a/cb", ResponseMode::Query, Some(state)).error(&Reason::UserDenied.into());
        let location = location(&response);
        let query = location.split_once('?').unwrap().1;
        let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let names: Vec<_> = pairs.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["error", "error_description", "state", "iss"]);
        assert_eq!(pairs[2].1, state);
        assert!(location.bytes().all(|byte| byte.is_ascii_graphic()));
    }
}
