//! Authorization details: this vendor keeps what RFC 9396 section 2.2 names in members of their own, and everything else
//! as the text of a JSON object.

use parhelion_engine::fault::Turned;
use parhelion_protocol::refusal::Reason;
use serde_json::{Map, Value, json};

/// RFC 9396's names of members that are lists of strings, and the vendor's.
const LISTS: &[(&str, &str)] =
    &[("locations", "locations"), ("actions", "actions"), ("datatypes", "dataTypes"), ("privileges", "privileges")];

/// The same for members that are strings.
const TEXTS: &[(&str, &str)] = &[("type", "type"), ("identifier", "identifier")];

const OTHERS: &str = "otherFields";

/// In the vendor's form, from an array as OAuth writes it; nothing if there are none.
pub(super) fn of_oauth(details: Option<&Value>) -> Option<Value> {
    let elements: Vec<Value> = details?.as_array()?.iter().filter_map(Value::as_object).map(element).collect();
    (!elements.is_empty()).then(|| json!({ "elements": elements }))
}

fn element(detail: &Map<String, Value>) -> Value {
    let (mut element, mut others) = (Map::new(), Map::new());
    for (name, value) in detail {
        let of_list = LISTS.iter().find(|(oauth, _)| oauth == name).filter(|_| is_list_of_texts(value));
        let of_text = TEXTS.iter().find(|(oauth, _)| oauth == name).filter(|_| value.is_string());
        match of_list.or(of_text) {
            Some((_, vendors)) => drop(element.insert((*vendors).to_owned(), value.clone())),
            None => drop(others.insert(name.clone(), value.clone())),
        }
    }
    if !others.is_empty() {
        element.insert(OTHERS.to_owned(), Value::Object(others).to_string().into());
    }
    Value::Object(element)
}

fn is_list_of_texts(value: &Value) -> bool {
    value.as_array().is_some_and(|items| items.iter().all(Value::is_string))
}

/// As OAuth writes them, from the vendor's form.
///
/// # Errors
/// [`Reason::VouchedMalformed`].
pub(super) fn to_oauth(details: &Value) -> Result<String, Turned> {
    let malformed = Turned::from(Reason::VouchedMalformed);
    let elements = details.get("elements").and_then(Value::as_array).ok_or(malformed)?;
    let details: Option<Vec<Value>> = elements.iter().map(detail).collect();
    Ok(Value::Array(details.ok_or(malformed)?).to_string())
}

fn detail(element: &Value) -> Option<Value> {
    let mut detail = Map::new();
    for (name, value) in element.as_object()?.iter().filter(|(_, value)| !value.is_null()) {
        if name == OTHERS {
            let others: Map<String, Value> = serde_json::from_str(value.as_str()?).ok()?;
            detail.extend(others);
        } else if let Some((oauth, _)) = LISTS.iter().chain(TEXTS).find(|(_, vendors)| vendors == name) {
            detail.insert((*oauth).to_owned(), value.clone());
        }
    }
    Some(Value::Object(detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_come_back_as_they_went() {
        let details = json!([
            { "type": "payment", "actions": ["pay"], "datatypes": ["a"], "amount": { "eur": 5 }, "locations": 7 },
            { "type": "account", "identifier": "x", "privileges": ["read"] },
        ]);
        let vendors = of_oauth(Some(&details)).unwrap();
        let first = &vendors["elements"][0];
        assert_eq!((&first["dataTypes"], &first["actions"]), (&json!(["a"]), &json!(["pay"])));
        assert_eq!(first["otherFields"], json!({ "amount": { "eur": 5 }, "locations": 7 }).to_string());
        let back: Value = serde_json::from_str(&to_oauth(&vendors).unwrap()).unwrap();
        assert_eq!(back, details);
        assert_eq!(of_oauth(Some(&json!([]))), None);
        for malformed in [json!({}), json!({ "elements": [5] }), json!({ "elements": [{ "otherFields": "5" }] })] {
            assert!(to_oauth(&malformed).is_err(), "{malformed}");
        }
    }
}
