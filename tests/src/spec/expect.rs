//! What must come of a step. The words are those of the outcome column of the rows:
//!
//! | word | means |
//! |---|---|
//! | `E400(x)` | a JSON error `x` with that status; `E401(x)`: 401 with a challenge if the `Authorization` header was used, else 400 |
//! | `PAGE(x)` | an error page, 400, that goes nowhere |
//! | `REDIR(x)` | an error sent to the client's redirect URI, with `iss`, and `state` if it was sent |
//! | `CODE` | a code sent to the client's redirect URI, in the same way |
//! | `ISSUED(x|y)` | of code, access token and ID token just these, in the same way |
//! | `PUSHED` | 201 with exactly `request_uri` and `expires_in` |
//! | `TOKENS` | 200 with an access token |
//! | `LOGIN`, `CONSENT` | the page, or the redirect to it |
//! | `CHALLENGE(x)` | a protected resource's 401 with the error `x`; `CHALLENGE()`: without one |
//! | `INACTIVE` | an introspection answer that says no more than that |
//! | `413`, `400|501` | one of these statuses |
//! | `NOTHING` | the connection is closed without an answer |
//! | `CLOSE` | behind another word: and then the connection is closed |
//! | `START_REFUSED` | the server does not start |
//! | `DONE` | it happened |
//!
//! `REDIR` and `CODE` travel in the query, or as `.fragment`, `.form_post`, `.jwt`, `.fragment_jwt` or `.form_post_jwt`
//! behind the word says. `PAR-504` behind a word is
//! the code that the answer must carry. `or` parts alternatives.

use toml::{Table, Value};

use super::fields::Fields;

/// How long an answer may take unless a case says otherwise.
const PATIENCE_S: f64 = 5.0;

/// What must come of a step.
#[derive(Clone, Debug)]
pub struct Expected {
    /// One of these.
    pub any_of: Vec<Outcome>,
    /// Headers: a text that the value has in it, or `false` for none of that name.
    pub headers: Vec<(String, Value)>,
    /// Members of the body: a value, or [`PRESENT`] or [`ABSENT`].
    pub json: Vec<(String, Value)>,
    /// Parameters of the authorization response, in the same way.
    pub response: Vec<(String, Value)>,
    /// What the body has in it.
    pub has: Vec<String>,
    /// What it has not.
    pub lacks: Vec<String>,
    /// The name of a step whose answer was the same to the byte.
    pub same_as: Option<String>,
    /// How long it may take.
    pub within_s: f64,
}

/// A member that must be there, whatever its value.
pub const PRESENT: &str = "PRESENT";

/// A member that must not be there.
pub const ABSENT: &str = "ABSENT";

/// One acceptable outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What kind of answer it is.
    pub shape: Shape,
    /// Its statuses.
    pub statuses: Vec<u16>,
    /// Its OAuth errors, the empty text being none; of an authorization response that issues something, what.
    pub errors: Vec<String>,
    /// The code it carries.
    pub code: Option<String>,
    /// Whether the connection ends.
    pub closes: Option<Closes>,
}

/// What becomes of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closes {
    /// It is closed.
    Yes,
    /// It stays.
    No,
}

/// What kind of answer it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Any.
    Any,
    /// None.
    Nothing,
    /// An OAuth error in JSON.
    JsonError,
    /// An error page.
    Page,
    /// An authorization response with an error.
    Redirect(Mode),
    /// An authorization response with a code.
    Code(Mode),
    /// An authorization response with what [`Outcome::errors`] names.
    Issued(Mode),
    /// The answer to a push.
    Pushed,
    /// The answer of the token endpoint.
    Tokens,
    /// The login page.
    Login,
    /// The consent page.
    Consent,
    /// A protected resource's challenge.
    Challenge,
    /// A token that is worth nothing.
    Inactive,
    /// A server that does not start.
    StartRefused,
    /// Something that happened.
    Done,
}

/// How an authorization response travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// In the query.
    Query,
    /// In the fragment.
    Fragment,
    /// In a form.
    FormPost,
    /// In a signed JWT in the query (JARM).
    QueryJwt,
    /// In a signed JWT in the fragment.
    FragmentJwt,
    /// In a signed JWT in a form.
    FormPostJwt,
}

impl Expected {
    /// Reads the keys of a step that say what must come of it.
    pub fn read(fields: &mut Fields<'_>, place: &str, usual: &str) -> Self {
        let words = fields.text("expect").unwrap_or_else(|| usual.to_owned());
        Self {
            headers: fields.table("expect_headers").into_iter().collect(),
            json: fields.table("expect_json").into_iter().collect(),
            response: fields.table("expect_response").into_iter().collect(),
            has: fields.texts("has"),
            lacks: fields.texts("lacks"),
            same_as: fields.text("same_as"),
            within_s: fields.number("within_s").unwrap_or(PATIENCE_S),
            ..Self::of(&words, place)
        }
    }

    /// An expectation of words alone.
    #[must_use]
    pub fn of(words: &str, place: &str) -> Self {
        let any_of = words.split(" or ").map(|words| Outcome::read(words, place)).collect();
        let none = || Table::new().into_iter().collect();
        Self {
            any_of,
            headers: none(),
            json: none(),
            response: none(),
            has: Vec::new(),
            lacks: Vec::new(),
            same_as: None,
            within_s: PATIENCE_S,
        }
    }

    /// Whether what is expected is that something works.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        self.any_of.iter().all(|outcome| match outcome.shape {
            Shape::Code(_)
            | Shape::Issued(_)
            | Shape::Pushed
            | Shape::Tokens
            | Shape::Login
            | Shape::Consent
            | Shape::Done => true,
            Shape::Any => outcome.statuses.iter().all(|status| (200..400).contains(status)),
            Shape::Nothing
            | Shape::JsonError
            | Shape::Page
            | Shape::Redirect(_)
            | Shape::Challenge
            | Shape::Inactive
            | Shape::StartRefused => false,
        })
    }
}

impl Outcome {
    fn read(words: &str, place: &str) -> Self {
        let mut outcome = None;
        for word in words.split_whitespace() {
            match (word, &mut outcome) {
                (word, None) => outcome = Some(Self::of_word(word, place)),
                ("CLOSE", Some(outcome)) => outcome.closes = Some(Closes::Yes),
                (code, Some(outcome)) if code.starts_with("PAR-") => outcome.code = Some(code.to_owned()),
                (other, Some(_)) => panic!("{place}: what is `{other}`?"),
            }
        }
        outcome.unwrap_or_else(|| panic!("{place}: nothing is expected"))
    }

    fn of_word(word: &str, place: &str) -> Self {
        let (head, arguments) = word.strip_suffix(')').and_then(|word| word.split_once('(')).unwrap_or((word, ""));
        let (name, mode) = head.split_once('.').unwrap_or((head, "query"));
        let mode = match mode {
            "query" => Mode::Query,
            "fragment" => Mode::Fragment,
            "form_post" => Mode::FormPost,
            "jwt" => Mode::QueryJwt,
            "fragment_jwt" => Mode::FragmentJwt,
            "form_post_jwt" => Mode::FormPostJwt,
            other => panic!("{place}: what is `{other}`?"),
        };
        let (shape, status) = match name {
            "PAGE" => (Shape::Page, 400),
            "REDIR" => (Shape::Redirect(mode), redirect_status(mode)),
            "CODE" => (Shape::Code(mode), redirect_status(mode)),
            "ISSUED" => (Shape::Issued(mode), redirect_status(mode)),
            "PUSHED" => (Shape::Pushed, 201),
            "TOKENS" => (Shape::Tokens, 200),
            "LOGIN" => (Shape::Login, 200),
            "CONSENT" => (Shape::Consent, 200),
            "CHALLENGE" => (Shape::Challenge, 401),
            "INACTIVE" => (Shape::Inactive, 200),
            "NOTHING" => (Shape::Nothing, 0),
            "START_REFUSED" => (Shape::StartRefused, 0),
            "DONE" => (Shape::Done, 0),
            _ => match name.strip_prefix('E').map(str::parse) {
                Some(Ok(status)) => (Shape::JsonError, status),
                Some(Err(_)) | None => (Shape::Any, 0),
            },
        };
        let statuses = if shape == Shape::Any { statuses(name, place) } else { vec![status] };
        let errors = arguments.split('|').map(str::to_owned).collect();
        Self { shape, statuses, errors, code: None, closes: None }
    }
}

const fn redirect_status(mode: Mode) -> u16 {
    match mode {
        Mode::Query | Mode::Fragment | Mode::QueryJwt | Mode::FragmentJwt => 303,
        Mode::FormPost | Mode::FormPostJwt => 200,
    }
}

fn statuses(words: &str, place: &str) -> Vec<u16> {
    let read = |word: &str| word.parse().unwrap_or_else(|_| panic!("{place}: what is `{word}`?"));
    words.split('|').map(read).collect()
}
