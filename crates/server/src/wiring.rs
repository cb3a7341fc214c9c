//! Wiring: a configuration and ports become an engine with its registry. What a tenant needs and no file
//! names (its uid, its signing key) is made at the first start and kept in the store.

use std::sync::Arc;

use aws_lc_rs::{hkdf, hmac};
use parhelion_dialects::Dialect;
use parhelion_engine::Engine;
use parhelion_engine::fault::Fault;
use parhelion_engine::keys::SigningKeys;
use parhelion_engine::ports::{
    Commit, Condition, Entropy, Id, Key, Moment, Passwords, Store, StoreFault, TenantUid, Verdict,
};
use parhelion_engine::records::{self, Payload, SigningKeyRecord, TenantRecord};
use parhelion_engine::reference::{SealingKey, sha256};
use parhelion_engine::registry::{ApiToken, ApiTokens, Mount, Registry, Tenant, User, Users};
use parhelion_jose::base64url;
use parhelion_jose::jws::Algorithm;
use parhelion_jose::signing::SigningKey;

use crate::config::{Config, MountPlan, TenantPlan, UserPlan};
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
    fault: Fault,
}

impl std::fmt::Display for WiringFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "tenant `{}`: ", self.tenant)?;
        match self.fault {
            Fault::Store(fault) => write!(f, "the store does not answer ({fault:?})"),
            Fault::Record => f.write_str(
                "what the store holds cannot be read with this master key; put back the master.key that belongs to this store",
            ),
            Fault::Entropy => f.write_str("the operating system gives no randomness"),
            Fault::Crypto | Fault::Busy => f.write_str("a key could not be made"),
        }
    }
}

impl std::error::Error for WiringFault {}

/// Builds the engine, and its mounts in the order of the configuration.
pub(crate) async fn wire(config: &Config, ports: Ports) -> Result<(Engine, Vec<Wired<'_>>), WiringFault> {
    let mut tenants = Vec::new();
    for plan in &config.tenants {
        let tenant = tenant(plan, &ports).await;
        tenants.push((plan, Arc::new(tenant.map_err(|fault| WiringFault { tenant: plan.id.clone(), fault })?)));
    }
    let api_tokens = Arc::new(api_tokens(config, &tenants));
    let wired: Vec<Wired<'_>> = tenants
        .iter()
        .flat_map(|(plan, tenant)| plan.mounts.iter().map(|mount| wired(mount, tenant, &api_tokens)))
        .collect();
    let registry = Registry { mounts: wired.iter().map(|wired| Arc::clone(&wired.mount)).collect() };
    Ok((Engine::new(ports.store, ports.entropy, ports.passwords, registry), wired))
}

fn wired<'a>(plan: &'a MountPlan, tenant: &Arc<Tenant>, api_tokens: &Arc<ApiTokens>) -> Wired<'a> {
    let mount = Mount {
        tenant: Arc::clone(tenant),
        dialect: plan.dialect.name(),
        base_url: plan.base.as_str().to_owned(),
        issuer: plan.issuer.as_str().to_owned(),
        urls: plan.urls(),
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

async fn tenant(plan: &TenantPlan, ports: &Ports) -> Result<Tenant, Fault> {
    let uid = uid(&plan.id, ports).await?;
    let subjects = subjects(&ports.master, uid)?;
    let mut users = Users::default();
    plan.users.iter().for_each(|plan| users.insert(user(plan, &subjects)));
    let resources = plan.resource_servers.values().flat_map(|server| server.uris.iter().cloned()).collect();
    Ok(Tenant {
        uid,
        id: plan.id.clone(),
        name: plan.name.clone(),
        aliases: plan.aliases.clone(),
        clients: plan.clients.clone(),
        users,
        resource_servers: plan.resource_servers.clone(),
        resources,
        authorization_details_types: plan.authorization_details_types.clone(),
        keys: SigningKeys::new(signing_key(uid, ports).await?, Vec::new()),
        cookie_key: SealingKey::derive(&ports.master, &[b"parhelion/1/cookie", &uid.0])?,
    })
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

async fn signing_key(tenant: TenantUid, ports: &Ports) -> Result<SigningKey, Fault> {
    let wrapping = SealingKey::derive(&ports.master, &[b"parhelion/1/signing-key", &tenant.0])?;
    // The first one; what a rotation adds gets ids of its own.
    let id = sha256(&[b"parhelion/1/first-signing-key"]);
    let record: SigningKeyRecord = kept(ports, tenant, id, || {
        let key = SigningKey::generate(Algorithm::Es256).map_err(|_| Fault::Crypto)?;
        let document = key.to_pkcs8().map_err(|_| Fault::Crypto)?;
        Ok(SigningKeyRecord {
            alg: key.algorithm().name().to_owned(),
            kid: key.kid().to_owned(),
            wrapped: wrapping.seal(key.kid().as_bytes(), document.to_vec(), &*ports.entropy)?,
            made_at_ms: ports.store.now().0,
        })
    })
    .await?;
    let algorithm = Algorithm::from_name(&record.alg).ok_or(Fault::Record)?;
    let document = wrapping.open(record.kid.as_bytes(), &record.wrapped).ok_or(Fault::Record)?;
    SigningKey::from_pkcs8(algorithm, Some(&record.kid), &document).map_err(|_| Fault::Record)
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
        let (one, _) = wire(&config, ports(&store, 1, 1)).await.unwrap();
        let (two, _) = wire(&config, ports(&store, 1, 2)).await.unwrap();
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
        let (engine, _) = wire(&config(), ports(&store, 1, 1)).await.unwrap();
        assert_ne!(sub(&engine, 0, "ada"), sub(&engine, 1, "ada"));
        assert_eq!(sub(&engine, 0, "ada").len(), 43);
        assert_eq!(sub(&engine, 0, "bob"), "u-1");
    }

    #[tokio::test]
    async fn another_master_key_is_noticed() {
        let store = Arc::new(MemoryStore::new(Arc::new(FakeClock::default())));
        wire(&config(), ports(&store, 1, 1)).await.unwrap();
        let fault = wire(&config(), ports(&store, 2, 2)).await.err().unwrap().to_string();
        assert!(fault.starts_with("tenant `a`: ") && fault.contains("master.key"), "{fault}");
    }
}
