//! Names out of random bits, in the form that people know them.

/// A UUID of version 4 (RFC 9562 section 5.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Uuid(pub [u8; 16]);

impl Uuid {
    /// The UUID that these random bytes make.
    #[must_use]
    pub const fn from_random(bytes: [u8; 16]) -> Self {
        let bits = u128::from_be_bytes(bytes);
        let version = (bits & !(0xf << 76)) | (4 << 76);
        Self(((version & !(0b11 << 62)) | (0b10 << 62)).to_be_bytes())
    }
}

/// The 32 hexadecimal digits of a text that has the form of a UUID (RFC 9562 section 4).
#[must_use]
pub fn digits(text: &str) -> Option<String> {
    let parts: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    let digits = parts.concat();
    let fits = lengths == [8, 4, 4, 4, 12] && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    fits.then_some(digits)
}

impl std::fmt::Display for Uuid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (at, byte) in self.0.iter().enumerate() {
            let dash = if matches!(at, 4 | 6 | 8 | 10) { "-" } else { "" };
            write!(f, "{dash}{byte:02x}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_has_its_form_has_the_digits_of_a_uuid() {
        let uuid = "6F2c8f5e-5a0e-4c07-9e0b-0d6a4be1c7d4";
        assert_eq!(digits(uuid).as_deref(), Some("6F2c8f5e5a0e4c079e0b0d6a4be1c7d4"));
        for text in [
            "",
            "6f2c8f5e5a0e4c079e0b0d6a4be1c7d4",
            "6f2c8f5e-5a0e-4c07-9e0b-0d6a4be1c7dg",
            "6f2c8f5e-5a0e-4c07-9e0b-0d6a4be1c7d4-",
        ] {
            assert_eq!(digits(text), None, "{text}");
        }
    }

    #[test]
    fn random_bytes_are_shown_as_a_uuid_of_version_4() {
        assert_eq!(Uuid::from_random([0xff; 16]).to_string(), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(Uuid::from_random([0; 16]).to_string(), "00000000-0000-4000-8000-000000000000");
    }
}
