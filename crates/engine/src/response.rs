//! The authorization response: what the browser carries back to the client (RFC 6749 section 4.1.2).

use parhelion_protocol::refusal::Refusal;

/// Where the browser goes next, with what. `iss` is always among it (RFC 9207).
#[derive(Clone, PartialEq, Eq)]
pub struct AuthorizationResponse {
    redirect_uri: String,
    parameters: Vec<(&'static str, String)>,
}

/// Names only: the code is a secret.
impl std::fmt::Debug for AuthorizationResponse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.parameters.iter().map(|(name, _)| name)).finish()
    }
}

impl AuthorizationResponse {
    /// A response that carries a code.
    #[must_use]
    pub fn code(redirect_uri: &str, code: String, state: Option<&str>, issuer: &str) -> Self {
        Self::new(redirect_uri, vec![("code", code)], state, issuer)
    }

    /// A response that carries an error.
    #[must_use]
    pub fn error(redirect_uri: &str, refusal: &Refusal, state: Option<&str>, issuer: &str) -> Self {
        let row = refusal.public();
        let parameters =
            vec![("error", row.error.as_str().to_owned()), ("error_description", row.description.to_owned())];
        Self::new(redirect_uri, parameters, state, issuer)
    }

    fn new(redirect_uri: &str, mut parameters: Vec<(&'static str, String)>, state: Option<&str>, issuer: &str) -> Self {
        parameters.extend(state.map(|state| ("state", state.to_owned())));
        parameters.push(("iss", issuer.to_owned()));
        Self { redirect_uri: redirect_uri.to_owned(), parameters }
    }

    /// The URL to redirect to: the registered one, its own query kept, ours behind it.
    #[must_use]
    pub fn location(&self) -> String {
        let joint = match self.redirect_uri.split_once('?') {
            None => "?",
            Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
            Some(_) => "&",
        };
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(&self.parameters);
        format!("{}{joint}{}", self.redirect_uri, query.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parhelion_protocol::refusal::Reason;

    #[test]
    fn query_of_the_registered_uri_is_kept() {
        let location = |uri| AuthorizationResponse::code(uri, "c".to_owned(), None, "https://as").location();
        assert_eq!(location("https://a/cb"), "https://a/cb?code=c&iss=https%3A%2F%2Fas");
        assert_eq!(location("https://a/cb?x=1&y"), "https://a/cb?x=1&y&code=c&iss=https%3A%2F%2Fas");
        assert_eq!(location("https://a/cb?"), "https://a/cb?code=c&iss=https%3A%2F%2Fas");
    }

    #[test]
    fn state_comes_back_byte_for_byte_and_cannot_break_out() {
        let state = "a b&code=evil\u{e9}%0d%0a\"'<>";
        let response =
            AuthorizationResponse::error("https://a/cb", &Reason::UserDenied.into(), Some(state), "https://as");
        let location = response.location();
        let query = location.split_once('?').unwrap().1;
        let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let names: Vec<_> = pairs.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["error", "error_description", "state", "iss"]);
        assert_eq!(pairs[2].1, state);
        assert!(location.bytes().all(|byte| byte.is_ascii_graphic()));
    }
}
