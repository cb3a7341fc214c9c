//! What every page has around it: the language, the tenant's name, the stylesheet and the icon.

use crate::texts::{Language, Texts};

/// What every page of one tenant shares; build it once, copy it into each page.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// The language of every text that is ours.
    pub language: Language,
    /// Whose page it is, as people know it. It stands in the title, so it comes from configuration, never from a client.
    pub tenant_name: &'a str,
    /// Where the server serves [`STYLESHEET`](crate::STYLESHEET): an absolute path, or a relative one.
    pub stylesheet_path: &'a str,
    /// Where the server serves [`ICON`](crate::ICON), as `image/svg+xml`: an absolute path, or a relative one.
    pub icon_path: &'a str,
}

impl Frame<'_> {
    /// The texts of the page's language.
    pub(crate) fn t(&self) -> &'static Texts {
        self.language.texts()
    }
}

/// The template as text. Writing to a `String` cannot fail, and the pages display only strings and numbers.
pub(crate) fn html(page: &impl askama::Template) -> String {
    page.render().unwrap_or_default()
}
