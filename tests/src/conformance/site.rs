//! The server of one plan: a tenant, two clients with different keys, a user, a resource server; over https with a
//! throw-away authority, which clients trust and no other.

use std::cell::{OnceCell, RefCell};
use std::fs;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use rustls::ClientConfig;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde_json::{Value, json};

use super::client::Client;
use super::plan::{Authentication, Bound, Family, Plan};
use crate::binary::Binary;
use crate::browser::{Browser, User};
use crate::request::Request;
use crate::server::{Scheme, Server};
use crate::spec::certificates::{self, Identity, tls_client_trusting};
use crate::spec::keys::{Key, Keys};
use crate::wire::{Http, Response};

/// Who logs in.
pub const PERSON: User<'static> = User { username: "alice", password: "correct horse battery staple" };

/// Secret of the resource server `rs`.
pub const RESOURCE_SERVER_SECRET: &str = "resource-server-secret-for-tests-0123456789";

/// A running server, and what its clients know.
pub struct Site {
    /// The plan that it serves.
    pub plan: Plan,
    /// The process.
    pub server: Server,
    metadata: OnceCell<Value>,
    jwks: OnceCell<Value>,
    plain: Arc<ClientConfig>,
    browser: RefCell<Option<Browser>>,
    early: OnceCell<(String, Instant)>,
}

impl Site {
    /// Starts it.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn start(plan: Plan) -> Self {
        Self::start_with(plan, plan.profile())
    }

    /// The same with another profile than the plan asks for.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn start_with(plan: Plan, profile: &str) -> Self {
        let server = Server::start_speaking(&configuration(plan, profile), Scheme::Https);
        let plain = tls_client_trusting(&ca(&server), None);
        let site = Self {
            plan,
            server,
            metadata: OnceCell::new(),
            jwks: OnceCell::new(),
            plain,
            browser: RefCell::new(None),
            early: OnceCell::new(),
        };
        let _ = site.pushed_early();
        site
    }

    /// A request_uri of the client `brief`, and when it was pushed: right at the start.
    pub fn pushed_early(&self) -> &(String, Instant) {
        self.early.get_or_init(|| (self.brief().pushed().request_uri, Instant::now()))
    }

    /// A client like the first one, whose requests live five seconds, and which says nothing of what binds its tokens.
    #[must_use]
    pub fn brief(&self) -> Client<'_> {
        Client::new(self, "brief")
    }

    /// The issuer.
    #[must_use]
    pub fn issuer(&self) -> String {
        format!("{}/plan", self.server.url())
    }

    /// Where clients with a certificate find the same endpoints.
    #[must_use]
    pub fn alias(&self) -> String {
        format!("https://localhost:{}/plan", self.server.address().port())
    }

    /// The metadata document.
    pub fn metadata(&self) -> &Value {
        self.metadata.get_or_init(|| self.get(&format!("{}/.well-known/openid-configuration", self.issuer())).json())
    }

    /// The server's key set.
    pub fn jwks(&self) -> &Value {
        self.jwks.get_or_init(|| self.get(self.metadata()["jwks_uri"].as_str().expect("jwks_uri")).json())
    }

    /// The URL of an endpoint, by its name in the metadata.
    ///
    /// # Panics
    /// When it is not there.
    #[must_use]
    pub fn url(&self, endpoint: &str) -> &str {
        self.metadata()[endpoint].as_str().unwrap_or_else(|| panic!("no {endpoint} in the metadata"))
    }

    /// The same for a client that shows a certificate.
    ///
    /// # Panics
    /// When it is not there.
    #[must_use]
    pub fn aliased(&self, endpoint: &str) -> &str {
        let url = self.metadata()["mtls_endpoint_aliases"][endpoint].as_str();
        url.unwrap_or_else(|| panic!("no alias of {endpoint} in the metadata"))
    }

    /// The first client.
    #[must_use]
    pub fn first(&self) -> Client<'_> {
        Client::new(self, "first")
    }

    /// The second client.
    #[must_use]
    pub fn second(&self) -> Client<'_> {
        Client::new(self, "second")
    }

    /// A GET without a certificate.
    ///
    /// # Panics
    /// When there is no answer.
    #[must_use]
    pub fn get(&self, url: &str) -> Response {
        self.send(url, &Request::get(url), None)
    }

    /// Sends a request to the host of the URL, with a certificate or without.
    ///
    /// # Panics
    /// When there is no answer.
    #[must_use]
    pub fn send(&self, url: &str, request: &Request, identity: Option<&Identity>) -> Response {
        self.try_send(url, request, identity).unwrap_or_else(|error| panic!("{url}: {error}"))
    }

    /// The same where no answer is an answer.
    ///
    /// # Errors
    /// The connection's.
    pub fn try_send(&self, url: &str, request: &Request, identity: Option<&Identity>) -> std::io::Result<Response> {
        let host = if url.starts_with("https://localhost:") { "localhost" } else { "127.0.0.1" };
        let config = match identity {
            None => Arc::clone(&self.plain),
            Some(identity) => tls_client_trusting(&ca(&self.server), Some(identity)),
        };
        Http::tls(self.server.address(), host, config).send(request)
    }

    /// A browser in which nobody is logged in.
    #[must_use]
    pub fn stranger(&self) -> Browser {
        let http = Http::tls(self.server.address(), "127.0.0.1", Arc::clone(&self.plain));
        Browser::over(http, &self.server.url())
    }

    /// A tab of the person's browser, who is logged in from the second time on.
    #[must_use]
    pub fn browser(&self) -> Browser {
        self.browser.borrow().as_ref().map_or_else(|| self.stranger(), Browser::tab)
    }

    /// Keeps the cookies of a tab for the next one.
    pub fn keep(&self, browser: Browser) {
        *self.browser.borrow_mut() = Some(browser);
    }
}

/// The keys of all clients of this process.
pub fn key(name: &str) -> &'static Key {
    static KEYS: OnceLock<Keys> = OnceLock::new();
    KEYS.get_or_init(Keys::make).get(name)
}

fn ca(server: &Server) -> CertificateDer<'static> {
    let pem = fs::read(server.ca_file()).expect("the authority's certificate");
    CertificateDer::from_pem_slice(&pem).expect("a certificate")
}

fn configuration(plan: Plan, profile: &str) -> String {
    static HASH: OnceLock<String> = OnceLock::new();
    let hash = HASH.get_or_init(|| Binary::hash_password(PERSON.password));
    let nonces = if plan.wants_nonces() { "required" } else { "optional" };
    let clients: String = [
        ("first", "main", "app-tls", "/cb"),
        ("second", "second", "app-self", "/cb?dummy1=lorem&dummy2=ipsum"),
        ("brief", "main", "app-tls", "/cb"),
    ]
    .into_iter()
    .map(|client| registration(plan, client))
    .collect();
    format!(
        r#"version = 1
[server]
mode = "dev"
listen = "127.0.0.1:@PORT@"
public_url = "http://127.0.0.1:@PORT@"
data_dir = "@DIR@"
rate = {{ failures_per_minute = 0 }}

[[tenant]]
id = "plan"
profile = "{profile}"
policy = {{ dpop_nonce = "{nonces}", request_uri_lifetime_s = 60 }}
trust_anchors = '''{anchor}'''

[[tenant.mount]]
dialect = "standard"
base_url = "http://127.0.0.1:@PORT@/plan"
mtls_base_url = "https://localhost:@PORT@/plan"
demo_resource = true
{clients}
[[tenant.user]]
username = "{username}"
password_hash = "{hash}"
claims = {{ name = "Alice" }}

[[tenant.resource_server]]
id = "rs"
uris = ["http://127.0.0.1:@PORT@/plan"]
secret = "{RESOURCE_SERVER_SECRET}"
"#,
        anchor = certificates::all().anchor(),
        username = PERSON.username,
    )
}

fn registration(plan: Plan, (id, key_name, identity, path): (&str, &str, &str, &str)) -> String {
    let mut key_set = vec![key(key_name).jwk().clone()];
    if id == "first" {
        key_set.push(key("rsa").jwk().clone());
    }
    let method = match (plan.authentication, id) {
        (Authentication::PrivateKeyJwt, _) => "token_endpoint_auth_method = \"private_key_jwt\"".to_owned(),
        (Authentication::MutualTls, "first" | "brief") => {
            format!("token_endpoint_auth_method = \"tls_client_auth\"\ntls_client_auth_subject_dn = \"CN={identity}\"")
        }
        (Authentication::MutualTls, _) => {
            key_set[0]["x5t#S256"] = certificates::all().get(identity).thumbprint().into();
            "token_endpoint_auth_method = \"self_signed_tls_client_auth\"".to_owned()
        }
    };
    let jwks = json!({ "keys": key_set });
    let binding = match (id, plan.bound) {
        ("brief", _) => "",
        (_, Bound::Dpop) => "dpop_bound_access_tokens = true",
        (_, Bound::Certificate) => "tls_client_certificate_bound_access_tokens = true",
    };
    format!(
        r#"
[[tenant.client]]
client_id = "{id}"
{method}
{binding}
jwks = '{jwks}'
redirect_uris = ["https://{id}.client.example{path}"]
grant_types = [{grant_types}]
response_types = ["{response_type}"]
policy = {{ request_uri_lifetime_s = {lifetime_s} }}
scope = "openid profile offline_access"
"#,
        response_type = plan.response_type(),
        lifetime_s = if id == "brief" { 5 } else { 60 },
        grant_types = match plan.family {
            Family::Fapi1 => r#""authorization_code", "refresh_token", "implicit""#,
            Family::Security | Family::MessageSigning | Family::Fapi1Jarm => r#""authorization_code", "refresh_token""#,
        },
    )
}
