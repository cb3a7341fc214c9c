//! RFC 7516 a second time: ECDH-ES on P-256 and X25519, direct and with A256KW, all four content encryptions, on RustCrypto.

use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use aes_gcm::aead::{Aead, KeyInit, Payload};
use curve25519_dalek::MontgomeryPoint;
use hmac::{Hmac, Mac};
use p256::elliptic_curve::sec1::ToSec1Point;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256, Sha512};

use super::{base64url, json as read_json, to_base64url};

/// A recipient's private key.
#[derive(Clone, Copy)]
pub(crate) enum Private {
    P256([u8; 32]),
    X25519([u8; 32]),
}

impl Private {
    /// The `epk` or key of this private key.
    pub(crate) fn public_jwk(self) -> Value {
        match self {
            Self::P256(scalar) => {
                let secret = p256::SecretKey::from_slice(&scalar).unwrap();
                let point = secret.public_key().to_sec1_point(false);
                let coordinates = point.as_bytes()[1..].chunks(32).map(to_base64url).collect::<Vec<_>>();
                json!({ "kty": "EC", "crv": "P-256", "x": coordinates[0], "y": coordinates[1] })
            }
            Self::X25519(scalar) => {
                json!({ "kty": "OKP", "crv": "X25519", "x": to_base64url(&MontgomeryPoint::mul_base_clamped(scalar).to_bytes()) })
            }
        }
    }

    fn agreed(self, peer: &Map<String, Value>) -> Option<[u8; 32]> {
        let coordinate = |name: &str| base64url(peer.get(name)?.as_str()?).filter(|bytes| bytes.len() == 32);
        match (self, peer.get("crv")?.as_str()?) {
            (Self::P256(scalar), "P-256") => {
                let point = [&[4][..], &coordinate("x")?, &coordinate("y")?].concat();
                let public = p256::PublicKey::from_sec1_bytes(&point).ok()?;
                let secret = p256::SecretKey::from_slice(&scalar).unwrap();
                let shared = p256::ecdh::diffie_hellman(secret.to_nonzero_scalar(), public.as_affine());
                Some((*shared.raw_secret_bytes()).into())
            }
            (Self::X25519(scalar), "X25519") => {
                let point = MontgomeryPoint(coordinate("x")?.try_into().unwrap());
                Some(point.mul_clamped(scalar).to_bytes()).filter(|shared| *shared != [0; 32])
            }
            _ => None,
        }
    }
}

/// Bytes of key and initialization vector.
fn lengths(enc: &str) -> Option<(usize, usize)> {
    match enc {
        "A128GCM" => Some((16, 12)),
        "A256GCM" => Some((32, 12)),
        "A128CBC-HS256" => Some((32, 16)),
        "A256CBC-HS512" => Some((64, 16)),
        _ => None,
    }
}

/// The content of a token of five well-formed segments, if it is authentic.
pub(crate) fn open(token: &str, key: Private) -> Option<Vec<u8>> {
    let segments: Vec<&str> = token.split('.').collect();
    let [protected, encrypted, iv, ciphertext, tag] = segments.as_slice() else { return None };
    let header = read_json(&base64url(protected)?)?;
    let enc = header.get("enc")?.as_str()?;
    let content = content_key(header.as_object()?, enc, &base64url(encrypted)?, key)?;
    let sealed = [base64url(ciphertext)?, base64url(tag)?];
    opened(enc, &content, &base64url(iv)?, protected.as_bytes(), &sealed)
}

fn content_key(header: &Map<String, Value>, enc: &str, encrypted: &[u8], key: Private) -> Option<Vec<u8>> {
    let party = |name: &str| base64url(header.get(name).map_or(Some(""), Value::as_str)?);
    let shared = key.agreed(header.get("epk")?.as_object()?)?;
    let (apu, apv) = (party("apu")?, party("apv")?);
    match header.get("alg")?.as_str()? {
        "ECDH-ES" => Some(concat_kdf(&shared, enc, lengths(enc)?.0, &apu, &apv)).filter(|_| encrypted.is_empty()),
        "ECDH-ES+A256KW" => {
            let kek = concat_kdf(&shared, "ECDH-ES+A256KW", 32, &apu, &apv);
            let mut unwrapped = vec![0; encrypted.len().checked_sub(8)?];
            aes_kw::KwAes256::new_from_slice(&kek).unwrap().unwrap_key(encrypted, &mut unwrapped).ok()?;
            Some(unwrapped)
        }
        _ => None,
    }
}

/// NIST SP 800-56A section 5.8.1 as RFC 7518 section 4.6.2 fills it in.
fn concat_kdf(shared: &[u8], name: &str, length: usize, apu: &[u8], apv: &[u8]) -> Vec<u8> {
    let number = |number: usize| u32::try_from(number).unwrap().to_be_bytes();
    let part = |part: &[u8]| [&number(part.len())[..], part].concat();
    let info = [part(name.as_bytes()), part(apu), part(apv), number(length * 8).to_vec()].concat();
    let round = |counter: usize| Sha256::digest([&number(counter)[..], shared, &info].concat()).to_vec();
    (1..=length.div_ceil(32)).flat_map(round).take(length).collect()
}

fn opened(enc: &str, key: &[u8], iv: &[u8], aad: &[u8], [ciphertext, tag]: &[Vec<u8>; 2]) -> Option<Vec<u8>> {
    let (key_length, iv_length) = lengths(enc)?;
    if key.len() != key_length || iv.len() != iv_length {
        return None;
    }
    let both = [ciphertext.as_slice(), tag].concat();
    let payload = Payload { msg: &both, aad };
    match enc {
        "A128GCM" => aes_gcm::Aes128Gcm::new_from_slice(key).unwrap().decrypt(iv.try_into().unwrap(), payload).ok(),
        "A256GCM" => aes_gcm::Aes256Gcm::new_from_slice(key).unwrap().decrypt(iv.try_into().unwrap(), payload).ok(),
        _ => {
            let (mac_key, key) = key.split_at(key.len() / 2);
            if cbc_tag(mac_key, aad, iv, ciphertext) != *tag {
                return None;
            }
            match key.len() {
                16 => cbc::Decryptor::<aes::Aes128>::new_from_slices(key, iv)
                    .unwrap()
                    .decrypt_padded_vec::<Pkcs7>(ciphertext)
                    .ok(),
                _ => cbc::Decryptor::<aes::Aes256>::new_from_slices(key, iv)
                    .unwrap()
                    .decrypt_padded_vec::<Pkcs7>(ciphertext)
                    .ok(),
            }
        }
    }
}

fn cbc_tag(key: &[u8], aad: &[u8], iv: &[u8], ciphertext: &[u8]) -> Vec<u8> {
    let bits = (u64::try_from(aad.len()).unwrap() * 8).to_be_bytes();
    let input = [aad, iv, ciphertext, &bits].concat();
    let tag = match key.len() {
        16 => Hmac::<Sha256>::new_from_slice(key).unwrap().chain_update(input).finalize().into_bytes().to_vec(),
        _ => Hmac::<Sha512>::new_from_slice(key).unwrap().chain_update(input).finalize().into_bytes().to_vec(),
    };
    tag[..key.len()].to_vec()
}

/// A token for the owner of `to`, with keys and vector made of `seed`.
pub(crate) fn seal(alg: &str, enc: &str, to: Private, seed: u8, plaintext: &[u8]) -> String {
    let (key_length, iv_length) = lengths(enc).unwrap();
    let ephemeral = match to {
        Private::P256(_) => Private::P256([seed.max(1); 32]),
        Private::X25519(_) => Private::X25519([seed; 32]),
    };
    let header = json!({ "alg": alg, "enc": enc, "epk": ephemeral.public_jwk(), "apu": "QQ", "apv": "" });
    let shared = ephemeral.agreed(to.public_jwk().as_object().unwrap()).unwrap();
    let (content, encrypted) = if alg == "ECDH-ES" {
        (concat_kdf(&shared, enc, key_length, b"A", b""), Vec::new())
    } else {
        let content = vec![seed; key_length];
        let mut wrapped = vec![0; key_length + 8];
        let kek = concat_kdf(&shared, alg, 32, b"A", b"");
        aes_kw::KwAes256::new_from_slice(&kek).unwrap().wrap_key(&content, &mut wrapped).unwrap();
        (content, wrapped)
    };
    let protected = to_base64url(header.to_string().as_bytes());
    let iv = vec![seed; iv_length];
    let [ciphertext, tag] = sealed(enc, &content, &iv, protected.as_bytes(), plaintext);
    let rest = [encrypted, iv, ciphertext, tag].map(|segment| to_base64url(&segment)).join(".");
    format!("{protected}.{rest}")
}

fn sealed(enc: &str, key: &[u8], iv: &[u8], aad: &[u8], plaintext: &[u8]) -> [Vec<u8>; 2] {
    let payload = Payload { msg: plaintext, aad };
    let both = match enc {
        "A128GCM" => aes_gcm::Aes128Gcm::new_from_slice(key).unwrap().encrypt(iv.try_into().unwrap(), payload).unwrap(),
        "A256GCM" => aes_gcm::Aes256Gcm::new_from_slice(key).unwrap().encrypt(iv.try_into().unwrap(), payload).unwrap(),
        _ => {
            let (mac_key, key) = key.split_at(key.len() / 2);
            let ciphertext = match key.len() {
                16 => cbc::Encryptor::<aes::Aes128>::new_from_slices(key, iv)
                    .unwrap()
                    .encrypt_padded_vec::<Pkcs7>(plaintext),
                _ => cbc::Encryptor::<aes::Aes256>::new_from_slices(key, iv)
                    .unwrap()
                    .encrypt_padded_vec::<Pkcs7>(plaintext),
            };
            let tag = cbc_tag(mac_key, aad, iv, &ciphertext);
            return [ciphertext, tag];
        }
    };
    let (ciphertext, tag) = both.split_at(both.len() - 16);
    [ciphertext.to_vec(), tag.to_vec()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_of_rfc_7518_appendix_c_is_derived() {
        let alice = base64url("0_NxaRPUMQoAJt50Gz8YiTr8gRTwyEaCumd-MToTmIo").unwrap();
        let bob = json!({ "crv": "P-256", "x": "weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ",
            "y": "e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck" });
        let shared = Private::P256(alice.try_into().unwrap()).agreed(bob.as_object().unwrap()).unwrap();
        assert_eq!(to_base64url(&concat_kdf(&shared, "A128GCM", 16, b"Alice", b"Bob")), "VqqN6vgjbSBcIijNcacQGg");
    }
}
