//! Sections F.1 to F.3: the token endpoint, ID tokens, and introspection by a resource server.

use aws_lc_rs::digest::{SHA256, digest};
use serde_json::Value;

use super::callback::Answer;
use super::client::{Client, Pushed};
use super::judge::{json, random_enough, refused};
use super::plan::Plan;
use super::signed_jwt::{now_s, verified};
use super::site::{RESOURCE_SERVER_SECRET, Site, key};
use super::{Check, Finding, always};
use crate::request::Request;
use crate::{base64, ensure};

/// The checks.
pub const CHECKS: &[Check] = &[
    Check { line: "F.1", name: "the answer of the token endpoint, for both clients", applies: always, run: answer },
    Check { line: "F.2", name: "code_verifier missing or wrong", applies: always, run: verifier },
    Check { line: "F.2", name: "the code of another client", applies: always, run: other_client },
    Check { line: "F.2", name: "a code that was used", applies: always, run: used },
    Check { line: "F.2", name: "no proof of possession", applies: always, run: no_possession },
    Check { line: "F.2", name: "a code that is bound to another DPoP key", applies: Plan::is_dpop, run: other_key },
    Check { line: "F.2", name: "client authentication that is not the client's", applies: always, run: authentication },
    Check { line: "C.2", name: "aud of the assertion at the token endpoint", applies: Plan::asserts, run: audience },
    Check { line: "F.3", name: "the ID token, and the one beside a code", applies: always, run: id_token },
    Check { line: "F.1", name: "a resource server asks what the token is worth", applies: always, run: introspection },
];

fn answer(site: &Site) -> Finding {
    for client in [site.first(), site.second()] {
        let (code, attempt) = client.code();
        let response = client.redemption(&code, &attempt).send();
        ensure!(response.status == 200, "{}: {}", client.id, response.text());
        let body = json(&response)?;
        let token = body["access_token"].as_str().unwrap_or_default();
        ensure!(token.len() * 6 >= 128, "access_token of {} characters", token.len());
        random_enough(token)?;
        let kind = if site.plan.is_dpop() { "DPoP" } else { "Bearer" };
        ensure!(body["token_type"] == kind, "token_type {}", body["token_type"]);
        ensure!(body["expires_in"].as_u64().is_some_and(|seconds| (60..=3600).contains(&seconds)), "{body}");
        ensure!(response.header("cache-control") == Some("no-store"), "{:?}", response.header("cache-control"));
        ensure!(body.get("refresh_token").is_none(), "a refresh token that nobody asked for");
    }
    Ok(())
}

fn verifier(site: &Site) -> Finding {
    let first = site.first();
    let (code, attempt) = first.code();
    let mut missing = first.redemption(&code, &attempt);
    missing.remove("code_verifier");
    refused(&missing.send(), &[400], &["invalid_grant"]).map_err(|found| format!("missing: {found}"))?;
    let (code, attempt) = first.code();
    let mut wrong = first.redemption(&code, &attempt);
    wrong.set("code_verifier", &"w".repeat(43));
    refused(&wrong.send(), &[400], &["invalid_grant"]).map_err(|found| format!("wrong: {found}"))
}

fn other_client(site: &Site) -> Finding {
    let (code, attempt) = site.first().code();
    let mut call = site.second().redemption(&code, &attempt);
    call.set("redirect_uri", &site.first().redirect_uri);
    refused(&call.send(), &[400], &["invalid_grant"])
}

fn used(site: &Site) -> Finding {
    let first = site.first();
    let (code, attempt) = first.code();
    ensure!(first.redemption(&code, &attempt).send().status == 200, "the first time");
    refused(&first.redemption(&code, &attempt).send(), &[400], &["invalid_grant"])
}

fn no_possession(site: &Site) -> Finding {
    no_possession_of(site, &site.first())?;
    // A client that registered neither way of binding; with a certificate and no proof, its tokens are bound to that.
    if site.plan.asserts() || !site.plan.is_dpop() { no_possession_of(site, &site.brief()) } else { Ok(()) }
}

fn no_possession_of(site: &Site, client: &Client<'_>) -> Finding {
    let (code, attempt) = client.code();
    let mut call = client.redemption(&code, &attempt);
    let errors: &[&str] = if site.plan.is_dpop() {
        call.proof = None;
        &["invalid_request", "invalid_grant", "invalid_dpop_proof"]
    } else {
        call.certificate = None;
        if site.plan.asserts() {
            &["invalid_client", "invalid_grant", "invalid_request"]
        } else {
            &["invalid_client", "invalid_request"]
        }
    };
    refused(&call.send(), &[400, 401], errors).map_err(|found| format!("{}: {found}", client.id))
}

fn other_key(site: &Site) -> Finding {
    let first = site.first();
    let pushed = first.pushed_with(|call| call.set("dpop_jkt", &key("holder").thumbprint()));
    let code = first.approved(&pushed).code();
    let mut call = first.redemption(&code, &pushed.attempt);
    if let Some(proof) = &mut call.proof {
        (proof.key, proof.header["jwk"]) = (key("thief"), key("thief").thin_jwk());
    }
    refused(&call.send(), &[400], &["invalid_grant", "invalid_dpop_proof", "invalid_request"])
}

fn authentication(site: &Site) -> Finding {
    let (first, second) = (site.first(), site.second());
    let (code, attempt) = first.code();
    let mut call = first.redemption(&code, &attempt);
    if site.plan.asserts() {
        call.assertion.iter_mut().for_each(|assertion| assertion.key = second.key);
    } else {
        call.certificate = Some(second.identity);
    }
    refused(&call.send(), &[400, 401], &["invalid_client", "invalid_grant"])?;
    let mut call = first.redemption(&code, &attempt);
    call.set("client_id", first.id);
    call.form.clear();
    (call.assertion, call.certificate) = (None, call.certificate.filter(|_| site.plan.asserts()));
    refused(&call.send(), &[400, 401], &["invalid_client", "invalid_request"])
}

fn audience(site: &Site) -> Finding {
    let first = site.first();
    let token = site.url("token_endpoint").to_owned();
    for audience in [serde_json::json!(token), serde_json::json!([site.issuer(), "https://other.example"])] {
        let (code, attempt) = first.code();
        let mut call = first.redemption(&code, &attempt);
        call.assertion.iter_mut().for_each(|assertion| assertion.claims["aud"] = audience.clone());
        let response = call.send();
        if site.plan.is_fapi2() {
            refused(&response, &[400, 401], &["invalid_client", "invalid_request"])?;
        } else {
            ensure!(response.status == 200, "{audience}: {}", response.text());
        }
    }
    Ok(())
}

fn id_token(site: &Site) -> Finding {
    for client in [site.first(), site.second()] {
        let pushed = client.pushed();
        let answer = client.approved(&pushed);
        if site.plan.response_type() == "code id_token" {
            beside(site, client.id, &pushed, &answer)?;
        }
        let tokens = client.redemption(&answer.code(), &pushed.attempt).send().json();
        let claims = standing(site, client.id, &pushed, &tokens["id_token"])?;
        let at_hash = &claims["at_hash"];
        let expected = half_digest(tokens["access_token"].as_str().unwrap_or_default());
        ensure!(at_hash.is_null() || *at_hash == expected, "at_hash {at_hash}");
    }
    Ok(())
}

/// The ID token that signs an authorization response (FAPI 1.0 part 2 section 5.1.1).
fn beside(site: &Site, client_id: &str, pushed: &Pushed, answer: &Answer) -> Finding {
    let claims = standing(site, client_id, pushed, &answer.parameters["id_token"])?;
    ensure!(claims["c_hash"] == half_digest(&answer.code()), "c_hash {}", claims["c_hash"]);
    ensure!(claims["s_hash"] == half_digest(&pushed.attempt.state), "s_hash {}", claims["s_hash"]);
    Ok(())
}

/// The standard checks of an ID token.
fn standing(site: &Site, client_id: &str, pushed: &Pushed, id_token: &Value) -> Result<Value, String> {
    let (_, claims) = verified(id_token.as_str().ok_or("no ID token")?, site.jwks())?;
    ensure!(claims["iss"] == site.issuer(), "iss {}", claims["iss"]);
    ensure!(claims["aud"] == client_id, "aud {}", claims["aud"]);
    ensure!(claims["sub"].as_str().is_some_and(|sub| !sub.is_empty() && sub.len() <= 255), "sub {}", claims["sub"]);
    ensure!(claims["nonce"] == pushed.attempt.nonce, "nonce {}", claims["nonce"]);
    let (now, second) = (now_s(), |name: &str| claims[name].as_i64().unwrap_or_default());
    ensure!((now - 60..=now + 5).contains(&second("iat")), "iat {}", claims["iat"]);
    ensure!(second("exp") > now, "exp {}", claims["exp"]);
    Ok(claims)
}

fn half_digest(text: &str) -> String {
    base64::url_safe(&digest(&SHA256, text.as_bytes()).as_ref()[..16])
}

fn introspection(site: &Site) -> Finding {
    let tokens = site.first().tokens();
    let url = site.url("introspection_endpoint");
    let ask = |secret: &str| {
        let token = tokens["access_token"].as_str().unwrap_or_default();
        site.send(url, &Request::form(url, &[("token", token)]).basic("rs", secret), None)
    };
    let body = json(&ask(RESOURCE_SERVER_SECRET))?;
    let member = if site.plan.is_dpop() { "jkt" } else { "x5t#S256" };
    ensure!(body["active"] == true && body["cnf"][member].is_string(), "{body}");
    refused(&ask("wrong"), &[401], &["invalid_client"])
}
