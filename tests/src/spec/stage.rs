//! One case on stage: its server, what it knows, its browsers, and its steps one after the other.

use std::collections::HashMap;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use toml::{Table, Value};

use super::case::{Act, Browse, Change, Ending, Overlay, Step, Way};
use super::certificates;
use super::compose::{Outgoing, compose};
use super::documents;
use super::expect::Expected;
use super::generate;
use super::judge::{Actual, Listener, Scene, Sent, Vendor, response_parameters};
use super::jwt;
use super::scope::Scope;
use super::site::{self, Place, Site};
use super::store_taken;
use super::without::without;
use crate::browser::{Browser, Landing, Page};
use crate::disk::Fault;
use crate::wire::{Connection, Response};
use crate::{dice, document_host, html};

/// A server that cases share, or one of a case's own.
pub enum Server<'a> {
    /// Shared.
    Shared(&'a Site),
    /// Its own.
    Own(Box<Site>),
}

/// Members of an answer that nobody else must ever see.
const ISSUED: [&str; 6] =
    ["request_uri", "access_token", "refresh_token", "code", "client_secret", "registration_access_token"];

/// Everything that a case has while it runs.
pub struct Stage<'a> {
    server: Server<'a>,
    /// Values by name.
    pub scope: Scope,
    browsers: HashMap<String, Browser>,
    pages: HashMap<String, Page>,
    answers: HashMap<String, Response>,
    state: Option<String>,
    redirect_uri: String,
    /// References that the server has issued here.
    pub references: Vec<String>,
    /// Requests that were sent.
    pub requests: usize,
    /// A field that is taken out of whatever is pushed.
    pub without: Option<String>,
    /// What was done to the disk of the server.
    pub(super) fault: Option<Fault>,
}

/// A step that was done: what must come of it, and what came.
pub struct Done {
    /// As the step says, with everything filled in.
    pub expected: Expected,
    /// Of a race: what must come of all but one.
    pub rest: Option<Expected>,
    /// What came, of a race many times.
    pub actuals: Vec<(Actual, Scene)>,
}

impl<'a> Stage<'a> {
    /// A stage with nothing on it.
    #[must_use]
    pub fn new(server: Server<'a>) -> Self {
        let mut stage = Self {
            server,
            scope: Scope::default(),
            browsers: HashMap::new(),
            pages: HashMap::new(),
            answers: HashMap::new(),
            state: None,
            redirect_uri: String::new(),
            references: Vec::new(),
            requests: 0,
            without: None,
            fault: None,
        };
        for name in ["state", "nonce", "verifier"] {
            stage.scope.set(name, format!("canary-{name}-{}", dice::secret()));
        }
        let (origin, host, callback) =
            (stage.site().url(), stage.site().address().to_string(), stage.site().callback.clone());
        for tenant in ["acme", "other", "fapi", "signing", "desk", "op", "verify", "ping", "autional"] {
            let issuer = stage.site().place(tenant).issuer;
            stage.scope.set(&format!("mount:{tenant}"), issuer);
        }
        for name in certificates::all().names() {
            let identity = certificates::all().get(name);
            stage.scope.set(&format!("x5t:{name}"), identity.thumbprint());
            stage.scope.set(&format!("cert:{name}"), identity.field());
        }
        for name in ["holder", "thief"] {
            let key = site::all_keys().get(name);
            let mut padded = key.jwk().clone();
            padded["x5c"] = ["MIIB".repeat(500)].into();
            padded["use"] = "sig".into();
            stage.scope.set(&format!("jkt:{name}"), key.thumbprint());
            stage.scope.set(&format!("jwk:{name}"), padded.to_string());
        }
        for (name, statement) in jwt::software_statements(site::all_keys()) {
            stage.scope.set(name, statement);
        }
        let folder = dice::secret();
        for manner in document_host::MANNERS {
            let url = format!("https://{}/{folder}", document_host::host().authority(manner));
            stage.scope.set(&format!("documents:{manner}"), url);
        }
        stage.scope.set("documents", format!("https://{}/{folder}", document_host::host().authority("good")));
        stage.scope.set("documents-folder", folder);
        let port = stage.site().address().port().to_string();
        for (name, value) in [("origin", origin), ("host", host), ("port", port), ("callback", callback)] {
            stage.scope.set(name, value);
        }
        stage
    }

    /// The server.
    #[must_use]
    pub fn site(&self) -> &Site {
        match &self.server {
            Server::Shared(site) => site,
            Server::Own(site) => site,
        }
    }

    /// The answer of the step of that name.
    #[must_use]
    pub fn answer(&self, name: &str) -> Option<&Response> {
        self.answers.get(name)
    }

    fn own_site(&mut self) -> &mut Site {
        match &mut self.server {
            Server::Own(site) => site,
            Server::Shared(_) => panic!("this needs `own_server = true`"),
        }
    }

    /// Does one step, and those beside it.
    pub fn perform(&mut self, step: &Step) -> Vec<Done> {
        if step.beside.is_empty() { vec![self.perform_alone(step)] } else { store_taken::together(self, step) }
    }

    fn perform_alone(&mut self, step: &Step) -> Done {
        let place = self.site().place(&step.at);
        self.scope.set("issuer", place.issuer.clone());
        let expected = self.scope.fill_expected(&step.expected);
        let mut rest = None;
        let mut actuals = match &step.act {
            Act::Send(overlay, times) => (0..*times).map(|_| self.send(&place, overlay, &expected)).collect(),
            Act::Race(overlay, race) => {
                rest = Some(self.scope.fill_expected(&race.rest));
                self.race(&place, overlay, race.times)
            }
            Act::Together(overlay, times) => self.race(&place, overlay, *times),
            Act::Browse(browse) => {
                rest = browse.race.as_ref().map(|race| self.scope.fill_expected(&race.rest));
                self.browse(&place, browse)
            }
            Act::Serve(serve) => vec![documents::serve(self, &place, serve)],
            Act::Wait(seconds) => {
                thread::sleep(Duration::from_secs_f64(*seconds));
                vec![Actual::default()]
            }
            Act::Restart(ending) => vec![self.restart(*ending)],
            Act::Reconfigure(change) => vec![self.reconfigure(&step.at, change)],
            Act::Register(parts) => vec![self.register(parts)],
            Act::Store(befalls) => {
                store_taken::befall(self, *befalls);
                vec![Actual::default()]
            }
            Act::Generate(name, with) => {
                let Value::Table(with) = self.scope.fill_value(&Value::Table(with.clone())) else {
                    unreachable!("it was a table")
                };
                vec![Actual { trouble: generate::run(self, &place, name, with).err(), ..Actual::default() }]
            }
        };
        if let Some(name) = &expected.same_as {
            let twin = self.answers.get(name).cloned();
            actuals.iter_mut().for_each(|actual| actual.twin.clone_from(&twin));
        }
        for actual in &actuals {
            self.capture(step.name.as_deref(), actual);
        }
        let scene = self.scene(place);
        Done { expected, rest, actuals: actuals.into_iter().map(|actual| (actual, scene.clone())).collect() }
    }

    /// What an answer from a mount is judged by.
    pub(super) fn scene(&self, place: Place) -> Scene {
        Scene {
            issuer: place.issuer,
            public_url: self.site().url(),
            redirect_uri: self.redirect_uri.clone(),
            state: self.state.clone(),
            vendor: match place.tenant.as_str() {
                "ping" | "verify" => Vendor::AlwaysUnauthorized,
                "autional" => Vendor::EchoesState,
                _ => Vendor::None,
            },
        }
    }

    /// Sends one request on a connection of its own.
    pub fn send(&mut self, place: &Place, overlay: &Overlay, expected: &Expected) -> Actual {
        let outgoing = self.compose(place, overlay);
        self.note(overlay, &outgoing);
        let look = expected.any_of.iter().any(|outcome| outcome.closes.is_some());
        let patience = Duration::from_secs_f64(expected.within_s + 1.0);
        exchange(self.site(), &outgoing, look, patience, None)
    }

    fn compose(&self, place: &Place, overlay: &Overlay) -> Outgoing {
        let outgoing = compose(self.site(), &self.scope, place, overlay);
        let bytes = self.without.as_ref().map(|field| without(&outgoing.bytes, field));
        Outgoing { bytes: bytes.unwrap_or(outgoing.bytes), ..outgoing }
    }

    fn race(&mut self, place: &Place, overlay: &Overlay, times: usize) -> Vec<Actual> {
        let outgoing = self.compose(place, overlay);
        self.note(overlay, &outgoing);
        self.requests += times;
        let (site, barrier) = (self.site(), Barrier::new(times));
        let one = || exchange(site, &outgoing, false, Duration::from_secs(15), Some(&barrier));
        thread::scope(|scope| {
            let threads: Vec<_> = (0..times).map(|_| scope.spawn(one)).collect();
            threads.into_iter().map(|thread| thread.join().expect("a racer")).collect()
        })
    }

    /// Remembers where the answer to an authorization request must go.
    pub(super) fn note(&mut self, overlay: &Overlay, outgoing: &Outgoing) {
        self.requests += 1;
        if !matches!(overlay.endpoint.as_str(), "push" | "plain") {
            return;
        }
        let get = |name: &str| outgoing.form.iter().find(|(found, _)| found == name).map(|(_, value)| value.clone());
        self.state = get("state").filter(|state| !state.is_empty());
        self.redirect_uri = get("redirect_uri").unwrap_or_else(|| self.site().callback.clone());
        if let Some(client_id) = get("client_id") {
            self.scope.set("client_id", client_id);
        }
    }

    fn browse(&mut self, place: &Place, browse: &Browse) -> Vec<Actual> {
        self.requests += 1;
        if let Some(race) = &browse.race {
            return self.race_of_browsers(place, browse, race.times);
        }
        let url = self.url(place, browse);
        let user = self.scope.fill(&browse.user);
        let name = self.scope.fill(&browse.browser);
        let mut browser = self.browsers.remove(&name).unwrap_or_else(|| Browser::new(self.site().address()));
        let start = Instant::now();
        let landing = match browse.how_far.split_once(' ') {
            Some(("press", button)) => {
                let page = self.pages.get(&name).expect("a page to press a button on").clone();
                let typed: Vec<(String, String)> = browse
                    .typed
                    .iter()
                    .map(|(id, text)| (id.clone(), self.scope.fill(text.as_str().expect("text"))))
                    .collect();
                let typed: Vec<(&str, &str)> = typed.iter().map(|(id, text)| (id.as_str(), text.as_str())).collect();
                browser.press(&page, button, &typed)
            }
            _ => match browse.how_far.as_str() {
                "load" => browser.open(&url),
                "login" => browser.open_as(&url, site::user(&user)),
                "allow" => browser.approve(&url, site::user(&user)),
                "deny" => browser.deny(&url, site::user(&user)),
                other => panic!("nobody can `{other}`"),
            },
        };
        let took = start.elapsed();
        if let Ok(Landing::Page(page)) = &landing
            && !page.is_refusal()
            && page.response.status < 500
        {
            self.pages.insert(name.clone(), page.clone());
        }
        self.browsers.insert(name, browser);
        vec![landed(landing, took)]
    }

    fn url(&self, place: &Place, browse: &Browse) -> String {
        if let Some(open) = &browse.open {
            return self.scope.fill(open);
        }
        if browse.how_far.starts_with("press") {
            return String::new();
        }
        let (client, uri) = (self.scope.fill(&browse.client), self.scope.fill(&browse.request_uri));
        let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let path = place.path("authorize");
        format!("{}{path}?client_id={}&request_uri={}", self.site().url(), encode(&client), encode(&uri))
    }

    fn race_of_browsers(&mut self, place: &Place, browse: &Browse, times: usize) -> Vec<Actual> {
        let url = self.url(place, browse);
        let user = self.scope.fill(&browse.user);
        let (address, barrier) = (self.site().address(), Arc::new(Barrier::new(times)));
        let button = browse.how_far.clone();
        self.requests += times;
        let one = || {
            let mut browser = Browser::new(address);
            let page = browser.open_as(&url, site::user(&user)).map(Landing::page);
            let _ = browser.connect();
            barrier.wait();
            let start = Instant::now();
            let landing = page.and_then(|page| browser.press(&page, &button, &[]));
            landed(landing, start.elapsed())
        };
        thread::scope(|scope| {
            let threads: Vec<_> = (0..times).map(|_| scope.spawn(one)).collect();
            threads.into_iter().map(|thread| thread.join().expect("a racer")).collect()
        })
    }

    fn restart(&mut self, ending: Ending) -> Actual {
        let site = self.own_site();
        match ending {
            Ending::Clean => site.server.terminate(),
            Ending::Killed => site.server.kill_9(),
            Ending::Failed => {
                let status = site.server.wait_for_its_end();
                if status.code() != Some(1) {
                    return Actual { trouble: Some(format!("it ended with {status}")), ..Actual::default() };
                }
            }
        }
        site.server.start_again();
        self.fault = None;
        Actual::default()
    }

    fn reconfigure(&mut self, tenant: &str, change: &Change) -> Actual {
        let Value::Table(set) = self.scope.fill_value(&Value::Table(change.set.clone())) else {
            unreachable!("it was a table")
        };
        self.own_site().reconfigure(tenant, &change.list, &change.id, &set);
        Actual::default()
    }

    fn register(&mut self, parts: &Table) -> Actual {
        let Value::Table(parts) = self.scope.fill_value(&Value::Table(parts.clone())) else {
            unreachable!("it was a table")
        };
        self.requests += 1;
        match Site::try_start(&site::configuration_with(&parts)) {
            Ok(_server) => Actual::default(),
            Err(report) => Actual { start_refused: Some(report), ..Actual::default() },
        }
    }

    /// Keeps what an answer brought, by the names of its members and parameters.
    fn capture(&mut self, name: Option<&str>, actual: &Actual) {
        let Some(answer) = &actual.answer else { return };
        let mut found: Vec<(String, String)> = Vec::new();
        if let Ok(serde_json::Value::Object(members)) = serde_json::from_slice(&answer.body) {
            for (member, value) in members {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                found.push((member, text));
            }
        }
        found.extend(response_parameters(answer).map(|(_, _, pairs)| pairs).unwrap_or_default());
        if let Some(to) = answer.header("location") {
            let path = to.strip_prefix(&self.site().url()).unwrap_or(to);
            let below = path.trim_start_matches('/').split_once('/').map_or("", |(_, below)| below);
            for (name, value) in [("location", to), ("location_path", path), ("path-below-mount", below)] {
                found.push((name.to_owned(), value.to_owned()));
            }
        }
        for name in ["dpop-nonce", "oauth-client-attestation-challenge"] {
            found.extend(answer.header(name).map(|nonce| (name.to_owned(), nonce.to_owned())));
        }
        let cookie = answer.all("set-cookie").find(|cookie| cookie.starts_with("interaction-"));
        found.extend(
            cookie.and_then(|cookie| cookie.split(';').next()).map(|pair| ("cookie".to_owned(), pair.to_owned())),
        );
        if answer.header("content-type").is_some_and(|kind| kind.starts_with("text/html")) {
            let hidden = html::forms(&answer.text()).into_iter().flat_map(|form| form.fields("", &[]));
            found.extend(hidden);
        }
        for (member, value) in &found {
            let issued = ISSUED.contains(&member.as_str());
            if issued && answer.status < 400 {
                self.references.push(value.rsplit(':').next().unwrap_or_default().to_owned());
            }
            self.scope.set(member, value.clone());
            if let Some(name) = name {
                self.scope.set(&format!("{name}.{member}"), value.clone());
            }
        }
        if let Some(name) = name {
            self.answers.insert(name.to_owned(), answer.clone());
        }
    }
}

fn landed(landing: std::io::Result<Landing>, took: Duration) -> Actual {
    let (answer, trouble) = match landing {
        Ok(Landing::Page(page)) => (Some(page.response), None),
        Ok(Landing::Callback(callback)) => (Some(callback.response), None),
        Err(error) => (None, Some(format!("the browser got nowhere: {error}"))),
    };
    Actual { answer, trouble, took, ..Actual::default() }
}

/// Sends the bytes and reads what comes; with a barrier, when everybody is ready.
pub fn exchange(
    site: &Site,
    outgoing: &Outgoing,
    look_for_end: bool,
    patience: Duration,
    barrier: Option<&Barrier>,
) -> Actual {
    let mut actual = Actual { sent: Sent { ..outgoing.sent.clone() }, ..Actual::default() };
    let connection = match (outgoing.sent.to, site.way()) {
        (Listener::Operator, _) => Connection::open(site.admin_address()),
        (Listener::Public, Way::Plain | Way::Proxy) => Connection::open(site.address()),
        (Listener::Public, Way::Tls) => {
            let identity = outgoing.certificate.as_ref().map(|name| certificates::all().get(name));
            let config = certificates::tls_client(identity);
            match &outgoing.server_name {
                None => Connection::open_tls(site.address(), config),
                Some(name) => Connection::open_tls_to(site.address(), name, config),
            }
        }
    };
    if let Some(barrier) = barrier {
        barrier.wait();
    }
    let Ok(mut connection) = connection else {
        actual.trouble = Some("no connection".to_owned());
        return actual;
    };
    let start = Instant::now();
    let _ = connection.set_patience(patience);
    // A server that has heard enough answers before everything is sent.
    let _ = connection.send(&outgoing.bytes);
    let answer = if outgoing.is_head { connection.receive_head() } else { connection.receive() };
    actual.took = start.elapsed();
    match answer {
        Ok(answer) => actual.answer = Some(answer),
        Err(error) if ended(&error) => actual.closed = Some(true),
        Err(error) => {
            actual.closed = Some(false);
            actual.trouble = Some(format!("no answer: {error}"));
        }
    }
    if look_for_end && actual.answer.is_some() {
        match connection.receive_until_closed() {
            Ok(rest) if rest.is_empty() => actual.closed = Some(true),
            Ok(rest) => {
                actual.closed = Some(true);
                actual.trouble = Some(format!("{} bytes behind the answer", rest.len()));
            }
            Err(_) => actual.closed = Some(false),
        }
    }
    actual
}

fn ended(error: &std::io::Error) -> bool {
    use std::io::ErrorKind;
    matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe)
}
