//! Client certificates, judged by every rule of requirements N-36 and N-37 and attack rows CA-52 to CA-56.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects, missing_docs)]

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use parhelion_jose::{base64, base64url};
use parhelion_protocol::client::{Client, ClientMetadata};
use parhelion_protocol::client_auth::attest_jwt_client_auth::Headers;
use parhelion_protocol::client_auth::{self, Authorization, Callers, Evidence, Judge, Method, TrustAnchors};
use parhelion_protocol::form;
use parhelion_protocol::profile::{ClientIdInForm, LoopbackRedirectUri, shipped};
use parhelion_protocol::refusal::Reason;
use parhelion_protocol::sender;
use parhelion_protocol::sender::certificate::{Chain, Shown, x5t_s256};
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, Issuer,
    KeyPair, NameConstraints, SanType,
};
use serde_json::{Value, json};

const NOW: i64 = 1_800_000_000;
const DAY_S: i64 = 86_400;

fn at(seconds: i64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(seconds).unwrap())
}

/// Somebody who issues certificates.
struct Authority {
    certificate: Certificate,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn root() -> Self {
        Self::made(&authority_params("root"), None)
    }

    fn below(&self, params: &CertificateParams) -> Self {
        Self::made(params, Some(self))
    }

    fn made(params: &CertificateParams, above: Option<&Self>) -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = match above {
            None => params.self_signed(&key),
            Some(above) => params.signed_by(&key, &above.issuer),
        };
        Self { certificate: certificate.unwrap(), issuer: Issuer::new(params.clone(), key) }
    }

    fn issue(&self, params: &CertificateParams) -> Certificate {
        params.signed_by(&KeyPair::generate().unwrap(), &self.issuer).unwrap()
    }

    fn anchors(&self) -> TrustAnchors {
        TrustAnchors::from_pem(&self.certificate.pem()).unwrap()
    }
}

fn authority_params(name: &str) -> CertificateParams {
    let mut params = leaf_params(name, Vec::new());
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

fn leaf_params(common_name: &str, names: Vec<SanType>) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.subject_alt_names = names;
    (params.not_before, params.not_after) = (at(NOW - DAY_S).into(), at(NOW + DAY_S).into());
    params
}

fn dns(name: &str) -> SanType {
    SanType::DnsName(name.try_into().unwrap())
}

fn shown(certificates: &[&Certificate]) -> Shown {
    Shown::Chain(Arc::new(Chain::from_der(certificates.iter().map(|one| one.der().clone())).unwrap()))
}

fn client(members: Value) -> Client {
    register(members).unwrap()
}

fn register(members: Value) -> Result<Client, String> {
    let mut metadata = json!({ "client_id": "app", "redirect_uris": ["https://app.example/cb"] });
    metadata.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    let metadata: ClientMetadata = serde_json::from_value(metadata).unwrap();
    Client::register(metadata, &[], LoopbackRedirectUri::Accepted).map_err(|fault| fault.to_string())
}

fn of_authority(member: &str, value: &str) -> Client {
    client(json!({ "token_endpoint_auth_method": "tls_client_auth", member: value }))
}

fn self_signed(jwk: Value) -> Value {
    json!({ "token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks": json!({ "keys": [jwk] }).to_string() })
}

fn judge(client: Option<&Client>, anchors: &TrustAnchors, shown: &Shown) -> Result<(), Reason> {
    judge_form(client, anchors, shown, "client_id=app")
}

fn judge_form(client: Option<&Client>, trust_anchors: &TrustAnchors, shown: &Shown, body: &str) -> Result<(), Reason> {
    let policy = shipped("default").unwrap();
    let parameters = form::parse(body.as_bytes()).unwrap();
    let certificate = shown.chain().map_err(|refusal| refusal.reason)?;
    let judge = Judge {
        policy: &policy,
        issuer: "https://as.example",
        endpoint_urls: &[],
        certificate,
        trust_anchors,
        attesters: &[],
        callers: Callers::Clients,
        now_s: NOW,
    };
    let evidence = Evidence {
        authorization: &Authorization::Absent,
        attestation: &Headers::default(),
        dpop: &sender::Shown::Absent,
        certificate: shown,
        parameters: &parameters,
    };
    let presented = client_auth::present(&evidence, ClientIdInForm::FromCredential);
    let presented = presented.map_err(|refusal| refusal.reason)?;
    client_auth::prove(&presented, client.map(Client::party), &judge).map(drop).map_err(|refusal| refusal.reason)
}

#[test]
fn each_of_the_five_subjects_is_compared_as_what_it_is() {
    let root = Authority::root();
    let leaf = root.issue(&leaf_params(
        "client",
        vec![
            dns("Client.example"),
            SanType::URI("https://client.example/A".try_into().unwrap()),
            SanType::IpAddress("192.0.2.7".parse().unwrap()),
            SanType::IpAddress("2001:db8::7".parse().unwrap()),
            SanType::Rfc822Name("Ops@client.example".try_into().unwrap()),
        ],
    ));
    let judge =
        |member: &str, value: &str| judge(Some(&of_authority(member, value)), &root.anchors(), &shown(&[&leaf]));
    for (member, value) in [
        ("tls_client_auth_subject_dn", "cn=Client"),
        ("tls_client_auth_san_dns", "client.EXAMPLE"),
        ("tls_client_auth_san_uri", "https://client.example/A"),
        ("tls_client_auth_san_ip", "192.0.2.7"),
        ("tls_client_auth_san_ip", "2001:DB8:0:0::7"),
        ("tls_client_auth_san_email", "Ops@CLIENT.example"),
    ] {
        assert_eq!(judge(member, value), Ok(()), "{member} {value}");
    }
    for (member, value) in [
        ("tls_client_auth_subject_dn", "CN=client,O=x"),
        ("tls_client_auth_san_dns", "client"),
        ("tls_client_auth_san_dns", "sub.client.example"),
        ("tls_client_auth_san_dns", "192.0.2.7"),
        ("tls_client_auth_san_uri", "https://client.example/a"),
        ("tls_client_auth_san_ip", "192.0.2.8"),
        ("tls_client_auth_san_ip", "::ffff:192.0.2.7"),
        ("tls_client_auth_san_email", "ops@client.example"),
    ] {
        assert_eq!(judge(member, value), Err(Reason::CertificateSubjectWrong), "{member} {value}");
    }
}

#[test]
fn wildcard_in_a_certificate_stands_for_nothing() {
    let root = Authority::root();
    let leaf = root.issue(&leaf_params("*.example", vec![dns("*.example")]));
    let client = of_authority("tls_client_auth_san_dns", "client.example");
    assert_eq!(judge(Some(&client), &root.anchors(), &shown(&[&leaf])), Err(Reason::CertificateSubjectWrong));
}

#[test]
fn path_is_judged_before_the_name() {
    let (root, other) = (Authority::root(), Authority::root());
    let client = of_authority("tls_client_auth_subject_dn", "CN=client");
    let params = leaf_params("client", Vec::new());
    let judge = |certificates: &[&Certificate]| judge(Some(&client), &root.anchors(), &shown(certificates));
    let change = |change: &dyn Fn(&mut CertificateParams)| {
        let mut params = params.clone();
        change(&mut params);
        root.issue(&params)
    };
    for (what, leaf, expected) in [
        ("good", change(&|_| {}), Ok(())),
        ("foreign", other.issue(&params), Err(Reason::CertificateUntrusted)),
        ("expired", change(&|p| p.not_after = at(NOW - 1).into()), Err(Reason::CertificateExpired)),
        ("early", change(&|p| p.not_before = at(NOW + 1).into()), Err(Reason::CertificateNotYetValid)),
        ("for clients", change(&|p| p.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth]), Ok(())),
        (
            "for servers",
            change(&|p| p.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth]),
            Err(Reason::CertificateNotForClients),
        ),
        (
            "an authority's",
            change(&|p| p.is_ca = IsCa::Ca(BasicConstraints::Unconstrained)),
            Err(Reason::CertificateOfAuthority),
        ),
        (
            "critical extension",
            change(&|p| {
                let mut unknown = rcgen::CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![5, 0]);
                unknown.set_criticality(true);
                p.custom_extensions.push(unknown);
            }),
            Err(Reason::CertificateUnsupported),
        ),
    ] {
        assert_eq!(judge(&[&leaf]), expected, "{what}");
    }
}

#[test]
fn intermediates_are_needed_and_bound_by_what_is_above_them() {
    let root = Authority::root();
    let client = of_authority("tls_client_auth_subject_dn", "CN=client");
    let judge = |certificates: &[&Certificate]| judge(Some(&client), &root.anchors(), &shown(certificates));
    let leaf = leaf_params("client", vec![dns("client.example")]);

    let middle = root.below(&authority_params("middle"));
    let below = middle.issue(&leaf);
    assert_eq!(judge(&[&below, &middle.certificate]), Ok(()));
    assert_eq!(judge(&[&below]), Err(Reason::CertificateUntrusted));

    let mut narrow = authority_params("narrow");
    narrow.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let narrow = root.below(&narrow);
    let under = narrow.below(&authority_params("under"));
    let refused = Err(Reason::CertificatePathRefused);
    assert_eq!(judge(&[&narrow.issue(&leaf), &narrow.certificate]), Ok(()));
    assert_eq!(judge(&[&under.issue(&leaf), &under.certificate, &narrow.certificate]), refused);

    let mut named = authority_params("named");
    named.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::DnsName("elsewhere.example".to_owned())],
        excluded_subtrees: Vec::new(),
    });
    let named = root.below(&named);
    assert_eq!(judge(&[&named.issue(&leaf), &named.certificate]), refused);

    let no_authority = root.below(&leaf_params("leaf", Vec::new()));
    assert_eq!(judge(&[&no_authority.issue(&leaf), &no_authority.certificate]), refused);

    let mut last = root.below(&authority_params("ca 0"));
    let mut chain = vec![last.certificate.clone()];
    for number in 1..9 {
        last = last.below(&authority_params(&format!("ca {number}")));
        chain.insert(0, last.certificate.clone());
    }
    chain.insert(0, last.issue(&leaf));
    assert_eq!(judge(&chain.iter().collect::<Vec<_>>()), refused, "ten certificates");
    chain.push(root.certificate.clone());
    assert!(Chain::from_der(chain.iter().map(|one| one.der().clone())).is_none(), "eleven are not looked at");
}

#[test]
fn registered_certificate_is_the_only_one_of_a_self_signed_client() {
    let params = leaf_params("client", Vec::new());
    let (ours, theirs) = (Authority::made(&params, None).certificate, Authority::made(&params, None).certificate);
    let by_certificate = json!({ "kty": "oct-like", "x5c": [base64::encode(ours.der())] });
    let ec = json!({ "kty": "EC", "crv": "P-256", "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
        "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM" });
    let with = |name: &str, value: Value| {
        let mut key = ec.clone();
        key[name] = value;
        key
    };
    let nobody = TrustAnchors::default();
    for key in [
        with("x5c", json!([base64::encode(ours.der())])),
        with("x5t#S256", json!(base64url::encode(&x5t_s256(ours.der())))),
    ] {
        let client = client(self_signed(key));
        assert_eq!(judge(Some(&client), &nobody, &shown(&[&ours])), Ok(()));
        assert_eq!(judge(Some(&client), &nobody, &shown(&[&theirs])), Err(Reason::CertificateNotRegistered));
        assert_eq!(judge(Some(&client), &nobody, &Shown::Absent), Err(Reason::CertificateMissing));
        // What comes behind the client's own certificate is nothing that it has shown to hold.
        assert_eq!(judge(Some(&client), &nobody, &shown(&[&theirs, &ours])), Err(Reason::CertificateNotRegistered));
    }
    assert!(register(self_signed(by_certificate)).unwrap_err().starts_with("jwks has a key that cannot be used"));
    for (key, problem) in [
        (ec.clone(), "has no certificate"),
        (with("x5c", json!([])), "does not begin with a certificate"),
        (with("x5c", json!(["AAAA"])), "does not begin with a certificate"),
        (with("x5t#S256", json!("AAAA")), "no SHA-256"),
    ] {
        assert!(register(self_signed(key)).unwrap_err().contains(problem), "{problem}");
    }
    for (change, expected) in [(-2 * DAY_S, Reason::CertificateExpired), (2 * DAY_S, Reason::CertificateNotYetValid)] {
        let mut params = params.clone();
        params.not_before = at(NOW - DAY_S + change).into();
        params.not_after = at(NOW + DAY_S + change).into();
        let certificate = Authority::made(&params, None).certificate;
        let client = client(self_signed(with("x5c", json!([base64::encode(certificate.der())]))));
        assert_eq!(judge(Some(&client), &nobody, &shown(&[&certificate])), Err(expected));
    }
}

#[test]
fn client_registers_exactly_one_subject_and_only_for_its_method() {
    let method = |method: &str, members: Value| {
        let mut all = json!({ "token_endpoint_auth_method": method });
        all.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        register(all).unwrap_err()
    };
    let (dn, host) = (json!("CN=client"), json!("client.example"));
    let two = json!({ "tls_client_auth_subject_dn": dn, "tls_client_auth_san_dns": host });
    for (fault, problem) in [
        (method("tls_client_auth", json!({})), "exactly one of the five"),
        (method("tls_client_auth", two), "tls_client_auth_san_dns stands beside another one"),
        (
            method("none", json!({ "tls_client_auth_san_dns": host })),
            "tls_client_auth_san_dns is not used with this token_endpoint_auth_method",
        ),
        (method("tls_client_auth", json!({ "tls_client_auth_subject_dn": "client" })), "is not what such a member"),
        (method("tls_client_auth", json!({ "tls_client_auth_san_dns": "*.example" })), "is not what such a member"),
        (method("tls_client_auth", json!({ "tls_client_auth_san_ip": "192.0.2.7/32" })), "is not what such a member"),
        (method("tls_client_auth", json!({ "tls_client_auth_san_uri": "client" })), "is not what such a member"),
        (method("tls_client_auth", json!({ "tls_client_auth_san_email": "@x" })), "is not what such a member"),
        (method("self_signed_tls_client_auth", json!({})), "jwks is needed"),
    ] {
        assert!(fault.contains(problem), "{problem}: {fault}");
    }
}

#[test]
fn certificate_is_an_identity_only_to_the_methods_of_rfc_8705() {
    let root = Authority::root();
    let leaf = shown(&[&root.issue(&leaf_params("client", Vec::new()))]);
    let ours = of_authority("tls_client_auth_subject_dn", "CN=client");
    let public = client(json!({ "token_endpoint_auth_method": "none" }));
    let anchors = root.anchors();
    let key = json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" });
    let jwks = json!({ "keys": [key] }).to_string();
    let signs = client(json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": jwks }));
    assert_eq!(judge(Some(&public), &anchors, &leaf), Ok(()), "key binding of a public client");
    assert_eq!(judge(Some(&signs), &anchors, &leaf), Err(Reason::MethodNotRegistered));
    assert_eq!(judge(None, &anchors, &leaf), Err(Reason::ClientUnknown));
    assert_eq!(judge(Some(&ours), &anchors, &Shown::Absent), Err(Reason::CertificateMissing));
    assert_eq!(judge(Some(&ours), &anchors, &Shown::Malformed), Err(Reason::CertificateMalformed));
    let secret = "client_id=app&client_secret=x";
    assert_eq!(judge_form(Some(&ours), &anchors, &leaf, secret), Err(Reason::TwoMechanisms));
    assert_eq!(judge_form(Some(&ours), &anchors, &Shown::Absent, secret), Err(Reason::MethodNotRegistered));
    assert_eq!(judge_form(None, &anchors, &leaf, secret), Err(Reason::ClientUnknown));
}

#[test]
fn every_fault_of_a_certificate_looks_like_a_wrong_secret() {
    let hidden = Reason::ClientSecretWrong.row().public();
    for reason in [
        Reason::CertificateMissing,
        Reason::CertificateUntrusted,
        Reason::CertificateExpired,
        Reason::CertificateNotYetValid,
        Reason::CertificateNotForClients,
        Reason::CertificateOfAuthority,
        Reason::CertificatePathRefused,
        Reason::CertificateUnsupported,
        Reason::CertificateSubjectWrong,
        Reason::CertificateNotRegistered,
    ] {
        assert_eq!(reason.row().public().code, hidden.code, "{reason:?}");
    }
}

#[test]
fn anchors_are_authorities() {
    let root = Authority::root();
    let leaf = root.issue(&leaf_params("client", Vec::new()));
    assert!(
        TrustAnchors::from_pem(&format!("{}{}", root.certificate.pem(), Authority::root().certificate.pem())).is_ok()
    );
    assert!(TrustAnchors::from_pem(&leaf.pem()).unwrap_err().contains("number 0: it is no authority's"));
    let key = KeyPair::generate().unwrap().serialize_pem();
    for text in ["", "x", &key, &format!("{}{key}", root.certificate.pem())] {
        assert!(TrustAnchors::from_pem(text).is_err(), "{text}");
    }
    assert!(Method::TlsClientAuth.is_mutual_tls() && !Method::PrivateKeyJwt.is_mutual_tls());
}
