//! Distinguished names: read from a string (RFC 4514) and compared with a certificate's by structure (RFC 5280 section
//! 7.1). A name is never compared as text: `O=x\,CN=victim` is one attribute and names nobody else.

use x509_parser::asn1_rs::{Oid, ToDer};
use x509_parser::x509::{AttributeTypeAndValue, RelativeDistinguishedName, X509Name};

/// A name that could be a certificate's subject: never empty.
#[derive(Debug, PartialEq, Eq)]
pub struct DistinguishedName {
    /// In the order of the certificate, which is the reverse of the string's (RFC 4514 section 2.1).
    rdns: Vec<Vec<Attribute>>,
}

#[derive(Debug, PartialEq, Eq)]
struct Attribute {
    oid: Oid<'static>,
    value: Value,
}

#[derive(Debug, PartialEq, Eq)]
enum Value {
    /// Text, prepared for comparison.
    Text(String),
    /// The value in DER, which `#` and hexadecimal digits spell.
    Der(Vec<u8>),
}

/// Short names of attribute types (RFC 4514 section 3, RFC 4519 section 2, and what certificates of banks have besides).
const SHORT_NAMES: [(&str, &[u64]); 20] = [
    ("CN", &[2, 5, 4, 3]),
    ("SN", &[2, 5, 4, 4]),
    ("serialNumber", &[2, 5, 4, 5]),
    ("C", &[2, 5, 4, 6]),
    ("L", &[2, 5, 4, 7]),
    ("ST", &[2, 5, 4, 8]),
    ("STREET", &[2, 5, 4, 9]),
    ("O", &[2, 5, 4, 10]),
    ("OU", &[2, 5, 4, 11]),
    ("title", &[2, 5, 4, 12]),
    ("businessCategory", &[2, 5, 4, 15]),
    ("postalCode", &[2, 5, 4, 17]),
    ("GN", &[2, 5, 4, 42]),
    ("givenName", &[2, 5, 4, 42]),
    ("dnQualifier", &[2, 5, 4, 46]),
    ("organizationIdentifier", &[2, 5, 4, 97]),
    ("jurisdictionC", &[1, 3, 6, 1, 4, 1, 311, 60, 2, 1, 3]),
    ("DC", &[0, 9, 2342, 19200300, 100, 1, 25]),
    ("UID", &[0, 9, 2342, 19200300, 100, 1, 1]),
    ("emailAddress", &[1, 2, 840, 113549, 1, 9, 1]),
];

impl DistinguishedName {
    /// Reads the string form; none if it is not one. Spaces around separators are taken for what they are meant as.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut rdns: Vec<_> = split(text, ',').into_iter().map(rdn).collect::<Option<_>>()?;
        rdns.reverse();
        Some(Self { rdns })
    }

    /// Whether it is this name of a certificate.
    pub(super) fn is(&self, name: &X509Name<'_>) -> bool {
        let theirs: Vec<_> = name.iter_rdn().collect();
        theirs.len() == self.rdns.len() && self.rdns.iter().zip(theirs).all(|(ours, theirs)| same_set(ours, theirs))
    }
}

fn rdn(text: &str) -> Option<Vec<Attribute>> {
    split(text, '+').into_iter().map(attribute).collect()
}

fn attribute(text: &str) -> Option<Attribute> {
    let (name, value) = text.split_once('=')?;
    let value = trimmed(value);
    let value = match value.strip_prefix('#') {
        Some(hex) => Value::Der(bytes_of_hex(hex)?),
        None => Value::Text(prepared(&unescaped(value)?)),
    };
    Some(Attribute { oid: oid(name.trim_matches(' '))?, value })
}

fn oid(name: &str) -> Option<Oid<'static>> {
    let arcs: Vec<u64> = match SHORT_NAMES.iter().find(|(short, _)| short.eq_ignore_ascii_case(name)) {
        Some((_, arcs)) => arcs.to_vec(),
        None => name.split('.').map(|arc| arc.parse().ok()).collect::<Option<_>>()?,
    };
    (arcs.len() > 1).then(|| Oid::from(&arcs).ok()).flatten()
}

/// The pieces between separators that no backslash escapes.
fn split(text: &str, separator: char) -> Vec<&str> {
    let mut escaped = false;
    let at_separator = |char: char| {
        let literal = escaped;
        escaped = char == '\\' && !literal;
        char == separator && !literal
    };
    text.split(at_separator).collect()
}

/// Without the spaces around it, an escaped one at the end aside.
fn trimmed(value: &str) -> &str {
    let value = value.trim_start_matches(' ');
    let bare = value.trim_end_matches(' ');
    let backslashes = bare.len().saturating_sub(bare.trim_end_matches('\\').len());
    let kept = bare.len().saturating_add(backslashes % 2);
    value.get(..kept).unwrap_or(bare)
}

//= rfc4514#2.4
fn unescaped(value: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(char) = chars.next() {
        let char = match char {
            '\\' => match chars.next()? {
                special @ (' ' | '"' | '#' | '+' | ',' | ';' | '<' | '=' | '>' | '\\') => special,
                high => {
                    let pair = [high, chars.next()?].iter().collect::<String>();
                    bytes.extend(bytes_of_hex(&pair)?);
                    continue;
                }
            },
            '"' | '+' | ',' | ';' | '<' | '>' | '\0' => return None,
            plain => plain,
        };
        bytes.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
    }
    String::from_utf8(bytes).ok().filter(|text| !text.is_empty())
}

fn bytes_of_hex(hex: &str) -> Option<Vec<u8>> {
    let pairs = hex.as_bytes().chunks(2).map(|pair| {
        let pair = std::str::from_utf8(pair).ok()?;
        let hex = pair.len() == 2 && pair.bytes().all(|byte| byte.is_ascii_hexdigit());
        hex.then(|| u8::from_str_radix(pair, 16).ok()).flatten()
    });
    pairs.collect::<Option<Vec<u8>>>().filter(|bytes| !bytes.is_empty())
}

/// As caseIgnoreMatch compares (RFC 4518), for ASCII: case and runs of spaces do not tell names apart. Of other
/// characters none is taken for another.
fn prepared(text: &str) -> String {
    let words: Vec<_> = text.split(' ').filter(|word| !word.is_empty()).collect();
    words.join(" ").to_ascii_lowercase()
}

/// Each of ours is one of theirs, and there are no more: attributes of one RDN have no order.
fn same_set(ours: &[Attribute], theirs: &RelativeDistinguishedName<'_>) -> bool {
    let mut left: Vec<_> = theirs.iter().collect();
    let found = ours.iter().all(|ours| match left.iter().position(|theirs| ours.is(theirs)) {
        Some(at) => {
            left.swap_remove(at);
            true
        }
        None => false,
    });
    found && left.is_empty()
}

impl Attribute {
    /// The kind of string does not matter (RFC 5280 section 7.1); a value that is no string is compared as DER.
    fn is(&self, theirs: &AttributeTypeAndValue<'_>) -> bool {
        self.oid == *theirs.attr_type()
            && match &self.value {
                Value::Text(ours) => theirs.as_str().is_ok_and(|theirs| prepared(theirs) == *ours),
                Value::Der(ours) => theirs.attr_value().to_der_vec().is_ok_and(|theirs| theirs == *ours),
            }
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, DnType, DnValue, KeyPair};
    use x509_parser::certificate::X509Certificate;
    use x509_parser::prelude::FromDer;

    /// A certificate with these attributes, each an RDN of its own, in the order of the certificate.
    fn certificate(attributes: &[(DnType, DnValue)]) -> Vec<u8> {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        for (kind, value) in attributes {
            params.distinguished_name.push(kind.clone(), value.clone());
        }
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
    }

    fn utf8(text: &str) -> DnValue {
        DnValue::Utf8String(text.to_owned())
    }

    fn is(text: &str, certificate: &[u8]) -> bool {
        let (_, certificate) = X509Certificate::from_der(certificate).unwrap();
        DistinguishedName::parse(text).unwrap().is(certificate.subject())
    }

    #[test]
    fn string_names_the_last_rdn_first() {
        let der = certificate(&[
            (DnType::CountryName, DnValue::PrintableString("DE".try_into().unwrap())),
            (DnType::OrganizationName, utf8("Acme, Inc.")),
            (DnType::CommonName, utf8("client")),
        ]);
        for same in [
            r"CN=client,O=Acme\, Inc.,C=DE",
            r"cn=Client, o=ACME\2C  inc., c=de",
            r"2.5.4.3=client,2.5.4.10=#0C0A41636D652C20496E632E,C=DE",
        ] {
            assert!(is(same, &der), "{same}");
        }
        for other in [
            r"C=DE,O=Acme\, Inc.,CN=client",
            "CN=client",
            r"CN=client,O=Acme\, Inc.",
            r"CN=client+O=Acme\, Inc.,C=DE",
            r"O=client,CN=Acme\, Inc.,C=DE",
            r"CN=client,CN=client,O=Acme\, Inc.,C=DE",
            r"2.5.4.3=client,2.5.4.10=#130A41636D652C20496E632E,C=DE",
        ] {
            assert!(!is(other, &der), "{other}");
        }
    }

    #[test]
    fn name_inside_of_a_value_is_no_name() {
        for trick in ["x,CN=victim", "x\\,CN=victim", "CN=victim", "victim\0", "victim\0.evil", "vi\tctim", "vıctim"] {
            assert!(!is("CN=victim", &certificate(&[(DnType::CommonName, utf8(trick))])), "{trick:?}");
            assert!(!is("CN=victim", &certificate(&[(DnType::OrganizationName, utf8(trick))])), "{trick:?}");
        }
        let comma = certificate(&[(DnType::OrganizationName, utf8("x,CN=victim"))]);
        assert!(is(r"O=x\,CN=victim", &comma) && !is("O=x,CN=victim", &comma) && !is("CN=victim,O=x", &comma));
    }

    #[test]
    fn kind_of_string_and_case_do_not_tell_names_apart() {
        let printable = DnValue::PrintableString("VICTIM  one".try_into().unwrap());
        assert!(is("CN=victim one", &certificate(&[(DnType::CommonName, printable)])));
        let bmp = DnValue::BmpString("victim".try_into().unwrap());
        assert!(!is("CN=victim", &certificate(&[(DnType::CommonName, bmp)])), "another alphabet is not guessed at");
    }

    #[test]
    fn attributes_of_one_rdn_have_no_order_and_are_not_rdns() {
        let attribute = |kind: u8, text: &str| {
            let length = u8::try_from(text.len()).unwrap();
            [&[0x30, length + 7, 6, 3, 0x55, 4, kind, 0x0c, length], text.as_bytes()].concat()
        };
        let (name, unit) = (attribute(3, "victim"), attribute(11, "x"));
        let length = u8::try_from(name.len() + unit.len()).unwrap();
        let der = [&[0x30, length + 2, 0x31, length], &*name, &*unit].concat();
        let (_, theirs) = X509Name::from_der(&der).unwrap();
        let is = |text: &str| DistinguishedName::parse(text).unwrap().is(&theirs);
        assert!(is("CN=victim+OU=x") && is("ou=X + cn=victim"));
        for other in
            ["CN=victim", "OU=x", "CN=victim,OU=x", "OU=x,CN=victim", "CN=victim+OU=x+O=y", "CN=victim+CN=victim"]
        {
            assert!(!is(other), "{other}");
        }
    }

    #[test]
    fn what_is_no_name_is_not_read() {
        for text in
            ["", " ", "CN", "CN=", "=x", "CN=x,", ",CN=x", "CN=x,,O=y", "CN=x+", "CN=a;b", "CN=a\"b", "CN=a\\", "CN=#"]
        {
            assert_eq!(DistinguishedName::parse(text), None, "{text:?}");
        }
        for text in ["CN=a\\zz", "CN=#0", "CN=#xx", "XY=a", "2=a", "CN=\\ff", "1.2.x=a", "CN=a<b"] {
            assert_eq!(DistinguishedName::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn spaces_count_where_they_are_escaped_or_inside() {
        assert_eq!(trimmed("  a b\\   "), "a b\\ ");
        assert_eq!(trimmed("a\\\\ "), "a\\\\");
        assert_eq!(unescaped("\\ a\\20\\#\\e2\\82\\ac"), Some(" a #\u{20ac}".to_owned()));
    }
}
