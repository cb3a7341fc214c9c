//! The pages about what went wrong: for the person it happened to, and, by code, for the developer who mends it.

use askama::Template;

use crate::frame::{Frame, html};

/// The page shown when there is no trustworthy place to send the browser back to. Its words are constants by type, so
/// nothing of the request can be reflected.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "error.html")]
pub struct ErrorPage<'a> {
    /// What every page shares.
    pub frame: Frame<'a>,
    /// What happened, in a few words; the page's heading.
    pub title: &'static str,
    /// What happened, in a sentence or two, for the person.
    pub explanation: &'static str,
    /// What the person can do now.
    pub remedy: &'static str,
    /// The refusal's stable public code.
    pub code: &'static str,
    /// The code's own page on this server, if it is served: a path.
    pub code_path: Option<&'a str>,
    /// The OAuth error (`invalid_request_uri`, …).
    pub oauth_error: &'static str,
    /// The request's id, to be quoted to the operator. `None` where several causes must give the same bytes (N-124):
    /// there the id travels in a header only.
    pub request_id: Option<&'a str>,
}

/// The page of one refusal code, at `/errors/{code}`, for developers. Its words are constants by type.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "code.html")]
pub struct CodePage<'a> {
    /// What every page shares.
    pub frame: Frame<'a>,
    /// The refusal's stable public code.
    pub code: &'static str,
    /// What the code means, in a few words.
    pub title: &'static str,
    /// The OAuth error that the client receives.
    pub oauth_error: &'static str,
    /// The HTTP status that the client receives.
    pub status: u16,
    /// The specification that the refusal rests on (`RFC 9126`).
    pub specification: &'static str,
    /// The section of that specification (`2.1`); empty where it is not about one.
    pub section: &'static str,
    /// What was expected of the request.
    pub expected: &'static str,
    /// How to mend the request.
    pub remedy: &'static str,
}

/// The page for an address that leads nowhere. It does not repeat the address.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "not_found.html")]
pub struct NotFoundPage<'a> {
    /// What every page shares.
    pub frame: Frame<'a>,
}

impl ErrorPage<'_> {
    /// The page as HTML.
    #[must_use]
    pub fn render(&self) -> String {
        html(self)
    }
}

impl CodePage<'_> {
    /// The page as HTML.
    #[must_use]
    pub fn render(&self) -> String {
        html(self)
    }
}

impl NotFoundPage<'_> {
    /// The page as HTML.
    #[must_use]
    pub fn render(&self) -> String {
        html(self)
    }
}
