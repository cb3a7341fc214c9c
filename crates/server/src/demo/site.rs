//! The demo's configuration file: five tenants, one for each way to push.
#![allow(clippy::disallowed_methods, reason = "this is where the demo's configuration is written")]

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::secrets::Secrets;
use super::{DemoFault, push::Spelling};

/// The service id of the Authlete tenant, from the vendor's own documentation.
const SERVICE_ID: &str = "21653835348762";

/// The confidential client of every tenant, which the demo pushes with.
pub(super) const BACKEND: &str = "demo-backend";
/// The public client of every tenant, for whoever tries more.
const APP: &str = "demo-app";
/// The one user of every tenant.
pub(super) const USER: &str = "demo";
/// How long a `request_uri` of the demo lives.
const LIFETIME_S: u32 = 600;
/// Where authorization responses go.
pub(super) const CALLBACK_PATH: &str = "/demo/callback";

/// One tenant of the demo.
pub(super) struct DemoTenant {
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    pub(super) dialect: &'static str,
    pub(super) spelling: Spelling,
    alias: Option<String>,
    base: String,
    /// A second mount, in the standard dialect, where the first one has no pages.
    finish: Option<&'static str>,
}

/// The tenants, in the order in which they are shown.
pub(super) fn tenants(secrets: &Secrets) -> Vec<DemoTenant> {
    let tenant = |id, name, spelling, base: &str, finish| DemoTenant {
        id,
        name,
        dialect: id,
        spelling,
        alias: None,
        base: base.to_owned(),
        finish,
    };
    let environment = Some(secrets.environment.clone());
    let environment_path = format!("/{}", secrets.environment);
    vec![
        tenant("standard", "The standard, RFC 9126", Spelling::FormWithBasic, "/standard", None),
        DemoTenant {
            alias: Some(SERVICE_ID.to_owned()),
            ..tenant("authlete", "Authlete", Spelling::Envelope, "", Some("/authlete"))
        },
        tenant("ibm-verify", "IBM Verify", Spelling::FormWithBasic, "", None),
        tenant("autional", "Autional", Spelling::Json, "/autional", Some("/autional/standard")),
        DemoTenant { alias: environment, ..tenant("pingone", "PingOne", Spelling::Form, &environment_path, None) },
    ]
}

/// Writes the configuration file where there is none; where there is one, what it says of the server's own address
/// is brought up to date and nothing else.
pub(super) fn write_config(
    folder: &Path,
    secrets: &Secrets,
    listen: std::net::SocketAddr,
    url: &str,
) -> Result<PathBuf, DemoFault> {
    let path = folder.join("parhelion.toml");
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => moved(&text, listen, url),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Some(config(secrets, listen, url)),
        Err(error) => return Err(DemoFault::Io(path, error)),
    };
    if let Some(text) = text {
        let mut file = OpenOptions::new();
        let file = file.write(true).create(true).truncate(true).mode(0o600).open(&path);
        let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
        written.map_err(|error| DemoFault::Io(path.clone(), error))?;
    }
    Ok(path)
}

/// The text with the new address in place of the old one; nothing where they are the same.
fn moved(text: &str, listen: std::net::SocketAddr, url: &str) -> Option<String> {
    let table: toml::Table = toml::from_str(text).ok()?;
    let server = table.get("server")?;
    let old = |key| server.get(key).and_then(toml::Value::as_str);
    let (old_url, old_listen) = (old("public_url")?, old("listen")?);
    let listen = listen.to_string();
    let same = old_url == url && old_listen == listen;
    // With what must follow, so that no longer port is taken for this one.
    let moved = || {
        text.replace(&format!("\"{old_listen}\""), &format!("\"{listen}\""))
            .replace(&format!("{old_url}/"), &format!("{url}/"))
            .replace(&format!("{old_url}\""), &format!("{url}\""))
    };
    (!same).then(moved)
}

fn config(secrets: &Secrets, listen: std::net::SocketAddr, url: &str) -> String {
    let token = &secrets.api_token;
    let mut text = format!(
        "# Made by `parhelion demo`. Change it as you like: it is read again at the next run.\n\
         version = 1\n\n\
         [server]\nmode = \"dev\"\nlisten = \"{listen}\"\npublic_url = \"{url}\"\ndata_dir = \"records\"\n\n\
         # Who may call the back-end API of the Authlete dialect.\n\
         [[api_token]]\nname = \"demo\"\ntenants = [\"authlete\"]\nrights = [\"use_service\"]\ntoken = \"{token}\"\n"
    );
    for tenant in tenants(secrets) {
        text.push_str(&tenant_text(&tenant, secrets, url));
    }
    text
}

fn tenant_text(tenant: &DemoTenant, secrets: &Secrets, url: &str) -> String {
    let DemoTenant { id, name, dialect, base, .. } = tenant;
    let mut text = format!(
        "\n\n[[tenant]]\nid = \"{id}\"\nname = \"{name}\"\n\
         # Ten minutes to look around; without this line it is what the profile says.\n\
         policy = {{ request_uri_lifetime_s = {LIFETIME_S} }}\n"
    );
    // Writing to a string does not fail.
    if let Some(alias) = &tenant.alias {
        let _ = writeln!(text, "aliases = [\"{alias}\"]");
    }
    let _ =
        write!(text, "\n[[tenant.mount]]\ndialect = \"{dialect}\"\nbase_url = \"{url}{base}\"\ndemo_resource = true\n");
    if let Some(finish) = tenant.finish {
        let comment = "# Where a browser finishes what was pushed above.";
        let _ = write!(text, "\n{comment}\n[[tenant.mount]]\ndialect = \"standard\"\nbase_url = \"{url}{finish}\"\n");
    }
    let (method, secret) = (tenant.spelling.auth_method(), &secrets.client_secret);
    let shared = format!("redirect_uris = [\"{url}{CALLBACK_PATH}\"]\nscope = \"openid profile\"\n");
    let _ = write!(
        text,
        "\n[[tenant.client]]\nclient_id = \"{BACKEND}\"\nclient_name = \"Demo back end\"\n\
         token_endpoint_auth_method = \"{method}\"\nclient_secret = \"{secret}\"\n{shared}\
         \n[[tenant.client]]\nclient_id = \"{APP}\"\nclient_name = \"Demo app\"\n\
         token_endpoint_auth_method = \"none\"\n{shared}\
         \n[[tenant.user]]\nusername = \"{USER}\"\npassword_hash = \"{}\"\nclaims = {{ name = \"Demo User\" }}\n",
        secrets.password_hash
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn secrets() -> Secrets {
        Secrets {
            password: "p".to_owned(),
            password_hash: crate::passwords::hash("p").unwrap(),
            client_secret: "s".to_owned(),
            api_token: "t".to_owned(),
            environment: "6f2c8f5e-5a0e-4c07-9e0b-0d6a4be1c7d4".to_owned(),
        }
    }

    #[test]
    fn configuration_is_accepted_with_every_dialect() {
        let text = config(&secrets(), "127.0.0.1:9126".parse().unwrap(), "http://127.0.0.1:9126");
        let config = Config::read(Path::new("parhelion.toml"), &text, parhelion_dialects::ALL).unwrap();
        assert_eq!(config.tenants.len(), 5);
        assert!(config.tenants.iter().all(|tenant| tenant.mounts.iter().any(crate::config::MountPlan::has_pages)));
    }

    #[test]
    fn another_port_changes_the_addresses_and_nothing_else() {
        let at = |port: u16| (std::net::SocketAddr::from(([127, 0, 0, 1], port)), format!("http://127.0.0.1:{port}"));
        let ((old_listen, old_url), (listen, url)) = (at(912), at(4000));
        let secrets = secrets();
        let mine = |text: String| text.replace("Demo app", "My app") + "# http://127.0.0.1:9126/mine\n";
        let text = mine(config(&secrets, old_listen, &old_url));
        assert_eq!(moved(&text, old_listen, &old_url), None);
        let expected = mine(config(&secrets, listen, &url));
        assert_eq!(moved(&text, listen, &url), Some(expected));
    }
}
