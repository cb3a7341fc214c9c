//! Nothing that one tenant issued is worth anything at another: each kind of it, at each place of each operation of each dialect,
//! is answered byte for byte as something that nobody issued.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]
#![allow(clippy::arithmetic_side_effects, clippy::string_slice, reason = "tests")]

use parhelion_tests::browser::Browser;
use parhelion_tests::neighbours::{Artefact, Cell, KINDS, Neighbours, Own, Tenant};
use parhelion_tests::request::Request;
use parhelion_tests::site::ALICE;
use parhelion_tests::wire::Response;

/// The same to look at, but nobody issued it.
fn unlike(artefact: &Artefact) -> Artefact {
    if artefact.kind == "assertion" {
        let Artefact { kind, value, secret } = artefact.clone();
        return Artefact { kind, value: secret, secret: value };
    }
    let changed = |text: &str| {
        let from = text.len().saturating_sub(8);
        let other = |(at, c): (usize, char)| match c {
            '0'..='8' | 'a'..='e' | 'A'..='E' if at >= from && at + 2 < text.len() => char::from(c as u8 + 1),
            '9' | 'f' | 'F' if at >= from && at + 2 < text.len() => char::from(c as u8 - 1),
            'g'..='z' if at >= from && at + 2 < text.len() => {
                if c == 'z' {
                    'y'
                } else {
                    char::from(c as u8 + 1)
                }
            }
            'G'..='Z' if at >= from && at + 2 < text.len() => {
                if c == 'Z' {
                    'Y'
                } else {
                    char::from(c as u8 + 1)
                }
            }
            other => other,
        };
        text.char_indices().map(other).collect::<String>()
    };
    let other = Artefact { kind: artefact.kind, value: changed(&artefact.value), secret: changed(&artefact.secret) };
    assert_ne!(other.value, artefact.value);
    other
}

/// What is told, without what was sent and without what is drawn for each answer.
fn told(response: &Response, artefact: &Artefact) -> String {
    let per_answer = ["date", "x-request-id", "x-correlation-id", "dpop-nonce", "set-cookie", "connection"];
    let headers = response.headers.iter().filter(|(name, _)| !per_answer.contains(&name.as_str()));
    let mut text = format!("{}\n", response.status);
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\n"));
    }
    text.push_str(&response.text());
    for sent in [&artefact.value, &artefact.secret] {
        text = if sent.is_empty() { text } else { text.replace(sent, "[drawn]") };
    }
    without_what_is_drawn(&without_times(&text))
}

/// The times that Autional writes as text: two answers may come in two seconds.
fn without_times(text: &str) -> String {
    let is_time = |word: &str| word.len() == 24 && word.ends_with('Z') && word.chars().nth(10) == Some('T');
    let words = text.split('"').map(|word| if is_time(word) { "[time]" } else { word });
    words.collect::<Vec<_>>().join("\"")
}

/// Long words and long numbers are identifiers and times.
fn without_what_is_drawn(text: &str) -> String {
    let is_of_word = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let mut told = String::new();
    for word in text.split_inclusive(|c| !is_of_word(c)) {
        let body = word.trim_end_matches(|c| !is_of_word(c));
        let is_time = body.len() >= 10 && body.bytes().all(|byte| byte.is_ascii_digit());
        let is_drawn = body.len() >= 22 && body.bytes().any(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase());
        told.push_str(if is_time || is_drawn { "[drawn]" } else { body });
        told.push_str(word.strip_prefix(body).unwrap_or_default());
    }
    told
}

/// What is answered to it, and to its like that nobody issued.
fn both(site: &Neighbours, cell: &Cell, own: &Own<'_>, artefact: &Artefact) -> (String, String) {
    let other = unlike(artefact);
    let known = told(&site.send(&cell.request(own, artefact)), artefact);
    (known, told(&site.send(&cell.request(own, &other)), &other))
}

#[test]
fn whatever_one_tenant_issued_is_unknown_at_every_operation_of_another() {
    let site = Neighbours::start();
    let (north, south) = (Own::of(site.north()), Own::of(site.south()));
    for kind in KINDS {
        let _ = (north.get(kind, "standard"), south.get(kind, "standard"));
        let _ = (north.get(kind, "authlete"), south.get(kind, "authlete"));
    }
    let (cells, before) = (Cell::all(), site.south().state());
    let mut leaks = Vec::new();
    for cell in cells.iter().filter(|cell| cell.kind().is_some()) {
        for kind in KINDS {
            // An assertion is for one mount, and good once.
            let artefact = north.get(kind, &cell.dialect);
            let (known, unknown) = both(&site, cell, &south, &artefact);
            if known != unknown {
                leaks.push(format!("{kind} at {cell}\n{known}\nUNKNOWN {unknown}\n"));
            }
        }
    }
    assert!(leaks.is_empty(), "{} leaks\n{}", leaks.len(), leaks.join("\n"));
    assert_eq!(site.south().state(), before, "nothing changed where it was shown");
    for kind in KINDS {
        let mut places = cells.iter().filter(|cell| cell.kind() == Some(kind) && cell.alike.is_none());
        let Some(cell) = places.next() else { continue };
        let (known, unknown) = both(&site, cell, &north, &north.get(kind, &cell.dialect));
        assert_ne!(known, unknown, "{kind} is good no more where it was issued: {cell}");
    }
}

/// Without this the test above would hold of operations that refuse everything.
#[test]
fn what_a_tenant_issued_itself_is_known_at_each_of_these_places() {
    let site = Neighbours::start();
    let mut wrong = Vec::new();
    for cell in Cell::all() {
        let Some(kind) = cell.kind() else { continue };
        let south = Own::of(site.south());
        let (known, unknown) = both(&site, &cell, &south, &south.get(kind, &cell.dialect));
        if (known == unknown) != cell.alike.is_some() {
            wrong.push(format!("{cell}\n{known}\nUNKNOWN {unknown}\n"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_kind_has_a_place() {
    let cells = Cell::all();
    for kind in KINDS.into_iter().filter(|kind| *kind != "subject") {
        assert!(cells.iter().any(|cell| cell.kind() == Some(kind)), "{kind}");
    }
    assert!(cells.len() > 300, "{}", cells.len());
}

/// What a browser with this cookie ends at: the first page of an interaction, whose own cookie it keeps.
fn loaded(site: &Neighbours, address: &str, cookie: &str) -> Response {
    let moved = site.send(&Request::get(address).header("Cookie", cookie));
    let (to, set) =
        (moved.header("location").expect("an interaction"), moved.header("set-cookie").expect("its cookie"));
    let own = set.split(';').next().unwrap();
    site.send(&Request::get(to).header("Cookie", &format!("{own}; {cookie}")))
}

#[test]
fn sessions_and_interactions_of_one_tenant_are_unknown_at_another() {
    let site = Neighbours::start();
    let (north, south) = (site.north(), site.south());
    for (dialect, authorize) in [
        ("standard", "/authorize"),
        ("ibm-verify", "/oauth2/authorize"),
        ("pingone", "/as/authorize"),
        ("autional", "/oauth/authorize"),
    ] {
        let address = |tenant: Tenant<'_>| {
            let request_uri = tenant.issue("request_uri", dialect).value;
            format!("{}{authorize}?response_type=code&client_id=app&request_uri={request_uri}", tenant.base(dialect))
        };
        let url = |path: &str| format!("{}{path}", site.server().url());
        let shown = |value: &str| Artefact { kind: "cookie", value: value.to_owned(), secret: String::new() };
        let mut browser = Browser::new(site.server().address());

        let page = browser.open(&url(&address(north))).unwrap().page();
        let (name, value) = browser.cookies().pop().expect("an interaction's cookie");
        let ask = |path: &str, artefact: &Artefact| {
            let cookie = format!("{name}={}", artefact.value);
            told(&site.send(&Request::get(path).header("Cookie", &cookie).header("Accept", "text/html")), artefact)
        };
        let (artefact, path) = (shown(&value), page.url.path().to_owned());
        let there = path.replacen(&north.base(dialect), &south.base(dialect), 1);
        assert_eq!(ask(&there, &artefact), ask(&there, &unlike(&artefact)), "{dialect}: {name}");
        assert_ne!(ask(&path, &artefact), ask(&path, &unlike(&artefact)), "{dialect}: {name}");

        let _ = browser.approve(&url(&address(north)), ALICE).unwrap().callback();
        let load = |to: &str, name: &str, artefact: &Artefact| {
            told(&loaded(&site, to, &format!("{name}={}", artefact.value)), artefact)
        };
        // A session's cookie is called by its tenant: it is tried under the other's name too.
        let mut neighbour = Browser::new(site.server().address());
        let _ = neighbour.approve(&url(&address(south)), ALICE).unwrap().callback();
        let (kept, others) = (browser.cookies(), neighbour.cookies());
        for (name, _) in kept.iter().chain(&others) {
            for (_, value) in &kept {
                let (artefact, there) = (shown(value), address(south));
                assert_eq!(load(&there, name, &artefact), load(&there, name, &unlike(&artefact)), "{dialect}: {name}");
                assert!(load(&there, name, &artefact).contains("login"), "{dialect}: {name}");
            }
        }
        assert!(
            browser.open(&url(&address(north))).unwrap().page().has("allow"),
            "{dialect}: the session is still good"
        );
        assert!(!browser.open(&url(&address(south))).unwrap().page().has("allow"), "{dialect}");
    }
}
