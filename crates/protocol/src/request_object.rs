//! The request object (RFC 9101): an authorization request as a JWT that its client signed. Where one comes,
//! it alone counts; nothing of the form is merged into it (RFC 9126 section 3). It may be encrypted once it is signed.

mod alg;

use std::borrow::Cow;

use parhelion_jose::claims::{Claim, Claims};
use parhelion_jose::jwe::{self, DecryptionKeySet, JweFault};
use parhelion_jose::jwk::KeySet;
use parhelion_jose::jws::{Compact, JwsFault, MacCompact, MacVerified, Unsecured, typ_is};
use serde_json::Value;
use zeroize::Zeroizing;

pub use alg::RequestObjectAlg;

use crate::client::Client;
use crate::client_auth::{Match, Method};
use crate::limits;
use crate::parameters::{Param, Parameters};
use crate::profile::{EncryptionAlgName, EncryptionEncName, Policy, RequestObjectTerms, RequestObjects};
use crate::refusal::{Reason, Refusal};
use crate::response_jwt::Encryption;

const TYPS: &[&str] = &["JWT", "oauth-authz-req+jwt"];

/// What a request object is judged against.
#[derive(Clone, Copy, Debug)]
pub struct Judge<'a> {
    /// The policy of the client.
    pub policy: &'a Policy,
    /// The issuer of the mount that the request came through.
    pub issuer: &'a str,
    /// What the client signs with.
    pub keys: &'a KeySet,
    /// What the tenant's clients encrypt to.
    pub decryption: &'a DecryptionKeySet,
    /// By which door it came.
    pub door: Door,
    /// Seconds since 1970.
    pub now_s: i64,
}

/// Who brings a request object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// Its client, that has authenticated as it is registered.
    Push,
    /// A browser: anybody may have written it.
    Browser,
}

/// Whether a request object may come that nobody has signed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Signature {
    Needed,
    MayBeMissing,
}

/// The parameters that count.
#[derive(Debug)]
pub struct Unpacked<'p, 'a> {
    /// Those of the form, or those of the request object.
    pub parameters: Cow<'p, Parameters<'a>>,
    /// Seconds that the request object has left; none where there is none, or it names no end.
    pub left_s: Option<u32>,
}

/// Gives the parameters that count: those of the request object if there is one, else those that came.
///
/// # Errors
/// [`Reason::RequestUriPushed`] (RFC 9126 section 2.1), [`Reason::RequestObjectNeeded`], or what is wrong with
/// the request object.
pub fn unpack<'p, 'a>(
    parameters: &'p Parameters<'a>,
    client: &Client,
    judge: &Judge<'_>,
) -> Result<Unpacked<'p, 'a>, Refusal> {
    //= rfc9126#2.1 "The request_uri authorization request parameter MUST NOT be provided"
    if parameters.get(Param::RequestUri).is_some() {
        return Err(Refusal::new(Reason::RequestUriPushed).about(Some(Param::RequestUri)));
    }
    let needed = judge.policy.request_objects.max(client.request_objects) == RequestObjects::Required;
    match parameters.get(Param::Request) {
        None if needed => Err(refused(Reason::RequestObjectNeeded)),
        None => Ok(Unpacked { parameters: Cow::Borrowed(parameters), left_s: None }),
        Some(text) if is_encrypted(text) => open(&decrypted(text, client, judge)?, Signature::Needed, client, judge),
        Some(text) => open(text, signature(client, judge), client, judge),
    }
}

/// A pushed request object is the word of a client that has authenticated, as the form around it is. Policy and client must
/// both have chosen so, and no algorithm be registered in place of `none`.
//= openid-connect-core#6.1 a request object may be unsigned; rfc9101#4 asks for a signature, and is the default
fn signature(client: &Client, judge: &Judge<'_>) -> Signature {
    let chosen = judge.policy.request_objects.max(client.request_objects) == RequestObjects::UnsignedByClient;
    let authenticated = judge.door == Door::Push && client.credential.method() != Method::None;
    match chosen && authenticated && client.request_object_signing_alg.is_none() {
        true => Signature::MayBeMissing,
        false => Signature::Needed,
    }
}

/// Five segments, where what is only signed has three (RFC 7516 section 9).
fn is_encrypted(text: &str) -> bool {
    text.bytes().filter(|byte| *byte == b'.').count() == 4
}

/// What an encrypted request object holds, which has to be signed for itself: anybody can encrypt to a public key.
//= rfc7516#11.5 whatever depends on a private key is one refusal
fn decrypted(text: &str, client: &Client, judge: &Judge<'_>) -> Result<Zeroizing<String>, Refusal> {
    let token = jwe::Compact::parse(text).map_err(|fault| refused(unreadable(fault)).found_length(text.len()))?;
    let header = token.header();
    let how = Encryption { alg: header.alg(), enc: header.enc() };
    let accepted = judge.policy.encryption_algs.has(&EncryptionAlgName(how.alg))
        && judge.policy.encryption_encs.has(&EncryptionEncName(how.enc));
    if !accepted || client.request_object_encryption.is_some_and(|registered| registered != how) {
        return Err(refused(Reason::RequestObjectEncryptionRefused));
    }
    let undecipherable = refused(Reason::RequestObjectUndecipherable);
    let mut plaintext = token.decrypt(judge.decryption).map_err(|_| undecipherable)?;
    let signed = String::from_utf8(std::mem::take(&mut *plaintext)).map_err(|_| undecipherable)?;
    Ok(Zeroizing::new(signed))
}

fn open<'p, 'a>(
    text: &str,
    signature: Signature,
    client: &Client,
    judge: &Judge<'_>,
) -> Result<Unpacked<'p, 'a>, Refusal> {
    let claims = match (Compact::parse(text), signature) {
        (Ok(token), _) => signed_by_key(text, &token, client, judge)?,
        (Err(JwsFault::AlgorithmUnknown), _) => signed_by_secret(text, client, judge)?,
        (Err(JwsFault::Unsecured), Signature::MayBeMissing) => signed_by_nobody(text)?,
        (Err(_), _) => return Err(malformed(text)),
    };
    check_parties(&claims, client, judge)?;
    let left_s = check_times(&claims, judge)?;
    Ok(Unpacked { parameters: Cow::Owned(parameters(&claims)?), left_s })
}

fn signed_by_key(text: &str, token: &Compact<'_>, client: &Client, judge: &Judge<'_>) -> Result<Claims, Refusal> {
    let header = token.header();
    check_alg(RequestObjectAlg::Key(header.alg()), client, judge)?;
    check_typ(header.typ())?;
    let verified = token.verify(judge.keys).map_err(|fault| {
        let known = fault != JwsFault::NoKey;
        refused(if known { Reason::RequestObjectSignatureWrong } else { Reason::RequestObjectKeyUnknown })
    })?;
    verified.claims().map_err(|_| malformed(text))
}

/// Only a secret is ever tried on it: a public key is none.
fn signed_by_secret(text: &str, client: &Client, judge: &Judge<'_>) -> Result<Claims, Refusal> {
    let token = MacCompact::parse(text).map_err(|_| malformed(text))?;
    let header = token.header();
    check_alg(RequestObjectAlg::Secret(header.alg()), client, judge)?;
    check_typ(header.typ())?;
    let mut claims = None;
    let found = client.request_object_secrets.compare(judge.now_s, |secret| {
        let verified = token.verify(secret);
        claims = verified.as_ref().ok().map(MacVerified::claims).or(claims.take());
        verified.is_ok()
    });
    match (found, claims) {
        (Match::Good, Some(claims)) => claims.map_err(|_| malformed(text)),
        (Match::Expired, _) => Err(refused(Reason::RequestObjectSecretExpired)),
        (Match::None, _) | (Match::Good, None) => Err(refused(Reason::RequestObjectSignatureWrong)),
    }
}

fn signed_by_nobody(text: &str) -> Result<Claims, Refusal> {
    let token = Unsecured::parse(text).map_err(|_| malformed(text))?;
    check_typ(token.header().typ())?;
    token.unverified_claims().map_err(|_| malformed(text))
}

fn check_alg(alg: RequestObjectAlg, client: &Client, judge: &Judge<'_>) -> Result<(), Refusal> {
    let registered = client.request_object_signing_alg.is_none_or(|registered| registered == alg);
    let accepted = judge.policy.request_object_algs.has(&alg) && registered;
    if accepted { Ok(()) } else { Err(refused(Reason::RequestObjectAlgorithmRefused)) }
}

//= rfc9101#10.8 a token of another kind is not a request object
fn check_typ(typ: Option<&str>) -> Result<(), Refusal> {
    let fits = typ.is_none_or(|typ| TYPS.iter().any(|known| typ_is(typ, known)));
    if fits { Ok(()) } else { Err(refused(Reason::RequestObjectTypRefused)) }
}

const fn unreadable(fault: JweFault) -> Reason {
    let not_built = matches!(fault, JweFault::AlgorithmUnknown | JweFault::EncryptionUnknown | JweFault::Compressed);
    if not_built { Reason::RequestObjectEncryptionRefused } else { Reason::RequestObjectMalformed }
}

fn check_parties(claims: &Claims, client: &Client, judge: &Judge<'_>) -> Result<(), Refusal> {
    let id = client.client_id.as_str();
    //= rfc9126#3 step 3
    if claims.string("client_id") != Claim::Valid(id) {
        return Err(refused(Reason::RequestObjectClientWrong));
    }
    //= rfc9101#10.8 what could pass for a client assertion is not a request object
    let may_assert = !matches!(claims.string("sub"), Claim::Absent);
    if may_assert || !matches!(claims.string("iss"), Claim::Absent | Claim::Valid(_)) {
        return Err(refused(Reason::RequestObjectClientWrong));
    }
    if matches!(claims.string("iss"), Claim::Valid(issuer) if issuer != id) {
        return Err(refused(Reason::RequestObjectClientWrong));
    }
    let named = match claims.string_or_strings("aud") {
        Claim::Absent => judge.policy.request_object_terms == RequestObjectTerms::Optional,
        Claim::Malformed => false,
        Claim::Valid(audience) => audience.iter().any(|value| value == judge.issuer),
    };
    if named { Ok(()) } else { Err(refused(Reason::RequestObjectAudienceWrong)) }
}

/// Judges `exp`, `nbf` and `iat`; gives the seconds that are left.
fn check_times(claims: &Claims, judge: &Judge<'_>) -> Result<Option<u32>, Refusal> {
    let wrong = || refused(Reason::RequestObjectTimesWrong);
    let date = |name| match claims.numeric_date(name) {
        Claim::Absent => Ok(None),
        Claim::Valid(at_s) => Ok(Some(at_s)),
        Claim::Malformed => Err(wrong()),
    };
    let (expiry_s, not_before_s, issued_at_s) = (date("exp")?, date("nbf")?, date("iat")?);
    for at_s in [not_before_s, issued_at_s].into_iter().flatten() {
        let ahead_s = at_s.saturating_sub(judge.now_s);
        if ahead_s > limits::CLOCK_SKEW_AHEAD_S {
            return Err(wrong().found_seconds(ahead_s));
        }
    }
    match (expiry_s, not_before_s, judge.policy.request_object_terms) {
        //= fapi-2.0-message-signing#5.3.1 exp and nbf, each within an hour
        (Some(expiry_s), Some(not_before_s), RequestObjectTerms::Required) => {
            let lives_s = expiry_s.saturating_sub(not_before_s);
            let age_s = judge.now_s.saturating_sub(not_before_s);
            if lives_s > limits::REQUEST_OBJECT_LIFETIME_MAX_S || age_s > limits::REQUEST_OBJECT_LIFETIME_MAX_S {
                return Err(wrong().found_seconds(lives_s.max(age_s)));
            }
        }
        (None, _, RequestObjectTerms::Required) | (_, None, RequestObjectTerms::Required) => return Err(wrong()),
        (_, _, RequestObjectTerms::Optional) => {}
    }
    let Some(expiry_s) = expiry_s else { return Ok(None) };
    let left_s = expiry_s.saturating_sub(judge.now_s);
    match u32::try_from(left_s) {
        //= rfc9126#2.2 expires_in is a positive integer
        Ok(left_s) if left_s > 0 => Ok(Some(left_s)),
        Ok(_) | Err(_) => Err(wrong().found_seconds(left_s)),
    }
}

/// The claims that are parameters. Values are never bent into text: a number only where it is one.
fn parameters(claims: &Claims) -> Result<Parameters<'static>, Refusal> {
    let mut parameters = Parameters::default();
    for (name, value) in claims.object() {
        let Some(param) = Param::from_name(name) else { continue };
        if matches!(param, Param::Request | Param::RequestUri) {
            return Err(Refusal::new(Reason::RequestObjectNested).about(Some(param)));
        }
        if !param.is_of_authorization_request() {
            continue;
        }
        for text in texts(param, value).ok_or(Refusal::new(Reason::RequestObjectClaimWrong).about(Some(param)))? {
            parameters.add(name, Cow::Owned(text))?;
        }
    }
    Ok(parameters)
}

/// A claim as the text that the parameter would have in a form.
fn texts(param: Param, value: &Value) -> Option<Vec<String>> {
    match (param, value) {
        (Param::Claims, Value::Object(_)) | (Param::AuthorizationDetails, Value::Array(_)) => {
            Some(vec![value.to_string()])
        }
        (Param::MaxAge, Value::Number(number)) => number.as_u64().map(|number| vec![number.to_string()]),
        (Param::Resource, Value::Array(uris)) => uris.iter().map(|uri| uri.as_str().map(str::to_owned)).collect(),
        (Param::Claims | Param::AuthorizationDetails | Param::MaxAge, _) => None,
        (_, Value::String(text)) => Some(vec![text.clone()]),
        (_, Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => None,
    }
}

fn malformed(text: &str) -> Refusal {
    refused(Reason::RequestObjectMalformed).found_length(text.len())
}

fn refused(reason: Reason) -> Refusal {
    Refusal::new(reason).about(Some(Param::Request))
}
