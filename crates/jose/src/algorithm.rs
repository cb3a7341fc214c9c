//! The signature algorithms: their registered names, and nothing that is symmetric or unsecured.

use aws_lc_rs::digest::{self, SHA256, SHA384, SHA512};
use std::fmt;

/// A JWS algorithm that a public key verifies (RFC 7518 section 3.1, RFC 8037 section 3.1, RFC 9864 section 2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// ECDSA on P-521 with SHA-512.
    Es512,
    /// RSASSA-PSS with SHA-256, a salt of 32 bytes.
    Ps256,
    /// RSASSA-PSS with SHA-384, a salt of 48 bytes.
    Ps384,
    /// RSASSA-PSS with SHA-512, a salt of 64 bytes.
    Ps512,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
    /// EdDSA by its older, polymorphic name; only Ed25519 is known here.
    EdDsa,
    /// EdDSA on Ed25519 by its fully specified name; verifies exactly as [`Algorithm::EdDsa`].
    Ed25519,
}

impl Algorithm {
    /// Every algorithm, in the order of the declaration.
    pub const ALL: [Self; 11] = [
        Self::Es256,
        Self::Es384,
        Self::Es512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::EdDsa,
        Self::Ed25519,
    ];

    /// The name registered for `alg`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::EdDsa => "EdDSA",
            Self::Ed25519 => "Ed25519",
        }
    }

    /// The algorithm of that exact name; names are case-sensitive (RFC 7515 section 4.1.1).
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }

    /// Whether a key that names `alg` for itself may be used for this algorithm: the same name, or the other name of
    /// the same operation (`EdDSA` on an Ed25519 key is `Ed25519`).
    #[must_use]
    pub fn is_named_by(self, alg: &str) -> bool {
        match self {
            Self::EdDsa | Self::Ed25519 => alg == Self::EdDsa.name() || alg == Self::Ed25519.name(),
            Self::Es256
            | Self::Es384
            | Self::Es512
            | Self::Ps256
            | Self::Ps384
            | Self::Ps512
            | Self::Rs256
            | Self::Rs384
            | Self::Rs512 => alg == self.name(),
        }
    }
}

impl Algorithm {
    /// The left half of a text's digest, by the hash function of the algorithm: SHA-512 for Ed25519 (RFC 8032 section
    /// 5.1). What OpenID Connect Core section 3.1.3.6 binds an ID token to its companions with.
    #[must_use]
    pub fn half_digest(self, text: &[u8]) -> Vec<u8> {
        let hash = match self {
            Self::Es256 | Self::Ps256 | Self::Rs256 => &SHA256,
            Self::Es384 | Self::Ps384 | Self::Rs384 => &SHA384,
            Self::Es512 | Self::Ps512 | Self::Rs512 | Self::EdDsa | Self::Ed25519 => &SHA512,
        };
        let digest = digest::digest(hash, text);
        let (left, _) = digest.as_ref().split_at(digest.as_ref().len() / 2);
        left.to_vec()
    }
}

impl fmt::Display for Algorithm {
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
            assert!(algorithm.is_named_by(algorithm.name()));
        }
    }

    #[test]
    fn other_names_are_unknown() {
        for name in ["none", "None", "HS256", "HS512", "es256", "ES256 ", "ES256K", "Ed448", "EDDSA", "RSA-OAEP", ""] {
            assert_eq!(Algorithm::from_name(name), None, "{name:?}");
        }
    }

    #[test]
    fn half_digest_is_the_one_of_the_specification() {
        // OpenID Connect Core appendix A.3 and A.4, by RS256.
        let text = |bytes: &[u8]| crate::base64url::encode(&Algorithm::Rs256.half_digest(bytes));
        assert_eq!(text(b"jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"), "77QmUPtjPfzWtF2AnpK9RQ");
        assert_eq!(text(b"Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk"), "LDktKdoQak3Pk0cnXxCltA");
        let lengths = [Algorithm::Es256, Algorithm::Ps384, Algorithm::Rs512, Algorithm::EdDsa]
            .map(|alg| alg.half_digest(b"").len());
        assert_eq!(lengths, [16, 24, 32, 32]);
    }

    #[test]
    fn only_eddsa_has_two_names() {
        assert!(Algorithm::EdDsa.is_named_by("Ed25519"));
        assert!(Algorithm::Ed25519.is_named_by("EdDSA"));
        assert!(!Algorithm::Ps256.is_named_by("RS256"));
        assert!(!Algorithm::Ed25519.is_named_by("ES256"));
    }
}
