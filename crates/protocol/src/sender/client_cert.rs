//! A client certificate in HTTP header fields, from whoever ended TLS: `Client-Cert` and `Client-Cert-Chain`
//! (RFC 9440), or PEM with percent-encoding, as nginx writes `$ssl_client_escaped_cert`. Whose word counts is not
//! decided here.

use parhelion_jose::base64;
use rustls_pki_types::CertificateDer;

use super::certificate::{Chain, Shown};

/// Name of the field with the client's own certificate (RFC 9440 section 2.2).
pub const CLIENT_CERT: &str = "client-cert";
/// Name of the field with those that lead to its authority (RFC 9440 section 2.3).
pub const CLIENT_CERT_CHAIN: &str = "client-cert-chain";

/// Reads the lines of `Client-Cert` and of `Client-Cert-Chain`.
#[must_use]
pub fn read<'h>(client_cert: impl IntoIterator<Item = &'h [u8]>, chain: impl IntoIterator<Item = &'h [u8]>) -> Shown {
    let mut leaves = client_cert.into_iter();
    let mut lines = chain.into_iter().peekable();
    match (leaves.next(), leaves.next()) {
        //= rfc9440#2.3 MUST NOT stand without Client-Cert
        (None, _) if lines.peek().is_none() => Shown::Absent,
        (Some(leaf), None) => Shown::of(read_fields(leaf, lines)),
        (None, _) | (Some(_), Some(_)) => Shown::Malformed,
    }
}

/// Reads the lines of a field that holds one PEM text, percent-encoded.
#[must_use]
pub fn read_escaped_pem<'h>(lines: impl IntoIterator<Item = &'h [u8]>) -> Shown {
    let mut lines = lines.into_iter();
    match (lines.next(), lines.next()) {
        (None, _) => Shown::Absent,
        (Some(line), None) => Shown::of(unescape(line).and_then(|text| Chain::from_pem([text.as_str()]))),
        (Some(_), Some(_)) => Shown::Malformed,
    }
}

fn read_fields<'h>(leaf: &[u8], lines: impl Iterator<Item = &'h [u8]>) -> Option<Chain> {
    let mut certificates = vec![byte_sequence(leaf)?];
    for line in lines {
        for member in line.split(|byte| *byte == b',') {
            certificates.push(byte_sequence(member)?);
        }
    }
    Chain::from_der(certificates)
}

/// A byte sequence without parameters (RFC 8941 section 3.3.5): RFC 9440 defines none.
fn byte_sequence(item: &[u8]) -> Option<CertificateDer<'static>> {
    let text = std::str::from_utf8(item).ok()?.trim_matches([' ', '\t']);
    let text = text.strip_prefix(':')?.strip_suffix(':')?;
    base64::decode(text).ok().map(CertificateDer::from)
}

/// Takes `%XX` for the byte that it stands for and everything else as it is: `+` is a character of base64.
fn unescape(line: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(line).ok()?;
    let mut pieces = text.split('%');
    let mut bytes = pieces.next()?.as_bytes().to_vec();
    for piece in pieces {
        let hex = piece.get(..2).filter(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        bytes.push(u8::from_str_radix(hex, 16).ok()?);
        bytes.extend_from_slice(piece.get(2..)?.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, KeyPair};

    fn certificate() -> rcgen::Certificate {
        let key = KeyPair::generate().unwrap();
        CertificateParams::new(vec!["client.example".to_owned()]).unwrap().self_signed(&key).unwrap()
    }

    fn sequence(certificate: &rcgen::Certificate) -> String {
        format!(":{}:", base64::encode(certificate.der()))
    }

    fn escaped(text: &str) -> String {
        let escape = |byte: u8| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        };
        text.bytes().map(escape).collect()
    }

    fn shown(leaf: &[&str], chain: &[&str]) -> Shown {
        read(leaf.iter().map(|line| line.as_bytes()), chain.iter().map(|line| line.as_bytes()))
    }

    #[test]
    fn fields_of_rfc_9440_are_one_chain() {
        let (one, two, three) = (certificate(), certificate(), certificate());
        let chain = format!("{}, {}", sequence(&two), sequence(&three));
        let read = shown(&[&sequence(&one)], &[&chain]);
        let Shown::Chain(chain) = read else { panic!("a chain") };
        assert_eq!((chain.leaf(), chain.others().len()), (one.der(), 2));
        assert_eq!(chain.others(), [two.der().clone(), three.der().clone()]);
        let lines = [sequence(&two), sequence(&three)];
        let Shown::Chain(same) = shown(&[&sequence(&one)], &[&lines[0], &lines[1]]) else { panic!("a chain") };
        assert_eq!(same, chain);
    }

    #[test]
    fn what_is_no_field_is_malformed_and_not_absent() {
        let good = sequence(&certificate());
        assert!(matches!(shown(&[], &[]), Shown::Absent));
        for (leaf, chain) in [
            (vec![""], vec![]),
            (vec!["::"], vec![]),
            (vec![":AAAA:"], vec![]),
            (vec![good.trim_matches(':')], vec![]),
            (vec![good.as_str(), good.as_str()], vec![]),
            (vec![good.as_str()], vec![""]),
            (vec![good.as_str()], vec![":AAAA:"]),
            (vec![], vec![good.as_str()]),
        ] {
            assert!(matches!(shown(&leaf, &chain), Shown::Malformed), "{leaf:?} {chain:?}");
        }
        let two = format!("{good}, {good}");
        assert!(matches!(shown(&[&two], &[]), Shown::Malformed));
        assert!(matches!(shown(&[&good], &[&[two.as_str(); 5].join(",")]), Shown::Malformed), "eleven certificates");
    }

    #[test]
    fn escaped_pem_may_leave_base64_as_it_is() {
        let one = certificate();
        let sparing = one.pem().replace('\n', "%0A").replace(' ', "%20");
        for text in [escaped(&one.pem()), sparing] {
            let Shown::Chain(chain) = read_escaped_pem([text.as_bytes()]) else { panic!("{text}") };
            assert_eq!(chain.leaf(), one.der());
        }
    }

    #[test]
    fn what_is_no_escaped_pem_is_malformed_and_not_absent() {
        let good = escaped(&certificate().pem());
        let key = escaped(&KeyPair::generate().unwrap().serialize_pem());
        assert!(matches!(read_escaped_pem([]), Shown::Absent));
        for text in ["", "-", "%", "%4", "%zz", "(null)", &key, &format!("{good}{key}"), good.trim_end_matches("-%0A")]
        {
            assert!(matches!(read_escaped_pem([text.as_bytes()]), Shown::Malformed), "{text}");
        }
        assert!(matches!(read_escaped_pem([good.as_bytes(), good.as_bytes()]), Shown::Malformed));
    }
}
