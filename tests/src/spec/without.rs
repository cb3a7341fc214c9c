//! What is left of a pushed request when one field is taken out of it: what a server sees that does not read the field.

use serde_json::Value;
use url::form_urlencoded;

/// Where the dialects have requests pushed to, by the last segment of the path.
const PUSHED_TO: [&str; 3] = ["par", "pushed_auth_req", "pushed-authorization"];

/// The message without the parameter, the header, or the member of that name (`list.member` in the objects of a list);
/// as it is, if it pushes nothing.
#[must_use]
pub fn without(message: &[u8], field: &str) -> Vec<u8> {
    pushed(message).and_then(|(head, body)| taken_out(head, body, field)).unwrap_or_else(|| message.to_vec())
}

fn pushed(message: &[u8]) -> Option<(&str, &[u8])> {
    let at = message.windows(4).position(|four| four == b"\r\n\r\n")?;
    let (head, body) = message.split_at_checked(at)?;
    let head = str::from_utf8(head).ok()?;
    let path = head.split(' ').nth(1)?.split('?').next()?;
    let pushes = path.rsplit('/').next().is_some_and(|last| PUSHED_TO.contains(&last));
    pushes.then_some((head, body.get(4..)?))
}

fn taken_out(head: &str, body: &[u8], field: &str) -> Option<Vec<u8>> {
    let body = match serde_json::from_slice(body) {
        Ok(Value::Object(mut members)) => {
            match field.split_once('.') {
                None => drop(members.remove(field)),
                Some((list, member)) => {
                    let items = members.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten();
                    items.filter_map(Value::as_object_mut).for_each(|item| drop(item.remove(member)));
                }
            }
            Value::Object(members).to_string().into_bytes()
        }
        Ok(_) => return None,
        Err(_) => {
            let named = |pair: &&[u8]| form_urlencoded::parse(pair).next().is_some_and(|(name, _)| name == field);
            let kept: Vec<&[u8]> = body.split(|byte| *byte == b'&').filter(|pair| !named(pair)).collect();
            kept.join(&b'&')
        }
    };
    let line = |line: &str| match line.split_once(':') {
        Some((name, _)) if name.eq_ignore_ascii_case(field) => None,
        Some((name, _)) if name.eq_ignore_ascii_case("content-length") => Some(format!("{name}: {}", body.len())),
        _ => Some(line.to_owned()),
    };
    let head: Vec<String> = head.split("\r\n").filter_map(line).collect();
    Some([head.join("\r\n").as_bytes(), b"\r\n\r\n", &body].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(path: &str, body: &str) -> Vec<u8> {
        format!("POST {path} HTTP/1.1\r\nAuthorization: x\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
    }

    #[test]
    fn a_parameter_a_member_or_a_header_is_taken_out_and_the_length_is_right() {
        assert_eq!(without(&message("/a/par", "a=1&st%61te=x&b=2"), "state"), message("/a/par", "a=1&b=2"));
        let path = "/api/1/pushed_auth_req";
        assert_eq!(without(&message(path, r#"{"a":1,"htm":"POST"}"#), "htm"), message(path, r#"{"a":1}"#));
        let list = |text: &str| message("/par", &format!(r#"{{"d":[{{{text}}}]}}"#));
        assert_eq!(without(&list(r#""x":1,"y":2"#), "d.x"), list(r#""y":2"#));
        let bare = without(&message("/par", "a=1"), "authorization");
        assert_eq!(bare, b"POST /par HTTP/1.1\r\nContent-Length: 3\r\n\r\na=1");
    }

    #[test]
    fn what_pushes_nothing_stays() {
        assert_eq!(without(&message("/token", "state=x"), "state"), message("/token", "state=x"));
    }
}
