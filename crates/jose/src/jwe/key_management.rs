//! How the content key reaches its recipient (RFC 7518 sections 4.3 and 4.6).

use super::decryption_key::Private;
use super::header::{Agreement, KeyManagement};
use super::{Algorithm, ContentEncryption, Header};
use crate::jwk::{AgreementKey, EncryptionKey, Recipient};
use aws_lc_rs::agreement::{self, PrivateKey};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::kdf::{SskdfDigestAlgorithmId, get_sskdf_digest_algorithm, sskdf_digest};
use aws_lc_rs::key_wrap::{AES_256, AesKek, KeyWrap};
use aws_lc_rs::rand;
use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, OaepPublicEncryptingKey};
use zeroize::Zeroizing;

/// Bytes of the key that wraps.
const KEK: usize = 32;

/// Bytes by which a wrapped key is longer (RFC 3394 section 2.2.1).
pub(super) const WRAP: usize = 8;

/// A content key, and what the recipient needs to find it.
pub(super) struct ContentKey {
    pub(super) key: Zeroizing<Vec<u8>>,
    pub(super) encrypted: Vec<u8>,
    pub(super) epk: Option<AgreementKey>,
}

impl ContentKey {
    /// A new content key for the owner of `recipient`.
    pub(super) fn make(recipient: &EncryptionKey, alg: Algorithm, enc: ContentEncryption) -> Result<Self, Unspecified> {
        match (recipient.recipient(), alg) {
            (Recipient::Rsa(rsa), Algorithm::RsaOaep256) => Self::encrypted_to(&rsa.key, enc),
            (Recipient::Agreement(peer), Algorithm::EcdhEs) => {
                let (private, epk) = ephemeral(peer)?;
                let derivation = Derivation { algorithm_id: enc.name(), length: enc.key_length(), apu: &[], apv: &[] };
                let key = derivation.agreed(&private, peer)?;
                Ok(Self { key, encrypted: Vec::new(), epk: Some(epk) })
            }
            (Recipient::Agreement(peer), Algorithm::EcdhEsA256Kw) => {
                let (private, epk) = ephemeral(peer)?;
                let derivation = Derivation { algorithm_id: alg.name(), length: KEK, apu: &[], apv: &[] };
                let kek = AesKek::new(&AES_256, &derivation.agreed(&private, peer)?)?;
                let key = random(enc.key_length())?;
                let mut encrypted = vec![0; key.len().saturating_add(WRAP)];
                kek.wrap(&key, &mut encrypted)?;
                Ok(Self { key, encrypted, epk: Some(epk) })
            }
            (Recipient::Rsa(_), Algorithm::EcdhEs | Algorithm::EcdhEsA256Kw)
            | (Recipient::Agreement(_), Algorithm::RsaOaep256) => Err(Unspecified),
        }
    }

    fn encrypted_to(rsa: &OaepPublicEncryptingKey, enc: ContentEncryption) -> Result<Self, Unspecified> {
        let key = random(enc.key_length())?;
        let mut encrypted = vec![0; rsa.ciphertext_size()];
        let length = rsa.encrypt(&OAEP_SHA256_MGF1SHA256, &key, &mut encrypted, None)?.len();
        encrypted.truncate(length);
        Ok(Self { key, encrypted, epk: None })
    }
}

/// The content key of a token. Where the encrypted key does not decrypt, it is a random one: that the content then does
/// not open is all a sender may learn (RFC 7516 section 11.5).
pub(super) fn content_key(
    private: &Private,
    header: &Header,
    encrypted: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Unspecified> {
    let (alg, enc) = (header.alg(), header.enc());
    let decrypted = match (private, header.management()) {
        (Private::Rsa(key), KeyManagement::RsaOaep256) => decrypted_by(&key.oaep, encrypted),
        (Private::Agreement(_, private), KeyManagement::EcdhEs(agreement)) => {
            return Derivation::of(agreement, enc.name(), enc.key_length()).agreed(private, &agreement.epk);
        }
        (Private::Agreement(_, private), KeyManagement::EcdhEsA256Kw(agreement)) => {
            unwrapped(&Derivation::of(agreement, alg.name(), KEK).agreed(private, &agreement.epk)?, encrypted)
        }
        (Private::Rsa(_), KeyManagement::EcdhEs(_) | KeyManagement::EcdhEsA256Kw(_))
        | (Private::Agreement(..), KeyManagement::RsaOaep256) => Err(Unspecified),
    };
    let substitute = random(enc.key_length())?;
    Ok(decrypted.ok().filter(|key| key.len() == enc.key_length()).unwrap_or(substitute))
}

pub(super) fn decrypted_by(
    rsa: &OaepPrivateDecryptingKey,
    encrypted: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Unspecified> {
    let mut key = Zeroizing::new(vec![0; rsa.min_output_size()]);
    let length = rsa.decrypt(&OAEP_SHA256_MGF1SHA256, encrypted, &mut key, None)?.len();
    key.truncate(length);
    Ok(key)
}

pub(super) fn unwrapped(kek: &[u8], encrypted: &[u8]) -> Result<Zeroizing<Vec<u8>>, Unspecified> {
    let mut key = Zeroizing::new(vec![0; encrypted.len().saturating_sub(WRAP)]);
    AesKek::new(&AES_256, kek)?.unwrap(encrypted, &mut key)?;
    Ok(key)
}

/// A key of one use on the curve of `peer`.
fn ephemeral(peer: &AgreementKey) -> Result<(PrivateKey, AgreementKey), Unspecified> {
    let private = PrivateKey::generate(peer.curve().agreement())?;
    let public = AgreementKey::from_bytes(peer.curve(), private.compute_public_key()?.as_ref());
    Ok((private, public.map_err(|_| Unspecified)?))
}

/// What the key that two parties agree on is derived for (RFC 7518 section 4.6.2).
pub(super) struct Derivation<'a> {
    /// `enc` where the derived key encrypts the content, `alg` where it wraps the content key.
    pub(super) algorithm_id: &'static str,
    /// Bytes of the derived key.
    pub(super) length: usize,
    pub(super) apu: &'a [u8],
    pub(super) apv: &'a [u8],
}

impl<'a> Derivation<'a> {
    fn of(agreement: &'a Agreement, algorithm_id: &'static str, length: usize) -> Self {
        Self { algorithm_id, length, apu: &agreement.apu, apv: &agreement.apv }
    }

    /// What `private` and `peer` agree on, through the Concat KDF with SHA-256. Fails when they are on different curves,
    /// or the outcome is zero.
    pub(super) fn agreed(&self, private: &PrivateKey, peer: &AgreementKey) -> Result<Zeroizing<Vec<u8>>, Unspecified> {
        let algorithm = get_sskdf_digest_algorithm(SskdfDigestAlgorithmId::Sha256).ok_or(Unspecified)?;
        let info = self.other_info()?;
        agreement::agree(private, peer.key().clone(), Unspecified, |secret| {
            let mut key = Zeroizing::new(vec![0; self.length]);
            sskdf_digest(algorithm, secret, &info, &mut key)?;
            Ok(key)
        })
    }

    /// AlgorithmID, PartyUInfo and PartyVInfo, each after its length, and the bits of the key.
    pub(super) fn other_info(&self) -> Result<Vec<u8>, Unspecified> {
        let mut info = Vec::new();
        for part in [self.algorithm_id.as_bytes(), self.apu, self.apv] {
            info.extend_from_slice(&u32::try_from(part.len()).map_err(|_| Unspecified)?.to_be_bytes());
            info.extend_from_slice(part);
        }
        let bits = u32::try_from(self.length.saturating_mul(8)).map_err(|_| Unspecified)?;
        info.extend_from_slice(&bits.to_be_bytes());
        Ok(info)
    }
}

fn random(length: usize) -> Result<Zeroizing<Vec<u8>>, Unspecified> {
    let mut bytes = Zeroizing::new(vec![0; length]);
    rand::fill(&mut bytes)?;
    Ok(bytes)
}
