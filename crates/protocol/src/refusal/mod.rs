//! Why a request was turned down, and what each side hears: the client an OAuth error and a
//! constant sentence, the operator all of it.
//!
//! The table itself is [`table`]: a [`Reason`] without a filled row does not compile.

mod found;
mod table;

use std::borrow::Cow;

pub use found::{Flaw, Found, Pointer};
pub use table::{Reason, Row};

use parhelion_jose::jwk::JwkFault;

use crate::parameters::Param;

/// The error codes this server sends (RFC 6749 sections 4.1.2.1 and 5.2, and the extensions named).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum OAuthError {
    /// RFC 6749.
    InvalidRequest,
    /// RFC 6749.
    InvalidClient,
    /// RFC 6749.
    InvalidGrant,
    /// RFC 6749.
    UnauthorizedClient,
    /// RFC 6749.
    UnsupportedGrantType,
    /// RFC 6749.
    UnsupportedResponseType,
    /// RFC 6749.
    InvalidScope,
    /// RFC 6749.
    AccessDenied,
    /// RFC 6749.
    ServerError,
    /// RFC 6749.
    TemporarilyUnavailable,
    /// RFC 9101 section 6.
    InvalidRequestUri,
    /// OpenID Connect Core 3.1.2.6.
    RequestNotSupported,
    /// OpenID Connect Core 3.1.2.6.
    RequestUriNotSupported,
    /// OpenID Connect Core 3.1.2.6.
    LoginRequired,
    /// OpenID Connect Core 3.1.2.6.
    ConsentRequired,
    /// OpenID Connect Core 3.1.2.6.
    AccountSelectionRequired,
    /// OpenID Connect Core 3.1.2.6.
    InteractionRequired,
    /// RFC 9470 section 3.
    InsufficientUserAuthentication,
    /// RFC 8707 section 2.
    InvalidTarget,
    /// RFC 9396 section 5.
    InvalidAuthorizationDetails,
    /// RFC 6750 section 3.1.
    InvalidToken,
    /// RFC 6750 section 3.1.
    InsufficientScope,
    /// RFC 7009 section 2.2.1.
    UnsupportedTokenType,
    /// RFC 9101 section 6.
    InvalidRequestObject,
    /// RFC 9449 section 5.
    InvalidDpopProof,
    /// RFC 9449 section 8.
    UseDpopNonce,
    /// draft-ietf-oauth-attestation-based-client-auth-10 section 7.4.
    UseAttestationChallenge,
    /// The same.
    UseFreshAttestation,
    /// RFC 7591 section 3.2.2.
    InvalidRedirectUri,
    /// RFC 7591 section 3.2.2.
    InvalidClientMetadata,
    /// RFC 7591 section 3.2.2.
    InvalidSoftwareStatement,
    /// RFC 7591 section 3.2.2.
    UnapprovedSoftwareStatement,
}

impl OAuthError {
    /// The code on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::InvalidScope => "invalid_scope",
            Self::AccessDenied => "access_denied",
            Self::ServerError => "server_error",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::InvalidRequestUri => "invalid_request_uri",
            Self::RequestNotSupported => "request_not_supported",
            Self::RequestUriNotSupported => "request_uri_not_supported",
            Self::LoginRequired => "login_required",
            Self::ConsentRequired => "consent_required",
            Self::AccountSelectionRequired => "account_selection_required",
            Self::InteractionRequired => "interaction_required",
            Self::InsufficientUserAuthentication => "insufficient_user_authentication",
            Self::InvalidTarget => "invalid_target",
            Self::InvalidAuthorizationDetails => "invalid_authorization_details",
            Self::InvalidToken => "invalid_token",
            Self::InsufficientScope => "insufficient_scope",
            Self::UnsupportedTokenType => "unsupported_token_type",
            Self::InvalidRequestObject => "invalid_request_object",
            Self::InvalidDpopProof => "invalid_dpop_proof",
            Self::UseDpopNonce => "use_dpop_nonce",
            Self::UseAttestationChallenge => "use_attestation_challenge",
            Self::UseFreshAttestation => "use_fresh_attestation",
            Self::InvalidRedirectUri => "invalid_redirect_uri",
            Self::InvalidClientMetadata => "invalid_client_metadata",
            Self::InvalidSoftwareStatement => "invalid_software_statement",
            Self::UnapprovedSoftwareStatement => "unapproved_software_statement",
        }
    }
}

/// One refusal: a value on its way from the rule that was broken to whoever has to hear of it.
/// It holds no request data, so it may be logged as it is and told to whoever asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The rule that was broken.
    pub reason: Reason,
    /// The parameter it is about, if one.
    pub param: Option<Param>,
    /// What came.
    pub found: Found,
}

impl Refusal {
    /// A refusal for this reason.
    #[must_use]
    pub const fn new(reason: Reason) -> Self {
        Self { reason, param: None, found: Found::Unsaid }
    }

    /// The same, about this parameter.
    #[must_use]
    pub const fn about(self, param: Option<Param>) -> Self {
        Self { param, ..self }
    }

    /// The same, telling that so many bytes came.
    #[must_use]
    pub const fn found_length(self, bytes: usize) -> Self {
        Self { found: Found::Length(bytes), ..self }
    }

    /// The same, telling that so many seconds came.
    #[must_use]
    pub const fn found_seconds(self, seconds: i64) -> Self {
        Self { found: Found::Seconds(seconds), ..self }
    }

    /// The same, telling what is wrong with one element of an array.
    #[must_use]
    pub fn found_element(self, index: usize, flaw: Flaw, at: Pointer) -> Self {
        Self { found: Found::Element { index: u16::try_from(index).unwrap_or(u16::MAX), flaw, at }, ..self }
    }

    /// The same, telling what is wrong with a member of client metadata.
    #[must_use]
    pub const fn found_member(self, member: &'static str, problem: &'static str, key: Option<JwkFault>) -> Self {
        Self { found: Found::Member { member, problem, key }, ..self }
    }

    /// The row that the client hears. Reasons that a stranger must not tell apart share one.
    #[must_use]
    pub fn public(&self) -> &'static Row {
        self.reason.row().public()
    }

    /// The sentence that the client hears: a constant, and the place where one is known, of the characters RFC 6749
    /// section 5.2 allows.
    #[must_use]
    pub fn description(&self) -> Cow<'static, str> {
        let public = self.public();
        match self.found {
            Found::Element { .. } | Found::Member { .. } if public.code == self.row().code => {
                Cow::Owned(format!("{}: {}", public.description, self.found))
            }
            Found::Element { .. } | Found::Member { .. } | Found::Unsaid | Found::Length(_) | Found::Seconds(_) => {
                Cow::Borrowed(public.description)
            }
        }
    }

    /// The row that the operator reads.
    #[must_use]
    pub fn row(&self) -> &'static Row {
        self.reason.row()
    }
}

impl From<Reason> for Refusal {
    fn from(reason: Reason) -> Self {
        Self::new(reason)
    }
}

/// One line for the operator: code, sentence, parameter, measure, source and remedy.
impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let row = self.row();
        write!(f, "{}: {}", row.code, row.description)?;
        if let Some(param) = self.param {
            write!(f, " (parameter {})", param.name())?;
        }
        if self.found != Found::Unsaid {
            write!(f, "; found {}", self.found)?;
        }
        write!(f, "; expected {}; {}; {}", row.expected, row.spec, row.remedy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn codes_are_unique_and_well_formed() {
        let codes: BTreeSet<_> = Reason::ALL.iter().map(|reason| reason.row().code).collect();
        assert_eq!(codes.len(), Reason::ALL.len());
        assert!(codes.iter().all(|code| code.len() == 7 && code.starts_with("PAR-")));
    }

    #[test]
    fn descriptions_keep_to_the_characters_of_rfc_6749() {
        for row in Reason::ALL.iter().map(|reason| reason.row()) {
            let fits = |b: u8| matches!(b, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e);
            assert!(row.description.bytes().all(fits), "{}", row.code);
            assert!(!row.description.is_empty() && !row.expected.is_empty() && !row.remedy.is_empty(), "{}", row.code);
        }
    }

    #[test]
    fn place_is_told_behind_the_constant_in_the_same_characters() {
        let at = Pointer::ROOT.member("amount").and_then(|at| at.item(2)).unwrap();
        let refusal = Refusal::new(Reason::AuthorizationDetailsInvalid).found_element(1, Flaw::WrongType, at);
        let description = refusal.description();
        assert!(description.ends_with(": element 1, /amount/2 is of the wrong type"), "{description}");
        assert!(refusal.to_string().contains("; found element 1, /amount/2 is"), "{refusal}");
        assert_eq!(Refusal::new(Reason::CodeMissing).description(), Reason::CodeMissing.row().description);
    }

    #[test]
    fn every_row_names_its_source() {
        for row in Reason::ALL.iter().map(|reason| reason.row()) {
            let named = ["RFC ", "OAuth ", "OpenID ", "FAPI ", "Parhelion"].iter().any(|s| row.spec.starts_with(s));
            assert!(named, "{}: {}", row.code, row.spec);
        }
    }

    #[test]
    fn hidden_reasons_look_like_their_public_row() {
        for row in Reason::ALL.iter().map(|reason| reason.row()) {
            let public = row.public();
            assert_eq!((row.error, row.status), (public.error, public.status), "{}", row.code);
            assert_eq!(public.code, public.public().code, "{}", row.code);
        }
    }

    #[test]
    fn par_never_answers_with_codes_that_need_a_browser() {
        // RFC 9126 section 2.3: those codes belong to rows that only the browser side can raise.
        for row in Reason::ALL.iter().map(|reason| reason.row()) {
            let browser = matches!(row.error, OAuthError::LoginRequired | OAuthError::ConsentRequired);
            assert!(!browser || row.code.starts_with("PAR-5"), "{}", row.code);
        }
    }
}
