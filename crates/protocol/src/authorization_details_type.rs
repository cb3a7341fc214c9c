//! An authorization details type as it is registered: its name, what people are told of it, and the JSON Schema that its
//! elements are held to (RFC 9396 sections 2 and 5).

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::sync::Arc;

use boon::{Compiler, Draft, ErrorKind, InstanceToken, SchemaIndex, Schemas, UrlLoader, ValidationError};
use parhelion_jose::json::{self, JsonFault};
use serde_json::{Map, Value, json};

use crate::limits;
use crate::refusal::{Flaw, Pointer};

/// The types of a tenant, by name.
pub type AuthorizationDetailsTypes = BTreeMap<String, Arc<AuthorizationDetailsType>>;

/// A registered type. One that exists has a schema that was compiled.
pub struct AuthorizationDetailsType {
    /// 1 to 256 bytes of printable ASCII without spaces.
    pub name: String,
    /// What people are told that it means.
    pub description: Option<String>,
    names: BTreeSet<String>,
    schemas: Schemas,
    root: SchemaIndex,
}

impl std::fmt::Debug for AuthorizationDetailsType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AuthorizationDetailsType").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Why a type cannot be registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TypeFault {
    /// The name is empty, too long, or not printable ASCII without spaces.
    Name,
    /// The schema is not JSON, or larger than schemas may be.
    Json(JsonFault),
    /// `$schema` names another draft than 2020-12 and 7.
    Draft,
    /// A schema of draft 7 has `$ref` at its top level.
    RefAtTop,
    /// The schema is not one, or refers to what it does not hold.
    Schema(String),
}

impl std::fmt::Display for TypeFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Name => f.write_str("the type is not 1 to 256 characters of printable ASCII without spaces"),
            Self::Json(fault) => write!(f, "the schema cannot be read: {fault}"),
            Self::Draft => f.write_str("the schema is neither of draft 2020-12 nor of draft 7"),
            Self::RefAtTop => {
                f.write_str("draft 7 ignores whatever stands beside $ref at the top of the schema; put it into allOf")
            }
            Self::Schema(problem) => write!(f, "the schema cannot be used: {problem}"),
        }
    }
}

impl Error for TypeFault {}

impl AuthorizationDetailsType {
    /// Takes a type in and compiles its schema. Members that the schema does not name are refused, unless its top level
    /// says something else of them; formats are asserted; nothing is ever fetched.
    ///
    /// # Errors
    /// The first [`TypeFault`] found.
    pub fn register(name: &str, description: Option<String>, schema: &str) -> Result<Self, TypeFault> {
        let printable = name.bytes().all(|byte| byte.is_ascii_graphic());
        if !printable || !(1..=limits::AUTHORIZATION_DETAILS_TYPE_MAX_BYTES).contains(&name.len()) {
            return Err(TypeFault::Name);
        }
        let schema = closed(json::parse_object(schema.as_bytes(), BOUNDS).map_err(TypeFault::Json)?)?;
        let mut names = BTreeSet::new();
        collect_names(&schema, &mut names);
        let (schemas, root) = compile(schema).map_err(TypeFault::Schema)?;
        Ok(Self { name: name.to_owned(), description, names, schemas, root })
    }

    /// Judges an element by the schema.
    ///
    /// # Errors
    /// What is wrong first, and where.
    pub fn check(&self, element: &Value) -> Result<(), (Flaw, Pointer)> {
        self.schemas.validate(element, self.root).map_err(|error| self.told(first(&error)))
    }

    fn told(&self, error: &ValidationError<'_, '_>) -> (Flaw, Pointer) {
        let tokens = error.instance_location.tokens.as_slice();
        let missing = |names: &[&str]| {
            let at = self.pointer(tokens);
            (Flaw::Missing, names.first().and_then(|name| at.member(name)).unwrap_or(at))
        };
        #[allow(clippy::wildcard_enum_match_arm, reason = "every other keyword judges a value")]
        match &error.kind {
            ErrorKind::Required { want: names }
            | ErrorKind::Dependency { missing: names, .. }
            | ErrorKind::DependentRequired { missing: names, .. } => missing(names),
            ErrorKind::AdditionalProperties { .. } | ErrorKind::PropertyName { .. } => {
                (Flaw::Unknown, self.pointer(tokens))
            }
            // The last token is the member that must not be there.
            ErrorKind::FalseSchema => {
                let holder = tokens.split_last().map_or(tokens, |(_, holder)| holder);
                (Flaw::Unknown, self.pointer(holder))
            }
            ErrorKind::Type { .. } => (Flaw::WrongType, self.pointer(tokens)),
            _ => (Flaw::WrongValue, self.pointer(tokens)),
        }
    }

    /// The way as far as it leads by names of the schema: what else a request calls its members is not told.
    fn pointer(&self, tokens: &[InstanceToken<'_>]) -> Pointer {
        let mut at = Pointer::ROOT;
        for token in tokens {
            let further = match token {
                InstanceToken::Prop(name) => self.names.get(&**name).and_then(|name| at.member(name)),
                InstanceToken::Item(index) => at.item(*index),
            };
            let Some(further) = further else { break };
            at = further;
        }
        at
    }
}

const BOUNDS: json::Bounds =
    json::Bounds { depth: limits::SCHEMA_MAX_DEPTH, nodes: limits::SCHEMA_MAX_NODES, bytes: limits::SCHEMA_MAX_BYTES };

/// What a schema is known by while it is compiled.
const LOCATION: &str = "schema:///type";

/// The schema, closed against members that it does not name (RFC 9396 section 5: "contains unknown fields"). `type` is a
/// member of every element, whether the schema names it or not.
fn closed(mut schema: Map<String, Value>) -> Result<Value, TypeFault> {
    let draft = match schema.get("$schema") {
        None => Draft::V2020_12,
        Some(name) => name.as_str().and_then(Draft::from_url).ok_or(TypeFault::Draft)?,
    };
    let keyword = match draft {
        // It also sees what the branches of allOf, anyOf and $ref name.
        Draft::V2020_12 => "unevaluatedProperties",
        Draft::V7 if schema.contains_key("$ref") => return Err(TypeFault::RefAtTop),
        Draft::V7 => "additionalProperties",
        Draft::V4 | Draft::V6 | Draft::V2019_09 | _ => return Err(TypeFault::Draft),
    };
    if !["additionalProperties", "unevaluatedProperties"].iter().any(|said| schema.contains_key(*said)) {
        schema.insert(keyword.to_owned(), Value::Bool(false));
    }
    let properties = schema.entry("properties").or_insert_with(|| Value::Object(Map::new()));
    if let Value::Object(properties) = properties {
        properties.entry("type").or_insert_with(|| json!({ "type": "string" }));
    }
    Ok(Value::Object(schema))
}

fn compile(schema: Value) -> Result<(Schemas, SchemaIndex), String> {
    let (mut compiler, mut schemas) = (Compiler::new(), Schemas::new());
    compiler.set_default_draft(Draft::V2020_12);
    compiler.enable_format_assertions();
    compiler.use_loader(Box::new(NothingElsewhere));
    compiler.add_resource(LOCATION, schema).map_err(|error| error.to_string())?;
    let root = compiler.compile(LOCATION, &mut schemas).map_err(|error| format!("{error:#}"))?;
    Ok((schemas, root))
}

/// A schema holds all that it refers to.
struct NothingElsewhere;

impl UrlLoader for NothingElsewhere {
    fn load(&self, _: &str) -> Result<Value, Box<dyn Error>> {
        Err("a schema must hold all that it refers to".into())
    }
}

/// Every name that the schema gives to a member, wherever it does.
fn collect_names(schema: &Value, names: &mut BTreeSet<String>) {
    match schema {
        Value::Object(members) => {
            for (keyword, value) in members {
                match (keyword.as_str(), value) {
                    ("properties", Value::Object(properties)) => names.extend(properties.keys().cloned()),
                    ("required", Value::Array(required)) => {
                        names.extend(required.iter().filter_map(Value::as_str).map(str::to_owned));
                    }
                    _ => {}
                }
                collect_names(value, names);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| collect_names(value, names)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The first thing wrong, as deep as it goes. Where there are several ways to be right, none of them is the wrong one.
fn first<'e, 's, 'v>(error: &'e ValidationError<'s, 'v>) -> &'e ValidationError<'s, 'v> {
    let alternatives = matches!(
        error.kind,
        ErrorKind::AnyOf | ErrorKind::OneOf(_) | ErrorKind::Contains | ErrorKind::MinContains { .. }
    );
    error.causes.first().filter(|_| !alternatives).map_or(error, first)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAYMENT: &str = r##"{
        "properties": {
            "actions": { "type": "array", "items": { "enum": ["initiate", "status"] } },
            "instructedAmount": { "$ref": "#/$defs/amount" },
            "creditorName": { "type": "string", "maxLength": 5 },
            "when": { "format": "date" },
            "extra": {}
        },
        "required": ["instructedAmount"],
        "$defs": { "amount": {
            "type": "object",
            "properties": { "currency": { "type": "string" }, "amount": { "type": "string", "pattern": "^[0-9.]+$" } },
            "required": ["currency", "amount"],
            "additionalProperties": false
        } }
    }"##;

    fn register(schema: &str) -> Result<AuthorizationDetailsType, TypeFault> {
        AuthorizationDetailsType::register("payment", None, schema)
    }

    #[track_caller]
    fn told(schema: &str, mut element: Value) -> Option<(Flaw, String)> {
        element.as_object_mut().unwrap().insert("type".to_owned(), "payment".into());
        let wrong = register(schema).unwrap().check(&element).err();
        wrong.map(|(flaw, at)| (flaw, at.as_str().to_owned()))
    }

    #[track_caller]
    fn of_payment(more: Value) -> Option<(Flaw, String)> {
        let mut element = json!({ "instructedAmount": { "currency": "EUR", "amount": "1.50" } });
        element.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        told(PAYMENT, element)
    }

    //= rfc9396#5 type=test
    #[test]
    fn each_case_of_rfc_9396_section_5_is_told_with_its_place() {
        let at = |flaw, place: &str| Some((flaw, place.to_owned()));
        assert_eq!(of_payment(json!({ "actions": ["initiate"], "creditorName": "Merc", "when": "2027-01-15" })), None);
        assert_eq!(of_payment(json!({ "x": 1 })), at(Flaw::Unknown, ""));
        let amount = |amount: Value| of_payment(json!({ "instructedAmount": amount }));
        assert_eq!(amount(json!({ "currency": "EUR", "amount": "1", "y": 1 })), at(Flaw::Unknown, "/instructedAmount"));
        assert_eq!(amount(json!({ "currency": "EUR", "amount": 1 })), at(Flaw::WrongType, "/instructedAmount/amount"));
        assert_eq!(amount(json!({ "currency": "EUR" })), at(Flaw::Missing, "/instructedAmount/amount"));
        assert_eq!(amount(json!("1.50 EUR")), at(Flaw::WrongType, "/instructedAmount"));
        assert_eq!(
            amount(json!({ "currency": "EUR", "amount": "x" })),
            at(Flaw::WrongValue, "/instructedAmount/amount")
        );
        assert_eq!(of_payment(json!({ "actions": ["status", "steal"] })), at(Flaw::WrongValue, "/actions/1"));
        assert_eq!(of_payment(json!({ "creditorName": "Merchant" })), at(Flaw::WrongValue, "/creditorName"));
        assert_eq!(of_payment(json!({ "when": "soon" })), at(Flaw::WrongValue, "/when"));
        assert_eq!(told(PAYMENT, json!({})), at(Flaw::Missing, "/instructedAmount"));
    }

    #[test]
    fn place_ends_where_the_request_and_not_the_schema_gives_the_name() {
        let schema = r#"{ "properties": { "limits": { "additionalProperties": { "properties": { "max": {
            "type": "integer" } } } } } }"#;
        let wrong = told(schema, json!({ "limits": { "<script>": { "max": "x" } } }));
        assert_eq!(wrong, Some((Flaw::WrongType, "/limits".to_owned())));
    }

    #[test]
    fn schema_is_closed_unless_its_top_level_says_otherwise() {
        let unknown = Some((Flaw::Unknown, String::new()));
        for draft in ["", r#""$schema":"http://json-schema.org/draft-07/schema#","#] {
            assert_eq!(told(&format!("{{{draft}\"properties\":{{}}}}"), json!({ "x": 1 })), unknown);
            assert_eq!(told(&format!("{{{draft}\"additionalProperties\":true}}"), json!({ "x": 1 })), None);
            let numbers = format!("{{{draft}\"additionalProperties\":{{\"type\":\"integer\"}}}}");
            assert_eq!(told(&numbers, json!({ "x": 1 })), None);
            assert_eq!(told(&numbers, json!({ "x": "1" })), Some((Flaw::WrongType, String::new())));
        }
        assert_eq!(told("{}", json!({ "x": 1 })), unknown);
        assert_eq!(told("{}", json!({})), None);
        assert_eq!(told(r#"{"unevaluatedProperties":true}"#, json!({ "x": 1 })), None);
        let composed = r#"{"allOf":[{"properties":{"x":{"type":"integer"}}}]}"#;
        assert_eq!((told(composed, json!({ "x": 1 })), told(composed, json!({ "y": 1 }))), (None, unknown));
    }

    #[test]
    fn of_several_ways_to_be_right_none_is_told_as_the_wrong_one() {
        let schema = r#"{"properties":{"to":{"oneOf":[{"required":["iban"]},{"required":["bban"]}]}}}"#;
        assert_eq!(told(schema, json!({ "to": {} })), Some((Flaw::WrongValue, "/to".to_owned())));
    }

    #[test]
    fn schema_that_is_none_or_refers_elsewhere_is_refused() {
        assert_eq!(register("[]").unwrap_err(), TypeFault::Json(JsonFault::NotAnObject));
        assert_eq!(register("{").unwrap_err(), TypeFault::Json(JsonFault::Syntax));
        assert_eq!(register(r#"{"a":1,"a":2}"#).unwrap_err(), TypeFault::Json(JsonFault::DuplicateName));
        let of_2019 = r#"{"$schema":"https://json-schema.org/draft/2019-09/schema"}"#;
        for other in [of_2019, r#"{"$schema":"https://schemas.example/mine"}"#, r#"{"$schema":7}"#] {
            assert_eq!(register(other).unwrap_err(), TypeFault::Draft, "{other}");
        }
        let draft_7 = r##"{"$schema":"http://json-schema.org/draft-07/schema#","$ref":"#/definitions/a"}"##;
        assert_eq!(register(draft_7).unwrap_err(), TypeFault::RefAtTop);
        for broken in [
            r#"{"type":"nonsense"}"#,
            r#"{"properties":1}"#,
            r#"{"properties":{"a":{"pattern":"("}}}"#,
            r##"{"properties":{"a":{"$ref":"#/$defs/none"}}}"##,
            r#"{"properties":{"a":{"$ref":"https://schemas.example/a.json"}}}"#,
            r#"{"properties":{"a":{"$ref":"file:///etc/passwd"}}}"#,
            r#"{"properties":{"a":{"$ref":"other.json"}}}"#,
        ] {
            assert!(matches!(register(broken), Err(TypeFault::Schema(_))), "{broken}");
        }
    }

    #[test]
    fn schema_that_holds_what_it_refers_to_may_name_itself() {
        let schema = r##"{"$id":"https://bank.example/payment","properties":{
            "a":{"$ref":"https://bank.example/payment#/$defs/a"},"b":{"$ref":"#/$defs/a"}},
            "$defs":{"a":{"type":"integer"}}}"##;
        assert_eq!(told(schema, json!({ "a": 1, "b": 2 })), None);
        assert_eq!(told(schema, json!({ "a": 1, "b": "2" })), Some((Flaw::WrongType, "/b".to_owned())));
    }

    #[test]
    fn schema_that_refers_to_itself_for_ever_ends() {
        assert!(told(r##"{"allOf":[{"$ref":"#"}]}"##, json!({})).is_some());
    }

    #[test]
    fn name_is_printable_without_spaces() {
        for name in ["", "a b", "\u{e9}", "a\n", &"n".repeat(257)] {
            assert_eq!(AuthorizationDetailsType::register(name, None, "{}").unwrap_err(), TypeFault::Name, "{name:?}");
        }
        assert!(AuthorizationDetailsType::register("https://scheme.example/files", None, "{}").is_ok());
    }
}
