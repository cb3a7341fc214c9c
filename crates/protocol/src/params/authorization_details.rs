//! `authorization_details`: rich authorization requests (RFC 9396).

use parhelion_jose::json;
use serde_json::Value;

use crate::authorization_details_type::AuthorizationDetailsTypes;
use crate::parameters::Param;
use crate::refusal::{Flaw, Pointer, Reason, Refusal};

/// JSON objects, each with a string `type`, in the order of the request. None asks for nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthorizationDetails(Vec<Value>);

impl AuthorizationDetails {
    /// Whether nothing is asked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each `type` with its whole element.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|element| (type_of(element), element))
    }

    /// As a JSON array; none where nothing is asked for.
    #[must_use]
    pub fn to_value(&self) -> Option<Value> {
        (!self.is_empty()).then(|| Value::Array(self.0.clone()))
    }

    /// As JSON text, which [`parse`] reads again; none where nothing is asked for.
    #[must_use]
    pub fn to_text(&self) -> Option<String> {
        self.to_value().map(|value| value.to_string())
    }

    /// Those that are equal to one of the `others`.
    #[must_use]
    pub fn filtered(&self, others: &Self) -> Self {
        Self(self.0.iter().filter(|element| others.0.contains(element)).cloned().collect())
    }

    /// What a token request that asks for `asked` may have of these (RFC 9396 section 6): each element has to be equal
    /// to one of these, as JSON values are.
    ///
    /// # Errors
    /// [`Reason::AuthorizationDetailsWiderThanGrant`].
    pub fn narrowed(&self, asked: Self) -> Result<Self, Refusal> {
        match asked.0.iter().position(|element| !self.0.contains(element)) {
            Some(index) => {
                Err(about(Reason::AuthorizationDetailsWiderThanGrant).found_element(index, Flaw::Itself, Pointer::ROOT))
            }
            None => Ok(asked),
        }
    }
}

/// Reads a JSON array of objects, each with a string `type`.
///
/// # Errors
/// [`Reason::AuthorizationDetailsMalformed`].
pub fn parse(text: &str) -> Result<AuthorizationDetails, Refusal> {
    let malformed = about(Reason::AuthorizationDetailsMalformed).found_length(text.len());
    let Ok(Value::Array(elements)) = json::parse(text.as_bytes(), super::claims::BOUNDS) else { return Err(malformed) };
    let typed = elements.iter().all(|element| element.get("type").is_some_and(Value::is_string));
    if typed { Ok(AuthorizationDetails(elements)) } else { Err(malformed) }
}

/// Judges every element by its type, which has to be known and among those that the client may use.
///
/// # Errors
/// [`Reason::AuthorizationDetailsTypeUnknown`], [`Reason::AuthorizationDetailsTypeNotAllowed`] or
/// [`Reason::AuthorizationDetailsInvalid`] with the first element that cannot stand.
pub fn check(
    details: &AuthorizationDetails,
    types: &AuthorizationDetailsTypes,
    allowed: &[String],
) -> Result<(), Refusal> {
    for (index, (name, element)) in details.iter().enumerate() {
        let refused = |reason| about(reason).found_element(index, Flaw::Itself, Pointer::ROOT);
        //= rfc9396#5 "contains an unknown authorization details type value"
        let known = types.get(name).ok_or(refused(Reason::AuthorizationDetailsTypeUnknown))?;
        //= rfc9396#10
        if !allowed.iter().any(|allowed| allowed == name) {
            return Err(refused(Reason::AuthorizationDetailsTypeNotAllowed));
        }
        known
            .check(element)
            .map_err(|(flaw, at)| about(Reason::AuthorizationDetailsInvalid).found_element(index, flaw, at))?;
    }
    Ok(())
}

fn type_of(element: &Value) -> &str {
    element.get("type").and_then(Value::as_str).unwrap_or_default()
}

fn about(reason: Reason) -> Refusal {
    Refusal::new(reason).about(Some(Param::AuthorizationDetails))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authorization_details_type::AuthorizationDetailsType;
    use std::sync::Arc;

    fn types() -> AuthorizationDetailsTypes {
        let schema = r#"{"properties":{"amount":{"type":"integer"}},"required":["amount"]}"#;
        let payment = |name: &str| AuthorizationDetailsType::register(name, None, schema).unwrap();
        ["payment", "transfer"].map(|name| (name.to_owned(), Arc::new(payment(name)))).into()
    }

    fn told(text: &str) -> String {
        check(&parse(text).unwrap(), &types(), &["payment".to_owned()]).unwrap_err().to_string()
    }

    #[test]
    fn only_an_array_of_objects_with_a_type_stands() {
        for text in ["", "{}", "[1]", "[{}]", r#"[{"type":1}]"#, r#"[{"type":"a","type":"b"}]"#, "[null]", "[[]]"] {
            assert_eq!(parse(text).unwrap_err().reason, Reason::AuthorizationDetailsMalformed, "{text}");
        }
        assert!(parse("[]").is_ok_and(|details| details.is_empty() && details.to_text().is_none()));
        let details = parse(r#"[ {"type":"payment","amount":1} ]"#).unwrap();
        assert_eq!(details.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["payment"]);
        assert_eq!(parse(&details.to_text().unwrap()), Ok(details));
    }

    #[test]
    fn first_element_that_cannot_stand_is_named_by_its_index() {
        let good = r#"{"type":"payment","amount":1}"#;
        assert!(told(&format!("[{good},{{\"type\":\"nobody\"}}]")).contains("PAR-327"));
        assert!(told(&format!("[{good},{{\"type\":\"nobody\"}}]")).contains("; found element 1;"));
        assert!(told(r#"[{"type":"transfer","amount":1}]"#).contains("PAR-337"));
        assert!(told(r#"[{"type":"payment"}]"#).contains("found element 0, /amount is missing"));
        assert!(
            told(&format!("[{good},{{\"type\":\"payment\",\"amount\":\"x\"}}]")).contains("element 1, /amount is of")
        );
        assert!(check(&parse(&format!("[{good}]")).unwrap(), &types(), &["payment".to_owned()]).is_ok());
        assert!(check(&parse("[]").unwrap(), &types(), &[]).is_ok());
    }

    #[test]
    fn narrowing_takes_equal_elements_and_no_others() {
        let granted = parse(r#"[{"type":"a","x":{"p":1,"q":[2]}},{"type":"b"}]"#).unwrap();
        let reordered = parse(r#"[{"x":{"q":[2],"p":1},"type":"a"}]"#).unwrap();
        assert_eq!(granted.narrowed(reordered.clone()), Ok(reordered));
        assert_eq!(granted.narrowed(parse("[]").unwrap()), Ok(AuthorizationDetails::default()));
        for wider in [r#"[{"type":"a"}]"#, r#"[{"type":"b","x":1}]"#, r#"[{"type":"a","x":{"p":1,"q":[2,3]}}]"#] {
            let refused = granted.narrowed(parse(wider).unwrap()).unwrap_err();
            assert_eq!(refused.reason, Reason::AuthorizationDetailsWiderThanGrant, "{wider}");
        }
        let second = granted.narrowed(parse(r#"[{"type":"b"},{"type":"c"}]"#).unwrap()).unwrap_err();
        assert!(second.description().ends_with(": element 1"), "{second}");
    }

    #[test]
    fn filtering_keeps_what_both_have() {
        let of = |text| parse(text).unwrap();
        let both = of(r#"[{"type":"a"},{"type":"b"}]"#).filtered(&of(r#"[{"type":"b"},{"type":"c"}]"#));
        assert_eq!(both, of(r#"[{"type":"b"}]"#));
    }
}
