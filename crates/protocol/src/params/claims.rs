//! `claims`: individual claims for the ID token and userinfo (OpenID Connect Core 5.5).

use parhelion_jose::json;

use crate::limits;
use crate::parameters::Param;
use crate::refusal::{Reason, Refusal};

/// The bounds of every JSON-valued parameter.
pub(super) const BOUNDS: json::Bounds = json::Bounds {
    depth: limits::JSON_PARAMETER_MAX_DEPTH,
    nodes: limits::JSON_PARAMETER_MAX_NODES,
    bytes: limits::JSON_PARAMETER_MAX_BYTES,
};

/// Reads one JSON object, each of whose members is an object, where it is `userinfo` or `id_token`.
///
/// # Errors
/// [`Reason::ClaimsMalformed`].
pub fn parse(text: &str) -> Result<serde_json::Map<String, serde_json::Value>, Refusal> {
    let malformed = Refusal::new(Reason::ClaimsMalformed).about(Some(Param::Claims)).found_length(text.len());
    let object = json::parse_object(text.as_bytes(), BOUNDS).map_err(|_| malformed)?;
    let targets = ["userinfo", "id_token"].iter().filter_map(|name| object.get(*name));
    if targets.clone().all(serde_json::Value::is_object) { Ok(object) } else { Err(malformed) }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;

    #[test]
    fn only_a_bounded_object_without_repeated_names_stands() {
        assert!(parse(r#"{"id_token":{"auth_time":{"essential":true},"acr":null}}"#).is_ok());
        let deep = "{\"a\":".repeat(9) + "1" + &"}".repeat(9);
        let wide = format!(
            "{{\"userinfo\":{{{}}}}}",
            (0..200).map(|n| format!("\"c{n}\":null")).collect::<Vec<_>>().join(",")
        );
        let big = format!("{{\"a\":\"{}\"}}", "x".repeat(16 * 1024));
        for text in [
            "",
            "[]",
            "null",
            "{",
            "{}x",
            r#"{"a":1,"a":2}"#,
            r#"{"id_token":[]}"#,
            r#"{"userinfo":null}"#,
            &deep,
            &wide,
            &big,
        ] {
            assert_eq!(parse(text).unwrap_err().reason, Reason::ClaimsMalformed, "{:.40}", text);
        }
    }
}
