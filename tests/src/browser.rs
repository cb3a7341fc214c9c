//! A browser without JavaScript: it keeps cookies, follows redirects, and fills in forms by the ids of their fields.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;

use url::Url;

use crate::html::{self, Form};
use crate::request::Request;
use crate::wire::{Http, Response};

/// More redirects than any journey has.
const MOST_HOPS: usize = 10;

/// Somebody who can log in.
#[derive(Clone, Copy, Debug)]
pub struct User<'a> {
    /// What is typed into `#username`.
    pub username: &'a str,
    /// What is typed into `#password`.
    pub password: &'a str,
}

/// Where a click or an address led.
#[derive(Clone, Debug)]
pub enum Landing {
    /// To a page of the server.
    Page(Page),
    /// Away from the server: to the application.
    Callback(Callback),
}

/// A page of the server.
#[derive(Clone, Debug)]
pub struct Page {
    /// Its address after all redirects.
    pub url: Url,
    /// The answer.
    pub response: Response,
}

/// A press of a button, ready to be sent.
#[derive(Clone, Debug)]
pub struct Click {
    target: Url,
    request: Request,
}

/// The address of the application that the server sent the browser to.
#[derive(Clone, Debug)]
pub struct Callback {
    /// Status of the redirect.
    pub status: u16,
    /// The whole address.
    pub url: Url,
    /// The answer that sent the browser there.
    pub response: Response,
}

/// One person's browser, talking to one server.
#[derive(Debug)]
pub struct Browser {
    http: Http,
    origin: String,
    cookies: Vec<Cookie>,
}

#[derive(Clone, Debug)]
struct Cookie {
    name: String,
    value: String,
    path: String,
}

impl Page {
    /// The page's source.
    #[must_use]
    pub fn html(&self) -> String {
        self.response.text()
    }

    /// Whether an element of that id is on it.
    #[must_use]
    pub fn has(&self, id: &str) -> bool {
        html::has_id(&self.html(), id)
    }

    /// Whether it tells of an error by the server's convention: an error status and an element `#error`.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        (400..500).contains(&self.response.status) && self.has("error")
    }

    /// What pressing a button will send after typing into fields named by id.
    ///
    /// # Panics
    /// When the page has no such button; the message shows the page.
    #[must_use]
    pub fn click(&self, button: &str, typed: &[(&str, &str)]) -> Click {
        let form = self.form_with(button).unwrap_or_else(|| {
            panic!("no form with #{button} at {}: {}\n{}", self.url, self.response.status, self.html())
        });
        let control = form.control(button).and_then(|control| control.action.clone());
        let action = control.or_else(|| form.action.clone()).unwrap_or_default();
        let target = self.url.join(&action).expect("a form's action is an address");
        let fields = form.fields(button, typed);
        let pairs: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(form.method, "post", "a form that changes something is posted");
        let request = Request::form(target.as_str(), &pairs).header("Origin", &origin_header(self));
        Click { target, request }
    }

    fn form_with(&self, button: &str) -> Option<Form> {
        html::forms(&self.html()).into_iter().find(|form| form.control(button).is_some())
    }
}

impl Callback {
    /// The first query parameter of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<String> {
        self.url.query_pairs().find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
    }

    /// Whether this is the application's registered address plus an answer.
    #[must_use]
    pub fn is_at(&self, redirect_uri: &str) -> bool {
        self.url.as_str().strip_prefix(redirect_uri).is_some_and(|rest| rest.starts_with(['?', '&']))
    }
}

impl Landing {
    /// The callback.
    ///
    /// # Panics
    /// When it is a page; the message shows it.
    #[must_use]
    pub fn callback(self) -> Callback {
        match self {
            Self::Callback(callback) => callback,
            Self::Page(page) => {
                panic!("a page, not a callback: {} {}\n{}", page.response.status, page.url, page.html())
            }
        }
    }

    /// The page.
    ///
    /// # Panics
    /// When it is a callback.
    #[must_use]
    pub fn page(self) -> Page {
        match self {
            Self::Page(page) => page,
            Self::Callback(callback) => panic!("a callback, not a page: {}", callback.url),
        }
    }

    /// Whether it is a page that refuses.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Page(page) if page.is_refusal())
    }
}

impl Browser {
    /// A browser that has never been anywhere.
    #[must_use]
    pub fn new(address: SocketAddr) -> Self {
        Self { http: Http::to(address), origin: format!("http://{address}"), cookies: Vec::new() }
    }

    /// A browser that reaches its server, whose origin this is, in this way.
    #[must_use]
    pub fn over(http: Http, origin: &str) -> Self {
        Self { http, origin: origin.to_owned(), cookies: Vec::new() }
    }

    /// Another tab: the same cookies, a connection of its own.
    #[must_use]
    pub fn tab(&self) -> Self {
        Self { http: self.http.another(), origin: self.origin.clone(), cookies: self.cookies.clone() }
    }

    /// Names and values of the cookies that it keeps.
    #[must_use]
    pub fn cookies(&self) -> Vec<(String, String)> {
        self.cookies.iter().map(|cookie| (cookie.name.clone(), cookie.value.clone())).collect()
    }

    /// Types an address.
    ///
    /// # Errors
    /// The connection's, or an answer that leads nowhere.
    pub fn open(&mut self, address: &str) -> io::Result<Landing> {
        let url = Url::parse(address).map_err(|_| lost(&format!("not an address: {address}")))?;
        self.follow(url.clone(), Request::get(url.as_str()))
    }

    /// Presses a button after typing into fields named by id.
    ///
    /// # Errors
    /// The connection's, or an answer that leads nowhere.
    ///
    /// # Panics
    /// When the page has no such button; the message shows the page.
    pub fn press(&mut self, page: &Page, button: &str, typed: &[(&str, &str)]) -> io::Result<Landing> {
        self.send(page.click(button, typed))
    }

    /// Sends what [`Page::click`] prepared.
    ///
    /// # Errors
    /// The connection's, or an answer that leads nowhere.
    pub fn send(&mut self, click: Click) -> io::Result<Landing> {
        self.follow(click.target, click.request)
    }

    /// Opens an address and logs in if asked to.
    ///
    /// # Errors
    /// The connection's, or an answer that leads nowhere.
    pub fn open_as(&mut self, address: &str, user: User<'_>) -> io::Result<Landing> {
        let landing = self.open(address)?;
        match landing {
            Landing::Page(page) if page.has("login") => {
                self.press(&page, "login", &[("username", user.username), ("password", user.password)])
            }
            other @ (Landing::Page(_) | Landing::Callback(_)) => Ok(other),
        }
    }

    /// Opens an address, logs in if asked to, and presses `#allow` if asked to.
    ///
    /// # Errors
    /// The connection's, or an answer that leads nowhere.
    pub fn approve(&mut self, address: &str, user: User<'_>) -> io::Result<Landing> {
        self.decide(address, user, "allow")
    }

    /// Opens an address, logs in if asked to, and presses `#deny`.
    ///
    /// # Errors
    /// The connection's, or an answer that leads nowhere.
    pub fn deny(&mut self, address: &str, user: User<'_>) -> io::Result<Landing> {
        self.decide(address, user, "deny")
    }

    /// Connects, so that the next press is one write.
    ///
    /// # Errors
    /// The socket's.
    pub fn connect(&mut self) -> io::Result<()> {
        self.http.connect()
    }

    fn decide(&mut self, address: &str, user: User<'_>, button: &str) -> io::Result<Landing> {
        match self.open_as(address, user)? {
            Landing::Page(page) if page.has(button) => self.press(&page, button, &[]),
            other @ (Landing::Page(_) | Landing::Callback(_)) => Ok(other),
        }
    }

    fn follow(&mut self, mut url: Url, mut request: Request) -> io::Result<Landing> {
        for _ in 0..MOST_HOPS {
            let response = self.http.send(&self.with_cookies(&url, request))?;
            self.keep_cookies(&url, &response);
            let Some(next) = redirect(&url, &response)? else {
                return Ok(Landing::Page(Page { url, response }));
            };
            if next.origin().ascii_serialization() != self.origin {
                return Ok(Landing::Callback(Callback { status: response.status, url: next, response }));
            }
            request = Request::get(next.as_str());
            url = next;
        }
        Err(lost("redirected without end"))
    }

    fn with_cookies(&self, url: &Url, request: Request) -> Request {
        let request = request.header("Accept", "text/html").header("User-Agent", "parhelion-rig");
        let visible = self.cookies.iter().filter(|cookie| covers(&cookie.path, url.path()));
        let header = visible.map(|cookie| format!("{}={}", cookie.name, cookie.value)).collect::<Vec<_>>().join("; ");
        if header.is_empty() { request } else { request.header("Cookie", &header) }
    }

    fn keep_cookies(&mut self, url: &Url, response: &Response) {
        for line in response.all("set-cookie") {
            let mut parts = line.split(';').map(str::trim);
            let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else { continue };
            let attributes: Vec<(String, &str)> = parts
                .map(|part| part.split_once('=').unwrap_or((part, "")))
                .map(|(key, value)| (key.to_ascii_lowercase(), value))
                .collect();
            let find = |wanted: &str| attributes.iter().find(|(key, _)| key == wanted).map(|(_, value)| *value);
            let path = find("path").filter(|path| path.starts_with('/')).map_or_else(|| folder_of(url), str::to_owned);
            self.cookies.retain(|cookie| cookie.name != name || cookie.path != path);
            if find("max-age") != Some("0") {
                self.cookies.push(Cookie { name: name.to_owned(), value: value.to_owned(), path });
            }
        }
    }
}

/// A page that wants no referrer gets `Origin: null` sent with its forms (Fetch standard, "append a request `Origin`
/// header"); a server that insists on its own origin locks out real browsers.
fn origin_header(page: &Page) -> String {
    let by_header = page.response.header("referrer-policy") == Some("no-referrer");
    let by_element = html::meta(&page.html(), "referrer").as_deref() == Some("no-referrer");
    if by_header || by_element { "null".to_owned() } else { page.url.origin().ascii_serialization() }
}

fn redirect(from: &Url, response: &Response) -> io::Result<Option<Url>> {
    if !matches!(response.status, 301..=303) {
        return Ok(None);
    }
    let location = response.header("location").ok_or_else(|| lost("a redirect without Location"))?;
    from.join(location).map(Some).map_err(|_| lost(&format!("redirected to {location}")))
}

/// Path match of RFC 6265 section 5.1.4.
fn covers(cookie_path: &str, path: &str) -> bool {
    path.strip_prefix(cookie_path)
        .is_some_and(|rest| rest.is_empty() || cookie_path.ends_with('/') || rest.starts_with('/'))
}

fn folder_of(url: &Url) -> String {
    match url.path().rsplit_once('/') {
        Some((folder, _)) if !folder.is_empty() => folder.to_owned(),
        Some(_) | None => "/".to_owned(),
    }
}

fn lost(reason: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::sync::mpsc::{Receiver, channel};
    use std::thread;

    /// Answers one request after the other, each on a connection of its own, and hands over what it was sent.
    fn playing(answers: Vec<String>) -> (SocketAddr, Receiver<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, received) = channel();
        thread::spawn(move || {
            for answer in answers {
                let (mut stream, _) = listener.accept().unwrap();
                let mut buffer = vec![0; 8192];
                let count = stream.read(&mut buffer).unwrap();
                sender.send(String::from_utf8_lossy(&buffer[..count]).into_owned()).unwrap();
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        (address, received)
    }

    fn answer(status: u16, headers: &str, body: &str) -> String {
        let length = body.len();
        format!("HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}")
    }

    #[test]
    fn a_journey_is_walked_with_cookies_to_the_application() {
        let login = r#"<form method="post"><input id="username" name="u"><input id="password" name="p">
            <button id="login">In</button></form>"#;
        let consent =
            r#"<form method="post" action="decide"><button id="allow" name="d" value="y">Yes</button></form>"#;
        let (address, received) = playing(vec![
            answer(303, "Location: /a/login\r\nSet-Cookie: s=1; Path=/a; HttpOnly\r\nSet-Cookie: o=2; Path=/b\r\n", ""),
            answer(200, "Referrer-Policy: no-referrer\r\n", login),
            answer(303, "Location: /a/consent\r\nSet-Cookie: s=; Path=/a; Max-Age=0\r\n", ""),
            answer(200, "", consent),
            answer(303, "Location: http://127.0.0.1:1/cb?code=c&state=a%20b\r\n", ""),
        ]);
        let user = User { username: "me", password: "it is" };
        let landing = Browser::new(address).approve(&format!("http://{address}/a/authorize?x=1"), user).unwrap();
        let callback = landing.callback();
        assert!(callback.is_at("http://127.0.0.1:1/cb"));
        assert_eq!(callback.get("state").as_deref(), Some("a b"));

        let sent: Vec<String> = received.iter().collect();
        assert!(sent[0].starts_with("GET /a/authorize?x=1 "));
        assert!(sent[1].contains("\r\nCookie: s=1\r\n"), "only the cookie of that path: {}", sent[1]);
        assert!(sent[2].starts_with("POST /a/login ") && sent[2].ends_with("\r\n\r\nu=me&p=it+is"), "{}", sent[2]);
        assert!(sent[2].contains("\r\nOrigin: null\r\n"));
        assert!(!sent[3].contains("\r\nCookie:"), "a cookie that was taken back stays away");
        assert!(sent[4].starts_with("POST /a/decide ") && sent[4].ends_with("\r\n\r\nd=y"), "{}", sent[4]);
        assert!(sent[4].contains(&format!("\r\nOrigin: http://{address}\r\n")));
    }

    #[test]
    fn a_refusal_is_an_error_status_and_an_error_element() {
        let page = |status, html: &str| Page {
            url: Url::parse("http://127.0.0.1/").unwrap(),
            response: Response { status, headers: Vec::new(), body: html.into() },
        };
        assert!(page(400, "<div id=error>").is_refusal());
        assert!(!page(400, "<div>").is_refusal());
        assert!(!page(200, "<div id=error>").is_refusal());
        assert!(!page(500, "<div id=error>").is_refusal());
    }

    #[test]
    fn a_callback_elsewhere_is_not_at_the_redirect_uri() {
        let callback = |url| Callback {
            status: 303,
            url: Url::parse(url).unwrap(),
            response: Response { status: 303, headers: Vec::new(), body: Vec::new() },
        };
        assert!(callback("http://127.0.0.1:9/cb?code=1").is_at("http://127.0.0.1:9/cb"));
        assert!(!callback("http://127.0.0.1:9/cbx?code=1").is_at("http://127.0.0.1:9/cb"));
        assert!(!callback("http://127.0.0.1:99/cb?code=1").is_at("http://127.0.0.1:9/cb"));
    }

    #[test]
    fn endless_redirects_are_an_error() {
        let (address, _received) = playing(vec![answer(303, "Location: /again\r\n", ""); MOST_HOPS]);
        assert!(Browser::new(address).open(&format!("http://{address}/")).is_err());
    }

    #[test]
    fn cookie_paths_match_whole_segments() {
        assert!(covers("/a", "/a") && covers("/a", "/a/b") && covers("/", "/x") && covers("/a/", "/a/b"));
        assert!(!covers("/a", "/ab") && !covers("/a/b", "/a"));
    }
}
