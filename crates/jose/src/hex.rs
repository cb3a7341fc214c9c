//! Bytes that vectors write in hexadecimal.

pub(crate) fn decode(hex: &str) -> Vec<u8> {
    hex.as_bytes().chunks(2).map(|pair| u8::from_str_radix(str::from_utf8(pair).expect(hex), 16).expect(hex)).collect()
}
