//! Authenticated encryption of the content (RFC 7518 sections 5.2 and 5.3).

use super::ContentEncryption;
use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cipher::{
    AES_128, AES_256, Algorithm, DecryptionContext, EncryptionContext, PaddedBlockDecryptingKey,
    PaddedBlockEncryptingKey, UnboundCipherKey,
};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::{aead, constant_time, hmac, rand};
use zeroize::Zeroizing;

/// Bytes of an AES block, which is the most that padding adds.
const BLOCK: usize = 16;

/// Encrypted content and what its decryption needs beside the key.
pub(super) struct Sealed {
    pub(super) iv: Vec<u8>,
    pub(super) ciphertext: Vec<u8>,
    pub(super) tag: Vec<u8>,
}

/// Encrypts `plaintext` under a fresh random vector. `key` must have the length of `enc`.
pub(super) fn seal(enc: ContentEncryption, key: &[u8], aad: &[u8], plaintext: &[u8]) -> Result<Sealed, Unspecified> {
    let mut iv = vec![0; enc.iv_length()];
    rand::fill(&mut iv)?;
    match Cipher::of(enc) {
        Cipher::Gcm(algorithm) => {
            let mut ciphertext = plaintext.to_vec();
            let nonce = Nonce::try_assume_unique_for_key(&iv)?;
            let tag = gcm(algorithm, key)?.seal_in_place_separate_tag(nonce, Aad::from(aad), &mut ciphertext)?;
            Ok(Sealed { iv, ciphertext, tag: tag.as_ref().to_vec() })
        }
        Cipher::CbcHmac(algorithm, hmac) => {
            let (mac_key, key) = halves(enc, key)?;
            let mut ciphertext = Vec::with_capacity(plaintext.len().saturating_add(BLOCK));
            ciphertext.extend_from_slice(plaintext);
            let context = EncryptionContext::Iv128(FixedLength::try_from(iv.as_slice())?);
            PaddedBlockEncryptingKey::cbc_pkcs7(UnboundCipherKey::new(algorithm, key)?)?
                .less_safe_encrypt(&mut ciphertext, context)?;
            let mut sealed = Sealed { iv, ciphertext, tag: Vec::new() };
            sealed.tag = cut(&mac(hmac, mac_key, aad, &sealed), enc)?.to_vec();
            Ok(sealed)
        }
    }
}

/// Decrypts `sealed`, if its tag is right for this key and `aad`. Nothing is decrypted, and no padding looked at, before
/// the tag has been compared, in constant time.
pub(super) fn open(
    enc: ContentEncryption,
    key: &[u8],
    aad: &[u8],
    sealed: &Sealed,
) -> Result<Zeroizing<Vec<u8>>, Unspecified> {
    match Cipher::of(enc) {
        Cipher::Gcm(algorithm) => {
            let mut plaintext = Zeroizing::new(vec![0; sealed.ciphertext.len()]);
            let nonce = Nonce::try_assume_unique_for_key(&sealed.iv)?;
            let (ciphertext, tag) = (&sealed.ciphertext, &sealed.tag);
            gcm(algorithm, key)?.open_separate_gather(nonce, Aad::from(aad), ciphertext, tag, &mut plaintext)?;
            Ok(plaintext)
        }
        Cipher::CbcHmac(algorithm, hmac) => {
            let (mac_key, key) = halves(enc, key)?;
            constant_time::verify_slices_are_equal(cut(&mac(hmac, mac_key, aad, sealed), enc)?, &sealed.tag)?;
            let mut plaintext = Zeroizing::new(sealed.ciphertext.clone());
            let context = DecryptionContext::Iv128(FixedLength::try_from(sealed.iv.as_slice())?);
            let key = PaddedBlockDecryptingKey::cbc_pkcs7(UnboundCipherKey::new(algorithm, key)?)?;
            let length = key.decrypt(&mut plaintext, context)?.len();
            plaintext.truncate(length);
            Ok(plaintext)
        }
    }
}

/// What an algorithm asks of the library.
enum Cipher {
    Gcm(&'static aead::Algorithm),
    CbcHmac(&'static Algorithm, hmac::Algorithm),
}

impl Cipher {
    fn of(enc: ContentEncryption) -> Self {
        match enc {
            ContentEncryption::A128Gcm => Self::Gcm(&AES_128_GCM),
            ContentEncryption::A256Gcm => Self::Gcm(&AES_256_GCM),
            ContentEncryption::A128CbcHs256 => Self::CbcHmac(&AES_128, hmac::HMAC_SHA256),
            ContentEncryption::A256CbcHs512 => Self::CbcHmac(&AES_256, hmac::HMAC_SHA512),
        }
    }
}

fn gcm(algorithm: &'static aead::Algorithm, key: &[u8]) -> Result<LessSafeKey, Unspecified> {
    UnboundKey::new(algorithm, key).map(LessSafeKey::new)
}

/// The key of the MAC and the key of the cipher, in this order (RFC 7518 section 5.2.2.1). HMAC would take any length.
fn halves(enc: ContentEncryption, key: &[u8]) -> Result<(&[u8], &[u8]), Unspecified> {
    let length = enc.key_length();
    if key.len() != length {
        return Err(Unspecified);
    }
    key.split_at_checked(length / 2).ok_or(Unspecified)
}

/// HMAC over the additional data, the vector, the ciphertext and the bits of the additional data.
fn mac(algorithm: hmac::Algorithm, key: &[u8], aad: &[u8], sealed: &Sealed) -> hmac::Tag {
    let mut context = hmac::Context::with_key(&hmac::Key::new(algorithm, key));
    let aad_bits = u64::try_from(aad.len()).unwrap_or(u64::MAX).saturating_mul(8);
    for part in [aad, &sealed.iv, &sealed.ciphertext, &aad_bits.to_be_bytes()] {
        context.update(part);
    }
    context.sign()
}

/// As much of the HMAC as makes the tag: the first half.
fn cut(mac: &hmac::Tag, enc: ContentEncryption) -> Result<&[u8], Unspecified> {
    mac.as_ref().get(..enc.tag_length()).ok_or(Unspecified)
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::cipher::EncryptingKey;

    #[test]
    fn bad_padding_under_a_good_tag_is_the_same_fault() {
        // JO-21: only the owner of the key can make such a content, and even that tells nothing apart.
        let enc = ContentEncryption::A128CbcHs256;
        let (key, iv) = ([7; 32], vec![1; BLOCK]);
        let last_bytes = |last| [[0; BLOCK], [last; BLOCK]].concat();
        for (mut content, opened) in [
            (last_bytes(BLOCK as u8), Some(vec![0; BLOCK])),
            (last_bytes(1), Some([vec![0; BLOCK], vec![1; BLOCK - 1]].concat())),
            (last_bytes(0), None),
            (last_bytes(17), None),
            (last_bytes(255), None),
            ([[0; BLOCK - 1].as_slice(), &[2]].concat(), None),
        ] {
            let cipher = EncryptingKey::cbc(UnboundCipherKey::new(&AES_128, &key[16..]).expect("a key")).expect("CBC");
            let context = EncryptionContext::Iv128(FixedLength::try_from(iv.as_slice()).expect("16 bytes"));
            cipher.less_safe_encrypt(&mut content, context).expect("whole blocks");
            let mut sealed = Sealed { iv: iv.clone(), ciphertext: content, tag: Vec::new() };
            sealed.tag = cut(&mac(hmac::HMAC_SHA256, &key[..16], b"aad", &sealed), enc).expect("a tag").to_vec();
            assert_eq!(open(enc, &key, b"aad", &sealed).ok().map(|plaintext| plaintext.to_vec()), opened);
            sealed.tag[0] ^= 1;
            assert!(open(enc, &key, b"aad", &sealed).is_err());
        }
    }

    #[test]
    fn a_key_of_another_length_encrypts_nothing() {
        for enc in ContentEncryption::ALL {
            for length in [0, 1, 15, 31, 63, 65] {
                assert!(seal(enc, &vec![0; length], b"", b"content").is_err(), "{enc} {length}");
            }
        }
    }
}
