//! Section G: refresh tokens.

use super::client::Client;
use super::judge::{json, refused};
use super::plan::Plan;
use super::site::{Site, key};
use super::{Check, Finding, always};
use crate::ensure;

/// The checks.
pub const CHECKS: &[Check] = &[
    Check {
        line: "G",
        name: "a refresh gives new tokens, and the previous token still works",
        applies: always,
        run: twice,
    },
    Check { line: "G", name: "another client is refused", applies: always, run: other_client },
    Check { line: "G", name: "client authentication is needed", applies: always, run: authentication },
    Check { line: "G", name: "a proof or a certificate is needed", applies: always, run: possession },
    Check { line: "G", name: "a new DPoP key is accepted", applies: Plan::is_dpop, run: new_key },
    Check { line: "G", name: "the new access token is good at the resource", applies: always, run: at_the_resource },
];

/// A refresh token, and the client that got it.
fn granted(site: &Site) -> (Client<'_>, String) {
    let client = Client { scope: "openid profile offline_access", ..site.first() };
    let token = client.tokens()["refresh_token"].as_str().expect("a refresh token").to_owned();
    (client, token)
}

fn twice(site: &Site) -> Finding {
    let (client, token) = granted(site);
    for _ in 0..2 {
        let response = client.refreshing(&token).send();
        ensure!(response.status == 200, "{}", response.text());
        let body = json(&response)?;
        ensure!(body["access_token"].is_string(), "{body}");
        ensure!(response.header("cache-control") == Some("no-store"), "{:?}", response.header("cache-control"));
        let kind = if site.plan.is_dpop() { "DPoP" } else { "Bearer" };
        ensure!(body["token_type"] == kind, "token_type {}", body["token_type"]);
        ensure!(body["refresh_token"].is_null() || body["refresh_token"] == token, "FAPI does not rotate");
    }
    Ok(())
}

fn other_client(site: &Site) -> Finding {
    let (_, token) = granted(site);
    refused(&site.second().refreshing(&token).send(), &[400], &["invalid_grant"])
}

fn authentication(site: &Site) -> Finding {
    let (client, token) = granted(site);
    let mut call = client.refreshing(&token);
    call.assertion = None;
    call.form = vec![("client_id".to_owned(), client.id.to_owned())];
    call.certificate = call.certificate.filter(|_| site.plan.asserts());
    refused(&call.send(), &[400, 401], &["invalid_client", "invalid_request"])
}

fn possession(site: &Site) -> Finding {
    let (client, token) = granted(site);
    let mut call = client.refreshing(&token);
    if site.plan.is_dpop() {
        call.proof = None;
    } else {
        call.certificate = None;
    }
    let errors = &["invalid_client", "invalid_grant", "invalid_request", "invalid_dpop_proof"];
    refused(&call.send(), &[400, 401], errors)
}

fn new_key(site: &Site) -> Finding {
    let (client, token) = granted(site);
    let changed = Client { dpop_key: key("third"), ..client };
    let response = changed.refreshing(&token).send();
    ensure!(response.status == 200, "{}", response.text());
    let fresh = json(&response)?["access_token"].as_str().unwrap_or_default().to_owned();
    ensure!(changed.resource(&changed.shown(&fresh)).status == 200, "the token is bound to the new key");
    Ok(())
}

fn at_the_resource(site: &Site) -> Finding {
    let (client, token) = granted(site);
    let body = json(&client.refreshing(&token).send())?;
    let fresh = body["access_token"].as_str().unwrap_or_default();
    ensure!(client.resource(&client.shown(fresh)).status == 200, "it is refused");
    Ok(())
}
