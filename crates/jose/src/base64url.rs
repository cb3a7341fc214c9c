//! base64url without padding (RFC 7515 section 2, RFC 4648 section 5), one spelling per value.

use ::base64::Engine;
use ::base64::engine::GeneralPurpose;
use ::base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::fmt;

/// Refuses padding, other alphabets, whitespace and trailing bits that are not zero.
const ENGINE: GeneralPurpose = URL_SAFE_NO_PAD;

/// The text is not the one spelling of any value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not in the one spelling of its base64 alphabet")
    }
}

impl std::error::Error for Malformed {}

/// Encodes `bytes`, without padding.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    ENGINE.encode(bytes)
}

/// Encodes `bytes` at the end of `text`.
pub fn encode_onto(bytes: &[u8], text: &mut String) {
    ENGINE.encode_string(bytes, text);
}

/// Decodes `text`.
///
/// # Errors
/// [`Malformed`] for padding, a character outside of the alphabet (`+`, `/` and whitespace included), an impossible
/// length, or trailing bits that are not zero.
pub fn decode(text: &str) -> Result<Vec<u8>, Malformed> {
    ENGINE.decode(text).map_err(|_| Malformed)
}

/// Decodes `text` into exactly `N` bytes, without allocating; `None` when it is malformed or of another length.
#[must_use]
pub fn decode_array<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    match ENGINE.decode_slice(text, &mut bytes) {
        Ok(length) if length == N => Some(bytes),
        Ok(_) | Err(_) => None,
    }
}

/// Bytes that `text` would decode to, if it were well formed: enough to refuse by size before decoding.
#[must_use]
pub fn decoded_length(text: &str) -> usize {
    text.len().saturating_mul(3) / 4
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn other_spellings_are_refused() {
        // JO-08
        for text in [
            "Zg==", "Zg=", "Zm8=", "-_+_", "-_/_", " Zm9v", "Zm9v\n", "Zm 9v", "Zm9v\r\n", "Zh", "Zm9", "Z", "Zm9vé",
            "\0",
        ] {
            assert_eq!(decode(text), Err(Malformed), "{text:?}");
        }
    }

    #[test]
    fn vectors_of_rfc_4648_decode() {
        for (text, bytes) in [("", ""), ("Zg", "f"), ("Zm8", "fo"), ("Zm9v", "foo"), ("Zm9vYg", "foob")] {
            assert_eq!(decode(text), Ok(bytes.as_bytes().to_vec()));
            assert_eq!(encode(bytes.as_bytes()), text);
        }
        assert_eq!(decode("-_-_"), Ok(vec![0xfb, 0xff, 0xbf]));
    }

    #[test]
    fn an_array_has_exactly_its_length() {
        assert_eq!(decode_array::<3>("Zm9v"), Some(*b"foo"));
        assert_eq!(decode_array::<4>("Zm9v"), None);
        assert_eq!(decode_array::<2>("Zm9v"), None);
        assert_eq!(decode_array::<1>("Zh"), None);
        assert_eq!(decode_array::<0>(""), Some([]));
    }

    proptest! {
        #[test]
        fn what_was_encoded_decodes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let text = encode(&bytes);
            prop_assert_eq!(decoded_length(&text), bytes.len());
            prop_assert_eq!(decode(&text), Ok(bytes));
        }

        #[test]
        fn what_decodes_has_one_spelling(text in "[A-Za-z0-9_=+/ -]{0,12}") {
            if let Ok(bytes) = decode(&text) {
                prop_assert_eq!(encode(&bytes), text);
            }
        }

        #[test]
        fn arrays_agree_with_vectors(bytes in any::<[u8; 32]>(), other in any::<[u8; 64]>()) {
            prop_assert_eq!(decode_array::<32>(&encode(&bytes)), Some(bytes));
            prop_assert_eq!(decode_array::<64>(&encode(&other)), Some(other));
            prop_assert_eq!(decode_array::<66>(&encode(&other)), None);
        }
    }
}
