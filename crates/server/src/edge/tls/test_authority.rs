//! An authority for tests: certificates in files, and clients that trust them.
#![allow(clippy::disallowed_methods, reason = "this writes certificates for tests")]
#![allow(clippy::arithmetic_side_effects)]

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use parhelion_testkit::TemporaryDirectory;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::client::WantsClientCert;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ConfigBuilder, RootCertStore, SupportedProtocolVersion, version};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::{Asked, Tls, provider};
use crate::config::CertificatePlan;
use crate::edge::Limits;
use crate::edge::tests::Site;

/// In a folder of its own.
pub(in crate::edge) struct Authority {
    pub(in crate::edge) folder: TemporaryDirectory,
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
}

/// How a client speaks.
#[derive(Clone)]
pub(in crate::edge) struct Client {
    pub(in crate::edge) versions: &'static [&'static SupportedProtocolVersion],
    pub(in crate::edge) alpn: &'static [&'static str],
    /// An address is not sent in the handshake.
    pub(in crate::edge) server_name: &'static str,
}

impl Client {
    pub(in crate::edge) const HTTP_1: Self =
        Self { versions: &[&version::TLS13], alpn: &["http/1.1"], server_name: NAME };
    pub(in crate::edge) const HTTP_2: Self = Self { alpn: &["h2"], ..Self::HTTP_1 };
}

pub(in crate::edge) const NAME: &str = "as.example";

impl Authority {
    pub(in crate::edge) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap().der().clone();
        Self { folder: TemporaryDirectory::new(), issuer: Issuer::new(params, key), certificate }
    }

    pub(in crate::edge) fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    /// Certificate and key in PEM.
    pub(in crate::edge) fn pair(&self, names: &[&str]) -> (String, String) {
        self.pair_until(names, SystemTime::UNIX_EPOCH + Duration::from_secs(4_000_000_000))
    }

    pub(in crate::edge) fn pair_until(&self, names: &[&str], end: SystemTime) -> (String, String) {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.not_after = end.into();
        let key = KeyPair::generate().unwrap();
        (params.signed_by(&key, &self.issuer).unwrap().pem(), key.serialize_pem())
    }

    /// The same in files `{name}.pem` and `{name}.key`.
    pub(in crate::edge) fn write(&self, name: &str, (certificate, key): &(String, String)) -> CertificatePlan {
        let plan = CertificatePlan {
            certificate_file: self.path(&format!("{name}.pem")),
            key_file: self.path(&format!("{name}.key")),
        };
        overwrite(&plan.certificate_file, certificate);
        overwrite(&plan.key_file, key);
        std::fs::set_permissions(&plan.key_file, Permissions::from_mode(0o600)).unwrap();
        plan
    }

    pub(in crate::edge) fn plan(&self, name: &str, names: &[&str]) -> CertificatePlan {
        self.write(name, &self.pair(names))
    }

    pub(in crate::edge) async fn site(&self, limits: Limits) -> Site {
        let tls = Tls::open(&[self.plan("default", &[NAME, "127.0.0.1"])], Asked::Nobody).unwrap();
        Site::start_with(limits, Some(tls)).await
    }

    pub(in crate::edge) fn config(&self, client: &Client) -> ClientConfig {
        with_alpn(self.verifying(client).with_no_client_auth(), client)
    }

    /// The same with a certificate to show.
    pub(in crate::edge) fn config_with(
        &self,
        client: &Client,
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
    ) -> ClientConfig {
        with_alpn(self.verifying(client).with_client_auth_cert(chain, key).unwrap(), client)
    }

    fn verifying(&self, client: &Client) -> ConfigBuilder<ClientConfig, WantsClientCert> {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).unwrap();
        let builder = ClientConfig::builder_with_provider(Arc::new(provider()));
        let builder = builder.with_protocol_versions(client.versions).unwrap();
        builder.with_root_certificates(roots)
    }

    pub(in crate::edge) async fn connect(&self, site: &Site, client: &Client) -> std::io::Result<TlsStream<TcpStream>> {
        let name = ServerName::try_from(client.server_name).unwrap();
        let connector = TlsConnector::from(Arc::new(self.config(client)));
        connector.connect(name, TcpStream::connect(site.address).await?).await
    }
}

fn with_alpn(mut config: ClientConfig, client: &Client) -> ClientConfig {
    config.alpn_protocols = client.alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    config
}

pub(in crate::edge) fn overwrite(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
}
