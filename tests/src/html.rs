//! As much of HTML as a form filler needs: forms, their controls, and elements found by id.

/// One form of a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form {
    /// Where it is sent; none: to the page's own address.
    pub action: Option<String>,
    /// `get` unless the form says otherwise.
    pub method: String,
    /// In the order of the page.
    pub controls: Vec<Control>,
}

/// An input or a button.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Control {
    /// The element's name, `input` or `button`.
    pub element: String,
    /// `type`, in lower case; empty if there is none.
    pub kind: String,
    /// `id`.
    pub id: Option<String>,
    /// `name`; a control without one is not sent.
    pub name: Option<String>,
    /// `value`.
    pub value: String,
    /// Checked boxes are sent, others not.
    pub checked: bool,
    /// `formaction` of a button.
    pub action: Option<String>,
}

impl Control {
    /// Whether pressing it sends the form.
    #[must_use]
    pub fn is_button(&self) -> bool {
        self.element == "button" || matches!(self.kind.as_str(), "submit" | "image" | "button" | "reset")
    }
}

impl Form {
    /// The control of that id.
    #[must_use]
    pub fn control(&self, id: &str) -> Option<&Control> {
        self.controls.iter().find(|control| control.id.as_deref() == Some(id))
    }

    /// What a browser sends when that button is pressed after these ids were typed into.
    #[must_use]
    pub fn fields(&self, button: &str, typed: &[(&str, &str)]) -> Vec<(String, String)> {
        let mut fields = Vec::new();
        for control in &self.controls {
            let Some(name) = control.name.clone() else { continue };
            let pressed = control.id.as_deref() == Some(button);
            let left_out = matches!(control.kind.as_str(), "checkbox" | "radio") && !control.checked;
            if left_out || (control.is_button() && !pressed) {
                continue;
            }
            let entry = typed.iter().find(|(id, _)| control.id.as_deref() == Some(*id));
            fields.push((name, entry.map_or_else(|| control.value.clone(), |(_, value)| (*value).to_owned())));
        }
        fields
    }
}

/// Every form of a page.
#[must_use]
pub fn forms(html: &str) -> Vec<Form> {
    let mut forms = Vec::new();
    let mut open: Option<Form> = None;
    for tag in tags(html) {
        match tag.name.as_str() {
            "form" => {
                let method = tag.get("method").unwrap_or("get").to_ascii_lowercase();
                open = Some(Form { action: tag.owned("action"), method, controls: Vec::new() });
            }
            "/form" => forms.extend(open.take()),
            "input" | "button" => {
                if let Some(form) = open.as_mut().filter(|_| tag.get("disabled").is_none()) {
                    form.controls.push(control(&tag));
                }
            }
            _ => {}
        }
    }
    forms.extend(open);
    forms
}

/// Whether an element of that id is on the page.
#[must_use]
pub fn has_id(html: &str, id: &str) -> bool {
    tags(html).any(|tag| tag.get("id") == Some(id))
}

/// The content of the `meta` element of that name.
#[must_use]
pub fn meta(html: &str, name: &str) -> Option<String> {
    tags(html).find(|tag| tag.name == "meta" && tag.get("name") == Some(name)).and_then(|tag| tag.owned("content"))
}

fn control(tag: &Tag) -> Control {
    Control {
        element: tag.name.clone(),
        kind: tag.get("type").unwrap_or_default().to_ascii_lowercase(),
        id: tag.owned("id"),
        name: tag.owned("name"),
        value: tag.owned("value").unwrap_or_default(),
        checked: tag.get("checked").is_some(),
        action: tag.owned("formaction"),
    }
}

struct Tag {
    name: String,
    attributes: Vec<(String, String)>,
}

impl Tag {
    fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    fn owned(&self, name: &str) -> Option<String> {
        self.get(name).map(str::to_owned)
    }
}

fn tags(html: &str) -> impl Iterator<Item = Tag> {
    let mut rest = html;
    std::iter::from_fn(move || {
        loop {
            let at = rest.find('<')?;
            rest = &rest[at + 1..];
            if let Some(comment) = rest.strip_prefix("!--") {
                rest = comment.find("-->").map_or("", |end| &comment[end + 3..]);
                continue;
            }
            let (tag, length) = tag(rest);
            rest = &rest[length..];
            return Some(tag);
        }
    })
}

/// The tag that the text begins with (after its `<`) and how long it is.
fn tag(text: &str) -> (Tag, usize) {
    let name_end = text.find([' ', '\n', '\t', '>']).unwrap_or(text.len());
    let name = text[..name_end].trim_end_matches('/').to_ascii_lowercase();
    let mut attributes = Vec::new();
    let mut at = name_end;
    loop {
        let rest = &text[at..];
        let skipped = rest.len() - rest.trim_start_matches([' ', '\n', '\t', '\r', '/']).len();
        at += skipped;
        let rest = &text[at..];
        if rest.is_empty() || rest.starts_with('>') {
            return (Tag { name, attributes }, (at + 1).min(text.len()));
        }
        let key_end = rest.find(['=', ' ', '\n', '\t', '>', '/']).unwrap_or(rest.len()).max(1);
        let key = rest[..key_end].to_ascii_lowercase();
        at += key_end;
        let (value, length) = value(&text[at..]);
        attributes.push((key, value));
        at += length;
    }
}

/// The value that follows an attribute's name, `=` and quotes included in its length.
fn value(text: &str) -> (String, usize) {
    let Some(rest) = text.strip_prefix('=') else { return (String::new(), 0) };
    for quote in ['"', '\''] {
        if let Some(quoted) = rest.strip_prefix(quote) {
            let end = quoted.find(quote).unwrap_or(quoted.len());
            return (decode(&quoted[..end]), (end + 3).min(text.len()));
        }
    }
    let end = rest.find([' ', '\n', '\t', '>']).unwrap_or(rest.len());
    (decode(&rest[..end]), end + 1)
}

/// Character references: the five named ones that an escaper writes, and numbers.
fn decode(text: &str) -> String {
    let mut decoded = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        decoded.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        match rest.find(';').and_then(|end| reference(&rest[..end]).map(|character| (character, end))) {
            Some((character, end)) => {
                decoded.push(character);
                rest = &rest[end + 1..];
            }
            None => decoded.push('&'),
        }
    }
    decoded.push_str(rest);
    decoded
}

fn reference(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOGIN: &str = r#"<!doctype html><body><!-- <form action="/trap"> -->
        <form method="POST" action="/acme/interaction/1/login?a=1&amp;b=2">
        <input type="hidden" name="token" value="a&quot;b&#x27;&#60;"/>
        <input id="username" name="username" type="text" value="" autofocus>
        <input id=password name=password type=password disabled-looking>
        <input type="checkbox" name="remember" value="yes">
        <input name="gone" disabled>
        <button id="login" type="submit">Log in</button>
        <button id='other' name='decision' value='other'>Other</button>
        </form><p id="error">no</p>"#;

    #[test]
    fn a_form_is_found_with_its_action_decoded() {
        let forms = forms(LOGIN);
        assert_eq!(forms.len(), 1);
        assert_eq!(forms[0].action.as_deref(), Some("/acme/interaction/1/login?a=1&b=2"));
        assert_eq!(forms[0].method, "post");
    }

    #[test]
    fn what_is_typed_and_what_is_hidden_is_sent_and_nothing_else() {
        let fields = forms(LOGIN)[0].fields("login", &[("username", "alice"), ("password", "p w")]);
        let expected = [("token", "a\"b'<"), ("username", "alice"), ("password", "p w")];
        assert_eq!(fields, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn only_the_pressed_button_is_sent() {
        let fields = forms(LOGIN)[0].fields("other", &[]);
        assert!(fields.contains(&("decision".to_owned(), "other".to_owned())));
    }

    #[test]
    fn elements_are_found_by_id_but_not_in_comments() {
        assert!(has_id(LOGIN, "error"));
        assert!(!has_id("<!-- <p id=\"error\"> -->", "error"));
    }

    #[test]
    fn a_meta_element_is_found_by_its_name() {
        let head = r#"<meta charset="utf-8"><meta name="referrer" content="no-referrer">"#;
        assert_eq!(meta(head, "referrer").as_deref(), Some("no-referrer"));
        assert_eq!(meta(head, "robots"), None);
    }

    #[test]
    fn text_that_is_cut_off_anywhere_is_read_without_a_panic() {
        for end in 0..LOGIN.len() {
            let _ = forms(&LOGIN[..end]);
        }
    }

    #[test]
    fn unknown_references_stay_as_they_are() {
        assert_eq!(decode("a&b;&unknown;&amp;amp;&"), "a&b;&unknown;&amp;&");
    }
}
