//! The pages around the end of a session.

use askama::Template;

use crate::frame::{Frame, html};

/// Asks whether to sign out. Its form posts to the address that it was shown at.
// No Debug: the form token must not reach a log.
#[derive(Clone, Template)]
#[template(path = "logout.html")]
pub struct LogoutPage<'a> {
    /// What every page shares.
    pub frame: Frame<'a>,
    /// The token that ties the form to the browser's session; goes into a hidden field.
    pub form_token: &'a str,
    /// What the client asked, carried on as it came (any text).
    pub fields: Vec<(&'a str, &'a str)>,
}

impl LogoutPage<'_> {
    /// The page as HTML.
    #[must_use]
    pub fn render(&self) -> String {
        html(self)
    }
}

/// Says that the session has ended.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "logged_out.html")]
pub struct LoggedOutPage<'a> {
    /// What every page shares.
    pub frame: Frame<'a>,
}

impl LoggedOutPage<'_> {
    /// The page as HTML.
    #[must_use]
    pub fn render(&self) -> String {
        html(self)
    }
}
