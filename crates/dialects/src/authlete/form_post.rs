//! The page that carries an authorization response as a form (OAuth 2.0 Form Post Response Mode), for a caller that has
//! no page of its own. It sends itself.

/// The page, as HTML text.
pub(super) fn page(action: &str, fields: &[(&'static str, String)]) -> String {
    let field = |(name, value): &(&'static str, String)| {
        format!("<input type=\"hidden\" name=\"{}\" value=\"{}\"/>", escaped(name), escaped(value))
    };
    let fields: String = fields.iter().map(field).collect();
    format!(
        "<!DOCTYPE html><html><head><title>Submit This Form</title></head>\
         <body onload=\"javascript:document.forms[0].submit()\"><form method=\"post\" action=\"{}\">{fields}\
         <noscript><button type=\"submit\">Continue</button></noscript></form></body></html>",
        escaped(action)
    )
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leaves_its_attribute() {
        let page = page("https://app.example/cb?a=1&b=2", &[("state", "\"><script>'".to_owned())]);
        assert!(page.contains("action=\"https://app.example/cb?a=1&amp;b=2\""), "{page}");
        assert!(page.contains("value=\"&quot;&gt;&lt;script&gt;&#39;\""), "{page}");
    }
}
