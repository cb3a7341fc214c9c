//! `id_token_hint`: an ID token that names the expected user (OpenID Connect Core 3.1.2.1).

use crate::limits;
use crate::parameters::Param;
use crate::refusal::{Reason, Refusal};

/// Takes the text as it is, up to its bound.
///
/// # Errors
/// [`Reason::IdTokenHintTooLong`].
pub fn parse(text: &str) -> Result<String, Refusal> {
    super::bounded(Param::IdTokenHint, text, limits::ID_TOKEN_HINT_MAX_BYTES, Reason::IdTokenHintTooLong)
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bound_holds_to_the_byte() {
        assert!(parse(&"x".repeat(limits::ID_TOKEN_HINT_MAX_BYTES)).is_ok());
        assert_eq!(
            parse(&"x".repeat(limits::ID_TOKEN_HINT_MAX_BYTES + 1)).unwrap_err().reason,
            Reason::IdTokenHintTooLong
        );
    }
}
