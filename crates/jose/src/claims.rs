//! Claims of a JWT (RFC 7519 section 4), each absent, malformed or valid, and never one for the other.

use crate::limits::NUMERIC_DATE_MAX_S;
use serde_json::{Map, Value};
use std::fmt;

/// What stands under a claim's name. A claim of the wrong type is never read as absent (CVE-2026-25537): `"nbf":"123"`
/// and `"nbf":null` are malformed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim<T> {
    /// The object has no member of that name.
    Absent,
    /// The member is there, and is not what this claim may be.
    Malformed,
    /// The member is there and has this value.
    Valid(T),
}

impl<T> Claim<T> {
    /// The value of a claim that may be left out.
    ///
    /// # Errors
    /// [`ClaimFault::Malformed`].
    pub fn optional(self) -> Result<Option<T>, ClaimFault> {
        match self {
            Self::Absent => Ok(None),
            Self::Malformed => Err(ClaimFault::Malformed),
            Self::Valid(value) => Ok(Some(value)),
        }
    }

    /// The value of a claim that must be there.
    ///
    /// # Errors
    /// [`ClaimFault::Absent`], [`ClaimFault::Malformed`].
    pub fn required(self) -> Result<T, ClaimFault> {
        match self {
            Self::Absent => Err(ClaimFault::Absent),
            Self::Malformed => Err(ClaimFault::Malformed),
            Self::Valid(value) => Ok(value),
        }
    }
}

/// Why a claim has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimFault {
    /// It is required and not there.
    Absent,
    /// It is there and of the wrong type or out of range.
    Malformed,
}

impl fmt::Display for ClaimFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "the claim is absent",
            Self::Malformed => "the claim is malformed",
        })
    }
}

impl std::error::Error for ClaimFault {}

/// A claim that is one string or an array of strings, as `aud` is (RFC 7519 section 4.1.3). Which of the two it was
/// is kept: a profile may insist on the string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StringOrStrings<'c> {
    /// One string, not in an array.
    One(&'c str),
    /// An array of strings, which may be empty.
    Many(Strings<'c>),
}

impl<'c> StringOrStrings<'c> {
    /// The strings, in the order written.
    pub fn iter(&self) -> impl Iterator<Item = &'c str> + use<'c> {
        let (one, many) = match *self {
            Self::One(one) => (Some(one), None),
            Self::Many(many) => (None, Some(many)),
        };
        one.into_iter().chain(many.into_iter().flat_map(|strings| strings.iter()))
    }
}

/// An array whose elements are all strings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Strings<'c>(&'c [Value]);

impl<'c> Strings<'c> {
    fn new(array: &'c [Value]) -> Option<Self> {
        array.iter().all(Value::is_string).then_some(Self(array))
    }

    /// The strings, in the order written.
    pub fn iter(&self) -> impl Iterator<Item = &'c str> + use<'c> {
        self.0.iter().filter_map(Value::as_str)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The members of a JWT's payload, or of any JSON object read the same way. Whether they were signed is known by
/// whom they came from: [`crate::jws::Verified::claims`].
#[derive(Clone, PartialEq, Eq)]
pub struct Claims(Map<String, Value>);

impl Claims {
    /// The members of `object`.
    #[must_use]
    pub fn new(object: Map<String, Value>) -> Self {
        Self(object)
    }

    /// A claim that is a string; the empty string is valid here.
    #[must_use]
    pub fn string(&self, name: &str) -> Claim<&str> {
        self.read(name, Value::as_str)
    }

    /// A claim that is a NumericDate: seconds since 1970-01-01T00:00:00Z, from 0 to the end of the year 9999. A
    /// fraction is cut off (RFC 7519 section 2 allows one); a string, a negative or a larger number is malformed.
    #[must_use]
    pub fn numeric_date(&self, name: &str) -> Claim<i64> {
        self.read(name, numeric_date)
    }

    /// A claim that is a string or an array of strings; an array with anything else in it is malformed.
    #[must_use]
    pub fn string_or_strings(&self, name: &str) -> Claim<StringOrStrings<'_>> {
        self.read(name, |value| match value {
            Value::String(one) => Some(StringOrStrings::One(one)),
            Value::Array(many) => Strings::new(many).map(StringOrStrings::Many),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
        })
    }

    /// The claim as it was written, `null` included; `None` when there is no member of that name.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// All members.
    #[must_use]
    pub fn object(&self) -> &Map<String, Value> {
        &self.0
    }

    /// All members, owned.
    #[must_use]
    pub fn into_object(self) -> Map<String, Value> {
        self.0
    }

    fn read<'c, T>(&'c self, name: &str, valid: impl FnOnce(&'c Value) -> Option<T>) -> Claim<T> {
        match self.0.get(name) {
            None => Claim::Absent,
            Some(value) => valid(value).map_or(Claim::Malformed, Claim::Valid),
        }
    }
}

impl fmt::Debug for Claims {
    /// Names only: the values may be personal, or a capability.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

fn numeric_date(value: &Value) -> Option<i64> {
    let number = value.as_number()?;
    let seconds = match number.as_i64() {
        Some(seconds) => seconds,
        None => whole_seconds(number.as_f64()?)?,
    };
    (0..=NUMERIC_DATE_MAX_S).contains(&seconds).then_some(seconds)
}

/// Below 2^53 every whole double is exactly its integer, and the largest NumericDate is far below.
fn whole_seconds(seconds: f64) -> Option<i64> {
    const END: f64 = 253_402_300_800.0;
    #[allow(clippy::cast_possible_truncation, reason = "cutting the fraction off is meant, and the range is checked")]
    (0.0..END).contains(&seconds).then(|| seconds.trunc() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;
    use crate::limits::CLAIMS;

    fn claims(text: &str) -> Claims {
        Claims::new(json::parse_object(text.as_bytes(), CLAIMS).expect(text))
    }

    #[test]
    fn a_date_is_whole_seconds_or_malformed() {
        // JO-27
        for (text, seconds) in [
            ("0", 0),
            ("1700000000", 1_700_000_000),
            ("1.7e9", 1_700_000_000),
            ("1700000000.0", 1_700_000_000),
            ("1700000000.5", 1_700_000_000),
            ("1700000000.999999", 1_700_000_000),
            ("-0", 0),
            ("0.5", 0),
            ("253402300799", 253_402_300_799),
            ("253402300799.5", 253_402_300_799),
        ] {
            let claims = claims(&format!(r#"{{"exp":{text}}}"#));
            assert_eq!(claims.numeric_date("exp"), Claim::Valid(seconds), "{text}");
        }
        for text in [
            r#""1700000000""#,
            "null",
            "true",
            "[]",
            "[1]",
            "{}",
            r#""""#,
            "-1",
            "-0.5",
            "-1e-300",
            "253402300800",
            "253402300800.0",
            "1e300",
            "-1e300",
            "18446744073709551615",
            "9223372036854775808",
            "99999999999999999999999",
        ] {
            let claims = claims(&format!(r#"{{"exp":{text}}}"#));
            assert_eq!(claims.numeric_date("exp"), Claim::Malformed, "{text}");
        }
        assert_eq!(claims("{}").numeric_date("exp"), Claim::Absent);
    }

    #[test]
    fn a_string_is_a_string_or_malformed() {
        let claims = claims(r#"{"a":"x","b":null,"c":1,"d":["x"],"e":""}"#);
        assert_eq!(claims.string("a"), Claim::Valid("x"));
        assert_eq!(claims.string("e"), Claim::Valid(""));
        for name in ["b", "c", "d"] {
            assert_eq!(claims.string(name), Claim::Malformed, "{name}");
        }
        assert_eq!(claims.string("A"), Claim::Absent);
    }

    #[test]
    fn a_string_is_told_apart_from_an_array() {
        let claims = claims(r#"{"a":"x","b":["x"],"c":["x","y"],"d":[],"e":["x",1],"f":null,"g":{"x":1},"h":[["x"]]}"#);
        assert_eq!(claims.string_or_strings("a"), Claim::Valid(StringOrStrings::One("x")));
        let read = |name: &str| match claims.string_or_strings(name) {
            Claim::Valid(strings @ StringOrStrings::Many(many)) => {
                assert!(strings.iter().eq(many.iter()));
                assert_eq!(many.len(), many.iter().count());
                many.iter().collect::<Vec<_>>()
            }
            Claim::Valid(StringOrStrings::One(_)) | Claim::Malformed | Claim::Absent => panic!("{name}"),
        };
        assert_eq!(read("b"), ["x"]);
        assert_eq!(read("c"), ["x", "y"]);
        assert!(read("d").is_empty());
        for name in ["e", "f", "g", "h"] {
            assert_eq!(claims.string_or_strings(name), Claim::Malformed, "{name}");
        }
        assert_eq!(claims.string_or_strings("z"), Claim::Absent);
    }

    #[test]
    fn malformed_is_never_absent() {
        assert_eq!(Claim::<()>::Malformed.optional(), Err(ClaimFault::Malformed));
        assert_eq!(Claim::<()>::Malformed.required(), Err(ClaimFault::Malformed));
        assert_eq!(Claim::<()>::Absent.optional(), Ok(None));
        assert_eq!(Claim::<()>::Absent.required(), Err(ClaimFault::Absent));
        assert_eq!(Claim::Valid(1).optional(), Ok(Some(1)));
        assert_eq!(Claim::Valid(1).required(), Ok(1));
    }

    #[test]
    fn debug_shows_names_only() {
        assert_eq!(format!("{:?}", claims(r#"{"sub":"secret"}"#)), r#"{"sub"}"#);
    }
}
