//! The page where a person types a username and a password.

use askama::Template;

use crate::frame::{Frame, html};

/// The login page. Its form posts `username`, `password` and `form_token`.
// No Debug: the form token must not reach a log.
#[derive(Clone, Copy, Template)]
#[template(path = "login.html")]
pub struct LoginPage<'a> {
    /// What every page shares.
    pub frame: Frame<'a>,
    /// Where the form is posted to: a path of this server.
    pub action_path: &'a str,
    /// The token that ties the form to the browser's interaction; goes into a hidden field.
    pub form_token: &'a str,
    /// The application that wants to know who this is, by the name it registered (any text).
    pub client_name: &'a str,
    /// What to put into the username field: the last attempt's or the hinted name (any text).
    pub username_prefill: Option<&'a str>,
    /// Why the last attempt did not succeed; `None` on the first showing.
    pub failure: Option<LoginFailure>,
}

/// Why a login attempt did not succeed, as far as the person is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginFailure {
    /// The username or the password was empty.
    Missing,
    /// No such user, or not this password: the two are not told apart.
    Mismatch,
    /// Too many attempts from this source; later ones are not judged for a while.
    TooManyAttempts,
    /// The form came from an older showing of the page, or from elsewhere.
    Stale,
    /// The server cannot check passwords at the moment.
    Busy,
}

impl LoginFailure {
    /// Whether what was typed is at fault, rather than the moment or the page.
    fn blames_the_fields(self) -> bool {
        match self {
            Self::Missing | Self::Mismatch => true,
            Self::TooManyAttempts | Self::Stale | Self::Busy => false,
        }
    }
}

impl LoginPage<'_> {
    /// The page as HTML.
    #[must_use]
    pub fn render(&self) -> String {
        html(self)
    }

    fn failure_text(&self) -> Option<&'static str> {
        self.failure.map(|failure| self.frame.t().login.failure(failure))
    }

    fn fields_are_invalid(&self) -> bool {
        self.failure.is_some_and(LoginFailure::blames_the_fields)
    }
}
