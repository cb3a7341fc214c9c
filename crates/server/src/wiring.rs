//! Wiring: a configuration and ports become an engine with its registry. What a tenant needs and no file
//! names (its uid, its signing key) is made at the first start and kept in the store.

use std::sync::Arc;

use aws_lc_rs::{hkdf, hmac};
use parhelion_dialects::Dialect;
use parhelion_engine::Engine;
use parhelion_engine::clients::client_key;
use parhelion_engine::fault::Fault;
use parhelion_engine::ports::{
    Commit, Condition, Entropy, Id, Key, Moment, Passwords, Store, StoreFault, TenantUid, Verdict,
};
use parhelion_engine::records::{self, Payload, TenantRecord};
use parhelion_engine::reference::{SealingKey, sha256};
use parhelion_engine::registry::{ApiToken, ApiTokens, Mount, Registry, Tenant, User, Users};
use parhelion_jose::base64url;

use crate::config::{Config, MountPlan, TenantPlan, UserPlan};
use crate::key_ring::{KeyFault, KeyRing, KeyRings, Opened};
use crate::master_key::MasterKey;

/// The server's own uid, under which tenants are recorded.
const SERVER: TenantUid = TenantUid([0; 16]);
/// What is kept until it is deleted.
const FOR_EVER: Moment = Moment(i64::MAX);

/// What the engine stands on, and the key that wraps what is kept.
pub struct Ports {
    /// Where records are kept.
    pub store: Arc<dyn Store>,
    /// Where randomness comes from.
    pub entropy: Arc<dyn Entropy>,
    /// Who checks passwords.
    pub passwords: Arc<dyn Passwords>,
    /// What secrets in the store are wrapped by.
    pub master: MasterKey,
}

/// A mount, and what the edge needs to know of it besides.
pub(crate) struct Wired<'a> {
    pub(crate) mount: Arc<Mount>,
    pub(crate) dialect: &'static dyn Dialect,
    pub(crate) plan: &'a MountPlan,
}

/// Why a tenant could not be wired.
#[derive(Debug)]
pub struct WiringFault {
    tenant: String,
    cause: Cause,
}

#[derive(Debug)]
enum Cause {
    /// Its keys, or what the store answered.
    Keys(KeyFault),
    /// A client or resource server has the name of a client that was registered at run time.
    NameTaken(String),
}

impl<T: Into<KeyFault>> From<T> for Cause {
    fn from(fault: T) -> Self {
        Self::Keys(fault.into())
    }
}

impl std::fmt::Display for WiringFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "tenant `{}`: ", self.tenant)?;
        match &self.cause {
            Cause::Keys(fault) => fault.fmt(f),
            Cause::NameTaken(id) => write!(
                f,
                "`{}` is, or was, a client that was registered at run time; give the client or resource server of \
                 the configuration another name",
                id.escape_debug()
            ),
        }
    }
}

impl std::error::Error for WiringFault {}

/// Builds the engine, its mounts in the order of the configuration, and what its keys are made and opened with.
pub(crate) async fn wire(config: &Config, ports: Ports) -> Result<(Engine, Vec<Wired<'_>>, KeyRings), WiringFault> {
    let mut tenants = Vec::new();
    let mut rings = KeyRings::default();
    for plan in &config.tenants {
        let made = tenant(plan, &ports).await;
        let (tenant, ring, until) = made.map_err(|cause| WiringFault { tenant: plan.id.clone(), cause })?;
        tenants.push((plan, Arc::new(tenant)));
        rings.add(&plan.id, ring, until);
    }
    let api_tokens = Arc::new(api_tokens(config, &tenants));
    let wired: Vec<Wired<'_>> = tenants
        .iter()
        .flat_map(|(plan, tenant)| plan.mounts.iter().map(|mount| wired(mount, tenant, &api_tokens)))
        .collect();
    let registry = Registry { mounts: wired.iter().map(|wired| Arc::clone(&wired.mount)).collect() };
    let engine = Engine::new(ports.store, ports.entropy, ports.passwords, registry);
    for Wired { mount, .. } in &wired {
        let loaded = engine.load_settings(mount).await;
        loaded.map_err(|fault| WiringFault { tenant: mount.tenant.id.clone(), cause: fault.into() })?;
    }
    Ok((engine, wired, rings))
}

fn wired<'a>(plan: &'a MountPlan, tenant: &Arc<Tenant>, api_tokens: &Arc<ApiTokens>) -> Wired<'a> {
    let mount = Mount {
        tenant: Arc::clone(tenant),
        dialect: plan.dialect.name(),
        base_url: plan.base.as_str().to_owned(),
        issuer: plan.issuer.as_str().to_owned(),
        urls: plan.urls(),
        mutual_tls: plan.mutual_tls(),
        policy: Arc::clone(&plan.policy),
        client_policies: plan.client_policies.clone(),
        api_tokens: Arc::clone(api_tokens),
    };
    Wired { mount: Arc::new(mount), dialect: plan.dialect, plan }
}

fn api_tokens(config: &Config, tenants: &[(&TenantPlan, Arc<Tenant>)]) -> ApiTokens {
    let mut tokens = ApiTokens::default();
    for plan in &config.api_tokens {
        let named = tenants.iter().filter(|(tenant, _)| plan.tenants.contains(&tenant.id));
        let uids = named.map(|(_, tenant)| tenant.uid).collect();
        tokens.insert(&plan.text, ApiToken { tenants: uids, rights: plan.rights.clone() });
    }
    tokens
}

async fn tenant(plan: &TenantPlan, ports: &Ports) -> Result<(Tenant, KeyRing, Moment), Cause> {
    let uid = uid(&plan.id, ports).await?;
    check_names(plan, uid, ports).await?;
    let subjects = subjects(&ports.master, uid)?;
    let mut users = Users::default();
    plan.users.iter().for_each(|plan| users.insert(user(plan, &subjects)));
    let resources = plan.resource_servers.values().flat_map(|server| server.uris.iter().cloned()).collect();
    let ring = KeyRing::new(plan, uid, &ports.master)?;
    let Opened { keys, until } = ring.open(&*ports.store, &*ports.entropy).await?;
    let tenant = Tenant {
        uid,
        id: plan.id.clone(),
        name: plan.name.clone(),
        aliases: plan.aliases.clone(),
        clients: plan.clients.clone(),
        users,
        resource_servers: plan.resource_servers.clone(),
        resources,
        authorization_details_types: plan.authorization_details_types.clone(),
        trust_anchors: Arc::clone(&plan.trust_anchors),
        attesters: Arc::clone(&plan.attesters),
        keys,
        cookie_key: SealingKey::derive(&ports.master, &[b"parhelion/1/cookie", &uid.0])?,
        registration: Arc::clone(&plan.registration),
        client_secret_key: SealingKey::derive(&ports.master, &[b"parhelion/1/client-secret", &uid.0])?,
    };
    Ok((tenant, ring, until))
}

/// Whoever has the name of a client that was registered at run time, or was once, would have its tokens too.
async fn check_names(plan: &TenantPlan, uid: TenantUid, ports: &Ports) -> Result<(), Cause> {
    for id in plan.clients.keys().chain(plan.resource_servers.keys()) {
        if ports.store.get(client_key(uid, id)).await?.is_some() {
            return Err(Cause::NameTaken(id.clone()));
        }
    }
    Ok(())
}

/// The keys of a tenant whose server does not run.
///
/// # Errors
/// [`WiringFault`].
pub(crate) async fn key_ring(plan: &TenantPlan, ports: &Ports) -> Result<KeyRing, WiringFault> {
    let failed = |fault: Fault| WiringFault { tenant: plan.id.clone(), cause: fault.into() };
    let uid = uid(&plan.id, ports).await.map_err(failed)?;
    KeyRing::new(plan, uid, &ports.master).map_err(failed)
}

/// The uid that belongs to a slug, drawn when the slug is first seen.
async fn uid(slug: &str, ports: &Ports) -> Result<TenantUid, Fault> {
    let id = sha256(&[slug.as_bytes()]);
    let record: TenantRecord = kept(ports, SERVER, id, || {
        let mut uid = [0; 16];
        ports.entropy.fill(&mut uid)?;
        Ok(TenantRecord { slug: slug.to_owned(), uid, made_at_ms: ports.store.now().0 })
    })
    .await?;
    Ok(TenantUid(record.uid))
}

/// The record at a key; where there is none, the one that `make` makes, unless somebody else was faster.
async fn kept<P: Payload>(
    ports: &Ports,
    tenant: TenantUid,
    id: Id,
    make: impl Fn() -> Result<P, Fault>,
) -> Result<P, Fault> {
    let key = Key { tenant, kind: P::KIND, id };
    if let Some(stored) = ports.store.get(key).await? {
        return records::open(&stored);
    }
    let made = make()?;
    let write = records::put_open(tenant, id, &made, FOR_EVER)?;
    match ports.store.commit(Commit { conditions: vec![Condition::Absent(key)], writes: vec![write] }).await? {
        Verdict::Done => Ok(made),
        Verdict::Refused(_) => {
            let stored = ports.store.get(key).await?;
            records::open(&stored.ok_or(Fault::Store(StoreFault::Corrupt))?)
        }
    }
}

/// The key from which subject identifiers of a tenant follow. Derived and not stored: the same user keeps the same `sub`
/// for as long as master key and tenant live, nobody without the key can compute it from the name, and a tenant
/// that is made anew has other ones.
fn subjects(master: &MasterKey, tenant: TenantUid) -> Result<hmac::Key, Fault> {
    let extracted = hkdf::Salt::new(hkdf::HKDF_SHA256, &[]).extract(&**master);
    let info: [&[u8]; 2] = [b"parhelion/1/sub", &tenant.0];
    let expanded = extracted.expand(&info, hmac::HMAC_SHA256).map_err(|_| Fault::Crypto)?;
    Ok(hmac::Key::from(expanded))
}

fn user(plan: &UserPlan, subjects: &hmac::Key) -> User {
    let derived = || base64url::encode(hmac::sign(subjects, plan.username.as_bytes()).as_ref());
    User {
        username: plan.username.clone(),
        password_hash: plan.password_hash.clone(),
        sub: plan.sub.clone().unwrap_or_else(derived),
        claims: plan.claims.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::passwords::Argon2Passwords;
    use crate::plain_dialect::DIALECTS;
    use parhelion_stores::MemoryStore;
    use parhelion_testkit::{FakeClock, SeededEntropy};
    use std::path::Path;
    use zeroize::Zeroizing;

    fn ports(store: &Arc<MemoryStore>, master: u8, seed: u64) -> Ports {
        let store: Arc<dyn Store> = Arc::<MemoryStore>::clone(store);
        let passwords = Arc::new(Argon2Passwords::new(1, None));
        Ports { store, entropy: Arc::new(SeededEntropy::new(seed)), passwords, master: Zeroizing::new([master; 32]) }
    }

    fn config() -> Config {
        let hash = crate::passwords::hash("x").unwrap();
        let user = |name| format!("[[tenant.user]]\nusername = \"{name}\"\npassword_hash = \"{hash}\"\n");
        let tenant = |id| {
            format!(
                "[[tenant]]\nid = \"{id}\"\n[[tenant.mount]]\ndialect = \"plain\"\nbase_url = \"https://as/{id}\"\n"
            )
        };
        let own = "sub = \"u-1\"\n";
        let text =
            ["version = 1\n", &tenant("a"), &user("ada"), &user("bob"), own, &tenant("b"), &user("ada")].concat();
        Config::read(Path::new("x.toml"), &text, DIALECTS).unwrap()
    }

    fn sub(engine: &Engine, mount: usize, name: &str) -> String {
        engine.registry().mounts[mount].tenant.users.named(name).unwrap().sub.clone()
    }

    #[tokio::test]
    async fn uid_keys_and_subjects_are_the_same_at_the_next_start() {
        let store = Arc::new(MemoryStore::new(Arc::new(FakeClock::default())));
        let config = config();
        let (one, ..) = wire(&config, ports(&store, 1, 1)).await.unwrap();
        let (two, ..) = wire(&config, ports(&store, 1, 2)).await.unwrap();
        let (one_mounts, two_mounts) = (&one.registry().mounts, &two.registry().mounts);
        for (one, two) in one_mounts.iter().zip(two_mounts) {
            assert_eq!(one.tenant.uid, two.tenant.uid);
            assert_eq!(one.tenant.keys.jwks(), two.tenant.keys.jwks());
        }
        assert_ne!(one_mounts[0].tenant.uid, one_mounts[1].tenant.uid);
        assert_ne!(one_mounts[0].tenant.keys.jwks(), one_mounts[1].tenant.keys.jwks());
        assert_eq!(sub(&one, 0, "ada"), sub(&two, 0, "ada"));
    }

    #[tokio::test]
    async fn subject_is_the_tenants_own_unless_the_file_names_one() {
        let store = Arc::new(MemoryStore::new(Arc::new(FakeClock::default())));
        let (engine, ..) = wire(&config(), ports(&store, 1, 1)).await.unwrap();
        assert_ne!(sub(&engine, 0, "ada"), sub(&engine, 1, "ada"));
        assert_eq!(sub(&engine, 0, "ada").len(), 43);
        assert_eq!(sub(&engine, 0, "bob"), "u-1");
    }

    #[tokio::test]
    async fn name_of_a_client_that_was_registered_at_run_time_is_not_taken_by_the_configuration() {
        let store = Arc::new(MemoryStore::new(Arc::new(FakeClock::default())));
        let (engine, ..) = wire(&config(), ports(&store, 1, 1)).await.unwrap();
        let uid = engine.registry().mounts[0].tenant.uid;
        let server = "[[tenant]]\nid = \"a\"\n[[tenant.mount]]\ndialect = \"plain\"\nbase_url = \"https://as/a\"\n\
                      [[tenant.resource_server]]\nid = \"taken\"\nuris = [\"https://rs\"]\n";
        let changed = Config::read(Path::new("x.toml"), &format!("version = 1\n{server}"), DIALECTS).unwrap();
        assert!(wire(&changed, ports(&store, 1, 2)).await.is_ok());
        let gone = records::ClientRecord::Gone { at_ms: 0 };
        let write = records::put_open(uid, client_key(uid, "taken").id, &gone, FOR_EVER).unwrap();
        let _ = store.commit(Commit { conditions: Vec::new(), writes: vec![write] }).await.unwrap();
        let fault = wire(&changed, ports(&store, 1, 3)).await.err().unwrap().to_string();
        assert!(fault.starts_with("tenant `a`: `taken` is, or was, a client"), "{fault}");
    }

    #[tokio::test]
    async fn another_master_key_is_noticed() {
        let store = Arc::new(MemoryStore::new(Arc::new(FakeClock::default())));
        wire(&config(), ports(&store, 1, 1)).await.unwrap();
        let fault = wire(&config(), ports(&store, 2, 2)).await.err().unwrap().to_string();
        assert!(fault.starts_with("tenant `a`: ") && fault.contains("master.key"), "{fault}");
    }
}
