//! The algorithms of a JWE: how the content key reaches its recipient (`alg`), and what it encrypts with (`enc`).

use std::fmt;

/// A key management algorithm (RFC 7518 section 4.1). RSA1_5, RSA-OAEP with SHA-1, passwords (PBES2), shared keys (`dir`,
/// AxxxKW, AxxxGCMKW) and the smaller wraps have no place in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Algorithm {
    /// RSAES-OAEP with SHA-256 and MGF1 with SHA-256.
    RsaOaep256,
    /// ECDH with an ephemeral key; what was agreed on is the content key.
    EcdhEs,
    /// ECDH with an ephemeral key; what was agreed on wraps the content key by AES-256.
    EcdhEsA256Kw,
}

impl Algorithm {
    /// Every algorithm, in the order of the declaration.
    pub const ALL: [Self; 3] = [Self::RsaOaep256, Self::EcdhEs, Self::EcdhEsA256Kw];

    /// The name registered for `alg`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RsaOaep256 => "RSA-OAEP-256",
            Self::EcdhEs => "ECDH-ES",
            Self::EcdhEsA256Kw => "ECDH-ES+A256KW",
        }
    }

    /// The algorithm of that exact name; names are case-sensitive (RFC 7516 section 4.1.1).
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A content encryption algorithm (RFC 7518 section 5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ContentEncryption {
    /// AES-128 in GCM.
    A128Gcm,
    /// AES-256 in GCM.
    A256Gcm,
    /// AES-128 in CBC with HMAC-SHA-256 cut to half.
    A128CbcHs256,
    /// AES-256 in CBC with HMAC-SHA-512 cut to half.
    A256CbcHs512,
}

impl ContentEncryption {
    /// Every algorithm, in the order of the declaration.
    pub const ALL: [Self; 4] = [Self::A128Gcm, Self::A256Gcm, Self::A128CbcHs256, Self::A256CbcHs512];

    /// The name registered for `enc`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::A128Gcm => "A128GCM",
            Self::A256Gcm => "A256GCM",
            Self::A128CbcHs256 => "A128CBC-HS256",
            Self::A256CbcHs512 => "A256CBC-HS512",
        }
    }

    /// The algorithm of that exact name; names are case-sensitive (RFC 7516 section 4.1.2).
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }

    /// Bytes of the content key; of CBC, the key of the MAC included.
    pub(super) const fn key_length(self) -> usize {
        match self {
            Self::A128Gcm => 16,
            Self::A256Gcm | Self::A128CbcHs256 => 32,
            Self::A256CbcHs512 => 64,
        }
    }

    /// Bytes of the initialization vector.
    pub(super) const fn iv_length(self) -> usize {
        match self {
            Self::A128Gcm | Self::A256Gcm => 12,
            Self::A128CbcHs256 | Self::A256CbcHs512 => 16,
        }
    }

    /// Bytes of the authentication tag.
    pub(super) const fn tag_length(self) -> usize {
        match self {
            Self::A128Gcm | Self::A256Gcm | Self::A128CbcHs256 => 16,
            Self::A256CbcHs512 => 32,
        }
    }

    /// Whether a ciphertext may have this many bytes: some, and in CBC whole blocks of 16.
    pub(super) const fn fits_ciphertext(self, length: usize) -> bool {
        match self {
            Self::A128Gcm | Self::A256Gcm => length > 0,
            Self::A128CbcHs256 | Self::A256CbcHs512 => length > 0 && length.is_multiple_of(16),
        }
    }
}

impl fmt::Display for ContentEncryption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_leads_back_to_its_algorithm() {
        for algorithm in Algorithm::ALL {
            assert_eq!(Algorithm::from_name(algorithm.name()), Some(algorithm));
        }
        for enc in ContentEncryption::ALL {
            assert_eq!(ContentEncryption::from_name(enc.name()), Some(enc));
        }
    }

    #[test]
    fn other_names_are_unknown() {
        for name in ["RSA1_5", "RSA-OAEP", "RSA-OAEP-512", "dir", "ECDH-ES+A128KW", "ecdh-es", "ECDH-ES ", "none", ""] {
            assert_eq!(Algorithm::from_name(name), None, "{name:?}");
        }
        for name in ["A192GCM", "A192CBC-HS384", "a128gcm", "A128GCM ", "A128CBC", "none", ""] {
            assert_eq!(ContentEncryption::from_name(name), None, "{name:?}");
        }
    }
}
