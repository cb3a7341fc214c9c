//! What people look at: typed page models in, HTML out. No I/O, no HTTP; one line of JavaScript, on the page that
//! posts a response to the client, which also has a button.
//!
//! Every text is escaped by the template engine; the pages refer to nothing but the stylesheet, the icon and paths of
//! the same server, so they work under `default-src 'none'; style-src 'self'; img-src 'self'` (N-136).
//!
//! **Fixed for ever**, because scripted browsers rely on it: the element ids `username`, `password`, `login`, `allow`,
//! `deny` and `error`; the form fields `username`, `password`, `form_token` and `decision` (`allow` or `deny`).

mod address;
mod assets;
mod consent;
mod error;
mod form_post;
mod frame;
mod home;
mod login;
mod logout;
mod texts;

pub use address::ShownAddress;
pub use assets::{ICON, STYLESHEET, icon_name, stylesheet_name};
pub use consent::{AuthorizationDetail, ConsentPage, ScopeLine};
pub use error::{CodePage, ErrorPage, NotFoundPage};
pub use form_post::{FormPostPage, form_post_script, form_post_script_hash};
pub use frame::Frame;
pub use home::HomePage;
pub use login::{LoginFailure, LoginPage};
pub use logout::{LoggedOutPage, LogoutPage};
pub use texts::Language;
