//! `attest_jwt_client_auth` and `attest_jwt_client_auth_dpop`: an attester that the tenant trusts vouches for an instance
//! of the client, and the instance shows that it holds its key: by a proof of its own, or by the DPoP proof of the
//! request (draft-ietf-oauth-attestation-based-client-auth-10; "attestation draft" in what follows).

use parhelion_jose::base64url;
use parhelion_jose::claims::{Claim, Claims, StringOrStrings};
use parhelion_jose::json;
use parhelion_jose::jwk::{KeySet, PublicKey};
use parhelion_jose::jws::{Compact, typ_is};
use serde_json::Value;

use super::{Judge, OnceKey, keys_of_nobody};
use crate::client::{MetadataFault, key_set};
use crate::limits;
use crate::parameters::{Param, Parameters};
use crate::profile::AlgName;
use crate::refusal::{Reason, Refusal};
use crate::sender::{Shown, made_at};

const ATTESTATION_TYP: &str = "oauth-client-attestation+jwt";
const POP_TYP: &str = "oauth-client-attestation-pop+jwt";

/// What came in the two headers of this mechanism (attestation draft section 7).
#[derive(Clone, Default)]
pub struct Headers<'a> {
    /// `OAuth-Client-Attestation`.
    pub attestation: Shown<'a>,
    /// `OAuth-Client-Attestation-PoP`.
    pub pop: Shown<'a>,
}

impl Headers<'_> {
    /// Whether the request tried to authenticate by them.
    #[must_use]
    pub const fn were_used(&self) -> bool {
        !self.attestation.is_absent() || !self.pop.is_absent()
    }
}

/// Somebody whose word on instances of clients counts.
#[derive(Debug)]
pub struct Attester {
    issuer: String,
    keys: KeySet,
}

impl Attester {
    /// Takes in the `iss` of an attester's attestations and the text of the JWK set that they are signed with.
    ///
    /// # Errors
    /// A [`MetadataFault`] where a key of the set cannot be used, or there is none.
    pub fn register(issuer: String, jwks: &str) -> Result<Self, MetadataFault> {
        Ok(Self { issuer, keys: key_set(Some(jwks))? })
    }
}

/// The instance of a client that authenticated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    /// RFC 7638 thumbprint of its key.
    pub jkt: [u8; 32],
    /// How it shows that it holds the key.
    pub possession: InstancePossession,
}

/// How an instance shows that it holds its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InstancePossession {
    /// By a proof of this mechanism, which carries the server's challenge, if any.
    Pop {
        /// The challenge.
        challenge: Option<String>,
    },
    /// By the DPoP proof of the request, which is still to be judged, and whose key has to be this one.
    Dpop,
}

/// An attestation, and a proof beside it, whose signatures have not been looked at yet.
pub struct Presented<'a> {
    pub(super) client_id: String,
    attestation: Unverified<'a>,
    key: PublicKey,
    /// None where the DPoP proof takes its place.
    pop: Option<Unverified<'a>>,
}

/// A token of the right kind, with what it would say.
struct Unverified<'a> {
    token: Compact<'a>,
    claims: Claims,
}

pub(super) fn present<'a>(
    headers: &'a Headers<'_>,
    dpop: &Shown<'_>,
    parameters: &Parameters<'_>,
) -> Result<Presented<'a>, Refusal> {
    //= attestation-draft "precisely one" of each
    let (attestation, pop) = match (&headers.attestation, &headers.pop) {
        (Shown::Repeated, _) | (_, Shown::Repeated) => return Err(Reason::AttestationRepeated.into()),
        (Shown::Absent, _) => return Err(Reason::AttestationIncomplete.into()),
        (Shown::One(_), Shown::Absent) if dpop.is_absent() => return Err(Reason::AttestationIncomplete.into()),
        (Shown::One(attestation), Shown::Absent) => (attestation, None),
        (Shown::One(attestation), Shown::One(pop)) => (attestation, Some(pop)),
    };
    let attestation = Unverified::read(attestation, ATTESTATION_TYP)?;
    let pop = pop.map(|pop| Unverified::read(pop, POP_TYP)).transpose()?;
    let client_id = subject(&attestation.claims, parameters)?;
    Ok(Presented { client_id, key: instance_key(&attestation.claims)?, attestation, pop })
}

impl<'a> Unverified<'a> {
    fn read(text: &'a str, typ: &str) -> Result<Self, Refusal> {
        let malformed = Refusal::new(Reason::AttestationMalformed).found_length(text.len());
        let token = Compact::parse(text).map_err(|_| malformed)?;
        if !token.header().typ().is_some_and(|sent| typ_is(sent, typ)) {
            return Err(Reason::AttestationTypRefused.into());
        }
        let claims = json::parse_object(token.unverified_payload(), parhelion_jose::limits::CLAIMS);
        Ok(Self { claims: Claims::new(claims.map_err(|_| malformed)?), token })
    }
}

fn subject(claims: &Claims, parameters: &Parameters<'_>) -> Result<String, Refusal> {
    let Claim::Valid(subject) = claims.string("sub") else { return Err(Reason::AttestationSubjectMissing.into()) };
    if parameters.get(Param::ClientId).is_some_and(|client_id| client_id != subject) {
        return Err(Refusal::new(Reason::AttestationClientIdMismatch).about(Some(Param::ClientId)));
    }
    super::bounded_client_id(subject)
}

/// The public key of `cnf` (RFC 7800 section 3.2).
fn instance_key(claims: &Claims) -> Result<PublicKey, Refusal> {
    let jwk = claims.value("cnf").and_then(|cnf| cnf.get("jwk")).and_then(Value::as_object);
    let key = jwk.map(PublicKey::from_jwk).and_then(Result::ok);
    key.ok_or(Reason::AttestationKeyRefused.into())
}

impl Presented<'_> {
    pub(super) const fn is_combined(&self) -> bool {
        self.pop.is_none()
    }

    /// Whose proof it is, once it is one.
    pub(super) fn instance(&self) -> Instance {
        let possession = match &self.pop {
            Some(pop) => InstancePossession::Pop {
                challenge: pop.claims.string("challenge").optional().ok().flatten().map(str::to_owned),
            },
            None => InstancePossession::Dpop,
        };
        Instance { jkt: self.key.thumbprint(), possession }
    }

    /// The attester's word first, then the instance's: what nobody trusted has signed decides nothing.
    pub(super) fn prove(&self, judge: &Judge<'_>) -> Result<Option<OnceKey>, Refusal> {
        self.check_attester(judge)?;
        check_attestation_times(&self.attestation.claims, judge.now_s)?;
        self.pop.as_ref().map(|pop| self.prove_pop(pop, judge)).transpose()
    }

    fn check_attester(&self, judge: &Judge<'_>) -> Result<(), Refusal> {
        let token = &self.attestation.token;
        if !judge.policy.client_attestation_algs.has(&AlgName(token.header().alg())) {
            return Err(Reason::AttestationAlgorithmRefused.into());
        }
        let issuer = self.attestation.claims.string("iss");
        let mut tried = false;
        for attester in judge.attesters.iter().filter(|attester| attester.may_have_issued(&issuer)) {
            if token.verify(&attester.keys).is_ok() {
                return Ok(());
            }
            tried = true;
        }
        if tried {
            return Err(Reason::AttestationSignatureWrong.into());
        }
        // An attester that nobody knows costs what a known one does.
        let _in_vain = token.verify(keys_of_nobody());
        Err(Reason::AttesterUnknown.into())
    }

    fn prove_pop(&self, pop: &Unverified<'_>, judge: &Judge<'_>) -> Result<OnceKey, Refusal> {
        if !judge.policy.client_attestation_pop_algs.has(&AlgName(pop.token.header().alg())) {
            return Err(Reason::AttestationAlgorithmRefused.into());
        }
        //= attestation-draft "verifies with the public key contained in the cnf claim"
        pop.token.verify_with(&self.key).map_err(|_| Refusal::new(Reason::AttestationPopSignatureWrong))?;
        check_pop_names(&pop.claims, &self.client_id, judge.issuer)?;
        pop.claims.string("challenge").optional().map_err(|_| Refusal::new(Reason::AttestationChallengeNeeded))?;
        let made_at_s = made_at(&pop.claims, judge.now_s, Reason::AttestationPopTimeWrong)?;
        let accepted_until_s = made_at_s.saturating_add(limits::PROOF_AGE_MAX_S);
        let scope = ["client_attestation_pop", &self.client_id, &base64url::encode(&self.key.thumbprint())];
        OnceKey::of_jti(&pop.claims, &scope, accepted_until_s, Reason::AttestationPopJtiMissing.into())
    }
}

impl Attester {
    /// The draft leaves `iss` out; where it is there, it names whose keys count.
    fn may_have_issued(&self, issuer: &Claim<&str>) -> bool {
        match issuer {
            Claim::Absent => true,
            Claim::Valid(issuer) => self.issuer == *issuer,
            Claim::Malformed => false,
        }
    }
}

fn check_attestation_times(claims: &Claims, now_s: i64) -> Result<(), Refusal> {
    let Claim::Valid(expiry_s) = claims.numeric_date("exp") else {
        return Err(Reason::AttestationTimeWrong.into());
    };
    let left_s = expiry_s.saturating_sub(now_s);
    if left_s < -limits::CLOCK_SKEW_BEHIND_S {
        return Err(Refusal::new(Reason::AttestationExpired).found_seconds(left_s));
    }
    for name in ["iat", "nbf"] {
        match claims.numeric_date(name) {
            Claim::Absent => {}
            Claim::Valid(at_s) if at_s.saturating_sub(now_s) <= limits::CLOCK_SKEW_AHEAD_S => {}
            Claim::Valid(_) | Claim::Malformed => return Err(Reason::AttestationTimeWrong.into()),
        }
    }
    Ok(())
}

/// The issuer of this mount as the sole audience; and the client as `iss`, which earlier drafts had.
fn check_pop_names(claims: &Claims, client_id: &str, issuer: &str) -> Result<(), Refusal> {
    let for_us = match claims.string_or_strings("aud") {
        Claim::Valid(StringOrStrings::One(value)) => value == issuer,
        Claim::Valid(StringOrStrings::Many(values)) => values.iter().eq([issuer]),
        Claim::Absent | Claim::Malformed => false,
    };
    if !for_us {
        return Err(Reason::AttestationPopAudienceWrong.into());
    }
    match claims.string("iss") {
        Claim::Absent => Ok(()),
        Claim::Valid(sent) if sent == client_id => Ok(()),
        Claim::Valid(_) | Claim::Malformed => Err(Reason::AttestationPopIssuerWrong.into()),
    }
}
