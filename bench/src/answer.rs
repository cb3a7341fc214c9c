//! Is an answer what it must be?

use std::collections::HashSet;

use serde::Deserialize;

use crate::null_server;

const URN: &str = "urn:ietf:params:oauth:request_uri:";

/// Characters of a reference behind the prefix.
const REFERENCE_CHARS: usize = 43;

/// Who answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    /// A new `request_uri` (RFC 9126 section 2.2).
    Pushed,
    /// The null server's constant.
    Null,
}

/// The reference of one pushed request.
pub(crate) type Reference = [u8; REFERENCE_CHARS];

/// Exactly the two members of RFC 9126 section 2.2.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pushed<'a> {
    request_uri: &'a str,
    expires_in: u64,
}

/// Checks status and body; gives the reference that was issued.
pub(crate) fn check(expected: Expected, status: u16, body: &[u8]) -> Result<Option<Reference>, String> {
    let shown = || format!("unexpected answer {status}: {}", String::from_utf8_lossy(body));
    if status != 201 {
        return Err(shown());
    }
    match expected {
        Expected::Null if body == null_server::ANSWER => Ok(None),
        Expected::Null => Err(shown()),
        Expected::Pushed => {
            let pushed: Pushed<'_> = serde_json::from_slice(body).map_err(|_| shown())?;
            let reference = pushed.request_uri.strip_prefix(URN).and_then(|text| text.as_bytes().try_into().ok());
            reference.filter(|_| pushed.expires_in > 0).map(Some).ok_or_else(shown)
        }
    }
}

/// Every reference of a run: none may come twice.
#[derive(Default)]
pub(crate) struct Issued(HashSet<Reference>);

impl Issued {
    pub(crate) fn add(&mut self, references: Vec<Reference>) -> Result<(), String> {
        for reference in references {
            if !self.0.insert(reference) {
                return Err(format!("issued twice: {URN}{}", String::from_utf8_lossy(&reference)));
            }
        }
        Ok(())
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(reference: &str, rest: &str) -> String {
        format!("{{\"request_uri\":\"{URN}{reference}\"{rest}}}")
    }

    #[test]
    fn an_answer_to_a_push_has_two_members_and_nothing_else() {
        let reference = "r".repeat(REFERENCE_CHARS);
        let judged = |status, text: String| check(Expected::Pushed, status, text.as_bytes());
        assert_eq!(judged(201, body(&reference, ",\"expires_in\":60")), Ok(Some([b'r'; REFERENCE_CHARS])));
        for (status, text) in [
            (200, body(&reference, ",\"expires_in\":60")),
            (201, body(&reference, "")),
            (201, body(&reference, ",\"expires_in\":0")),
            (201, body(&reference, ",\"expires_in\":60,\"more\":1")),
            (201, body("short", ",\"expires_in\":60")),
            (201, String::new()),
        ] {
            assert!(judged(status, text.clone()).is_err(), "{status} {text}");
        }
    }

    #[test]
    fn the_same_reference_twice_is_an_error() {
        let mut issued = Issued::default();
        issued.add(vec![[1; REFERENCE_CHARS], [2; REFERENCE_CHARS]]).unwrap();
        assert!(issued.add(vec![[2; REFERENCE_CHARS]]).is_err());
        assert_eq!(issued.count(), 2);
    }
}
