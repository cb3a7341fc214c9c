//! The program as people and programs start it.
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "these tests start the program and talk to it")]
#![allow(clippy::unwrap_used, reason = "what goes wrong here is a failed test")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use parhelion_testkit::TemporaryDirectory;
use serde_json::Value;

fn parhelion(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_parhelion"));
    command.args(arguments).stdin(Stdio::null());
    command
}

fn demo_once(folder: &Path, listen: &str) -> Output {
    parhelion(&["demo", "--once", "--json", "--listen", listen, "--data", &folder.to_string_lossy()]).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn demo_pushes_through_five_dialects_and_keeps_its_secrets() {
    let directory = TemporaryDirectory::new();
    let folder = directory.path().join("demo");
    let first = demo_once(&folder, "127.0.0.1:0");
    assert!(first.status.success(), "{}", text(&first.stderr));
    let report: Value = serde_json::from_slice(&first.stdout).unwrap();
    let pushes = report["pushes"].as_array().unwrap();
    let tenants: Vec<&str> = pushes.iter().map(|push| push["tenant"].as_str().unwrap()).collect();
    assert_eq!(tenants, ["standard", "authlete", "ibm-verify", "autional", "pingone"]);
    for push in pushes {
        assert_eq!(push["as_expected"], true, "{push}");
        assert!(push["authorize_url"].as_str().unwrap().contains("request_uri=urn%3Aietf"), "{push}");
        assert!(push["curl"].as_str().unwrap().starts_with("curl -i 'http://127.0.0.1:"), "{push}");
    }
    let again = demo_once(&folder, "127.0.0.1:0");
    assert!(again.status.success(), "{}", text(&again.stderr));
    let later: Value = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!(report["password"], later["password"]);
}

#[test]
fn demo_with_tls_is_trusted_by_its_own_authority_and_keeps_it() {
    let directory = TemporaryDirectory::new();
    let folder = directory.path().to_string_lossy().into_owned();
    let demo = |tls: &[&str]| {
        let arguments = ["demo", "--once", "--json", "--listen", "127.0.0.1:0", "--data", &folder];
        let output = parhelion(&[&arguments, tls].concat()).output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    let first = demo(&["--tls", "dev"]);
    let ca_file = first["ca_file"].as_str().unwrap();
    let ca = std::fs::read(ca_file).unwrap();
    for push in first["pushes"].as_array().unwrap() {
        assert_eq!(push["as_expected"], true, "{push}");
        for line in ["curl", "token_curl"] {
            let line = push[line].as_str().unwrap();
            assert!(line.starts_with("curl -i 'https://127.0.0.1:"), "{line}");
            assert!(line.contains(&format!("--cacert '{ca_file}'")), "{line}");
        }
        assert!(push["authorize_url"].as_str().unwrap().starts_with("https://127.0.0.1:"), "{push}");
    }
    // The same folder without TLS and with it again.
    let plain = demo(&[]);
    assert!(plain["ca_file"].is_null() && plain["url"].as_str().unwrap().starts_with("http://"), "{plain}");
    assert!(demo(&["--tls", "dev"])["url"].as_str().unwrap().starts_with("https://"));
    assert_eq!(std::fs::read(ca_file).unwrap(), ca);
}

#[test]
fn demo_that_is_not_answered_as_expected_fails() {
    let directory = TemporaryDirectory::new();
    assert!(demo_once(directory.path(), "127.0.0.1:0").status.success());
    let config = directory.path().join("parhelion.toml");
    let changed = std::fs::read_to_string(&config).unwrap().replace("[\"use_service\"]", "[]");
    std::fs::write(&config, changed).unwrap();
    let output = demo_once(directory.path(), "127.0.0.1:0");
    assert!(!output.status.success());
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["pushes"][1]["as_expected"], false, "{report}");
    assert_eq!(report["pushes"][0]["as_expected"], true, "{report}");
}

#[test]
fn address_in_use_and_address_of_others_are_told_plainly() {
    let directory = TemporaryDirectory::new();
    let holder = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = holder.local_addr().unwrap().to_string();
    let output = demo_once(directory.path(), &taken);
    assert!(!output.status.success());
    assert!(text(&output.stderr).starts_with(&format!("parhelion: {taken} is in use by another program")));
    let output = demo_once(directory.path(), "192.0.2.1:9126");
    assert!(text(&output.stderr).contains("not an address of this machine alone"), "{}", text(&output.stderr));
}

#[test]
fn password_of_standard_input_becomes_a_phc_string() {
    let mut command = parhelion(&["hash-password"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"correct horse\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(text(&output.stdout).starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{output:?}");
    assert!(!parhelion(&["hash-password"]).output().unwrap().status.success(), "an empty password was hashed");
}

#[test]
fn wrong_configuration_ends_with_its_line() {
    let directory = TemporaryDirectory::new();
    let config = directory.path().join("parhelion.toml");
    std::fs::write(&config, "version = 1\n[server]\nlistn = \"x\"\n").unwrap();
    let output = parhelion(&["serve", "--config", &config.to_string_lossy()]).output().unwrap();
    assert!(!output.status.success());
    let expected = format!("parhelion: {}:3: there is no key `listn` here; did you mean `listen`?\n", config.display());
    assert_eq!(text(&output.stderr), expected);
}

#[test]
fn check_tells_everything_and_its_exit_code_is_the_verdict() {
    let directory = TemporaryDirectory::new();
    let config = directory.path().join("parhelion.toml");
    let check = |text: &str, form: &[&str]| {
        std::fs::write(&config, text).unwrap();
        let path = config.to_string_lossy();
        parhelion(&[&["check", "--config", &path], form].concat()).output().unwrap()
    };
    let good = check("version = 1\n", &[]);
    assert_eq!(good.status.code(), Some(0));
    assert_eq!(text(&good.stdout), format!("{} can be served: errors 0, warnings 0\n", config.display()));
    let bad = "version = 1\n[server]\nlistn = \"x\"\n[[tenant]]\nid = \"A\"\n";
    let output = check(bad, &[]);
    assert_eq!(output.status.code(), Some(1));
    let lines = text(&output.stdout);
    assert!(lines.contains(":3: there is no key `listn`") && lines.contains(":5: tenant id `A`"), "{lines}");
    let output = check(bad, &["--json"]);
    assert_eq!(output.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&report["ok"], &report["errors"][1]["line"]), (&false.into(), &5.into()), "{report}");
    assert_eq!(report["warnings"], serde_json::json!([]));
}

fn serve(directory: &Path, log: &str) -> Child {
    let config = directory.join("parhelion.toml");
    let tenant =
        "[[tenant]]\nid = \"acme\"\n[[tenant.mount]]\ndialect = \"standard\"\nbase_url = \"http://127.0.0.1:1/acme\"\n";
    std::fs::write(&config, format!("version = 1\n[server]\nlisten = \"127.0.0.1:0\"\n{tenant}")).unwrap();
    let mut command = parhelion(&["serve", "--config", &config.to_string_lossy(), "--log", log]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

#[test]
fn serving_begins_with_one_line_and_ends_well_with_sigterm() {
    let directory = TemporaryDirectory::new();
    let mut child = serve(directory.path(), "json");
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.contains(" ready on 127.0.0.1:"), "{line}");
    assert!(line.ends_with("push to: acme/standard http://127.0.0.1:1/acme/par\n"), "{line}");
    let address = line.split(" ready on ").nth(1).unwrap().split(';').next().unwrap();
    let mut socket = std::net::TcpStream::connect(address).unwrap();
    let body = "client_id=no%0Abody&client_secret=s3cret-value";
    let head = "POST /acme/par?x=query-value HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded";
    write!(socket, "{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
    let id = answer.split("x-request-id: ").nth(1).unwrap().split('\r').next().unwrap().to_owned();
    for signal in ["-HUP", "-TERM"] {
        assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
    }
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let log = text(&output.stderr);
    let refusals: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .filter(|line: &Value| line["tenant"] == "acme")
        .collect();
    let [refusal] = refusals.as_slice() else { panic!("{log}") };
    assert_eq!(
        (&refusal["request_id"], &refusal["mount"], &refusal["endpoint"]),
        (&id.into(), &"standard".into(), &"push".into())
    );
    assert!(refusal["message"].as_str().unwrap().starts_with("PAR-"), "{refusal}");
    assert!(!log.contains("s3cret-value") && !log.contains("query-value"), "{log}");
}

#[test]
fn certificate_that_cannot_be_used_is_told_by_its_file() {
    let directory = TemporaryDirectory::new();
    let config = directory.path().join("parhelion.toml");
    let certificate = "[[server.tls.certificate]]\ncertificate_file = \"chain.pem\"\nkey_file = \"key.pem\"\n";
    std::fs::write(&config, format!("version = 1\n{certificate}")).unwrap();
    let serve = |more: &[&str]| {
        let output = parhelion(&[&["serve", "--config", &config.to_string_lossy()], more].concat()).output().unwrap();
        assert!(!output.status.success());
        text(&output.stderr)
    };
    let missing = format!("parhelion: {}: No such file", directory.path().join("chain.pem").display());
    assert!(serve(&[]).contains(&missing), "{}", serve(&[]));
    assert!(serve(&["--tls", "dev"]).contains("leave out one of them"));
}

#[test]
fn hangup_looks_at_certificates_and_ends_nothing() {
    let directory = TemporaryDirectory::new();
    let config = directory.path().join("parhelion.toml");
    let tenant =
        "[[tenant]]\nid = \"acme\"\n[[tenant.mount]]\ndialect = \"standard\"\nbase_url = \"https://as.example/acme\"\n";
    std::fs::write(&config, format!("version = 1\n[server]\nlisten = \"127.0.0.1:0\"\n{tenant}")).unwrap();
    let mut command = parhelion(&["serve", "--config", &config.to_string_lossy(), "--tls", "dev"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let id = child.id().to_string();
    let signal = |name: &str| assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
    let mut log = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    signal("-HUP");
    let heard = log.find(|line| line.contains("dev-certificate.pem: the certificate that is there is in use"));
    assert!(heard.is_some());
    signal("-TERM");
    assert!(child.wait().unwrap().success());
}

/// A port that nobody listens on just now.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn keys(config: &Path, call: &[&str]) -> Output {
    let (path, command) = (config.to_string_lossy(), [&["keys"], call].concat());
    parhelion(&[&command[..], &["--config", &path, "--tenant", "acme"]].concat()).output().unwrap()
}

fn states(output: &Output) -> Vec<(String, String)> {
    assert!(output.status.success(), "{output:?}");
    let listed: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let listed = listed.get("keys").and_then(Value::as_array).unwrap();
    listed.iter().map(|key| (text(&key["alg"]), text(&key["state"]))).collect()
}

fn pair(alg: &str, state: &str) -> (String, String) {
    (alg.to_owned(), state.to_owned())
}

#[test]
fn keys_rotate_while_the_server_runs_and_while_it_does_not() {
    let directory = TemporaryDirectory::new();
    let config = directory.path().join("parhelion.toml");
    let write = |admin: &str| {
        let tenant =
            "[[tenant]]\nid = \"acme\"\n[[tenant.mount]]\ndialect = \"standard\"\nbase_url = \"http://127.0.0.1:1\"\n";
        std::fs::write(&config, format!("version = 1\n[server]\nlisten = \"127.0.0.1:0\"\n{admin}{tenant}")).unwrap();
    };
    let begin = || {
        let mut command = parhelion(&["serve", "--config", &config.to_string_lossy()]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        (child, line)
    };
    let end = |mut child: Child| {
        assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
        assert!(child.wait().unwrap().success());
    };
    write("");
    let never = keys(&config, &["list"]);
    assert!(text(&never.stderr).contains("nothing has been served from"), "{never:?}");
    let (child, _) = begin();
    let locked = keys(&config, &["rotate"]);
    assert!(!locked.status.success() && text(&locked.stderr).contains("set [server] admin_listen"), "{locked:?}");
    end(child);
    assert_eq!(
        states(&keys(&config, &["rotate", "--alg", "eddsa", "--json"])),
        [
            pair("ES256", "signing"),
            pair("EdDSA", "waiting"),
            pair("ECDH-ES", "decrypting"),
            pair("ECDH-ES+A256KW", "decrypting")
        ]
    );

    let address = format!("127.0.0.1:{}", free_port());
    write(&format!("admin_listen = \"{address}\"\n"));
    let (child, line) = begin();
    assert!(line.contains(&format!("; admin on {address}; push to: ")), "{line}");
    let rotated = keys(&config, &["rotate", "--alg", "PS256", "--json"]);
    assert_eq!(states(&rotated).get(2), Some(&pair("PS256", "waiting")));
    let rotated = keys(&config, &["rotate", "--alg", "ECDH-ES", "--json"]);
    assert_eq!(states(&rotated)[3..5], [pair("ECDH-ES", "replaced"), pair("ECDH-ES", "decrypting")]);
    let listed = keys(&config, &["list"]);
    assert_eq!(text(&listed.stdout).lines().count(), 6);
    assert!(text(&listed.stdout).contains("PS256          is published, signs from "), "{listed:?}");
    // Refused where it is heard, and told where it was asked.
    let path = config.to_string_lossy();
    let nobody = parhelion(&["keys", "list", "--config", &path, "--tenant", "acne"]).output().unwrap();
    assert!(text(&nobody.stderr).contains("known are acme"), "{nobody:?}");
    end(child);
}
