//! What the configuration accepts, and in which words it refuses.

use std::path::Path;

use parhelion_jose::jws::Algorithm;
use parhelion_protocol::profile::Pkce;
use parhelion_testkit::TemporaryDirectory;

use super::*;
use crate::plain_dialect::DIALECTS;

const HEAD: &str = "version = 1\n[server]\nmode = \"dev\"\n";
const TENANT: &str = "[[tenant]]\nid = \"acme\"\n";
const MOUNT: &str = "[[tenant.mount]]\ndialect = \"plain\"\nbase_url = \"https://as.example/acme\"\n";
const CLIENT: &str = "[[tenant.client]]\nclient_id = \"app\"\nredirect_uris = [\"https://app.example/cb\"]\n";

fn read(text: &str) -> Result<Config, ConfigFault> {
    Config::read(Path::new("dir/parhelion.toml"), text, DIALECTS)
}

fn refused(parts: &[&str]) -> String {
    read(&parts.concat()).unwrap_err().to_string()
}

fn mounted(parts: &[&str]) -> Config {
    read(&[&[HEAD, TENANT, MOUNT], parts].concat().concat()).unwrap()
}

#[test]
fn small_file_is_enough_and_defaults_are_these() {
    let config = read("version = 1").unwrap();
    assert_eq!(config.server.mode, Mode::Production);
    assert_eq!(config.server.store, StoreKind::Embedded);
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:9126");
    assert_eq!(config.server.public_url.as_str(), "http://127.0.0.1:9126");
    assert_eq!(config.server.data_dir, Path::new("dir/parhelion-data"));
    assert_eq!((config.server.connections_max, config.server.drain_timeout.as_secs()), (10_000, 10));
}

#[test]
fn unknown_key_is_named_with_its_line_and_the_key_that_was_meant() {
    let server = refused(&["version = 1\n[server]\nlistn = \"127.0.0.1:1\"\n"]);
    assert_eq!(server, "dir/parhelion.toml:3: there is no key `listn` here; did you mean `listen`?");
    let mount = refused(&[HEAD, TENANT, "[[tenant.mount]]\ndialekt = \"plain\"\n"]);
    assert_eq!(mount, "dir/parhelion.toml:7: there is no key `dialekt` here; did you mean `dialect`?");
    let top = refused(&["version = 1\n[[tennant]]\n"]);
    assert_eq!(top, "dir/parhelion.toml:2: there is no key `tennant` here; did you mean `tenant`?");
    let client = refused(&[HEAD, TENANT, MOUNT, CLIENT, "client_secrt = \"x\"\n"]);
    assert_eq!(client, "dir/parhelion.toml:12: there is no key `client_secrt` here; did you mean `client_secret`?");
}

#[test]
fn what_is_no_toml_or_of_the_wrong_type_is_told_with_its_line() {
    assert!(refused(&["version = 1\n[server\n"]).starts_with("dir/parhelion.toml:2: "));
    let wrong = refused(&["version = 1\n[server]\nlisten = 80\n"]);
    assert!(wrong.starts_with("dir/parhelion.toml:3: "), "{wrong}");
    let tenants = refused(&[HEAD, "[[api_token]]\nname = \"a\"\nrights = []\ntoken = \"t\"\ntenants = \"some\"\n"]);
    assert!(tenants.contains("a list of tenant ids, or \"all\""), "{tenants}");
    assert!(refused(&["version = 2"]).contains("version 2 is not known"));
}

#[test]
fn literal_secret_is_for_dev_only() {
    let secret = "client_secret = \"s3cret-value\"\n";
    assert_eq!(mounted(&[CLIENT, secret]).tenants[0].clients.len(), 1);
    let refusal = refused(&["version = 1\n", TENANT, MOUNT, CLIENT, secret]);
    assert!(refusal.contains(":10: ") && refusal.contains("client_secret_file"), "{refusal}");
    assert!(!refusal.contains("s3cret-value"));
}

#[test]
fn secret_is_read_from_file_or_environment_and_given_once() {
    let directory = TemporaryDirectory::new();
    std::fs::write(directory.path().join("secret"), "from-a-file\n").unwrap();
    let path = directory.path().join("parhelion.toml");
    let with = |line: &str| Config::read(&path, &["version = 1\n", TENANT, MOUNT, CLIENT, line].concat(), DIALECTS);
    assert!(with("client_secret_file = \"secret\"\n").is_ok());
    assert!(with("client_secret_env = \"PATH\"\n").is_ok());
    let missing = with("client_secret_file = \"nowhere\"\n").unwrap_err();
    assert_eq!(missing.line, Some(10));
    assert!(with("client_secret_env = \"PARHELION_TEST_UNSET\"\n").unwrap_err().problem.contains("is not set"));
    let twice = with("client_secret_env = \"PATH\"\nclient_secret_file = \"secret\"\n").unwrap_err();
    assert!(twice.problem.contains("three ways"), "{twice}");
}

#[test]
fn client_without_its_secret_and_public_client_with_one_are_refused() {
    assert!(refused(&[HEAD, TENANT, MOUNT, CLIENT]).contains("client `app`: client_secret is needed"));
    let public = "token_endpoint_auth_method = \"none\"\nclient_secret = \"x\"\n";
    assert!(refused(&[HEAD, TENANT, MOUNT, CLIENT, public]).contains("client_secret is not used with this"));
}

#[test]
fn secret_that_was_exchanged_goes_with_the_new_one_and_an_end() {
    let dev = "version = 1\n[server]\nmode = \"dev\"\n";
    let with = |keys: &str| read(&[dev, TENANT, MOUNT, CLIENT, keys].concat()).map(drop).map_err(|fault| fault.problem);
    let (new, old) = ("client_secret = \"new\"\n", "previous_client_secret = \"old\"\n");
    let end = "previous_client_secret_expires_at = 1800000000\n";
    assert_eq!(with(&[new, old, end].concat()), Ok(()));
    for keys in [[new, old].concat(), [new, end].concat(), [old, end].concat()] {
        assert!(with(&keys).unwrap_err().contains("goes with"), "{keys}");
    }
}

#[test]
fn plain_http_needs_this_machine_or_dev() {
    let mount = "[[tenant.mount]]\ndialect = \"plain\"\nbase_url = \"http://as.example\"\n";
    assert!(refused(&["version = 1\n", TENANT, mount]).contains("use https"));
    assert!(read(&[HEAD, TENANT, mount].concat()).is_ok());
}

#[test]
fn names_that_lead_nowhere_come_with_a_suggestion() {
    let dialect = refused(&[HEAD, TENANT, "[[tenant.mount]]\ndialect = \"plane\"\nbase_url = \"https://a\"\n"]);
    assert!(dialect.ends_with("there is no dialect `plane`; did you mean `plain`?"), "{dialect}");
    let profile = refused(&[HEAD, TENANT, "profile = \"fapi2-securty\"\n", MOUNT]);
    assert!(profile.contains(":6: ") && profile.ends_with("did you mean `fapi2-security`?"), "{profile}");
    let setting = refused(&[HEAD, TENANT, "[tenant.policy]\npkcee = \"s256\"\n", MOUNT]);
    assert!(setting.contains(":7: ") && setting.ends_with("did you mean `pkce`?"), "{setting}");
    let token = "[[api_token]]\nname = \"a\"\ntoken = \"t\"\nrights = [\"use_service\"]\ntenants = [\"acne\"]\n";
    let token = refused(&[HEAD, TENANT, MOUNT, token]);
    assert!(token.ends_with("there is no tenant `acne`; did you mean `acme`?"), "{token}");
}

#[test]
fn tenant_without_the_alias_that_its_dialect_needs_is_refused() {
    let mount = "[[tenant.mount]]\ndialect = \"numbered\"\nbase_url = \"https://as.example\"\n";
    assert!(refused(&[HEAD, TENANT, mount]).contains("needs an alias"));
    let config = read(&[HEAD, TENANT, "aliases = [\"42\"]\n", mount].concat()).unwrap();
    let urls = config.tenants[0].mounts[0].urls();
    assert_eq!(urls.into_values().collect::<Vec<_>>(), ["https://as.example/api/42/push"]);
}

#[test]
fn two_mounts_at_one_place_are_refused_by_name_and_line() {
    let other =
        "[[tenant]]\nid = \"other\"\n[[tenant.mount]]\ndialect = \"plain\"\nbase_url = \"https://as.example/acme\"\n";
    let refusal = refused(&[HEAD, TENANT, MOUNT, other]);
    assert!(refusal.starts_with("dir/parhelion.toml:12: "), "{refusal}");
    for named in ["`plain` of tenant `acme` (line 7)", "`plain` of tenant `other` (line 12)", "as.example/acme/par"] {
        assert!(refusal.contains(named), "{refusal}");
    }
    let elsewhere = other.replace("as.example", "as2.example");
    assert!(read(&[HEAD, TENANT, MOUNT, &elsewhere].concat()).is_ok());
}

#[test]
fn two_mounts_with_one_issuer_are_refused() {
    let other = "[[tenant]]\nid = \"other\"\n[[tenant.mount]]\ndialect = \"plain\"\nbase_url = \"https://as.example/other\"\nissuer = \"https://as.example/acme\"\n";
    assert!(refused(&[HEAD, TENANT, MOUNT, other]).contains("/.well-known/oauth-authorization-server/acme"));
}

#[test]
fn policy_goes_from_profile_over_dialect_and_tenant_to_client() {
    let policy = "profile = \"authlete\"\n[tenant.policy]\npkce = \"s256\"\nrequest_uri_lifetime_s = 120\n";
    let client = format!("{CLIENT}client_secret = \"x\"\npolicy = {{ pkce = \"s256-required\" }}\n");
    let config = read(&[HEAD, TENANT, policy, MOUNT, &client].concat()).unwrap();
    let mount = &config.tenants[0].mounts[0];
    // The profile alone would accept plain; the dialect's own does not, and the meeting of both does neither.
    assert_eq!(mount.policy.pkce, Pkce::S256);
    assert_eq!(mount.policy.request_uri_lifetime_s.0, 120);
    assert_eq!(mount.client_policies["app"].pkce, Pkce::S256Required);
    assert_eq!(mount.client_policies["app"].request_uri_lifetime_s.0, 120);
    let unnamed = mounted(&[]);
    assert_eq!(unnamed.tenants[0].mounts[0].policy.pkce, Pkce::S256);
}

#[test]
fn lower_level_that_loosens_is_refused_with_both_places() {
    let tenant = "[tenant.policy]\nstate_min_bytes = 9\npkce = \"optional\"\n";
    let refusal = refused(&[HEAD, TENANT, tenant, MOUNT]);
    assert!(refusal.starts_with("dir/parhelion.toml:8: the policy of tenant `acme` loosens `pkce`"), "{refusal}");
    assert!(refusal.contains("profile `rfc9126`"), "{refusal}");
    let client = format!("{CLIENT}client_secret = \"x\"\npolicy = {{ state_min_bytes = 3 }}\n");
    let refusal = refused(&[HEAD, TENANT, "policy = { state_min_bytes = 9 }\n", MOUNT, &client]);
    assert!(refusal.contains(":14: the policy of client `app` loosens `state_min_bytes`"), "{refusal}");
    assert!(refusal.contains("the policy of tenant `acme` (line 6)"), "{refusal}");
}

#[test]
fn client_whose_method_no_mount_accepts_is_refused() {
    let refusal = refused(&[HEAD, TENANT, "profile = \"fapi2-security\"\n", MOUNT, CLIENT, "client_secret = \"x\"\n"]);
    assert!(refusal.contains("client_secret_basic, which no mount of its tenant accepts"), "{refusal}");
}

#[test]
fn loopback_redirect_uri_follows_the_tightest_mount() {
    let client = CLIENT.replace("https://app.example/cb", "http://127.0.0.1:1/cb");
    let secret = "client_secret = \"x\"\n";
    assert!(read(&[HEAD, TENANT, MOUNT, &client, secret].concat()).is_ok());
    let tight = "policy = { loopback_redirect_uri = \"refused\" }\n";
    assert!(refused(&[HEAD, TENANT, tight, MOUNT, &client, secret]).contains("redirect_uris"));
    assert!(refused(&[HEAD, TENANT, MOUNT, &client, secret, tight]).contains("redirect_uris"));
}

#[test]
fn user_needs_an_argon2id_hash() {
    let user = "[[tenant.user]]\nusername = \"ada\"\npassword_hash = \"plain\"\n";
    let refusal = refused(&[HEAD, TENANT, MOUNT, user]);
    assert!(refusal.contains(":11: ") && refusal.contains("parhelion hash-password"), "{refusal}");
}

#[test]
fn what_is_there_twice_is_refused() {
    let resource = "[[tenant.resource_server]]\nid = \"api\"\nuris = [\"https://api.example\"]\n";
    assert!(refused(&[HEAD, TENANT, MOUNT, TENANT, MOUNT]).contains("tenant `acme` is there twice"));
    let client = format!("{CLIENT}client_secret = \"x\"\n");
    assert!(refused(&[HEAD, TENANT, MOUNT, &client, &client]).contains("client `app` is there twice"));
    assert!(refused(&[HEAD, TENANT, MOUNT, resource, resource]).contains("is there twice"));
    assert!(refused(&[HEAD, TENANT]).contains("has no mount"));
    assert_eq!(mounted(&[resource]).tenants[0].resource_servers["api"].uris, ["https://api.example"]);
}

#[test]
fn attested_client_needs_an_attester_with_keys() {
    let client = format!("{CLIENT}token_endpoint_auth_method = \"attest_jwt_client_auth\"\n");
    let attester = "[[tenant.attester]]\nissuer = \"https://attester.example\"\n";
    let key = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    let with = |jwks: &str| format!("{attester}jwks = '{jwks}'\n");
    assert!(refused(&[HEAD, TENANT, MOUNT, &client]).contains("no attester of its tenant is named"));
    assert!(refused(&[HEAD, TENANT, MOUNT, &client, attester]).contains("attester.example`: has no keys"));
    let secret = with(r#"{"keys":[{"kty":"oct","k":"AAAA"}]}"#);
    assert!(refused(&[HEAD, TENANT, MOUNT, &client, &secret]).contains("attester.example`: jwks cannot be used"));
    let good = with(&format!(r#"{{"keys":[{key}]}}"#));
    assert_eq!(mounted(&[&client, &good]).tenants[0].attesters.len(), 1);
    assert!(refused(&[HEAD, TENANT, MOUNT, &good.repeat(17)]).contains("more than 16 attesters"));
}

const CERTIFICATE: &str =
    "[[server.tls.certificate]]\ncertificate_file = \"tls/chain.pem\"\nkey_file = \"/etc/key.pem\"\n";

#[test]
fn certificates_are_a_list_with_paths_from_the_files_folder() {
    let config = read(&[HEAD, CERTIFICATE, &CERTIFICATE.replace("tls/chain", "b")].concat()).unwrap();
    let pair = |path: &str| CertificatePlan { certificate_file: path.into(), key_file: "/etc/key.pem".into() };
    let expected = TlsPlan::Certificates(vec![pair("dir/tls/chain.pem"), pair("dir/b.pem")]);
    assert_eq!(config.server.tls, Some(expected));
    assert_eq!(config.server.public_url.as_str(), "https://127.0.0.1:9126");
    let none = refused(&[HEAD, "[server.tls]\ncertificate = []\n"]);
    assert!(none.contains(":5: ") && none.contains("add [[server.tls.certificate]]"), "{none}");
    let key = refused(&[HEAD, "[[server.tls.certificate]]\ncertificate = \"a\"\n"]);
    assert!(key.contains("did you mean `certificate_file`?"), "{key}");
}

#[test]
fn server_with_tls_is_reached_by_https_in_production() {
    let http = MOUNT.replace("https://as.example", "http://localhost");
    let production = "version = 1\n";
    assert!(read(&[production, TENANT, &http].concat()).is_ok());
    let refusal = refused(&[production, CERTIFICATE, TENANT, &http]);
    assert!(refusal.contains(":9: base_url: ") && refusal.ends_with("TLS only; write https"), "{refusal}");
    let issuer = refused(&[production, CERTIFICATE, TENANT, MOUNT, "issuer = \"http://localhost\"\n"]);
    assert!(issuer.contains(":10: issuer: "), "{issuer}");
    let url = refused(&[production, "[server]\npublic_url = \"http://localhost\"\n", CERTIFICATE]);
    assert!(url.contains(":3: public_url: "), "{url}");
    assert!(read(&[HEAD, CERTIFICATE, TENANT, &http].concat()).is_ok(), "mode dev");
}

#[test]
fn throw_away_certificates_stand_alone() {
    let with = |text: &str| Config::read_with(Path::new("x.toml"), text, DIALECTS, TlsOption::ThrowAway);
    let config = with("version = 1").unwrap();
    assert_eq!(config.server.tls, Some(TlsPlan::ThrowAway));
    assert_eq!(config.server.public_url.as_str(), "https://127.0.0.1:9126");
    let both = with(&["version = 1\n", CERTIFICATE].concat()).unwrap_err().to_string();
    assert!(both.ends_with("leave out one of them"), "{both}");
}

#[test]
fn trusted_proxies_are_networks_or_single_addresses() {
    let with = |list: &str| [HEAD, "trusted_proxies = ", list, "\nsource_header = \"forwarded\"\n"].concat();
    let config = read(&with("[\"10.0.0.0/8\", \"::1\"]")).unwrap();
    let networks: Vec<String> = config.server.trusted_proxies.iter().map(ToString::to_string).collect();
    assert_eq!(networks, ["10.0.0.0/8", "::1/128"]);
    assert_eq!(config.server.source_header, SourceHeader::Forwarded);
    assert_eq!(read("version = 1").unwrap().server.source_header, SourceHeader::XForwardedFor);
    for wrong in ["10.0.0.0/33", "proxy.example", "10.0.0"] {
        let refusal = refused(&[&with(&format!("[\"{wrong}\"]"))]);
        assert!(refusal.contains(":4: ") && refusal.contains(wrong), "{refusal}");
    }
    let header = refused(&[HEAD, "source_header = \"x-real-ip\"\n"]);
    assert!(header.contains("x-forwarded-for"), "{header}");
}

fn faults(parts: &[&str]) -> Vec<String> {
    let examined = examined(Path::new("p.toml"), &parts.concat(), DIALECTS, TlsOption::AsConfigured);
    assert_eq!(examined.config.is_some(), examined.faults.is_empty());
    examined.faults.iter().map(ToString::to_string).collect()
}

fn doubts(parts: &[&str]) -> Vec<String> {
    let examined = examined(Path::new("p.toml"), &parts.concat(), DIALECTS, TlsOption::AsConfigured);
    assert_eq!(examined.faults, []);
    examined.doubts.iter().map(ToString::to_string).collect()
}

#[test]
fn everything_that_is_wrong_is_told_at_once_in_the_order_of_the_file() {
    let text = "version = 1
[server]
listn = \"127.0.0.1:1\"
connections_max = 0
[[api_token]]
name = \"backend\"
rights = [\"use_service\"]
tenants = [\"acne\"]
token = \"4711\"
[[tenant]]
id = \"acme\"
profile = \"fapi2-securty\"
[[tenant.mount]]
dialect = \"plane\"
base_url = \"https://as.example\"
[[tenant.mount]]
dialect = \"plain\"
base_url = \"http://as.example\"
[[tenant.client]]
client_id = \"app\"
redirect_uris = [\"https://app.example/cb\"]
client_secret_file = \"nowhere\"
[[tenant.client]]
client_id = \"other\"
redirect_uris = \"https://app.example/cb\"
[[tenant.user]]
username = \"ada\"
password_hash = \"plain\"
[[tenant.resource_server]]
id = \"api\"
uris = [\"no uri\"]
[[tenant]]
id = \"Acme\"
[[tenant]]
id = \"empty\"
";
    let told = faults(&[text]);
    let lines: Vec<&str> = told.iter().map(|fault| fault.split(':').nth(1).unwrap()).collect();
    assert_eq!(lines, ["3", "9", "14", "18", "22", "25", "28", "31", "33", "35"], "{told:#?}");
    for (fault, word) in told.iter().zip([
        "did you mean `listen`",
        "token_file",
        "did you mean `plain`",
        "use https",
        "nowhere",
        "wrong type (string); expected a sequence",
        "parhelion hash-password",
        "no absolute URI",
        "not a slug",
        "has no mount",
    ]) {
        assert!(fault.contains(word), "{fault}");
    }
    assert!(!told.concat().contains("4711"), "{told:?}");
}

#[test]
fn what_follows_from_an_unknown_key_is_not_told_beside_it() {
    let told = faults(&[HEAD, TENANT, MOUNT, CLIENT, "client_secrt = \"x\"\n", CLIENT, "client_secret = \"x\"\n"]);
    assert_eq!(told, ["p.toml:12: there is no key `client_secrt` here; did you mean `client_secret`?"]);
    let told = faults(&[HEAD, "[[tenant]]\nid = 5\n", MOUNT, "[[tenant]]\nid = \"B\"\n", MOUNT]);
    assert_eq!(told.len(), 2, "{told:#?}");
    assert!(told[0].contains("p.toml:5: ") && told[0].contains("(integer); expected a string"), "{told:#?}");
    assert!(told[1].contains("p.toml:10: tenant id `B` is not a slug"), "{told:#?}");
}

#[test]
fn lifetime_out_of_bounds_is_refused_with_a_line_that_says_why() {
    let lifetime = |profile: &str, setting: &str, seconds: u64| {
        let policy = format!("profile = \"{profile}\"\n[tenant.policy]\n{setting} = {seconds}\n");
        faults(&[HEAD, TENANT, &policy, MOUNT]).join("\n")
    };
    let rfc = "RFC 9126 section 2.2: \"for example between 5 and 600\"";
    for seconds in [0, 4, 601, 1_000_000_000] {
        let refusal = lifetime("default", "request_uri_lifetime_s", seconds);
        let expected = format!(
            "p.toml:8: the policy of tenant `acme`: `request_uri_lifetime_s` = {seconds} is outside of 5 to 600"
        );
        assert!(refusal.starts_with(&expected) && refusal.contains(rfc), "{refusal}");
        assert!(refusal.ends_with("choose a number from 5 to 600"), "{refusal}");
    }
    for seconds in [5, 90, 600] {
        assert_eq!(lifetime("default", "request_uri_lifetime_s", seconds), "");
    }
    let fapi = lifetime("fapi2-security", "request_uri_lifetime_s", 600);
    assert!(fapi.contains("5 to 599 seconds") && fapi.contains("FAPI 2.0 Security Profile"), "{fapi}");
    assert!(fapi.contains("Section 5.3.2.2: less than 600 seconds"), "{fapi}");
    for setting in ["access_token_lifetime_s", "id_token_lifetime_s", "code_lifetime_s", "interaction_lifetime_s"] {
        assert!(lifetime("default", setting, 0).contains("over before it begins"), "{setting}");
        assert!(lifetime("default", setting, 1_000_000_000).contains(&format!("loosens `{setting}`")), "{setting}");
        assert!(lifetime("default", setting, 10_000_000_000).contains("p.toml:8: "), "{setting}");
        assert_eq!(lifetime("default", setting, 1), "");
    }
}

#[test]
fn every_setting_that_loosens_is_told() {
    let policy = "[tenant.policy]\npkce = \"optional\"\nstate_min_bytes = 9\ncode_lifetime_s = 61\nconsnt = 1\n";
    let told = faults(&[HEAD, TENANT, policy, MOUNT]);
    assert_eq!(told.len(), 3, "{told:#?}");
    assert!(told[0].contains(":7: ") && told[0].contains("loosens `pkce`"), "{told:#?}");
    assert!(told[0].contains("RFC 9700 section 2.1.1"), "{told:#?}");
    assert!(told[1].contains(":9: ") && told[1].contains("loosens `code_lifetime_s`"), "{told:#?}");
    assert!(told[2].contains(":10: ") && told[2].contains("no setting `consnt`"), "{told:#?}");
}

#[test]
fn end_that_never_comes_is_refused() {
    let told = faults(&["version = 1\n[server]\ndrain_timeout_s = 3601\n"]);
    assert!(told[0].contains("p.toml:3: ") && told[0].contains("must end"), "{told:?}");
}

#[test]
fn signing_algorithm_is_one_that_every_mount_accepts() {
    let algs = |profile: &str, alg: &str| {
        faults(&[HEAD, TENANT, &format!("profile = \"{profile}\"\nsigning_alg = \"{alg}\"\n"), MOUNT]).join("\n")
    };
    for alg in ["ES256", "PS256", "EdDSA"] {
        assert_eq!(algs("fapi2-security", alg), "");
    }
    assert_eq!(algs("default", "RS256"), "");
    let refusal = algs("fapi2-security", "RS256");
    assert!(refusal.contains("p.toml:7: signing_alg `RS256` is not accepted by profile `fapi2-security`"), "{refusal}");
    assert!(refusal.ends_with("choose one of ES256, PS256, EdDSA"), "{refusal}");
    assert!(algs("default", "HS256").contains("`HS256`"));
    assert_eq!(mounted(&[]).tenants[0].signing_alg, Algorithm::Es256);
}

#[test]
fn admin_listener_is_for_this_machine_and_has_its_own_port() {
    let told = |mode: &str, address: &str| {
        let text = format!("version = 1\n[server]\nmode = \"{mode}\"\nadmin_listen = \"{address}\"\n");
        faults(&[&text]).join("\n")
    };
    assert_eq!(told("production", "127.0.0.1:9127"), "");
    assert_eq!(told("production", "[::1]:9127"), "");
    assert!(told("production", "0.0.0.0:9127").contains("p.toml:4: admin_listen: 0.0.0.0:9127 is not an address"));
    assert_eq!(told("dev", "0.0.0.0:9127"), "");
    assert!(told("production", "127.0.0.1:9126").contains("a port of its own"));
    assert_eq!(read("version = 1").unwrap().server.admin_listen, None);
}

#[test]
fn doubtful_things_are_told_and_not_refused() {
    let client = format!("{CLIENT}client_secret = \"x\"\n");
    let tenant = |rest: &str| doubts(&[HEAD, TENANT, MOUNT, &client, rest]);
    let user = |hash: &str| format!("[[tenant.user]]\nusername = \"ada\"\npassword_hash = \"{hash}\"\n");
    let strong = user(&crate::passwords::hash("x").unwrap());
    assert_eq!(tenant(&strong), Vec::<String>::new());
    let nobody = tenant("");
    assert!(nobody.len() == 1 && nobody[0].contains("p.toml:5: ") && nobody[0].contains("nobody can log in"));

    let weak = "$argon2id$v=19$m=4096,t=3,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let weak = tenant(&user(weak));
    assert!(weak.len() == 1 && weak[0].contains("argon2id with m=4096, t=3"), "{weak:?}");

    for (line, word) in [
        ("status = \"disabled\"\n", "is disabled"),
        ("grant_types = []\n", "has no grant type"),
        ("grant_types = [\"refresh_token\"]\n", "never gets a refresh token"),
    ] {
        let told = tenant(&format!("{line}{strong}"));
        assert!(told.len() == 1 && told[0].contains("p.toml:10: client `app`") && told[0].contains(word), "{told:?}");
    }

    let edges = |seconds: u32| {
        let policy = format!("[tenant.policy]\nrequest_uri_lifetime_s = {seconds}\n");
        doubts(&[HEAD, TENANT, &policy, MOUNT])
    };
    assert!(edges(5)[0].contains("the shortest") && edges(600)[0].contains("the longest"));
    assert_eq!(edges(60), Vec::<String>::new());

    let open = doubts(&[HEAD, TENANT, "[[tenant.mount]]\ndialect = \"plain\"\nbase_url = \"http://as.example\"\n"]);
    assert!(open.len() == 1 && open[0].contains("in the open"), "{open:?}");
    let token = "[[api_token]]\nname = \"a\"\ntoken = \"t\"\nrights = []\ntenants = \"all\"\n";
    assert!(doubts(&[HEAD, token])[0].contains("has no right"));
}

fn with_type(more: &str) -> String {
    format!("[[tenant.authorization_details_type]]\ntype = \"payment\"\n{more}\n")
}

#[test]
fn authorization_details_type_is_read_from_text_or_file_and_a_client_may_use_what_it_names() {
    let payment = with_type("description = \"Pays once\"\nschema = '{\"properties\":{\"amount\":{}}}'");
    let client = format!("{CLIENT}client_secret = \"x\"\nauthorization_details_types = [\"payment\"]\n");
    let config = mounted(&[&payment, &client]);
    let tenant = &config.tenants[0];
    assert_eq!(tenant.authorization_details_types["payment"].description.as_deref(), Some("Pays once"));
    assert_eq!(tenant.clients["app"].authorization_details_types, ["payment"]);
    let directory = TemporaryDirectory::new();
    std::fs::write(directory.path().join("payment.json"), "{}\n").unwrap();
    let text = [HEAD, TENANT, MOUNT, &with_type("schema_file = \"payment.json\"")].concat();
    assert!(Config::read(&directory.path().join("parhelion.toml"), &text, DIALECTS).is_ok());
}

#[test]
fn authorization_details_type_that_cannot_be_used_is_refused_with_its_line() {
    let refused_with = |more: &str| refused(&[HEAD, TENANT, MOUNT, &with_type(more)]);
    let broken = refused_with("schema = '{\"type\":\"nonsense\"}'");
    assert!(broken.starts_with("dir/parhelion.toml:11: authorization_details_type `payment`: the schema"), "{broken}");
    let elsewhere = refused_with("schema = '{\"properties\":{\"a\":{\"$ref\":\"https://schemas.example/a\"}}}'");
    assert!(elsewhere.contains(":11: ") && elsewhere.contains("must hold all that it refers to"), "{elsewhere}");
    assert!(refused_with("schema = '['").contains("the text is not JSON"));
    assert!(refused_with("").contains(":10: authorization_details_type `payment` has no schema"));
    assert!(refused_with("schema = '{}'\nschema_file = \"a\"").contains("two ways to say one thing"));
    assert!(refused_with("schema_file = \"nowhere\"").contains(":11: `schema_file`: cannot read dir/nowhere"));
    let twice = refused_with(&format!("schema = '{{}}'\n{}schema = '{{}}'", with_type("")));
    assert!(twice.contains("is there twice"), "{twice}");
    let client = format!("{CLIENT}client_secret = \"x\"\nauthorization_details_types = [\"paiment\"]\n");
    let unknown = refused(&[HEAD, TENANT, MOUNT, &with_type("schema = '{}'"), &client]);
    assert!(
        unknown.contains(":16: there is no authorization_details_type `paiment`; did you mean `payment`?"),
        "{unknown}"
    );
    let used = client.replace("paiment", "payment");
    let told = faults(&[HEAD, TENANT, MOUNT, &with_type("schema = '['"), &used]);
    assert_eq!(told.len(), 1, "{told:?}");
}
