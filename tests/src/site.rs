//! A running server with tenants, clients and a user: what almost every test from outside begins with.

use std::net::SocketAddr;
use std::sync::OnceLock;

use serde_json::json;

use crate::application::{Application, Credential};
use crate::binary::Binary;
use crate::browser::{Browser, User};
use crate::client_key::ClientKey;
use crate::mount::Mount;
use crate::server::{Scheme, Server, free_port};

/// The one user of every tenant.
pub const ALICE: User<'static> = User { username: "alice", password: "correct horse battery staple" };

/// The Authlete dialect's name for the tenant `acme`.
pub const ACME_SERVICE_ID: &str = "21653835348762";

/// What a back-end caller of the Authlete dialect presents.
pub const BACKEND_TOKEN: &str = "backend-token-for-tests-only";

/// The PingOne dialect's name for the tenant `ping`.
pub const PING_ENVIRONMENT: &str = "6f2c8f5e-5a0e-4c07-9e0b-0d6a4be1c7d4";

/// Who vouches for instances of clients, at the tenant `acme`.
pub const ATTESTER: &str = "https://attester.example";

/// The server of `tests/data/site.toml`, and what its clients know.
#[derive(Debug)]
pub struct Site {
    /// The server.
    pub server: Server,
    /// The redirect URI of every client; nobody listens there unless a test does.
    pub callback: String,
    /// The key of the clients named `app-key`.
    pub key: ClientKey,
    /// The key that the same clients decrypt with.
    pub sealing_key: ClientKey,
    /// The key of [`ATTESTER`].
    pub attester_key: ClientKey,
}

impl Site {
    /// Starts it.
    ///
    /// # Panics
    /// When the server does not start.
    #[must_use]
    pub fn start() -> Self {
        Self::start_speaking(Scheme::Http)
    }

    /// Starts it on http or https.
    ///
    /// # Panics
    /// When the server does not start.
    #[must_use]
    pub fn start_speaking(scheme: Scheme) -> Self {
        let [key, sealing_key, attester_key] = [(); 3].map(|()| ClientKey::generate());
        let callback = format!("http://127.0.0.1:{}/cb", free_port());
        let config = config(&callback, &key, &sealing_key);
        let attester = json!({ "keys": [attester_key.public_jwk()] }).to_string();
        let server = Server::start_speaking(&config.replace("@ATTESTER@", &attester), scheme);
        Self { server, callback, key, sealing_key, attester_key }
    }

    /// Where the server listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// The standard dialect's mount of the tenant `acme`.
    #[must_use]
    pub fn standard(&self) -> Mount {
        Mount::standard(&format!("{}/acme", self.server.url()))
    }

    /// The IBM Verify dialect's mount.
    #[must_use]
    pub fn ibm_verify(&self) -> Mount {
        Mount::ibm_verify(&format!("{}/verify", self.server.url()))
    }

    /// The PingOne dialect's mount.
    #[must_use]
    pub fn pingone(&self) -> Mount {
        Mount::pingone(&format!("{}/{PING_ENVIRONMENT}", self.server.url()))
    }

    /// The Autional dialect's mount.
    #[must_use]
    pub fn autional(&self) -> Mount {
        Mount::autional(&format!("{}/autional", self.server.url()))
    }

    /// The standard dialect's mount of a tenant that signs messages.
    #[must_use]
    pub fn fapi(&self) -> Mount {
        Mount::standard(&format!("{}/fapi", self.server.url()))
    }

    /// Its client: nothing about it is less than FAPI 2.0 asks for.
    #[must_use]
    pub fn fapi_app(&self) -> Application<'_> {
        Application {
            redirect_uri: "https://bank.example/cb",
            ..self.app("app-fapi", Credential::PrivateKey(&self.key))
        }
    }

    /// Every mount of the tenant that is behind four dialects.
    #[must_use]
    pub fn mixed(&self) -> [Mount; 4] {
        let url = self.server.url();
        [
            Mount::standard(&format!("{url}/mixed")),
            Mount::ibm_verify(&format!("{url}/mixed-verify")),
            Mount::pingone(&format!("{url}/0e8b5a0c-3e0a-4d53-9d5f-3a1f0c9f7b11")),
            Mount::autional(&format!("{url}/mixed-autional")),
        ]
    }

    /// A client that has no credential.
    #[must_use]
    pub fn public_app(&self) -> Application<'_> {
        self.app("app-public", Credential::None)
    }

    /// A client that authenticates with `client_secret_basic`.
    #[must_use]
    pub fn basic_app(&self) -> Application<'_> {
        basic_app(&self.callback)
    }

    /// A client that authenticates with `client_secret_post`.
    #[must_use]
    pub fn post_app(&self) -> Application<'_> {
        self.app("app-post", Credential::SecretPost("post-secret-for-tests-only-0123456789"))
    }

    /// A client that authenticates with `private_key_jwt`.
    #[must_use]
    pub fn key_app(&self) -> Application<'_> {
        self.app("app-key", Credential::PrivateKey(&self.key))
    }

    /// A client that everything is encrypted to.
    #[must_use]
    pub fn sealed_app(&self) -> Application<'_> {
        self.app("app-sealed", Credential::PrivateKey(&self.key))
    }

    /// A client whose authorization responses carry an ID token, of the tenant `verify`.
    #[must_use]
    pub fn hybrid_app(&self) -> Application<'_> {
        self.app("app-hybrid", Credential::PrivateKey(&self.key))
    }

    /// A client that may renew what it was granted.
    #[must_use]
    pub fn lasting_app(&self) -> Application<'_> {
        self.app("app-lasting", Credential::SecretBasic("lasting-secret-for-tests-only-0123456789"))
    }

    /// A browser that has not been here before.
    #[must_use]
    pub fn browser(&self) -> Browser {
        Browser::new(self.address())
    }

    fn app<'a>(&'a self, client_id: &'static str, credential: Credential<'a>) -> Application<'a> {
        Application { client_id, credential, redirect_uri: &self.callback, scope: "openid profile" }
    }
}

/// The client that authenticates with `client_secret_basic`, for one who holds only the redirect URI.
#[must_use]
pub fn basic_app(redirect_uri: &str) -> Application<'_> {
    let credential = Credential::SecretBasic("basic-secret-for-tests-only-0123456789");
    Application { client_id: "app-basic", credential, redirect_uri, scope: "openid profile" }
}

/// The configuration, with the server's own placeholders still in it.
fn config(callback: &str, key: &ClientKey, sealing_key: &ClientKey) -> String {
    static HASH: OnceLock<String> = OnceLock::new();
    let hash = HASH.get_or_init(|| Binary::hash_password(ALICE.password));
    let jwks = json!({ "keys": [key.public_jwk(), sealing_key.encryption_jwk()] }).to_string();
    let site = include_str!("../data/site.toml").replace("@PEOPLE@", include_str!("../data/people.toml"));
    site.replace("@CALLBACK@", callback).replace("@JWKS@", &jwks).replace("@HASH@", hash)
}
