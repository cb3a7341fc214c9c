//! The page where a person allows or denies what an application asks for.

use askama::Template;

use crate::address::ShownAddress;
use crate::frame::{Frame, html};
use crate::texts::Language;

/// The consent page. Its form posts `form_token` and `decision`, which is `allow` or `deny`.
// No Debug: the form token must not reach a log.
#[derive(Clone, Template)]
#[template(path = "consent.html")]
pub struct ConsentPage<'a> {
    /// What every page shares.
    pub frame: Frame<'a>,
    /// Where the form is posted to: a path of this server.
    pub action_path: &'a str,
    /// The token that ties the form to the browser's interaction; goes into a hidden field.
    pub form_token: &'a str,
    /// The application, by the name it registered (any text).
    pub client_name: &'a str,
    /// The application's own page, shown as text and never as a link.
    pub client_uri: Option<ShownAddress>,
    /// Who is signed in and decides (any text).
    pub username: &'a str,
    /// The scopes asked for, in the order of the request; may be empty.
    pub scopes: Vec<ScopeLine<'a>>,
    /// The authorization details asked for (RFC 9396 section 2), in the order of the request; may be empty.
    pub authorization_details: Vec<AuthorizationDetail<'a>>,
    /// Where the answer goes, whatever it is.
    pub redirect_host: ShownAddress,
}

/// One scope that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScopeLine<'a> {
    /// The scope token (RFC 6749 section 3.3).
    pub name: &'a str,
    /// What the tenant says it means, in the page's language.
    pub description: Option<&'a str>,
}

/// One element of `authorization_details` that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuthorizationDetail<'a> {
    /// Its `type`.
    pub type_name: &'a str,
    /// What the tenant says the type means, in the page's language.
    pub description: Option<&'a str>,
    /// Its other members as text, lines kept: a person consents to these, so none may be left out.
    pub content: &'a str,
}

impl<'a> ScopeLine<'a> {
    /// A line for a scope, with its meaning where it is one of the standard ones.
    #[must_use]
    pub fn of(name: &'a str, language: Language) -> Self {
        let known = language.texts().consent.standard_scopes;
        Self { name, description: known.iter().find(|(scope, _)| *scope == name).map(|(_, meaning)| *meaning) }
    }
}

impl ConsentPage<'_> {
    /// The page as HTML.
    #[must_use]
    pub fn render(&self) -> String {
        html(self)
    }

    fn asks_for_nothing(&self) -> bool {
        self.scopes.is_empty() && self.authorization_details.is_empty()
    }
}
