//! Second readings: base64url and JWE on other primitives, JSON without duplicate names.

pub(crate) mod jwe;

use serde_json::Value;
use serde_json::de::Deserializer;
use sha2::{Digest, Sha256};

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// RFC 4648 section 5 without padding, in the one spelling: bit by bit.
pub(crate) fn base64url(text: &str) -> Option<Vec<u8>> {
    let mut bits = Vec::new();
    for byte in text.bytes() {
        let value = ALPHABET.iter().position(|known| *known == byte)?;
        bits.extend((0..6).rev().map(|at| value >> at & 1));
    }
    let rest = bits.len() % 8;
    let (whole, rest) = bits.split_at(bits.len() - rest);
    let is_canonical = rest.len() < 6 && rest.iter().all(|bit| *bit == 0);
    let byte = |bits: &[usize]| u8::try_from(bits.iter().fold(0, |byte, bit| byte << 1 | bit)).unwrap();
    is_canonical.then(|| whole.chunks(8).map(byte).collect())
}

/// Writes what [`base64url`] reads.
pub(crate) fn to_base64url(bytes: &[u8]) -> String {
    let bits: Vec<usize> =
        bytes.iter().flat_map(|byte| (0..8).rev().map(move |at| usize::from(byte >> at & 1))).collect();
    let character =
        |bits: &[usize]| char::from(ALPHABET[bits.iter().fold(0, |value, bit| value << 1 | bit) << (6 - bits.len())]);
    bits.chunks(6).map(character).collect()
}

pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// The value of a JSON text, read by the library alone: the last of a name that stands twice counts.
pub(crate) fn json(text: &[u8]) -> Option<Value> {
    let mut deserializer = Deserializer::from_slice(text);
    let value = serde::Deserialize::deserialize(&mut deserializer).ok()?;
    deserializer.end().ok().map(|()| value)
}

/// How deep, and how many values, a JSON value is.
pub(crate) fn extent(value: &Value) -> (usize, usize) {
    let inner: Vec<&Value> = match value {
        Value::Array(elements) => elements.iter().collect(),
        Value::Object(members) => members.values().collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return (0, 1),
    };
    let extents = inner.into_iter().map(extent);
    extents.fold((1, 1), |(depth, nodes), (inner, more)| (depth.max(inner + 1), nodes + more))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64url_is_that_of_rfc_4648() {
        for (text, bytes) in
            [("", ""), ("Zg", "f"), ("Zm8", "fo"), ("Zm9v", "foo"), ("Zm9vYg", "foob"), ("Pz8-", "??>")]
        {
            assert_eq!(base64url(text), Some(bytes.as_bytes().to_vec()));
            assert_eq!(to_base64url(bytes.as_bytes()), text);
        }
        for text in ["Z", "Zh", "Zm9=", "Zm9v\n", "Zm9v+", "Zm9vY"] {
            assert_eq!(base64url(text), None, "{text}");
        }
    }

    #[test]
    fn extent_counts_as_the_bounds_do() {
        assert_eq!(extent(&json(br#"{"a":[1,{"b":null}],"c":""}"#).unwrap()), (3, 6));
        assert_eq!(extent(&json(b"1").unwrap()), (0, 1));
    }
}
