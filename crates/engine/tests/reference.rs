//! Who can open a record: only who holds its reference.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

use parhelion_engine::ports::{Key, Kind, TenantUid};
use parhelion_engine::reference::{Nonce, Reference};
use parhelion_testkit::SeededEntropy;

fn key(kind: Kind, reference: &Reference) -> Key {
    Key { tenant: TenantUid([1; 16]), kind, id: reference.id() }
}

#[test]
fn payload_opens_only_with_its_reference_at_its_own_key() {
    let entropy = SeededEntropy::new(1);
    let (mine, other) = (Reference::draw(&entropy).unwrap(), Reference::draw(&entropy).unwrap());
    let at = key(Kind::PushedRequest, &mine);
    let sealed = mine.seal_onto(Vec::new(), at, b"state=abc", Nonce::draw(&entropy).unwrap()).unwrap();
    assert_eq!(&**mine.open(at, &sealed).unwrap(), b"state=abc");
    assert!(other.open(at, &sealed).is_err());
    assert!(mine.open(key(Kind::Code, &mine), &sealed).is_err());
    assert!(!sealed.windows(9).any(|window| window == b"state=abc"));
}

#[test]
fn any_changed_byte_is_noticed() {
    let entropy = SeededEntropy::new(2);
    let reference = Reference::draw(&entropy).unwrap();
    let at = key(Kind::Code, &reference);
    let sealed = reference.seal_onto(Vec::new(), at, b"payload", Nonce::draw(&entropy).unwrap()).unwrap();
    for index in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[index] ^= 1;
        assert!(reference.open(at, &changed).is_err(), "{index}");
    }
    assert!(reference.open(at, &[]).is_err());
}

#[test]
fn text_form_is_43_characters_and_comes_back() {
    let reference = Reference::draw(&SeededEntropy::new(3)).unwrap();
    let text = reference.to_text();
    assert_eq!(text.len(), 43);
    assert_eq!(Reference::from_text(&text).unwrap().as_bytes(), reference.as_bytes());
    assert_eq!(format!("{reference:?}"), "Reference(..)");
}
