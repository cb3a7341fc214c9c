//! Cases as they are written in `tests/spec/*.toml`: which rows they stand for, what is sent, what must come of it.
//!
//! A case with `step`s is a procedure; any other is one step itself. `each` makes a case out of every one of its
//! values: `{{each}}` stands for the value, `{{each.name}}` for its member. `by` says in which way requests reach the
//! server: `proxy`, `tls`, or each of a list. `slow` cases begin first. Steps `beside` a step are sent shortly after it,
//! without waiting for its answer.

use toml::{Table, Value};

use super::documents::Serve;
use super::expect::Expected;
use super::fields::Fields;
use super::store_taken::{self, Befalls};
use crate::disk::Disk;

/// One case.
#[derive(Clone, Debug)]
pub struct Case {
    /// The file that it is in, without `.toml`.
    pub file: String,
    /// The rows that it stands for.
    pub rows: Vec<String>,
    /// What it is about, in words; with its variant if it is one of several.
    pub title: String,
    /// Whether it needs a server of its own, because it restarts or reconfigures it.
    pub own_server: bool,
    /// Whether it takes many seconds, most of them waiting: such cases begin first.
    pub slow: bool,
    /// How its requests reach the server.
    pub by: Way,
    /// What is different in its `[server]` section.
    pub server: Table,
    /// Whether its server is told of a proxy by its environment.
    pub proxy: bool,
    /// What the data of its own server are on.
    pub disk: Disk,
    /// In their order.
    pub steps: Vec<Step>,
}

/// How requests, and the client certificates that they show, reach a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// In plain HTTP, from nobody whose word counts: a certificate is not seen.
    Plain,
    /// From a proxy that is trusted, which hands certificates on (RFC 9440).
    Proxy,
    /// By TLS.
    Tls,
}

/// One step of a case.
#[derive(Clone, Debug)]
pub struct Step {
    /// What is done.
    pub act: Act,
    /// The tenant at whose mount it is done.
    pub at: String,
    /// A name for what comes of it: what is captured gets it as a prefix too.
    pub name: Option<String>,
    /// What must come of it.
    pub expected: Expected,
    /// What is under way at the same time.
    pub beside: Vec<Step>,
}

/// What a step does.
#[derive(Clone, Debug)]
pub enum Act {
    /// Sends one request, so many times one after the other.
    Send(Box<Overlay>, usize),
    /// Sends the same request many times at one moment: one is answered as expected, the others otherwise.
    Race(Box<Overlay>, Race),
    /// Sends the same request many times at one moment: all are answered as expected.
    Together(Box<Overlay>, usize),
    /// Uses a browser.
    Browse(Browse),
    /// Lets the host of documents say something.
    Serve(Serve),
    /// Lets time pass.
    Wait(f64),
    /// Ends the server, cleanly or not, and starts it again with the same data.
    Restart(Ending),
    /// Changes an entry of the configuration and starts the server again.
    Reconfigure(Change),
    /// Tries to start a server with this `client` in its configuration; `tenant`, `mount` and `server` may differ too.
    Register(Table),
    /// Runs a generator written in Rust.
    Generate(String, Table),
    /// Does something to the disk of the store.
    Store(Befalls),
}

/// How a server ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// By SIGTERM.
    Clean,
    /// By SIGKILL.
    Killed,
    /// By itself, and says that something is wrong.
    Failed,
}

/// Several at one moment.
#[derive(Clone, Debug)]
pub struct Race {
    /// How many.
    pub times: usize,
    /// What must come of all but one.
    pub rest: Expected,
}

/// A change of the configuration.
#[derive(Clone, Debug)]
pub struct Change {
    /// The list that the entry is in.
    pub list: String,
    /// The entry.
    pub id: String,
    /// What is set; nothing takes the entry away.
    pub set: Table,
}

/// What somebody does with a browser.
#[derive(Clone, Debug)]
pub struct Browse {
    /// `load`, `login`, `allow` or `deny`: how far they go; `press` and a button: on the page that they are at.
    pub how_far: String,
    /// What is typed into fields before a press.
    pub typed: Table,
    /// The client of the pushed request.
    pub client: String,
    /// The pushed request.
    pub request_uri: String,
    /// An address in place of the pushed request's.
    pub open: Option<String>,
    /// Which browser.
    pub browser: String,
    /// Who.
    pub user: String,
    /// In several browsers at one moment.
    pub race: Option<Race>,
}

/// A base request, and what is different about it.
#[derive(Clone, Debug, Default)]
pub struct Overlay {
    /// Which endpoint.
    pub endpoint: String,
    /// Which client.
    pub client: String,
    /// The method.
    pub method: Option<String>,
    /// The path, or any request target.
    pub target: Option<String>,
    /// Behind the path, after a question mark.
    pub query: Option<String>,
    /// Another version than HTTP/1.1.
    pub version: Option<String>,
    /// How the client authenticates, if not as it is registered.
    pub auth: Option<String>,
    /// Another secret than the registered one.
    pub secret: Option<String>,
    /// Fields put in, replaced (one value or several) or taken out (`false`).
    pub form: Table,
    /// The same, sent as they are written here.
    pub raw_form: Table,
    /// Put behind the encoded form.
    pub append: Option<String>,
    /// In place of the form.
    pub body: Option<String>,
    /// In place of the form, as JSON.
    pub json_body: Option<Value>,
    /// Headers put in, replaced or taken out.
    pub headers: Table,
    /// What is different about the client assertion.
    pub assertion: Table,
    /// What is different about the attestation of the client's instance.
    pub attestation: Table,
    /// What is different about the proof beside it.
    pub pop: Table,
    /// Puts the form into a request object, with these differences.
    pub request: Option<Table>,
    /// Encrypts the request object, with these differences.
    pub encrypt: Option<Table>,
    /// Shows a DPoP proof, with these differences.
    pub dpop: Option<Table>,
    /// The cookies that are sent.
    pub cookie: Option<String>,
    /// The client certificate that is shown, by its name.
    pub certificate: Option<String>,
    /// The host that is named in the TLS handshake, in place of the address.
    pub server_name: Option<String>,
    /// Bytes in place of everything.
    pub raw: Option<String>,
}

/// Every case of a file, with its variants.
///
/// # Panics
/// When the file is not what it should be.
#[must_use]
pub fn read(file: &str, text: &str) -> Vec<Case> {
    let mut table: Table = text.parse().unwrap_or_else(|error| panic!("tests/spec/{file}.toml: {error}"));
    let at = table.remove("at").map_or_else(|| "acme".to_owned(), |at| at.as_str().expect("a name").to_owned());
    let cases = table.remove("case").and_then(|cases| cases.as_array().cloned()).unwrap_or_default();
    assert!(table.is_empty(), "tests/spec/{file}.toml: nobody reads {table}");
    cases.into_iter().flat_map(ways).flat_map(|case| variants(file, &at, case)).collect()
}

/// A case that is to be tried in several ways, once for each.
fn ways(case: Value) -> Vec<Value> {
    let Some(Value::Array(ways)) = case.get("by") else { return vec![case] };
    let by = |way: &Value| {
        let mut case = case.clone();
        if let Value::Table(members) = &mut case {
            members.insert("by".to_owned(), way.clone());
        }
        case
    };
    ways.iter().map(by).collect()
}

fn variants(file: &str, at: &str, case: Value) -> Vec<Case> {
    let Value::Table(mut case) = case else { panic!("{file}: a case is a table") };
    let Some(each) = case.remove("each") else { return vec![one(file, at, case)] };
    let Value::Array(each) = each else { panic!("{file}: `each` is a list") };
    (1..)
        .zip(each)
        .map(|(number, value): (usize, Value)| {
            let mut variant = Value::Table(case.clone());
            let shown = shown(&value);
            put_each(&mut variant, &value);
            let Value::Table(variant) = variant else { unreachable!("it was a table") };
            let mut case = one(file, at, variant);
            case.title = format!("{} [{number}]: {shown}", case.title);
            case
        })
        .collect()
}

fn shown(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let short: String = text.chars().take(60).collect();
    short.escape_debug().to_string()
}

/// Puts the value in place of `{{each}}`, as itself where nothing else stands beside it.
fn put_each(target: &mut Value, each: &Value) {
    match target {
        Value::String(text) => {
            if let Some(value) = member(text, each) {
                *target = value;
                return;
            }
            *text = replaced(text, each);
        }
        Value::Array(items) => items.iter_mut().for_each(|item| put_each(item, each)),
        Value::Table(members) => {
            let old = std::mem::take(members);
            for (key, mut value) in old {
                put_each(&mut value, each);
                members.insert(replaced(&key, each), value);
            }
        }
        Value::Integer(_) | Value::Float(_) | Value::Boolean(_) | Value::Datetime(_) => {}
    }
}

fn member(text: &str, each: &Value) -> Option<Value> {
    let path = text.strip_prefix("{{each")?.strip_suffix("}}").filter(|path| !path.contains('}'))?;
    match path.strip_prefix('.') {
        Some(name) => Some(each.get(name).unwrap_or_else(|| panic!("no member {name} in {each}")).clone()),
        None => path.is_empty().then(|| each.clone()),
    }
}

fn replaced(text: &str, each: &Value) -> String {
    let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut text = text.to_owned();
    if let Value::Table(members) = each {
        for (name, value) in members {
            text = text.replace(&format!("{{{{each.{name}}}}}"), &plain(value));
        }
    }
    text.replace("{{each}}", &plain(each))
}

fn one(file: &str, at: &str, mut case: Table) -> Case {
    let title = case.get("title").and_then(Value::as_str).unwrap_or_else(|| panic!("{file}: a case has no title"));
    let place = format!("tests/spec/{file}.toml, `{title}`");
    let steps = case.remove("step");
    let mut fields = Fields::of(case, &place);
    let (rows, title) = (fields.texts("rows"), fields.needed_text("title"));
    assert!(!rows.is_empty(), "{place}: no rows");
    let server = fields.table("server");
    let proxy = fields.is_set("proxy");
    let at = fields.text("at").unwrap_or_else(|| at.to_owned());
    let by = match fields.text("by").as_deref() {
        None => Way::Plain,
        Some("proxy") => Way::Proxy,
        Some("tls") => Way::Tls,
        Some(other) => panic!("{place}: nothing comes by `{other}`"),
    };
    let title = if by == Way::Plain { title } else { format!("{title}, by {by:?}") };
    let steps = match steps {
        None => vec![step(&mut fields, &place, &at)],
        Some(Value::Array(steps)) => steps.into_iter().map(|entry| step_of(entry, &place, &at)).collect(),
        Some(_) => panic!("{place}: steps are a list"),
    };
    let takes_store = steps.iter().any(|step| matches!(step.act, Act::Store(_)));
    let own_server = fields.is_set("own_server") || proxy || !server.is_empty() || takes_store;
    let slow = fields.is_set("slow");
    fields.end();
    let disk = store_taken::disk(&steps);
    Case { file: file.to_owned(), rows, title, own_server, slow, by, server, proxy, disk, steps }
}

fn step_of(entry: Value, place: &str, at: &str) -> Step {
    let Value::Table(table) = entry else { panic!("{place}: a step is a table") };
    let mut fields = Fields::of(table, place);
    let step = step(&mut fields, place, at);
    fields.end();
    step
}

fn step(fields: &mut Fields<'_>, place: &str, at: &str) -> Step {
    let at = fields.text("at").unwrap_or_else(|| at.to_owned());
    let name = fields.text("as");
    let beside = match fields.value("beside") {
        None => Vec::new(),
        Some(Value::Array(steps)) => steps.into_iter().map(|entry| step_of(entry, place, &at)).collect(),
        Some(_) => panic!("{place}: what is beside a step is a list"),
    };
    let (act, usual) = act(fields, place);
    let expected = Expected::read(fields, place, usual);
    Step { act, at, name, expected, beside }
}

/// The act, and what comes of it unless the step says otherwise.
fn act(fields: &mut Fields<'_>, place: &str) -> (Act, &'static str) {
    if let Some(send) = fields.text("send") {
        let overlay = Box::new(overlay(fields, &send));
        let usual = match overlay.endpoint.as_str() {
            "push" => "PUSHED",
            "authorize" => "LOGIN",
            "code" | "refresh" | "credentials" => "TOKENS",
            _ => "200",
        };
        if let Some(times) = fields.number("together") {
            return (Act::Together(overlay, times as usize), usual);
        }
        return match race(fields, place) {
            Some(race) => (Act::Race(overlay, race), usual),
            None => (Act::Send(overlay, fields.number("repeat").unwrap_or(1.0) as usize), usual),
        };
    }
    if let Some(how_far) = fields.text("browse") {
        let browse = browse(fields, place, how_far);
        let usual = match browse.how_far.as_str() {
            "load" => "LOGIN",
            "login" => "CONSENT",
            "deny" => "REDIR(access_denied)",
            _ => "CODE",
        };
        return (Act::Browse(browse), usual);
    }
    let act = if let Some(path) = fields.text("serve") {
        let object = fields.text("object").map(|object| Box::new(overlay(fields, &object)));
        Act::Serve(Serve { path, object, document: fields.table("document") })
    } else if let Some(seconds) = fields.number("wait_s") {
        Act::Wait(seconds)
    } else if let Some(how) = fields.text("restart") {
        Act::Restart(match how.as_str() {
            "kill" => Ending::Killed,
            "failed" => Ending::Failed,
            _ => Ending::Clean,
        })
    } else if let Some(list) = fields.text("reconfigure") {
        Act::Reconfigure(Change { list, id: fields.needed_text("id"), set: fields.table("set") })
    } else if let Some(Value::Table(parts)) = fields.value("register") {
        Act::Register(parts)
    } else if let Some(what) = fields.text("store") {
        Act::Store(Befalls::read(&what, place))
    } else if let Some(name) = fields.text("generate") {
        Act::Generate(name, fields.table("with"))
    } else {
        panic!("{place}: a step does nothing")
    };
    (act, "DONE")
}

fn race(fields: &mut Fields<'_>, place: &str) -> Option<Race> {
    let times = fields.number("times")?;
    let rest = Expected::of(&fields.needed_text("rest"), place);
    Some(Race { times: times as usize, rest })
}

fn browse(fields: &mut Fields<'_>, place: &str, how_far: String) -> Browse {
    let or = |text: Option<String>, otherwise: &str| text.unwrap_or_else(|| otherwise.to_owned());
    Browse {
        how_far,
        typed: fields.table("typed"),
        client: or(fields.text("client"), "{{client_id}}"),
        request_uri: or(fields.text("request_uri"), "{{request_uri}}"),
        open: fields.text("open"),
        browser: or(fields.text("browser"), "first"),
        user: or(fields.text("user"), "alice"),
        race: race(fields, place),
    }
}

fn overlay(fields: &mut Fields<'_>, send: &str) -> Overlay {
    let (endpoint, client) = send.split_once(' ').unwrap_or((send, ""));
    Overlay {
        endpoint: endpoint.to_owned(),
        client: client.to_owned(),
        method: fields.text("method"),
        target: fields.text("target"),
        query: fields.text("query"),
        version: fields.text("version"),
        auth: fields.text("auth"),
        secret: fields.text("secret"),
        form: fields.table("form"),
        raw_form: fields.table("raw_form"),
        append: fields.text("append"),
        body: fields.text("body"),
        json_body: fields.value("json_body"),
        headers: fields.table("headers"),
        assertion: fields.table("assertion"),
        attestation: fields.table("attestation"),
        pop: fields.table("pop"),
        request: fields.value("request").and_then(|request| request.as_table().cloned()),
        encrypt: fields.value("encrypt").and_then(|encrypt| encrypt.as_table().cloned()),
        dpop: fields.value("dpop").and_then(|dpop| dpop.as_table().cloned()),
        cookie: fields.text("cookie"),
        certificate: fields.text("certificate"),
        server_name: fields.text("server_name"),
        raw: fields.text("raw"),
    }
}
