//! `client_secret_basic`: identifier and secret in the `Authorization` header, each form-encoded once
//! before they are joined by a colon and written as base64 (RFC 6749 section 2.3.1, RFC 7617).

use parhelion_jose::base64;
use zeroize::Zeroizing;

use super::{Authorization, Judge, OnceKey, Secret, SecretDigest, Secrets};
use crate::form;
use crate::parameters::{Param, Parameters};
use crate::refusal::{Reason, Refusal};

/// Identifier and secret as they stood in the header.
pub struct Presented {
    pub(super) client_id: String,
    secret: Secret,
}

pub(super) fn present(authorization: &Authorization<'_>, parameters: &Parameters<'_>) -> Result<Presented, Refusal> {
    let presented = match authorization {
        Authorization::Header(value) => read(value)?,
        Authorization::Basic { client_id, client_secret } => Presented {
            client_id: super::bounded_client_id(client_id)?,
            secret: client_secret.clone().unwrap_or_default(),
        },
        Authorization::Absent | Authorization::Repeated => return Err(Reason::MalformedBasic.into()),
    };
    match parameters.get(Param::ClientId) {
        Some(client_id) if client_id != presented.client_id => {
            Err(Refusal::new(Reason::ClientIdMismatch).about(Some(Param::ClientId)))
        }
        Some(_) | None => Ok(presented),
    }
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

fn read(value: &[u8]) -> Result<Presented, Refusal> {
    let malformed = || Refusal::new(Reason::MalformedBasic);
    let value = std::str::from_utf8(value).map_err(|_| malformed())?;
    let (scheme, credentials) = value.split_once(' ').unwrap_or((value, ""));
    if !scheme.eq_ignore_ascii_case("Basic") {
        return Err(Reason::AuthorizationSchemeUnsupported.into());
    }
    let pair = Zeroizing::new(base64::decode(credentials).map_err(|_| malformed())?);
    let colon = pair.iter().position(|byte| *byte == b':').ok_or_else(malformed)?;
    let (id, secret) = pair.split_at_checked(colon).ok_or_else(malformed)?;
    let client_id = decoded(id)?;
    let secret = decoded(secret.get(1..).unwrap_or_default())?;
    Ok(Presented { client_id: super::bounded_client_id(&client_id)?, secret })
}

/// Form-decodes one half; control characters have no place in either.
fn decoded(half: &[u8]) -> Result<Secret, Refusal> {
    let text = form::decode(half).map_err(|_| Refusal::new(Reason::MalformedBasic))?;
    let clean = text.bytes().all(|byte| byte >= 0x20 && byte != 0x7f);
    if clean { Ok(Zeroizing::new(text.into_owned())) } else { Err(Reason::MalformedBasic.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(value: &str) -> Reason {
        read(value.as_bytes()).err().map(|refusal| refusal.reason).unwrap()
    }

    #[test]
    fn id_and_secret_are_form_decoded_exactly_once() {
        // "a%3Ab+c:s%2525"
        let presented = read(b"Basic YSUzQWIrYzpzJTI1MjU=").unwrap();
        assert_eq!((presented.client_id.as_str(), presented.secret.as_str()), ("a:b c", "s%25"));
    }

    #[test]
    fn everything_but_strict_basic_is_malformed() {
        for value in [
            "Basic",
            "Basic ",
            "Basic !!!",
            "Basic YWJj",
            "Basic  YTpi",
            "Basic\tYTpi",
            "Basic YTpi ",
            "Basic YTpi\n",
            "Basic YTo_",
            "Basic YTpiYw",
            "Basic YTpiYw=",
            "Basic YTolWg==",
            "Basic YTphAGI=",
            "Basic /zpi",
        ] {
            assert_eq!(
                refused(value),
                if value == "Basic\tYTpi" { Reason::AuthorizationSchemeUnsupported } else { Reason::MalformedBasic },
                "{value:?}"
            );
        }
        for value in ["Bearer x", "Negotiate x", "Digest a=b", "", "DPoP x"] {
            assert_eq!(refused(value), Reason::AuthorizationSchemeUnsupported, "{value:?}");
        }
    }
}
