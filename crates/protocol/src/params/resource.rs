//! `resource`: the resource servers that the token is for (RFC 8707).

use crate::limits;
use crate::parameters::Param;
use crate::refusal::{Reason, Refusal};

/// Reads an absolute URI without a fragment that is among `known`, compared as bytes.
///
/// # Errors
/// [`Reason::ResourceMalformed`] or [`Reason::ResourceUnknown`].
pub fn parse<'a>(text: &str, mut known: impl Iterator<Item = &'a str>) -> Result<String, Refusal> {
    let about = |reason| Refusal::new(reason).about(Some(Param::Resource));
    let absolute = url::Url::parse(text).is_ok() && !text.contains('#');
    if !absolute || text.len() > limits::REDIRECT_URI_MAX_BYTES {
        return Err(about(Reason::ResourceMalformed));
    }
    if known.any(|uri| uri == text) { Ok(text.to_owned()) } else { Err(about(Reason::ResourceUnknown)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_absolute_uris_without_fragment_stand() {
        let reason = |text| parse(text, ["https://api.example/v1"].into_iter()).err().map(|refusal| refusal.reason);
        assert_eq!(reason("https://api.example/v1"), None);
        assert_eq!(reason("https://api.example/v1/"), Some(Reason::ResourceUnknown));
        for text in ["api", "/v1", "", "https://api.example/v1#x", "https://"] {
            assert_eq!(reason(text), Some(Reason::ResourceMalformed), "{text}");
        }
    }
}
