//! A server whose clients are made through its vendor's own interface, and what a program written for the vendor sends.

use std::net::SocketAddr;

use serde_json::Value;

use crate::binary::Binary;
use crate::browser::{Browser, Landing};
use crate::request::Request;
use crate::server::Server;
use crate::site::ALICE;
use crate::wire::{Http, Response};

/// Where responses go.
pub const REDIRECT_URI: &str = "https://app.example/cb";

/// A running server, and a connection to it.
#[derive(Debug)]
pub struct VendorSite {
    server: Server,
    http: Http,
}

impl VendorSite {
    /// Starts one on this configuration.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn start(config: &str) -> Self {
        let server = Server::start(&config.replace("@HASH@", &Binary::hash_password(ALICE.password)));
        let http = Http::to(server.address());
        Self { server, http }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// The URL of a path.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.server.url())
    }

    /// Sends a request.
    ///
    /// # Panics
    /// When the connection breaks.
    pub fn send(&mut self, request: &Request) -> Response {
        self.http.send(request).expect("an answer")
    }

    /// Sends JSON.
    pub fn json(&mut self, path: &str, body: &Value) -> Response {
        self.send(&Request::json(path, body))
    }

    /// Sends a form.
    pub fn form(&mut self, path: &str, fields: &[(&str, &str)]) -> Response {
        self.send(&Request::form(path, fields))
    }

    /// Sends a request without a body.
    pub fn get(&mut self, path: &str) -> Response {
        self.send(&Request::get(path))
    }

    /// What a user's browser ends at who allows whatever the address leads to.
    ///
    /// # Panics
    /// When the connection breaks.
    #[must_use]
    pub fn approve(&self, path: &str) -> Landing {
        Browser::new(self.address()).approve(&self.url(path), ALICE).expect("a landing")
    }
}
