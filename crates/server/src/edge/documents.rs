//! What is the same for everyone: metadata, key sets, the pages of refusal codes, the home page, and what is not there.

use std::sync::LazyLock;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use parhelion_dialects::{Response, message::accepts_html};
use parhelion_pages::{CodePage, Frame, HomePage, Language, NotFoundPage, icon_name, stylesheet_name};
use parhelion_protocol::endpoint::Endpoint;
use parhelion_protocol::refusal::{Reason, Refusal};
use serde_json::json;

use super::{Edge, message};
use crate::front_channel::pages;
use crate::routes::Place;

/// How long metadata and keys may be kept by whoever read them: `DOCUMENT_MAX_AGE_S` of [`crate::signing_keys`].
const DOCUMENT_AGE: &str = "public, max-age=300";

/// Whose pages they are that belong to no tenant.
const PRODUCT: &str = "Parhelion";

static STYLESHEET_NAME: LazyLock<String> = LazyLock::new(stylesheet_name);
static ICON_NAME: LazyLock<String> = LazyLock::new(icon_name);

/// The metadata document of a mount.
pub(super) fn metadata(place: &Place) -> Response {
    document(place.metadata.clone())
}

/// The key set of a mount.
pub(super) fn jwks(place: &Place) -> Response {
    document(place.jwks.clone())
}

fn document(body: Bytes) -> Response {
    let mut response = with_kind(StatusCode::OK, body, "application/json");
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(DOCUMENT_AGE));
    response
}

/// A refusal for whom no dialect speaks.
pub(super) fn refused(refusal: &Refusal, edge: &Edge) -> Response {
    let row = refusal.public();
    let status = StatusCode::from_u16(row.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = json!({
        "error": row.error.as_str(),
        "error_description": row.description,
        "error_uri": format!("{}/errors/{}", edge.public_url.as_str(), row.code),
    });
    with_kind(status, Bytes::from(body.to_string()), "application/json")
}

/// One of the server's own pages, if there is one at this path.
pub(super) fn own_page(edge: &Edge, path: &str, query: &str, method: &Method) -> Option<Response> {
    let below = path.strip_prefix(edge.public_url.path())?;
    let page = if let Some(extra) = edge.extra.as_ref().filter(|extra| extra.path == below) {
        (extra.answer)(query)
    } else if let Some(code) = below.strip_prefix("/errors/") {
        code_page(edge, Reason::from_code(code)?)
    } else {
        pages::asset(below.strip_prefix("/assets/")?)?
    };
    if matches!(*method, Method::GET | Method::HEAD) {
        return Some(page);
    }
    let mut response = refused(&Reason::MethodNotAllowed.into(), edge);
    message::allow(&mut response, Endpoint::Discovery.methods());
    Some(response)
}

/// The page at a mount's base URL.
pub(super) fn home(edge: &Edge, place: &Place) -> Response {
    let assets = Assets::of(edge);
    let metadata = place.mount.url(Endpoint::Discovery).unwrap_or_default();
    let path = metadata.strip_prefix(&place.mount.base_url).unwrap_or_default();
    let page = HomePage {
        frame: assets.frame(&place.mount.tenant.name),
        issuer: &place.mount.issuer,
        metadata_path: &format!("{}{path}", place.mount.base_path()),
    };
    html(StatusCode::OK, page.render())
}

/// What is at an address where nothing is.
pub(super) fn not_found(edge: &Edge, headers: &HeaderMap) -> Response {
    if !accepts_html(headers) {
        return refused(&Reason::NotFound.into(), edge);
    }
    let assets = Assets::of(edge);
    html(StatusCode::NOT_FOUND, NotFoundPage { frame: assets.frame(PRODUCT) }.render())
}

fn code_page(edge: &Edge, reason: Reason) -> Response {
    let row = reason.row();
    let (specification, section) = row.spec.split_once(" section ").unwrap_or((row.spec, ""));
    let assets = Assets::of(edge);
    let page = CodePage {
        frame: assets.frame(PRODUCT),
        code: row.code,
        title: row.description,
        oauth_error: row.error.as_str(),
        status: row.status,
        specification,
        section,
        expected: row.expected,
        remedy: row.remedy,
    };
    html(StatusCode::OK, page.render())
}

fn html(status: StatusCode, text: String) -> Response {
    let mut response = with_kind(status, Bytes::from(text), "text/html; charset=utf-8");
    pages::harden(&mut response, None);
    response
}

fn with_kind(status: StatusCode, body: Bytes, kind: &'static str) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

/// Where the files are that pages refer to.
struct Assets {
    stylesheet: String,
    icon: String,
}

impl Assets {
    fn of(edge: &Edge) -> Self {
        let below = |name: &str| format!("{}/assets/{name}", edge.public_url.path());
        Self { stylesheet: below(&STYLESHEET_NAME), icon: below(&ICON_NAME) }
    }

    fn frame<'a>(&'a self, tenant_name: &'a str) -> Frame<'a> {
        Frame { language: Language::English, tenant_name, stylesheet_path: &self.stylesheet, icon_path: &self.icon }
    }
}
