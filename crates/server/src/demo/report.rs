//! What the demo prints: text for people, or one JSON object for programs.

use std::fmt::Write as _;
use std::io::IsTerminal;

use serde_json::{Value, json};

use super::client::HttpAnswer;
use super::push::Push;
use super::secrets::Secrets;
use super::site::USER;

/// One push with what came back.
pub(super) struct Pushed<'a> {
    pub(super) push: &'a Push,
    pub(super) answer: Result<HttpAnswer, std::io::Error>,
}

impl Pushed<'_> {
    /// The reference, if the answer was as it should be.
    pub(super) fn request_uri(&self) -> Option<String> {
        self.answer.as_ref().ok().and_then(|answer| self.push.request_uri(answer))
    }

    fn took_ms(&self) -> f64 {
        self.answer.as_ref().map_or(0.0, |answer| answer.took.as_secs_f64() * 1000.0)
    }
}

/// Where everything is.
pub(super) struct Place<'a> {
    pub(super) url: &'a str,
    pub(super) config: &'a std::path::Path,
    /// The authority to be trusted, where the server speaks TLS.
    pub(super) ca_file: Option<&'a std::path::Path>,
    pub(super) secrets: &'a Secrets,
}

/// For programs.
pub(super) fn json(place: &Place<'_>, pushed: &[Pushed<'_>]) -> String {
    let pushes: Vec<Value> = pushed.iter().map(push_json).collect();
    let whole = json!({
        "url": place.url,
        "config": place.config.display().to_string(),
        "ca_file": place.ca_file.map(|file| file.display().to_string()),
        "username": USER,
        "password": place.secrets.password,
        "pushes": pushes,
    });
    format!("{whole}\n")
}

fn push_json(pushed: &Pushed<'_>) -> Value {
    let request_uri = pushed.request_uri();
    let answer = pushed.answer.as_ref().ok();
    json!({
        "tenant": pushed.push.tenant,
        "url": pushed.push.request.url,
        "curl": pushed.push.request.curl,
        "status": answer.map(|answer| answer.status),
        "body": answer.map(|answer| answer.body.as_str()),
        "took_ms": pushed.took_ms(),
        "as_expected": request_uri.is_some(),
        "authorize_url": request_uri.as_deref().map(|uri| pushed.push.authorize_url(uri)),
        "state": pushed.push.state,
        "code_verifier": pushed.push.code_verifier,
        "token_curl": pushed.push.token_curl("CODE"),
    })
}

/// For people.
pub(super) fn text(place: &Place<'_>, pushed: &[Pushed<'_>]) -> String {
    let style = Style::of_standard_output();
    let mut text = String::new();
    for pushed in pushed {
        text.push_str(&push_text(pushed, &style));
    }
    let line = |text: &mut String, name: &str, value: &str| {
        // Writing to a string does not fail.
        let _ = writeln!(text, "  {name:<14} {value}");
    };
    let _ = writeln!(text, "{}", style.heading("Five ways to push"));
    for pushed in pushed {
        let verdict = match (&pushed.answer, pushed.request_uri()) {
            (Ok(answer), Some(_)) => style.good(&format!("{} as expected", answer.status)),
            (Ok(answer), None) => style.bad(&format!("{} NOT as expected", answer.status)),
            (Err(error), _) => style.bad(&format!("no answer: {error}")),
        };
        let _ = writeln!(text, "  {:<14} {verdict} {:>8.1} ms", pushed.push.tenant, pushed.took_ms());
    }
    let _ = writeln!(text, "\n{}", style.heading("Sign in at any of the addresses above"));
    line(&mut text, "user name", USER);
    line(&mut text, "password", &place.secrets.password);
    let _ = writeln!(text, "\n{}", style.heading("This server"));
    line(&mut text, "address", place.url);
    line(&mut text, "configuration", &place.config.display().to_string());
    if let Some(ca_file) = place.ca_file {
        line(&mut text, "authority", &format!("{} (what clients of this server trust)", ca_file.display()));
    }
    text
}

fn push_text(pushed: &Pushed<'_>, style: &Style) -> String {
    let push = pushed.push;
    let mut text = String::new();
    let _ = writeln!(text, "{}\n\n{}\n", style.heading(push.name), indented(&push.request.curl));
    match &pushed.answer {
        Ok(answer) => {
            let _ = writeln!(text, "  -> {} in {:.1} ms\n{}", answer.status, pushed.took_ms(), indented(&answer.body));
        }
        Err(error) => {
            let _ = writeln!(text, "  -> no answer: {error}");
        }
    }
    if let Some(request_uri) = pushed.request_uri() {
        let lifetime_s = pushed.answer.as_ref().ok().and_then(Push::expires_in_s).unwrap_or_default();
        let _ = writeln!(text, "\n  Sign in here within {lifetime_s} s (the line above pushes a new one):");
        let _ = writeln!(text, "  {}", push.authorize_url(&request_uri));
        let _ = writeln!(
            text,
            "\n  Then redeem the code that the callback page shows:\n{}",
            indented(&push.token_curl("CODE"))
        );
    }
    text.push('\n');
    text
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}

/// Colours, or none.
struct Style {
    coloured: bool,
}

impl Style {
    /// Colours only at a terminal, and not where the user wants none.
    fn of_standard_output() -> Self {
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { coloured: std::io::stdout().is_terminal() && !unwanted }
    }

    fn heading(&self, text: &str) -> String {
        self.paint("1", text)
    }

    fn good(&self, text: &str) -> String {
        self.paint("32", text)
    }

    fn bad(&self, text: &str) -> String {
        self.paint("31", text)
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.coloured { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}
