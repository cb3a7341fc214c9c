//! One file per request parameter: its text becomes a value that cannot be wrong, or a refusal.

pub mod acr_values;
pub mod authorization_details;
pub mod claims;
pub mod code_challenge;
pub mod dpop_jkt;
pub mod id_token_hint;
pub mod login_hint;
pub mod max_age;
pub mod nonce;
pub mod prompt;
pub mod redirect_uri;
pub mod request_uri;
pub mod resource;
pub mod response_mode;
pub mod response_type;
pub mod scope;
pub mod state;
pub mod ui_locales;

use crate::parameters::Param;
use crate::profile::Min;
use crate::refusal::{Reason, Refusal};

/// `text`, unless it is longer than `max` bytes.
fn bounded(param: Param, text: &str, max: usize, reason: Reason) -> Result<&str, Refusal> {
    if text.len() <= max { Ok(text) } else { Err(Refusal::new(reason).about(Some(param)).found_length(text.len())) }
}

/// `text`, unless it is shorter than `min` bytes.
fn at_least(param: Param, text: &str, min: Min, reason: Reason) -> Result<&str, Refusal> {
    let min = usize::try_from(min.0).unwrap_or(usize::MAX);
    if text.len() >= min { Ok(text) } else { Err(Refusal::new(reason).about(Some(param)).found_length(text.len())) }
}
