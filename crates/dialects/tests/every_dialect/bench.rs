//! A tenant with five clients, mounted in one dialect on a real engine; and the way a request goes through
//! it, as the edge sends it.

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use parhelion_dialects::{Dialect, Incoming, RequestId, Response, Unread};
use parhelion_engine::Engine;
use parhelion_engine::client_request::{ClientRequest, Judged};
use parhelion_engine::fault::Turned;
use parhelion_engine::keys::TenantKeys;
use parhelion_engine::ports::{
    Answer, Commit, Id, Key, Kind, Moment, PasswordAnswer, PasswordVerdict, Passwords, Store, StoreFault, Stored,
    TenantUid, Verdict,
};
use parhelion_engine::reference::SealingKey;
use parhelion_engine::registry::{ApiToken, ApiTokens, Mount, MutualTls, Registry, Right, Tenant, Users};
use parhelion_jose::base64url;
use parhelion_jose::jws::Algorithm;
use parhelion_jose::signing::SigningKey;
use parhelion_protocol::authorization_details_type::{AuthorizationDetailsType, AuthorizationDetailsTypes};
use parhelion_protocol::client::{Client, ClientMetadata};
use parhelion_protocol::client_auth::GivenSecret;
use parhelion_protocol::endpoint::Endpoint;
use parhelion_protocol::profile::{LoopbackRedirectUri, shipped};
use parhelion_protocol::refusal::Reason;
use parhelion_protocol::sender::certificate::{self, Chain};
use parhelion_stores::MemoryStore;
use parhelion_testkit::{FakeClock, SeededEntropy};
use serde_json::json;
use zeroize::Zeroizing;

use crate::case::Case;
use crate::spelling::{self, Written};

/// What `tls-client` registered, valid from 2026 to 2126.
pub(crate) const CLIENT_CERTIFICATE: &str = include_str!("../certificates/client.pem");
/// What nobody registered.
pub(crate) const STRANGERS_CERTIFICATE: &str = include_str!("../certificates/stranger.pem");
pub(crate) const SECRET: &str = "c2VjcmV0LWZvci10ZXN0cw";
pub(crate) const API_TOKEN: &str = "token-of-the-caller";
pub(crate) const REQUEST_ID: RequestId = RequestId::from_random([0x2a; 16]);
const BASE_URL: &str = "https://as.example";
const PUBLIC_URL: &str = "https://as.example";
const UID: TenantUid = TenantUid([3; 16]);

/// An engine with one mount.
pub(crate) struct Bench {
    dialect: &'static dyn Dialect,
    client_key: SigningKey,
    store: Arc<MemoryStore>,
    mount: Arc<Mount>,
}

impl Bench {
    pub(crate) fn new(dialect: &'static dyn Dialect) -> Self {
        let client_key = SigningKey::generate(Algorithm::Es256).unwrap();
        let mount = mount(dialect, tenant(&client_key));
        let store = Arc::new(MemoryStore::new(Arc::new(FakeClock::default())));
        Self { dialect, client_key, store, mount }
    }

    /// Sends a case as often as it says; gives what was sent and the last answer.
    pub(crate) fn run(&self, case: &Case) -> (Written, Response) {
        let said = case.said(SECRET, &self.assertion(case));
        let mut written = match &case.json {
            Some(json) => spelling::raw_json(self.dialect.name(), json, &said),
            None => spelling::write(self.dialect.name(), &said),
        };
        case.header.iter().for_each(|(name, values)| written.replace(name, values));
        let engine = self.engine(case);
        let answers = (0..case.times.unwrap_or(1)).map(|_| self.send(&engine, case, &written));
        let answer = answers.last().unwrap();
        (written, answer)
    }

    fn engine(&self, case: &Case) -> Engine {
        let store: Arc<dyn Store> =
            if case.store.is_some() { Arc::new(DownStore(self.store.clone())) } else { self.store.clone() };
        let registry = Registry { mounts: vec![self.mount.clone()] };
        Engine::new(store, Arc::new(SeededEntropy::new(1)), Arc::new(NobodyLogsIn), registry)
    }

    /// What the edge does with a request at an endpoint where clients authenticate.
    fn send(&self, engine: &Engine, case: &Case, written: &Written) -> Response {
        let endpoint = if case.endpoint.is_some() { Endpoint::Token } else { Endpoint::Push };
        let incoming = Incoming {
            mount: &self.mount,
            endpoint,
            path: self.mount.url(endpoint).and_then(|url| url.strip_prefix(BASE_URL)).unwrap_or_default(),
            headers: &written.headers,
            query: case.query.as_deref(),
            body: written.body.as_bytes(),
            certificate: &certificate::Shown::Absent,
            request_id: REQUEST_ID,
            public_url: PUBLIC_URL,
        };
        let too_large = written.body.len() > self.dialect.body_max_bytes(&self.mount.policy) as usize;
        let turned_down = case.turned_down.as_deref().map(|code| Reason::from_code(code).unwrap());
        if let Some(reason) = turned_down.or(too_large.then_some(Reason::BodyTooLarge)) {
            return self.dialect.write_turned_down(&Incoming { body: &[], ..incoming }, &reason.into());
        }
        let request = self.dialect.read(&incoming);
        if endpoint == Endpoint::Token {
            let judge = |request: &ClientRequest<'_>| at_once(engine.token(&self.mount, request));
            answered(request, judge, |judged| self.dialect.write_tokens(&incoming, judged))
        } else {
            let judge = |request: &ClientRequest<'_>| at_once(engine.push(&self.mount, request));
            answered(request, judge, |judged| self.dialect.write_pushed(&incoming, judged))
        }
    }

    fn assertion(&self, case: &Case) -> String {
        let now_s = self.store.now().epoch_s();
        let mut claims = json!({ "iss": "jwt-client", "sub": "jwt-client", "aud": self.mount.issuer, "jti": "once" });
        claims["exp"] = (now_s + 60).into();
        for (name, value) in &case.claims {
            let seconds = value.as_integer().map(|seconds| json!(now_s + seconds));
            claims[name] = seconds.unwrap_or_else(|| value.as_str().unwrap().into());
        }
        self.client_key.sign("JWT", claims.to_string().as_bytes()).unwrap()
    }
}

/// What becomes of a request that was read or not.
fn answered<T>(
    request: Result<ClientRequest<'_>, Unread>,
    judge: impl FnOnce(&ClientRequest<'_>) -> Judged<T>,
    write: impl FnOnce(&Judged<T>) -> Response,
) -> Response {
    match request {
        Ok(request) => write(&judge(&request)),
        Err(Unread::Refused(refusal)) => write(&Judged::unidentified(Err(Turned::Refused(refusal)))),
        Err(Unread::Answered(response)) => *response,
    }
}

/// The answer of a future that waits for nothing.
fn at_once<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the memory store waits for nothing"),
    }
}

fn tenant(client_key: &SigningKey) -> Tenant {
    let mut jwk = client_key.public_jwk();
    let certificate = Chain::from_pem([CLIENT_CERTIFICATE]).unwrap();
    jwk.insert("x5t#S256".to_owned(), base64url::encode(&certificate.x5t_s256()).into());
    let jwks = json!({ "keys": [jwk] }).to_string();
    let clients = [
        ("basic-client", "client_secret_basic", "enabled"),
        ("post-client", "client_secret_post", "enabled"),
        ("jwt-client", "private_key_jwt", "enabled"),
        ("public-client", "none", "enabled"),
        ("tls-client", "self_signed_tls_client_auth", "enabled"),
        ("disabled-client", "client_secret_basic", "disabled"),
    ]
    .map(|(client_id, method, status)| (client_id.to_owned(), Arc::new(client(client_id, method, status, &jwks))));
    Tenant {
        uid: UID,
        id: "acme".to_owned(),
        name: "Acme".to_owned(),
        aliases: vec!["acme".to_owned(), "21653835348762".to_owned()],
        clients: HashMap::from(clients),
        users: Users::default(),
        resource_servers: HashMap::new(),
        resources: vec!["https://api.example/one".to_owned(), "https://api.example/two".to_owned()],
        authorization_details_types: authorization_details_types(),
        trust_anchors: Arc::default(),
        attesters: Arc::default(),
        keys: TenantKeys::new(SigningKey::generate(Algorithm::Es256).unwrap(), Vec::new()),
        cookie_key: SealingKey::derive(&[7; 32], &[b"cookie"]).unwrap(),
        registration: Arc::default(),
        client_secret_key: SealingKey::derive(&[8; 32], &[b"client-secret"]).unwrap(),
    }
}

/// Known to the tenant; jwt-client may use it.
fn authorization_details_types() -> AuthorizationDetailsTypes {
    let schema = r#"{"properties":{"amount":{"type":"integer"},"to":{"properties":{"iban":{"type":"string"}}}},
        "required":["amount"]}"#;
    let payment = AuthorizationDetailsType::register("payment", None, schema).unwrap();
    AuthorizationDetailsTypes::from([(payment.name.clone(), Arc::new(payment))])
}

fn client(client_id: &str, method: &str, status: &str, jwks: &str) -> Client {
    let metadata: ClientMetadata = serde_json::from_value(json!({
        "client_id": client_id,
        "token_endpoint_auth_method": method,
        "redirect_uris": ["https://app.example/cb"],
        "scope": "openid profile",
        "status": status,
        "jwks": jwks,
        "authorization_details_types": if client_id == "jwt-client" { vec!["payment"] } else { Vec::new() },
    }))
    .unwrap();
    let secret = method.starts_with("client_secret").then_some(GivenSecret::lasting(SECRET));
    Client::register(metadata, secret.as_slice(), LoopbackRedirectUri::Accepted).unwrap()
}

fn mount(dialect: &dyn Dialect, tenant: Tenant) -> Arc<Mount> {
    let base_url = format!("{BASE_URL}{}", dialect.tenant_path(&tenant.aliases).unwrap());
    let urls = dialect.routes().iter().rev().map(|route| (route.endpoint, format!("{base_url}{}", route.path)));
    let token = |tenant, rights| ApiToken { tenants: vec![tenant], rights };
    let mut api_tokens = ApiTokens::default();
    api_tokens.insert(API_TOKEN, token(UID, vec![Right::UseService]));
    api_tokens.insert("token-of-another-service", token(TenantUid([4; 16]), vec![Right::UseService]));
    api_tokens.insert("token-without-the-right", token(UID, vec![]));
    Arc::new(Mount {
        issuer: format!("{BASE_URL}{}", dialect.issuer_path()),
        urls: BTreeMap::from_iter(urls),
        mutual_tls: MutualTls::Here,
        base_url,
        tenant: Arc::new(tenant),
        dialect: dialect.name(),
        policy: Arc::new(shipped(dialect.profile()).unwrap()),
        client_policies: HashMap::new(),
        api_tokens: Arc::new(api_tokens),
    })
}

/// A store that knows the time and nothing else.
struct DownStore(Arc<MemoryStore>);

impl Store for DownStore {
    fn now(&self) -> Moment {
        self.0.now()
    }

    fn get(&self, _: Key) -> Answer<'_, Option<Stored>> {
        Box::pin(async { Err(StoreFault::Unavailable) })
    }

    fn scan(&self, _: TenantUid, _: Kind, _: Option<Id>, _: usize) -> Answer<'_, Vec<(Id, Stored)>> {
        Box::pin(async { Err(StoreFault::Unavailable) })
    }

    fn commit(&self, _: Commit) -> Answer<'_, Verdict> {
        Box::pin(async { Err(StoreFault::Unavailable) })
    }
}

/// Nobody logs in through a dialect.
struct NobodyLogsIn;

impl Passwords for NobodyLogsIn {
    fn check(&self, _: Option<String>, _: Zeroizing<String>) -> PasswordAnswer<'_> {
        Box::pin(async { Ok(PasswordVerdict::Wrong) })
    }
}
