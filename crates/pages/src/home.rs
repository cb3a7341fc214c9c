//! The plain page at a mount's base URL, for whoever opens it in a browser.

use askama::Template;

use crate::frame::{Frame, html};

/// The page that says what this server is.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "home.html")]
pub struct HomePage<'a> {
    /// What every page shares.
    pub frame: Frame<'a>,
    /// The mount's issuer, shown as text.
    pub issuer: &'a str,
    /// The mount's metadata document: a path of this server.
    pub metadata_path: &'a str,
}

impl HomePage<'_> {
    /// The page as HTML.
    #[must_use]
    pub fn render(&self) -> String {
        html(self)
    }
}
