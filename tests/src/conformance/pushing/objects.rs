//! Section D: request objects at the pushed authorization request endpoint.

use serde_json::{Value, json};

use super::OBJECT;
use crate::application::Attempt;
use crate::conformance::judge::refused;
use crate::conformance::plan::Plan;
use crate::conformance::signed_jwt::{Jwt, Named, now_s};
use crate::conformance::site::{Site, key};
use crate::conformance::{Check, Finding};
use crate::ensure;
use crate::wire::Response;

/// The checks.
pub const CHECKS: &[Check] = &[
    Check { line: "D", name: "request_uri inside the request object", applies: Plan::signs_requests, run: request_uri },
    Check {
        line: "D",
        name: "request object: times, audience, algorithm, signature",
        applies: Plan::signs_requests,
        run: wrong,
    },
    Check { line: "D", name: "request object of another client", applies: Plan::signs_requests, run: other_client },
    Check {
        line: "D",
        name: "aud as an array, typ there or not, nbf 8 s ahead",
        applies: Plan::signs_requests,
        run: right,
    },
    Check {
        line: "D",
        name: "what stands beside the request object counts for nothing",
        applies: Plan::signs_requests,
        run: beside,
    },
];

const HOUR_S: i64 = 3600;

fn pushed(site: &Site, change: impl FnOnce(&mut Jwt)) -> Response {
    let mut call = site.first().push(&Attempt::new());
    if let Some(object) = &mut call.object {
        change(object);
    }
    call.send()
}

fn request_uri(site: &Site) -> Finding {
    let request_uri = site.first().pushed().request_uri;
    let response = pushed(site, |object| object.claims["request_uri"] = request_uri.into());
    refused(&response, &[400], &["invalid_request_object"])
}

fn wrong(site: &Site) -> Finding {
    let times = |exp: Value, nbf: Value| {
        move |object: &mut Jwt| (object.claims["exp"], object.claims["nbf"]) = (exp.clone(), nbf.clone())
    };
    let now = now_s();
    let wrong: Vec<Named<'_>> = vec![
        ("expired", Box::new(times(json!(now - 60), json!(now - 120)))),
        ("no exp", Box::new(times(Value::Null, json!(now)))),
        ("exp 70 minutes ahead", Box::new(times(json!(now + 70 * 60), json!(now)))),
        ("no nbf", Box::new(times(json!(now + 60), Value::Null))),
        ("nbf 70 minutes old", Box::new(times(json!(now + 60), json!(now - 70 * 60)))),
        ("nbf 62 s ahead", Box::new(times(json!(now + HOUR_S), json!(now + 62)))),
        ("no aud", Box::new(|object| object.claims["aud"] = Value::Null)),
        ("bad aud", Box::new(|object| object.claims["aud"] = "https://other.example".into())),
        ("alg none", Box::new(|object| object.alg = "none")),
        (
            "RS256",
            Box::new(|object| (object.key, object.alg, object.header) = (key("rsa"), "RS256", json!({ "kid": "rsa" }))),
        ),
        ("broken signature", Box::new(|object| object.broken = true)),
    ];
    for (name, change) in wrong {
        let response = pushed(site, change);
        refused(&response, &[400], &["invalid_request_object"]).map_err(|found| format!("{name}: {found}"))?;
    }
    Ok(())
}

fn other_client(site: &Site) -> Finding {
    let second = site.second();
    let signed_by_other = pushed(site, |object| object.key = second.key);
    refused(&signed_by_other, &[400], OBJECT)?;
    let mut call = site.first().push(&Attempt::new());
    call.object = second.push(&Attempt::new()).object;
    call.set("client_id", second.id);
    call.set("redirect_uri", &second.redirect_uri);
    refused(&call.send(), &[400], OBJECT)
}

fn right(site: &Site) -> Finding {
    let issuer = site.issuer();
    let right: Vec<Named<'_>> = vec![
        ("aud an array", Box::new(move |object| object.claims["aud"] = json!([issuer, "https://other.example"]))),
        ("typ", Box::new(|object| object.header["typ"] = "oauth-authz-req+jwt".into())),
        ("typ JWT", Box::new(|object| object.header["typ"] = "JWT".into())),
        ("nbf 8 s ahead", Box::new(|object| object.claims["nbf"] = (now_s() + 8).into())),
    ];
    for (name, change) in right {
        let response = pushed(site, change);
        ensure!(response.status == 201, "{name}: {}", response.text());
    }
    Ok(())
}

fn beside(site: &Site) -> Finding {
    let first = site.first();
    let beside = first.pushed_with(|call| {
        call.form.push(("state".to_owned(), "beside".to_owned()));
        call.form.push(("redirect_uri".to_owned(), "https://other.example/cb".to_owned()));
    });
    let answer = first.approved(&beside);
    answer.is_for(&first, &beside)
}
