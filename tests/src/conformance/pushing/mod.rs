//! Sections B to D: the pushed authorization request endpoint.

pub mod objects;

use serde_json::{Value, json};

use super::call::{Call, nonce_wanted};
use super::judge::{json, random_enough, refused};
use super::plan::Plan;
use super::signed_jwt::{Named, now_s};
use super::site::{Site, key};
use super::{Check, Finding, always};
use crate::application::Attempt;
use crate::ensure;
use crate::request::Request;

const CLIENT: &[&str] = &["invalid_client", "invalid_request"];
const OBJECT: &[&str] = &["invalid_request", "invalid_request_object"];

/// The checks.
pub const CHECKS: &[Check] = &[
    Check {
        line: "B.1 B.2 B.3 B.4 B.5 C.1",
        name: "201 with request_uri and expires_in, for both clients",
        applies: always,
        run: created,
    },
    Check { line: "B.7", name: "extra parameters are ignored", applies: always, run: extras },
    Check { line: "B.7", name: "nonce of 64 and state of 128 characters, and longer ones", applies: always, run: long },
    Check {
        line: "C.2",
        name: "aud of the assertion as the specification has it",
        applies: Plan::asserts,
        run: audiences,
    },
    Check { line: "C.3", name: "iat and nbf 8 s ahead are accepted", applies: Plan::asserts, run: a_little_ahead },
    Check { line: "C.3", name: "iat, nbf and exp 62 s ahead are refused", applies: Plan::asserts, run: far_ahead },
    Check { line: "C.4", name: "a wrong assertion is refused", applies: Plan::asserts, run: wrong_assertions },
    Check {
        line: "C.5",
        name: "with a nonce the same assertion counts once more",
        applies: Plan::wants_nonces,
        run: nonce,
    },
    Check {
        line: "C.6",
        name: "without the certificate, or with another client's, nobody is authenticated",
        applies: Plan::authenticates_by_certificate,
        run: certificates,
    },
    Check { line: "C.6", name: "the plain PAR URL needs no certificate", applies: Plan::asserts, run: plain_url },
    Check { line: "D", name: "request_uri as a form parameter", applies: always, run: request_uri },
    Check { line: "D", name: "no code_challenge, or method plain", applies: always, run: pkce },
    Check { line: "D", name: "redirect_uri missing or not registered", applies: always, run: redirect_uri },
    Check { line: "D", name: "response types that are not the client's", applies: always, run: response_types },
    Check { line: "D", name: "dpop_jkt differs from the proof's key", applies: Plan::is_dpop, run: dpop_jkt },
    Check { line: "D", name: "unsigned where signing is required", applies: Plan::signs_requests, run: plain_request },
    Check { line: "D", name: "client authentication of another client", applies: always, run: other_client },
    Check { line: "D", name: "method PUT", applies: always, run: put },
    Check {
        line: "D",
        name: "no nonce with openid, no state without (FAPI 1.0)",
        applies: Plan::is_fapi1,
        run: nonce_or_state,
    },
    Check {
        line: "D",
        name: "a response that nobody signs (FAPI 1.0)",
        applies: Plan::is_fapi1_jarm,
        run: unsigned_response,
    },
];

fn created(site: &Site) -> Finding {
    for client in [site.first(), site.second()] {
        let response = client.push(&Attempt::new()).send();
        ensure!(response.status == 201, "{}: {} {}", client.id, response.status, response.text());
        let body = json(&response)?;
        ensure!(body.get("error").is_none(), "{body}");
        let request_uri = body["request_uri"].as_str().unwrap_or_default();
        ensure!(url::Url::parse(request_uri).is_ok(), "request_uri `{request_uri}` is no URI");
        random_enough(request_uri)?;
        let seconds = body["expires_in"].as_u64().unwrap_or_default();
        ensure!((5..600).contains(&seconds), "expires_in {}", body["expires_in"]);
    }
    Ok(())
}

fn extras(site: &Site) -> Finding {
    accepted(site, |call| {
        call.set("foo", "bar");
        call.set("acr_values", "urn:example:one urn:example:two");
        call.set("purpose", "extra parameters are nobody's business");
    })
}

fn long(site: &Site) -> Finding {
    accepted(site, |call| {
        call.set("nonce", &"n".repeat(64));
        call.set("state", &"s".repeat(128));
    })?;
    let response = changed(site, |call| {
        call.set("nonce", &"n".repeat(384));
        call.set("state", &"s".repeat(1000));
    })
    .send();
    if response.status == 201 { Ok(()) } else { refused(&response, &[400], &["invalid_request"]) }
}

fn audiences(site: &Site) -> Finding {
    let (issuer, par) = (site.issuer(), site.url("pushed_authorization_request_endpoint").to_owned());
    let token = site.url("token_endpoint").to_owned();
    let mut by_family =
        vec![json!(par), json!(token), json!([issuer, token]), json!([issuer, "https://other.example"])];
    let contains = !site.plan.is_fapi2();
    for audience in by_family.drain(..) {
        let response = asserting(site, |claims| claims["aud"] = audience.clone()).send();
        match contains {
            true => ensure!(response.status == 201, "{audience}: {}", response.text()),
            false => refused(&response, &[400, 401], CLIENT).map_err(|found| format!("{audience}: {found}"))?,
        }
    }
    for audience in [json!("https://other.example"), json!(["https://other.example"]), json!(null), json!([])] {
        let response = asserting(site, |claims| claims["aud"] = audience.clone()).send();
        refused(&response, &[400, 401], CLIENT).map_err(|found| format!("{audience}: {found}"))?;
    }
    Ok(())
}

fn a_little_ahead(site: &Site) -> Finding {
    let response = asserting(site, |claims| {
        claims["iat"] = (now_s() + 8).into();
        claims["nbf"] = (now_s() + 8).into();
    })
    .send();
    ensure!(response.status == 201, "{}", response.text());
    Ok(())
}

fn far_ahead(site: &Site) -> Finding {
    for names in [&["iat"][..], &["nbf"], &["iat", "nbf", "exp"]] {
        let response = asserting(site, |claims| {
            for name in names {
                claims[*name] = (now_s() + if *name == "exp" { 122 } else { 62 }).into();
            }
        })
        .send();
        refused(&response, &[400, 401], CLIENT).map_err(|found| format!("{names:?}: {found}"))?;
    }
    Ok(())
}

fn wrong_assertions(site: &Site) -> Finding {
    let wrong: Vec<Named<'_>> = vec![
        ("wrong iss", Box::new(|jwt| jwt.claims["iss"] = "somebody".into())),
        ("wrong sub", Box::new(|jwt| jwt.claims["sub"] = "somebody".into())),
        ("no sub", Box::new(|jwt| drop(jwt.claims.as_object_mut().map(|claims| claims.remove("sub"))))),
        ("exp five minutes ago", Box::new(|jwt| jwt.claims["exp"] = (now_s() - 300).into())),
        ("no exp", Box::new(|jwt| drop(jwt.claims.as_object_mut().map(|claims| claims.remove("exp"))))),
        ("RS256", Box::new(|jwt| (jwt.key, jwt.alg, jwt.header) = (key("rsa"), "RS256", json!({ "kid": "rsa" })))),
        ("alg none", Box::new(|jwt| jwt.alg = "none")),
        ("broken signature", Box::new(|jwt| jwt.broken = true)),
        ("another client's key", Box::new(|jwt| jwt.key = key("second"))),
    ];
    for (name, change) in wrong {
        let mut call = site.first().push(&Attempt::new());
        call.assertion.iter_mut().for_each(change);
        refused(&call.send(), &[400, 401], CLIENT).map_err(|found| format!("{name}: {found}"))?;
    }
    let mut call = site.first().push(&Attempt::new());
    call.assertion = None;
    refused(&call.send(), &[400, 401], CLIENT).map_err(|found| format!("no assertion: {found}"))?;
    let mut call = site.first().push(&Attempt::new());
    call.assertion = None;
    call.form.push(("client_id".to_owned(), "first".to_owned()));
    if !site.plan.signs_requests() {
        call.form.clear();
    }
    refused(&call.send(), &[400, 401], CLIENT).map_err(|found| format!("client_id alone: {found}"))
}

fn nonce(site: &Site) -> Finding {
    let first = site.first();
    let call = first.push(&Attempt::new());
    let challenge = call.once();
    refused(&challenge, &[400], &["use_dpop_nonce"])?;
    ensure!(nonce_wanted(&challenge).is_some(), "no nonce");
    ensure!(call.send().status == 201, "the same assertion with a nonce");
    Ok(())
}

fn certificates(site: &Site) -> Finding {
    let (first, second) = (site.first(), site.second());
    for (name, certificate) in [("none", None), ("the second client's", Some(second.identity))] {
        let mut call = first.push(&Attempt::new());
        call.certificate = certificate;
        let errors = if certificate.is_none() { CLIENT } else { &["invalid_client"] };
        refused(&call.send(), &[400, 401], errors).map_err(|found| format!("{name}: {found}"))?;
    }
    Ok(())
}

fn plain_url(site: &Site) -> Finding {
    let call = site.first().push(&Attempt::new());
    ensure!(
        call.certificate.is_none() && call.url == site.url("pushed_authorization_request_endpoint"),
        "{}",
        call.url
    );
    ensure!(call.send().status == 201, "it needs one");
    Ok(())
}

fn request_uri(site: &Site) -> Finding {
    let request_uri = site.first().pushed().request_uri;
    let mut call = site.first().push(&Attempt::new());
    call.form.push(("request_uri".to_owned(), request_uri));
    let errors = &["invalid_request", "invalid_request_object", "request_uri_not_supported"];
    refused(&call.send(), &[400], errors)
}

fn pkce(site: &Site) -> Finding {
    let errors = &["invalid_request"];
    refused(&changed(site, |call| call.remove("code_challenge")).send(), &[400], errors)?;
    refused(&changed(site, |call| call.remove("code_challenge_method")).send(), &[400], errors)?;
    refused(&changed(site, |call| call.set("code_challenge_method", "plain")).send(), &[400], errors)?;
    let neither = changed(site, |call| {
        call.remove("code_challenge");
        call.remove("code_challenge_method");
    });
    refused(&neither.send(), &[400], errors)
}

fn redirect_uri(site: &Site) -> Finding {
    refused(&changed(site, |call| call.remove("redirect_uri")).send(), &[400], OBJECT)?;
    let second = site.second().redirect_uri;
    for other in ["https://first.client.example/other", "https://first.client.example/cb?more", second.as_str()] {
        let response = changed(site, |call| call.set("redirect_uri", other)).send();
        refused(&response, &[400], OBJECT).map_err(|found| format!("{other}: {found}"))?;
    }
    Ok(())
}

fn response_types(site: &Site) -> Finding {
    let errors = &["unsupported_response_type", "invalid_request", "unauthorized_client"];
    for other in ["code id_token", "token", "code token", "id_token", "nonsense"] {
        if other != site.plan.response_type() {
            let response = changed(site, |call| call.set("response_type", other)).send();
            refused(&response, &[400], errors).map_err(|found| format!("{other}: {found}"))?;
        }
    }
    refused(&changed(site, |call| call.remove("response_type")).send(), &[400], &["invalid_request"])
}

fn dpop_jkt(site: &Site) -> Finding {
    let right = changed(site, |call| call.set("dpop_jkt", &key("holder").thumbprint())).send();
    ensure!(right.status == 201, "the right one: {}", right.text());
    let wrong = changed(site, |call| call.set("dpop_jkt", &key("thief").thumbprint())).send();
    refused(&wrong, &[400], &["invalid_request", "invalid_dpop_proof"])
}

fn plain_request(site: &Site) -> Finding {
    let response = changed(site, |call| (call.object, call.form) = (None, Vec::new())).send();
    refused(&response, &[400], &["invalid_request"])
}

/// The second client's identifier with the first client's credential.
fn other_client(site: &Site) -> Finding {
    let (first, second) = (site.first(), site.second());
    let mut call = second.push(&Attempt::new());
    call.certificate = call.certificate.map(|_| first.identity);
    if let Some(assertion) = &mut call.assertion {
        assertion.key = first.key;
        assertion.header = json!({ "kid": first.key.jwk()["kid"] });
    }
    refused(&call.send(), &[400, 401], &["invalid_client"])
}

fn put(site: &Site) -> Finding {
    let url = site.url("pushed_authorization_request_endpoint");
    for method in ["PUT", "GET", "DELETE", "PATCH"] {
        let response = site.send(url, &Request::new(method, url), None);
        ensure!(response.status == 405, "{method}: {}", response.status);
    }
    Ok(())
}

fn nonce_or_state(site: &Site) -> Finding {
    refused(&changed(site, |call| call.remove("nonce")).send(), &[400], OBJECT)?;
    accepted(site, |call| call.remove("state"))?;
    let without_openid = changed(site, |call| {
        call.set("scope", "profile");
        call.remove("state");
    });
    refused(&without_openid.send(), &[400], OBJECT)
}

fn unsigned_response(site: &Site) -> Finding {
    refused(&changed(site, |call| call.remove("response_mode")).send(), &[400], OBJECT)?;
    for mode in ["query", "fragment", "form_post"] {
        let response = changed(site, |call| call.set("response_mode", mode)).send();
        refused(&response, &[400], OBJECT).map_err(|found| format!("{mode}: {found}"))?;
    }
    Ok(())
}

/// A push of the first client with one difference.
fn changed(site: &Site, change: impl FnOnce(&mut Call<'_>)) -> Call<'_> {
    let mut call = site.first().push(&Attempt::new());
    change(&mut call);
    call
}

fn accepted(site: &Site, change: impl FnOnce(&mut Call<'_>)) -> Finding {
    let response = changed(site, change).send();
    ensure!(response.status == 201, "{} {}", response.status, response.text());
    Ok(())
}

fn asserting(site: &Site, change: impl FnOnce(&mut Value)) -> Call<'_> {
    changed(site, |call| {
        if let Some(assertion) = &mut call.assertion {
            change(&mut assertion.claims);
        }
    })
}
