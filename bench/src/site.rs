//! The tenant that is measured: one client for each scenario, one user, one mount.

use parhelion_tests::binary::Binary;
use parhelion_tests::browser::User;
use serde_json::{Value, json};

use crate::scenario::{Keys, Scenario, StoreKind};

/// Nobody listens there: the browser of the bench does not go.
pub(crate) const CALLBACK: &str = "http://127.0.0.1:9/callback";
pub(crate) const BASIC_SECRET: &str = "basic-secret-for-measurements-0123456789";
pub(crate) const POST_SECRET: &str = "post-secret-for-measurements-0123456789";

/// Who logs in.
pub(crate) const ALICE: User<'static> = User { username: "alice", password: "correct horse battery staple" };

/// The mount below the server's address.
pub(crate) const MOUNT: &str = "/bench";

/// The configuration; `@PORT@` and `@DIR@` are still to be filled in.
pub(crate) fn config(store: StoreKind, keys: &Keys) -> String {
    let mut text = format!(
        r#"version = 1

[server]
mode = "dev"
listen = "127.0.0.1:@PORT@"
public_url = "http://127.0.0.1:@PORT@"
data_dir = "@DIR@"
store = "{}"

[[tenant]]
id = "bench"
profile = "default"

[[tenant.mount]]
dialect = "standard"
base_url = "http://127.0.0.1:@PORT@{MOUNT}"

[[tenant.user]]
username = "{}"
password_hash = "{}"
"#,
        store.name(),
        ALICE.username,
        Binary::hash_password(ALICE.password),
    );
    for scenario in Scenario::ALL {
        text.push_str(&client(scenario, keys));
    }
    text
}

fn client(scenario: Scenario, keys: &Keys) -> String {
    let jwks = |jwk: Value| format!("jwks = '{}'", json!({ "keys": [jwk] }));
    let (method, credential) = match scenario {
        Scenario::None | Scenario::NoneDpop => ("none", String::new()),
        Scenario::Basic => ("client_secret_basic", format!("client_secret = \"{BASIC_SECRET}\"")),
        Scenario::Post => ("client_secret_post", format!("client_secret = \"{POST_SECRET}\"")),
        Scenario::Es256 | Scenario::Es256Dpop => ("private_key_jwt", jwks(keys.es256.public_jwk())),
        Scenario::Ps256 => ("private_key_jwt", jwks(keys.ps256.public_jwk())),
    };
    format!(
        r#"
[[tenant.client]]
client_id = "{}"
client_name = "Measured"
token_endpoint_auth_method = "{method}"
redirect_uris = ["{CALLBACK}"]
scope = "openid profile"
{credential}
"#,
        scenario.client_id()
    )
}
