//! JSON text with bounds (RFC 8259, I-JSON RFC 7493): every name once, no surprises, no deep stack.

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::map::Entry;
use serde_json::{Map, Number, Value};
use std::cell::Cell;
use std::fmt;

/// How large a JSON text may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Most objects and arrays inside each other: `1` is depth 0, `{}` is depth 1, `{"a":[]}` is depth 2. The parser's
    /// own guard stops at 127, whatever is asked for here.
    pub depth: usize,
    /// Most values in the whole text: each scalar, array and object counts one, the outermost included.
    pub nodes: usize,
    /// Longest text, in bytes.
    pub bytes: usize,
}

/// Why a text was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonFault {
    /// Longer than [`Bounds::bytes`].
    TooLong,
    /// Deeper than [`Bounds::depth`].
    TooDeep,
    /// More values than [`Bounds::nodes`].
    TooManyNodes,
    /// An object names a member twice (RFC 7515 section 4, RFC 7519 section 4).
    DuplicateName,
    /// The bytes are not UTF-8 (RFC 8259 section 8.1).
    NotUtf8,
    /// Not JSON: grammar, a number beyond an IEEE double, a lone surrogate, a byte order mark, anything after the value.
    Syntax,
    /// JSON, but not an object where one is required.
    NotAnObject,
}

impl fmt::Display for JsonFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "the JSON text is too long",
            Self::TooDeep => "the JSON text is nested too deep",
            Self::TooManyNodes => "the JSON text has too many values",
            Self::DuplicateName => "a JSON object names a member twice",
            Self::NotUtf8 => "the JSON text is not UTF-8",
            Self::Syntax => "the text is not JSON",
            Self::NotAnObject => "the JSON value is not an object",
        })
    }
}

impl std::error::Error for JsonFault {}

/// Parses one JSON value that is the whole of `bytes`.
///
/// # Errors
/// The first [`JsonFault`] met, except [`JsonFault::NotAnObject`].
pub fn parse(bytes: &[u8], bounds: Bounds) -> Result<Value, JsonFault> {
    if bytes.len() > bounds.bytes {
        return Err(JsonFault::TooLong);
    }
    let text = str::from_utf8(bytes).map_err(|_| JsonFault::NotUtf8)?;
    let budget = Budget { nodes: Cell::new(bounds.nodes), fault: Cell::new(JsonFault::Syntax) };
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Node { budget: &budget, depth: bounds.depth }.deserialize(&mut deserializer);
    let value = value.map_err(|_| budget.fault.get())?;
    deserializer.end().map_err(|_| JsonFault::Syntax)?;
    Ok(value)
}

/// Parses one JSON object that is the whole of `bytes`.
///
/// # Errors
/// The first [`JsonFault`] met.
pub fn parse_object(bytes: &[u8], bounds: Bounds) -> Result<Map<String, Value>, JsonFault> {
    match parse(bytes, bounds)? {
        Value::Object(object) => Ok(object),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Err(JsonFault::NotAnObject)
        }
    }
}

/// What is left to spend on one text, and why it was refused if it was.
struct Budget {
    nodes: Cell<usize>,
    fault: Cell<JsonFault>,
}

impl Budget {
    fn refuse<E: Error>(&self, fault: JsonFault) -> E {
        self.fault.set(fault);
        E::custom(fault)
    }
}

/// One value, with the depth that is left for it.
#[derive(Clone, Copy)]
struct Node<'b> {
    budget: &'b Budget,
    depth: usize,
}

impl Node<'_> {
    fn inner<E: Error>(self) -> Result<Self, E> {
        match self.depth.checked_sub(1) {
            Some(depth) => Ok(Self { depth, ..self }),
            None => Err(self.budget.refuse(JsonFault::TooDeep)),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        match self.budget.nodes.get().checked_sub(1) {
            Some(left) => self.budget.nodes.set(left),
            None => return Err(self.budget.refuse(JsonFault::TooManyNodes)),
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| self.budget.refuse(JsonFault::Syntax))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut array = Vec::new();
        while let Some(element) = elements.next_element_seed(inner)? {
            array.push(element);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            match object.entry(name) {
                Entry::Vacant(place) => place.insert(members.next_value_seed(inner)?),
                Entry::Occupied(_) => return Err(self.budget.refuse(JsonFault::DuplicateName)),
            };
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BOUNDS: Bounds = Bounds { depth: 8, nodes: 50, bytes: 2 << 20 };

    fn fault(text: &str) -> JsonFault {
        parse(text.as_bytes(), BOUNDS).expect_err(text)
    }

    #[test]
    fn a_name_given_twice_is_refused_at_any_depth() {
        // JO-14
        for text in [
            r#"{"alg":"ES256","alg":"none"}"#,
            r#"{"sub":"a","sub":"b"}"#,
            r#"{"a":{"b":1,"b":1}}"#,
            r#"[[{"a":[{"b":1,"b":2}]}]]"#,
            r#"{"a":1,"\u0061":2}"#,
        ] {
            assert_eq!(fault(text), JsonFault::DuplicateName, "{text}");
        }
        assert!(parse(br#"{"a":{"a":1},"b":{"a":1}}"#, BOUNDS).is_ok());
    }

    #[test]
    fn depth_is_bounded_without_a_deep_stack() {
        // JO-15
        assert!(parse(b"[[[[[[[[1]]]]]]]]", BOUNDS).is_ok());
        assert_eq!(fault("[[[[[[[[[1]]]]]]]]]"), JsonFault::TooDeep);
        assert_eq!(fault(&"[".repeat(10_000)), JsonFault::TooDeep);
        assert_eq!(fault(&r#"{"a":"#.repeat(200_000)), JsonFault::TooDeep);
        let unbounded = Bounds { depth: usize::MAX, nodes: usize::MAX, bytes: usize::MAX };
        assert_eq!(parse("[".repeat(1 << 20).as_bytes(), unbounded), Err(JsonFault::Syntax));
        assert_eq!(parse(b"1", Bounds { depth: 0, ..BOUNDS }), Ok(1.into()));
        assert_eq!(parse(b"{}", Bounds { depth: 0, ..BOUNDS }), Err(JsonFault::TooDeep));
    }

    #[test]
    fn nodes_and_bytes_are_bounded() {
        let three = Bounds { nodes: 3, ..BOUNDS };
        assert!(parse(br#"{"a":1,"b":2}"#, three).is_ok());
        assert_eq!(parse(br#"{"a":1,"b":2,"c":3}"#, three), Err(JsonFault::TooManyNodes));
        assert_eq!(parse(b"[1,2,3]", three), Err(JsonFault::TooManyNodes));
        assert_eq!(parse(b"123", Bounds { bytes: 2, ..BOUNDS }), Err(JsonFault::TooLong));
        assert!(parse(b"123", Bounds { bytes: 3, ..BOUNDS }).is_ok());
    }

    #[test]
    fn what_is_not_json_is_refused() {
        // JO-15
        for text in [
            "",
            " ",
            "nul",
            "NaN",
            "Infinity",
            "-",
            "01",
            "+1",
            "1.",
            ".5",
            "0x1",
            "'a'",
            "{a:1}",
            r#"{"a":1,}"#,
            "[1,]",
            "1e999999",
            "-1e999999",
            "{} {}",
            "{}x",
            "{}\0",
            "1 2",
            "/* */ {}",
            "{} // end",
            "\u{feff}{}",
            r#""\ud800""#,
            r#""\udc00""#,
            r#""\ud800\ud800""#,
            r#"{"\ud800":1}"#,
            r#""\x""#,
            "\"a\nb\"",
            "\"a",
            "\u{a0}1",
        ] {
            assert_eq!(fault(text), JsonFault::Syntax, "{text:?}");
        }
        assert_eq!(parse(&[b'9'; 1 << 20], BOUNDS), Err(JsonFault::Syntax));
        for bytes in [&b"\"\xff\""[..], b"\"\xed\xa0\x80\"", b"\xff\xfe{\0}\0", b"\"\xc0\x80\""] {
            assert_eq!(parse(bytes, BOUNDS), Err(JsonFault::NotUtf8), "{bytes:?}");
        }
    }

    #[test]
    fn only_an_object_is_an_object() {
        // JO-16
        for text in [r#""x""#, "[]", "null", "1", "true"] {
            assert_eq!(parse_object(text.as_bytes(), BOUNDS), Err(JsonFault::NotAnObject), "{text}");
        }
        assert_eq!(parse_object(b"", BOUNDS), Err(JsonFault::Syntax));
        assert_eq!(parse_object(b"{}", BOUNDS), Ok(Map::new()));
    }

    #[test]
    fn whitespace_around_a_value_is_allowed() {
        assert_eq!(parse(b" \t\r\n{ } \n", BOUNDS), Ok(Value::Object(Map::new())));
    }

    proptest! {
        #[test]
        fn accepted_texts_mean_what_serde_json_says(text in r#"[\[\]{}:,"a\\u0-9.eE+ -]{0,24}"#) {
            if let Ok(value) = parse(text.as_bytes(), BOUNDS) {
                prop_assert_eq!(serde_json::from_str::<Value>(&text).ok(), Some(value));
            }
        }
    }
}
