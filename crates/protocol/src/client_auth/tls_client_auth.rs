//! `tls_client_auth`: a certificate of an authority that the tenant trusts, for the one subject that the client
//! registered (RFC 8705 section 2.1).

use std::net::IpAddr;

use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;

use super::distinguished_name::DistinguishedName;
use super::{Judge, OnceKey, certification_path, mutual_tls};
use crate::refusal::{Reason, Refusal};
use crate::sender::certificate;

/// The subject that a client's certificate must have (RFC 8705 section 2.1.2).
#[derive(Debug, PartialEq, Eq)]
pub enum Subject {
    /// `tls_client_auth_subject_dn`.
    Dn(DistinguishedName),
    /// `tls_client_auth_san_dns`: compared without regard to case, and a wildcard stands for nothing.
    SanDns(String),
    /// `tls_client_auth_san_uri`: compared byte for byte.
    SanUri(String),
    /// `tls_client_auth_san_ip`: compared as an address.
    SanIp(IpAddr),
    /// `tls_client_auth_san_email`: the host is compared without regard to case (RFC 5280 section 7.5).
    SanEmail(String),
}

impl Subject {
    /// The members of client metadata that name one; a client has exactly one of them.
    pub const MEMBERS: [&'static str; 5] = [
        "tls_client_auth_subject_dn",
        "tls_client_auth_san_dns",
        "tls_client_auth_san_uri",
        "tls_client_auth_san_ip",
        "tls_client_auth_san_email",
    ];

    /// Reads the value of one of [`Subject::MEMBERS`]; none if it cannot be in a certificate.
    #[must_use]
    pub fn parse(member: &str, value: &str) -> Option<Self> {
        let text = || value.to_owned();
        match member {
            "tls_client_auth_subject_dn" => DistinguishedName::parse(value).map(Self::Dn),
            "tls_client_auth_san_dns" => is_dns_name(value).then(text).map(Self::SanDns),
            "tls_client_auth_san_uri" => url::Url::parse(value).ok().map(|_| Self::SanUri(text())),
            "tls_client_auth_san_ip" => value.parse().ok().map(Self::SanIp),
            "tls_client_auth_san_email" => is_mailbox(value).then(text).map(Self::SanEmail),
            _ => None,
        }
    }

    /// Whether a certificate has it. One with the same extension twice has nothing.
    fn is_of(&self, certificate: &X509Certificate<'_>) -> bool {
        if let Self::Dn(name) = self {
            return name.is(certificate.subject());
        }
        let Ok(Some(extension)) = certificate.subject_alternative_name() else { return false };
        extension.value.general_names.iter().any(|name| self.is_named_by(name))
    }

    #[allow(clippy::wildcard_enum_match_arm, reason = "names of other kinds name nobody here")]
    fn is_named_by(&self, name: &GeneralName<'_>) -> bool {
        match (self, name) {
            (Self::SanDns(ours), GeneralName::DNSName(theirs)) => ours.eq_ignore_ascii_case(theirs),
            (Self::SanUri(ours), GeneralName::URI(theirs)) => ours == theirs,
            (Self::SanIp(IpAddr::V4(ours)), GeneralName::IPAddress(theirs)) => ours.octets() == *theirs,
            (Self::SanIp(IpAddr::V6(ours)), GeneralName::IPAddress(theirs)) => ours.octets() == *theirs,
            (Self::SanEmail(ours), GeneralName::RFC822Name(theirs)) => same_mailbox(ours, theirs),
            _ => false,
        }
    }
}

/// The path first: the name in a certificate that nobody vouches for says nothing.
pub(super) fn prove(subject: Option<&Subject>, judge: &Judge<'_>) -> Result<Option<OnceKey>, Refusal> {
    let chain = mutual_tls::needed(judge)?;
    certification_path::judge(chain, judge.trust_anchors, judge.now_s)?;
    let leaf = certificate::parse(chain.leaf()).ok_or(Reason::CertificateMalformed)?;
    let named = subject.is_some_and(|subject| subject.is_of(&leaf));
    if named { Ok(None) } else { Err(Reason::CertificateSubjectWrong.into()) }
}

fn is_dns_name(text: &str) -> bool {
    let label = |label: &str| {
        let fits = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        (1..=63).contains(&label.len()) && fits
    };
    text.len() <= 253 && text.split('.').all(label)
}

fn is_mailbox(text: &str) -> bool {
    text.rsplit_once('@').is_some_and(|(local, host)| !local.is_empty() && is_dns_name(host))
}

fn same_mailbox(ours: &str, theirs: &str) -> bool {
    match (ours.rsplit_once('@'), theirs.rsplit_once('@')) {
        (Some((ours, our_host)), Some((theirs, their_host))) => {
            ours == theirs && our_host.eq_ignore_ascii_case(their_host)
        }
        (Some(_), None) | (None, _) => false,
    }
}
