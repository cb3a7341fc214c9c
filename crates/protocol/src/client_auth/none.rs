//! `none`: a public client names itself and proves nothing (RFC 7591 section 2).

use crate::parameters::Parameters;
use crate::refusal::Refusal;

/// A request without a credential.
pub struct Presented {
    pub(super) client_id: String,
}

pub(super) fn present(parameters: &Parameters<'_>) -> Result<Presented, Refusal> {
    Ok(Presented { client_id: super::form_client_id(parameters)? })
}
