//! Base64 as a client writes it. The rig has its own, so that a slip in the server's cannot hide behind the same slip
//! here.

/// With padding and the ordinary alphabet (RFC 4648 section 4), as Basic credentials want it.
#[must_use]
pub fn padded(bytes: &[u8]) -> String {
    let mut text = digits(bytes, b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
    while !text.len().is_multiple_of(4) {
        text.push('=');
    }
    text
}

/// Without padding, URL-safe (RFC 4648 section 5), as JWTs and PKCE want it.
#[must_use]
pub fn url_safe(bytes: &[u8]) -> String {
    digits(bytes, b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
}

/// What [`url_safe`] was made of; none if it is not base64url. What is left of an incomplete byte is dropped.
#[must_use]
pub fn from_url_safe(text: &str) -> Option<Vec<u8>> {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (mut bits, mut count, mut bytes) = (0_u32, 0, Vec::new());
    for digit in text.bytes() {
        let value = alphabet.iter().position(|known| *known == digit)? as u32;
        bits = (bits << 6 | value) & 0xff_ffff;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    Some(bytes)
}

fn digits(bytes: &[u8], alphabet: &[u8; 64]) -> String {
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let bits = group.iter().fold(0, |bits: u32, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for place in 0..=group.len() {
            text.push(char::from(alphabet[(bits >> (18 - 6 * place) & 63) as usize]));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vectors_of_rfc_4648_come_out() {
        let vectors =
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE=")];
        for (plain, encoded) in vectors {
            assert_eq!(padded(plain.as_bytes()), encoded);
            assert_eq!(url_safe(plain.as_bytes()), encoded.trim_end_matches('='));
            assert_eq!(from_url_safe(encoded.trim_end_matches('=')).unwrap(), plain.as_bytes());
        }
        assert_eq!((padded(&[0xfb, 0xff]), url_safe(&[0xfb, 0xff])), ("+/8=".to_owned(), "-_8".to_owned()));
    }
}
