//! Asking clients for a certificate: whom, and what the handshake itself demands of one. Whether a certificate is good
//! for its client is judged with each request, by the tenant that it is for.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use parhelion_protocol::sender::certificate::{Chain, Shown};
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, ServerConnection, SignatureScheme};

use crate::config::{ClientCertificates, Config};

/// Whom a listener asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Nobody.
    Nobody,
    /// Whoever connects to one of these hosts. Who names no host asks for an address.
    Hosts(BTreeSet<String>),
    /// Everybody.
    Everybody,
}

impl Asked {
    /// Whom the listener of this configuration asks.
    pub(super) fn of(config: &Config) -> Self {
        let mounts = config.tenants.iter().flat_map(|tenant| &tenant.mounts);
        let hosts: BTreeSet<_> = mounts.filter_map(|mount| Some(mount.mtls_base()?.host().to_owned())).collect();
        match config.server.client_certificates {
            ClientCertificates::Everywhere => Self::Everybody,
            ClientCertificates::AtAliases if hosts.is_empty() => Self::Nobody,
            ClientCertificates::AtAliases => Self::Hosts(hosts),
        }
    }

    /// Whether it asks a client that wants to speak to this host.
    pub(super) fn asks(&self, server_name: Option<&str>) -> bool {
        match (self, server_name) {
            (Self::Nobody, _) => false,
            (Self::Everybody, _) => true,
            (Self::Hosts(hosts), Some(name)) => hosts.contains(name),
            (Self::Hosts(hosts), None) => hosts.iter().any(|host| is_address(host)),
        }
    }
}

fn is_address(host: &str) -> bool {
    host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok()
}

/// What a client showed in the handshake, of this connection or of the one that it resumes.
pub(super) fn shown(connection: &ServerConnection) -> Shown {
    match connection.peer_certificates() {
        None | Some([]) => Shown::Absent,
        Some(certificates) => Shown::of(Chain::from_der(certificates.iter().cloned().map(CertificateDer::into_owned))),
    }
}

/// Takes any well-formed chain whose leaf's key signed the handshake, or none.
#[derive(Debug)]
pub(super) struct WellFormed(WebPkiSupportedAlgorithms);

impl WellFormed {
    pub(super) fn new(provider: &CryptoProvider) -> Arc<Self> {
        Arc::new(Self(provider.signature_verification_algorithms))
    }
}

impl ClientCertVerifier for WellFormed {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    /// None: tenants trust different authorities, and some clients an authority of their own.
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        leaf: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let certificates = std::iter::once(leaf).chain(others).cloned().map(CertificateDer::into_owned);
        let malformed = Error::InvalidCertificate(CertificateError::BadEncoding);
        Chain::from_der(certificates).map(|_| ClientCertVerified::assertion()).ok_or(malformed)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, leaf, signature, &self.0)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, leaf, signature, &self.0)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }
}
