//! An environment by its id, and who manages it.

use parhelion_engine::registry::{Mount, Right};
use parhelion_engine::uuid;
use parhelion_protocol::client_auth::Authorization;

use super::platform_error::No;
use crate::message;
use crate::operation::Asked;

/// The environment's id.
pub(super) fn id(mount: &Mount) -> &str {
    named(&mount.tenant.aliases).map_or("", String::as_str)
}

/// What stands between the base URL of the management API and its operations.
///
/// # Errors
/// What is missing.
pub(super) fn path(aliases: &[String]) -> Result<String, String> {
    let missing = "the dialect `pingone-management` needs an alias that is a UUID, the environment id";
    Ok(format!("/v1/environments/{}", named(aliases).ok_or(missing)?))
}

fn named(aliases: &[String]) -> Option<&String> {
    aliases.iter().find(|alias| uuid::digits(alias).is_some())
}

/// Lets a caller in whose token is good for this tenant and for what it asks.
///
/// # Errors
/// [`No::Unauthorized`] or [`No::Forbidden`].
pub(super) fn admit(asked: &Asked<'_>, right: Right) -> Result<(), No> {
    let shown = match message::authorization(asked.headers) {
        Authorization::Header(value) => message::bearer_token(value),
        Authorization::Absent | Authorization::Repeated | Authorization::Basic { .. } => None,
    };
    let token = shown.and_then(|text| asked.mount.api_token(text)).ok_or(No::Unauthorized)?;
    if token.allows(right) { Ok(()) } else { Err(No::Forbidden) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn environment_is_the_first_alias_that_is_a_uuid() {
        let path = |aliases: &[&str]| path(&aliases.iter().map(|alias| (*alias).to_owned()).collect::<Vec<_>>());
        let id = "6f2c8f5e-5a0e-4c07-9e0b-0d6a4be1c7d4";
        assert_eq!(path(&["42", id]), Ok(format!("/v1/environments/{id}")));
        for alias in ["", "42", "6f2c8f5e5a0e4c079e0b0d6a4be1c7d4", "6f2c8f5e-5a0e-4c07-9e0b-0d6a4be1c7dg"] {
            assert!(path(&[alias]).is_err(), "{alias}");
        }
    }
}
