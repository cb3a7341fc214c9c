//! Section A: the metadata document.

use serde_json::Value;
use url::Url;

use super::judge::json;
use super::plan::Plan;
use super::site::Site;
use super::{Check, Finding, always};
use crate::ensure;

const ALLOWED_ALGS: [&str; 4] = ["PS256", "ES256", "EdDSA", "Ed25519"];

/// The checks.
pub const CHECKS: &[Check] = &[
    Check {
        line: "A.1",
        name: "200, application/json, issuer is the URL without its end",
        applies: always,
        run: answer,
    },
    Check { line: "A.1", name: "the same at /.well-known/oauth-authorization-server", applies: always, run: rfc8414 },
    Check { line: "A.2", name: "pushed_authorization_request_endpoint is an https URL", applies: always, run: push },
    Check { line: "A.3", name: "endpoints are https URLs, and lists hold what is used", applies: always, run: lists },
    Check { line: "A.4", name: "OpenID: jwks_uri, scopes, subject types, algorithms", applies: always, run: openid },
    Check { line: "A.4", name: "signed requests: their algorithms", applies: Plan::signs_requests, run: requests },
    Check {
        line: "A.4",
        name: "JARM: jwt among the modes, and algorithms as arrays",
        applies: Plan::signs_responses,
        run: jarm,
    },
    Check {
        line: "A.4",
        name: "mTLS: bound tokens, and aliases of endpoints that exist",
        applies: Plan::shows_certificates,
        run: aliases,
    },
    Check { line: "A.5", name: "every member has its type, and none is unknown", applies: always, run: types },
    Check { line: "H.4", name: "keys of the server are long enough and have a kid", applies: always, run: keys },
];

fn answer(site: &Site) -> Finding {
    let url = format!("{}/.well-known/openid-configuration", site.issuer());
    let response = site.get(&url);
    ensure!(response.status == 200, "status {}", response.status);
    ensure!(json(&response)?["issuer"] == site.issuer(), "issuer {}", site.metadata()["issuer"]);
    Ok(())
}

fn rfc8414(site: &Site) -> Finding {
    let url = format!("{}/.well-known/oauth-authorization-server/plan", site.server.url());
    let response = site.get(&url);
    ensure!(response.status == 200, "status {} at {url}", response.status);
    ensure!(json(&response)? == *site.metadata(), "it is another document");
    Ok(())
}

fn push(site: &Site) -> Finding {
    https(site, "pushed_authorization_request_endpoint")?;
    let required = &site.metadata()["require_pushed_authorization_requests"];
    ensure!(required.is_boolean(), "require_pushed_authorization_requests is {required}");
    Ok(())
}

fn lists(site: &Site) -> Finding {
    let metadata = site.metadata();
    https(site, "authorization_endpoint")?;
    https(site, "token_endpoint")?;
    has(metadata, "response_types_supported", site.plan.response_type())?;
    has(metadata, "code_challenge_methods_supported", "S256")?;
    has(metadata, "grant_types_supported", "authorization_code")?;
    has(metadata, "grant_types_supported", "refresh_token")?;
    let iss = &metadata["authorization_response_iss_parameter_supported"];
    ensure!(*iss == true, "authorization_response_iss_parameter_supported is {iss}");
    if site.plan.asserts() {
        has(metadata, "token_endpoint_auth_methods_supported", "private_key_jwt")?;
        only(metadata, "token_endpoint_auth_signing_alg_values_supported")?;
    } else {
        has(metadata, "token_endpoint_auth_methods_supported", "tls_client_auth")?;
        has(metadata, "token_endpoint_auth_methods_supported", "self_signed_tls_client_auth")?;
    }
    if site.plan.is_dpop() { only(metadata, "dpop_signing_alg_values_supported") } else { Ok(()) }
}

fn openid(site: &Site) -> Finding {
    https(site, "jwks_uri")?;
    has(site.metadata(), "scopes_supported", "openid")?;
    has(site.metadata(), "subject_types_supported", "public")?;
    only(site.metadata(), "id_token_signing_alg_values_supported")
}

fn requests(site: &Site) -> Finding {
    let required = &site.metadata()["require_signed_request_object"];
    ensure!(*required == true, "require_signed_request_object is {required}");
    only(site.metadata(), "request_object_signing_alg_values_supported")
}

fn jarm(site: &Site) -> Finding {
    has(site.metadata(), "response_modes_supported", "jwt")?;
    only(site.metadata(), "authorization_signing_alg_values_supported")?;
    for name in ["authorization_encryption_alg_values_supported", "authorization_encryption_enc_values_supported"] {
        let list = &site.metadata()[name];
        ensure!(list.is_array() || list.is_null(), "{name} is {list}");
    }
    Ok(())
}

fn aliases(site: &Site) -> Finding {
    let metadata = site.metadata();
    let bound = &metadata["tls_client_certificate_bound_access_tokens"];
    ensure!(*bound == true, "tls_client_certificate_bound_access_tokens is {bound}");
    let aliases = metadata["mtls_endpoint_aliases"].as_object().ok_or("mtls_endpoint_aliases is no object")?;
    for (name, url) in aliases {
        ensure!(name.ends_with("_endpoint") && metadata[name].is_string(), "{name} is no endpoint of the document");
        ensure!(name != "authorization_endpoint", "browsers have no certificate");
        ensure!(is_https(url), "{name} is {url}");
    }
    ensure!(aliases.contains_key("token_endpoint"), "no token_endpoint among {aliases:?}");
    ensure!(aliases.contains_key("pushed_authorization_request_endpoint"), "no PAR endpoint among {aliases:?}");
    Ok(())
}

/// The kinds of value that members of OpenID Connect Discovery, RFC 8414 and the registered additions have.
fn types(site: &Site) -> Finding {
    for (name, value) in site.metadata().as_object().ok_or("no object")? {
        let fits = match name.as_str() {
            "issuer" | "jwks_uri" => is_https(value),
            "mtls_endpoint_aliases" => value.as_object().is_some_and(|aliases| aliases.values().all(is_https)),
            "claims_parameter_supported"
            | "request_parameter_supported"
            | "request_uri_parameter_supported"
            | "require_request_uri_registration"
            | "require_pushed_authorization_requests"
            | "require_signed_request_object"
            | "authorization_response_iss_parameter_supported"
            | "tls_client_certificate_bound_access_tokens" => value.is_boolean(),
            "scopes_supported"
            | "response_types_supported"
            | "response_modes_supported"
            | "grant_types_supported"
            | "prompt_values_supported"
            | "subject_types_supported"
            | "code_challenge_methods_supported"
            | "token_endpoint_auth_methods_supported"
            | "acr_values_supported"
            | "claims_supported"
            | "authorization_details_types_supported" => is_list(value),
            algs if algs.ends_with("_values_supported") => is_list(value),
            endpoint if endpoint.ends_with("_endpoint") => is_https(value),
            unknown => return Err(format!("the member {unknown} is unknown")),
        };
        ensure!(fits, "{name} is {value}");
    }
    Ok(())
}

fn keys(site: &Site) -> Finding {
    let keys = site.jwks()["keys"].as_array().ok_or("no keys")?;
    ensure!(!keys.is_empty(), "no keys");
    for key in keys {
        ensure!(key["kid"].is_string(), "a key without kid: {key}");
        ensure!(key.get("d").is_none(), "a private key");
        let strong = match key["kty"].as_str() {
            Some("EC") => ["P-256", "P-384", "P-521"].iter().any(|curve| key["crv"] == *curve),
            Some("RSA") => key["n"].as_str().is_some_and(|modulus| modulus.len() * 6 >= 2048),
            Some("OKP") => true,
            _ => false,
        };
        ensure!(strong, "{key}");
    }
    Ok(())
}

fn https(site: &Site, name: &str) -> Finding {
    ensure!(is_https(&site.metadata()[name]), "{name} is {}", site.metadata()[name]);
    Ok(())
}

fn is_https(value: &Value) -> bool {
    value.as_str().and_then(|text| Url::parse(text).ok()).is_some_and(|url| url.scheme() == "https")
}

fn is_list(value: &Value) -> bool {
    value.as_array().is_some_and(|items| !items.is_empty() && items.iter().all(Value::is_string))
}

fn has(metadata: &Value, list: &str, item: &str) -> Finding {
    let found = metadata[list].as_array().is_some_and(|items| items.iter().any(|found| found == item));
    ensure!(found, "no {item} in {list}: {}", metadata[list]);
    Ok(())
}

/// A list of algorithms, all of them allowed.
fn only(metadata: &Value, list: &str) -> Finding {
    let allowed = |item: &Value| ALLOWED_ALGS.iter().any(|alg| item == alg);
    let fits = metadata[list].as_array().is_some_and(|items| !items.is_empty() && items.iter().all(allowed));
    ensure!(fits, "{list} is {}", metadata[list]);
    Ok(())
}
