//! A tenant with one mount, two clients and a user, on a memory store with a clock set by hand.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock};

use parhelion_engine::Engine;
use parhelion_engine::authorize::Loaded;
use parhelion_engine::client_request::{ClientRequest, Possession};
use parhelion_engine::fault::Turned;
use parhelion_engine::interaction::{ConsentView, Interaction, Page};
use parhelion_engine::keys::TenantKeys;
use parhelion_engine::ports::{Moment, PasswordAnswer, PasswordVerdict, Passwords, TenantUid};
use parhelion_engine::push::Accepted;
use parhelion_engine::reference::SealingKey;
use parhelion_engine::registration::RegistrationTerms;
use parhelion_engine::registry::{Mount, MutualTls, Registry, Tenant, User, Users};
use parhelion_engine::response::AuthorizationResponse;
use parhelion_engine::token::Tokens;
use parhelion_engine::userinfo::{Scheme, ShownToken, Userinfo};
use parhelion_jose::jwe::{self, DecryptionKey};
use parhelion_jose::signing::SigningKey;
use parhelion_jose::{base64url, jws::Algorithm};
use parhelion_protocol::authorization_details_type::AuthorizationDetailsType;
use parhelion_protocol::client::{Client, ClientMetadata};
use parhelion_protocol::client_auth::attest_jwt_client_auth::Attester;
use parhelion_protocol::client_auth::{Authorization, SecretDigest};
use parhelion_protocol::endpoint::Endpoint;
use parhelion_protocol::form;
use parhelion_protocol::profile::{LoopbackRedirectUri, shipped};
use parhelion_protocol::refusal::Reason;
use parhelion_protocol::resource_server::{ResourceServer, ResourceServerMetadata};
use parhelion_stores::memory::MemoryStore;
use parhelion_testkit::{FakeClock, SeededEntropy};
use zeroize::Zeroizing;

pub(crate) const ISSUER: &str = "https://as.example/t";
pub(crate) const START: Moment = Moment(1_800_000_000_000);
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
/// Its key is the one of the client `keyed`.
pub(crate) const ATTESTER: &str = "https://attester.example";
pub(crate) const API: &str = "https://api.example";
/// Stands for the key of the scene.
const NO_KEYS: &str = "{\"keys\":[]}";
pub(crate) const CALLBACK: &str = "https://app.example/cb";

/// Knows one password. The real check is slow and belongs to the edge.
struct OnePassword;

impl Passwords for OnePassword {
    fn check(&self, hash: Option<String>, password: Zeroizing<String>) -> PasswordAnswer<'_> {
        let right = hash.is_some() && *password == "secret";
        let verdict = if right { PasswordVerdict::Right } else { PasswordVerdict::Wrong };
        Box::pin(async move { Ok(verdict) })
    }
}

pub(crate) struct Scene {
    pub(crate) engine: Engine,
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) mount: Arc<Mount>,
    pub(crate) client_key: SigningKey,
    cookie_key_seed: [u8; 32],
    profile: &'static str,
}

impl Scene {
    pub(crate) fn new() -> Self {
        Self::with_profile("default")
    }

    pub(crate) fn with_profile(profile: &'static str) -> Self {
        let clock = Arc::new(FakeClock::at(START));
        let client_key = SigningKey::generate(Algorithm::Es256).unwrap();
        let seed = [7; 32];
        let mount = mount(profile, &client_key, &seed, metadata());
        let store = Arc::new(MemoryStore::new(clock.clone()));
        let registry = Registry { mounts: vec![mount.clone()] };
        let engine = Engine::new(store, Arc::new(SeededEntropy::new(1)), Arc::new(OnePassword), registry);
        Self { engine, clock, mount, client_key, cookie_key_seed: seed, profile }
    }

    /// The same scene after its configuration changed.
    pub(crate) fn reconfigured(&mut self, change: impl Fn(&mut ClientMetadata)) {
        let mut all = metadata();
        all.iter_mut().for_each(change);
        self.mount = mount(self.profile, &self.client_key, &self.cookie_key_seed, all);
        self.engine.change_registry(|_| Registry { mounts: vec![self.mount.clone()] });
    }

    /// The same scene after its configuration changed, its clients with this JWK set.
    pub(crate) fn with_keys(&mut self, jwks: String, change: impl Fn(&mut ClientMetadata)) {
        let mut all = metadata();
        for client in &mut all {
            client.jwks = Some(jwks.clone());
            change(client);
        }
        self.mount = mount(self.profile, &self.client_key, &self.cookie_key_seed, all);
        self.engine.change_registry(|_| Registry { mounts: vec![self.mount.clone()] });
    }

    pub(crate) async fn userinfo(&self, token: &str) -> Result<Userinfo, Turned> {
        let shown = ShownToken { text: token.into(), scheme: Scheme::Bearer, possession: Possession::default() };
        self.engine.userinfo(&self.mount, &shown).await.outcome
    }

    /// The same scene where clients may register themselves.
    pub(crate) fn registers(&mut self, terms: RegistrationTerms) {
        let mut tenant = self.mount.tenant.with_keys(keys(&self.client_key));
        tenant.registration = Arc::new(terms);
        self.mount = Arc::new(Mount { tenant: Arc::new(tenant), ..(*self.mount).clone() });
        self.engine.change_registry(|_| Registry { mounts: vec![self.mount.clone()] });
    }

    /// The same scene under another policy.
    pub(crate) fn policy(
        &mut self,
        change: impl Fn(&parhelion_protocol::profile::Policy) -> parhelion_protocol::profile::Policy,
    ) {
        let policy = Arc::new(change(&self.mount.policy));
        self.mount = Arc::new(Mount { policy, ..(*self.mount).clone() });
        self.engine.change_registry(|_| Registry { mounts: vec![self.mount.clone()] });
    }

    /// The same mount where nobody vouches for clients.
    pub(crate) fn without_attesters(&self) -> Mount {
        let mut tenant =
            self.mount.tenant.with_keys(TenantKeys::new(SigningKey::generate(Algorithm::Es256).unwrap(), Vec::new()));
        tenant.attesters = Arc::default();
        Mount { tenant: Arc::new(tenant), ..Mount::clone(&self.mount) }
    }

    pub(crate) async fn push(&self, body: &str) -> Result<Accepted, Turned> {
        let parameters = form::parse(body.as_bytes()).unwrap();
        let request = ClientRequest {
            authorization: Authorization::Absent,
            parameters,
            possession: Possession::default(),
            properties: Vec::new(),
        };
        self.engine.push(&self.mount, &request).await.outcome
    }

    pub(crate) async fn pushed(&self) -> String {
        self.push(&request("")).await.ok().unwrap().request_uri
    }

    pub(crate) async fn load(&self, client_id: &str, request_uri: &str) -> Result<Loaded, Turned> {
        self.load_with(client_id, request_uri, None).await
    }

    pub(crate) async fn load_with(
        &self,
        client: &str,
        request_uri: &str,
        session: Option<&str>,
    ) -> Result<Loaded, Turned> {
        let query = format!("client_id={client}&request_uri={request_uri}");
        self.engine.authorize(&self.mount, query.as_bytes(), session).await
    }

    /// Loads and logs in.
    pub(crate) async fn logged_in(&self, request_uri: &str) -> Interaction {
        self.logged_in_as("app", request_uri).await
    }

    /// Loads for a client and logs in.
    pub(crate) async fn logged_in_as(&self, client_id: &str, request_uri: &str) -> Interaction {
        let interaction = interaction(self.load(client_id, request_uri).await);
        let password = Zeroizing::new("secret".to_owned());
        self.engine.login(&self.mount, &interaction, "alice", password).await.ok().unwrap().interaction
    }

    /// Takes the code out of a response.
    pub(crate) async fn code(&self) -> String {
        self.code_for(&request("")).await
    }

    /// Pushes, logs in and allows.
    pub(crate) async fn code_for(&self, request: &str) -> String {
        use parhelion_engine::interaction::Decision;
        let request_uri = self.push(request).await.ok().unwrap().request_uri;
        let interaction = self.logged_in(&request_uri).await;
        let response = self.complete(&interaction, Decision::Allow).await.unwrap();
        parameter(&response, "code").unwrap()
    }

    /// Completes with what the consent page shows.
    pub(crate) async fn complete(
        &self,
        interaction: &Interaction,
        decision: parhelion_engine::interaction::Decision,
    ) -> Result<AuthorizationResponse, Turned> {
        match self.engine.consent_view(&self.mount, interaction).await? {
            Page::Show(view) => self.engine.complete(&self.mount, interaction, decision, &view.shown).await,
            Page::Answer(response) => Ok(response),
        }
    }

    /// What the consent page shows.
    pub(crate) async fn consent_view(&self, interaction: &Interaction) -> ConsentView {
        match self.engine.consent_view(&self.mount, interaction).await.unwrap() {
            Page::Show(view) => view,
            Page::Answer(_) => panic!("an answer in place of a page"),
        }
    }

    pub(crate) async fn token(&self, body: &str) -> Result<Tokens, Turned> {
        let parameters = form::parse(body.as_bytes()).unwrap();
        let request = ClientRequest {
            authorization: Authorization::Absent,
            parameters,
            possession: Possession::default(),
            properties: Vec::new(),
        };
        self.engine.token(&self.mount, &request).await.outcome
    }

    pub(crate) fn assertion(&self, jti: &str) -> String {
        let now_s = self.clock_s();
        let claims = serde_json::json!({
            "iss": "keyed", "sub": "keyed", "aud": ISSUER, "exp": now_s.saturating_add(60), "iat": now_s, "jti": jti
        });
        self.client_key.sign("JWT", claims.to_string().as_bytes()).unwrap()
    }

    pub(crate) fn clock_s(&self) -> i64 {
        self.engine.store.now().epoch_s()
    }
}

pub(crate) fn request(more: &str) -> String {
    format!(
        "client_id=app&response_type=code&redirect_uri={CALLBACK}&scope=openid+profile&state=st%26te&nonce=n-1&code_challenge={CHALLENGE}&code_challenge_method=S256{more}"
    )
}

pub(crate) fn redemption(code: &str) -> String {
    format!("grant_type=authorization_code&client_id=app&code={code}&redirect_uri={CALLBACK}&code_verifier={VERIFIER}")
}

pub(crate) fn interaction(loaded: Result<Loaded, Turned>) -> Interaction {
    match loaded.unwrap() {
        Loaded::Interaction(interaction) | Loaded::Flow(interaction) => interaction,
        Loaded::Response(response) => panic!("answered with {response:?}"),
    }
}

pub(crate) fn parameter(response: &AuthorizationResponse, name: &str) -> Option<String> {
    response.parameter(name).map(str::to_owned)
}

/// The reason of a refusal.
#[track_caller]
pub(crate) fn reason<T>(result: Result<T, Turned>) -> Reason {
    match result {
        Ok(_) => panic!("accepted"),
        Err(turned) => turned.refusal().reason,
    }
}

/// A type that the tenant knows, and no client may use unless it says so.
fn payment() -> (String, Arc<AuthorizationDetailsType>) {
    let schema = r#"{"properties":{"amount":{"type":"integer"}},"required":["amount"]}"#;
    let payment = AuthorizationDetailsType::register("payment", Some("Pays once".to_owned()), schema).unwrap();
    (payment.name.clone(), Arc::new(payment))
}

/// A key of the tenant: the first two are published, the third was.
pub(crate) fn decryption_key(number: usize) -> DecryptionKey {
    static DOCUMENTS: OnceLock<Vec<Zeroizing<Vec<u8>>>> = OnceLock::new();
    const ALGS: [jwe::Algorithm; 3] = [jwe::Algorithm::EcdhEs, jwe::Algorithm::RsaOaep256, jwe::Algorithm::EcdhEs];
    let made = |alg: jwe::Algorithm| DecryptionKey::generate(alg).unwrap().to_pkcs8().unwrap();
    let documents = DOCUMENTS.get_or_init(|| ALGS.map(made).into());
    DecryptionKey::from_pkcs8(ALGS[number - 1], Some(&format!("enc-{number}")), &documents[number - 1]).unwrap()
}

fn metadata() -> Vec<ClientMetadata> {
    let text = |value: serde_json::Value| serde_json::from_value(value).unwrap();
    vec![
        text(serde_json::json!({
            "client_id": "app", "token_endpoint_auth_method": "none", "redirect_uris": [CALLBACK], "scope": "openid profile"
        })),
        text(serde_json::json!({
            "client_id": "other", "token_endpoint_auth_method": "none", "redirect_uris": [CALLBACK], "scope": "openid"
        })),
        text(serde_json::json!({
            "client_id": "keyed", "token_endpoint_auth_method": "private_key_jwt", "redirect_uris": [CALLBACK],
            "jwks": NO_KEYS
        })),
        text(serde_json::json!({
            "client_id": "wallet", "token_endpoint_auth_method": "attest_jwt_client_auth", "redirect_uris": [CALLBACK],
            "scope": "openid offline_access", "grant_types": ["authorization_code", "implicit", "refresh_token"]
        })),
        text(serde_json::json!({
            "client_id": "combined", "token_endpoint_auth_method": "attest_jwt_client_auth_dpop",
            "redirect_uris": [CALLBACK]
        })),
    ]
}

fn mount(profile: &str, client_key: &SigningKey, seed: &[u8; 32], clients: Vec<ClientMetadata>) -> Arc<Mount> {
    let jwks = serde_json::json!({ "keys": [client_key.public_jwk()] }).to_string();
    let attesters = [Attester::register(ATTESTER.to_owned(), &jwks).unwrap()].into();
    let clients = clients.into_iter().map(|mut metadata| {
        metadata.jwks = metadata.jwks.map(|text| if text == NO_KEYS { jwks.clone() } else { text });
        let client = Client::register(metadata, &[], LoopbackRedirectUri::Accepted).unwrap();
        (client.client_id.clone(), Arc::new(client))
    });
    let user = User {
        username: "alice".to_owned(),
        password_hash: "hash".to_owned(),
        sub: "sub-alice".to_owned(),
        claims: serde_json::json!({ "name": "Alice", "email": "a@b.example", "salary": 1 })
            .as_object()
            .unwrap()
            .clone(),
    };
    let mut users = Users::default();
    users.insert(user);
    let api: ResourceServerMetadata =
        serde_json::from_value(serde_json::json!({ "id": "api", "uris": [API] })).unwrap();
    let api = ResourceServer::register(api, Some(SecretDigest::of("api-secret"))).unwrap();
    let tenant = Tenant {
        uid: TenantUid([3; 16]),
        id: "t".to_owned(),
        name: "T".to_owned(),
        aliases: Vec::new(),
        clients: clients.collect(),
        users,
        resource_servers: HashMap::from([("api".to_owned(), Arc::new(api))]),
        resources: vec![API.to_owned()],
        authorization_details_types: [payment()].into(),
        trust_anchors: Arc::default(),
        attesters,
        keys: keys(client_key),
        cookie_key: SealingKey::derive(seed, &[b"cookie"]).unwrap(),
        registration: Arc::default(),
        client_secret_key: SealingKey::derive(&[8; 32], &[b"client-secret"]).unwrap(),
    };
    let url = |path: &str| format!("{ISSUER}{path}");
    Arc::new(Mount {
        tenant: Arc::new(tenant),
        dialect: "standard",
        base_url: ISSUER.to_owned(),
        issuer: ISSUER.to_owned(),
        urls: BTreeMap::from([
            (Endpoint::Push, url("/par")),
            (Endpoint::Token, url("/token")),
            (Endpoint::Userinfo, url("/userinfo")),
            (Endpoint::Introspect, url("/introspect")),
            (Endpoint::Challenge, url("/challenge")),
            (Endpoint::Register, url("/register")),
            (Endpoint::RegisteredClient, url("/register/")),
        ]),
        mutual_tls: MutualTls::Here,
        policy: Arc::new(shipped(profile).unwrap()),
        client_policies: HashMap::new(),
        api_tokens: Arc::default(),
    })
}

/// What the tenant signs and decrypts with.
fn keys(key: &SigningKey) -> TenantKeys {
    let key = SigningKey::from_pkcs8(Algorithm::Es256, None, &key.to_pkcs8().unwrap());
    TenantKeys::new(key.unwrap(), Vec::new())
        .with_encryption(vec![decryption_key(1), decryption_key(2)], vec![decryption_key(3)])
}

/// The payload of a JWT.
pub(crate) fn payload(jwt: &str) -> serde_json::Value {
    serde_json::from_slice(&base64url::decode(jwt.split('.').nth(1).unwrap()).unwrap()).unwrap()
}

/// The claims of a plain userinfo answer.
#[track_caller]
pub(crate) fn claims(told: &Userinfo) -> serde_json::Value {
    match told {
        Userinfo::Json(text) => serde_json::from_str(text).unwrap(),
        Userinfo::Jwt(_) => panic!("a JWT"),
    }
}
