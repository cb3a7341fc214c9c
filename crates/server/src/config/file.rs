//! The configuration file as it is written: every section and key. What they mean together is decided by the
//! other files of this folder. Nothing here has a `Debug` form: there may be secrets in it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use parhelion_engine::registry::Right;
use parhelion_protocol::client::{ApplicationType, ClientStatus, GrantType};
use serde::Deserialize;
use toml::{Spanned, Value};

use super::authorization_details_types::AuthorizationDetailsTypeSection;
use super::fetch::FetchSection;
use super::rate::RateSection;
use super::registration::RegistrationSection;
use super::{ClientCertificates, Mode, SourceHeader, StoreKind};

/// Settings of a policy, each with its place.
pub(super) type Overlay = BTreeMap<Spanned<String>, Value>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) version: Spanned<u32>,
    #[serde(default)]
    pub(super) server: ServerSection,
    #[serde(default)]
    pub(super) api_token: Vec<ApiTokenSection>,
    #[serde(default)]
    pub(super) tenant: Vec<TenantSection>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ServerSection {
    pub(super) mode: Mode,
    pub(super) listen: Option<Spanned<SocketAddr>>,
    pub(super) admin_listen: Option<Spanned<SocketAddr>>,
    pub(super) public_url: Option<Spanned<String>>,
    pub(super) data_dir: Option<PathBuf>,
    pub(super) store: StoreKind,
    pub(super) connections_max: Option<Spanned<u32>>,
    pub(super) drain_timeout_s: Option<Spanned<u32>>,
    pub(super) rate: RateSection,
    pub(super) fetch: FetchSection,
    pub(super) tls: Option<TlsSection>,
    pub(super) trusted_proxies: Vec<Spanned<String>>,
    pub(super) source_header: SourceHeader,
    pub(super) client_certificates: Option<Spanned<ClientCertificates>>,
    pub(super) client_certificate_header: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TlsSection {
    pub(super) certificate: Spanned<Vec<CertificateSection>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CertificateSection {
    pub(super) certificate_file: PathBuf,
    pub(super) key_file: PathBuf,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ApiTokenSection {
    pub(super) name: Spanned<String>,
    pub(super) tenants: Tenants,
    pub(super) rights: Vec<Right>,
    pub(super) token: Option<Spanned<String>>,
    pub(super) token_file: Option<Spanned<PathBuf>>,
    pub(super) token_env: Option<Spanned<String>>,
}

/// Which tenants an API token is good for.
pub(super) enum Tenants {
    All,
    Named(Vec<Spanned<String>>),
}

impl<'de> Deserialize<'de> for Tenants {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TenantsVisitor)
    }
}

struct TenantsVisitor;

impl<'de> serde::de::Visitor<'de> for TenantsVisitor {
    type Value = Tenants;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a list of tenant ids, or \"all\"")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Tenants, E> {
        if text == "all" { Ok(Tenants::All) } else { Err(E::invalid_value(serde::de::Unexpected::Str(text), &self)) }
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut list: A) -> Result<Tenants, A::Error> {
        let mut named = Vec::new();
        while let Some(id) = list.next_element()? {
            named.push(id);
        }
        Ok(Tenants::Named(named))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TenantSection {
    pub(super) id: Spanned<String>,
    pub(super) name: Option<String>,
    pub(super) profile: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) aliases: Vec<String>,
    pub(super) cors_origins: Option<Spanned<Vec<Spanned<String>>>>,
    pub(super) cors_credentials: Option<Spanned<bool>>,
    pub(super) signing_alg: Option<Spanned<String>>,
    pub(super) encryption_algs: Option<Vec<Spanned<String>>>,
    pub(super) trust_anchors: Option<Spanned<String>>,
    pub(super) trust_anchors_file: Option<Spanned<PathBuf>>,
    #[serde(default)]
    pub(super) policy: Overlay,
    #[serde(default)]
    pub(super) mount: Vec<MountSection>,
    #[serde(default)]
    pub(super) client: Vec<ClientSection>,
    #[serde(default)]
    pub(super) user: Vec<UserSection>,
    #[serde(default)]
    pub(super) resource_server: Vec<ResourceServerSection>,
    #[serde(default)]
    pub(super) attester: Vec<AttesterSection>,
    #[serde(default)]
    pub(super) authorization_details_type: Vec<AuthorizationDetailsTypeSection>,
    #[serde(default)]
    pub(super) registration: RegistrationSection,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MountSection {
    pub(super) dialect: Spanned<String>,
    pub(super) base_url: Spanned<String>,
    pub(super) issuer: Option<Spanned<String>>,
    pub(super) mtls_base_url: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) demo_resource: bool,
    pub(super) cors_origins: Option<Spanned<Vec<Spanned<String>>>>,
    pub(super) cors_credentials: Option<Spanned<bool>>,
}

/// Client metadata (RFC 7591 section 2), and what only the file has.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClientSection {
    pub(super) client_id: Spanned<String>,
    pub(super) client_name: Option<String>,
    pub(super) client_uri: Option<String>,
    pub(super) token_endpoint_auth_method: Option<String>,
    pub(super) token_endpoint_auth_signing_alg: Option<String>,
    pub(super) request_object_signing_alg: Option<String>,
    pub(super) request_object_encryption_alg: Option<String>,
    pub(super) request_object_encryption_enc: Option<String>,
    pub(super) id_token_signed_response_alg: Option<String>,
    pub(super) id_token_encrypted_response_alg: Option<String>,
    pub(super) id_token_encrypted_response_enc: Option<String>,
    pub(super) userinfo_signed_response_alg: Option<String>,
    pub(super) userinfo_encrypted_response_alg: Option<String>,
    pub(super) userinfo_encrypted_response_enc: Option<String>,
    pub(super) authorization_signed_response_alg: Option<String>,
    pub(super) authorization_encrypted_response_alg: Option<String>,
    pub(super) authorization_encrypted_response_enc: Option<String>,
    pub(super) introspection_signed_response_alg: Option<String>,
    pub(super) introspection_encrypted_response_alg: Option<String>,
    pub(super) introspection_encrypted_response_enc: Option<String>,
    #[serde(default)]
    pub(super) require_signed_request_object: bool,
    #[serde(default)]
    pub(super) request_uris: Vec<String>,
    #[serde(default)]
    pub(super) accept_unsigned_request_object: bool,
    pub(super) jwks: Option<String>,
    pub(super) jwks_file: Option<Spanned<PathBuf>>,
    pub(super) jwks_uri: Option<String>,
    pub(super) redirect_uris: Vec<String>,
    #[serde(default)]
    pub(super) post_logout_redirect_uris: Vec<String>,
    pub(super) scope: Option<String>,
    #[serde(default)]
    pub(super) authorization_details_types: Vec<Spanned<String>>,
    pub(super) grant_types: Option<Vec<GrantType>>,
    pub(super) response_types: Option<Vec<String>>,
    #[serde(default)]
    pub(super) dpop_bound_access_tokens: bool,
    #[serde(default)]
    pub(super) tls_client_certificate_bound_access_tokens: bool,
    pub(super) tls_client_auth_subject_dn: Option<String>,
    pub(super) tls_client_auth_san_dns: Option<String>,
    pub(super) tls_client_auth_san_uri: Option<String>,
    pub(super) tls_client_auth_san_ip: Option<String>,
    pub(super) tls_client_auth_san_email: Option<String>,
    #[serde(default)]
    pub(super) application_type: ApplicationType,
    #[serde(default)]
    pub(super) status: ClientStatus,
    pub(super) client_secret: Option<Spanned<String>>,
    pub(super) client_secret_file: Option<Spanned<PathBuf>>,
    pub(super) client_secret_env: Option<Spanned<String>>,
    pub(super) previous_client_secret: Option<Spanned<String>>,
    pub(super) previous_client_secret_file: Option<Spanned<PathBuf>>,
    pub(super) previous_client_secret_env: Option<Spanned<String>>,
    pub(super) previous_client_secret_expires_at: Option<Spanned<i64>>,
    #[serde(default)]
    pub(super) policy: Overlay,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UserSection {
    pub(super) username: Spanned<String>,
    pub(super) password_hash: Spanned<String>,
    pub(super) sub: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) claims: toml::Table,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ResourceServerSection {
    pub(super) id: Spanned<String>,
    pub(super) uris: Vec<Spanned<String>>,
    pub(super) jwks: Option<String>,
    pub(super) jwks_file: Option<Spanned<PathBuf>>,
    pub(super) introspection_signed_response_alg: Option<String>,
    pub(super) introspection_encrypted_response_alg: Option<String>,
    pub(super) introspection_encrypted_response_enc: Option<String>,
    pub(super) secret: Option<Spanned<String>>,
    pub(super) secret_file: Option<Spanned<PathBuf>>,
    pub(super) secret_env: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AttesterSection {
    pub(super) issuer: Spanned<String>,
    pub(super) jwks: Option<String>,
    pub(super) jwks_file: Option<Spanned<PathBuf>>,
}
