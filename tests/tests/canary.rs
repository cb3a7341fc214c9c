//! Nothing secret that a request carries is in what the server writes, at its most talkative; and nothing it writes can
//! move a terminal or forge a line.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use parhelion_tests::application::{Application, Credential};
use parhelion_tests::binary::Binary;
use parhelion_tests::browser::{Browser, User};
use parhelion_tests::client_key::ClientKey;
use parhelion_tests::folder::Folder;
use parhelion_tests::mount::Mount;
use parhelion_tests::request::Request;
use parhelion_tests::server::free_port;
use parhelion_tests::wire::Http;
use serde_json::Value;

const SECRET: &str = "canary-client-secret-0123456789";
const PASSWORD: &str = "canary-password-0123456789";
const CALLBACK: &str = "https://app.example/cb";

/// A server that says all it ever says.
struct Talkative {
    child: Child,
    stdout: BufReader<std::process::ChildStdout>,
    public: SocketAddr,
    admin: SocketAddr,
    key: ClientKey,
    /// What must be nowhere, by what it is.
    canaries: BTreeMap<String, String>,
    _folder: Folder,
}

impl Talkative {
    fn start(log: &str) -> Self {
        let (folder, key, port) = (Folder::new("canary"), ClientKey::generate(), free_port());
        let path = folder.path().join("parhelion.toml");
        std::fs::write(&path, config(port, &key)).unwrap();
        let mut command = Command::new(Binary::path());
        command.args(["serve", "--log-level", "trace", "--log", log, "--config"]).arg(path);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let address = |behind: &str| {
            let rest = line.split(behind).nth(1).unwrap_or_else(|| panic!("{line}"));
            rest.split(';').next().unwrap().parse().unwrap()
        };
        let (public, admin) = (address("ready on "), address("admin on "));
        Self { child, stdout, public, admin, key, canaries: BTreeMap::new(), _folder: folder }
    }

    fn keep(&mut self, what: &str, value: &str) {
        assert!(value.len() >= 12, "{what} is too short to be looked for: {value}");
        self.canaries.insert(what.to_owned(), value.to_owned());
    }

    /// Ends it; all that it wrote, and its figures.
    fn end(mut self) -> (String, BTreeMap<String, String>) {
        let figures = Http::to(self.admin).send(&Request::get("/metrics")).unwrap().text();
        assert!(figures.contains("parhelion_requests_total"), "{figures}");
        let ended = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(ended.success());
        let mut text = figures;
        self.stdout.read_to_string(&mut text).unwrap();
        self.child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
        assert!(self.child.wait().unwrap().success(), "{text}");
        (text, self.canaries)
    }
}

fn config(port: u16, key: &ClientKey) -> String {
    let jwks = serde_json::json!({ "keys": [key.public_jwk()] });
    let hash = Binary::hash_password(PASSWORD);
    format!(
        "version = 1
        [server]
        mode = \"dev\"
        listen = \"127.0.0.1:{port}\"
        admin_listen = \"127.0.0.1:{}\"
        [[tenant]]
        id = \"acme\"
        [[tenant.mount]]
        dialect = \"standard\"
        base_url = \"http://127.0.0.1:{port}/acme\"
        [[tenant.client]]
        client_id = \"app\"
        client_secret = \"{SECRET}\"
        redirect_uris = [\"{CALLBACK}\"]
        grant_types = [\"authorization_code\", \"refresh_token\"]
        scope = \"openid offline_access\"
        [[tenant.client]]
        client_id = \"app-key\"
        token_endpoint_auth_method = \"private_key_jwt\"
        redirect_uris = [\"{CALLBACK}\"]
        jwks = '{jwks}'
        [[tenant.user]]
        username = \"ada\"
        password_hash = \"{hash}\"
        ",
        free_port()
    )
}

/// One whole journey, in which everything is as it should be.
fn walk(server: &mut Talkative) {
    let mount = Mount::standard(&format!("http://{}/acme", server.public));
    let credential = Credential::SecretBasic(SECRET);
    let scope = "openid offline_access";
    let app = Application { client_id: "app", credential, redirect_uri: CALLBACK, scope };
    let mut http = Http::to(server.public);
    let pushed = app.push(&mut http, &mount).unwrap();
    let loaded = http.send(&Request::get(&pushed.url)).unwrap();
    for cookie in loaded.all("set-cookie").map(str::to_owned).collect::<Vec<_>>() {
        server.keep("interaction cookie", cookie.split(['=', ';']).nth(1).unwrap());
    }
    let user = User { username: "ada", password: PASSWORD };
    let callback = Browser::new(server.public).approve(&pushed.url, user).unwrap().callback();
    let code = callback.get("code").unwrap();
    let tokens = app.finish(&mut http, &mount, &pushed, &callback).unwrap();
    let refreshed = Request::form(
        &mount.token,
        &[("grant_type", "refresh_token"), ("refresh_token", tokens["refresh_token"].as_str().unwrap())],
    );
    assert_eq!(http.send(&refreshed.basic("app", SECRET)).unwrap().status, 200);
    let userinfo = format!("http://{}/acme/userinfo", server.public);
    let asked = http.send(&Request::get(&userinfo).bearer(tokens["access_token"].as_str().unwrap())).unwrap();
    assert_eq!(asked.status, 200, "{}", asked.text());
    // A code that comes again.
    assert_eq!(app.redeem(&mut http, &mount, &code, &pushed.attempt.verifier).unwrap().status, 400);
    server.keep("code", &code);
    server.keep("verifier", &pushed.attempt.verifier);
    server.keep("state", &pushed.attempt.state);
    server.keep("nonce", &pushed.attempt.nonce);
    server.keep("request_uri", pushed.request_uri.rsplit(':').next().unwrap());
    for name in ["access_token", "refresh_token", "id_token"] {
        server.keep(name, tokens[name].as_str().unwrap());
    }
}

/// Requests that are refused, each with something secret in it.
fn stumble(server: &mut Talkative) {
    let base = format!("http://{}/acme", server.public);
    let (par, token, authorize) = (format!("{base}/par"), format!("{base}/token"), format!("{base}/authorize"));
    let mut http = Http::to(server.public);
    let assertion = server.key.assertion("app-key", "https://elsewhere.example");
    let mut send = |server: &mut Talkative, what: &str, value: &str, request: Request| {
        server.keep(what, value);
        let answer = http.send(&request).unwrap();
        assert!(answer.status >= 300, "{what} was accepted: {}", answer.text());
    };
    let form = |url: &str, fields: &[(&str, &str)]| Request::form(url, fields);
    let wrong = "canary-wrong-secret-0123456789";
    send(
        server,
        "wrong secret",
        wrong,
        form(&par, &[("client_id", "app"), ("response_type", "code")]).basic("app", wrong),
    );
    let posted = "canary-posted-secret-0123456789";
    send(server, "posted secret", posted, form(&par, &[("client_id", "app"), ("client_secret", posted)]));
    let bearer = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    let with_assertion = |assertion: &str| {
        form(&par, &[("client_id", "app-key"), ("client_assertion_type", bearer), ("client_assertion", assertion)])
    };
    send(server, "assertion", &assertion, with_assertion(&assertion));
    send(server, "broken assertion", "canary-assertion.x.y", with_assertion("canary-assertion.x.y"));
    for name in ["state", "nonce", "login_hint", "request", "id_token_hint", "code_challenge", "claims", "dpop_jkt"] {
        let value = format!("canary-{name}-0123456789");
        let fields = [("client_id", "app"), ("response_type", "no"), (name, value.as_str())];
        send(server, name, &value, form(&par, &fields).basic("app", SECRET));
    }
    for name in ["code", "refresh_token", "code_verifier", "password"] {
        let value = format!("canary-token-{name}-0123456789");
        let grant = if name == "refresh_token" { "refresh_token" } else { "authorization_code" };
        send(
            server,
            &format!("{name} at token"),
            &value,
            form(&token, &[("grant_type", grant), (name, &value)]).basic("app", SECRET),
        );
    }
    let query = "canary-query-0123456789";
    send(server, "query", query, Request::get(&format!("{authorize}?client_id=app&request_uri={query}")));
    let path = "canary-path-0123456789";
    send(server, "path", path, Request::get(&format!("{base}/interaction/{path}/login")));
    for header in ["Authorization", "Cookie", "DPoP", "X-Forwarded-For", "User-Agent", "Origin", "Referer"] {
        let value = format!("canary-header-{}-0123456789", header.to_lowercase());
        let request = form(&par, &[("client_id", "app")]).header(header, &format!("x={value}"));
        send(server, header, &value, request);
    }
    let bearer = "canary-bearer-0123456789";
    send(server, "bearer", bearer, Request::get(&format!("{base}/userinfo")).bearer(bearer));
    let body = format!("canary-body-0123456789={}", "x".repeat(100_000));
    send(server, "body", "canary-body-0123456789", Request::new("POST", &par).body(body));
}

/// A wrong password, typed where passwords are.
fn mistype(server: &mut Talkative) {
    let mount = Mount::standard(&format!("http://{}/acme", server.public));
    let app = Application {
        client_id: "app",
        credential: Credential::SecretBasic(SECRET),
        redirect_uri: CALLBACK,
        scope: "openid",
    };
    let pushed = app.push(&mut Http::to(server.public), &mount).unwrap();
    let user = User { username: "canary-username-0123456789", password: "canary-wrong-password-0123456789" };
    let mut browser = Browser::new(server.public);
    assert!(browser.open_as(&pushed.url, user).unwrap().page().has("login"));
    server.keep("username", user.username);
    server.keep("wrong password", user.password);
}

fn everything_said(log: &str) -> (String, BTreeMap<String, String>) {
    let mut server = Talkative::start(log);
    server.keep("client_secret", SECRET);
    server.keep("password", PASSWORD);
    walk(&mut server);
    stumble(&mut server);
    mistype(&mut server);
    let (text, canaries) = server.end();
    assert!(canaries.len() >= 35, "{canaries:?}");
    (text, canaries)
}

#[test]
fn no_secret_is_in_the_log_or_the_figures_at_trace_level() {
    for log in ["text", "json"] {
        let (text, canaries) = everything_said(log);
        assert!(text.matches("PAR-").count() > 40, "it said nothing: {text}");
        for (what, value) in canaries {
            // Also as it stands in a Basic credential.
            for form in [value.clone(), parhelion_tests::base64::padded(format!("app:{value}").as_bytes())] {
                assert!(!text.contains(form.trim_end_matches('=')), "{what} was told in the {log} log:\n{text}");
            }
        }
        assert!(!text.contains("canary"), "{text}");
    }
}

#[test]
fn every_line_about_a_request_has_its_id() {
    let (text, _) = everything_said("json");
    let lines: Vec<Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let about: Vec<&Value> = lines.iter().filter(|line| line["endpoint"].is_string()).collect();
    assert!(about.len() >= 20, "{text}");
    for line in about {
        assert_eq!(line["request_id"].as_str().map(str::len), Some(32), "{line}");
        assert!(line["message"].as_str().unwrap().starts_with("PAR-") && line["timestamp"].is_string(), "{line}");
    }
}

#[test]
fn client_id_cannot_move_a_terminal_or_forge_a_line() {
    let evil = "\u{1b}[2J\r\nforged request_id=1 \u{2028}\u{202e}\u{9b}31m";
    for log in ["text", "json"] {
        let server = Talkative::start(log);
        let url = format!("http://{}/acme/par", server.public);
        let mut http = Http::to(server.public);
        let request = Request::form(&url, &[("client_id", evil), ("client_secret", "x")]);
        assert!(http.send(&request).unwrap().status >= 400);
        assert!(http.send(&Request::form(&url, &[("client_id", "app")]).basic(evil, "x")).unwrap().status >= 400);
        let (text, _) = server.end();
        for raw in ['\u{1b}', '\u{9b}', '\u{2028}', '\u{202e}', '\r'] {
            assert!(!text.contains(raw), "{raw:?} is in the {log} log: {text:?}");
        }
        assert!(!text.lines().any(|line| line.starts_with("forged")), "{text}");
        let told = text.lines().filter(|line| line.contains("request_id") && line.contains("push")).count();
        assert_eq!(told, 2, "both refusals are told: {text}");
    }
}
