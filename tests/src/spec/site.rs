//! A running server with the configuration of `tests/spec/site.toml`, and what a row may know of it: its mounts and
//! how each client is registered.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::OnceLock;

use toml::{Table, Value};

use super::case::Way;
use super::certificates;
use super::keys::Keys;
use crate::binary::Binary;
use crate::browser::User;
use crate::document_host::host;
use crate::request::Request;
use crate::server::{Scheme, Server, Surroundings, free_port};
use crate::wire::Http;

/// The password of every user of the site.
pub const PASSWORD: &str = "canary correct horse battery staple";

/// The users of a tenant who can log in; all have [`PASSWORD`].
#[must_use]
pub fn user(name: &str) -> User<'_> {
    User { username: name, password: PASSWORD }
}

/// One server.
pub struct Site {
    /// The process.
    pub server: Server,
    /// What signs.
    pub keys: &'static Keys,
    /// The redirect URI of most clients.
    pub callback: String,
    config: Table,
    admin_port: u16,
    way: Way,
}

/// A client as it is registered.
#[derive(Clone, Debug)]
pub struct Registered {
    /// `client_id`, or the id of a resource server.
    pub id: String,
    /// `token_endpoint_auth_method`.
    pub method: String,
    /// Its secret, if it has one.
    pub secret: Option<String>,
    /// Its first redirect URI.
    pub redirect_uri: String,
    /// The first of its keys.
    pub key: Option<String>,
}

/// Where a mount's endpoints are.
#[derive(Clone, Debug)]
pub struct Place {
    /// The tenant's id, which is also the name that rows use.
    pub tenant: String,
    /// The issuer.
    pub issuer: String,
    base: String,
    paths: &'static [(&'static str, &'static str)],
}

const STANDARD: &[(&str, &str)] = &[
    ("push", "/par"),
    ("authorize", "/authorize"),
    ("token", "/token"),
    ("userinfo", "/userinfo"),
    ("introspect", "/introspect"),
    ("revoke", "/revoke"),
    ("logout", "/logout"),
    ("challenge", "/challenge"),
    ("jwks", "/jwks"),
    ("discovery", "/.well-known/openid-configuration"),
    ("register", "/register"),
];

const AUTIONAL: &[(&str, &str)] = &[
    ("push", "/oauth/pushed-authorization"),
    ("authorize", "/oauth/authorize"),
    ("token", "/oauth/token"),
    ("userinfo", "/oauth/userinfo"),
    ("introspect", "/oauth/introspect"),
    ("revoke", "/oauth/revoke"),
    ("logout", "/oauth/logout"),
    ("jwks", "/oauth/jwks"),
    ("discovery", "/.well-known/openid-configuration"),
];

impl Place {
    /// The path of an endpoint.
    ///
    /// # Panics
    /// When there is no such endpoint.
    #[must_use]
    pub fn path(&self, endpoint: &str) -> String {
        let (_, path) = self.paths.iter().find(|(name, _)| *name == endpoint).unwrap_or_else(|| {
            panic!("no endpoint is called `{endpoint}`");
        });
        format!("{}{path}", self.base)
    }
}

impl Site {
    /// Starts it, with these differences in its `[server]` section.
    ///
    /// # Panics
    /// When the server does not start.
    #[must_use]
    pub fn start_with(different: &Table) -> Self {
        Self::start_by(Way::Plain, different)
    }

    /// The same, for requests that come in this way, with these variables in its environment.
    ///
    /// # Panics
    /// As [`Site::start_with`].
    #[must_use]
    pub fn start_by(way: Way, different: &Table) -> Self {
        Self::start_in(Surroundings::default(), way, different)
    }

    /// The same, in these surroundings.
    ///
    /// # Panics
    /// As [`Site::start_with`].
    #[must_use]
    pub fn start_in(surroundings: Surroundings, way: Way, different: &Table) -> Self {
        let keys = all_keys();
        let callback = format!("http://127.0.0.1:{}/cb", free_port());
        let mut config = configuration(&callback);
        let admin_port = free_port();
        let section = config["server"].as_table_mut().expect("a table");
        section.insert("fetch".to_owned(), host().fetch_section().into());
        section.insert("admin_listen".to_owned(), format!("127.0.0.1:{admin_port}").into());
        let scheme = match way {
            Way::Plain => Scheme::Http,
            Way::Proxy => {
                section.insert("trusted_proxies".to_owned(), vec![Value::from("127.0.0.1")].into());
                Scheme::Http
            }
            Way::Tls => {
                section.insert("client_certificates".to_owned(), "everywhere".into());
                Scheme::Https
            }
        };
        section.extend(different.clone());
        let mut text = written(&config, keys);
        if scheme == Scheme::Https {
            // The server's own addresses are those with its port.
            for host in ["127.0.0.1", "north.localhost", "south.localhost"] {
                text = text.replace(&format!("http://{host}:@PORT@"), &format!("https://{host}:@PORT@"));
            }
        }
        let server = Server::try_start_with(&text, scheme, &["--log-level", "trace"], surroundings);
        let server = server.unwrap_or_else(|report| panic!("the server did not start:\n{report}"));
        Self { server, keys, callback, config, admin_port, way }
    }

    /// Starts a server with this configuration in place of the site's, or tells why it did not start.
    ///
    /// # Errors
    /// What it wrote to standard error.
    pub fn try_start(config: &Table) -> Result<Server, String> {
        Server::try_start(&written(config, all_keys()))
    }

    /// How requests reach it.
    #[must_use]
    pub const fn way(&self) -> Way {
        self.way
    }

    /// Where the server listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Where the operator's own listener is.
    #[must_use]
    pub fn admin_address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.admin_port).into()
    }

    /// `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// The mount of a tenant.
    ///
    /// # Panics
    /// When rows have no name for it.
    #[must_use]
    pub fn place(&self, tenant: &str) -> Place {
        let (base, below, paths) = match tenant {
            "acme" | "other" | "fapi" | "signing" | "desk" | "op" | "gate" | "strict" | "strict-gate" => {
                (format!("/{tenant}"), "", STANDARD)
            }
            "verify" => ("/verify".to_owned(), "/oauth2", STANDARD),
            "ping" => ("/6f2c8f5e-5a0e-4c07-9e0b-0d6a4be1c7d4".to_owned(), "/as", STANDARD),
            "open" => ("/open".to_owned(), "", STANDARD),
            "autional" => ("/autional".to_owned(), "", AUTIONAL),
            unknown => panic!("no mount is called `{unknown}`"),
        };
        let base = format!("{base}{below}");
        Place { tenant: tenant.to_owned(), issuer: format!("{}{base}", self.url()), base, paths }
    }

    /// How a client or resource server of a tenant is registered.
    #[must_use]
    pub fn registered(&self, tenant: &str, id: &str) -> Option<Registered> {
        let tenant = tables(&self.config, "tenant").find(|found| text(found, "id") == Some(tenant))?;
        let client = tables(tenant, "client").find(|found| text(found, "client_id") == Some(id));
        match client {
            Some(client) => Some(client_of(id, client)),
            None => {
                tables(tenant, "resource_server").find(|found| text(found, "id") == Some(id)).map(|server| Registered {
                    id: id.to_owned(),
                    method: "client_secret_basic".to_owned(),
                    secret: text(server, "secret").map(str::to_owned),
                    redirect_uri: String::new(),
                    key: None,
                })
            }
        }
    }

    /// Changes one entry of a tenant's list (`client`, `user` …) and starts the server again with the same data.
    ///
    /// # Panics
    /// When there is no such entry, or the server does not start.
    pub fn reconfigure(&mut self, tenant: &str, list: &str, id: &str, set: &Table) {
        let tenants = self.config["tenant"].as_array_mut().expect("tenants");
        if list == "tenant" {
            let found = tenants.iter_mut().filter_map(Value::as_table_mut).find(|found| text(found, "id") == Some(id));
            found.expect("such a tenant").extend(set.clone());
            return self.start_anew();
        }
        let entries = tenants.iter_mut();
        let tenant = entries.filter_map(Value::as_table_mut).find(|found| text(found, "id") == Some(tenant));
        let entries = tenant.and_then(|tenant| tenant.get_mut(list)?.as_array_mut()).expect("such a list");
        let is_it = |entry: &Value| {
            let named = |key| entry.get(key).and_then(Value::as_str) == Some(id);
            named("client_id") || named("username") || named("id")
        };
        let at = entries.iter().position(is_it).expect("such an entry");
        if set.is_empty() {
            entries.remove(at);
        } else if let Some(entry) = entries[at].as_table_mut() {
            entry.extend(set.clone());
        }
        self.start_anew();
    }

    fn start_anew(&mut self) {
        // A process that answers has also begun to listen for signals.
        let _ = Http::to(self.address()).send(&Request::get("/acme/jwks"));
        self.server.terminate();
        self.server.configure(&written(&self.config, self.keys));
        self.server.start_again();
    }

    /// The store's file.
    #[must_use]
    pub fn store_bytes(&self) -> Vec<u8> {
        fs::read(self.server.data_folder().join("parhelion.redb")).unwrap_or_default()
    }
}

/// The configuration of the site, with what only its own server knows still to be filled in.
///
/// # Panics
/// When the file is not what it should be.
#[must_use]
pub fn configuration(callback: &str) -> Table {
    let text = include_str!("../../spec/site.toml").replace("@CALLBACK@", callback);
    let mut config: Table = text.parse().expect("tests/spec/site.toml");
    let everyone = config.remove("everyone").expect("everyone");
    for tenant in config["tenant"].as_array_mut().expect("tenants").iter_mut().filter_map(Value::as_table_mut) {
        if tenant.remove("with").is_none() {
            continue;
        }
        for (list, entries) in everyone.as_table().expect("lists") {
            let own = tenant.entry(list.clone()).or_insert_with(|| Value::Array(Vec::new()));
            own.as_array_mut().expect("a list").extend(entries.as_array().expect("a list").clone());
        }
    }
    config
}

/// The smallest configuration, with a `client`, or anything about `tenant`, `mount` and `server`, as given.
#[must_use]
pub fn configuration_with(parts: &Table) -> Table {
    let part = |name: &str| parts.get(name).and_then(Value::as_table).cloned().unwrap_or_default();
    let text = include_str!("../../spec/smallest.toml");
    let mut config: Table = text.parse().expect("tests/spec/smallest.toml");
    let extend = |target: Option<&mut Value>, part: Table| {
        target.and_then(Value::as_table_mut).expect("a table").extend(part);
    };
    extend(config.get_mut("server"), part("server"));
    let tenant = config["tenant"].as_array_mut().and_then(|tenants| tenants.first_mut()).expect("a tenant");
    for list in ["mount", "client"] {
        extend(tenant.get_mut(list).and_then(|entries| entries.get_mut(0)), part(list));
    }
    extend(Some(tenant), part("tenant"));
    config
}

/// The keys of this process.
pub fn all_keys() -> &'static Keys {
    static KEYS: OnceLock<Keys> = OnceLock::new();
    KEYS.get_or_init(Keys::make)
}

fn written(config: &Table, keys: &Keys) -> String {
    static HASH: OnceLock<String> = OnceLock::new();
    let hash = HASH.get_or_init(|| Binary::hash_password(PASSWORD));
    let mut config = Value::Table(config.clone());
    let named = |text: &str, kind: &str| Some(text.strip_prefix(kind)?.strip_suffix('@')?.to_owned());
    fill_in(&mut config, &|text| {
        if let Some(names) = named(text, "@JWKS:") {
            keys.jwks(&names)
        } else if let Some(name) = named(text, "@X5T:") {
            keys.jwks_with_certificate(certificates::all().get(&name))
        } else {
            text.replace("@HASH@", hash).replace("@ANCHOR@", certificates::all().anchor())
        }
    });
    toml::to_string(&config).expect("a configuration")
}

fn fill_in(value: &mut Value, with: &impl Fn(&str) -> String) {
    match value {
        Value::String(text) => *text = with(text),
        Value::Array(items) => items.iter_mut().for_each(|item| fill_in(item, with)),
        Value::Table(members) => members.iter_mut().for_each(|(_, member)| fill_in(member, with)),
        Value::Integer(_) | Value::Float(_) | Value::Boolean(_) | Value::Datetime(_) => {}
    }
}

fn client_of(id: &str, client: &Table) -> Registered {
    let first = |list: &str| client.get(list)?.as_array()?.first()?.as_str().map(str::to_owned);
    let key = text(client, "jwks").and_then(|jwks| jwks.strip_prefix("@JWKS:"));
    Registered {
        id: id.to_owned(),
        method: text(client, "token_endpoint_auth_method").unwrap_or("client_secret_basic").to_owned(),
        secret: text(client, "client_secret").map(str::to_owned),
        redirect_uri: first("redirect_uris").unwrap_or_default(),
        key: key.and_then(|names| names.split(['+', '@']).next()).map(str::to_owned),
    }
}

fn tables<'a>(table: &'a Table, list: &str) -> impl Iterator<Item = &'a Table> {
    table.get(list).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_table)
}

fn text<'a>(table: &'a Table, key: &str) -> Option<&'a str> {
    table.get(key).and_then(Value::as_str)
}
