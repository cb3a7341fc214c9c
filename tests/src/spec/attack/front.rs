//! The front channel: forms sent from elsewhere, sessions planted beforehand, cookies and what they tell.

use super::jar::{Filled, Jar};
use super::{authorize_url, must_be, small_server};
use crate::html;
use crate::request::Request;
use crate::spec::fields::Fields;
use crate::spec::judge::short;
use crate::spec::site::{PASSWORD, Place};
use crate::spec::stage::Stage;
use crate::wire::Response;
use crate::{base64, dice};

/// The login form and (`page = "consent"`) the consent form, sent as its own page never would; then as it does.
pub(super) fn forged_forms(stage: &mut Stage<'_>, place: &Place, with: &mut Fields<'_>) -> Result<(), String> {
    let is_consent = with.needed_text("page") == "consent";
    let mut jar = Jar::new(stage.site().address());
    let (url, page) = jar.open(&authorize_url(stage, place))?;
    let mut form = Filled::of(&url, &page, "login", &[("username", "alice"), ("password", PASSWORD)])?;
    if is_consent {
        let answer = jar.submit(&form)?;
        must_be("the login", &answer, 303)?;
        let (url, page) = jar.open(answer.header("location").unwrap_or_default())?;
        form = Filled::of(&url, &page, "allow", &[])?;
    }
    let cookies = jar.cookies.clone();
    for (what, request, cookies) in forgeries(&form, &cookies) {
        stage.requests += 1;
        jar.cookies = cookies;
        let before = jar.cookies.clone();
        let answer = jar.send(request)?;
        refused_page(&what, &answer)?;
        if jar.cookies.iter().any(|(name, _)| name.contains("session") && !before.iter().any(|(old, _)| old == name)) {
            return Err(format!("{what}: a session began"));
        }
    }
    jar.cookies = cookies;
    must_be("the form as its page sends it", &jar.submit(&form)?, 303)
}

type Forgery = (String, Request, Vec<(String, String)>);

fn forgeries(form: &Filled, cookies: &[(String, String)]) -> Vec<Forgery> {
    let with = |what: &str, request: Request| (what.to_owned(), request, cookies.to_vec());
    let mut forgeries = vec![
        with("from another site", form.request().header("Origin", "https://evil.example")),
        with("from another port", form.request().header("Origin", "http://127.0.0.1:1")),
        with("from a subdomain", form.request().header("Origin", "https://evil.app.example")),
        with(
            "cross-site, says the browser",
            form.request().header("Origin", "null").header("Sec-Fetch-Site", "cross-site"),
        ),
        with("same-site, says the browser", form.request().header("Sec-Fetch-Site", "same-site")),
        ("without cookies".to_owned(), form.request().header("Origin", "null"), Vec::new()),
    ];
    let others: Vec<_> = cookies.iter().map(|(name, _)| (name.clone(), dice::secret())).collect();
    forgeries.push(("with cookies of nobody".to_owned(), form.request().header("Origin", "null"), others));
    let ours = ["username", "password", "decision"];
    for at in (0..form.fields.len()).filter(|at| !ours.contains(&form.fields[*at].0.as_str())) {
        let name = form.fields[at].0.clone();
        let mut fields = form.fields.clone();
        fields.remove(at);
        forgeries.push(with(&format!("without {name}"), bent(form, fields)));
        let mut fields = form.fields.clone();
        fields[at].1 = dice::secret();
        forgeries.push(with(&format!("with another {name}"), bent(form, fields)));
    }
    forgeries
}

fn bent(form: &Filled, fields: Vec<(String, String)>) -> Request {
    Filled { target: form.target.clone(), fields }.request().header("Origin", "null")
}

fn refused_page(what: &str, answer: &Response) -> Result<(), String> {
    let is_page = answer.status == 400 && html::has_id(&answer.text(), "error") && answer.header("location").is_none();
    if is_page { Ok(()) } else { Err(format!("{what}: {}", short(answer))) }
}

/// A session that was planted is not the one in which somebody else logs in.
pub(super) fn session_rotates(stage: &mut Stage<'_>, place: &Place) -> Result<(), String> {
    let url = authorize_url(stage, place);
    let mut attacker = Jar::new(stage.site().address());
    log_in(&mut attacker, &url, "bob")?;
    let planted = attacker.cookies.iter().find(|(name, _)| name.contains("session")).cloned().ok_or("no session")?;
    let mut first = Jar::new(stage.site().address());
    log_in(&mut first, &url, "alice")?;
    let mut second = Jar::new(stage.site().address());
    log_in(&mut second, &url, "alice")?;
    if first.value("session") == second.value("session") {
        return Err("two logins have one session".to_owned());
    }
    for value in [planted.1.clone(), dice::secret()] {
        let mut victim = Jar::new(stage.site().address());
        victim.cookies = vec![(planted.0.clone(), value.clone())];
        let (at, page) = victim.open(&url)?;
        // Somebody who is logged in is not asked again; then there is nothing to fix a session to.
        if let Ok(form) = Filled::of(&at, &page, "login", &[("username", "alice"), ("password", PASSWORD)]) {
            must_be("the login", &victim.submit(&form)?, 303)?;
            if victim.value("session") == Some(&value) || victim.value("session").is_none() {
                return Err("a session that was planted lives on".to_owned());
            }
        }
    }
    Ok(())
}

fn log_in(jar: &mut Jar, url: &str, user: &str) -> Result<Response, String> {
    let (at, page) = jar.open(url)?;
    let form = Filled::of(&at, &page, "login", &[("username", user), ("password", PASSWORD)])?;
    let answer = jar.submit(&form)?;
    must_be("the login", &answer, 303)?;
    Ok(answer)
}

/// No cookie holds anything of what was pushed, in the clear or encoded.
pub(super) fn cookies_tell_nothing(stage: &mut Stage<'_>, place: &Place) -> Result<(), String> {
    let url = authorize_url(stage, place);
    let mut jar = Jar::new(stage.site().address());
    let mut answers = vec![jar.send(Request::get(&url))?];
    answers.push(log_in(&mut jar, &url, "alice")?);
    let uri = stage.scope.get("request_uri").unwrap_or_default();
    let reference = uri.rsplit(':').next().unwrap_or_default();
    for cookie in answers.iter().flat_map(|answer| answer.all("set-cookie").map(str::to_owned).collect::<Vec<_>>()) {
        for wanted in ["HttpOnly", "SameSite=Lax", "Path=/;", "Max-Age="] {
            if !cookie.contains(wanted) {
                return Err(format!("a cookie without {wanted}: {cookie}"));
            }
        }
        let value = cookie.split_once('=').and_then(|(_, rest)| rest.split(';').next()).unwrap_or_default();
        let decoded: Vec<u8> = value.split('.').filter_map(base64::from_url_safe).flatten().collect();
        let text = format!("{value} {}", String::from_utf8_lossy(&decoded));
        if text.contains("canary") || text.contains(reference) || text.contains("openid") || text.contains("127.0.0.1")
        {
            return Err(format!("a cookie tells what was pushed: {text}"));
        }
    }
    Ok(())
}

/// Over TLS, which ends before this server, every cookie is `__Host-` and Secure.
pub(super) fn cookies_over_https() -> Result<(), String> {
    let server = small_server(
        "server = { public_url = \"https://as.example\" }\nmount = { base_url = \"https://as.example/acme\" }",
    )?;
    let mut jar = Jar::new(server.address());
    let fields = [
        ("client_id", "app"),
        ("response_type", "code"),
        ("redirect_uri", "https://app.example/cb"),
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("code_challenge_method", "S256"),
    ];
    let pushed = jar.send(Request::form("/acme/par", &fields))?;
    must_be("a push", &pushed, 201)?;
    let uri = pushed.json()["request_uri"].as_str().unwrap_or_default().replace(':', "%3A");
    let answer = jar.send(Request::get(&format!("/acme/authorize?client_id=app&request_uri={uri}")))?;
    must_be("a load", &answer, 303)?;
    let cookies: Vec<&str> = answer.all("set-cookie").collect();
    if cookies.is_empty() || !answer.header("location").is_some_and(|to| to.starts_with("https://as.example/acme/")) {
        return Err(format!("no cookie, or no way on: {:?}", answer.headers));
    }
    let wanted = ["__Host-", "; Secure", "; HttpOnly", "; SameSite=Lax", "; Path=/;"];
    let lacking = |cookie: &&str| {
        !cookie.starts_with("__Host-") || !wanted.iter().all(|part| cookie.contains(part)) || cookie.contains("Domain")
    };
    match cookies.into_iter().find(lacking) {
        Some(cookie) => Err(format!("a cookie over https: {cookie}")),
        None => Ok(()),
    }
}
