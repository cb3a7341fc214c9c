//! JSON Web Encryption in compact serialisation (RFC 7516): read strictly, opened or not used at all.
//!
//! That a token opens says nothing of who wrote it: the recipient's key is public. What counts is the JWS inside.

mod algorithm;
mod content;
mod decryption_key;
mod fault;
mod header;
mod key_management;

pub use crate::jwk::{AgreementCurve, EncryptionKey};
pub use algorithm::{Algorithm, ContentEncryption};
pub use decryption_key::{DecryptionKey, DecryptionKeyFault, DecryptionKeySet};
pub use fault::JweFault;
pub use header::Header;

use crate::base64url;
use crate::limits::{HEADER_BYTES, JWE_BYTES, RSA_MODULUS_BITS_MAX, RSA_MODULUS_BITS_MIN};
use content::Sealed;
use key_management::{ContentKey, WRAP};
use serde::Serialize;
use serde_json::{Map, Value};
use std::fmt;
use zeroize::Zeroizing;

/// A compact JWE that is well formed and not decrypted yet. Each segment has been decoded once.
pub struct Compact<'t> {
    /// The header as sent, which is the additional authenticated data (RFC 7516 section 5.1).
    protected: &'t str,
    header: Header,
    encrypted_key: Vec<u8>,
    content: Sealed,
}

impl<'t> Compact<'t> {
    /// Reads a token: five segments, each in its one base64url spelling and of the length that `alg` and `enc` demand, a
    /// header that is a JSON object without duplicate names, extensions or compression, and an `epk` that is a point of
    /// its curve.
    ///
    /// # Errors
    /// [`JweFault`]; size is judged before anything is decoded, the algorithms before anything is computed.
    pub fn parse(token: &'t str) -> Result<Self, JweFault> {
        if token.len() > JWE_BYTES {
            return Err(JweFault::TokenTooLong);
        }
        let [protected, encrypted_key, iv, ciphertext, tag] = segments(token).ok_or(JweFault::NotFiveSegments)?;
        if base64url::decoded_length(protected) > HEADER_BYTES {
            return Err(JweFault::HeaderTooLong);
        }
        let header = base64url::decode(protected).map_err(|_| JweFault::HeaderNotBase64url)?;
        let header = Header::parse(&header)?;
        let enc = header.enc();
        let decoded = |segment, fits: &dyn Fn(usize) -> bool| {
            base64url::decode(segment).ok().filter(|bytes: &Vec<u8>| fits(bytes.len()))
        };
        let encrypted_key = decoded(encrypted_key, &|length| fits_encrypted_key(&header, length));
        let iv = decoded(iv, &|length| length == enc.iv_length());
        let ciphertext = decoded(ciphertext, &|length| enc.fits_ciphertext(length));
        let tag = decoded(tag, &|length| length == enc.tag_length());
        Ok(Self {
            protected,
            encrypted_key: encrypted_key.ok_or(JweFault::EncryptedKeyMalformed)?,
            content: Sealed {
                iv: iv.ok_or(JweFault::IvMalformed)?,
                ciphertext: ciphertext.ok_or(JweFault::CiphertextMalformed)?,
                tag: tag.ok_or(JweFault::TagMalformed)?,
            },
            header,
        })
    }

    /// The header, which is nobody's word.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Decrypts with the keys of `keys` that may open this: see [`DecryptionKeySet::candidates`].
    ///
    /// # Errors
    /// [`JweFault::NoKey`] when the set has none, [`JweFault::Decryption`] when none of them opens the token.
    pub fn decrypt(&self, keys: &DecryptionKeySet) -> Result<Zeroizing<Vec<u8>>, JweFault> {
        let mut fault = JweFault::NoKey;
        for key in keys.candidates(&self.header) {
            match self.decrypt_with(key) {
                Ok(plaintext) => return Ok(plaintext),
                Err(other) => fault = other,
            }
        }
        Err(fault)
    }

    /// Decrypts with this key, whatever its `kid`.
    ///
    /// # Errors
    /// [`JweFault::NoKey`] when the key does not serve the header's `alg` or curve, otherwise [`JweFault::Decryption`].
    pub fn decrypt_with(&self, key: &DecryptionKey) -> Result<Zeroizing<Vec<u8>>, JweFault> {
        if !key.may_decrypt(&self.header) {
            return Err(JweFault::NoKey);
        }
        key_management::content_key(key.private(), &self.header, &self.encrypted_key)
            .and_then(|key| content::open(self.header.enc(), &key, self.protected.as_bytes(), &self.content))
            .map_err(|_| JweFault::Decryption)
    }
}

impl fmt::Debug for Compact<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Compact").field("header", &self.header).finish_non_exhaustive()
    }
}

/// Encrypts `plaintext` to the owner of `key`: a compact JWE whose header is `alg`, `enc`, the key's `kid` if it has one,
/// `cty` if one is given (`JWT` for a nested JWT, RFC 7519 section 5.2), and `epk` where `alg` agrees on a key.
///
/// # Errors
/// [`JweFault::NoKey`] when the key does not serve `alg`, [`JweFault::PlaintextEmpty`], [`JweFault::TokenTooLong`] when
/// [`Compact::parse`] would not read the outcome, [`JweFault::Encryption`].
pub fn encrypt(
    key: &EncryptionKey,
    alg: Algorithm,
    enc: ContentEncryption,
    cty: Option<&str>,
    plaintext: &[u8],
) -> Result<String, JweFault> {
    if !key.may_encrypt(alg) {
        return Err(JweFault::NoKey);
    }
    if plaintext.is_empty() {
        return Err(JweFault::PlaintextEmpty);
    }
    let content_key = ContentKey::make(key, alg, enc).map_err(|_| JweFault::Encryption)?;
    let epk = content_key.epk.as_ref().map(|epk| {
        epk.members().into_iter().map(|(name, value)| (name.to_owned(), Value::String(value.into_owned()))).collect()
    });
    let header = ProtectedHeader { alg: alg.name(), enc: enc.name(), kid: key.kid(), cty, epk };
    let mut token = base64url::encode(&serde_json::to_vec(&header).map_err(|_| JweFault::Encryption)?);
    let sealed = content::seal(enc, &content_key.key, token.as_bytes(), plaintext).map_err(|_| JweFault::Encryption)?;
    for segment in [&content_key.encrypted, &sealed.iv, &sealed.ciphertext, &sealed.tag] {
        token.push('.');
        base64url::encode_onto(segment, &mut token);
    }
    if token.len() > JWE_BYTES { Err(JweFault::TokenTooLong) } else { Ok(token) }
}

#[derive(Serialize)]
struct ProtectedHeader<'a> {
    alg: &'a str,
    enc: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cty: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    epk: Option<Map<String, Value>>,
}

/// Exactly five.
fn segments(token: &str) -> Option<[&str; 5]> {
    let mut segments = token.split('.');
    let mut next = || segments.next();
    let five = [next()?, next()?, next()?, next()?, next()?];
    next().is_none().then_some(five)
}

/// A direct agreement has none (RFC 7516 section 5.2, step 10), a wrapped key is 8 bytes longer than the key, and RSA
/// gives as many bytes as its modulus has.
fn fits_encrypted_key(header: &Header, length: usize) -> bool {
    match header.alg() {
        Algorithm::RsaOaep256 => (RSA_MODULUS_BITS_MIN / 8..=RSA_MODULUS_BITS_MAX / 8).contains(&length),
        Algorithm::EcdhEs => length == 0,
        Algorithm::EcdhEsA256Kw => length == header.enc().key_length().saturating_add(WRAP),
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod wycheproof_tests;
