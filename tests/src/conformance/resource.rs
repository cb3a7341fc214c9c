//! Section F.4: the protected resource, and DPoP proofs there.

use serde_json::{Value, json};

use super::client::{Client, Shown};
use super::plan::Plan;
use super::signed_jwt::{Jwt, Named, now_s};
use super::site::{Site, key};
use super::{Check, Finding, always};
use crate::ensure;
use crate::request::Request;
use crate::wire::Response;

/// The checks.
pub const CHECKS: &[Check] = &[
    Check { line: "F.4", name: "200, Date, x-fapi-interaction-id, the scheme in any case", applies: always, run: good },
    Check { line: "F.4", name: "no token, or a token in the query", applies: always, run: no_token },
    Check { line: "F.4", name: "proofs that must be refused", applies: Plan::is_dpop, run: refused_proofs },
    Check { line: "F.4", name: "RS256 is refused of RSA keys", applies: Plan::is_dpop, run: rs256 },
    Check { line: "F.4", name: "proofs that must be accepted", applies: Plan::is_dpop, run: accepted_proofs },
    Check { line: "F.4", name: "no proof, two, and a bound token as Bearer", applies: Plan::is_dpop, run: other_ways },
    Check { line: "F.4", name: "a replayed jti is refused", applies: Plan::is_dpop, run: replayed },
    Check {
        line: "F.4",
        name: "no certificate, or another one",
        applies: Plan::is_bound_to_certificate,
        run: certificates,
    },
    Check { line: "F.4", name: "userinfo takes the token as the resource does", applies: always, run: userinfo },
];

/// A client with an access token.
fn granted(site: &Site) -> (Client<'_>, String) {
    let client = site.first();
    let token = client.tokens()["access_token"].as_str().expect("an access token").to_owned();
    (client, token)
}

fn good(site: &Site) -> Finding {
    let (client, token) = granted(site);
    let is_dpop = site.plan.is_dpop();
    let schemes = if is_dpop { ["DPoP", "dpop", "DPOP"] } else { ["Bearer", "bearer", "BEARER"] };
    for scheme in schemes {
        let name = "c770aef3-6784-41f7-8e0e-ff5f97bddb3a";
        let headers = vec![("x-fapi-interaction-id", name.to_owned())];
        let response = client.resource(&Shown { scheme, headers, ..client.shown(&token) });
        ensure!(response.status == 200, "{scheme}: {}", response.text());
        ensure!(response.header("date").is_some(), "no Date");
        ensure!(response.header("x-fapi-interaction-id") == Some(name), "x-fapi-interaction-id is not echoed");
    }
    let response = client.resource(&client.shown(&token));
    ensure!(response.header("x-fapi-interaction-id").is_some_and(|made| made.len() >= 16), "none is made");
    Ok(())
}

fn no_token(site: &Site) -> Finding {
    let (client, token) = granted(site);
    let url = client.resource_url();
    let identity = client.shown(&token).certificate;
    for target in [url.clone(), format!("{url}?access_token={token}")] {
        let response = site.send(&target, &Request::get(&target), identity);
        turned_down(&response).map_err(|found| format!("{target}: {found}"))?;
    }
    Ok(())
}

/// A proof is shown with one difference.
fn shown_with(client: &Client<'_>, token: &str, change: impl Fn(&mut Jwt)) -> Response {
    let mut shown = client.shown(token);
    shown.proof.iter_mut().for_each(change);
    client.resource(&shown)
}

fn refused_proofs(site: &Site) -> Finding {
    let (client, token) = granted(site);
    let claim = |name: &'static str, value: Value| move |jwt: &mut Jwt| jwt.claims[name] = value.clone();
    let header = |name: &'static str, value: Value| move |jwt: &mut Jwt| jwt.header[name] = value.clone();
    let no_claim = |name: &'static str| move |jwt: &mut Jwt| drop(jwt.claims.as_object_mut().unwrap().remove(name));
    let no_header = |name: &'static str| move |jwt: &mut Jwt| drop(jwt.header.as_object_mut().unwrap().remove(name));
    let mut private = client.dpop_key.thin_jwk();
    private["d"] = "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI".into();
    let wrong: Vec<Named<'_>> = vec![
        ("no typ", Box::new(no_header("typ"))),
        ("no alg", Box::new(header("alg", Value::Null))),
        ("no jwk", Box::new(no_header("jwk"))),
        ("no jti", Box::new(no_claim("jti"))),
        ("no htm", Box::new(no_claim("htm"))),
        ("no htu", Box::new(no_claim("htu"))),
        ("no iat", Box::new(no_claim("iat"))),
        ("no ath", Box::new(no_claim("ath"))),
        ("wrong typ", Box::new(header("typ", json!("JWT")))),
        ("alg none", Box::new(|jwt| jwt.alg = "none")),
        ("broken signature", Box::new(|jwt| jwt.broken = true)),
        ("private key in jwk", Box::new(header("jwk", private))),
        ("htm PUT", Box::new(claim("htm", json!("PUT")))),
        ("other htu", Box::new(claim("htu", json!("https://other.example/resource")))),
        ("other path", Box::new(claim("htu", json!(format!("{}/other", client.resource_url()))))),
        ("iat an hour ago", Box::new(claim("iat", json!(now_s() - 3600)))),
        ("iat an hour ahead", Box::new(claim("iat", json!(now_s() + 3600)))),
        ("wrong ath", Box::new(claim("ath", json!("fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo")))),
        ("another key", Box::new(|jwt| (jwt.key, jwt.header["jwk"]) = (key("thief"), key("thief").thin_jwk()))),
    ];
    for (name, change) in wrong {
        turned_down(&shown_with(&client, &token, change)).map_err(|found| format!("{name}: {found}"))?;
    }
    Ok(())
}

/// Of a token that is bound to an RSA key, so that nothing but the algorithm differs.
fn rs256(site: &Site) -> Finding {
    let client = Client { dpop_key: key("rsa"), ..site.first() };
    let token = client.tokens()["access_token"].as_str().unwrap_or_default().to_owned();
    ensure!(client.resource(&client.shown(&token)).status == 200, "PS256");
    turned_down(&shown_with(&client, &token, |jwt| jwt.alg = "RS256"))
}

fn accepted_proofs(site: &Site) -> Finding {
    let (client, token) = granted(site);
    let url = client.resource_url();
    let htu = |htu: String| move |jwt: &mut Jwt| jwt.claims["htu"] = htu.clone().into();
    let right: Vec<Named<'_>> = vec![
        ("htu with a query", Box::new(htu(format!("{url}?a=b")))),
        ("htu with a fragment", Box::new(htu(format!("{url}#a")))),
        ("extra claims", Box::new(|jwt| jwt.claims["extra"] = json!({ "more": [1] }))),
        ("iat 10 s ago", Box::new(|jwt| jwt.claims["iat"] = (now_s() - 10).into())),
        ("iat 10 s ahead", Box::new(|jwt| jwt.claims["iat"] = (now_s() + 10).into())),
        ("nbf", Box::new(|jwt| jwt.claims["nbf"] = now_s().into())),
        ("exp", Box::new(|jwt| jwt.claims["exp"] = (now_s() + 60).into())),
        ("scheme in upper case", Box::new(htu(url.replace("https", "HTTPS")))),
    ];
    for (name, change) in right {
        let response = shown_with(&client, &token, change);
        ensure!(response.status == 200, "{name}: {} {}", response.status, response.text());
    }
    Ok(())
}

fn other_ways(site: &Site) -> Finding {
    let (client, token) = granted(site);
    let good = || client.shown(&token);
    let cases = [
        ("no proof", Shown { proof: None, ..good() }),
        ("no proof, with Bearer", Shown { proof: None, scheme: "Bearer", ..good() }),
        ("a proof with Bearer", Shown { scheme: "Bearer", ..good() }),
        ("not a JWT", Shown { proof: None, headers: vec![("DPoP", "notajwt".to_owned())], ..good() }),
        (
            "two proofs",
            Shown { headers: vec![("DPoP", good().proof.map(|jwt| jwt.signed()).unwrap_or_default())], ..good() },
        ),
    ];
    for (name, shown) in cases {
        turned_down(&client.resource(&shown)).map_err(|found| format!("{name}: {found}"))?;
    }
    let proof = good().proof.map(|jwt| jwt.signed()).unwrap_or_default();
    let upper = Shown { proof: None, headers: vec![("DPOP", proof)], ..good() };
    let response = client.resource(&upper);
    let asked = super::call::nonce_wanted(&response).is_some();
    ensure!(response.status == 200 || (site.plan.wants_nonces() && asked), "DPOP: {}", response.text());
    Ok(())
}

fn replayed(site: &Site) -> Finding {
    let (client, token) = granted(site);
    let mut shown = client.shown(&token);
    if site.plan.wants_nonces() {
        let challenge = client.resource_once(&shown, shown.proof.as_ref());
        let nonce = super::call::nonce_wanted(&challenge).ok_or("no nonce")?;
        shown.proof.iter_mut().for_each(|proof| proof.claims["nonce"] = nonce.clone().into());
    }
    ensure!(client.resource(&shown).status == 200, "the first time");
    turned_down(&client.resource(&shown))
}

fn certificates(site: &Site) -> Finding {
    let (client, token) = granted(site);
    for (name, certificate) in [("none", None), ("another one", Some(site.second().identity))] {
        let response = client.resource(&Shown { certificate, ..client.shown(&token) });
        turned_down(&response).map_err(|found| format!("{name}: {found}"))?;
    }
    Ok(())
}

fn userinfo(site: &Site) -> Finding {
    let (client, token) = granted(site);
    let client = Client { resource_endpoint: Some("userinfo_endpoint"), ..client };
    let response = client.resource(&client.shown(&token));
    ensure!(response.status == 200, "{}", response.text());
    ensure!(response.json()["name"] == "Alice", "{}", response.text());
    turned_down(&client.resource(&Shown { proof: None, certificate: None, ..client.shown(&token) }))
}

/// 400 or 401, with a challenge where it is 401.
fn turned_down(response: &Response) -> Finding {
    ensure!([400, 401].contains(&response.status), "status {}: {}", response.status, response.text());
    let challenged = response.header("www-authenticate").is_some();
    ensure!(response.status == 400 || challenged, "401 without WWW-Authenticate");
    Ok(())
}
