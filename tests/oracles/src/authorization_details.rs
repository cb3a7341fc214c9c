//! `authorization_details`: bounds and shape as another reader of JSON sees them; what is printed is read again; narrowing and
//! filtering are those of sets; elements are judged by their type's schema.

use std::sync::{Arc, LazyLock};

use parhelion_protocol::authorization_details_type::{AuthorizationDetailsType, AuthorizationDetailsTypes};
use parhelion_protocol::limits;
use parhelion_protocol::params::authorization_details::{AuthorizationDetails, check as judge, parse};
use serde_json::Value;

use crate::Verdict;
use crate::second::{extent, json};

static TYPES: LazyLock<AuthorizationDetailsTypes> = LazyLock::new(|| {
    let schema =
        r#"{"required":["amount"],"properties":{"amount":{"type":"integer","minimum":1}},"additionalProperties":true}"#;
    let register = |name: &str| AuthorizationDetailsType::register(name, None, schema).unwrap();
    ["payment", "transfer"].map(|name| (name.to_owned(), Arc::new(register(name)))).into()
});

/// Reads the bytes as the parameter's value.
pub fn check(bytes: &[u8]) -> Verdict {
    let Ok(text) = str::from_utf8(bytes) else { return Verdict::Refused };
    let plain = json(bytes);
    let Ok(details) = parse(text) else {
        // Refused for its size, or for a name that stands twice; else because it is not of the shape.
        let suspicious = |value: &Value| !is_bounded(text, value) || value.to_string().len() < text.len();
        assert!(plain.is_none_or(|value| !is_of_shape(&value) || suspicious(&value)), "{text}");
        return Verdict::Refused;
    };
    let plain = plain.unwrap();
    assert!(is_of_shape(&plain) && is_bounded(text, &plain), "{text}");
    assert_eq!(details.to_value().unwrap_or(Value::Array(Vec::new())), plain);
    assert!(details.iter().all(|(name, element)| element["type"] == name));
    assert_eq!(details.to_text().map_or_else(AuthorizationDetails::default, |text| parse(&text).unwrap()), details);
    check_sets(&details);
    assert_eq!(judge(&details, &TYPES, &["payment".to_owned()]).is_ok(), elements(&plain).all(is_a_payment), "{text}");
    Verdict::Accepted
}

/// Every details asked for at a narrower place are among the wider ones, and nothing is added.
fn check_sets(details: &AuthorizationDetails) {
    assert_eq!(details.narrowed(details.clone()).as_ref(), Ok(details));
    assert_eq!(&details.filtered(details), details);
    let none = AuthorizationDetails::default();
    assert!(details.filtered(&none).is_empty() && none.filtered(details).is_empty());
    assert_eq!(none.narrowed(details.clone()).is_ok(), details.is_empty());
    let stranger = parse(r#"[{"type":"a stranger","of":[["no"]]}]"#).unwrap();
    let known = details.iter().any(|(name, _)| name == "a stranger");
    assert!(known || details.narrowed(stranger).is_err());
}

fn elements(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn is_of_shape(value: &Value) -> bool {
    value.is_array() && elements(value).all(|element| element.get("type").is_some_and(Value::is_string))
}

fn is_bounded(text: &str, value: &Value) -> bool {
    let (depth, nodes) = extent(value);
    text.len() <= limits::JSON_PARAMETER_MAX_BYTES
        && depth <= limits::JSON_PARAMETER_MAX_DEPTH
        && nodes <= limits::JSON_PARAMETER_MAX_NODES
}

/// The schema, said by hand: a number without a fraction, at least one.
fn is_a_payment(element: &Value) -> bool {
    let amount = element.get("amount").and_then(Value::as_f64);
    element["type"] == "payment" && amount.is_some_and(|amount| amount >= 1.0 && amount.fract() == 0.0)
}
