//! The protected header of a compact JWE (RFC 7516 section 4.1).

use super::{Algorithm, ContentEncryption, JweFault};
use crate::base64url;
use crate::json;
use crate::jwk::AgreementKey;
use crate::limits::{self, KID_BYTES};
use serde_json::{Map, Value};
use std::fmt;

/// A JOSE header that may be acted on: no `crit`, no `zip`, and algorithms of [`Algorithm`] and [`ContentEncryption`].
pub struct Header {
    management: KeyManagement,
    enc: ContentEncryption,
    object: Map<String, Value>,
}

/// How the content key is found, with what the header has for it.
pub(super) enum KeyManagement {
    RsaOaep256,
    EcdhEs(Agreement),
    EcdhEsA256Kw(Agreement),
}

/// The sender's part of a key agreement (RFC 7518 section 4.6.1).
pub(super) struct Agreement {
    pub(super) epk: AgreementKey,
    pub(super) apu: Vec<u8>,
    pub(super) apv: Vec<u8>,
}

impl Header {
    /// How the content key was given to the recipient (RFC 7516 section 4.1.1).
    #[must_use]
    pub fn alg(&self) -> Algorithm {
        match self.management {
            KeyManagement::RsaOaep256 => Algorithm::RsaOaep256,
            KeyManagement::EcdhEs(_) => Algorithm::EcdhEs,
            KeyManagement::EcdhEsA256Kw(_) => Algorithm::EcdhEsA256Kw,
        }
    }

    /// How the content is encrypted (RFC 7516 section 4.1.2).
    #[must_use]
    pub fn enc(&self) -> ContentEncryption {
        self.enc
    }

    /// The identifier of the recipient's key (RFC 7516 section 4.1.6); at most 256 bytes.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.text("kid")
    }

    /// The media type of the whole object (RFC 7516 section 4.1.11); compare it with [`crate::jws::typ_is`].
    #[must_use]
    pub fn typ(&self) -> Option<&str> {
        self.text("typ")
    }

    /// The media type of the content (RFC 7516 section 4.1.12), `JWT` where that is a JWT in turn (RFC 7519 section
    /// 5.2); compare it with [`crate::jws::typ_is`].
    #[must_use]
    pub fn cty(&self) -> Option<&str> {
        self.text("cty")
    }

    /// The whole header: the sender's words, whether or not the token can be decrypted, for anyone can encrypt.
    #[must_use]
    pub fn object(&self) -> &Map<String, Value> {
        &self.object
    }

    pub(super) fn management(&self) -> &KeyManagement {
        &self.management
    }

    /// What would cause work (`epk`) is looked at last, after the algorithms.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, JweFault> {
        let object = json::parse_object(bytes, limits::HEADER).map_err(JweFault::Header)?;
        if object.contains_key("crit") {
            return Err(JweFault::CriticalExtension);
        }
        if object.contains_key("zip") {
            return Err(JweFault::Compressed);
        }
        let alg = text(&object, "alg").map_err(|_| JweFault::AlgorithmMalformed)?.ok_or(JweFault::AlgorithmMissing)?;
        let alg = Algorithm::from_name(alg).ok_or(JweFault::AlgorithmUnknown)?;
        let enc = text(&object, "enc").map_err(|_| JweFault::EncryptionMalformed)?;
        let enc = enc.ok_or(JweFault::EncryptionMissing)?;
        let enc = ContentEncryption::from_name(enc).ok_or(JweFault::EncryptionUnknown)?;
        let kid = text(&object, "kid").map_err(|_| JweFault::KidMalformed)?;
        if kid.is_some_and(|kid| kid.len() > KID_BYTES) {
            return Err(JweFault::KidMalformed);
        }
        for name in ["typ", "cty"] {
            text(&object, name).map_err(|_| JweFault::TypMalformed)?;
        }
        let management = match alg {
            Algorithm::RsaOaep256 => KeyManagement::RsaOaep256,
            Algorithm::EcdhEs => KeyManagement::EcdhEs(Agreement::parse(&object)?),
            Algorithm::EcdhEsA256Kw => KeyManagement::EcdhEsA256Kw(Agreement::parse(&object)?),
        };
        Ok(Self { management, enc, object })
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.object.get(name).and_then(Value::as_str)
    }
}

impl fmt::Debug for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Header").field("alg", &self.alg()).field("enc", &self.enc).finish_non_exhaustive()
    }
}

impl Agreement {
    fn parse(header: &Map<String, Value>) -> Result<Self, JweFault> {
        let epk = header.get("epk").and_then(Value::as_object).ok_or(JweFault::EphemeralKeyMissing)?;
        let (apu, apv) = (party(header, "apu")?, party(header, "apv")?);
        Ok(Self { epk: AgreementKey::from_jwk(epk).map_err(JweFault::EphemeralKey)?, apu, apv })
    }
}

/// What `apu` or `apv` says of its party; nothing where it is absent.
fn party(header: &Map<String, Value>, name: &str) -> Result<Vec<u8>, JweFault> {
    let written = text(header, name).map_err(|_| JweFault::PartyMalformed)?;
    base64url::decode(written.unwrap_or_default()).map_err(|_| JweFault::PartyMalformed)
}

/// The member is there and is not a string.
struct NotAString;

fn text<'o>(object: &'o Map<String, Value>, name: &str) -> Result<Option<&'o str>, NotAString> {
    object.get(name).map(|value| value.as_str().ok_or(NotAString)).transpose()
}
