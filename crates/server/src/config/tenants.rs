//! One tenant of the configuration: its mounts with their URLs and policies, its clients, users and resource servers.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::Arc;

use parhelion_dialects::{Dialect, Route};
use parhelion_engine::registration::RegistrationTerms;
use parhelion_jose::jwe;
use parhelion_jose::jws::Algorithm;
use parhelion_protocol::authorization_details_type::AuthorizationDetailsTypes;
use parhelion_protocol::client::{Client, ClientMetadata};
use parhelion_protocol::client_auth::attest_jwt_client_auth::Attester;
use parhelion_protocol::client_auth::{GivenSecret, TrustAnchors};
use parhelion_protocol::endpoint::Endpoint;
use parhelion_protocol::limits;
use parhelion_protocol::profile::{AlgName, LoopbackRedirectUri, Policy};
use parhelion_protocol::resource_server::ResourceServer;
use toml::Spanned;
use zeroize::Zeroizing;

use super::authorization_details_types;
use super::cors::{CorsKeys, CorsPlan};
use super::doubts::{self, Pages};
use super::fault::{ConfigFault, suggestion};
use super::file::{ClientSection, MountSection, TenantSection};
use super::fits::{encryption_algs, policy_of};
use super::policies::{self, Grounded};
use super::registration::{self, RegistrationMode};
use super::secret::{self, SecretKeys};
use super::users::{self, UserPlan};
use super::{BaseUrl, Context, MutualTlsPlan, attesters, mutual_tls, resource_servers};

/// What a tenant signs with where nothing else is said.
const DEFAULT_SIGNING_ALG: Algorithm = Algorithm::Es256;

/// A tenant as it is configured.
#[derive(Debug)]
pub struct TenantPlan {
    /// Its slug.
    pub id: String,
    /// What people are shown.
    pub name: String,
    /// Other names that dialects use.
    pub aliases: Vec<String>,
    /// What its first key signs with, and one that is made without a word on it.
    pub signing_alg: Algorithm,
    /// How its clients may encrypt to it: a key for each.
    pub encryption_algs: Vec<jwe::Algorithm>,
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
    /// Whose certificates it takes from clients.
    pub trust_anchors: Arc<TrustAnchors>,
    /// Whose attestations of clients it takes.
    pub attesters: Arc<[Attester]>,
    /// Which clients may register themselves.
    pub registration: Arc<RegistrationTerms>,
}

/// Where the demo resource is, in every dialect.
const DEMO_RESOURCE: &Route = &Route { endpoint: Endpoint::DemoResource, path: "/resource" };

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
    /// At which URLs client certificates reach it.
    pub mutual_tls: MutualTlsPlan,
    /// The policy for clients that have none of their own.
    pub policy: Arc<Policy>,
    /// Policies of clients that have their own, by `client_id`.
    pub client_policies: HashMap<String, Arc<Policy>>,
    /// Whether the demo resource is served.
    pub demo_resource: bool,
    /// Which web pages may call it.
    pub cors: CorsPlan,
    /// Whether clients may register themselves here.
    pub registers: bool,
    /// Where below the base URL its metadata is too.
    pub metadata_path: Option<String>,
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
        self.routes().map(move |route| (route.endpoint, format!("{before}{}", route.path)))
    }

    /// Where each endpoint is published to be.
    #[must_use]
    pub fn urls(&self) -> BTreeMap<Endpoint, String> {
        let mut urls = BTreeMap::new();
        for route in self.routes() {
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
        self.routes().any(|route| route.endpoint == endpoint)
    }

    /// What the dialect serves and the tenant has switched on, and what the mount adds to it.
    pub(super) fn routes(&self) -> impl Iterator<Item = &'static Route> {
        let registers = self.registers;
        let own = self.dialect.routes().iter();
        own.filter(move |route| registers || !route.endpoint.is_of_registration())
            .chain(self.demo_resource.then_some(DEMO_RESOURCE))
    }
}

impl TenantPlan {
    /// What a section says, as far as it can be understood; what is wrong is noted.
    pub(super) fn read(context: &Context<'_>, section: TenantSection) -> Option<Self> {
        context.notes.keep(check_slug(context, &section.id))?;
        let anchors = context.notes.keep(mutual_tls::trust_anchors(context, &section));
        let read = |mount| context.notes.keep(mount_plan(context, &section, mount));
        let mut mounts: Vec<_> = section.mount.iter().filter_map(read).collect();
        check_issuers(context, &mounts);
        let whole = mounts.len() == section.mount.len();
        if section.mount.is_empty() && !context.notes.has_cut_section("[[tenant.mount]]", &context.source) {
            let problem = format!("tenant `{}` has no mount, so that nobody can reach it", section.id.get_ref());
            let remedy = "add [[tenant.mount]] with dialect and base_url";
            context.notes.note(context.source.fault_at(section.id.span(), problem).with_remedy(remedy));
        }
        let signing_alg = signing_alg(context, section.signing_alg.as_ref(), &mounts);
        let encryption_algs = encryption_algs(context, section.encryption_algs.as_deref(), &mounts);
        let pages = mounts.iter().any(|(mount, _)| mount.has_pages()).then_some(Pages::There);
        doubts::nobody_to_log_in(context, &section, pages.unwrap_or(Pages::Nowhere));
        let types = authorization_details_types::read(context, section.authorization_details_type, &section.client);
        let clients = clients(context, &mut mounts, section.client);
        let by_id = clients.iter().map(|(id, (_, client))| (id.clone(), Arc::clone(client))).collect();
        let users = users::read(context, section.user);
        let mount_plans: Vec<_> = mounts.iter().map(|(mount, _)| mount).collect();
        let registration = registration::read(context, &section.id, section.registration, &types, &mount_plans);
        let resource_servers = resource_servers::read(context, &by_id, section.resource_server);
        if section.attester.is_empty() {
            attesters::check_there(context, &section.id, &by_id);
        }
        let attesters = attesters::read(context, section.attester).into();
        let id = section.id.into_inner();
        let plan = Self {
            name: section.name.unwrap_or_else(|| id.clone()),
            id,
            aliases: section.aliases,
            signing_alg,
            encryption_algs,
            mounts: mounts.into_iter().map(|(mount, _)| mount).collect(),
            clients: by_id,
            users,
            resource_servers: resource_servers
                .iter()
                .map(|(id, (_, server))| (id.clone(), Arc::clone(server)))
                .collect(),
            authorization_details_types: types,
            trust_anchors: Arc::new(anchors.unwrap_or_default()),
            attesters,
            registration,
        };
        if whole {
            clients.values().for_each(|(line, client)| {
                plan.check_client(context, *line, client);
                plan.check_certificate(context, *line, client);
            });
            resource_servers.values().for_each(|(line, server)| plan.check_resource_server(context, *line, server));
        }
        Some(plan)
    }

    /// The algorithms that a signing key may have: those that the policies of all mounts accept, and of which nobody
    /// asks for another one.
    #[must_use]
    pub fn signing_algs(&self) -> Vec<Algorithm> {
        let accepted = |alg: &Algorithm| {
            self.mounts.iter().all(|mount| accepts(mount, *alg)) && self.asked_signing_algs().all(|asked| asked == *alg)
        };
        Algorithm::ALL.into_iter().filter(accepted).collect()
    }

    /// How long the longest-lived thing is of use that a signing key signs, in seconds.
    #[must_use]
    pub fn signed_lifetime_s(&self) -> u32 {
        let policies = self.mounts.iter().flat_map(|mount| mount.client_policies.values().chain([&mount.policy]));
        let id_tokens = policies.map(|policy| policy.id_token_lifetime_s.0).max().unwrap_or_default();
        id_tokens.max(u32::try_from(limits::RESPONSE_JWT_LIFETIME_S).unwrap_or(u32::MAX))
    }
}

fn accepts(mount: &MountPlan, alg: Algorithm) -> bool {
    mount.policy.id_token_signing_algs.has(&AlgName(alg))
}

/// What the tenant's first key is made for.
fn signing_alg(context: &Context<'_>, name: Option<&Spanned<String>>, mounts: &[(MountPlan, Grounded)]) -> Algorithm {
    let Some(name) = name else { return DEFAULT_SIGNING_ALG };
    let refused =
        mounts.iter().find(|(mount, _)| Algorithm::from_name(name.get_ref()).is_none_or(|alg| !accepts(mount, alg)));
    let known = Algorithm::from_name(name.get_ref());
    match (known, refused) {
        (Some(alg), None) => alg,
        (_, Some((_, grounded))) => {
            let named = name.get_ref().escape_debug();
            let problem = format!("signing_alg `{named}` is not accepted by {}", grounded.origin());
            let accepted = grounded.policy.id_token_signing_algs.iter().map(|alg| alg.0.name()).collect::<Vec<_>>();
            let fault = context.source.fault_at(name.span(), problem);
            context.notes.note(fault.with_remedy(format!("choose one of {}", accepted.join(", "))));
            DEFAULT_SIGNING_ALG
        }
        (None, None) => DEFAULT_SIGNING_ALG,
    }
}

/// A pushed request is judged again by the mount of the issuer it was pushed through.
fn check_issuers(context: &Context<'_>, mounts: &[(MountPlan, Grounded)]) {
    for (at, (mount, _)) in mounts.iter().enumerate() {
        if let Some((other, _)) =
            mounts.iter().take(at).find(|(other, _)| other.issuer.as_str() == mount.issuer.as_str())
        {
            let problem =
                format!("two mounts of one tenant have the issuer {} (line {} too)", mount.issuer.as_str(), other.line);
            let fault = ConfigFault { line: Some(mount.line), ..context.source.fault(problem) };
            context.notes.note(fault.with_remedy("give one of them an issuer of its own"));
        }
    }
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
    doubts::plain_http(context, &base, "base_url", section.base_url.span());
    let grounded = policies::of_mount(context, tenant, dialect)?;
    let plan = MountPlan {
        dialect,
        base,
        issuer,
        tenant_path,
        mutual_tls: mutual_tls::of_mount(context, section, dialect.sender())?,
        policy: Arc::new(grounded.policy.clone()),
        client_policies: HashMap::new(),
        demo_resource: section.demo_resource,
        cors: cors(context, tenant, section)?,
        metadata_path: dialect.metadata_path_of(tenant.id.get_ref()),
        registers: tenant.registration.mode != RegistrationMode::Off,
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
) -> HashMap<String, (usize, Arc<Client>)> {
    let mut clients = HashMap::new();
    for section in sections {
        let id = section.client_id.clone();
        let client_id = id.get_ref();
        for (mount, grounded) in &mut *mounts {
            let policy = policies::of_client(context, grounded, client_id, &section.policy);
            if let Some(policy) = context.notes.keep(policy).flatten() {
                mount.client_policies.insert(client_id.clone(), Arc::new(policy));
            }
        }
        let Some(client) = context.notes.keep(client(context, mounts, section)) else { continue };
        doubts::unused_client(context, &id, &client);
        let line = context.source.line(&id.span());
        if clients.insert(client_id.clone(), (line, Arc::new(client))).is_some() {
            let problem = format!("client `{}` is there twice", client_id.escape_debug());
            let fault = context.source.fault_at(id.span(), problem);
            context.notes.note(fault.with_remedy("a client_id is unique in its tenant"));
        }
    }
    clients
}

fn client(
    context: &Context<'_>,
    mounts: &[(MountPlan, Grounded)],
    section: ClientSection,
) -> Result<Client, ConfigFault> {
    let client_id = section.client_id.clone();
    let fault = |problem| context.source.fault_at(client_id.span(), problem);
    let (secret, previous) = secrets(context, &section)?;
    let policies = mounts.iter().map(|(mount, _)| policy_of(mount, client_id.get_ref()));
    let loopback = policies.map(|policy| policy.loopback_redirect_uri).max();
    let metadata = metadata(context, section)?;
    let newest = secret.as_ref().map(|text| GivenSecret::lasting(text));
    let previous =
        previous.as_ref().map(|(text, end)| GivenSecret { expires_at_s: Some(*end), ..GivenSecret::lasting(text) });
    let secrets: Vec<_> = newest.into_iter().chain(previous).collect();
    Client::register(metadata, &secrets, loopback.unwrap_or(LoopbackRedirectUri::Accepted))
        .map_err(|problem| fault(format!("client `{}`: {problem}", client_id.get_ref().escape_debug())))
}

/// A secret, and the one that it was exchanged for with the end of its grace time.
type Exchanged = (Option<Zeroizing<String>>, Option<(Zeroizing<String>, i64)>);

fn secrets(context: &Context<'_>, section: &ClientSection) -> Result<Exchanged, ConfigFault> {
    let newest = SecretKeys {
        name: "client_secret",
        literal: section.client_secret.as_ref(),
        file: section.client_secret_file.as_ref(),
        env: section.client_secret_env.as_ref(),
    };
    let previous = SecretKeys {
        name: "previous_client_secret",
        literal: section.previous_client_secret.as_ref(),
        file: section.previous_client_secret_file.as_ref(),
        env: section.previous_client_secret_env.as_ref(),
    };
    let (newest, previous) = (secret::read(&newest, context)?, secret::read(&previous, context)?);
    let end = section.previous_client_secret_expires_at.as_ref();
    if previous.is_some() != end.is_some() || previous.is_some() && newest.is_none() {
        let problem = "a previous_client_secret goes with client_secret and with previous_client_secret_expires_at";
        let at = end.map_or(section.client_id.span(), Spanned::span);
        let remedy = "write the second from which on it is refused, counted from 1970, or leave all of it out";
        return Err(context.source.fault_at(at, problem).with_remedy(remedy));
    }
    Ok((newest, previous.zip(end.map(|end| *end.get_ref()))))
}

fn metadata(context: &Context<'_>, section: ClientSection) -> Result<ClientMetadata, ConfigFault> {
    let jwks = secret::jwks(section.jwks, section.jwks_file.as_ref(), context)?;
    let types = section.authorization_details_types.into_iter().map(Spanned::into_inner).collect();
    Ok(ClientMetadata {
        client_id: section.client_id.into_inner(),
        client_name: section.client_name,
        client_uri: section.client_uri,
        token_endpoint_auth_method: section.token_endpoint_auth_method,
        token_endpoint_auth_signing_alg: section.token_endpoint_auth_signing_alg,
        request_object_signing_alg: section.request_object_signing_alg,
        request_object_encryption_alg: section.request_object_encryption_alg,
        request_object_encryption_enc: section.request_object_encryption_enc,
        id_token_signed_response_alg: section.id_token_signed_response_alg,
        id_token_encrypted_response_alg: section.id_token_encrypted_response_alg,
        id_token_encrypted_response_enc: section.id_token_encrypted_response_enc,
        userinfo_signed_response_alg: section.userinfo_signed_response_alg,
        userinfo_encrypted_response_alg: section.userinfo_encrypted_response_alg,
        userinfo_encrypted_response_enc: section.userinfo_encrypted_response_enc,
        authorization_signed_response_alg: section.authorization_signed_response_alg,
        authorization_encrypted_response_alg: section.authorization_encrypted_response_alg,
        authorization_encrypted_response_enc: section.authorization_encrypted_response_enc,
        introspection_signed_response_alg: section.introspection_signed_response_alg,
        introspection_encrypted_response_alg: section.introspection_encrypted_response_alg,
        introspection_encrypted_response_enc: section.introspection_encrypted_response_enc,
        require_signed_request_object: section.require_signed_request_object,
        request_uris: section.request_uris,
        accept_unsigned_request_object: section.accept_unsigned_request_object,
        jwks,
        jwks_uri: section.jwks_uri,
        redirect_uris: section.redirect_uris,
        post_logout_redirect_uris: section.post_logout_redirect_uris,
        scope: section.scope,
        authorization_details_types: types,
        grant_types: section.grant_types,
        response_types: section.response_types,
        dpop_bound_access_tokens: section.dpop_bound_access_tokens,
        tls_client_certificate_bound_access_tokens: section.tls_client_certificate_bound_access_tokens,
        tls_client_auth_subject_dn: section.tls_client_auth_subject_dn,
        tls_client_auth_san_dns: section.tls_client_auth_san_dns,
        tls_client_auth_san_uri: section.tls_client_auth_san_uri,
        tls_client_auth_san_ip: section.tls_client_auth_san_ip,
        tls_client_auth_san_email: section.tls_client_auth_san_email,
        application_type: section.application_type,
        status: section.status,
    })
}
