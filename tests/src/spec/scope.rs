//! What a case knows: values by name, and the text that they are put into.
//!
//! | in a text | stands for |
//! |---|---|
//! | `{{name}}` | a value: captured from an answer, or known from the start |
//! | `{{mount:ping}}` | the issuer of another mount |
//! | `{{jkt:holder}}`, `{{jwk:holder}}` | the thumbprint of a key, the key with much around it |
//! | `{{x5t:app-tls}}`, `{{cert:app-tls}}` | `x5t#S256` of a certificate, the certificate as a `Client-Cert` field |
//! | `{{documents}}`, `{{documents:expired}}` | the URL of the folder of the case on the host of documents, good or bad |
//! | `{{document}}`, `{{document:/x}}` | what it was last made to say, anywhere or there |
//! | `{{repeat:ab:3}}` | `ababab` |
//! | `{{random}}` | 32 random bytes as base64url |
//! | `{{now:-60}}` | seconds since 1970, that much later |
//! | `{{first:20:name}}` | the first so many characters of a value |
//! | `{{other:name}}` | a value with one character replaced |
//! | `{{upper:name}}` | a value in upper case |
//! | `{{urlencode:name}}` | a value as it stands in a form |
//! | `{{proof:https://...}}` | a DPoP proof of the key `holder` for a POST to that URL |
//! | `{{byte:ff}}` | a byte that is no text |
//! | `{{many:10000}}` | so many parameters |
//! | `{{sha256:text}}` | base64url of the digest |

use std::collections::HashMap;

use aws_lc_rs::digest::{SHA256, digest};
use toml::Value;

use super::expect::Expected;
use super::jwt;
use crate::client_key::unix_s;
use crate::{base64, dice};

/// Where bytes that are no text hide until they are sent: one private character each.
const RAW_BYTE: u32 = 0xe000;

/// Values by name.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    values: HashMap<String, String>,
}

impl Scope {
    /// Remembers a value.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.values.insert(name.to_owned(), value.into());
    }

    /// A value, if there is one of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// Every value.
    pub fn values(&self) -> impl Iterator<Item = &str> {
        self.values.values().map(String::as_str)
    }

    /// Forgets a value.
    pub fn forget(&mut self, name: &str) {
        self.values.remove(name);
    }

    /// The text with everything filled in.
    ///
    /// # Panics
    /// When it asks for what is not known.
    #[must_use]
    pub fn fill(&self, text: &str) -> String {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once("{{") {
            let (word, after) = behind.split_once("}}").unwrap_or_else(|| panic!("no end in `{text}`"));
            filled.push_str(before);
            filled.push_str(&self.word(word));
            rest = after;
        }
        filled.push_str(rest);
        filled
    }

    /// The same for every text in a value.
    #[must_use]
    pub fn fill_value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.fill(text)),
            Value::Array(items) => Value::Array(items.iter().map(|item| self.fill_value(item)).collect()),
            Value::Table(members) => {
                Value::Table(members.iter().map(|(key, member)| (self.fill(key), self.fill_value(member))).collect())
            }
            other @ (Value::Integer(_) | Value::Float(_) | Value::Boolean(_) | Value::Datetime(_)) => other.clone(),
        }
    }

    /// The same for what is expected.
    #[must_use]
    pub fn fill_expected(&self, expected: &Expected) -> Expected {
        let pairs = |pairs: &[(String, Value)]| {
            pairs.iter().map(|(name, value)| (self.fill(name), self.fill_value(value))).collect()
        };
        let texts = |texts: &[String]| texts.iter().map(|text| self.fill(text)).collect();
        Expected {
            headers: pairs(&expected.headers),
            json: pairs(&expected.json),
            response: pairs(&expected.response),
            has: texts(&expected.has),
            lacks: texts(&expected.lacks),
            ..expected.clone()
        }
    }

    fn word(&self, word: &str) -> String {
        let value = |name: &str| self.get(name).unwrap_or_else(|| panic!("nothing is known by the name `{name}`"));
        let Some((function, argument)) = word.split_once(':') else {
            return if word == "random" { dice::secret() } else { value(word).to_owned() };
        };
        let number = |text: &str| text.parse::<i64>().unwrap_or_else(|_| panic!("`{text}` in `{word}` is no number"));
        match function {
            "mount" | "jkt" | "jwk" | "x5t" | "cert" | "documents" | "document" => value(word).to_owned(),
            "repeat" => {
                let (text, times) = argument.rsplit_once(':').expect("how often");
                text.repeat(number(times) as usize)
            }
            "now" => (unix_s() as i64 + number(argument)).to_string(),
            "first" => {
                let (count, name) = argument.split_once(':').expect("of what");
                value(name).chars().take(number(count) as usize).collect()
            }
            "other" => mangled(value(argument)),
            "urlencode" => url::form_urlencoded::byte_serialize(value(argument).as_bytes()).collect(),
            "proof" => jwt::proof_of_possession(argument),
            "upper" => value(argument).to_uppercase(),
            "byte" => {
                let byte = u32::from_str_radix(argument, 16).expect("two digits");
                char::from_u32(RAW_BYTE + byte).expect("a private character").to_string()
            }
            "many" => (0..number(argument)).map(|at| format!("a{at}=")).collect::<Vec<_>>().join("&"),
            "sha256" => base64::url_safe(digest(&SHA256, value(argument).as_bytes()).as_ref()),
            _ => panic!("there is no function `{function}`"),
        }
    }
}

/// The value with another character in its middle.
fn mangled(value: &str) -> String {
    let mut characters: Vec<char> = value.chars().collect();
    let middle = characters.len() / 2;
    characters[middle] = if characters[middle] == 'A' { 'B' } else { 'A' };
    characters.into_iter().collect()
}

/// The text as bytes, with those put in that are no text.
#[must_use]
pub fn bytes(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for character in text.chars() {
        match (character as u32).checked_sub(RAW_BYTE).and_then(|byte| u8::try_from(byte).ok()) {
            Some(byte) => bytes.push(byte),
            None => bytes.extend(character.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_filled_in() {
        let mut scope = Scope::default();
        scope.set("code", "abcdef");
        assert_eq!(scope.fill("x={{code}}&y={{first:2:code}}&z={{repeat:a:b:3}}"), "x=abcdef&y=ab&z=a:ba:ba:b");
        assert_eq!(scope.fill("{{other:code}}"), "abcAef");
        assert_eq!(bytes(&scope.fill("é{{byte:ff}}")), [0xc3, 0xa9, 0xff]);
        assert_eq!(scope.fill("{{many:2}}"), "a0=&a1=");
    }
}
