//! Tokens of the RFCs, and the tokens of attacks.md, group JO.

use super::*;
use crate::base64url;
use crate::hex;
use crate::json::JsonFault;
use crate::limits::{HEADER_BYTES, TOKEN_BYTES};
use crate::signing::SigningKey;
use proptest::prelude::*;
use serde_json::Value;
use std::sync::LazyLock;

const JOE: &str = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
/// RFC 7515 appendix A.3.
const A3_KEY: &str = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;
const A3_SIGNATURE: &str = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
/// RFC 8037 appendix A.
const ED25519_KEY: &str = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

static ES256: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate(Algorithm::Es256).expect("a key"));
static EDDSA: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate(Algorithm::EdDsa).expect("a key"));

fn key(jwk: &str) -> PublicKey {
    PublicKey::from_jwk(&json::parse_object(jwk.as_bytes(), limits::HEADER).expect(jwk)).expect(jwk)
}

/// A token of these parts, encoded as they are.
fn token(header: &str, payload: &[u8], signature: &[u8]) -> String {
    [header.as_bytes(), payload, signature].map(base64url::encode).join(".")
}

fn fault(token: &str) -> JwsFault {
    Compact::parse(token).map(|_| ()).expect_err(token)
}

fn header_fault(header: &str) -> JwsFault {
    fault(&token(header, b"{}", b"s"))
}

/// A token signed by `key` under `header`, whatever that says.
fn under(key: &SigningKey, header: &str) -> String {
    key.sign_under(header.as_bytes(), b"{}").expect("a token")
}

/// What becomes of `token` when it is read and verified with `key`.
fn outcome(token: &str, key: &PublicKey) -> Result<Vec<u8>, JwsFault> {
    Ok(Compact::parse(token)?.verify_with(key)?.payload().to_vec())
}

#[test]
fn the_tokens_of_the_rfcs_verify() {
    const RFC_7515_A2: (&str, &str) = (
        r#"{"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"}"#,
        "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
    );
    const RFC_7515_A4: (&str, &str) = (
        r#"{"kty":"EC","crv":"P-521","x":"AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk","y":"ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2"}"#,
        "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn",
    );
    const RFC_7520_4_2: (&str, &str) = (
        r#"{"kty":"RSA","kid":"bilbo.baggins@hobbiton.example","use":"sig","n":"n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-XV2jRojdNhxJWTDvNd7nqQ0VEiZQHz_AJmSCpMaJMRBSFKrKb2wqVwGU_NsYOYL-QtiWN2lbzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-oBHqFEHYpPe7Tpe-OfVfHd1E6cS6M1FZcD1NNLYD5lFHpPI9bTwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-tVTU4fg_3L_vniUFAKwuCLqKnS2BYwdq_mzSnbLY7h_qixoR7jig3__kRhuaxwUkRz5iaiQkqgc5gHdrNP5zw","e":"AQAB"}"#,
        "eyJhbGciOiJQUzM4NCIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9.SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4.cu22eBqkYDKgIlTpzDXGvaFfz6WGoz7fUDcfT0kkOy42miAh2qyBzk1xEsnk2IpN6-tPid6VrklHkqsGqDqHCdP6O8TTB5dDDItllVo6_1OLPpcbUrhiUSMxbbXUvdvWXzg-UD8biiReQFlfz28zGWVsdiNAUf8ZnyPEgVFn442ZdNqiVJRmBqrYRXe8P_ijQ7p8Vdz0TTrxUeT3lm8d9shnr2lfJT8ImUjvAA2Xez2Mlp8cBE5awDzT0qI0n6uiP1aCN_2_jLAeQTlqRHtfa64QQSUmFAAjVKPbByi7xho0uTOcbH510a6GYmJUAfmWjwZ6oD4ifKo8DYM-X72Eaw",
    );
    const RFC_8037_A4: &str = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    let joe = b"{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}";
    let bilbo = "It\u{2019}s a dangerous business, Frodo, going out your door. You step onto the road, and if you don't keep your feet, there\u{2019}s no knowing where you might be swept off to.";
    for (jwk, token, payload) in [
        (RFC_7515_A2.0, format!("eyJhbGciOiJSUzI1NiJ9.{JOE}.{}", RFC_7515_A2.1), &joe[..]),
        (A3_KEY, format!("eyJhbGciOiJFUzI1NiJ9.{JOE}.{A3_SIGNATURE}"), joe),
        (RFC_7515_A4.0, RFC_7515_A4.1.to_owned(), b"Payload"),
        (RFC_7520_4_2.0, RFC_7520_4_2.1.to_owned(), bilbo.as_bytes()),
        (ED25519_KEY, RFC_8037_A4.to_owned(), b"Example of Ed25519 signing"),
    ] {
        let set = KeySet::new(vec![key(jwk)]);
        let compact = Compact::parse(&token).expect(&token);
        assert_eq!(compact.verify(&set).map(|verified| verified.payload()), Ok(payload), "{token}");
        assert!(outcome(&token, ES256.public_key()).is_err(), "{token}");
    }
}

#[test]
fn the_unsecured_and_the_unsigned_are_refused() {
    // JO-01
    for alg in ["none", "None", "nOnE", "NONE", "NONE ", " none"] {
        let header = format!(r#"{{"alg":"{alg}"}}"#);
        assert_eq!(header_fault(&header), JwsFault::Unsecured, "{alg}");
        assert_eq!(fault(&token(&header, b"{}", b"")), JwsFault::Unsecured, "{alg}");
    }
    assert_eq!(header_fault("{}"), JwsFault::AlgorithmMissing);
    for alg in ["null", "1", "[]", r#"["ES256"]"#, "{}", "true"] {
        assert_eq!(header_fault(&format!(r#"{{"alg":{alg}}}"#)), JwsFault::AlgorithmMalformed, "{alg}");
    }
    // JO-02
    let signed = ES256.sign("JWT", b"{}").expect("a token");
    let (signing_input, _) = signed.rsplit_once('.').expect("a signature");
    assert_eq!(fault(&format!("{signing_input}.")), JwsFault::SignatureEmpty);
    assert_eq!(fault(signing_input), JwsFault::NotThreeSegments);
}

#[test]
fn a_public_key_is_never_a_shared_secret() {
    // JO-03: whatever the secret was made of, the algorithm is not known here.
    for alg in ["HS256", "HS384", "HS512", "hs256", "ES256K", "A128KW", "dir", "es256", "ES256 ", ""] {
        assert_eq!(header_fault(&format!(r#"{{"alg":"{alg}"}}"#)), JwsFault::AlgorithmUnknown, "{alg}");
    }
}

#[test]
fn ecdsa_signatures_out_of_range_are_refused() {
    // JO-04, CVE-2022-21449
    let order = hex::decode("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
    let prime = hex::decode("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff");
    let good = base64url::decode(A3_SIGNATURE).expect("a signature");
    let (r, s) = good.split_at(32);
    let zero = [0; 32];
    let key = key(A3_KEY);
    for (r, s) in
        [(&zero[..], &zero[..]), (r, &zero), (&zero, s), (&order, s), (r, &order), (&prime, s), (&order, &order)]
    {
        let token = format!("eyJhbGciOiJFUzI1NiJ9.{JOE}.{}", base64url::encode(&[r, s].concat()));
        assert_eq!(outcome(&token, &key), Err(JwsFault::SignatureInvalid));
    }
    for signature in [&good[..63], &[&good[..], &[0]].concat(), &[&[0], &good[..]].concat(), &[0; 1][..], &[0; 4096]] {
        let token = format!("eyJhbGciOiJFUzI1NiJ9.{JOE}.{}", base64url::encode(signature));
        assert_eq!(outcome(&token, &key), Err(JwsFault::SignatureInvalid));
    }
}

#[test]
fn ed25519_signatures_have_one_form() {
    // JO-06: S + L verifies where S is not compared with the order, and an all-zero signature under a weak key.
    let order = hex::decode("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
    let (header, payload) = ("eyJhbGciOiJFZERTQSJ9", "RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc");
    let good =
        base64url::decode("hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg");
    let mut malleated = good.expect("a signature");
    let mut carry = 0;
    for (byte, add) in malleated[32..].iter_mut().zip(order) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        (*byte, carry) = (sum.to_le_bytes()[0], sum >> 8);
    }
    for signature in [malleated, vec![0; 64], vec![0; 63], vec![0xff; 64]] {
        let token = format!("{header}.{payload}.{}", base64url::encode(&signature));
        assert_eq!(outcome(&token, &key(ED25519_KEY)), Err(JwsFault::SignatureInvalid));
    }
}

#[test]
fn a_segment_has_one_spelling() {
    // JO-08, N-80
    let header = "eyJhbGciOiJFUzI1NiJ9";
    assert!(Compact::parse(&format!("{header}.e30.AAA")).is_ok());
    for (token, expected) in [
        (format!("{header}=.e30.AAA"), JwsFault::HeaderNotBase64url),
        (format!(" {header}.e30.AAA"), JwsFault::HeaderNotBase64url),
        (format!("{header}\n.e30.AAA"), JwsFault::HeaderNotBase64url),
        (format!("{header}.e30=.AAA"), JwsFault::PayloadNotBase64url),
        (format!("{header}.e31.AAA"), JwsFault::PayloadNotBase64url),
        (format!("{header}.e30.AAB"), JwsFault::SignatureNotBase64url),
        (format!("{header}.e30.AAA="), JwsFault::SignatureNotBase64url),
        (format!("{header}.e30.AAA\n"), JwsFault::SignatureNotBase64url),
        (format!("{header}.e30.+_/-"), JwsFault::SignatureNotBase64url),
        (format!("{header}.e30.A"), JwsFault::SignatureNotBase64url),
    ] {
        assert_eq!(fault(&token), expected, "{token:?}");
    }
}

#[test]
fn only_three_segments_are_a_token() {
    // JO-10, N-80: empty, a JWE, and both JSON serialisations, one with a thousand signatures.
    let many = r#"{"protected":"eyJhbGciOiJFUzI1NiJ9","signature":"AAAA"},"#.repeat(1000);
    let general = format!(r#"{{"payload":"e30","signatures":[{}]}}"#, many.trim_end_matches(','));
    let general = general.get(..TOKEN_BYTES).expect("a longer text");
    let flattened = r#"{"payload":"e30","protected":"eyJhbGciOiJFUzI1NiJ9","signature":"AAAA"}"#;
    for token in ["", ".", "a.b", "a.b.c.d", "a.b.c.d.e", "...", flattened, general] {
        assert_eq!(fault(token), JwsFault::NotThreeSegments, "{token:?}");
    }
    assert_eq!(fault(".."), JwsFault::Header(JsonFault::Syntax));
}

#[test]
fn a_key_in_the_header_is_not_used() {
    // JO-11, N-82
    let attacker = &*ES256;
    for extra in [
        format!(r#""jwk":{}"#, Value::Object(attacker.public_jwk())),
        r#""jku":"https://attacker.example/jwks""#.to_owned(),
        r#""jku":"http://169.254.169.254/""#.to_owned(),
        r#""x5u":"https://attacker.example/cert""#.to_owned(),
        r#""x5c":["MIIB"]"#.to_owned(),
    ] {
        let signed = under(attacker, &format!(r#"{{"alg":"ES256",{extra}}}"#));
        assert!(outcome(&signed, attacker.public_key()).is_ok());
        let compact = Compact::parse(&signed).expect("well formed");
        let registered = KeySet::new(vec![key(A3_KEY)]);
        assert_eq!(compact.verify(&registered).map(|_| ()), Err(JwsFault::SignatureInvalid), "{extra}");
        assert_eq!(compact.verify(&KeySet::default()).map(|_| ()), Err(JwsFault::NoKey), "{extra}");
    }
}

#[test]
fn a_kid_is_a_name_and_nothing_else() {
    // JO-12
    let key = &*ES256;
    let registered = KeySet::new(vec![PublicKey::from_jwk(&key.public_jwk()).expect("a key")]);
    for kid in ["../../../../dev/null", "' UNION SELECT", "%00", "\\u0000", "x\\r\\nSET a b", "", "*"] {
        let signed = under(key, &format!(r#"{{"alg":"ES256","kid":"{kid}"}}"#));
        let compact = Compact::parse(&signed).expect(kid);
        assert_eq!(compact.verify(&registered).map(|_| ()), Err(JwsFault::NoKey), "{kid}");
    }
    for kid in ["1", "null", "[]", r#"["a"]"#, "{}", &format!("{:?}", "k".repeat(257))] {
        assert_eq!(header_fault(&format!(r#"{{"alg":"ES256","kid":{kid}}}"#)), JwsFault::KidMalformed, "{kid}");
    }
    let longest = format!(r#"{{"alg":"ES256","kid":"{}"}}"#, "k".repeat(256));
    assert!(Compact::parse(&token(&longest, b"{}", b"s")).is_ok());
    let huge = format!(r#"{{"alg":"ES256","kid":"{}"}}"#, "k".repeat(65_536));
    assert_eq!(header_fault(&huge), JwsFault::TokenTooLong);
}

#[test]
fn no_extension_is_understood() {
    // JO-13, N-83
    for extra in [
        r#""crit":["exp"]"#,
        r#""crit":[]"#,
        r#""crit":["b64"],"b64":false"#,
        r#""crit":["absent"]"#,
        r#""crit":"exp""#,
        r#""crit":null"#,
        r#""crit":{}"#,
        r#""b64":false"#,
        r#""b64":true"#,
    ] {
        assert_eq!(header_fault(&format!(r#"{{"alg":"ES256",{extra}}}"#)), JwsFault::CriticalExtension, "{extra}");
    }
}

#[test]
fn a_header_is_an_object_with_each_name_once() {
    // JO-14, JO-15, N-93
    for (header, expected) in [
        (r#"{"alg":"ES256","alg":"none"}"#, JsonFault::DuplicateName),
        (r#"{"alg":"ES256","jwk":{"kty":"EC","kty":"RSA"}}"#, JsonFault::DuplicateName),
        (r#"["ES256"]"#, JsonFault::NotAnObject),
        (r#""ES256""#, JsonFault::NotAnObject),
        (r#"{"alg":"ES256"}}"#, JsonFault::Syntax),
        (r#"{"alg":"ES256"} {}"#, JsonFault::Syntax),
        ("\u{feff}{\"alg\":\"ES256\"}", JsonFault::Syntax),
        (r#"{"alg":"ES256","kid":"\ud800"}"#, JsonFault::Syntax),
        (r#"{"alg":"ES256","a":[[[[[[[[0]]]]]]]]}"#, JsonFault::TooDeep),
    ] {
        assert_eq!(header_fault(header), JwsFault::Header(expected), "{header}");
    }
    let many = format!(r#"{{"alg":"ES256","a":[{}0]}}"#, "0,".repeat(100));
    assert_eq!(header_fault(&many), JwsFault::Header(JsonFault::TooManyNodes));
    assert_eq!(header_fault(r#"{"alg":"ES256","typ":1}"#), JwsFault::TypMalformed);
    assert_eq!(header_fault(r#"{"alg":"ES256","typ":null}"#), JwsFault::TypMalformed);
}

#[test]
fn claims_are_an_object_within_bounds() {
    // JO-14, JO-15, JO-16
    let key = &*EDDSA;
    let claims = |payload: &[u8]| {
        let signed = key.sign("JWT", payload).expect("a token");
        let compact = Compact::parse(&signed).expect("well formed");
        compact.verify_with(key.public_key()).expect("signed").claims().map(|claims| claims.object().len())
    };
    assert_eq!(claims(br#"{"iss":"a","sub":"a"}"#), Ok(2));
    let deep = [&b"{\"a\":"[..], &b"[".repeat(10_000)].concat();
    for (payload, expected) in [
        (&br#""x""#[..], JsonFault::NotAnObject),
        (b"[]", JsonFault::NotAnObject),
        (b"null", JsonFault::NotAnObject),
        (br#"{"sub":"a","sub":"b"}"#, JsonFault::DuplicateName),
        (b"{\"a\":1e999999}", JsonFault::Syntax),
        (b"{\"a\":NaN}", JsonFault::Syntax),
        (b"{} // comment", JsonFault::Syntax),
        (b"\xef\xbb\xbf{}", JsonFault::Syntax),
        (b"{\"a\":\"\xff\"}", JsonFault::NotUtf8),
        (&deep, JsonFault::TooDeep),
        (format!("{{\"a\":[{}0]}}", "0,".repeat(200)).as_bytes(), JsonFault::TooManyNodes),
    ] {
        assert_eq!(claims(payload), Err(JwsFault::Claims(expected)));
    }
    let empty = key.sign("JWT", b"").expect("a token");
    assert_eq!(fault(&empty), JwsFault::PayloadEmpty);
}

#[test]
fn size_is_judged_before_anything_else() {
    // JO-24
    let header = format!(r#"{{"alg":"ES256","a":"{}"}}"#, "a".repeat(60 * 1024));
    assert_eq!(header_fault(&header), JwsFault::TokenTooLong);
    let of_length = |length| format!("{:<length$}", r#"{"alg":"ES256"}"#);
    assert_eq!(header_fault(&of_length(HEADER_BYTES + 1)), JwsFault::HeaderTooLong);
    assert!(Compact::parse(&token(&of_length(HEADER_BYTES), b"{}", b"s")).is_ok());
    let payload = format!(r#"{{"a":"{}"}}"#, "a".repeat(64 * 1024));
    assert_eq!(fault(&token(r#"{"alg":"ES256"}"#, payload.as_bytes(), b"s")), JwsFault::TokenTooLong);
    assert_eq!(fault(&".".repeat(TOKEN_BYTES + 1)), JwsFault::TokenTooLong);
}

#[test]
fn detached_and_unprotected_content_is_refused() {
    // JO-30
    let signed = ES256.sign("JWT", b"{}").expect("a token");
    let (header, rest) = signed.split_once('.').expect("a header");
    let (_, signature) = rest.split_once('.').expect("a signature");
    assert_eq!(fault(&format!("{header}..{signature}")), JwsFault::PayloadEmpty);
    let unprotected = format!(r#"{{"header":{{"alg":"ES256"}},"payload":"e30","signature":"{signature}"}}"#);
    assert_eq!(fault(&unprotected), JwsFault::NotThreeSegments);
}

#[test]
fn a_key_of_another_kind_verifies_nothing() {
    let signed = ES256.sign("JWT", b"{}").expect("a token");
    assert_eq!(outcome(&signed, EDDSA.public_key()), Err(JwsFault::NoKey));
    assert_eq!(outcome(&signed, &key(A3_KEY)), Err(JwsFault::SignatureInvalid));
    let for_encryption = A3_KEY.replace('{', r#"{"use":"enc","#);
    let a3 = format!("eyJhbGciOiJFUzI1NiJ9.{JOE}.{A3_SIGNATURE}");
    assert_eq!(outcome(&a3, &key(&for_encryption)), Err(JwsFault::NoKey));
}

#[test]
fn the_key_that_fits_is_found_among_others() {
    let stranger = SigningKey::generate(Algorithm::Es256).expect("a key");
    let nameless = |key: &SigningKey| {
        let mut jwk = key.public_jwk();
        jwk.remove("kid");
        PublicKey::from_jwk(&jwk).expect("a public key")
    };
    let set = KeySet::new([&stranger, &*EDDSA, &*ES256].map(nameless).into());
    let signed = under(&ES256, r#"{"alg":"ES256"}"#);
    let compact = Compact::parse(&signed).expect("well formed");
    let verified = compact.verify(&set).expect("signed");
    assert_eq!(verified.key().thumbprint(), ES256.public_key().thumbprint());
    assert_eq!(verified.header(), compact.header());
    assert_eq!(compact.unverified_payload(), b"{}");
}

#[test]
fn a_media_type_is_compared_without_case_and_prefix() {
    // N-84, RFC 7515 section 4.1.9
    for typ in ["JWT", "jwt", "application/jwt", "APPLICATION/JWT"] {
        assert!(typ_is(typ, "JWT"), "{typ}");
    }
    assert!(typ_is("application/oauth-authz-req+jwt", "oauth-authz-req+jwt"));
    assert!(typ_is("OAuth-AuthZ-Req+JWT", "oauth-authz-req+jwt"));
    for typ in [
        "",
        "JW",
        "JWT ",
        "text/jwt",
        "application/",
        "application/application/jwt",
        "at+jwt",
        "jwt;v=1",
        "äpplication/jwt",
    ] {
        assert!(!typ_is(typ, "JWT"), "{typ}");
    }
}

#[test]
fn debug_shows_nothing_of_the_payload() {
    let signed = ES256.sign("JWT", br#"{"sub":"alice"}"#).expect("a token");
    let compact = Compact::parse(&signed).expect("well formed");
    let verified = compact.verify_with(ES256.public_key()).expect("signed");
    assert_eq!(format!("{compact:?}"), "Compact { header: Header { alg: Es256, .. }, .. }");
    assert!(!format!("{verified:?}").contains("alice"));
}

proptest! {
    #[test]
    fn what_is_signed_verifies(payload in proptest::collection::vec(any::<u8>(), 1..300), ed in any::<bool>()) {
        let key = if ed { &*EDDSA } else { &*ES256 };
        let signed = key.sign("JWT", &payload).expect("a token");
        prop_assert_eq!(outcome(&signed, key.public_key()), Ok(payload));
    }

    #[test]
    fn any_flipped_bit_is_refused(at in any::<proptest::sample::Index>(), bit in 0..7_u32, ed in any::<bool>()) {
        let key = if ed { &*EDDSA } else { &*ES256 };
        let mut bytes = key.sign("JWT", br#"{"iss":"client"}"#).expect("a token").into_bytes();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        let token = String::from_utf8(bytes).expect("seven bits stay ASCII");
        prop_assert!(outcome(&token, key.public_key()).is_err(), "{}", token);
    }

    #[test]
    fn what_is_read_has_one_spelling(rest in "[A-Za-z0-9._=+/ -]{0,12}") {
        let token = format!("eyJhbGciOiJFUzI1NiJ9.{rest}");
        if let Ok(compact) = Compact::parse(&token) {
            let segments = [&compact.0.payload, &compact.0.signature].map(|segment| base64url::encode(segment)).join(".");
            prop_assert_eq!(segments, rest);
        }
    }
}
