//! What is kept, as bytes: kind, version, then postcard. Versions are never changed, only added; a golden
//! of each is in the tests.
//!
//! A record behind a reference is a [`Summary`], open and without secrets, beside a payload that only the
//! reference opens.

mod back_end;
mod payloads;

pub use back_end::{External, ExternalConsent, ExternalConsentV1, Narrowed, Property, TenantSettings, Ticket};
pub use payloads::{
    AccessToken, ClientRecord, Code, CodeState, ConsentRecord, EncryptionKeyRecord, Grant, InitialAccessUses, Layout,
    OnceKeyMark, Payload, PushedRequest, PushedRequestRef, RefreshState, RefreshToken, Session, SigningKeyRecord,
    StoredClient, StoredSecret, Taken, TenantRecord, WrappedKey,
};

use std::borrow::Cow;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::fault::Fault;
use crate::ports::{Id, Key, Kind, Moment, Stored, TenantUid, Write};
use crate::reference::{Nonce, Reference, SEAL_OVERHEAD};

/// What a list may show of a record: who and when, never what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary<'a> {
    /// The client that it belongs to; empty where none does.
    pub client_id: Cow<'a, str>,
    /// When it was made, in milliseconds since 1970.
    pub made_at_ms: i64,
    /// How many parameters it carries.
    pub count: u32,
}

/// The key of the record behind a reference.
#[must_use]
pub fn key_of<P: Layout>(tenant: TenantUid, reference: &Reference) -> Key {
    Key { tenant, kind: P::KIND, id: reference.id() }
}

/// The key of the tombstone of a pushed request.
#[must_use]
pub const fn taken_key(pushed: Key) -> Key {
    Key { tenant: pushed.tenant, kind: Kind::Taken, id: pushed.id }
}

/// Writes a payload behind its reference: summary, then the length and the bytes of what is sealed.
///
/// # Errors
/// [`Fault::Crypto`].
pub fn put_sealed<P: Layout + Serialize>(
    tenant: TenantUid,
    reference: &Reference,
    summary: &Summary<'_>,
    payload: &P,
    expires_at: Moment,
    nonce: Nonce,
) -> Result<Write, Fault> {
    let key = key_of::<P>(tenant, reference);
    let payload = encode_body(payload)?;
    let sealed_len = payload.len().saturating_add(SEAL_OVERHEAD);
    let room = sealed_len.saturating_add(summary.client_id.len()).saturating_add(SUMMARY_ROOM);
    let mut value = Vec::with_capacity(room);
    value.extend([P::KIND as u8, P::VERSION]);
    let value = postcard::to_extend(&(summary, sealed_len), value).map_err(|_| Fault::Crypto)?;
    let value = reference.seal_onto(value, key, &payload, nonce)?;
    Ok(Write::Put { key, expires_at, value })
}

/// More than head, times, count and lengths take.
const SUMMARY_ROOM: usize = 48;

/// Reads the payload behind a reference.
///
/// # Errors
/// [`Fault::Record`] when the record is not what was written for this reference.
pub fn open_sealed<P: Payload>(tenant: TenantUid, reference: &Reference, stored: &Stored) -> Result<P, Fault> {
    let (_, sealed) = parted::<P>(stored)?;
    decode_body(&reference.open(key_of::<P>(tenant, reference), sealed)?)
}

/// Reads what may be shown of a sealed record.
///
/// # Errors
/// [`Fault::Record`].
pub fn summary<P: Payload>(stored: &Stored) -> Result<Summary<'static>, Fault> {
    parted::<P>(stored).map(|(summary, _)| summary)
}

/// The summary of a record, and what is sealed in it.
fn parted<P: Layout>(stored: &Stored) -> Result<(Summary<'static>, &[u8]), Fault> {
    let body = without_head::<P>(&stored.value)?;
    let parted = postcard::take_from_bytes::<(Summary<'static>, usize)>(body);
    match parted {
        Ok(((summary, sealed_len), sealed)) if sealed.len() == sealed_len => Ok((summary, sealed)),
        Ok(_) | Err(_) => Err(Fault::Record),
    }
}

/// Writes a payload that is no secret.
///
/// # Errors
/// [`Fault::Crypto`] when it cannot be encoded.
pub fn put_open<P: Layout + Serialize>(
    tenant: TenantUid,
    id: Id,
    payload: &P,
    expires_at: Moment,
) -> Result<Write, Fault> {
    let value = with_head::<P>(&encode_body(payload)?);
    Ok(Write::Put { key: Key { tenant, kind: P::KIND, id }, expires_at, value })
}

/// The same for a payload that may have been written in the version before.
///
/// # Errors
/// [`Fault::Record`].
pub fn open_or_former<P: Payload + From<F>, F: Payload>(stored: &Stored) -> Result<P, Fault> {
    open::<P>(stored).or_else(|_| open::<F>(stored).map(P::from))
}

/// Reads a payload that is no secret.
///
/// # Errors
/// [`Fault::Record`].
pub fn open<P: Payload>(stored: &Stored) -> Result<P, Fault> {
    decode_body(without_head::<P>(&stored.value)?)
}

fn with_head<P: Layout>(body: &[u8]) -> Vec<u8> {
    [&[P::KIND as u8, P::VERSION], body].concat()
}

fn without_head<P: Layout>(value: &[u8]) -> Result<&[u8], Fault> {
    match value {
        [kind, version, body @ ..] if *kind == P::KIND as u8 && *version == P::VERSION => Ok(body),
        _ => Err(Fault::Record),
    }
}

fn encode_body<T: Serialize>(body: &T) -> Result<Vec<u8>, Fault> {
    postcard::to_extend(body, Vec::with_capacity(USUAL_BODY_BYTES)).map_err(|_| Fault::Crypto)
}

/// Room for an ordinary body, so that it is not moved again and again as it grows.
const USUAL_BODY_BYTES: usize = 512;

fn decode_body<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Fault> {
    match postcard::take_from_bytes(bytes) {
        Ok((body, [])) => Ok(body),
        Ok(_) | Err(_) => Err(Fault::Record),
    }
}
