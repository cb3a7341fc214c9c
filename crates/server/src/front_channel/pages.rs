//! From views to pages, each with the headers that keep it from being framed, cached or told on.

use std::sync::LazyLock;

use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use parhelion_dialects::Response;
use parhelion_engine::fault::Turned;
use parhelion_engine::interaction::{ConsentView, Interaction, LoginView};
use parhelion_engine::registry::Mount;
use parhelion_pages::{
    AuthorizationDetail, ConsentPage, ErrorPage, FormPostPage, Frame, ICON, Language, LoggedOutPage, LoginFailure,
    LoginPage, LogoutPage, STYLESHEET, ScopeLine, ShownAddress, icon_name, stylesheet_name,
};
use parhelion_protocol::form;
use serde_json::{Value, json};

use super::{NOTHING_SHOWN, Step, Visit};

static STYLESHEET_NAME: LazyLock<String> = LazyLock::new(stylesheet_name);
static ICON_NAME: LazyLock<String> = LazyLock::new(icon_name);

/// The stylesheet or the icon, whose names change with their contents.
pub(crate) fn asset(name: &str) -> Option<Response> {
    let (kind, text) = if name == *STYLESHEET_NAME {
        ("text/css; charset=utf-8", STYLESHEET)
    } else if name == *ICON_NAME {
        ("image/svg+xml", ICON)
    } else {
        return None;
    };
    let mut response = Response::new(Bytes::from_static(text.as_bytes()));
    harden(&mut response, None);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    Some(response)
}

/// The login page; 400 when it comes back with a failure, 429 with one too many.
pub(super) fn login(
    visit: &Visit<'_>,
    interaction: &Interaction,
    view: &LoginView,
    failure: Option<LoginFailure>,
) -> Response {
    let status = match failure {
        None => StatusCode::OK,
        Some(LoginFailure::TooManyAttempts) => StatusCode::TOO_MANY_REQUESTS,
        Some(LoginFailure::Missing | LoginFailure::Mismatch | LoginFailure::Stale | LoginFailure::Busy) => {
            StatusCode::BAD_REQUEST
        }
    };
    let assets = Assets::of(visit.mount);
    let page = LoginPage {
        frame: assets.frame(visit.mount),
        action_path: &visit.page_path(interaction, Step::Login),
        form_token: &interaction.form_token(NOTHING_SHOWN),
        client_name: &view.client.client_name,
        username_prefill: view.username.as_deref(),
        failure,
    };
    html(status, page.render(), Some("'self'"))
}

/// The consent page.
pub(super) fn consent(visit: &Visit<'_>, interaction: &Interaction, view: &ConsentView) -> Response {
    // A registered URI always parses; one that did not could not be shown, and so not be consented to.
    let Some(redirect_host) = ShownAddress::of_redirect(&view.redirect_uri) else {
        return error(visit, &parhelion_protocol::refusal::Reason::ServerFault.into());
    };
    let assets = Assets::of(visit.mount);
    let details: Vec<_> = view.shown.authorization_details.iter().map(|(name, it)| (name, content(it))).collect();
    let types = &visit.mount.tenant.authorization_details_types;
    let page = ConsentPage {
        frame: assets.frame(visit.mount),
        action_path: &visit.page_path(interaction, Step::Consent),
        form_token: &interaction.form_token(&view.shown.to_string()),
        client_name: &view.client.client_name,
        client_uri: view.client.client_uri.as_deref().and_then(ShownAddress::of_page),
        username: &view.username,
        scopes: view.shown.scope.iter().map(|name| ScopeLine::of(name, Language::English)).collect(),
        authorization_details: details
            .iter()
            .map(|(type_name, content)| AuthorizationDetail {
                type_name,
                description: types.get(*type_name).and_then(|known| known.description.as_deref()),
                content,
            })
            .collect(),
        redirect_host,
    };
    // Chromium holds the redirect after a form to form-action too.
    html(StatusCode::OK, page.render(), Some(&format!("'self' {}", source(&view.redirect_uri))))
}

/// What an element of authorization details says beside its type, laid out for reading. A character that would not
/// be seen, or would turn others around, is spelt out: what is consented to is what is read.
fn content(element: &Value) -> String {
    let mut members = element.as_object().cloned().unwrap_or_default();
    members.remove("type");
    if members.is_empty() {
        return String::new();
    }
    let text = format!("{:#}", Value::Object(members));
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if is_unseen(character) {
            character.encode_utf16(&mut [0; 2]).iter().for_each(|unit| shown.push_str(&format!("\\u{unit:04x}")));
        } else {
            shown.push(character);
        }
    }
    shown
}

/// Controls, and the format characters of Unicode that join, hide or reorder text.
const fn is_unseen(character: char) -> bool {
    matches!(character,
        '\u{7f}'..='\u{9f}' | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// The error page: every word of it a constant of ours.
pub(super) fn error(visit: &Visit<'_>, turned: &Turned) -> Response {
    let row = turned.public();
    let status = StatusCode::from_u16(row.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let assets = Assets::of(visit.mount);
    let page = ErrorPage {
        frame: assets.frame(visit.mount),
        title: if status.is_server_error() { "Something went wrong here" } else { "This request cannot go on" },
        explanation: row.description,
        remedy: row.remedy,
        code: row.code,
        code_path: Some(&format!("{}/errors/{}", visit.public_url, row.code)),
        oauth_error: row.error.as_str(),
        // The id travels in a header: the pages of one code are the same to the byte (N-124).
        request_id: None,
    };
    html(status, page.render(), None)
}

/// Asks whether to log out; what the client sent travels on in the form.
pub(super) fn logout(visit: &Visit<'_>, sent: &[u8], token: &str) -> Response {
    let assets = Assets::of(visit.mount);
    let sent: Vec<_> = form::pairs(sent).filter_map(Result::ok).collect();
    let fields = sent.iter().map(|(name, value)| (&**name, &**value));
    let page = LogoutPage {
        frame: assets.frame(visit.mount),
        form_token: token,
        fields: fields.filter(|(name, _)| *name != "form_token").collect(),
    };
    // The redirect after the form goes to a registered URI of a client.
    html(StatusCode::OK, page.render(), Some("'self' https: http:"))
}

/// Says that the session has ended.
pub(super) fn logged_out(visit: &Visit<'_>) -> Response {
    let assets = Assets::of(visit.mount);
    html(StatusCode::OK, LoggedOutPage { frame: assets.frame(visit.mount) }.render(), None)
}

/// The page that sends an authorization response by a form (OAuth 2.0 Form Post Response Mode). The one
/// page with a script, allowed by its hash; without scripts there is a button.
pub(super) fn form_post(visit: &Visit<'_>, action: &str, fields: &[(&'static str, String)]) -> Response {
    let assets = Assets::of(visit.mount);
    let fields = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let page = FormPostPage { frame: assets.frame(visit.mount), action, fields };
    let mut response = html(StatusCode::OK, page.render(), Some(&source(action)));
    let headers = response.headers_mut();
    let policy = headers.get(header::CONTENT_SECURITY_POLICY).and_then(|policy| policy.to_str().ok());
    let policy = format!("{}; script-src '{}'", policy.unwrap_or_default(), parhelion_pages::form_post_script_hash());
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// The same for a caller that asks for JSON.
pub(super) fn error_json(turned: &Turned) -> Response {
    let row = turned.public();
    let body = json!({ "error": row.error.as_str(), "error_description": row.description });
    let mut response = Response::new(Bytes::from(body.to_string()));
    *response.status_mut() = StatusCode::from_u16(row.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    harden(&mut response, None);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// The headers of every page and redirect (N-136).
pub(crate) fn harden(response: &mut Response, form_action: Option<&str>) {
    let form_action = form_action.unwrap_or("'none'");
    let policy = format!(
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action {form_action}; frame-ancestors 'none'; base-uri 'none'"
    );
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    for (name, value) in [
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
        (header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

fn html(status: StatusCode, text: String, form_action: Option<&str>) -> Response {
    let mut response = Response::new(Bytes::from(text));
    *response.status_mut() = status;
    harden(&mut response, form_action);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    response
}

/// A redirect URI as a CSP source: its origin, or its scheme where it has none.
fn source(redirect_uri: &str) -> String {
    match url::Url::parse(redirect_uri) {
        // CSP knows no IPv6 address.
        Ok(url) if matches!(url.host(), Some(url::Host::Ipv6(_))) => format!("{}:", url.scheme()),
        Ok(url) if matches!(url.scheme(), "http" | "https") => url.origin().ascii_serialization(),
        Ok(url) => format!("{}:", url.scheme()),
        Err(_) => String::new(),
    }
}

struct Assets {
    stylesheet: String,
    icon: String,
}

impl Assets {
    fn of(mount: &Mount) -> Self {
        let below = |name: &str| format!("{}/interaction/{name}", mount.base_path());
        Self { stylesheet: below(&STYLESHEET_NAME), icon: below(&ICON_NAME) }
    }

    fn frame<'a>(&'a self, mount: &'a Mount) -> Frame<'a> {
        Frame {
            language: Language::English,
            tenant_name: &mount.tenant.name,
            stylesheet_path: &self.stylesheet,
            icon_path: &self.icon,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_member_of_a_detail_but_its_type_is_shown() {
        let element = json!({ "type": "payment", "amount": "1.50", "to": { "iban": "DE02" } });
        assert_eq!(content(&element), "{\n  \"amount\": \"1.50\",\n  \"to\": {\n    \"iban\": \"DE02\"\n  }\n}");
        assert_eq!(content(&json!({ "type": "payment" })), "");
    }

    #[test]
    fn character_that_hides_or_turns_text_around_is_spelt_out() {
        let element = json!({ "to": "\u{202e}evil\u{200b}\u{e0041}\u{fc}" });
        assert_eq!(content(&element), "{\n  \"to\": \"\\u202eevil\\u200b\\udb40\\udc41\u{fc}\"\n}");
    }
}
