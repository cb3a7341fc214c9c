//! Client certificates by name, made at run time: good ones, and each kind of bad one that a row speaks of.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DistinguishedName, DnType, DnValue, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, Issuer, KeyPair, NameConstraints, SanType,
};
use rustls::client::WantsClientCert;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{
    ClientConfig, ConfigBuilder, DigitallySignedStruct, Error, RootCertStore, SignatureScheme, WantsVerifier,
};

use crate::base64;

/// Every certificate of this process.
pub struct Certificates {
    anchor: String,
    named: Vec<(&'static str, Identity)>,
}

/// A chain, the client's own certificate first, and its key.
pub struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: Vec<u8>,
}

/// They are made once.
pub fn all() -> &'static Certificates {
    static CERTIFICATES: OnceLock<Certificates> = OnceLock::new();
    CERTIFICATES.get_or_init(Certificates::make)
}

impl Certificates {
    /// The authority that tenants of the site trust, in PEM.
    #[must_use]
    pub fn anchor(&self) -> &str {
        &self.anchor
    }

    /// The certificate of that name.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn get(&self, name: &str) -> &Identity {
        let found = self.named.iter().find(|(found, _)| *found == name);
        &found.unwrap_or_else(|| panic!("no certificate is called `{name}`")).1
    }

    /// Every name.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.named.iter().map(|(name, _)| *name)
    }

    fn make() -> Self {
        let root = Authority::root("row authority");
        let named = vec![
            ("app-tls", root.issue(&client("app-tls"))),
            ("app-tls-again", root.issue(&client("app-tls"))),
            ("app-tls-other", root.issue(&client("app-tls-other"))),
            ("foreign", Authority::root("row authority").issue(&client("app-tls"))),
            ("expired", root.issue(&valid(-7200, -3600))),
            ("early", root.issue(&valid(3600, 7200))),
            ("for-servers", root.issue(&for_servers())),
            ("of-authority", root.issue(&authority("app-tls"))),
            ("constrained", root.below(&constrained()).issue(&with_names("app-tls", vec![dns("app-tls.example")]))),
            ("deep", root.deep(9).issue(&client("app-tls"))),
            ("too-deep", root.deep(20).issue(&client("app-tls"))),
            ("below", root.deep(1).issue(&client("app-tls"))),
            ("wildcard", root.issue(&with_names("wildcard", vec![dns("*.example")]))),
            ("client-dns", root.issue(&with_names("whoever", vec![dns("Client.example")]))),
            ("dn-embedded", root.issue(&subject(&[(DnType::OrganizationName, utf8("x,CN=app-tls"))]))),
            ("dn-escaped", root.issue(&subject(&[(DnType::OrganizationName, utf8("x\\,CN=app-tls"))]))),
            ("dn-nul", root.issue(&client("app-tls\0.evil"))),
            (
                "dn-more",
                root.issue(&subject(&[(DnType::OrganizationName, utf8("x")), (DnType::CommonName, utf8("app-tls"))])),
            ),
            ("dn-bmp", root.issue(&subject(&[(DnType::CommonName, bmp("app-tls"))]))),
            ("dn-look-alike", root.issue(&client("app\u{2010}tls"))),
            ("app-self", self_signed("app-self")),
            ("app-self-other", self_signed("app-self-other")),
            ("stranger", self_signed("app-self")),
        ];
        Self { anchor: root.certificate.pem(), named }
    }
}

/// Whom hosts of documents are vouched for by, in PEM, and what they show: a good one, and those that are not.
#[must_use]
pub fn of_hosts() -> (String, HashMap<&'static str, Identity>) {
    let (root, stranger) = (Authority::root("document authority"), Authority::root("stranger"));
    let here = || with_names("documents", vec![SanType::IpAddress(Ipv4Addr::LOCALHOST.into())]);
    let identities = HashMap::from([
        ("good", root.issue(&here())),
        ("other-name", root.issue(&with_names("documents", vec![dns("other.example")]))),
        ("expired", root.issue(&lasting(here(), -7200, -3600))),
        ("stranger", stranger.issue(&here())),
    ]);
    (root.certificate.pem(), identities)
}

impl Identity {
    /// Chain and key, for who listens.
    ///
    /// # Panics
    /// When the key is none.
    #[must_use]
    pub fn for_server(&self) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
        (self.chain.clone(), PrivateKeyDer::try_from(self.key.clone()).expect("a key"))
    }

    /// `x5t#S256` (RFC 8705 section 3.1).
    #[must_use]
    pub fn thumbprint(&self) -> String {
        use ::aws_lc_rs::digest::{SHA256, digest};
        base64::url_safe(digest(&SHA256, &self.chain[0]).as_ref())
    }

    /// Chain and key in PEM, for another program of the same client.
    #[must_use]
    pub fn pem(&self) -> (String, String) {
        let block = |label: &str, der: &[u8]| {
            format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", base64::padded(der))
        };
        (self.chain.iter().map(|der| block("CERTIFICATE", der)).collect(), block("PRIVATE KEY", &self.key))
    }

    /// The value of `Client-Cert` (RFC 9440 section 2.2).
    #[must_use]
    pub fn field(&self) -> String {
        byte_sequence(&self.chain[0])
    }

    /// `Client-Cert`, and `Client-Cert-Chain` where there is more (RFC 9440).
    #[must_use]
    pub fn fields(&self) -> Vec<(String, String)> {
        let mut fields = vec![("Client-Cert".to_owned(), self.field())];
        if self.chain.len() > 1 {
            let list: Vec<_> = self.chain[1..].iter().map(byte_sequence).collect();
            fields.push(("Client-Cert-Chain".to_owned(), list.join(", ")));
        }
        fields
    }
}

fn byte_sequence(certificate: &CertificateDer<'_>) -> String {
    format!(":{}:", base64::padded(certificate))
}

/// What a client needs to speak TLS, with a certificate or without one. The server's is of a throw-away authority.
///
/// # Panics
/// When the library cannot.
#[must_use]
pub fn tls_client(identity: Option<&Identity>) -> Arc<ClientConfig> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider));
    let builder = builder.with_safe_default_protocol_versions().expect("TLS");
    with_identity(builder.dangerous().with_custom_certificate_verifier(Arc::new(AnyServer(provider))), identity)
}

/// What a client that takes any server needs, and has no certificate.
#[must_use]
pub fn with_any_server(
    builder: ConfigBuilder<ClientConfig, WantsVerifier>,
    provider: Arc<CryptoProvider>,
) -> ClientConfig {
    builder.dangerous().with_custom_certificate_verifier(Arc::new(AnyServer(provider))).with_no_client_auth()
}

/// The same for a client that trusts servers of this authority, and no others.
///
/// # Panics
/// When the library cannot.
#[must_use]
pub fn tls_client_trusting(authority: &CertificateDer<'_>, identity: Option<&Identity>) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(authority.clone().into_owned()).expect("an authority");
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    with_identity(builder.with_safe_default_protocol_versions().expect("TLS").with_root_certificates(roots), identity)
}

fn with_identity(
    builder: ConfigBuilder<ClientConfig, WantsClientCert>,
    identity: Option<&Identity>,
) -> Arc<ClientConfig> {
    Arc::new(match identity {
        None => builder.with_no_client_auth(),
        Some(identity) => {
            let key = PrivateKeyDer::try_from(identity.key.clone()).expect("a key");
            builder.with_client_auth_cert(identity.chain.clone(), key).expect("a certificate")
        }
    })
}

struct Authority {
    certificate: Certificate,
    issuer: Issuer<'static, KeyPair>,
    /// What leads from here to the root, which clients send along.
    path: Vec<CertificateDer<'static>>,
}

impl Authority {
    fn root(name: &str) -> Self {
        let (params, key) = (authority(name), KeyPair::generate().expect("a key"));
        let certificate = params.self_signed(&key).expect("a certificate");
        Self { certificate, issuer: Issuer::new(params, key), path: Vec::new() }
    }

    fn below(&self, params: &CertificateParams) -> Self {
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        let path = [vec![certificate.der().clone()], self.path.clone()].concat();
        Self { certificate, issuer: Issuer::new(params.clone(), key), path }
    }

    fn deep(&self, levels: usize) -> Self {
        let first = self.below(&authority("level 1"));
        (2..=levels).fold(first, |above, level| above.below(&authority(&format!("level {level}"))))
    }

    fn issue(&self, params: &CertificateParams) -> Identity {
        let key = KeyPair::generate().expect("a key");
        let leaf = params.signed_by(&key, &self.issuer).expect("a certificate");
        let chain = [vec![leaf.der().clone()], self.path.clone()].concat();
        Identity { chain, key: key.serialize_der() }
    }
}

fn self_signed(name: &str) -> Identity {
    let key = KeyPair::generate().expect("a key");
    let certificate = client(name).self_signed(&key).expect("a certificate");
    Identity { chain: vec![certificate.der().clone()], key: key.serialize_der() }
}

fn subject(attributes: &[(DnType, DnValue)]) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::new()).expect("parameters");
    params.distinguished_name = DistinguishedName::new();
    for (kind, value) in attributes {
        params.distinguished_name.push(kind.clone(), value.clone());
    }
    params
}

fn client(name: &str) -> CertificateParams {
    subject(&[(DnType::CommonName, utf8(name))])
}

/// A certificate like another one but for this.
fn changed(mut params: CertificateParams, change: impl FnOnce(&mut CertificateParams)) -> CertificateParams {
    change(&mut params);
    params
}

fn authority(name: &str) -> CertificateParams {
    changed(client(name), |params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained))
}

fn with_names(name: &str, names: Vec<SanType>) -> CertificateParams {
    changed(client(name), |params| params.subject_alt_names = names)
}

fn for_servers() -> CertificateParams {
    changed(client("app-tls"), |params| params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth])
}

/// An authority for names below elsewhere.example.
fn constrained() -> CertificateParams {
    let permitted_subtrees = vec![GeneralSubtree::DnsName("elsewhere.example".to_owned())];
    let name_constraints = NameConstraints { permitted_subtrees, excluded_subtrees: Vec::new() };
    changed(authority("constrained"), |params| params.name_constraints = Some(name_constraints))
}

/// Valid from and until so many seconds from now.
fn valid(from_s: i64, until_s: i64) -> CertificateParams {
    lasting(client("app-tls"), from_s, until_s)
}

fn lasting(params: CertificateParams, from_s: i64, until_s: i64) -> CertificateParams {
    let at = |seconds: i64| {
        let (now, distance) = (SystemTime::now(), Duration::from_secs(seconds.unsigned_abs()));
        if seconds < 0 { now - distance } else { now + distance }
    };
    changed(params, |params| {
        params.not_before = at(from_s).into();
        params.not_after = at(until_s).into();
    })
}

fn dns(name: &str) -> SanType {
    SanType::DnsName(name.try_into().expect("a name"))
}

fn utf8(text: &str) -> DnValue {
    DnValue::Utf8String(text.to_owned())
}

fn bmp(text: &str) -> DnValue {
    DnValue::BmpString(text.try_into().expect("a text"))
}

/// Who the server is decides nothing here: the clients are what is looked at.
#[derive(Debug)]
struct AnyServer(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyServer {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, leaf, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, leaf, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
