//! Requests as an application or a browser would make them.

use serde_json::Value;
use url::form_urlencoded;

use crate::base64;

/// A request to be sent; Host and Content-Length are added on the way.
#[derive(Clone, Debug)]
pub struct Request {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Request {
    /// A request without headers or body. The target is a path, or a URL of which path and query are taken.
    #[must_use]
    pub fn new(method: &str, target: &str) -> Self {
        Self { method: method.to_owned(), target: path_of(target), headers: Vec::new(), body: Vec::new() }
    }

    /// GET.
    #[must_use]
    pub fn get(target: &str) -> Self {
        Self::new("GET", target)
    }

    /// POST of a form.
    #[must_use]
    pub fn form(target: &str, fields: &[(&str, &str)]) -> Self {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        Self::new("POST", target).header("Content-Type", "application/x-www-form-urlencoded").body(body)
    }

    /// POST of JSON.
    #[must_use]
    pub fn json(target: &str, value: &Value) -> Self {
        Self::new("POST", target).header("Content-Type", "application/json").body(value.to_string())
    }

    /// With one more header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With this body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// With `Authorization: Basic`, both parts form-encoded first (RFC 6749 section 2.3.1).
    #[must_use]
    pub fn basic(self, client_id: &str, secret: &str) -> Self {
        let encode = |part: &str| form_urlencoded::byte_serialize(part.as_bytes()).collect::<String>();
        let credentials = base64::padded(format!("{}:{}", encode(client_id), encode(secret)).as_bytes());
        self.header("Authorization", &format!("Basic {credentials}"))
    }

    /// With `Authorization: Bearer`.
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.header("Authorization", &format!("Bearer {token}"))
    }

    /// Whether its answer has no body.
    #[must_use]
    pub fn is_head(&self) -> bool {
        self.method == "HEAD"
    }

    /// As it goes over the wire.
    #[must_use]
    pub fn bytes(&self, host: &str) -> Vec<u8> {
        let mut text = format!("{} {} HTTP/1.1\r\nHost: {host}\r\n", self.method, self.target);
        for (name, value) in &self.headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        if !self.body.is_empty() || self.method == "POST" {
            text.push_str(&format!("Content-Length: {}\r\n", self.body.len()));
        }
        text.push_str("\r\n");
        let mut bytes = text.into_bytes();
        bytes.extend(&self.body);
        bytes
    }
}

fn path_of(target: &str) -> String {
    let rest = target.split_once("://").map_or(target, |(_, rest)| rest.find('/').map_or("/", |at| &rest[at..]));
    rest.split('#').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_encodes_both_parts_before_joining_them() {
        let request = Request::get("/").basic("a:b", "c d");
        assert_eq!(request.headers[0].1, format!("Basic {}", base64::padded(b"a%3Ab:c+d")));
    }

    #[test]
    fn a_form_is_encoded_and_measured() {
        let request = Request::form("http://127.0.0.1:1/par?x#y", &[("a", "b c"), ("d", "é")]);
        let expected = "POST /par?x HTTP/1.1\r\nHost: h\r\nContent-Type: application/x-www-form-urlencoded\r\n\
                        Content-Length: 14\r\n\r\na=b+c&d=%C3%A9";
        assert_eq!(String::from_utf8(request.bytes("h")).unwrap(), expected);
    }
}
