//! `request_uri`: the reference that a push answers with (RFC 9126 section 2.2).

use parhelion_jose::base64url;

use crate::parameters::Param;
use crate::refusal::{Reason, Refusal};

const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";

/// The wire form of a reference: the URN prefix of RFC 9126 section 2.2 and 43 base64url characters.
#[must_use]
pub fn format(reference: &[u8; 32]) -> String {
    let mut text = String::with_capacity(PREFIX.len().saturating_add(43));
    text.push_str(PREFIX);
    text.push_str(&base64url::encode(reference));
    text
}

/// Reads the exact form that [`format`] writes; nothing is looked up for any other.
///
/// # Errors
/// [`Reason::RequestUriByReference`] for another kind of URI, [`Reason::RequestUriMalformed`] for ours gone wrong.
pub fn parse(text: &str) -> Result<[u8; 32], Refusal> {
    let about = |reason| Refusal::new(reason).about(Some(Param::RequestUri));
    match text.strip_prefix(PREFIX) {
        Some(reference) => base64url::decode_array(reference).ok_or(about(Reason::RequestUriMalformed)),
        None if is_fetchable(text) => Err(about(Reason::RequestUriByReference)),
        None => Err(about(Reason::RequestUriMalformed)),
    }
}

fn is_fetchable(text: &str) -> bool {
    let scheme = text.split_once("://").map(|(scheme, _)| scheme);
    scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_reference_has_one_spelling() {
        let text = format(&[7; 32]);
        assert_eq!(text.len(), 77);
        assert_eq!(parse(&text), Ok([7; 32]));
        let (head, tail) = text.split_at(76);
        let variants = [
            head.to_owned(),
            format!("{text}="),
            format!("{text} "),
            format!("{text}A"),
            text.to_uppercase(),
            format!("{head}{}", if tail == "c" { "d" } else { "_" }),
            text.replace("request_uri", "code"),
            "urn:ietf:params:oauth:request_uri:../".to_owned(),
            String::new(),
        ];
        for variant in variants {
            assert_eq!(parse(&variant).unwrap_err().reason, Reason::RequestUriMalformed, "{variant}");
        }
    }

    #[test]
    fn foreign_urls_are_named_as_such() {
        for text in ["https://client.example/request.jwt", "http://169.254.169.254/", "HTTPS://x"] {
            assert_eq!(parse(text).unwrap_err().reason, Reason::RequestUriByReference, "{text}");
        }
    }
}
