//! Client certificates from the sockets: asked for where they should be, believed from whom they should be, never mixed up.
#![allow(clippy::arithmetic_side_effects)]

use std::sync::Arc;

use parhelion_jose::base64;
use rcgen::{BasicConstraints, Certificate, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, HandshakeKind, version};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsConnector;

use super::tests::{PUSH, Site, post, status};
use super::tls::Asked;
use super::tls::test_authority::{Authority, Client, NAME};
use super::{Limits, Tls};

const ALIAS: &str = "mtls.as.example";

/// Who issues the certificates of two clients, `one` and `two`.
struct Clients {
    anchor: String,
    issuer: Issuer<'static, KeyPair>,
}

struct Identity {
    certificate: Certificate,
    key: KeyPair,
}

impl Clients {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        Self { anchor: params.self_signed(&key).unwrap().pem(), issuer: Issuer::new(params, key) }
    }

    fn identity(&self, name: &str) -> Identity {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        Identity { certificate: params.signed_by(&key, &self.issuer).unwrap(), key }
    }

    /// A site where they are registered, with more in its `[server]` section.
    async fn site(&self, server: &str, tls: Option<Tls>) -> Site {
        let client = |name: &str| {
            format!(
                "[[tenant.client]]\nclient_id = \"{name}\"\ntoken_endpoint_auth_method = \"tls_client_auth\"\n\
                 tls_client_auth_subject_dn = \"CN={name}\"\nredirect_uris = [\"https://app.example/cb\"]\n"
            )
        };
        let tenant = format!(
            "[[tenant]]\nid = \"acme\"\ntrust_anchors = '''\n{}'''\n[[tenant.mount]]\ndialect = \"standard\"\n\
             base_url = \"https://{NAME}/acme\"\nmtls_base_url = \"https://{ALIAS}/acme\"\n",
            self.anchor
        );
        let config = format!("version = 1\n[server]\n{server}\n{tenant}{}{}", client("one"), client("two"));
        Site::open(&config, parhelion_dialects::ALL, Limits::default(), tls).await
    }
}

const FROM_PROXY: &str = "trusted_proxies = [\"127.0.0.2\"]\nclient_certificate_header = ";

fn tls(authority: &Authority, asked: Asked) -> Tls {
    Tls::open(&[authority.plan("default", &[NAME, ALIAS])], asked).unwrap()
}

fn at_alias() -> Asked {
    Asked::Hosts([ALIAS.to_owned()].into())
}

fn config(authority: &Authority, identity: &Identity, client: &Client) -> Arc<ClientConfig> {
    let key = identity.key.serialized_der().to_vec().try_into().unwrap();
    Arc::new(authority.config_with(client, vec![identity.certificate.der().clone()], key))
}

/// Pushes as `client_id`, and gives the status and how the handshake went.
async fn push(site: &Site, config: &Arc<ClientConfig>, host: &'static str, client_id: &str) -> (String, HandshakeKind) {
    let socket = site.connect().await;
    let name = ServerName::try_from(host).unwrap();
    let mut stream = TlsConnector::from(Arc::clone(config)).connect(name, socket).await.unwrap();
    stream
        .write_all(request(client_id, "").replace("Host: as.example", &format!("Host: {host}")).as_bytes())
        .await
        .unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8(answer).unwrap();
    (status(&answer).to_owned(), stream.get_ref().1.handshake_kind().unwrap())
}

fn request(client_id: &str, headers: &str) -> String {
    let body = PUSH.replace("client_id=app", &format!("client_id={client_id}"));
    post(
        "/acme/par",
        &format!("Connection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n{headers}"),
        &body,
    )
}

#[tokio::test]
async fn only_clients_of_the_alias_are_asked() {
    let (authority, clients) = (Authority::new(), Clients::new());
    let one = clients.identity("one");
    for (asked, at_home) in [(at_alias(), "400"), (Asked::Everybody, "201")] {
        let site = clients.site(&format!("{FROM_PROXY}\"Client-Cert\""), Some(tls(&authority, asked))).await;
        let config = config(&authority, &one, &Client::HTTP_1);
        assert_eq!(push(&site, &config, ALIAS, "one").await.0, "201");
        assert_eq!(push(&site, &config, NAME, "one").await.0, at_home);
        assert_eq!(push(&site, &config, ALIAS, "two").await.0, "400", "the certificate is of the other client");
        let without = Arc::new(authority.config(&Client::HTTP_1));
        assert_eq!(push(&site, &without, ALIAS, "one").await.0, "400");
    }
}

#[tokio::test]
async fn resumed_connection_has_its_own_certificate_and_no_other() {
    let (authority, clients) = (Authority::new(), Clients::new());
    let site = clients.site(&format!("{FROM_PROXY}\"Client-Cert\""), Some(tls(&authority, at_alias()))).await;
    const V12: &[&rustls::SupportedProtocolVersion] = &[&version::TLS12];
    for client in [Client::HTTP_1, Client { versions: V12, ..Client::HTTP_1 }] {
        let one = config(&authority, &clients.identity("one"), &client);
        let two = config(&authority, &clients.identity("two"), &client);
        for expected in [HandshakeKind::Full, HandshakeKind::Resumed, HandshakeKind::Resumed] {
            for (config, ours, theirs) in [(&one, "one", "two"), (&two, "two", "one")] {
                let (status, kind) = push(&site, config, ALIAS, ours).await;
                assert_eq!(status, "201", "{kind:?}");
                assert!(kind == expected || expected == HandshakeKind::Full, "{kind:?}");
                assert_eq!(push(&site, config, ALIAS, theirs).await.0, "400");
            }
        }
    }
}

#[tokio::test]
async fn connection_that_was_not_asked_is_not_resumed_where_one_is() {
    let (authority, clients) = (Authority::new(), Clients::new());
    let one = clients.identity("one");
    let config = config(&authority, &one, &Client::HTTP_1);
    let site = clients.site(&format!("{FROM_PROXY}\"Client-Cert\""), Some(tls(&authority, at_alias()))).await;
    for _ in 0..3 {
        assert_eq!(push(&site, &config, NAME, "one").await.0, "400");
        assert_eq!(push(&site, &config, ALIAS, "one").await.0, "201");
    }
}

#[tokio::test]
async fn header_counts_from_a_trusted_proxy_alone() {
    let clients = Clients::new();
    let (one, two) = (clients.identity("one"), clients.identity("two"));
    let field = |identity: &Identity| format!(":{}:", base64::encode(identity.certificate.der()));
    let pem = |identity: &Identity| identity.certificate.pem().replace('\n', "%0A").replace(' ', "%20");
    let (proxy, stranger) = ("127.0.0.2", "127.0.0.3");
    let rfc_9440 = clients.site(&format!("{FROM_PROXY}\"Client-Cert\""), None).await;
    let nginx = clients.site(&format!("{FROM_PROXY}\"X-SSL-Client-Cert\""), None).await;
    for (site, name, good, other, wrong) in [
        (&rfc_9440, "Client-Cert", field(&one), field(&two), "X-SSL-Client-Cert"),
        (&nginx, "x-ssl-client-cert", pem(&one), pem(&two), "Client-Cert"),
    ] {
        for (peer, headers, expected, code) in [
            (proxy, format!("{name}: {good}\r\n"), "201", ""),
            (stranger, format!("{name}: {good}\r\n"), "400", "PAR-202"),
            (proxy, format!("{wrong}: {good}\r\n"), "400", "PAR-202"),
            (proxy, format!("{name}: {other}\r\n"), "400", "PAR-202"),
            (proxy, String::new(), "400", "PAR-202"),
            (proxy, format!("{name}: \r\n"), "400", "PAR-421"),
            (proxy, format!("{name}: CN=one\r\n"), "400", "PAR-421"),
            (proxy, format!("{name}: {good}\r\n{name}: {good}\r\n"), "400", "PAR-421"),
            (stranger, format!("{name}: CN=one\r\n"), "400", "PAR-202"),
        ] {
            let answer = site.send_from(peer, &request("one", &headers)).await;
            assert_eq!(status(&answer), expected, "{peer} {headers}: {answer}");
            assert!(answer.contains(code), "{peer} {headers}: {answer}");
        }
    }
}

#[tokio::test]
async fn metadata_names_the_alias_beside_the_usual_endpoints() {
    let clients = Clients::new();
    let site = clients.site(&format!("{FROM_PROXY}\"Client-Cert\""), None).await;
    let get = "GET /acme/.well-known/openid-configuration HTTP/1.1\r\nHost: as.example\r\nConnection: close\r\n\r\n";
    let answer = site.send_from("127.0.0.3", get).await;
    let body = answer.split_once("\r\n\r\n").unwrap().1;
    let document: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(document["tls_client_certificate_bound_access_tokens"], true);
    let aliases = document["mtls_endpoint_aliases"].as_object().unwrap();
    for (name, url) in aliases {
        let usual = document[name].as_str().unwrap();
        assert_eq!(url.as_str().unwrap(), usual.replace(NAME, ALIAS), "{name}");
    }
    assert!(aliases.contains_key("pushed_authorization_request_endpoint") && !aliases.contains_key("jwks_uri"));
    assert!(!aliases.contains_key("authorization_endpoint") && aliases.contains_key("token_endpoint"));
    let methods = document["token_endpoint_auth_methods_supported"].as_array().unwrap();
    assert!(methods.contains(&"tls_client_auth".into()) && methods.contains(&"self_signed_tls_client_auth".into()));
}
