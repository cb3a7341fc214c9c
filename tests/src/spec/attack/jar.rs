//! A browser taken apart: cookies that can be planted, left out or shown elsewhere, and forms that can be bent.

use std::net::SocketAddr;

use url::Url;

use crate::html;
use crate::request::Request;
use crate::wire::{Http, Response};

/// Cookies, and the server that they are of.
pub(super) struct Jar {
    http: Http,
    /// Name and value.
    pub(super) cookies: Vec<(String, String)>,
}

/// A form as a page has it.
pub(super) struct Filled {
    /// Where it goes.
    pub(super) target: String,
    /// What it sends.
    pub(super) fields: Vec<(String, String)>,
}

impl Jar {
    /// An empty one.
    pub(super) fn new(address: SocketAddr) -> Self {
        Self { http: Http::to(address), cookies: Vec::new() }
    }

    /// Sends with these cookies, and keeps those that come.
    pub(super) fn send(&mut self, request: Request) -> Result<Response, String> {
        let line = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        let request = if line.is_empty() { request } else { request.header("Cookie", &line) };
        let answer = self.http.send(&request).map_err(|error| error.to_string())?;
        for cookie in answer.all("set-cookie") {
            let (pair, rest) = cookie.split_once(';').unwrap_or((cookie, ""));
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            self.cookies.retain(|(found, _)| found != name);
            if !rest.contains("Max-Age=0") {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
        Ok(answer)
    }

    /// Opens an address and follows redirects within the server.
    pub(super) fn open(&mut self, address: &str) -> Result<(Url, Response), String> {
        let mut url = Url::parse(address).map_err(|error| error.to_string())?;
        for _ in 0..5 {
            let answer = self.send(Request::get(url.as_str()))?;
            match answer.header("location") {
                Some(location) => url = url.join(location).map_err(|error| error.to_string())?,
                None => return Ok((url, answer)),
            }
        }
        Err("redirected without end".to_owned())
    }

    /// Sends a form as its page would.
    pub(super) fn submit(&mut self, form: &Filled) -> Result<Response, String> {
        self.send(form.request().header("Origin", "null"))
    }

    /// The value of the cookie whose name has this in it.
    pub(super) fn value(&self, part: &str) -> Option<&str> {
        self.cookies.iter().find(|(name, _)| name.contains(part)).map(|(_, value)| value.as_str())
    }
}

impl Filled {
    /// The form of a page that has this button, with fields filled in by id.
    pub(super) fn of(url: &Url, page: &Response, button: &str, typed: &[(&str, &str)]) -> Result<Self, String> {
        let form = html::forms(&page.text()).into_iter().find(|form| form.control(button).is_some());
        let form = form.ok_or_else(|| format!("no #{button} at {url}: {}", page.text()))?;
        let action = form.control(button).and_then(|control| control.action.clone()).or_else(|| form.action.clone());
        let target = url.join(&action.unwrap_or_default()).map_err(|error| error.to_string())?;
        Ok(Self { target: target.to_string(), fields: form.fields(button, typed) })
    }

    /// As a request without cookies.
    pub(super) fn request(&self) -> Request {
        let pairs: Vec<(&str, &str)> =
            self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        Request::form(&self.target, &pairs)
    }
}
