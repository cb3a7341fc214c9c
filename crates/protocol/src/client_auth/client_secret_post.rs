//! `client_secret_post`: identifier and secret in the body (RFC 6749 section 2.3.1).

use zeroize::Zeroizing;

use super::{Judge, OnceKey, Secret, SecretDigest, Secrets};
use crate::parameters::{Param, Parameters};
use crate::refusal::Refusal;

/// Identifier and secret as they stood in the body.
pub struct Presented {
    pub(super) client_id: String,
    secret: Secret,
}

pub(super) fn present(parameters: &Parameters<'_>) -> Result<Presented, Refusal> {
    let secret = parameters.get(Param::ClientSecret).unwrap_or_default();
    Ok(Presented { client_id: super::form_client_id(parameters)?, secret: Zeroizing::new(secret.to_owned()) })
}

impl Presented {
    pub(super) fn prove(
        &self,
        secrets: Option<&Secrets<SecretDigest>>,
        judge: &Judge<'_>,
    ) -> Result<Option<OnceKey>, Refusal> {
        super::prove_secret(&self.secret, secrets, judge)
    }
}
