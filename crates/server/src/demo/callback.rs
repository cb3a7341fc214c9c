//! The page to which the browser comes back: what the client would get, and the call it would make next.

use bytes::Bytes;
use http::{HeaderValue, header};
use parhelion_dialects::Response;
use parhelion_pages::stylesheet_name;

use super::push::Push;
use crate::front_channel::pages;

/// The page for an authorization response.
pub(super) fn page(pushes: &[Push], query: &str) -> Response {
    let parameters: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let get = |name: &str| parameters.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str());
    let push = get("state").and_then(|state| pushes.iter().find(|push| push.state == state));
    let next = match (get("code"), push) {
        (Some(code), Some(push)) => {
            format!("<h2>Redeem the code, once</h2><pre><code>{}</code></pre>", escaped(&push.token_curl(code)))
        }
        (Some(_), None) => "<p>This state is not one of this run of the demo.</p>".to_owned(),
        (None, _) => String::new(),
    };
    let heading = if get("code").is_some() { "A code for the client" } else { "The client gets an error" };
    let rows: String = parameters.iter().map(row).collect();
    let stylesheet = format!("/assets/{}", stylesheet_name());
    let html = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Demo callback</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <link rel=\"stylesheet\" href=\"{stylesheet}\"></head><body><main class=\"card broad\">\
         <h1>{heading}</h1><dl class=\"facts\">{rows}</dl>{next}</main></body></html>\n"
    );
    let mut response = Response::new(Bytes::from(html));
    pages::harden(&mut response, None);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    response
}

fn row((name, value): &(String, String)) -> String {
    format!("<div><dt>{}</dt><dd><code>{}</code></dd></div>", escaped(name), escaped(value))
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_in_the_query_is_shown_and_nothing_of_it_is_markup() {
        let query = "error=access_denied&x=%3Cscript%3Ealert(1)%3C/script%3E&%22y=%26'";
        let page = page(&[], query);
        let text = String::from_utf8(page.body().to_vec()).unwrap();
        assert!(text.contains("The client gets an error") && text.contains("access_denied"));
        assert!(text.contains("&lt;script&gt;alert(1)&lt;/script&gt;") && text.contains("&quot;y"), "{text}");
        assert!(!text.contains("<script"));
        assert!(page.headers().contains_key(header::CONTENT_SECURITY_POLICY));
    }
}
