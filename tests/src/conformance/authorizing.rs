//! Section E: the authorization endpoint, and what the browser sees.

use std::thread::sleep;
use std::time::Duration;

use serde_json::json;
use url::Url;

use super::callback::Answer;
use super::client::Client;
use super::judge::random_enough;
use super::plan::Plan;
use super::site::{PERSON, Site};
use super::{Check, Finding, always};
use crate::application::Attempt;
use crate::browser::{Landing, Page};
use crate::ensure;

const ABOUT_REQUEST: &[&str] = &["invalid_request", "invalid_request_object", "invalid_request_uri"];

/// The checks.
pub const CHECKS: &[Check] = &[
    Check {
        line: "E.0",
        name: "login, consent and error pages have ids, URLs of their own, and no script",
        applies: always,
        run: pages,
    },
    Check { line: "E.1", name: "client_id and request_uri in any order", applies: always, run: any_order },
    Check { line: "E.1", name: "pushed values win over those of the URL", applies: always, run: pushed_wins },
    Check { line: "E.2", name: "request_uri is bound to its client", applies: always, run: other_client },
    Check { line: "E.3", name: "a request_uri that was used is refused", applies: always, run: used },
    Check { line: "E.4", name: "visiting twice before login works", applies: always, run: twice },
    Check { line: "E.5", name: "a request that was not pushed is refused", applies: always, run: not_pushed },
    Check {
        line: "E.6 E.8",
        name: "state as pushed, iss, the query of the redirect URI kept",
        applies: always,
        run: answers,
    },
    Check { line: "E.6", name: "no state where none was pushed", applies: Plan::is_fapi2, run: no_state },
    Check { line: "E.6", name: "who denies is sent back with access_denied", applies: always, run: denied },
    Check { line: "E.7", name: "codes are long and random", applies: always, run: codes },
    Check { line: "E.3", name: "a request_uri that expired is refused", applies: always, run: expired },
];

fn pages(site: &Site) -> Finding {
    let first = site.first();
    let mut browser = site.stranger();
    let url = first.authorize_url(&first.pushed().request_uri);
    let login = browser.open(&url).map_err(|error| error.to_string())?.page();
    for id in ["username", "password", "login"] {
        ensure!(login.has(id), "no #{id} on the login page");
    }
    let typed = [("username", PERSON.username), ("password", PERSON.password)];
    let consent = browser.press(&login, "login", &typed).map_err(|error| error.to_string())?.page();
    for id in ["allow", "deny"] {
        ensure!(consent.has(id), "no #{id} on the consent page");
    }
    let error = browser.open(&url.replace("request_uri%3A", "request_uri%3Ax")).map_err(|error| error.to_string())?;
    ensure!(error.is_refusal(), "no error page");
    let error = error.page();
    let paths = [&login, &consent, &error].map(|page| page.url.path().to_owned());
    ensure!(paths[0] != paths[1] && paths[1] != paths[2] && paths[0] != paths[2], "URLs {paths:?}");
    for page in [&login, &consent, &error] {
        ensure!(!page.html().contains("<script"), "a script at {}", page.url);
    }
    Ok(())
}

fn any_order(site: &Site) -> Finding {
    let first = site.first();
    let pushed = first.pushed();
    let pairs = [("request_uri", pushed.request_uri.as_str()), ("client_id", first.id)];
    let url = Url::parse_with_params(site.url("authorization_endpoint"), pairs).map_err(|error| error.to_string())?;
    Answer::read(&first, first.walk(url.as_str(), "allow"))?.is_for(&first, &pushed)
}

fn pushed_wins(site: &Site) -> Finding {
    let first = site.first();
    let pushed = first.pushed();
    let more = [
        ("response_type", site.plan.response_type()),
        ("scope", "openid"),
        ("redirect_uri", &first.redirect_uri),
        ("state", "of the URL"),
        ("nonce", "of the URL"),
        ("foo", "bar"),
    ];
    let url = Url::parse_with_params(&first.authorize_url(&pushed.request_uri), more);
    let url = url.map_err(|error| error.to_string())?;
    let answer = Answer::read(&first, first.walk(url.as_str(), "allow"))?;
    answer.is_for(&first, &pushed)?;
    let tokens = first.redemption(&answer.code(), &pushed.attempt).send().json();
    let (_, claims) = super::signed_jwt::verified(tokens["id_token"].as_str().unwrap_or_default(), site.jwks())?;
    ensure!(claims["nonce"] == json!(pushed.attempt.nonce), "nonce {}", claims["nonce"]);
    Ok(())
}

fn other_client(site: &Site) -> Finding {
    let (first, second) = (site.first(), site.second());
    let request_uri = first.pushed().request_uri;
    turned_down(&second, second.walk(&second.authorize_url(&request_uri), "allow"), ABOUT_REQUEST)?;
    // And it is still good for its own client.
    Answer::read(&first, first.walk(&first.authorize_url(&request_uri), "allow")).map(drop)
}

fn used(site: &Site) -> Finding {
    let first = site.first();
    let pushed = first.pushed();
    let _ = first.approved(&pushed);
    let again = first.walk(&first.authorize_url(&pushed.request_uri), "allow");
    turned_down(&first, again, &["invalid_request_uri"])
}

fn twice(site: &Site) -> Finding {
    let first = site.first();
    let pushed = first.pushed();
    let url = first.authorize_url(&pushed.request_uri);
    for _ in 0..2 {
        let page: Page = site.stranger().open(&url).map_err(|error| error.to_string())?.page();
        ensure!(page.has("login"), "no login page: {}", page.html());
    }
    first.approved(&pushed).is_for(&first, &pushed)
}

fn not_pushed(site: &Site) -> Finding {
    for (name, client) in [("first", site.first()), ("second", site.second())] {
        let call = client.push(&Attempt::new());
        let mut pairs: Vec<(String, String)> = call.parameters.clone();
        let plain = Url::parse_with_params(site.url("authorization_endpoint"), &pairs);
        let plain = plain.map_err(|error| error.to_string())?;
        turned_down(&client, client.walk(plain.as_str(), "allow"), &["invalid_request"])
            .map_err(|found| format!("{name}: {found}"))?;
        if let Some(object) = call.signed_object() {
            pairs.retain(|(name, _)| ["client_id", "response_type", "scope", "redirect_uri"].contains(&name.as_str()));
            pairs.push(("request".to_owned(), object));
            let url = Url::parse_with_params(site.url("authorization_endpoint"), &pairs);
            let url = url.map_err(|error| error.to_string())?;
            turned_down(&client, client.walk(url.as_str(), "allow"), &["invalid_request"])
                .map_err(|found| format!("{name}, signed: {found}"))?;
        }
    }
    Ok(())
}

fn answers(site: &Site) -> Finding {
    for client in [site.first(), site.second()] {
        let pushed = client.pushed();
        let answer = client.approved(&pushed);
        answer.is_for(&client, &pushed).map_err(|found| format!("{}: {found}", client.id))?;
    }
    Ok(())
}

fn no_state(site: &Site) -> Finding {
    let second = site.second();
    let pushed = second.pushed_with(|call| call.remove("state"));
    let answer = second.approved(&pushed);
    ensure!(answer.get("state").is_none(), "state in {}", answer.parameters);
    ensure!(answer.get("iss") == Some(&site.issuer()), "iss in {}", answer.parameters);
    Ok(())
}

fn denied(site: &Site) -> Finding {
    for client in [site.first(), site.second()] {
        let pushed = client.pushed();
        let landing = client.walk(&client.authorize_url(&pushed.request_uri), "deny");
        let answer = Answer::read(&client, landing)?;
        ensure!(answer.get("error") == Some("access_denied"), "{}", answer.parameters);
        answer.is_for(&client, &pushed)?;
        only_error_members(&client, &answer)?;
    }
    Ok(())
}

fn codes(site: &Site) -> Finding {
    let code = site.first().code().0;
    ensure!(code.len() * 6 >= 128, "{} characters", code.len());
    random_enough(&code)
}

/// The client `brief` pushed when the run began; its requests live five seconds.
fn expired(site: &Site) -> Finding {
    let brief = site.brief();
    let (request_uri, at) = site.pushed_early();
    sleep(Duration::from_millis(5500).saturating_sub(at.elapsed()));
    turned_down(&brief, brief.walk(&brief.authorize_url(request_uri), "allow"), &["invalid_request_uri"])
}

/// An error page, or an error response to the client.
fn turned_down(client: &Client<'_>, landing: Landing, errors: &[&str]) -> Finding {
    if landing.is_refusal() {
        return Ok(());
    }
    let answer = Answer::read(client, landing)?;
    ensure!(answer.get("error").is_some_and(|error| errors.contains(&error)), "{}", answer.parameters);
    only_error_members(client, &answer)
}

fn only_error_members(client: &Client<'_>, answer: &Answer) -> Finding {
    let mut allowed = vec!["error", "error_description", "error_uri", "state", "session_state", "iss"];
    if client.site.plan.signs_responses() {
        allowed.extend(["aud", "exp"]);
    }
    let members = answer.parameters.as_object().into_iter().flatten().map(|(name, _)| name.as_str());
    let others: Vec<&str> = members.filter(|name| !allowed.contains(name)).collect();
    ensure!(others.is_empty(), "an error response with {others:?}");
    Ok(())
}
