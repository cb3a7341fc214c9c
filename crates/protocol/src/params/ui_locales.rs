//! `ui_locales`: languages, space-separated, in order of preference (OpenID Connect Core 3.1.2.1).

use crate::limits;
use crate::parameters::Param;
use crate::refusal::{Reason, Refusal};

/// Takes the text as it is, up to its bound.
///
/// # Errors
/// [`Reason::UiLocalesTooLong`].
pub fn parse(text: &str) -> Result<String, Refusal> {
    super::bounded(Param::UiLocales, text, limits::UI_LOCALES_MAX_BYTES, Reason::UiLocalesTooLong).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bound_holds_to_the_byte() {
        assert!(parse(&"x".repeat(limits::UI_LOCALES_MAX_BYTES)).is_ok());
        assert_eq!(parse(&"x".repeat(limits::UI_LOCALES_MAX_BYTES + 1)).unwrap_err().reason, Reason::UiLocalesTooLong);
    }
}
