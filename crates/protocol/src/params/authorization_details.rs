//! `authorization_details`: rich authorization requests (RFC 9396).

use parhelion_jose::json;
use serde_json::Value;

use crate::parameters::Param;
use crate::refusal::{Reason, Refusal};

/// Reads a JSON array of objects, each with a string `type`; an empty one asks for nothing. No type is known yet, so that any
/// well-formed element is refused for its type (RFC 9396 section 5).
///
/// # Errors
/// [`Reason::AuthorizationDetailsMalformed`] or [`Reason::AuthorizationDetailsTypeUnknown`].
pub fn parse(text: &str) -> Result<(), Refusal> {
    let about = |reason| Refusal::new(reason).about(Some(Param::AuthorizationDetails));
    let malformed = about(Reason::AuthorizationDetailsMalformed).found_length(text.len());
    let value = json::parse(text.as_bytes(), super::claims::BOUNDS).map_err(|_| malformed)?;
    let elements = value.as_array().ok_or(malformed)?;
    let typed = elements.iter().all(|element| element.get("type").is_some_and(Value::is_string));
    match (typed, elements.is_empty()) {
        (false, _) => Err(malformed),
        (true, false) => Err(about(Reason::AuthorizationDetailsTypeUnknown)),
        (true, true) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn malformed_and_unknown_are_told_apart() {
        for text in ["", "{}", "[1]", "[{}]", r#"[{"type":1}]"#, r#"[{"type":"a","type":"b"}]"#, "[null]"] {
            assert_eq!(parse(text).unwrap_err().reason, Reason::AuthorizationDetailsMalformed, "{text}");
        }
        assert!(parse("[]").is_ok());
        let unknown = parse(r#"[{"type":"payment_initiation"}]"#).unwrap_err();
        assert_eq!(unknown.reason, Reason::AuthorizationDetailsTypeUnknown);
    }
}
