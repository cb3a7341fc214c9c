//! What is kept, as bytes: kind, version, then postcard. Versions are never changed, only added; a golden
//! of each is in the tests.
//!
//! A record behind a reference is a [`Summary`], open and without secrets, beside a payload that only the
//! reference opens.

mod payloads;

pub use payloads::{
    AccessToken, Code, CodeState, ConsentRecord, Grant, OnceKeyMark, Payload, PushedRequest, RefreshState,
    RefreshToken, Session, SigningKeyRecord, Taken, TenantRecord,
};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::fault::Fault;
use crate::ports::{Entropy, Id, Key, Kind, Moment, Stored, TenantUid, Write};
use crate::reference::Reference;

/// What a list may show of a record: who and when, never what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// The client that it belongs to; empty where none does.
    pub client_id: String,
    /// When it was made, in milliseconds since 1970.
    pub made_at_ms: i64,
    /// How many parameters or scopes it carries.
    pub count: u32,
}

#[derive(Serialize, Deserialize)]
struct Envelope {
    summary: Summary,
    sealed: Vec<u8>,
}

/// The key of the record behind a reference.
#[must_use]
pub fn key_of<P: Payload>(tenant: TenantUid, reference: &Reference) -> Key {
    Key { tenant, kind: P::KIND, id: reference.id() }
}

/// The key of the tombstone of a pushed request.
#[must_use]
pub const fn taken_key(pushed: Key) -> Key {
    Key { tenant: pushed.tenant, kind: Kind::Taken, id: pushed.id }
}

/// Writes a payload behind its reference.
///
/// # Errors
/// [`Fault::Entropy`] or [`Fault::Crypto`].
pub fn put_sealed<P: Payload>(
    tenant: TenantUid,
    reference: &Reference,
    summary: Summary,
    payload: &P,
    expires_at: Moment,
    entropy: &dyn Entropy,
) -> Result<Write, Fault> {
    let key = key_of::<P>(tenant, reference);
    let sealed = reference.seal(key, encode_body(payload)?, entropy)?;
    let value = with_head::<P>(&encode_body(&Envelope { summary, sealed })?);
    Ok(Write::Put { key, expires_at, value })
}

/// Reads the payload behind a reference.
///
/// # Errors
/// [`Fault::Record`] when the record is not what was written for this reference.
pub fn open_sealed<P: Payload>(tenant: TenantUid, reference: &Reference, stored: &Stored) -> Result<P, Fault> {
    let envelope: Envelope = decode_body(without_head::<P>(&stored.value)?)?;
    decode_body(&reference.open(key_of::<P>(tenant, reference), &envelope.sealed)?)
}

/// Reads what may be shown of a sealed record.
///
/// # Errors
/// [`Fault::Record`].
pub fn summary<P: Payload>(stored: &Stored) -> Result<Summary, Fault> {
    decode_body::<Envelope>(without_head::<P>(&stored.value)?).map(|envelope| envelope.summary)
}

/// Writes a payload that is no secret.
///
/// # Errors
/// [`Fault::Crypto`] when it cannot be encoded.
pub fn put_open<P: Payload>(tenant: TenantUid, id: Id, payload: &P, expires_at: Moment) -> Result<Write, Fault> {
    let value = with_head::<P>(&encode_body(payload)?);
    Ok(Write::Put { key: Key { tenant, kind: P::KIND, id }, expires_at, value })
}

/// Reads a payload that is no secret.
///
/// # Errors
/// [`Fault::Record`].
pub fn open<P: Payload>(stored: &Stored) -> Result<P, Fault> {
    decode_body(without_head::<P>(&stored.value)?)
}

fn with_head<P: Payload>(body: &[u8]) -> Vec<u8> {
    [&[P::KIND as u8, P::VERSION], body].concat()
}

fn without_head<P: Payload>(value: &[u8]) -> Result<&[u8], Fault> {
    match value {
        [kind, version, body @ ..] if *kind == P::KIND as u8 && *version == P::VERSION => Ok(body),
        _ => Err(Fault::Record),
    }
}

fn encode_body<T: Serialize>(body: &T) -> Result<Vec<u8>, Fault> {
    postcard::to_allocvec(body).map_err(|_| Fault::Crypto)
}

fn decode_body<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Fault> {
    match postcard::take_from_bytes(bytes) {
        Ok((body, [])) => Ok(body),
        Ok(_) | Err(_) => Err(Fault::Record),
    }
}
