//! What came, as far as it may be told: a measure or a place, never a value.

use std::fmt;

use parhelion_jose::jwk::JwkFault;

use crate::limits;

/// What came, as far as it may be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// Nothing worth telling.
    Unsaid,
    /// So many bytes.
    Length(usize),
    /// So many seconds.
    Seconds(i64),
    /// One element of an array that cannot stand.
    Element {
        /// Its index, from 0.
        index: u16,
        /// What is wrong with it.
        flaw: Flaw,
        /// Where in it.
        at: Pointer,
    },
    /// A member of client metadata that cannot stand; every word is a constant.
    Member {
        /// Its name.
        member: &'static str,
        /// What is wrong with it.
        problem: &'static str,
        /// Why a key cannot be used, where that is what is wrong.
        key: Option<JwkFault>,
    },
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (index, flaw, at) = match self {
            Self::Unsaid => return Ok(()),
            Self::Length(bytes) => return write!(f, "{bytes} bytes"),
            Self::Seconds(seconds) => return write!(f, "{seconds} s"),
            Self::Member { member, problem, key } => {
                write!(f, "{member} {problem}")?;
                return key.map_or(Ok(()), |key| write!(f, ": {key}"));
            }
            Self::Element { index, flaw, at } => (index, flaw, at.as_str()),
        };
        write!(f, "element {index}")?;
        match (flaw, at) {
            (Flaw::Itself, _) => return Ok(()),
            (Flaw::Missing, "") => return f.write_str(" lacks a member"),
            (_, "") => {}
            (_, at) => write!(f, ", {at}")?,
        }
        f.write_str(match flaw {
            Flaw::Itself => "",
            Flaw::Missing => " is missing",
            Flaw::Unknown => " has a member that is not known",
            Flaw::WrongType => " is of the wrong type",
            Flaw::WrongValue => " has a value that is not allowed",
        })
    }
}

/// What is wrong with an element (the cases of RFC 9396 section 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// It as such.
    Itself,
    /// What should be there is not.
    Missing,
    /// There is a member that should not be there.
    Unknown,
    /// A value is of the wrong JSON type.
    WrongType,
    /// A value is not one of those allowed.
    WrongValue,
}

/// A place in a JSON value (RFC 6901), made of indices and of names that its maker knows: whoever adds a name vouches
/// that it stands in a schema and is not merely what a request said.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Pointer {
    bytes: [u8; limits::POINTER_MAX_BYTES],
    len: u8,
}

impl Pointer {
    /// The whole value.
    pub const ROOT: Self = Self { bytes: [0; limits::POINTER_MAX_BYTES], len: 0 };

    /// One member further in; none if there is no room, or the name has characters that a description must not hold
    /// (RFC 6749 section 5.2).
    #[must_use]
    pub fn member(self, name: &str) -> Option<Self> {
        let fits = name.bytes().all(|byte| matches!(byte, 0x20..=0x7e) && !matches!(byte, b'"' | b'\\'));
        if !fits {
            return None;
        }
        //= rfc6901#3
        self.joined(&name.replace('~', "~0").replace('/', "~1"))
    }

    /// One array element further in; none if there is no room.
    #[must_use]
    pub fn item(self, index: usize) -> Option<Self> {
        self.joined(&index.to_string())
    }

    /// As text; empty for the whole value.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let text = self.bytes.get(..usize::from(self.len)).unwrap_or_default();
        str::from_utf8(text).unwrap_or_default()
    }

    fn joined(mut self, segment: &str) -> Option<Self> {
        let start = usize::from(self.len);
        let end = start.checked_add(1)?.checked_add(segment.len())?;
        let (slash, rest) = self.bytes.get_mut(start..end)?.split_first_mut()?;
        *slash = b'/';
        rest.copy_from_slice(segment.as_bytes());
        self.len = u8::try_from(end).ok()?;
        Some(self)
    }
}

impl fmt::Debug for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;

    #[test]
    fn pointer_escapes_its_names() {
        let at = Pointer::ROOT.member("a/b~c").and_then(|at| at.item(10)).and_then(|at| at.member("")).unwrap();
        assert_eq!(at.as_str(), "/a~1b~0c/10/");
    }

    #[test]
    fn name_that_a_description_must_not_hold_is_not_taken() {
        for name in ["\"", "a\\", "\u{e9}", "\n", "\u{7f}"] {
            assert_eq!(Pointer::ROOT.member(name), None, "{name:?}");
        }
    }

    #[test]
    fn name_that_does_not_fit_is_not_taken() {
        let longest = "n".repeat(limits::POINTER_MAX_BYTES - 1);
        let full = Pointer::ROOT.member(&longest).unwrap();
        assert_eq!(full.as_str().len(), limits::POINTER_MAX_BYTES);
        assert_eq!((full.item(1), Pointer::ROOT.member(&(longest + "n"))), (None, None));
    }

    #[test]
    fn every_flaw_is_told_with_its_place() {
        let told = |flaw, at| Found::Element { index: 0, flaw, at }.to_string();
        let at = Pointer::ROOT.member("a").unwrap();
        assert_eq!(told(Flaw::Itself, Pointer::ROOT), "element 0");
        assert_eq!(told(Flaw::Missing, at), "element 0, /a is missing");
        assert_eq!(told(Flaw::Unknown, Pointer::ROOT), "element 0 has a member that is not known");
        assert_eq!(told(Flaw::Unknown, at), "element 0, /a has a member that is not known");
        assert_eq!(told(Flaw::Missing, Pointer::ROOT), "element 0 lacks a member");
        assert_eq!(told(Flaw::WrongType, at), "element 0, /a is of the wrong type");
        assert_eq!(told(Flaw::WrongValue, at), "element 0, /a has a value that is not allowed");
    }
}
