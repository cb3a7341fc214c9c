//! One tenant of the configuration: its mounts with their URLs and policies, its clients, users and resource servers.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use parhelion_dialects::Dialect;
use parhelion_protocol::authorization_details_type::AuthorizationDetailsTypes;
use parhelion_protocol::client::{Client, ClientMetadata};
use parhelion_protocol::client_auth::SecretDigest;
use parhelion_protocol::endpoint::Endpoint;
use parhelion_protocol::profile::{LoopbackRedirectUri, Policy};
use parhelion_protocol::resource_server::{ResourceServer, ResourceServerMetadata};
use toml::Spanned;
use url::Url;

use super::authorization_details_types;
use super::cors::{CorsKeys, CorsPlan};
use super::fault::{ConfigFault, suggestion};
use super::file::{ClientSection, MountSection, ResourceServerSection, TenantSection, UserSection};
use super::policies::{self, Grounded};
use super::secret::{self, SecretKeys};
use super::{BaseUrl, Context};

/// A tenant as it is configured.
#[derive(Debug)]
pub struct TenantPlan {
    /// Its slug.
    pub id: String,
    /// What people are shown.
    pub name: String,
    /// Other names that dialects use.
    pub aliases: Vec<String>,
    /// At least one.
    pub mounts: Vec<MountPlan>,
    /// By `client_id`.
    pub clients: HashMap<String, Arc<Client>>,
    /// In the order of the file.
    pub users: Vec<UserPlan>,
    /// Its resource servers, by id.
    pub resource_servers: HashMap<String, Arc<ResourceServer>>,
    /// The authorization details types that it knows.
    pub authorization_details_types: AuthorizationDetailsTypes,
}

/// A mount as it is configured.
pub struct MountPlan {
    /// How its endpoints are spelt.
    pub dialect: &'static dyn Dialect,
    /// Where it is.
    pub base: BaseUrl,
    /// The issuer identifier.
    pub issuer: BaseUrl,
    /// What stands between base URL and routes.
    pub tenant_path: String,
    /// The policy for clients that have none of their own.
    pub policy: Arc<Policy>,
    /// Policies of clients that have their own, by `client_id`.
    pub client_policies: HashMap<String, Arc<Policy>>,
    /// Which web pages may call it.
    pub cors: CorsPlan,
    /// Where in the file it is.
    pub line: usize,
}

impl std::fmt::Debug for MountPlan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MountPlan")
            .field("dialect", &self.dialect.name())
            .field("base", &self.base)
            .finish_non_exhaustive()
    }
}

impl MountPlan {
    /// Every endpoint with every path it is served at, the published one of each first.
    pub fn paths(&self) -> impl Iterator<Item = (Endpoint, String)> {
        let before = format!("{}{}", self.base.path(), self.tenant_path);
        self.dialect.routes().iter().map(move |route| (route.endpoint, format!("{before}{}", route.path)))
    }

    /// Where each endpoint is published to be.
    #[must_use]
    pub fn urls(&self) -> BTreeMap<Endpoint, String> {
        let mut urls = BTreeMap::new();
        for route in self.dialect.routes() {
            let url = || format!("{}{}{}", self.base.as_str(), self.tenant_path, route.path);
            urls.entry(route.endpoint).or_insert_with(url);
        }
        urls
    }

    /// Whether browsers come here.
    #[must_use]
    pub fn has_pages(&self) -> bool {
        self.serves(Endpoint::Authorize)
    }

    /// Whether this endpoint is served here.
    #[must_use]
    pub fn serves(&self, endpoint: Endpoint) -> bool {
        self.dialect.routes().iter().any(|route| route.endpoint == endpoint)
    }
}

/// A user as configured.
#[derive(Debug)]
pub struct UserPlan {
    /// What is typed into the login page.
    pub username: String,
    /// Argon2id, as a PHC string.
    pub password_hash: String,
    /// The subject identifier, if the file names one.
    pub sub: Option<String>,
    /// Claims about the user.
    pub claims: serde_json::Map<String, serde_json::Value>,
}

impl TenantPlan {
    pub(super) fn read(context: &Context<'_>, section: TenantSection) -> Result<Self, ConfigFault> {
        check_slug(context, &section.id)?;
        let mut mounts = Vec::new();
        for mount in &section.mount {
            mounts.push(mount_plan(context, &section, mount)?);
        }
        check_issuers(context, &mounts)?;
        if mounts.is_empty() {
            let problem = format!("tenant `{}` has no mount, so that nobody can reach it", section.id.get_ref());
            let remedy = "add [[tenant.mount]] with dialect and base_url";
            return Err(context.source.fault_at(section.id.span(), problem).with_remedy(remedy));
        }
        let types = authorization_details_types::read(context, section.authorization_details_type)?;
        for client in &section.client {
            authorization_details_types::check_client(context, &types, &client.authorization_details_types)?;
        }
        let clients = clients(context, &mut mounts, section.client)?;
        let users = users(context, section.user)?;
        let resource_servers = resource_servers(context, &clients, section.resource_server)?;
        let id = section.id.into_inner();
        Ok(Self {
            name: section.name.unwrap_or_else(|| id.clone()),
            id,
            aliases: section.aliases,
            mounts: mounts.into_iter().map(|(mount, _)| mount).collect(),
            clients,
            users,
            resource_servers,
            authorization_details_types: types,
        })
    }
}

/// A pushed request is judged again by the mount of the issuer it was pushed through.
fn check_issuers(context: &Context<'_>, mounts: &[(MountPlan, Grounded)]) -> Result<(), ConfigFault> {
    for (at, (mount, _)) in mounts.iter().enumerate() {
        if let Some((other, _)) =
            mounts.iter().take(at).find(|(other, _)| other.issuer.as_str() == mount.issuer.as_str())
        {
            let problem =
                format!("two mounts of one tenant have the issuer {} (line {} too)", mount.issuer.as_str(), other.line);
            let fault = ConfigFault { line: Some(mount.line), ..context.source.fault(problem) };
            return Err(fault.with_remedy("give one of them an issuer of its own"));
        }
    }
    Ok(())
}

fn check_slug(context: &Context<'_>, id: &Spanned<String>) -> Result<(), ConfigFault> {
    let text = id.get_ref();
    let fits = text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'));
    if fits && (1..=64).contains(&text.len()) {
        return Ok(());
    }
    let problem = format!("tenant id `{}` is not a slug", text.escape_debug());
    Err(context.source.fault_at(id.span(), problem).with_remedy("use 1 to 64 of a-z, 0-9, - and _"))
}

fn mount_plan(
    context: &Context<'_>,
    tenant: &TenantSection,
    section: &MountSection,
) -> Result<(MountPlan, Grounded), ConfigFault> {
    let fault = |at: Range<usize>, problem: String| context.source.fault_at(at, problem);
    let name = section.dialect.get_ref();
    let dialect = context.dialects.iter().copied().find(|dialect| dialect.name() == name);
    let dialect = dialect.ok_or_else(|| {
        let known = context.dialects.iter().map(|dialect| dialect.name());
        fault(section.dialect.span(), format!("there is no dialect `{name}`")).with_remedy(suggestion(name, known))
    })?;
    let base = context.base_url("base_url", &section.base_url)?;
    let tenant_path = dialect.tenant_path(&tenant.aliases).map_err(|problem| {
        fault(section.dialect.span(), format!("tenant `{}`, dialect `{name}`: {problem}", tenant.id.get_ref()))
    })?;
    let issuer = match &section.issuer {
        Some(issuer) => context.base_url("issuer", issuer)?,
        None => BaseUrl::parse(&format!("{}{}", base.as_str(), dialect.issuer_path()), context.mode)
            .map_err(|problem| fault(section.base_url.span(), format!("issuer: {problem}")))?,
    };
    let grounded = policies::of_mount(context, tenant, dialect)?;
    let plan = MountPlan {
        dialect,
        base,
        issuer,
        tenant_path,
        policy: Arc::new(grounded.policy.clone()),
        client_policies: HashMap::new(),
        cors: cors(context, tenant, section)?,
        line: context.source.line(&section.dialect.span()),
    };
    Ok((plan, grounded))
}

fn cors(context: &Context<'_>, tenant: &TenantSection, mount: &MountSection) -> Result<CorsPlan, ConfigFault> {
    let of_tenant = CorsKeys { origins: tenant.cors_origins.as_ref(), credentials: tenant.cors_credentials.as_ref() };
    let of_mount = CorsKeys { origins: mount.cors_origins.as_ref(), credentials: mount.cors_credentials.as_ref() };
    CorsPlan::read(context, &of_mount, &of_tenant)
}

fn clients(
    context: &Context<'_>,
    mounts: &mut [(MountPlan, Grounded)],
    sections: Vec<ClientSection>,
) -> Result<HashMap<String, Arc<Client>>, ConfigFault> {
    let mut clients = HashMap::new();
    for section in sections {
        let id = section.client_id.clone();
        let client_id = id.get_ref();
        for (mount, grounded) in &mut *mounts {
            if let Some(policy) = policies::of_client(context, grounded, client_id, &section.policy)? {
                mount.client_policies.insert(client_id.clone(), Arc::new(policy));
            }
        }
        let client = client(context, mounts, section)?;
        if clients.insert(client_id.clone(), Arc::new(client)).is_some() {
            let problem = format!("client `{client_id}` is there twice");
            return Err(context.source.fault_at(id.span(), problem).with_remedy("a client_id is unique in its tenant"));
        }
    }
    Ok(clients)
}

fn client(
    context: &Context<'_>,
    mounts: &[(MountPlan, Grounded)],
    section: ClientSection,
) -> Result<Client, ConfigFault> {
    let client_id = section.client_id.clone();
    let fault = |problem| context.source.fault_at(client_id.span(), problem);
    let secret = secret::read(
        &SecretKeys {
            name: "client_secret",
            literal: section.client_secret.as_ref(),
            file: section.client_secret_file.as_ref(),
            env: section.client_secret_env.as_ref(),
        },
        context,
    )?;
    let policies: Vec<&Policy> = mounts
        .iter()
        .map(|(mount, _)| &**mount.client_policies.get(client_id.get_ref()).unwrap_or(&mount.policy))
        .collect();
    let loopback = policies.iter().map(|policy| policy.loopback_redirect_uri).max();
    let metadata = metadata(context, section)?;
    let secret = secret.as_deref().map(String::as_str);
    let client = Client::register(metadata, secret, loopback.unwrap_or(LoopbackRedirectUri::Accepted))
        .map_err(|problem| fault(format!("client `{}`: {problem}", client_id.get_ref().escape_debug())))?;
    let method = client.credential.method();
    if policies.iter().any(|policy| policy.client_auth_methods.has(&method)) {
        return Ok(client);
    }
    let problem =
        format!("client `{}` uses {}, which no mount of its tenant accepts", client.client_id, method.as_str());
    Err(fault(problem).with_remedy("choose another token_endpoint_auth_method or another profile"))
}

fn metadata(context: &Context<'_>, section: ClientSection) -> Result<ClientMetadata, ConfigFault> {
    let jwks = match (section.jwks, &section.jwks_file) {
        (jwks, None) => jwks,
        (None, Some(file)) => Some(secret::text_file("jwks", file, context)?.to_string()),
        (Some(_), Some(file)) => {
            let problem = "`jwks` and `jwks_file` are two ways to say one thing";
            return Err(context.source.fault_at(file.span(), problem).with_remedy("keep one of them"));
        }
    };
    let types = section.authorization_details_types.into_iter().map(Spanned::into_inner).collect();
    Ok(ClientMetadata {
        client_id: section.client_id.into_inner(),
        client_name: section.client_name,
        client_uri: section.client_uri,
        token_endpoint_auth_method: section.token_endpoint_auth_method,
        token_endpoint_auth_signing_alg: section.token_endpoint_auth_signing_alg,
        request_object_signing_alg: section.request_object_signing_alg,
        require_signed_request_object: section.require_signed_request_object,
        jwks,
        redirect_uris: section.redirect_uris,
        post_logout_redirect_uris: section.post_logout_redirect_uris,
        scope: section.scope,
        authorization_details_types: types,
        grant_types: section.grant_types,
        response_types: section.response_types,
        dpop_bound_access_tokens: section.dpop_bound_access_tokens,
        application_type: section.application_type,
        status: section.status,
    })
}

fn users(context: &Context<'_>, sections: Vec<UserSection>) -> Result<Vec<UserPlan>, ConfigFault> {
    let mut users: Vec<UserPlan> = Vec::new();
    for section in sections {
        let fault = |at: &Spanned<String>, problem: String| context.source.fault_at(at.span(), problem);
        let name = section.username.get_ref().escape_debug();
        if users.iter().any(|user| user.username == *section.username.get_ref()) {
            return Err(fault(&section.username, format!("user `{name}` is there twice")));
        }
        let hash = PasswordHash::new(section.password_hash.get_ref());
        if !hash.is_ok_and(|hash| hash.algorithm.as_str() == "argon2id" && hash.hash.is_some()) {
            let problem = format!("the password_hash of user `{name}` is not an argon2id PHC string");
            return Err(fault(&section.password_hash, problem).with_remedy("make one with `parhelion hash-password`"));
        }
        if let Some(sub) = section.sub.as_ref().filter(|sub| !fits_sub(sub.get_ref())) {
            let problem = format!("the sub of user `{name}` is not 1 to 255 ASCII characters");
            return Err(fault(sub, problem).with_remedy("OpenID Connect Core section 2 asks for that"));
        }
        let claims = serde_json::to_value(section.claims).ok();
        let Some(serde_json::Value::Object(claims)) = claims else {
            return Err(fault(&section.username, format!("the claims of user `{name}` cannot be told as JSON")));
        };
        users.push(UserPlan {
            username: section.username.into_inner(),
            password_hash: section.password_hash.into_inner(),
            sub: section.sub.map(Spanned::into_inner),
            claims,
        });
    }
    Ok(users)
}

fn fits_sub(sub: &str) -> bool {
    (1..=255).contains(&sub.len()) && sub.is_ascii()
}

fn resource_servers(
    context: &Context<'_>,
    clients: &HashMap<String, Arc<Client>>,
    sections: Vec<ResourceServerSection>,
) -> Result<HashMap<String, Arc<ResourceServer>>, ConfigFault> {
    let mut servers: HashMap<String, Arc<ResourceServer>> = HashMap::new();
    for section in sections {
        for uri in &section.uris {
            let text = uri.get_ref();
            let taken = servers.values().any(|server| server.uris.contains(text));
            //= rfc8707#2 an absolute URI without a fragment
            if Url::parse(text).is_err() || text.contains('#') || taken {
                let problem =
                    format!("resource `{}` is no absolute URI, has a fragment, or is there twice", text.escape_debug());
                return Err(context.source.fault_at(uri.span(), problem));
            }
        }
        let secret = secret::read(
            &SecretKeys {
                name: "secret",
                literal: section.secret.as_ref(),
                file: section.secret_file.as_ref(),
                env: section.secret_env.as_ref(),
            },
            context,
        )?;
        let (id, at) = (section.id.get_ref().clone(), section.id.span());
        if servers.contains_key(&id) || clients.contains_key(&id) {
            let problem = format!("resource server `{}` has the name of another one or of a client", id.escape_debug());
            return Err(context.source.fault_at(at, problem).with_remedy("both authenticate: give it another id"));
        }
        let uris = section.uris.into_iter().map(Spanned::into_inner).collect();
        let metadata = ResourceServerMetadata { id: id.clone(), uris };
        let digest = secret.as_deref().map(|secret| SecretDigest::of(secret));
        servers.insert(id, Arc::new(ResourceServer::register(metadata, digest)));
    }
    Ok(servers)
}
