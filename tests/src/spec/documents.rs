//! What a case lets the host of documents say (`serve`), and who came for it.
//!
//! `document` has `jwks`, the keys of a set; `private`, a key that stands in it with its private half; `more`, JWKs that
//! stand in it besides; `fill`, so many strange keys besides; `text` or `bytes` in place of a set; `status`, `type`,
//! `headers`; `late_s`, `every_s`, `endless`. A step with `object` serves the request object that this request would have.

use serde_json::{Value as Json, json};
use toml::{Table, Value};

use super::case::Overlay;
use super::compose::compose;
use super::fields::Fields;
use super::judge::Actual;
use super::site::{self, Place};
use super::stage::Stage;
use crate::document_host::{Document, PROXY, Pace, host};

/// A document, and where it is.
#[derive(Clone, Debug)]
pub struct Serve {
    /// Below the folder of the case.
    pub path: String,
    /// The request whose request object it is.
    pub object: Option<Box<Overlay>>,
    /// How it is said.
    pub document: Table,
}

/// Puts it there.
///
/// # Panics
/// When the step asks for what there is not.
pub fn serve(stage: &mut Stage<'_>, place: &Place, serve: &Serve) -> Actual {
    let Value::Table(table) = stage.scope.fill_value(&Value::Table(serve.document.clone())) else {
        unreachable!("it was a table")
    };
    let mut fields = Fields::of(table, &serve.path);
    let made = match &serve.object {
        Some(overlay) => Document::request_object(&request_object(stage, place, overlay)),
        None => document(&mut fields),
    };
    let document = different(made, &mut fields);
    fields.end();
    let text = String::from_utf8_lossy(&document.body);
    for name in ["document".to_owned(), format!("document:{}", serve.path)] {
        stage.scope.set(&name, text.clone());
    }
    host().put(&path(stage, &serve.path), document);
    Actual::default()
}

/// How often somebody came: `path`, and `times`.
///
/// # Errors
/// It was otherwise.
pub fn asked(stage: &Stage<'_>, with: &mut Fields<'_>) -> Result<(), String> {
    let visits = host().visits(&path(stage, &with.needed_text("path")));
    let times = with.number("times").expect("`times`") as usize;
    if visits == times { Ok(()) } else { Err(format!("it was asked for {visits} times, not {times}")) }
}

/// How often somebody came to the proxy that a server's environment names: never.
///
/// # Errors
/// Somebody came.
pub fn proxy_is_not_asked() -> Result<(), String> {
    match host().visits(PROXY) {
        0 => Ok(()),
        times => Err(format!("the proxy was asked {times} times")),
    }
}

/// Where a document of this case is on the host.
#[must_use]
pub fn path(stage: &Stage<'_>, below: &str) -> String {
    format!("/{}{below}", stage.scope.get("documents-folder").expect("a folder"))
}

fn request_object(stage: &mut Stage<'_>, place: &Place, overlay: &Overlay) -> String {
    let outgoing = compose(stage.site(), &stage.scope, place, overlay);
    stage.note(overlay, &outgoing);
    outgoing.object.expect("a request object")
}

fn document(fields: &mut Fields<'_>) -> Document {
    if let Some(text) = fields.text("text") {
        return Document::new("application/json", text);
    }
    if let Some(bytes) = fields.number("bytes") {
        return Document::new("application/json", vec![b' '; bytes as usize]);
    }
    let keys = site::all_keys();
    let set: Json = serde_json::from_str(&keys.jwks(&fields.needed_text("jwks"))).expect("a set");
    let mut members = set["keys"].as_array().expect("keys").clone();
    members.extend(fields.text("private").map(|name| keys.get(&name).private_jwk()));
    members.extend(fields.texts("more").iter().map(|text| serde_json::from_str::<Json>(text).expect("JSON")));
    for number in 0..fields.number("fill").unwrap_or_default() as usize {
        let mut strange = keys.get("stranger").thin_jwk();
        strange["kid"] = format!("strange-{number}").into();
        members.push(strange);
    }
    Document::new("application/json", json!({ "keys": members }).to_string())
}

fn different(mut document: Document, fields: &mut Fields<'_>) -> Document {
    if let Some(status) = fields.number("status") {
        document.status = status as u16;
    }
    if let Some(media_type) = fields.text("type") {
        document.headers = vec![("Content-Type".to_owned(), media_type)];
    }
    let headers = fields.table("headers").into_iter();
    document.headers.extend(headers.map(|(name, value)| (name, value.as_str().expect("text").to_owned())));
    if let Some(seconds) = fields.number("late_s") {
        document.pace = Pace::Late(seconds);
    }
    if let Some(seconds) = fields.number("every_s") {
        document.pace = Pace::Dripping(seconds);
    }
    if fields.is_set("endless") {
        document.pace = Pace::Endless;
    }
    document
}
