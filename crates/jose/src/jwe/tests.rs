//! Tokens of the RFCs and of a peer, and the encrypted tokens of attacks.md, group JO.

use super::key_management::Derivation;
use super::*;
use crate::json::{self, Bounds, JsonFault};
use crate::jwk::{AgreementKey, JwkFault};
use crate::jws::{JwsFault, typ_is};
use crate::limits::HEADER;
use crate::{base64, jws};
use aws_lc_rs::agreement::PrivateKey;
use aws_lc_rs::digest;
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use proptest::prelude::*;
use std::sync::LazyLock;

/// One key for every algorithm and curve, RSA first.
static KEYS: LazyLock<Vec<DecryptionKey>> = LazyLock::new(|| {
    let rsa = DecryptionKey::generate(Algorithm::RsaOaep256).expect("a key");
    let agreeing = AgreementCurve::ALL.into_iter().flat_map(|curve| {
        [Algorithm::EcdhEs, Algorithm::EcdhEsA256Kw].map(|alg| DecryptionKey::generate_on(curve, alg).expect("a key"))
    });
    std::iter::once(rsa).chain(agreeing).collect()
});

static RSA: LazyLock<&DecryptionKey> = LazyLock::new(|| &KEYS[0]);
static P256: LazyLock<&DecryptionKey> = LazyLock::new(|| &KEYS[1]);

const X25519: &str = r#"{"kty":"OKP","crv":"X25519","x":"3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08"}"#;
const EPK: &str = r#""epk":{"kty":"EC","crv":"P-256","x":"gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0","y":"SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps"}"#;

fn encrypted(key: &DecryptionKey, enc: ContentEncryption, plaintext: &[u8]) -> String {
    encrypt(key.public_key(), key.algorithm(), enc, Some("JWT"), plaintext).expect("a token")
}

fn outcome(token: &str, key: &DecryptionKey) -> Result<Vec<u8>, JweFault> {
    Ok(Compact::parse(token)?.decrypt_with(key)?.to_vec())
}

/// The fault of `token` when it is read, or else when it is decrypted with `key`.
fn refused(token: &str, key: &DecryptionKey) -> JweFault {
    outcome(token, key).expect_err(token)
}

fn fault(token: &str) -> JweFault {
    Compact::parse(token).map(|_| ()).expect_err(token)
}

/// A token under `header` whose other segments would do for ECDH-ES and A128GCM.
fn under(header: &str) -> String {
    [header.as_bytes(), b"", &[0; 12], b"c", &[0; 16]].map(base64url::encode).join(".")
}

fn header_fault(header: &str) -> JweFault {
    fault(&under(header))
}

/// `token` with the bytes of segment `at` changed.
fn changed(token: &str, at: usize, change: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut segments: Vec<String> = token.split('.').map(str::to_owned).collect();
    let mut bytes = base64url::decode(&segments[at]).expect("base64url");
    change(&mut bytes);
    segments[at] = base64url::encode(&bytes);
    segments.join(".")
}

/// A decryption key of the private member of a JWK.
fn ec_key(curve: AgreementCurve, algorithm: Algorithm, d: &str) -> DecryptionKey {
    let private = PrivateKey::from_private_key(curve.agreement(), &base64url::decode(d).expect(d)).expect(d);
    let document: Pkcs8V1Der<'_> = private.as_der().expect("a document");
    DecryptionKey::from_pkcs8(algorithm, None, document.as_ref()).expect("a key")
}

fn object(json: &str) -> Map<String, Value> {
    json::parse_object(json.as_bytes(), HEADER).expect(json)
}

#[test]
fn the_key_of_rfc_7518_appendix_c_is_derived() {
    let alice = "0_NxaRPUMQoAJt50Gz8YiTr8gRTwyEaCumd-MToTmIo";
    let alice = PrivateKey::from_private_key(AgreementCurve::P256.agreement(), &base64url::decode(alice).expect(alice));
    let bob = r#"{"kty":"EC","crv":"P-256","x":"weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ","y":"e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck"}"#;
    let bob = AgreementKey::from_jwk(&object(bob)).unwrap_or_else(|fault| panic!("{fault}"));
    let derivation = Derivation { algorithm_id: "A128GCM", length: 16, apu: b"Alice", apv: b"Bob" };
    let info = [&[0, 0, 0, 7][..], b"A128GCM", &[0, 0, 0, 5], b"Alice", &[0, 0, 0, 3], b"Bob", &[0, 0, 0, 128]];
    assert_eq!(derivation.other_info(), Ok(info.concat()));
    let key = derivation.agreed(&alice.expect("a key"), &bob).expect("a key");
    assert_eq!(base64url::encode(&key), "VqqN6vgjbSBcIijNcacQGg");
}

#[test]
fn the_token_of_rfc_7520_section_5_5_opens() {
    const TOKEN: &str = "eyJhbGciOiJFQ0RILUVTIiwia2lkIjoibWVyaWFkb2MuYnJhbmR5YnVja0BidWNrbGFuZC5leGFtcGxlIiwiZXBrIjp7Imt0eSI6IkVDIiwiY3J2IjoiUC0yNTYiLCJ4IjoibVBVS1RfYkFXR0hJaGcwVHBqanFWc1AxclhXUXVfdndWT0hIdE5rZFlvQSIsInkiOiI4QlFBc0ltR2VBUzQ2ZnlXdzVNaFlmR1RUMElqQnBGdzJTUzM0RHY0SXJzIn0sImVuYyI6IkExMjhDQkMtSFMyNTYifQ..yc9N8v5sYyv3iGQT926IUg.BoDlwPnTypYq-ivjmQvAYJLb5Q6l-F3LIgQomlz87yW4OPKbWE1zSTEFjDfhU9IPIOSA9Bml4m7iDFwA-1ZXvHteLDtw4R1XRGMEsDIqAYtskTTmzmzNa-_q4F_evAPUmwlO-ZG45Mnq4uhM1fm_D9rBtWolqZSF3xGNNkpOMQKF1Cl8i8wjzRli7-IXgyirlKQsbhhqRzkv8IcY6aHl24j03C-AR2le1r7URUhArM79BY8soZU0lzwI-sD5PZ3l4NDCCei9XkoIAfsXJWmySPoeRb2Ni5UZL4mYpvKDiwmyzGd65KqVw7MsFfI_K767G9C9Azp73gKZD0DyUn1mn0WW5LmyX_yJ-3AROq8p1WZBfG-ZyJ6195_JGG2m9Csg.WCCkNa-x4BeB9hIDIfFuhg";
    let frodo = "You can trust us to stick with you through thick and thin\u{2013}to the bitter end. And you can trust us to keep any secret of yours\u{2013}closer than you keep it yourself. But you cannot trust us to let you face trouble alone, and go off without a word. We are your friends, Frodo.";
    let d = "r_kHyZ-a06rmxM3yESK84r1otSg-aQcVStkRhA-iCM8";
    assert_eq!(outcome(TOKEN, &ec_key(AgreementCurve::P256, Algorithm::EcdhEs, d)), Ok(frodo.into()));
    assert_eq!(outcome(TOKEN, &P256), Err(JweFault::Decryption));
    assert_eq!(
        outcome(TOKEN, &ec_key(AgreementCurve::P256, Algorithm::EcdhEsA256Kw, d)),
        Err(JweFault::NoKey),
        "one key, one algorithm"
    );
}

#[test]
fn the_tokens_of_a_peer_open() {
    // Made by panva/jose 6 on Node.js 20; some of them with apu and apv.
    let bounds = Bounds { depth: 3, nodes: 100, bytes: 1 << 16 };
    let vectors = json::parse(include_bytes!("peer.json"), bounds).expect("the vectors");
    let vectors = vectors.as_array().expect("an array");
    for vector in vectors {
        let text = |name: &str| vector[name].as_str().expect(name);
        let alg = Algorithm::from_name(text("alg")).expect("alg");
        let document = base64::decode(text("pkcs8")).expect("a document");
        let key = DecryptionKey::from_pkcs8(alg, Some("peer"), &document).expect("a key");
        let compact = Compact::parse(text("token")).expect("well formed");
        assert_eq!((compact.header().alg(), compact.header().enc().name()), (alg, text("enc")));
        assert_eq!(compact.decrypt_with(&key).expect("its key").as_slice(), b"a peer wrote this");
        assert_eq!(*key.to_pkcs8().expect("a document"), *document, "written as it was read");
        // The same bytes, and so the same tag, under a header that says something else.
        let forged = changed(text("token"), 0, |header| header.splice(0..1, *b"{ ").for_each(drop));
        assert_eq!(refused(&forged, &key), JweFault::Decryption);
    }
    assert_eq!(vectors.len(), 8);
}

#[test]
fn other_algorithms_of_the_rfcs_are_refused_by_name() {
    // N-91, JO-17, JO-20, JO-21: nothing is decrypted, derived or guessed for any of them. The headers are those of
    // RFC 7516 appendices A.1 to A.3 and RFC 7520 sections 5.1 to 5.8, and what is worse.
    for header in [
        r#"{"alg":"RSA-OAEP","enc":"A256GCM"}"#,
        r#"{"alg":"RSA1_5","enc":"A128CBC-HS256"}"#,
        r#"{"alg":"A128KW","enc":"A128CBC-HS256"}"#,
        r#"{"alg":"RSA1_5","kid":"frodo.baggins@hobbiton.example","enc":"A128CBC-HS256"}"#,
        r#"{"alg":"RSA-OAEP","kid":"samwise.gamgee@hobbiton.example","enc":"A256GCM"}"#,
        r#"{"alg":"PBES2-HS512+A256KW","p2s":"8Q1SzinasR3xchYz6ZZcHA","p2c":8192,"cty":"jwk-set+json","enc":"A128CBC-HS256"}"#,
        r#"{"alg":"PBES2-HS256+A128KW","p2s":"8Q1SzinasR3xchYz6ZZcHA","p2c":2147483647,"enc":"A128GCM"}"#,
        r#"{"alg":"dir","kid":"77c7e2b8-6e13-45cf-8672-617b5b45243a","enc":"A128GCM"}"#,
        r#"{"alg":"A256GCMKW","kid":"18ec08e1-bfa9-4d95-b205-2b4dd1d4321d","tag":"kfPduVQ3T3H6vnewt--ksw","iv":"KkYT0GX_2jHlfqN_","enc":"A128CBC-HS256"}"#,
        r#"{"alg":"A128KW","kid":"81b20965-8332-43d9-a468-82160ad91ac8","enc":"A128GCM"}"#,
        r#"{"alg":"ECDH-ES+A192KW","enc":"A128GCM"}"#,
        r#"{"alg":"ECDH-1PU","enc":"A128GCM"}"#,
        r#"{"alg":"none","enc":"A128GCM"}"#,
        r#"{"alg":"ecdh-es","enc":"A128GCM"}"#,
        r#"{"alg":"","enc":"A128GCM"}"#,
    ] {
        assert_eq!(header_fault(header), JweFault::AlgorithmUnknown, "{header}");
    }
    // RFC 7520 section 5.4, whole: ECDH-ES+A128KW.
    let token = "eyJhbGciOiJFQ0RILUVTK0ExMjhLVyIsImtpZCI6InBlcmVncmluLnRvb2tAdHVja2Jvcm91Z2guZXhhbXBsZSIsImVwayI6eyJrdHkiOiJFQyIsImNydiI6IlAtMzg0IiwieCI6InVCbzRrSFB3Nmtiang1bDB4b3dyZF9vWXpCbWF6LUdLRlp1NHhBRkZrYllpV2d1dEVLNml1RURzUTZ3TmROZzMiLCJ5Ijoic3AzcDVTR2haVkMyZmFYdW1JLWU5SlUyTW84S3BvWXJGRHI1eVBOVnRXNFBnRXdaT3lRVEEtSmRhWTh0YjdFMCJ9LCJlbmMiOiJBMTI4R0NNIn0.0DJjBXri_kBcC46IkU5_Jk9BqaQeHdv2.mH-G2zVqgztUtnW_.tkZuOO9h95OgHJmkkrfLBisku8rGf6nz.WuGzxmcreYjpHGJoa17EBg";
    assert_eq!(fault(token), JweFault::AlgorithmUnknown);
    for enc in ["A192GCM", "A192CBC-HS384", "A128CBC", "none", "a128gcm", "XC20P", ""] {
        let header = format!(r#"{{"alg":"ECDH-ES","enc":"{enc}",{EPK}}}"#);
        assert_eq!(header_fault(&header), JweFault::EncryptionUnknown, "{enc}");
    }
}

#[test]
fn nothing_is_decompressed_and_no_extension_is_understood() {
    // JO-18, N-83; RFC 7520 section 5.9 has the first of these headers.
    for (extra, expected) in [
        (r#""zip":"DEF""#, JweFault::Compressed),
        (r#""zip":null"#, JweFault::Compressed),
        (r#""zip":"""#, JweFault::Compressed),
        (r#""crit":["exp"]"#, JweFault::CriticalExtension),
        (r#""crit":[]"#, JweFault::CriticalExtension),
        (r#""crit":null"#, JweFault::CriticalExtension),
    ] {
        let header = format!(r#"{{"alg":"ECDH-ES","enc":"A128GCM",{EPK},{extra}}}"#);
        assert_eq!(header_fault(&header), expected, "{extra}");
    }
}

#[test]
fn a_header_is_an_object_whose_members_are_what_they_should_be() {
    // N-93, JO-14, JO-15
    let base = r#""alg":"ECDH-ES","enc":"A128GCM""#;
    assert!(Compact::parse(&under(&format!("{{{base},{EPK}}}"))).is_ok());
    for (header, expected) in [
        (format!(r#"{{{base},"alg":"dir"}}"#), JweFault::Header(JsonFault::DuplicateName)),
        (format!(r#"{{{base},"epk":{{"kty":"EC","kty":"OKP"}}}}"#), JweFault::Header(JsonFault::DuplicateName)),
        (format!(r#"{{{base},"a":[[[[[[[[0]]]]]]]]}}"#), JweFault::Header(JsonFault::TooDeep)),
        (format!("{{{base}}} "), JweFault::EphemeralKeyMissing),
        (format!("{{{base}}}x"), JweFault::Header(JsonFault::Syntax)),
        (format!("[{{{base}}}]"), JweFault::Header(JsonFault::NotAnObject)),
        (format!(r#"{{"enc":"A128GCM",{EPK}}}"#), JweFault::AlgorithmMissing),
        (format!(r#"{{"alg":["ECDH-ES"],"enc":"A128GCM",{EPK}}}"#), JweFault::AlgorithmMalformed),
        (format!(r#"{{"alg":null,"enc":"A128GCM",{EPK}}}"#), JweFault::AlgorithmMalformed),
        (format!(r#"{{"alg":"ECDH-ES",{EPK}}}"#), JweFault::EncryptionMissing),
        (format!(r#"{{"alg":"ECDH-ES","enc":1,{EPK}}}"#), JweFault::EncryptionMalformed),
        (format!(r#"{{{base},{EPK},"kid":1}}"#), JweFault::KidMalformed),
        (format!(r#"{{{base},{EPK},"kid":"{}"}}"#, "k".repeat(257)), JweFault::KidMalformed),
        (format!(r#"{{{base},{EPK},"typ":null}}"#), JweFault::TypMalformed),
        (format!(r#"{{{base},{EPK},"cty":["JWT"]}}"#), JweFault::TypMalformed),
        (format!(r#"{{{base},{EPK},"apu":"QQ=="}}"#), JweFault::PartyMalformed),
        (format!(r#"{{{base},{EPK},"apv":"QR"}}"#), JweFault::PartyMalformed),
        (format!(r#"{{{base},{EPK},"apv":1}}"#), JweFault::PartyMalformed),
        (format!(r#"{{{base},"epk":"AAAA"}}"#), JweFault::EphemeralKeyMissing),
        (format!(r#"{{{base},"epk":null}}"#), JweFault::EphemeralKeyMissing),
    ] {
        assert_eq!(header_fault(&header), expected, "{header}");
    }
    let of_length = |length| format!("{:<length$}", format!("{{{base},{EPK}}}"));
    assert!(Compact::parse(&under(&of_length(HEADER_BYTES))).is_ok());
    assert_eq!(header_fault(&of_length(HEADER_BYTES + 1)), JweFault::HeaderTooLong);
}

#[test]
fn five_segments_of_their_one_spelling_and_length_are_a_token() {
    // N-80, JO-08, JO-10
    let good = under(&format!(r#"{{"alg":"ECDH-ES","enc":"A128GCM",{EPK}}}"#));
    let flattened = r#"{"protected":"e30","iv":"AAAA","ciphertext":"AAAA","tag":"AAAA"}"#;
    for token in ["", ".", "a.b.c", "a.b.c.d", "a.b.c.d.e.f", &format!("{good}."), flattened] {
        assert_eq!(fault(token), JweFault::NotFiveSegments, "{token:?}");
    }
    for (at, segment, expected) in [
        (0, "e30=", JweFault::HeaderNotBase64url),
        (0, " e30", JweFault::HeaderNotBase64url),
        (1, "AAAA", JweFault::EncryptedKeyMalformed),
        (1, "=", JweFault::EncryptedKeyMalformed),
        (2, "", JweFault::IvMalformed),
        (2, "AAAAAAAAAAAAAAA", JweFault::IvMalformed),
        (2, "AAAAAAAAAAAAAAAAAAAAAA", JweFault::IvMalformed),
        (3, "", JweFault::CiphertextMalformed),
        (3, "YR", JweFault::CiphertextMalformed),
        (3, "YQ==", JweFault::CiphertextMalformed),
        (4, "", JweFault::TagMalformed),
        (4, "AAAAAAAAAAAAAAAAAAAA", JweFault::TagMalformed),
        (4, "AAAAAAAAAAAAAAAAAAAAAB", JweFault::TagMalformed),
        (4, "AAAAAAAAAAAAAAAAAAAAAA\n", JweFault::TagMalformed),
    ] {
        let mut segments: Vec<&str> = good.split('.').collect();
        segments[at] = segment;
        assert_eq!(fault(&segments.join(".")), expected, "{at} {segment:?}");
    }
    assert_eq!(fault(&".".repeat(JWE_BYTES + 1)), JweFault::TokenTooLong);
}

#[test]
fn lengths_follow_from_the_algorithms() {
    for key in KEYS.iter() {
        for enc in ContentEncryption::ALL {
            let token = encrypted(key, enc, b"content");
            let grown = |at| changed(&token, at, |bytes| bytes.push(0));
            let shrunk = |at| changed(&token, at, |bytes| bytes.truncate(bytes.len() - 1));
            assert_eq!((fault(&grown(2)), fault(&shrunk(2))), (JweFault::IvMalformed, JweFault::IvMalformed));
            assert_eq!((fault(&grown(4)), fault(&shrunk(4))), (JweFault::TagMalformed, JweFault::TagMalformed));
            let (wrong_key, wrong_ciphertext) = (refused(&grown(1), key), refused(&grown(3), key));
            let is_rsa = key.algorithm() == Algorithm::RsaOaep256;
            assert_eq!(wrong_key, if is_rsa { JweFault::Decryption } else { JweFault::EncryptedKeyMalformed });
            let is_gcm = enc.iv_length() == 12;
            assert_eq!(wrong_ciphertext, if is_gcm { JweFault::Decryption } else { JweFault::CiphertextMalformed });
        }
    }
}

#[test]
fn an_ephemeral_key_lies_on_its_curve() {
    // JO-19: a thousand points that are on no curve, or on its twist, of which none gets to the private key.
    let honest = PrivateKey::generate(AgreementCurve::P521.agreement()).expect("a key").compute_public_key();
    let honest = honest.expect("a public key");
    for (crv, length) in [("P-256", 32), ("P-384", 48), ("P-521", 66)] {
        for n in 0..340_u32 {
            let bytes: Vec<u8> = (0..5_u32)
                .flat_map(|block| {
                    let block = [n.to_be_bytes(), block.to_be_bytes()].concat();
                    digest::digest(&digest::SHA256, &block).as_ref().to_vec()
                })
                .collect();
            let (mut x, mut y) = (bytes[..length].to_vec(), bytes[length..2 * length].to_vec());
            if crv == "P-521" {
                (x[0], y[0]) = (x[0] & 1, y[0] & 1);
                // A good point, moved off the curve.
                if n % 2 == 0 {
                    x.copy_from_slice(&honest.as_ref()[1..67]);
                }
            }
            let (x, y) = (base64url::encode(&x), base64url::encode(&y));
            let epk = format!(r#""epk":{{"kty":"EC","crv":"{crv}","x":"{x}","y":"{y}"}}"#);
            let header = format!(r#"{{"alg":"ECDH-ES","enc":"A128GCM",{epk}}}"#);
            assert_eq!(header_fault(&header), JweFault::EphemeralKey(JwkFault::InvalidPoint), "{epk}");
        }
    }
}

#[test]
fn an_ephemeral_key_is_a_public_key_that_was_written_in_full() {
    // JO-19: infinity in every spelling, another curve, a private key.
    let zero = base64url::encode(&[0; 32]);
    let x = "gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0";
    for (epk, expected) in [
        (format!(r#"{{"kty":"EC","crv":"P-256","x":"{zero}","y":"{zero}"}}"#), JwkFault::InvalidPoint),
        (r#"{"kty":"EC","crv":"P-256","x":"","y":""}"#.to_owned(), JwkFault::Malformed("x")),
        (r#"{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}"#.to_owned(), JwkFault::Malformed("x")),
        (format!(r#"{{"kty":"EC","crv":"P-256","x":"{x}"}}"#), JwkFault::Missing("y")),
        (format!(r#"{{"kty":"EC","crv":"P-384","x":"{x}","y":"{x}"}}"#), JwkFault::Malformed("x")),
        (format!(r#"{{"kty":"EC","crv":"secp256k1","x":"{x}","y":"{x}"}}"#), JwkFault::UnsupportedCurve),
        (format!(r#"{{"kty":"EC","crv":"X25519","x":"{x}"}}"#), JwkFault::UnsupportedCurve),
        (format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{x}"}}"#), JwkFault::UnsupportedCurve),
        (format!(r#"{{"kty":"OKP","crv":"X25519","x":"{x}A"}}"#), JwkFault::Malformed("x")),
        (r#"{"kty":"RSA","n":"AQAB","e":"AQAB"}"#.to_owned(), JwkFault::UnsupportedKeyType),
        (r#"{"kty":"oct","k":"AAAA"}"#.to_owned(), JwkFault::SymmetricKey),
        (format!(r#"{{"kty":"OKP","crv":"X25519","x":"{x}","d":"{x}"}}"#), JwkFault::PrivateKey),
        ("{}".to_owned(), JwkFault::Missing("kty")),
    ] {
        let header = format!(r#"{{"alg":"ECDH-ES+A256KW","enc":"A128GCM","epk":{epk}}}"#);
        assert_eq!(header_fault(&header), JweFault::EphemeralKey(expected), "{epk}");
    }
}

#[test]
fn an_ephemeral_key_of_small_order_agrees_on_nothing() {
    // JO-19 on X25519, where every x is a point; and a key on another curve than the recipient's is no key for it.
    let key = KEYS.iter().find(|key| key.public_jwk().get("crv") == Some(&"X25519".into())).expect("a key");
    for hex in [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ] {
        let jwk = format!(r#"{{"kty":"OKP","crv":"X25519","x":"{}"}}"#, base64url::encode(&crate::hex::decode(hex)));
        let token = under(&format!(r#"{{"alg":"ECDH-ES","enc":"A128GCM","epk":{jwk}}}"#));
        assert_eq!(refused(&token, key), JweFault::Decryption, "{hex}");
        assert_eq!(refused(&token, &P256), JweFault::NoKey);
        let recipient = EncryptionKey::from_jwk(&object(&jwk)).expect("a key");
        let sent = encrypt(&recipient, Algorithm::EcdhEs, ContentEncryption::A128Gcm, None, b"content");
        assert_eq!(sent, Err(JweFault::Encryption), "{hex}");
    }
}

#[test]
fn whatever_is_wrong_inside_is_one_fault() {
    // JO-20, JO-21: encrypted keys and ciphertexts as the oracles of Manger and Vaudenay would have them.
    for enc in ContentEncryption::ALL {
        let token = encrypted(&RSA, enc, b"sixteen bytes, and a few more, and so on");
        for encrypted_key in [vec![0; 256], vec![0xff; 256], [vec![0; 255], vec![1]].concat(), vec![1; 512]] {
            let token = changed(&token, 1, |bytes| *bytes = encrypted_key);
            assert_eq!(refused(&token, &RSA), JweFault::Decryption, "{enc}");
        }
        // A key of another length than enc asks for, well encrypted.
        let other =
            if enc == ContentEncryption::A128Gcm { ContentEncryption::A256Gcm } else { ContentEncryption::A128Gcm };
        let stranger = encrypted(&RSA, other, b"content");
        let stranger = base64url::decode(stranger.split('.').nth(1).expect("a key")).expect("base64url");
        assert_eq!(refused(&changed(&token, 1, |bytes| *bytes = stranger), &RSA), JweFault::Decryption, "{enc}");
        for guess in 0..=255 {
            let token = changed(&token, 3, |bytes| {
                let before_last_block = bytes.len() - 17;
                bytes[before_last_block] ^= guess;
            });
            let expected = if guess == 0 { Ok(()) } else { Err(JweFault::Decryption) };
            assert_eq!(outcome(&token, &RSA).map(|_| ()), expected, "{enc} {guess}");
        }
    }
}

#[test]
fn a_retired_key_and_the_key_of_another_open_nothing() {
    // JO-23
    let retired = DecryptionKey::generate(Algorithm::EcdhEs).expect("a key");
    let token = encrypted(&retired, ContentEncryption::A256Gcm, b"content");
    let current = DecryptionKey::generate(Algorithm::EcdhEs).expect("a key");
    let compact = Compact::parse(&token).expect("well formed");
    assert_eq!(compact.decrypt(&DecryptionKeySet::new(vec![current])), Err(JweFault::NoKey));
    assert_eq!(compact.decrypt(&DecryptionKeySet::default()), Err(JweFault::NoKey));
    assert_eq!(compact.decrypt_with(&P256), Err(JweFault::Decryption));
    // The same kid for another key does not help.
    let document = P256.to_pkcs8().expect("a document");
    let impostor = DecryptionKey::from_pkcs8(Algorithm::EcdhEs, Some(retired.kid()), &document).expect("a key");
    assert_eq!(compact.decrypt(&DecryptionKeySet::new(vec![impostor])), Err(JweFault::Decryption));
    assert_eq!(compact.decrypt(&DecryptionKeySet::new(vec![retired])).expect("its key").as_slice(), b"content");
}

#[test]
fn without_a_kid_at_most_four_keys_are_tried() {
    let keys: Vec<_> = (0..6).map(|_| DecryptionKey::generate(Algorithm::EcdhEs).expect("a key")).collect();
    let nameless = |key: &DecryptionKey| {
        let mut jwk = key.public_jwk();
        jwk.remove("kid");
        let key = EncryptionKey::from_jwk(&jwk).expect("a key");
        encrypt(&key, Algorithm::EcdhEs, ContentEncryption::A128CbcHs256, None, b"content").expect("a token")
    };
    let tokens: Vec<_> = keys.iter().map(nameless).collect();
    let set = DecryptionKeySet::new(keys);
    assert_eq!(set.iter().len(), 6);
    for (at, token) in tokens.iter().enumerate() {
        let compact = Compact::parse(token).expect("well formed");
        assert_eq!((compact.header().kid(), set.candidates(compact.header()).count()), (None, 4));
        assert_eq!(compact.decrypt(&set).is_ok(), at < 4, "{at}");
    }
}

#[test]
fn what_comes_out_is_bytes_until_it_is_read_as_a_jws() {
    // JO-22: raw JSON, an unsecured JWS, and a JWE inside are all refused by the parser that comes next.
    let unsecured = "eyJhbGciOiJub25lIn0.e30.AAAA";
    let inner = encrypted(&P256, ContentEncryption::A128Gcm, b"content");
    for (content, expected) in [
        (r#"{"client_id":"a"}"#, JwsFault::NotThreeSegments),
        (unsecured, JwsFault::Unsecured),
        (&inner, JwsFault::NotThreeSegments),
    ] {
        let token = encrypted(&P256, ContentEncryption::A128Gcm, content.as_bytes());
        let compact = Compact::parse(&token).expect("well formed");
        assert!(compact.header().cty().is_some_and(|cty| typ_is(cty, "JWT")));
        let plaintext = compact.decrypt_with(&P256).expect("its key");
        let plaintext = str::from_utf8(&plaintext).expect("text");
        assert_eq!(jws::Compact::parse(plaintext).map(|_| ()), Err(expected));
    }
    // Fifty deep is not even reached.
    let mut token = inner;
    let mut depth = 1;
    while let Ok(outer) =
        encrypt(P256.public_key(), Algorithm::EcdhEs, ContentEncryption::A128Gcm, Some("JWT"), token.as_bytes())
    {
        (token, depth) = (outer, depth + 1);
        assert!(depth < 25);
    }
    assert_eq!(refused_to_encrypt(token.as_bytes()), JweFault::TokenTooLong);
}

fn refused_to_encrypt(plaintext: &[u8]) -> JweFault {
    encrypt(P256.public_key(), Algorithm::EcdhEs, ContentEncryption::A128Gcm, None, plaintext).expect_err("refused")
}

#[test]
fn nothing_too_much_and_nothing_at_all_is_encrypted() {
    assert_eq!(refused_to_encrypt(b""), JweFault::PlaintextEmpty);
    assert_eq!(refused_to_encrypt(&[0; JWE_BYTES]), JweFault::TokenTooLong);
    let longest = vec![b'a'; 48_000];
    assert_eq!(outcome(&encrypted(&P256, ContentEncryption::A256CbcHs512, &longest), &P256), Ok(longest));
}

#[test]
fn a_key_is_encrypted_to_only_as_it_says() {
    let mut jwk = object(X25519);
    for (member, value, expected) in [
        ("use", "enc", Ok(())),
        ("use", "sig", Err(JweFault::NoKey)),
        ("alg", "ECDH-ES", Ok(())),
        ("alg", "ECDH-ES+A128KW", Err(JweFault::NoKey)),
    ] {
        jwk.insert(member.to_owned(), value.into());
        let key = EncryptionKey::from_jwk(&jwk).expect("a key");
        let sent = encrypt(&key, Algorithm::EcdhEs, ContentEncryption::A128Gcm, None, b"content");
        assert_eq!(sent.map(|_| ()), expected, "{value}");
        assert_eq!(
            encrypt(&key, Algorithm::RsaOaep256, ContentEncryption::A128Gcm, None, b"content"),
            Err(JweFault::NoKey)
        );
        jwk.remove(member);
    }
}

#[test]
fn a_key_is_the_same_after_it_was_kept() {
    for key in KEYS.iter() {
        let document = key.to_pkcs8().expect("a document");
        let same = DecryptionKey::from_pkcs8(key.algorithm(), None, &document).expect("the same key");
        assert_eq!(same.public_jwk(), key.public_jwk());
        assert_eq!(key.kid(), base64url::encode(&key.public_key().thumbprint()));
        let published = EncryptionKey::from_jwk(&key.public_jwk()).expect("a public key");
        let token = encrypt(&published, key.algorithm(), ContentEncryption::A256Gcm, None, b"content");
        assert_eq!(outcome(&token.expect("a token"), &same), Ok(b"content".to_vec()));
        let named = DecryptionKey::from_pkcs8(key.algorithm(), Some("2026-1"), &document).expect("a key").public_jwk();
        let alg = key.algorithm().name();
        assert_eq!((&named["kid"], &named["use"], &named["alg"]), (&"2026-1".into(), &"enc".into(), &alg.into()));
        assert!(!named.contains_key("d"));
    }
}

#[test]
fn a_document_of_another_kind_is_rejected() {
    let rejected = |algorithm, document: &[u8]| DecryptionKey::from_pkcs8(algorithm, None, document).err();
    let (rsa, p256) = (RSA.to_pkcs8().expect("a document"), P256.to_pkcs8().expect("a document"));
    let x25519 = KEYS.last().expect("a key").to_pkcs8().expect("a document");
    let kept = Some(DecryptionKeyFault::KeyRejected);
    assert_eq!(rejected(Algorithm::EcdhEs, &rsa), kept);
    for document in [&p256[..], &x25519, b"", &rsa[..100]] {
        assert_eq!(rejected(Algorithm::RsaOaep256, document), kept);
    }
    for document in [&x25519[..47], &[&x25519[..], &[0]].concat(), b"", &p256[..40]] {
        assert_eq!(rejected(Algorithm::EcdhEsA256Kw, document), kept);
    }
    let signing = crate::signing::SigningKey::generate(crate::algorithm::Algorithm::EdDsa).expect("a key");
    assert_eq!(rejected(Algorithm::EcdhEs, &signing.to_pkcs8().expect("a document")), kept);
    let long = "k".repeat(257);
    let named = DecryptionKey::from_pkcs8(Algorithm::EcdhEs, Some(&long), &p256);
    assert_eq!(named.err(), Some(DecryptionKeyFault::KidTooLong));
    assert_eq!(DecryptionKey::generate_on(AgreementCurve::P384, Algorithm::RsaOaep256).err(), kept);
}

#[test]
fn debug_shows_no_key_and_no_content() {
    let key = DecryptionKey::from_pkcs8(Algorithm::EcdhEs, Some("k1"), &P256.to_pkcs8().expect("a document"));
    assert_eq!(format!("{:?}", key.expect("a key")), r#"DecryptionKey { kid: "k1", alg: "ECDH-ES", .. }"#);
    let token = encrypted(&P256, ContentEncryption::A128Gcm, b"content");
    let compact = Compact::parse(&token).expect("well formed");
    assert_eq!(format!("{compact:?}"), "Compact { header: Header { alg: EcdhEs, enc: A128Gcm, .. }, .. }");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn what_is_encrypted_opens(
        key in 0..9_usize,
        enc in 0..4_usize,
        plaintext in proptest::collection::vec(any::<u8>(), 1..300),
    ) {
        let (key, enc) = (&KEYS[key], ContentEncryption::ALL[enc]);
        let token = encrypted(key, enc, &plaintext);
        let compact = Compact::parse(&token).expect("well formed");
        let header = compact.header();
        prop_assert_eq!((header.alg(), header.enc(), header.kid()), (key.algorithm(), enc, Some(key.kid())));
        prop_assert_eq!((header.cty(), header.typ()), (Some("JWT"), None));
        prop_assert_eq!(header.object().contains_key("epk"), key.algorithm() != Algorithm::RsaOaep256);
        prop_assert_eq!(compact.decrypt_with(key).map(|opened| opened.to_vec()), Ok(plaintext));
        for other in KEYS.iter().filter(|other| other.kid() != key.kid()) {
            prop_assert!(compact.decrypt_with(other).is_err());
        }
    }

    #[test]
    fn any_flipped_bit_is_refused(
        at in any::<proptest::sample::Index>(),
        bit in 0..7_u32,
        key in 0..9_usize,
        enc in 0..4_usize,
    ) {
        let (key, enc) = (&KEYS[key], ContentEncryption::ALL[enc]);
        let mut bytes = encrypted(key, enc, br#"{"iss":"client"}"#).into_bytes();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        let token = String::from_utf8(bytes).expect("seven bits stay ASCII");
        prop_assert!(outcome(&token, key).is_err(), "{}", token);
    }

    #[test]
    fn no_two_tokens_are_alike(key in 0..9_usize, enc in 0..4_usize) {
        let (key, enc) = (&KEYS[key], ContentEncryption::ALL[enc]);
        let (one, other) = (encrypted(key, enc, b"content"), encrypted(key, enc, b"content"));
        prop_assert_ne!(one.split('.').nth(2), other.split('.').nth(2));
        prop_assert_ne!(one.split('.').nth(3), other.split('.').nth(3));
    }

    #[test]
    fn nothing_that_is_read_panics(token in "[A-Za-z0-9_-]{0,20}(\\.[A-Za-z0-9_=-]{0,44}){3,5}") {
        prop_assert!(Compact::parse(&token).is_err());
    }
}
