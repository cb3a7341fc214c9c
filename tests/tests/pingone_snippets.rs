//! The example of the vendor's page for CLIENT_SECRET_POST, in the languages whose runtimes the tests have: the page's own
//! words, with only address and credentials filled in.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::env;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;

use parhelion_tests::environment::{Environment, REDIRECT_URI};
use parhelion_tests::folder::Folder;
use parhelion_tests::script;
use parhelion_tests::server::free_port;
use parhelion_tests::site::PING_ENVIRONMENT;
use serde_json::{Value, json};

/// Where Debian keeps the library that the example in Java names, and the one under it.
const OKHTTP: &str = "/usr/share/java/okhttp.jar:/usr/share/java/okio.jar";

/// An environment with an application for the example, and a folder for what is filled in.
struct Page {
    environment: Environment,
    origin: String,
    id: String,
    secret: String,
    folder: Folder,
}

impl Page {
    fn start() -> Self {
        let origin = format!("http://127.0.0.1:{}", free_port());
        let environment = Environment::start_with_page(&origin);
        let made = environment.make(&json!({ "grantTypes": ["IMPLICIT"], "responseTypes": ["TOKEN"] }));
        let id = made["id"].as_str().unwrap().to_owned();
        let secret = environment.secret(&id);
        Self { environment, origin, id, secret, folder: Folder::new("snippets") }
    }

    fn filled(&self, name: &str, auth_path: &str) -> String {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/pingone-snippets").join(name);
        let places = [
            ("authPath", auth_path),
            ("envID", PING_ENVIRONMENT),
            ("appID", &self.id),
            ("redirect_uri", REDIRECT_URI),
            ("appSecret", &self.secret),
        ];
        places.iter().fold(std::fs::read_to_string(path).unwrap(), |text, (place, value)| {
            text.replace(&format!("{{{{{place}}}}}"), value).replace(&format!("%7B%7B{place}%7D%7D"), value)
        })
    }

    fn file(&self, name: &str) -> PathBuf {
        let (text, path) = (self.filled(name, &self.environment.server.url()), self.folder.path().join(name));
        // The page shows the statements alone.
        let text = match name {
            "java.java" => format!(
                "import okhttp3.*;\nclass Example {{ public static void main(String[] arguments) throws Exception {{\n{text}\n\
                 System.out.println(response.body().string()); }} }}\n"
            ),
            _ => text,
        };
        std::fs::write(&path, text).unwrap();
        path
    }

    /// What a program prints that is the example and nothing else.
    fn printed_by(&self, mut program: Command, name: &str) -> Value {
        let modules = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/node_modules");
        let output = program.arg(self.file(name)).env("NODE_PATH", modules).env("CGO_ENABLED", "0").output();
        let output = output.unwrap_or_else(|error| panic!("{name}: {error}: `cargo xtask test` installs what runs it"));
        let said = String::from_utf8_lossy(&output.stdout);
        serde_json::from_str(&said).unwrap_or_else(|_| panic!("{name}: {said}\n{output:?}"))
    }
}

fn program(name: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(name);
    command.args(arguments);
    command
}

fn assert_pushed(answer: &Value) {
    assert!(answer["request_uri"].is_string() && answer["expires_in"] == 60, "{answer}");
}

#[test]
fn example_in_curl_is_answered() {
    assert_pushed(&Page::start().printed_by(program("sh", &[]), "curl.sh"));
}

#[test]
fn example_in_go_is_answered() {
    assert_pushed(&Page::start().printed_by(program("go", &["run"]), "go.go"));
}

#[test]
fn example_in_java_is_answered() {
    assert!(Path::new("/usr/share/java/okhttp.jar").exists(), "install libokhttp-java");
    assert_pushed(&Page::start().printed_by(program("java", &["-cp", OKHTTP]), "java.java"));
}

#[test]
fn example_in_nodejs_is_answered() {
    assert_pushed(&Page::start().printed_by(program("node", &[]), "nodejs.cjs"));
}

#[test]
fn example_in_python_is_answered() {
    let python = env::var_os("PARHELION_PYTHON").expect("`cargo xtask test` makes the environment and names it");
    assert_pushed(&Page::start().printed_by(Command::new(python), "python.py"));
}

#[test]
fn example_in_ruby_is_answered() {
    assert_pushed(&Page::start().printed_by(program("ruby", &[]), "ruby.rb"));
}

#[test]
fn example_in_jquery_is_answered_to_a_page_of_a_named_origin() {
    let page = Page::start();
    let file = page.file("jquery.js");
    assert_pushed(&script::run("jquery.mjs", &[("PAGE", &page.origin), ("SNIPPET", &file.to_string_lossy())]));
}

#[test]
fn example_as_a_message_is_answered() {
    let page = Page::start();
    let text = page.filled("http.txt", &page.environment.server.address().to_string());
    let (head, body) = text.trim_end().split_once("\n\n").unwrap();
    // The page leaves the length of the body to whoever sends it.
    let head = head.replace('\n', "\r\n");
    let message = format!("{head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
    let (mut socket, mut answer) = (TcpStream::connect(page.environment.server.address()).unwrap(), String::new());
    socket.write_all(message.as_bytes()).unwrap();
    socket.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
    assert_pushed(&serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap());
}
