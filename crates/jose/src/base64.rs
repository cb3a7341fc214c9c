//! base64 with padding (RFC 4648 section 4), as HTTP Basic credentials are written (RFC 7617 section 2).

pub use crate::base64url::Malformed;
use ::base64::Engine;
use ::base64::engine::GeneralPurpose;
use ::base64::engine::general_purpose::STANDARD;

/// Demands padding; refuses other alphabets, whitespace and trailing bits that are not zero.
const ENGINE: GeneralPurpose = STANDARD;

/// Encodes `bytes`, with padding.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    ENGINE.encode(bytes)
}

/// Decodes `text`.
///
/// # Errors
/// [`Malformed`] for missing or superfluous padding, a character outside of the alphabet (`-`, `_` and whitespace
/// included), or trailing bits that are not zero.
pub fn decode(text: &str) -> Result<Vec<u8>, Malformed> {
    ENGINE.decode(text).map_err(|_| Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_is_required_and_exact() {
        assert_eq!(decode("Zg=="), Ok(b"f".to_vec()));
        assert_eq!(decode("Zm8="), Ok(b"fo".to_vec()));
        assert_eq!(decode("+/+/"), Ok(vec![0xfb, 0xff, 0xbf]));
        for text in ["Zg", "Zg=", "Zg===", "Zm8", "Zm9v=", "Zh==", "-_-_", "Zg==\n", " Zg==", "Zg==Zg=="] {
            assert_eq!(decode(text), Err(Malformed), "{text:?}");
        }
    }

    #[test]
    fn what_was_encoded_decodes() {
        assert_eq!(decode(&encode(b"client:secret")), Ok(b"client:secret".to_vec()));
    }
}
