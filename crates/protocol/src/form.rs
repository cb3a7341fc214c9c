//! `application/x-www-form-urlencoded`, read strictly (RFC 6749 appendix B).

use std::borrow::Cow;

use memchr::{memchr, memchr2};

use crate::parameters::{Param, Parameters};
use crate::refusal::{Reason, Refusal};

/// Reads a form body. `&` is the only separator; `+` is a space; a `%` must begin two hex digits;
/// the decoded bytes must be UTF-8. Values that need no decoding are borrowed.
///
/// # Errors
/// The [`Refusal`] of the first malformed pair, or of the first rule of [`Parameters::add`] broken.
pub fn parse(body: &[u8]) -> Result<Parameters<'_>, Refusal> {
    let mut parameters = Parameters::default();
    for pair in pairs(body) {
        let (name, value) = pair?;
        parameters.add(&name, value)?;
    }
    Ok(parameters)
}

/// The decoded pairs of a form body, in order.
pub fn pairs(body: &[u8]) -> impl Iterator<Item = Result<(Cow<'_, str>, Cow<'_, str>), Refusal>> {
    raw_pairs(body).filter(|pair| !pair.is_empty()).map(decode_pair)
}

/// Most pairs hold no escape: they are looked at once, as a whole.
fn decode_pair(pair: &[u8]) -> Result<(Cow<'_, str>, Cow<'_, str>), Refusal> {
    let text = std::str::from_utf8(pair).map_err(|_| Refusal::new(Reason::NotUtf8))?;
    if memchr2(b'%', b'+', pair).is_none() {
        let (name, value) = memchr(b'=', pair).map_or((text, ""), |at| text.split_at(at));
        return Ok((name.into(), value.strip_prefix('=').unwrap_or(value).into()));
    }
    let (name, value) = split_pair(pair);
    Ok((decode(name)?, decode(value)?))
}

/// Reads only these parameters of a form, whatever else is in it: the others are neither judged nor kept.
///
/// # Errors
/// As [`parse`], about these parameters.
pub fn parse_only<'a>(body: &'a [u8], wanted: &[Param]) -> Result<Parameters<'a>, Refusal> {
    let mut parameters = Parameters::default();
    for pair in raw_pairs(body) {
        let (name, value) = split_pair(pair);
        let Ok(name) = decode(name) else { continue };
        if Param::from_name(&name).is_some_and(|param| wanted.contains(&param)) {
            parameters.add(&name, decode(value)?)?;
        }
    }
    Ok(parameters)
}

/// Decodes one form-encoded name or value.
///
/// # Errors
/// [`Reason::MalformedPercentEncoding`] or [`Reason::NotUtf8`].
pub fn decode(text: &[u8]) -> Result<Cow<'_, str>, Refusal> {
    let decoded = match memchr2(b'%', b'+', text) {
        None => std::str::from_utf8(text).map(Cow::Borrowed).map_err(drop),
        Some(first) => String::from_utf8(unescape(text, first)?).map(Cow::Owned).map_err(drop),
    };
    decoded.map_err(|()| Refusal::new(Reason::NotUtf8))
}

/// The pairs between `&`, empty ones too.
fn raw_pairs(body: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(body);
    std::iter::from_fn(move || {
        let body = rest?;
        let (pair, behind) = split_at_byte(body, b'&');
        rest = behind;
        Some(pair)
    })
}

fn split_pair(pair: &[u8]) -> (&[u8], &[u8]) {
    let (name, value) = split_at_byte(pair, b'=');
    (name, value.unwrap_or_default())
}

/// What stands before the first such byte, and what behind it if there is one.
fn split_at_byte(text: &[u8], byte: u8) -> (&[u8], Option<&[u8]>) {
    match memchr(byte, text).and_then(|at| text.split_at_checked(at)) {
        Some((before, behind)) => (before, behind.get(1..)),
        None => (text, None),
    }
}

/// `first` is where the first escape stands.
fn unescape(text: &[u8], first: usize) -> Result<Vec<u8>, Refusal> {
    let mut bytes = Vec::with_capacity(text.len());
    let (mut rest, mut next) = (text, Some(first));
    while let Some((plain, special)) = next.and_then(|at| rest.split_at_checked(at)) {
        bytes.extend_from_slice(plain);
        rest = match special {
            [b'%', high, low, behind @ ..] => {
                bytes.push(hex_pair(*high, *low).ok_or(Reason::MalformedPercentEncoding)?);
                behind
            }
            [b'+', behind @ ..] => {
                bytes.push(b' ');
                behind
            }
            _ => return Err(Reason::MalformedPercentEncoding.into()),
        };
        next = memchr2(b'%', b'+', rest);
    }
    bytes.extend_from_slice(rest);
    Ok(bytes)
}

fn hex_pair(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let value = digit(high)?.checked_mul(16)?.checked_add(digit(low)?)?;
    u8::try_from(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn refused(body: &str) -> Reason {
        parse(body.as_bytes()).unwrap_err().reason
    }

    #[test]
    fn malformed_percent_sequences_are_refused() {
        for body in ["state=%", "state=%2", "state=%zz", "state=%u0041", "foo=%G0", "%=1", "state=%+1"] {
            assert_eq!(refused(body), Reason::MalformedPercentEncoding, "{body}");
        }
    }

    #[test]
    fn bytes_that_are_not_utf8_are_refused() {
        for body in ["state=%ff", "state=%c0%80", "foo=%ed%a0%80"] {
            assert_eq!(refused(body), Reason::NotUtf8, "{body}");
        }
        assert_eq!(parse(b"state=\xff").unwrap_err().reason, Reason::NotUtf8);
    }

    #[test]
    fn semicolon_does_not_separate_and_raw_uri_characters_stand() {
        let parameters = parse(b"client_id=x;redirect_uri=evil&redirect_uri=https://app.example/cb?a=b").unwrap();
        assert_eq!(parameters.get(Param::ClientId), Some("x;redirect_uri=evil"));
        assert_eq!(parameters.get(Param::RedirectUri), Some("https://app.example/cb?a=b"));
    }

    #[test]
    fn plus_is_a_space_and_names_are_decoded_too() {
        let parameters = parse(b"sco%70e=openid+profile&state=a%2Bb").unwrap();
        assert_eq!(parameters.get(Param::Scope), Some("openid profile"));
        assert_eq!(parameters.get(Param::State), Some("a+b"));
    }

    #[test]
    fn other_parameters_are_ignored_where_only_some_count() {
        let body = b"state=a&state=b&foo=%zz&%ff=1&client_id=x&x=%00&request_uri=y";
        let parameters = parse_only(body, &[Param::ClientId, Param::RequestUri]).unwrap();
        assert_eq!((parameters.get(Param::ClientId), parameters.get(Param::State)), (Some("x"), None));
        let again = parse_only(b"client_id=x&client_id=y", &[Param::ClientId]).unwrap_err();
        assert_eq!(again.reason, Reason::ParameterRepeated);
    }

    #[test]
    fn repetition_is_seen_through_its_encoding() {
        assert_eq!(refused("client_id=a&client%5fid=b"), Reason::ParameterRepeated);
    }

    proptest! {
        #[test]
        fn agrees_with_the_lenient_decoder_wherever_it_accepts(pairs in prop::collection::vec(("[a-z_]{1,12}", "\\PC{0,40}"), 0..20)) {
            let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
            if let Ok(parameters) = parse(body.as_bytes()) {
                for (name, value) in form_urlencoded::parse(body.as_bytes()) {
                    if let Some(param) = Param::from_name(&name).filter(|param| !param.may_repeat()) && !value.is_empty() {
                        prop_assert_eq!(parameters.get(param), Some(&*value));
                    }
                }
            }
        }

        #[test]
        fn never_panics(body in prop::collection::vec(any::<u8>(), 0..400)) {
            let _ = parse(&body);
        }
    }
}
