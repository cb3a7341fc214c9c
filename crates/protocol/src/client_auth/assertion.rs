//! What is the same of every client assertion, whoever signed it how: what it says (RFC 7523 section 3,
//! rfc7523bis, OpenID Connect Core section 9).

use parhelion_jose::claims::{Claim, Claims, StringOrStrings};
use parhelion_jose::json;
use parhelion_jose::jws::typ_is;

use super::{Judge, OnceKey};
use crate::limits;
use crate::parameters::{Param, Parameters};
use crate::profile::AssertionAudience;
use crate::refusal::{Reason, Refusal};

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const TYPS: &[&str] = &["JWT", "client-authentication+jwt"];

/// What an assertion says; whether its client said it is not known yet.
pub(super) struct Assertion {
    pub(super) client_id: String,
    claims: Claims,
}

/// The text of the assertion, with its type beside it.
pub(super) fn text<'a>(parameters: &'a Parameters<'_>) -> Result<&'a str, Refusal> {
    //= rfc7521#4.2 both parameters, and the one registered type
    if parameters.get(Param::ClientAssertionType) != Some(ASSERTION_TYPE) {
        return Err(Refusal::new(Reason::AssertionTypeMissing).about(Some(Param::ClientAssertionType)));
    }
    parameters.get(Param::ClientAssertion).ok_or(refused(Reason::AssertionMissing))
}

impl Assertion {
    /// Reads the payload as far as it is needed to know whose assertion it would be.
    pub(super) fn read(payload: &[u8], parameters: &Parameters<'_>) -> Result<Self, Refusal> {
        let claims = json::parse_object(payload, parhelion_jose::limits::CLAIMS).map(Claims::new);
        let claims = claims.map_err(|_| refused(Reason::AssertionMalformed))?;
        let Claim::Valid(subject) = claims.string("sub") else { return Err(refused(Reason::AssertionSubjectWrong)) };
        //= rfc7523#3 item 2, openid-connect-core#9 "iss and sub: client_id of the OAuth Client"
        if claims.string("iss") != Claim::Valid(subject) {
            return Err(refused(Reason::AssertionSubjectWrong));
        }
        if parameters.get(Param::ClientId).is_some_and(|client_id| client_id != subject) {
            return Err(Refusal::new(Reason::AssertionClientIdMismatch).about(Some(Param::ClientId)));
        }
        Ok(Self { client_id: super::bounded_client_id(subject)?, claims })
    }

    /// Judges what a verified assertion says; gives its once-key.
    pub(super) fn judge(&self, judge: &Judge<'_>) -> Result<OnceKey, Refusal> {
        check_audience(&self.claims, judge)?;
        let expiry_s = check_times(&self.claims, judge)?;
        self.once_key(expiry_s)
    }

    fn once_key(&self, expiry_s: i64) -> Result<OnceKey, Refusal> {
        // A client_id holds no control character.
        let scope = ["client_assertion", self.client_id.as_str()];
        let accepted_until_s = expiry_s.saturating_add(limits::CLOCK_SKEW_BEHIND_S);
        OnceKey::of_jti(&self.claims, &scope, accepted_until_s, refused(Reason::AssertionJtiMissing))
    }
}

fn check_audience(claims: &Claims, judge: &Judge<'_>) -> Result<(), Refusal> {
    let accepted = match (claims.string_or_strings("aud"), judge.policy.client_assertion_audience) {
        (
            Claim::Valid(StringOrStrings::One(value)),
            AssertionAudience::IssuerString | AssertionAudience::IssuerSole,
        ) => value == judge.issuer,
        (Claim::Valid(StringOrStrings::Many(values)), AssertionAudience::IssuerSole) => {
            values.iter().eq([judge.issuer])
        }
        (Claim::Valid(StringOrStrings::Many(_)), AssertionAudience::IssuerString) => false,
        (Claim::Valid(StringOrStrings::One(value)), AssertionAudience::Contains) => names_us(value, judge),
        (Claim::Valid(StringOrStrings::Many(values)), AssertionAudience::Contains) => {
            values.iter().any(|value| names_us(value, judge))
        }
        (Claim::Absent | Claim::Malformed, _) => false,
    };
    if accepted { Ok(()) } else { Err(refused(Reason::AssertionAudienceWrong)) }
}

fn names_us(value: &str, judge: &Judge<'_>) -> bool {
    value == judge.issuer || judge.endpoint_urls.contains(&value)
}

/// Judges `exp`, `iat` and `nbf`; gives `exp`.
fn check_times(claims: &Claims, judge: &Judge<'_>) -> Result<i64, Refusal> {
    let Claim::Valid(expiry_s) = claims.numeric_date("exp") else {
        return Err(refused(Reason::AssertionExpiryMissing));
    };
    let left_s = expiry_s.saturating_sub(judge.now_s);
    if left_s < -limits::CLOCK_SKEW_BEHIND_S {
        return Err(refused(Reason::AssertionExpired).found_seconds(left_s));
    }
    if left_s > i64::from(judge.policy.client_assertion_lifetime_max_s.0) {
        return Err(refused(Reason::AssertionLivesTooLong).found_seconds(left_s));
    }
    for name in ["iat", "nbf"] {
        match claims.numeric_date(name) {
            Claim::Absent => {}
            Claim::Valid(at_s) if at_s.saturating_sub(judge.now_s) <= limits::CLOCK_SKEW_AHEAD_S => {}
            Claim::Valid(at_s) => {
                let ahead_s = at_s.saturating_sub(judge.now_s);
                return Err(refused(Reason::AssertionNotYetValid).found_seconds(ahead_s));
            }
            Claim::Malformed => return Err(refused(Reason::AssertionNotYetValid)),
        }
    }
    Ok(expiry_s)
}

//= rfc8725#3.11 a token of another kind is not an assertion
pub(super) fn check_typ(typ: Option<&str>) -> Result<(), Refusal> {
    let foreign = typ.is_some_and(|typ| !TYPS.iter().any(|known| typ_is(typ, known)));
    if foreign { Err(refused(Reason::AssertionTypRefused)) } else { Ok(()) }
}

pub(super) fn refused(reason: Reason) -> Refusal {
    Refusal::new(reason).about(Some(Param::ClientAssertion))
}
