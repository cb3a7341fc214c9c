//! Discovery: the metadata document, derived from what is built and what the policy accepts, so that it
//! cannot lie (RFC 8414 section 2, OpenID Connect Discovery section 3).

use parhelion_jose::jws::{MacAlgorithm, NoAlgorithm};
use parhelion_protocol::client::GrantType;
use parhelion_protocol::client_auth::Method;
use parhelion_protocol::endpoint::Endpoint;
use parhelion_protocol::profile::{AlgName, EncryptionAlgName, Policy, PushedRequests, RequestObjects, Set};
use serde_json::{Map, Value, json};

use crate::registration::Gate;
use crate::registry::{Mount, MutualTls};

/// The metadata document of a mount, as JSON text.
#[must_use]
pub fn metadata(mount: &Mount) -> String {
    let mut document = Map::new();
    document.insert("issuer".to_owned(), json!(mount.issuer));
    let is_served = |endpoint: &Endpoint| *endpoint != Endpoint::Challenge || mount.takes_attestations();
    for endpoint in Endpoint::ALL.into_iter().filter(is_served) {
        if let (Some(name), Some(url)) = (endpoint.metadata_name(), mount.url(endpoint)) {
            document.insert(name.to_owned(), json!(url));
        }
    }
    document.extend(capabilities(mount));
    if mount.takes_attestations() {
        document.extend(attestation(&mount.policy));
    }
    //= rfc9396#10
    let types: Vec<&String> = mount.tenant.authorization_details_types.keys().collect();
    if !types.is_empty() {
        document.insert("authorization_details_types_supported".to_owned(), json!(types));
    }
    document.extend(mutual_tls(mount));
    Value::Object(document).to_string()
}

/// What clients with a certificate must know (RFC 8705 sections 3.3 and 5).
fn mutual_tls(mount: &Mount) -> Map<String, Value> {
    let mut members = Map::new();
    if mount.mutual_tls == MutualTls::Nowhere {
        return members;
    }
    members.insert("tls_client_certificate_bound_access_tokens".to_owned(), json!(true));
    let url = |endpoint: Endpoint| Some((endpoint.metadata_name()?.to_owned(), json!(mount.mtls_url(endpoint)?)));
    let aliases: Map<String, Value> = Endpoint::ALL.into_iter().filter_map(url).collect();
    if !aliases.is_empty() {
        members.insert("mtls_endpoint_aliases".to_owned(), Value::Object(aliases));
    }
    members
}

fn capabilities(mount: &Mount) -> Map<String, Value> {
    let policy = &mount.policy;
    let scopes = mount.tenant.clients.values().flat_map(|client| client.scope.iter());
    let registration = &mount.tenant.registration;
    let registered = registration.scope.iter().filter(|_| !matches!(registration.gate, Gate::Closed));
    let mut scopes: Vec<&str> = scopes.chain(registered).chain(["openid"]).collect();
    scopes.sort_unstable();
    scopes.dedup();
    let challenge_methods: &[&str] = if policy.pkce.accepts_plain() { &["S256", "plain"] } else { &["S256"] };
    let signing: Vec<_> = mount.tenant.keys.algorithms().iter().map(|alg| alg.name()).collect();
    let members = json!({
        "scopes_supported": scopes,
        "response_types_supported": policy.response_types.iter().map(|kind| kind.as_str()).collect::<Vec<_>>(),
        "response_modes_supported": response_modes(policy),
        "grant_types_supported": grant_types(policy),
        "prompt_values_supported": policy.prompts.iter().map(|prompt| prompt.as_str()).collect::<Vec<_>>(),
        "subject_types_supported": ["public"],
        "token_endpoint_auth_methods_supported": auth_methods(mount),
        "token_endpoint_auth_signing_alg_values_supported": assertion_algs(policy),
        "code_challenge_methods_supported": challenge_methods,
        //= rfc9449#5.1
        "dpop_signing_alg_values_supported": algs(&policy.dpop_algs),
        "claims_parameter_supported": true,
        "request_parameter_supported": true,
        "request_object_signing_alg_values_supported": request_object_algs(policy),
        "require_signed_request_object": policy.request_objects == RequestObjects::Required,
        //= openid-connect-discovery#3 an omitted value would mean true
        "request_uri_parameter_supported": policy.fetches_requests(),
        "require_pushed_authorization_requests": policy.pushed_requests != PushedRequests::Optional,
        "authorization_response_iss_parameter_supported": true,
    });
    let mut document = if let Value::Object(members) = members { members } else { Map::new() };
    if policy.fetches_requests() {
        document.insert("require_request_uri_registration".to_owned(), json!(true));
    }
    document.extend(encrypted_requests(mount));
    document.extend(encrypted_answers(mount, &signing));
    document
}

fn response_modes(policy: &Policy) -> Vec<&'static str> {
    policy.response_modes.iter().filter(|mode| mode.is_listed()).map(|mode| mode.as_str()).collect()
}

/// How request objects may be encrypted: as far as there is a key that decrypts them (RFC 9101 section 10.5).
fn encrypted_requests(mount: &Mount) -> Map<String, Value> {
    let policy = &mount.policy;
    let algs =
        mount.tenant.keys.encryption_algs().iter().filter(|alg| policy.encryption_algs.has(&EncryptionAlgName(**alg)));
    let algs: Vec<_> = algs.map(|alg| alg.name()).collect();
    if algs.is_empty() {
        return Map::new();
    }
    Map::from_iter([
        ("request_object_encryption_alg_values_supported".to_owned(), json!(algs)),
        ("request_object_encryption_enc_values_supported".to_owned(), json!(encs(policy))),
    ])
}

/// `none` where a client may be registered to push what is not signed.
fn request_object_algs(policy: &Policy) -> Vec<&'static str> {
    let unsigned = policy.request_objects == RequestObjects::UnsignedByClient;
    policy.request_object_algs.iter().map(|alg| alg.name()).chain(unsigned.then_some(NoAlgorithm::NAME)).collect()
}

fn encs(policy: &Policy) -> Vec<&'static str> {
    policy.encryption_encs.iter().map(|enc| enc.0.name()).collect()
}

/// What the answers that are JWTs may be signed and encrypted with (OpenID Connect Discovery section 3, JARM section 4,
/// RFC 9701 section 7).
fn encrypted_answers(mount: &Mount, signing: &[&'static str]) -> Map<String, Value> {
    let policy = &mount.policy;
    let algs: Vec<_> = policy.encryption_algs.iter().map(|alg| alg.0.name()).collect();
    let encs = encs(policy);
    let mut members = Map::new();
    for (answer, endpoint) in [
        ("id_token", Endpoint::Token),
        ("authorization", Endpoint::Authorize),
        ("userinfo", Endpoint::Userinfo),
        ("introspection", Endpoint::Introspect),
    ] {
        if mount.url(endpoint).is_some() {
            members.insert(format!("{answer}_signing_alg_values_supported"), json!(signing));
            members.insert(format!("{answer}_encryption_alg_values_supported"), json!(algs));
            members.insert(format!("{answer}_encryption_enc_values_supported"), json!(encs));
        }
    }
    members
}

/// Those that the token endpoint serves, and the one that response types with tokens stand for.
fn grant_types(policy: &Policy) -> Vec<&'static str> {
    let carries_tokens = policy.response_types.iter().any(|kind| kind.has_tokens());
    let served = GrantType::ALL.iter().filter(|kind| **kind != GrantType::Implicit || carries_tokens);
    served.map(|kind| kind.as_str()).collect()
}

/// Attestations count as authentication and not beside another, so that there is no
/// `client_attestation_pop_methods_supported` (draft-ietf-oauth-attestation-based-client-auth-10 section 8).
fn attestation(policy: &Policy) -> [(String, Value); 2] {
    let named = |name: &str, values: &Set<AlgName>| (name.to_owned(), json!(algs(values)));
    [
        named("client_attestation_signing_alg_values_supported", &policy.client_attestation_algs),
        named("client_attestation_pop_signing_alg_values_supported", &policy.client_attestation_pop_algs),
    ]
}

fn auth_methods(mount: &Mount) -> Vec<&'static str> {
    let methods = mount.policy.client_auth_methods.iter();
    methods.filter(|method| can_be_met(mount, **method)).map(|method| method.as_str()).collect()
}

/// Whether a client of this method can get as far as being judged here.
fn can_be_met(mount: &Mount, method: Method) -> bool {
    let certificates = mount.mutual_tls != MutualTls::Nowhere;
    match method {
        Method::TlsClientAuth => certificates && !mount.tenant.trust_anchors.is_empty(),
        Method::SelfSignedTlsClientAuth => certificates,
        Method::AttestJwtClientAuth | Method::AttestJwtClientAuthDpop => mount.takes(method),
        Method::None
        | Method::ClientSecretBasic
        | Method::ClientSecretPost
        | Method::ClientSecretJwt
        | Method::PrivateKeyJwt => true,
    }
}

fn assertion_algs(policy: &Policy) -> Vec<&'static str> {
    let by_secret = policy.client_auth_methods.has(&Method::ClientSecretJwt);
    let macs = MacAlgorithm::ALL.iter().filter(|_| by_secret).map(|alg| alg.name());
    algs(&policy.client_assertion_algs).into_iter().chain(macs).collect()
}

fn algs(algs: &Set<AlgName>) -> Vec<&'static str> {
    algs.iter().map(|alg| alg.0.name()).collect()
}
