//! `application/x-www-form-urlencoded`: the strict reader and a plain one agree about what is refused, and about every value.

use std::collections::BTreeMap;

use parhelion_protocol::parameters::{Param, Parameters};
use parhelion_protocol::{form, limits};

use crate::Verdict;

/// Reads the bytes as a form, both ways.
pub fn check(bytes: &[u8]) -> Verdict {
    let ours = form::parse(bytes);
    let plain = plain(bytes);
    assert_eq!(ours.is_ok(), plain.is_some(), "{:?}", ours.as_ref().err().map(|refusal| refusal.reason));
    let (Ok(ours), Some(plain)) = (ours, plain) else { return Verdict::Refused };
    assert_eq!(values(&ours), plain);
    let printed: String = ours.iter().map(|(param, value)| format!("{}={}&", param.name(), escaped(value))).collect();
    let again = form::parse(printed.as_bytes()).unwrap();
    assert_eq!(values(&again), plain, "what is printed is read as it was");
    let wanted = [Param::ClientId, Param::RequestUri];
    let only = form::parse_only(bytes, &wanted).unwrap();
    let mut fewer = plain;
    fewer.retain(|name, _| wanted.iter().any(|param| param.name() == name));
    assert_eq!(values(&only), fewer);
    Verdict::Accepted
}

fn values(parameters: &Parameters<'_>) -> BTreeMap<String, Vec<String>> {
    let mut values: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (param, value) in parameters.iter() {
        values.entry(param.name().to_owned()).or_default().push(value.to_owned());
    }
    values
}

/// RFC 6749 appendix B and section 3.1, and our bounds; `None` where any of them is broken.
fn plain(bytes: &[u8]) -> Option<BTreeMap<String, Vec<String>>> {
    let mut values: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let pairs: Vec<&[u8]> = bytes.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()).collect();
    if pairs.len() > limits::PARAMETERS_MAX {
        return None;
    }
    for pair in pairs {
        let mut halves = pair.splitn(2, |byte| *byte == b'=');
        let name = unescaped(halves.next()?)?;
        let value = unescaped(halves.next().unwrap_or_default())?;
        let json = name == "claims" || name == "authorization_details";
        let control = |character: char| character.is_ascii_control() && !(json && "\t\n\r".contains(character));
        let long = name.len() > limits::PARAMETER_NAME_MAX_BYTES || value.len() > limits::PARAMETER_VALUE_MAX_BYTES;
        if long || name.contains(|c: char| c.is_ascii_control()) || value.contains(control) {
            return None;
        }
        if Param::ALL.iter().any(|param| param.name() == name) && !value.is_empty() {
            values.entry(name).or_default().push(value);
        }
    }
    let bounded = |(name, values): (&String, &Vec<String>)| match name.as_str() {
        "resource" => values.len() <= limits::RESOURCES_MAX,
        _ => values.len() == 1,
    };
    values.iter().all(bounded).then_some(values)
}

fn unescaped(text: &[u8]) -> Option<String> {
    let mut bytes = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let (byte, length) = match text[at] {
            b'+' => (b' ', 1),
            b'%' => {
                let hex = text.get(at + 1..at + 3)?;
                let digits = hex.iter().all(u8::is_ascii_hexdigit).then_some(hex)?;
                (u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()?, 3)
            }
            other => (other, 1),
        };
        bytes.push(byte);
        at += length;
    }
    String::from_utf8(bytes).ok()
}

fn escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}
