//! Project Wycheproof's signature sets, through the primitives exactly as they are used here.

use super::{Curve, JwkFault, Material};
use crate::algorithm::Algorithm;
use wycheproof::TestResult;

/// Verifies one set whose every public key must be accepted and both of whose verdicts must occur.
macro_rules! run {
    ($set:expr, $algorithm:expr, $material:expr) => {{
        let mut verdicts = Vec::new();
        for group in $set.test_groups {
            let material: Result<Material, JwkFault> = $material(&group);
            let material = material.unwrap_or_else(|fault| panic!("a public key of the set was refused: {fault}"));
            for test in group.tests {
                let verified = material.verifies($algorithm, &test.msg, &test.sig);
                match test.result {
                    TestResult::Valid => assert!(verified, "{}: {}", test.tc_id, test.comment),
                    TestResult::Invalid => assert!(!verified, "{}: {}", test.tc_id, test.comment),
                    TestResult::Acceptable => {}
                }
                verdicts.push(verified);
            }
        }
        assert!(verdicts.contains(&true) && verdicts.contains(&false), "{} signatures", verdicts.len());
    }};
}

#[test]
fn ecdsa_agrees_with_wycheproof() {
    use wycheproof::ecdsa::{TestName, TestSet};
    for (name, algorithm, curve) in [
        (TestName::EcdsaSecp256r1Sha256P1363, Algorithm::Es256, Curve::P256),
        (TestName::EcdsaSecp384r1Sha384P1363, Algorithm::Es384, Curve::P384),
        (TestName::EcdsaSecp521r1Sha512P1363, Algorithm::Es512, Curve::P521),
    ] {
        let set = TestSet::load(name).expect("the set");
        run!(set, algorithm, |group: &wycheproof::ecdsa::TestGroup| Material::from_point(curve, &group.key.key));
    }
}

#[test]
fn ed25519_agrees_with_wycheproof() {
    use wycheproof::eddsa::{TestGroup, TestName, TestSet};
    let set = TestSet::load(TestName::Ed25519).expect("the set");
    run!(set, Algorithm::EdDsa, |group: &TestGroup| {
        Material::from_ed25519(group.key.pk.as_ref().try_into().expect("32 bytes"))
    });
}

#[test]
fn rsassa_pss_agrees_with_wycheproof() {
    use wycheproof::rsa_pss_verify::{TestGroup, TestName, TestSet};
    for (name, algorithm) in [
        (TestName::RsaPss2048Sha256Mgf1SaltLen32, Algorithm::Ps256),
        (TestName::RsaPss2048Sha384Mgf1SaltLen48, Algorithm::Ps384),
        (TestName::RsaPss4096Sha512Mgf1SaltLen64, Algorithm::Ps512),
    ] {
        let set = TestSet::load(name).expect("the set");
        run!(set, algorithm, |group: &TestGroup| Material::from_rsa(minimal(&group.key.n), minimal(&group.key.e)));
    }
}

#[test]
fn rsassa_pkcs1_agrees_with_wycheproof() {
    use wycheproof::rsa_pkcs1_verify::{TestGroup, TestName, TestSet};
    for (name, algorithm) in [
        (TestName::Rsa2048Sha256, Algorithm::Rs256),
        (TestName::Rsa2048Sha384, Algorithm::Rs384),
        (TestName::Rsa2048Sha512, Algorithm::Rs512),
    ] {
        let set = TestSet::load(name).expect("the set");
        run!(set, algorithm, |group: &TestGroup| Material::from_rsa(minimal(&group.key.n), minimal(&group.key.e)));
    }
}

#[test]
fn a_salt_of_another_length_is_refused() {
    use wycheproof::rsa_pss_verify::{TestName, TestSet};
    let set = TestSet::load(TestName::RsaPss2048Sha256Mgf1SaltLen0).expect("the set");
    for group in set.test_groups {
        let material =
            Material::from_rsa(minimal(&group.key.n), minimal(&group.key.e)).unwrap_or_else(|fault| panic!("{fault}"));
        for test in group.tests.into_iter().filter(|test| test.result == TestResult::Valid) {
            assert!(!material.verifies(Algorithm::Ps256, &test.msg, &test.sig), "{}", test.tc_id);
        }
    }
}

/// An integer without the leading zero its sign asks for.
fn minimal(integer: &[u8]) -> &[u8] {
    integer.strip_prefix(&[0]).unwrap_or(integer)
}
