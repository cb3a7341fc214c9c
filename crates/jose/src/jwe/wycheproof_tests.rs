//! Project Wycheproof's encryption sets, through the primitives exactly as they are used here.

use super::content::{self, Sealed};
use super::decryption_key::Private;
use super::key_management::{decrypted_by, unwrapped};
use super::{AgreementCurve, Algorithm, ContentEncryption, DecryptionKey};
use crate::jwk::AgreementKey;
use aws_lc_rs::agreement::{PrivateKey, agree};
use wycheproof::TestResult;

/// Holds an outcome against its verdict; acceptable is either.
fn judge(result: TestResult, outcome: Option<&[u8]>, expected: &[u8], tc_id: usize) {
    match result {
        TestResult::Valid => assert_eq!(outcome, Some(expected), "{tc_id}"),
        TestResult::Invalid => assert_eq!(outcome, None, "{tc_id}"),
        TestResult::Acceptable => assert!(outcome.is_none_or(|outcome| outcome == expected), "{tc_id}"),
    }
}

#[test]
fn content_encryption_agrees_with_wycheproof() {
    use wycheproof::aead::{TestName, TestSet};
    for (name, enc) in [
        (TestName::AesGcm, ContentEncryption::A128Gcm),
        (TestName::AesGcm, ContentEncryption::A256Gcm),
        (TestName::Aes128CbcHmacSha256, ContentEncryption::A128CbcHs256),
        (TestName::Aes256CbcHmacSha512, ContentEncryption::A256CbcHs512),
    ] {
        let mut verdicts = Vec::new();
        for group in TestSet::load(name).expect("the set").test_groups {
            if group.key_size != enc.key_length() * 8 || group.nonce_size != enc.iv_length() * 8 {
                continue;
            }
            for test in group.tests {
                let sealed = Sealed { iv: test.nonce.to_vec(), ciphertext: test.ct.to_vec(), tag: test.tag.to_vec() };
                let opened = content::open(enc, &test.key, &test.aad, &sealed).ok();
                judge(test.result, opened.as_ref().map(|plaintext| plaintext.as_slice()), &test.pt, test.tc_id);
                verdicts.push(opened.is_some());
            }
        }
        assert!(verdicts.contains(&true) && verdicts.contains(&false), "{enc}: {} tests", verdicts.len());
    }
}

#[test]
fn key_wrap_agrees_with_wycheproof() {
    use wycheproof::keywrap::{TestName, TestSet};
    let mut verdicts = Vec::new();
    for group in TestSet::load(TestName::AesKeyWrap).expect("the set").test_groups {
        for test in group.tests.into_iter().filter(|test| test.key.len() == 32) {
            let key = unwrapped(&test.key, &test.ct).ok();
            judge(test.result, key.as_ref().map(|key| key.as_slice()), &test.pt, test.tc_id);
            verdicts.push(key.is_some());
        }
    }
    assert!(verdicts.contains(&true) && verdicts.contains(&false), "{} tests", verdicts.len());
}

#[test]
fn rsa_oaep_agrees_with_wycheproof() {
    // JO-20: with it the paddings that Manger's oracle would tell apart.
    use wycheproof::rsa_oaep::{TestName, TestSet};
    for name in [TestName::Rsa2048Sha256Mgf1Sha256, TestName::Rsa3072Sha256Mgf1Sha256] {
        let mut verdicts = Vec::new();
        for group in TestSet::load(name).expect("the set").test_groups {
            let key = DecryptionKey::from_pkcs8(Algorithm::RsaOaep256, None, &group.pkcs8).expect("a key");
            let Private::Rsa(rsa) = key.private() else { panic!("an RSA key") };
            for test in group.tests {
                let decrypted = decrypted_by(&rsa.oaep, &test.ct).ok();
                let decrypted = decrypted.as_ref().map(|plaintext| plaintext.as_slice());
                if test.label.is_empty() {
                    judge(test.result, decrypted, &test.pt, test.tc_id);
                } else {
                    assert_eq!(decrypted, None, "{}: nothing here has a label", test.tc_id);
                }
                verdicts.push(decrypted.is_some());
            }
        }
        assert!(verdicts.contains(&true) && verdicts.contains(&false), "{} tests", verdicts.len());
    }
}

/// What `private` and `public` agree on, where both are acceptable.
fn agreed(curve: AgreementCurve, private: &[u8], public: &[u8]) -> Option<Vec<u8>> {
    let public = AgreementKey::from_bytes(curve, public).ok()?;
    let private = PrivateKey::from_private_key(curve.agreement(), private).expect("a private key");
    agree(&private, public.key().clone(), (), |secret| Ok(secret.to_vec())).ok()
}

#[test]
fn ecdh_agrees_with_wycheproof() {
    use wycheproof::ecdh::{TestName, TestSet};
    for (name, curve, length) in [
        (TestName::EcdhSecp256r1Ecpoint, AgreementCurve::P256, 32),
        (TestName::EcdhSecp384r1Ecpoint, AgreementCurve::P384, 48),
        (TestName::EcdhSecp521r1Ecpoint, AgreementCurve::P521, 66),
    ] {
        let mut verdicts = Vec::new();
        for group in TestSet::load(name).expect("the set").test_groups {
            // A JWK has both coordinates: only an uncompressed point can be made of it.
            for test in group.tests.into_iter().filter(|test| test.public_key.len() == 1 + 2 * length) {
                let scalar: Vec<u8> = test.private_key.iter().copied().skip_while(|byte| *byte == 0).collect();
                let private = [vec![0; length - scalar.len()], scalar].concat();
                let secret = agreed(curve, &private, &test.public_key);
                judge(test.result, secret.as_deref(), &test.shared_secret, test.tc_id);
                verdicts.push(secret.is_some());
            }
        }
        assert!(verdicts.contains(&true) && verdicts.contains(&false), "{curve:?}: {} tests", verdicts.len());
    }
}

#[test]
fn x25519_agrees_with_wycheproof_and_never_on_zero() {
    use wycheproof::xdh::{TestName, TestSet};
    let mut zeros = 0;
    for group in TestSet::load(TestName::X25519).expect("the set").test_groups {
        for test in group.tests {
            let secret = agreed(AgreementCurve::X25519, &test.private_key, &test.public_key);
            if test.shared_secret.iter().all(|byte| *byte == 0) {
                assert_eq!(secret, None, "{}", test.tc_id);
                zeros += 1;
            } else {
                judge(test.result, secret.as_deref(), &test.shared_secret, test.tc_id);
            }
        }
    }
    assert!(zeros > 10, "{zeros} points of small order");
}
