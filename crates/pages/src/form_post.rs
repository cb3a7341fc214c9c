//! The page that carries an authorization response to the client (OAuth 2.0 Form Post Response Mode).

use askama::Template;

use crate::frame::{Frame, html};

/// What the page's script is, to the byte: the only script of all pages.
const SCRIPT: &str = "document.forms[0].submit()";

/// What a Content-Security-Policy allows it by, in `script-src`: the SHA-256 of [`SCRIPT`].
const SCRIPT_HASH: &str = "sha256-ePniVEkSivX/c7XWBGafqh8tSpiRrKiqYeqbG7N1TOE=";

/// The source expression that allows the page's script.
#[must_use]
pub const fn form_post_script_hash() -> &'static str {
    SCRIPT_HASH
}

/// The script whose hash [`form_post_script_hash`] gives.
#[must_use]
pub const fn form_post_script() -> &'static str {
    SCRIPT
}

/// Sends its fields to the client, by a script or, without one, by a button.
// No Debug: the code is among the fields.
#[derive(Clone, Template)]
#[template(path = "form_post.html")]
pub struct FormPostPage<'a> {
    /// What every page shares.
    pub frame: Frame<'a>,
    /// The redirect URI, which was found to be the client's own.
    pub action: &'a str,
    /// The parameters of the response (any text).
    pub fields: Vec<(&'a str, &'a str)>,
}

impl FormPostPage<'_> {
    /// The page as HTML.
    #[must_use]
    pub fn render(&self) -> String {
        html(self)
    }
}
