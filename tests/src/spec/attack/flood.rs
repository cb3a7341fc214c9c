//! Two requests made out of one, addresses that nobody must fetch, and more of something than a client may have.

use std::net::TcpListener;
use std::time::Duration;

use super::{ask, count, must_be, overlay, small_server};
use crate::request::Request;
use crate::spec::case::Overlay;
use crate::spec::compose::compose;
use crate::spec::fields::Fields;
use crate::spec::judge::short;
use crate::spec::scope;
use crate::spec::site::Place;
use crate::spec::stage::Stage;
use crate::wire::{Connection, Http};

/// Addresses of ours wherever one may stand: nobody comes to look.
pub(super) fn nobody_fetches(stage: &mut Stage<'_>, place: &Place) -> Result<(), String> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
    listener.set_nonblocking(true).map_err(|error| error.to_string())?;
    let url = format!("http://{}/fetch", listener.local_addr().map_err(|error| error.to_string())?);
    let header = |name: &str| -> toml::Table {
        let header = toml::Table::from_iter([(name.to_owned(), toml::Value::from(url.clone()))]);
        toml::Table::from_iter([
            ("key".to_owned(), toml::Value::from("stranger")),
            ("header".to_owned(), toml::Value::Table(header)),
        ])
    };
    let mut requests = Vec::new();
    for name in ["jku", "x5u", "kid", "jwk", "x5c"] {
        let push = || overlay("push", "app-key", &[]);
        requests.push(Overlay { assertion: header(name), ..push() });
        requests.push(Overlay { request: Some(header(name)), ..push() });
        requests.push(Overlay { dpop: Some(header(name)), ..push() });
    }
    for name in ["request_uri", "redirect_uri", "request", "claims", "id_token_hint", "resource", "client_id", "iss"] {
        requests.push(overlay("push", "app-public", &[(name, &url)]));
        requests.push(overlay("plain", "app-public", &[(name, &url)]));
        requests.push(overlay("authorize", "app-public", &[(name, &url)]));
    }
    for request in &requests {
        let answer = ask(stage, place, request)?;
        if answer.status >= 500 {
            return Err(short(&answer));
        }
    }
    std::thread::sleep(Duration::from_millis(500));
    match listener.accept() {
        Ok((_, from)) => Err(format!("{from} came to look")),
        Err(_) => Ok(()),
    }
}

/// One client with fresh proofs without end is stopped; another client is not.
pub(super) fn until_too_many(stage: &mut Stage<'_>, place: &Place, with: &mut Fields<'_>) -> Result<(), String> {
    let (client, other) = (with.needed_text("client"), with.needed_text("other"));
    for _ in 0..count(with, "at_most") {
        let request = Overlay { dpop: Some(toml::Table::new()), ..overlay("push", &client, &[]) };
        let answer = ask(stage, place, &request)?;
        if answer.status == 429 {
            let waits = answer.header("retry-after").and_then(|seconds| seconds.parse::<u32>().ok());
            if waits.is_none_or(|seconds| seconds == 0) {
                return Err(format!("429 without an end: {:?}", answer.headers));
            }
            return must_be("another client", &ask(stage, place, &overlay("push", &other, &[]))?, 201);
        }
        must_be("a push", &answer, 201)?;
    }
    Err("nobody says that it is enough".to_owned())
}

/// As many redirect URIs as a client may have, and one more.
pub(super) fn many_redirect_uris(with: &mut Fields<'_>) -> Result<(), String> {
    let (accepted, refused) = (count(with, "accepted"), count(with, "refused"));
    let parts = |number: usize| {
        let uris: Vec<String> = (0..number).map(|at| format!("\"https://app.example/cb/{at}\"")).collect();
        format!("client = {{ redirect_uris = [{}] }}", uris.join(", "))
    };
    let server = small_server(&parts(accepted))?;
    let fields = [
        ("client_id", "app"),
        ("response_type", "code"),
        ("redirect_uri", "https://app.example/cb/99"),
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("code_challenge_method", "S256"),
    ];
    let answer = Http::to(server.address()).send(&Request::form("/acme/par", &fields));
    must_be("the last one", &answer.map_err(|error| error.to_string())?, 201)?;
    match small_server(&parts(refused)) {
        Ok(_) => Err(format!("{refused} redirect URIs are accepted")),
        Err(_) => Ok(()),
    }
}

/// Bytes that a sloppy reader takes for two requests. The second one would push; at most one answer comes.
pub(super) fn two_out_of_one(stage: &mut Stage<'_>, place: &Place, with: &mut Fields<'_>) -> Result<(), String> {
    let raw = with.needed_text("raw");
    let push = compose(stage.site(), &stage.scope, place, &overlay("push", "app-public", &[]));
    let push = String::from_utf8_lossy(&push.bytes).into_owned();
    let host = stage.site().address().to_string();
    let chunk = format!("{:x}", push.len());
    let text = raw.replace("HOST", &host).replace("SMUGGLED", &push).replace("SIZE", &chunk);
    stage.requests += 1;
    let mut connection = Connection::open(stage.site().address()).map_err(|error| error.to_string())?;
    connection.set_patience(Duration::from_secs(12)).map_err(|error| error.to_string())?;
    let _ = connection.send(&scope::bytes(&text));
    let first = connection.receive();
    if let Ok(first) = &first
        && ((first.status >= 500 && first.status != 501) || first.text().contains("request_uri:"))
    {
        return Err(format!("the smuggled request was answered first: {}", short(first)));
    }
    match connection.receive_until_closed() {
        Ok(rest) if rest.is_empty() => Ok(()),
        Ok(rest) => Err(format!("two requests out of one: {first:?} and {}", String::from_utf8_lossy(&rest))),
        Err(error) => Err(format!("the connection stays open: {error} after {first:?}")),
    }
}
