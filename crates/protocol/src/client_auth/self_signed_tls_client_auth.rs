//! `self_signed_tls_client_auth`: a certificate that the client registered itself in its key set (RFC 8705 section 2.2).

use parhelion_jose::{base64, base64url};
use serde_json::Value;
use subtle::ConstantTimeEq;

use super::{Judge, OnceKey, mutual_tls};
use crate::refusal::{Reason, Refusal};
use crate::sender::certificate;

/// SHA-256 of the certificates that a client registered.
#[derive(Debug, PartialEq, Eq)]
pub struct Certificates(Vec<[u8; 32]>);

impl Certificates {
    /// The certificates of a JWK Set: the first of each `x5c` (RFC 7517 section 4.7), and each `x5t#S256` (4.9).
    ///
    /// # Errors
    /// What is wrong with the set, for people.
    pub fn from_jwks(text: &str) -> Result<Self, &'static str> {
        let set: Value = serde_json::from_str(text).map_err(|_| "is no JSON")?;
        let keys = set.get("keys").and_then(Value::as_array).ok_or("is no key set")?;
        let hashes: Vec<_> = keys.iter().map(of_key).collect::<Result<Vec<_>, _>>()?.concat();
        if hashes.is_empty() { Err("has no certificate: x5c or x5t#S256 of a key") } else { Ok(Self(hashes)) }
    }

    fn has(&self, hash: &[u8; 32]) -> bool {
        self.0.iter().any(|registered| registered.ct_eq(hash).into())
    }
}

fn of_key(jwk: &Value) -> Result<Vec<[u8; 32]>, &'static str> {
    let malformed = "has an x5c that does not begin with a certificate";
    let hash = match jwk.get("x5c") {
        None => None,
        Some(chain) => {
            let first = chain.get(0).and_then(Value::as_str).ok_or(malformed)?;
            let der = base64::decode(first).map_err(|_| malformed)?;
            certificate::parse(&der).ok_or(malformed)?;
            Some(certificate::x5t_s256(&der))
        }
    };
    let named = match jwk.get("x5t#S256") {
        None => None,
        Some(text) => {
            let bytes = text.as_str().and_then(base64url::decode_array);
            Some(bytes.ok_or("has an x5t#S256 that is no SHA-256 in base64url")?)
        }
    };
    if hash.is_some() && named.is_some() && hash != named {
        return Err("has an x5t#S256 that is not of its x5c");
    }
    Ok(hash.or(named).into_iter().collect())
}

/// Nobody vouches for the certificate but the registration; what it says of its own validity holds all the same.
pub(super) fn prove(registered: Option<&Certificates>, judge: &Judge<'_>) -> Result<Option<OnceKey>, Refusal> {
    let chain = mutual_tls::needed(judge)?;
    if !registered.is_some_and(|registered| registered.has(&chain.x5t_s256())) {
        return Err(Reason::CertificateNotRegistered.into());
    }
    let leaf = certificate::parse(chain.leaf()).ok_or(Reason::CertificateMalformed)?;
    let validity = leaf.validity();
    if judge.now_s < validity.not_before.timestamp() {
        return Err(Reason::CertificateNotYetValid.into());
    }
    if judge.now_s > validity.not_after.timestamp() {
        return Err(Reason::CertificateExpired.into());
    }
    Ok(None)
}
