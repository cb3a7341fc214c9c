//! Compact JWE: what opens here opens for another implementation, and the other way round; segments have one spelling and the
//! lengths that the algorithms demand.

use std::sync::LazyLock;

use parhelion_jose::jwe::{self, Algorithm, Compact, ContentEncryption, DecryptionKey};
use parhelion_jose::limits;
use serde_json::Value;

use crate::Verdict;
use crate::second::jwe::{Private, open, seal};
use crate::second::{base64url, json};

/// A recipient, known to both implementations.
struct Recipient {
    private: Private,
    alg: Algorithm,
    key: DecryptionKey,
}

static RECIPIENTS: LazyLock<Vec<Recipient>> = LazyLock::new(|| {
    let recipient = |(private, alg)| Recipient { private, alg, key: ours(private, alg) };
    let privates = [Private::P256([0x11; 32]), Private::X25519([0x22; 32])];
    privates
        .into_iter()
        .flat_map(|key| [Algorithm::EcdhEs, Algorithm::EcdhEsA256Kw].map(|alg| (key, alg)))
        .map(recipient)
        .collect()
});

/// The key in the PKCS#8 that RFC 5915 (without the public key) or RFC 8410 describe.
fn ours(private: Private, alg: Algorithm) -> DecryptionKey {
    const EC: &[u8] = b"\x30\x41\x02\x01\x00\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x04\x27\x30\x25\x02\x01\x01\x04\x20";
    const X25519: &[u8] = b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x6e\x04\x22\x04\x20";
    let document = match private {
        Private::P256(scalar) => [EC, &scalar].concat(),
        Private::X25519(scalar) => [X25519, &scalar].concat(),
    };
    DecryptionKey::from_pkcs8(alg, None, &document).unwrap()
}

/// Reads the bytes as a token; then seals them, both ways.
pub fn check(bytes: &[u8]) -> Verdict {
    if let [seed, change, plaintext @ ..] = bytes {
        check_sealed(*seed, *change, plaintext);
    }
    Verdict::of(str::from_utf8(bytes).is_ok_and(check_token))
}

/// What is read is well formed, and opens for both or for neither; whether it opens for anyone.
fn check_token(token: &str) -> bool {
    let Ok(compact) = Compact::parse(token) else { return false };
    assert!(token.len() <= limits::JWE_BYTES);
    let segments: Vec<Vec<u8>> = token.split('.').map(|segment| base64url(segment).unwrap()).collect();
    assert_eq!(segments.len(), 5);
    let header = json(&segments[0]).unwrap();
    assert_eq!(Some(compact.header().object()), header.as_object());
    assert!(header.get("crit").is_none() && header.get("zip").is_none());
    let named = |name: &str| header.get(name).and_then(Value::as_str).unwrap().to_owned();
    assert_eq!((compact.header().alg().name(), compact.header().enc().name()), (&*named("alg"), &*named("enc")));
    let (iv, tag) = match &*named("enc") {
        "A128GCM" | "A256GCM" => (12, 16),
        "A128CBC-HS256" => (16, 16),
        _ => (16, 32),
    };
    assert_eq!((segments[2].len(), segments[4].len()), (iv, tag));
    let mut opens = false;
    for recipient in RECIPIENTS.iter().filter(|recipient| recipient.alg == compact.header().alg()) {
        let opened = compact.decrypt_with(&recipient.key).ok().map(|plaintext| plaintext.to_vec());
        assert_eq!(opened, open(token, recipient.private));
        opens |= opened.is_some();
    }
    opens
}

/// What either seals the other opens, and with one byte changed nobody does.
fn check_sealed(seed: u8, change: u8, plaintext: &[u8]) {
    let recipient = &RECIPIENTS[usize::from(seed) % RECIPIENTS.len()];
    let enc = ContentEncryption::ALL[usize::from(seed) / RECIPIENTS.len() % 4];
    if plaintext.is_empty() || plaintext.len() > 4096 {
        return;
    }
    let theirs = seal(recipient.alg.name(), enc.name(), recipient.private, seed, plaintext);
    let opened = Compact::parse(&theirs).unwrap().decrypt_with(&recipient.key).unwrap();
    assert_eq!(opened.as_slice(), plaintext);
    let ours = jwe::encrypt(recipient.key.public_key(), recipient.alg, enc, None, plaintext).unwrap();
    assert_eq!(open(&ours, recipient.private).as_deref(), Some(plaintext));

    let mut changed = theirs.clone().into_bytes();
    let at = usize::from(change) * changed.len() / 256;
    changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
    let changed = String::from_utf8(changed).unwrap();
    assert!(!check_token(&changed), "{changed}");
}
