//! JWKs of the RFCs, and JWKs nobody should send.

use super::*;
use crate::base64url;
use crate::json;
use crate::limits::HEADER;

/// RFC 7638 section 3.1 and RFC 7517 appendix A.1.
const RSA: &str = r#"{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}"#;
/// RFC 7517 appendix A.1.
const P256: &str = r#"{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","use":"enc","kid":"1"}"#;
/// RFC 7515 appendix A.4.
const P521: &str = r#"{"kty":"EC","crv":"P-521","x":"AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk","y":"ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2"}"#;
/// RFC 8037 appendix A.2.
const ED25519: &str = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

fn jwk(text: &str) -> Map<String, Value> {
    json::parse_object(text.as_bytes(), HEADER).expect(text)
}

fn key(text: &str) -> PublicKey {
    PublicKey::from_jwk(&jwk(text)).expect(text)
}

/// The fault of `text` after `member` became `value`.
fn fault(text: &str, member: &str, value: impl Into<Value>) -> JwkFault {
    let mut jwk = jwk(text);
    jwk.insert(member.to_owned(), value.into());
    PublicKey::from_jwk(&jwk).expect_err(member)
}

#[test]
fn the_thumbprints_of_the_rfcs_come_out() {
    let thumbprint = |text| base64url::encode(&key(text).thumbprint());
    assert_eq!(thumbprint(RSA), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    assert_eq!(thumbprint(ED25519), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

#[test]
fn an_ec_thumbprint_is_the_digest_of_its_required_members() {
    let canonical = r#"{"crv":"P-256","kty":"EC","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}"#;
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, canonical.as_bytes());
    assert_eq!(key(P256).thumbprint(), digest.as_ref());
}

#[test]
fn a_jwk_is_written_as_it_was_read() {
    for text in [RSA, P256, P521, ED25519] {
        assert_eq!(key(text).to_jwk(), jwk(text));
    }
    let with_ops = ED25519.replace("{", r#"{"key_ops":["verify","sign"],"#);
    assert_eq!(key(&with_ops).to_jwk(), jwk(&with_ops));
}

#[test]
fn the_members_that_describe_a_key_are_kept() {
    let rsa = key(RSA);
    assert_eq!((rsa.kid(), rsa.alg(), rsa.public_key_use()), (Some("2011-04-29"), Some("RS256"), None));
    assert_eq!(rsa.rsa_modulus_bits(), Some(2048));
    let ec = key(P256);
    assert_eq!((ec.kid(), ec.alg(), ec.public_key_use()), (Some("1"), None, Some("enc")));
    assert!(ec.key_ops().is_none());
    assert_eq!(ec.rsa_modulus_bits(), None);
}

#[test]
fn a_key_fits_the_algorithms_of_its_kind() {
    let fitting = |text: &str| {
        let key = key(text);
        Algorithm::ALL.into_iter().filter(|algorithm| key.may_verify(*algorithm)).collect::<Vec<_>>()
    };
    use Algorithm::{Ed25519, EdDsa, Es256, Es512, Ps256, Ps384, Ps512, Rs256, Rs384, Rs512};
    assert_eq!(fitting(RSA), [Rs256]);
    assert_eq!(fitting(&RSA.replace(r#""alg":"RS256","#, "")), [Ps256, Ps384, Ps512, Rs256, Rs384, Rs512]);
    assert_eq!(fitting(P256), []);
    assert_eq!(fitting(&P256.replace("enc", "sig")), [Es256]);
    assert_eq!(fitting(P521), [Es512]);
    assert_eq!(fitting(ED25519), [EdDsa, Ed25519]);
}

#[test]
fn a_secret_is_refused_first() {
    for member in PRIVATE_MEMBERS {
        assert_eq!(fault(RSA, member, "AAAA"), JwkFault::PrivateKey);
        assert_eq!(fault(ED25519, member, Value::Null), JwkFault::PrivateKey);
    }
    assert_eq!(fault(RSA, "kty", "oct"), JwkFault::SymmetricKey);
}

#[test]
fn a_member_of_the_wrong_type_is_malformed() {
    for member in ["kty", "x", "crv", "kid", "use", "alg", "key_ops"] {
        for value in [Value::Null, 1.into(), true.into(), Value::Object(Map::new())] {
            assert_eq!(fault(ED25519, member, value), JwkFault::Malformed(member_name(member)));
        }
    }
    for ops in [vec!["verify", "verify"], vec!["x"; 17]] {
        assert_eq!(fault(ED25519, "key_ops", ops), JwkFault::Malformed("key_ops"));
    }
    assert_eq!(fault(ED25519, "key_ops", vec![1]), JwkFault::Malformed("key_ops"));
}

fn member_name(name: &str) -> &'static str {
    ["kty", "x", "crv", "kid", "use", "alg", "key_ops"].into_iter().find(|known| *known == name).expect(name)
}

#[test]
fn a_kid_is_bounded() {
    let with_kid = |length: usize| {
        let mut jwk = jwk(ED25519);
        jwk.insert("kid".into(), "k".repeat(length).into());
        PublicKey::from_jwk(&jwk).map(|_| ())
    };
    assert_eq!(with_kid(256), Ok(()));
    assert_eq!(with_kid(257), Err(JwkFault::KidTooLong));
}

#[test]
fn what_is_not_understood_is_named() {
    assert_eq!(fault(P256, "crv", "secp256k1"), JwkFault::UnsupportedCurve);
    assert_eq!(fault(P256, "crv", "p-256"), JwkFault::UnsupportedCurve);
    assert_eq!(fault(ED25519, "crv", "X25519"), JwkFault::UnsupportedCurve);
    assert_eq!(fault(ED25519, "crv", "Ed448"), JwkFault::UnsupportedCurve);
    assert_eq!(fault(ED25519, "kty", "EC"), JwkFault::UnsupportedCurve);
    assert_eq!(fault(ED25519, "kty", "okp"), JwkFault::UnsupportedKeyType);
    for (text, member) in [(P256, "y"), (RSA, "n"), (RSA, "e"), (ED25519, "crv"), (ED25519, "kty")] {
        let mut jwk = jwk(text);
        jwk.remove(member);
        assert!(matches!(PublicKey::from_jwk(&jwk), Err(JwkFault::Missing(name)) if name == member));
    }
}

#[test]
fn a_coordinate_has_its_full_length_and_its_one_spelling() {
    let x = "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4";
    for other in
        [format!("{x}="), format!("{x}A"), x.replace("7D4", "7D"), x.replace('4', "5"), String::new(), format!(" {x}")]
    {
        assert_eq!(fault(P256, "x", other.clone()), JwkFault::Malformed("x"), "{other}");
    }
    assert_eq!(fault(P521, "x", x), JwkFault::Malformed("x"));
}

#[test]
fn a_point_off_the_curve_is_refused() {
    let zero = base64url::encode(&[0; 32]);
    assert_eq!(fault(P256, "x", zero.clone()), JwkFault::InvalidPoint);
    assert_eq!(fault(P256, "x", base64url::encode(&[0xff; 32])), JwkFault::InvalidPoint);
    let mut origin = jwk(P256);
    origin.insert("x".into(), zero.clone().into());
    origin.insert("y".into(), zero.into());
    assert!(matches!(PublicKey::from_jwk(&origin), Err(JwkFault::InvalidPoint)));
}

#[test]
fn an_rsa_modulus_is_odd_and_of_2048_to_8192_bits() {
    let modulus = |bytes: usize, first: u8, last: u8| {
        let mut n = vec![0xa5; bytes];
        n[0] = first;
        n[bytes - 1] = last;
        base64url::encode(&n)
    };
    let with_modulus = |n: String| {
        let mut jwk = jwk(RSA);
        jwk.insert("n".into(), n.into());
        PublicKey::from_jwk(&jwk).map(|key| key.rsa_modulus_bits())
    };
    assert_eq!(with_modulus(modulus(256, 0x80, 1)), Ok(Some(2048)));
    assert_eq!(with_modulus(modulus(1024, 0xff, 1)), Ok(Some(8192)));
    for n in [modulus(256, 0x7f, 1), modulus(128, 0xff, 1), modulus(1025, 1, 1), modulus(256, 0xff, 2)] {
        assert_eq!(with_modulus(n).err(), Some(JwkFault::RsaModulus));
    }
    for n in [modulus(257, 0, 1), String::new()] {
        assert_eq!(with_modulus(n).err(), Some(JwkFault::Malformed("n")));
    }
}

#[test]
fn an_rsa_exponent_is_odd_and_from_3_to_32_bits() {
    let with_exponent = |e: &[u8]| {
        let mut jwk = jwk(RSA);
        jwk.insert("e".into(), base64url::encode(e).into());
        PublicKey::from_jwk(&jwk).map(|_| ())
    };
    for e in [&[3][..], &[17], &[1, 0, 1], &[0xff, 0xff, 0xff, 0xff]] {
        assert_eq!(with_exponent(e), Ok(()), "{e:?}");
    }
    for e in [&[1][..], &[2], &[4], &[1, 0, 0], &[1, 0, 0, 0, 1]] {
        assert_eq!(with_exponent(e), Err(JwkFault::RsaExponent), "{e:?}");
    }
    for e in [&[][..], &[0], &[0, 1, 0, 1]] {
        assert_eq!(with_exponent(e), Err(JwkFault::Malformed("e")), "{e:?}");
    }
}

#[test]
fn an_ed25519_point_is_of_prime_order_and_in_its_one_encoding() {
    // JO-06. The eight points of small order, their other encodings, a mixed-order point of "Taming the many EdDSAs"
    // (speccheck), y = p and beyond, and an x that does not exist.
    for hex in [
        "0100000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43",
        "cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d",
        "0200000000000000000000000000000000000000000000000000000000000000",
    ] {
        let x = base64url::encode(&crate::hex::decode(hex));
        assert_eq!(fault(ED25519, "x", x), JwkFault::InvalidPoint, "{hex}");
    }
}

#[test]
fn debug_shows_kid_and_alg_only() {
    assert_eq!(format!("{:?}", key(RSA)), r#"PublicKey { kid: Some("2011-04-29"), alg: Some("RS256"), .. }"#);
}
