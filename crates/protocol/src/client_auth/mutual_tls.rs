//! A request that shows a client certificate and no other credential (RFC 8705 section 2): the form names the client,
//! and how it is registered decides what the certificate means.

use super::Judge;
use crate::parameters::Parameters;
use crate::refusal::{Reason, Refusal};
use crate::sender::certificate::Chain;

/// A certificate beside an identifier.
pub struct Presented {
    pub(super) client_id: String,
}

//= rfc8705#2 "the client_id parameter" names the client, whichever of the two methods it has
pub(super) fn present(parameters: &Parameters<'_>) -> Result<Presented, Refusal> {
    Ok(Presented { client_id: super::form_client_id(parameters)? })
}

/// The certificate that a client of one of the two methods must show.
pub(super) fn needed<'a>(judge: &Judge<'a>) -> Result<&'a Chain, Reason> {
    judge.certificate.ok_or(Reason::CertificateMissing)
}
