//! Who there is: tenants with their mounts, clients, users and keys, as one immutable snapshot that a
//! request reads without waiting for anything.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use parhelion_protocol::authorization_details_type::AuthorizationDetailsTypes;
use parhelion_protocol::client::Client;
use parhelion_protocol::client_auth::Method;
use parhelion_protocol::client_auth::TrustAnchors;
use parhelion_protocol::client_auth::attest_jwt_client_auth::Attester;
use parhelion_protocol::endpoint::Endpoint;
use parhelion_protocol::profile::Policy;
use parhelion_protocol::resource_server::ResourceServer;

use crate::keys::TenantKeys;
use crate::ports::{Id, TenantUid};
use crate::reference::{SealingKey, sha256};
use crate::registration::RegistrationTerms;

/// One authorization server: its clients, users, keys and resource servers.
#[derive(Debug)]
pub struct Tenant {
    /// Its own name, never reused.
    pub uid: TenantUid,
    /// Its slug.
    pub id: String,
    /// What people are shown.
    pub name: String,
    /// Other names that dialects use: a decimal number, a UUID.
    pub aliases: Vec<String>,
    /// Those of the configuration, by `client_id`. Who asks may also be registered at run time:
    /// the engine looks there too.
    pub clients: HashMap<String, Arc<Client>>,
    /// Who can log in.
    pub users: Users,
    /// Its resource servers, by id.
    pub resource_servers: HashMap<String, Arc<ResourceServer>>,
    /// The URIs of all of them.
    pub resources: Vec<String>,
    /// The authorization details types that it knows.
    pub authorization_details_types: AuthorizationDetailsTypes,
    /// Whose certificates it takes from clients.
    pub trust_anchors: Arc<TrustAnchors>,
    /// Whose attestations of clients it takes.
    pub attesters: Arc<[Attester]>,
    /// What it signs and decrypts with.
    pub keys: TenantKeys,
    /// What its cookies are sealed with.
    pub cookie_key: SealingKey,
    /// Which clients may register themselves.
    pub registration: Arc<RegistrationTerms>,
    /// What secrets of clients are sealed with that have to be read again.
    pub client_secret_key: SealingKey,
}

impl Tenant {
    /// The same tenant with other keys.
    #[must_use]
    pub fn with_keys(&self, keys: TenantKeys) -> Self {
        Self {
            uid: self.uid,
            id: self.id.clone(),
            name: self.name.clone(),
            aliases: self.aliases.clone(),
            clients: self.clients.clone(),
            users: self.users.clone(),
            resource_servers: self.resource_servers.clone(),
            resources: self.resources.clone(),
            authorization_details_types: self.authorization_details_types.clone(),
            trust_anchors: Arc::clone(&self.trust_anchors),
            attesters: Arc::clone(&self.attesters),
            keys,
            cookie_key: self.cookie_key.clone(),
            registration: Arc::clone(&self.registration),
            client_secret_key: self.client_secret_key.clone(),
        }
    }
}

/// The users of a tenant, by the name they type and by the subject that records keep: a name may pass to
/// somebody else, a subject does not.
#[derive(Clone, Debug, Default)]
pub struct Users {
    by_name: HashMap<String, Arc<User>>,
    by_sub: HashMap<String, Arc<User>>,
}

impl Users {
    /// Takes a user in.
    pub fn insert(&mut self, user: User) {
        let user = Arc::new(user);
        self.by_name.insert(user.username.clone(), Arc::clone(&user));
        self.by_sub.insert(user.sub.clone(), user);
    }

    /// The user of that name.
    #[must_use]
    pub fn named(&self, username: &str) -> Option<&Arc<User>> {
        self.by_name.get(username)
    }

    /// The user with that subject identifier.
    #[must_use]
    pub fn with_sub(&self, sub: &str) -> Option<&Arc<User>> {
        self.by_sub.get(sub)
    }
}

/// The name only: hash and claims are nobody else's business.
impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("User").field("username", &self.username).finish_non_exhaustive()
    }
}

/// Somebody who can log in.
pub struct User {
    /// What is typed into the login page.
    pub username: String,
    /// Argon2id, as a PHC string.
    pub password_hash: String,
    /// The subject identifier that clients see.
    pub sub: String,
    /// Claims about the user.
    pub claims: serde_json::Map<String, serde_json::Value>,
}

/// One dialect of one tenant at one base URL.
#[derive(Clone, Debug)]
pub struct Mount {
    /// Whose it is.
    pub tenant: Arc<Tenant>,
    /// The dialect's name.
    pub dialect: &'static str,
    /// Without a trailing slash. Pages live below it.
    pub base_url: String,
    /// The issuer identifier; judged and written for whatever comes through here.
    pub issuer: String,
    /// The full URL of every endpoint served here.
    pub urls: BTreeMap<Endpoint, String>,
    /// Whether certificates reach it, and where.
    pub mutual_tls: MutualTls,
    /// The policy for clients that have none of their own.
    pub policy: Arc<Policy>,
    /// Policies of clients that have their own, by `client_id`.
    pub client_policies: HashMap<String, Arc<Policy>>,
    /// Who may call a back-end API here.
    pub api_tokens: Arc<ApiTokens>,
}

impl Mount {
    /// The path of the base URL, without a trailing slash: empty at the root of a host.
    #[must_use]
    pub fn base_path(&self) -> &str {
        let authority = self.base_url.split_once("://").map_or("", |(_, rest)| rest);
        authority.split_once('/').map_or("", |(host, _)| authority.split_at(host.len()).1)
    }

    /// The policy for a client of the configuration, or for somebody unknown.
    #[must_use]
    pub fn policy_for(&self, client_id: &str) -> &Arc<Policy> {
        self.client_policies.get(client_id).unwrap_or(&self.policy)
    }

    /// Whether clients can authenticate by this method here: an attested one needs an attester.
    #[must_use]
    pub fn takes(&self, method: Method) -> bool {
        let vouched_for = !method.is_attested() || !self.tenant.attesters.is_empty();
        vouched_for && self.policy.client_auth_methods.has(&method)
    }

    /// Whether clients can be attested here.
    #[must_use]
    pub fn takes_attestations(&self) -> bool {
        Method::ALL.iter().any(|method| method.is_attested() && self.takes(*method))
    }

    /// The token of this text, if it is good for the tenant. One that is good elsewhere is as unknown here as any other.
    #[must_use]
    pub fn api_token(&self, text: &str) -> Option<&ApiToken> {
        self.api_tokens.find(text).filter(|token| token.tenants.contains(&self.tenant.uid))
    }

    /// The URL of an endpoint, if it is served here.
    #[must_use]
    pub fn url(&self, endpoint: Endpoint) -> Option<&str> {
        self.urls.get(&endpoint).map(String::as_str)
    }

    /// The other URL of an endpoint, for clients that show a certificate.
    #[must_use]
    pub fn mtls_url(&self, endpoint: Endpoint) -> Option<&str> {
        match &self.mutual_tls {
            MutualTls::Nowhere | MutualTls::Here => None,
            MutualTls::At(urls) => urls.get(&endpoint).map(String::as_str),
        }
    }
}

/// Whether client certificates reach a mount (RFC 8705).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum MutualTls {
    /// None does.
    #[default]
    Nowhere,
    /// At its URLs.
    Here,
    /// At other URLs of the same endpoints (RFC 8705 section 5).
    At(BTreeMap<Endpoint, String>),
}

/// What a caller of a back-end API may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Right {
    /// Run the protocol on behalf of the tenant's clients.
    UseService,
    /// Ask what access tokens are worth.
    UseIntrospection,
    /// See how the tenant is set up.
    ViewService,
    /// Change how the tenant is set up.
    ModifyService,
    /// See its clients.
    ViewClient,
    /// Change its clients, and end what was granted to them.
    ModifyClient,
    /// Make clients, and remove them.
    CreateClient,
}

impl Right {
    /// What somebody with this right may do besides.
    const fn includes(self) -> &'static [Self] {
        match self {
            Self::UseService => &[Self::UseIntrospection, Self::ViewService, Self::ViewClient],
            Self::UseIntrospection | Self::ViewClient => &[],
            Self::ViewService => &[Self::ViewClient],
            Self::ModifyService => &[
                Self::CreateClient,
                Self::UseService,
                Self::UseIntrospection,
                Self::ViewService,
                Self::ModifyClient,
                Self::ViewClient,
            ],
            Self::ModifyClient => &[Self::ViewClient],
            Self::CreateClient => {
                &[Self::UseService, Self::UseIntrospection, Self::ViewService, Self::ModifyClient, Self::ViewClient]
            }
        }
    }
}

/// A token by which another server calls a back-end API.
#[derive(Debug)]
pub struct ApiToken {
    /// The tenants it is good for.
    pub tenants: Vec<TenantUid>,
    /// What it allows.
    pub rights: Vec<Right>,
}

impl ApiToken {
    /// Whether it allows something, by itself or with something greater.
    #[must_use]
    pub fn allows(&self, right: Right) -> bool {
        self.rights.iter().any(|given| *given == right || given.includes().contains(&right))
    }
}

/// Every such token, by the SHA-256 of its text.
#[derive(Debug, Default)]
pub struct ApiTokens(HashMap<Id, ApiToken>);

impl ApiTokens {
    /// Takes a token in.
    pub fn insert(&mut self, text: &str, token: ApiToken) {
        self.0.insert(sha256(&[text.as_bytes()]), token);
    }

    /// The token of this text.
    #[must_use]
    pub fn find(&self, text: &str) -> Option<&ApiToken> {
        self.0.get(&sha256(&[text.as_bytes()]))
    }
}

/// The whole snapshot.
#[derive(Debug, Default)]
pub struct Registry {
    /// Every mount, in the order of the configuration.
    pub mounts: Vec<Arc<Mount>>,
}

impl Registry {
    /// The mount of a tenant with this issuer.
    #[must_use]
    pub fn mount(&self, tenant: TenantUid, issuer: &str) -> Option<&Arc<Mount>> {
        self.mounts.iter().find(|mount| mount.tenant.uid == tenant && mount.issuer == issuer)
    }
}
