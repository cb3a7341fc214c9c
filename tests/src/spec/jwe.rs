//! Encrypted request objects, good ones and bad ones: the generator behind the key `encrypt` of a step.
//!
//! `keys` is the JSON text of the server's published keys; `alg` and `enc` say how; `content` stands in place of the signed
//! object; `depth` encrypts so many times over; `header` replaces (or with `false` takes out) members; `segments` replaces
//! parts of the finished text, by number from 0; `tamper` changes it: `flip-tag`, `flip-ciphertext`, `short-key`.

use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral};
use aws_lc_rs::cipher::{AES_128, AES_256, EncryptionContext, PaddedBlockEncryptingKey, UnboundCipherKey};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::key_wrap::{AES_256 as WRAP_256, AesKek, KeyWrap};
use aws_lc_rs::rand::{self, SystemRandom};
use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PublicEncryptingKey};
use aws_lc_rs::signature::RsaPublicKeyComponents;
use serde_json::{Value as Json, json};
use toml::Table;

use super::fields::Fields;
use super::jwt::changed;
use crate::base64;

/// Encrypts what was signed, as the step says.
///
/// # Panics
/// When the step asks for what there is not.
#[must_use]
pub fn make(signed: &str, different: Table) -> String {
    let mut fields = Fields::of(different, "an encrypted request object");
    let keys: Vec<Json> = serde_json::from_str(&fields.needed_text("keys")).expect("published keys");
    let alg = fields.text("alg").unwrap_or_else(|| "ECDH-ES".to_owned());
    let enc = fields.text("enc").unwrap_or_else(|| "A256GCM".to_owned());
    let depth = fields.number("depth").unwrap_or(1.0) as usize;
    let content = fields.text("content").unwrap_or_else(|| signed.to_owned());
    let (header, segments, tamper) = (fields.table("header"), fields.table("segments"), fields.text("tamper"));
    fields.end();
    let key = keys.iter().find(|key| key["use"] == "enc" && key["alg"] == alg.as_str());
    let key = key.unwrap_or_else(|| panic!("no key for {alg} is published"));
    let mut token = content;
    for _ in 0..depth {
        token = encrypted(key, &alg, &enc, &token, &header, tamper.as_deref());
    }
    let mut parts: Vec<String> = token.split('.').map(str::to_owned).collect();
    for (at, text) in segments {
        parts[at.parse::<usize>().expect("a number")] = text.as_str().expect("text").to_owned();
    }
    parts.join(".")
}

fn encrypted(key: &Json, alg: &str, enc: &str, content: &str, different: &Table, tamper: Option<&str>) -> String {
    let length = key_length(enc);
    let mut content_key = vec![0; length];
    rand::fill(&mut content_key).expect("randomness");
    let mut header = json!({ "alg": alg, "enc": enc, "kid": key["kid"], "cty": "JWT" });
    let encrypted_key = match alg {
        "RSA-OAEP-256" => {
            let sent = if tamper == Some("short-key") { &content_key[1..] } else { &content_key[..] };
            oaep(key, sent)
        }
        "ECDH-ES" => {
            let (epk, agreed) = agree(key, enc, length);
            header["epk"] = epk;
            content_key = agreed;
            Vec::new()
        }
        "ECDH-ES+A256KW" => {
            let (epk, kek) = agree(key, alg, 32);
            header["epk"] = epk;
            let mut wrapped = vec![0; length + 8];
            let sent = AesKek::new(&WRAP_256, &kek).expect("a key");
            sent.wrap(&content_key, &mut wrapped).expect("a wrapped key").to_vec()
        }
        other => panic!("nothing here encrypts by {other}"),
    };
    let header = base64::url_safe(changed(header, different.clone()).as_bytes());
    let (iv, mut ciphertext, mut tag) = sealed(enc, &content_key, header.as_bytes(), content.as_bytes());
    match tamper {
        Some("flip-tag") => tag[0] ^= 1,
        Some("flip-ciphertext") => {
            let last = ciphertext.len() - 17;
            ciphertext[last] ^= 1;
        }
        Some("short-key") | None => {}
        Some(other) => panic!("there is no way to tamper called `{other}`"),
    }
    let parts = [encrypted_key, iv, ciphertext, tag].map(|part| base64::url_safe(&part));
    format!("{header}.{}", parts.join("."))
}

fn key_length(enc: &str) -> usize {
    match enc {
        "A128GCM" => 16,
        "A256GCM" | "A128CBC-HS256" => 32,
        "A256CBC-HS512" => 64,
        other => panic!("nothing here encrypts with {other}"),
    }
}

fn sealed(enc: &str, key: &[u8], aad: &[u8], content: &[u8]) -> (Vec<u8>, Vec<u8>, Vec<u8>) {
    let mut iv = vec![0; if enc.ends_with("GCM") { 12 } else { 16 }];
    rand::fill(&mut iv).expect("randomness");
    let mut ciphertext = content.to_vec();
    if enc.ends_with("GCM") {
        let cipher = if enc == "A128GCM" { &AES_128_GCM } else { &AES_256_GCM };
        let key = LessSafeKey::new(UnboundKey::new(cipher, key).expect("a key"));
        let nonce = Nonce::try_assume_unique_for_key(&iv).expect("a nonce");
        let tag = key.seal_in_place_separate_tag(nonce, Aad::from(aad), &mut ciphertext).expect("a tag");
        return (iv, ciphertext, tag.as_ref().to_vec());
    }
    let (mac_key, key) = key.split_at(key.len() / 2);
    let (cipher, mac) =
        if enc == "A128CBC-HS256" { (&AES_128, hmac::HMAC_SHA256) } else { (&AES_256, hmac::HMAC_SHA512) };
    let context = EncryptionContext::Iv128(FixedLength::try_from(iv.as_slice()).expect("a vector"));
    let key = PaddedBlockEncryptingKey::cbc_pkcs7(UnboundCipherKey::new(cipher, key).expect("a key")).expect("a key");
    key.less_safe_encrypt(&mut ciphertext, context).expect("a ciphertext");
    let bits = (aad.len() as u64 * 8).to_be_bytes();
    let tag = hmac::sign(&hmac::Key::new(mac, mac_key), &[aad, &iv, &ciphertext, &bits].concat());
    let tag = tag.as_ref()[..mac_key.len()].to_vec();
    (iv, ciphertext, tag)
}

fn oaep(key: &Json, content_key: &[u8]) -> Vec<u8> {
    let number = |name: &str| base64::from_url_safe(key[name].as_str().expect("a number")).expect("base64url");
    let (n, e) = (number("n"), number("e"));
    let key: PublicEncryptingKey = RsaPublicKeyComponents { n: &n, e: &e }.try_into().expect("a key");
    let key = OaepPublicEncryptingKey::new(key).expect("a key");
    let mut encrypted = vec![0; key.ciphertext_size()];
    key.encrypt(&OAEP_SHA256_MGF1SHA256, content_key, &mut encrypted, None).expect("an encrypted key").to_vec()
}

/// A key of one use, and what it and the published one agree on (RFC 7518 section 4.6).
fn agree(key: &Json, algorithm_id: &str, length: usize) -> (Json, Vec<u8>) {
    let coordinate = |name: &str| base64::from_url_safe(key[name].as_str().expect("a point")).expect("base64url");
    let peer = [vec![4], coordinate("x"), coordinate("y")].concat();
    let own = EphemeralPrivateKey::generate(&ECDH_P256, &SystemRandom::new()).expect("a key");
    let public = own.compute_public_key().expect("a key");
    let (x, y) = public.as_ref()[1..].split_at(32);
    let epk = json!({ "kty": "EC", "crv": "P-256", "x": base64::url_safe(x), "y": base64::url_safe(y) });
    let peer = UnparsedPublicKey::new(&ECDH_P256, peer);
    let agreed = agree_ephemeral(own, &peer, (), |secret| Ok(concat_kdf(secret, algorithm_id, length)));
    (epk, agreed.expect("a secret"))
}

fn concat_kdf(secret: &[u8], algorithm_id: &str, length: usize) -> Vec<u8> {
    let number = |number: usize| (number as u32).to_be_bytes();
    let mut info = [&number(algorithm_id.len())[..], algorithm_id.as_bytes()].concat();
    for part in [0, 0, length * 8] {
        info.extend(number(part));
    }
    let round = |at: usize| digest(&SHA256, &[&number(at), secret, &info].concat()).as_ref().to_vec();
    let mut key: Vec<u8> = (1..=length.div_ceil(32)).flat_map(round).collect();
    key.truncate(length);
    key
}
