//! The `request` parameter (RFC 9101) and what else may not travel in a pushed request.

use crate::parameters::{Param, Parameters};
use crate::refusal::{Reason, Refusal};

/// Gives the parameters that count. Request objects are not supported: one that is pushed is refused,
/// never ignored, because its contents were meant to replace the form.
///
/// # Errors
/// [`Reason::RequestUriPushed`] (RFC 9126 section 2.1) or [`Reason::RequestObjectRefused`].
pub fn unpack<'p, 'a>(parameters: &'p Parameters<'a>) -> Result<&'p Parameters<'a>, Refusal> {
    //= rfc9126#2.1 "The request_uri authorization request parameter MUST NOT be provided"
    for (param, reason) in
        [(Param::RequestUri, Reason::RequestUriPushed), (Param::Request, Reason::RequestObjectRefused)]
    {
        if parameters.get(param).is_some() {
            return Err(Refusal::new(reason).about(Some(param)));
        }
    }
    Ok(parameters)
}
