//! The documents of the response mode `pi.flow`, which stand where other modes redirect. The vendor's SDK reads
//! `authorizeResponse` with `code` and `state`; every other name is inferred, and ours.

use serde_json::{Value, json};

/// What the authorization endpoint says.
#[derive(Clone, Copy, Debug)]
pub enum FlowDocument<'a> {
    /// The authorization response, of an error too: its parameters.
    Response(&'a [(&'static str, String)]),
    /// A person has to log in first.
    Login {
        /// The interaction.
        id: &'a str,
        /// The URL of its page.
        page: &'a str,
    },
    /// A person has to allow it first.
    Consent {
        /// The interaction.
        id: &'a str,
        /// The URL of its page.
        page: &'a str,
    },
}

impl FlowDocument<'_> {
    /// The text of the document.
    #[must_use]
    pub fn to_json(self) -> String {
        match self {
            Self::Response(parameters) => {
                json!({ "authorizeResponse": Value::from_iter(parameters.iter().cloned()) }).to_string()
            }
            Self::Login { id, page } => due(id, "USERNAME_PASSWORD_REQUIRED", page),
            Self::Consent { id, page } => due(id, "CONSENT_REQUIRED", page),
        }
    }
}

fn due(id: &str, status: &str, page: &str) -> String {
    json!({ "id": id, "status": status, "_links": { "signOnPage": { "href": page } } }).to_string()
}
